"""The decoder beside OpenJPEG, as Pillow contains it, on pictures and settings of our own."""

from __future__ import annotations

import dataclasses
import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from jscc import datasets
from jscc.jpeg2000 import OPENJPEG, CodestreamError, Outline, decode, decode_block, decode_image, parse

PLAIN = {"no_jp2": True}
SETTINGS = [
    {},
    {"num_resolutions": 1},
    {"num_resolutions": 2, "codeblock_size": (32, 32)},
    {"num_resolutions": 8},
    {"codeblock_size": (4, 1024)},
    {"codeblock_size": (64, 16), "precinct_size": (128, 64)},
    {"tile_size": (64, 64)},
    {"tile_size": (57, 33), "tile_offset": (5, 11), "offset": (9, 13)},
    {"offset": (3, 1), "tile_size": (300, 200), "progression": "RPCL"},
    {"offset": (64, 37), "tile_size": (100, 50), "progression": "PCRL", "num_resolutions": 4},
    {"quality_mode": "rates", "quality_layers": [40, 20, 10], "progression": "RLCP"},
    {"quality_mode": "dB", "quality_layers": [28, 36], "progression": "CPRL"},
]
RATES = {"quality_mode": "rates", "quality_layers": [16]}


def picture(kind, size=None):
    whole = Image.fromarray(datasets.image("camera" if kind == "L" else "astronaut")).convert(kind)
    return whole.resize(size) if size else whole.resize((203, 149))


def coded(image, **settings):
    file = io.BytesIO()
    image.save(file, "JPEG2000", **(PLAIN | settings))
    return file.getvalue()


def by_pillow(data):
    return np.array(Image.open(io.BytesIO(data)))


def stacked(planes):
    return planes[0] if len(planes) == 1 else np.stack(planes, axis=-1)


@pytest.mark.parametrize("kind", ["L", "RGB"])
@pytest.mark.parametrize("settings", SETTINGS)
def test_5_3_equals_openjpeg(kind, settings):
    data = coded(picture(kind), mct=1, **settings)
    np.testing.assert_array_equal(stacked(decode(data)), by_pillow(data))


@pytest.mark.parametrize("kind", ["L", "RGB"])
@pytest.mark.parametrize("settings", SETTINGS)
def test_9_7_equals_openjpeg_within_one_level_and_exactly_with_its_factors(kind, settings):
    data = coded(picture(kind), mct=1, irreversible=True, **(RATES | settings))
    wanted = by_pillow(data)
    assert np.abs(stacked(decode(data)) - wanted.astype(int)).max() <= 1
    np.testing.assert_array_equal(stacked(decode(data, lifting=OPENJPEG)), wanted)


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 1), (2, 2), (3, 64), (65, 63), (512, 512)])
@pytest.mark.parametrize("irreversible", [False, True])
def test_pictures_of_any_size(size, irreversible):
    data = coded(picture("L", size), irreversible=irreversible)
    np.testing.assert_array_equal(decode(data, lifting=OPENJPEG)[0], by_pillow(data))


def test_sixteen_bits_and_four_components():
    rng = np.random.default_rng(0)
    deep = rng.integers(0, 1 << 16, (40, 50), dtype=np.uint16)
    np.testing.assert_array_equal(decode(coded(Image.fromarray(deep)))[0], deep)
    four = rng.integers(0, 256, (30, 20, 4), dtype=np.uint8)
    np.testing.assert_array_equal(stacked(decode(coded(Image.fromarray(four, "RGBA"), mct=0))), four)


def test_a_lossless_file_gives_the_picture_itself():
    image = picture("RGB")
    np.testing.assert_array_equal(decode_image(coded(image, mct=1, no_jp2=False)), np.array(image))
    gray = picture("L")
    assert decode_image(coded(gray)).dtype == np.uint8
    np.testing.assert_array_equal(decode_image(coded(gray)), np.array(gray))


@pytest.mark.parametrize("irreversible", [False, True])
@pytest.mark.parametrize("reduce", [0, 1, 3, 5])
def test_lower_resolutions_equal_those_of_openjpeg(reduce, irreversible):
    data = coded(picture("RGB", (256, 192)), mct=1, irreversible=irreversible)
    image = Image.open(io.BytesIO(data))
    image.reduce = reduce
    np.testing.assert_array_equal(stacked(decode(data, reduce=reduce, lifting=OPENJPEG)), np.array(image))


@pytest.mark.parametrize("irreversible", [False, True])
@pytest.mark.parametrize("shift", [1, 7, 12])
def test_a_region_of_interest_that_is_everything_changes_nothing(shift, irreversible):
    data = coded(picture("L"), irreversible=irreversible, **RATES)
    at = data.index(b"\xff\x52")  # COD: with RGN before it, all bit-planes lie higher
    shifted = data[:at] + bytes([0xFF, 0x5E, 0, 5, 0, 0, shift]) + data[at:]
    assert parse(shifted).tiles[0].components[0].roi_shift == shift
    np.testing.assert_array_equal(decode(shifted)[0], decode(data)[0])


def test_what_lies_below_a_region_of_interest_stays():
    data = coded(Image.new("L", (16, 16), 200), num_resolutions=1)  # one block of one value, 72 above the middle
    at = data.index(b"\xff\x52")
    planes = parse(data).subbands[0]["magnitude_bits"] - parse(data).blocks[0]["zero_planes"]
    for shift in range(int(planes), 20):  # its magnitude is below 2^shift: the background's
        moved = data[:at] + bytes([0xFF, 0x5E, 0, 5, 0, 0, shift]) + data[at:]
        codestream = parse(moved)
        codestream.blocks["zero_planes"] += shift
        assert (decode(codestream)[0] == 200).all()


def test_a_block_changes_only_what_lies_around_it():
    data = coded(picture("L", (256, 256)), num_resolutions=2, codeblock_size=(32, 32))
    codestream = parse(data)
    block = next(k for k, row in enumerate(codestream.blocks) if (row["x0"], row["y0"]) == (64, 64))
    changed = codestream.with_bytes(block, bytes(len(codestream.bytes_of(block))))
    before, after = decode(codestream)[0], decode(changed)[0]
    rows, columns = np.nonzero(before != after)
    assert len(rows) and rows.min() >= 126 and rows.max() < 194 and columns.min() >= 126 and columns.max() < 194
    np.testing.assert_array_equal(after, by_pillow(changed.data))


def test_blocks_as_openjpeg_cuts_them_off_end_0_or_1_byte_before_the_reading_does():
    data = coded(picture("L", (512, 512)), irreversible=True, quality_mode="rates", quality_layers=[8])
    codestream = parse(data)
    overruns = []
    for number in np.flatnonzero(codestream.blocks["n_passes"]):
        row = codestream.blocks[number]
        subband = codestream.subbands[row["subband"]]
        planes = int(subband["magnitude_bits"] - row["zero_planes"])
        outline = Outline(*(int(row[a] - row[b]) for a, b in (("x1", "x0"), ("y1", "y0"))), planes, 0, 0)
        outline = outline._replace(orientation=int(subband["orientation"]))
        content = codestream.bytes_of(number)
        block = decode_block(content, outline, [(int(row["n_passes"]), len(content))])
        assert not block.marker[0]
        overruns.append(int(block.overrun[0]))
    assert len(overruns) > 50 and np.mean(np.isin(overruns, (0, 1))) > 0.95


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_file_that_ends_early_gives_the_picture_so_far(kept):
    image = picture("L", (256, 256))
    data = coded(image, irreversible=True, quality_mode="rates", quality_layers=[64, 32, 16, 8, 4], progression="LRCP")
    errors = []
    for share in (kept, 1):
        found = decode(data[: int(len(data) * share)])[0]
        errors.append(np.mean((found - np.array(image).astype(int)) ** 2))
    assert errors[1] <= errors[0] < 500


def test_bits_beyond_the_last_plane_are_not_read():
    codestream = parse(coded(picture("L")))
    fewer = codestream.blocks.copy()
    fewer["n_passes"] = np.minimum(fewer["n_passes"], 4)
    few = dataclasses.replace(codestream, blocks=fewer)
    assert np.abs(decode(few)[0] - decode(codestream)[0]).max() > 3
    more = codestream.segments.copy()
    more["n_passes"] += 100
    again = dataclasses.replace(codestream, segments=more)
    np.testing.assert_array_equal(decode(again)[0], decode(codestream)[0])


def test_what_can_not_be_decoded_is_refused():
    codestream = parse(coded(picture("RGB"), mct=1))
    with pytest.raises(ValueError, match="reduce=6 given, tile 0 has 5 levels"):
        decode(codestream, reduce=6)
    with pytest.raises(ValueError, match="reduce=-1 given"):
        decode(codestream, reduce=-1)
    deep = bytearray(coded(picture("RGB"), mct=1))
    deep[45] = 37
    with pytest.raises(CodestreamError, match="at byte 45: component 1 has 38 bits, at most 31"):
        decode(bytes(deep))
    tile = codestream.tiles[0]
    fast = tuple(part._replace(style=0x40) for part in tile.components)
    with pytest.raises(ValueError, match="HT"):
        decode(dataclasses.replace(codestream, tiles=(dataclasses.replace(tile, components=fast),)))
    high = codestream.subbands.copy()
    high["magnitude_bits"] += 31
    with pytest.raises(CodestreamError, match=r"at byte \d+: a code-block of \d+ bit-planes, at most 30"):
        decode(dataclasses.replace(codestream, subbands=high))
    with pytest.raises(CodestreamError, match="at byte 0"):
        decode(b"no codestream")


def test_an_image_of_unequal_components_is_refused():
    codestream = parse(coded(picture("RGB"), mct=0))
    first, *others = codestream.components
    with pytest.raises(ValueError, match="equal sizes are expected"):
        decode_image(dataclasses.replace(codestream, components=(first, *(c._replace(dx=2) for c in others))))


def test_damaged_codestreams_give_an_error_that_names_the_byte_or_an_image(tmp_path_factory):
    program = """
import io, os
import numpy as np
from PIL import Image
from jscc.jpeg2000 import CodestreamError, decode, mutate
rng = np.random.default_rng(int(os.environ.get("JSCC_RANDOM_SEED", "0")))
smooth = np.cumsum(rng.integers(-9, 10, (48, 60)), axis=1)
picture = np.clip(128 + smooth, 0, 255).astype(np.uint8)
streams = []
for settings in ({}, {"num_resolutions": 2, "codeblock_size": (16, 16)}, {"tile_size": (33, 20), "tile_offset": (1, 2),
                 "offset": (3, 5)}, {"quality_mode": "rates", "quality_layers": [20, 10, 5], "progression": "RPCL"}):
    for irreversible in (False, True):
        for image in (Image.fromarray(picture), Image.fromarray(np.stack([picture] * 3, axis=-1))):
            file = io.BytesIO()
            image.save(file, "JPEG2000", no_jp2=True, irreversible=irreversible, mct=1, **settings)
            data = bytearray(file.getvalue())
            streams.append(bytes(data))
            for style in (4, 42, 63):  # what is then read as segments of other styles
                data[data.index(b"\\xff\\x52") + 12] = style
                streams.append(bytes(data))
images = errors = 0
for _ in range(int(os.environ["JSCC_RANDOM_STREAMS"])):
    data = mutate(streams[rng.integers(len(streams))], rng, streams)
    try:
        planes = decode(data)
    except CodestreamError as error:
        assert str(error).startswith("at byte "), error
        errors += 1
    else:
        assert all(plane.dtype == np.int32 for plane in planes)
        images += 1
print(images, errors)
"""
    streams = os.environ.get("JSCC_RANDOM_STREAMS", "150")
    cache = str(tmp_path_factory.getbasetemp() / "checked")
    settings = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": cache, "JSCC_RANDOM_STREAMS": streams}
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **settings}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    images, errors = map(int, run.stdout.split())
    assert images + errors == int(streams) and images > errors / 10 > 0

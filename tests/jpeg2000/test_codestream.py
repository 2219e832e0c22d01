"""The reader of codestreams, against a naive writer, OpenJPEG's own reading, and everything hostile."""

from __future__ import annotations

import io
import os
import pickle
import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from jscc.jpeg2000 import Codestream, CodestreamError, Limits, parse
from jscc.jpeg2000.markers import read_headers
from support import ROOT, codestream_bytes, codestreams, printed_without_and_with_jit
from toy_codestreams import Stream, encoded, plain_stream, random_stream, segment


def expected_blocks(stream: Stream, counts: dict[int, int] | None = None) -> dict[tuple, tuple]:
    """What a stream holds of each code-block, after so many packets of each tile."""
    found = {}
    for row, tile in enumerate(stream.tiles):
        layers: dict[int, int] = {}
        for precinct, layer, _, _ in tile.packets[: None if counts is None else counts[tile.index]]:
            layers[id(precinct)] = layer + 1
        for precincts in tile.grid.values():
            for precinct in precincts:
                for cell in precinct.cells:
                    for block in (block for blocks in cell.blocks for block in blocks):
                        segments = block.segments(layers.get(id(precinct), 0))
                        key = row, precinct.component, precinct.resolution, cell.orientation, *block.edges
                        found[key] = (block.planes if segments else 0, segments)
    return found


def found_blocks(codestream: Codestream) -> dict[tuple, tuple]:
    found = {}
    for number, block in enumerate(codestream.blocks):
        band = codestream.subbands[block["subband"]]
        key = [int(band[name]) for name in ("tile", "component", "resolution", "orientation")]
        key += [int(block[name]) for name in ("x0", "y0", "x1", "y1")]
        content, at, segments = codestream.bytes_of(number), 0, []
        first = block["first_segment"]
        for row in codestream.segments[first : first + block["n_segments"]]:
            segments.append((int(row["n_passes"]), content[at : at + row["n_bytes"]]))
            at += row["n_bytes"]
        assert at == len(content)
        assert sum(passes for passes, _ in segments) == block["n_passes"]
        assert tuple(key) not in found
        found[tuple(key)] = int(block["zero_planes"]), segments
    return found


def accounts_for_every_byte(codestream: Codestream) -> bool:
    """Whether chunks lie apart, within tile-parts, and with the packet headers take all of these."""
    chunks = codestream.chunks[codestream.chunks["n_bytes"] > 0]
    chunks = chunks[np.argsort(chunks["offset"])]
    parts = np.array([part for tile in codestream.tiles for part in tile.parts])
    parts = parts[np.argsort(parts[:, 0])]
    assert (chunks["offset"][1:] >= (chunks["offset"] + chunks["n_bytes"])[:-1]).all()
    home = parts[np.searchsorted(parts[:, 0], chunks["offset"], side="right") - 1]
    assert ((home[:, 0] <= chunks["offset"]) & (chunks["offset"] + chunks["n_bytes"] <= home[:, 1])).all()
    taken = chunks["n_bytes"].sum() + sum(tile.header_bytes + tile.left_over for tile in codestream.tiles)
    return taken == (parts[:, 1] - parts[:, 0]).sum()


@pytest.mark.parametrize("seed", range(60))
def test_a_written_stream_is_read_back(seed):
    stream = random_stream(np.random.default_rng(seed), small=seed % 2 == 0)
    codestream = parse(stream.data)
    assert found_blocks(codestream) == expected_blocks(stream)
    assert accounts_for_every_byte(codestream)
    assert codestream.truncated_at is None
    for tile, expected in zip(codestream.tiles, stream.tiles, strict=True):
        assert (tile.index, (tile.x0, tile.y0, tile.x1, tile.y1)) == (expected.index, expected.edges)
        assert tile.packets == tile.expected_packets == len(expected.packets)
        assert tile.left_over == 0
        for component, setting, shift in zip(tile.components, expected.settings, expected.roi_shifts, strict=True):
            assert component.levels == setting.levels
            assert (component.block_width, component.block_height) == setting.block
            assert list(component.precincts) == setting.precincts
            assert (component.style, component.roi_shift) == (setting.style, shift)
            assert (component.guard_bits, component.quantisation) == (setting.guard_bits, setting.quantisation)


@pytest.mark.parametrize("seed", range(6))
def test_a_cut_stream_is_read_as_far_as_its_packets_are_whole(seed):
    """Wherever the file ends: what is there of every tile is read, what is missing is said."""
    rng = np.random.default_rng(1000 + seed)
    stream = random_stream(rng, packed="PPM" if seed % 3 == 1 else None)
    complete = len(stream.data) - 2
    ends = np.array([end for end, _ in stream.packet_ends])
    places = np.unique(
        np.r_[rng.integers(0, len(stream.data) + 1, 30), stream.first_body, rng.choice(ends, 10), complete]
    )
    for cut in places:
        if cut < stream.first_body:
            with pytest.raises(CodestreamError) as caught:
                parse(stream.data[:cut])
            assert caught.value.offset <= cut
            continue
        codestream = parse(stream.data[:cut])
        tiles = [tile for end, tile in stream.packet_ends if end <= cut]
        counts = {tile.index: tiles.count(tile.index) for tile in stream.tiles}
        rows = [tile.index for tile in codestream.tiles]
        expected = {
            (rows.index(key[0]), *key[1:]): value
            for key, value in expected_blocks(stream, counts).items()
            if key[0] in rows
        }
        assert found_blocks(codestream) == expected
        if len(tiles) == len(stream.packet_ends) and len(rows) == len(stream.tiles):
            assert codestream.truncated_at is None
        else:
            assert ends[len(tiles) - 1] * (len(tiles) > 0) <= codestream.truncated_at <= cut
            assert "truncated at byte" in repr(codestream)


def test_the_reader_makes_room_for_many_chunks():
    """More of them than were expected for the size of the file: passes without a byte, each terminated."""
    bits = "1" + "1" + "1" + "111111111" + f"{164 - 37:07b}" + "0" + "000" * 164  # one block of 164 empty passes
    text, data, now = bits, bytearray(), ""
    while text:
        size = 7 if data and data[-1] == 0xFF else 8
        now, text = text[:size].ljust(size, "0"), text[size:]
        data.append(int(now, 2))
    codestream = parse(plain_stream(64, 64, style=4, layers=1, components=40, parts=[bytes(data) * 40]))
    assert (codestream.segments["n_passes"] == 1).all()
    assert len(codestream.segments) == len(codestream.chunks) == 40 * 164 > 1024 + len(codestream.data) / 16
    with pytest.raises(CodestreamError, match=r"at byte \d+: more than 500 chunks"):
        parse(codestream.data, limits=Limits(chunks=500))


PLAIN = plain_stream()
COD, QCD, SOT_AT = 2 + 43, 2 + 43 + 14, 2 + 43 + 14 + 6


def changed(at: int, *values: int) -> bytes:
    return PLAIN[:at] + bytes(values) + PLAIN[at + len(values) :]


def inserted(at: int, text: str) -> bytes:
    return PLAIN[:at] + bytes.fromhex(text) + PLAIN[at:]


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "at byte 0: neither a codestream"),
        (b"\xff\x4f", "at byte 2: SIZ is expected"),
        (PLAIN[:20], "at byte 2: the codestream ends within SIZ"),
        (PLAIN[:SOT_AT], "at byte 65: the codestream ends within its main header"),
        (PLAIN[: SOT_AT + 3], "at byte 65: the codestream ends without a whole header"),
        (PLAIN[:COD] + PLAIN[QCD:], "at byte 51: the main header ends without COD"),
        (PLAIN[:QCD] + PLAIN[SOT_AT:], "at byte 59: component 0 has no step sizes"),
        (changed(6, 0x80), r"at byte 2: SIZ asks for extensions of Part 2 \(Rsiz 0x8000\)"),
        (changed(8, 0, 0, 0, 0), "at byte 2: SIZ has an image .* empty"),
        (changed(24, 0, 0, 0, 0), "at byte 2: SIZ has tiles of 0 x 16"),
        (changed(32, 0, 0, 0, 1), "at byte 2: SIZ has tiles .* does not hold"),
        (changed(40, 0, 0), "at byte 2: SIZ has 0 components"),
        (changed(40, 0, 2), "at byte 2: SIZ ends before its last field"),
        (changed(42, 0x7F), "at byte 2: SIZ has component 0 with 128 bits"),
        (changed(43, 0), "at byte 2: SIZ has component 0 .* sub-sampling 0 x 1"),
        (changed(COD + 4, 8), "at byte 45: COD has style 0x8"),
        (changed(COD + 5, 5), "at byte 45: COD has progression order 5"),
        (changed(COD + 6, 0, 0), "at byte 45: COD has no layer"),
        (changed(COD + 8, 2), "at byte 45: COD has component transform 2 of Part 2"),
        (changed(COD + 9, 33), "at byte 45: COD has 33 decomposition levels"),
        (changed(COD + 10, 9), r"at byte 45: COD has code-blocks of 2\^11"),
        (changed(COD + 12, 0x40), "at byte 45: COD has High-Throughput code-blocks"),
        (changed(COD + 12, 0x80), "at byte 45: COD has code-block style 0x80"),
        (changed(COD + 13, 2), "at byte 45: COD has wavelet transform 2 of Part 2"),
        (changed(COD + 9, 1), "at byte 59: 1 step sizes for component 0, which has 4 subbands"),
        (changed(COD + 3, 13), "at byte 45: COD has 1 bytes more"),
        (changed(COD + 3, 1), "at byte 45: COD has a length of 1"),
        (changed(QCD + 4, 3), "at byte 59: QCD has quantisation style 3"),
        (changed(QCD + 4, 2), "at byte 59: QCD has 1 bytes of step sizes"),
        (inserted(SOT_AT, "ff50 0006 00020000"), "at byte 65: CAP asks for Part 15, High-Throughput"),
        (inserted(SOT_AT, "ff50 0006 40000000"), "at byte 65: CAP asks for Part 2,"),
        (inserted(SOT_AT, "ff74 0004 0000"), "at byte 65: MCT, a marker of Part 2"),
        (inserted(SOT_AT, "ff5e 0005 00 01 07"), "at byte 65: RGN has a style of Part 2"),
        (inserted(SOT_AT, "ff5e 0005 01 00 07"), "at byte 65: RGN names component 1, there are 1"),
        (inserted(SOT_AT, "ff53 0009 03 00 00 04 04 00 01"), "at byte 65: COC names component 3"),
        (inserted(SOT_AT, "ff53 000b 00 01 01 04 04 00 01 00 10"), "at byte 65: COC has precincts of side 1"),
        (inserted(SOT_AT, "ff53 0009 00 02 00 04 04 00 01"), "at byte 65: COC has style 0x2"),
        (inserted(SOT_AT, "ff5f 0008 000000010101"), "at byte 65: POC has 6 bytes, a multiple of 7"),
        (inserted(SOT_AT, "ff5f 0009 00000001010105"), "at byte 65: POC has progression order 5"),
        (inserted(SOT_AT, "ff61 0003 00"), "at byte 65: PPT does not belong into the main header"),
        (inserted(SOT_AT, "ff60 0003 00 ff60 0003 00"), "at byte 70: PPM has index 0, which has come before"),
        (
            inserted(SOT_AT, "ff60 0003 00"),
            "at byte 70: PPM ends 4 bytes too early|.*PPM holds the packet headers of 0",
        ),
        (inserted(SOT_AT, "ff60 0007 00 00000002"), "at byte 74: PPM ends 2 bytes too early"),
        (inserted(SOT_AT, "1234"), "at byte 65: 1234, a marker is expected"),
        (inserted(SOT_AT, "ff51 0002"), "at byte 65: SIZ ends before its last field|.*SIZ comes a second time"),
        (changed(SOT_AT + 3, 11), "at byte 65: SOT has a length of 11"),
        (changed(SOT_AT + 5, 1), "at byte 65: SOT names tile 1, there are 1"),
        (changed(SOT_AT + 6, 0, 0, 0, 13), "at byte 65: SOT promises 13 bytes, its header alone has 14"),
        (inserted(SOT_AT + 15, "0102"), "at byte 80: 0102, SOT or EOC is expected"),
        (changed(SOT_AT + 10, 1), "at byte 65: SOT is of part 1 of tile 0, part 0 is expected"),
        (inserted(SOT_AT + 12, "ff51 0003 00"), "at byte 77: SIZ does not belong into the header of a tile-part"),
        (
            changed(SOT_AT + 14, 0xFF),
            "at byte 79: packet 0 of tile 0 goes on beyond its tile-part, which ends at byte 80",
        ),
        (plain_stream(parts=[b"\xc0\xff\x7f\xff\x7f\xff\x7f\xff\x00"]), "at byte 79: packet 0 .* more than 31 bits"),
        (plain_stream(more=bytes.fromhex("ff600008 00 00000001 c0")), "at byte 74: the header of packet 0 of tile 0"),
    ],
)
def test_what_is_wrong_is_named_with_its_byte(data, message):
    with pytest.raises(CodestreamError, match=f"^(?:{message})") as caught:
        parse(data)
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.offset) == (str(caught.value), caught.value.offset)


@pytest.mark.parametrize(
    "settings, message",
    [
        ({"width": 2**32 - 1, "height": 2**32 - 1}, "at byte 2: SIZ has|SIZ promises"),
        ({"width": 8193, "height": 4096}, "at byte 2: SIZ promises 33558528 samples, at most 33554432"),
        ({"width": 16, "height": 16, "tile": (1, 1), "components": 300, "parts": [b""] * 256}, "76800 tile-comp"),
        ({"width": 4096, "height": 4096, "levels": 5, "block": (2, 2), "components": 2}, r"\d+ blocks are promised"),
        ({"width": 1025, "height": 1024, "precincts": (0,)}, "1049600 precincts are promised, at most 1048576"),
        ({"width": 2**32 - 1, "height": 1, "sampling": (255, 1), "levels": 32, "precincts": (0, *[17] * 32)}, "precin"),
        ({"components": 10900, "levels": 32}, "1057300 subbands are promised, at most 262144"),
        # Each packet costs one byte: of 2^20 code-blocks none is included.
        (
            {"width": 4096, "height": 4096, "block": (2, 2), "layers": 65535, "parts": [b"\x80" * 65535]},
            "packet 64 of",
        ),
        (
            {
                "width": 400,
                "tile": (1, 1),
                "parts": [b""] * 400,
                "more": segment(0xFF5F, bytes([0, 0, 0, 1, 1, 1, 0]) * 9103),
            },
            "3641200 progressions are promised, at most 262144",
        ),
        # Progressions without a packet cost nothing.
        (
            {
                "width": 1024,
                "height": 1024,
                "precincts": (0,),
                "layers": 65535,
                "more": segment(0xFF5F, bytes([9, 0, 255, 255, 10, 1, 0]) * 9103),
            },
            "packet 0 of tile 0 is not reached within 67108864 steps",
        ),
    ],
)
def test_too_much_is_refused_before_it_is_made(settings, message):
    start = time.process_time()
    with pytest.raises(CodestreamError, match=message):
        parse(plain_stream(**settings))
    assert time.process_time() - start < 10  # with what compiles


def test_more_passes_than_may_be_decoded_are_refused_at_their_code_block():
    picture = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    codestream = parse(encoded(picture, no_jp2=True, codeblock_size=(16, 16)))
    rows = codestream.blocks
    visits = np.cumsum((rows["x1"] - rows["x0"]) * (rows["y1"] - rows["y0"]) * rows["n_passes"])
    assert parse(codestream.data, limits=Limits(visits=int(visits[-1]))).data == codestream.data
    with pytest.raises(CodestreamError, match=f"coding passes visit {visits[-1]} samples") as caught:
        parse(codestream.data, limits=Limits(visits=int(visits[4])))
    assert caught.value.offset == codestream.offsets_of(5)[0]


def test_what_may_be_promised_is_read_in_time():
    """65,535 tiles of one sample each, and 2^20 precincts of one sample with 65,535 layers."""
    start = time.process_time()
    many = parse(plain_stream(255, 257, tile=(1, 1), parts=[b"\x00"] * 65535))
    assert (len(many.tiles), many.truncated_at) == (65535, None)
    for order in (0, 2):
        fine = parse(plain_stream(1024, 1024, precincts=(0,), layers=65535, order=order, parts=[b"\x00" * 100_000]))
        assert [tile.packets for tile in fine.tiles] == [100_000]
    assert time.process_time() - start < 30


def test_bytes_are_replaced_in_place():
    stream = random_stream(np.random.default_rng(5))
    codestream = parse(stream.data)
    rng = np.random.default_rng(6)
    used = np.flatnonzero([len(codestream.bytes_of(k)) for k in range(len(codestream.blocks))])
    block, others = int(rng.choice(used)), rng.choice(used, 5, replace=False)
    assert codestream.bytes_of(others) == b"".join(codestream.bytes_of(k) for k in others)
    assert codestream.with_bytes(others, codestream.bytes_of(others)).data == codestream.data
    new = rng.integers(0, 255, len(codestream.bytes_of(block)), dtype=np.uint8).tobytes()
    changed = codestream.with_bytes(block, new)
    assert changed.bytes_of(block) == new
    assert len(changed.data) == len(codestream.data)
    differ = np.frombuffer(changed.data, np.uint8) != np.frombuffer(codestream.data, np.uint8)
    assert set(np.flatnonzero(differ)) <= set(codestream.offsets_of(block))
    assert found_blocks(parse(changed.data)) == found_blocks(changed)
    assert codestream.bytes_of([]) == b""
    with pytest.raises(ValueError, match=rf"content of {len(new) + 1} bytes given, {len(new)} are expected"):
        codestream.with_bytes(block, new + b"\x00")
    for wrong in (len(codestream.blocks), -1, [0, -1]):
        with pytest.raises(ValueError, match="blocks .* given, rows 0 to"):
            codestream.bytes_of(wrong)


def test_content_that_looks_like_a_marker_is_content():
    """Where COD announces no SOP and EPH, code-blocks may hold the like: a channel may have put it there."""
    seen = 0
    for seed in range(100, 125):
        stream = random_stream(np.random.default_rng(seed))
        codestream = parse(stream.data)
        coding = read_headers(stream.data).settings().tile_coding
        used = np.flatnonzero([len(codestream.bytes_of(k)) for k in range(len(codestream.blocks))])
        if coding.sop or coding.eph or not len(used):
            continue
        seen += 1
        size = len(codestream.bytes_of(used))
        changed = codestream.with_bytes(used, (bytes.fromhex("ff92ff910004") * size)[:size])
        assert found_blocks(parse(changed.data)) == found_blocks(changed)
    assert seen > 1


def test_only_bytes_are_read():
    with pytest.raises(ValueError, match="data of type str given, bytes are expected"):
        parse("ff4f")
    assert repr(parse(bytearray(PLAIN))) == repr(parse(memoryview(PLAIN))) == repr(parse(PLAIN))


def picture(rng: np.random.Generator, height: int, width: int, colours: int) -> np.ndarray:
    """Smooth shapes with some noise."""
    y, x = np.mgrid[:height, :width]
    planes = [128 + 90 * np.sin((x * rng.random() + y * rng.random()) / 9) for _ in range(colours)]
    values = np.stack(planes, axis=-1) + rng.normal(0, 6, (height, width, colours))
    return (
        values.clip(0, 255).astype(np.uint8).squeeze(axis=2) if colours == 1 else values.clip(0, 255).astype(np.uint8)
    )


@pytest.mark.parametrize("seed", range(30))
def test_pictures_that_openjpeg_writes_are_read(seed):
    """All options that Pillow offers: what was asked for is what the headers say, and no byte is left over."""
    rng = np.random.default_rng(seed)
    height, width = (int(n) for n in rng.integers(20, 200, 2))
    image = picture(rng, height, width, int(rng.choice([1, 3])))
    progression = int(rng.integers(5))
    levels, block = int(rng.integers(0, 6)), tuple(2 ** int(n) for n in rng.integers(2, 7, 2))
    options = {
        "no_jp2": bool(seed % 2),
        "progression": ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL")[progression],
        "num_resolutions": levels + 1,
        "codeblock_size": block,
        "irreversible": bool(rng.integers(2)),
        "quality_layers": sorted((float(n) for n in rng.integers(2, 60, int(rng.integers(1, 5)))), reverse=True),
        "plt": bool(rng.integers(2)),
        "mct": int(rng.integers(2)) if image.ndim == 3 else 0,
    }
    if rng.random() < 0.5:
        options["precinct_size"] = tuple(2 ** int(n) for n in rng.integers(7, 9, 2))
    if rng.random() < 0.5:
        options["tile_size"] = tuple(int(n) for n in rng.integers(40, 100, 2))
        if rng.random() < 0.5:  # which Pillow writes with tiles only
            options["offset"] = tuple(int(n) for n in rng.integers(0, 20, 2))
    data = encoded(image, **options)
    codestream = parse(data)
    size = codestream.size
    assert (size.x1 - size.x0, size.y1 - size.y0) == (width, height)
    assert (size.x0, size.y0) == options.get("offset", (0, 0))
    assert len(codestream.tiles) == size.tiles[0] * size.tiles[1]
    for tile in codestream.tiles:
        assert (tile.progression, tile.layers) == (progression, len(options["quality_layers"]))
        assert tile.packets == tile.expected_packets and tile.left_over == 0
        assert tile.multi_component == (options["mct"] == 1)
        for component in tile.components:
            assert (component.levels, component.reversible) == (levels, not options["irreversible"])
            assert (2**component.block_width, 2**component.block_height) == block
    assert accounts_for_every_byte(codestream)
    assert codestream.truncated_at is None
    # OpenJPEG takes what is written back, and sees that it is another picture.
    heavy = int(np.argmax([len(codestream.bytes_of(k)) for k in range(len(codestream.blocks))]))
    content = codestream.bytes_of(heavy)
    changed = codestream.with_bytes(heavy, bytes(len(content)))
    assert codestream.with_bytes(heavy, content).data == data
    decoded = [np.asarray(Image.open(io.BytesIO(item))) for item in (data, changed.data)]
    assert decoded[0].shape == decoded[1].shape
    assert (decoded[0] != decoded[1]).any()


def test_a_file_around_a_codestream_changes_offsets_only():
    image = picture(np.random.default_rng(0), 60, 80, 3)
    raw, file = (parse(encoded(image, no_jp2=no_jp2)) for no_jp2 in (True, False))
    shift = file.data.index(b"\xff\x4f\xff\x51")
    assert (file.chunks["offset"] - shift == raw.chunks["offset"]).all()
    assert (file.blocks == raw.blocks).all()
    assert file.bytes_of(3) == raw.bytes_of(3)
    length = len(raw.data) + 16
    long_box = b"\x00\x00\x00\x01jp2c" + length.to_bytes(8, "big") + raw.data
    open_box = b"\x00\x00\x00\x00jp2c" + raw.data
    for box in (long_box, open_box, long_box + b"\x00\x00\x00\x0cjunkjunk"):
        codestream = parse(file.data[:12] + box)
        assert (codestream.blocks == raw.blocks).all()
        assert codestream.truncated_at is None
    cases = [
        (file.data[:12] + b"\x00\x00\x00\x07jp2c", "at byte 12: a box of 7 bytes, at least 8 are expected"),
        (file.data[: shift - 8], rf"at byte {shift - 8}: the file ends, no box jp2c"),
        (file.data[:shift], rf"at byte {shift}: the file ends where a codestream should begin"),
        (file.data[: shift - 8] + b"\x00\x00\x00\x01jp2c", rf"at byte {shift - 8}: a box of 0 bytes, at least 16"),
        (file.data[:shift] + b"\xff\x4e" + raw.data[2:], rf"at byte {shift}: FF4E, SOC is expected"),
    ]
    for data, message in cases:
        with pytest.raises(CodestreamError, match=message):
            parse(data)


LACKS_PACKETS = {"Marrin.jp2": 12}  # its second layer is nowhere


@pytest.mark.parametrize("path", codestreams("conformance") + codestreams("nonregression"), ids=lambda path: path.name)
def test_a_file_of_others_is_read_to_its_last_byte(path):
    codestream = parse(codestream_bytes(path))
    missing = sum(tile.expected_packets - tile.packets for tile in codestream.tiles)
    assert missing == LACKS_PACKETS.get(path.name, 0)
    assert sum(tile.left_over for tile in codestream.tiles) == 0
    assert accounts_for_every_byte(codestream)
    assert codestream.truncated_at is None
    # No code-block has more passes than bit-planes allow.
    blocks = codestream.blocks[codestream.blocks["n_passes"] > 0]
    bands = codestream.subbands[blocks["subband"]]
    shifts = np.array([[component.roi_shift for component in tile.components] for tile in codestream.tiles])
    planes = bands["magnitude_bits"] + shifts[bands["tile"], bands["component"]] - blocks["zero_planes"]
    assert (blocks["n_passes"] <= 3 * planes - 2).all()


@pytest.mark.parametrize("path", codestreams("hostile"), ids=lambda path: path.name)
def test_a_hostile_file_is_read_or_refused(path):
    data = codestream_bytes(path)
    try:
        codestream = parse(data)
    except CodestreamError as error:
        assert 0 <= error.offset <= len(data)
        assert str(error).startswith(f"at byte {error.offset}: ")
    else:
        assert accounts_for_every_byte(codestream)


def test_damaged_streams_within_bounds(tmp_path):
    """Mutations of written streams, with every index checked: an error that names a byte, or a codestream."""
    program = """
import os, time
import numpy as np
from jscc.jpeg2000 import CodestreamError, mutate, parse
from toy_codestreams import random_stream

rng = np.random.default_rng(0)
streams = [random_stream(np.random.default_rng(seed)).data for seed in range(40)]
parse(streams[0])
read, cut, slowest = 0, 0, 0.0
total = int(os.environ["JSCC_RANDOM_STREAMS"])
for _ in range(total):
    data = mutate(streams[rng.integers(len(streams))], rng, streams)
    start = time.process_time()
    try:
        codestream = parse(data)
        read, cut = read + 1, cut + (codestream.truncated_at is not None)
        for tile in codestream.tiles:
            assert tile.left_over >= 0 and tile.packets <= tile.expected_packets
        assert len(codestream.bytes_of(range(len(codestream.blocks)))) == codestream.chunks["n_bytes"].sum()
    except CodestreamError as error:
        assert 0 <= error.offset <= len(data), error
    slowest = max(slowest, time.process_time() - start)
# What the process took itself: a resource usage would count what its parent held before it began.
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(total, read, cut, slowest, status["VmHWM"].split()[0])
"""
    streams = os.environ.get("JSCC_RANDOM_STREAMS", "2500")
    settings = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "JSCC_RANDOM_STREAMS": streams}
    path = os.pathsep.join([str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
    run = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **settings, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    total, read, cut, slowest, kilobytes = map(float, run.stdout.split())
    assert read > total / 10 and cut > total / 100
    assert slowest < 10
    assert kilobytes < 2**20


def test_the_kernels_do_the_same_without_the_compiler():
    program = f"""
import sys
sys.path.insert(0, {str(ROOT / "tests")!r})
import hashlib
import numpy as np
from jscc.jpeg2000 import parse
from toy_codestreams import random_stream
for seed in (1, 2, 3, 5):
    codestream = parse(random_stream(np.random.default_rng(seed)).data)
    tables = codestream.subbands, codestream.blocks, codestream.segments, codestream.chunks
    print(codestream, *(hashlib.md5(table.tobytes()).hexdigest() for table in tables))
"""
    plain, compiled = printed_without_and_with_jit(program)
    assert plain == compiled
    assert len(plain.splitlines()) == 4

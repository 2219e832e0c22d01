"""Codestreams that the robustness experiments damage, and those that are hostile as they are."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache

import numpy as np

from jscc import datasets
from jscc.experiments.jpeg2000.conformance import (
    ALONE,
    BY_MD5,
    OTHERS_ALONE,
    OTHERS_WITH_PILLOW,
    PICTURES,
    WITH_PILLOW,
    read,
)

HOSTILE = (
    *("147af3f1083de4393666b7d99b01b58b_signal_sigsegv_130c531_6155_5136.jp2", "2236.pdf.SIGSEGV.398.1376.jp2"),
    *("27ac957758a35d00d6765a0c86350d9c.SIGFPE.d25.537.jpc", "2977.pdf.asan.67.2198.jp2"),
    *("4241ac039aba57e6a9c948d519d94216_asan_heap-oob_14650f2_7469_602.jp2", "451.pdf.SIGSEGV.5b5.3723.jp2"),
    *("451.pdf.SIGSEGV.f4c.3723.jp2", "broken.jpc", "broken2.jp2", "broken3.jp2", "byte.jph", "byte_causal.jhc"),
    *("edf_c2_1000234.jp2", "edf_c2_1015644.jp2", "gdal_fuzzer_assert_in_opj_j2k_read_SQcd_SQcc.patch.jp2"),
    *("gdal_fuzzer_check_comp_dx_dy.jp2", "gdal_fuzzer_unchecked_numresolutions.jp2", "huge-tile-size.jp2"),
    *("issue1472-bigloop.j2k", "issue165.jp2", "issue226.j2k", "issue235.jp2", "issue362-2866.jp2"),
    *("issue362-2894.jp2", "issue390.jp2", "issue391.jp2", "issue400.jp2", "issue408.jp2"),
    *("issue427-illegal-tile-offset.jp2", "issue427-null-image-size.jp2", "issue458.jp2", "issue475.jp2"),
    *("issue495.jp2", "issue725.jp2", "issue733.jp2", "issue774.jp2", "issue818.jp2", "issue820.jp2"),
    *("issue826.jp2", "issue979.j2k", "mem-b2b86b74-2753.jp2", "v4dwt_interleave_h.gsr105.j2k"),
)

# Settings of Pillow's encoder; each is used with both transforms, for a grey picture and one of colours.
SETTINGS = (
    {},
    {"num_resolutions": 2, "codeblock_size": (16, 16), "progression": "RLCP"},
    {"tile_size": (33, 20), "tile_offset": (1, 2), "offset": (3, 5), "progression": "PCRL"},
    {"quality_mode": "rates", "quality_layers": [20, 10, 5], "progression": "RPCL", "plt": True},
    {"precinct_size": (32, 32), "codeblock_size": (8, 8), "progression": "CPRL", "num_resolutions": 3},
)
# Styles of code-blocks that Pillow cannot write. Its bytes are then read as segments of that style: TERMALL;
# RESET, VSC and SEGSYM; all six.
STYLES = (0, 4, 42, 63)
SIDES = (48, 60)  # of a crop of a test picture


def names(bases: str) -> list[str]:
    """What the streams of a set are called, in their order: ``files``, ``pillow``, ``hostile`` or ``promises``."""
    return [name for name, _ in _streams(bases)]


def streams(bases: str) -> list[bytes]:
    """The streams of a set.

    Raises
    ------
    ValueError
        If there is no such set.
    FileNotFoundError
        If a file is missing.
    """
    return [data for _, data in _streams(bases)]


def shares(data: list[bytes]) -> np.ndarray:
    """How often each stream is drawn: large ones less often, since they take longer."""
    weights = np.array([1 / (2**14 + len(one)) for one in data])
    return weights / weights.sum()


@cache
def _streams(bases: str) -> tuple[tuple[str, bytes], ...]:
    sets = {"files": _files, "pillow": _pillow, "hostile": _hostile, "promises": _promises}
    if bases not in sets:
        raise ValueError(f"bases={bases!r} given, one of {', '.join(sets)} is expected")
    return tuple(sets[bases]())


def _files() -> Iterator[tuple[str, bytes]]:
    """The files of the conformance table."""
    for part, files in (
        ("conformance", (*PICTURES, *WITH_PILLOW, *ALONE)),
        ("nonregression", (*BY_MD5, *OTHERS_WITH_PILLOW, *OTHERS_ALONE)),
    ):
        for name in files:
            yield name, read(part, name)


def _hostile() -> Iterator[tuple[str, bytes]]:
    for name in HOSTILE:
        yield name, read("hostile", name)


def _pillow() -> Iterator[tuple[str, bytes]]:
    """Crops of two test pictures as Pillow codes them, in every style of code-blocks."""
    rows, columns = (slice(200, 200 + side) for side in SIDES)
    for name in ("camera", "astronaut"):
        crop = datasets.image(name)[rows, columns]
        for number, settings in enumerate(SETTINGS):
            for irreversible in (False, True):
                data = coded(crop, irreversible=irreversible, **settings)
                for style in STYLES:
                    yield (
                        f"{name}, settings {number}, {'9-7' if irreversible else '5-3'}, style {style}",
                        styled(data, style),
                    )


def coded(picture: np.ndarray, **settings) -> bytes:
    """A picture's codestream, by Pillow."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG2000", no_jp2=True, mct=1, **settings)
    return file.getvalue()


def styled(data: bytes, style: int) -> bytes:
    """The codestream with another style of code-blocks in its COD (Table A.15)."""
    at = data.index(b"\xff\x52") + 12
    return data[:at] + bytes([style]) + data[at + 1 :]


def _promises() -> Iterator[tuple[str, bytes]]:
    """A small codestream whose headers promise what its bytes cannot hold, or more than anybody should read."""
    many = 2**25
    yield "an image of 2^31 samples", _written((2**16, 2**15))
    yield "an image of 2^32 - 1 by 2^32 - 1", _written((2**32 - 1, 2**32 - 1))
    yield "an image of 2^25 samples in one empty tile", _written((2**13, 2**12))
    yield "an image of 2^25 samples, 9-7", _written((2**13, 2**12), reversible=False)
    yield "four components of 2^25 samples together", _written((2**12, 2**11), components=4, transform=1)
    yield "2^25 samples in two tiles of which the second is small", _written((2**13, 2**12), tile=(8100, 2**12))
    yield "a row of 2^25 samples", _written((many, 1), levels=32)
    yield "a column of 2^25 samples", _written((1, many), levels=32)
    yield "2^25 samples in 65025 tiles", _written((2**13, 2**12), tile=(33, 33))
    yield "65281 layers", _written(layers=65281)
    for order, progression in enumerate(("LRCP", "RLCP", "RPCL", "PCRL", "CPRL")):
        yield (
            f"65535 layers of precincts of 2 x 2, {progression}",
            _written((1024, 1024), layers=65535, levels=3, precinct=1, order=order),
        )
    yield "code-blocks of 4 x 4 in 2^25 samples", _written((2**13, 2**12), block=0)
    yield "precincts of 4 x 4 in 2^24 samples", _written((2**12, 2**12), precinct=2, levels=0)
    for order in (0, 2):
        yield (
            f"9000 progressions over 2^20 precincts, order {order}",
            _written((2**12, 2**12), precinct=2, levels=0, progressions=9000, order=order),
        )
    yield "9000 progressions in each of 1000 tiles", _written((1000, 1), tile=(1, 1), parts=1000, progressions=9000)
    yield "four tiles of 16383 components", _written((4, 1), tile=(1, 1), parts=4, components=16383)
    yield "16384 components", _written(components=16384)
    yield "2700 components with 32 levels", _written(components=2700, levels=32)
    yield "16384 components with 32 levels", _written(components=16384, levels=32)
    yield "16384 components in 65535 tiles", _written((65535, 1), tile=(1, 1), components=16384)
    yield "65535 tiles", _written((65535, 1), tile=(1, 1))
    yield "65535 tiles of 32 levels", _written((65535, 1), tile=(1, 1), levels=32)
    yield "samples of 38 bits", _written(bits=38)
    yield "a packet of ones alone", _written((2**12, 2**12), packet=b"\xff\x7f" * 2**15)
    yield "a packet of zeros alone", _written((2**12, 2**12), packet=bytes(2**16))
    yield "as many empty packets as there is room for", _written(layers=65535, levels=32, packet=bytes(2**16))
    for across in (32, 128):
        yield (
            f"88 passes of 3 bytes in each of {across * 64} code-blocks",
            _written((across * 64, 2**12), exponent=29, levels=0, packet=_full_packet(across, 64)),
        )


def _full_packet(across: int, down: int) -> bytes:
    """A packet of as many code-blocks, each with all of its 30 planes, 88 passes and 3 bytes (B.10)."""
    depth = (max(across, down) - 1).bit_length()
    seen, bits = set(), ["1"]
    for y in range(down):
        for x in range(across):
            path = {(k, x >> k, y >> k) for k in range(depth + 1)}
            # Both tag trees hold zeros: a node's one bit comes with the first block below it.
            bits += ["1"] * (2 * len(path - seen)) + ["111111111", f"{88 - 37:07b}", "0", f"{3:09b}"]
            seen |= path
    text, out, at = "".join(bits), bytearray(), 0
    while at < len(text):
        room = 7 if out and out[-1] == 0xFF else 8  # a 0 is stuffed behind FF
        out.append(int(text[at : at + room].ljust(room, "0"), 2))
        at += room
    return bytes(out) + bytes([0] if out[-1] == 0xFF else []) + b"ZZZ" * (across * down)


def _written(
    size=(16, 16),
    *,
    tile=(2**32 - 1, 2**32 - 1),
    components=1,
    bits=8,
    layers=1,
    levels=1,
    order=0,
    block=4,
    precinct=15,
    reversible=True,
    transform=0,
    progressions=0,
    exponent=8,
    packet=b"\x80",
    parts=1,
) -> bytes:
    """A codestream with these fields, whose first tiles hold the given bytes each."""

    def number(value: int, n_bytes: int) -> bytes:
        return value.to_bytes(n_bytes, "big")

    def segment(code: int, body: bytes) -> bytes:
        return number(code, 2) + number(len(body) + 2, 2) + body

    corners = b"".join(number(value, 4) for value in (*size, 0, 0, *tile, 0, 0))
    steps = bytes([exponent << 3] * (3 * levels + 1)) if reversible else b"\x48\x00" * (3 * levels + 1)
    return b"".join(
        [
            b"\xff\x4f",
            segment(0xFF51, number(0, 2) + corners + number(components, 2) + bytes([bits - 1, 1, 1]) * components),
            segment(
                0xFF52,
                bytes([1, order])
                + number(layers, 2)
                + bytes([transform, levels, block, block, 0, int(reversible)])
                + bytes([precinct << 4 | precinct] * (levels + 1)),
            ),
            # Each progression is of the second of 32 resolutions, that is, of nothing.
            *([segment(0xFF5F, bytes([1, 0, 0, 1, 2, 1, order]) * progressions)] if progressions else []),
            segment(0xFF5C, bytes([0x40 if reversible else 0x42]) + steps),
            *(
                segment(0xFF90, number(index, 2) + number(14 + len(packet), 4) + b"\0\1") + b"\xff\x93" + packet
                for index in range(parts)
            ),
            b"\xff\xd9",
        ]
    )

"""The headers of codestreams, against OpenJPEG's own reading of them."""

from __future__ import annotations

import re

import numpy as np
import pytest

from jscc.jpeg2000 import CodestreamError
from jscc.jpeg2000.markers import Headers, Size, find_codestream, read_headers
from support import codestream_bytes, codestreams
from toy_codestreams import plain_stream, random_stream


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"-?\d+", text)]


@pytest.mark.parametrize("path", codestreams("dump"), ids=lambda path: path.stem)
def test_headers_say_what_openjpeg_reads(path):
    text = codestream_bytes(path).decode("utf8")
    name = path.stem.removeprefix("opj_v2_")
    headers = read_headers(codestream_bytes(path.parent.parent / "conformance" / f"{name}.j2k"))

    def values(key: str) -> list[str]:
        return re.findall(rf"(?:^|[\s,]){re.escape(key)}=(\S[^,\n]*)", text)

    size, settings = headers.size, headers.settings()
    image = [int(values(key)[0]) for key in ("x0", "y0", "x1", "y1", "tdx", "tdy", "tx0", "ty0")]
    assert image == [*size[:4], *size[4:8]]
    assert [int(values(key)[0]) for key in ("tw", "th")] == list(size.tiles)
    assert int(values("numcomps")[0]) == len(headers.components)
    for component, dx, dy, precision, signed in zip(
        headers.components, *(values(key) for key in ("dx", "dy", "prec", "sgnd")), strict=True
    ):
        assert [int(value) for value in (precision, signed, dx, dy)] == [int(value) for value in component]
    coding = settings.tile_coding
    style = int(values("csty")[0], 16)
    assert (bool(style & 2), bool(style & 4)) == (coding.sop, coding.eph)
    assert int(values("prg")[0], 16) == coding.progression
    assert [int(values(key)[0]) for key in ("numlayers", "mct")] == [coding.layers, coding.multi_component]
    found = zip(
        values("numresolutions"),
        values("cblkw"),
        values("cblkh"),
        values("cblksty"),
        values("qmfbid"),
        re.findall(r"preccintsize \(w,h\)=(.*)", text),
        values("qntsty"),
        values("numgbits"),
        re.findall(r"stepsizes \(m,e\)=(.*)", text),
        values("roishift"),
        settings.codings,
        settings.quantisations,
        settings.roi_shifts,
        strict=True,
    )
    for resolutions, width, height, style, reversible, precincts, kind, guard, steps, shift, coding, own, roi in found:
        assert int(resolutions) == coding.levels + 1
        assert (width, height) == (f"2^{coding.block_width}", f"2^{coding.block_height}")
        assert (int(style, 16), int(reversible)) == (coding.style, coding.reversible)
        assert numbers(precincts) == [side for precinct in coding.precincts for side in precinct]
        assert (int(kind), int(guard), int(shift)) == (own.style, own.guard_bits, roi)
        count = 1 if own.style == 1 else 3 * coding.levels + 1
        expected = [(step & 2047, step >> 11) for step in own.steps[:count]]
        assert numbers(steps) == [number for pair in expected for number in pair]
    marks = [tuple(marker) for marker in headers.markers if not 0xFF30 <= marker.code <= 0xFF3F]
    theirs = re.findall(r"type=(0x\w+), pos=(\d+), len=(\d+)", text)
    assert sorted((int(code, 16), int(at), int(length)) for code, at, length in theirs) == sorted(marks)
    assert f"Main header end position={headers.parts[0].offset}" in text


@pytest.mark.parametrize("seed", range(15))
def test_tiles_cover_the_image_once(seed):
    size = read_headers(random_stream(np.random.default_rng(seed)).data).size
    across, down = size.tiles
    covered = np.zeros((size.y1, size.x1), int)
    for q in range(down):
        for p in range(across):
            x, y = size.tile_x0 + p * size.tile_width, size.tile_y0 + q * size.tile_height
            covered[max(y, size.y0) : y + size.tile_height, max(x, size.x0) : x + size.tile_width] += 1
            assert max(y, size.y0) < min(y + size.tile_height, size.y1)
            assert max(x, size.x0) < min(x + size.tile_width, size.x1)
    assert (covered[size.y0 :, size.x0 :] == 1).all()


def test_headers_of_a_tile_come_before_those_of_the_main_header():
    """A tile's COC before its COD, that before the main header's COC, that before its COD (A.6.2)."""

    def coding(levels: int, component: int | None) -> bytes:
        head = bytes([0, 0, 0, 1, 0]) if component is None else bytes([component, 0])
        body = head + bytes([levels, 4, 4, 0, 1])
        return (b"\xff\x52" if component is None else b"\xff\x53") + (len(body) + 2).to_bytes(2, "big") + body

    def steps(exponent: int, component: int | None) -> bytes:
        body = (b"" if component is None else bytes([component])) + bytes([0x40]) + bytes([exponent << 3] * 16)
        return (b"\xff\x5c" if component is None else b"\xff\x5d") + (len(body) + 2).to_bytes(2, "big") + body

    def levels_with(main: bytes, own: bytes) -> list[tuple[int, int]]:
        data = plain_stream(components=2, more=main)
        sot = data.index(b"\xff\x90")
        length = int.from_bytes(data[sot + 6 : sot + 10], "big") + len(own)
        data = data[: sot + 6] + length.to_bytes(4, "big") + data[sot + 10 : sot + 12] + own + data[sot + 12 :]
        settings = read_headers(data).settings(0)
        return [
            (item.levels, step.steps[0] >> 11)
            for item, step in zip(settings.codings, settings.quantisations, strict=True)
        ]

    main_all, main_one = coding(1, None) + steps(11, None), coding(2, 1) + steps(12, 1)
    own_all, own_one = coding(3, None) + steps(13, None), coding(4, 1) + steps(14, 1)
    assert levels_with(main_all, b"") == [(1, 11), (1, 11)]
    assert levels_with(main_one + main_all, b"") == [(1, 11), (2, 12)]
    assert levels_with(main_all + main_one, own_all) == [(3, 13), (3, 13)]
    assert levels_with(main_all + main_one, own_one + own_all) == [(3, 13), (4, 14)]
    assert levels_with(main_all, own_one) == [(1, 11), (4, 14)]


def test_descriptions_are_one_line():
    headers = read_headers(random_stream(np.random.default_rng(0)).data)
    assert isinstance(headers, Headers)
    assert "\n" not in repr(headers) + repr(headers.main)
    assert isinstance(headers.size, Size)


def test_a_codestream_is_found():
    assert find_codestream(b"\xff\x4f\xff\x51") == (0, 4)
    with pytest.raises(CodestreamError, match="at byte 0: neither a codestream"):
        find_codestream(b"\x89PNG\r\n\x1a\n")

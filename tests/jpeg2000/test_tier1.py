"""Tier 1 against an encoder written from the standard's flow charts, one coefficient and one decision at a time."""

from __future__ import annotations

import os
import subprocess
import sys
from itertools import product

import numpy as np
import pytest

from jscc.jpeg2000 import tier1
from jscc.jpeg2000.tier1 import Outline, decode_block
from support import printed_without_and_with_jit

BYPASS, RESET, TERMINATE, CAUSAL, PREDICTABLE, SYMBOLS = 1, 2, 4, 8, 16, 32
QE = [
    *(0x5601, 0x3401, 0x1801, 0x0AC1, 0x0521, 0x0221, 0x5601, 0x5401, 0x4801, 0x3801, 0x3001, 0x2401, 0x1C01, 0x1601),
    *(0x5601, 0x5401, 0x5101, 0x4801, 0x3801, 0x3401, 0x3001, 0x2801, 0x2401, 0x2201, 0x1C01, 0x1801, 0x1601, 0x1401),
    *(0x1201, 0x1101, 0x0AC1, 0x09C1, 0x08A1, 0x0521, 0x0441, 0x02A1, 0x0221, 0x0141, 0x0111, 0x0085, 0x0049, 0x0025),
    *(0x0015, 0x0009, 0x0005, 0x0001, 0x5601),
]
AFTER_MPS = [1, 2, 3, 4, 5, 38, 7, 8, 9, 10, 11, 12, 13, 29, *range(15, 46), 45, 46]
AFTER_LPS = [
    *(1, 6, 9, 12, 29, 33, 6, 14, 14, 14, 17, 18, 20, 21, 14, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 23, 24, 25, 26),
    *(27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 46),
]


class Coder:
    """The MQ encoder of annex C.2."""

    def __init__(self, states):
        self.a, self.c, self.ct, self.out, self.states = 0x8000, 0, 12, [0], states

    def encode(self, context, decision):
        index, mps = self.states[context]
        qe = QE[index]
        self.a -= qe
        if decision == mps:
            if self.a & 0x8000:
                self.c += qe
                return
            if self.a < qe:
                self.a = qe
            else:
                self.c += qe
            self.states[context] = AFTER_MPS[index], mps
        else:
            if self.a < qe:
                self.c += qe
            else:
                self.a = qe
            self.states[context] = AFTER_LPS[index], mps ^ (index in (0, 6, 14))
        while not self.a & 0x8000:
            self.shift(1)
            self.a <<= 1

    def shift(self, n):
        self.c <<= n
        self.ct -= n
        if self.ct == 0:
            self.byte_out()

    def byte_out(self):
        if self.out[-1] != 0xFF and self.c >= 0x8000000:
            self.out[-1] += 1
            if self.out[-1] == 0xFF:
                self.c &= 0x7FFFFFF
        if self.out[-1] == 0xFF:
            self.out.append(self.c >> 20)
            self.c, self.ct = self.c & 0xFFFFF, 7
        else:
            self.out.append(self.c >> 19 & 0xFF)
            self.c, self.ct = self.c & 0x7FFFF, 8

    def flush(self, predictable):
        if predictable:  # D.4.2
            left = 11 - self.ct + 1
            while left > 0:
                self.c <<= self.ct
                self.ct = 0
                self.byte_out()
                left -= self.ct
        else:  # C.2.9
            temporary = self.c + self.a
            self.c |= 0xFFFF
            if self.c >= temporary:
                self.c -= 0x8000
            for _ in range(2):
                self.c <<= self.ct
                self.byte_out()
        return bytes(self.out[1 : None if self.out[-1] != 0xFF else -1])


class PlainCoder:
    """Plain bits with a 0 after a byte of ones (annex D.6)."""

    def __init__(self):
        self.out, self.free = [0], 8

    def encode(self, context, bit):
        if self.free == 0:
            self.free = 7 if self.out[-1] == 0xFF else 8
            self.out.append(0)
        self.free -= 1
        self.out[-1] |= bit << self.free

    def flush(self, predictable):
        for k in range(self.free):
            self.encode(None, k & 1)
        return bytes(self.out[: None if self.out[-1] != 0xFF else -1])


def fresh_states():
    return {context: ({0: 4, 17: 3, 18: 46}.get(context, 0), 0) for context in range(19)}


class BlockEncoder:
    """The coding passes of annex D, by Tables D.1 to D.4."""

    def __init__(self, values, orientation, style):
        self.values, self.orientation, self.style = values, orientation, style
        self.magnitude = abs(values.astype(int))
        self.significant, self.refined, self.coded = (np.zeros(values.shape, bool) for _ in range(3))
        self.known = np.zeros(values.shape, int)  # the last plane of which a significant coefficient's bit was coded

    def neighbour(self, y, x, dy, dx):
        height, width = self.values.shape
        if not (0 <= y + dy < height and 0 <= x + dx < width) or not self.significant[y + dy, x + dx]:
            return 0
        if self.style & CAUSAL and (y + dy) // 4 > y // 4:
            return 0
        return -1 if self.values[y + dy, x + dx] < 0 else 1

    def zero_context(self, y, x):
        h = sum(abs(self.neighbour(y, x, 0, d)) for d in (-1, 1))
        v = sum(abs(self.neighbour(y, x, d, 0)) for d in (-1, 1))
        d = sum(abs(self.neighbour(y, x, *at)) for at in product((-1, 1), (-1, 1)))
        if self.orientation == 3:
            rows = [(3, 0, 8), (2, 1, 7), (2, 0, 6), (1, 2, 5), (1, 1, 4), (1, 0, 3), (0, 2, 2), (0, 1, 1)]
            return next((context for least_d, least, context in rows if d >= least_d and h + v >= least), 0)
        if self.orientation == 1:
            h, v = v, h
        rows = [(2, 0, 0, 8), (1, 1, 0, 7), (1, 0, 1, 6), (1, 0, 0, 5)]
        rows += [(0, 2, 0, 4), (0, 1, 0, 3), (0, 0, 2, 2), (0, 0, 1, 1)]
        return next((row[3] for row in rows if h >= row[0] and v >= row[1] and d >= row[2]), 0)

    def sign_context(self, y, x):
        h = np.sign(sum(self.neighbour(y, x, 0, d) for d in (-1, 1)))
        v = np.sign(sum(self.neighbour(y, x, d, 0) for d in (-1, 1)))
        table = {(1, 1): 13, (1, 0): 12, (1, -1): 11, (0, 1): 10, (0, 0): 9}
        return (table[h, v], 0) if (h, v) in table else (table[-h, -v], 1)

    def code_sign(self, coder, y, x, plane):
        self.known[y, x] = plane
        negative = int(self.values[y, x] < 0)
        if isinstance(coder, PlainCoder):
            coder.encode(None, negative)
        else:
            context, flip = self.sign_context(y, x)
            coder.encode(context, negative ^ flip)
        self.significant[y, x] = True

    def scan(self):
        height, width = self.values.shape
        for top in range(0, height, 4):
            for x in range(width):
                for y in range(top, min(top + 4, height)):
                    yield y, x

    def propagate(self, coder, plane):
        for y, x in self.scan():
            context = self.zero_context(y, x)
            if not self.significant[y, x] and context:
                bit = int(self.magnitude[y, x] >> plane & 1)
                coder.encode(context, bit)
                self.coded[y, x] = True
                if bit:
                    self.code_sign(coder, y, x, plane)

    def refine(self, coder, plane):
        for y, x in self.scan():
            if self.significant[y, x] and not self.coded[y, x]:
                context = 16 if self.refined[y, x] else 14 + (self.zero_context(y, x) > 0)
                coder.encode(context, int(self.magnitude[y, x] >> plane & 1))
                self.refined[y, x], self.known[y, x] = True, plane

    def clean_up(self, coder, plane):
        height = len(self.values)
        skip = 0
        for y, x in self.scan():
            if skip:
                skip -= 1
                continue
            column = range(y, y + 4)
            if (
                y % 4 == 0
                and y + 4 <= height
                and not any(self.significant[k, x] or self.coded[k, x] or self.zero_context(k, x) for k in column)
            ):
                first = next((k - y for k in column if self.magnitude[k, x] >> plane & 1), 4)
                coder.encode(17, int(first < 4))
                skip = min(first, 3)
                if first < 4:
                    coder.encode(18, first >> 1)
                    coder.encode(18, first & 1)
                    self.code_sign(coder, y + first, x, plane)
            elif not self.significant[y, x] and not self.coded[y, x]:
                bit = int(self.magnitude[y, x] >> plane & 1)
                coder.encode(self.zero_context(y, x), bit)
                if bit:
                    self.code_sign(coder, y, x, plane)
        self.coded[:] = False
        if self.style & SYMBOLS:
            for bit in (1, 0, 1, 0):
                coder.encode(18, bit)

    def encode(self, planes, n_passes):
        """Bytes and (passes, bytes) of the segments of the first passes."""
        states, coder, data, segments, in_segment = fresh_states(), None, b"", [], 0
        for number in range(n_passes):
            kind, plane = (number + 2) % 3, planes - 1 - (number + 2) // 3
            plain = bool(self.style & BYPASS) and number >= 10 and kind != 2
            if coder is None:
                coder = PlainCoder() if plain else Coder(states)
            (self.propagate, self.refine, self.clean_up)[kind](coder, plane)
            in_segment += 1
            if self.style & RESET:
                states.update(fresh_states())
            lazy_end = self.style & BYPASS and number >= 9 and kind != 0
            if self.style & TERMINATE or lazy_end or number == n_passes - 1:
                part = coder.flush(bool(self.style & PREDICTABLE))
                data += part
                segments.append((in_segment, len(part)))
                coder, in_segment = None, 0
        return data, segments

    def halves(self):
        """Twice the middle of the interval that the coded passes leave for each coefficient."""
        middle = (2 * (self.magnitude >> self.known) + 1) << self.known
        return np.where(self.significant, np.sign(self.values) * middle, 0)


def random_values(rng, height, width, planes):
    scale = 2.0 ** rng.uniform(0, planes - 1)
    values = np.rint(rng.laplace(0, scale, (height, width))).astype(int)
    return np.clip(values, 1 - (1 << planes), (1 << planes) - 1)


def random_block(rng, style, side=14):
    """A block's encoder, outline and passes."""
    height, width, planes = (int(n) for n in rng.integers(1, [side, side, 10]))
    outline = Outline(width, height, planes, int(rng.integers(4)), style)
    return BlockEncoder(random_values(rng, height, width, planes), outline.orientation, style), outline


def decoder_of(data, outline, segments):
    block = tier1.new_block(len(data), len(segments))
    tier1.load_bytes(block, data, segments)
    tier1.begin_block(outline, block)
    return block


@pytest.mark.parametrize("style", range(64))
def test_what_the_encoder_coded_comes_out_in_every_style_after_any_number_of_passes(style):
    rng = np.random.default_rng(style)
    for _ in range(6):
        encoder, outline = random_block(rng, style)
        n_passes = int(rng.integers(1, 3 * outline.planes - 1))
        data, segments = encoder.encode(outline.planes, n_passes)
        block = decode_block(data, outline, segments)
        np.testing.assert_array_equal(block.coefficients, encoder.halves())
        assert block.coefficients.dtype == np.int32
        assert (block.passes, block.wrong_symbols, block.marker.any()) == (n_passes, 0, False)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (1024, 4), (4, 1024), (1, 1024), (1024, 1), (512, 8)])
def test_blocks_of_the_largest_sizes(width, height):
    rng = np.random.default_rng(width)
    values = random_values(rng, height, width, 4)
    encoder = BlockEncoder(values, 3, SYMBOLS)
    data, segments = encoder.encode(4, 10)
    block = decode_block(data, Outline(width, height, 4, 3, SYMBOLS), segments)
    np.testing.assert_array_equal(block.coefficients, np.sign(values) * (2 * abs(values) + 1))


def test_a_block_of_the_most_planes():
    values = np.array([[(1 << 30) - 1, -(1 << 29)], [1, 0]])
    data, segments = BlockEncoder(values, 0, 0).encode(30, 88)
    block = decode_block(data, Outline(2, 2, 30, 0, 0), segments)
    assert block.coefficients.tolist() == [[(1 << 31) - 1, -(1 << 30) - 1], [3, 0]]


@pytest.mark.parametrize(
    ("code", "outline", "passes", "values"),
    [
        ("01 8F 0D C8 75 5D", (1, 5, 6, 0, 0), 16, [-26, -22, -30, -32, -19]),
        ("0F B1 76", (1, 4, 3, 2, 0), 7, [1, 5, 1, 0]),
    ],
)
def test_the_standards_own_example(code, outline, passes, values):  # T.800, J.10.4
    data = bytes.fromhex(code)
    block = decode_block(data, Outline(*outline), [(passes, len(data))])
    assert np.fix(block.coefficients[:, 0] / 2).tolist() == values


@pytest.mark.parametrize("style", [0, BYPASS, TERMINATE | BYPASS, RESET | CAUSAL | SYMBOLS | PREDICTABLE])
def test_decoding_goes_on_from_a_copy_taken_before_any_pass(style):
    rng = np.random.default_rng(5)
    encoder, outline = random_block(rng, style, 30)
    outline = outline._replace(planes=9)
    data, segments = encoder.encode(9, 25)
    whole = decoder_of(data, outline, segments)
    assert tier1.run_passes(outline, whole, len(segments), 25) == 25
    for first in range(25):
        block, other = decoder_of(data, outline, segments), decoder_of(data, outline, segments)
        assert tier1.run_passes(outline, block, len(segments), first) == first
        tier1.copy_block(outline, block, other)
        block.source[:] = rng.integers(0, 256, block.source.shape)
        tier1.run_passes(outline, other, len(segments), 25)
        for field in ("values", "flags", "contexts", "state", "ends"):
            np.testing.assert_array_equal(getattr(other, field), getattr(whole, field))


def test_what_comes_behind_the_bytes_read_changes_nothing_before_the_next_pass():
    rng = np.random.default_rng(8)
    for _ in range(40):
        outline = Outline(12, 12, 6, 1, 0)
        data = bytes(rng.choice([0xFF, 0x70, 0x91, 0x12], 60).tolist())
        block = decoder_of(data, outline, [(16, 60)])
        stop = int(rng.integers(1, 16))
        tier1.run_passes(outline, block, 1, stop)
        needed = tier1.bytes_needed(block)
        other = decoder_of(data, outline, [(16, 60)])
        other.source[needed:60] ^= 0xFF
        tier1.run_passes(outline, other, 1, stop)
        for field in ("values", "flags", "contexts", "state"):
            np.testing.assert_array_equal(getattr(other, field), getattr(block, field))
    assert needed < 60


def test_a_marker_inside_a_segment_is_seen_and_one_behind_it_is_not():
    encoder, outline = random_block(np.random.default_rng(2), 0, 30)
    data, [(passes, length)] = encoder.encode(outline.planes, 3 * outline.planes - 2)
    assert not decode_block(data, outline, [(passes, length)]).marker[0]
    cut = data[: length // 2] + b"\xff\x90" + data[length // 2 + 2 :]
    block = decode_block(cut, outline, [(passes, length)])
    assert block.marker[0]
    truncated = decode_block(data[:-4], outline, [(passes, length - 4)])
    assert not truncated.marker[0] and truncated.overrun[0] > decode_block(data, outline, [(passes, length)]).overrun[0]


def test_wrong_bytes_make_wrong_segmentation_symbols():
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(50):
        encoder, outline = random_block(rng, SYMBOLS, 30)
        data, segments = encoder.encode(outline.planes, 3 * outline.planes - 2)
        if len(data) > 4:
            changed = bytearray(data)
            changed[1] ^= 0x40
            wrong += decode_block(bytes(changed), outline, segments).wrong_symbols > 0
    assert wrong > 20


def test_a_segment_does_not_depend_on_the_bytes_of_another():
    encoder, outline = random_block(np.random.default_rng(4), TERMINATE, 20)
    data, segments = encoder.encode(outline.planes, 3 * outline.planes - 2)
    first = segments[0][1]
    alone = decode_block(data[:first], outline, segments[:1])
    changed = data[:first] + bytes(len(data) - first)
    assert decode_block(changed, outline, segments[:1] + [(1, n) for _, n in segments[1:]]).passes == len(segments)
    again = decoder_of(changed, outline, segments)
    tier1.run_passes(outline, again, len(segments), 1)
    np.testing.assert_array_equal(again.values[: alone.coefficients.size], alone.coefficients.ravel())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"style": 64}, "HT"),
        ({"style": 128}, "style=128 given"),
        ({"width": 0}, "0 x 5 given"),
        ({"width": 1025}, "1025 x 5 given"),
        ({"width": 900}, "4096 samples"),
        ({"planes": 31}, "planes=31 given"),
        ({"planes": 2}, "16 passes given, 2 planes have 4"),
        ({"orientation": 4}, "orientation=4 given"),
        ({"data": b"12"}, "2 bytes given"),
        ({"segments": [(16, -7)]}, "0 or more are expected"),
        ({"style": TERMINATE}, "a segment of 16 passes given from pass 0"),
        ({"style": BYPASS}, "a segment of 16 passes given from pass 0"),
    ],
)
def test_bad_arguments_are_refused(change, message):
    given = {
        "data": b"1234567",
        "segments": [(16, 7)],
        "width": 1,
        "height": 5,
        "planes": 6,
        "orientation": 0,
        "style": 0,
    }
    given |= change
    data, segments = given.pop("data"), given.pop("segments")
    with pytest.raises(ValueError, match=message):
        decode_block(data, Outline(**given), segments)


def test_a_block_without_passes_is_zero():
    block = decode_block(b"", Outline(3, 2, 0, 0, 0), [])
    assert block.coefficients.tolist() == [[0] * 3] * 2 and block.passes == 0


def test_the_kernels_give_the_same_without_the_compiler():
    program = """
import numpy as np
from jscc.jpeg2000.tier1 import Outline, decode_block
rng = np.random.default_rng(0)
for style in (0, 1, 9, 63):
    for orientation in range(4):
        passes = [1] * 16 if style & 4 else [10, 2, 1, 2, 1] if style & 1 else [16]
        segments = [(n, 40 // len(passes)) for n in passes]
        data = bytes(rng.integers(0, 256, sum(n for _, n in segments), dtype=np.uint8))
        block = decode_block(data, Outline(7, 9, 6, orientation, style), segments)
        print(block, block.unread.tolist(), block.marker.tolist(), block.wrong_symbols, block.coefficients.tolist())
"""
    without, with_jit = printed_without_and_with_jit(program)
    assert without == with_jit


def test_random_bytes_never_lead_out_of_an_array(tmp_path_factory):
    program = """
import os
import numpy as np
from jscc.jpeg2000 import tier1
from jscc.jpeg2000.tier1 import Outline, decode_block
rng = np.random.default_rng(int(os.environ.get("JSCC_RANDOM_SEED", "0")))
seen, marked = 0, 0
for seen in range(1, int(os.environ["JSCC_RANDOM_BLOCKS"]) + 1):
    style, planes = int(rng.integers(64)), int(rng.integers(1, 31))
    width, height = (int(n) for n in rng.integers(1, 65, 2))
    if rng.random() < 0.1:
        width, height = [(1024, 4), (1, 1024), (819, 5), (4, 1023)][rng.integers(4)]
    total = int(rng.integers(1, 3 * planes - 1))
    segments, number = [], 0
    while number < total:
        most = min(tier1.longest_segment(number, style), total - number)
        segments.append((int(rng.integers(0 if rng.random() < 0.1 else most, most + 1)), int(rng.integers(0, 50))))
        number += most
    source = rng.integers(0, 256, sum(n for _, n in segments), dtype=np.uint8)
    source[rng.random(source.shape) < 0.1 * (seen % 3)] = 0xFF
    outline = Outline(width, height, planes, int(rng.integers(4)), style)
    # Not by decode_block, which would refuse segments that do not fit the style.
    block = tier1.new_block(len(source), len(segments))
    tier1.load_bytes(block, source.tobytes(), segments)
    tier1.begin_block(outline, block)
    done = tier1.run_passes(outline, block, len(segments), 200)
    assert done <= 3 * planes - 2
    marked += bool((block.ends[:, 2] > 0).any())
print(seen, marked)
"""
    blocks = os.environ.get("JSCC_RANDOM_BLOCKS", "500")
    cache = str(tmp_path_factory.getbasetemp() / "checked")  # shared with the test of the whole decoder
    settings = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": cache, "JSCC_RANDOM_BLOCKS": blocks}
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **settings}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    seen, marked = map(int, run.stdout.split())
    assert seen == int(blocks) and marked > seen / 20

r"""Tier 1 of JPEG 2000: from the bytes of a code-block to its coefficients (T.800, annexes C and D).

A code-block is coded plane by plane, the most significant first. The first plane has one coding pass, the cleanup;
each further one has three: significance propagation, magnitude refinement, cleanup. Decisions come from the MQ
decoder, an adaptive binary arithmetic decoder, or, with the style BYPASS, in part as plain bits. The block's bytes are
cut into segments, each of which is terminated: one for all passes, more with the styles BYPASS and TERMALL.

Coefficients are given in *halves*: twice the value, so that the middle of the interval in which it lies, which is
:math:`(m + \tfrac12) 2^p` when the planes above p are known (equation E-6 with r = 1/2), is a whole number. A
coefficient of which nothing is significant is 0; one of which all planes are known is :math:`\pm (2 m + 1)`.

A decoder is a `Block` of arrays: all that a decoder knows between two passes is in them. A copy taken there and put
back (`copy_block`) lets decoding go on from that pass with other bytes.

A stripe of four rows has one word for each column, which holds, three bits a row, which of the coefficients in a window
of six rows and three columns are significant (bits 0 to 17), which of these are negative (bits 18 to 35), and, in
steps of three from bits 36 and 37, which of the four have been refined, and which were coded in this plane's first
pass. Shifted down by three bits a row, the same bits mean the same for each row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from jscc.fastmath import leading_zeros, trailing_zeros

__all__ = [
    "BYPASS",
    "CAUSAL",
    "HIGH_THROUGHPUT",
    "MAX_PLANES",
    "PREDICTABLE",
    "RESET",
    "SYMBOLS",
    "TERMINATE",
    "Block",
    "DecodedBlock",
    "Outline",
    "begin_block",
    "bytes_needed",
    "copy_block",
    "decode_block",
    "load_bytes",
    "longest_segment",
    "new_block",
    "run_passes",
]

# Bits of the code-block style (Table A.19).
BYPASS, RESET, TERMINATE, CAUSAL, PREDICTABLE, SYMBOLS, HIGH_THROUGHPUT = 1, 2, 4, 8, 16, 32, 64

MAX_PLANES = 30  # a coefficient in halves is an int32
MAX_SIDE, MAX_SAMPLES = 1024, 4096  # of a code-block (Table A.18)

# What is kept between two passes: numbers of the next pass and of the segment that is being read, its passes that
# are left, the interval's length and the code register, bits left in the register, the place of the byte read last,
# how many bytes of ones were fed behind a marker or the end, and wrong segmentation symbols.
PASS, SEGMENT, LEFT, LENGTH, CODE, BITS, PLACE, FED, WRONG, STATE = range(10)
# Columns of `segments` and of `ends`.
START, BYTES, PASSES = range(3)
READ, UNREAD, FILLED, MARKED, ENDS = range(5)

N_CONTEXTS = 19
SIGN_CONTEXT, REFINE_CONTEXT, RUN_CONTEXT, UNIFORM_CONTEXT = 9, 14, 17, 18

_SIGNIFICANT = (1 << 18) - 1
_SELF = 1 << 4
_AROUND = 0b111101111
_NEAREST = 0b010101010  # above, left, right, below
_NEGATIVE = 1 << 18
_REFINED = 1 << 36
_CODED = 1 << 37
_ALL_CODED = _CODED | _CODED << 3 | _CODED << 6 | _CODED << 9
_ROWS = 0b001001001001
_ESTIMATE = 0x7FFF0000
_HALF = 1 << 31

_inline = njit(error_model="numpy", nogil=True, cache=True, _nrt=False, forceinline=True)
_kernel = njit(error_model="numpy", nogil=True, cache=True, _nrt=False)
# An index that is known not to be negative, and so is not looked at for that: a tenth of the time.
_at = np.uint64

# Table C.2: Qe, next state after an MPS, after an LPS, whether the MPS then changes.
_TABLE_C2 = """
5601 1 1 1  3401 2 6 0  1801 3 9 0  0AC1 4 12 0  0521 5 29 0  0221 38 33 0  5601 7 6 1  5401 8 14 0
4801 9 14 0  3801 10 14 0  3001 11 17 0  2401 12 18 0  1C01 13 20 0  1601 29 21 0  5601 15 14 1  5401 16 14 0
5101 17 15 0  4801 18 16 0  3801 19 17 0  3401 20 18 0  3001 21 19 0  2801 22 19 0  2401 23 20 0  2201 24 21 0
1C01 25 22 0  1801 26 23 0  1601 27 24 0  1401 28 25 0  1201 29 26 0  1101 30 27 0  0AC1 31 28 0  09C1 32 29 0
08A1 33 30 0  0521 34 31 0  0441 35 32 0  02A1 36 33 0  0221 37 34 0  0141 38 35 0  0111 39 36 0  0085 40 37 0
0049 41 38 0  0025 42 39 0  0015 43 40 0  0009 44 41 0  0005 45 42 0  0001 45 43 0  5601 46 46 0
"""


def _states() -> np.ndarray:
    """Each state with each MPS, twice the state plus the MPS, as a word.

    Bit 0 is the MPS, bits 1-7 and 8-14 the next states after an MPS and an LPS, bits 16-30 Qe.
    """
    fields = _TABLE_C2.split()
    words = []
    for row in range(0, len(fields), 4):
        estimate = int(fields[row], 16)
        after_mps, after_lps, switch = map(int, fields[row + 1 : row + 4])
        for mps in (0, 1):
            words.append(estimate << 16 | (2 * after_lps + (mps ^ switch)) << 8 | (2 * after_mps + mps) << 1 | mps)
    return np.array(words, np.int64)


def _zero_contexts() -> np.ndarray:
    """Table D.1: the context for each subband's orientation (LL, HL, LH, HH) and window of 3 x 3."""
    table = np.zeros((4, 512), np.uint8)
    for window in range(512):
        at = [window >> k & 1 for k in range(9)]
        across, down, diagonal = at[3] + at[5], at[1] + at[7], at[0] + at[2] + at[6] + at[8]
        table[0, window] = table[2, window] = _side_context(across, down, diagonal)
        table[1, window] = _side_context(down, across, diagonal)
        table[3, window] = _diagonal_context(across + down, diagonal)
    return table


def _side_context(first: int, second: int, diagonal: int) -> int:
    if first == 2:
        return 8
    if first == 1:
        return 7 if second else 6 if diagonal else 5
    return 2 + second if second else min(diagonal, 2)


def _diagonal_context(side: int, diagonal: int) -> int:
    if diagonal >= 3:
        return 8
    if diagonal == 2:
        return 7 if side else 6
    return 3 * diagonal + min(side, 2)


def _sign_contexts() -> np.ndarray:
    """Tables D.2 and D.3: twice the context, plus the bit that the decision is changed by.

    The index has, of the neighbours above, left, right and below, whether each is significant (bits 1, 3, 5, 7) and
    negative (bits 0, 2, 4, 6).
    """
    table = np.zeros(256, np.uint8)
    for index in range(256):
        above, left, right, below = ((index >> k + 1 & 1) * (1 - 2 * (index >> k & 1)) for k in (0, 2, 4, 6))
        across, down = max(-1, min(1, left + right)), max(-1, min(1, above + below))
        flip = across < 0 or (across == 0 and down < 0)
        if flip:
            across, down = -across, -down
        context = SIGN_CONTEXT + (3 + down if across else down)
        table[index] = 2 * context + flip
    return table


_STATES = _states()
_ZERO = _zero_contexts()
_SIGN = _sign_contexts()


class Outline(NamedTuple):
    """What is known of a code-block before its bytes are read.

    Attributes
    ----------
    width, height : int
        Samples.
    planes : int
        Magnitude bit-planes that are coded: the subband's, less the block's zero planes.
    orientation : int
        0 LL, 1 HL, 2 LH, 3 HH.
    style : int
        Code-block style: the sum of `BYPASS`, `RESET`, `TERMINATE`, `CAUSAL`, `PREDICTABLE`, `SYMBOLS`.
    """

    width: int
    height: int
    planes: int
    orientation: int
    style: int


class Block(NamedTuple):
    """The arrays of a code-block's decoder, made by `new_block`.

    Attributes
    ----------
    source : ndarray of uint8, shape (bytes,)
        The block's bytes; behind each segment come two bytes 0xFF.
    segments : ndarray of int64, shape (segments, 3)
        Of each segment: its first byte's place in `source`, its bytes, its passes.
    values : ndarray of int32, shape (samples,)
        Coefficients in halves, row by row.
    flags : ndarray of int64, shape (words,)
        See the module's head.
    contexts : ndarray of int64, shape (19,)
        The state of each context.
    state : ndarray of int64, shape (9,)
        Of what is between two passes; `state[PASS]` is the number of the next one.
    ends : ndarray of int64, shape (segments, 4)
        Of each segment, after its last pass that was decoded: the bytes that were read, with those fed and without
        the one by which the MQ decoder is always ahead; the bits in the code register that were not used; how many
        bytes of ones were fed because a marker, or the segment's end, was met; and whether it was a marker.
    """

    source: np.ndarray
    segments: np.ndarray
    values: np.ndarray
    flags: np.ndarray
    contexts: np.ndarray
    state: np.ndarray
    ends: np.ndarray


# --- The MQ decoder (annex C) and plain bits -------------------------------------------------------------------------
#
# Most decisions are the more probable symbol's and leave the interval long enough. To see that with one test, the
# registers are kept without the room d that they both have until something happens: d is the lesser of what the
# interval's length exceeds the half by, and the code register; as long as it is not negative, nothing does.


@_inline
def _byte_in(source, state, code, place):
    """Put a byte into the code register, or ones where a marker comes (Figure C.19)."""
    following = np.int64(source[_at(place + 1)])
    if source[_at(place)] != 0xFF:
        return code + (following << 8), 8, place + 1
    if following <= 0x8F:
        return code + (following << 9), 7, place + 1
    state[FED] += 1
    return code + 0xFF00, 8, place


@_inline
def _decide(contexts, context, source, state, d, length, code, bits, place):
    """One decision (Figures C.15 to C.18) and the registers after it."""
    entry = contexts[_at(context)]
    estimate = entry & _ESTIMATE
    decision = entry & 1
    d -= estimate
    if d < 0:
        length += d
        code += d
        if code < 0:
            code += estimate
            unlikely = np.int64(length >= estimate)
            length = estimate
        else:
            unlikely = np.int64(length < estimate)
        contexts[_at(context)] = _STATES[entry >> (1 + 7 * unlikely) & 127]
        decision ^= unlikely
        shift = leading_zeros(length) - 32
        while shift > bits:
            code <<= bits
            length <<= bits
            shift -= bits
            code, bits, place = _byte_in(source, state, code, place)
        length <<= shift
        code <<= shift
        bits -= shift
        d = min(length - _HALF, code)
        length -= d
        code -= d
    return decision, d, length, code, bits, place


@_inline
def _begin_coded(source, start, state):
    """Open a segment of the MQ decoder (Figure C.20)."""
    state[FED] = 0
    code, bits, place = _byte_in(source, state, np.int64(source[_at(start)]) << 16, start)
    state[LENGTH], state[CODE], state[BITS], state[PLACE] = _HALF, code << 7, bits - 7, place


@_inline
def _plain(source, state, code, bits, place):
    """One plain bit (annex D.5), and the byte that is read after it."""
    if bits == 0:
        following = np.int64(source[_at(place + 1)])
        bits = 8
        if code == 0xFF and following > 0x8F:
            state[FED] += 1
        else:
            if code == 0xFF:
                bits = 7
            code = following
            place += 1
    bits -= 1
    return code >> bits & 1, code, bits, place


# --- The coding passes (annex D.3) -----------------------------------------------------------------------------------


@_inline
def _row(shift):
    """The row of a shift: a third of 0, 3, 6 or 9."""
    return shift * 43 >> 7


@_inline
def _rows_below(left):
    """The lowest bit of each row of a stripe that lies in the block, of which so many rows are left."""
    return _ROWS if left >= 4 else _ROWS & ((1 << 3 * left) - 1)


@_inline
def _near(word):
    """The lowest bit of each row of which anything in its window is significant."""
    across = word & _SIGNIFICANT
    across |= across >> 1 | across >> 2
    return (across | across >> 3 | across >> 6) & _ROWS


@_inline
def _tell(flags, i, stride, shift, mark, causal):
    """Tell the words around that a coefficient became significant; its own word is the caller's."""
    flags[_at(i - 1)] |= mark << (shift + 5)
    flags[_at(i + 1)] |= mark << (shift + 3)
    if shift == 0 and not causal:
        above = i - stride
        flags[_at(above - 1)] |= mark << 17
        flags[_at(above)] |= mark << 16
        flags[_at(above + 1)] |= mark << 15
    if shift == 9:
        below = i + stride
        flags[_at(below - 1)] |= mark << 2
        flags[_at(below)] |= mark << 1
        flags[_at(below + 1)] |= mark


@_inline
def _sign_index(window):
    """The index into the sign's contexts of a word shifted to a row."""
    return (window & _NEAREST) | (window >> 19 & _NEAREST >> 1)


@_kernel
def _propagate(outline, block, plane):
    """Significance propagation (D.3.1)."""
    values, flags, contexts, source, state = block.values, block.flags, block.contexts, block.source, block.state
    zero = _ZERO[outline.orientation]
    causal = outline.style & CAUSAL != 0
    width = outline.width
    stride = width + 2
    middle = np.int32(3 << plane)
    length, code, bits, place = state[LENGTH], state[CODE], state[BITS], state[PLACE]
    d = min(length - _HALF, code)
    length -= d
    code -= d
    for top in range(0, outline.height, 4):
        rows = _rows_below(outline.height - top)
        i = (top // 4 + 1) * stride
        for x in range(width):
            i += 1
            word = flags[_at(i)]
            if word & _SIGNIFICANT == 0:
                continue
            waiting = _near(word) & ~(word >> 4) & rows
            while waiting != 0:
                shift = trailing_zeros(waiting)
                waiting &= waiting - 1
                window = word >> shift
                decision, d, length, code, bits, place = _decide(
                    contexts, zero[window & 511], source, state, d, length, code, bits, place
                )
                word |= _CODED << shift
                if decision:
                    sign = _SIGN[_sign_index(window)]
                    decision, d, length, code, bits, place = _decide(
                        contexts, sign >> 1, source, state, d, length, code, bits, place
                    )
                    decision ^= sign & 1
                    values[_at((top + _row(shift)) * width + x)] = -middle if decision else middle
                    mark = 1 | decision << 18
                    word |= mark << (shift + 4)
                    _tell(flags, i, stride, shift, mark, causal)
                    waiting |= 8 << shift & ~(word >> 4) & rows
            flags[_at(i)] = word
    state[LENGTH], state[CODE], state[BITS], state[PLACE] = length + d, code + d, bits, place


@_kernel
def _refine(outline, block, plane):
    """Magnitude refinement (D.3.3)."""
    values, flags, contexts, source, state = block.values, block.flags, block.contexts, block.source, block.state
    width = outline.width
    half = np.int32(1 << plane)
    length, code, bits, place = state[LENGTH], state[CODE], state[BITS], state[PLACE]
    d = min(length - _HALF, code)
    length -= d
    code -= d
    for top in range(0, outline.height, 4):
        i = (top // 4 + 1) * (width + 2)
        for x in range(width):
            i += 1
            word = flags[_at(i)]
            waiting = word >> 4 & ~(word >> 37) & _ROWS
            if waiting == 0:
                continue
            flags[_at(i)] = word | waiting << 36
            while waiting != 0:
                shift = trailing_zeros(waiting)
                waiting &= waiting - 1
                window = word >> shift
                context = REFINE_CONTEXT
                if window & _REFINED != 0:
                    context += 2
                elif window & _AROUND != 0:
                    context += 1
                decision, d, length, code, bits, place = _decide(
                    contexts, context, source, state, d, length, code, bits, place
                )
                at = _at((top + _row(shift)) * width + x)
                value = values[at]
                values[at] = value + (half if (value < 0) != decision else -half)
    state[LENGTH], state[CODE], state[BITS], state[PLACE] = length + d, code + d, bits, place


@_kernel
def _clean_up(outline, block, plane):
    """Cleanup (D.3.4) with its run lengths, and the segmentation symbol (D.5)."""
    values, flags, contexts, source, state = block.values, block.flags, block.contexts, block.source, block.state
    zero = _ZERO[outline.orientation]
    causal = outline.style & CAUSAL != 0
    width = outline.width
    stride = width + 2
    middle = np.int32(3 << plane)
    length, code, bits, place = state[LENGTH], state[CODE], state[BITS], state[PLACE]
    d = min(length - _HALF, code)
    length -= d
    code -= d
    for top in range(0, outline.height, 4):
        rows = _rows_below(outline.height - top)
        i = (top // 4 + 1) * stride
        for x in range(width):
            i += 1
            word = flags[_at(i)]
            found = False
            waiting = ~(word >> 4 | word >> 37) & rows
            if word == 0 and rows == _ROWS:
                decision, d, length, code, bits, place = _decide(
                    contexts, RUN_CONTEXT, source, state, d, length, code, bits, place
                )
                if decision == 0:
                    continue
                found = True
                decision, d, length, code, bits, place = _decide(
                    contexts, UNIFORM_CONTEXT, source, state, d, length, code, bits, place
                )
                run = 6 * decision
                decision, d, length, code, bits, place = _decide(
                    contexts, UNIFORM_CONTEXT, source, state, d, length, code, bits, place
                )
                run += 3 * decision
                waiting = _ROWS >> run << run
            while waiting != 0:
                shift = trailing_zeros(waiting)
                waiting &= waiting - 1
                window = word >> shift
                decision = 1
                if not found:
                    decision, d, length, code, bits, place = _decide(
                        contexts, zero[window & 511], source, state, d, length, code, bits, place
                    )
                found = False
                if decision:
                    sign = _SIGN[_sign_index(window)]
                    decision, d, length, code, bits, place = _decide(
                        contexts, sign >> 1, source, state, d, length, code, bits, place
                    )
                    decision ^= sign & 1
                    values[_at((top + _row(shift)) * width + x)] = -middle if decision else middle
                    mark = 1 | decision << 18
                    word |= mark << (shift + 4)
                    _tell(flags, i, stride, shift, mark, causal)
            flags[_at(i)] = word & ~_ALL_CODED
    if outline.style & SYMBOLS:
        symbol = 0
        for _ in range(4):
            decision, d, length, code, bits, place = _decide(
                contexts, UNIFORM_CONTEXT, source, state, d, length, code, bits, place
            )
            symbol = 2 * symbol + decision
        state[WRONG] += symbol != 0b1010
    state[LENGTH], state[CODE], state[BITS], state[PLACE] = length + d, code + d, bits, place


@_kernel
def _propagate_plain(outline, block, plane):
    """Significance propagation with plain bits (D.6)."""
    values, flags, source, state = block.values, block.flags, block.source, block.state
    causal = outline.style & CAUSAL != 0
    width = outline.width
    stride = width + 2
    middle = np.int32(3 << plane)
    code, bits, place = state[CODE], state[BITS], state[PLACE]
    for top in range(0, outline.height, 4):
        rows = _rows_below(outline.height - top)
        i = (top // 4 + 1) * stride
        for x in range(width):
            i += 1
            word = flags[_at(i)]
            waiting = _near(word) & ~(word >> 4) & rows
            while waiting != 0:
                shift = trailing_zeros(waiting)
                waiting &= waiting - 1
                word |= _CODED << shift
                bit, code, bits, place = _plain(source, state, code, bits, place)
                if bit:
                    bit, code, bits, place = _plain(source, state, code, bits, place)
                    values[_at((top + _row(shift)) * width + x)] = -middle if bit else middle
                    mark = 1 | bit << 18
                    word |= mark << (shift + 4)
                    _tell(flags, i, stride, shift, mark, causal)
                    waiting |= 8 << shift & ~(word >> 4) & rows
            flags[_at(i)] = word
    state[CODE], state[BITS], state[PLACE] = code, bits, place


@_kernel
def _refine_plain(outline, block, plane):
    """Magnitude refinement with plain bits (D.6)."""
    values, flags, source, state = block.values, block.flags, block.source, block.state
    width = outline.width
    half = np.int32(1 << plane)
    code, bits, place = state[CODE], state[BITS], state[PLACE]
    for top in range(0, outline.height, 4):
        i = (top // 4 + 1) * (width + 2)
        for x in range(width):
            i += 1
            word = flags[_at(i)]
            waiting = word >> 4 & ~(word >> 37) & _ROWS
            flags[_at(i)] = word | waiting << 36
            while waiting != 0:
                shift = trailing_zeros(waiting)
                waiting &= waiting - 1
                bit, code, bits, place = _plain(source, state, code, bits, place)
                at = _at((top + _row(shift)) * width + x)
                value = values[at]
                values[at] = value + (half if (value < 0) != bit else -half)
    state[CODE], state[BITS], state[PLACE] = code, bits, place


# --- A block ---------------------------------------------------------------------------------------------------------


@_kernel
def reset_contexts(contexts):
    """Give the contexts their first states (Table D.7)."""
    for k in range(N_CONTEXTS):
        contexts[k] = _STATES[0]
    contexts[0] = _STATES[2 * 4]
    contexts[RUN_CONTEXT] = _STATES[2 * 3]
    contexts[UNIFORM_CONTEXT] = _STATES[2 * 46]


@_kernel
def flag_words(width, height):
    """Words of `Block.flags` that a block of this size takes."""
    return (width + 2) * ((height + 3) // 4 + 2)


@_kernel
def begin_block(outline, block):
    """Make a decoder ready for the first pass of a block; its bytes and segments are the caller's."""
    for k in range(outline.width * outline.height):
        block.values[k] = 0
    for k in range(flag_words(outline.width, outline.height)):
        block.flags[k] = 0
    for k in range(STATE):
        block.state[k] = 0
    block.state[SEGMENT] = -1
    reset_contexts(block.contexts)


@_kernel
def copy_block(outline, source, target):
    """Copy what a decoder knows between two passes into another; not the bytes, nor where segments lie."""
    for k in range(outline.width * outline.height):
        target.values[k] = source.values[k]
    for k in range(flag_words(outline.width, outline.height)):
        target.flags[k] = source.flags[k]
    for k in range(STATE):
        target.state[k] = source.state[k]
    for k in range(N_CONTEXTS):
        target.contexts[k] = source.contexts[k]
    for k in range(len(source.ends)):
        for column in range(ENDS):
            target.ends[k, column] = source.ends[k, column]


@_kernel
def bytes_needed(block):
    """How many bytes of `Block.source`, from the first, the decoder's present state depends on.

    Where a byte of ones was met, the one behind it was looked at, although it may not have been taken.
    """
    return block.state[PLACE] + 1 + (block.state[FED] > 0)


@_kernel
def longest_segment(number, style):
    """The most passes that a segment has whose first pass is this one (Table D.9 for BYPASS)."""
    if style & TERMINATE:
        return 1
    if style & BYPASS == 0:
        return 3 * MAX_PLANES
    if number < 10:
        return 10 - number
    return 2 - (number + 2) % 3 if (number + 2) % 3 < 2 else 1


@_kernel
def run_passes(outline, block, n_segments, stop):
    """Decode passes until `stop` of them are done, or the segments end.

    Parameters
    ----------
    outline : Outline
    block : Block
        After `begin_block`, or a decoder that has done some passes.
    n_segments : int
        Rows of `block.segments` that count.
    stop : int
        Passes of the block; at most three for each plane less two.

    Returns
    -------
    int
        Passes that are done.
    """
    state, segments, style = block.state, block.segments, outline.style
    while state[PASS] < stop:
        number = state[PASS]
        kind = (number + 2) % 3
        plane = outline.planes - 1 - (number + 2) // 3
        if plane < 0:
            break
        plain = style & BYPASS != 0 and number >= 10 and kind != 2
        while state[LEFT] == 0 and state[SEGMENT] < n_segments:
            state[SEGMENT] += 1
            if state[SEGMENT] < n_segments:
                state[LEFT] = min(segments[state[SEGMENT], PASSES], longest_segment(number, style))
                start = segments[state[SEGMENT], START]
                if plain:
                    state[CODE], state[BITS], state[PLACE], state[FED] = 0, 0, start - 1, 0
                else:
                    _begin_coded(block.source, start, state)
        if state[SEGMENT] >= n_segments:
            break
        if plain:
            if kind == 0:
                _propagate_plain(outline, block, plane)
            else:
                _refine_plain(outline, block, plane)
        elif kind == 0:
            _propagate(outline, block, plane)
        elif kind == 1:
            _refine(outline, block, plane)
        else:
            _clean_up(outline, block, plane)
        if style & RESET:
            reset_contexts(block.contexts)
        state[PASS] += 1
        state[LEFT] -= 1
        segment = state[SEGMENT]
        after = state[PLACE] + 1 - segments[segment, START]
        block.ends[segment, READ] = after + state[FED] - (not plain)
        block.ends[segment, UNREAD] = state[BITS]
        block.ends[segment, FILLED] = state[FED]
        block.ends[segment, MARKED] = state[FED] > 0 and after < segments[segment, BYTES]
    return state[PASS]


_MAX_WORDS = max(flag_words(min(MAX_SIDE, MAX_SAMPLES // height), height) for height in range(1, MAX_SIDE + 1))


def new_block(n_bytes: int, n_segments: int = 1) -> Block:
    """The arrays of a decoder for blocks of any size, and up to so many bytes and segments.

    Parameters
    ----------
    n_bytes : int
        Of all segments; two more for each segment are added.
    n_segments : int

    Returns
    -------
    Block

    Examples
    --------
    >>> new_block(500, 2).source.shape
    (504,)
    """
    return Block(
        source=np.zeros(n_bytes + 2 * n_segments, np.uint8),
        segments=np.zeros((n_segments, 3), np.int64),
        values=np.zeros(MAX_SAMPLES, np.int32),
        flags=np.zeros(_MAX_WORDS, np.int64),
        contexts=np.zeros(N_CONTEXTS, np.int64),
        state=np.zeros(STATE, np.int64),
        ends=np.zeros((n_segments, ENDS), np.int64),
    )


@dataclass(frozen=True, repr=False)
class DecodedBlock:
    """A code-block's coefficients, and how its segments ended.

    Attributes
    ----------
    coefficients : ndarray of int32, shape (height, width)
        In halves: twice the value at the middle of its interval.
    passes : int
        That were decoded.
    overrun : ndarray of int64, shape (segments,)
        Bytes that were read beyond each segment's end, without the one by which the MQ decoder is always ahead. It
        is 0 or 1 for nearly all segments as an encoder cuts them off, and negative where bytes are left.
    unread : ndarray of int64, shape (segments,)
        Bits in the code register that were not used: the end to the bit.
    marker : ndarray of bool, shape (segments,)
        Whether a marker, 0xFF and a byte above 0x8F, stopped the reading inside the segment.
    wrong_symbols : int
        Segmentation symbols (style `SYMBOLS`) that were not 1010.
    """

    coefficients: np.ndarray
    passes: int
    overrun: np.ndarray
    unread: np.ndarray
    marker: np.ndarray
    wrong_symbols: int

    def __repr__(self) -> str:
        height, width = self.coefficients.shape
        return f"DecodedBlock({width} x {height}, {self.passes} passes, overrun {self.overrun.tolist()})"


def check_outline(outline: Outline) -> None:
    """Check that a block of this outline can be decoded.

    Raises
    ------
    ValueError
        If it can not, which a block of Part 15 (style `HIGH_THROUGHPUT`) never can.
    """
    width, height, planes, orientation, style = outline
    if style & HIGH_THROUGHPUT:
        raise ValueError(
            f"style={style:#x} given, a block of Part 1 is expected: HT (Part 15, bit 0x40) is not decoded"
        )
    if not 0 <= style < HIGH_THROUGHPUT:
        raise ValueError(f"style={style} given, 0 to {HIGH_THROUGHPUT - 1} are expected")
    if not (1 <= width <= MAX_SIDE and 1 <= height <= MAX_SIDE and width * height <= MAX_SAMPLES):
        raise ValueError(f"{width} x {height} given, sides of 1 to {MAX_SIDE} and {MAX_SAMPLES} samples are expected")
    if not 0 <= planes <= MAX_PLANES:
        raise ValueError(f"planes={planes} given, 0 to {MAX_PLANES} are expected")
    if orientation not in range(4):
        raise ValueError(f"orientation={orientation} given, 0 (LL), 1 (HL), 2 (LH) or 3 (HH) is expected")


def load_bytes(block: Block, data, segments) -> None:
    """Put a block's bytes, and where its segments lie, into its decoder.

    Parameters
    ----------
    block : Block
        Of as many segments as given.
    data : bytes
        Of all segments.
    segments : sequence of (int, int)
        Passes and bytes of each.
    """
    given = np.frombuffer(data, np.uint8)
    taken = place = 0
    for row, (passes, length) in enumerate(segments):
        block.segments[row] = place, length, passes
        block.source[place : place + length] = given[taken : taken + length]
        block.source[place + length : place + length + 2] = 0xFF
        taken += length
        place += length + 2


def decode_block(data, outline: Outline, segments) -> DecodedBlock:
    """Decode a code-block.

    Parameters
    ----------
    data : bytes
        The block's bytes, its segments one behind the other.
    outline : Outline
    segments : sequence of (int, int)
        Passes and bytes of each segment.

    Returns
    -------
    DecodedBlock

    Raises
    ------
    ValueError
        If the outline can not be decoded, the bytes are not those of the segments, there are more passes than the
        planes have, or a segment has more than the style allows.

    Examples
    --------
    The first block of the standard's own example (J.10.4):

    >>> outline = Outline(width=1, height=5, planes=6, orientation=0, style=0)
    >>> block = decode_block(bytes.fromhex("01 8F 0D C8 75 5D"), outline, [(16, 6)])
    >>> block
    DecodedBlock(1 x 5, 16 passes, overrun [1])
    >>> np.fix(block.coefficients[:, 0] / 2)
    array([-26., -22., -30., -32., -19.])
    """
    check_outline(outline)
    segments = [(int(passes), int(length)) for passes, length in segments]
    if any(passes < 0 or length < 0 for passes, length in segments):
        raise ValueError(f"segments={segments} given, passes and bytes of 0 or more are expected")
    if len(data) != sum(length for _, length in segments):
        raise ValueError(f"{len(data)} bytes given, the segments {segments} are expected")
    total = 0
    for passes, _ in segments:
        if passes > longest_segment(total, outline.style):
            raise ValueError(f"a segment of {passes} passes given from pass {total}, the style has shorter ones")
        total += passes
    if total > max(3 * outline.planes - 2, 0):
        raise ValueError(f"{total} passes given, {outline.planes} planes have {max(3 * outline.planes - 2, 0)}")
    block = new_block(len(data), len(segments))
    load_bytes(block, data, segments)
    begin_block(outline, block)
    passes = run_passes(outline, block, len(segments), total)
    ends, lengths = block.ends, block.segments[:, BYTES]
    return DecodedBlock(
        coefficients=block.values[: outline.width * outline.height].reshape(outline.height, outline.width).copy(),
        passes=passes,
        overrun=ends[:, READ] - lengths,
        unread=ends[:, UNREAD].copy(),
        marker=ends[:, MARKED] > 0,
        wrong_symbols=int(block.state[WRONG]),
    )

"""Tier 1 the other way: from a code-block's coefficients to the bytes of one MQ segment (T.800, annexes C and D).

It is there to put coded blocks into another style, with segmentation symbols or predictable termination, and so to ask
what these tell a receiver. Plain arrays of one number a coefficient take the place of the decoder's packed flags: the
two have only tables in common.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from jscc.jpeg2000.tier1 import (
    _SIGN,
    _STATES,
    _ZERO,
    BYPASS,
    CAUSAL,
    MAX_PLANES,
    MAX_SAMPLES,
    MAX_SIDE,
    N_CONTEXTS,
    PREDICTABLE,
    REFINE_CONTEXT,
    RESET,
    RUN_CONTEXT,
    SYMBOLS,
    TERMINATE,
    UNIFORM_CONTEXT,
    Outline,
    check_outline,
    reset_contexts,
)

__all__ = ["Workspace", "encode_block", "is_own_word", "new_workspace"]

# What the coder keeps: interval, code register, bits until a byte leaves it, place of the byte that may still grow.
_LENGTH, _CODE, _COUNT, _PLACE, _STATE = range(5)
# What is known of a coefficient.
_IS_SIGNIFICANT, _IS_NEGATIVE, _IS_REFINED, _IS_CODED, _KNOWN = range(5)

_kernel = njit(error_model="numpy", nogil=True, cache=True, _nrt=False)


def encode_block(coefficients, outline: Outline, passes: int) -> bytes:
    """Encode the first passes of a code-block.

    Parameters
    ----------
    coefficients : array_like of int, shape (height, width)
        In halves, as `decode_block` gives them; what passes to come would tell is not looked at.
    outline : Outline
        Of any style without BYPASS and TERMALL. With `PREDICTABLE` the end is that of annex D.4.2, otherwise that of
        C.2.9.
    passes : int

    Returns
    -------
    bytes

    Raises
    ------
    ValueError
        If the outline is of another style or shape, a coefficient has more planes, or there are more passes than the
        planes have.

    Examples
    --------
    The first block of the standard's own example (J.10.4), whose end is the predictable one:

    >>> from jscc.jpeg2000 import Outline, decode_block
    >>> outline = Outline(width=1, height=5, planes=6, orientation=0, style=PREDICTABLE)
    >>> content = encode_block([[-53], [-45], [-61], [-65], [-39]], outline, 16)
    >>> content.hex(), decode_block(content, outline, [(16, len(content))]).coefficients.ravel()
    ('018f0dc8755d', array([-53, -45, -61, -65, -39], dtype=int32))
    """
    check_outline(outline)
    if outline.style & (BYPASS | TERMINATE):
        raise ValueError(f"style={outline.style} given, one without BYPASS and TERMALL is expected")
    values = np.ascontiguousarray(coefficients, np.int64)
    if values.shape != (outline.height, outline.width):
        raise ValueError(f"coefficients of shape {values.shape} given, {outline.height} x {outline.width} are expected")
    if (np.abs(values) >> 1 >> outline.planes).any():
        raise ValueError(f"coefficients up to {np.abs(values).max()} given, {outline.planes} planes are expected")
    if not 0 < passes <= 3 * outline.planes - 2:
        raise ValueError(f"passes={passes} given, 1 to {3 * outline.planes - 2} are expected")
    out = np.zeros(values.size * (outline.planes + 2) + 64, np.uint8)
    known = np.zeros((outline.height + 2, outline.width + 2, _KNOWN), np.uint8)
    length = _encode_passes(
        outline, passes, values, known, np.zeros(N_CONTEXTS, np.int64), np.zeros(_STATE, np.int64), out
    )
    return out[1 : 1 + length].tobytes()


class Workspace(NamedTuple):
    """The arrays of an encoder: coefficients, what is known of them, contexts, registers, bytes."""

    values: np.ndarray
    known: np.ndarray
    contexts: np.ndarray
    state: np.ndarray
    out: np.ndarray


def new_workspace() -> Workspace:
    """The arrays of an encoder for blocks of any size.

    Examples
    --------
    >>> new_workspace().values.shape
    (4096,)
    """
    bordered = max((min(MAX_SIDE, MAX_SAMPLES // height) + 2) * (height + 2) for height in range(1, MAX_SIDE + 1))
    return Workspace(
        values=np.zeros(MAX_SAMPLES, np.int64),
        known=np.zeros(bordered * _KNOWN, np.uint8),
        contexts=np.zeros(N_CONTEXTS, np.int64),
        state=np.zeros(_STATE, np.int64),
        out=np.zeros(MAX_SAMPLES * (MAX_PLANES + 2) + 64, np.uint8),
    )


@_kernel
def is_own_word(outline, passes, values, source, n_bytes, work):
    """Whether bytes are those that the encoder makes of the coefficients (int32, row by row) they decode to."""
    height, width = outline.height, outline.width
    for k in range(height * width):
        work.values[k] = values[k]
    size = (height + 2) * (width + 2) * _KNOWN
    for k in range(size):
        work.known[k] = 0
    work.out[0] = 0
    length = _encode_passes(
        outline,
        passes,
        work.values[: height * width].reshape(height, width),
        work.known[:size].reshape(height + 2, width + 2, _KNOWN),
        work.contexts,
        work.state,
        work.out,
    )
    if length != n_bytes:
        return False
    for k in range(n_bytes):
        if work.out[1 + k] != source[k]:
            return False
    return True


# --- The MQ coder (annex C.2) ----------------------------------------------------------------------------------------


@_kernel
def _byte_out(out, state):
    """Move a byte out of the code register (Figure C.9); a carry goes into the one before."""
    place, code = state[_PLACE], state[_CODE]
    if out[place] != 0xFF and code >= 1 << 27:
        out[place] += 1
        code &= (1 << 27) - 1
    place += 1
    kept = 20 if out[place - 1] == 0xFF else 19
    out[place] = code >> kept
    state[_CODE], state[_PLACE], state[_COUNT] = code & ((1 << kept) - 1), place, 27 - kept


@_kernel
def _put(decision, contexts, context, out, state):
    """Code one decision (Figures C.4 to C.8)."""
    entry = contexts[context]
    estimate = entry >> 16 & 0x7FFF
    unlikely = decision != entry & 1
    length = state[_LENGTH] - estimate
    if unlikely == (length < estimate):
        state[_CODE] += estimate
    else:
        length = estimate
    if not unlikely and length >= 0x8000:
        state[_LENGTH] = length
        return
    contexts[context] = _STATES[entry >> (8 if unlikely else 1) & 127]
    while length < 0x8000:
        length <<= 1
        state[_CODE] <<= 1
        state[_COUNT] -= 1
        if state[_COUNT] == 0:
            _byte_out(out, state)
    state[_LENGTH] = length


@_kernel
def _finish(predictable, out, state):
    """End the segment, and give its length: as an encoder likes (Figure C.11), or predictably (D.4.2)."""
    if predictable:
        left = 12 - state[_COUNT]
        while left > 0:
            state[_CODE] <<= state[_COUNT]
            _byte_out(out, state)
            left -= state[_COUNT]
        if out[state[_PLACE]] != 0xFF:
            _byte_out(out, state)
        return state[_PLACE] - 1
    most = state[_CODE] + state[_LENGTH]
    state[_CODE] |= 0xFFFF
    if state[_CODE] >= most:
        state[_CODE] -= 0x8000
    for _ in range(2):
        state[_CODE] <<= state[_COUNT]
        _byte_out(out, state)
    return state[_PLACE] - (out[state[_PLACE]] == 0xFF)


# --- The coding passes (annex D.3) -----------------------------------------------------------------------------------


@_kernel
def _window(known, y, x, causal):
    """Which coefficients in the window of 3 x 3 are significant: nine bits, row by row."""
    window = 0
    for dy in range(2 if causal and y & 3 == 3 else 3):
        for dx in range(3):
            window |= np.int64(known[y + dy, x + dx, _IS_SIGNIFICANT]) << (3 * dy + dx)
    return window


@_kernel
def _put_sign(values, known, y, x, causal, contexts, out, state):
    """Code a sign (D.3.2), and make the coefficient significant."""
    index = 0
    for k in range(4):
        row, column = y + (0, 1, 1, 2)[k], x + (1, 0, 2, 1)[k]
        if k == 3 and causal and y & 3 == 3:
            continue
        index |= np.int64(known[row, column, _IS_SIGNIFICANT]) << (2 * k + 1)
        index |= np.int64(known[row, column, _IS_NEGATIVE]) << (2 * k)
    negative = values[y, x] < 0
    sign = np.int64(_SIGN[index])
    _put(np.int64(negative) ^ (sign & 1), contexts, sign >> 1, out, state)
    known[y + 1, x + 1, _IS_SIGNIFICANT] = 1
    known[y + 1, x + 1, _IS_NEGATIVE] = negative


@_kernel
def _encode_pass(outline, kind, plane, values, known, contexts, state, out):
    """Code one pass: 0 significance propagation, 1 magnitude refinement, 2 cleanup."""
    causal = outline.style & CAUSAL != 0
    zero = _ZERO[outline.orientation]
    for top in range(0, outline.height, 4):
        bottom = min(top + 4, outline.height)
        for x in range(outline.width):
            y = top
            if kind == 2 and bottom == top + 4:
                quiet = True
                for row in range(top, bottom):
                    own = known[row + 1, x + 1]
                    quiet = quiet and not own[_IS_CODED] and _window(known, row, x, causal) == 0
                if quiet:
                    while y < bottom and abs(values[y, x]) >> (plane + 1) & 1 == 0:
                        y += 1
                    _put(y < bottom, contexts, RUN_CONTEXT, out, state)
                    if y == bottom:
                        continue
                    _put((y - top) >> 1, contexts, UNIFORM_CONTEXT, out, state)
                    _put((y - top) & 1, contexts, UNIFORM_CONTEXT, out, state)
                    _put_sign(values, known, y, x, causal, contexts, out, state)
                    y += 1
            while y < bottom:
                own = known[y + 1, x + 1]
                bit = abs(values[y, x]) >> (plane + 1) & 1
                window = _window(known, y, x, causal)
                if kind == 1:
                    if own[_IS_SIGNIFICANT] and not own[_IS_CODED]:
                        context = REFINE_CONTEXT + (2 if own[_IS_REFINED] else window & 0b111101111 != 0)
                        _put(bit, contexts, context, out, state)
                        own[_IS_REFINED] = 1
                elif not own[_IS_SIGNIFICANT] and not own[_IS_CODED] and (kind == 2 or window != 0):
                    _put(bit, contexts, np.int64(zero[window]), out, state)
                    own[_IS_CODED] = kind == 0
                    if bit:
                        _put_sign(values, known, y, x, causal, contexts, out, state)
                y += 1


@_kernel
def _encode_passes(outline, passes, values, known, contexts, state, out):
    """Code passes and end the segment; its length. The bytes begin with the second of `out`."""
    state[_LENGTH], state[_CODE], state[_COUNT], state[_PLACE] = 0x8000, 0, 12, 0
    reset_contexts(contexts)
    for number in range(passes):
        kind, plane = (number + 2) % 3, outline.planes - 1 - (number + 2) // 3
        _encode_pass(outline, kind, plane, values, known, contexts, state, out)
        if kind == 2:
            for y in range(outline.height):
                for x in range(outline.width):
                    known[y + 1, x + 1, _IS_CODED] = 0
            if outline.style & SYMBOLS:
                for k in range(4):
                    _put(1 - k & 1, contexts, UNIFORM_CONTEXT, out, state)
        if outline.style & RESET:
            reset_contexts(contexts)
    return _finish(outline.style & PREDICTABLE != 0, out, state)

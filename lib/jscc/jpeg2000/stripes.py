"""A code-block decoded stripe by stripe: a decoder that can be stopped, copied and judged within a coding pass.

A coding pass goes over its block in stripes of four rows, and what it knows between two of them is in the arrays of
`Block`: the passes of `jscc.jpeg2000.tier1` are run on a stripe as if it were a block, whose words of flags begin one
stripe earlier. A *step* is one stripe of one pass. Blocks have one codeword segment here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from jscc.jpeg2000.tier1 import (
    BITS,
    BYTES,
    FED,
    MAX_SAMPLES,
    N_CONTEXTS,
    PLACE,
    RESET,
    START,
    STATE,
    SYMBOLS,
    WRONG,
    Block,
    Outline,
    _begin_coded,
    _clean_up,
    _propagate,
    _refine,
    begin_block,
    bytes_needed,
    flag_words,
    reset_contexts,
)

__all__ = [
    "Stack",
    "begin_segment",
    "copy_level",
    "is_lost",
    "level_of",
    "needed_by",
    "new_stack",
    "run_step",
    "steps_of",
    "verdict",
]

BYTE_RULE, WINDOW_RULE, SYMBOL_RULE, SYMBOL_WINDOW_RULE = range(4)
"""What makes a word valid: see `verdict`."""

MAX_OVERRUN = 1  # bytes, without the one by which the MQ decoder is always ahead
_STRIPE = 4

_kernel = njit(error_model="numpy", nogil=True, cache=True, _nrt=False)
_inline = njit(error_model="numpy", nogil=True, cache=True, _nrt=False, forceinline=True)


class Stack(NamedTuple):
    """Decoders of one block's words, which share the bytes; each *level* of the arrays is one, see `level_of`."""

    source: np.ndarray
    segments: np.ndarray
    values: np.ndarray
    flags: np.ndarray
    contexts: np.ndarray
    state: np.ndarray
    ends: np.ndarray


def new_stack(n_bytes: int, levels: int) -> Stack:
    """The arrays of so many decoders, for blocks of any size with one segment of up to so many bytes.

    Examples
    --------
    >>> new_stack(100, levels=3).values.shape
    (3, 4096)
    """
    words = max(int(flag_words(MAX_SAMPLES // height, height)) for height in (4 << k for k in range(9)))
    return Stack(
        source=np.full(n_bytes + 2, 0xFF, np.uint8),
        segments=np.zeros((1, 3), np.int64),
        values=np.zeros((levels, MAX_SAMPLES), np.int32),
        flags=np.zeros((levels, words), np.int64),
        contexts=np.zeros((levels, N_CONTEXTS), np.int64),
        state=np.zeros((levels, STATE), np.int64),
        ends=np.zeros((1, 4), np.int64),
    )


@_inline
def level_of(stack, level):
    """One of the decoders."""
    return Block(
        stack.source,
        stack.segments,
        stack.values[level],
        stack.flags[level],
        stack.contexts[level],
        stack.state[level],
        stack.ends,
    )


@_kernel
def copy_level(outline, stack, source, target):
    """Copy what one decoder knows into another."""
    values, into = stack.values[source], stack.values[target]
    for k in range(np.uint64(outline.width * outline.height)):
        into[k] = values[k]
    flags, into_flags = stack.flags[source], stack.flags[target]
    for k in range(np.uint64(flag_words(outline.width, outline.height))):
        into_flags[k] = flags[k]
    for k in range(STATE):
        stack.state[target, k] = stack.state[source, k]
    for k in range(N_CONTEXTS):
        stack.contexts[target, k] = stack.contexts[source, k]


@_kernel
def begin_segment(outline, stack, level):
    """Make a decoder ready for the first step of a block; its bytes and the segment are the caller's."""
    block = level_of(stack, level)
    begin_block(outline, block)
    _begin_coded(stack.source, stack.segments[0, START], block.state)


@_inline
def steps_of(outline, passes):
    """Steps of a block of so many passes."""
    return passes * ((outline.height + _STRIPE - 1) // _STRIPE)


@_kernel
def run_step(outline, stack, level, step):
    """Decode one stripe of one pass."""
    stripes = (outline.height + _STRIPE - 1) // _STRIPE
    number, stripe = step // stripes, step % stripes
    kind = (number + 2) % 3
    plane = outline.planes - 1 - (number + 2) // 3
    width, top = outline.width, _STRIPE * stripe
    last = stripe == stripes - 1
    style = outline.style if last else outline.style & ~SYMBOLS
    part = Outline(width, min(_STRIPE, outline.height - top), outline.planes, outline.orientation, style)
    block = Block(
        stack.source,
        stack.segments,
        stack.values[level, top * width :],
        stack.flags[level, stripe * (width + 2) :],
        stack.contexts[level],
        stack.state[level],
        stack.ends,
    )
    if kind == 0:
        _propagate(part, block, plane)
    elif kind == 1:
        _refine(part, block, plane)
    else:
        _clean_up(part, block, plane)
    if last and outline.style & RESET:
        reset_contexts(block.contexts)


@_inline
def needed_by(stack, level):
    """How many bytes of the source a decoder's present state depends on; see `jscc.jpeg2000.tier1.bytes_needed`."""
    return bytes_needed(level_of(stack, level))


@_inline
def is_lost(stack, level, rule):
    """Whether a word can not be valid any more, whatever its steps to come find."""
    state = stack.state[level]
    if rule >= SYMBOL_RULE and state[WRONG] > 0:
        return True
    if state[FED] == 0:
        return False
    after = state[PLACE] + 1 - stack.segments[0, START]
    if after < stack.segments[0, BYTES]:
        return True
    return rule != SYMBOL_RULE and after + state[FED] - 1 - stack.segments[0, BYTES] > MAX_OVERRUN


@_inline
def verdict(stack, level, rule, window):
    """Whether a word of which all steps are done is valid.

    By each rule no marker has stopped the reading within the segment. `BYTE_RULE`: 0 or 1 byte was read beyond its
    end. `WINDOW_RULE`: the bits read beyond it, less those left in the register,
    lie in `window` to `window + 7`. `SYMBOL_RULE`: all
    segmentation symbols are right. `SYMBOL_WINDOW_RULE`: both of these.
    """
    state = stack.state[level]
    after = state[PLACE] + 1 - stack.segments[0, START]
    if state[FED] > 0 and after < stack.segments[0, BYTES]:
        return False
    beyond = after + state[FED] - 1 - stack.segments[0, BYTES]
    if rule == BYTE_RULE:
        return 0 <= beyond <= MAX_OVERRUN
    if rule >= SYMBOL_RULE and state[WRONG] > 0:
        return False
    return rule == SYMBOL_RULE or 0 <= 8 * beyond - state[BITS] - window < 8

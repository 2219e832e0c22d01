"""The codeword nearest to a word, by the Viterbi algorithm in integers: the kernel of `ConvolutionalCode.quantise`."""

from __future__ import annotations

from math import isqrt

import numpy as np
from numba import njit

TABLE_BYTES = 1 << 26
"""Of branch costs, and of decisions, before they are computed again instead."""

_FAR = 2**28  # more than any path costs


def nearest(received, mask, labels, terminated: bool) -> np.ndarray:
    """Bits that enter the register on the paths of least Hamming distance to received words.

    Memory is bounded, whatever the code: branch costs that would take more than 64 MiB are computed at each step,
    and decisions that would are forgotten and taken again, segment by segment, when the path is traced back.

    Parameters
    ----------
    received : ndarray of uint16, shape (words, steps)
        The outputs of a step as a number, output j in bit j.
    mask : ndarray of uint16, shape (period,)
        Which outputs count.
    labels : ndarray of uint16, shape (2 * states,)
        `ConvolutionalCode.labels`.
    terminated : bool
        Whether paths end in state zero.

    Returns
    -------
    ndarray of uint8, shape (words, steps)
    """
    words, steps = received.shape
    states = len(labels) // 2
    out = np.zeros((words, steps), np.uint8)
    if not out.size:
        return out
    symbols = int(labels.max() | received.max()) + 1
    seen = mask[:, None] & np.arange(symbols, dtype=np.uint16)
    masked, rows = np.unique(seen | mask[:, None] << 8, return_inverse=True)
    tabled = len(masked) * 2 * states <= TABLE_BYTES
    branch = np.empty((len(masked) if tabled else 1, 2 * states), np.uint8)
    if tabled:
        for row, both in enumerate(masked):
            _branch_costs(both & 0xFF, both >> 8, labels, branch[row])
    segment, segments = segments_of(steps, states)
    _nearest(
        received,
        mask,
        labels,
        terminated,
        tabled,
        rows.reshape(len(mask), symbols),
        branch,
        np.empty((2, states), np.int32),
        np.empty((segments, states), np.int32),
        np.empty((segment, states), np.bool_),
        out,
    )
    return out


def segments_of(steps: int, step_bytes: int) -> tuple[int, int]:
    """Steps of a segment whose decisions are kept at once, and the number of segments."""
    segment = max(1, min(steps, max(TABLE_BYTES // step_bytes, isqrt(4 * steps))))
    return segment, max(1, -(-steps // segment))


@njit(cache=True)
def _branch_costs(symbol, mask, labels, out):
    """Hamming distance of a symbol to the outputs for each content of the register, of the bits that count."""
    for register in range(labels.size):
        wrong = np.uint8((symbol ^ labels[register]) & mask)
        wrong = np.uint8((wrong & 0x55) + ((wrong >> 1) & 0x55))
        wrong = np.uint8((wrong & 0x33) + ((wrong >> 2) & 0x33))
        out[register] = np.uint8((wrong & 0x0F) + (wrong >> 4))


@njit(cache=True)
def _nearest(received, mask, labels, terminated, tabled, rows, branch, cost, starts, from_odd, out):
    """The kernel of `nearest`; cost, starts, from_odd are scratch, rows tells the row of `branch` of a symbol."""
    words, steps = received.shape
    states = labels.size // 2
    segment = from_odd.shape[0]
    segments = starts.shape[0]
    for word in range(words):
        for state in range(states):
            starts[0, state] = _FAR
        starts[0, 0] = 0
        state = 0
        for turn in range(2 * segments - 1):  # forward over all segments, then back from the last but one
            part = turn if turn < segments else 2 * segments - 2 - turn
            begin, end = part * segment, min((part + 1) * segment, steps)
            now = 0
            for s in range(states):
                cost[0, s] = starts[part, s]
            for step in range(begin, end):
                row = 0
                if tabled:
                    row = rows[step % mask.size, received[word, step]]
                else:
                    _branch_costs(received[word, step], mask[step % mask.size], labels, branch[0])
                _add_compare_select(cost[now], branch[row], cost[1 - now], from_odd[step - begin])
                now = 1 - now
            if turn < segments - 1:
                for s in range(states):
                    starts[part + 1, s] = cost[now, s]
                continue
            if turn == segments - 1:
                state = 0 if terminated else np.argmin(cost[now])
            for step in range(end - 1, begin - 1, -1):
                out[word, step] = state // (states // 2)
                state = 2 * (state % (states // 2)) + from_odd[step - begin, state]


@njit(cache=True)
def _add_compare_select(cost, branch, ahead, from_odd):
    """One step of the trellis: states 2 p and 2 p + 1 lead to p (bit 0) and to p + states / 2 (bit 1)."""
    half = cost.size // 2
    for bit in range(2):
        for p in range(half):
            state = bit * half + p
            even = cost[2 * p] + np.int32(branch[2 * state])
            odd = cost[2 * p + 1] + np.int32(branch[2 * state + 1])
            from_odd[state] = odd < even
            ahead[state] = min(even, odd)

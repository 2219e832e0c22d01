"""Many frames side by side: what the soft decoders of a trellis share.

A group of frames is decoded together, one frame in each *lane*, the last and contiguous axis, so that the loops over
lanes become vector instructions. In the exact algorithm a soft value L is kept as its odds ``exp(-|L|)`` with the sign
of L, in the max-log algorithm as it is.
"""

from __future__ import annotations

import numpy as np
from numba import njit

LANES = 128
"""Frames in a group, at most."""

EXACT_LIMIT = 50.0
"""Soft values are cut off here in the exact algorithm, so that no sum of float64 can vanish."""

MAX_LOG_LIMIT = 1e4
"""Soft values are cut off here in max-log, so that float32 still tells path metrics apart."""

UNREACHABLE = np.float32(-1e30)
"""The logarithm of zero."""

_TILE = 16  # steps that are transposed together: a cache line of each frame
_ZERO, _ONE = np.float32(0), np.float32(1)
_LOG2_E = np.float32(1.4426950408889634)
_LN_2_HIGH, _LN_2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_HALF, _BIAS, _MANTISSA = np.float32(0.5), np.int32(127), np.int32(23)
_E2, _E3, _E4 = np.float32(1 / 2), np.float32(1 / 6), np.float32(1 / 24)
_E5, _E6, _E7 = np.float32(1 / 120), np.float32(1 / 720), np.float32(1 / 5040)


def groups(counts: np.ndarray, inputs: int):
    """Groups of frames, as (first, last, steps of the longest): smaller ones where soft values would fill 64 MiB.

    counts : ndarray of int64, shape (frames, 2)
        Information bits and steps.
    """
    frames = len(counts)
    longest = int(counts[:, 1].max(initial=0))
    lanes = max(1, min(LANES, frames, (1 << 24) // max(1, longest * inputs)))
    for first in range(0, frames, lanes):
        last = min(first + lanes, frames)
        yield first, last, int(counts[first:last, 1].max())


def information_of(code) -> np.ndarray:
    """The information bit of each content of a code's register: ndarray of uint8, shape (2 * states,)."""
    return np.concatenate([code.feedbacks, code.feedbacks ^ 1])


@njit(cache=True)
def gather(channel, apriori, counts, limit, soft):
    """Soft values of a group of frames, cut off at +-`limit`; zero past the end of each.

    channel: float32 (lanes, steps, outputs); apriori: float32 (lanes, k); counts: int64 (lanes, 2), information bits
    and steps; soft: float32 (steps, outputs + 1, lanes), the information bit's own value behind the outputs
    """
    steps, inputs, lanes = soft.shape
    for begin in range(0, steps, _TILE):
        for lane in range(lanes):
            end = min(begin + _TILE, steps)
            known = min(max(counts[lane, 0], begin), end)
            sent = min(max(counts[lane, 1], begin), end)
            for step in range(begin, sent):
                for j in range(inputs - 1):
                    soft[step, j, lane] = min(max(channel[lane, step, j], -limit), limit)
            for step in range(sent, end):
                for j in range(inputs - 1):
                    soft[step, j, lane] = _ZERO
            for step in range(begin, known):
                soft[step, inputs - 1, lane] = min(max(apriori[lane, step], -limit), limit)
            for step in range(known, end):
                soft[step, inputs - 1, lane] = _ZERO


@njit(cache=True)
def to_odds(soft):
    """Replace each value L, at most `EXACT_LIMIT`, by ``exp(-|L|)`` with the sign of L."""
    steps, inputs, lanes = soft.shape
    for step in range(steps):
        for j in range(inputs):
            for lane in range(lanes):
                x = -abs(soft[step, j, lane])
                power = np.int32(x * _LOG2_E - _HALF)  # rounded towards zero, so to the nearest
                r = x - np.float32(power) * _LN_2_HIGH - np.float32(power) * _LN_2_LOW
                series = _ONE + r * (_ONE + r * (_E2 + r * (_E3 + r * (_E4 + r * (_E5 + r * (_E6 + r * _E7))))))
                scale = np.int32((power + _BIAS) << _MANTISSA).view(np.float32)
                odds = series * scale
                soft[step, j, lane] = odds if soft[step, j, lane] >= _ZERO else -odds


@njit(cache=True)
def scatter(soft, apriori, counts, limit, llr, extrinsic):
    """From the values that `soft` holds behind the outputs to rows, with and without what was told; zero past the end.

    llr, extrinsic: float32 (lanes, k).
    """
    steps, inputs, lanes = soft.shape
    for begin in range(0, llr.shape[1], _TILE):
        for lane in range(lanes):
            for step in range(begin, min(begin + _TILE, llr.shape[1])):
                told, gained = _ZERO, _ZERO
                if step < counts[lane, 0]:
                    told = apriori[lane, step]
                    gained = soft[step, inputs - 1, lane] - min(max(told, -limit), limit)
                extrinsic[lane, step] = gained
                llr[lane, step] = gained + told


@njit(cache=True)
def log_metrics(soft, metrics):
    """Log-likelihoods of all outputs and information bits of a step, up to one constant.

    soft: float32 (inputs, lanes); metrics: float32 (2**inputs, lanes), row i for the bits of i
    """
    inputs, lanes = soft.shape
    for lane in range(lanes):
        metrics[0, lane] = _ZERO
    for j in range(inputs):
        for i in range(1 << j):
            for lane in range(lanes):
                metrics[i | 1 << j, lane] = metrics[i, lane] - soft[j, lane]


@njit(cache=True)
def level(path, greatest):
    """Take from each lane's path metrics, float32 (states, lanes), the greatest of them.

    greatest: float32 (2, lanes), scratch: two rows, since a maximum in place would not become vector instructions
    """
    states, lanes = path.shape
    for lane in range(lanes):
        greatest[0, lane] = path[0, lane]
    for state in range(1, states):
        old = (state - 1) % 2
        for lane in range(lanes):
            greatest[1 - old, lane] = max(greatest[old, lane], path[state, lane])
    for state in range(states):
        for lane in range(lanes):
            path[state, lane] -= greatest[(states - 1) % 2, lane]

"""The Viterbi algorithm on soft values: the most likely codeword, the maximum-likelihood decoder of a code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from jscc.convolutional._lanes import (
    MAX_LOG_LIMIT,
    UNREACHABLE,
    gather,
    groups,
    information_of,
    level,
    log_metrics,
)
from jscc.convolutional._nearest import segments_of
from jscc.convolutional.code import ConvolutionalCode
from jscc.soft import SoftResult, as_batch

__all__ = ["ViterbiDecoder", "soft_inputs"]

_LEVEL_STEPS = 16  # between two levellings of soft path metrics


@dataclass(frozen=True, repr=False)
class ViterbiDecoder:
    """The most likely codeword given soft values, found by the Viterbi algorithm: a decoder without soft output.

    Attributes
    ----------
    code : ConvolutionalCode

    Examples
    --------
    >>> from jscc.convolutional import ConvolutionalCode
    >>> code = ConvolutionalCode((0o5, 0o7), 2, terminated=True)
    >>> llr = 2.0 - 4.0 * code.encode([1, 0, 1, 1])
    >>> llr[3] *= -1
    >>> ViterbiDecoder(code).decode(llr).bits
    array([1, 0, 1, 1], dtype=uint8)
    """

    code: ConvolutionalCode

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r})"

    def decode(self, llr, apriori=None, lengths=None) -> SoftResult:
        """The information bits of the most likely codeword, of each frame.

        Parameters
        ----------
        llr : array_like of float, shape (n,) or (frames, n)
            Log-likelihood ratios of the codeword's bits; beyond +-1e4 they count as +-1e4.
        apriori : array_like of float, shape (k,) or (frames, k), optional
            Of the information bits, from elsewhere; zero by default. With them the word of greatest posterior
            probability is found.
        lengths : array_like of int, shape () or (frames,), optional
            The information bits of each frame where they differ, at most k. Values past a frame's end are not read.

        Returns
        -------
        SoftResult
            Over the information bits, with zeros past a frame's end. The decisions are hard: ``llr`` and
            ``extrinsic`` are infinite with the sign of the decision. `BCJRDecoder` has soft output.

        Raises
        ------
        ValueError
            If a shape does not fit the code, or a value is NaN.
        """
        channel, told, counts, single = soft_inputs(self.code, llr, apriori, lengths)
        frames, steps, outputs = channel.shape
        states = self.code.n_states
        branch = self.code.labels.astype(np.int64) | information_of(self.code).astype(np.int64) << outputs
        register = np.zeros((frames, steps), np.uint8)
        room, scratch = np.empty((0, outputs + 1, 0), np.float32), ()
        for first, last, longest in groups(counts, outputs + 1):
            lanes = last - first
            if room.shape[2] != lanes:
                most = int(counts[:, 1].max())
                segment, segments = segments_of(most, states * lanes)
                room = np.empty((most, outputs + 1, lanes), np.float32)
                scratch = (
                    np.empty((2 << outputs, lanes), np.float32),
                    np.empty((2, lanes), np.float32),
                    np.empty((2, states, lanes), np.float32),
                    np.empty((segments, states, lanes), np.float32),
                    np.empty((segment, states, lanes), np.bool_),
                    np.empty(lanes, np.int64),
                )
            _soft_viterbi(
                channel[first:last],
                told[first:last],
                counts[first:last],
                branch,
                self.code.terminated,
                room[:longest],
                *scratch,
                register[first:last],
            )
        k = told.shape[1]
        bits = self.code.to_information(register)[:, :k]
        inside = np.arange(k) < counts[:, :1]
        bits = np.where(inside, bits, np.uint8(0))
        certain = np.where(inside, np.where(bits == 1, -np.inf, np.inf), 0).astype(np.float32)
        result = SoftResult(bits, certain, certain.copy(), np.ones(frames, bool), np.ones(frames, np.int32))
        return result.first() if single else result


def soft_inputs(code: ConvolutionalCode, llr, apriori, lengths) -> tuple[np.ndarray, np.ndarray, np.ndarray, bool]:
    """What is given to a soft decoder, checked.

    Returns
    -------
    channel : ndarray of float32, shape (frames, steps, outputs)
        Zero where a bit was punctured.
    apriori : ndarray of float32, shape (frames, k)
    counts : ndarray of int64, shape (frames, 2)
        Information bits and steps of each frame.
    single : bool
    """
    rows, single = as_batch(llr, None, "llr", np.float32)
    frames, n = rows.shape
    k = code.information_length(n)
    steps = code.steps(k)
    if apriori is None:
        told = np.zeros((frames, k), np.float32)
    else:
        told, alone = as_batch(apriori, k, "apriori", np.float32)
        if len(told) != frames or alone != single:
            raise ValueError(f"apriori of shape {np.shape(apriori)} given, one row for each of {frames} is expected")
    counts = code.word_lengths(lengths, frames, k)
    return code.spread(rows, steps), told, np.stack([counts, counts + (steps - k)], axis=1), single


@njit(cache=True)
def _soft_viterbi(
    channel, apriori, counts, branch, terminated, soft, metrics, greatest, path, starts, from_odd, state, out
):
    """Bits that enter the register on the most likely paths of one group of frames, side by side.

    branch: int64 (2 * states,), the row of `metrics` for each content of the register; out: uint8 (lanes, steps),
    zero; all between are scratch.
    """
    steps, _, lanes = soft.shape
    segment, states, _ = from_odd.shape
    segments = max(1, (steps + segment - 1) // segment)
    gather(channel, apriori, counts, np.float32(MAX_LOG_LIMIT), soft)
    for s in range(states):
        for lane in range(lanes):
            starts[0, s, lane] = UNREACHABLE if s else np.float32(0)
    for lane in range(lanes):
        state[lane] = 0
    for turn in range(2 * segments - 1):  # forward over all segments, then back from the last but one
        part = turn if turn < segments else 2 * segments - 2 - turn
        begin, end = part * segment, min((part + 1) * segment, steps)
        now = 0
        path[0] = starts[part]
        for step in range(begin, end):
            log_metrics(soft[step], metrics)
            _select(path[now], metrics, branch, path[1 - now], from_odd[step - begin])
            now = 1 - now
            if step % _LEVEL_STEPS == 0:
                level(path[now], greatest)
            if not terminated and turn < segments:
                for lane in range(lanes):
                    if counts[lane, 1] == step + 1:
                        for s in range(1, states):
                            if path[now, s, lane] > path[now, state[lane], lane]:
                                state[lane] = s
        if turn < segments - 1:
            starts[part + 1] = path[now]
            continue
        for step in range(end - 1, begin - 1, -1):
            for lane in range(lanes):
                if step < counts[lane, 1]:
                    s = state[lane]
                    out[lane, step] = s // (states // 2)
                    state[lane] = 2 * (s % (states // 2)) + from_odd[step - begin, s, lane]


@njit(cache=True)
def _select(path, metrics, branch, ahead, from_odd):
    """One step of the trellis for path metrics (states, lanes): the greater of two ways into each state."""
    half = path.shape[0] // 2
    for state in range(2 * half):
        p = state % half
        even, odd = branch[2 * state], branch[2 * state + 1]
        for lane in range(path.shape[1]):
            one = path[2 * p, lane] + metrics[even, lane]
            other = path[2 * p + 1, lane] + metrics[odd, lane]
            from_odd[state, lane] = other > one
            ahead[state, lane] = max(one, other)

r"""The BCJR algorithm: posteriors of the information bits of a convolutional code (Bahl, Cocke, Jelinek, Raviv 1974).

With :math:`\alpha_t(s)` the probability of what came before step t and of being in state s, :math:`\beta_t(s)` that
of what comes after, and :math:`\gamma_t` that of a branch,

.. math:: L(u_t) = \ln \frac{\sum_{s \to s', u = 0} \alpha_t(s)\, \gamma_t(s, s')\, \beta_{t+1}(s')}
                        {\sum_{s \to s', u = 1} \alpha_t(s)\, \gamma_t(s, s')\, \beta_{t+1}(s')}.

The exact algorithm keeps scaled probabilities in float64. Max-log keeps their logarithms in float32 and puts the
greatest term in place of a sum; what it gives is the difference between the best paths with 0 and with 1.

:math:`\alpha` is kept for a few steps only: a first pass leaves it at the start of each *segment*, and the way back
computes it again, segment by segment. That is quicker than to keep it all, which would not fit the cache.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

from jscc.convolutional._lanes import (
    EXACT_LIMIT,
    MAX_LOG_LIMIT,
    UNREACHABLE,
    gather,
    groups,
    information_of,
    level,
    log_metrics,
    scatter,
    to_odds,
)
from jscc.convolutional.code import ConvolutionalCode
from jscc.convolutional.viterbi import soft_inputs
from jscc.soft import SoftResult

__all__ = ["BCJRDecoder"]

_SEGMENT = 16
_LEVEL_STEPS = 16  # between two levellings of max-log metrics
_MEMORY_MOST = 10  # 2**10 states; a segment of 128 lanes then takes 17 MiB

_LN_2 = np.float32(np.log(2))
_A1, _A3, _A5, _A7 = np.float32(2), np.float32(2 / 3), np.float32(2 / 5), np.float32(2 / 7)
_A9, _A11, _A13 = np.float32(2 / 9), np.float32(2 / 11), np.float32(2 / 13)
_MANTISSA = np.uint64(52)
_FRACTION = np.uint64((1 << 52) - 1)
_BITS_OF_ONE = np.uint64(1023 << 52)


@dataclass(frozen=True, repr=False)
class BCJRDecoder:
    """Posteriors of the information bits of a convolutional code, from soft values of its codeword.

    Attributes
    ----------
    code : ConvolutionalCode
        Of memory 10 at most.
    method : {"exact", "max-log"}
        Exact posteriors, in the domain of scaled probabilities; or the max-log approximation, which is some times
        faster.

    Raises
    ------
    ValueError
        If the memory is greater, or the method another.

    Examples
    --------
    >>> from jscc.convolutional import ConvolutionalCode
    >>> code = ConvolutionalCode((0o5, 0o7), 2, terminated=True)
    >>> llr = 2.0 - 4.0 * code.encode([1, 0, 1, 1])
    >>> llr[3] *= -1
    >>> found = BCJRDecoder(code).decode(llr)
    >>> found.bits, found.llr.round(1)
    (array([1, 0, 1, 1], dtype=uint8), array([-5.9,  5.7, -7.1, -7.6], dtype=float32))
    """

    code: ConvolutionalCode
    method: str = "exact"

    def __post_init__(self):
        if self.method not in ("exact", "max-log"):
            raise ValueError(f"method={self.method!r} given, 'exact' or 'max-log' is expected")
        if self.code.memory > _MEMORY_MOST:
            raise ValueError(f"code of memory {self.code.memory} given, {_MEMORY_MOST} at most is expected")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, {self.method})"

    def decode(self, llr, apriori=None, lengths=None) -> SoftResult:
        """Posteriors of the information bits of each frame.

        Parameters
        ----------
        llr : array_like of float, shape (n,) or (frames, n)
            Log-likelihood ratios of the codeword's bits. Beyond +-50 (exact) or +-1e4 (max-log) they count as that.
        apriori : array_like of float, shape (k,) or (frames, k), optional
            Of the information bits, from elsewhere, such as the other decoder of a turbo loop; zero by default.
        lengths : array_like of int, shape () or (frames,), optional
            The information bits of each frame where they differ, at most k. Values past a frame's end are not read.

        Returns
        -------
        SoftResult
            Over the information bits, with zeros past a frame's end. ``extrinsic`` is ``llr`` without `apriori`; what
            the channel says of a systematic bit is part of it. Every word of information bits belongs to a
            codeword, so all have converged.

        Raises
        ------
        ValueError
            If a shape does not fit the code, or a value is NaN.
        """
        channel, told, counts, single = soft_inputs(self.code, llr, apriori, lengths)
        inputs = channel.shape[2] + 1
        exact = self.method == "exact"
        real = np.float64 if exact else np.float32
        states = self.code.n_states
        information = information_of(self.code).astype(np.int64)
        branch = self.code.labels.astype(np.int64) | information << (inputs - 1)
        posterior, extrinsic = np.empty_like(told), np.empty_like(told)
        limit = np.float32(EXACT_LIMIT if exact else MAX_LOG_LIMIT)
        room, scratch = np.empty((0, inputs, 0), np.float32), ()
        for first, last, longest in groups(counts, inputs):
            lanes = last - first
            if room.shape[2] != lanes:
                most = int(counts[:, 1].max())
                room = np.empty((most, inputs, lanes), np.float32)
                scratch = (
                    np.empty((1 << inputs, lanes), real),
                    np.empty((_SEGMENT + 1, states, lanes), real),
                    np.empty((most // _SEGMENT + 1, states, lanes), real),
                    np.empty((2, states, lanes), real),
                    np.empty((4, lanes), real),
                )
            soft = room[:longest]
            gather(channel[first:last], told[first:last], counts[first:last], limit, soft)
            ends = np.ascontiguousarray(counts[first:last, 1])
            if exact:
                to_odds(soft)
                _exact(soft, ends, branch, information, self.code.terminated, *scratch)
            else:
                _max_log(soft, ends, branch, information, self.code.terminated, *scratch)
            scatter(soft, told[first:last], counts[first:last], limit, posterior[first:last], extrinsic[first:last])
        frames = len(told)
        bits = (posterior < 0).astype(np.uint8)
        result = SoftResult(bits, posterior, extrinsic, np.ones(frames, bool), np.ones(frames, np.int32))
        return result.first() if single else result


@njit(cache=True)
def _exact(soft, ends, branch, information, terminated, metrics, alpha, starts, beta, sums):
    """Put the posteriors of the information bits in place of their odds, by scaled probabilities.

    soft: float32 (steps, inputs, lanes), see `to_odds`; ends: int64 (lanes,), the steps of each frame; branch:
    int64 (2 * states,), the row of `metrics` for each content of the register; information: int64 (2 * states,),
    its information bit; all behind are float64 scratch.
    """
    steps, inputs, lanes = soft.shape
    states = alpha.shape[1]
    every = max(1, 12 // inputs)  # steps between two scalings: exp(-50 * 12) is still far from the least float64
    for s in range(states):
        for lane in range(lanes):
            starts[0, s, lane] = 0.0 if s else 1.0
            beta[0, s, lane] = 1.0
    now = 0
    segments = (steps + _SEGMENT - 1) // _SEGMENT
    for turn in range(2 * segments - 1):  # forward over all segments, then back from the last but one
        part = turn if turn < segments else 2 * segments - 2 - turn
        begin, end = part * _SEGMENT, min((part + 1) * _SEGMENT, steps)
        alpha[0] = starts[part]
        for step in range(begin, end):
            _probabilities(soft[step], metrics)
            _forward(alpha[step - begin], metrics, branch, alpha[step - begin + 1])
            if step % every == 0:
                _scale(alpha[step - begin + 1], sums[0])
        if turn < segments - 1:
            starts[part + 1] = alpha[end - begin]
            continue
        for step in range(end - 1, begin - 1, -1):
            for lane in range(lanes):
                if ends[lane] == step + 1:
                    for s in range(states):
                        beta[now, s, lane] = 0.0 if terminated and s else 1.0
            _probabilities(soft[step], metrics)
            _backward(alpha[step - begin], beta[now], metrics, branch, information, beta[1 - now], sums)
            _log_ratio(sums, soft[step, inputs - 1])
            now = 1 - now
            if step % every == 0:
                _scale(beta[now], sums[0])


@njit(cache=True)
def _probabilities(odds, metrics):
    """Probabilities of all outputs and information bits of a step, over that of the likeliest.

    odds: float32 (inputs, lanes), see `to_odds`; metrics: float64 (2**inputs, lanes), row i for the bits of i
    """
    inputs, lanes = odds.shape
    for lane in range(lanes):
        metrics[0, lane] = 1.0
    for j in range(inputs):
        for i in range(1 << j):
            for lane in range(lanes):
                x = odds[j, lane]
                whole = metrics[i, lane]
                less = whole * abs(np.float64(x))
                metrics[i | 1 << j, lane] = less if x >= 0 else whole
                metrics[i, lane] = whole if x >= 0 else less


@njit(cache=True)
def _forward(alpha, metrics, branch, ahead):
    """One step of the forward recursion: states 2 p and 2 p + 1 lead to p and to p + states / 2."""
    half = alpha.shape[0] // 2
    for p in range(half):
        a, b, c, d = branch[2 * p], branch[2 * p + 1], branch[2 * (p + half)], branch[2 * (p + half) + 1]
        for lane in range(alpha.shape[1]):
            even, odd = alpha[2 * p, lane], alpha[2 * p + 1, lane]
            ahead[p, lane] = even * metrics[a, lane] + odd * metrics[b, lane]
            ahead[p + half, lane] = even * metrics[c, lane] + odd * metrics[d, lane]


@njit(cache=True)
def _backward(alpha, beta, metrics, branch, information, behind, sums):
    """One step of the backward recursion, and the sums over branches with information bit 0 and 1."""
    states, lanes = alpha.shape
    for lane in range(lanes):
        sums[0, lane] = 0.0
        sums[1, lane] = 0.0
    for s in range(states):
        p = s // 2
        q = p + states // 2
        a, b, u = branch[s], branch[states + s], information[s]
        v = 1 - u
        for lane in range(lanes):
            one, other = beta[p, lane] * metrics[a, lane], beta[q, lane] * metrics[b, lane]
            sums[u, lane] += alpha[s, lane] * one
            sums[v, lane] += alpha[s, lane] * other
            behind[s, lane] = one + other


@njit(cache=True, error_model="numpy")
def _scale(values, total):
    """Divide each lane's values (states, lanes) by their sum."""
    states, lanes = values.shape
    for lane in range(lanes):
        total[lane] = 0.0
    for s in range(states):
        for lane in range(lanes):
            total[lane] += values[s, lane]
    for lane in range(lanes):
        total[lane] = 1.0 / total[lane]
    for s in range(states):
        for lane in range(lanes):
            values[s, lane] *= total[lane]


@njit(cache=True, error_model="numpy")
def _log_ratio(sums, out):
    """``ln(sums[0] / sums[1])`` of float64, to float32, in vector instructions; a sum of zero counts as 2**-1023."""
    for lane in range(out.size):
        top, bottom = np.float64(sums[0, lane]).view(np.uint64), np.float64(sums[1, lane]).view(np.uint64)
        power = np.float32(np.int32(top >> _MANTISSA) - np.int32(bottom >> _MANTISSA))
        x = np.float32(np.uint64((top & _FRACTION) | _BITS_OF_ONE).view(np.float64))
        y = np.float32(np.uint64((bottom & _FRACTION) | _BITS_OF_ONE).view(np.float64))
        s = (x - y) / (x + y)  # ln(x / y) = 2 artanh(s), |s| < 1/3
        q = s * s
        series = _A1 + q * (_A3 + q * (_A5 + q * (_A7 + q * (_A9 + q * (_A11 + q * _A13)))))
        out[lane] = power * _LN_2 + s * series


@njit(cache=True)
def _max_log(soft, ends, branch, information, terminated, metrics, alpha, starts, beta, best):
    """Put the max-log posteriors of the information bits in place of their soft values; see `_exact`.

    soft: float32 (steps, inputs, lanes); scratch is float32.
    """
    steps, inputs, lanes = soft.shape
    states = alpha.shape[1]
    zero = np.float32(0)
    for s in range(states):
        for lane in range(lanes):
            starts[0, s, lane] = UNREACHABLE if s else zero
            beta[0, s, lane] = zero
    now = 0
    segments = (steps + _SEGMENT - 1) // _SEGMENT
    for turn in range(2 * segments - 1):  # forward over all segments, then back from the last but one
        part = turn if turn < segments else 2 * segments - 2 - turn
        begin, end = part * _SEGMENT, min((part + 1) * _SEGMENT, steps)
        alpha[0] = starts[part]
        for step in range(begin, end):
            log_metrics(soft[step], metrics)
            _forward_best(alpha[step - begin], metrics, branch, alpha[step - begin + 1])
            if step % _LEVEL_STEPS == 0:
                level(alpha[step - begin + 1], best)
        if turn < segments - 1:
            starts[part + 1] = alpha[end - begin]
            continue
        for step in range(end - 1, begin - 1, -1):
            for lane in range(lanes):
                if ends[lane] == step + 1:
                    for s in range(states):
                        beta[now, s, lane] = UNREACHABLE if terminated and s else zero
            log_metrics(soft[step], metrics)
            _backward_best(alpha[step - begin], beta[now], metrics, branch, information, beta[1 - now], best)
            for lane in range(lanes):
                soft[step, inputs - 1, lane] = best[0, lane] - best[1, lane]
            now = 1 - now
            if step % _LEVEL_STEPS == 0:
                level(beta[now], best)


@njit(cache=True)
def _forward_best(alpha, metrics, branch, ahead):
    """`_forward` with the greater logarithm in place of the sum."""
    half = alpha.shape[0] // 2
    for p in range(half):
        a, b, c, d = branch[2 * p], branch[2 * p + 1], branch[2 * (p + half)], branch[2 * (p + half) + 1]
        for lane in range(alpha.shape[1]):
            even, odd = alpha[2 * p, lane], alpha[2 * p + 1, lane]
            ahead[p, lane] = max(even + metrics[a, lane], odd + metrics[b, lane])
            ahead[p + half, lane] = max(even + metrics[c, lane], odd + metrics[d, lane])


@njit(cache=True)
def _backward_best(alpha, beta, metrics, branch, information, behind, best):
    """`_backward` with the greatest logarithm in place of the sums.

    best: float32 (4, lanes), the result in its first two rows: a maximum in place, written over what it was read
    from, would not become vector instructions.
    """
    states, lanes = alpha.shape
    for lane in range(lanes):
        best[0, lane] = UNREACHABLE
        best[1, lane] = UNREACHABLE
    for s in range(states):
        p = s // 2
        q = p + states // 2
        a, b, u = branch[s], branch[states + s], information[s]
        v = 1 - u
        old, new = 2 * (s % 2), 2 - 2 * (s % 2)
        for lane in range(lanes):
            one, other = beta[p, lane] + metrics[a, lane], beta[q, lane] + metrics[b, lane]
            best[new + u, lane] = max(best[old + u, lane], alpha[s, lane] + one)
            best[new + v, lane] = max(best[old + v, lane], alpha[s, lane] + other)
            behind[s, lane] = max(one, other)

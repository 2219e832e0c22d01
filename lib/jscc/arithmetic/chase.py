r"""Chase-like decoding of arithmetic codes (paper 3, sections 3.2 and 4.2).

Of a received word the q least reliable bits are tried in all :math:`2^q` ways. Of the words that decode to exactly L
symbols, EoB and the right last bits, the one of the largest metric (equation 7) wins. Up to what all words share the
metric is

.. math:: M = \ln P(s) - \sum_{j \text{ flipped}} |\Lambda_j| .

The test words are the leaves of a binary tree: they share their bits up to the first that differs. The tree is walked
depth first, and what decoding knows just before each of the q bits is kept, so that a shared beginning is decoded
once; a beginning in which an error shows ends all words that share it.

The soft form (section 4.2) gives each bit in which all valid words agree the extrinsic value
:math:`\beta (1 - 2 b)`, all others 0; without a valid word it gives nothing, and the decision is the received one.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from jscc.arithmetic.coder import (
    COUNT,
    FIXED_POINT,
    INVALID,
    STATE,
    VALID,
    ArithmeticCode,
    advance,
    advance_two,
    bit_length,
    flip_bit,
    is_binary,
    log_probability,
    pack_pairs,
    packet_length,
    pairs_needed,
    start_state,
    word_lengths,
)
from jscc.arithmetic.packets import PacketResult
from jscc.soft import as_batch

__all__ = ["ChaseDecoder"]

MAX_FLIPS = 16


class ChaseDecoder:
    """The Chase-like decoder of a code, with hard or soft output.

    Parameters
    ----------
    code : ArithmeticCode
    length : int
        L, symbols of a packet.
    q : int
        Bits that are tried both ways, 0 (hard decoding) to 16; of shorter words all.
    beta : float
        Extrinsic value of a bit in which all valid words agree. With 0 there is no soft output, and words that
        can not win any more are passed over: `candidates` and `queries` count what was left.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> code = ArithmeticCode([0.2, 0.8])
    >>> packets = code.sample(100, 128, rng=0)
    >>> bits, lengths = code.encode(packets)
    >>> llr = 10 * (1 - 2.0 * bits + 0.45 * np.random.default_rng(1).standard_normal(bits.shape))
    >>> for q in 0, 4:
    ...     result = ChaseDecoder(code, 128, q).decode(llr, lengths)
    ...     print(q, int((result.symbols == packets).all(axis=1).sum()), "packets right")
    0 18 packets right
    4 70 packets right
    """

    def __init__(self, code: ArithmeticCode, length: int, q: int = 4, beta: float = 0.0):
        if not 0 <= q <= MAX_FLIPS or int(q) != q:
            raise ValueError(f"q={q} given, an integer from 0 to {MAX_FLIPS} is expected")
        if not 0 <= beta < np.inf:
            raise ValueError(f"beta={beta} given, a finite number of 0 or more is expected")
        self.code, self.length, self.q, self.beta = code, packet_length(length), int(q), float(beta)
        self._slack = log_probability_slack(code, self.length)

    def decode(self, llr, lengths=None) -> PacketResult:
        """Find the best valid word among the test words.

        Parameters
        ----------
        llr : array_like of float32, shape (width,) or (words, width)
            Log-likelihood ratios. What follows a word's end is not read.
        lengths : int or array_like of int, shape (words,), optional
            l, bits of each word; by default all of them.

        Returns
        -------
        PacketResult
            `iterations` is the number of test words, 2^q; among `queries`, words that share a beginning with an
            error count once. Bits and soft values behind a word's end are 0. A word of which nothing is known, all
            its soft values being 0, is not decoded.

        Raises
        ------
        ValueError
            If shapes do not fit, a length is out of range, or a value is NaN.
        """
        llr, single = as_batch(llr, None, "llr", np.float32)
        words, width = llr.shape
        lengths = word_lengths(lengths, words, width)
        levels = self.q + 3
        result = PacketResult.blank(words, width, self.length, self.code.dtype)
        result.iterations[:] = np.minimum(1 << np.minimum(lengths, self.q), 2**31 - 1)
        _chase_words(
            llr,
            lengths,
            self.length,
            self.q,
            np.float32(self.beta),
            self._slack,
            self.code.model,
            np.zeros(pairs_needed(width, self.code.precision), np.int64),
            np.zeros((levels, STATE), np.int64),
            np.zeros((levels, self.code.n_symbols + 1), np.int64),
            np.zeros(self.q, np.int64),
            np.zeros(self.q + 1, np.float64),
            np.zeros(self.length, self.code.dtype),
            np.zeros(self.length, self.code.dtype),
            np.zeros(pairs_needed(width, self.code.precision), np.int64),
            result.bits,
            result.llr,
            result.extrinsic,
            result.converged,
            result.symbols,
            result.metric,
            result.candidates,
            result.queries,
            result.decoded,
        )
        return result.first() if single else result

    def __repr__(self) -> str:
        return f"ChaseDecoder(L={self.length}, q={self.q}, beta={self.beta:g}, {self.code!r})"


def log_probability_slack(code: ArithmeticCode, length: int) -> float:
    """How far ln P(s) of a valid word of l bits can lie above -l ln 2, in nats; infinite if that says nothing.

    A part of the interval is longer than its share of the range less one, and the range exceeds a quarter: from
    the rarest symbol follows what rounding can save, from EoB what it can save once, and two bits end the word.
    """
    if code.adaptive:
        return np.inf
    least = ((1 << (code.precision - 2)) + 1) * int(code.counts.min()) / (1 << code.total_bits)
    if least <= 1:
        return np.inf
    saved = -length * np.log1p(-1 / least)
    if code.has_eob:
        saved += np.log((1 << code.total_bits) / code.eob_count) + np.log(2)
    return float(saved + 2 * np.log(2)) + 1e-3


@njit(cache=True)
def least_reliable(llr, n_bits, order):
    """The places of the least reliable bits, the least first; of equals the earlier one first."""
    filled = 0
    for j in range(n_bits):
        size = abs(llr[j])
        if filled == len(order):
            if filled == 0 or not size < abs(llr[order[filled - 1]]):
                continue
            i = filled - 1
        else:
            i = filled
            filled += 1
        while i > 0 and size < abs(llr[order[i - 1]]):
            order[i] = order[i - 1]
            i -= 1
        order[i] = j


@njit(cache=True)
def sort_places(places):
    """Sort a few places, the first first."""
    for k in range(1, len(places)):
        place = places[k]
        i = k
        while i > 0 and places[i - 1] > place:
            places[i] = places[i - 1]
            i -= 1
        places[i] = place


@njit(cache=True)
def copy_state(states, counts, source, target, limit):
    """Copy one level's state, and its counts if the code is adaptive."""
    for k in range(STATE):
        states[target, k] = states[source, k]
    if limit > 0:
        for k in range(counts.shape[1]):
            counts[target, k] = counts[source, k]


@njit(cache=True)
def hard_decisions(llr, n_bits, bits):
    """Bits from the signs, 0 for 0; whether any value differs from 0."""
    known = False
    for j in range(n_bits):
        bits[j] = llr[j] < 0
        known = known or llr[j] != 0
    return known


@njit(cache=True)
def _chase_words(
    llr,
    lengths,
    length,
    q,
    beta,
    slack,
    model,
    pairs,
    states,
    counts,
    places,
    weights,
    path,
    sibling,
    sibling_pairs,
    bits,
    posterior,
    extrinsic,
    converged,
    symbols,
    metric,
    candidates,
    queries,
    decoded,
):
    in_pairs = is_binary(model)
    for word in range(len(llr)):
        n_bits = lengths[word]
        row, out = llr[word], bits[word]
        for j in range(n_bits):
            posterior[word, j] = row[j]
        if not hard_decisions(row, n_bits, out):
            continue
        m = min(q, n_bits)
        tree = places[:m]
        least_reliable(row, n_bits, tree)
        sort_places(tree)
        pack_pairs(out, n_bits, model.precision, pairs)
        start_state(states[0], counts[0])
        most = np.inf
        if beta == 0:  # ln P(s) of no valid word of this length lies above
            most = slack - n_bits * np.log(2.0)
        size = np.int64(1) << m
        leaf, before = np.int64(0), np.int64(0)
        best, winner = -np.inf, np.int64(-1)
        in_all, in_any = size - 1, np.int64(0)
        weights[0] = 0
        waiting = np.int64(-1)
        while leaf < size:
            changed = leaf ^ before
            first = 0 if changed == 0 else m - bit_length(changed) + 1
            if leaf > 0:
                for level in range(m):
                    if changed >> (m - 1 - level) & 1:
                        flip_bit(pairs, tree[level])
            before = leaf
            found = INVALID
            level = first
            while level <= m:
                if level > 0:
                    weights[level] = weights[level - 1]
                    if leaf >> (m - level) & 1:
                        weights[level] += abs(row[tree[level - 1]])
                    if most - weights[level] < best:
                        break
                if level == m and waiting == leaf:
                    copy_state(states, counts, m + 2, m + 1, model.limit)
                    for k in range(states[m, COUNT], states[m + 1, COUNT]):
                        path[k] = sibling[k]
                else:
                    copy_state(states, counts, level, level + 1, model.limit)
                begun = states[level, COUNT]
                if level == m and m > 0 and leaf & 1 == 0 and in_pairs and (beta > 0 or leaf > 0):
                    # The word that differs in the last of the bits is decoded along, and waits.
                    for k in range(len(pairs)):
                        sibling_pairs[k] = pairs[k]
                    flip_bit(sibling_pairs, tree[m - 1])
                    copy_state(states, counts, m, m + 2, model.limit)
                    advance_two(
                        states[m + 1], states[m + 2], pairs, sibling_pairs, n_bits, length, model, path, sibling
                    )
                    waiting = leaf + 1
                stop = tree[level] if level < m else n_bits + model.precision
                found = advance(states[level + 1], counts[level + 1], pairs, stop, n_bits, length, model, path)
                decoded[word] += states[level + 1, COUNT] - begun
                if found == INVALID:
                    break
                level += 1
            if found != INVALID or level > first or first == 0 or most == np.inf:
                queries[word] += 1
            if found == VALID and level == m + 1:
                candidates[word] += 1
                in_all &= leaf
                in_any |= leaf
                value = log_probability(path, model, counts[m + 1]) / (1 << FIXED_POINT) - weights[m]
                if value > best:
                    best, winner = value, leaf
                    for k in range(length):
                        symbols[word, k] = path[k]
                leaf += 1
            else:  # all words that share the beginning up to the bit before this level are done
                cut = m - min(level, m)
                leaf = ((leaf >> cut) + 1) << cut
        if winner < 0:
            continue
        converged[word] = True
        metric[word] = best
        for level in range(m):
            if winner >> (m - 1 - level) & 1:
                out[tree[level]] ^= 1
        if beta > 0:
            for j in range(n_bits):
                extrinsic[word, j] = -beta if out[j] else beta
            for level in range(m):
                if (in_all ^ in_any) >> (m - 1 - level) & 1:
                    extrinsic[word, tree[level]] = 0
            for j in range(n_bits):
                posterior[word, j] += extrinsic[word, j]

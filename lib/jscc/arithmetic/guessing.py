r"""Guessing in likelihood order: the words tried are those that the received values make likely, the likeliest first.

The order is that of ORBGRAND (Duffy, An, Medard 2022): the bits are ranked by reliability, the least reliable having
rank 1, and error patterns are tried in the order of the sum of the ranks of the bits that they flip. The one-line
variant adds c for each flipped bit, c being the offset over the slope of a line through the sorted reliabilities.

The search stops at the first valid word, goes on until a list of n is full, or ends with the last query allowed. From
the list comes a soft output (SOGRAND: Galligan, Yuan, Medard, Duffy 2023). With :math:`p_j` the probability of the
pattern of candidate j, S the sum of the probabilities of all queried patterns, valid or not, and :math:`\rho` the
density of valid words among those not queried,

.. math:: P(\text{candidate } j) = \frac{p_j}{\sum_k p_k + \rho (1 - S)} , \qquad
    L_i = \ln \frac{\sum_{j: b_i = 0} p_j + \rho (1 - S) P(b_i = 0)}{\sum_{j: b_i = 1} p_j + \rho (1 - S) P(b_i = 1)} ,

where :math:`P(b_i)` is what the decoder was told of the bit. `measure_density` finds :math:`\rho`, for which an
arithmetic code has no formula.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numba import njit

from jscc.arithmetic.chase import hard_decisions, least_reliable
from jscc.arithmetic.checks import ParityCheck, columns_of
from jscc.arithmetic.coder import (
    COUNT,
    FIXED_POINT,
    INVALID,
    STATE,
    VALID,
    ArithmeticCode,
    advance,
    flip_bit,
    log_probability,
    pack_pairs,
    packet_length,
    pairs_needed,
    start_state,
    word_lengths,
)
from jscc.arithmetic.packets import PacketResult
from jscc.soft import as_batch

__all__ = ["Density", "GuessingDecoder", "GuessingResult", "measure_density", "neighbour_density", "patterns"]

MAX_RANKS = 128  # a longer word has the same first million patterns
MAX_QUERIES = 2**22
MAX_INTERCEPT = 32
MAX_CACHED = 20  # ranks for which what is known of a word's beginning is kept
LEAST_REST = 1e-30  # what is left for words not queried, for soft values that stay finite


@dataclass(frozen=True, repr=False)
class GuessingResult(PacketResult):
    """What guessing found; `iterations` is the number of queries.

    Attributes
    ----------
    confidence : ndarray of float32, shape (words,)
        Probability that the best word is right; NaN without soft output, 0 where nothing was found.
    """

    confidence: np.ndarray


class Density(NamedTuple):
    """How many words that were not sent are valid: an estimate, and what it rests on.

    Attributes
    ----------
    density : float
        (hits + 1/2) / (trials + 1).
    hits, trials : int
    """

    density: float
    hits: int
    trials: int

    def __repr__(self) -> str:
        return f"Density({self.density:.3g}, {self.hits} of {self.trials} words valid)"


def patterns(n_ranks: int, count: int, intercept: int = 0) -> Iterator[tuple[int, ...]]:
    """Error patterns in ORBGRAND's order.

    The weight of a pattern is the sum of its ranks and `intercept` for each of them; of equal weights the
    pattern of fewer flips comes first, then the one whose first rank that differs is lower.

    Parameters
    ----------
    n_ranks : int
        Bits that may be flipped.
    count : int
        How many patterns at most; there are ``2 ** n_ranks``.
    intercept : int
        c of the one-line variant; 0 for the plain order.

    Yields
    ------
    tuple of int
        Ranks of the flipped bits, from 1, ascending.

    Examples
    --------
    >>> list(patterns(4, 7))
    [(), (1,), (2,), (3,), (1, 2), (4,), (1, 3)]
    >>> list(patterns(4, 7, intercept=2))
    [(), (1,), (2,), (3,), (4,), (1, 2), (1, 3)]
    """
    left = min(count, 1 << n_ranks) if n_ranks < 64 else count
    weight = 0
    while left > 0:
        flips = 0
        while True:
            rest = weight - intercept * flips
            if rest < flips * (flips + 1) // 2 or flips > n_ranks:
                break
            for pattern in _parts(rest, flips, 1, n_ranks):
                yield pattern
                left -= 1
                if left == 0:
                    return
            flips += 1
        weight += 1


def _parts(total: int, parts: int, least: int, most: int) -> Iterator[tuple[int, ...]]:
    """Ascending tuples of different numbers of this sum, in lexicographic order."""
    if parts == 0:
        if total == 0:
            yield ()
        return
    if parts == 1:
        if least <= total <= most:
            yield (total,)
        return
    # The others are at least first + 1, first + 2, ..., and at most most, most - 1, ...
    first = max(least, total - sum(range(most - parts + 2, most + 1)))
    while first * parts + parts * (parts - 1) // 2 <= total:
        for others in _parts(total - first, parts - 1, first + 1, most):
            yield (first, *others)
        first += 1


@lru_cache(maxsize=128)
def pattern_table(n_ranks: int, count: int, intercept: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Ranks from 0 of all patterns one after the other, where each begins, and how many ranks occur."""
    found = list(patterns(n_ranks, count, intercept))
    starts = np.zeros(len(found) + 1, np.int64)
    np.cumsum([len(pattern) for pattern in found], out=starts[1:])
    ranks = np.fromiter((rank - 1 for pattern in found for rank in pattern), np.int64, int(starts[-1]))
    return ranks, starts, int(ranks.max(initial=-1)) + 1


class GuessingDecoder:
    """Decoding of arithmetic codes by guessing in ORBGRAND's order, with hard or calibrated soft output.

    Parameters
    ----------
    code : ArithmeticCode
    length : int
        L, symbols of a packet.
    max_queries : int
        Patterns tried at most, the received word as it is being the first; up to 2^22.
    n_best : int
        The search stops with this number of valid words found; 1 stops at the first. The best by the metric
        of equation (7) wins.
    rho : float, optional
        Density of valid words among those not queried, above 0 and at most 1: see `measure_density`. Without it
        there is no soft output.
    intercept : int or "fit"
        c of the one-line variant, 0 to 32; "fit" finds it for each word from its reliabilities of rank 1 and 32.
    check : ParityCheck, optional
        A check whose parity bits follow each codeword, see `jscc.arithmetic.with_parity`: only words that pass it
        are decoded. Lengths are those with the parity bits.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Examples
    --------
    >>> code = ArithmeticCode([0.2, 0.8])
    >>> packet = code.sample(1, 128, rng=0)[0]
    >>> bits, length = code.encode(packet)
    >>> llr = 4 - 8.0 * bits
    >>> llr[[3, 70]] *= -0.1
    >>> decoder = GuessingDecoder(code, 128, max_queries=64)
    >>> decoder
    GuessingDecoder(L=128, 64 queries, n_best=1, ArithmeticCode(2 symbols, p=16, EoB 1/16384, static))
    >>> result = decoder.decode(llr)
    >>> int(result.queries), bool((result.symbols == packet).all())
    (5, True)
    """

    def __init__(
        self,
        code: ArithmeticCode,
        length: int,
        max_queries: int = 256,
        n_best: int = 1,
        rho: float | None = None,
        intercept: int | str = 0,
        check: ParityCheck | None = None,
    ):
        if not 1 <= max_queries <= MAX_QUERIES or int(max_queries) != max_queries:
            raise ValueError(f"max_queries={max_queries} given, an integer from 1 to {MAX_QUERIES} is expected")
        if not 1 <= n_best <= MAX_QUERIES or int(n_best) != n_best:
            raise ValueError(f"n_best={n_best} given, an integer from 1 to {MAX_QUERIES} is expected")
        if rho is not None and not 0 < rho <= 1:
            raise ValueError(f"rho={rho} given, a density above 0 and at most 1 is expected")
        if intercept != "fit" and (isinstance(intercept, str) or not 0 <= intercept <= MAX_INTERCEPT):
            raise ValueError(f'intercept={intercept!r} given, 0 to {MAX_INTERCEPT} or "fit" is expected')
        self.code, self.length, self.check = code, packet_length(length), check
        self.max_queries, self.n_best, self.rho = int(max_queries), int(n_best), rho
        self.intercept = intercept if intercept == "fit" else int(intercept)

    def decode(self, llr, lengths=None) -> GuessingResult:
        """Guess until enough valid words are found.

        Parameters
        ----------
        llr : array_like of float32, shape (width,) or (words, width)
            Log-likelihood ratios. What follows a word's end is not read.
        lengths : int or array_like of int, shape (words,), optional
            l, bits of each word; by default all of them.

        Returns
        -------
        GuessingResult
            Bits and soft values behind a word's end are 0; where nothing was found, bits are the received ones.
            A word of which nothing is known, all its soft values being 0, is not decoded.

        Raises
        ------
        ValueError
            If shapes do not fit, a length is out of range, or a value is NaN.
        """
        llr, single = as_batch(llr, None, "llr", np.float32)
        words, width = llr.shape
        lengths = word_lengths(lengths, words, width)
        columns, columns_at = self._columns(lengths, width)
        confidence = np.full(words, np.nan if self.rho is None else 0, np.float32)
        result = GuessingResult.blank(words, width, self.length, self.code.dtype, confidence=confidence)
        if not words:
            return result
        intercepts = self._intercepts(llr, lengths)
        kinds, kind = np.unique(np.stack([np.minimum(lengths, MAX_RANKS), intercepts]), axis=1, return_inverse=True)
        for i, (n_ranks, intercept) in enumerate(kinds.T.tolist()):
            ranks, starts, used = pattern_table(n_ranks, self.max_queries, intercept)
            cached = min(used, MAX_CACHED)
            nodes = 1 + cached + cached**2
            _guess_words(
                np.flatnonzero(kind.ravel() == i),
                llr,
                lengths,
                self.length,
                self.n_best,
                0.0 if self.rho is None else float(self.rho),
                ranks,
                starts,
                columns,
                columns_at,
                0 if self.check is None else self.check.n_bits,
                self.code.model,
                np.zeros(pairs_needed(width, self.code.precision), np.int64),
                np.zeros(STATE, np.int64),
                np.zeros(self.code.n_symbols + 1, np.int64),
                np.zeros((nodes * cached, STATE), np.int64),
                np.zeros((nodes * cached if self.code.adaptive else 0, self.code.n_symbols + 1), np.int64),
                np.zeros(nodes, np.int64),
                np.zeros(used, np.int64),
                np.zeros(cached, np.int64),
                np.zeros(used, np.int64),
                np.zeros(min(self.n_best, len(starts)), np.int64),
                np.zeros(min(self.n_best, len(starts)), np.float64),
                np.zeros((2, width)),
                np.zeros(self.length, self.code.dtype),
                result.bits,
                result.llr,
                result.extrinsic,
                result.converged,
                result.symbols,
                result.metric,
                result.candidates,
                result.queries,
                result.decoded,
                result.confidence,
            )
        result.iterations[:] = result.queries
        return result.first() if single else result

    def _columns(self, lengths: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
        """Columns of the check for each length that occurs, and which of them each word has."""
        if self.check is None:
            return np.zeros((0, 0), np.int64), np.zeros(len(lengths), np.int64)
        if len(lengths) and lengths.min() < self.check.n_bits:
            raise ValueError(f"lengths of {lengths.min()} given, the check's {self.check.n_bits} or more are expected")
        found, at = np.unique(lengths, return_inverse=True)
        columns = np.zeros((len(found), width), np.int64)
        for i, length in enumerate(found.tolist()):
            columns[i, :length] = columns_of(self.check, length - self.check.n_bits)
        return columns, at

    def _intercepts(self, llr: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """c of each word: where the line through two of its sorted reliabilities begins, in units of its slope."""
        if self.intercept != "fit":
            return np.full(len(llr), self.intercept, np.int64)
        size = np.where(np.arange(llr.shape[1]) < lengths[:, None], np.abs(llr), np.inf)
        size.sort(axis=1)
        out = np.zeros(len(llr), np.int64)
        far = np.minimum(lengths, 32)
        for i in np.flatnonzero(far > 1):
            slope = (size[i, far[i] - 1] - size[i, 0]) / (far[i] - 1)
            if 0 < slope < np.inf:
                out[i] = np.clip(np.rint(size[i, 0] / slope - 1), 0, MAX_INTERCEPT)
        return out

    def __repr__(self) -> str:
        soft = "" if self.rho is None else f", rho={self.rho:.3g}"
        soft += f", intercept={self.intercept}" if self.intercept else ""
        soft += f", {self.check!r}" if self.check is not None else ""
        return (
            f"GuessingDecoder(L={self.length}, {self.max_queries} queries, n_best={self.n_best}{soft}, {self.code!r})"
        )


def measure_density(decoder: GuessingDecoder, llr, bits, lengths=None) -> Density:
    """The density rho of valid words among queries, where the word that was sent is known.

    Every query that is not the word sent is a trial, and the one that ends the search a hit if it is valid. That is
    the rho with which soft output is calibrated at this noise: as a word that has to be guessed for long differs from
    most queries in many bits, it is several times less than `neighbour_density`.

    Parameters
    ----------
    decoder : GuessingDecoder
        Whose code, packet length, largest number of queries and order are used.
    llr : array_like of float32, shape (words, width)
    bits : array_like of 0 and 1, shape (words, width)
        What was sent.
    lengths : array_like of int, shape (words,), optional

    Returns
    -------
    Density

    Raises
    ------
    ValueError
        If shapes do not fit.

    Examples
    --------
    >>> code = ArithmeticCode([0.2, 0.8], precision=8)
    >>> rng = np.random.default_rng(0)
    >>> bits, lengths = code.encode(code.sample(500, 128, rng))
    >>> llr = 8 * (1 - 2.0 * bits + 0.5 * rng.standard_normal(bits.shape))
    >>> measure_density(GuessingDecoder(code, 128, max_queries=100), llr, bits, lengths).trials > 10_000
    True
    """
    llr, _ = as_batch(llr, None, "llr", np.float32)
    bits, _ = as_batch(bits, llr.shape[1], "bits", np.uint8)
    if len(bits) != len(llr):
        raise ValueError(f"bits of shape {bits.shape} given, {llr.shape} as of llr is expected")
    lengths = word_lengths(lengths, *llr.shape)
    options = {"intercept": decoder.intercept, "check": decoder.check}
    search = GuessingDecoder(decoder.code, decoder.length, decoder.max_queries, **options)
    result = search.decode(llr, lengths)
    right = ((result.bits == bits) | (np.arange(bits.shape[1]) >= lengths[:, None])).all(axis=1) & result.converged
    hits = int((result.converged & ~right).sum())
    trials = int(result.queries.sum()) - int(right.sum())
    return Density((hits + 0.5) / (trials + 1), hits, trials)


def neighbour_density(code: ArithmeticCode, length: int, flips: int = 3, words: int = 10_000, rng=0) -> Density:
    """The density of valid words among those that differ from a codeword in a few bits.

    Packets are drawn from the code's own probabilities and encoded, and 1 to `flips` bits of each are flipped at
    random places: is what comes out valid?

    Parameters
    ----------
    code : ArithmeticCode
    length : int
        L, symbols of a packet.
    flips : int
        Largest number of flipped bits.
    words : int
        Packets; each is tried with every number of flips.
    rng : int or numpy.random.Generator

    Returns
    -------
    Density

    Raises
    ------
    ValueError
        If `flips` or `words` is not above 0, or there are too few bits to flip.

    Examples
    --------
    >>> neighbour_density(ArithmeticCode([0.2, 0.8], precision=8), 512, words=1000)
    Density(0.00217, 6 of 3000 words valid)
    """
    if flips < 1 or words < 1:
        raise ValueError(f"flips={flips} and words={words} given, numbers above 0 are expected")
    rng = np.random.default_rng(rng)
    bits, lengths = code.encode(code.sample(words, length, rng))
    if lengths.min() < flips:
        raise ValueError(f"flips={flips} given, at most the {lengths.min()} bits of a codeword are expected")
    places = np.argsort(np.where(np.arange(bits.shape[1]) < lengths[:, None], rng.random(bits.shape), 2), axis=1)
    valid = np.zeros((words, flips), bool)
    _valid_after_flips(
        bits,
        lengths,
        length,
        np.ascontiguousarray(places[:, :flips]),
        code.model,
        np.zeros(pairs_needed(bits.shape[1], code.precision), np.int64),
        np.zeros(STATE, np.int64),
        np.zeros(code.n_symbols + 1, np.int64),
        np.zeros(length, code.dtype),
        valid,
    )
    hits = int(valid.sum())
    return Density((hits + 0.5) / (valid.size + 1), hits, valid.size)


@njit(cache=True)
def _valid_after_flips(bits, lengths, length, places, model, pairs, state, counts, path, valid):
    """Whether each word is valid with its first place flipped, its first two, and so on."""
    for word in range(len(bits)):
        n_bits = lengths[word]
        pack_pairs(bits[word], n_bits, model.precision, pairs)
        for k in range(places.shape[1]):
            flip_bit(pairs, places[word, k])
            start_state(state, counts)
            stop = n_bits + model.precision
            valid[word, k] = advance(state, counts, pairs, stop, n_bits, length, model, path) == VALID


@njit(cache=True)
def _node(prefix, depth, cached):
    """Number of the pattern that flips the first `depth` of these ranks, in the order of their places."""
    if depth == 0:
        return 0
    if depth == 1:
        return 1 + prefix[0]
    return 1 + cached + prefix[0] * cached + prefix[1]


@njit(cache=True)
def _run(node, state, counts, place, tree, order, pairs, n_bits, length, model, states, state_counts, known, path):
    """Decode on to the end, and keep for this node what is known just before each place of the tree behind `place`."""
    cached = len(tree)
    for column in range(cached):
        stop = order[tree[column]]
        if stop <= place:
            continue
        if advance(state, counts, pairs, stop, n_bits, length, model, path) == INVALID:
            known[node] = stop  # places before this one are known
            return INVALID
        kept = node * cached + tree[column]
        for k in range(STATE):
            states[kept, k] = state[k]
        if model.limit > 0:
            for k in range(len(counts)):
                state_counts[kept, k] = counts[k]
    known[node] = n_bits
    return advance(state, counts, pairs, n_bits + model.precision, n_bits, length, model, path)


@njit(cache=True)
def _query(prefix, cached, tree, order, pairs, n_bits, length, model, state, counts, states, state_counts, known, path):
    """Decode the word with bits of these ranks flipped, in the order of their places; how it ends.

    What is known of a word with one flip less is used for words of up to three flips, and with the first two
    flips for words of more. The symbols before the last of these flips are not written.
    """
    flips = len(prefix)
    depth = 0
    while depth < min(flips - 1, 2) and prefix[depth] < cached and prefix[depth + 1] < cached:
        depth += 1
    if flips > 0 and prefix[0] < cached:
        node, column = _node(prefix, depth, cached), prefix[depth]
        if order[column] >= known[node]:
            if flips <= 2 and depth == flips - 1:
                known[_node(prefix, flips, cached)] = 0
            return INVALID, 0
        kept = node * cached + column
        for k in range(STATE):
            state[k] = states[kept, k]
        if model.limit > 0:
            for k in range(len(counts)):
                counts[k] = state_counts[kept, k]
    else:
        start_state(state, counts)
    for k in range(flips):
        flip_bit(pairs, order[prefix[k]])
    begun = state[COUNT]
    if flips <= 2 and (flips == 0 or (prefix[0] < cached and prefix[flips - 1] < cached)):
        node = _node(prefix, flips, cached)
        place = order[prefix[flips - 1]] if flips > 0 else -1
        status = _run(
            node, state, counts, place, tree, order, pairs, n_bits, length, model, states, state_counts, known, path
        )
    else:
        status = advance(state, counts, pairs, n_bits + model.precision, n_bits, length, model, path)
    done = state[COUNT] - begun
    if status == VALID and flips > 0:  # rare: the symbols once more, from the first
        start_state(state, counts)
        status = advance(state, counts, pairs, n_bits + model.precision, n_bits, length, model, path)
        done += state[COUNT]
    for k in range(flips):
        flip_bit(pairs, order[prefix[k]])
    return status, done


@njit(cache=True)
def _decode_flipped(prefix, order, pairs, n_code, length, model, state, counts, path):
    """Decode the codeword with the bits of these ranks flipped, as far as they are its own; how it ends."""
    for k in range(len(prefix)):
        if order[prefix[k]] < n_code:
            flip_bit(pairs, order[prefix[k]])
    start_state(state, counts)
    status = advance(state, counts, pairs, n_code + model.precision, n_code, length, model, path)
    for k in range(len(prefix)):
        if order[prefix[k]] < n_code:
            flip_bit(pairs, order[prefix[k]])
    return status, state[COUNT]


@njit(cache=True)
def _guess_words(
    chosen,
    llr,
    lengths,
    length,
    n_best,
    rho,
    ranks,
    starts,
    columns,
    columns_at,
    n_checks,
    model,
    pairs,
    state,
    counts,
    states,
    state_counts,
    known,
    order,
    tree,
    prefix,
    found_at,
    found_weight,
    shares,
    path,
    bits,
    posterior,
    extrinsic,
    converged,
    symbols,
    metric,
    candidates,
    queries,
    decoded,
    confidence,
):
    cached = len(tree)
    for word in chosen:
        n_bits = lengths[word]
        row, out = llr[word], bits[word]
        for j in range(n_bits):
            posterior[word, j] = row[j]
        if not hard_decisions(row, n_bits, out):
            continue
        least_reliable(row, n_bits, order)
        for k in range(cached):  # the ranks below `cached` in the order of their places
            i = k
            while i > 0 and order[tree[i - 1]] > order[k]:
                tree[i] = tree[i - 1]
                i -= 1
            tree[i] = k
        n_code = n_bits - n_checks
        pack_pairs(out, n_code, model.precision, pairs)
        syndrome = np.int64(0)
        if n_checks > 0:
            for j in range(n_bits):
                if out[j]:
                    syndrome ^= columns[columns_at[word], j]
        in_list = 0
        total = 0.0
        best, winner = -np.inf, np.int64(-1)
        query = 0
        for pattern in range(len(starts) - 1):
            first, last = starts[pattern], starts[pattern + 1]
            flips = last - first
            query += 1
            weight = 0.0
            for k in range(flips):
                rank = ranks[first + k]
                weight += np.float64(abs(row[order[rank]]))
                i = k
                while i > 0 and order[prefix[i - 1]] > order[rank]:
                    prefix[i] = prefix[i - 1]
                    i -= 1
                prefix[i] = rank
            if n_checks > 0:
                passed = syndrome
                for k in range(flips):
                    passed ^= columns[columns_at[word], order[prefix[k]]]
                status, done = INVALID, np.int64(0)
                if passed == 0:
                    status, done = _decode_flipped(
                        prefix[:flips], order, pairs, n_code, length, model, state, counts, path
                    )
            else:
                status, done = _query(
                    prefix[:flips],
                    cached,
                    tree,
                    order,
                    pairs,
                    n_bits,
                    length,
                    model,
                    state,
                    counts,
                    states,
                    state_counts,
                    known,
                    path,
                )
            decoded[word] += done
            total += np.exp(-weight)
            if status == VALID:
                found_at[in_list], found_weight[in_list] = pattern, weight
                in_list += 1
                value = log_probability(path, model, counts) / (1 << FIXED_POINT) - weight
                if value > best:
                    best, winner = value, in_list - 1
                    for k in range(length):
                        symbols[word, k] = path[k]
                if in_list == n_best:
                    break
        queries[word] = query
        candidates[word] = in_list
        if winner < 0:
            continue
        converged[word] = True
        metric[word] = best
        if rho > 0:
            confidence[word] = soft_output(
                row,
                n_bits,
                out,
                rho,
                total,
                order,
                ranks,
                starts,
                found_at[:in_list],
                found_weight[:in_list],
                winner,
                shares,
                extrinsic[word],
            )
            for j in range(n_bits):
                posterior[word, j] += extrinsic[word, j]
        pattern = found_at[winner]
        for k in range(starts[pattern], starts[pattern + 1]):
            out[order[ranks[k]]] ^= 1


@njit(cache=True)
def soft_output(llr, n_bits, hard, rho, total, order, ranks, starts, found_at, found_weight, winner, shares, extrinsic):
    """Extrinsic values from the list, in place, and the probability that the winner is right.

    All probabilities are taken relative to that of the pattern without flips.
    """
    # Its inverse, 1 / p_0, grows beyond any float with the length: its logarithm from products of a few factors.
    log_inverse, product = 0.0, 1.0
    for j in range(n_bits):
        product *= 1 + np.exp(-np.float64(abs(llr[j])))
        if product > 1e200:
            log_inverse += np.log(product)
            product = 1.0
    log_inverse += np.log(product)
    in_list = 0.0
    for weight in found_weight:
        in_list += np.exp(-weight)
    # The rest, rho (1 - S), in the logarithm, over p_0.
    remaining = max(1 - total * np.exp(-log_inverse), 0.0)
    rest = rho * remaining * np.exp(min(log_inverse, 600.0))
    rest = max(rest, LEAST_REST)
    for j in range(n_bits):
        shares[0, j] = in_list  # of words that agree with the hard decision
        shares[1, j] = 0.0
    for i in range(len(found_at)):
        p = np.exp(-found_weight[i])
        for k in range(starts[found_at[i]], starts[found_at[i] + 1]):
            shares[0, order[ranks[k]]] -= p
            shares[1, order[ranks[k]]] += p
    for j in range(n_bits):
        e = np.exp(-np.float64(abs(llr[j])))
        agree, differ = max(shares[0, j], 0.0), shares[1, j]
        # A share over the probability that the bit is as the decoder was told: 1 / (1 + e), or e / (1 + e).
        value = np.log((rest + agree * (1 + e)) / (rest + (differ * (1 + e) / e if differ > 0 else 0.0)))
        extrinsic[j] = -value if hard[j] else value
    return np.exp(-found_weight[winner]) / (in_list + rest)

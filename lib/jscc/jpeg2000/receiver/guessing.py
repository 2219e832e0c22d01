r"""Guessing words of code-blocks in likelihood order, with calibrated soft output.

The order is ORBGRAND's and the soft output SOGRAND's, both as in `jscc.arithmetic.guessing`; which words are valid is
told by tier 1. A word is decoded from where it may differ from the received one: of that copies are kept, the same
number of steps apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit

from jscc.arithmetic.chase import hard_decisions, least_reliable
from jscc.arithmetic.guessing import MAX_QUERIES, MAX_RANKS, Density, pattern_table, soft_output
from jscc.jpeg2000.encoder import is_own_word, new_workspace
from jscc.jpeg2000.receiver.blocks import RULES, WINDOW, CodeBlock, SegmentResult, pack_bytes
from jscc.jpeg2000.stripes import (
    SYMBOL_RULE,
    begin_segment,
    copy_level,
    is_lost,
    needed_by,
    new_stack,
    run_step,
    steps_of,
    verdict,
)
from jscc.jpeg2000.tier1 import BYTES, FED, PASSES, PLACE, PREDICTABLE, START, SYMBOLS, Outline
from jscc.soft import as_batch

__all__ = ["GuessedSegments", "SegmentGuesser", "segment_density"]

KEPT = 24  # copies of the received word's decoder
PREDICTABLE_RULE = -1
MOST_READ = 2  # bytes beyond a segment that ends predictably


@dataclass(frozen=True, repr=False)
class GuessedSegments(SegmentResult):
    """What guessing found; `iterations` is the number of queries.

    Attributes
    ----------
    confidence : ndarray of float32, shape (words,)
        Probability that the best word is right; 0 where nothing was found.
    """

    confidence: np.ndarray


class SegmentGuesser:
    """Decoding of code-blocks by guessing in ORBGRAND's order: a `jscc.turbo.SourceDecoder`.

    Parameters
    ----------
    blocks : sequence of CodeBlock
        As for `SegmentDecoder`.
    max_queries : int
        Patterns tried at most, the received word as it is being the first.
    rho : float
        Density of valid words among those not tried, above 0 and at most 1: see `segment_density`.
    n_best : int
        The search stops with this number of valid words found.
    rule : {"bytes", "window", "symbols", "symbols+window", "predictable"}
        As for `SegmentDecoder`. "predictable": the word is the one that the encoder makes of what it decodes to, which
        holds for blocks whose termination is predictable, as their style then says.

    Raises
    ------
    ValueError
        If there is no block, a parameter is out of range, or a rule needs symbols that a block has not.

    Examples
    --------
    The first block of the standard's own example (J.10.4), with one bit wrong:

    >>> block = CodeBlock(0, Outline(width=1, height=5, planes=6, orientation=0, style=0), 16, 6)
    >>> bits = np.unpackbits(np.frombuffer(bytes.fromhex("01 8F 0D C8 75 5D"), np.uint8))
    >>> llr = 4 - 8.0 * bits
    >>> llr[17] *= -0.1
    >>> found = SegmentGuesser([block], max_queries=8, rho=0.05).decode(llr[None], [48])
    >>> bool((found.bits == bits).all()), int(found.iterations[0])
    (True, 2)
    """

    def __init__(
        self,
        blocks: Sequence[CodeBlock],
        max_queries: int = 16,
        rho: float = 0.03,
        n_best: int = 1,
        rule: str = "bytes",
    ):
        if not blocks:
            raise ValueError("blocks=[] given, one or more are expected")
        for name, value in (("max_queries", max_queries), ("n_best", n_best)):
            if not 1 <= value <= MAX_QUERIES or int(value) != value:
                raise ValueError(f"{name}={value} given, an integer from 1 to {MAX_QUERIES} is expected")
        if not 0 < rho <= 1:
            raise ValueError(f"rho={rho} given, a density above 0 and at most 1 is expected")
        rules = RULES | {"predictable": PREDICTABLE_RULE}
        if rule not in rules:
            raise ValueError(f"rule={rule!r} given, one of {', '.join(rules)} is expected")
        needed = PREDICTABLE if rule == "predictable" else SYMBOLS if "symbols" in rule else 0
        if not all(block.outline.style & needed == needed for block in blocks):
            raise ValueError(f"rule={rule!r} given, blocks of style {needed} are expected")
        self.blocks, self.max_queries, self.rho = tuple(blocks), int(max_queries), float(rho)
        self.n_best, self.rule, self._rule = int(n_best), rule, rules[rule]
        self._outlines = np.array([block.outline for block in blocks], np.int64)
        self._passes = np.array([block.passes for block in blocks], np.int64)
        self._bits = np.array([8 * block.n_bytes for block in blocks], np.int64)

    def decode(self, llr, lengths=None) -> GuessedSegments:
        """Guess until enough valid words are found.

        Parameters
        ----------
        llr : array_like of float32, shape (width,) or (words, width)
            Log-likelihood ratios; what follows a word's end is not read.
        lengths : array_like of int, shape (words,), optional
            Bits of each word, which are those of its block.

        Returns
        -------
        GuessedSegments
            Zero behind a word's end. Where nothing was found, bits are the received ones, and nothing is told.

        Raises
        ------
        ValueError
            If shapes do not fit, lengths are not those of the blocks, or a value is NaN.
        """
        llr, single = as_batch(llr, None, "llr", np.float32)
        words, width = llr.shape
        own = self._bits[np.arange(words) % len(self._bits)]
        if own.max(initial=0) > width or (lengths is not None and not np.array_equal(lengths, own)):
            raise ValueError(f"words of {width} bits and lengths={lengths} given, {own} are expected")
        found = GuessedSegments(*vars(SegmentResult.blank(words, width)).values(), np.zeros(words, np.float32))
        stack, work, shares = new_stack(width // 8, KEPT + 1), new_workspace(), np.zeros((2, width))
        for index, block in enumerate(self.blocks):
            ranks, starts, used = pattern_table(min(8 * block.n_bytes, MAX_RANKS), self.max_queries, 0)
            _guess_segments(
                np.arange(index, words, len(self.blocks)),
                llr,
                8 * block.n_bytes,
                self._outlines[index],
                block.passes,
                min(self.n_best, len(starts) - 1),
                self.rho,
                self._rule,
                WINDOW,
                ranks,
                starts,
                stack,
                work,
                np.zeros(KEPT, np.int64),
                np.zeros(used, np.int64),
                np.zeros(min(self.n_best, len(starts) - 1), np.int64),
                np.zeros(min(self.n_best, len(starts) - 1)),
                shares,
                found.bits,
                found.llr,
                found.extrinsic,
                found.converged,
                found.iterations,
                found.candidates,
                found.steps,
                found.confidence,
            )
        return found.first() if single else found

    def __repr__(self) -> str:
        return (
            f"SegmentGuesser({len(self.blocks)} blocks, {self.max_queries} queries, n_best={self.n_best}, "
            f"rho={self.rho:.3g}, {self.rule})"
        )


def segment_density(decoder: SegmentGuesser, llr, bits) -> Density:
    """The density of valid words among the queries, where the words that were sent are known.

    Every query that is not the word sent is a trial, and the one that ends the search a hit if it is valid.

    Parameters
    ----------
    decoder : SegmentGuesser
        Which stops at the first valid word.
    llr : array_like of float32, shape (words, width)
    bits : array_like of 0 and 1, shape (words, width)
        What was sent, zero behind a word's end.

    Returns
    -------
    Density

    Raises
    ------
    ValueError
        If the decoder makes lists.

    Examples
    --------
    >>> block = CodeBlock(0, Outline(width=1, height=5, planes=6, orientation=0, style=0), 16, 6)
    >>> bits = np.unpackbits(np.frombuffer(bytes.fromhex("01 8F 0D C8 75 5D"), np.uint8))
    >>> words = np.tile(bits, (100, 1))
    >>> llr = 4 - 8.0 * words + 4 * np.random.default_rng(0).standard_normal(words.shape)
    >>> segment_density(SegmentGuesser([block], max_queries=32), llr, words).trials > 500
    True
    """
    if decoder.n_best != 1:
        raise ValueError(f"n_best={decoder.n_best} given, 1 is expected")
    found = decoder.decode(llr)
    right = found.converged & (found.bits == bits).all(axis=1)
    hits = int((found.converged & ~right).sum())
    trials = int(found.iterations.sum()) - int(right.sum())
    return Density((hits + 0.5) / (trials + 1), hits, trials)


@njit(cache=True)
def _passed(outline, stack, work, passes, rule, window):
    """Whether a word of which all steps are done is valid."""
    if rule != PREDICTABLE_RULE:
        return verdict(stack, 0, rule, window)
    state, n_bytes = stack.state[0], stack.segments[0, BYTES]
    after = state[PLACE] + 1 - stack.segments[0, START]
    beyond = after + state[FED] - 1 - n_bytes
    if (state[FED] > 0 and after < n_bytes) or not 0 <= beyond <= MOST_READ:
        return False
    return is_own_word(outline, passes, stack.values[0], stack.source, n_bytes, work)


@njit(cache=True)
def _run_received(outline, stack, total, rule, apart, needs):
    """Decode the received word, keeping a copy each so many steps; how far it is known, and whether it was lost.

    needs: of each copy, the bytes that it depends on.

    Returns
    -------
    alive : bool
    copies : int
    needed : int
        Bytes that the outcome depends on.
    done : int
        Steps.
    """
    begin_segment(outline, stack, 0)
    copies = 0
    for step in range(total):
        if step % apart == 0:
            copies += 1
            copy_level(outline, stack, 0, copies)
            needs[copies - 1] = needed_by(stack, 0)
        run_step(outline, stack, 0, step)
        if is_lost(stack, 0, rule):
            return False, copies, needed_by(stack, 0), step + 1
    return True, copies, needed_by(stack, 0), total


@njit(cache=True)
def _run_flipped(outline, stack, total, rule, apart, needs, copies, first):
    """Decode a word that is the received one up to this byte; whether all steps were done, and how many here."""
    copy = copies
    while copy > 0 and needs[copy - 1] > first:
        copy -= 1
    if copy == 0:
        begin_segment(outline, stack, 0)
        begun = 0
    else:
        copy_level(outline, stack, copy, 0)
        begun = (copy - 1) * apart
    for step in range(begun, total):
        run_step(outline, stack, 0, step)
        if is_lost(stack, 0, rule):
            return False, step + 1 - begun
    return True, total - begun


@njit(cache=True)
def _guess_segments(
    chosen,
    llr,
    n_bits,
    shape,
    passes,
    n_best,
    rho,
    rule,
    window,
    ranks,
    starts,
    stack,
    work,
    needs,
    order,
    found_at,
    found_weight,
    shares,
    bits,
    posterior,
    extrinsic,
    converged,
    queries,
    candidates,
    steps,
    confidence,
):
    outline = Outline(shape[0], shape[1], shape[2], shape[3], shape[4])
    total = steps_of(outline, passes)
    apart = (total + len(needs) - 1) // len(needs)
    lost_by = SYMBOL_RULE if rule == PREDICTABLE_RULE else rule  # by a marker alone
    stack.segments[0, START], stack.segments[0, BYTES], stack.segments[0, PASSES] = 0, n_bits // 8, passes
    for word in chosen:
        row, out = llr[word], bits[word]
        for j in range(n_bits):
            posterior[word, j] = row[j]
        if not hard_decisions(row, n_bits, out):
            continue
        least_reliable(row, n_bits, order)
        pack_bytes(out, n_bits // 8, stack.source)
        in_list, tried = 0, 0.0
        least, winner = np.inf, np.int64(-1)
        whole, copies, reached, done = _run_received(outline, stack, total, lost_by, apart, needs)
        steps[word] = done
        received_valid = whole and _passed(outline, stack, work, passes, rule, window)
        for pattern in range(len(starts) - 1):
            begin, end = starts[pattern], starts[pattern + 1]
            weight, first = 0.0, np.int64(n_bits)
            for k in range(begin, end):
                weight += np.float64(abs(row[order[ranks[k]]]))
                first = min(first, order[ranks[k]])
            queries[word] += 1
            tried += np.exp(-weight)
            valid = received_valid
            if begin < end and first >> 3 < reached:
                for k in range(begin, end):
                    place = order[ranks[k]]
                    stack.source[place >> 3] ^= 0x80 >> (place & 7)
                alive, done = _run_flipped(outline, stack, total, lost_by, apart, needs, copies, first >> 3)
                steps[word] += done
                valid = alive and _passed(outline, stack, work, passes, rule, window)
                for k in range(begin, end):
                    place = order[ranks[k]]
                    stack.source[place >> 3] ^= 0x80 >> (place & 7)
            if valid:
                found_at[in_list], found_weight[in_list] = pattern, weight
                if weight < least:
                    least, winner = weight, in_list
                in_list += 1
                if in_list == n_best:
                    break
        candidates[word] = in_list
        if winner < 0:
            continue
        converged[word] = True
        confidence[word] = soft_output(
            row,
            n_bits,
            out,
            rho,
            tried,
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
        for k in range(starts[found_at[winner]], starts[found_at[winner] + 1]):
            out[order[ranks[k]]] ^= 1

r"""The Chase-like decoder of code-blocks (paper 3, sections 3.2, 4.2 and 5).

Of the q least reliable bits all :math:`2^q` ways are tried, words that are valid (`jscc.jpeg2000.stripes.verdict`)
compete, and bits in which they agree get the extrinsic value :math:`\beta (1 - 2 b)`.

The words are the leaves of a tree: they share their bytes up to the first bit that differs. The tree is walked depth
first, and a copy of the decoder is kept just before the step in which it looks at the byte of each of the q bits, so
that a shared beginning is decoded once; a beginning by which bytes run out ends all words that share it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from jscc.arithmetic.chase import hard_decisions, least_reliable, sort_places
from jscc.arithmetic.coder import bit_length
from jscc.jpeg2000.receiver.blocks import RULES, WINDOW, CodeBlock, SegmentResult, pack_bytes
from jscc.jpeg2000.stripes import (
    begin_segment,
    copy_level,
    is_lost,
    needed_by,
    new_stack,
    run_step,
    steps_of,
    verdict,
)
from jscc.jpeg2000.tier1 import BYTES, PASSES, START, SYMBOLS, Outline
from jscc.soft import as_batch

__all__ = ["SegmentDecoder"]

MAX_FLIPS = 12


class SegmentDecoder:
    """The Chase-like decoder of code-blocks, with constant soft output: a `jscc.turbo.SourceDecoder`.

    Parameters
    ----------
    blocks : sequence of CodeBlock
        Row i of what is decoded is a word of block i, counted round: frames hold the same blocks again and again.
    q : int
        Bits that are tried both ways, 0 to 12; of shorter words all.
    beta : float
        Extrinsic value of a bit in which all valid words agree.
    rule : {"bytes", "window", "symbols", "symbols+window"}
        Which words are valid. "bytes": a correct block reads 0 or 1 byte beyond its segment. "window": the bits it
        uses end in a window of eight. "symbols": its segmentation symbols are right, which only blocks of that style
        have; or both. A marker within the segment is invalid by each rule.

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
    >>> found = SegmentDecoder([block], q=2).decode(llr[None], [48])
    >>> bool((found.bits == bits).all()), found.converged, found.extrinsic[0, :4]
    (True, array([ True]), array([4., 4., 4., 4.], dtype=float32))
    """

    def __init__(self, blocks: Sequence[CodeBlock], q: int = 4, beta: float = 4.0, rule: str = "bytes"):
        if not blocks:
            raise ValueError("blocks=[] given, one or more are expected")
        if not 0 <= q <= MAX_FLIPS or int(q) != q:
            raise ValueError(f"q={q} given, an integer from 0 to {MAX_FLIPS} is expected")
        if not 0 <= beta < np.inf:
            raise ValueError(f"beta={beta} given, a finite number of 0 or more is expected")
        if rule not in RULES:
            raise ValueError(f"rule={rule!r} given, one of {', '.join(RULES)} is expected")
        if "symbols" in rule and not all(block.outline.style & SYMBOLS for block in blocks):
            raise ValueError(f"rule={rule!r} given, blocks with segmentation symbols are expected")
        self.blocks, self.q, self.beta, self.rule = tuple(blocks), int(q), float(beta), rule
        self._outlines = np.array([block.outline for block in blocks], np.int64)
        self._passes = np.array([block.passes for block in blocks], np.int64)
        self._bits = np.array([8 * block.n_bytes for block in blocks], np.int64)

    def decode(self, llr, lengths=None) -> SegmentResult:
        """Find the best valid word of each row.

        Parameters
        ----------
        llr : array_like of float32, shape (width,) or (words, width)
            Log-likelihood ratios; what follows a word's end is not read.
        lengths : array_like of int, shape (words,), optional
            Bits of each word, which are those of its block.

        Returns
        -------
        SegmentResult
            Zero behind a word's end. Where no word is valid, bits are the received ones, and nothing is told.

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
        found = SegmentResult.blank(words, width)
        _chase_segments(
            llr,
            own,
            self._outlines,
            self._passes,
            self.q,
            np.float32(self.beta),
            RULES[self.rule],
            WINDOW,
            new_stack(width // 8, self.q + 1),
            np.zeros(self.q, np.int64),
            np.zeros(self.q, np.int64),
            np.zeros(self.q + 1, np.int64),
            found.bits,
            found.llr,
            found.extrinsic,
            found.converged,
            found.iterations,
            found.candidates,
            found.steps,
        )
        return found.first() if single else found

    def __repr__(self) -> str:
        return f"SegmentDecoder({len(self.blocks)} blocks, q={self.q}, beta={self.beta:g}, {self.rule})"


@njit(cache=True)
def _begin_or_restore(outline, stack, working, slot, at):
    """Put a kept decoder into the working level, or begin anew; the step to go on with."""
    if slot < 0:
        begin_segment(outline, stack, working)
        return 0
    copy_level(outline, stack, slot, working)
    return at[slot]


@njit(cache=True)
def _run_word(outline, stack, working, total, rule, tree, first, margin, slots, at):
    """Decode a word that differs from the one before in bit `first` of the tree, and keep copies before later bits.

    tree: places of the bits; slots: the level that holds the copy for each of them, or -1 for none; at: the step of
    each level's copy.

    Returns
    -------
    alive : bool
        Whether all steps were done.
    known : int
        How many of the tree's bits the outcome depends on.
    margin : int
        More than any step has read.
    done : int
        Steps done here.
    """
    m = len(tree)
    recent = slots[first] if first >= 0 else -1
    step = begun = _begin_or_restore(outline, stack, working, recent, at)
    known = first + 1
    needed = needed_by(stack, working)
    while known < m and tree[known] >> 3 < needed:
        slots[known] = recent
        known += 1
    while step < total:
        kept = known < m and needed + margin > tree[known] >> 3
        if kept:
            copy_level(outline, stack, working, known)
            at[known] = step
        run_step(outline, stack, working, step)
        step += 1
        now = needed_by(stack, working)
        margin = max(margin, now - needed + 1)
        needed = now
        if known < m and tree[known] >> 3 < needed:
            if kept:
                recent = known
            while known < m and tree[known] >> 3 < needed:
                slots[known] = recent
                known += 1
        if is_lost(stack, working, rule):
            return False, known, margin, step - begun
    return True, known, margin, step - begun


@njit(cache=True)
def _chase_segments(
    llr,
    lengths,
    outlines,
    passes,
    q,
    beta,
    rule,
    window,
    stack,
    places,
    slots,
    at,
    bits,
    posterior,
    extrinsic,
    converged,
    queries,
    candidates,
    steps,
):
    for word in range(len(llr)):
        n_bits, block = lengths[word], word % len(passes)
        row, out = llr[word], bits[word]
        for j in range(n_bits):
            posterior[word, j] = row[j]
        if not hard_decisions(row, n_bits, out):
            continue
        shape = outlines[block]
        outline = Outline(shape[0], shape[1], shape[2], shape[3], shape[4])
        m = min(q, n_bits)
        tree = places[:m]
        least_reliable(row, n_bits, tree)
        sort_places(tree)
        pack_bytes(out, n_bits // 8, stack.source)
        stack.segments[0, START], stack.segments[0, BYTES] = 0, n_bits // 8
        stack.segments[0, PASSES] = passes[block]
        total = steps_of(outline, passes[block])
        size = np.int64(1) << m
        leaf, before = np.int64(0), np.int64(0)
        least, winner = np.inf, np.int64(-1)
        in_all, in_any = size - 1, np.int64(0)
        margin = np.int64(2)
        while leaf < size:
            changed = leaf ^ before
            first = m - bit_length(changed) if leaf > 0 else -1
            weight = 0.0
            for k in range(m):
                if changed >> (m - 1 - k) & 1:
                    stack.source[tree[k] >> 3] ^= 0x80 >> (tree[k] & 7)
                if leaf >> (m - 1 - k) & 1:
                    weight += abs(row[tree[k]])
            before = leaf
            alive, known, margin, done = _run_word(outline, stack, q, total, rule, tree, first, margin, slots, at)
            queries[word] += 1
            steps[word] += done
            cut = m - known  # words that share the bits up to there have the same outcome; this is their first
            if alive and verdict(stack, q, rule, window):
                candidates[word] += 1 << cut
                in_all &= leaf
                in_any |= leaf | ((1 << cut) - 1)
                if weight < least:
                    least, winner = weight, leaf
            leaf = ((leaf >> cut) + 1) << cut
        if winner < 0:
            continue
        converged[word] = True
        for k in range(m):
            if winner >> (m - 1 - k) & 1:
                out[tree[k]] ^= 1
        for j in range(n_bits):
            extrinsic[word, j] = -beta if out[j] else beta
        for k in range(m):
            if (in_all ^ in_any) >> (m - 1 - k) & 1:
                extrinsic[word, tree[k]] = 0
        for j in range(n_bits):
            posterior[word, j] += extrinsic[word, j]

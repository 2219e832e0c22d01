r"""Unequal protection: what a code-block has in the first quality layers behind a stronger code than the rest.

A convolutional code of rate 1/2 with a second parity output is the mother of both. The first part of the words of a
frame has both parities in some steps, the other part has none in some: each parity bit that the one has more is one
that the other has not, so that the image takes as many bits on the channel as with rate 1/2 throughout. Each part is a
word of the code of its own, scrambled by itself; the source decoder sees a code-block's word whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from jscc.convolutional.bcjr import BCJRDecoder
from jscc.convolutional.code import ConvolutionalCode
from jscc.convolutional.viterbi import ViterbiDecoder
from jscc.jpeg2000.codestream import Codestream
from jscc.jpeg2000.receiver.blocks import CodeBlock
from jscc.jpeg2000.receiver.chase import SegmentDecoder
from jscc.jpeg2000.receiver.link import ImageLink
from jscc.soft import SoftResult
from jscc.turbo import RandomInterleaver, SerialTurbo, SourceDecoder

__all__ = ["UnequalLink"]


class UnequalLink(ImageLink):
    """An image's code-blocks whose first bytes are protected better than the others, at the same rate in all.

    Parameters
    ----------
    codestream : Codestream
    code : ConvolutionalCode
        Of two outputs, not punctured: the code of equal protection.
    interleaver : RandomInterleaver
    first : array_like of int, shape (blocks,)
        How many bytes of each block that has some (`coded_blocks`) are in the first part.
    moved : int
        Of a hundred steps of the first part this many have a second parity bit, which the other part goes without.
    parity : int
        Generator of the second parity output.
    blocks_per_frame, iterations, source
        See `ImageLink`.

    Attributes
    ----------
    sent : int
        Bits on the channel, those of termination with them: as many as `ImageLink` sends with `code`.

    Raises
    ------
    ValueError
        As `ImageLink`, and if `first` or the code is not as said, or the other part has too few parity bits.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from jscc.jpeg2000 import layer_lengths, parse
    >>> from jscc.jpeg2000.receiver import coded_blocks
    >>> file = io.BytesIO()
    >>> picture = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    >>> settings = {"no_jp2": True, "irreversible": True, "quality_mode": "rates", "quality_layers": [16, 8]}
    >>> Image.fromarray(picture).save(file, "JPEG2000", **settings)
    >>> codestream = parse(file.getvalue())
    >>> first = layer_lengths(codestream)[0, [block.number for block in coded_blocks(codestream)]]
    >>> code = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)
    >>> link = UnequalLink(codestream, code, RandomInterleaver(0), first, moved=50)
    >>> received = link.transmit(3.5, trials=50, rng=1)
    >>> wrong = received.content[-1] != link.content
    >>> within = np.concatenate([np.arange(block.n_bytes) < few for block, few in zip(link.blocks, first)])
    >>> bool(wrong[:, ~within].mean() > 5 * wrong[:, within].mean())
    True
    """

    def __init__(
        self,
        codestream: Codestream,
        code: ConvolutionalCode,
        interleaver: RandomInterleaver,
        first,
        moved: int,
        parity: int = 0o17,
        blocks_per_frame: int = 4,
        iterations: int = 5,
        source: Callable[[Sequence[CodeBlock]], SourceDecoder] = SegmentDecoder,
    ):
        super().__init__(codestream, code, interleaver, blocks_per_frame, iterations, source)
        first, lengths = np.asarray(first), np.diff(self.starts)
        if first.shape != lengths.shape or (first < 0).any() or (first > lengths).any():
            raise ValueError(f"first={first} given, 0 up to {lengths} bytes are expected")
        if len(code.generators) != 2 or not code.puncturing.all():
            raise ValueError(f"{code!r} given, two outputs that are all sent are expected")
        mother = replace(code, generators=(*code.generators, parity), puncturing=None)
        parts = [_parts_of(8 * lengths[rows], 8 * first[rows]) for rows in self._rows()]
        masks = _masks(mother, np.array([[len(part) for part in both] for both in parts]), moved)
        self.sent = sum(int(mask.sum()) for both in masks for mask in both)
        frames = []
        for (start, frame, *_), both, sent in zip(self._frames, parts, masks, strict=True):
            split = _SplitInterleaver(interleaver, both)
            inner = [_SplitDecoder(kind(mother), _SplitCode(mother, sent)) for kind in (ViterbiDecoder, BCJRDecoder)]
            tandem = SerialTurbo(inner[0], SegmentDecoder(frame, 0, 0), split, len(frame), 1)
            turbo = SerialTurbo(inner[1], source(frame), split, len(frame), iterations, stop=True)
            frames.append((start, frame, tandem, turbo))
        self._frames = frames

    def _rows(self) -> list[slice]:
        """Which blocks are in each frame."""
        return [slice(start, start + len(frame)) for start, frame, *_ in self._frames]


def _parts_of(lengths: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the bits of both parts stand in the joined words of a frame."""
    is_first = np.concatenate([np.arange(length) < few for length, few in zip(lengths, first, strict=True)])
    return np.flatnonzero(is_first), np.flatnonzero(~is_first)


def _masks(mother: ConvolutionalCode, sizes: np.ndarray, moved: int) -> list[list[np.ndarray]]:
    """Which outputs are sent in each step: (steps, 3) of bool, of both parts of each frame; a part of 0 bits has none.

    sizes: (frames, 2), information bits
    """
    steps = np.where(sizes > 0, sizes + mother.memory * mother.terminated, 0)
    whole = sizes.sum(axis=1) + mother.memory * mother.terminated
    totals = steps.sum(axis=0)
    added = int(totals[0]) * moved // 100
    removed = added + 2 * int(steps.sum() - whole.sum())  # a second termination has its price too
    if not (0 <= moved <= 100 and removed <= totals[1]):
        raise ValueError(
            f"moved={moved} given, 0 to 100 is expected, and at most {totals[1]} parity bits to move, not {removed}"
        )
    second, lacking = _spread(added, int(totals[0])), _spread(removed, int(totals[1]))
    ends = np.cumsum(steps, axis=0)
    masks = []
    for size, end in zip(steps, ends, strict=True):
        both = [np.ones((size[0], 3), bool), np.ones((size[1], 3), bool)]
        both[0][:, 2] = second[end[0] - size[0] : end[0]]
        both[1][:, 1] = ~lacking[end[1] - size[1] : end[1]]
        both[1][:, 2] = False
        masks.append(both)
    return masks


def _spread(count: int, places: int) -> np.ndarray:
    """So many of the places, evenly: bool."""
    steps = np.arange(places + 1, dtype=np.int64) * count // max(places, 1)
    return np.diff(steps) > 0


class _SplitInterleaver:
    """Scrambles each part of a frame by itself, the first part before the other."""

    def __init__(self, interleaver: RandomInterleaver, parts: tuple[np.ndarray, np.ndarray]):
        self._order = np.concatenate([part[interleaver.order(len(part))] for part in parts])

    def order(self, length: int) -> np.ndarray:
        """See `RandomInterleaver.order`; of this frame's length."""
        if length != len(self._order):
            raise ValueError(f"a frame of {length} bits given, {len(self._order)} are expected")
        return self._order


class _SplitCode:
    """A word of the mother code for each part that has bits, of which some outputs are not sent."""

    period = 1

    def __init__(self, mother: ConvolutionalCode, masks: Sequence[np.ndarray]):
        self.mother = mother
        self.masks = [mask for mask in masks if len(mask)]
        self.sizes = [len(mask) - mother.memory * mother.terminated for mask in self.masks]

    def length(self, k: int) -> int:
        """Bits on the channel."""
        if k != sum(self.sizes):
            raise ValueError(f"information of {k} bits given, {sum(self.sizes)} are expected")
        return sum(int(mask.sum()) for mask in self.masks)

    def encode(self, information: np.ndarray, lengths=None) -> np.ndarray:
        """Words of the code, those of a frame's parts one behind the other; all frames are of this length."""
        parts = np.split(information, np.cumsum(self.sizes)[:-1], axis=1)
        words = [self.mother.encode(part)[:, mask.ravel()] for part, mask in zip(parts, self.masks, strict=True)]
        return np.concatenate(words, axis=1)


class _SplitDecoder:
    """A decoder of the mother code for each part; an output that was not sent has a log-likelihood ratio of zero."""

    def __init__(self, decoder: BCJRDecoder | ViterbiDecoder, code: _SplitCode):
        self.decoder, self.code = decoder, code

    def decode(self, llr: np.ndarray, apriori: np.ndarray, lengths=None) -> SoftResult:
        """See `BCJRDecoder.decode`; all frames are of this length."""
        code = self.code
        sent = np.split(llr, np.cumsum([mask.sum() for mask in code.masks])[:-1], axis=1)
        told = np.split(apriori, np.cumsum(code.sizes)[:-1], axis=1)
        found = []
        for part, known, mask in zip(sent, told, code.masks, strict=True):
            whole = np.zeros((len(part), mask.size), np.float32)
            whole[:, mask.ravel()] = part
            found.append(self.decoder.decode(whole, known))
        joined = (np.concatenate([getattr(each, name) for each in found], axis=1) for name in _PER_BIT)
        return SoftResult(*joined, found[0].converged, found[0].iterations)

    def __repr__(self) -> str:
        return f"{len(self.code.masks)} parts of {self.code.length(sum(self.code.sizes))} bits, {self.decoder!r}"


_PER_BIT = ("bits", "llr", "extrinsic")

"""Code-blocks as words of a code: what the headers tell of each, which words are valid, what a search gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from jscc.jpeg2000.codestream import Codestream
from jscc.jpeg2000.stripes import BYTE_RULE, SYMBOL_RULE, SYMBOL_WINDOW_RULE, WINDOW_RULE
from jscc.jpeg2000.tier1 import Outline, check_outline
from jscc.soft import SoftResult

__all__ = ["CodeBlock", "SegmentResult", "coded_blocks"]

RULES = {"bytes": BYTE_RULE, "window": WINDOW_RULE, "symbols": SYMBOL_RULE, "symbols+window": SYMBOL_WINDOW_RULE}
WINDOW = -5
"""Bits read beyond a segment less those left in the register, at least: 2,578 of 2,598 blocks of six pictures that no
table shows lie in -5 to 2, at .4 and 1 bit a pixel, each value about as often."""


class CodeBlock(NamedTuple):
    """What the headers tell of a code-block that has bytes.

    Attributes
    ----------
    number : int
        Its row in `Codestream.blocks`.
    outline : Outline
    passes : int
    n_bytes : int
        Of its one segment.
    """

    number: int
    outline: Outline
    passes: int
    n_bytes: int


def coded_blocks(codestream: Codestream) -> list[CodeBlock]:
    """The code-blocks that have bytes, in the codestream's order.

    Parameters
    ----------
    codestream : Codestream

    Returns
    -------
    list of CodeBlock

    Raises
    ------
    ValueError
        If a block has several segments, as the styles BYPASS and TERMALL make them, or cannot be decoded.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from jscc.jpeg2000 import parse
    >>> file = io.BytesIO()
    >>> Image.linear_gradient("L").save(file, "JPEG2000", no_jp2=True, codeblock_size=(32, 32))
    >>> blocks = coded_blocks(parse(file.getvalue()))
    >>> blocks[0].outline
    Outline(width=8, height=8, planes=8, orientation=0, style=0)
    """
    found = []
    for number in np.flatnonzero(codestream.blocks["n_passes"]):
        row = codestream.blocks[number]
        if row["n_segments"] != 1:
            raise ValueError(f"block {number} of {row['n_segments']} segments given, one is expected")
        subband = codestream.subbands[row["subband"]]
        component = codestream.tiles[subband["tile"]].components[subband["component"]]
        outline = Outline(
            int(row["x1"] - row["x0"]),
            int(row["y1"] - row["y0"]),
            int(subband["magnitude_bits"] + component.roi_shift - row["zero_planes"]),
            int(subband["orientation"]),
            component.style,
        )
        check_outline(outline)
        n_bytes = int(codestream.segments[row["first_segment"]]["n_bytes"])
        if n_bytes:
            found.append(CodeBlock(int(number), outline, int(row["n_passes"]), n_bytes))
    return found


@dataclass(frozen=True, repr=False)
class SegmentResult(SoftResult):
    """What a search among words of segments found; `iterations` is the number of words that were judged one by one.

    Attributes
    ----------
    candidates : ndarray of int32, shape (words,)
        Valid words among those tried.
    steps : ndarray of int64, shape (words,)
        Stripes of passes that were decoded, which is what the search costs.
    """

    candidates: np.ndarray
    steps: np.ndarray

    @classmethod
    def blank(cls, words: int, width: int) -> SegmentResult:
        """A result in which nothing is found yet, for a decoder to fill in."""
        return cls(
            bits=np.zeros((words, width), np.uint8),
            llr=np.zeros((words, width), np.float32),
            extrinsic=np.zeros((words, width), np.float32),
            converged=np.zeros(words, bool),
            iterations=np.zeros(words, np.int32),
            candidates=np.zeros(words, np.int32),
            steps=np.zeros(words, np.int64),
        )


@njit(cache=True)
def pack_bytes(bits, n_bytes, source):
    """Bits to bytes, the first bit the most significant, and two bytes of ones behind them."""
    for k in range(n_bytes):
        value = 0
        for j in range(8):
            value = 2 * value + bits[8 * k + j]
        source[k] = value
    source[n_bytes] = source[n_bytes + 1] = 0xFF

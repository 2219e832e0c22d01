"""Where a JPEG 2000 codestream keeps the bytes of every code-block (ISO/IEC 15444-1, Annexes A and B)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from jscc.jpeg2000.markers import CodestreamError, Component, Limits, Size

__all__ = ["Codestream", "CodestreamError", "Tile", "TileComponent", "parse"]

SUBBAND = np.dtype(
    [
        (name, np.int64)
        for name in (
            "tile",  # row of Codestream.tiles, not the tile's index
            "component",
            "resolution",
            "orientation",  # 0 LL, 1 HL, 2 LH, 3 HH
            "x0",
            "y0",
            "x1",
            "y1",
            "exponent",
            "mantissa",
            "magnitude_bits",
        )
    ]
)
BLOCK = np.dtype(
    [
        (name, np.int64)
        for name in ("subband", "x0", "y0", "x1", "y1", "zero_planes", "n_passes", "first_segment", "n_segments")
    ]
)
SEGMENT = np.dtype([(name, np.int64) for name in ("n_passes", "n_bytes", "first_chunk", "n_chunks")])
CHUNK = np.dtype([(name, np.int64) for name in ("offset", "n_bytes")])


class TileComponent(NamedTuple):
    """One component within one tile: x0, y0, x1, y1 are in the component's own samples."""

    x0: int
    y0: int
    x1: int
    y1: int
    levels: int
    reversible: bool
    style: int  # code-block style: 1 BYPASS, 2 RESET, 4 TERMALL, 8 VSC, 16 PTERM, 32 SEGSYM
    guard_bits: int
    roi_shift: int
    quantisation: int  # 0 none, 1 derived, 2 expounded
    subbands: slice  # of Codestream.subbands: LL, then HL, LH, HH of each resolution
    block_width: int  # log2 of the nominal width: xcb
    block_height: int
    precincts: tuple[tuple[int, int], ...]  # log2 of width and height at each resolution


@dataclass(frozen=True, repr=False)
class Tile:
    """One tile that has bytes in the codestream: x0, y0, x1, y1 are on the reference grid."""

    index: int
    x0: int
    y0: int
    x1: int
    y1: int
    components: tuple[TileComponent, ...]
    multi_component: bool
    layers: int
    progression: int  # of the COD in force: 0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL


@dataclass(frozen=True, repr=False)
class Codestream:
    """A parsed codestream: what its headers say, and where its code-blocks' bytes lie."""

    data: bytes
    size: Size
    components: tuple[Component, ...]
    tiles: tuple[Tile, ...]
    subbands: np.ndarray
    blocks: np.ndarray
    segments: np.ndarray
    chunks: np.ndarray
    truncated_at: int | None  # where the bytes end before the last packet does, None in a whole stream

    def bytes_of(self, block: int) -> bytes:
        """The bytes of a code-block: its segments, joined."""
        row = self.blocks[block]
        first, count = int(row["first_segment"]), int(row["n_segments"])
        segments = self.segments[first : first + count]
        chunks = [c for s in segments for c in self.chunks[s["first_chunk"] : s["first_chunk"] + s["n_chunks"]]]
        return b"".join(self.data[int(c["offset"]) : int(c["offset"] + c["n_bytes"])] for c in chunks)


def parse(data: bytes, *, limits: Limits = Limits()) -> Codestream:  # noqa: B008
    """Read a codestream, or the first one of a JP2 file."""
    raise NotImplementedError

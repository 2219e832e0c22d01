"""The marker segments of a JPEG 2000 codestream: what its headers say (ISO/IEC 15444-1, Annex A)."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CodestreamError", "Component", "Limits", "Size"]


class CodestreamError(ValueError):
    """What is wrong with a codestream, and at which byte of what was given: ``at byte N: ...``."""

    def __init__(self, offset: int, message: str):
        super().__init__(f"at byte {offset}: {message}")
        self.offset = offset


class Limits(NamedTuple):
    """How much a header may promise before it is refused: what a reader then needs stays below 1 GB and 10 s."""

    samples: int = 2**26
    tile_components: int = 2**18
    subbands: int = 2**20
    precincts: int = 2**20
    blocks: int = 2**21
    chunks: int = 2**23
    steps: int = 2**28


class Size(NamedTuple):
    """The reference grid (SIZ; A.5.1), in its own samples.

    Attributes
    ----------
    x0, y0, x1, y1 : int
        The image area: from (XOsiz, YOsiz) to (Xsiz, Ysiz), which lie outside.
    tile_width, tile_height, tile_x0, tile_y0 : int
        XTsiz, YTsiz, XTOsiz, YTOsiz.
    capabilities : int
        Rsiz.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    tile_width: int
    tile_height: int
    tile_x0: int
    tile_y0: int
    capabilities: int


class Component(NamedTuple):
    """One component of the image (SIZ): bits a sample, whether they are signed, and its sub-sampling."""

    precision: int
    signed: bool
    dx: int
    dy: int

"""The Kodak pictures in colours over the same channel, beside the same in grey (`jpeg2000_kodak`) at as many bits.

A code-block in luma and one in chroma weigh differently; so the errors of each are also looked at alone, with the
blocks of the other as they were sent.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from jscc import datasets
from jscc.experiments.jpeg2000.common import chase_link, counts_of, encoded, psnr, quality_of, quality_rows
from jscc.experiments.jpeg2000.kodak import IMAGES
from jscc.jpeg2000 import Codestream
from jscc.jpeg2000.rebuilding import ColourRebuilder
from jscc.jpeg2000.receiver import ImageLink, Received
from jscc.runner import Experiment


@lru_cache(maxsize=8)
def coded_in_colours(name: str, bpp: float, block: int) -> Codestream:
    """A picture of three components as OpenJPEG codes it, one layer cut off at `bpp` bits a pixel."""
    return encoded(datasets.image(name), block, (bpp,))


def colour_rows(image: str, bpp: float, block: int, ebn0_db: float, n: int, seed: int) -> list[dict]:
    """PSNR over the three components of `n` transmissions after each iteration; iteration 0 is the tandem.

    `luma_only` and `chroma_only`: the mean with the wrong blocks of luma alone, and of chroma alone.
    """
    original = datasets.image(image)
    link = chase_link(coded_in_colours(image, bpp, block), ebn0_db)
    rebuilder = ColourRebuilder(link.codestream, [each.number for each in link.blocks])
    received = link.transmit(ebn0_db, n, seed)
    found, in_chroma = quality_of(received, rebuilder, original), rebuilder.components > 0
    rows = quality_rows(link, rebuilder, original, found, counts_of(link, received))
    lengths = np.diff(link.starts)
    for name, own in (("luma", ~in_chroma), ("chroma", in_chroma)):
        alone = only(received, link, own)
        wrong = counts_of(link, alone)[0]
        for row, quality, count in zip(rows, quality_of(alone, rebuilder, original), wrong, strict=True):
            row[f"{name}_only"] = float(psnr(quality.plain, original.size).mean())
            row[f"{name}_wrong"] = int(count)
            row[f"{name}_blocks"], row[f"{name}_bytes"] = int(n * own.sum()), int(lengths[own].sum())
    return rows


def only(received: Received, link: ImageLink, own: np.ndarray) -> Received:
    """What was received of some blocks (bool), and what was sent of the others."""
    bytes_of_own = np.repeat(own, np.diff(link.starts))
    content = np.where(bytes_of_own, received.content, link.content)
    return received._replace(content=content, valid=received.valid | ~own)


def _grid(scale: str) -> list[dict]:
    images, points = {
        "smoke": (IMAGES[:1], ((0.4, 4.5, 2),)),
        "quick": (IMAGES[:4], ((0.4, 4.5, 3),)),
        "paper": (IMAGES, ((0.4, 4.0, 12), (0.4, 4.5, 12), (0.4, 5.0, 12), (1.0, 4.5, 6), (1.0, 5.0, 6))),
    }[scale]
    return [
        {"image": image, "bpp": bpp, "block": 64, "ebn0_db": ebn0_db, "n": n}
        for bpp, ebn0_db, n in points
        for image in images
    ]


EXPERIMENTS = [
    Experiment(
        name="jpeg2000_colour",
        title="PSNR against Eb/N0 of the Kodak pictures in three components, and what luma and chroma have in the loss",
        task=colour_rows,
        grid=_grid,
        needs=("kodak",),
    ),
]

"""Unequal protection by quality layers: the first layer's bytes behind more parity bits, the second's behind fewer.

All ways take the same number of bits on the channel. Blocks that stay invalid are concealed by what the first layer
has of them. How the parity is divided is chosen on pictures that no curve shows.
"""

from __future__ import annotations

from functools import lru_cache, partial

import pandas as pd

from jscc.experiments.arithmetic.turbo import INTERLEAVER, RSC
from jscc.experiments.jpeg2000.common import (
    BLOCKS_PER_FRAME,
    ITERATIONS,
    Q,
    beta_at,
    encoded,
    picture,
    psnr,
    quality_rows,
    squared_error,
    transmissions,
)
from jscc.jpeg2000 import Codestream, decode_image, layer_lengths, with_layers
from jscc.jpeg2000.rebuilding import LayerRebuilder
from jscc.jpeg2000.receiver import SegmentDecoder, UnequalLink, coded_blocks
from jscc.runner import Experiment

LEVELS = (3.5, 4.0, 4.5, 5.0)
SECOND_PARITY = 0o17  # (1, 15/13, 17/13)
IMAGES = ("lena", "camera")
CHOICE_IMAGES = ("boat", "goldhill", "barbara", "peppers", "zelda", "mandrill")
# Bits a pixel of the first layer, and of how many per cent of its steps the second parity bit is sent.
DIVISIONS = ((0.1, 0), (0.1, 50), (0.1, 100), (0.2, 0), (0.2, 25), (0.2, 50))
CHOSEN = (0.1, 50)  # of `DIVISIONS`, by `best_division` of the table of `jpeg2000_protection_choice`


@lru_cache(maxsize=32)
def coded_in_layers(name: str, bpp: float, first: float, block: int) -> Codestream:
    """A grey picture in two quality layers, cut off at `first` and at `bpp` bits a pixel."""
    return encoded(picture(name), block, (first, bpp))


def unequal_link(codestream: Codestream, moved: int, ebn0_db: float) -> UnequalLink:
    """The paper's receiver behind unequal protection; with `moved` 0 behind the paper's own code."""
    blocks = coded_blocks(codestream)
    layers = layer_lengths(codestream)[:, [block.number for block in blocks]]
    source = partial(SegmentDecoder, q=Q, beta=beta_at(ebn0_db))
    first = layers[0] if moved else layers.sum(axis=0)
    turns = BLOCKS_PER_FRAME, ITERATIONS, source
    return UnequalLink(codestream, RSC, INTERLEAVER, first, moved, SECOND_PARITY, *turns)


def protection_rows(
    image: str, bpp: float, block: int, first: float, moved: int, ebn0_db: float, n: int, seed: int
) -> list[dict]:
    """As `jscc.experiments.jpeg2000.psnr.psnr_rows`, of two layers; concealed: invalid blocks by the first layer.

    `first_layer` is the PSNR of that layer alone, `sent` the bits of an image on the channel.
    """
    codestream, original = coded_in_layers(image, bpp, first, block), picture(image)
    link = unequal_link(codestream, moved, ebn0_db)
    rebuilder = LayerRebuilder(codestream, [each.number for each in link.blocks], 1)
    rows = quality_rows(link, rebuilder, original, *transmissions(link, rebuilder, original, ebn0_db, n, seed))
    first_layer = psnr(squared_error(decode_image(with_layers(codestream, 1)), original), original.size)
    common = {
        "first_layer": float(first_layer),
        "first_bytes": int(layer_lengths(codestream)[0].sum()),
        "sent": link.sent,
    }
    return [row | common for row in rows]


def best_division(choice: pd.DataFrame) -> tuple[float, int]:
    """The division with the greatest mean PSNR after all iterations, over pictures and levels, blocks concealed."""
    last = choice[choice.iteration == ITERATIONS]
    first, moved = last[last.moved > 0].groupby(["first", "moved"]).concealed_mean.mean().idxmax()
    return float(first), int(moved)


def _points(images, divisions, levels, n: int) -> list[dict]:
    return [
        {
            "image": image,
            "bpp": 0.4,
            "block": 64,
            "first": first,
            "moved": moved,
            "ebn0_db": ebn0_db,
            "n": n,
        }
        for first, moved in divisions
        for image in images
        for ebn0_db in levels
    ]


def _choice_grid(scale: str) -> list[dict]:
    return {
        "smoke": _points(CHOICE_IMAGES[:1], DIVISIONS[-1:], (4.5,), 2),
        "quick": _points(CHOICE_IMAGES[:2], DIVISIONS, (4.5,), 2),
        "paper": _points(CHOICE_IMAGES, DIVISIONS, LEVELS, 6),
    }[scale]


def _grid(scale: str) -> list[dict]:
    ways = ((CHOSEN[0], 0), CHOSEN)
    return {
        "smoke": _points(IMAGES[1:], ways[1:], (4.5,), 2),
        "quick": _points(IMAGES, ways, (4.0, 4.5), 4),
        "paper": _points(IMAGES, ways, LEVELS, 120),
    }[scale]


EXPERIMENTS = [
    Experiment(
        name="jpeg2000_protection_choice",
        title="How parity is best divided between two quality layers, on pictures that no curve shows",
        task=protection_rows,
        grid=_choice_grid,
        needs=CHOICE_IMAGES,
    ),
    Experiment(
        name="jpeg2000_protection",
        title="PSNR with the first quality layer protected better than the second, at the same rate in all",
        task=protection_rows,
        grid=_grid,
        needs=IMAGES,
    ),
]

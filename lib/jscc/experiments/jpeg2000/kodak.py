"""Figures 6 and 7 of paper 3 with the Kodak pictures as a set: luma, a few transmissions of each."""

from __future__ import annotations

import numpy as np

from jscc.experiments.jpeg2000.common import (
    SHOWN,
    Quality,
    chase_link,
    coded,
    counts_of,
    picture,
    psnr,
    quality_of,
    squared_error,
)
from jscc.jpeg2000.rebuilding import Rebuilder
from jscc.runner import Experiment

IMAGES = tuple(f"kodim{number:02}" for number in range(1, 25))


def kodak_rows(image: str, bpp: float, block: int, ebn0_db: float, n: int, seed: int) -> list[dict]:
    """PSNR of `n` transmissions after each iteration, and all values in hundredths of a dB, for the set's quantiles."""
    original = picture(image)
    link = chase_link(coded(image, bpp, block), ebn0_db)
    rebuilder = Rebuilder(link.codestream, [each.number for each in link.blocks])
    received = link.transmit(ebn0_db, n, seed)
    counts = counts_of(link, received)
    error_free = squared_error(rebuilder.image(rebuilder.content), original)
    rows = []
    for k, quality in enumerate(quality_of(received, rebuilder, original)):
        row = {"iteration": SHOWN[k], "error_free": float(psnr(error_free, original.size))}
        for kind in Quality._fields:
            values = psnr(getattr(quality, kind), original.size)
            name = "psnr" if kind == "plain" else kind
            row[f"{name}_mean"], row[f"{name}_std"] = float(values.mean()), float(values.std(ddof=1))
            row[f"{name}_values"] = " ".join(str(value) for value in np.sort(np.rint(100 * values).astype(int)))
        row["blocks"] = n * len(link.blocks)
        rows.append(row | {name: int(count) for name, count in zip(COUNTS, counts[:, k], strict=True)})
    return rows


COUNTS = ("blocks_wrong", "blocks_invalid", "blocks_undetected")


def _grid(scale: str) -> list[dict]:
    images, rates, n = {
        "smoke": (IMAGES[:1], {0.4: (4.5,)}, 2),
        "quick": (IMAGES[:4], {0.4: (4.5, 5.0)}, 3),
        "paper": (IMAGES, {0.4: (4.0, 4.5, 5.0, 5.5, 6.0)}, 21),  # 504 of the set
    }[scale]
    return [
        {"image": image, "bpp": bpp, "block": 64, "ebn0_db": ebn0_db, "n": n}
        for bpp, points in rates.items()
        for ebn0_db in points
        for image in images
    ]


EXPERIMENTS = [
    Experiment(
        name="jpeg2000_kodak",
        title="PSNR against Eb/N0 of the Kodak pictures as a set, the tandem and the iterative receiver",
        task=kodak_rows,
        grid=_grid,
        needs=("kodak",),
    ),
]

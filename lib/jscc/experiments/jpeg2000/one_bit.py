"""At 1 bit a pixel what the tables of .4 bit have: the Kodak pictures, small blocks, the separate design.

Tables of their own, of fewer transmissions: an image costs two to three times as much as at .4 bit a pixel.
"""

from __future__ import annotations

from jscc.experiments.jpeg2000.kodak import IMAGES, kodak_rows
from jscc.experiments.jpeg2000.psnr import psnr_rows
from jscc.experiments.jpeg2000.separate import separate_rows
from jscc.runner import Experiment

BPP = 1.0


def _points(images, block: int, levels, n: int, **more) -> list[dict]:
    return [
        {"image": image, "bpp": BPP, "block": block, "ebn0_db": ebn0_db, **more, "n": n}
        for ebn0_db in levels
        for image in images
    ]


def _kodak_grid(scale: str) -> list[dict]:
    return {
        "smoke": _points(IMAGES[:1], 64, (4.5,), 2),
        "quick": _points(IMAGES[:2], 64, (4.5,), 2),
        "paper": _points(IMAGES, 64, (4.5, 5.0), 8),
    }[scale]


def _small_grid(scale: str) -> list[dict]:
    return {
        "smoke": _points(("camera",), 32, (4.5,), 2, decoder="chase"),
        "quick": _points(("camera",), 32, (4.0, 4.5), 4, decoder="chase"),
        "paper": _points(("lena", "camera"), 32, (4.0, 4.5, 5.0), 200, decoder="chase"),
    }[scale]


def _separate_grid(scale: str) -> list[dict]:
    return {
        "smoke": _points(("camera",), 64, (2.0,), 2, decoder="ldpc"),
        "quick": _points(("camera",), 64, (1.5, 2.0), 4, decoder="ldpc"),
        "paper": _points(("lena", "camera"), 64, (1.25, 1.5, 2.0), 120, decoder="ldpc"),
    }[scale]


EXPERIMENTS = [
    Experiment(
        name="jpeg2000_kodak_one_bit",
        title="The Kodak pictures as a set at 1 bit a pixel",
        task=kodak_rows,
        grid=_kodak_grid,
        needs=("kodak",),
    ),
    Experiment(
        name="jpeg2000_small_one_bit",
        title="Figure 7 with code-blocks of 32 x 32",
        task=psnr_rows,
        grid=_small_grid,
        needs=("lena", "camera"),
    ),
    Experiment(
        name="jpeg2000_separate_one_bit",
        title="The separate design at 1 bit a pixel",
        task=separate_rows,
        grid=_separate_grid,
        needs=("lena", "camera"),
    ),
]

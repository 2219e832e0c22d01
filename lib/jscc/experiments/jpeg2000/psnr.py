"""Figures 6 and 7 of paper 3: PSNR against Eb/N0 of images that were coded by JPEG 2000 and decoded in turns."""

from __future__ import annotations

from jscc.experiments.jpeg2000.common import chase_link, coded, picture, sent_images
from jscc.runner import Experiment

IMAGES = ("lena", "camera")
RATES = (0.4, 1.0)  # bits a pixel: Figures 6 and 7
BLOCKS = (64, 32)
EBN0_DB = (3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5, 7.0)


def psnr_rows(image: str, bpp: float, block: int, ebn0_db: float, decoder: str, n: int, seed: int) -> list[dict]:
    """PSNR of `n` transmissions after each iteration; iteration 0 is the tandem, of the same noise."""
    link = chase_link(coded(image, bpp, block), ebn0_db)
    return sent_images(link, picture(image), ebn0_db, n, seed)


def _grid(scale: str) -> list[dict]:
    images, rates, blocks, points, n = {
        "smoke": (("camera",), (0.4,), (64,), (4.5, 6.0), 2),
        "quick": (("camera",), RATES, (64,), (4.0, 4.5, 5.0, 6.0), 20),
        "paper": (IMAGES, RATES, BLOCKS, EBN0_DB, 500),
    }[scale]
    return [
        {"image": image, "bpp": bpp, "block": block, "ebn0_db": ebn0_db, "decoder": "chase", "n": n}
        for block in blocks
        for bpp in rates
        for image in images
        for ebn0_db in points
        if block == 64 or (bpp < 1 and 4 <= ebn0_db <= 6)  # where the size of blocks makes a difference
    ]


EXPERIMENTS = [
    Experiment(
        name="jpeg2000_psnr",
        title="Figures 6 and 7: PSNR against Eb/N0, the tandem and the iterative receiver",
        task=psnr_rows,
        grid=_grid,
        needs=("lena", "camera"),
    ),
]

"""Paper 1, the control that decides, for less than eight planes: random checks against a random half of the bits."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from jscc.classify.columns import Column, LabelledImages, gray_images, symbols
from jscc.classify.gru import Settings
from jscc.experiments.syndromes.common import (
    DATASETS,
    SHORT_SCALES,
    held_out,
    scatter,
    train_and_test,
    train_on_planes,
)
from jscc.experiments.syndromes.row_weight import matrix_of_weight
from jscc.ldpc.syndrome import syndromes
from jscc.runner import Experiment

DRAWS = range(5)
UNITS = 12


def train_first_planes(dataset: str, setup: str, n_planes: int, weight: int, seed: int, epochs: int) -> dict:
    """GRU12 on random checks of the first planes; another matrix and another training for each seed."""
    column = Column(transform=setup == "jpeg", coded=True, n_planes=n_planes)
    code = matrix_of_weight(weight, "random", seed)
    return train_and_test(gray_images(dataset), column, Settings(units=UNITS, epochs=epochs), seed, code=code)


def train_one_plane(dataset: str, quality: int, plane: int, weight: int, split: str, seed: int, epochs: int) -> dict:
    """GRU12 on random checks of one plane of the coefficients by itself, half a bit per pixel.

    `plane`: 0, the sign, or 1, the highest of the magnitude. `split`: "held_out", 10,000 of the training images,
    where settings are chosen, or "test".
    """
    images, *sets = _coefficients(dataset, split, quality)
    code = matrix_of_weight(weight, "random", seed)
    coded = (syndromes(packed << np.uint8(plane), code) for packed in sets)
    return train_on_planes(*coded, images, 1, Settings(units=UNITS, epochs=epochs), seed)


@lru_cache(maxsize=1)
def _coefficients(dataset: str, split: str, quality: int) -> tuple[LabelledImages, np.ndarray, np.ndarray]:
    images = held_out(dataset) if split == "held_out" else gray_images(dataset)
    train, test = (symbols(part, transform=True, quality=quality) for part in (images.train, images.test))
    return images, train, test


def _first_planes_grid(scale: str) -> list[dict]:
    """Of one plane more weights, as there the heavier checks may tell more."""
    names, seeds, epochs = SHORT_SCALES[scale]
    plan = {1: (1, 2, 3, 6, 12), 2: (1, 6), 4: (1, 6)} if scale == "paper" else {1: (1, 6)}
    return [
        {"dataset": dataset, "setup": setup, "n_planes": n_planes, "weight": weight, "seed": seed, "epochs": epochs}
        for setup in ("pixels", "jpeg")
        for n_planes, weights in plan.items()
        for weight in weights
        for seed in (DRAWS if scale == "paper" else seeds)
        for dataset in names
    ]


def _one_plane_grid(scale: str) -> list[dict]:
    names, seeds, epochs = SHORT_SCALES[scale]
    qualities = (5, 10, 25, 95) if scale == "paper" else (95,)
    return [
        {"dataset": dataset, "quality": quality, "plane": plane, "weight": weight}
        | {"split": split, "seed": seed, "epochs": epochs}
        for split in ("held_out", "test")
        for quality in qualities
        for dataset in names
        for plane in (0, 1)
        for weight in ((1, 3, 6, 12) if quality == 95 and scale == "paper" else (1, 6))
        for seed in (seeds[:1] if split == "held_out" else seeds)
    ]


EXPERIMENTS = [
    Experiment(
        name="syndromes_first_planes",
        title="GRU12 on random checks, and on random single bits, of the first one, two and four planes",
        task=train_first_planes,
        grid=_first_planes_grid,
        needs=DATASETS,
        scatter=scatter(0.011),
    ),
    Experiment(
        name="syndromes_one_plane",
        title="Half a bit per pixel from the sign plane or the first magnitude plane alone, coded and not",
        task=train_one_plane,
        grid=_one_plane_grid,
        needs=DATASETS,
        scatter=scatter(0.011),
    ),
]

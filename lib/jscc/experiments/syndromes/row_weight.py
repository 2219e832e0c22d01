"""Paper 1, the control that decides: how many pixels a check adds, down to one, which is no code at all."""

from __future__ import annotations

import numpy as np

from jscc import tanner
from jscc.classify.columns import CODE_SEED, COLUMNS, SIDE, gray_images
from jscc.classify.gru import Settings
from jscc.experiments.syndromes.common import DATASETS, SHORT_SCALES, scatter, train_and_test
from jscc.runner import Experiment
from jscc.tanner import TannerGraph

N, M = SIDE * SIDE, SIDE * SIDE // 2
DRAWS = range(9)  # of the matrix, at the paper's scale, a training each


def matrix_of_weight(weight: int, arrangement: str, draw: int) -> TannerGraph:
    """512 checks of a weight on 1024 pixels; of weight 1 they keep half of the pixels as they are.

    "random": the checks' pixels are drawn, all pixels in as equally many checks as can be. "local": a check has so
    many pixels in a row, and begins two pixels after the one before, as in the first block of Gallager's construction
    where rows do not overlap; nothing is drawn.
    """
    if arrangement == "local":
        pixels = (2 * np.arange(M)[:, None] + np.arange(weight)) % N
        return TannerGraph.from_edges(M, N, np.repeat(np.arange(M), weight), pixels.ravel())
    if arrangement != "random":
        raise ValueError(f"arrangement={arrangement!r} given, random or local is expected")
    rng = np.random.default_rng([CODE_SEED, weight, draw])
    whole, rest = divmod(M * weight, N)
    degrees = np.full(N, whole)
    degrees[rng.permutation(N)[:rest]] += 1
    return tanner.configuration(degrees, np.full(M, weight), rng)


def train_row_weight(dataset: str, column: str, weight: int, arrangement: str, seed: int, epochs: int) -> dict:
    """GRU12 on the checks of a matrix; another matrix and another training for each seed."""
    code = matrix_of_weight(weight, arrangement, seed)
    return train_and_test(gray_images(dataset), COLUMNS[column], Settings(epochs=epochs), seed, code=code)


def train_without_penalty(dataset: str, weight: int, seed: int, epochs: int) -> dict:
    """As `train_row_weight` on random checks of pixels, without the L2 penalty of Table I."""
    code = matrix_of_weight(weight, "random", seed)
    settings = Settings(epochs=epochs, l2=0.0)
    return train_and_test(gray_images(dataset), COLUMNS["ldpc"], settings, seed, code=code)


def _grid(scale: str) -> list[dict]:
    names, seeds, epochs = SHORT_SCALES[scale]
    plan = [("ldpc", "random", (1, 2, 3, 6, 12))]
    if scale == "paper":
        plan += [("jl_8bp", "random", (1, 3, 12)), ("ldpc", "random", (24,)), ("ldpc", "local", (2, 3, 6, 12))]
        plan += [("jl_8bp", "random", (2, 6, 24)), ("ldpc", "local", (24,)), ("jl_8bp", "local", (2, 3, 6, 12, 24))]
    return [
        {
            "dataset": dataset,
            "column": column,
            "weight": weight,
            "arrangement": arrangement,
            "seed": seed,
            "epochs": epochs,
        }
        for column, arrangement, weights in plan
        for weight in weights
        for seed in (DRAWS if scale == "paper" and arrangement == "random" else seeds)
        for dataset in names
    ]


def _without_penalty_grid(scale: str) -> list[dict]:
    names, seeds, epochs = SHORT_SCALES[scale]
    return [
        {"dataset": dataset, "weight": weight, "seed": seed, "epochs": epochs}
        for weight in (1, 6, 12, 24)
        for seed in (DRAWS if scale == "paper" else seeds)
        for dataset in names
    ]


EXPERIMENTS = [
    Experiment(
        name="syndromes_row_weight",
        title="GRU12 on checks of one to 24 pixels, another matrix for each seed",
        task=train_row_weight,
        grid=_grid,
        needs=DATASETS,
        scatter=scatter(0.011),
    ),
    Experiment(
        name="syndromes_without_penalty",
        title="GRU12 on single pixels and on checks of six to 24 without the L2 penalty",
        task=train_without_penalty,
        grid=_without_penalty_grid,
        needs=DATASETS,
        scatter=scatter(0.02),
    ),
]

"""Paper 1: which parity-check matrix, and which reading of it, would give the printed Table II."""

from __future__ import annotations

import numpy as np

from jscc.classify.columns import COLUMNS, LabelledImages, gray_images, symbols
from jscc.classify.gru import Settings
from jscc.classify.readings import MATRICES, READINGS, gray_coded, gray_magnitudes, open_matrix, read
from jscc.experiments.syndromes.common import (
    DATASETS,
    SCALES,
    SHORT_SCALES,
    held_out,
    scatter,
    score,
    settings_of,
    train_and_test,
    train_on_planes,
)
from jscc.ldpc.syndrome import syndromes
from jscc.runner import Experiment

# By `syndromes_matrices` the nearest to the paper's column in the mean of the data sets, of the regular matrices and of
# all; they are trained as the paper did, on all training images, and tested.
CHOSEN = (("rows_columns_rows", "gray"), ("patches", "gray"))
PLAIN = ("rows_columns_rows", "binary")  # what the Gray code does there
# In Setup 2 the printed numbers of the sign plane lie between those of random checks and of neighbours.
BETWEEN = "gallager"
MANY_STEPS_EPOCHS = 5  # of 512 steps each


def train_matrix(
    dataset: str, matrix: str, levels: str, reading: str, model: str, seed: int, epochs: int, split: str
) -> dict:
    """A GRU on the syndromes of Setup 1 by an open matrix; another draw of it, and another training, for each seed.

    `levels`: "binary", or "gray" for the planes of a Gray code. `split`: "held_out", 10,000 of the training images,
    or "test".
    """
    images = held_out(dataset) if split == "held_out" else gray_images(dataset)
    graph = open_matrix(matrix, seed)
    sets = [symbols(part, transform=False) for part in (images.train, images.test)]
    if levels == "gray":
        sets = [gray_coded(part) for part in sets]
    (train, steps), (test, _) = (read(part, graph, reading) for part in sets)
    settings = settings_of(model, epochs)
    if reading == "checks":
        result = _by_checks(train, test, images, settings, seed)
    else:
        result = train_on_planes(train, test, images, steps, settings, seed)
    return {**result, "rank": graph.rank(), "four_cycles": graph.count_4_cycles()}


def train_matrix_on_coefficients(dataset: str, matrix: str, column: str, model: str, seed: int, epochs: int) -> dict:
    """A cell of Setup 2 of Table II by an open matrix: the paper has one matrix for both set-ups."""
    images, code = gray_images(dataset), open_matrix(matrix, seed)
    return train_and_test(images, COLUMNS[column], settings_of(model, epochs), seed, code=code)


def train_gray(dataset: str, setup: str, matrix: str, levels: str, model: str, seed: int, epochs: int) -> dict:
    """What the Gray code does by itself, and in Setup 2; trained on all training images, as in Table II.

    `setup`: "pixels", or "jpeg", where the magnitudes are Gray-coded behind the sign. `matrix`: "none", or one of
    `jscc.classify.readings.MATRICES`, another draw of it for each seed.
    """
    images = gray_images(dataset)
    transform = setup == "jpeg"
    sets = [symbols(part, transform=transform) for part in (images.train, images.test)]
    if levels == "gray":
        sets = [gray_magnitudes(part) if transform else gray_coded(part) for part in sets]
    if matrix != "none":
        graph = open_matrix(matrix, seed)
        sets = [syndromes(part, graph) for part in sets]
    return train_on_planes(*sets, images, 8, settings_of(model, epochs), seed)


def _by_checks(train: np.ndarray, test: np.ndarray, images: LabelledImages, paper: Settings, seed: int) -> dict:
    """More steps than a byte has planes: torch's GRU, without penalty."""
    from jscc.classify.rivals import Training, byte_gru, train_and_predict  # torch, which `jscc list` does without

    settings = Training(epochs=paper.epochs, batch_size=64)
    predicted, parameters, loss = train_and_predict(
        lambda: byte_gru(paper.units), train, images.train_labels, test, settings, seed
    )
    return {**score(predicted, images.test_labels), "parameters": parameters, "train_loss": loss}


def _grid(scale: str) -> list[dict]:
    """Every matrix, four of them on the planes of a Gray code too, then the other readings of a random one."""
    names, seeds, epochs = SHORT_SCALES[scale]
    plan = [(matrix, "binary", "planes", names) for matrix in MATRICES]
    plan += [(matrix, "gray", "planes", names) for matrix in ("random", "rows_columns_rows", "patches", BETWEEN)]
    some = names[::2]  # MNIST and YCIFAR-10, where the paper's column does not come out
    plan += [("random", "binary", reading, some) for reading in READINGS if reading not in ("planes", "checks")]
    points = [
        _point(dataset, *setting, "GRU12", seed, epochs, "held_out")
        for *setting, names_of_setting in plan
        for dataset in names_of_setting
        for seed in seeds
    ]
    many = min(epochs, MANY_STEPS_EPOCHS)
    return points + [
        _point(names[-1], "random", "binary", "checks", "GRU12", seed, many, "held_out") for seed in seeds[:2]
    ]


def _tested_grid(scale: str) -> list[dict]:
    names, seeds, epochs = SCALES[scale]
    return [
        _point(dataset, matrix, levels, "planes", model, seed, epochs, "test")
        for matrix, levels in (*CHOSEN, PLAIN, (BETWEEN, "binary"))
        for dataset in names
        for model in ("GRU12", "GRU32")
        for seed in seeds
    ]


def _coefficients_grid(scale: str) -> list[dict]:
    names, seeds, epochs = SCALES[scale]
    fixed = {"model": "GRU12", "epochs": epochs}
    return [
        {"dataset": dataset, "matrix": matrix, "column": column, "seed": seed, **fixed}
        for matrix in (*(matrix for matrix, _ in CHOSEN), BETWEEN)
        for column in ("jl_8bp", "jl_msb1", "jl_msb")
        for dataset in names
        for seed in seeds
    ]


def _gray_grid(scale: str) -> list[dict]:
    """Uncoded pixels, which Table II has with the planes of the plain levels; in Setup 2 two regular matrices."""
    names, seeds, epochs = SCALES[scale]
    what = ("setup", "matrix", "levels", "model")
    settings = (
        ("pixels", "none", "gray", "GRU12"),
        ("pixels", "none", "gray", "GRU32"),
        ("jpeg", "rows_columns_rows", "gray", "GRU12"),
        ("jpeg", "random", "gray", "GRU12"),
    )
    return [
        {"dataset": dataset, **dict(zip(what, setting, strict=True)), "seed": seed, "epochs": epochs}
        for setting in settings
        for dataset in names
        for seed in seeds
    ]


def _point(
    dataset: str, matrix: str, levels: str, reading: str, model: str, seed: int, epochs: int, split: str
) -> dict:
    return {
        "dataset": dataset,
        "matrix": matrix,
        "levels": levels,
        "reading": reading,
        "model": model,
        "seed": seed,
        "epochs": epochs,
        "split": split,
    }


EXPERIMENTS = [
    Experiment(
        name="syndromes_matrices",
        title="Setup 1 by matrices and readings that the paper leaves open, judged on held-out training images",
        task=train_matrix,
        grid=_grid,
        needs=DATASETS,
        scatter=scatter(0.011),
    ),
    Experiment(
        name="syndromes_matrices_tested",
        title="Setup 1 by the matrices nearest to the paper's column, trained as in Table II",
        task=train_matrix,
        grid=_tested_grid,
        needs=DATASETS,
        scatter=scatter(0.011),
    ),
    Experiment(
        name="syndromes_matrices_jpeg",
        title="Setup 2 by the same matrices, trained as in Table II",
        task=train_matrix_on_coefficients,
        grid=_coefficients_grid,
        needs=DATASETS,
        scatter=scatter(0.011),
    ),
    Experiment(
        name="syndromes_gray",
        title="Gray-coded levels without a code, and Gray-coded magnitudes in Setup 2",
        task=train_gray,
        grid=_gray_grid,
        needs=DATASETS,
        scatter=scatter(0.011),
    ),
]

"""Paper 1: settings of every table and figure of the chapters on classifying from syndromes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jscc.classify.features import COLUMNS, Column, LabelledImages, features, gray_images
from jscc.classify.gru import GRUClassifier, Settings
from jscc.runner import Experiment

SEEDS = (0, 1, 2)
DATASETS = ("mnist", "fashion_mnist", "cifar10")
# What a scale means here: the data sets, the seeds and the epochs. `digits` is always at hand.
SCALES = {
    "smoke": (("digits",), (0,), 2),
    "quick": (("digits",), (0,), 30),
    "paper": (DATASETS, SEEDS, 30),
}


def train_column(dataset: str, column: str, model: str, seed: int, epochs: int) -> dict:
    """One cell of Table II: train on the whole training set, test after the last epoch."""
    images = gray_images(dataset)
    settings = Settings(units=int(model.removeprefix("GRU")), epochs=epochs)
    return train_and_test(images, COLUMNS[column], settings, seed)


def train_planes(dataset: str, setup: str, n_planes: int, seed: int, epochs: int) -> dict:
    """Accuracy from the first `n_planes` syndromes; with none, the most frequent class."""
    images = gray_images(dataset)
    if n_planes == 0:
        guess = np.bincount(images.train_labels).argmax()
        return _score(np.full(len(images.test), guess), images.test_labels)
    column = replace(COLUMNS["ldpc" if setup == "pixels" else "jl_8bp"], n_planes=n_planes)
    return train_and_test(images, column, Settings(epochs=epochs), seed)


def train_and_test(
    images: LabelledImages, column: Column, settings: Settings, seed: int, **options
) -> dict:
    """Train a GRU on a column's features and count its errors on the test set.

    `options` go to `jscc.classify.features.features`.
    """
    model = GRUClassifier(column.width, column.n_planes, settings, seed)
    losses = model.fit(features(images.train, column, **options), images.train_labels)
    score = _score(model.predict(features(images.test, column, **options)), images.test_labels)
    return {**score, "parameters": model.n_parameters, "train_loss": float(losses[-1])}


def _score(predicted: np.ndarray, labels: np.ndarray) -> dict:
    errors = int((predicted != labels).sum())
    return {"accuracy": 1 - errors / len(labels), "errors": errors, "n_test": len(labels)}


def _table2_grid(scale: str) -> list[dict]:
    names, seeds, epochs = SCALES[scale]
    return [
        {"dataset": dataset, "column": column, "model": model, "seed": seed, "epochs": epochs}
        for dataset in names
        for column in COLUMNS
        for model in ("GRU12", "GRU32")
        for seed in seeds
    ]


def _planes_grid(scale: str) -> list[dict]:
    names, seeds, epochs = SCALES[scale]
    return [
        {"dataset": dataset, "setup": setup, "n_planes": n_planes, "seed": seed, "epochs": epochs}
        for dataset in names
        for setup in ("pixels", "jpeg")
        for n_planes in range(9)
        for seed in (seeds if n_planes else seeds[:1])
    ]


EXPERIMENTS = [
    Experiment(
        name="syndromes_table2",
        title="Table II: accuracy of the GRU on syndromes, six columns, two sizes",
        task=train_column,
        grid=_table2_grid,
        needs=DATASETS,
    ),
    Experiment(
        name="syndromes_planes",
        title="Accuracy against the number of bit-planes sent, both set-ups",
        task=train_planes,
        grid=_planes_grid,
        needs=DATASETS,
    ),
]

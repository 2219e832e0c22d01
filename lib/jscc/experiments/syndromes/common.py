"""What the experiments of paper 1 share: the data sets, a training with its test, the score."""

from __future__ import annotations

import numpy as np

from jscc.classify.columns import CODE_SEED, Column, LabelledImages, features, gray_images
from jscc.classify.gru import GRUClassifier, Settings

DATASETS = ("mnist", "fashion_mnist", "cifar10")
SEEDS = (0, 1, 2)
# What a scale means here: the data sets, the seeds and the epochs. `digits` is always at hand.
SCALES = {
    "smoke": (("digits",), (0,), 2),
    "quick": (("digits",), (0,), 30),
    "paper": (DATASETS, SEEDS, 30),
}
SHORT_SCALES = SCALES | {"paper": (DATASETS, SEEDS, 15)}
N_TEST = 10_000  # test images of each of them
HELD_OUT = {"digits": 360}  # training images held out for choices; 10,000 of the other sets


def held_out(dataset: str) -> LabelledImages:
    """The training images alone: 10,000 of them, drawn once, take the place of the test set."""
    images = gray_images(dataset)
    order = np.random.default_rng(CODE_SEED).permutation(len(images.train))
    count = HELD_OUT.get(dataset, 10_000)
    test, train = order[:count], order[count:]
    return LabelledImages(
        images.train[train], images.train_labels[train], images.train[test], images.train_labels[test]
    )


def scatter(accuracy: float, train_loss: float = 0.01) -> dict[str, float]:
    """How far apart trainings of one cell come out, as standard deviations, for `jscc.runner.verify`.

    Pooled over the seeds of the table itself, and rounded up.
    """
    return {"accuracy": accuracy, "errors": accuracy * N_TEST, "train_loss": train_loss}


def settings_of(model: str, epochs: int) -> Settings:
    """The paper's settings of a network, GRU12 or GRU32."""
    return Settings(units=int(model.removeprefix("GRU")), epochs=epochs)


def train_and_test(images: LabelledImages, column: Column, settings: Settings, seed: int, **options) -> dict:
    """Train a GRU on a column's features and count its errors on the test set.

    `options` go to `jscc.classify.columns.features`.
    """
    train, test = (features(part, column, **options) for part in (images.train, images.test))
    return train_on_planes(train, test, images, column.n_planes, settings, seed)


def train_on_planes(
    train: np.ndarray, test: np.ndarray, images: LabelledImages, n_planes: int, settings: Settings, seed: int
) -> dict:
    """Train a GRU on packed planes or syndromes of the training images and count its errors on those of the others."""
    model = GRUClassifier(train.shape[1], n_planes, settings, seed)
    losses = model.fit(train, images.train_labels)
    result = score(model.predict(test), images.test_labels)
    return {**result, "parameters": model.n_parameters, "train_loss": float(losses[-1])}


def score(predicted: np.ndarray, labels: np.ndarray) -> dict:
    """Accuracy, errors and test words of some predicted classes."""
    errors = int((predicted != labels).sum())
    return {"accuracy": 1 - errors / len(labels), "errors": errors, "n_test": len(labels)}

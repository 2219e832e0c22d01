"""Paper 4, Table 1: what eight classifiers read off the codes of clean and of noisy digits."""

from __future__ import annotations

import numpy as np

from jscc import datasets
from jscc.experiments.necst.common import digits_rows, parts, trained
from jscc.experiments.necst.reconstruction import BITS, EPOCHS, SEEDS
from jscc.necst.downstream import CLASSIFIERS, constant_bits, predicted
from jscc.necst.labels import binarized_mnist_labels
from jscc.runner import Experiment
from jscc.statistics import binomial_interval

DEVIATION = 0.5  # of the Gaussian noise of a noisy pixel; of N(0, 0.5) the paper does not say which of two it is


def labelled(dataset: str, count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """So many training images, drawn with a seed, and their labels; all test images and theirs."""
    held = parts(dataset)
    rows = np.random.default_rng(seed).permutation(len(held.train))[:count]
    if dataset == "digits":
        labels = datasets.load(dataset)["y"]
        train, _, test = digits_rows()
        return held.train[rows], labels[train[rows]], held.test, labels[test]
    if dataset != "binarized_mnist":
        raise ValueError(f"dataset={dataset!r} given, binarized_mnist or digits is expected")
    return held.train[rows], binarized_mnist_labels("train", rows), held.test, binarized_mnist_labels("test")


def classify(dataset: str, features: str, noise: float, deviation: float, count: int, epochs: int, seed: int) -> list:
    """Accuracy of each classifier: trained and tested on clean images, on noisy ones, and on clean, then noisy ones.

    The paper freezes the encoder, adds Gaussian noise to the pixels and runs "the same experiment": here `noisy`, in
    which the classifiers are trained on noisy images too; `unseen` is the other reading, in which they are not.
    `features` are the encoder's likeliest bits, "code", or the "pixels" themselves, for comparison. `constant` counts
    the bits that are the same throughout a class. Where a classifier refuses, its accuracy is left open.
    """
    images, labels, tests, truth = labelled(dataset, count, seed)
    rng = np.random.default_rng([seed, 1])

    def noisy(pixels):
        return pixels + rng.normal(0, deviation, pixels.shape).astype(np.float32)

    if features == "code":
        model = trained(dataset, BITS[dataset], noise, epochs, seed).model
        read = model.encode
    else:

        def read(pixels):
            return pixels

    clean, distorted = read(images), read(noisy(images))
    clean_test, distorted_test = read(tests), read(noisy(tests))
    rows = []
    for name in CLASSIFIERS:
        known = predicted(name, clean, labels, clean_test, distorted_test, seed=seed) or [None, None]
        both = predicted(name, distorted, labels, distorted_test, seed=seed) or [None]
        for tested, found in (("clean", known[0]), ("unseen", known[1]), ("noisy", both[0])):
            constant = constant_bits(distorted if tested == "noisy" else clean, labels)
            rows.append({"classifier": name, "tested": tested, "constant": constant, **_accuracy(found, truth)})
    return rows


def _accuracy(found: np.ndarray | None, truth: np.ndarray) -> dict:
    if found is None:
        return {"accuracy": None, "ci_low": None, "ci_high": None, "n": len(truth)}
    right = int((found == truth).sum())
    low, high = binomial_interval(right, len(truth))
    return {"accuracy": right / len(truth), "ci_low": float(low), "ci_high": float(high), "n": len(truth)}


def _grid(scale: str) -> list[dict]:
    dataset, noises, count, seeds, epochs = {
        "smoke": ("digits", (0.1,), 300, (0,), 1),
        "quick": ("digits", (0.0, 0.1, 0.2), 1237, (0,), 100),
        "paper": ("binarized_mnist", (0.0, 0.1, 0.2), 10_000, SEEDS, EPOCHS["binarized_mnist"]),
    }[scale]
    fixed = {"dataset": dataset, "deviation": DEVIATION, "count": count}
    points = [
        {**fixed, "features": "code", "noise": noise, "epochs": epochs, "seed": seed}
        for noise in noises
        for seed in seeds
    ]
    return [*points, {**fixed, "features": "pixels", "noise": 0.0, "epochs": 0, "seed": 0}]


EXPERIMENTS = [
    Experiment(
        name="necst_downstream",
        title="Table 1: accuracy of eight classifiers on codes of clean and of noisy digits",
        task=classify,
        grid=_grid,
        needs=("mnist", "binarized_mnist"),
        scatter={"accuracy": 0.02, "ci_low": 0.02, "ci_high": 0.02, "constant": 40.0},
    ),
]

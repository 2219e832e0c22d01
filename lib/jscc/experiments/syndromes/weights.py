"""Paper 1: the weights that a reader gets, GRU12 on the syndromes of all planes."""

from __future__ import annotations

from jscc import artefacts
from jscc.classify.columns import COLUMNS, features, gray_images
from jscc.classify.gru import GRUClassifier, Settings
from jscc.classify.shipped import CLASS_NAMES, weights_name
from jscc.experiments.syndromes.common import scatter, score
from jscc.runner import Experiment
from jscc.statistics import binomial_interval

COLUMN = "ldpc"


def train_and_keep(dataset: str, column: str, epochs: int, seed: int, weights: str) -> dict:
    """Train GRU12, keep its weights under a name, and count its errors on the test set.

    `weights` names the file under ``data/models``; "none" writes none. `weights_sha256` is the file's.
    """
    images = gray_images(dataset)
    reads = COLUMNS[column]
    model = GRUClassifier(reads.width, reads.n_planes, Settings(units=12, epochs=epochs), seed)
    losses = model.fit(features(images.train, column), images.train_labels)
    result = score(model.predict(features(images.test, column)), images.test_labels)
    low, high = binomial_interval(result["n_test"] - result["errors"], result["n_test"])
    row = {
        **result,
        "ci_low": float(low),
        "ci_high": float(high),
        "parameters": model.n_parameters,
        "train_loss": float(losses[-1]),
    }
    if weights != "none":
        header = {"dataset": dataset, "column": column, "seed": seed, **model.header()}
        row["weights_sha256"] = artefacts.save(weights, model.weights, header)
    return row


def _grid(scale: str) -> list[dict]:
    fixed = {"column": COLUMN, "seed": 0}
    if scale != "paper":
        return [{"dataset": "digits", **fixed, "epochs": 2 if scale == "smoke" else 30, "weights": "none"}]
    return [{"dataset": name, **fixed, "epochs": 30, "weights": weights_name(name)} for name in CLASS_NAMES]


EXPERIMENTS = [
    Experiment(
        name="syndromes_weights",
        title="Trained weights of GRU12 on the syndromes of all planes, for the reader's own pictures",
        task=train_and_keep,
        grid=_grid,
        needs=tuple(CLASS_NAMES),
        scatter=scatter(0.006) | {"weights_sha256": 0.0},
    ),
]

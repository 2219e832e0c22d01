"""Paper 4: what a reader gets, two models of binary MNIST, a reader of digits, and a separate code to set beside."""

from __future__ import annotations

import numpy as np

from jscc import artefacts
from jscc.experiments.necst.common import EPS, SCATTER, parts, trained, wrong_pixels
from jscc.experiments.necst.generative import gray_digits, trained_reader
from jscc.experiments.necst.reconstruction import BITS, CODE_TRIES, EPOCHS, quantiser
from jscc.necst.linear import good_code
from jscc.necst.shipped import (
    CODEBOOK,
    READER,
    SHIPPED_NOISES,
    codebook_of,
    model_of,
    separate_of,
    weights_name,
    weights_of,
)
from jscc.runner import Experiment
from jscc.statistics import binomial_interval


def train_and_keep(dataset: str, noise: float, epochs: int, seed: int, weights: str) -> list[dict]:
    """Train NECST, keep its weights in half precision under a name, and count wrong pixels with those.

    `weights` names the file under ``data/models``; "none" writes none. `weights_sha256` is the file's.
    """
    found = trained(dataset, BITS[dataset], noise, epochs, seed)
    arrays = weights_of(found.model)
    header = {"dataset": dataset, "channel": "bsc", "noise": noise, "epochs": epochs, "seed": seed}
    kept = {} if weights == "none" else {"weights_sha256": artefacts.save(weights, arrays, header)}
    model = model_of(arrays, header)
    images = parts(dataset).test
    sent = model.encode(images)
    rows = []
    for eps in EPS:
        rng = np.random.default_rng([seed, round(100 * eps)])
        row = wrong_pixels(images, sent, model.reconstruct, eps, rng)
        rows.append({"eps": eps, "train_loss": found.losses[-1], **row, **kept})
    return rows


def read_and_keep(dataset: str, weights: str, seed: int) -> dict:
    """Train the reader of digits, keep its weights in half precision, and count its errors on gray test images."""
    found = trained_reader(dataset)
    arrays = weights_of(found.model)
    kept = {} if weights == "none" else {"weights_sha256": artefacts.save(weights, arrays, {"dataset": dataset})}
    _, _, images, labels = gray_digits(dataset)
    errors = int((found.model.predict(images / np.float32(255)) != labels).sum())
    low, high = binomial_interval(errors, len(labels))
    row = {"errors": errors, "n": len(labels), "ci_low": float(low), "ci_high": float(high)}
    return {**row, "train_loss": found.losses[-1], **kept}


def quantise_and_keep(dataset: str, index_bits: int, seed: int, weights: str) -> list[dict]:
    """Make a codebook and the code of its index, keep both, and count wrong pixels with what was kept.

    The decoder reckons with the channel's flip probability, or with .1 as the model beside it does: column `noise`.
    """
    code = good_code(BITS[dataset], index_bits, seed, tries=CODE_TRIES)
    arrays = codebook_of(quantiser(dataset, index_bits, seed), code)
    header = {"dataset": dataset, "index_bits": index_bits, "seed": seed}
    kept = {} if weights == "none" else {"weights_sha256": artefacts.save(weights, arrays, header)}
    images = parts(dataset).test
    sent = separate_of(arrays, 0.1).encode(images)
    rows = []
    for eps in EPS:
        for noise in sorted({0.1, eps}):
            rng = np.random.default_rng([seed, round(100 * eps)])
            row = wrong_pixels(images, sent, separate_of(arrays, noise).reconstruct, eps, rng)
            rows.append({"eps": eps, "noise": noise, **row, **kept})
    return rows


def _grid(scale: str) -> list[dict]:
    if scale != "paper":
        return [
            {"dataset": "digits", "noise": 0.1, "epochs": 1 if scale == "smoke" else 100, "seed": 0, "weights": "none"}
        ]
    fixed = {"dataset": "binarized_mnist", "epochs": EPOCHS["binarized_mnist"], "seed": 0}
    return [{**fixed, "noise": noise, "weights": weights_name(noise)} for noise in SHIPPED_NOISES]


def _reader_grid(scale: str) -> list[dict]:
    if scale != "paper":
        return [{"dataset": "digits", "seed": 0, "weights": "none"}]
    return [{"dataset": "binarized_mnist", "seed": 0, "weights": READER}]


def _codebook_grid(scale: str) -> list[dict]:
    if scale != "paper":
        return [{"dataset": "digits", "index_bits": 6, "seed": 0, "weights": "none"}]
    return [{"dataset": "binarized_mnist", "index_bits": 10, "seed": 0, "weights": CODEBOOK}]


EXPERIMENTS = [
    Experiment(
        name="necst_weights",
        title="Trained weights of NECST on binary MNIST, in half precision, and what they are worth",
        task=train_and_keep,
        grid=_grid,
        needs=("binarized_mnist",),
        scatter=SCATTER | {"weights_sha256": 0.0},
    ),
    Experiment(
        name="necst_reader",
        title="Trained weights of a reader of digits, which judges what the decoder shows",
        task=read_and_keep,
        grid=_reader_grid,
        needs=("mnist",),
        scatter={"errors": 20.0, "ci_low": 0.002, "ci_high": 0.002, "train_loss": 0.02, "weights_sha256": 0.0},
    ),
    Experiment(
        name="necst_codebook",
        title="A codebook of 1,024 binary digits and the linear code of its index, and what they are worth",
        task=quantise_and_keep,
        grid=_codebook_grid,
        needs=("binarized_mnist",),
        scatter=SCATTER | {"weights_sha256": 0.0},
    ),
]

"""Paper 1: can the planes be recovered from the syndromes that the network classifies?"""

from __future__ import annotations

from functools import partial

import numpy as np

from jscc.bitplanes import from_sign_magnitude
from jscc.classify.columns import SIDE, gray_images, paper_code, symbols
from jscc.classify.gru import GRUClassifier, Settings
from jscc.classify.recovery import KINDS, ORDER, BitPrior, information_content, recover
from jscc.experiments.syndromes.common import DATASETS, SEEDS, scatter, score
from jscc.experiments.syndromes.rivals import QUALITY, WIDTHS
from jscc.jpeg import dct
from jscc.ldpc.syndrome import syndromes
from jscc.runner import Experiment
from jscc.statistics import binomial_interval
from jscc.training import Training

N_WORDS = {"smoke": 20, "quick": 360, "paper": 1000}


def recover_test_images(dataset: str, setup: str, prior: str, n_words: int, seed: int) -> list[dict]:
    """Recovery of every plane of the first `n_words` test images; nothing is drawn.

    `recovered` counts the planes decoded exactly with the context taken from the true planes (a genie). An image
    counts in `all_so_far` if this plane and all those decoded before it were recovered: its contexts are then the
    true ones, so this needs no genie. `below_limit` counts the words whose information content under the prior
    is less than the 512 bits of the syndrome.
    """
    del seed
    images, code = gray_images(dataset), paper_code()
    train, test = (symbols(x, transform=setup == "jpeg") for x in (images.train, images.test[:n_words]))
    model = BitPrior(train, setup, prior)
    result = recover(syndromes(test, code), model, genie=test, code=code)
    wrong = result.packed ^ test
    alive = np.ones(len(test), bool)
    rows = []
    for plane in ORDER[setup]:
        exact = ~(wrong & np.uint8(0x80 >> plane)).any(axis=1)
        alive &= exact
        converged = result.converged[:, plane]
        content = information_content(test, model, plane)
        low, high = binomial_interval(exact.sum(), len(test))
        rows.append(
            {
                "plane": plane,
                "recovered": int(exact.sum()),
                "ci_low": float(low),
                "ci_high": float(high),
                "all_so_far": int(alive.sum()),
                "converged": int(converged.sum()),
                "undetected": int((converged & ~exact).sum()),
                "entropy_per_bit": float(content.mean() / code.n_variables),
                "below_limit": int((content < code.n_checks).sum()),
                "rate": code.n_checks / code.n_variables,
                "mean_iterations": float(result.iterations[:, plane].mean()),
            }
        )
    return rows


def classify_recovered(dataset: str, setup: str, reader: str, n_words: int, seed: int, epochs: int) -> dict:
    """Decode, then classify: a network that was trained on true planes reads those that are recovered.

    Every plane's context is of the planes decoded before it, right or wrong, as a receiver has them; what has not
    converged is read as it stands. `reader` is GRU12 on the eight planes, or VGG11, of a quarter of the channels, on
    the picture that they make.
    """
    images, code = gray_images(dataset), paper_code()
    train, test = (symbols(x, transform=setup == "jpeg") for x in (images.train, images.test[:n_words]))
    found = recover(syndromes(test, code), BitPrior(train, setup, "context"), code=code).packed
    labels = images.test_labels[:n_words]
    if reader == "VGG11":
        from jscc.classify import rivals  # torch, which `jscc list` does without

        parts = [_picture(part, setup) for part in (train, test, found)]
        both = np.concatenate(parts[1:])
        predicted, parameters, loss = rivals.train_and_predict(
            partial(rivals.vgg11, WIDTHS), parts[0], images.train_labels, both, Training(epochs=epochs), seed
        )
    else:
        model = GRUClassifier(train.shape[1], 8, Settings(units=int(reader.removeprefix("GRU")), epochs=epochs), seed)
        loss = float(model.fit(train, images.train_labels)[-1])
        predicted, parameters = model.predict(np.concatenate([test, found])), model.n_parameters
    of_true, of_found = np.split(predicted, 2)
    return {
        **score(of_found, labels),
        "accuracy_of_true": score(of_true, labels)["accuracy"],
        "whole": int((found == test).all(axis=1).sum()),
        "parameters": parameters,
        "train_loss": loss,
    }


def _picture(packed: np.ndarray, setup: str) -> np.ndarray:
    """Pixels of the packed planes of either set-up."""
    if setup == "pixels":
        return packed.reshape(-1, SIDE, SIDE)
    return dct.inverse(from_sign_magnitude(packed).reshape(-1, SIDE, SIDE), QUALITY)


def _ceiling_grid(scale: str) -> list[dict]:
    names, epochs = (DATASETS, {"GRU12": 15, "VGG11": 2}) if scale == "paper" else (("digits",), {"GRU12": 2})
    n_words = {"smoke": 20, "quick": 360, "paper": 2000}[scale]
    return [
        {
            "dataset": dataset,
            "setup": setup,
            "reader": reader,
            "n_words": n_words,
            "seed": seed,
            "epochs": epochs[reader],
        }
        for seed in (SEEDS if scale == "paper" else SEEDS[:1])
        for reader in epochs
        for dataset in names
        for setup in (ORDER if reader == "GRU12" else ("pixels",))  # where pictures are recovered
    ]


def _grid(scale: str) -> list[dict]:
    return [
        {"dataset": dataset, "setup": setup, "prior": prior, "n_words": N_WORDS[scale]}
        for dataset in (DATASETS if scale == "paper" else ("digits",))
        for setup in ORDER
        for prior in KINDS
    ]


EXPERIMENTS = [
    Experiment(
        name="syndromes_recovery",
        title="Bit-planes recovered from their syndromes by belief propagation, under three priors",
        task=recover_test_images,
        grid=_grid,
    ),
    Experiment(
        name="syndromes_ceiling",
        title="Decode, then classify: networks trained on true planes read the recovered ones",
        task=classify_recovered,
        grid=_ceiling_grid,
        needs=DATASETS,
        scatter={**scatter(0.02), "accuracy_of_true": 0.02},
    ),
]

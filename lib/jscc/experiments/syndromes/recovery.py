"""Paper 1: can the planes be recovered from the syndromes that the network classifies?"""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from jscc.bitplanes import from_sign_magnitude
from jscc.classify.columns import CODE_SEED, SIDE, LabelledImages, gray_images, paper_code, symbols
from jscc.classify.gru import GRUClassifier
from jscc.classify.recovery import KINDS, ORDER, BitPrior, information_content, recover
from jscc.experiments.syndromes.common import DATASETS, SCALES, scatter, score, settings_of
from jscc.experiments.syndromes.rivals import QUALITY, WIDTHS
from jscc.jpeg import dct
from jscc.ldpc.syndrome import syndromes
from jscc.runner import Experiment
from jscc.statistics import binomial_interval
from jscc.training import Training

N_WORDS = {"smoke": 20, "quick": 360, "paper": 1000}
SEEN = {"GRU12": ("syndromes", "true", "recovered", "told", "all"), "VGG11": ("true", "recovered")}
FOLDS = 5  # of the training images


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


def decode_then_classify(dataset: str, setup: str, reader: str, seed: int, epochs: int) -> list[dict]:
    """Networks of one kind and size, each trained and tested on what another receiver has of an image.

    They see the `syndromes`; the `true` planes; the planes `recovered` from the syndromes; these `told` which planes
    have converged to their syndrome; `all`, that is syndromes, recovered planes, and which have converged. A plane's
    context is of the planes decoded before it, right or wrong, as a receiver has them; what has not converged is read
    as it stands. `on_recovered` is the accuracy of the network of true planes on those recovered. `reader` is GRU12 on
    the planes, or VGG11, of a quarter of the channels, on the picture that they make.
    """
    images, true, found, converged = _received(dataset, setup)
    checks = [syndromes(part, paper_code()) for part in true]
    seen = {
        "syndromes": checks,
        "true": true,
        "recovered": found,
        "told": [np.hstack(pair) for pair in zip(found, converged, strict=True)],
        "all": [np.hstack(three) for three in zip(found, converged, checks, strict=True)],
    }
    whole = int((found[1] == true[1]).all(axis=1).sum())
    rows = []
    for sees in SEEN[reader]:
        train, test = seen[sees]
        parts = [test, found[1]] if sees == "true" else [test]
        if reader == "VGG11":
            predicted, parameters, loss = _read_pictures(train, np.concatenate(parts), images, setup, epochs, seed)
        else:
            model = GRUClassifier(train.shape[1], 8, settings_of(reader, epochs), seed)
            loss = float(model.fit(train, images.train_labels)[-1])
            predicted, parameters = model.predict(np.concatenate(parts)), model.n_parameters
        of_seen, *others = np.split(predicted, len(parts))
        rows.append(
            {
                "sees": sees,
                **score(of_seen, images.test_labels),
                "on_recovered": score(others[0], images.test_labels)["accuracy"] if others else None,
                "whole": whole,
                "parameters": parameters,
                "train_loss": loss,
            }
        )
    return rows


@lru_cache(maxsize=1)  # the readers and seeds of a data set and a set-up follow each other
def _received(dataset: str, setup: str) -> tuple[LabelledImages, list, list, list]:
    """The images; packed planes of the training and of the test images, true and recovered; which have converged.

    The prior of a test image is counted on all training images, that of a training image on the other four fifths of
    them, so that the networks are trained on planes that are damaged as those of the test images are.
    """
    images, code = gray_images(dataset), paper_code()
    train, test = (symbols(part, transform=setup == "jpeg") for part in (images.train, images.test))
    found, converged = np.empty_like(train), np.empty((len(train), 1), np.uint8)
    fold = np.random.default_rng(CODE_SEED).permutation(len(train)) % FOLDS
    for number in range(FOLDS):
        prior = BitPrior(train[fold != number], setup, "context")
        part = recover(syndromes(train[fold == number], code), prior, code=code)
        found[fold == number], converged[fold == number] = part.packed, np.packbits(part.converged, axis=1)
    last = recover(syndromes(test, code), BitPrior(train, setup, "context"), code=code)
    return images, [train, test], [found, last.packed], [converged, np.packbits(last.converged, axis=1)]


def _read_pictures(
    train: np.ndarray, test: np.ndarray, images: LabelledImages, setup: str, epochs: int, seed: int
) -> tuple[np.ndarray, int, float]:
    from jscc.classify import rivals  # torch, which `jscc list` does without

    pictures = [_picture(part, setup) for part in (train, test)]
    return rivals.train_and_predict(
        partial(rivals.vgg11, WIDTHS), pictures[0], images.train_labels, pictures[1], Training(epochs=epochs), seed
    )


def _picture(packed: np.ndarray, setup: str) -> np.ndarray:
    """Pixels of the packed planes of either set-up."""
    if setup == "pixels":
        return packed.reshape(-1, SIDE, SIDE)
    return dct.inverse(from_sign_magnitude(packed).reshape(-1, SIDE, SIDE), QUALITY)


def _decode_first_grid(scale: str) -> list[dict]:
    names, seeds, _ = SCALES[scale]
    epochs = {"GRU12": 15, "VGG11": 2} if scale == "paper" else {"GRU12": 2}
    return [
        {"dataset": dataset, "setup": setup, "reader": reader, "seed": seed, "epochs": epochs[reader]}
        for dataset in names
        for setup in ORDER
        for reader in (epochs if setup == "pixels" else ("GRU12",))  # VGG11 where pictures are recovered
        for seed in seeds
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
        name="syndromes_decode_first",
        title="Decode, then classify: networks trained on syndromes, on true and on recovered planes, and on all",
        task=decode_then_classify,
        grid=_decode_first_grid,
        needs=DATASETS,
        scatter={**scatter(0.02), "on_recovered": 0.04},
    ),
]

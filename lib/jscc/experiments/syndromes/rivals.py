"""Paper 1, the rivals of Table II: networks on entropy-coded images, beside the GRU on the same training images."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from jscc.arithmetic.ranges import RangeCode
from jscc.classify.columns import COLUMNS, SIDE, LabelledImages, gray_images, pad
from jscc.classify.gru import Settings
from jscc.experiments.syndromes.common import DATASETS, scatter, score, train_and_test
from jscc.jpeg import dct, entropy
from jscc.runner import Experiment
from jscc.training import Training

QUALITY = 95
SUBSET = 6000
SUBSET_SEED = 2024
KEEP = 4  # of eight frequencies in each direction: 16 of 64 coefficients
WIDTHS = 1 / 4  # of the channels of VGG11 and URESNET18: a sixteenth of the weights and the work


def train_rival(dataset: str, method: str, model: str, n_train: int, epochs: int, seed: int) -> dict:
    """Train one network on one code of the images and test it after the last epoch.

    The `n_train` training images are the same for every method, model and seed. `bits_per_pixel` is the mean over
    the test set, on the padded 32 x 32 image; `rate_gain` is eq. 8 where all eight planes of 1024 symbols are
    coded: the coded bits over 8192.
    """
    from jscc.classify import rivals  # torch, which `jscc list` does without

    images = training_subset(gray_images(dataset), n_train)
    if model.startswith("GRU"):
        column = COLUMNS[method]
        settings = Settings(units=int(model.removeprefix("GRU")), epochs=epochs)
        return {
            **train_and_test(images, column, settings, seed),
            "bits_per_pixel": column.rate,
            "rate_gain": column.rate / column.n_planes,
        }
    if model == "FullyConn":
        build, train, test, rate = rivals.fully_connected, *numbers(images, method)
    else:
        build, shape = {
            "VGG11": (partial(rivals.vgg11, WIDTHS), rivals.square),
            "URESNET18": (partial(rivals.resnet18, WIDTHS), np.asarray),
            "CNN1D": (rivals.compact_cnn, np.asarray),
        }[model]
        train, test, rate = streams(images, method)
        train, test = shape(train), shape(test)
    settings = Training(epochs=epochs)
    predicted, parameters, loss = rivals.train_and_predict(build, train, images.train_labels, test, settings, seed)
    return {
        **score(predicted, images.test_labels),
        "parameters": parameters,
        "train_loss": loss,
        "bits_per_pixel": rate,
        "rate_gain": rate / 8 if method in ("none", "huffman", "arithmetic") else None,
    }


def training_subset(images: LabelledImages, n_train: int) -> LabelledImages:
    """The first `n_train` training images of one fixed shuffle, and the whole test set."""
    if not 2 <= n_train <= len(images.train):
        raise ValueError(f"n_train={n_train} given, 2 to {len(images.train)} is expected")
    chosen = np.random.default_rng(SUBSET_SEED).permutation(len(images.train))[:n_train]
    return replace(images, train=images.train[chosen], train_labels=images.train_labels[chosen])


def streams(images: LabelledImages, method: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Coded bytes of the padded images, training and test set, and bits per pixel of the test set.

    Huffman and arithmetic codes have their table from the training images. Both arrays are as wide as the longest
    training stream; a longer one of the test set is cut.
    """
    train, test = (pad(part) for part in (images.train, images.test))
    rows, test_rows = (part.reshape(len(part), -1) for part in (train, test))
    if method == "none":
        return rows, test_rows, 8.0
    if method == "jpeg":
        coded, (test_coded, n_bits) = entropy.jpeg_scans(train, QUALITY)[0], entropy.jpeg_scans(test, QUALITY)
    elif method in ("huffman", "arithmetic"):
        make = entropy.HuffmanCode if method == "huffman" else RangeCode
        code = make(entropy.symbol_counts(rows))
        coded, (test_coded, n_bits) = code.encode(rows)[0], code.encode(test_rows)
    else:
        raise ValueError(f"method={method!r} given, none, jpeg, huffman or arithmetic is expected")
    width = coded.shape[1]
    test_coded = np.pad(test_coded[:, :width], ((0, 0), (0, max(0, width - test_coded.shape[1]))))
    return coded, test_coded, float(n_bits.mean() / SIDE**2)


def numbers(images: LabelledImages, method: str) -> tuple[np.ndarray, np.ndarray, float]:
    """Pixels, or low frequencies of the quantised DCT at eight bits a kept coefficient, as `streams` gives bytes."""
    train, test = (pad(part) for part in (images.train, images.test))
    if method == "none":
        return train, test, 8.0
    if method != "dct_truncated":
        raise ValueError(f"method={method!r} given, none or dct_truncated is expected")
    from jscc.classify.rivals import low_frequencies

    train, test = (low_frequencies(dct.forward(part, QUALITY), KEEP) for part in (train, test))
    return train, test, 8 * KEEP**2 / dct.BLOCK**2


def _points(dataset, pairs, n_train, epochs, seeds=(0,)) -> list[dict]:
    return [
        {"dataset": dataset, "method": method, "model": model, "n_train": n_train, "epochs": epochs, "seed": seed}
        for model, methods in pairs.items()
        for method in methods
        for seed in seeds
    ]


CODED = ("huffman", "arithmetic", "jpeg")
GRU = {"GRU12": ("none", "ldpc", "jl_8bp")}
FULLY_CONNECTED = {"FullyConn": ("none", "dct_truncated")}


def _grid(scale: str) -> list[dict]:
    if scale != "paper":
        n_train, epochs = (200, 1) if scale == "smoke" else (1437, 5)
        convolutional = {"CNN1D": CODED, "VGG11": ("huffman",), "URESNET18": ("huffman",)}
        pairs = GRU | FULLY_CONNECTED | convolutional
        return _points("digits", pairs, n_train, epochs)
    small = {"n_train": SUBSET, "epochs": 10}
    points = []
    for dataset in DATASETS:
        points += _points(dataset, GRU, SUBSET, 30, (0, 1, 2))
        points += _points(dataset, FULLY_CONNECTED, **small, seeds=(0,) if dataset == "cifar10" else (0, 1, 2))
    points += _points("mnist", {"CNN1D": CODED}, **small, seeds=(0, 1, 2))
    points += _points("mnist", {"VGG11": (*CODED, "none"), "URESNET18": (*CODED, "none")}, **small)
    points += _points("fashion_mnist", {"CNN1D": CODED}, **small)
    points += _points("cifar10", {"CNN1D": CODED}, **small)
    for dataset in ("fashion_mnist", "cifar10"):
        points += _points(dataset, {"VGG11": (*CODED, "none"), "URESNET18": (*CODED, "none")}, **small)
    points += _points("mnist", GRU, 60_000, 10, (0, 1, 2))
    points += _points("mnist", {"CNN1D": ("huffman",), "VGG11": ("huffman",)}, 60_000, 3, (0, 1, 2))
    # Where a verdict hangs on one training, or on the fewer epochs of a rival.
    for dataset in DATASETS:
        points += _points(dataset, {"VGG11": ("huffman",), "URESNET18": ("huffman",)}, **small, seeds=(1, 2))
    points += _points("mnist", {"CNN1D": ("huffman",)}, SUBSET, 30, (0, 1, 2))
    return points


EXPERIMENTS = [
    Experiment(
        name="syndromes_rivals",
        title="Rivals of Table II: accuracy and rate on Huffman, arithmetic and JPEG bytes and truncated DCT",
        task=train_rival,
        grid=_grid,
        needs=DATASETS,
        scatter=scatter(0.015, 0.05),  # so far apart came the convolutional networks out on another processor
    ),
]

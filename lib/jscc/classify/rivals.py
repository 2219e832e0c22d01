"""The rivals of Table II of paper 1: networks that read entropy-coded bytes or low-frequency coefficients.

The paper names them (VGG11 and URESNET18 after its reference [10], a fully connected network after [8]) and gives
neither their layers nor how a stream of bytes becomes an input. Here the bytes of an image, zeros after its end, are

- folded row by row into a square, and read by VGG11, a two-dimensional network;
- read in their order by ResNet-18 with one-dimensional convolutions (our reading of the U in URESNET18);
- read in their order by a compact one-dimensional network, each byte first looked up in a learned table.

The first two have a factor on their widths: at factor 1 they are the networks of that name but for VGG's three
last layers, which are one here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isqrt

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from jscc import training
from jscc.classify.columns import N_CLASSES, SIDE
from jscc.jpeg.dct import BLOCK
from jscc.training import Training

VGG11 = (64, "pool", 128, "pool", 256, 256, "pool", 512, 512, "pool", 512, 512, "pool")
RESNET18 = (64, 128, 256, 512)


def square(packed: np.ndarray) -> np.ndarray:
    """Fold rows of bytes into square images.

    Parameters
    ----------
    packed : ndarray of uint8, shape (N, width)

    Returns
    -------
    ndarray of uint8, shape (N, side, side)
        In raster order, zeros at the end; the side is the least that holds a row, and at least 32.

    Examples
    --------
    >>> square(np.arange(1025, dtype=np.uint16).astype(np.uint8)[None]).shape
    (1, 33, 33)
    """
    packed = np.asarray(packed)
    if packed.dtype != np.uint8 or packed.ndim != 2:
        raise ValueError(f"bytes {packed.dtype} {packed.shape} given, uint8 of shape (images, width) is expected")
    side = max(SIDE, isqrt(max(packed.shape[1], 1) - 1) + 1)
    padded = np.pad(packed, ((0, 0), (0, side * side - packed.shape[1])))
    return padded.reshape(len(packed), side, side)


def low_frequencies(coefficients: np.ndarray, keep: int) -> np.ndarray:
    """Zero all but the `keep` by `keep` lowest frequencies of each 8x8 block ("truncated DCT", reference [8]).

    Parameters
    ----------
    coefficients : ndarray of int, shape (N, h, w)
        See `jscc.jpeg.dct.forward`.
    keep : int
        1 to 8.

    Returns
    -------
    ndarray, same shape and type

    Examples
    --------
    >>> int(low_frequencies(np.ones((1, 8, 16), np.int16), 2).sum())
    8
    """
    coefficients = np.asarray(coefficients)
    if not 1 <= keep <= BLOCK:
        raise ValueError(f"keep={keep} given, 1 to {BLOCK} is expected")
    if coefficients.ndim != 3 or coefficients.shape[1] % BLOCK or coefficients.shape[2] % BLOCK:
        raise ValueError(
            f"coefficients of shape {coefficients.shape} given, "
            f"(images, h, w) of whole {BLOCK}x{BLOCK} blocks is expected"
        )
    rows, columns = (np.arange(size) % BLOCK < keep for size in coefficients.shape[1:])
    return coefficients * (rows[:, None] & columns)


def vgg11(factor: float = 1.0) -> nn.Module:
    """VGG11 with batch normalisation and one linear layer, for bytes folded by `square`.

    Parameters
    ----------
    factor : float
        On the numbers of channels.

    Examples
    --------
    >>> n_parameters(vgg11(1 / 4))
    578810
    """
    layers: list[nn.Module] = []
    channels = 1
    for step in VGG11:
        if step == "pool":
            layers.append(nn.MaxPool2d(2))
        else:
            width = _scaled(step, factor)
            layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            channels = width
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, N_CLASSES))
    return nn.Sequential(_Levels(1), *layers, *head)


def resnet18(factor: float = 1.0) -> nn.Module:
    """ResNet-18 with one-dimensional convolutions, for bytes in their order.

    Parameters
    ----------
    factor : float
        On the numbers of channels.

    Examples
    --------
    >>> n_parameters(resnet18(1 / 4))
    243418
    """
    widths = [_scaled(width, factor) for width in RESNET18]
    stem = (nn.Conv1d(1, widths[0], 7, 2, 3, bias=False), nn.BatchNorm1d(widths[0]), nn.ReLU(), nn.MaxPool1d(3, 2, 1))
    blocks, channels = [], widths[0]
    for stage, width in enumerate(widths):
        blocks += [_Residual(channels, width, 2 if stage else 1), _Residual(width, width, 1)]
        channels = width
    return nn.Sequential(
        _Levels(1), *stem, *blocks, nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(channels, N_CLASSES)
    )


def compact_cnn() -> nn.Module:
    """A one-dimensional network of 125,578 weights: a table of bytes, four convolutions, sixteen places kept.

    Examples
    --------
    >>> n_parameters(compact_cnn())
    125578
    """
    layers: list[nn.Module] = [_ByteTable(16)]
    channels = 16
    for width, size in ((32, 7), (64, 5), (64, 5), (64, 5)):
        convolution = nn.Conv1d(channels, width, size, 2, size // 2, bias=False)
        layers += [convolution, nn.BatchNorm1d(width), nn.ReLU()]
        channels = width
    places = 16
    head = (nn.Flatten(), nn.Linear(places * channels, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, N_CLASSES))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool1d(places), *head)


def fully_connected(inputs: int = SIDE * SIDE, hidden: int = 1024) -> nn.Module:
    """One hidden layer: 1,059,850 weights at the sizes of Table III ("1024 Fully Connected", 1M).

    Examples
    --------
    >>> n_parameters(fully_connected())
    1059850
    """
    return nn.Sequential(
        _Standardised(),
        nn.Flatten(),
        nn.Linear(inputs, hidden),
        nn.ReLU(),
        nn.Dropout(0.2),
        nn.Linear(hidden, N_CLASSES),
    )


def byte_gru(units: int) -> nn.Module:
    """A GRU that reads a byte a step as eight numbers 0 and 1, and a linear layer on its last state.

    Examples
    --------
    >>> n_parameters(byte_gru(12))
    922
    """
    return nn.Sequential(_BitsOfBytes(), _LastState(nn.GRU(8, units, batch_first=True)), nn.Linear(units, N_CLASSES))


def n_parameters(model: nn.Module) -> int:
    """Number of trained weights."""
    return sum(weights.numel() for weights in model.parameters())


def train_and_predict(
    build: Callable[[], nn.Module],
    train: np.ndarray,
    labels: np.ndarray,
    test: np.ndarray,
    settings: Training = Training(),  # noqa: B008  (frozen, so safe to share)
    seed: int = 0,
) -> tuple[np.ndarray, int, float]:
    """Train a network and classify a test set, on one thread: the same seed gives the same weights.

    Parameters
    ----------
    build : callable
        Makes the network: `vgg11`, `resnet18`, `compact_cnn` or `fully_connected`.
    train, test : ndarray of uint8 or int16, shape (N, ...)
        What the network reads.
    labels : ndarray of int, shape (N,)
        Classes 0 to 9 of `train`.
    settings : Training
        See `jscc.training`. A last batch of one is left out, as batch normalisation needs two.
    seed : int
        Of the weights, the order of the images and the dropout.

    Returns
    -------
    ndarray of int64, shape (N,)
        The likeliest class of each row of `test` after the last epoch.
    int
        Number of trained weights.
    float
        Mean cross-entropy (nats) of the last epoch.

    Examples
    --------
    >>> rows = np.random.default_rng(0).integers(0, 256, (40, 64), dtype=np.uint8)
    >>> labels = (rows[:, 0] > 127).astype(int)
    >>> predicted, size, loss = train_and_predict(compact_cnn, rows, labels, rows[:3], Training(epochs=1))
    >>> predicted.shape, size
    ((3,), 125578)
    """
    train, labels, test = np.asarray(train), np.asarray(labels), np.asarray(test)
    if labels.shape != (len(train),) or len(train) < 2:
        raise ValueError(
            f"{len(train)} rows, labels {labels.shape} given, two rows or more and a label each are expected"
        )
    if not len(test):
        raise ValueError(f"test of shape {test.shape} given, one row or more is expected")
    if labels.min() < 0 or labels.max() >= N_CLASSES:
        raise ValueError(f"labels {labels.min()} to {labels.max()} given, 0 to {N_CLASSES - 1} are expected")
    if train.shape[1:] != test.shape[1:]:
        raise ValueError(f"rows of shapes {train.shape[1:]} and {test.shape[1:]} given, one shape is expected")

    def fitted() -> nn.Module:
        model = build()
        if isinstance(model[0], _Standardised):
            model[0].fit(train)
        return model

    # On the CPU, on whatever machine, and in an order from torch's own generator: the book's numbers are those.
    trained = training.train(
        fitted, (train, labels.astype(np.int64)), _cross_entropy, replace(settings, smallest_batch=2), seed=seed,
        device="cpu", order=lambda: torch.randperm(len(train)),
    )  # fmt: skip
    with training.deterministic(seed):
        predicted = training.outputs(trained.model, test).argmax(axis=1)
    return predicted, n_parameters(trained.model), trained.losses[-1]


def _cross_entropy(model: nn.Module, rows: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(model(rows), labels)


def _scaled(width: int, factor: float) -> int:
    if not 0 < factor <= 1:
        raise ValueError(f"factor={factor} given, a number in (0, 1] is expected")
    return max(1, round(width * factor))


class _Levels(nn.Module):
    """Bytes as numbers from -1/2 to 1/2, with an axis for the channel."""

    def __init__(self, channel_axis: int):
        super().__init__()
        self.channel_axis = channel_axis

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return (rows.float() / 255 - 0.5).unsqueeze(self.channel_axis)


class _ByteTable(nn.Module):
    """Each byte becomes a learned vector: (N, width) to (N, size, width)."""

    def __init__(self, size: int):
        super().__init__()
        self.table = nn.Embedding(256, size)

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.table(rows.int()).transpose(1, 2)


class _BitsOfBytes(nn.Module):
    """Each byte becomes its bits, the most significant first: (N, steps) to (N, steps, 8)."""

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return (rows.unsqueeze(2) >> torch.arange(7, -1, -1) & 1).float()


class _LastState(nn.Module):
    def __init__(self, recurrent: nn.GRU):
        super().__init__()
        self.recurrent = recurrent

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return self.recurrent(rows)[0][:, -1]


class _Standardised(nn.Module):
    """Numbers less their mean, over their standard deviation, at each place of the training set."""

    def fit(self, rows: np.ndarray) -> None:
        values = rows.astype(np.float32)
        self.register_buffer("mean", torch.from_numpy(values.mean(axis=0)))
        # A place that hardly ever changes is not blown up.
        scale = 1 / np.maximum(values.std(axis=0), values.std() / 4 + 1e-6)
        self.register_buffer("scale", torch.from_numpy(scale))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return (rows.float() - self.mean) * self.scale


class _Residual(nn.Module):
    """Two convolutions beside a way around them."""

    def __init__(self, inputs: int, outputs: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm1d(outputs), nn.ReLU(),
            nn.Conv1d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm1d(outputs),
        )  # fmt: skip
        self.around: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            around = nn.Conv1d(inputs, outputs, 1, stride, bias=False)
            self.around = nn.Sequential(around, nn.BatchNorm1d(outputs))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.body(rows) + self.around(rows))

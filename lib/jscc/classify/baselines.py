"""Readouts without recurrence, on the same bits: logistic regression and a small perceptron."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from jscc import training
from jscc.classify.columns import N_CLASSES


def train_readout(
    packed: np.ndarray,
    labels: np.ndarray,
    n_planes: int,
    *,
    hidden: int = 0,
    epochs: int = 30,
    batch_size: int = 64,
    learning_rate: float = 0.001,
    seed: int = 0,
) -> torch.nn.Module:
    """Train a network that sees all planes at once.

    Parameters
    ----------
    packed : ndarray of uint8, shape (N, width)
        See `jscc.classify.columns`.
    labels : ndarray of int, shape (N,)
    n_planes : int
        Planes read; the input has ``n_planes * width`` bits.
    hidden : int
        Units of a ReLU layer between; 0 gives multinomial logistic regression.
    epochs, batch_size, learning_rate
        Of Adam on the cross-entropy, without penalty.
    seed : int
        Draws the weights and the order.

    Returns
    -------
    torch.nn.Module
        Maps packed bits, uint8 of shape (B, width), to scores (B, 10).

    Examples
    --------
    >>> from jscc.classify import features, gray_images
    >>> digits = gray_images("digits")
    >>> model = train_readout(features(digits.train, "ldpc"), digits.train_labels, 8, epochs=1)
    >>> predict(model, features(digits.test, "ldpc")).shape
    (360,)
    """
    packed, labels = np.asarray(packed), np.asarray(labels)
    if packed.dtype != np.uint8 or packed.ndim != 2:
        raise ValueError(f"packed bits {packed.dtype} {packed.shape} given, uint8 of shape (images, width) is expected")
    if labels.shape != (len(packed),):
        raise ValueError(f"labels of shape {labels.shape} given, one for each of {len(packed)} images is expected")
    if not 1 <= n_planes <= 8:
        raise ValueError(f"n_planes={n_planes} given, 1 to 8 planes are expected")

    def build() -> torch.nn.Module:
        sizes = [n_planes * packed.shape[1], *([hidden] if hidden else []), N_CLASSES]
        layers: list[torch.nn.Module] = [_Bits(n_planes)]
        for inputs, outputs in zip(sizes, sizes[1:], strict=False):
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        return torch.nn.Sequential(*layers[:-1])

    settings = training.Training(epochs=epochs, batch_size=batch_size, learning_rate=learning_rate)
    # On the CPU, on whatever machine: the book's numbers are those.
    return training.train(
        build, (packed, labels.astype(np.int64)), _cross_entropy, settings, seed=seed, device="cpu"
    ).model


def predict(model: torch.nn.Module, packed: np.ndarray) -> np.ndarray:
    """Most likely class of each row of packed bits, int64, shape (N,)."""
    with training.deterministic(0):
        return training.outputs(model, packed, 1000).argmax(axis=1)


def _cross_entropy(model: torch.nn.Module, packed: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(model(packed), labels)


class _Bits(torch.nn.Module):
    """Packed bits (B, width) as numbers, one plane after another: (B, n_planes * width)."""

    def __init__(self, n_planes: int):
        super().__init__()
        self.n_planes = n_planes

    def forward(self, packed: torch.Tensor) -> torch.Tensor:
        planes = [packed >> (7 - plane) & 1 for plane in range(self.n_planes)]
        return torch.cat(planes, dim=1).float()

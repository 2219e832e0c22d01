"""A small network that reads digits, as a judge of what a decoder shows.

It is trained on gray images and on binary ones drawn from them alike, and so reads probabilities of pixels as well as
pixels.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from jscc.training import Trained, Training, outputs, train

__all__ = ["DigitReader", "train_reader"]


class DigitReader(nn.Module):
    """A perceptron with one hidden layer.

    Parameters
    ----------
    pixels, hidden, classes : int

    Examples
    --------
    >>> reader = DigitReader()
    >>> reader
    DigitReader(784 pixels, 10 classes)
    >>> reader.probabilities(np.zeros((2, 784))).shape
    (2, 10)
    """

    def __init__(self, pixels: int = 784, hidden: int = 128, classes: int = 10):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(pixels, hidden), nn.ReLU(), nn.Linear(hidden, classes))
        self.pixels, self.hidden, self.classes = pixels, hidden, classes

    def __repr__(self) -> str:
        return f"DigitReader({self.pixels} pixels, {self.classes} classes)"

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of the classes, (N, classes), of images (N, pixels) from 0 to 1."""
        return self.layers(images)

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """The probability of each class: float32, (N, classes), of images (N, pixels) from 0 to 1."""
        logits = outputs(self, np.asarray(images, np.float32), batch_size=1000)
        likely = np.exp(logits - logits.max(axis=1, keepdims=True))
        return likely / likely.sum(axis=1, keepdims=True)

    def predict(self, images: np.ndarray) -> np.ndarray:
        """The likeliest class: int64, (N,)."""
        return self.probabilities(images).argmax(axis=1)


def train_reader(gray: np.ndarray, labels: np.ndarray, epochs: int, seed: int, *, checkpoint=None) -> Trained:
    """Train a reader; of each batch half the images are gray, the others drawn from them.

    Parameters
    ----------
    gray : ndarray of uint8, shape (N, pixels)
    labels : ndarray of int, shape (N,)
    epochs, seed : int
    checkpoint : path-like, optional
        As of `jscc.training.train`.

    Returns
    -------
    jscc.training.Trained
    """

    def loss(model: DigitReader, images: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
        shades = images.float() / 255
        drawn = torch.rand((len(shades), 1)) < 0.5
        return F.cross_entropy(model(torch.where(drawn, torch.bernoulli(shades), shades)), truth.long())

    settings = Training(epochs, 100, 0.002, schedule="cosine")
    return train(
        lambda: DigitReader(gray.shape[1]),
        (gray, labels),
        loss,
        settings,
        seed=seed,
        device="cpu",
        checkpoint=checkpoint,
    )

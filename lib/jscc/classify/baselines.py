"""Readouts without recurrence, on the same bits: logistic regression and a small perceptron."""

from __future__ import annotations

import numpy as np
import torch

from jscc.bitplanes import unpack_planes
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
        Maps float bits, shape (B, n_planes * width), to scores (B, 10).
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        sizes = [n_planes * packed.shape[1], *([hidden] if hidden else []), N_CLASSES]
        layers: list[torch.nn.Module] = []
        for inputs, outputs in zip(sizes, sizes[1:], strict=False):
            layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
        model = torch.nn.Sequential(*layers[:-1])
    optimiser = torch.optim.Adam(model.parameters(), learning_rate)
    rng = np.random.default_rng(seed)
    targets = torch.from_numpy(np.asarray(labels).astype(np.int64))
    for _ in range(epochs):
        order = rng.permutation(len(packed))
        for first in range(0, len(order), batch_size):
            chosen = order[first : first + batch_size]
            loss = torch.nn.functional.cross_entropy(model(_bits(packed[chosen], n_planes)), targets[chosen])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return model


@torch.no_grad()
def predict(model: torch.nn.Module, packed: np.ndarray, n_planes: int) -> np.ndarray:
    """Most likely class of each row of packed bits, int64, shape (N,)."""
    parts = [model(_bits(packed[first : first + 1000], n_planes)) for first in range(0, len(packed), 1000)]
    return torch.cat(parts).argmax(dim=1).numpy()


def _bits(packed: np.ndarray, n_planes: int) -> torch.Tensor:
    return torch.from_numpy(unpack_planes(packed, n_planes).reshape(len(packed), -1).astype(np.float32))

"""A perceptron forward and backward by hand: the fast way of training on binary pixels.

Of K received words of an image only their log-likelihoods are needed, to weigh them; the gradient can go through a
single one that is drawn by its weight, whose expectation is that of the weighted sum. Its activations are at hand from
the weighing, so that one pass forward over all samples and one pass backward over one of them is all the work.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from jscc.necst import _kernels

__all__ = ["Perceptron", "log_likelihoods", "with_gradients"]


class Perceptron:
    """The linear layers of a sequence, and their weights in the precision of the products.

    Parameters
    ----------
    sequence : torch.nn.Sequential
        Linear layers with rectifiers between them.
    dtype : torch.dtype
        float32 or bfloat16.

    Raises
    ------
    ValueError
        If the sequence has other layers.
    """

    def __init__(self, sequence: nn.Sequential, dtype: torch.dtype):
        kinds = [nn.ReLU if place % 2 else nn.Linear for place in range(len(sequence))]
        if kinds[-1:] != [nn.Linear] or any(type(one) is not kind for one, kind in zip(sequence, kinds, strict=True)):
            raise ValueError(f"{sequence} given, linear layers with rectifiers between them are expected")
        self.layers = list(sequence[::2])
        self.weights = [layer.weight.detach().to(dtype) for layer in self.layers]
        self.biases = [None if layer.bias is None else layer.bias.detach().to(dtype) for layer in self.layers]
        self.dtype = dtype

    def forward(self, rows: torch.Tensor) -> list[torch.Tensor]:
        """What goes into each layer, and what comes out of the last, of rows (N, inputs)."""
        states = [rows.to(self.dtype)]
        for weight, bias in zip(self.weights, self.biases, strict=True):
            if len(states) > 1:
                states[-1].relu_()
            states.append(F.linear(states[-1], weight, bias))
        return states

    def backward(self, states: list[torch.Tensor], change: torch.Tensor, decay: float = 0.0) -> list[tuple]:
        """Each parameter with its gradient, from the gradient of what came out; weights times `decay` are added."""
        found = []
        change = change.to(self.dtype)
        for place in reversed(range(len(self.layers))):
            layer, before = self.layers[place], states[place]
            gradient = (change.T @ before).float()
            if decay:
                gradient.add_(layer.weight.detach(), alpha=decay)
            found.append((layer.weight, gradient))
            if layer.bias is not None:
                found.append((layer.bias, change.sum(dim=0, dtype=torch.float32)))
            if place:
                change = (change @ self.weights[place]).mul_(before > 0)
        return found


def log_likelihoods(logits: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """ln p(x | y) of binary pixels: float32, (K, N), from logits (K, N, pixels) of either precision."""
    if logits.device.type != "cpu":
        logits = logits.float()
        return (images * logits - F.softplus(logits)).sum(dim=2)
    bits = logits.contiguous().view(torch.int16 if logits.dtype == torch.bfloat16 else torch.int32).numpy()
    out = np.empty(bits.shape[:2], np.float32)
    scratch = np.empty((2, bits.shape[2]), np.float32)
    pixels = np.ascontiguousarray(images.to(torch.uint8).numpy())
    _kernels.log_likelihoods(bits, np.int32(8 * (4 - bits.itemsize)), pixels, scratch, out)
    return torch.from_numpy(out)


def with_gradients(value: torch.Tensor, found: list[tuple]) -> torch.Tensor:
    """A scalar whose derivative with respect to each of some parameters is given."""
    parameters, gradients = zip(*found, strict=True)
    return _Given.apply(value, gradients, *parameters)


class _Given(torch.autograd.Function):
    @staticmethod
    def forward(ctx, value, gradients, *parameters):
        ctx.gradients = gradients
        return value.clone()

    @staticmethod
    def backward(ctx, outer):
        return (None, None, *(gradient.mul_(outer) for gradient in ctx.gradients))

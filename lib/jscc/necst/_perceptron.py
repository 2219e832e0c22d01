"""The decoder's gradient through one sample, by hand: the fast way of training a perceptron.

Of K received words of an image only their log-likelihoods are needed, to weigh them; the gradient can go through a
single one that is drawn by its weight, whose expectation is that of the weighted sum. Its activations are at hand from
the weighing, so that one pass forward over all samples and one pass backward over one of them is all the work.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

__all__ = ["through_one_sample"]


def through_one_sample(model, images: torch.Tensor, received: torch.Tensor, terms: Callable, precision: str) -> tuple:
    """Weigh received words, and prepare the decoder's gradient through one of them.

    Parameters
    ----------
    model : jscc.necst.model.Necst
        With a perceptron for its decoder, and binary pixels.
    images : tensor, shape (N, pixels)
    received : tensor, shape (K, N, m)
    terms : callable
        ``terms(gain)`` gives value, weights and credit from log-likelihoods (K, N).
    precision : {"float32", "bfloat16"}
        Of the matrix products.

    Returns
    -------
    value, credit : tensor
        From `terms`.
    decoded : tensor
        A scalar zero whose gradient is the decoder's.

    Raises
    ------
    ValueError
        If the decoder or the pixels are others.
    """
    layers = [layer for layer in model.decoder if isinstance(layer, nn.Linear)]
    plain = all(isinstance(layer, nn.Linear | nn.ReLU) for layer in model.decoder)
    if not plain or len(model.decoder) != 2 * len(layers) - 1 or model.likelihood != "bernoulli":
        raise ValueError(f"{model!r} given with through='one', a perceptron of binary pixels is expected")
    dtype = getattr(torch, precision)
    count = received.shape[1]
    with torch.no_grad():
        weights = [layer.weight.to(dtype) for layer in layers]
        states = [received.reshape(-1, received.shape[-1]).to(dtype)]
        for layer, weight in zip(layers, weights, strict=True):
            bias = None if layer.bias is None else layer.bias.to(dtype)
            said = F.linear(states[-1], weight, bias)
            states.append(said if layer is layers[-1] else said.relu_())
        logits = states[-1].float().view(len(received), count, -1)
        x = images.reshape(1, count, -1)
        gain = (x * logits).sum(dim=2) - F.softplus(logits).sum(dim=2)
        value, share, credit = terms(gain)
        chosen = torch.multinomial(share.T, 1)[:, 0] * count + torch.arange(count, device=images.device)
        change = (torch.sigmoid(logits.view(-1, x.shape[2])[chosen]) - x[0]).div_(count).to(dtype)
        parameters, gradients = [], []
        for i in reversed(range(len(layers))):
            before = states[i][chosen]
            parameters.append(layers[i].weight)
            gradients.append((change.T @ before).to(layers[i].weight.dtype))
            if layers[i].bias is not None:
                parameters.append(layers[i].bias)
                gradients.append(change.float().sum(dim=0))
            if i:
                change = (change @ weights[i]) * (before > 0)
    return value, _Given.apply(gradients, *parameters), credit


class _Given(torch.autograd.Function):
    """A zero with a gradient that is known already."""

    @staticmethod
    def forward(ctx, gradients, *parameters):
        ctx.gradients = gradients
        return torch.zeros((), device=parameters[0].device)

    @staticmethod
    def backward(ctx, outer):
        return (None, *(outer * gradient for gradient in ctx.gradients))

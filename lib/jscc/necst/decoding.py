"""Decoding by plain arrays: one word by a kernel of our own, many by torch's products of matrices."""

from __future__ import annotations

import numpy as np
import torch
from scipy.special import expit

from jscc.channels import ERASED
from jscc.necst import _kernels
from jscc.necst._perceptron import Perceptron
from jscc.necst.model import Necst

__all__ = ["Decoder"]

FEWEST_FOR_TORCH = 8  # words from which on a product of matrices is faster


class Decoder:
    """The decoder of a trained perceptron, without torch for a few words at a time.

    A single word is a matter of reading weights from memory. The kernel reads only those of units that are not at
    zero: of a first layer's inputs half, with the rest folded into the biases, and of hidden units those that the
    rectifier lets through.

    Parameters
    ----------
    model : Necst
        With a perceptron for its decoder.

    Raises
    ------
    ValueError
        If the decoder is another network.

    Examples
    --------
    >>> from jscc.necst import network
    >>> model = network("random_bits")
    >>> decoder = Decoder(model)
    >>> decoder
    Decoder(50 bits, 326,100 weights)
    >>> bits = model.encode(np.zeros((1, 100)))
    >>> np.allclose(decoder.reconstruct(bits), model.reconstruct(bits), atol=1e-5)
    True
    """

    def __init__(self, model: Necst):
        layers = Perceptron(model.decoder, torch.float32)
        weights = [weight.cpu().numpy().T for weight in layers.weights]
        biases = [np.zeros(weight.shape[1]) for weight in weights]
        for place, bias in enumerate(layers.biases):
            if bias is not None:
                biases[place] += bias.cpu().numpy()
        # Bits enter as -1 or 1, an erased one as 0. Written as 0, 2 and 1, with all at -1 in the bias, zeros are free.
        biases[0] = biases[0] - weights[0].sum(axis=0)
        self.model, self.bits = model, model.bits
        self._layers = _kernels.layers_of(weights, biases)

    def __repr__(self) -> str:
        return f"Decoder({self.bits} bits, {self._layers.weights.size + self._layers.biases.size:,} weights)"

    def logits(self, received: np.ndarray) -> np.ndarray:
        """What the network says of received words: float32, shape (N, pixels).

        Parameters
        ----------
        received : ndarray of uint8, shape (N, m)
            0, 1, and `jscc.channels.ERASED`.
        """
        received = np.asarray(received)
        if received.ndim != 2 or received.shape[1] != self.bits:
            raise ValueError(f"received of shape {received.shape} given, rows of {self.bits} values are expected")
        if len(received) and not 0 <= received.min() <= received.max() <= ERASED:
            raise ValueError(f"received from {received.min()} to {received.max()} given, 0 to {ERASED} is expected")
        if len(received) >= FEWEST_FOR_TORCH:
            with torch.inference_mode():
                return self.model.decoder(torch.from_numpy(_SIGNS[received])).numpy()
        out = np.empty((len(received), self._layers.sizes[-1]), np.float32)
        _kernels.perceptron(_STEPS[received], self._layers, out)
        return out

    def reconstruct(self, received: np.ndarray) -> np.ndarray:
        """Probabilities of binary pixels to be 1, or the means of Gaussian ones: float32, shape (N, pixels)."""
        said = self.logits(received)
        return expit(said) if self.model.likelihood == "bernoulli" else said


_SIGNS = np.float32([-1, 1, 0])  # of 0, 1 and ERASED
_STEPS = _SIGNS + 1

"""The paper's separate rival: a discrete variational autoencoder for the source, an LDPC code for the channel.

The autoencoder (section B.3) has a uniform prior over the codes, whose divergence is taken from the objective
(`jscc.necst.objectives.Objective` with ``prior=1``), and half the bits. An LDPC code of rate 1/2 doubles them again,
with three ones a column and no cycle of length four, as the authors' software draws them; here by progressive edge
growth. The channel decoder is the house's belief propagation, and what it decides goes into the autoencoder's decoder.
"""

from __future__ import annotations

import numpy as np

from jscc import channels
from jscc.ldpc import BeliefPropagation
from jscc.necst.linear import LinearCode
from jscc.necst.model import Necst
from jscc.soft import as_batch
from jscc.tanner import peg

__all__ = ["CodedAutoencoder"]


class CodedAutoencoder:
    """An autoencoder's bits, sent through a regular LDPC code of rate 1/2 with three ones a column.

    Parameters
    ----------
    model : Necst
        Trained without noise; its m bits become 2 m.
    noise : float
        Flip probability of the binary symmetric channel that belief propagation reckons with, 0 to 1/2.
    rng : int or numpy.random.Generator
        Draws the graph.
    max_iterations : int
        Of belief propagation; the paper times 50.

    Raises
    ------
    ValueError
        If the noise is out of range, or the model has fewer than three bits.

    Examples
    --------
    >>> from jscc.necst import network
    >>> system = CodedAutoencoder(network("binarized_mnist", bits=50), noise=0.05, rng=0)
    >>> system
    CodedAutoencoder(50 bits in 100, noise 0.05)
    >>> sent = system.encode(np.zeros((2, 784)))
    >>> sent[:, [3, 70]] ^= 1
    >>> np.array_equal(system.bits(sent), system.model.encode(np.zeros((2, 784))))
    True
    """

    def __init__(self, model: Necst, noise: float, rng: int | np.random.Generator = 0, *, max_iterations: int = 50):
        if not 0 <= noise <= 0.5:
            raise ValueError(f"noise={noise} given, 0 to 1/2 is expected")
        self.model, self.noise = model, float(noise)
        graph = peg(model.bits, [3] * (2 * model.bits), rng)
        self.code = LinearCode.of_parity_check(graph.to_dense())
        self._decoder = BeliefPropagation(graph, max_iterations=max_iterations)

    def __repr__(self) -> str:
        return f"CodedAutoencoder({self.model.bits} bits in {self.code.length}, noise {self.noise:g})"

    def encode(self, images) -> np.ndarray:
        """The word that is sent for each image: uint8, shape (N, 2 m)."""
        bits = self.model.encode(images)
        spare = self.code.dimension - self.model.bits  # where checks depend on each other
        return self.code.encode(np.pad(bits, ((0, 0), (0, spare))))

    def bits(self, received) -> np.ndarray:
        """The m bits that belief propagation decides on: uint8, shape (N, m).

        Parameters
        ----------
        received : array_like of 0 and 1, shape (N, 2 m)
        """
        received, _ = as_batch(received, self.code.length, "received", np.uint8)
        decided = self._decoder.decode(channels.bsc_llr(received, self.noise)).bits
        return decided[:, self.code.information_places[: self.model.bits]]

    def reconstruct(self, received) -> np.ndarray:
        """The probability of each pixel to be 1, float32, shape (N, pixels), of received words (N, 2 m)."""
        return self.model.reconstruct(self.bits(received))

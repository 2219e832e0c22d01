"""One network for many channels, and one for many lengths: what paper 4 leaves to future work (section 8).

`MixedNoise` is an objective under which each batch goes through a channel of its own noise; the model then serves a
whole range of channels and is told of none. `PrefixNecst` is a model that is trained on words which end early: each
image's after a number of bits that is drawn, the rest being erased, so that its first bits decode alone and a sender
may stop anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from jscc.channels import ERASED
from jscc.necst.model import Necst
from jscc.necst.objectives import Objective

__all__ = ["MixedNoise", "PrefixNecst", "prefix"]


@dataclass(frozen=True)
class MixedNoise:
    """A loss for `jscc.training.train`, under which the channel's noise is drawn for each batch.

    Attributes
    ----------
    objective : Objective
    low, high : float
        The noise is uniform between them, whatever the model's own is.

    Raises
    ------
    ValueError
        If they are not in order.

    Examples
    --------
    >>> from jscc.necst import network
    >>> loss = MixedNoise(Objective(), 0.0, 0.4)
    >>> model = network("random_bits")
    >>> loss(model, torch.zeros(3, 100)).shape, model.noise
    (torch.Size([]), 0.0)
    """

    objective: Objective
    low: float
    high: float

    def __post_init__(self):
        if not 0 <= self.low <= self.high <= 1:
            raise ValueError(f"low={self.low} and high={self.high} given, 0 <= low <= high <= 1 is expected")

    def __call__(self, model: Necst, images: torch.Tensor) -> torch.Tensor:
        """The objective at a noise that is drawn; the model's own is put back."""
        own = model.noise
        model.noise = self.low + (self.high - self.low) * float(torch.rand(()))
        try:
            return self.objective(model, images)
        finally:
            model.noise = own


class PrefixNecst(Necst):
    """A model whose words end, in training, after 1 to m bits, each as likely, drawn for each image.

    All samples of an image end at the same place, so that their gains compare. The arguments are those of `Necst`.

    Examples
    --------
    >>> from jscc.necst import perceptrons
    >>> model = PrefixNecst(*perceptrons(64, 20, 50), 20)
    >>> bits = model.encode(np.zeros((3, 64)))
    >>> model.reconstruct(prefix(bits, 5)).shape
    (3, 64)
    """

    def kept(self, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
        """Draw which bits arrive: those before the end that the channel does not erase."""
        ends = torch.randint(1, self.bits + 1, (shape[-2], 1), device=like.device)
        sent = (torch.arange(self.bits, device=like.device) < ends).to(like.dtype).expand(shape)
        arrived = super().kept(shape, like)
        return sent if arrived is None else sent * arrived


def prefix(received: np.ndarray, length: int) -> np.ndarray:
    """Received words (N, m) of which all bits behind the first `length` are erased.

    Examples
    --------
    >>> prefix(np.ones((1, 4), np.uint8), 3).tolist()
    [[1, 1, 1, 2]]
    """
    received = np.asarray(received)
    if received.ndim != 2 or not 0 <= length <= received.shape[1]:
        raise ValueError(f"length={length} given with words of shape {received.shape}, at most that many is expected")
    out = np.full(received.shape, ERASED, np.uint8)
    out[:, :length] = received[:, :length]
    return out

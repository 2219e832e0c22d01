"""Networks of paper 4: an encoder to bits, a noisy channel inside the model, and a decoder of what is received.

The supplement (section A) gives a pair of networks for each data set: perceptrons for binary images and strings,
convolutional networks for colour images. Between them lies a binary symmetric or a binary erasure channel. An encoder
gives the logits of the sent bits, independent of each other given the image; a decoder gives the logits of binary
pixels, or the means of Gaussian ones.

Received bits 0 and 1 enter the decoder as -1 and 1; one that was erased enters as 0, halfway between them. (A first
layer with biases can undo any such choice. With 0 and 1 instead, one training of two epochs on binary digits at
eps = .1 came out behind, .0783 of the pixels wrong against .0742; with a single seed, that is a hint and no more.)

Where the supplement is silent, the reading here is: every layer has a bias; the noise of a Gaussian pixel has variance
1/2, so that its negative log-likelihood is the squared error; "the reverse" of a convolutional encoder starts with a
fully connected layer of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from scipy.special import expit
from torch import nn
from torch.nn import functional as F

from jscc.channels import ERASED
from jscc.training import outputs

__all__ = [
    "SETTINGS",
    "Necst",
    "Settings",
    "celeba_networks",
    "cifar_networks",
    "network",
    "perceptrons",
    "svhn_networks",
]

CHANNELS = ("bsc", "bec")
LIKELIHOODS = ("bernoulli", "gaussian")
_SIGNS = np.float32([-1, 1, 0])  # of 0, 1 and ERASED


@dataclass(frozen=True)
class Settings:
    """What the supplement (section A) sets for a data set.

    Attributes
    ----------
    bits : int
        m, channel uses for an image.
    epochs : int
    kind : {"perceptron", "cifar", "svhn", "celeba"}
        Which networks.
    pixels : int
        Of an image, all colours counted.
    batch_size : int
    learning_rate : float
        Of Adam.
    l2 : float
        Penalty of the encoder's weights, times half their squares.
    """

    bits: int
    epochs: int
    kind: str = "perceptron"
    pixels: int = 784
    batch_size: int = 100
    learning_rate: float = 0.001
    l2: float = 0.001


SETTINGS = {
    "binarized_mnist": Settings(100, 200),
    "omniglot": Settings(200, 500),
    "random_bits": Settings(50, 200, pixels=100),
    "svhn": Settings(500, 500, "svhn", 3072),
    "cifar10": Settings(500, 500, "cifar", 3072),
    "celeba64": Settings(1000, 500, "celeba", 12288, learning_rate=0.0001),
}
"""Sections A.1 to A.6, by the names of `jscc.datasets`."""


class Necst(nn.Module):
    """An encoder, a channel and a decoder.

    Parameters
    ----------
    encoder : torch.nn.Module
        Images (N, ...) to logits (N, m) of the sent bits: positive means that 1 is likelier.
    decoder : torch.nn.Module
        Received bits as numbers -1, 0 and 1, (N, m), to logits or means, of the images' shape.
    bits : int
        m.
    channel : {"bsc", "bec"}
    noise : float
        Probability that a bit is flipped (bsc; at most 1/2) or erased (bec; at most 1).
    likelihood : {"bernoulli", "gaussian"}
        Of pixels, given what the decoder gives.

    Raises
    ------
    ValueError
        If a parameter is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> model = network("binarized_mnist", noise=0.1)
    >>> model
    Necst(100 bits, bsc 0.1, 1,136,384 weights)
    >>> images = np.random.default_rng(0).integers(0, 2, (3, 784))
    >>> bits = model.encode(images)
    >>> bits.shape, model.reconstruct(bits).shape
    ((3, 100), (3, 784))
    """

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        bits: int,
        channel: str = "bsc",
        noise: float = 0.0,
        likelihood: str = "bernoulli",
    ):
        for name, value, choices in (("channel", channel, CHANNELS), ("likelihood", likelihood, LIKELIHOODS)):
            if value not in choices:
                raise ValueError(f"{name}={value!r} given, one of {', '.join(choices)} is expected")
        most = 0.5 if channel == "bsc" else 1
        if not 0 <= noise <= most:
            raise ValueError(f"noise={noise} given, 0 to {most} is expected of the channel {channel}")
        super().__init__()
        self.encoder, self.decoder = encoder, decoder
        self.bits, self.channel, self.noise, self.likelihood = int(bits), channel, float(noise), likelihood

    def __repr__(self) -> str:
        weights = sum(parameter.numel() for parameter in self.parameters())
        return f"Necst({self.bits} bits, {self.channel} {self.noise:g}, {weights:,} weights)"

    def probability_of_one(self, logits: torch.Tensor) -> torch.Tensor:
        """Probability that a received bit that was not erased is 1 (section 4, below equation 1).

        With p that of the sent bit, ``p - 2 p eps + eps`` on the binary symmetric channel, p on the other.
        """
        sent = torch.sigmoid(logits)
        return sent if self.channel == "bec" else sent * (1 - 2 * self.noise) + self.noise

    def slope(self, logits: torch.Tensor) -> torch.Tensor:
        """How the logit of a received bit grows with that of the sent bit: 1 without noise, 0 where all is lost."""
        if self.channel == "bec" or self.noise == 0:
            return torch.ones_like(logits)
        sent = torch.sigmoid(logits)
        received = sent * (1 - 2 * self.noise) + self.noise
        return (1 - 2 * self.noise) * sent * torch.sigmoid(-logits) / (received * (1 - received))

    def kept(self, shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor | None:
        """Draw which bits are not erased, 0 and 1; None on a channel that erases none."""
        if self.channel == "bsc":
            return None
        return (torch.rand(shape, device=like.device) >= self.noise).to(like.dtype)

    def received(self, bits: torch.Tensor, kept: torch.Tensor | None) -> torch.Tensor:
        """What the decoder sees of bits 0 and 1: -1 and 1, and 0 for those that are erased."""
        signs = 2 * bits - 1
        return signs if kept is None else signs * kept

    def log_likelihood(self, images: torch.Tensor, received: torch.Tensor) -> torch.Tensor:
        """ln p(x | y), in nats, of each image and each of its received words; constants of a Gaussian left out.

        Parameters
        ----------
        images : tensor, shape (N, ...)
        received : tensor, shape (K, N, m)

        Returns
        -------
        tensor, shape (K, N)
        """
        words, count = received.shape[:2]
        said = self.decoder(received.reshape(words * count, self.bits)).reshape(words, count, -1)
        # Half precision has no room for the sum over the pixels, whose differences are what is learned from.
        said = said.to(torch.promote_types(said.dtype, torch.float32))
        x = images.reshape(1, count, -1).to(said.dtype)
        if self.likelihood == "gaussian":
            return -((x - said) ** 2).sum(dim=2)
        return (x * said - F.softplus(said)).sum(dim=2)

    def encode(self, images: np.ndarray) -> np.ndarray:
        """The likeliest bits of each image: uint8, shape (N, m). Images are as the encoder takes them."""
        logits = _rows(self.encoder, np.asarray(images, np.float32))
        return (logits > 0).astype(np.uint8)

    def encode_at_random(self, images: np.ndarray, rng: int | np.random.Generator) -> np.ndarray:
        """Bits drawn from what the encoder says of them, as in training: uint8, shape (N, m)."""
        logits = _rows(self.encoder, np.asarray(images, np.float32))
        uniform = np.random.default_rng(rng).random(logits.shape, dtype=np.float32)
        return (uniform < expit(logits)).astype(np.uint8)

    def reconstruct(self, received: np.ndarray) -> np.ndarray:
        """What the decoder makes of received words.

        Parameters
        ----------
        received : array_like of uint8, shape (N, m)
            0, 1, and `jscc.channels.ERASED` for a bit that was erased.

        Returns
        -------
        ndarray of float32, of the images' shape
            Probabilities of binary pixels to be 1, or the means of Gaussian ones.
        """
        received = np.asarray(received)
        if received.ndim != 2 or received.shape[1] != self.bits or not np.isin(received, (0, 1, ERASED)).all():
            raise ValueError(
                f"received of shape {received.shape} given, rows of {self.bits} values 0, 1 and {ERASED} are expected"
            )
        said = _rows(self.decoder, _SIGNS[received.astype(np.intp)])
        return expit(said) if self.likelihood == "bernoulli" else said


def _rows(module: nn.Module, rows: np.ndarray) -> np.ndarray:
    return outputs(module, rows, batch_size=500)


def _perceptron(*sizes: int, bias: bool = True) -> nn.Sequential:
    """Layers with rectifiers between them."""
    layers: list[nn.Module] = []
    for before, after in zip(sizes, sizes[1:], strict=False):
        layers += [nn.Linear(before, after, bias=bias), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def perceptrons(pixels: int = 784, bits: int = 100, hidden: int = 500, *, bias: bool = True) -> tuple:
    """Encoder with one hidden layer and decoder with two (sections A.1 to A.3).

    Parameters
    ----------
    pixels, bits, hidden : int
        Width of an image, of a codeword and of a hidden layer.
    bias : bool
        Whether the decoder and the encoder's last layer have one. The authors' published code has none there, the
        paper does not say.

    Returns
    -------
    encoder, decoder : torch.nn.Module

    Examples
    --------
    The decoder's 692,000 products for a binary digit:

    >>> decoder = perceptrons(bias=False)[1]
    >>> sum(parameter.numel() for parameter in decoder.parameters())
    692000
    """
    for name, value in (("pixels", pixels), ("bits", bits), ("hidden", hidden)):
        if not value >= 1:
            raise ValueError(f"{name}={value} given, a positive number is expected")
    encoder = _perceptron(pixels, hidden, bits)
    if not bias:
        encoder[2] = nn.Linear(hidden, bits, bias=False)
    return encoder, _perceptron(bits, hidden, hidden, pixels, bias=bias)


def cifar_networks(bits: int = 500) -> tuple:
    """Encoder of three convolutions, decoder of four, of images (N, 3, 32, 32) (section A.5).

    Returns
    -------
    encoder, decoder : torch.nn.Module
        The decoder ends in a sigmoid.

    Examples
    --------
    >>> encoder, decoder = cifar_networks()
    >>> decoder(encoder(torch.zeros(2, 3, 32, 32))).shape
    torch.Size([2, 3, 32, 32])
    """
    down: list[nn.Module] = []
    for before, after in ((3, 64), (64, 32), (32, 16)):
        down += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    up: list[nn.Module] = []
    for before, after in ((16, 16), (16, 32), (32, 64)):
        layer = nn.ConvTranspose2d(before, after, 3, padding=1)
        up += [layer, nn.BatchNorm2d(after), nn.ReLU(), nn.Upsample(scale_factor=2)]
    last = nn.ConvTranspose2d(64, 3, 3, padding=1), nn.BatchNorm2d(3), nn.Sigmoid()
    encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(256, bits))
    return encoder, nn.Sequential(nn.Linear(bits, 256), nn.ReLU(), nn.Unflatten(1, (16, 4, 4)), *up, *last)


def svhn_networks(bits: int = 500) -> tuple:
    """Encoder of three convolutions, decoder of four, of images (N, 3, 32, 32) (section A.4).

    Returns
    -------
    encoder, decoder : torch.nn.Module
        The decoder ends in a rectifier.

    Examples
    --------
    >>> encoder, decoder = svhn_networks()
    >>> decoder(encoder(torch.zeros(2, 3, 32, 32))).shape
    torch.Size([2, 3, 32, 32])
    """
    down: list[nn.Module] = []
    for before, after in ((3, 128), (128, 256), (256, 512)):
        down += [nn.Conv2d(before, after, 2, stride=2), nn.ReLU()]
    up: list[nn.Module] = []
    for before, after in ((512, 512), (512, 256), (256, 128)):
        up += [nn.ConvTranspose2d(before, after, 2, stride=2), nn.ReLU()]
    encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(8192, bits))
    first = nn.Linear(bits, 8192), nn.ReLU(), nn.Unflatten(1, (512, 4, 4))
    return encoder, nn.Sequential(*first, *up, nn.ConvTranspose2d(128, 3, 1), nn.ReLU())


def celeba_networks(bits: int = 1000) -> tuple:
    """Encoder of five convolutions, decoder of five, of images (N, 3, 64, 64) (section A.6).

    Returns
    -------
    encoder, decoder : torch.nn.Module
        The decoder ends in a sigmoid.

    Examples
    --------
    >>> encoder, decoder = celeba_networks()
    >>> decoder(encoder(torch.zeros(2, 3, 64, 64))).shape
    torch.Size([2, 3, 64, 64])
    """
    down: list[nn.Module] = []
    for before, after in ((3, 32), (32, 32), (32, 64), (64, 64)):
        down += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.ELU()]
    down += [nn.Conv2d(64, 256, 4, stride=2), nn.ELU()]
    up: list[nn.Module] = [nn.ConvTranspose2d(256, 64, 4, stride=2), nn.ELU()]
    for before, after in ((64, 64), (64, 32), (32, 32)):
        up += [nn.ConvTranspose2d(before, after, 4, stride=2, padding=1), nn.ELU()]
    encoder = nn.Sequential(*down, nn.Flatten(), nn.Linear(256, bits))
    first = nn.Linear(bits, 256), nn.ELU(), nn.Unflatten(1, (256, 1, 1))
    last = nn.ConvTranspose2d(32, 3, 4, stride=2, padding=1), nn.Sigmoid()
    return encoder, nn.Sequential(*first, *up, *last)


def network(dataset: str, *, bits: int | None = None, channel: str = "bsc", noise: float = 0.0) -> Necst:
    """The model of a data set, with weights drawn from torch's generator.

    Parameters
    ----------
    dataset : str
        One of `SETTINGS`.
    bits : int, optional
        Other than the supplement's number.
    channel, noise
        As of `Necst`.

    Returns
    -------
    Necst

    Examples
    --------
    >>> network("cifar10", noise=0.1)
    Necst(500 bits, bsc 0.1, 309,277 weights)
    """
    if dataset not in SETTINGS:
        raise ValueError(f"dataset={dataset!r} given, one of {', '.join(SETTINGS)} is expected")
    settings = SETTINGS[dataset]
    bits = settings.bits if bits is None else int(bits)
    if bits < 1:
        raise ValueError(f"bits={bits} given, a positive number is expected")
    makers = {
        "perceptron": partial(perceptrons, settings.pixels),
        "cifar": cifar_networks,
        "svhn": svhn_networks,
        "celeba": celeba_networks,
    }
    encoder, decoder = makers[settings.kind](bits)
    likelihood = "bernoulli" if settings.kind == "perceptron" else "gaussian"
    return Necst(encoder, decoder, bits, channel, noise, likelihood)

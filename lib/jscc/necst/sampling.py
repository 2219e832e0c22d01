"""A trained model as a generator: its Markov chain (paper 4, section 4.1), and the images between two codes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from jscc import channels
from jscc.necst.model import Necst
from jscc.soft import as_batch

__all__ = ["Strip", "chain_steps", "flip_first", "flip_path", "interpolate", "markov_chain", "strip"]


def markov_chain(model: Necst, images, steps: int, rng: int | np.random.Generator, *, every: int = 1) -> np.ndarray:
    """Run the chain of equation (4): bits are drawn from an image, sent, and an image is drawn from what arrives.

    Parameters
    ----------
    model : Necst
        Of binary pixels. A chain at its own noise; with none, only the encoder's bits are at random.
    images : array_like, shape (N, pixels)
        Where N chains start; any numbers that the encoder takes.
    steps : int
    rng : int or numpy.random.Generator
    every : int
        Images are kept after so many steps each.

    Returns
    -------
    ndarray of float32, shape (steps // every, N, pixels)
        Probabilities of the pixels to be 1, as the paper shows them; what goes on is drawn from them.

    Raises
    ------
    ValueError
        If the model's pixels are not binary, or a number is not positive.

    Examples
    --------
    >>> from jscc.necst import network
    >>> chain = markov_chain(network("random_bits", noise=0.1), np.zeros((2, 100)), 9, rng=0, every=3)
    >>> chain.shape
    (3, 2, 100)
    """
    for name, value in (("steps", steps), ("every", every)):
        if not value >= 1 or int(value) != value:
            raise ValueError(f"{name}={value} given, a positive integer is expected")
    images = np.asarray(images, np.float32)
    kept = np.empty((steps // every, *images.shape), np.float32)
    chain = chain_steps(model, images, rng)
    for step in range(1, steps + 1):
        probability = next(chain)
        if step % every == 0:
            kept[step // every - 1] = probability
    return kept


def chain_steps(model: Necst, images, rng: int | np.random.Generator) -> Iterator[np.ndarray]:
    """Run the chain of `markov_chain` without end, a step at a time; the arguments are its own.

    Yields
    ------
    ndarray of float32, shape (N, pixels)
        Probabilities of the pixels to be 1; the next step sets out from pixels that are drawn from them.

    Raises
    ------
    ValueError
        If the model's pixels are not binary.

    Examples
    --------
    >>> from jscc.necst import network
    >>> chain = chain_steps(network("random_bits", noise=0.1), np.zeros((2, 100)), rng=0)
    >>> next(chain).shape
    (2, 100)
    """
    if model.likelihood != "bernoulli":
        raise ValueError(f"{model!r} of {model.likelihood} pixels given, binary ones are expected")
    return _steps(model, np.asarray(images, np.float32), np.random.default_rng(rng))


def _steps(model: Necst, images: np.ndarray, rng: np.random.Generator) -> Iterator[np.ndarray]:
    channel = channels.bsc if model.channel == "bsc" else channels.bec
    while True:
        probability = model.reconstruct(channel(model.encode_at_random(images, rng), model.noise, rng))
        images = (rng.random(probability.shape, dtype=np.float32) < probability).astype(np.float32)
        yield probability


def flip_path(start, end, rng: int | np.random.Generator) -> np.ndarray:
    """Codes from one to another, each a bit nearer; the bits that differ are flipped in random order.

    Parameters
    ----------
    start, end : array_like of 0 and 1, shape (m,)
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray of uint8, shape (d + 1, m)
        d the number of bits that differ; the first is `start`, the last `end`.

    Examples
    --------
    >>> flip_path([0, 0, 1], [1, 0, 0], rng=0)[[0, -1]].tolist()
    [[0, 0, 1], [1, 0, 0]]
    """
    start, single = as_batch(start, None, "start", np.uint8)
    end, also_single = as_batch(end, start.shape[1], "end", np.uint8)
    if not (single and also_single):
        raise ValueError(f"start and end of shapes {start.shape} and {end.shape} given, single words are expected")
    differing = np.random.default_rng(rng).permutation(np.flatnonzero(start[0] != end[0]))
    path = np.tile(start[0], (len(differing) + 1, 1))
    for step, place in enumerate(differing, 1):
        path[step:, place] ^= 1
    return path


def interpolate(model: Necst, start, end, rng: int | np.random.Generator) -> np.ndarray:
    """Images along the way from one image's code to another's, see `flip_path`.

    Parameters
    ----------
    model : Necst
    start, end : array_like, of an image's shape
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (d + 1, ...)
        Reconstructions after 0 to d flipped bits.

    Examples
    --------
    >>> from jscc.necst import network
    >>> model = network("random_bits")
    >>> strip = interpolate(model, np.zeros(100), np.ones(100), rng=0)
    >>> differing = model.encode(np.zeros((1, 100))) != model.encode(np.ones((1, 100)))
    >>> len(strip) - 1 == int(differing.sum())
    True
    """
    first, last = model.encode(np.stack([np.asarray(start), np.asarray(end)]))
    return model.reconstruct(flip_path(first, last, rng))


def flip_first(codes: np.ndarray, order: np.ndarray, counts) -> np.ndarray:
    """Codes with the first so many bits of an order flipped.

    Parameters
    ----------
    codes : ndarray of 0 and 1, shape (N, m)
    order : ndarray of int, shape (N, m)
        A permutation of the places in each row.
    counts : array_like of int, broadcast to (N,)

    Returns
    -------
    ndarray of uint8, shape (N, m)

    Examples
    --------
    >>> flip_first(np.zeros((2, 4), np.uint8), np.array([[3, 0, 1, 2], [1, 2, 3, 0]]), [1, 3]).tolist()
    [[0, 0, 0, 1], [0, 1, 1, 1]]
    """
    codes, order = np.asarray(codes, np.uint8), np.asarray(order)
    if codes.ndim != 2 or order.shape != codes.shape:
        raise ValueError(f"codes and order of shapes {codes.shape} and {order.shape} given, (N, m) twice is expected")
    rank = np.argsort(order, axis=1)
    return codes ^ (rank < np.broadcast_to(counts, len(codes))[:, None]).astype(np.uint8)


@dataclass(frozen=True)
class Strip:
    """Pictures between two images, for a row of pictures or a player.

    Attributes
    ----------
    flips : ndarray of int64, shape (F,)
        How many bits of the first image's code are flipped.
    images : ndarray of float32, shape (F, pixels)
        What the decoder makes of it.
    confidence : ndarray of float32, shape (F, classes)
        What a reader says of that.
    """

    flips: np.ndarray
    images: np.ndarray
    confidence: np.ndarray


def strip(
    model: Necst, read: Callable[[np.ndarray], np.ndarray], start, end, rng: int | np.random.Generator, frames: int = 11
) -> Strip:
    """The pictures between two images along the bits in which their codes differ (figures 4, 6 and 7).

    Parameters
    ----------
    model : Necst
    read : callable
        Images (F, pixels) to probabilities (F, classes), such as `jscc.necst.DigitReader.probabilities`.
    start, end : array_like, shape (pixels,)
        With None for `end`, all bits are flipped in random order, whatever they say.
    rng : int or numpy.random.Generator
        Draws the order.
    frames : int
        How many pictures, evenly spaced along the way, the first and the last one included.

    Returns
    -------
    Strip

    Examples
    --------
    >>> from jscc.necst import DigitReader, network
    >>> images = np.random.default_rng(0).integers(0, 2, (2, 784))
    >>> between = strip(network("binarized_mnist"), DigitReader().probabilities, *images, rng=0, frames=5)
    >>> between.images.shape, between.confidence.shape
    ((5, 784), (5, 10))
    """
    if not frames >= 2 or int(frames) != frames:
        raise ValueError(f"frames={frames} given, an integer of 2 or more is expected")
    first = model.encode(np.asarray(start)[None])[0]
    last = 1 - first if end is None else model.encode(np.asarray(end)[None])[0]
    path = flip_path(first, last, rng)
    flips = np.round(np.linspace(0, len(path) - 1, frames)).astype(np.int64)
    images = model.reconstruct(path[flips])
    return Strip(flips, images, read(images))

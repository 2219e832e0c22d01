"""A trained model as a generator: its Markov chain (paper 4, section 4.1), and the images between two codes."""

from __future__ import annotations

import numpy as np

from jscc import channels
from jscc.necst.model import Necst
from jscc.soft import as_batch

__all__ = ["flip_path", "interpolate", "markov_chain"]


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
    if model.likelihood != "bernoulli":
        raise ValueError(f"{model!r} of {model.likelihood} pixels given, binary ones are expected")
    for name, value in (("steps", steps), ("every", every)):
        if not value >= 1 or int(value) != value:
            raise ValueError(f"{name}={value} given, a positive integer is expected")
    rng = np.random.default_rng(rng)
    channel = channels.bsc if model.channel == "bsc" else channels.bec
    images = np.asarray(images, np.float32)
    kept = np.empty((steps // every, *images.shape), np.float32)
    for step in range(1, steps + 1):
        probability = model.reconstruct(channel(model.encode_at_random(images, rng), model.noise, rng))
        images = (rng.random(probability.shape, dtype=np.float32) < probability).astype(np.float32)
        if step % every == 0:
            kept[step // every - 1] = probability
    return kept


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

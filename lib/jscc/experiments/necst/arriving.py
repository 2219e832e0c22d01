"""Paper 4, beyond its table: how many bits arrive, by the noiseless code that is as bad."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["effective_bits", "yardstick"]


def yardstick(bits: ArrayLike, wrong_pixels: ArrayLike, constant: float) -> tuple[np.ndarray, np.ndarray]:
    """The lower convex envelope of codes without noise, from which bits are read off.

    Two codes in turn reach any point of the line between theirs, so what lies below the envelope is out of reach of
    these codes at any mixture, and what lies on it is not.

    Parameters
    ----------
    bits : array_like of int, shape (N,)
    wrong_pixels : array_like of float, shape (N,)
    constant : float
        Wrong pixels of the best constant image, which takes no bits.

    Returns
    -------
    bits, wrong_pixels : ndarray
        The envelope's corners, bits rising from 0, wrong pixels falling.

    Examples
    --------
    >>> yardstick([2, 4, 8, 8], [0.8, 0.2, 0.3, 0.1], 1.0)
    (array([0., 4., 8.]), array([1. , 0.2, 0.1]))
    """
    points = [(0.0, float(constant)), *zip(np.ravel(bits).tolist(), np.ravel(wrong_pixels).tolist(), strict=True)]
    kept: list[tuple[float, float]] = []
    for x, y in sorted(points):
        if kept and y >= kept[-1][1]:
            continue
        while len(kept) > 1 and _slope(kept[-2], kept[-1]) >= _slope(kept[-1], (x, y)):
            kept.pop()
        kept.append((x, y))
    corners = np.array(kept, float)
    return corners[:, 0], corners[:, 1]


def _slope(left: tuple[float, float], right: tuple[float, float]) -> float:
    return (right[1] - left[1]) / (right[0] - left[0])


def effective_bits(wrong_pixels: ArrayLike, envelope: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Bits of the noiseless code that gets as many pixels wrong.

    Parameters
    ----------
    wrong_pixels : array_like of float
    envelope : tuple of ndarray
        Of `yardstick`.

    Returns
    -------
    ndarray of float
        0 where a constant image is as good or better; where no code of the yardstick is as good, its most.

    Examples
    --------
    >>> effective_bits([1.2, 0.6, 0.15, 0.05], ([0, 4, 8], [1.0, 0.2, 0.1]))
    array([0., 2., 6., 8.])
    """
    bits, wrong = (np.asarray(side, float) for side in envelope)
    return np.interp(wrong_pixels, wrong[::-1], bits[::-1])

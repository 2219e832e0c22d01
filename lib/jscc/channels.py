"""Binary channels, and the one convention for soft values.

Throughout the library a log-likelihood ratio is ``L = ln P(bit = 0) / P(bit = 1)``: positive means 0.
"""

from __future__ import annotations

import numpy as np


def bsc(bits: np.ndarray, crossover: float, rng: np.random.Generator) -> np.ndarray:
    """Send bits over a binary symmetric channel.

    Parameters
    ----------
    bits : ndarray of uint8, any shape
        0 and 1.
    crossover : float
        Probability that a bit is flipped, 0 to 1.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of uint8, same shape
    """
    _check_probability(crossover)
    bits = np.asarray(bits)
    return bits.astype(np.uint8) ^ (rng.random(bits.shape) < crossover)


def bsc_llr(received: np.ndarray, crossover: float) -> np.ndarray:
    """Log-likelihood ratios of bits received over a binary symmetric channel (float32).

    ``(1 - 2 y) ln((1 - p) / p)``, infinite for a noiseless channel.
    """
    _check_probability(crossover)
    return llr(np.where(np.asarray(received) == 1, 1 - crossover, crossover))


def llr(probability_of_one) -> np.ndarray:
    """The log-likelihood ratio ``ln (1 - p) / p`` of a bit that is 1 with probability p (float32)."""
    p = np.asarray(probability_of_one, dtype=np.float64)
    _check_probability(p)
    with np.errstate(divide="ignore"):
        return (np.log1p(-p) - np.log(p)).astype(np.float32)


def _check_probability(p) -> None:
    if not (np.greater_equal(p, 0) & np.less_equal(p, 1)).all():
        raise ValueError(f"a probability must be 0 to 1, not {p}")

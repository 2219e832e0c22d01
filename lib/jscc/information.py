"""Entropies and limits that more than one chapter needs."""

from __future__ import annotations

import numpy as np

_NODES = 180  # of the quadrature


def binary_entropy(p) -> np.ndarray:
    """Entropy h(p) of a coin, in bits.

    Parameters
    ----------
    p : array_like of float
        Probabilities, 0 to 1.

    Returns
    -------
    ndarray of float64
        ``-p log2 p - (1 - p) log2 (1 - p)``, with h(0) = h(1) = 0.

    Raises
    ------
    ValueError
        If a probability is not 0 to 1.

    Examples
    --------
    >>> binary_entropy([0, 0.11, 0.5])
    array([0.   , 0.4999, 1.   ])
    """
    p = _probabilities(p)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log2(p), 0) + np.where(p < 1, (1 - p) * np.log2(1 - p), 0)
    return np.abs(terms)


def inverse_binary_entropy(bits) -> np.ndarray:
    """The probability of at most one half whose coin has this entropy.

    Parameters
    ----------
    bits : array_like of float
        Entropies, 0 to 1.

    Returns
    -------
    ndarray of float64
        p in 0 to 1/2 with ``binary_entropy(p) == bits``, by bisection to the last digits.

    Raises
    ------
    ValueError
        If an entropy is not 0 to 1.

    Examples
    --------
    >>> float(inverse_binary_entropy(0.5))
    0.11003
    """
    bits = _probabilities(bits)
    low, high = np.zeros_like(bits), np.full_like(bits, 0.5)
    for _ in range(60):
        middle = (low + high) / 2
        below = binary_entropy(middle) < bits
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high


def distortion_rate(rate) -> np.ndarray:
    """Least Hamming distortion of a fair binary source at a rate: D with ``1 - h(D) = rate``.

    Parameters
    ----------
    rate : array_like of float
        Bits per source bit, 0 to 1.

    Returns
    -------
    ndarray of float64
        Wrong bits per source bit, 0 to 1/2.

    Raises
    ------
    ValueError
        If a rate is not 0 to 1.

    Examples
    --------
    >>> distortion_rate([0, 0.5, 1]).round(3)
    array([0.5 , 0.11, 0.  ])
    """
    return inverse_binary_entropy(1 - _probabilities(rate))


def rate_distortion_slope(rate) -> np.ndarray:
    """Slope ``-dR/dD = ln((1 - D) / D)`` of the rate-distortion function of a fair binary source at a rate.

    Parameters
    ----------
    rate : array_like of float
        Bits per source bit, 0 to 1. At 1, where D = 0, the slope has no bound; what comes is above 40.

    Returns
    -------
    ndarray of float64
        Nats per wrong bit.

    Raises
    ------
    ValueError
        If a rate is not 0 to 1.

    Examples
    --------
    >>> float(rate_distortion_slope(0.5))
    2.0904
    """
    distortion = distortion_rate(rate)
    with np.errstate(divide="ignore"):
        return np.log((1 - distortion) / distortion)


def bpsk_capacity(esn0_db) -> np.ndarray:
    r"""Capacity of a channel with binary input +-1 and white Gaussian noise.

    :math:`C = 1 - \mathrm{E} \log_2 (1 + e^{-L})` over the ratios :math:`L \sim N(\mu, 2 \mu)`,
    :math:`\mu = 4 E_s/N_0`, that a sent 0 gives; by Gauss-Hermite quadrature, within 1e-8.

    Parameters
    ----------
    esn0_db : array_like of float
        Es/N0 in dB, per channel use; Eb/N0 in dB plus ``10 log10 R`` for information bits at rate R.

    Returns
    -------
    ndarray of float64
        Bits for each channel use, 0 to 1.

    Examples
    --------
    >>> bpsk_capacity([-20, 0, 10]).round(4)
    array([0.0143, 0.7215, 1.    ])
    """
    mean = 4 * 10 ** (np.asarray(esn0_db, dtype=np.float64)[..., None] / 10)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    lost = np.logaddexp(0, -(mean + np.sqrt(2 * mean) * nodes)) @ weights / (np.sqrt(2 * np.pi) * np.log(2))
    return np.clip(1 - lost, 0, 1)


def least_ebn0(rate) -> np.ndarray:
    """The least Eb/N0 at which a rate can be sent without errors over the binary-input Gaussian channel.

    Parameters
    ----------
    rate : array_like of float
        Information bits for each channel use, above 0 and below 1.

    Returns
    -------
    ndarray of float64
        In dB, within 1e-4 where the rate is from .01 to .99. As the rate falls to 0 it comes to ln 2, -1.59 dB.

    Examples
    --------
    >>> least_ebn0([1 / 3, 1 / 2]).round(3)
    array([-0.495,  0.187])
    """
    rate = _probabilities(rate)
    if not ((rate > 0) & (rate < 1)).all():
        raise ValueError(f"rate={rate} given, above 0 and below 1 is expected")
    low, high = np.full(rate.shape, -60.0), np.full(rate.shape, 15.0)
    for _ in range(60):
        middle = (low + high) / 2
        below = bpsk_capacity(middle) < rate
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high - 10 * np.log10(rate)


def check_bias(p, weight) -> np.ndarray:
    """Probability that the sum of `weight` independent bits is 1, each being 1 with probability p.

    Gallager's lemma: ``(1 - (1 - 2 p)^weight) / 2``.

    Parameters
    ----------
    p : array_like of float
        Probabilities, 0 to 1.
    weight : array_like of int
        How many bits are added.

    Returns
    -------
    ndarray of float64

    Raises
    ------
    ValueError
        If a probability is not 0 to 1.

    Examples
    --------
    >>> check_bias(0.1, [1, 2, 6])
    array([0.1    , 0.18   , 0.36893])
    """
    return (1 - (1 - 2 * _probabilities(p)) ** weight) / 2


def entropy(counts, axis: int = -1) -> np.ndarray:
    """Plug-in entropy of counts along an axis, in bits; 0 where there is no count at all.

    Parameters
    ----------
    counts : array_like of float
        How often each value was seen.
    axis : int
        The axis along which the values lie.

    Returns
    -------
    ndarray of float64
        Without that axis.

    Raises
    ------
    ValueError
        If a count is negative.

    Examples
    --------
    >>> entropy([[1, 1, 1, 1], [8, 0, 0, 0]])
    array([2., 0.])
    """
    counts = np.asarray(counts, dtype=np.float64)
    if (counts < 0).any():
        raise ValueError(f"counts={counts} given, no negative count is expected")
    total = counts.sum(axis=axis, keepdims=True)
    share = counts / np.where(total > 0, total, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.abs(np.where(share > 0, share * np.log2(share), 0).sum(axis=axis))


def _probabilities(p) -> np.ndarray:
    p = np.asarray(p, dtype=np.float64)
    if not ((p >= 0) & (p <= 1)).all():
        raise ValueError(f"p={p} given, 0 to 1 is expected")
    return p

"""Binary channels, and the one convention for soft values.

Throughout the library a log-likelihood ratio is ``L = ln P(bit = 0) / P(bit = 1)``: positive means 0.
"""

from __future__ import annotations

import numpy as np

__all__ = ["ERASED", "awgn", "awgn_llr", "bec", "bec_llr", "bpsk", "bsc", "bsc_llr", "llr", "noise_deviation"]

ERASED = 2
"""What a binary erasure channel delivers in place of a bit that it erased."""


def bsc(bits: np.ndarray, crossover: float, rng) -> np.ndarray:
    """Send bits over a binary symmetric channel.

    Parameters
    ----------
    bits : ndarray of uint8, any shape
        0 and 1.
    crossover : float
        Probability that a bit is flipped, 0 to 1.
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray of uint8, same shape
    """
    _check_probability(crossover)
    bits = np.asarray(bits)
    return bits.astype(np.uint8) ^ (np.random.default_rng(rng).random(bits.shape) < crossover)


def bsc_llr(received: np.ndarray, crossover: float) -> np.ndarray:
    """Log-likelihood ratios of bits received over a binary symmetric channel (float32).

    ``(1 - 2 y) ln((1 - p) / p)``, infinite for a noiseless channel.
    """
    _check_probability(crossover)
    return llr(np.where(np.asarray(received) == 1, 1 - crossover, crossover))


def bec(bits, erasure: float, rng) -> np.ndarray:
    """Send bits over a binary erasure channel.

    Parameters
    ----------
    bits : array_like of 0 and 1, any shape
    erasure : float
        Probability that a bit is erased, 0 to 1.
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray of uint8, same shape
        The bits, and `ERASED` where one was erased.

    Examples
    --------
    >>> bec([0, 1, 1, 0], 1, rng=0)
    array([2, 2, 2, 2], dtype=uint8)
    """
    _check_probability(erasure)
    bits = np.asarray(bits)
    erased = np.random.default_rng(rng).random(bits.shape) < erasure
    return np.where(erased, np.uint8(ERASED), bits.astype(np.uint8))


def bec_llr(received) -> np.ndarray:
    """Log-likelihood ratios of what came over a binary erasure channel (float32): infinite, and zero where erased.

    Examples
    --------
    >>> bec_llr([0, 1, ERASED])
    array([ inf, -inf,   0.], dtype=float32)
    """
    received = np.asarray(received)
    if not np.isin(received, (0, 1, ERASED)).all():
        raise ValueError(f"received from {received.min()} to {received.max()} given, 0, 1 and {ERASED} are expected")
    return np.array([np.inf, -np.inf, 0], np.float32)[received.astype(np.intp)]


def noise_deviation(ebn0_db, rate: float):
    r"""Standard deviation of the real noise on unit-energy BPSK: :math:`\sigma^2 = 1 / (2 R\, E_b/N_0)`.

    The one place where a signal-to-noise ratio becomes noise.

    Parameters
    ----------
    ebn0_db : float or array_like of float
        Eb/N0 in dB, per information bit.
    rate : float
        R, information bits for each channel use, above 0: the product of all rates that the system counts.

    Returns
    -------
    float or ndarray of float64

    Examples
    --------
    >>> float(noise_deviation(0, rate=1 / 2))
    1.0
    """
    if not np.isfinite(rate) or rate <= 0:
        raise ValueError(f"rate={rate} given, a number above 0 is expected")
    ebn0 = 10 ** (np.asarray(ebn0_db, dtype=np.float64) / 10)
    return np.sqrt(1 / (2 * rate * ebn0))[()]


def bpsk(bits) -> np.ndarray:
    """Modulate: bit 0 becomes +1, bit 1 becomes -1 (float32, same shape).

    Examples
    --------
    >>> bpsk([0, 1])
    array([ 1., -1.], dtype=float32)
    """
    bits = np.asarray(bits)
    if not np.isin(bits, (0, 1)).all():
        raise ValueError(f"bits from {bits.min()} to {bits.max()} given, 0 and 1 are expected")
    return np.where(bits == 1, np.float32(-1), np.float32(1))


def awgn(signal, ebn0_db: float, rate: float, rng) -> np.ndarray:
    """Send unit-energy symbols over a channel with white Gaussian noise.

    Parameters
    ----------
    signal : array_like of float, any shape
        Such as `bpsk` gives.
    ebn0_db : float
        Eb/N0 in dB, per information bit.
    rate : float
        Information bits for each channel use.
    rng : int or numpy.random.Generator

    Returns
    -------
    ndarray of float32, same shape
    """
    signal = np.asarray(signal, dtype=np.float32)
    noise = np.random.default_rng(rng).standard_normal(signal.shape, dtype=np.float32)
    return signal + np.float32(noise_deviation(ebn0_db, rate)) * noise


def awgn_llr(received, ebn0_db: float, rate: float) -> np.ndarray:
    r"""Log-likelihood ratios of BPSK received with white Gaussian noise (float32): :math:`2 y / \sigma^2`.

    Parameters
    ----------
    received : array_like of float, any shape
    ebn0_db, rate : float
        As given to `awgn`.

    Returns
    -------
    ndarray of float32, same shape

    Examples
    --------
    >>> awgn_llr(awgn(bpsk([0, 1, 1]), 12, rate=1 / 2, rng=0), 12, rate=1 / 2) > 0
    array([ True, False, False])
    """
    return np.asarray(received, dtype=np.float32) * np.float32(2 / noise_deviation(ebn0_db, rate) ** 2)


def llr(probability_of_one) -> np.ndarray:
    """The log-likelihood ratio ``ln (1 - p) / p`` of a bit that is 1 with probability p (float32)."""
    p = np.asarray(probability_of_one, dtype=np.float64)
    _check_probability(p)
    with np.errstate(divide="ignore"):
        return (np.log1p(-p) - np.log(p)).astype(np.float32)


def _check_probability(p) -> None:
    if not (np.greater_equal(p, 0) & np.less_equal(p, 1)).all():
        raise ValueError(f"probability={p} given, 0 to 1 is expected")

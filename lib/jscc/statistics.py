"""Intervals: of a proportion, of a mean, of one further value, and of the place where an error rate reaches a level."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["binomial_interval", "crossing", "mean_half_width", "mean_interval", "prediction_interval"]


def binomial_interval(errors, trials, level: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
    """Wilson score interval of a proportion.

    Parameters
    ----------
    errors, trials
        Non-negative integers or arrays of one shape, ``errors <= trials``.
    level
        Confidence level in (0, 1).

    Returns
    -------
    low, high : numpy.ndarray
        Ends of the interval, float64, shape of the arguments; (0, 1) where there was no trial.

    Raises
    ------
    ValueError
        If a count is negative, ``errors > trials``, or the level is outside (0, 1).

    Examples
    --------
    >>> low, high = binomial_interval(3, 100)
    >>> f"{low:.4f} to {high:.4f}"
    '0.0103 to 0.0845'
    """
    from scipy.stats import norm

    errors = np.asarray(errors, dtype=np.float64)
    trials = np.asarray(trials, dtype=np.float64)
    if np.any(errors < 0) or np.any(errors > trials):
        raise ValueError(f"errors={errors} of trials={trials} given, 0 <= errors <= trials is expected")
    _check_level(level)
    z = norm.isf((1 - level) / 2)
    some = np.maximum(trials, 1)
    share = errors / some
    centre = (share + z**2 / (2 * some)) / (1 + z**2 / some)
    half = z * np.sqrt(share * (1 - share) / some + z**2 / (4 * some**2)) / (1 + z**2 / some)
    # At the ends the interval touches 0 or 1 exactly; rounding must not carry it past the estimate.
    low = np.where(errors == 0, 0.0, np.maximum(centre - half, 0.0))
    high = np.where(errors == trials, 1.0, np.minimum(centre + half, 1.0))
    return low, high


def crossing(x, errors, trials, rate: float, level: float = 0.95, together: int = 1) -> tuple[float, float, float]:
    """Find where an error rate that falls with x reaches a given rate, with the interval that the counts leave.

    Between two points the logarithm of the rate is taken to be linear in x.

    Parameters
    ----------
    x : array_like of float, shape (n,)
        Ascending, such as Eb/N0 in dB.
    errors, trials : array_like of int, shape (n,)
    rate : float
        In (0, 1).
    level : float
        Confidence level of the interval, pointwise.
    together : int
        Trials that may err together, such as the packets of a frame: the interval is that of as many times fewer
        trials, which is never too short.

    Returns
    -------
    x, low, high : float
        Where the estimates reach the rate, and where the lower and the upper ends of their intervals do. NaN where
        they do not within the points.

    Raises
    ------
    ValueError
        If the rate is outside (0, 1), x does not ascend, or the counts are wrong.

    Examples
    --------
    >>> found = crossing([4, 5, 6], [10_000, 1000, 100], [100_000] * 3, rate=1e-2)
    >>> [round(place, 2) for place in found]
    [5.0, 4.97, 5.03]
    """
    if not 0 < rate < 1:
        raise ValueError(f"rate={rate} given, a number between 0 and 1 is expected")
    x, errors, trials = (np.asarray(values, dtype=np.float64) for values in (x, errors, trials))
    if not x.ndim == errors.ndim == trials.ndim == 1 or not len(x) == len(errors) == len(trials):
        raise ValueError(f"shapes {x.shape}, {errors.shape}, {trials.shape} given, (n,) three times is expected")
    if np.any(np.diff(x) <= 0):
        raise ValueError(f"x={x} given, ascending numbers are expected")
    low, high = binomial_interval(errors / together, trials / together, level)
    return tuple(_reaches(x, curve, rate) for curve in (errors / np.maximum(trials, 1), low, high))


def _reaches(x: np.ndarray, rates: np.ndarray, rate: float) -> float:
    """Where a curve first falls from above a rate to it or below; NaN where it does not."""
    below = np.flatnonzero(rates <= rate)
    if not len(below) or below[0] == 0:
        return math.nan
    last = int(below[0])
    with np.errstate(divide="ignore"):
        before, after = np.log(rates[last - 1 : last + 1])
    if after == -math.inf:  # between a rate and none at all lies any place
        return math.nan
    return float(x[last - 1] + (x[last] - x[last - 1]) * (before - math.log(rate)) / (before - after))


def mean_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Mean of a sample with Student's t interval.

    Parameters
    ----------
    values
        At least one finite number.
    level
        Confidence level in (0, 1).

    Returns
    -------
    mean, low, high : float
        For a single value ``low`` and ``high`` are NaN: one value says nothing of its spread.

    Raises
    ------
    ValueError
        If there is no value, a value is not finite, or the level is outside (0, 1).

    Examples
    --------
    >>> mean, low, high = mean_interval([1.0, 2.0, 3.0])
    >>> f"{mean} in {low:.3f} to {high:.3f}"
    '2.0 in -0.484 to 4.484'
    """
    values = np.asarray(values, dtype=np.float64).ravel()
    if values.size == 0 or not np.all(np.isfinite(values)):
        raise ValueError(f"values={values} given, at least one value and only finite ones are expected")
    _check_level(level)
    mean = float(values.mean())
    if values.size == 1:
        return mean, math.nan, math.nan
    half = float(mean_half_width(values.std(ddof=1), values.size, level))
    return mean, mean - half, mean + half


def prediction_interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Mean of a sample with the interval in which one further value falls.

    This, and not `mean_interval`, is what one printed run is held against: that run scatters too, so the interval
    is the one of the mean times ``sqrt(n + 1)``.  Values are taken to be normal and independent.

    Parameters
    ----------
    values
        At least one finite number.
    level
        Probability, in (0, 1), that one further value lies inside.

    Returns
    -------
    mean, low, high : float
        For a single value ``low`` and ``high`` are NaN: one value says nothing of its spread.

    Raises
    ------
    ValueError
        If there is no value, a value is not finite, or the level is outside (0, 1).

    Examples
    --------
    >>> mean, low, high = prediction_interval([1.0, 2.0, 3.0])
    >>> f"{mean} in {low:.3f} to {high:.3f}"
    '2.0 in -2.968 to 6.968'
    """
    mean, low, high = mean_interval(values, level)
    half = (high - low) / 2 * math.sqrt(np.size(values) + 1)
    return mean, mean - half, mean + half


def mean_half_width(std, n, level: float = 0.95) -> np.ndarray:
    """Half the width of Student's t interval of a mean, from the spread of its sample.

    For tables that keep the standard deviation and not the values: the interval is the mean plus and minus it.

    Parameters
    ----------
    std : array_like of float
        Standard deviation of the values, with the divisor ``n - 1``; NaN where it is not known.
    n : array_like of int
        Number of values, of a shape that goes with that of `std`.
    level : float
        Confidence level in (0, 1).

    Returns
    -------
    ndarray of float64
        NaN where n is below 2 or the standard deviation NaN.

    Raises
    ------
    ValueError
        If a standard deviation or a number is negative, or the level is outside (0, 1).

    Examples
    --------
    >>> mean_half_width([1.0, 1.0], [4, 100]).round(4)
    array([1.5912, 0.1984])
    """
    from scipy.stats import t

    std, n = np.asarray(std, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if np.any(std < 0) or np.any(n < 0):
        raise ValueError(f"std={std} of n={n} given, numbers of 0 or more are expected")
    _check_level(level)
    known = n >= 2
    size = np.where(known, n, 2)
    return np.where(known, t.isf((1 - level) / 2, size - 1) * std / np.sqrt(size), np.nan)


def _check_level(level: float) -> None:
    if not 0 < level < 1:
        raise ValueError(f"level={level} given, a number in (0, 1) is expected")

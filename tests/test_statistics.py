"""The intervals against SciPy's own, at their ends, and where nothing is known."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from jscc.statistics import binomial_interval, crossing, mean_half_width, mean_interval, prediction_interval


@given(st.integers(1, 10**6).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), st.floats(0.5, 0.999))
def test_the_binomial_interval_is_wilsons(counts, level):
    errors, trials = counts
    low, high = binomial_interval(errors, trials, level)
    wanted = scipy.stats.binomtest(errors, trials).proportion_ci(level, method="wilson")
    assert low == pytest.approx(wanted.low, rel=1e-9, abs=1e-15)
    assert high == pytest.approx(wanted.high, rel=1e-9)
    assert 0 <= low <= errors / trials <= high <= 1
    # What is an error and what is none is a matter of words.
    mirrored = binomial_interval(trials - errors, trials, level)
    assert mirrored[1] == pytest.approx(1 - low) and mirrored[0] == pytest.approx(1 - high, abs=1e-12)


def test_the_binomial_interval_takes_arrays_and_no_trials():
    low, high = binomial_interval([0, 3, 5], [0, 10, 5])
    assert low.shape == high.shape == (3,)
    assert (low[0], high[0]) == (0, 1) and low[1] == binomial_interval(3, 10)[0]


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20, unique=True), st.floats(0.5, 0.999))
def test_the_mean_interval_is_students(values, level):
    mean, low, high = mean_interval(values, level)
    assert mean == pytest.approx(np.mean(values), rel=1e-9, abs=1e-9)
    wanted = scipy.stats.ttest_1samp(values, 0).confidence_interval(level)
    rounding = 1e-9 * max(map(abs, values))
    assert low == pytest.approx(wanted.low, rel=1e-6, abs=rounding)
    assert high == pytest.approx(wanted.high, rel=1e-6, abs=rounding)


@given(st.integers(2, 12), st.floats(0.5, 0.99), st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_one_further_value_falls_into_the_prediction_interval_as_often_as_it_says(n, level, seed):
    drawn = np.random.default_rng(seed).normal(3.0, 2.0, (2000, n + 1))
    found = np.array([prediction_interval(sample[:-1], level) for sample in drawn])
    inside = ((found[:, 1] <= drawn[:, -1]) & (drawn[:, -1] <= found[:, 2])).sum()
    low, high = binomial_interval(inside, len(drawn), 0.999999)
    assert low <= level <= high


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20, unique=True), st.floats(-10, 10), st.floats(0.1, 10))
def test_the_prediction_interval_moves_with_its_values_and_holds_that_of_the_mean(values, shift, scale):
    mean, low, high = prediction_interval(values)
    _, mean_low, mean_high = mean_interval(values)
    assert low <= mean_low <= mean <= mean_high <= high
    moved = prediction_interval(shift + scale * np.array(values))
    assert moved == pytest.approx([shift + scale * end for end in (mean, low, high)], rel=1e-6, abs=1e-6)


def test_wrong_counts_and_values_are_refused():
    for errors, trials in ((-1, 3), (4, 3)):
        with pytest.raises(ValueError, match="errors"):
            binomial_interval(errors, trials)
    for level in (0, 1, 2):
        with pytest.raises(ValueError, match="level"):
            binomial_interval(1, 3, level)
        with pytest.raises(ValueError, match="level"):
            mean_interval([1, 2], level)
        with pytest.raises(ValueError, match="level"):
            prediction_interval([1, 2], level)
    for values in ([], [1, math.nan], [math.inf]):
        with pytest.raises(ValueError, match="finite"):
            mean_interval(values)
        with pytest.raises(ValueError, match="finite"):
            prediction_interval(values)
    for interval in (mean_interval, prediction_interval):
        mean, low, high = interval([2.5])
        assert mean == 2.5 and math.isnan(low) and math.isnan(high)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=20, unique=True), st.floats(0.5, 0.999))
def test_the_half_width_is_that_of_the_interval(values, level):
    _, low, high = mean_interval(values, level)
    half = mean_half_width(np.std(values, ddof=1), len(values), level)
    assert half == pytest.approx((high - low) / 2, rel=1e-6, abs=1e-9)


def test_the_half_width_takes_columns_and_says_where_nothing_is_known():
    half = mean_half_width([1.0, 1.0, np.nan, 1.0, 0.0], [0, 1, 10, 10_000_000, 5])
    assert np.isnan(half[:3]).all() and half[4] == 0
    # Of many values the interval is the normal one.
    assert half[3] == pytest.approx(scipy.stats.norm.isf(0.025) / np.sqrt(1e7), rel=1e-5)
    assert mean_half_width(1.0, 4).shape == ()
    for std, n, level in ((-1, 3, 0.9), (1, -3, 0.9), (1, 3, 1.0)):
        with pytest.raises(ValueError, match="given"):
            mean_half_width(std, n, level)


@given(st.floats(-3, 3), st.floats(0.3, 4), st.floats(1e-4, 0.3))
def test_a_straight_curve_reaches_a_rate_where_the_formula_says(shift, slope, rate):
    """Of a rate that is exponential in x the interpolation is exact, whatever the points between."""
    x = shift + np.array([0.0, 0.7, 1.1, 2.5, 4.0])
    trials = np.full(5, 1e12)
    exact = 0.5 * np.exp(-slope * (x - shift))
    place, low, high = crossing(x, np.rint(exact * trials), trials, rate)
    wanted = shift + math.log(0.5 / rate) / slope
    if wanted <= shift + 4:
        assert place == pytest.approx(wanted, abs=1e-5)
        assert low <= place <= high or math.isnan(high)
    else:
        assert math.isnan(place)


def test_the_interval_of_a_crossing_covers_the_true_place_as_often_as_it_says():
    x, rng = np.array([0.0, 1.0, 2.0, 3.0]), np.random.default_rng(0)
    true, wanted = 0.3 * np.exp(-1.5 * x), math.log(0.3 / 0.02) / 1.5
    met = 0
    for _ in range(400):
        _, low, high = crossing(x, rng.binomial(2000, true), np.full(4, 2000), 0.02)
        met += low <= wanted <= high
    assert met > 0.92 * 400


def test_no_crossing_is_not_invented():
    assert math.isnan(crossing([1, 2], [5, 0], [100, 100], 0.01)[0])  # to none at all
    assert math.isnan(crossing([1, 2], [5, 4], [100, 100], 0.2)[0])  # below from the first point on
    assert math.isnan(crossing([1, 2], [50, 40], [100, 100], 0.2)[0])  # never so low
    for bad in (([1, 1], [1, 1], [2, 2], 0.5), ([1, 2], [1], [2, 2], 0.5), ([1, 2], [1, 1], [2, 2], 0)):
        with pytest.raises(ValueError, match="given"):
            crossing(*bad)


def test_a_crossing_of_trials_that_err_together_is_covered_when_it_is_told():
    """Frames of four that err as one: the plain interval misses the place far more often than it says."""
    rng, x, true = np.random.default_rng(3), np.arange(4.0), 10 ** -np.arange(1.0, 2.6, 0.5)
    place = crossing(x, np.rint(true * 1e9), np.full(4, 1e9), 0.02)[0]
    covered = np.zeros(2, int)
    for _ in range(400):
        errors = 4 * rng.binomial(1000, true)
        for k, together in enumerate((1, 4)):
            _, low, high = crossing(x, errors, np.full(4, 4000), 0.02, together=together)
            covered[k] += low <= place <= high
    assert covered[1] >= 380 and covered[0] < 350  # of 400; joining two points makes either interval a little long

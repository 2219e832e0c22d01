"""Entropies, Gallager's lemma, channels, and the statistics of planes."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad

from jscc import channels, information
from jscc.classify.plane_statistics import bit_statistics, context_entropy

probabilities = st.floats(0, 1)


@given(probabilities)
def test_binary_entropy_is_symmetric_concave_and_that_of_two_counts(p):
    h = information.binary_entropy(p)
    assert 0 <= h <= 1
    assert h == pytest.approx(information.binary_entropy(1 - p), abs=1e-9)
    assert h == pytest.approx(information.entropy([p, 1 - p]), abs=1e-9)
    assert h >= 2 * min(p, 1 - p) - 1e-12  # above the chord


@given(probabilities)
def test_the_inverse_entropy_inverts_and_is_the_limit_of_distortion(bits):
    p = information.inverse_binary_entropy(bits)
    assert 0 <= p <= 0.5
    assert information.binary_entropy(p) == pytest.approx(bits, abs=1e-9)
    assert information.distortion_rate(1 - bits) == pytest.approx(p, abs=1e-7)
    assert information.distortion_rate([0, 1]) == pytest.approx([0.5, 0], abs=1e-7)


def test_entropy_of_equal_counts_is_the_logarithm_and_of_nothing_zero():
    for k in (1, 2, 3, 10):
        assert information.entropy(np.full(k, 7)) == pytest.approx(np.log2(k))
    assert information.entropy(np.zeros(4)) == 0


@given(st.floats(0, 1), st.integers(0, 6))
def test_gallager_s_lemma_by_summing_over_all_words(p, weight):
    odd = sum(
        np.prod([p if bit else 1 - p for bit in word])
        for word in itertools.product((0, 1), repeat=weight)
        if sum(word) % 2
    )
    assert information.check_bias(p, weight) == pytest.approx(odd, abs=1e-12)


@given(st.floats(0.001, 0.999))
def test_llr_is_positive_for_zero_and_gives_back_the_probability(p):
    value = float(channels.llr(p))
    assert (value > 0) == (p < 0.5) or abs(value) < 1e-6
    assert 1 / (1 + np.exp(value)) == pytest.approx(p, rel=1e-4)


def test_bsc_flips_at_its_rate_and_its_llr_points_to_what_was_received():
    sent = np.random.default_rng(0).integers(0, 2, 100_000, dtype=np.uint8)
    received = channels.bsc(sent, 0.1, np.random.default_rng(1))
    assert (sent != received).mean() == pytest.approx(0.1, abs=0.005)
    soft = channels.bsc_llr(received, 0.1)
    np.testing.assert_array_equal(soft < 0, received)
    assert np.abs(soft).min() == pytest.approx(np.log(9), rel=1e-6)
    np.testing.assert_array_equal(channels.bsc(sent, 0.0, np.random.default_rng(1)), sent)
    assert np.isposinf(channels.bsc_llr(np.zeros(1), 0.0)).all()


def test_information_of_a_bit_that_is_the_class_and_of_one_that_is_noise():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 50_000)
    bits = np.stack([labels, rng.integers(0, 2, len(labels)), np.zeros(len(labels), int)], axis=1).astype(np.uint8)
    alone = [bit_statistics(bits[:, [k]], labels, n_classes=2) for k in range(3)]
    assert alone[0]["class_information"] == pytest.approx(1, abs=1e-3)
    assert alone[1]["class_information"] == pytest.approx(0, abs=1e-4)
    assert alone[2] == {"ones": 0, "entropy": 0, "class_information": 0, "best_class_information": 0}
    together = bit_statistics(bits, labels, n_classes=2)
    assert together["class_information"] == pytest.approx(np.mean([a["class_information"] for a in alone]))


def test_context_entropy_of_coins_stripes_and_copies():
    rng = np.random.default_rng(0)
    coins = rng.integers(0, 2, (200, 32, 32), dtype=np.uint8)
    assert context_entropy(coins) == pytest.approx(1, abs=1e-3)
    assert context_entropy(coins, coins) == pytest.approx(0, abs=1e-9)
    columns = np.repeat(rng.integers(0, 2, (200, 1, 32), dtype=np.uint8), 32, axis=1)
    assert context_entropy(columns) < 0.06  # only the first row is not told by the pixel above


@pytest.mark.parametrize(
    "call",
    [
        lambda: information.binary_entropy(1.1),
        lambda: information.check_bias(-0.1, 3),
        lambda: information.entropy([-1, 2]),
        lambda: channels.bsc(np.zeros(3), 2, np.random.default_rng(0)),
        lambda: channels.llr([0.5, np.nan]),
        lambda: bit_statistics(np.zeros((3, 2)), np.zeros(4)),
        lambda: context_entropy(np.zeros((3, 2))),
    ],
)
def test_wrong_arguments_are_refused(call):
    with pytest.raises(ValueError):
        call()


def test_the_slope_of_the_rate_distortion_function_is_its_derivative():
    rates = np.array([0.05, 0.3, 0.5, 0.9])
    step = 1e-6
    change = information.distortion_rate(rates + step) - information.distortion_rate(rates - step)
    np.testing.assert_allclose(information.rate_distortion_slope(rates), -2 * step * np.log(2) / change, rtol=1e-4)
    assert information.rate_distortion_slope(1.0) > 40 and abs(information.rate_distortion_slope(0.0)) < 1e-6


def test_the_capacity_of_bpsk_is_its_integral_and_ends_at_its_limits():
    def integral(mean):
        deviation = np.sqrt(2 * mean)
        lost = lambda x: np.exp(-x * x / 2) * np.logaddexp(0, -(mean + deviation * x))  # noqa: E731
        return 1 - quad(lost, -14, 14, limit=400)[0] / np.sqrt(2 * np.pi) / np.log(2)

    for decibel in (-20, -6, -2.8, 0, 3, 8, 14):
        exact = integral(4 * 10 ** (decibel / 10))
        assert information.bpsk_capacity(decibel) == pytest.approx(exact, abs=1e-7)
    low = np.array([-50.0, -40.0])  # where C = Es/N0 / ln 2
    np.testing.assert_allclose(information.bpsk_capacity(low), 10 ** (low / 10) / np.log(2), rtol=1e-3)


def test_the_least_ebn0_has_its_rate_as_capacity_and_comes_to_the_shannon_limit():
    rates = np.array([0.01, 1 / 3, 1 / 2, 0.9])
    least = information.least_ebn0(rates)
    np.testing.assert_allclose(information.bpsk_capacity(least + 10 * np.log10(rates)), rates, atol=1e-9)
    assert least[2] == pytest.approx(0.187, abs=1e-3)  # as in every textbook
    assert information.least_ebn0(1e-4) == pytest.approx(10 * np.log10(np.log(2)), abs=1e-3)
    assert (np.diff(least) > 0).all()
    for rate in (0, 1, 1.5):
        with pytest.raises(ValueError):
            information.least_ebn0(rate)

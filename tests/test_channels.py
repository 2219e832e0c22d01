"""Channels: what comes out has the statistics that its log-likelihood ratios claim."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jscc import channels

BITS = np.random.default_rng(0).integers(0, 2, 200_000, dtype=np.uint8)


def test_ebn0_becomes_noise_by_its_definition():
    assert channels.noise_deviation(0, 1 / 2) == pytest.approx(1)
    assert channels.noise_deviation(10, 1) == pytest.approx(np.sqrt(1 / 20))
    # A lower rate has more energy to spread: half the rate is 3.01 dB.
    assert channels.noise_deviation(3, 1 / 4) == pytest.approx(channels.noise_deviation(3 - 10 * np.log10(2), 1 / 2))
    assert channels.noise_deviation([0, 3], 0.9).shape == (2,)


@pytest.mark.parametrize("ebn0_db, rate", [(0, 0.5), (4, 0.9)])
def test_the_noise_has_its_variance_and_the_ratios_are_true(ebn0_db, rate):
    received = channels.awgn(channels.bpsk(BITS), ebn0_db, rate, rng=1)
    noise = received - (1 - 2.0 * BITS)
    assert received.dtype == np.float32
    assert noise.std() == pytest.approx(channels.noise_deviation(ebn0_db, rate), rel=0.01)
    assert abs(noise.mean()) < 0.01
    llr = channels.awgn_llr(received, ebn0_db, rate)
    assert llr.dtype == np.float32
    one = 1 / (1 + np.exp(llr))
    for low in np.arange(0, 1, 0.1):  # of the bits that are 1 with probability p, a share p is 1
        these = (one >= low) & (one < low + 0.1)
        assert BITS[these].mean() == pytest.approx(one[these].mean(), abs=4 * 0.5 / np.sqrt(these.sum()))


def test_erasures_come_at_their_rate_and_say_nothing():
    received = channels.bec(BITS, 0.3, rng=2)
    erased = received == channels.ERASED
    assert erased.mean() == pytest.approx(0.3, abs=0.005)
    np.testing.assert_array_equal(received[~erased], BITS[~erased])
    llr = channels.bec_llr(received)
    assert llr.dtype == np.float32 and (llr[erased] == 0).all()
    np.testing.assert_array_equal(llr[~erased], np.where(BITS[~erased], -np.inf, np.inf))
    np.testing.assert_array_equal(channels.bec(BITS, 0, rng=0), BITS)


@given(st.integers(0, 2**32 - 1))
def test_a_seed_and_its_generator_draw_alike(seed):
    few = BITS[:50]
    for send in (
        lambda rng: channels.bsc(few, 0.3, rng),
        lambda rng: channels.bec(few, 0.3, rng),
        lambda rng: channels.awgn(channels.bpsk(few), 1, 0.5, rng),
    ):
        np.testing.assert_array_equal(send(seed), send(np.random.default_rng(seed)))


@pytest.mark.parametrize(
    "call",
    [
        lambda: channels.noise_deviation(1, 0),
        lambda: channels.noise_deviation(1, np.nan),
        lambda: channels.bpsk([0, 2]),
        lambda: channels.bec([0, 1], 1.5, 0),
        lambda: channels.bec_llr([3]),
    ],
)
def test_wrong_arguments_are_refused(call):
    with pytest.raises(ValueError, match="given"):
        call()

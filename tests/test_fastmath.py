"""The approximations, held to NumPy's functions over all of their range."""

import numpy as np
from numba import njit

from jscc.fastmath import float_bits, leading_zeros, log, log2, power_of_two, trailing_zeros, with_sign


@njit
def powers(x, out):
    for i in range(len(x)):
        out[i] = power_of_two(x[i])


@njit
def logarithms(x, out):
    for i in range(len(x)):
        out[i] = log2(x[i])


def test_a_power_of_two_is_within_3e_6_of_itself():
    x = np.concatenate([np.linspace(0, 64, 100_001), np.arange(65)]).astype(np.float32)
    out = np.empty_like(x)
    powers(x, out)
    exact = 2.0 ** (x.astype(float) - 64)
    assert np.abs(out / exact - 1).max() < 3e-6


def test_a_logarithm_is_within_5e_5_of_itself_but_for_the_constant():
    x = np.concatenate([2.0 ** np.linspace(-64, 64, 100_001), 1 + np.linspace(0, 1, 10_001)]).astype(np.float32)
    out = np.empty_like(x)
    logarithms(x, out)
    assert np.abs(out - 127 - np.log2(x.astype(float))).max() < 5e-5


def test_they_undo_each_other():
    x = np.linspace(0, 64, 10_001).astype(np.float32)
    power, back = np.empty_like(x), np.empty_like(x)
    powers(x, power)
    logarithms(power, back)
    np.testing.assert_allclose(back - 127 + 64, x, atol=1e-4)


def test_log_is_within_a_few_units_of_the_last_place():
    x = np.exp(np.random.default_rng(2).uniform(-87, 88, 5000)).astype(np.float32)
    x = np.append(x, np.float32([2.0**-126, 0.70710677, 0.70710683, 1.0, 1.0000001, 3.4e38]))
    got = np.array([log(value) for value in x])
    exact = np.log(x.astype(np.float64))
    np.testing.assert_allclose(got, exact, rtol=1e-6, atol=1e-7)
    assert log(np.float32(1)) == 0


def test_a_sign_is_taken_from_the_bits_and_zero_keeps_its_own():
    for value in (1.5, 0.0, np.inf):
        for other in (-2.0, -0.0, 0.0, 3.0):
            signed = with_sign(np.float32(value), float_bits(np.float32(other)))
            assert signed == np.copysign(value, other) and np.signbit(signed) == np.signbit(other)


def test_zeros_are_counted_with_and_without_the_compiler():
    @njit
    def counted(x, out):
        for i in range(len(x)):
            out[i, 0], out[i, 1] = leading_zeros(x[i]), trailing_zeros(x[i])

    rng = np.random.default_rng(0)
    x = np.concatenate([1 << np.arange(63), rng.integers(1, 2**62, 200)])
    out = np.empty((len(x), 2), np.int64)
    counted(x, out)
    digits = [f"{number:064b}" for number in x.tolist()]
    wanted = [[len(text) - len(text.lstrip("0")), len(text) - len(text.rstrip("0"))] for text in digits]
    assert out.tolist() == wanted == [[leading_zeros(number), trailing_zeros(number)] for number in x]

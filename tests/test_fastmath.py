"""The approximations, held to NumPy's functions over all of their range."""

import numpy as np
from numba import njit

from jscc.fastmath import log2, power_of_two


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

"""How many bits arrive."""

import numpy as np
import pytest

from jscc.experiments.necst import effective_bits, yardstick


@pytest.mark.parametrize("seed", range(20))
def test_the_envelope_is_convex_and_nothing_lies_below_it(seed):
    rng = np.random.default_rng(seed)
    bits, wrong = rng.integers(1, 30, 12), rng.random(12)
    x, y = yardstick(bits, wrong, 0.8)
    slopes = np.diff(y) / np.diff(x)
    assert (slopes < 0).all() and (np.diff(slopes) > 0).all()
    assert x[0] == 0 and y[0] == 0.8 and set(zip(x[1:], y[1:], strict=True)) <= set(zip(bits, wrong, strict=True))
    # Behind the last corner it goes on level: of no use is a code that is longer and worse.
    assert (wrong >= np.interp(bits, x, y) - 1e-12).all()


def test_bits_of_a_mixture_are_the_mean_of_its_codes():
    envelope = yardstick([4, 8], [0.2, 0.1], 1.0)
    share = np.linspace(0, 1, 5)
    np.testing.assert_allclose(effective_bits(0.2 * share + 0.1 * (1 - share), envelope), 4 * share + 8 * (1 - share))
    np.testing.assert_array_equal(effective_bits([1.0, 2.0, 0.09], envelope), [0, 0, 8])

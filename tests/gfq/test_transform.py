"""The Walsh-Hadamard transform, compiled and plain."""

import numpy as np
import pytest

from jscc.gfq import walsh_hadamard
from support import printed_without_and_with_jit


@pytest.mark.parametrize("p", range(1, 9))
def test_it_is_the_hadamard_matrix_and_its_own_inverse_but_for_a_factor(p):
    x = np.random.default_rng(p).normal(size=(3, 1 << p)).astype(np.float32)
    before = x.copy()
    signs = 1 - 2 * (np.bitwise_count(np.arange(1 << p)[:, None] & np.arange(1 << p)) % 2).astype(float)
    found = walsh_hadamard(x)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_allclose(found, x @ signs, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(walsh_hadamard(found), x * 2.0**p, rtol=1e-5, atol=1e-4)
    np.testing.assert_array_equal(walsh_hadamard(x[1]), found[1])
    np.testing.assert_array_equal(walsh_hadamard(x[:, None]), found[:, None])
    assert walsh_hadamard(x[:0]).shape == (0, 1 << p)


@pytest.mark.parametrize("p", range(1, 9))
def test_a_convolution_over_the_group_is_a_product(p):
    q = 1 << p
    a, b = np.random.default_rng(p).random((2, q))
    sums = np.arange(q)[:, None] ^ np.arange(q)
    np.testing.assert_allclose(walsh_hadamard(walsh_hadamard(a) * walsh_hadamard(b)) / q, b[sums] @ a, rtol=1e-4)


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 6), (512,), (0,)])
def test_another_length_is_refused(shape):
    with pytest.raises(ValueError, match="values of shape .* given, .* is expected"):
        walsh_hadamard(np.zeros(shape))


def test_it_is_the_same_without_the_compiler():
    """To the bit: additions and subtractions of the same pairs."""
    plain, compiled = printed_without_and_with_jit("""
import numpy as np
from jscc.gfq import walsh_hadamard
for p in range(1, 9):
    print(*walsh_hadamard(np.random.default_rng(p).normal(size=1 << p)).tolist())
""")
    assert plain == compiled

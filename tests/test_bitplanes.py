"""Laws of packed bit-planes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from jscc import bitplanes

symbol_arrays = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=3, max_side=9))


@given(symbol_arrays)
def test_unpacking_and_packing_are_inverse(packed):
    planes = bitplanes.unpack_planes(packed)
    assert planes.shape == (*packed.shape[:-1], 8, packed.shape[-1])
    np.testing.assert_array_equal(bitplanes.pack_planes(planes), packed)


@given(symbol_arrays)
def test_planes_are_the_binary_digits_most_significant_first(packed):
    planes = bitplanes.unpack_planes(packed).astype(int)
    weights = 2 ** np.arange(7, -1, -1)
    np.testing.assert_array_equal((planes * weights[:, None]).sum(axis=-2), packed)


@given(symbol_arrays, st.integers(0, 8))
def test_kept_planes_stay_and_the_others_are_zero(packed, kept):
    planes = bitplanes.unpack_planes(bitplanes.keep_planes(packed, kept))
    np.testing.assert_array_equal(planes[..., :kept, :], bitplanes.unpack_planes(packed)[..., :kept, :])
    assert not planes[..., kept:, :].any()


@given(hnp.arrays(np.int16, st.integers(0, 40)))
def test_sign_magnitude_is_exact_up_to_127_and_saturates(coefficients):
    back = bitplanes.from_sign_magnitude(bitplanes.sign_magnitude(coefficients))
    np.testing.assert_array_equal(back, np.clip(coefficients, -127, 127))


def test_the_first_plane_of_coefficients_is_the_sign():
    coefficients = np.arange(-300, 300, dtype=np.int16)
    sign = bitplanes.unpack_planes(bitplanes.sign_magnitude(coefficients), 1)[0]
    np.testing.assert_array_equal(sign, coefficients < 0)
    twos = bitplanes.unpack_planes(bitplanes.twos_complement(coefficients), 1)[0]
    np.testing.assert_array_equal(twos, sign)


@given(hnp.arrays(np.int16, st.integers(0, 40)))
def test_twos_complement_is_the_machine_s_own(coefficients):
    as_int8 = bitplanes.twos_complement(coefficients).view(np.int8)
    np.testing.assert_array_equal(as_int8, np.clip(coefficients, -128, 127))


@pytest.mark.parametrize(
    "call",
    [
        lambda: bitplanes.unpack_planes(np.zeros(4)),
        lambda: bitplanes.unpack_planes(np.zeros(4, np.uint8), 9),
        lambda: bitplanes.pack_planes(np.full((8, 3), 2, np.uint8)),
        lambda: bitplanes.pack_planes(np.zeros((9, 3), np.uint8)),
        lambda: bitplanes.keep_planes(np.zeros(4, np.uint8), -1),
        lambda: bitplanes.sign_magnitude(np.zeros(4)),
    ],
)
def test_wrong_arguments_are_refused(call):
    with pytest.raises(ValueError, match="given, .* expected"):
        call()

"""One word and a batch are treated alike, and what is neither is refused by name."""

import numpy as np
import pytest

from jscc.soft import SoftResult, as_batch


@pytest.mark.parametrize("words", [0, 1, 5])
def test_a_batch_stays_a_batch_and_a_word_becomes_one(words):
    bits = np.random.default_rng(words).integers(0, 2, (words, 7))
    batch, single = as_batch(bits, 7, "bits", np.uint8)
    assert not single and batch.dtype == np.uint8 and batch.flags.c_contiguous
    np.testing.assert_array_equal(batch, bits)
    for word in bits:
        batch, single = as_batch(word, None, "bits", np.uint8)
        assert single and batch.shape == (1, 7)
        np.testing.assert_array_equal(batch[0], word)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.zeros((2, 3, 4), int), np.uint8),
        (np.zeros(5, int), np.uint8),
        (3, np.uint8),
        ([0, 1, 2, 0], np.uint8),
        ([0, -1, 0, 0], np.uint8),
        ([0.0, 1.0, 0.0, 1.0], np.uint8),
        ([0.0, np.nan, 0.0, 1.0], np.float32),
    ],
)
def test_anything_else_is_refused_by_name(values, dtype):
    with pytest.raises(ValueError, match="^received .*given, .*expected"):
        as_batch(values, 4, "received", dtype)


def test_the_first_of_a_batch_has_no_leading_axis():
    llr = np.ones((2, 3), np.float32)
    found = SoftResult((llr < 0).astype(np.uint8), llr, 0 * llr, np.array([True, False]), np.int32([4, 9]))
    first = found.first()
    assert (first.bits.shape, first.converged.shape, int(first.iterations)) == ((3,), (), 4)
    assert repr(found) == "SoftResult(2 x 3 bits, 1 converged)"

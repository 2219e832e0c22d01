"""Codes with a sparse generator matrix: degrees, linearity, the generator matrix itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jscc.ldgm import LdgmCode, right_regular
from jscc.tanner import TannerGraph


@pytest.mark.parametrize(("dimension", "degree"), [(300, 8), (300, 12), (500, 5), (500, 8), (700, 4), (700, 5)])
def test_degrees_have_the_rate_and_the_shape_of_the_series(dimension, degree):
    """Shares of the edges go as the series of 1 - (1 - x)^(1 / (a - 1)), but for the last of them."""
    length = 100_000
    degrees = right_regular(length, dimension * 100, degree)
    assert len(degrees) == length and (np.diff(degrees) >= 0).all()
    assert degrees.sum() == pytest.approx(degree * dimension * 100, abs=int(degrees.max()))
    values, counts = np.unique(degrees, return_counts=True)
    edges = values * counts / degrees.sum()
    alpha = 1 / (degree - 1)
    term, series = alpha, []
    for k in range(1, len(values)):
        series.append(term)
        term *= (k - alpha) / (k + 1)
    np.testing.assert_array_equal(values, np.arange(2, values.max() + 1))
    factor = edges[0] / series[0]
    # A node more or less of each degree.
    slack = 2 * values / degrees.sum()
    assert (np.abs(edges[:-1] - factor * np.array(series)) <= slack[:-1] + edges[0] / degrees.sum()).all()
    assert edges[-1] <= factor * term + slack[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((100, 100, 8), "1 <= dimension < length"),
        ((100, 0, 8), "1 <= dimension"),
        ((100, 50, 2), "a degree of 3 or more"),
        ((100, 30, 5), "6.66667 is the least"),
        ((100, 90, 40), "a smaller one is expected"),
    ],
)
def test_numbers_that_make_no_code_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        right_regular(*arguments)
    with pytest.raises(TypeError):
        right_regular(100.5, 50, 8)


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 12), st.integers(1, 20), st.data())
def test_the_encoder_is_the_generator_matrix(k, n, data):
    matrix = np.array(data.draw(st.lists(st.lists(st.integers(0, 1), min_size=n, max_size=n), min_size=k, max_size=k)))
    code = LdgmCode(TannerGraph.from_matrix(matrix))
    information = np.array(data.draw(st.lists(st.lists(st.integers(0, 1), min_size=k, max_size=k), max_size=3)))
    information = information.reshape(-1, k).astype(np.uint8)
    np.testing.assert_array_equal(code.encode(information), information @ matrix % 2)
    for row in information:
        np.testing.assert_array_equal(code.encode(row), row @ matrix % 2)


def test_wrong_information_is_refused():
    code = LdgmCode.drawn(100, 50, 5, 0)
    with pytest.raises(ValueError, match="information"):
        code.encode(np.zeros(49))
    with pytest.raises(ValueError, match="information"):
        code.encode(np.full(50, 2))

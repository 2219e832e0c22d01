"""A code over GF(q) as a file."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jscc import tanner
from jscc.gfq import GFqCode, field, read_alist, ultra_sparse, write_alist


@given(st.integers(1, 8), st.integers(0, 2**32 - 1), st.integers(4, 30), st.integers(0, 2))
def test_an_alist_file_gives_back_the_code(tmp_path_factory, p, seed, n, reduction):
    code = ultra_sparse(n, 0.4, p, seed, graph="random", reduction=min(reduction, round(0.6 * n) - 1))
    path = tmp_path_factory.mktemp("alist") / "h.alist"
    write_alist(code, path)
    again = read_alist(path)
    assert again.field is code.field and repr(again) == repr(code)
    np.testing.assert_array_equal(again.to_dense(), code.to_dense())
    np.testing.assert_array_equal(again.labels, code.labels)
    word = np.random.default_rng(seed).integers(0, 2**p, n)
    np.testing.assert_array_equal(again.syndrome(word), code.syndrome(word))


def test_a_binary_file_is_a_code_over_gf2(tmp_path):
    graph = tanner.regular(96, 3, 6, 0)
    tanner.write_alist(graph, tmp_path / "h.alist")
    code = read_alist(tmp_path / "h.alist")
    assert code.field is field(1)
    np.testing.assert_array_equal(code.to_dense(), graph.to_dense())
    np.testing.assert_array_equal(GFqCode(graph, np.ones(graph.n_edges, int), field(1)).labels, code.labels)


@pytest.mark.parametrize("q", [3, 6, 512])
def test_a_field_that_there_is_not_is_named(tmp_path, q):
    graph, path = tanner.TannerGraph.from_matrix([[1, 1, 0], [0, 1, 1]]), tmp_path / "odd.alist"
    tanner.write_alist(graph, path, [1, 2, 1, 2], q)
    with pytest.raises(ValueError, match=f"odd.alist: q={q} given, a power of two"):
        read_alist(path)

"""Syndromes against H x over GF(2), and their laws."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jscc import tanner
from jscc.bitplanes import unpack_planes
from jscc.ldpc.syndrome import syndromes


def by_matrix(packed, graph):
    """H x mod 2 of every plane, by a dense product."""
    return unpack_planes(packed).astype(np.int64) @ graph.to_dense().T.astype(np.int64) % 2


@st.composite
def problems(draw):
    """Any shape of H, weights 0 to n, and any number of words."""
    m, n, words = draw(st.integers(1, 20)), draw(st.integers(1, 40)), draw(st.integers(0, 19))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    matrix = rng.random((m, n)) < draw(st.sampled_from((0.0, 0.1, 0.5, 1.0)))
    return tanner.TannerGraph.from_matrix(matrix.astype(np.uint8)), rng.integers(0, 256, (words, n), dtype=np.uint8)


@given(problems())
def test_equals_the_matrix_product(problem):
    graph, packed = problem
    np.testing.assert_array_equal(unpack_planes(syndromes(packed, graph)), by_matrix(packed, graph))


@given(problems(), st.integers(0, 2**32))
def test_is_linear(problem, seed):
    graph, x = problem
    y = np.random.default_rng(seed).integers(0, 256, x.shape, dtype=np.uint8)
    np.testing.assert_array_equal(syndromes(x ^ y, graph), syndromes(x, graph) ^ syndromes(y, graph))


def test_the_paper_s_code_at_full_size():
    graph = tanner.regular(1024, 3, 6, np.random.default_rng(0))
    packed = np.random.default_rng(1).integers(0, 256, (67, 1024), dtype=np.uint8)
    np.testing.assert_array_equal(unpack_planes(syndromes(packed, graph)), by_matrix(packed, graph))


def test_leading_axes_are_kept_and_the_input_is_left_alone():
    graph = tanner.regular(240, 3, 6, np.random.default_rng(0))
    packed = np.random.default_rng(1).integers(0, 256, (2, 3, 240), dtype=np.uint8)
    before = packed.copy()
    out = syndromes(packed, graph)
    assert out.shape == (2, 3, 120)
    np.testing.assert_array_equal(out[1, 2], syndromes(packed[1, 2], graph))
    np.testing.assert_array_equal(packed, before)
    strided = np.asfortranarray(packed)
    np.testing.assert_array_equal(syndromes(strided, graph), out)


@pytest.mark.parametrize("packed", [np.zeros((3, 239), np.uint8), np.zeros((3, 240)), np.uint8(3)])
def test_what_does_not_fit_is_refused(packed):
    graph = tanner.regular(240, 3, 6, np.random.default_rng(0))
    with pytest.raises(ValueError):
        syndromes(packed, graph)


def test_kernel_bodies_run_the_same_without_the_jit():
    code = (
        "import numpy as np\n"
        "from jscc import tanner\n"
        "from jscc.bitplanes import unpack_planes\n"
        "from jscc.ldpc.syndrome import syndromes\n"
        "g = tanner.peg(12, np.full(20, 2), np.random.default_rng(0))\n"
        "assert g.rank() <= 12\n"
        "x = np.random.default_rng(1).integers(0, 256, (11, 20), dtype=np.uint8)\n"
        "s = unpack_planes(syndromes(x, g))\n"
        "assert (s == unpack_planes(x).astype(int) @ g.to_dense().T.astype(int) % 2).all()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_DISABLE_JIT": "1"})

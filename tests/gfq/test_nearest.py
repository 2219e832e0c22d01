"""The nearest codeword over GF(2) by matching."""

import itertools

import numpy as np
import pytest

from jscc.gfq.code import GFqCode
from jscc.gfq.construction import ultra_sparse
from jscc.gfq.fields import field
from jscc.gfq.leaves import leaf_removal
from jscc.gfq.nearest import least_distance
from jscc.gfq.reinforced_bp import ReinforcedBP
from jscc.tanner import TannerGraph


@pytest.mark.parametrize("graph", ["peg", "random"])
@pytest.mark.parametrize("reduction", [1, 3])
@pytest.mark.parametrize("rate", [0.3, 0.5, 0.6])
def test_no_codeword_is_nearer_and_one_is_as_near(graph, reduction, rate):
    rng = np.random.default_rng(reduction)
    code = ultra_sparse(24, rate, 1, rng, graph=graph, reduction=reduction)
    leaves = leaf_removal(code)
    if leaves.core.size:
        pytest.skip("this draw has a component that the reduction left whole")
    k = len(leaves.information_set)
    codewords = leaves.codeword(np.array(list(itertools.product((0, 1), repeat=k))))
    for word in rng.integers(0, 2, (10, 24), dtype=np.uint8):
        assert least_distance(code, word) == (codewords != word).sum(axis=1).min()
    assert least_distance(code, codewords[7]) == 0


def test_another_field_is_refused():
    code = ultra_sparse(24, 0.5, 2, np.random.default_rng(0), reduction=1)
    with pytest.raises(ValueError, match=r"code over GF\(4\) .* given, GF\(2\)"):
        least_distance(code, np.zeros(48, np.uint8))


def test_another_word_or_degree_is_refused():
    code = ultra_sparse(24, 0.5, 1, 0, reduction=1)
    for word in (np.zeros(23, int), np.zeros((1, 24), int), np.full(24, 2), np.zeros(24)):
        with pytest.raises(ValueError, match="word .* given, .* expected"):
            least_distance(code, word)
    cubic = GFqCode(TannerGraph.from_matrix(np.ones((3, 4), int)), np.ones(12, np.uint8), field(1))
    with pytest.raises(ValueError, match="degree 3 given"):
        least_distance(cubic, np.zeros(4, int))


@pytest.mark.parametrize("graph", ["peg", "random"])
def test_belief_propagation_finds_nothing_nearer(graph):
    code = ultra_sparse(300, 0.5, 1, 1, graph=graph, reduction=3)
    words = np.random.default_rng(0).integers(0, 2, (5, 300))
    found = ReinforcedBP(code, gamma0=0.8, prior=2.0).quantise(words, 0)
    assert found.converged.any()
    least = np.array([least_distance(code, word) for word in words])
    distance = np.rint(found.distortion * 300)
    assert (distance >= least)[found.converged].all() and (least > 0.08 * 300).all()

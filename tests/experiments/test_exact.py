"""The nearest codeword over GF(2) by matching."""

import itertools

import numpy as np
import pytest

from jscc.experiments.lossy.exact import least_distance
from jscc.gfq.construction import ultra_sparse
from jscc.gfq.leaves import leaf_removal


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
    with pytest.raises(ValueError, match=r"GF\(2\)"):
        least_distance(code, np.zeros(48, np.uint8))

"""Leaf removal: cores, information symbols, and codewords by back-substitution."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jscc.gfq.code import GFqCode
from jscc.gfq.construction import ultra_sparse
from jscc.gfq.fields import field
from jscc.gfq.leaves import leaf_removal
from jscc.tanner import TannerGraph

seeds = st.integers(0, 2**32 - 1)


def random_code(seed: int, p: int) -> GFqCode:
    """Any sparse graph: symbols of degree 0 to 4, checks of any degree, none included."""
    rng = np.random.default_rng(seed)
    n = rng.integers(4, 30)
    matrix = rng.random((rng.integers(1, n), n)) < rng.uniform(0.02, 0.3)
    if rng.random() < 0.5:  # a triangle, so that the core is empty
        matrix = np.tril(matrix) | np.eye(*matrix.shape, dtype=bool)
        matrix = matrix[rng.permutation(len(matrix))][:, rng.permutation(n)]
    labels = rng.integers(1, 2**p, size=np.count_nonzero(matrix), dtype=np.uint8)
    return GFqCode(TannerGraph.from_matrix(matrix), labels, field(p))


@st.composite
def codes(draw, empty_core=False):
    """Codes of all kinds; reduced enough to be emptied, if so wanted."""
    p, seed = draw(st.integers(1, 8)), draw(seeds)
    if draw(st.booleans()):
        code = random_code(seed, p)
    else:
        rng = np.random.default_rng(seed)
        rate = draw(st.floats(0.2, 0.6))
        graph, leaves = draw(st.sampled_from(["peg", "random"])), draw(st.sampled_from([0, 0.1, 0.5]))
        code = ultra_sparse(draw(st.integers(20, 60)), rate, p, rng, graph=graph, degree_one=leaves)
        code = code.reduced(draw(st.integers(0, 5)), rng)
    if empty_core:
        core = leaf_removal(code).core
        keep = np.delete(np.arange(code.n_checks), core)
        if not len(keep):
            keep = np.array([0])
        matrix = code.to_dense()[keep]
        code = GFqCode(TannerGraph.from_matrix(matrix != 0), matrix[matrix != 0], code.field)
        if len(leaf_removal(code).core):  # a check without any symbol
            return ultra_sparse(20, 0.5, p, np.random.default_rng(seed), reduction=1)
    return code


def slow_removal(code: GFqCode, rng) -> tuple[set[int], int]:
    """Take any leaf's check away while there is one; the core, and the number of steps."""
    rows = {check: set(np.flatnonzero(row).tolist()) for check, row in enumerate(code.to_dense())}
    steps = 0
    while True:
        degree = np.zeros(code.n_symbols, int)
        for symbols in rows.values():
            degree[list(symbols)] += 1
        leaves = np.flatnonzero(degree == 1)
        if not len(leaves):
            return set(rows), steps
        leaf = rng.choice(leaves)
        rows = {check: symbols for check, symbols in rows.items() if leaf not in symbols}
        steps += 1


def slow_solution(matrix, right, gf):
    """The x with ``matrix @ x == right`` over GF(q), by Gauss and Jordan; the matrix is square and regular."""
    rows = np.concatenate([matrix, right[:, None]], axis=1)
    for column in range(len(rows)):
        pivot = column + np.flatnonzero(rows[column:, column])[0]
        rows[[column, pivot]] = rows[[pivot, column]]
        rows[column] = gf.divide(rows[column], rows[column, column])
        for row in range(len(rows)):
            if row != column:
                rows[row] ^= gf.multiply(rows[row, column], rows[column])
    return rows[:, -1]


@given(codes(), seeds)
def test_the_core_does_not_depend_on_the_order(code, seed):
    leaves = leaf_removal(code)
    for k in range(3):
        core, steps = slow_removal(code, np.random.default_rng([seed, k]))
        assert set(leaves.core.tolist()) == core
        assert len(leaves.order) == steps


@given(codes())
def test_each_step_removes_the_leaves_of_one_check(code):
    """The course, gone through again on the matrix."""
    leaves = leaf_removal(code)
    matrix = code.to_dense() != 0
    for step, check in enumerate(leaves.order):
        of_degree_one = np.flatnonzero((matrix.sum(axis=0) == 1) & matrix[check])
        found = [leaves.pivots[step], *leaves.free[leaves.free_start[step] : leaves.free_start[step + 1]]]
        assert sorted(found) == of_degree_one.tolist()
        matrix[check] = False
    assert sorted([*leaves.order, *leaves.core]) == list(range(code.n_checks))
    assert not (matrix.sum(axis=0) == 1).any()
    assert len(leaves.pivots) == len(set(leaves.pivots.tolist())) == len(leaves.order)
    assert leaves.free_start[-1] == len(leaves.free)


@given(codes(empty_core=True), st.sampled_from([(), (1,), (3,), (2, 2), (0,)]), seeds)
def test_information_and_codewords_are_one_to_one(code, shape, seed):
    leaves = leaf_removal(code)
    k = code.n_symbols - code.n_checks
    assert len(leaves.information_set) == k
    assert sorted([*leaves.information_set, *leaves.pivots]) == list(range(code.n_symbols))
    information = np.random.default_rng(seed).integers(0, code.field.q, (*shape, k), dtype=np.uint8)
    words = leaves.codeword(information)
    assert words.shape == (*shape, code.n_symbols) and words.dtype == np.uint8
    assert not code.syndrome(words).any()
    back = leaves.information(words)
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, information)


@given(codes(empty_core=True), seeds)
def test_an_empty_core_proves_full_rank(code, seed):
    assert code.rank() == code.n_checks
    assert code.rate == pytest.approx(len(leaf_removal(code).information_set) / code.n_symbols)


@given(codes(empty_core=True), seeds)
def test_codewords_are_those_that_elimination_finds(code, seed):
    leaves, gf = leaf_removal(code), code.field
    information = np.random.default_rng(seed).integers(0, gf.q, len(leaves.information_set), dtype=np.uint8)
    matrix = code.to_dense()
    right = np.bitwise_xor.reduce(gf.multiply(matrix[:, leaves.information_set], information), axis=1)
    word = leaves.codeword(information)
    np.testing.assert_array_equal(word[leaves.information_set], information)
    np.testing.assert_array_equal(word[leaves.pivots], slow_solution(matrix[:, leaves.pivots], right, gf))


@given(codes(empty_core=True), seeds)
def test_codewords_add(code, seed):
    leaves, gf = leaf_removal(code), code.field
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, gf.q, (2, len(leaves.information_set)), dtype=np.uint8)
    factor = rng.integers(1, gf.q)
    left = leaves.codeword(a ^ gf.multiply(factor, b))
    np.testing.assert_array_equal(left, leaves.codeword(a) ^ gf.multiply(factor, leaves.codeword(b)))


@settings(max_examples=60)
@given(st.integers(20, 80), st.floats(0.1, 0.6), st.sampled_from(["peg", "random"]), st.integers(0, 5), seeds)
def test_the_core_of_a_reduced_ultra_sparse_code_is_its_untouched_components(n, rate, graph, b, seed):
    rng = np.random.default_rng(seed)
    code = ultra_sparse(n, rate, 3, rng, graph=graph)
    assert len(leaf_removal(code).core) == code.n_checks
    code = code.reduced(b, rng)
    touched = np.unique(
        code.components()[code.graph.edge_checks[code.graph.variable_degrees[code.graph.check_variables] == 1]]
    )
    untouched = np.flatnonzero(~np.isin(code.components(), touched) & (code.graph.check_degrees > 0))
    bare = np.flatnonzero(code.graph.check_degrees == 0)
    np.testing.assert_array_equal(leaf_removal(code).core, np.sort([*untouched, *bare]))


@pytest.mark.parametrize("graph", ["peg", "random"])
@pytest.mark.parametrize("n, rate, p", [(1600, 0.33, 6), (1500, 0.5, 8), (12_000, 0.5, 1), (40_000, 0.7, 4)])
def test_one_check_empties_the_paper_s_codes(graph, n, rate, p):
    code = ultra_sparse(n, rate, p, np.random.default_rng(2), graph=graph, reduction=1)
    leaves = leaf_removal(code)
    if not code.components().any():
        assert not len(leaves.core)
    else:
        assert graph == "random" and len(leaves.core)


def test_a_core_is_told_with_its_components():
    half = ultra_sparse(30, 0.5, 4, np.random.default_rng(0)).to_dense()
    matrix = np.block([[half, 0 * half], [0 * half, half]])
    for kept, core in ((slice(None), 30), (slice(1, None), 15)):
        part = matrix[kept]
        code = GFqCode(TannerGraph.from_matrix(part != 0), part[part != 0], field(4))
        leaves = leaf_removal(code)
        stuck = core // 15
        for refused in (lambda x=leaves: x.codeword(np.zeros(30, int)), lambda x=leaves: x.information_set):
            with pytest.raises(
                ValueError, match=f"core holds {core} of {len(part)} checks given, .*: {stuck} of .* 2 components"
            ):
                refused()
    code = GFqCode(TannerGraph.from_matrix(matrix[1:-1] != 0), matrix[1:-1][matrix[1:-1] != 0], field(4))
    assert leaf_removal(code).codeword(np.zeros(32, int)).shape == (60,)


def test_decoding_multiplies_once_for_each_edge_but_the_pivots():
    for n in (1000, 4000):
        code = ultra_sparse(n, 0.5, 6, np.random.default_rng(0), graph="random", reduction=3)
        start, symbols, coefficients = leaf_removal(code).steps
        assert start[-1] == len(symbols) == len(coefficients) == code.graph.n_edges - code.n_checks


def test_what_is_no_codeword_is_refused():
    code = ultra_sparse(40, 0.5, 4, np.random.default_rng(0), reduction=1)
    leaves = leaf_removal(code)
    with pytest.raises(ValueError, match="codeword with 2 failed checks given"):
        word = leaves.codeword(np.zeros((2, 21), int))
        word[1, np.flatnonzero(code.graph.variable_degrees == 2)[0]] = 1
        leaves.information(word)
    for wrong in (np.zeros(20, int), np.zeros((21, 1), int), np.array(0)):
        with pytest.raises(ValueError, match=r"information of shape .* given, \(\.\.\., 21\) is expected"):
            leaves.codeword(wrong)
    with pytest.raises(ValueError, match="0 to 15"):
        leaves.codeword(np.full(21, 16))
    with pytest.raises(ValueError, match=r"\(\.\.\., 40\) is expected"):
        leaves.information(np.zeros(39, int))


def test_a_removal_can_be_sent_to_another_process():
    leaves = leaf_removal(ultra_sparse(40, 0.5, 4, np.random.default_rng(0), reduction=1))
    word = leaves.codeword(np.arange(21) % 16)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(leaves)).codeword(np.arange(21) % 16), word)


@given(codes(empty_core=True), seeds)
def test_mending_keeps_the_information_symbols_and_codewords_as_they_are(code, seed):
    leaves = leaf_removal(code)
    words = np.random.default_rng(seed).integers(0, code.field.q, (3, code.n_symbols))
    mended = leaves.mend(words)
    assert not code.syndrome(mended).any()
    np.testing.assert_array_equal(mended[:, leaves.information_set], words[:, leaves.information_set])
    np.testing.assert_array_equal(leaves.mend(mended), mended)
    np.testing.assert_array_equal(leaves.mend(words[0]), mended[0])


def test_one_unsatisfied_check_changes_only_the_way_to_where_the_removal_began():
    """A chain of checks of degree two whose end is a leaf: the change runs to the leaf and no further."""
    n = 12
    matrix = np.eye(n - 1, n, dtype=np.uint8) | np.eye(n - 1, n, k=1, dtype=np.uint8)
    leaves = leaf_removal(GFqCode(TannerGraph.from_matrix(matrix), matrix[matrix != 0], field(3)))
    word = np.zeros(n, np.uint8)
    word[:5] = 3  # unsatisfied: the check between symbols 4 and 5
    assert len(np.flatnonzero(leaves.code.syndrome(word))) == 1
    mended = leaves.mend(word)
    assert not leaves.code.syndrome(mended).any() and len(np.unique(mended)) == 1


@pytest.mark.parametrize("words", [np.zeros(3, int), np.int64(1), np.full(12, 8)])
def test_what_cannot_be_mended_is_refused(words):
    matrix = np.eye(11, 12, dtype=np.uint8) | np.eye(11, 12, k=1, dtype=np.uint8)
    leaves = leaf_removal(GFqCode(TannerGraph.from_matrix(matrix), matrix[matrix != 0], field(3)))
    with pytest.raises(ValueError, match="^words of .* given, .* expected"):
        leaves.mend(words)

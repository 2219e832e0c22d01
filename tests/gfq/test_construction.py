"""Ultra-sparse codes: degrees, growth, rank, syndromes, and bits as symbols."""

import itertools
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jscc import tanner
from jscc.gfq.code import GFqCode, bits_from_symbols, symbols_from_bits
from jscc.gfq.construction import grown, growth_steps, ultra_sparse
from jscc.gfq.fields import field
from support import printed_without_and_with_jit

seeds = st.integers(0, 2**32 - 1)


def slow_syndrome(matrix, word, gf):
    return np.bitwise_xor.reduce(gf.multiply(matrix, word), axis=-1)


def all_words(n: int, q: int) -> np.ndarray:
    return np.array(list(itertools.product(range(q), repeat=n)), np.uint8)


def n_codewords(code: GFqCode) -> int:
    return np.count_nonzero(~code.syndrome(all_words(code.n_symbols, code.field.q)).any(axis=1))


@settings(max_examples=60)
@given(
    st.integers(24, 80),
    st.floats(0.15, 0.7),
    st.integers(1, 8),
    st.sampled_from(["peg", "random"]),
    st.integers(0, 6),
    st.floats(0, 1),
    seeds,
)
def test_codes_keep_their_promises(n, rate, p, graph, reduction, degree_one, seed):
    rng = np.random.default_rng(seed)
    code = ultra_sparse(n, rate, p, rng, graph=graph, reduction=0, degree_one=degree_one)
    m = round(n * (1 - rate))
    assert (code.n_symbols, code.n_checks, code.n_bits) == (n, m, n * p)
    assert code.rate == 1 - m / n
    ones = round(degree_one * n)
    np.testing.assert_array_equal(code.graph.variable_degrees, [1] * ones + [2] * (n - ones))
    degrees = code.graph.check_degrees
    assert degrees.sum() == 2 * n - ones
    if graph == "random":
        assert degrees.max() - degrees.min() <= 1
    edges = set(zip(code.graph.edge_checks.tolist(), code.graph.check_variables.tolist(), strict=True))
    assert len(edges) == code.graph.n_edges == len(code.labels)
    assert code.labels.dtype == np.uint8 and code.labels.min() >= 1 and code.labels.max() < code.field.q
    matrix = code.to_dense()
    np.testing.assert_array_equal(matrix != 0, code.graph.to_dense())

    less = code.reduced(reduction, rng)
    assert less.n_checks == m - reduction
    assert less.rate == pytest.approx(code.rate + reduction / n)
    # What is left stands in the same order; equal rows there may be.
    rows = iter([row.tobytes() for row in matrix])
    assert all(row.tobytes() in rows for row in less.to_dense())
    assert len(less.to_dense()) == m - reduction


def test_peg_concentrates_check_degrees_on_codes_of_the_paper_s_size():
    for rate in (0.33, 0.5, 0.7):
        degrees = ultra_sparse(1600, rate, 6, np.random.default_rng(0)).graph.check_degrees
        near = np.abs(degrees - degrees.mean()) < 1
        assert near.mean() > 0.9 and np.abs(degrees - degrees.mean()).max() < 2


@settings(max_examples=40)
@given(st.integers(2, 12), st.integers(1, 30), st.integers(0, 10), st.sampled_from([1, 3, 6, 1000]), seeds)
def test_every_symbol_goes_to_the_lightest_of_the_farthest_checks(m, twos, ones, horizon, seed):
    """Grow the graph again by hand: one of the two ends may have come first, the other must then be a rightful one."""
    degrees = np.array([1] * ones + [2] * twos)
    graph = grown(m, degrees, seed, horizon=horizon)
    np.testing.assert_array_equal(graph.variable_degrees, degrees)
    load = np.zeros(m, int)
    neighbours = [set() for _ in range(m)]

    def rightful(first: int) -> set[int]:
        seen, level = {first}, {first}
        while len(seen) < min(m, horizon):
            beyond = set().union(*(neighbours[c] for c in level)) - seen
            if not beyond:
                break
            seen, level = seen | beyond, beyond
        far = level if len(seen) == m else set(range(m)) - seen
        return {c for c in far if load[c] == min(load[c] for c in far)}

    columns = graph.to_sparse().tocsc()
    for v in range(len(degrees)):
        ends = columns.indices[columns.indptr[v] : columns.indptr[v + 1]].tolist()
        lightest = {c for c in range(m) if load[c] == load.min()}
        if len(ends) == 1:
            assert ends[0] in lightest
        else:
            assert any(a in lightest and b in rightful(a) for a, b in (ends, ends[::-1]))
            neighbours[ends[0]].add(ends[1])
            neighbours[ends[1]].add(ends[0])
        load[ends] += 1


def test_all_lightest_checks_are_chosen_equally_often():
    first = [grown(5, [1], s).edge_checks[0] for s in range(500)]
    counts = np.bincount(first, minlength=5)
    assert np.sum((counts - 100) ** 2 / 100) < 18.5  # chi squared with 4 degrees of freedom: 0.1 %


def test_peg_makes_larger_rings_than_chance():
    """Over GF(2) two symbols between the same two checks are a codeword of weight two."""
    grown = ultra_sparse(600, 0.5, 1, np.random.default_rng(0))
    drawn = ultra_sparse(600, 0.5, 1, np.random.default_rng(0), graph="random")
    assert grown.graph.count_4_cycles() == 0 < drawn.graph.count_4_cycles()


@settings(max_examples=50)
@given(st.lists(st.integers(1, 3), min_size=10, max_size=30), st.integers(8, 20), seeds)
def test_a_configuration_has_the_degrees_asked_for(variable_degrees, n_checks, seed):
    rng = np.random.default_rng(seed)
    checks = rng.multinomial(sum(variable_degrees), np.full(n_checks, 1 / n_checks))
    if checks.max() > len(variable_degrees) or sum(variable_degrees) > len(variable_degrees) * n_checks // 4:
        return
    graph = tanner.configuration(variable_degrees, checks, rng)
    np.testing.assert_array_equal(graph.variable_degrees, variable_degrees)
    np.testing.assert_array_equal(graph.check_degrees, checks)
    assert graph.to_dense().sum() == sum(variable_degrees)


def test_a_configuration_that_no_graph_has_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="3 edges, checks 2"):
        tanner.configuration([1, 2], [1, 1, 0], rng)
    for variables, checks in (([3, 1], [2, 2]), ([], [1]), ([-1, 1], [0, 0]), ([1, 1], [[1], [1]])):
        with pytest.raises(ValueError, match=r"_degrees of shape .* given, .* expected"):
            tanner.configuration(variables, checks, rng)
    with pytest.raises(RuntimeError, match="double edge"):
        tanner.configuration([2, 2, 0], [3, 1], rng)


@settings(max_examples=60)
@given(st.integers(8, 40), st.floats(0.2, 0.7), st.integers(0, 4), st.sampled_from(["peg", "random"]), seeds)
def test_over_gf2_each_whole_component_lacks_one_row(n, rate, b, graph, seed):
    rng = np.random.default_rng(seed)
    try:
        code = ultra_sparse(n, rate, 1, rng, graph=graph)
    except RuntimeError:
        return  # too dense for swaps
    assert code.rank() == code.graph.rank() == code.n_checks - (code.components().max() + 1)
    b = min(b, code.n_checks - 1)
    less = code.reduced(b, rng)
    on_leaf = less.graph.variable_degrees[less.graph.check_variables] == 1
    with_leaf = np.unique(less.components()[less.graph.edge_checks[on_leaf]])
    assert less.rank() == less.n_checks - (less.components().max() + 1 - len(with_leaf))


@settings(max_examples=40)
@given(st.integers(1, 8), st.integers(2, 12), st.integers(2, 12), seeds)
def test_rank_is_that_of_another_library(p, m, n, seed):
    galois = pytest.importorskip("galois")
    rng = np.random.default_rng(seed)
    gf = field(p)
    matrix = rng.integers(0, gf.q, (m, n), dtype=np.uint8) * (rng.random((m, n)) < 0.4)
    matrix[m // 2] = gf.multiply(matrix[0], gf.exp[-1])
    graph = tanner.TannerGraph.from_matrix(matrix != 0)
    code = GFqCode(graph, matrix[matrix != 0], gf)
    np.testing.assert_array_equal(code.to_dense(), matrix)
    assert code.rank() == np.linalg.matrix_rank(galois.GF(gf.q, compile="python-calculate")(matrix))


@settings(max_examples=40)
@given(st.integers(1, 8), st.sampled_from([(), (1,), (3,), (2, 2), (0,)]), seeds)
def test_the_syndrome_is_the_matrix_times_the_word(p, shape, seed):
    rng = np.random.default_rng(seed)
    code = ultra_sparse(30, 0.4, p, rng, reduction=2)
    words = rng.integers(0, code.field.q, (*shape, 30))
    syndrome = code.syndrome(words)
    assert syndrome.shape == (*shape, code.n_checks) and syndrome.dtype == np.uint8
    np.testing.assert_array_equal(syndrome, slow_syndrome(code.to_dense(), words[..., None, :], code.field))


@pytest.mark.parametrize("p, n, rate", [(1, 10, 0.4), (2, 6, 0.34), (3, 4, 0.25)])
def test_a_check_taken_away_multiplies_the_codewords_by_q_not_by_two(p, n, rate):
    for seed in range(10):
        rng = np.random.default_rng(seed)
        code = ultra_sparse(n, rate, p, rng)
        less = code.reduced(1, rng)
        assert n_codewords(code) == code.field.q ** (n - code.rank())
        if code.rank() == code.n_checks:
            assert n_codewords(less) == code.field.q * n_codewords(code)
        else:  # the check followed from the others
            assert n_codewords(less) == n_codewords(code)


def test_labels_are_uniform_on_the_non_zero_elements():
    code = ultra_sparse(20_000, 0.5, 3, np.random.default_rng(5), graph="random")
    counts = np.bincount(code.labels, minlength=8)
    expected = 40_000 / 7
    assert counts[0] == 0
    assert np.sum((counts[1:] - expected) ** 2 / expected) < 22.5  # chi squared with 6 degrees of freedom: 0.1 %


@pytest.mark.parametrize("graph", ["peg", "random"])
def test_the_same_seed_gives_the_same_code_and_another_seed_another(graph):
    a, b, c = (
        ultra_sparse(60, 0.5, 4, np.random.default_rng(s), graph=graph, reduction=2).to_dense() for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(a, b)
    assert (a != c).any()


@given(st.integers(1, 8), st.lists(st.integers(0, 4), max_size=2), st.integers(0, 20), seeds)
def test_bits_group_into_symbols_and_come_back(p, shape, n, seed):
    bits = np.random.default_rng(seed).integers(0, 2, (*shape, n * p), dtype=np.uint8)
    symbols = symbols_from_bits(bits, p)
    assert symbols.shape == (*shape, n) and symbols.dtype == np.uint8
    weights = 1 << np.arange(p)[::-1]
    np.testing.assert_array_equal(symbols, bits.reshape(*shape, n, p) @ weights)
    back = bits_from_symbols(symbols, p)
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back, bits)
    np.testing.assert_array_equal(symbols_from_bits(bits.astype(bool), p), symbols)


def test_the_steps_of_a_growth_are_bounded_before_it():
    """A dense graph is a matter of a moment, and what would take minutes has a number that says so."""
    assert growth_steps(1600, 1072) == 1600 * 1600
    assert growth_steps(2**18, 2**17) == 2**18 * 512 < 2048 * 2**18 < growth_steps(2**18, 2**12)
    start = time.process_time()
    graph = grown(256, np.full(16_384, 2), 0)  # 64 symbols for a check: 15 seconds, once
    assert time.process_time() - start < 5
    np.testing.assert_array_equal(graph.variable_degrees, 2)


def test_a_graph_that_cannot_be_grown_is_refused():
    for degrees in ([2, 3], [0, 1], [[1, 2]], 2):
        with pytest.raises(ValueError, match="degrees of shape .* given, .* is expected"):
            grown(5, degrees, 0)
    with pytest.raises(ValueError, match="n_checks=1 given"):
        grown(1, [1, 2], 0)


def test_wrong_arguments_are_refused():
    rng = np.random.default_rng(0)
    for wrong in (np.zeros(7, np.uint8), np.array(0)):
        with pytest.raises(ValueError, match=r"whole symbols of 2 bits is expected"):
            symbols_from_bits(wrong, 2)
    for wrong in ([0, 2], [0, -1], [0.0, 1.0]):
        with pytest.raises(ValueError, match="0 and 1"):
            symbols_from_bits(wrong, 2)
    with pytest.raises(ValueError, match="p=9 given, 1 to 8"):
        symbols_from_bits([0], 9)
    with pytest.raises(ValueError, match="0 to 3"):
        bits_from_symbols([4], 2)
    with pytest.raises(ValueError, match=r"shape \(\) given"):
        bits_from_symbols(1, 2)
    code = ultra_sparse(30, 0.5, 2, rng)
    for wrong in (np.zeros(29, int), np.array(0)):
        with pytest.raises(ValueError, match=r"given, \(\.\.\., 30\) is expected"):
            code.syndrome(wrong)
    with pytest.raises(ValueError, match="0 to 3"):
        code.syndrome(np.full(30, 4))
    for wrong in (code.labels[1:], code.labels * 0):
        with pytest.raises(ValueError, match="non-zero labels"):
            GFqCode(code.graph, wrong, code.field)
    with pytest.raises(ValueError, match="0 to 3"):
        GFqCode(code.graph, code.labels + np.uint8(4), code.field)
    for b in (-1, 15):
        with pytest.raises(ValueError, match="0 to 14"):
            code.reduced(b, rng)
        with pytest.raises(ValueError, match="0 to 14"):
            ultra_sparse(30, 0.5, 2, rng, reduction=b)
    for n, rate, more in ((30, 0, {}), (30, 1, {}), (30, 0.5, {"degree_one": 1.1})):
        with pytest.raises(ValueError, match="a fraction is expected"):
            ultra_sparse(n, rate, 2, rng, **more)
    for n, rate in ((30, 0.99), (0, 0.5), (-4, 0.5), (30, 0.001)):
        with pytest.raises(ValueError, match="checks; 2 to .* expected"):
            ultra_sparse(n, rate, 2, rng)
    with pytest.raises(ValueError, match="'peg' or 'random'"):
        ultra_sparse(30, 0.5, 2, rng, graph="hexagonal")
    with pytest.raises(ValueError, match="p=9 given"):
        ultra_sparse(30, 0.5, 9, rng)


def test_the_kernels_do_the_same_without_the_compiler():
    program = """
import zlib, numpy as np
from jscc.gfq.leaves import leaf_removal
from jscc.gfq.construction import ultra_sparse
code = ultra_sparse(60, 0.4, 3, np.random.default_rng(7), reduction=2, degree_one=0.1)
leaves = leaf_removal(code)
word = leaves.codeword(np.random.default_rng(8).integers(0, 8, (2, len(leaves.information_set))))
print(code.rank(), code.syndrome(word ^ 1).tolist(), zlib.crc32(code.to_dense().tobytes()), zlib.crc32(word.tobytes()))
print(leaves.order.tolist(), leaves.pivots.tolist(), leaves.free.tolist())
"""
    plain, compiled = printed_without_and_with_jit(program)
    assert plain == compiled and "\n" in plain

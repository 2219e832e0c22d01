"""Belief propagation held to its laws, to slow references and to an independent decoder."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse

from jscc.ldpc import BeliefPropagation
from jscc.soft import SoftResult
from support import printed_without_and_with_jit, random_tree

METHODS = ["sum-product", "min-sum"]
SCHEDULES = ["flooding", "layered"]
BOTH = [(m, s) for m in METHODS for s in SCHEDULES]


def bsc_llr(received, p):
    return np.where(received, -1, 1) * np.float32(np.log((1 - p) / p))


def random_matrix(rng, m, n, density):
    """Any degrees, degree 1 and empty rows and columns among them."""
    return (rng.random((m, n)) < density).astype(np.uint8)


def regular_matrix(rng, n, variable_degree=3, check_degree=6):
    """A random regular matrix without repeated edges."""
    m = n * variable_degree // check_degree
    checks = np.repeat(np.arange(m), check_degree)
    variables = rng.permutation(np.repeat(np.arange(n), variable_degree))
    for _ in range(1000):
        order = np.lexsort((variables, checks))
        checks, variables = checks[order], variables[order]
        repeated = np.flatnonzero((np.diff(checks) == 0) & (np.diff(variables) == 0))
        if len(repeated) == 0:
            return sparse.csr_array((np.ones(len(checks), np.uint8), (checks, variables)), shape=(m, n))
        for edge in repeated:
            other = rng.integers(len(checks))
            variables[[edge, other]] = variables[[other, edge]]
    raise AssertionError("repeated edges remain")


def brute_force_llr(matrix, llr, syndrome):
    words = np.array(list(itertools.product((0, 1), repeat=matrix.shape[1])))
    words = words[(words @ matrix.T % 2 == syndrome).all(axis=1)]
    log_weight = -(words * llr).sum(axis=1)
    weight = np.exp(log_weight - log_weight.max())
    return np.log(weight @ (1 - words)) - np.log(weight @ words)


def slow_flooding(matrix, llr, syndrome, iterations, factor=None):
    """Float64 flooding on a dense matrix: the textbook's tanh rule, or min-sum if a factor is given."""
    to_check = np.where(matrix, llr, 0.0)
    for _ in range(iterations):
        to_variable = np.zeros(matrix.shape)
        for c, row in enumerate(matrix):
            edges = np.flatnonzero(row)
            for e in edges:
                others = to_check[c, edges[edges != e]]
                if factor is None:
                    message = 2 * np.arctanh(np.prod(np.tanh(others / 2)))
                else:
                    message = factor * np.prod(np.sign(others)) * np.abs(others).min()
                to_variable[c, e] = (-1) ** int(syndrome[c]) * message
        posterior = llr + to_variable.sum(axis=0)
        to_check = np.where(matrix, posterior - to_variable, 0.0)
    return posterior


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("seed", range(6))
def test_marginals_on_a_tree_are_exact(seed, schedule):
    rng = np.random.default_rng(seed)
    matrix = random_tree(rng, 12)
    llr = rng.normal(0, 2, (8, 12)).astype(np.float32)
    syndromes = rng.integers(0, 2, (8, len(matrix)))
    # Stopping at the first word in the coset may be too soon: a syndrome that cannot be met never stops.
    matrix = np.vstack([matrix, np.zeros(12, np.uint8)])
    syndromes = np.column_stack([syndromes, np.ones(8, int)])
    result = BeliefPropagation(matrix, schedule=schedule, max_iterations=24).decode(llr, syndromes)
    exact = [brute_force_llr(matrix[:-1], row, s[:-1]) for row, s in zip(llr, syndromes, strict=True)]
    np.testing.assert_allclose(result.llr, exact, rtol=2e-5, atol=2e-5)
    assert not result.converged.any()
    assert (result.iterations == 24).all()


@pytest.mark.parametrize("degrees", [(3, 6), (2, 4), (4, 5), (12, 24), "hub"])
@pytest.mark.parametrize("factor", [None, 0.75])
def test_iterations_on_a_graph_with_cycles_equal_the_slow_reference(degrees, factor):
    rng = np.random.default_rng(3)
    if degrees == "hub":  # one variable in each of 40 checks
        matrix = random_matrix(rng, 40, 60, 0.05)
        matrix[:, 0] = matrix[:, 1] = 1
    else:
        matrix = regular_matrix(rng, 60, *degrees).toarray()
    never = np.zeros((1, 60), np.uint8)  # an empty check that fails: run all the iterations
    llr = rng.normal(0, 1, (9, 60)).astype(np.float32)
    syndromes = np.column_stack([rng.integers(0, 2, (9, len(matrix))), np.ones(9, int)])
    options = {} if factor is None else {"method": "min-sum", "factor": factor}
    for iterations in (1, 2, 3):
        decoder = BeliefPropagation(np.vstack([matrix, never]), max_iterations=iterations, **options)
        slow = [
            slow_flooding(matrix, row.astype(float), s, iterations, factor)
            for row, s in zip(llr, syndromes, strict=True)
        ]
        np.testing.assert_allclose(decoder.decode(llr, syndromes).llr, slow, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("method, schedule", BOTH)
def test_zero_in_gives_exactly_zero_out(method, schedule):
    matrix = random_matrix(np.random.default_rng(0), 20, 40, 0.12)
    matrix[matrix.sum(axis=1) == 1] = 0  # a check of degree 1 does say something
    result = BeliefPropagation(matrix, method=method, schedule=schedule, max_iterations=3).decode(np.zeros((8, 40)))
    assert (result.llr == 0).all() and (result.bits == 0).all() and result.converged.all()


@pytest.mark.parametrize("method, schedule", BOTH)
def test_coset_symmetry_is_exact(method, schedule):
    """Flipping the priors' signs along any word x shifts the coset by H x and the answer by x."""
    rng = np.random.default_rng(1)
    matrix = random_matrix(rng, 30, 60, 0.1)
    llr = rng.normal(1, 1.5, (40, 60)).astype(np.float32)
    shift = rng.integers(0, 2, (40, 60))
    decoder = BeliefPropagation(matrix, method=method, schedule=schedule, max_iterations=10)
    plain = decoder.decode(llr)
    shifted = decoder.decode(llr * (1 - 2 * shift), shift @ matrix.T % 2)
    decided = plain.llr != 0
    np.testing.assert_array_equal(shifted.llr, plain.llr * (1 - 2 * shift))
    np.testing.assert_array_equal((shifted.bits ^ shift)[decided], plain.bits[decided])
    np.testing.assert_array_equal(shifted.iterations[decided.all(1)], plain.iterations[decided.all(1)])


@pytest.mark.parametrize("method", METHODS)
def test_flooding_does_not_know_the_order_of_variables_and_checks(method):
    rng = np.random.default_rng(2)
    matrix = random_matrix(rng, 30, 60, 0.1)
    llr = rng.normal(1, 1.5, (20, 60)).astype(np.float32)
    syndromes = rng.integers(0, 2, (20, 30))
    rows, columns = rng.permutation(30), rng.permutation(60)
    plain = BeliefPropagation(matrix, method=method, max_iterations=4).decode(llr, syndromes)
    moved = BeliefPropagation(matrix[rows][:, columns], method=method, max_iterations=4).decode(
        llr[:, columns], syndromes[:, rows]
    )
    np.testing.assert_allclose(moved.llr, plain.llr[:, columns], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method, schedule", BOTH)
def test_a_word_does_not_depend_on_its_batch(method, schedule):
    rng = np.random.default_rng(4)
    llr = bsc_llr(rng.random((75, 240)) < 0.075, 0.075)
    decoder = BeliefPropagation(regular_matrix(rng, 240), method=method, schedule=schedule)
    syndrome = rng.integers(0, 2, (75, 120))
    syndrome[::2] = 0
    whole = decoder.decode(llr, syndrome)
    assert 0 < whole.converged.sum() < 75
    assert len(np.unique(whole.iterations)) > 3
    order = rng.permutation(75)
    mixed = decoder.decode(llr[order], syndrome[order])
    for name in ("bits", "llr", "extrinsic", "converged", "iterations"):
        np.testing.assert_array_equal(getattr(mixed, name), getattr(whole, name)[order])
        for i in range(0, 75, 9):
            alone = decoder.decode(llr[i], syndrome[i])
            np.testing.assert_array_equal(getattr(alone, name), getattr(whole, name)[i])


@pytest.mark.parametrize("method, schedule", BOTH)
def test_one_word_and_a_batch_agree_where_some_variables_have_degree_3_and_some_not(method, schedule):
    rng = np.random.default_rng(15)
    wide = regular_matrix(rng, 400).toarray()
    wide[0, :30] = 1  # makes some variables of degree 4, and one check long
    decoder = BeliefPropagation(wide, method=method, schedule=schedule, max_iterations=6)
    llr = rng.normal(1, 1, (8, 400)).astype(np.float32)
    whole = decoder.decode(llr)
    for i, word in enumerate(llr):
        np.testing.assert_array_equal(decoder.decode(word).llr, whole.llr[i])


@pytest.mark.parametrize("method, schedule", BOTH)
def test_converged_says_that_the_checks_hold(method, schedule):
    rng = np.random.default_rng(5)
    matrix = random_matrix(rng, 25, 60, 0.08)
    syndrome = rng.integers(0, 2, (200, 25))
    decoder = BeliefPropagation(matrix, method=method, schedule=schedule, max_iterations=8)
    result = decoder.decode(rng.normal(1, 2, (200, 60)), syndrome)
    holds = (result.bits.astype(int) @ matrix.T % 2 == syndrome).all(axis=1)
    np.testing.assert_array_equal(result.converged, holds)
    assert (result.iterations[~holds] == 8).all()
    assert 0 < holds.sum() < 200
    assert (result.bits == (result.llr < 0)).all()


@pytest.mark.parametrize("method, schedule", BOTH)
@pytest.mark.parametrize("magnitude", [20.7, 60.0, 1e4])
def test_the_rare_error_of_a_clean_channel_is_corrected(method, schedule, magnitude):
    rng = np.random.default_rng(6)
    matrix = regular_matrix(rng, 600)
    word = rng.integers(0, 2, (50, 600))
    llr = np.where(word, -magnitude, magnitude)
    llr[np.arange(50), rng.integers(0, 600, 50)] *= -1
    decoder = BeliefPropagation(matrix, method=method, schedule=schedule)
    result = decoder.decode(llr, (matrix @ word.T).T % 2)
    assert result.converged.all() and (result.bits == word).all()
    assert np.isfinite(result.llr).all()


@pytest.mark.parametrize("method, schedule", BOTH)
def test_known_bits_are_respected_and_erasures_filled(method, schedule):
    """Infinite priors and erasures: a matrix in triangular form leaves nothing to guess."""
    rng = np.random.default_rng(7)
    triangle = np.tril(rng.integers(0, 2, (20, 20)), -1) + np.eye(20, dtype=int)
    matrix = np.hstack([rng.integers(0, 2, (20, 20)), triangle])
    word = rng.integers(0, 2, (10, 40))
    llr = np.where(word, -np.inf, np.inf)
    llr[:, 20:] = 0
    decoder = BeliefPropagation(matrix, method=method, schedule=schedule)
    result = decoder.decode(llr, word @ matrix.T % 2)
    assert result.converged.all() and (result.bits == word).all()
    assert (result.llr[:, :20] == llr[:, :20]).all() and not np.isnan(result.llr).any()
    # Against every check a known bit stands.
    wrong = llr.copy()
    wrong[:, 0] *= -1
    result = decoder.decode(wrong, word @ matrix.T % 2)
    assert (result.bits[:, 0] != word[:, 0]).all() and not np.isnan(result.llr).any()


def test_min_sum_scales_with_its_input():
    rng = np.random.default_rng(8)
    decoder = BeliefPropagation(random_matrix(rng, 30, 60, 0.1), method="min-sum", max_iterations=6)
    llr = rng.normal(1, 2, (30, 60)).astype(np.float32)
    plain, scaled = decoder.decode(llr), decoder.decode(4 * llr)
    np.testing.assert_array_equal(scaled.llr, 4 * plain.llr)
    np.testing.assert_array_equal(scaled.iterations, plain.iterations)


@pytest.mark.parametrize("method, schedule", BOTH)
def test_degenerate_degrees(method, schedule):
    """A check of degree 1 fixes its bit; a variable of degree 0 keeps its prior; an empty check cannot
    be mended."""
    matrix = np.array([[1, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0]])
    decoder = BeliefPropagation(matrix, method=method, schedule=schedule, max_iterations=5, factor=1)
    llr = np.array([[3.0, 2.0, -1.0, -0.25]] * 7)
    result = decoder.decode(llr, np.array([1, 0, 0]))
    assert (result.bits == [1, 0, 0, 1]).all() and result.converged.all()
    np.testing.assert_allclose(result.llr[:, 1:], [[1, 1, -0.25]] * 7, atol=1e-6)
    result = decoder.decode(llr, np.array([1, 0, 1]))
    assert (result.bits == [1, 0, 0, 1]).all() and not result.converged.any()
    assert (result.iterations == 5).all()


def test_a_variable_of_high_degree_neither_underflows_nor_loses_its_sign():
    """Sixty strong checks against fifty-nine: the difference decides."""
    n = 120
    matrix = np.zeros((119, n), np.uint8)
    matrix[:, 0] = 1
    matrix[np.arange(119), np.arange(1, n)] = 1
    llr = np.full((8, n), 9.0)
    llr[:, 0] = 0
    llr[:, 61:] *= -1
    for schedule in SCHEDULES:
        decoder = BeliefPropagation(matrix, schedule=schedule, max_iterations=1)
        for sign in (1, -1):
            posterior = decoder.decode(sign * llr).llr[:, 0]
            np.testing.assert_allclose(posterior, sign * 9.0, rtol=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_layered_needs_fewer_iterations(method):
    rng = np.random.default_rng(9)
    matrix = regular_matrix(rng, 1200)
    llr = bsc_llr(rng.random((60, 1200)) < 0.06, 0.06)
    flooding, layered = (
        BeliefPropagation(matrix, method=method, schedule=s).decode(llr).iterations.mean() for s in SCHEDULES
    )
    assert layered < 0.75 * flooding


def test_threshold_of_the_3_6_ensemble():
    """Density evolution puts it at .084 on the binary symmetric channel."""
    rng = np.random.default_rng(10)
    n = 20_000
    decoder = BeliefPropagation(regular_matrix(rng, n), max_iterations=100)
    assert decoder.decode(bsc_llr(rng.random((6, n)) < 0.07, 0.07)).converged.all()
    assert not decoder.decode(bsc_llr(rng.random((6, n)) < 0.1, 0.1)).converged.any()


@pytest.mark.parametrize("kind", ["channel", "source"])
def test_hard_decisions_are_those_of_the_ldpc_package(kind):
    """The benchmark compares 10,000 words.

    Only words that the package decodes: where it fails, its messages have gone through tanh = 1 to
    infinity, and part of those words is decoded here as in exact arithmetic.
    """
    ldpc = pytest.importorskip("ldpc", reason="the ldpc package is not installed")
    rng = np.random.default_rng(11)
    matrix = regular_matrix(rng, 1024)
    noise = (rng.random((1000, 1024)) < 0.05).astype(np.uint8)
    theirs = ldpc.BpDecoder(
        sparse.csr_matrix(matrix), error_rate=0.05, max_iter=50, bp_method="product_sum", schedule="parallel"
    )
    syndromes = ((matrix.astype(int) @ noise.T) % 2).T.astype(np.uint8)
    decoder = BeliefPropagation(matrix)
    if kind == "source":
        result = decoder.decode(np.full(noise.shape, bsc_llr(0, 0.05)), syndromes)
        bits = result.bits
    else:
        result = decoder.decode(bsc_llr(noise, 0.05))
        bits = result.bits ^ noise
    decoded = 0
    for i, syndrome in enumerate(syndromes):
        expected = theirs.decode(syndrome)
        if theirs.converge:
            decoded += 1
            assert result.converged[i]
            np.testing.assert_array_equal(bits[i], expected)
    assert decoded > 980


def test_every_form_of_the_matrix_is_the_same_decoder():
    class Graph:
        def __init__(self, matrix):
            self.matrix = matrix

        def to_sparse(self):
            return sparse.coo_array(self.matrix)

    rng = np.random.default_rng(12)
    matrix = random_matrix(rng, 10, 20, 0.2)
    llr = rng.normal(1, 1, (7, 20))
    expected = BeliefPropagation(matrix).decode(llr)
    for form in (matrix.tolist(), matrix.astype(bool), sparse.csc_matrix(matrix), Graph(matrix)):
        np.testing.assert_array_equal(BeliefPropagation(form).decode(llr).llr, expected.llr)


@pytest.mark.parametrize("method, schedule", BOTH)
def test_axes_are_those_of_the_words(method, schedule):
    decoder = BeliefPropagation([[1, 1, 0], [0, 1, 1]], method=method, schedule=schedule)
    for words, shape in ((np.ones(3), ()), (np.ones((1, 3)), (1,)), (np.ones((9, 3)), (9,)), (np.empty((0, 3)), (0,))):
        for syndrome in (None, [0, 1]):
            result = decoder.decode(words, syndrome)
            assert isinstance(result, SoftResult)
            for values, dtype in ((result.bits, np.uint8), (result.llr, np.float32), (result.extrinsic, np.float32)):
                assert values.shape == (*shape, 3) and values.dtype == dtype
            assert result.converged.shape == result.iterations.shape == shape
            assert result.converged.dtype == bool and result.iterations.dtype == np.int32


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_extrinsic_of_a_bit_on_a_tree_is_its_posterior_without_its_prior(schedule):
    rng = np.random.default_rng(13)
    matrix = random_tree(rng, 12)
    never = np.vstack([matrix, np.zeros(12, np.uint8)])  # runs all the iterations
    syndrome = rng.integers(0, 2, len(matrix))
    decoder = BeliefPropagation(never, schedule=schedule, max_iterations=24)
    llr = rng.normal(0, 2, 12).astype(np.float32)
    found = decoder.decode(llr, np.append(syndrome, 1)).extrinsic
    for v in range(12):
        silent = llr.copy()
        silent[v] = 0
        np.testing.assert_allclose(found[v], brute_force_llr(matrix, silent, syndrome)[v], rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("method, schedule", BOTH)
def test_a_check_says_the_same_of_a_bit_however_sure_that_bit_was(method, schedule):
    """Priors beyond the surest are held to it, and what the code says is not measured against the excess."""
    decoder = BeliefPropagation([[1, 1, 0, 0]], method=method, schedule=schedule, max_iterations=1, factor=1)
    for own in (0.5, -8.0, 27.0, 60.0, -1e4):
        found = decoder.decode([own, 3.0, np.inf, own]).extrinsic
        np.testing.assert_allclose(found, [3, own if abs(own) < 27 else found[1], 0, 0], atol=2e-3)
        assert np.isfinite(found).all()


def test_what_erasures_are_filled_with_is_extrinsic():
    for method, schedule in BOTH:
        decoder = BeliefPropagation([[1, 1, 1]], method=method, schedule=schedule)
        result = decoder.decode([np.inf, -np.inf, 0.0])
        assert result.bits.tolist() == [0, 1, 1]
        assert result.extrinsic[0] == result.extrinsic[1] == 0 or method == "min-sum"
        assert result.extrinsic[2] == result.llr[2] < -27


def test_a_decoder_says_in_one_line_what_it_is():
    decoder = BeliefPropagation([[1, 1, 0], [0, 1, 1]], method="min-sum", schedule="layered")
    expected = "BeliefPropagation(2 checks x 3 variables, min-sum, layered, max_iterations=50, factor=0.8)"
    assert repr(decoder) == expected


def test_threads_share_a_decoder():
    rng = np.random.default_rng(14)
    decoder = BeliefPropagation(regular_matrix(rng, 240))
    llr = bsc_llr(rng.random((64, 240)) < 0.06, 0.06)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(decoder.decode, llr))
    np.testing.assert_array_equal([result.llr for result in found], decoder.decode(llr).llr)


@pytest.mark.parametrize(
    "matrix",
    [
        np.array([1, 0, 1]),
        np.array([[1, 2]]),
        np.array([[1, 0.5]]),
        np.array([[1, -1]]),
        np.array([[1, np.nan]]),
        np.zeros((0, 3)),
        sparse.coo_array((np.ones(2), ([0, 0], [1, 1])), shape=(1, 2)),
    ],
)
def test_a_wrong_matrix_is_refused(matrix):
    with pytest.raises(ValueError, match="parity-check matrix"):
        BeliefPropagation(matrix)


@pytest.mark.parametrize(
    "options, name",
    [
        ({"method": "max-product"}, "method"),
        ({"schedule": "serial"}, "schedule"),
        ({"max_iterations": 0}, "max_iterations"),
        ({"max_iterations": 1.5}, "max_iterations"),
        ({"max_iterations": np.inf}, "max_iterations"),
        ({"factor": 0}, "factor"),
        ({"factor": 1.5}, "factor"),
    ],
)
def test_a_wrong_option_is_refused(options, name):
    with pytest.raises(ValueError, match=name):
        BeliefPropagation([[1, 1]], **options)


@pytest.mark.parametrize(
    "llr, syndrome, name",
    [
        (np.zeros(4), None, "llr"),
        (np.zeros((2, 2, 3)), None, "llr"),
        (np.array([0, np.nan, 0]), None, "NaN"),
        (np.zeros(3), np.zeros(3), "syndrome"),
        (np.zeros(3), np.zeros((1, 2)), "syndrome"),
        (np.zeros((4, 3)), np.zeros((3, 2)), "syndrome"),
        (np.zeros(3), np.array([0, 2]), "syndrome"),
    ],
)
def test_a_wrong_word_is_refused(llr, syndrome, name):
    with pytest.raises(ValueError, match=name):
        BeliefPropagation([[1, 1, 0], [0, 1, 1]]).decode(llr, syndrome)


WITHOUT_JIT = """
import numpy as np
from jscc.ldpc.belief_propagation import BeliefPropagation
rng = np.random.default_rng(0)
matrix = (rng.random((4, 7)) < 0.5).astype(int)
llr = rng.normal(1, 2, (7, 7)).astype(np.float32)
for method in ("sum-product", "min-sum"):
    for schedule in ("flooding", "layered"):
        decoder = BeliefPropagation(matrix, method=method, schedule=schedule, max_iterations=3)
        for result in (decoder.decode(llr), decoder.decode(llr[0])):
            print(*result.llr.ravel(), *np.ravel(result.iterations), *np.ravel(result.converged))
"""


def test_the_kernels_give_the_same_without_compilation():
    """Decisions and iterations to the letter; soft values as far as sums of float32 in another order agree."""
    plain, compiled = (
        [line.split() for line in text.splitlines()] for text in printed_without_and_with_jit(WITHOUT_JIT)
    )
    assert len(plain) == len(compiled) == 8
    for one, other in zip(plain, compiled, strict=True):
        words = 7 if len(one) > 9 else 1
        soft = 7 * words
        assert one[soft:] == other[soft:] and len(one) == soft + 2 * words
        np.testing.assert_allclose(np.array(one[:soft], float), np.array(other[:soft], float), rtol=1e-5, atol=1e-5)

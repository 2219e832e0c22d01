"""Reinforced belief propagation held to the paper's equations, to brute force and to the laws of coding."""

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy import sparse

from jscc import information
from jscc.gfq.code import GFqCode, bits_from_symbols, symbols_from_bits
from jscc.gfq.construction import ultra_sparse
from jscc.gfq.enumerator import weight_enumerator
from jscc.gfq.fields import field
from jscc.gfq.reinforced_bp import ReinforcedBP, fixed_point
from jscc.gfq.trial import Trial
from jscc.tanner import TannerGraph
from support import printed_without_and_with_jit, random_tree

SCHEDULES = ["variable", "fixed", "check", "flooding"]


def labelled(matrix, p, rng):
    """The code of a 0/1 matrix with random labels."""
    graph = TannerGraph.from_matrix(matrix)
    return GFqCode(graph, rng.integers(1, 1 << p, graph.n_edges, dtype=np.uint8, endpoint=False), field(p))


def irregular(rng, m, n, p):
    """Symbols and checks of any degree from 0 to 5 or so."""
    matrix = (rng.random((m, n)) < 2 / m).astype(np.uint8)
    matrix[:, 0] = 0
    matrix[0] = 0
    matrix[1] = np.arange(n) == n - 1
    return labelled(matrix, p, rng)


def random_bits(rng, code, *samples):
    return rng.integers(0, 2, (*samples, code.n_bits), dtype=np.uint8)


def hamming(p):
    """Bits in which two symbols differ, (q, q)."""
    symbols = np.arange(1 << p)
    return np.bitwise_count(symbols[:, None] ^ symbols)


class Slow:
    """Equations (4) and (5) as they are written, with sums over the field, in float64."""

    def __init__(self, code, symbols, prior, schedule):
        self.code, self.schedule = code, schedule
        f, graph = code.field, code.graph
        self.add = np.arange(f.q)[:, None] ^ np.arange(f.q)
        self.variables, self.checks = graph.check_variables, graph.edge_checks
        self.prior = np.exp(-prior * hamming(f.p)[symbols])
        self.g = np.ones_like(self.prior)
        self.done = 0
        self.to_check = self.normal(self.prior[self.variables])
        self.to_variable = np.full(self.to_check.shape, 1 / f.q)

    @staticmethod
    def normal(x):
        return x / x.sum(axis=-1, keepdims=True)

    def from_check(self, e, to_check):
        """Equation (1): the distribution of the others' sum, read at what it has to be for each symbol."""
        f, labels = self.code.field, self.code.labels
        total = np.zeros(f.q)
        total[0] = 1
        for other in np.flatnonzero(self.checks == self.checks[e]):
            if other != e:
                scaled = np.empty(f.q)
                scaled[f.product[labels[other]]] = to_check[other]
                total = scaled[self.add] @ total
        return self.normal(total[f.product[labels[e]]])

    def product(self, v, gamma, without=None):
        edges = [e for e in np.flatnonzero(self.variables == v) if e != without]
        power = self.g[v] ** gamma if self.done else 1.0
        return self.normal(power * self.prior[v] * np.prod(self.to_variable[edges], axis=0))

    def iterate(self, order, gammas):
        """One iteration with gamma(l) of the paper, after l iterations."""
        gamma = gammas[self.done - 1] if self.done else 0.0
        edges = np.arange(len(self.variables))
        if self.schedule == "check":
            for c in order:
                around = edges[self.checks == c]
                for e in around:
                    self.to_check[e] = self.product(self.variables[e], gamma, e)
                for e in around:
                    self.to_variable[e] = self.from_check(e, self.to_check)
            self.g = np.array([self.product(v, gamma) for v in range(self.code.n_symbols)])
        else:
            before = self.to_check.copy() if self.schedule == "flooding" else self.to_check
            for v in order:
                mine = edges[self.variables == v]
                for e in mine:
                    self.to_variable[e] = self.from_check(e, before)
                for e in mine:
                    self.to_check[e] = self.product(v, gamma, e)
                self.g[v] = self.product(v, gamma)
        self.done += 1
        return self.g


@pytest.mark.parametrize(
    "p, schedule", [*itertools.product((1, 2, 3, 6), SCHEDULES), *((p, "variable") for p in (4, 5, 7, 8))]
)
def test_iterations_are_those_of_the_equations(p, schedule):
    rng = np.random.default_rng(10 * p)
    code = irregular(rng, 8, 16, p)
    bits = random_bits(rng, code)
    bp = ReinforcedBP(code, gamma0=0.6, gamma1=0.9, prior=0.7, schedule=schedule)
    trial = Trial(code, prior=0.7, schedule=schedule)
    trial.load(bits, p)
    trial.start()
    slow = Slow(code, symbols_from_bits(bits, p), 0.7, schedule)
    gammas = 1 - 0.6 * 0.9 ** np.arange(1, 5)
    np.testing.assert_allclose(bp.gammas()[:4], gammas, rtol=1e-6)
    for k in range(4):
        unsatisfied = trial.sweep(bp.gammas()[k : k + 1])[1]
        expected = slow.iterate(trial.order, gammas)
        np.testing.assert_allclose(trial.marginals(), expected, atol=5e-5)
        symbols = trial.symbols()
        chosen = np.take_along_axis(expected, symbols[:, None].astype(int), 1)[:, 0]
        np.testing.assert_allclose(chosen, expected.max(axis=1), atol=1e-4)
        assert unsatisfied == np.count_nonzero(code.syndrome(symbols))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("p, n", [(1, 12), (2, 7), (3, 5)])
def test_marginals_are_exact_on_trees(p, n, schedule):
    for seed in range(3):
        rng = np.random.default_rng(seed)
        code = labelled(random_tree(rng, n), p, rng)
        bits = random_bits(rng, code)
        words = np.array(list(itertools.product(range(code.field.q), repeat=n)))
        words = words[~code.syndrome(words).any(axis=1)]
        weight = np.exp(-1.1 * hamming(p)[symbols_from_bits(bits, p), words].sum(axis=1))
        exact = np.array([np.bincount(column, weight, code.field.q) for column in words.T]) / weight.sum()
        found = fixed_point(code, bits, 1.1, rng, schedule=schedule)
        assert found.converged and found.iterations < 20
        np.testing.assert_allclose(found.marginals, exact, atol=2e-6)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_messages_of_a_fixed_point_solve_the_equations(schedule):
    rng = np.random.default_rng(3)
    code = ultra_sparse(40, 0.4, 3, rng, reduction=2)
    bits = random_bits(rng, code)
    found = fixed_point(code, bits, 0.8, rng, schedule=schedule, tolerance=1e-6)
    assert found.converged and found.iterations > 5
    for messages in (found.to_checks, found.to_variables, found.marginals):
        np.testing.assert_allclose(messages.sum(axis=1), 1, rtol=1e-5)
    slow = Slow(code, symbols_from_bits(bits, 3), 0.8, schedule)
    slow.to_variable = found.to_variables.astype(float)
    for e in range(code.graph.n_edges):
        np.testing.assert_allclose(found.to_variables[e], slow.from_check(e, found.to_checks), atol=3e-5)
        np.testing.assert_allclose(found.to_checks[e], slow.product(code.graph.check_variables[e], 0, e), atol=1e-5)
    for v in range(code.n_symbols):
        np.testing.assert_allclose(found.marginals[v], slow.product(v, 0), atol=1e-5)


def test_scaled_checks_are_the_same_code():
    rng = np.random.default_rng(4)
    code = ultra_sparse(60, 0.4, 4, rng)
    bits = random_bits(rng, code)
    scale = rng.integers(1, 16, code.n_checks)[code.graph.edge_checks]
    scaled = GFqCode(code.graph, code.field.product[scale, code.labels], code.field)
    one, other = (fixed_point(c, bits, 0.9, np.random.default_rng(0)) for c in (code, scaled))
    assert one.converged and other.converged
    np.testing.assert_allclose(other.marginals, one.marginals, atol=1e-4)
    np.testing.assert_allclose(other.to_checks, one.to_checks, atol=1e-4)
    np.testing.assert_allclose(other.to_variables, one.to_variables, atol=1e-4)


def test_a_shift_by_a_codeword_shifts_the_marginals():
    rng = np.random.default_rng(5)
    code = ultra_sparse(60, 0.4, 4, rng, reduction=2)
    word = ReinforcedBP(code, gamma0=0.8).quantise(random_bits(rng, code), rng)
    assert word.converged and word.symbols.any()
    bits = random_bits(rng, code)
    shifted = bits ^ word.bits
    one, other = (fixed_point(code, b, 0.9, np.random.default_rng(0)) for b in (bits, shifted))
    places = np.arange(16) ^ word.symbols[:, None].astype(int)
    np.testing.assert_allclose(np.take_along_axis(other.marginals, places, 1), one.marginals, atol=1e-4)


def test_labels_along_a_forest_are_one():
    """As many as n + m minus the components, and scaling back gives the code's own labels."""
    rng = np.random.default_rng(6)
    for code in (ultra_sparse(80, 0.4, 6, rng, reduction=1), irregular(rng, 10, 25, 4)):
        graph = Trial(code, prior=1.0).graph
        m, n = code.n_checks, code.n_symbols
        both = sparse.block_array([[None, code.graph.to_sparse()], [code.graph.to_sparse().T, None]])
        components = sparse.csgraph.connected_components(both)[0]
        assert (graph.labels == 1).sum() >= n + m - components
        unscaled = code.field.product[graph.labels, graph.scale[graph.edge_variable]][graph.check_edges]
        ratio = code.field.product[unscaled, code.field.inverse[code.labels]]
        for c in range(m):
            assert len(set(ratio[code.graph.edge_checks == c])) <= 1


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("p", [1, 3, 6])
def test_what_an_encoding_says_is_so(p, schedule):
    rng = np.random.default_rng(p)
    code = ultra_sparse(600 // p, 0.4, p, rng, reduction=3)
    bits = random_bits(rng, code, 6)
    bp = ReinforcedBP(code, gamma0=0.85, prior=1.4, schedule=schedule, max_iterations=60, max_trials=2)
    result = bp.quantise(bits, rng)
    assert result.symbols.dtype == np.uint8 and result.symbols.shape == (6, code.n_symbols)
    assert not code.syndrome(result.symbols[result.converged]).any()
    assert code.syndrome(result.symbols[~result.converged]).any(axis=1).all()
    np.testing.assert_array_equal(result.bits, bits_from_symbols(result.symbols, p))
    distortion = (result.bits != bits).mean(axis=1)
    np.testing.assert_allclose(result.distortion, distortion, rtol=1e-12)
    trials = 1 if schedule == "flooding" else 2
    assert ((result.trials >= 1) & (result.trials <= trials)).all()
    assert (result.iterations[~result.converged] == 60 * trials).all()
    assert (result.iterations > 60 * (result.trials - 1)).all() and (result.iterations <= 60 * result.trials).all()
    if p == 6:
        assert result.converged.any()


def test_distortion_lies_between_the_limit_and_the_trivial_code():
    """Copying R n bits and guessing the rest costs (1 - R) / 2; no code is below D(R)."""
    rng = np.random.default_rng(8)
    code = ultra_sparse(200, 0.5, 6, rng, reduction=3)
    result = ReinforcedBP(code, prior=1.9).quantise(random_bits(rng, code, 12), rng)
    assert result.converged.mean() > 0.8
    error = result.distortion.std() / np.sqrt(12)
    assert information.distortion_rate(code.rate) - 4 * error < result.distortion.mean() < 0.14


def test_without_a_prior_the_word_is_zero():
    rng = np.random.default_rng(9)
    code = ultra_sparse(50, 0.4, 4, rng)
    result = ReinforcedBP(code, prior=0).quantise(random_bits(rng, code), rng)
    assert not result.symbols.any() and result.iterations == 1


def test_a_codeword_is_its_own_nearest():
    rng = np.random.default_rng(10)
    for p in (1, 4, 8):
        code = ultra_sparse(160 // p, 0.4, p, rng, reduction=2)
        word = ReinforcedBP(code, max_trials=20, gamma0=0.8).quantise(random_bits(rng, code), rng)
        assert word.converged.all() and word.symbols.any()
        again = ReinforcedBP(code, prior=4).quantise(word.bits, rng)
        np.testing.assert_array_equal(again.symbols, word.symbols)
        assert again.distortion == 0


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_a_sample_does_not_depend_on_its_batch(schedule):
    rng = np.random.default_rng(11)
    code = ultra_sparse(100, 0.4, 4, rng, reduction=2)
    bits = random_bits(rng, code, 7)
    bp = ReinforcedBP(code, schedule=schedule, max_iterations=60, max_trials=3)
    whole, again, part = (bp.quantise(b, np.random.default_rng(0)) for b in (bits, bits, bits[:3]))
    other = bits.copy()
    other[:6] = 0
    last = bp.quantise(other, np.random.default_rng(0))
    single = bp.quantise(bits[0], np.random.default_rng(0))
    for name in ("symbols", "converged", "iterations", "trials", "distortion", "bits"):
        expected = getattr(whole, name)
        np.testing.assert_array_equal(getattr(again, name), expected)
        np.testing.assert_array_equal(getattr(part, name), expected[:3])
        np.testing.assert_array_equal(getattr(last, name)[6:], expected[6:])
        np.testing.assert_array_equal(getattr(single, name), expected[0], strict=True)
    nothing = bp.quantise(bits[:0], rng)
    assert nothing.symbols.shape == (0, 100) and nothing.bits.shape == bits[:0].shape
    assert nothing.converged.shape == nothing.distortion.shape == (0,)


def test_the_seed_decides_the_orders():
    rng = np.random.default_rng(12)
    code = ultra_sparse(150, 0.4, 6, rng, reduction=3)
    bits = random_bits(rng, code)
    results = {
        schedule: [ReinforcedBP(code, schedule=schedule).quantise(bits, np.random.default_rng(s)) for s in range(4)]
        for schedule in SCHEDULES
    }
    for schedule, of_seed in results.items():
        different = len({(r.symbols.tobytes(), int(r.iterations)) for r in of_seed})
        assert different == 1 if schedule == "flooding" else different > 1


def test_a_trace_is_the_first_trial_of_an_encoding():
    rng = np.random.default_rng(13)
    code = ultra_sparse(150, 0.4, 6, rng, reduction=3)
    bits = random_bits(rng, code)
    bp = ReinforcedBP(code, gamma0=0.9)
    result = bp.quantise(bits, np.random.default_rng(1))
    trace = bp.trace(bits, np.random.default_rng(1), bins=10, first_bits=20)
    assert result.trials == 1 and trace.converged
    np.testing.assert_array_equal(trace.symbols, result.symbols)
    length = len(trace.unsatisfied)
    assert result.iterations == length
    assert trace.unsatisfied[-1] == 0 and (trace.unsatisfied[:-1] > 0).all()
    assert trace.distortion[-1] == result.distortion
    assert trace.largest.shape == (length, 10) and (trace.largest.sum(axis=1) == 150).all()
    assert ((trace.entropy >= 0) & (trace.entropy <= 6)).all() and trace.entropy[-1] < 0.2 * trace.entropy[0]
    assert trace.bit_marginals.shape == (length, 20)
    np.testing.assert_array_equal(trace.bit_marginals[-1] > 0.5, bits_from_symbols(trace.symbols, 6)[:20])


def test_the_first_iteration_of_a_trace_knows_the_bits_by_the_prior():
    """A symbol in no check has the prior for its marginal: each bit is wrong with probability 1 / (1 + e^L)."""
    code = labelled(np.array([[0, 1, 1, 0]]), 3, np.random.default_rng(0))
    bits = np.random.default_rng(14).integers(0, 2, 12)
    trace = ReinforcedBP(code, prior=1.3, max_iterations=1).trace(bits, np.random.default_rng(0), first_bits=12)
    expected = np.where(bits, 1, np.exp(-1.3)) / (1 + np.exp(-1.3))
    np.testing.assert_allclose(trace.bit_marginals[0, [0, 1, 2, 9, 10, 11]], expected[[0, 1, 2, 9, 10, 11]], atol=1e-5)


def test_more_reinforcement_is_faster_and_coarser():
    rng = np.random.default_rng(15)
    code = ultra_sparse(400, 0.33, 6, rng, reduction=5)
    bits = random_bits(rng, code, 6)
    strong, weak = (ReinforcedBP(code, gamma0=g).quantise(bits, rng) for g in (0.7, 0.92))
    assert strong.converged.all() and weak.converged.all()
    assert np.median(strong.iterations) < np.median(weak.iterations)
    assert strong.distortion.mean() > weak.distortion.mean()


def test_a_variable_of_high_degree_does_not_underflow():
    """Forty checks of degree two tie one symbol to forty others, half of which stand against the other half."""
    rng = np.random.default_rng(16)
    matrix = np.hstack([np.ones((40, 1), np.uint8), np.eye(40, dtype=np.uint8)])
    graph = TannerGraph.from_matrix(matrix)
    code = GFqCode(graph, np.ones(80, np.uint8), field(4))
    symbols = np.full(41, 5)
    symbols[:19] = 10
    bits = bits_from_symbols(symbols, 4)
    for schedule in SCHEDULES:
        result = ReinforcedBP(code, gamma0=1, prior=3, schedule=schedule).quantise(bits, rng)
        assert result.converged.all() and (result.symbols == 5).all()
        assert np.isfinite(fixed_point(code, bits, 3, rng, schedule=schedule).marginals).all()


@pytest.mark.parametrize(
    "options, name",
    [
        ({"gamma0": 1.1}, "gamma0"),
        ({"gamma0": np.nan}, "gamma0"),
        ({"gamma1": -0.1}, "gamma1"),
        ({"prior": -1}, "prior"),
        ({"prior": np.inf}, "prior"),
        ({"schedule": "serial"}, "schedule"),
        ({"max_iterations": 0}, "max_iterations"),
        ({"max_iterations": 2.5}, "max_iterations"),
        ({"max_iterations": np.inf}, "max_iterations=inf given"),
        ({"max_iterations": np.nan}, "max_iterations=nan given"),
        ({"max_trials": np.inf}, "max_trials=inf given"),
        ({"prior": np.nan}, "prior"),
        ({"max_trials": 0}, "max_trials"),
    ],
)
def test_a_wrong_option_is_refused(options, name):
    code = ultra_sparse(20, 0.4, 2, np.random.default_rng(0))
    with pytest.raises(ValueError, match=name):
        ReinforcedBP(code, **options)


@pytest.mark.parametrize("bits", [np.zeros(39), np.zeros((2, 2, 40)), np.full(40, 2), np.full(40, 0.5), np.zeros(())])
def test_wrong_bits_are_refused(bits):
    rng = np.random.default_rng(0)
    code = ultra_sparse(20, 0.4, 2, rng)
    for call in (ReinforcedBP(code).quantise, ReinforcedBP(code).trace, lambda b, r: fixed_point(code, b, 1.0, r)):
        with pytest.raises(ValueError, match="^source .* given, .* expected"):
            call(bits, rng)


def test_wrong_arguments_of_trace_and_fixed_point_are_refused():
    rng = np.random.default_rng(0)
    code = ultra_sparse(20, 0.4, 2, rng)
    bits = random_bits(rng, code)
    for options in ({"bins": 0}, {"bins": 1.5}, {"first_bits": -1}, {"first_bits": 41}):
        with pytest.raises(ValueError, match=next(iter(options))):
            ReinforcedBP(code).trace(bits, rng, **options)
    with pytest.raises(ValueError, match=r"source of shape \(2, 40\) given, \(40,\) is expected"):
        ReinforcedBP(code).trace(random_bits(rng, code, 2), rng)
    for options in ({"tolerance": -1}, {"tolerance": np.nan}, {"max_iterations": 0}, {"schedule": "serial"}):
        with pytest.raises(ValueError, match=next(iter(options))):
            fixed_point(code, bits, 1.0, rng, **options)


def test_a_seed_stands_for_its_generator():
    code = ultra_sparse(60, 0.4, 4, 3, reduction=2)
    np.testing.assert_array_equal(
        code.to_dense(), ultra_sparse(60, 0.4, 4, np.random.default_rng(3), reduction=2).to_dense()
    )
    bits = random_bits(np.random.default_rng(0), code)
    bp = ReinforcedBP(code, gamma0=0.8)
    for call in (
        lambda rng: bp.quantise(bits, rng).symbols,
        lambda rng: bp.trace(bits, rng).entropy,
        lambda rng: fixed_point(code, bits, 0.9, rng).marginals,
        lambda rng: weight_enumerator(code, bits, [0.5, 1.0], rng).entropy,
    ):
        np.testing.assert_array_equal(call(5), call(np.random.default_rng(5)))


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("prior", [50.0, 4.3e37, 2.4e38, 1e300])
def test_however_large_the_prior_only_the_source_is_possible(prior, schedule):
    """Also where it is more than a float32 holds: the first decision is the source itself, and a codeword stays."""
    rng = np.random.default_rng(17)
    code = ultra_sparse(60, 0.4, 4, rng, reduction=2)
    bits = random_bits(rng, code)
    trial = Trial(code, prior=prior, schedule=schedule)
    trial.load(bits, 1)
    trial.start()
    trial.sweep([0.5])
    assert np.isfinite(trial.marginals()).all() and trial.symbols().max() < 16
    codeword = ReinforcedBP(code, gamma0=0.8).quantise(bits, 0)
    assert codeword.converged
    again = ReinforcedBP(code, prior=prior, schedule=schedule).quantise(codeword.bits, 0)
    np.testing.assert_array_equal(again.symbols, codeword.symbols)
    assert again.converged and again.distortion == 0
    of_50 = ReinforcedBP(code, prior=50.0, schedule=schedule, max_iterations=20).quantise(bits, 0)
    same = ReinforcedBP(code, prior=prior, schedule=schedule, max_iterations=20).quantise(bits, 0)
    np.testing.assert_array_equal(same.symbols, of_50.symbols)


def test_two_threads_may_quantise_at_once():
    rng = np.random.default_rng(18)
    code = ultra_sparse(200, 0.4, 6, rng, reduction=2)
    bits = random_bits(rng, code, 4)
    bp = ReinforcedBP(code, gamma0=0.9, max_iterations=40)
    alone = [bp.quantise(word, 0).symbols for word in bits]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda word: bp.quantise(word, 0).symbols, bits))
    np.testing.assert_array_equal(together, alone)


def test_all_that_is_returned_says_what_it_is_in_a_line():
    code = ultra_sparse(100, 0.5, 4, 0, reduction=2)
    bits = np.zeros((2, 400), np.uint8)
    bp = ReinforcedBP(code, schedule="check")
    text = "GFqCode(100 symbols, 48 checks, GF(16), rate 0.520)"
    assert repr(code) == text
    assert repr(bp) == f"ReinforcedBP({text}, gamma0=0.92, prior=1.4, schedule='check')"
    assert repr(bp.quantise(bits, 0)) == "Quantised(2 x 400 bits, 2 converged, mean distortion 0)"
    assert repr(bp.quantise(bits[0], 0)) == "Quantised(1 x 400 bits, 1 converged, mean distortion 0)"
    assert repr(bp.quantise(bits[:0], 0)) == "Quantised(0 x 400 bits, 0 converged)"
    assert repr(bp.trace(bits[0], 0)) == "Trace(1 iterations, converged, distortion 0)"
    found = fixed_point(code, bits[0], 3.0, 0, max_iterations=1)
    assert repr(found) == "FixedPoint(100 symbols of GF(16), not converged in 1 iterations)"
    assert repr(Trial(code, prior=1)) == f"Trial({text}, prior=1, schedule='variable')"


WITHOUT_JIT = """
import numpy as np
from jscc.gfq.fields import field
from jscc.gfq.reinforced_bp import ReinforcedBP, fixed_point
from jscc.gfq.code import GFqCode
from jscc.tanner import TannerGraph
matrix = np.array([[1, 1, 1, 0, 0, 0], [1, 0, 0, 1, 1, 0], [0, 1, 0, 1, 0, 1]])
for p in (1, 4):
    rng = np.random.default_rng(p)
    code = GFqCode(TannerGraph.from_matrix(matrix), rng.integers(1, 2**p, 9).astype(np.uint8), field(p))
    bits = rng.integers(0, 2, (2, code.n_bits))
    for schedule in ("variable", "fixed", "check", "flooding"):
        bp = ReinforcedBP(code, gamma0=0.8, schedule=schedule, max_iterations=4, max_trials=2)
        result = bp.quantise(bits, np.random.default_rng(0))
        print(*result.symbols.ravel(), *result.iterations, *result.converged.astype(int))
        print(*bp.trace(bits[0], np.random.default_rng(0)).entropy)
        print(*fixed_point(code, bits[0], 1.0, rng, schedule=schedule, max_iterations=2).to_checks.ravel())
"""


def test_the_kernels_give_the_same_without_compilation():
    lines = (text.splitlines() for text in printed_without_and_with_jit(WITHOUT_JIT))
    for plain, compiled in zip(*lines, strict=True):
        plain, compiled = (np.array(line.split(), float) for line in (plain, compiled))
        np.testing.assert_allclose(plain, compiled, rtol=1e-5, atol=1e-5)

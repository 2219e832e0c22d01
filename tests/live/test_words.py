"""The live kernels of paper 2 give the library's own results under node."""

import numpy as np
import pytest

from jscc.gfq import Trial, leaf_removal, ultra_sparse
from jscc.gfq.live import remove_leaves, remove_leaves_arguments, substitute, sweep, sweep_arguments
from jscc.live.controls import word_code
from live_support import assert_same_under_node, called

FLOATS = ("tilted", "messages", "spare", "marginals", "received", "sent", "g", "x", "y")
COUNT = 1000
ROUNDING = 2e-5  # float32: one sweep, products of relaxed order


def run(code, seed, schedule, gamma0, prior, most):
    """The calls of one trial, one iteration each, and what Python made of the last."""
    source = np.random.default_rng(seed).integers(0, 16, code.n_symbols)
    given = sweep_arguments(code, source, seed, prior=prior, gammas=[1 - gamma0], schedule=schedule)
    calls = []
    for _ in range(most):
        calls.append(given)
        given = given | called(sweep, given) | {"first": 0}
        if given["unsatisfied"][0] == 0:
            break
    return source, calls, given


SCHEDULES = ["variable", "fixed", "flooding"]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_iterations_of_reinforced_bp_on_words_of_many_codes(schedule):
    """A third of a thousand iterations, each from where Python's left off."""
    calls, seed = [], 0
    while len(calls) < COUNT / len(SCHEDULES):
        seed += 1
        code = ultra_sparse(30, 0.4, 4, seed, reduction=2, graph="random")
        calls += run(code, seed, schedule, gamma0=0.7 + 0.02 * (seed % 12), prior=1 + 0.1 * (seed % 10), most=30)[1]
    assert_same_under_node(sweep, calls, FLOATS, rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_reinforced_bp_step_by_step(schedule):
    """The page's own word: iterations, and all together they are the library's trial."""
    code = word_code()
    calls = []
    for seed, gamma0, prior in ((1, 0.92, 1.4), (2, 0.8, 1.8), (3, 0.96, 1.2)):
        source, own, last = run(code, seed, schedule, gamma0, prior, 120)
        calls += own
        trial = Trial(code, prior=prior, schedule=schedule)
        trial.load((source[:, None] >> np.arange(3, -1, -1) & 1).ravel(), seed)
        trial.start()
        done, unsatisfied = trial.sweep([1 - gamma0] * len(own))
        assert (done, unsatisfied) == (len(own), last["unsatisfied"][0])
        assert (trial._state.decisions == last["decisions"]).all()
    assert len(calls) > 100
    assert_same_under_node(sweep, calls[::6], FLOATS, rtol=ROUNDING, atol=ROUNDING)


def test_leaf_removal_and_what_it_expands():
    codes = [ultra_sparse(60, 0.4, 4, seed, reduction=2, graph="random") for seed in range(COUNT)]
    calls = [remove_leaves_arguments(code) for code in codes]
    removed = assert_same_under_node(remove_leaves, calls)
    expansions, expected = [], []
    for code, out in zip(codes, removed, strict=True):
        removal, steps = leaf_removal(code), int(out["steps"][0])
        assert (out["order"][:steps] == removal.order).all()
        if len(removal.core) or len(expansions) == 50:
            continue
        information = np.random.default_rng(7).integers(0, 16, (30, len(removal.information_set)), np.uint8)
        words = np.zeros((30, code.n_symbols), np.uint8)
        words[:, removal.information_set] = information
        names = ("start", "variables", "coefficients")
        pivots = np.ascontiguousarray(removal.pivots[::-1])
        steps = dict(zip(names, removal.steps, strict=True))
        expansions.append({**steps, "pivots": pivots, "product": code.field.product, "words": words})
        expected.append(removal.codeword(information))
    assert sum(map(len, expected)) >= COUNT
    for out, words in zip(assert_same_under_node(substitute, expansions), expected, strict=True):
        assert (out["words"] == words).all()

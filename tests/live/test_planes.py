"""The live kernels of paper 1 give the library's own results under node."""

import numpy as np
import pytest

from jscc.classify import GRUClassifier, Settings, gray_images, paper_code, shipped_classifier, symbols
from jscc.classify.live import gru_scores, scores_arguments
from jscc.ldpc import BeliefPropagation, syndromes
from jscc.ldpc.live import propagate, propagate_arguments, syndromes_arguments, syndromes_of_planes
from live_support import assert_same_under_node, called

COUNT = 1000
ROUNDING = 1e-5  # float32: sums of 512 weights in another order


@pytest.fixture(scope="module")
def pictures():
    """`COUNT` pictures, the first half digits and the others noise, as packed planes."""
    digits = symbols(gray_images("digits").train[: COUNT // 2], transform=False)
    noise = np.random.default_rng(1).integers(0, 256, digits.shape, np.uint8)
    return np.concatenate([digits, noise])


def test_syndromes(pictures):
    given = syndromes_arguments(paper_code(), pictures)
    out = assert_same_under_node(syndromes_of_planes, [given])[0]["out"]
    assert (out.view(np.uint8) == syndromes(pictures, paper_code())).all()


def test_scores_of_the_network(pictures):
    model = shipped_classifier("digits").model
    packed = syndromes(pictures, paper_code())
    given = scores_arguments(model, packed)
    floats = tuple(name for name, value in given.items() if getattr(value, "dtype", None) == np.float32)
    out = assert_same_under_node(gru_scores, [given], floats, rtol=ROUNDING, atol=ROUNDING)[0]["out"]
    np.testing.assert_allclose(out, model.logits(packed), rtol=ROUNDING, atol=ROUNDING)
    assert (out.argmax(axis=1) == model.predict(packed)).all()


@pytest.mark.parametrize("units, planes", [(5, 3), (6, 7), (12, 4)], ids=str)
def test_scores_of_networks_of_any_size(units, planes):
    """Products of matrices whose sides are no multiples of the blocks that they are reckoned in."""
    rng = np.random.default_rng(3)
    model = GRUClassifier(40, planes, Settings(units=units), rng=1)
    packed = rng.integers(0, 1 << planes, (20, 40), np.uint8)
    given = scores_arguments(model, packed)
    floats = tuple(name for name, value in given.items() if getattr(value, "dtype", None) == np.float32)
    assert_same_under_node(gru_scores, [given], floats, rtol=ROUNDING, atol=ROUNDING)


OPTIONS = [{}, {"method": "min-sum"}, {"schedule": "layered"}]


def iterations(decoder, llr, syndrome):
    """The calls of one word, an iteration each, and what Python made of the last."""
    given, calls = propagate_arguments(decoder, llr, syndrome), []
    for _ in range(decoder.max_iterations):
        calls.append(given)
        given = given | called(propagate, given) | {"first": 0}
        if given["converged"][0]:
            break
    return calls, given


def flipped(n, p, rng):
    """A word, its likelihood ratios before anything of it is known, both of errors with probability p."""
    return (rng.random(n) < p).astype(np.uint8), np.full(n, np.log((1 - p) / p), np.float32)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_iterations_of_belief_propagation_on_words_of_many_codes(options):
    """A third of a thousand iterations, each from where Python's left off."""
    rng, calls = np.random.default_rng(2), []
    while len(calls) < COUNT / len(OPTIONS):
        matrix = (rng.random((24, 48)) < 0.12).astype(np.uint8)
        matrix[np.arange(24), rng.permutation(48)[:24]] = 1  # no check is empty
        decoder = BeliefPropagation(matrix, max_iterations=12, **options)
        word, llr = flipped(48, rng.uniform(0.03, 0.15), rng)
        calls += iterations(decoder, llr, matrix @ word % 2)[0]
    assert_same_under_node(propagate, calls)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_belief_propagation_step_by_step(options):
    """On the page's own code: iterations, and the end is the decoder's."""
    code, rng = paper_code(), np.random.default_rng(2)
    decoder = BeliefPropagation(code, max_iterations=50, **options)
    calls = []
    for p in np.linspace(0.05, 0.11, 12):
        plane, llr = flipped(1024, p, rng)
        syndrome = (code.to_dense() @ plane % 2).astype(np.uint8)
        own, given = iterations(decoder, llr, syndrome)
        calls += own
        found = decoder.decode(llr, syndrome)
        assert given["iterations"][0] == found.iterations and given["converged"][0] == found.converged
        for name in ("bits", "llr", "extrinsic"):
            assert (given[name][0] == getattr(found, name)).all(), name
    assert len(calls) > 100
    assert_same_under_node(propagate, calls[::4])

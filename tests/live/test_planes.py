"""The live kernels of paper 1 give the library's own results under node."""

import numpy as np
import pytest

from jscc.classify import gray_images, paper_code, shipped_classifier, symbols
from jscc.classify.live import gru_scores, scores_arguments
from jscc.ldpc import BeliefPropagation, syndromes
from jscc.ldpc.live import propagate, propagate_arguments, syndromes_arguments, syndromes_of_planes
from live_support import assert_same_under_node, called

ROUNDING = 1e-5  # float32: sums of 512 weights in another order


@pytest.fixture(scope="module")
def pictures():
    """A thousand pictures, the first half digits and the others noise, as packed planes."""
    digits = symbols(gray_images("digits").train[:500], transform=False)
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


OPTIONS = [{}, {"method": "min-sum"}, {"schedule": "layered"}]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_belief_propagation_step_by_step(options):
    """Over a hundred iterations, each from where Python's left off, and the end is the decoder's."""
    code, rng = paper_code(), np.random.default_rng(2)
    decoder = BeliefPropagation(code, max_iterations=50, **options)
    calls = []
    for p in np.linspace(0.05, 0.11, 12):
        plane = (rng.random(1024) < p).astype(np.uint8)
        syndrome = (code.to_dense() @ plane % 2).astype(np.uint8)
        llr = np.full(1024, np.log((1 - p) / p), np.float32)
        given = propagate_arguments(decoder, llr, syndrome)
        for _ in range(decoder.max_iterations):
            calls.append(given)
            given = given | called(propagate, given) | {"first": 0}
            if given["converged"][0]:
                break
        found = decoder.decode(llr, syndrome)
        assert given["iterations"][0] == found.iterations and given["converged"][0] == found.converged
        for name in ("bits", "llr", "extrinsic"):
            assert (given[name][0] == getattr(found, name)).all(), name
    assert len(calls) > 100
    assert_same_under_node(propagate, calls)

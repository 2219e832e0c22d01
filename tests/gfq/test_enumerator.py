"""The weight enumeration function: exact on trees, and held to its laws on graphs with cycles."""

import itertools

import numpy as np
import pytest

from jscc.gfq.code import GFqCode, bits_from_symbols
from jscc.gfq.construction import ultra_sparse
from jscc.gfq.enumerator import weight_enumerator
from jscc.gfq.fields import field
from jscc.information import binary_entropy
from jscc.tanner import TannerGraph

LIMIT = np.log((1 - 0.11) / 0.11)  # L at the rate-distortion limit for rate 1/2


def labelled(matrix, p, rng):
    """The code with the places of a 0/1 matrix and random labels."""
    graph = TannerGraph.from_matrix(matrix)
    return GFqCode(graph, rng.integers(1, 1 << p, graph.n_edges, dtype=np.uint8), field(p))


def codeword_bits(code):
    """All codewords, as rows of bits."""
    words = np.array(list(itertools.product(range(code.field.q), repeat=code.n_symbols)), np.uint8)
    return bits_from_symbols(words[~code.syndrome(words).any(axis=1)], code.field.p)


def exact(code, bits, prior):
    """Mean distance, entropy in bits, both per bit, and ln Z."""
    distance = (codeword_bits(code) != bits).sum(axis=1)
    weight = np.exp(-prior * distance)
    share = weight / weight.sum()
    return share @ distance / len(bits), -(share @ np.log2(share)) / len(bits), np.log(weight.sum())


TREES = [
    [[1, 1, 1, 0, 0], [0, 0, 1, 1, 1]],
    [[1, 1, 0, 0, 0], [0, 1, 1, 1, 0], [0, 0, 0, 1, 1]],  # checks of degree two
    [[1, 1, 1, 0, 0], [0, 0, 1, 1, 0]],  # a variable without checks
    [[1, 0, 0, 0], [1, 1, 1, 0], [1, 0, 0, 1]],  # a check of degree one, a variable of degree three
]


def test_a_floor_under_the_messages_is_all_that_a_large_prior_loses():
    """A check that forces a symbol which the prior all but forbids: its weight drowns in the floor of the others."""
    rng = np.random.default_rng(3)
    code = labelled([[1]], 3, rng)
    far = np.ones(3, np.uint8)  # the only codeword is 0, three bits away
    for prior in (1.0, 2.0, 3.0, 4.0, 5.0):
        curve = weight_enumerator(code, far, [prior], rng)
        assert curve.entropy[0] <= 2e-6 + 10 * 1e-8 * code.field.q * np.exp(3 * prior)


@pytest.mark.parametrize("p", [1, 2, 3])
@pytest.mark.parametrize("tree", TREES)
def test_exact_on_trees(tree, p):
    rng = np.random.default_rng(p)
    code = labelled(tree, p, rng)
    bits = rng.integers(0, 2, code.n_bits)
    priors = np.array([0, 0.3, 1.0, 2.0])
    curve = weight_enumerator(code, bits, priors, rng, tolerance=1e-6)
    assert curve.converged.all()
    distance, entropy, log_z = np.transpose([exact(code, bits, prior) for prior in priors])
    np.testing.assert_allclose(curve.distance, distance, atol=5e-5)
    np.testing.assert_allclose(curve.entropy, entropy, atol=5e-5)
    found = (curve.entropy * np.log(2) - priors * curve.distance) * code.n_bits
    np.testing.assert_allclose(found, log_z, atol=2e-4)


@pytest.mark.parametrize("p", [1, 2, 4, 6, 8])
def test_without_a_prior_there_are_all_codewords(p):
    rng = np.random.default_rng(p)
    code = ultra_sparse(120, 0.4, p, rng, reduction=2)
    curve = weight_enumerator(code, rng.integers(0, 2, code.n_bits), [0.0], rng)
    assert curve.converged[0]
    assert curve.distance[0] == pytest.approx(0.5, abs=1e-5)
    assert curve.entropy[0] == pytest.approx(code.rate, abs=1e-5)


@pytest.mark.parametrize("p", [1, 4])
def test_the_slope_of_the_curve_is_the_prior(p):
    rng = np.random.default_rng(p)
    code = ultra_sparse(1200 // p, 0.5, p, rng)
    bits = rng.integers(0, 2, code.n_bits)
    middle, half_step = np.array([0.5, 1.0, 1.7, 2.2]), 0.1
    priors = (middle[:, None] + [-half_step, half_step]).ravel()
    curve = weight_enumerator(code, bits, priors, rng, tolerance=1e-5)
    assert curve.converged.all()
    rise = np.diff(curve.entropy.reshape(-1, 2) * np.log(2))[:, 0]
    np.testing.assert_allclose(rise / np.diff(curve.distance.reshape(-1, 2))[:, 0], middle, rtol=0.005)


def test_the_word_counts_by_its_coset():
    rng = np.random.default_rng(0)
    matrix = [[1, 1, 0, 1, 0, 0], [0, 1, 1, 0, 1, 0], [1, 0, 1, 0, 0, 1]]
    code = labelled(matrix, 2, rng)
    bits = rng.integers(0, 2, code.n_bits)
    priors = [0.4, 1.2]
    plain = weight_enumerator(code, bits, priors, rng, tolerance=1e-6)
    for codeword in codeword_bits(code)[1::20]:
        moved = weight_enumerator(code, bits ^ codeword, priors, rng, tolerance=1e-6)
        np.testing.assert_allclose(moved.distance, plain.distance, atol=1e-4)
        np.testing.assert_allclose(moved.entropy, plain.entropy, atol=1e-4)


def test_a_larger_field_comes_nearer_to_the_random_code():
    rng = np.random.default_rng(1)
    missing = []
    for p in (1, 4, 8):
        code = ultra_sparse(2400 // p, 0.5, p, rng)
        curve = weight_enumerator(code, rng.integers(0, 2, 2400), LIMIT * np.array([0.3, 0.6, 0.9]), rng)
        assert curve.converged.all()
        missing.append(binary_entropy(curve.distance) - 0.5 - curve.entropy)
    missing = np.array(missing)
    assert (np.diff(missing[:, 1:], axis=0) < 0).all()
    assert abs(missing[-1, 0]) < 2e-4 and 0 < missing[-1, 1] < 2e-3 and missing[-1, 2] < 8e-3


def test_the_entropy_of_a_large_field_ends_near_the_limit():
    """At q = 256 and rate 1/2 no codeword is left near .112; the limit is .110."""
    rng = np.random.default_rng(2)
    code = ultra_sparse(1500, 0.5, 8, rng, reduction=5)
    bits = rng.integers(0, 2, code.n_bits)
    curve = weight_enumerator(code, bits, LIMIT * np.array([1.1, 1.25]), rng)
    assert curve.converged.all() and curve.entropy[0] > 0 > curve.entropy[1]
    assert np.interp(0, curve.entropy[::-1], curve.distance[::-1]) == pytest.approx(0.112, abs=0.001)


def test_around_a_codeword_a_large_prior_finds_it_alone():
    """No word of a typical coset has a codeword at distance 0."""
    rng = np.random.default_rng(3)
    code = ultra_sparse(300, 0.5, 4, rng)
    prior = np.log(0.97 / 0.03)
    curve = weight_enumerator(code, np.zeros(code.n_bits, np.uint8), [prior], rng)
    assert curve.converged[0]
    assert curve.distance[0] < 0.002 and abs(curve.entropy[0]) < 0.01


def test_what_does_not_come_to_rest_is_said_so():
    rng = np.random.default_rng(4)
    code = ultra_sparse(60, 0.5, 4, rng)
    curve = weight_enumerator(code, rng.integers(0, 2, 240), [0.0, 1.5], rng, max_iterations=2)
    assert curve.converged.tolist() == [True, False] and (curve.iterations == 2).all()


@pytest.mark.parametrize(
    "bits, priors, message",
    [
        (np.zeros(7), [1.0], "source"),
        (np.full(8, 2), [1.0], "source"),
        (np.zeros((1, 8), int), [1.0], "source"),
        (np.zeros(8), 1.0, "priors"),
        (np.zeros(8), [-1.0], "priors"),
        (np.zeros(8), [np.nan], "priors"),
        (np.zeros(8), [np.inf], "prior"),
    ],
)
def test_wrong_arguments_are_refused(bits, priors, message):
    rng = np.random.default_rng(5)
    code = labelled([[1, 1, 0, 1], [0, 1, 1, 1]], 2, rng)
    with pytest.raises(ValueError, match=message):
        weight_enumerator(code, bits, priors, rng)

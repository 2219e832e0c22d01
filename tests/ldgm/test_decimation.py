"""Bias propagation: exact on trees, never beyond the limit, near to it, and the same whatever the batch."""

import itertools

import numpy as np
import pytest

from jscc.information import distortion_rate
from jscc.ldgm import BiasPropagation, LdgmCode
from jscc.tanner import TannerGraph


def tree(rng, k):
    """A code whose graph has no cycle: each codeword bit joins one new information bit to some that are not joined."""
    checks, variables, parts = [], [], [[i] for i in range(k)]
    v = 0
    while len(parts) > 1:
        chosen = rng.choice(len(parts), size=min(len(parts), int(rng.integers(2, 4))), replace=False)
        for part in chosen:
            checks.append(int(rng.choice(parts[part])))
            variables.append(v)
        merged = [i for part in chosen for i in parts[part]]
        parts = [part for index, part in enumerate(parts) if index not in set(chosen.tolist())] + [merged]
        v += 1
    for _ in range(4):  # codeword bits of a single information bit close no cycle
        checks.append(int(rng.integers(k)))
        variables.append(v)
        v += 1
    return LdgmCode(TannerGraph.from_edges(k, v, checks, variables))


@pytest.mark.parametrize("seed", range(8))
def test_biases_on_a_tree_are_those_of_all_codewords(seed):
    rng = np.random.default_rng(seed)
    code, strength = tree(rng, 9), 0.6
    source = rng.integers(0, 2, code.length)
    words = np.array(list(itertools.product((0, 1), repeat=code.dimension)), np.uint8)
    weights = np.prod(1 + strength * (1 - 2.0 * (code.encode(words) ^ source)), axis=1)
    exact = (weights @ (1 - 2.0 * words)) / weights.sum()
    found = BiasPropagation(code, strength, iterations=30).biases(source, 1)
    np.testing.assert_allclose(found, exact, atol=1e-10)


def test_with_one_bit_at_a_time_a_strong_prior_finds_the_nearest_word_of_a_tree():
    """The likeliest value of a bit is that of the nearest words, and the decisions go on from there."""
    rng = np.random.default_rng(5)
    for _ in range(6):
        code = tree(rng, 8)
        source = rng.integers(0, 2, code.length, dtype=np.uint8)
        words = np.array(list(itertools.product((0, 1), repeat=code.dimension)), np.uint8)
        least = (code.encode(words) ^ source).sum(axis=1).min()
        quantiser = BiasPropagation(code, 1 - 1e-6, iterations=30, share=1e-9)
        assert (quantiser.quantise(source, 0)[1] ^ source).sum() == least


@pytest.mark.parametrize(("dimension", "degree", "most"), [(600, 12, 1.1), (1000, 8, 1.1)])
def test_words_come_near_the_limit_and_not_beyond(dimension, degree, most):
    code = LdgmCode.drawn(2000, dimension, degree, 0)
    words = np.random.default_rng(0).integers(0, 2, (10, 2000), dtype=np.uint8)
    information, codewords = BiasPropagation(code).quantise(words, 0)
    np.testing.assert_array_equal(code.encode(information), codewords)
    limit = distortion_rate(code.rate)
    assert limit < (codewords != words).mean() < most * limit


def test_a_word_of_a_batch_is_that_of_the_word_alone():
    code = LdgmCode.drawn(300, 150, 6, 0)
    words = np.random.default_rng(0).integers(0, 2, (3, 300), dtype=np.uint8)
    quantiser = BiasPropagation(code)
    together = quantiser.quantise(words, 7)
    rng = np.random.default_rng(7)
    for index, word in enumerate(words):
        information, codeword = quantiser.quantise(word, rng)
        np.testing.assert_array_equal(together[0][index], information)
        np.testing.assert_array_equal(together[1][index], codeword)
    assert quantiser.quantise(words[:0], 0)[0].shape == (0, 150)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strength": 1.0}, "strength=1.0 given"),
        ({"strength": 0}, "strength=0 given"),
        ({"iterations": 0}, "iterations=0 given"),
        ({"share": 0}, "share=0, level"),
        ({"level": 1.5}, "level=1.5 given"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        BiasPropagation(LdgmCode.drawn(100, 50, 5, 0), **settings)


def test_an_information_bit_that_stands_nowhere_is_refused():
    graph = TannerGraph.from_edges(3, 4, [0, 0, 1, 1], [0, 1, 2, 3])
    with pytest.raises(ValueError, match="information bits in 0 to 2 codeword bits"):
        BiasPropagation(LdgmCode(graph))


@pytest.mark.parametrize("degree", [1, 50, 300, 1000])
@pytest.mark.parametrize("strength", [1e-300, 0.5, 0.9, 0.999, 1 - 1e-12])
def test_a_strength_that_double_precision_does_not_hold_is_refused(degree, strength):
    """Half of the codeword bits say the one and half the other: both products are as small as they get."""
    code = LdgmCode(TannerGraph.from_matrix(np.ones((1, degree), int)))
    source = np.arange(degree) % 2
    if -np.log1p(-(strength**2)) * degree / 2 > 700:
        with pytest.raises(ValueError, match=f"in {degree} codeword bits given, less of either"):
            BiasPropagation(code, strength)
        return
    quantiser = BiasPropagation(code, strength)
    assert np.isfinite(quantiser.biases(source, 0)).all()
    assert (quantiser.quantise(source, 0)[1] != source).sum() <= (degree + 1) // 2


def test_codes_without_a_strength_of_their_own_are_refused():
    for matrix in ([[1]], [[1], [1]]):
        with pytest.raises(ValueError, match="no strength given"):
            BiasPropagation(LdgmCode(TannerGraph.from_matrix(np.array(matrix))))


def test_graphs_with_parts_and_with_codeword_bits_that_are_in_none():
    matrix = np.array([[0, 1, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 1, 0]])
    code = LdgmCode(TannerGraph.from_matrix(matrix))
    source = np.array([[1, 1, 1, 1, 1], [0, 0, 0, 0, 0]])
    information, codewords = BiasPropagation(code, 0.9).quantise(source, 0)
    np.testing.assert_array_equal(codewords, information @ matrix % 2)
    np.testing.assert_array_equal(codewords[:, 1:4], source[:, 1:4])


def test_biases_are_those_of_one_word():
    quantiser = BiasPropagation(LdgmCode.drawn(100, 50, 5, 0))
    for words in (0, 2):
        with pytest.raises(ValueError, match="one word of 100 is expected"):
            quantiser.biases(np.zeros((words, 100), int), 0)

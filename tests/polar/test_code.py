"""Polar quantisation held to brute force on eight bits, and to the limits it tends to."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jscc.polar._kernels import parity
from jscc.polar.code import PolarCode, bhattacharyya, transform
from support import printed_without_and_with_jit


def generator_matrix(length):
    matrix = np.ones((1, 1), np.uint8)
    while len(matrix) < length:
        matrix = np.kron([[1, 0], [1, 1]], matrix)
    return matrix


def likelihoods(length, flip):
    """P(word | input) for all words (rows) and all inputs of the transform (columns)."""
    everything = np.array(list(itertools.product((0, 1), repeat=length)))
    distance = (everything[:, None] != everything @ generator_matrix(length) % 2).sum(axis=2)
    return everything, flip**distance * (1 - flip) ** (length - distance)


@given(st.integers(0, 8), st.integers(0, 2**32 - 1))
def test_the_transform_is_a_matrix_and_an_involution(levels, seed):
    words = np.random.default_rng(seed).integers(0, 2, (3, 1 << levels))
    np.testing.assert_array_equal(transform(words), words @ generator_matrix(1 << levels) % 2)
    np.testing.assert_array_equal(transform(transform(words)), words)
    np.testing.assert_array_equal(transform(words[0]), transform(words)[0])


@pytest.mark.parametrize("length", [1, 2, 4, 8])
def test_bit_channels_are_those_of_brute_force(length):
    """W_i sees the word and the inputs before i; the inputs after it are coins. Merging only degrades."""
    _, table = likelihoods(length, 0.11)
    exact = []
    for i in range(length):
        joint = table.reshape(2**length, 2**i, 2, -1).sum(axis=3) / 2 ** (length - 1)
        exact.append(np.sqrt(joint.prod(axis=2)).sum())
    coarse, fine = bhattacharyya(length, 0.11), bhattacharyya(length, 0.11, 500)
    np.testing.assert_allclose(fine, exact, atol=1e-3)
    assert (fine > np.array(exact) - 1e-9).all()
    assert (coarse > np.array(exact) - 1e-9).all()


def test_density_evolution_keeps_its_laws():
    """Exactly, Z of W+ is Z squared, and Z of W- lies between Z and 2 Z - Z squared."""
    for flip in (0.01, 0.11, 0.4):
        whole, halves = bhattacharyya(64, flip, 256), bhattacharyya(128, flip, 256)
        np.testing.assert_allclose(halves[1::2], whole**2, atol=2e-3)
        assert (halves[::2] > whole - 1e-9).all()
        assert (halves[::2] < 2 * whole - whole**2 + 2e-3).all()
    np.testing.assert_allclose(bhattacharyya(16, 0.5), 1)


def test_a_decision_is_that_of_the_exact_posterior():
    """Each information bit follows its likelier value given the word and the bits before it."""
    code = PolarCode(8, 4, 0.11)
    everything, table = likelihoods(8, 0.11)
    information, _ = code.quantise(everything)
    inputs = np.zeros_like(everything)
    inputs[:, ~code.frozen] = information
    decided = 0
    for i in np.flatnonzero(~code.frozen):
        alike = (everything[:, :i] == inputs[:, None, :i]).all(axis=2) * table
        p0, p1 = (alike[:, everything[:, i] == bit].sum(axis=1) for bit in (0, 1))
        clear = abs(p0 - p1) > 1e-9 * (p0 + p1)
        np.testing.assert_array_equal(inputs[clear, i], p1[clear] > p0[clear])
        decided += clear.sum()
    assert decided > 500


def test_drawn_bits_have_the_exact_posterior():
    """Chances of all 16 codewords for one word, by chi-square with 15 degrees of freedom."""
    code = PolarCode(8, 4, 0.2)
    everything, table = likelihoods(8, 0.2)
    word = np.array([0, 1, 1, 0, 1, 0, 0, 0])
    row = table[int("".join(map(str, word)), 2)]
    wanted = np.ones(256)
    for i in range(8):
        for number, inputs in enumerate(everything):
            alike = (everything[:, :i] == inputs[:i]).all(axis=1)
            same = alike & (everything[:, i] == inputs[i])
            wanted[number] *= (1 - inputs[i]) if code.frozen[i] else row[same].sum() / row[alike].sum()
    draws = 20_000
    information, _ = code.quantise(np.tile(word, (draws, 1)), np.random.default_rng(0))
    counts = np.bincount(information @ (1 << np.arange(3, -1, -1)), minlength=16)
    possible = wanted[(everything[:, code.frozen] == 0).all(axis=1)]
    assert possible.sum() == pytest.approx(1)
    assert ((counts - draws * possible) ** 2 / (draws * possible)).sum() < 45


@pytest.mark.parametrize("rng", [None, 5])
def test_the_quantisation_is_the_codeword_of_its_information(rng):
    code = PolarCode(256, 100, 0.15)
    words = np.random.default_rng(0).integers(0, 2, (6, 256))
    information, codewords = code.quantise(words, rng)
    np.testing.assert_array_equal(code.quantise(words, rng and np.random.default_rng(rng))[1], codewords)
    assert information.shape == (6, 100) and code.rate == 100 / 256 and code.frozen.sum() == 156
    np.testing.assert_array_equal(code.encode(information), codewords)
    assert (transform(codewords)[:, code.frozen] == 0).all()
    assert (transform(codewords)[:, ~code.frozen] == information).all()
    np.testing.assert_array_equal(code.quantise(words[2])[1], code.quantise(words)[1][2])


@pytest.mark.parametrize("rng", [None, 5])
def test_a_word_or_a_batch_or_none(rng):
    code = PolarCode(64, 20, 0.2)
    words = np.random.default_rng(0).integers(0, 2, (3, 64), dtype=np.uint8)
    for some in (words, words[0], words[:1], words[:0]):
        information, codewords = code.quantise(some, rng)
        assert information.shape == (*some.shape[:-1], 20) and codewords.shape == some.shape
        assert information.dtype == codewords.dtype == np.uint8
        np.testing.assert_array_equal(code.encode(information), codewords, strict=True)
        np.testing.assert_array_equal(transform(transform(some)), some, strict=True)
    np.testing.assert_array_equal(transform(words[:, None]), transform(words)[:, None])


def test_integers_of_every_kind_make_the_same_code():
    code = PolarCode(64, 20, 0.2)
    for kind in (np.int64, np.uint8, np.int32):
        np.testing.assert_array_equal(PolarCode(kind(64), kind(20), np.float32(0.2)).frozen, code.frozen)
        np.testing.assert_array_equal(bhattacharyya(kind(64), 0.2), bhattacharyya(64, 0.2))
    assert (code.length, code.dimension, code.rate) == (64, 20, 20 / 64)
    assert repr(code) == "PolarCode(64, 20, 0.2)"


def test_without_frozen_bits_nothing_is_lost():
    words = np.random.default_rng(1).integers(0, 2, (6, 64))
    np.testing.assert_array_equal(PolarCode(64, 64, 0.01).quantise(words)[1], words)


def test_distortion_falls_to_the_limit_with_the_length():
    rng = np.random.default_rng(2)
    for rate, limit in ((0.3, 0.1893), (0.5, 0.1100), (0.7, 0.0532)):
        found = []
        for length in (2**6, 2**9, 2**12):
            code = PolarCode(length, round(rate * length), limit)
            words = rng.integers(0, 2, (2**16 // length, length))
            found.append((code.quantise(words)[1] != words).mean())
            assert (code.quantise(words, rng)[1] != words).mean() > found[-1]
        assert found == sorted(found, reverse=True)
        assert limit < found[-1] < 1.17 * limit


def test_few_components_freeze_nearly_the_same_bits():
    fine, coarse = (np.argsort(bhattacharyya(1024, 0.11, components))[:512] for components in (96, 32))
    assert len(np.setdiff1d(fine, coarse)) <= 2


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: transform([0, 1, 0]), "power of two"),
        (lambda: transform([0, 2]), "bits"),
        (lambda: transform(1), "bits"),
        (lambda: bhattacharyya(12, 0.1), "length=12 given, a power of two"),
        (lambda: bhattacharyya(8.0, 0.1), "length=8.0 given, a power of two"),
        (lambda: PolarCode(np.inf, 1, 0.1), "length=inf given"),
        (lambda: PolarCode(8, 2.5, 0.1), "dimension=2.5 given"),
        (lambda: PolarCode(8, np.inf, 0.1), "dimension=inf given"),
        (lambda: PolarCode(8, np.nan, 0.1), "dimension=nan given"),
        (lambda: bhattacharyya(8, np.nan), "flip=nan given"),
        (lambda: bhattacharyya(8, 0), "flip"),
        (lambda: bhattacharyya(8, 0.6), "flip"),
        (lambda: bhattacharyya(8, 0.1, 1), "components"),
        (lambda: PolarCode(8, 0, 0.1), "dimension"),
        (lambda: PolarCode(8, 9, 0.1), "dimension"),
        (lambda: PolarCode(8, 4, 0.1).encode([1, 0, 1]), r"information of shape \(3,\) given, \(4,\)"),
        (lambda: PolarCode(8, 4, 0.1).encode([1, 0, 1, 2]), "information .* bits 0 and 1"),
        (lambda: PolarCode(8, 4, 0.1).quantise([1, 0, 1, 0]), r"source of shape \(4,\) given, \(8,\)"),
        (lambda: PolarCode(2, 1, 0.1).quantise([[2, 0]]), "source .* bits 0 and 1"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_ratio_of_a_sum_of_two_bits():
    a, b = np.random.default_rng(3).normal(0, 4, (2, 200))
    exact = 2 * np.arctanh(np.tanh(a / 2) * np.tanh(b / 2))
    np.testing.assert_allclose([parity(*pair) for pair in zip(a, b, strict=True)], exact, rtol=1e-6)
    assert parity(300.0, -500.0) == pytest.approx(-300)
    assert parity(0.0, 7.0) == 0


WITHOUT_JIT = """
import numpy as np
from jscc.polar.code import PolarCode
words = np.random.default_rng(0).integers(0, 2, (3, 32))
code = PolarCode(32, 16, 0.11)
print(*code.frozen, *code.quantise(words)[0].ravel(), *code.quantise(words, np.random.default_rng(1))[0].ravel())
"""


def test_the_kernels_give_the_same_without_compilation():
    plain, compiled = printed_without_and_with_jit(WITHOUT_JIT)
    assert plain == compiled

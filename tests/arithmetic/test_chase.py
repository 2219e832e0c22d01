"""The laws of Chase-like decoding: what full decodings of all test words find, the metric, the soft rule."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jscc.arithmetic import ArithmeticCode, ChaseDecoder
from support import printed_without_and_with_jit

CODES = [
    ArithmeticCode([0.2, 0.8], 16),
    ArithmeticCode([0.2, 0.8], 6, eob=0),
    ArithmeticCode([0.5, 0.25, 0.15, 0.1], 6),
    ArithmeticCode([0.3, 0.7], 8, eob=0.1, forbidden=0.2),
    ArithmeticCode([0.3, 0.7], 8, eob=0, forbidden=0.1),
    ArithmeticCode(3, 10, eob=0.05, adaptive=True),
]


def received(code, words, length, noise, rng):
    """Packets, their codewords' lengths, and noisy soft values."""
    rng = np.random.default_rng(rng)
    packets = code.sample(words, length, rng)
    bits, lengths = code.encode(packets)
    llr = (2 / noise**2 * (1 - 2.0 * bits + noise * rng.standard_normal(bits.shape))).astype(np.float32)
    return packets, bits, lengths, llr


def all_words(hard, places):
    """The word with the bits at these places set in all ways."""
    words = np.repeat(hard[None], 2 ** len(places), axis=0)
    words[:, places] = np.array(list(itertools.product((0, 1), repeat=len(places))), np.uint8).reshape(len(words), -1)
    return words


def by_full_decoding(code, llr, length, places):
    """Valid words among those that differ at these places only, with their metrics (equation 7)."""
    words = all_words((llr < 0).astype(np.uint8), places)
    symbols, valid = code.decode(words, len(llr), length)
    words, symbols = words[valid], symbols[valid]
    flipped = words != (llr < 0)
    information = code.information(symbols) if len(symbols) else np.zeros(0)
    return words, symbols, -math.log(2) * information - (flipped * np.abs(llr.astype(float))).sum(axis=1)


@settings(max_examples=60)
@given(st.sampled_from(CODES), st.integers(0, 6), st.integers(1, 30), st.integers(0, 2**32), st.sampled_from((0, 3)))
def test_the_tree_finds_what_full_decodings_of_all_test_words_find(code, q, length, seed, beta):
    _, _, lengths, llr = received(code, 3, length, 1.0, seed)
    result = ChaseDecoder(code, length, q, beta).decode(llr, lengths)
    for word, n in enumerate(lengths):
        row = llr[word, :n]
        places = np.argsort(np.abs(row), kind="stable")[:q]
        words, symbols, metric = by_full_decoding(code, row, length, places)
        assert result.iterations[word] == 2 ** min(q, n)
        assert result.converged[word] == (len(words) > 0)
        if not len(words):
            np.testing.assert_array_equal(result.bits[word, :n], row < 0)
            assert result.metric[word] == -np.inf and not result.extrinsic[word].any()
            continue
        if beta:
            assert result.candidates[word] == len(words)
        assert 1 <= result.candidates[word] <= len(words)
        found = np.flatnonzero((words == result.bits[word, :n]).all(axis=1))
        assert len(found) == 1
        np.testing.assert_array_equal(result.symbols[word], symbols[found[0]])
        assert metric[found[0]] >= metric.max() - 1e-4
        agree = (words == words[0]).all(axis=0)
        expected = np.where(agree, beta * (1 - 2.0 * result.bits[word, :n]), 0)
        np.testing.assert_array_equal(result.extrinsic[word, :n], expected)
        np.testing.assert_allclose(result.llr[word, :n], row + expected, rtol=1e-6)
        assert not result.bits[word, n:].any() and not result.llr[word, n:].any()


SHORT = [ArithmeticCode([0.2, 0.8], 16, eob=0.1), *CODES[1:]]


@pytest.mark.parametrize("code", SHORT, ids=repr)
def test_with_all_bits_tried_it_is_the_exhaustive_maximum_a_posteriori(code):
    """Over all packets: the largest P(r|b) P(s) among codewords of the right length."""
    length = 4 if code.n_symbols < 4 else 3
    packets = np.array(list(itertools.product(range(code.n_symbols), repeat=length)))
    bits, lengths = code.encode(packets)
    prior = -math.log(2) * code.information(packets)
    decided = 0
    for seed in range(40):
        _, _, (n,), llr = received(code, 1, length, 1.5, seed)
        if n > 14:
            continue
        same = np.flatnonzero(lengths == n)
        metric = prior[same] + np.where(bits[same, :n], -1.0, 1.0) @ llr[0].astype(float) / 2
        result = ChaseDecoder(code, length, 14).decode(llr[0])
        best = same[metric.argmax()]
        if len(same) > 1 and np.ptp(np.sort(metric)[-2:]) > 1e-4:
            np.testing.assert_array_equal(result.symbols, packets[best])
            np.testing.assert_array_equal(result.bits, bits[best, :n])
            decided += 1
        elif len(same) == 1:
            np.testing.assert_array_equal(result.symbols, packets[best])
            decided += 1
    assert decided > 3


def test_more_bits_tried_correct_more_and_no_noise_leaves_no_error():
    code = CODES[0]
    packets, _, lengths, llr = received(code, 300, 128, 0.45, 0)
    right = [(ChaseDecoder(code, 128, q).decode(llr, lengths).symbols == packets).all(axis=1).mean() for q in (0, 2, 6)]
    assert right[0] + 0.1 < right[1] < right[2] - 0.02
    bits, lengths = code.encode(packets)
    clean = ChaseDecoder(code, 128, 4, 2.0).decode(3 - 6.0 * bits, lengths)
    np.testing.assert_array_equal(clean.symbols, packets)
    np.testing.assert_array_equal(clean.bits, bits)


@pytest.mark.parametrize("q", [0, 4])
def test_zero_information_gives_zero_extrinsic(q):
    for code in CODES:
        result = ChaseDecoder(code, 5, q, 4.0).decode(np.zeros((3, 12)))
        assert not result.extrinsic.any() and not result.llr.any() and not result.converged.any()


def test_a_shared_beginning_costs_nothing_twice():
    code = CODES[0]
    _, _, lengths, llr = received(code, 200, 512, 0.4, 1)
    result = ChaseDecoder(code, 512, 4, 1.0).decode(llr, lengths)
    assert result.decoded.mean() < 0.5 * 16 * 512


def test_hard_output_is_that_of_the_soft_search():
    """Without soft output words that cannot win are passed over, and the winner is the same."""
    for code in CODES:
        _, _, lengths, llr = received(code, 100, 40, 0.6, 2)
        hard, soft = (ChaseDecoder(code, 40, 6, beta).decode(llr, lengths) for beta in (0, 1))
        np.testing.assert_array_equal(hard.bits, soft.bits)
        np.testing.assert_array_equal(hard.symbols, soft.symbols)
        np.testing.assert_array_equal(hard.metric, soft.metric)
        assert (hard.decoded <= soft.decoded).all()


def test_a_word_is_treated_like_a_batch_of_one_and_none_is_a_batch():
    code = CODES[0]
    _, _, lengths, llr = received(code, 4, 30, 0.6, 3)
    decoder = ChaseDecoder(code, 30, 4, 2.0)
    batch = decoder.decode(llr, lengths)
    for word, n in enumerate(lengths):
        one = decoder.decode(llr[word, :n])
        np.testing.assert_array_equal(one.llr, batch.llr[word, :n])
        assert one.queries == batch.queries[word] and one.symbols.shape == (30,)
    assert decoder.decode(np.zeros((0, 20))).bits.shape == (0, 20)


@pytest.mark.parametrize(
    "call, match",
    [
        (lambda: ChaseDecoder(CODES[0], 5, 17), "q=17"),
        (lambda: ChaseDecoder(CODES[0], 5, -1), "q=-1"),
        (lambda: ChaseDecoder(CODES[0], 5, 2, -1), "beta=-1"),
        (lambda: ChaseDecoder(CODES[0], -1), "length=-1"),
        (lambda: ChaseDecoder(CODES[0], 5).decode(np.zeros((1, 1, 1))), "llr of shape"),
        (lambda: ChaseDecoder(CODES[0], 5).decode([np.nan]), "NaN"),
        (lambda: ChaseDecoder(CODES[0], 5).decode(np.zeros(4), 5), "0 to 4"),
    ],
)
def test_wrong_arguments_are_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_the_kernels_run_without_the_compiler():
    program = """
import numpy as np
from jscc.arithmetic import ArithmeticCode, ChaseDecoder
for code in (ArithmeticCode([.2, .8]), ArithmeticCode(3, 12, adaptive=True)):
    bits, lengths = code.encode(code.sample(3, 20, 0))
    llr = (1 - 2.0 * bits + .8 * np.random.default_rng(0).standard_normal(bits.shape)).astype(np.float32)
    result = ChaseDecoder(code, 20, 3, 2.0).decode(llr, lengths)
    print(result, result.bits.tolist(), result.metric, result.llr.tolist(), result.decoded)
"""
    plain, compiled = printed_without_and_with_jit(program)
    assert plain == compiled and "converged" in plain

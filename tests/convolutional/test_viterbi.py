"""The Viterbi quantiser held to brute force, to exact distortions, and its codes to their tables."""

import heapq
import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jscc.convolutional import MAXIMUM_FREE_DISTANCE, ConvolutionalCode, code_of_rate
from support import printed_without_and_with_jit

# Larsen's table, or any textbook's: memories 2 to 12.
FREE_DISTANCE = {
    2: [5, 6, 7, 8, 10, 10, 12, 12, 14, 15, 16],
    3: [8, 10, 12, 13, 15, 16, 18, 20, 22, 24, 24],
    4: [10, 13, 16, 18, 20, 22, 24, 27, 29, 32, 33],
}


def outputs_of(code, register):
    """The outputs for one content of the shift register, unpunctured."""
    return [(register & generator).bit_count() & 1 for generator in code.generators]


def slow_encode(code, information):
    """Walk the trellis bit by bit."""
    state, word = 0, []
    for step, bit in enumerate(information):
        register = bit << code.memory | state
        kept = code.puncturing[:, step % code.period]
        word += [out for out, keep in zip(outputs_of(code, register), kept, strict=True) if keep]
        state = register >> 1
    return word


def free_distance(code):
    """Least weight of a path that leaves state zero and comes back."""
    first = 1 << code.memory
    queue, settled = [(sum(outputs_of(code, first)), first >> 1)], set()
    while queue:
        weight, state = heapq.heappop(queue)
        if state == 0:
            return weight
        if state in settled:
            continue
        settled.add(state)
        for bit in (0, 1):
            register = bit << code.memory | state
            heapq.heappush(queue, (weight + sum(outputs_of(code, register)), register >> 1))
    raise AssertionError("no path comes back")


def exact_distortion(code):
    """Mean distortion of an endless uniform source.

    The costs of the states less the least of them walk through finitely many values; the distortion is the mean
    growth of the least (Calderbank, Fishburn and Rabinovich 1995).
    """
    states = 1 << code.memory
    symbols = list(itertools.product((0, 1), repeat=len(code.generators)))
    known, queue, moves = {(0,) * states: 0}, [(0,) * states], []
    for costs in queue:
        for symbol in symbols:
            after = [10**6] * states
            for register in range(2 * states):
                wrong = sum(a != b for a, b in zip(outputs_of(code, register), symbol, strict=True))
                after[register >> 1] = min(after[register >> 1], costs[register & (states - 1)] + wrong)
            least = min(after)
            target = tuple(cost - least for cost in after)
            if target not in known:
                known[target] = len(known)
                queue.append(target)
            moves.append((known[costs], known[target], least))
    matrix, growth = np.zeros((len(known), len(known))), np.zeros(len(known))
    for here, there, least in moves:
        matrix[there, here] += 1 / len(symbols)
        growth[here] += least / len(symbols)
    values, vectors = np.linalg.eig(matrix)
    stationary = np.real(vectors[:, np.argmin(abs(values - 1))])
    return growth @ stationary / stationary.sum() / len(code.generators)


CODES = [
    ConvolutionalCode((2, 3), 1),
    ConvolutionalCode((0o5, 0o7), 2),
    ConvolutionalCode((0o15, 0o17), 3),
    ConvolutionalCode((0o5, 0o7, 0o7), 2),
    ConvolutionalCode((1, 2, 3), 1),  # its three outputs sum to zero
    ConvolutionalCode((0o7,), 2),
    code_of_rate(0.3, 2),
    code_of_rate(0.7, 3),
]
codes = st.sampled_from(CODES)


@given(codes, st.data())
def test_encoding_walks_the_trellis_and_is_linear(code, data):
    periods = data.draw(st.integers(1, 5))
    words = st.lists(st.integers(0, 1), min_size=periods * code.period, max_size=periods * code.period)
    one, two = np.array(data.draw(words)), np.array(data.draw(words))
    np.testing.assert_array_equal(code.encode(one), slow_encode(code, one.tolist()))
    np.testing.assert_array_equal(code.encode(one ^ two), code.encode(one) ^ code.encode(two))
    assert len(code.encode(one)) * code.rate == pytest.approx(len(one))


@given(codes, st.integers(0, 2**32 - 1))
def test_no_codeword_is_nearer(code, seed):
    k = code.period * max(1, 8 // code.period)
    information = np.array(list(itertools.product((0, 1), repeat=k)))
    codebook = code.encode(information)
    words = np.random.default_rng(seed).integers(0, 2, (5, codebook.shape[1]))
    found, codewords = code.quantise(words)
    np.testing.assert_array_equal(code.encode(found), codewords)
    nearest = (words[:, None] != codebook).sum(axis=2).min(axis=1)
    np.testing.assert_array_equal((words != codewords).sum(axis=1), nearest)


@pytest.mark.parametrize("code", CODES)
def test_a_codeword_is_its_own_quantisation_and_a_word_alone_is_treated_as_among_others(code):
    rng = np.random.default_rng(0)
    words = code.encode(rng.integers(0, 2, (4, 20 * code.period)))
    np.testing.assert_array_equal(code.quantise(words)[1], words)
    words = rng.integers(0, 2, words.shape)
    for all_words, alone in zip(code.quantise(words), zip(*map(code.quantise, words), strict=True), strict=True):
        np.testing.assert_array_equal(all_words, alone)


@pytest.mark.parametrize("outputs", MAXIMUM_FREE_DISTANCE)
def test_the_codes_have_the_free_distance_of_their_table(outputs):
    table = MAXIMUM_FREE_DISTANCE[outputs]
    found = [free_distance(ConvolutionalCode(generators, memory)) for memory, generators in table.items()]
    assert list(table) == list(range(2, 13))
    assert found == FREE_DISTANCE[outputs]


@pytest.mark.parametrize("code", CODES[:2] + CODES[3:4])
def test_distortion_of_a_long_word_is_the_exact_one(code):
    words = np.random.default_rng(1).integers(0, 2, (20, 60_000))
    distortion = (code.quantise(words)[1] != words).mean(axis=1)
    error = distortion.std(ddof=1) / np.sqrt(len(words))
    assert abs(distortion.mean() - exact_distortion(code)) < 4 * error < 0.002


def test_more_memory_comes_nearer_to_the_limit():
    words = np.random.default_rng(2).integers(0, 2, (4, 12_000))
    for rate, limit in ((0.3, 0.1893), (0.5, 0.1100), (0.7, 0.0532)):
        found = [(code_of_rate(rate, memory).quantise(words)[1] != words).mean() for memory in (2, 4, 7, 9)]
        assert code_of_rate(rate, 2).rate == pytest.approx(rate)
        assert found == sorted(found, reverse=True)
        assert limit < found[-1] < 1.14 * limit


@pytest.mark.parametrize(
    "arguments, message",
    [
        (((5, 7), 0), "memory"),
        (((5, 7), 17), "memory"),
        (((), 2), "generators"),
        (((5, 8), 2), "5 10"),
        (((5, 7), 2, None, 3), "feedback=3"),
        (((5, 7), 2, None, 8), "feedback=10"),
        (((5, 0), 2), "generators"),
        (((5, 7), 2, [[1, 1]]), "puncturing"),
        (((5, 7), 2, [[0, 0], [0, 0]]), "puncturing"),
        (((5, 7), 2, [[1, 2], [1, 1]]), "puncturing"),
    ],
)
def test_a_wrong_code_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        ConvolutionalCode(*arguments)


@pytest.mark.parametrize("bits", [[0, 2], [[[0, 1]]], 1, [0.5, 1]])
def test_wrong_bits_are_refused(bits):
    code = ConvolutionalCode((5, 7), 2)
    with pytest.raises(ValueError, match="information of .* given"):
        code.encode(bits)
    with pytest.raises(ValueError, match="word of .* given"):
        code.quantise(bits)


@pytest.mark.parametrize("terminated", [False, True])
def test_no_words_and_words_of_nothing(terminated):
    code = ConvolutionalCode((5, 7), 2, terminated=terminated)
    n = code.length(6)
    assert code.encode(np.zeros((0, 6), np.uint8)).shape == (0, n)
    information, codewords = code.quantise(np.zeros((0, n), np.uint8))
    assert information.shape == (0, 6) and codewords.shape == (0, n)
    assert code.encode(np.zeros((3, 0), np.uint8)).shape == (3, code.length(0))
    assert code.quantise(np.zeros((3, code.length(0)), np.uint8))[0].shape == (3, 0)


def test_a_great_memory_and_a_long_period_take_little_room():
    rng = np.random.default_rng(3)
    puncturing = rng.integers(0, 2, (8, 300))
    code = ConvolutionalCode(tuple(rng.integers(1 << 16, 2 << 16, 8).tolist()), 16, puncturing)
    word = code.encode(rng.integers(0, 2, 300))
    received = word ^ (rng.random(word.size) < 0.02)
    tracemalloc.start()
    _, found = code.quantise(received)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 300e6
    np.testing.assert_array_equal(found, word)


def test_decisions_taken_again_are_the_same(monkeypatch):
    code = code_of_rate(0.5, 5)
    words = np.random.default_rng(4).integers(0, 2, (3, 2000))
    at_once = code.quantise(words)
    monkeypatch.setattr("jscc.convolutional._nearest.TABLE_BYTES", 32 * 100)  # nothing tabled, segments of 100 steps
    for kept, again in zip(at_once, code.quantise(words), strict=True):
        np.testing.assert_array_equal(kept, again)


def test_a_broken_period_is_refused():
    with pytest.raises(ValueError, match="multiple of 7"):
        code_of_rate(0.7, 4).encode([0, 1, 0])
    with pytest.raises(ValueError, match="multiple of 10"):
        code_of_rate(0.7, 4).quantise([0, 1, 0])
    with pytest.raises(ValueError, match="rates"):
        code_of_rate(0.4, 4)
    with pytest.raises(ValueError, match="rates"):
        code_of_rate(0.5, 13)


WITHOUT_JIT = """
import numpy as np
from jscc.convolutional import code_of_rate
words = np.random.default_rng(0).integers(0, 2, (3, 60))
for rate in (0.3, 0.5, 0.7):
    print(*code_of_rate(rate, 3).quantise(words)[0].ravel())
"""


def test_the_kernels_give_the_same_without_compilation():
    plain, compiled = printed_without_and_with_jit(WITHOUT_JIT)
    assert plain == compiled

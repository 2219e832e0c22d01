"""The laws of guessing: the order against a slow sort, exhaustive search, calibrated soft values, no reading astray."""

import itertools
import math
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jscc.arithmetic import (
    ArithmeticCode,
    ChaseDecoder,
    GuessingDecoder,
    measure_density,
    neighbour_density,
    patterns,
)
from support import printed_without_and_with_jit

CODES = [
    ArithmeticCode([0.2, 0.8], 16, eob=0.1),
    ArithmeticCode([0.2, 0.8], 6, eob=0),
    ArithmeticCode([0.5, 0.25, 0.15, 0.1], 6),
    ArithmeticCode([0.3, 0.7], 8, eob=0.1, forbidden=0.2),
    ArithmeticCode(3, 10, eob=0.05, adaptive=True),
]


def received(code, words, length, noise, rng):
    """Packets, codewords, lengths, and noisy soft values that are right about the noise."""
    rng = np.random.default_rng(rng)
    packets = code.sample(words, length, rng)
    bits, lengths = code.encode(packets)
    llr = (2 / noise**2 * (1 - 2.0 * bits + noise * rng.standard_normal(bits.shape))).astype(np.float32)
    return packets, bits, lengths, llr


def sorted_patterns(n_ranks, intercept, largest):
    """All subsets of the ranks, of up to six flips if there are many, with a weight up to the largest, sorted."""

    def key(pattern):
        return sum(pattern) + intercept * len(pattern), len(pattern), pattern

    flips = n_ranks if n_ranks <= 16 else 6
    subsets = itertools.chain.from_iterable(itertools.combinations(range(1, n_ranks + 1), k) for k in range(flips + 1))
    return sorted((p for p in subsets if key(p)[0] <= largest), key=key)


@pytest.mark.parametrize("n_ranks, intercept, largest", [(26, 0, 26), (12, 0, 78), (16, 3, 184)])
def test_the_first_thousand_patterns_are_those_of_a_slow_sort(n_ranks, intercept, largest):
    expected = sorted_patterns(n_ranks, intercept, largest)
    assert len(expected) > 1000 and (n_ranks <= 16 or largest < 28)  # seven flips weigh 28
    assert list(patterns(n_ranks, 1000, intercept)) == expected[:1000]


@pytest.mark.parametrize("n_ranks", [0, 1, 5, 9])
def test_without_limit_each_pattern_comes_once(n_ranks):
    found = list(patterns(n_ranks, 10**9))
    assert len(found) == len(set(found)) == 2**n_ranks
    weights = [sum(pattern) for pattern in found]
    assert weights == sorted(weights)


def by_full_decoding(code, llr, length, max_queries, intercept):
    """Valid words among the first patterns, with their queries and metrics; each decoded from its first bit."""
    order = np.argsort(np.abs(llr), kind="stable")
    found = []
    for query, pattern in enumerate(patterns(len(llr), max_queries, intercept), 1):
        word = (llr < 0).astype(np.uint8)
        places = order[np.array(pattern, int) - 1]
        word[places] ^= 1
        symbols, valid = code.decode(word, len(word), length)
        if valid:
            metric = -math.log(2) * code.information(symbols) - np.abs(llr[places].astype(float)).sum()
            found.append((query, word, symbols, metric))
    return found


@settings(max_examples=60)
@given(
    st.sampled_from(CODES),
    st.integers(1, 25),
    st.integers(0, 2**32),
    st.integers(1, 200),
    st.sampled_from((1, 3, 1000)),
    st.sampled_from((0, 4)),
)
def test_the_search_finds_what_full_decodings_find(code, length, seed, max_queries, n_best, intercept):
    _, _, lengths, llr = received(code, 2, length, 1.0, seed)
    result = GuessingDecoder(code, length, max_queries, n_best, intercept=intercept).decode(llr, lengths)
    for word, n in enumerate(lengths):
        found = by_full_decoding(code, llr[word, :n], length, max_queries, intercept)[:n_best]
        assert result.candidates[word] == len(found)
        stopped = len(found) == n_best
        assert result.queries[word] == (found[-1][0] if stopped else min(max_queries, 2**n))
        assert result.converged[word] == bool(found)
        if found:
            _, bits, symbols, metric = max(found, key=lambda item: item[3])
            chosen = [item for item in found if (item[1] == result.bits[word, :n]).all()]
            assert len(chosen) == 1 and chosen[0][3] >= metric - 1e-4
            np.testing.assert_array_equal(result.symbols[word], chosen[0][2])
        else:
            np.testing.assert_array_equal(result.bits[word, :n], llr[word, :n] < 0)
        assert not result.bits[word, n:].any()


@pytest.mark.parametrize("code", CODES, ids=repr)
def test_without_limit_it_is_the_exhaustive_maximum_a_posteriori(code):
    """Chase that tries all bits is that by its own law; both see all valid words."""
    length, checked = 4 if code.n_symbols < 4 else 3, 0
    for seed in range(20):
        _, _, (n,), llr = received(code, 1, length, 1.5, seed)
        if n > 12:
            continue
        guess = GuessingDecoder(code, length, 2**n, 2**n).decode(llr[0])
        chase = ChaseDecoder(code, length, n, 1.0).decode(llr[0])
        assert guess.queries == 2**n and guess.candidates == chase.candidates
        np.testing.assert_allclose(guess.metric, chase.metric, atol=1e-4)
        np.testing.assert_array_equal(guess.bits, chase.bits)
        checked += 1
    assert checked > 3


def test_the_soft_output_is_its_formula():
    """Sums over the list and the rest, written out with probabilities."""
    code, rho = CODES[0], 0.01
    for seed in range(12):
        _, _, (n,), llr = received(code, 1, 5, 0.9, seed)
        result = GuessingDecoder(code, 5, 40, 3, rho).decode(llr[0])
        row = llr[0].astype(float)
        e = 1 / (1 + np.exp(np.abs(row)))
        order = np.argsort(np.abs(llr[0]), kind="stable")
        total, valid = 0.0, []
        for pattern in patterns(n, int(result.queries)):
            flips = np.isin(np.arange(n), order[np.array(pattern, int) - 1])
            p = np.where(flips, e, 1 - e).prod()
            total += p
            word = (row < 0) ^ flips
            if code.decode(word, n, 5).valid:
                valid.append((p, word))
        assert len(valid) == result.candidates
        rest = rho * (1 - total)
        p_one = 1 / (1 + np.exp(row))
        zero = sum((p * ~word for p, word in valid), rest * (1 - p_one))
        one = sum((p * word for p, word in valid), rest * p_one)
        if valid:
            np.testing.assert_allclose(result.llr, np.log(zero / one), rtol=2e-4, atol=2e-4)
            np.testing.assert_allclose(result.extrinsic, np.log(zero / one) - row, rtol=2e-3, atol=2e-3)
            best = next(p for p, word in valid if (word == result.bits).all())
            assert result.confidence == pytest.approx(best / (sum(p for p, _ in valid) + rest), rel=1e-4)
        else:
            assert not result.extrinsic.any() and result.confidence == 0


@pytest.mark.parametrize(
    "code, length, noise",
    [(ArithmeticCode([0.2, 0.8], 8), 128, 0.5), (ArithmeticCode([0.5, 0.25, 0.15, 0.1], 6), 64, 0.45)],
    ids=repr,
)
def test_soft_output_is_calibrated(code, length, noise):
    """Among bits given a posterior near .9, nine of ten are right; so among packets. Rho is from other words."""
    _, bits, lengths, llr = received(code, 3000, length, noise, 2)
    rho = measure_density(GuessingDecoder(code, length, 200), llr, bits, lengths)
    assert rho.hits > 50 and rho.density < neighbour_density(code, length).density
    packets, bits, lengths, llr = received(code, 6000, length, noise, 3)
    result = GuessingDecoder(code, length, 200, 4, rho.density).decode(llr, lengths)
    inside = np.arange(bits.shape[1]) < lengths[:, None]
    right = ((result.llr < 0) == bits)[inside]
    posterior = 1 / (1 + np.exp(-np.abs(result.llr[inside].astype(float))))
    known = result.converged
    correct = (result.symbols == packets).all(axis=1)[known]
    for p, good, tolerances in (
        (posterior, right, (0.07, 0.07, 0.04, 0.01)),
        (result.confidence[known], correct, (0.12, 0.08, 0.04, 0.02)),
    ):
        for (low, high), tolerance in zip(((0.5, 0.7), (0.7, 0.85), (0.85, 0.95), (0.95, 1)), tolerances, strict=True):
            near = (p > low) & (p <= high)
            assert near.sum() > 100
            assert good[near].mean() == pytest.approx(p[near].mean(), abs=tolerance)
    assert result.confidence[known].mean() == pytest.approx(correct.mean(), abs=0.018)


@pytest.mark.parametrize("rho", [1e-6, 0.05])
def test_a_wrong_density_would_be_seen_by_that_test(rho):
    code = ArithmeticCode([0.2, 0.8], 8)
    packets, _, lengths, llr = received(code, 2000, 128, 0.5, 2)
    result = GuessingDecoder(code, 128, 200, 4, rho).decode(llr, lengths)
    correct = (result.symbols == packets).all(axis=1)[result.converged]
    assert abs(result.confidence[result.converged].mean() - correct.mean()) > 0.02


def test_zero_information_gives_zero_extrinsic():
    for code in CODES:
        result = GuessingDecoder(code, 5, 64, 4, 0.01).decode(np.zeros((3, 12)))
        assert not result.extrinsic.any() and not result.converged.any() and not result.queries.any()


def test_more_queries_correct_more_and_fewer_are_needed_than_by_chase():
    code = ArithmeticCode([0.2, 0.8])
    packets, _, lengths, llr = received(code, 1500, 512, 0.34, 3)
    right = {}
    for limit in (1, 16, 256):
        result = GuessingDecoder(code, 512, limit).decode(llr, lengths)
        right[limit] = (result.symbols == packets).all(axis=1).mean()
    chase = (ChaseDecoder(code, 512, 4).decode(llr, lengths).symbols == packets).all(axis=1).mean()
    assert right[1] < chase < right[16] < right[256] and result.queries.mean() < 16
    fitted = GuessingDecoder(code, 512, 256, intercept="fit").decode(llr, lengths)
    assert (fitted.symbols == packets).all(axis=1).mean() > chase


def test_the_density_is_that_of_the_notes():
    """About 1e-2, 2e-3 and 3e-5 for p6 quaternary, p8 binary and p16 binary."""
    for code, length, low, high in (
        (ArithmeticCode([0.5, 0.25, 0.15, 0.1], 6), 128, 0.01, 0.025),
        (ArithmeticCode([0.2, 0.8], 8), 512, 0.001, 0.004),
        (ArithmeticCode([0.2, 0.8], 16), 512, 1e-6, 2e-4),
    ):
        found = neighbour_density(code, length)
        assert found.trials == 30_000 and low < found.density < high
        assert found == neighbour_density(code, length, rng=np.random.default_rng(0))


def test_a_word_is_treated_like_a_batch_of_one_and_none_is_a_batch():
    code = CODES[0]
    _, _, lengths, llr = received(code, 4, 30, 0.6, 3)
    decoder = GuessingDecoder(code, 30, 64, 2, 0.01, "fit")
    batch = decoder.decode(llr, lengths)
    for word, n in enumerate(lengths):
        one = decoder.decode(llr[word, :n])
        np.testing.assert_array_equal(one.llr, batch.llr[word, :n])
        assert one.queries == batch.queries[word] and one.symbols.shape == (30,)
    assert decoder.decode(np.zeros((0, 20))).bits.shape == (0, 20)
    assert decoder.decode(np.zeros((2, 0))).queries.tolist() == [0, 0]


@pytest.mark.parametrize(
    "call, match",
    [
        (lambda: GuessingDecoder(CODES[0], 5, 0), "max_queries=0"),
        (lambda: GuessingDecoder(CODES[0], 5, 4, 0), "n_best=0"),
        (lambda: GuessingDecoder(CODES[0], 5, rho=0), "rho=0"),
        (lambda: GuessingDecoder(CODES[0], 5, intercept=33), "intercept=33"),
        (lambda: GuessingDecoder(CODES[0], 5, intercept="fitted"), "intercept='fitted'"),
        (lambda: GuessingDecoder(CODES[0], 5).decode([np.nan]), "NaN"),
        (lambda: GuessingDecoder(CODES[0], 5).decode(np.zeros(4), 5), "0 to 4"),
        (
            lambda: measure_density(GuessingDecoder(CODES[0], 5), np.zeros((2, 4)), np.zeros((2, 5), int)),
            "bits of shape",
        ),
        (lambda: neighbour_density(CODES[0], 5, flips=0), "flips=0"),
        (lambda: neighbour_density(CODES[0], 1, flips=40), "flips=40"),
    ],
)
def test_wrong_arguments_are_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_the_kernels_run_without_the_compiler():
    program = """
import numpy as np
from jscc.arithmetic import ArithmeticCode, GuessingDecoder, neighbour_density
for code in (ArithmeticCode([.2, .8]), ArithmeticCode(3, 12, adaptive=True)):
    bits, lengths = code.encode(code.sample(3, 20, 0))
    llr = (1 - 2.0 * bits + .8 * np.random.default_rng(0).standard_normal(bits.shape)).astype(np.float32)
    result = GuessingDecoder(code, 20, 30, 2, .01).decode(llr, lengths)
    print(result, result.bits.tolist(), result.metric, result.llr.round(3).tolist(), result.decoded)
    print(neighbour_density(code, 20, words=5))
"""
    plain, compiled = printed_without_and_with_jit(program)
    assert plain == compiled and "converged" in plain


def test_random_streams_are_never_read_out_of_bounds(tmp_path):
    """Numba's own check of every index, on JSCC_RANDOM_STREAMS (2,000) streams of random bits and lengths."""
    program = """
import os
import numpy as np
from jscc.arithmetic import ArithmeticCode, ChaseDecoder, GuessingDecoder
rng, left, seen, valid = np.random.default_rng(0), int(os.environ["JSCC_RANDOM_STREAMS"]), 0, 0
codes = [ArithmeticCode([.2, .8]), ArithmeticCode([.2, .8], 4, eob=0), ArithmeticCode(4, 6), ArithmeticCode(20, 32),
         ArithmeticCode(2, 8, forbidden=.2), ArithmeticCode(3, 8, adaptive=True), ArithmeticCode(2, 31, adaptive=True)]
while seen < left:
    words = min(2000, left - seen)
    for part in np.array_split(np.arange(words), len(codes)):
        code, length, width = codes[seen % len(codes)], int(rng.integers(0, 40)), int(rng.integers(0, 130))
        bits = rng.integers(0, 2, (len(part), width), dtype=np.uint8)
        lengths = rng.integers(0, width + 1, len(part))
        if rng.random() < .5 and len(part):  # streams that are nearly right go farther
            sent, of_sent = code.encode(code.sample(len(part), length, rng))
            width = max(width, sent.shape[1])
            bits, lengths = np.zeros((len(part), width), np.uint8), of_sent
            bits[:, :sent.shape[1]] = sent
            bits ^= rng.random(bits.shape) < .03
        valid += int(code.decode(bits, lengths, length).valid.sum())
        few = slice(0, 40)
        llr = (1 - 2.0 * bits[few]) * rng.random(bits[few].shape)
        for decoder in (ChaseDecoder(code, length, 4, 1.0), ChaseDecoder(code, length, 3),
                        GuessingDecoder(code, length, 30, 2, .01)):
            decoder.decode(llr, lengths[few])
        seen += len(part)
print(seen, valid)
"""
    streams = os.environ.get("JSCC_RANDOM_STREAMS", "2000")
    settings_ = {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path), "JSCC_RANDOM_STREAMS": streams}
    run = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **settings_}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
    seen, valid = map(int, run.stdout.split())
    assert seen >= int(streams) and valid > seen / 100

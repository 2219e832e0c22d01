"""BCJR and soft Viterbi held to the sum over all codewords, and recursive and terminated codes to their definition."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jscc.convolutional import BCJRDecoder, ConvolutionalCode, ViterbiDecoder, code_of_rate
from support import printed_without_and_with_jit

RSC = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)
CODES = [
    (ConvolutionalCode((0o5, 0o7), 2), 8),
    (ConvolutionalCode((0o5, 0o7), 2, terminated=True), 8),
    (RSC, 7),
    (ConvolutionalCode((0o13, 0o15, 0o17), 3, feedback=0o13), 8),
    (ConvolutionalCode((0o7, 0o5), 2, feedback=0o6, terminated=True), 6),  # its feedback forgets the oldest bit
    (ConvolutionalCode((0o3,), 1), 8),
    (code_of_rate(0.7, 3), 7),
    (ConvolutionalCode((0o13, 0o15), 3, ((1, 1), (1, 0)), 0o13, True), 6),
]
cases = st.sampled_from(CODES)


def all_words(k):
    return np.array(list(itertools.product((0, 1), repeat=k)), np.uint8)


def brute_force(code, k, llr, apriori):
    """Exact and max-log posteriors of the information bits, and the likeliest word."""
    words = all_words(k)
    metric = -(code.encode(words) @ llr.astype(float)) - words @ apriori.astype(float)
    sums, best = np.empty(k), np.empty(k)
    for i in range(k):
        zero, one = metric[words[:, i] == 0], metric[words[:, i] == 1]
        sums[i] = np.logaddexp.reduce(zero) - np.logaddexp.reduce(one)
        best[i] = zero.max() - one.max()
    return sums, best, words[metric.argmax()]


@settings(max_examples=40)
@given(cases, st.integers(0, 2**32 - 1), st.sampled_from([0.3, 2.0, 8.0]))
def test_posteriors_are_the_sums_over_all_codewords(case, seed, scale):
    code, k = case
    rng = np.random.default_rng(seed)
    llr = rng.normal(0, scale, (3, code.length(k))).astype(np.float32)
    apriori = rng.normal(0, scale, (3, k)).astype(np.float32)
    exact, greatest = (BCJRDecoder(code, method).decode(llr, apriori) for method in ("exact", "max-log"))
    likeliest = ViterbiDecoder(code).decode(llr, apriori)
    for i in range(3):
        sums, best, word = brute_force(code, k, llr[i], apriori[i])
        np.testing.assert_allclose(exact.llr[i], sums, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(greatest.llr[i], best, rtol=1e-4, atol=1e-4 * scale)
        np.testing.assert_array_equal(likeliest.bits[i], word)
    for found in (exact, greatest):
        np.testing.assert_allclose(found.llr, found.extrinsic + apriori, rtol=1e-5, atol=1e-5)
        np.testing.assert_array_equal(found.bits, found.llr < 0)
    np.testing.assert_array_equal(np.isinf(likeliest.llr), True)
    np.testing.assert_array_equal(likeliest.bits, likeliest.llr < 0)


@pytest.mark.parametrize("method", ["exact", "max-log"])
@pytest.mark.parametrize("case", CODES)
def test_no_information_gives_no_extrinsic(case, method):
    code, k = case
    decoder = BCJRDecoder(code, method)
    silent = decoder.decode(np.zeros(code.length(k)))
    np.testing.assert_allclose(silent.llr, 0, atol=1e-6)
    apriori = np.random.default_rng(0).normal(0, 4, k)
    told = decoder.decode(np.zeros(code.length(k)), apriori)
    np.testing.assert_allclose(told.extrinsic, 0, atol=1e-5)  # the channel said nothing: no bit tells of another
    np.testing.assert_allclose(told.llr, apriori, rtol=1e-5)


def decoders(code):
    return [BCJRDecoder(code), BCJRDecoder(code, "max-log"), ViterbiDecoder(code)]


@pytest.mark.parametrize("case", CODES[1:5] + CODES[-1:])
def test_a_frame_alone_is_decoded_as_among_others_of_other_lengths(case):
    code, _ = case
    rng = np.random.default_rng(1)
    lengths = rng.integers(0, 30, 140) * code.period  # more than a group
    lengths[:3] = 0, 30 * code.period, code.period
    k = int(lengths.max())
    information = rng.integers(0, 2, (len(lengths), k), dtype=np.uint8)
    sent = code.encode(information, lengths)
    llr = (2 - 4.0 * sent + rng.normal(0, 2, sent.shape)).astype(np.float32)
    apriori = rng.normal(0, 1, (len(lengths), k)).astype(np.float32)
    for decoder in decoders(code):
        together = decoder.decode(llr, apriori, lengths)
        for i, length in enumerate(lengths[:40]):
            n = code.length(int(length))
            np.testing.assert_array_equal(sent[i, :n], code.encode(information[i, :length]))
            assert not sent[i, n:].any()
            alone = decoder.decode(llr[i, :n], apriori[i, :length])
            assert alone.bits.shape == (length,) and alone.converged.shape == ()
            np.testing.assert_array_equal(together.bits[i, :length], alone.bits)
            np.testing.assert_array_equal(together.llr[i, :length], alone.llr)
            np.testing.assert_array_equal(together.extrinsic[i, :length], alone.extrinsic)
            for rest in (together.bits, together.llr, together.extrinsic):
                assert not rest[i, length:].any()


@pytest.mark.parametrize("decoder", decoders(RSC), ids=lambda decoder: type(decoder).__name__)
def test_no_frames_and_frames_of_nothing(decoder):
    n = RSC.length(5)
    empty = decoder.decode(np.zeros((0, n)))
    assert empty.bits.shape == empty.llr.shape == (0, 5) and empty.converged.shape == (0,)
    assert decoder.decode(np.zeros((2, RSC.length(0)))).bits.shape == (2, 0)
    assert decoder.decode(np.zeros((2, n)), lengths=[0, 0]).bits.shape == (2, 5)


@pytest.mark.parametrize("decoder", decoders(RSC), ids=lambda decoder: type(decoder).__name__)
def test_certain_and_erased_bits_are_decoded(decoder):
    rng = np.random.default_rng(2)
    information = rng.integers(0, 2, (20, 200), dtype=np.uint8)
    sent = RSC.encode(information)
    llr = np.where(sent, -np.inf, np.inf)
    llr[rng.random(llr.shape) < 0.2] = 0
    found = decoder.decode(llr)
    assert not np.isnan(found.llr).any()
    if isinstance(decoder, ViterbiDecoder):
        assert (RSC.encode(found.bits) == sent)[llr != 0].all()
    told = np.abs(found.llr) > 1  # the erasures may hide a whole word of the code
    assert told.mean() > 0.99
    np.testing.assert_array_equal(found.bits[told & np.isfinite(found.llr)], information[told & np.isfinite(found.llr)])


@pytest.mark.parametrize("decoder", decoders(RSC), ids=lambda decoder: type(decoder).__name__)
def test_contradictions_of_any_size_give_numbers(decoder):
    rng = np.random.default_rng(3)
    for size in (40, 1e3, 1e30, np.inf):
        llr = np.where(rng.random((5, RSC.length(300))) < 0.5, size, -size)
        found = decoder.decode(llr, -llr[:, :300])
        assert not np.isnan(found.llr).any() and not np.isnan(found.extrinsic[np.isfinite(found.llr)]).any()


def test_long_frames_are_as_good_as_short_ones_and_segments_as_one(monkeypatch):
    rng = np.random.default_rng(4)
    information = rng.integers(0, 2, (2, 5000), dtype=np.uint8)
    llr = (2 - 4.0 * RSC.encode(information) + rng.normal(0, 1.4, (2, RSC.length(5000)))).astype(np.float32)
    whole = ViterbiDecoder(RSC).decode(llr)
    monkeypatch.setattr("jscc.convolutional._nearest.TABLE_BYTES", 16 * 200)
    np.testing.assert_array_equal(ViterbiDecoder(RSC).decode(llr).bits, whole.bits)
    exact = BCJRDecoder(RSC).decode(llr)
    errors = [(result.bits != information).mean() for result in (exact, whole)]
    assert errors[0] < 0.02 and errors[0] <= errors[1] + 0.001


def test_posteriors_are_calibrated():
    rng = np.random.default_rng(5)
    information = rng.integers(0, 2, (200, 500), dtype=np.uint8)
    sent = RSC.encode(information)
    deviation = 1.1
    llr = 2 / deviation**2 * (1 - 2.0 * sent + deviation * rng.normal(size=sent.shape))
    right = BCJRDecoder(RSC).decode(llr)
    sure = 1 / (1 + np.exp(-np.abs(right.llr)))
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 0.99)):
        these = (sure >= low) & (sure < high)
        assert these.sum() > 1000
        assert (right.bits == information)[these].mean() == pytest.approx(sure[these].mean(), abs=0.02)


@given(cases, st.integers(0, 2**32 - 1))
def test_codes_have_their_lengths_are_linear_and_end_in_state_zero(case, seed):
    code, k = case
    one, two = np.random.default_rng(seed).integers(0, 2, (2, k), dtype=np.uint8)
    np.testing.assert_array_equal(code.encode(one ^ two), code.encode(one) ^ code.encode(two))
    assert len(code.encode(one)) == code.length(k) and code.information_length(code.length(k)) == k
    found, codeword = code.quantise(code.encode(one))
    np.testing.assert_array_equal(codeword, code.encode(one))
    if code.terminated:  # nothing lies between one word and the next: after zeros in front the word is the same
        np.testing.assert_array_equal(found, one)
        ahead = np.concatenate([np.zeros(2 * code.period, np.uint8), one])
        np.testing.assert_array_equal(code.encode(ahead)[-len(codeword) :], codeword)


def test_a_recursive_code_is_systematic_and_answers_one_bit_for_ever():
    information = np.random.default_rng(6).integers(0, 2, 40, dtype=np.uint8)
    np.testing.assert_array_equal(RSC.encode(information)[: 2 * 40 : 2], information)
    endless = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13)
    answer = endless.encode(np.eye(1, 70, dtype=np.uint8)[0])[1::2]
    np.testing.assert_array_equal(answer[8:50], answer[15:57])  # 13 is primitive: the period is 7
    assert answer[8:15].sum() == 4


@pytest.mark.parametrize("case", CODES[:3] + CODES[6:])
def test_the_nearest_codeword_of_recursive_and_terminated_codes(case):
    code, k = case
    codebook = code.encode(all_words(k))
    words = np.random.default_rng(7).integers(0, 2, (20, codebook.shape[1]))
    information, codewords = code.quantise(words)
    np.testing.assert_array_equal(code.encode(information), codewords)
    nearest = (words[:, None] != codebook).sum(axis=2).min(axis=1)
    np.testing.assert_array_equal((words != codewords).sum(axis=1), nearest)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: BCJRDecoder(RSC, "sum"), "method='sum' given"),
        (lambda: BCJRDecoder(ConvolutionalCode((1, 3), 11)), "memory 11 given"),
        (lambda: BCJRDecoder(RSC).decode(np.zeros(7)), "7 bits given"),
        (lambda: BCJRDecoder(RSC).decode(np.zeros((1, 1, 16))), r"\(words, n\)"),
        (lambda: BCJRDecoder(RSC).decode([np.nan] * 16), "NaN"),
        (lambda: BCJRDecoder(RSC).decode(np.zeros(16), np.zeros(4)), "apriori of shape"),
        (lambda: BCJRDecoder(RSC).decode(np.zeros((2, 16)), np.zeros(5)), "apriori of shape"),
        (lambda: ViterbiDecoder(RSC).decode(np.zeros((2, 16)), lengths=[1, 6]), "up to 5"),
        (lambda: ViterbiDecoder(RSC).decode(np.zeros((2, 16)), lengths=[1]), "2 integers"),
        (lambda: RSC.encode(np.zeros((2, 5), int), [1, -1]), "lengths from -1"),
        (lambda: RSC.length(-1), "-1 bits given"),
        (lambda: code_of_rate(0.7, 3).information_length(9), "multiple of 10"),
    ],
)
def test_wrong_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


WITHOUT_JIT = """
import numpy as np
from jscc.convolutional import BCJRDecoder, ConvolutionalCode, ViterbiDecoder
code = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)
rng = np.random.default_rng(0)
llr = rng.normal(0, 3, (3, code.length(24))).astype(np.float32)
apriori = rng.normal(0, 3, (3, 24)).astype(np.float32)
for decoder in BCJRDecoder(code), BCJRDecoder(code, "max-log"), ViterbiDecoder(code):
    found = decoder.decode(llr, apriori, [24, 3, 20])
    print(*found.bits.ravel(), *found.llr.ravel())
"""


def test_the_kernels_give_the_same_without_compilation():
    plain, compiled = printed_without_and_with_jit(WITHOUT_JIT)
    ours, theirs = (np.array(text.split(), float) for text in (plain, compiled))
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-5)

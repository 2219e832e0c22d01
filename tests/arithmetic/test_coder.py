"""The laws of the arithmetic coder: the paper's scalings bit by bit, round trips, size, only codewords valid."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jscc.arithmetic import ArithmeticCode
from support import printed_without_and_with_jit


def scaled_bit_by_bit(code: ArithmeticCode, packet) -> list[int]:
    """Section 2 as it is written: E1, E2 and E3 one doubling at a time, with the counter U3; static codes."""
    whole, bits, open_bits = 1 << code.precision, [], 0
    low, high = 0, whole
    for symbol in [*packet, *([code.n_symbols] if code.has_eob else [])]:
        span = high - low
        high = low + (span * int(code.cumulative[symbol + 1]) >> code.total_bits)
        low = low + (span * int(code.cumulative[symbol]) >> code.total_bits)
        while True:
            if high <= whole // 2:
                bits += [0] + [1] * open_bits
                open_bits, shift = 0, 0
            elif low >= whole // 2:
                bits += [1] + [0] * open_bits
                open_bits, shift = 0, whole // 2
            elif low >= whole // 4 and high <= 3 * whole // 4:
                open_bits, shift = open_bits + 1, whole // 4
            else:
                break
            low, high = 2 * (low - shift), 2 * (high - shift)
    first = int(low >= whole // 4)
    return bits + [first] + [1 - first] * (open_bits + 1)


@st.composite
def codes(draw, adaptive=None, precision=None):
    precision = precision or draw(st.integers(4, 32))
    adaptive = draw(st.booleans()) if adaptive is None else adaptive
    total = 1 << min(precision - 2, 24)
    eob, forbidden = draw(st.sampled_from((None, 0, 0.01, 0.3))), draw(st.sampled_from((0, 0, 0.05, 0.3)))
    room = total - max(1, round((eob or 0) * total)) - max(1, round(forbidden * total)) - 1
    n_symbols = draw(st.integers(1, max(1, min(room, draw(st.sampled_from((2, 5, 300)))) // (2 if adaptive else 1))))
    weights = draw(st.lists(st.sampled_from((0, 1, 2, 30, 1e6)), min_size=n_symbols, max_size=n_symbols))
    weights[0] += 1
    try:
        return ArithmeticCode(weights, precision, eob, forbidden, adaptive)
    except ValueError:
        return ArithmeticCode([1], precision)


@st.composite
def codes_and_packets(draw, **limits):
    code = draw(codes(**limits))
    words, length = draw(st.integers(0, 4)), draw(st.integers(0, 60))
    symbol = st.integers(0, code.n_symbols - 1)
    rows = st.lists(symbol, min_size=length, max_size=length)
    packets = np.array(draw(st.lists(rows, min_size=words, max_size=words)), np.int64).reshape(words, length)
    return code, packets


@settings(max_examples=300)
@given(codes_and_packets(), st.booleans())
def test_what_is_coded_is_decoded(case, packed):
    code, packets = case
    bits, lengths = code.encode(packets, packed)
    assert bits.shape[1] == (-(-lengths.max(initial=0) // 8) if packed else lengths.max(initial=0))
    symbols, valid = code.decode(bits, lengths, packets.shape[1], packed)
    assert valid.all() and symbols.dtype == code.dtype
    np.testing.assert_array_equal(symbols, packets)


@settings(max_examples=300)
@given(codes_and_packets(adaptive=False))
def test_the_codeword_is_that_of_the_scalings_done_one_by_one(case):
    code, packets = case
    bits, lengths = code.encode(packets)
    for packet, row, length in zip(packets, bits, lengths, strict=True):
        assert row[:length].tolist() == scaled_bit_by_bit(code, packet.tolist())
        assert not row[length:].any()


@given(codes_and_packets(precision=32))
def test_at_32_bits_the_size_is_that_of_the_information_and_at_most_two_bits(case):
    """The rounding of the interval costs each symbol less than 2^-30 of its share."""
    code, packets = case
    lengths = code.encode(packets)[1]
    rarest = min(code.counts.min(), code.eob_count or code.counts.min()) / 2**code.total_bits
    if code.adaptive:
        rarest = min(rarest, (1 - code.forbidden_count / 2**24) / 2 / (packets.shape[1] + code.n_symbols))
    rounding = (packets.shape[1] + 1) * 2 ** -(30 - 1) / rarest
    excess = lengths - code.information(packets)
    assert ((excess > -0.01 - rounding) & (excess <= 2.01 + rounding)).all()


@given(st.lists(st.integers(0, 2), max_size=40))
def test_information_is_the_sum_of_the_logarithms(packet):
    code = ArithmeticCode([0.5, 0.3, 0.2], eob=0.01, forbidden=0.1)
    p = code.counts / 2**code.total_bits
    expected = -np.log2(p[np.array(packet, int)]).sum() - math.log2(code.eob_count / 2**code.total_bits)
    assert code.information(np.array(packet, int)) == pytest.approx(expected, abs=1e-4)
    adaptive, seen = ArithmeticCode(3, eob=0), [1, 1, 1]
    adaptive = ArithmeticCode(3, eob=0, adaptive=True)
    expected = 0.0
    for symbol in packet:
        expected -= math.log2(seen[symbol] / sum(seen))
        seen[symbol] += 1
    assert adaptive.information(np.array(packet, int)) == pytest.approx(expected, abs=1e-3)


SMALL = [
    ArithmeticCode([0.3, 0.7], 6),
    ArithmeticCode([0.3, 0.7], 6, eob=0),
    ArithmeticCode([0.3, 0.7], 8, eob=0.1, forbidden=0.2),
    ArithmeticCode([0.5, 0.25, 0.15, 0.1], 16, eob=0.05),
    ArithmeticCode(2, 8, eob=0.1, adaptive=True),
]


@pytest.mark.parametrize("code", SMALL, ids=repr)
@pytest.mark.parametrize("length", [0, 1, 5])
def test_of_all_words_exactly_the_codewords_are_valid(code, length):
    packets = np.array(list(itertools.product(range(code.n_symbols), repeat=length)), int).reshape(
        -1 if length else 1, length
    )
    sent, lengths = code.encode(packets)
    for n in range(0, 13):
        words = np.array(list(itertools.product((0, 1), repeat=n)), int).reshape(2**n, n)
        symbols, valid = code.decode(words, n, length)
        of_length = lengths == n
        assert {tuple(row) for row in words[valid]} == {tuple(row[:n]) for row in sent[of_length]}
        assert valid.sum() == of_length.sum()
        if n and valid.any():
            np.testing.assert_array_equal(code.encode(symbols[valid])[0], words[valid])


@pytest.mark.parametrize("code", SMALL, ids=repr)
def test_an_adaptive_code_halves_its_counts_and_goes_on(code):
    packets = code.sample(3, 3000, 0)
    symbols, valid = code.decode(*code.encode(packets), 3000)
    assert valid.all()
    np.testing.assert_array_equal(symbols, packets)


def test_what_follows_a_word_is_not_read():
    code = ArithmeticCode([0.2, 0.8])
    packets = code.sample(50, 40, 1)
    bits, lengths = code.encode(packets)
    bits = np.pad(bits, ((0, 0), (0, 70)))
    noise = np.random.default_rng(0).integers(0, 2, bits.shape)
    after = np.arange(bits.shape[1]) >= lengths[:, None]
    assert code.decode(np.where(after, noise, bits), lengths, 40).valid.all()


def test_a_word_is_treated_like_a_batch_of_one_and_none_is_a_batch():
    code = ArithmeticCode([0.2, 0.8])
    packet = code.sample(1, 30, 2)
    bits, length = code.encode(packet[0])
    assert bits.shape == (length,) and isinstance(length, int)
    batch, lengths = code.encode(packet)
    np.testing.assert_array_equal(batch[0], bits)
    one = code.decode(bits, length, 30)
    assert one.symbols.shape == (30,) and one.valid
    assert code.information(packet[0]) == code.information(packet)[0]
    bits, lengths = code.encode(np.zeros((0, 30), int))
    assert bits.shape == (0, 0) and code.decode(bits, lengths, 30).symbols.shape == (0, 30)


@pytest.mark.parametrize("n_symbols", [2, 5, 256])
def test_the_adaptive_code_is_as_short_as_that_of_constriction(n_symbols):
    """The same counts handed to constriction's range coder, symbol by symbol; its words have 32 bits."""
    import constriction

    rng = np.random.default_rng(3)
    packet = rng.choice(n_symbols, 4000, p=rng.dirichlet(np.full(n_symbols, 0.5)))
    code = ArithmeticCode(n_symbols, 32, eob=0, adaptive=True)
    counts, coder = np.ones(n_symbols), constriction.stream.queue.RangeEncoder()
    for symbol in packet:
        model = constriction.stream.model.Categorical(counts / counts.sum(), perfect=False)
        coder.encode(int(symbol), model)
        counts[symbol] += 1
    ours, theirs = code.encode(packet)[1], 32 * len(coder.get_compressed())
    assert -64 - 1e-3 * ours <= ours - theirs <= 2


def test_a_forbidden_symbol_costs_what_the_paper_says():
    """-log2(1 - eps) bits a symbol (section 2)."""
    packets = ArithmeticCode([0.2, 0.8]).sample(20, 5000, 4)
    plain, costly = (ArithmeticCode([0.2, 0.8], 32, eob=0.001, forbidden=f).encode(packets)[1] for f in (0, 0.2))
    np.testing.assert_allclose((costly - plain) / 5000, -math.log2(0.8), atol=2e-3)


def test_an_error_meets_the_forbidden_symbol():
    code = ArithmeticCode([0.2, 0.8], eob=0, forbidden=0.2)
    packets = code.sample(400, 100, 5)
    bits, lengths = code.encode(packets)
    bits[:, 10] ^= 1
    assert code.decode(bits, lengths, 100).valid.mean() < 0.02


def test_counts_are_the_probabilities_and_none_is_zero():
    code = ArithmeticCode([0.2, 0.8, 0.0], 16, eob=0.25)
    assert code.counts.sum() + code.eob_count == 2**14 and code.eob_count == 2**12
    np.testing.assert_allclose(code.probabilities, [0.2, 0.8, 0], atol=2e-4)
    assert code.counts.min() == 1
    assert ArithmeticCode([0.2, 0.8], 8).eob_count == 1
    assert ArithmeticCode([1e-9] * 40 + [1], 8).counts.sum() == 63


def test_samples_follow_the_probabilities():
    code = ArithmeticCode([0.5, 0.25, 0.15, 0.1])
    shares = np.bincount(code.sample(400, 500, 6).ravel(), minlength=4) / 200_000
    np.testing.assert_allclose(shares, code.probabilities, atol=0.006)
    np.testing.assert_array_equal(code.sample(2, 9, 7), code.sample(2, 9, np.random.default_rng(7)))


CODE = ArithmeticCode([0.2, 0.8])


@pytest.mark.parametrize(
    "call, match",
    [
        (lambda: ArithmeticCode([0.2, 0.8], 3), "precision=3"),
        (lambda: ArithmeticCode([0.2, 0.8], 33), "precision=33"),
        (lambda: ArithmeticCode([0.2, 0.8], 16, eob=1), "eob=1"),
        (lambda: ArithmeticCode([0.2, 0.8], 16, forbidden=-0.1), "forbidden=-0.1"),
        (lambda: ArithmeticCode([0.2, -0.8]), "probabilities"),
        (lambda: ArithmeticCode([0.0, 0.0]), "probabilities"),
        (lambda: ArithmeticCode([0.2, np.nan]), "probabilities"),
        (lambda: ArithmeticCode(0), "probabilities=0"),
        (lambda: ArithmeticCode(4, 4), "at most 3"),
        (lambda: ArithmeticCode(3, 4, adaptive=True), "adaptive"),
        (lambda: CODE.encode([0, 2]), "from 0 to 2"),
        (lambda: CODE.encode([0.0, 1.0]), "float64"),
        (lambda: CODE.encode(np.zeros((1, 1, 1), int)), "shape"),
        (lambda: CODE.decode([0, 2], 2, 5), "up to 2"),
        (lambda: CODE.decode([0, 1], 3, 5), "0 to 2"),
        (lambda: CODE.decode([0, 1], [1, 1], 5), r"\(1,\)"),
        (lambda: CODE.decode([0, 1], 2, -1), "length=-1"),
    ],
)
def test_wrong_arguments_are_named(call, match):
    with pytest.raises(ValueError, match=match):
        call()


def test_the_kernels_run_without_the_compiler():
    program = """
import numpy as np
from jscc.arithmetic import ArithmeticCode
for code in (ArithmeticCode([.2, .8], 8), ArithmeticCode(300, 32), ArithmeticCode(3, 16, forbidden=.1, adaptive=True)):
    packets = code.sample(3, 40, 0)
    bits, lengths = code.encode(packets)
    wrong = bits.copy()
    wrong[:, 5] ^= 1
    print(bits.tolist(), lengths, code.decode(bits, lengths, 40).valid, code.information(packets))
    print(code.decode(wrong, lengths, 40))
"""
    plain, compiled = printed_without_and_with_jit(program)
    assert plain == compiled and "True" in plain

"""Parity bits behind arithmetic codewords: the linear law, what they detect, and guessing with them."""

import binascii

import numpy as np
import pytest

from jscc.arithmetic import ArithmeticCode, CyclicCheck, GuessingDecoder, RecursiveCheck, with_parity
from jscc.arithmetic.checks import columns_of
from jscc.convolutional import ConvolutionalCode

CHECKS = [CyclicCheck(8, 0x07), CyclicCheck(16, 0x1021), CyclicCheck(1, 1), RecursiveCheck(8), RecursiveCheck(24)]


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_parity_is_linear_and_words_with_it_have_no_syndrome(check):
    rng = np.random.default_rng(0)
    bits = rng.integers(0, 2, (2, 40), dtype=np.uint8)
    lengths = np.array([40, 40])
    one, both = with_parity(check, bits, lengths)[0], with_parity(check, bits[0] ^ bits[1])[0]
    np.testing.assert_array_equal(one[0] ^ one[1], both)
    columns = columns_of(check, 40)
    assert np.bitwise_xor.reduce(columns[one[0] != 0]) == 0
    assert len(columns) == 40 + check.n_bits


def test_a_cyclic_check_is_the_remainder_that_others_compute():
    rng = np.random.default_rng(1)
    for n_bytes in range(1, 12):
        message = rng.integers(0, 256, n_bytes, dtype=np.uint8)
        word, _ = with_parity(CyclicCheck(16, 0x1021), np.unpackbits(message))
        assert np.packbits(word[-16:]).tobytes() == binascii.crc_hqx(message.tobytes(), 0).to_bytes(2, "big")


def test_a_recursive_check_is_part_of_what_the_convolutional_code_sends():
    bits = np.random.default_rng(2).integers(0, 2, 37, dtype=np.uint8)
    parity = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13).encode(bits)[1::2]
    for m in (1, 5, 37):
        steps = [-(-(j + 1) * 37 // m) - 1 for j in range(m)]
        np.testing.assert_array_equal(with_parity(RecursiveCheck(m), bits)[0][37:], parity[steps])


def test_words_of_differing_lengths_have_their_parity_at_their_end():
    bits = np.random.default_rng(3).integers(0, 2, (3, 30), dtype=np.uint8)
    lengths = np.array([30, 7, 0])
    out, longer = with_parity(CyclicCheck(8, 0x07), bits, lengths)
    np.testing.assert_array_equal(longer, lengths + 8)
    for word, length in enumerate(lengths):
        alone, _ = with_parity(CyclicCheck(8, 0x07), bits[word, :length])
        np.testing.assert_array_equal(out[word, : length + 8], alone)
        assert not out[word, length + 8 :].any()


@pytest.mark.parametrize("check", [CyclicCheck(8, 0x07), RecursiveCheck(12)], ids=str)
def test_guessing_finds_the_first_pattern_that_is_a_codeword_and_passes(check):
    """Against a search over the same patterns with a full decoder and a parity of its own."""
    from jscc.arithmetic import patterns

    code, length = ArithmeticCode([0.2, 0.8], precision=8), 24
    rng = np.random.default_rng(4)
    packets = code.sample(60, length, rng)
    bits, lengths = with_parity(check, *code.encode(packets))
    llr = (8 * (1 - 2.0 * bits + 0.5 * rng.standard_normal(bits.shape))).astype(np.float32)
    found = GuessingDecoder(code, length, 500, check=check).decode(llr, lengths)
    met = 0
    for word, n in enumerate(lengths):
        row = llr[word, :n]
        order = np.argsort(np.abs(row), kind="stable")
        queries = 0
        for pattern in patterns(int(n), 500):
            queries += 1
            guess = (row < 0).astype(np.uint8)
            guess[order[np.array(pattern, int) - 1]] ^= 1
            own = guess[: n - check.n_bits]
            right = np.array_equal(with_parity(check, own)[0], guess) and code.decode(own, len(own), length).valid
            if right:
                break
        assert found.converged[word] == right and found.queries[word] == queries
        if right:
            met += queries > 1
            np.testing.assert_array_equal(found.bits[word, :n], guess)
    assert met > 10


def test_bad_checks_are_refused():
    with pytest.raises(ValueError, match="n_bits=0 given"):
        RecursiveCheck(0)
    with pytest.raises(ValueError, match="polynomial=0x6 given"):
        CyclicCheck(8, 6)
    with pytest.raises(ValueError, match="feedback=3"):
        RecursiveCheck(8, feedback=3)
    code = ArithmeticCode([0.5, 0.5])
    with pytest.raises(ValueError, match="lengths of 3 given"):
        GuessingDecoder(code, 4, check=CyclicCheck(8, 7)).decode(np.ones(3))

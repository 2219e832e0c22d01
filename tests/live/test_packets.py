"""The live kernels of arithmetic codes give the library's own results under node."""

import numpy as np
import pytest

from jscc.arithmetic import ArithmeticCode, ChaseDecoder, GuessingDecoder
from jscc.arithmetic import live as packets
from jscc.channels import awgn, awgn_llr, bpsk
from live_support import assert_same_under_node, called

SOURCE = [0.5, 0.25, 0.15, 0.1]
LENGTH, WORDS = 128, 1000
CODES = {"six bits": ArithmeticCode(SOURCE, precision=6), "sixteen": ArithmeticCode(SOURCE, 16, eob=2.0**-14)}


@pytest.fixture(scope="module", params=CODES, ids=CODES)
def sent(request):
    code = CODES[request.param]
    symbols = code.sample(WORDS, LENGTH, rng=1)
    bits, lengths = code.encode(symbols)
    return code, symbols, bits, lengths


def received(bits):
    return awgn_llr(awgn(bpsk(bits), 6, 0.9, rng=2), 6, 0.9)


def test_encoding(sent):
    code, symbols, bits, lengths = sent
    given = packets.encode_arguments(code, symbols, bits.shape[1])
    out = assert_same_under_node(packets.encode_words, [given])[0]
    assert (np.unpackbits(out["out"], axis=1, count=bits.shape[1]) == bits).all()
    assert (out["lengths"] == lengths).all()


def test_decoding(sent):
    code, _, bits, lengths = sent
    hard = (received(bits) < 0).astype(np.uint8)
    hard[::2] = bits[::2]
    out = assert_same_under_node(packets.decode_words, [packets.decode_arguments(code, LENGTH, hard, lengths)])[0]
    library = code.decode(hard, lengths, LENGTH)
    assert (out["valid"] == library.valid).all() and out["valid"][::2].all() and not out["valid"].all()
    assert (out["symbols"] == library.symbols).all()


@pytest.mark.parametrize("options", [{"q": 0}, {"q": 4}, {"q": 8}, {"q": 4, "beta": 1.5}], ids=str)
def test_chase(sent, options):
    code, _, bits, lengths = sent
    decoder, llr = ChaseDecoder(code, LENGTH, **options), received(bits)
    out = assert_same_under_node(packets.chase_words, [packets.chase_arguments(decoder, llr, lengths)])[0]
    assert_is_the_decoder_s(out, decoder.decode(llr, lengths))


@pytest.mark.parametrize("options", [{"max_queries": 16}, {"max_queries": 300, "n_best": 2}], ids=str)
def test_guessing(sent, options):
    code, _, bits, lengths = sent
    decoder, llr = GuessingDecoder(code, LENGTH, **options), received(bits)
    out = assert_same_under_node(packets.guess_words, [packets.guess_arguments(decoder, llr, lengths)])[0]
    assert_is_the_decoder_s(out, decoder.decode(llr, lengths))


def assert_is_the_decoder_s(out, result):
    for name in ("bits", "extrinsic", "converged", "symbols", "metric", "candidates", "queries", "decoded"):
        assert (out[name] == getattr(result, name)).all(), name
    assert (out["posterior"] == result.llr).all()
    assert 0 < result.converged.sum() < len(result.converged)


def test_called_leaves_what_it_is_given(sent):
    code, symbols, bits, _ = sent
    given = packets.encode_arguments(code, symbols, bits.shape[1])
    assert called(packets.encode_words, given)["lengths"].any() and not given["lengths"].any()

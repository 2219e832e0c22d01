from __future__ import annotations

from functools import partial
from itertools import product

import numpy as np
import pytest

from jscc import datasets
from jscc.arithmetic import patterns
from jscc.channels import awgn, awgn_llr, bpsk
from jscc.convolutional import ConvolutionalCode
from jscc.jpeg2000 import decode_block, decode_image, encode_block, parse, recoded
from jscc.jpeg2000.rebuilding import Rebuilder
from jscc.jpeg2000.receiver import (
    CodeBlock,
    ImageLink,
    SegmentDecoder,
    SegmentGuesser,
    coded_blocks,
    segment_density,
)
from jscc.jpeg2000.tier1 import CAUSAL, PREDICTABLE, RESET, SYMBOLS, Outline
from jscc.turbo import RandomInterleaver
from toy_codestreams import encoded

CODE = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)


@pytest.fixture(scope="module")
def codestream():
    return coded(datasets.image("camera")[128:384, 128:384], bpp=0.4, block=32)


def coded(image, bpp, block):
    settings = {"num_resolutions": 4, "codeblock_size": (block, block)}
    rate = {"quality_mode": "rates", "quality_layers": [8 / bpp]}
    return parse(encoded(image, no_jp2=True, irreversible=True, **settings, **rate))


def words_of(codestream, blocks):
    """Their bits, one block a row, and the lengths."""
    lengths = np.array([8 * block.n_bytes for block in blocks])
    words = np.zeros((len(blocks), lengths.max()), np.uint8)
    for word, block in zip(words, blocks, strict=True):
        word[: 8 * block.n_bytes] = np.unpackbits(np.frombuffer(codestream.bytes_of(block.number), np.uint8))
    return words, lengths


def is_valid(bits, block, rule):
    """By the words of the rule, from a whole decoding."""
    found = decode_block(np.packbits(bits).tobytes(), block.outline, [(block.passes, block.n_bytes)])
    if found.marker[0]:
        return False
    content = np.packbits(bits).tobytes()
    in_window = -5 <= 8 * found.overrun[0] - found.unread[0] <= 2
    return {
        "bytes": found.overrun[0] in (0, 1),
        "window": in_window,
        "symbols": found.wrong_symbols == 0,
        "symbols+window": found.wrong_symbols == 0 and in_window,
        "predictable": encode_block(found.coefficients, block.outline, block.passes) == content,
    }[rule]


def searched_in_full(llr, block, q, beta, rule):
    """The paper's sections 3.2 and 4.2 as they stand: bits, extrinsic values, how many words are valid."""
    hard = np.uint8(llr < 0)
    places = np.argsort(np.abs(llr), kind="stable")[:q]
    valid = []
    for flips in product((0, 1), repeat=len(places)):
        word = hard.copy()
        word[places] ^= np.uint8(flips)
        if is_valid(word, block, rule):
            valid.append((np.abs(llr[places]) @ np.array(flips), word))
    if not valid:
        return hard, np.zeros(len(llr)), 0
    best = min(valid, key=lambda pair: pair[0])[1]
    agree = np.all([word == best for _, word in valid], axis=0)
    return best, np.where(agree, beta * (1 - 2.0 * best), 0), len(valid)


def check_against_full_search(decoder, llr, lengths):
    found = decoder.decode(llr, lengths)
    for row, length in enumerate(lengths):
        block = decoder.blocks[row % len(decoder.blocks)]
        bits, extrinsic, n_valid = searched_in_full(llr[row, :length], block, decoder.q, decoder.beta, decoder.rule)
        assert (found.bits[row, :length] == bits).all()
        assert (found.extrinsic[row, :length] == extrinsic).all()
        assert found.candidates[row] == n_valid and found.converged[row] == (n_valid > 0)
    return found


@pytest.mark.parametrize("ebn0_db", [6.5, 8.5])
@pytest.mark.parametrize("rule", ["bytes", "window"])
def test_short_cuts_change_no_decision(codestream, ebn0_db, rule):
    blocks = coded_blocks(codestream)
    words, lengths = words_of(codestream, blocks)
    llr = awgn_llr(awgn(bpsk(words), ebn0_db, 1, np.random.default_rng(1)), ebn0_db, 1)
    found = check_against_full_search(SegmentDecoder(blocks, q=4, beta=2.5, rule=rule), llr, lengths)
    assert 0 < found.converged.sum()
    full = sum(16 * block.passes * -(-block.outline.height // 4) for block in blocks)
    assert found.steps.sum() < full / 2


def random_block(rng, width, height, style, rule):
    """Bytes, a third of them ones, that are valid as a block of some passes."""
    while True:
        content = np.where(rng.random(24) < 0.3, 255, rng.integers(0, 256, 24)).astype(np.uint8)
        content = content[: rng.integers(3, 25)]
        outline = Outline(width, height, 6, int(rng.integers(4)), style)
        for passes in range(2, 14):
            block = CodeBlock(0, outline, passes, len(content))
            if is_valid(np.unpackbits(content), block, rule):
                return block, content


@pytest.mark.parametrize(
    ("rule", "style"),
    [
        *product(["bytes", "window"], [0, RESET, CAUSAL, SYMBOLS]),
        *product(["symbols", "symbols+window"], [SYMBOLS, RESET | SYMBOLS]),
    ],
)
def test_short_cuts_change_nothing_of_random_bytes_either(rule, style):
    """Bytes of ones are frequent here, so that markers and stuffed bits are met; shapes end within a stripe."""
    rng = np.random.default_rng(style)
    drawn = [
        random_block(rng, width, height, style, rule.removesuffix("+window"))
        for height, width in ((3, 5), (9, 4), (16, 17)) * 4
    ]
    blocks = [block for block, _ in drawn]
    lengths = np.array([8 * block.n_bytes for block in blocks] * 10)
    llr = np.zeros((len(lengths), lengths.max()), np.float32)
    for row, length in enumerate(lengths):
        bits = np.unpackbits(drawn[row % len(drawn)][1]) ^ (rng.random(length) < 0.02)
        llr[row, :length] = (1 - 2.0 * bits) * rng.exponential(4, length)
    found = check_against_full_search(SegmentDecoder(blocks, q=5, beta=1, rule=rule), llr, lengths)
    assert "+" in rule or (0 < found.converged.sum() and (found.candidates > 1).any())


def random_predictable_block(rng, width, height):
    """What random bytes decode to, coded with predictable termination."""
    outline, passes = Outline(width, height, 6, int(rng.integers(4)), PREDICTABLE), int(rng.integers(2, 12))
    found = decode_block(rng.bytes(20), outline, [(passes, 20)])
    content = np.frombuffer(encode_block(found.coefficients, outline, passes), np.uint8)
    return CodeBlock(0, outline, passes, len(content)), content


def guessed_in_full(llr, block, max_queries, n_best, rho, rule):
    """Bits, queries, valid words and extrinsic values by the words of `jscc.arithmetic.guessing`."""
    hard = np.uint8(llr < 0)
    ranked = np.argsort(np.abs(llr), kind="stable")
    wrong = 1 / (1 + np.exp(np.abs(llr.astype(float))))
    found, tried, queries = [], 0.0, 0
    for pattern in patterns(min(len(llr), 128), max_queries):
        word, places = hard.copy(), ranked[np.array(pattern, int) - 1]
        word[places] ^= 1
        p = np.prod(np.where(word == hard, 1 - wrong, wrong))
        queries, tried = queries + 1, tried + p
        if is_valid(word, block, rule):
            found.append((p, word))
            if len(found) == n_best:
                break
    if not found:
        return hard, queries, 0, np.zeros(len(llr))
    rest = rho * (1 - tried)
    one, zero = (1 / (1 + np.exp(sign * llr.astype(float))) for sign in (1, -1))
    for_one = sum(p * word for p, word in found) + rest * one
    for_zero = sum(p * (1 - word) for p, word in found) + rest * zero
    best = max(found, key=lambda pair: pair[0])[1]
    return best, queries, len(found), np.log(for_zero / for_one) - llr


@pytest.mark.parametrize("n_best", [1, 3])
@pytest.mark.parametrize("rule", ["bytes", "window", "predictable"])
def test_guessing_is_its_definition(rule, n_best):
    rng = np.random.default_rng(n_best)
    shapes = ((3, 5), (9, 4), (16, 17)) * 4
    if rule == "predictable":
        drawn = [random_predictable_block(rng, width, height) for height, width in shapes]
    else:
        drawn = [random_block(rng, width, height, 0, rule) for height, width in shapes]
    blocks = [block for block, _ in drawn]
    decoder = SegmentGuesser(blocks, max_queries=60, rho=0.02, n_best=n_best, rule=rule)
    lengths = np.array([8 * block.n_bytes for block in blocks] * 5)
    llr = np.zeros((len(lengths), lengths.max()), np.float32)
    for row, length in enumerate(lengths):
        bits = np.unpackbits(drawn[row % len(drawn)][1]) ^ (rng.random(length) < 0.02)
        llr[row, :length] = (1 - 2.0 * bits) * rng.exponential(4, length)
    found = decoder.decode(llr, lengths)
    for row, length in enumerate(lengths):
        block = blocks[row % len(blocks)]
        bits, queries, n_valid, extrinsic = guessed_in_full(llr[row, :length], block, 60, n_best, 0.02, rule)
        assert (found.bits[row, :length] == bits).all()
        assert (found.iterations[row], found.candidates[row]) == (queries, n_valid)
        np.testing.assert_allclose(found.extrinsic[row, :length], extrinsic, atol=2e-3)
    assert (found.candidates == n_best).any() and (found.iterations > 20).any()


def test_guessing_finds_what_chase_finds_and_more(codestream):
    blocks = coded_blocks(codestream)
    words, lengths = words_of(codestream, blocks)
    words, lengths = np.tile(words, (5, 1)), np.tile(lengths, 5)
    llr = awgn_llr(awgn(bpsk(words), 8, 1, np.random.default_rng(3)), 8, 1)
    right = [
        int((decoder.decode(llr, lengths).bits == words).all(axis=1).sum())
        for decoder in (SegmentDecoder(blocks, q=0), SegmentDecoder(blocks, q=4), SegmentGuesser(blocks, 64))
    ]
    assert right[0] < right[1] < right[2]


def test_the_density_counts_wrong_words_that_are_valid(codestream):
    blocks = coded_blocks(codestream)
    words, _ = words_of(codestream, blocks)
    words = np.tile(words, (12, 1))
    llr = awgn_llr(awgn(bpsk(words), 7, 1, np.random.default_rng(4)), 7, 1)
    loose, sharp = (segment_density(SegmentGuesser(blocks, 32, rule=rule), llr, words) for rule in ("bytes", "window"))
    assert 0 < sharp.hits < loose.hits and sharp.trials > loose.trials > 500
    assert loose.density == (loose.hits + 0.5) / (loose.trials + 1)
    with pytest.raises(ValueError, match="1 is expected"):
        segment_density(SegmentGuesser(blocks, 32, n_best=2), llr, words)


def test_without_noise_every_word_is_found_and_nearly_all_are_valid(codestream):
    blocks = coded_blocks(codestream)
    words, lengths = words_of(codestream, blocks)
    found = SegmentDecoder(blocks, q=0).decode(8 - 16.0 * words, lengths)
    assert (found.bits == words).all() and found.converged.mean() > 0.97


def test_a_decoder_refuses_what_it_cannot_judge(codestream):
    blocks = coded_blocks(codestream)
    for arguments in ({"rule": "symbols"}, {"rule": "other"}, {"q": -1}, {"q": 1.5}, {"beta": np.inf}):
        with pytest.raises(ValueError, match="given"):
            SegmentDecoder(blocks, **arguments)
    for arguments in ({"rule": "symbols"}, {"rule": "other"}, {"max_queries": 0}, {"n_best": 0}, {"rho": 0}):
        with pytest.raises(ValueError, match="given"):
            SegmentGuesser(blocks, **arguments)
    for decoder in (SegmentDecoder, SegmentGuesser):
        with pytest.raises(ValueError, match="one or more are expected"):
            decoder([])
        with pytest.raises(ValueError, match="expected"):
            decoder(blocks[:1]).decode(np.ones((1, 8)), [8])


@pytest.mark.parametrize("block", [16, 64])
def test_a_rebuilt_image_is_the_decoders(block):
    codestream = coded(datasets.image("camera")[:200, 56:], bpp=0.5, block=block)
    numbers = [each.number for each in coded_blocks(codestream)]
    rebuilder = Rebuilder(codestream, numbers)
    assert (rebuilder.image(rebuilder.content) == decode_image(codestream)).all()
    rng = np.random.default_rng(0)
    for errors in (1, 5, 300):
        content = rebuilder.content.copy()
        places = rng.integers(0, len(content), errors)
        content[places] ^= rng.integers(1, 256, errors, dtype=np.uint8)
        changed = codestream.with_bytes(numbers, content.tobytes())
        assert (rebuilder.image(content) == decode_image(changed)).all()
    assert (rebuilder.image(rebuilder.content) == decode_image(codestream)).all()


def test_zeroed_blocks_leave_nothing_of_their_bytes(codestream):
    numbers = [each.number for each in coded_blocks(codestream)]
    rebuilder = Rebuilder(codestream, numbers)
    every = np.ones(len(numbers), bool)
    assert (rebuilder.image(rebuilder.content, every) == 128).all()
    some = np.random.default_rng(0).random(len(numbers)) < 0.3
    lengths = [len(codestream.offsets_of(number)) for number in numbers]
    noisy = np.where(np.repeat(some, lengths), rebuilder.content ^ 0x55, rebuilder.content)
    assert (rebuilder.image(noisy, some) == rebuilder.image(rebuilder.content, some)).all()
    assert (rebuilder.image(noisy, some) != rebuilder.image(rebuilder.content)).any()


def test_a_link_without_noise_brings_the_image_in_two_iterations(codestream):
    link = ImageLink(codestream, CODE, RandomInterleaver(0), blocks_per_frame=5)
    received = link.transmit(20.0, 3, 0)
    assert (received.content == link.content).all()
    refused = ~received.valid[0, 0]  # a correct block that breaks the rule keeps its frame at work
    frames = np.add.reduceat(refused, np.arange(0, len(refused), 5)) > 0
    assert (received.iterations == np.where(frames, 5, 2)).all()


def test_turns_mend_what_the_tandem_leaves(codestream):
    source = partial(SegmentDecoder, q=4, beta=4.0)
    link = ImageLink(codestream, CODE, RandomInterleaver(0), source=source)
    received = link.transmit(4.5, 30, 1)
    wrong = (received.content != link.content).sum(axis=(1, 2))
    assert wrong[0] > 2 * wrong[1] > 2 * wrong[5]
    assert (received.content == link.transmit(4.5, 30, 1).content).all()


def test_with_predictable_termination_no_wrong_word_is_delivered_for_right(codestream):
    other = recoded(codestream, PREDICTABLE)
    assert (decode_image(other) == decode_image(codestream)).all()
    source = partial(SegmentGuesser, max_queries=64, rho=1e-3, rule="predictable")
    link = ImageLink(other, CODE, RandomInterleaver(0), source=source)
    received = link.transmit(4.25, 20, 1)
    wrong = np.logical_or.reduceat(received.content != link.content, link.starts[:-1], axis=2)
    assert wrong[1].sum() > wrong[5].sum() and received.valid[5].mean() > 0.9
    assert (wrong[5] & received.valid[5]).sum() <= 2
    assert (~wrong & ~received.valid).sum() == 0  # a right word is always known for right


def test_a_codestream_coded_again_keeps_its_coefficients(codestream):
    with pytest.raises(ValueError, match="the same of CAUSAL is expected"):
        recoded(codestream, CAUSAL)
    for style in (0, RESET | SYMBOLS | PREDICTABLE):
        other = recoded(codestream, style)
        assert {block.outline.style for block in coded_blocks(other)} == {style}
        for old, new in zip(coded_blocks(codestream), coded_blocks(other), strict=True):
            found = [
                decode_block(each.bytes_of(block.number), block.outline, [(block.passes, block.n_bytes)]).coefficients
                for each, block in ((codestream, old), (other, new))
            ]
            assert (found[0] == found[1]).all()

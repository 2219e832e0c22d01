from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from jscc import datasets
from jscc.convolutional import ConvolutionalCode
from jscc.jpeg2000 import layer_lengths, parse
from jscc.jpeg2000.receiver import ImageLink, SegmentDecoder, UnequalLink, coded_blocks
from jscc.turbo import RandomInterleaver
from toy_codestreams import encoded

CODE = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)
INTERLEAVER = RandomInterleaver(0)


@pytest.fixture(scope="module")
def codestream():
    settings = {"num_resolutions": 4, "codeblock_size": (32, 32), "quality_mode": "rates", "quality_layers": [60, 20]}
    return parse(encoded(datasets.image("camera")[128:384, 128:384], no_jp2=True, irreversible=True, **settings))


@pytest.fixture(scope="module")
def layers(codestream):
    """Bytes of each layer in each block that has some."""
    return layer_lengths(codestream)[:, [block.number for block in coded_blocks(codestream)]]


def unequal(codestream, first, moved, **settings):
    return UnequalLink(codestream, CODE, INTERLEAVER, first, moved, **settings)


def is_early(link, first):
    """Which bytes of the blocks are in the first part."""
    return np.concatenate([np.arange(block.n_bytes) < few for block, few in zip(link.blocks, first, strict=True)])


def bits_of(link):
    """Bits on the channel of an image, with equal protection."""
    return sum(
        int(turbo.frame_lengths([8 * block.n_bytes for block in frame])[0]) for _, frame, _, turbo in link._frames
    )


@pytest.mark.parametrize("share", [0, 1])
def test_one_part_alone_is_equal_protection(codestream, layers, share):
    source = partial(SegmentDecoder, q=3)
    equal = ImageLink(codestream, CODE, INTERLEAVER, source=source)
    link = unequal(codestream, share * layers.sum(axis=0), 0, source=source)
    assert link.sent == bits_of(equal)
    expected, received = equal.transmit(4.0, 6, 1), link.transmit(4.0, 6, 1)
    assert (received.content[0] == expected.content[0]).all()
    # Bits of one error event are about as unreliable: which of them are tried may hang on the last digit.
    wrong = (expected.content != link.content).sum()
    assert (received.content != expected.content).sum() < 0.1 * wrong
    assert np.abs(received.iterations - expected.iterations).sum() <= 2


@pytest.mark.parametrize("moved", [0, 1, 37, 100])
def test_the_channel_carries_as_many_bits_as_with_equal_protection(codestream, layers, moved):
    link, equal = unequal(codestream, layers[0], moved), ImageLink(codestream, CODE, INTERLEAVER)
    assert link.sent == bits_of(equal) == bits_of(link)
    masks = [turbo.inner.code.masks for *_, turbo in link._frames]
    strong, weak = [both[0] for both in masks if len(both) == 2], [both[-1] for both in masks]
    steps, sent = (sum(map(part, strong)) for part in (len, np.sum))
    assert sent == 2 * steps + steps * moved // 100
    assert len(strong) < len(weak) == len(masks)  # some frames have nothing of the first layer
    assert link.sent - sent == 2 * sum(map(len, weak)) - steps * moved // 100 - 6 * len(strong)


def test_without_noise_the_image_comes_whole(codestream, layers):
    link = unequal(codestream, layers[0], 100)
    received = link.transmit(20.0, 2, 0)
    assert (received.content == link.content).all()


def test_what_is_protected_better_is_wrong_less_often(codestream, layers):
    equal, link = (unequal(codestream, layers[0], moved) for moved in (0, 100))
    early = is_early(link, layers[0])
    wrong = [(each.transmit(4.0, 20, 1).content[-1] != each.content).mean(axis=0) for each in (equal, link)]
    assert 4 * wrong[1][early].mean() < wrong[0][early].mean() < wrong[1][~early].mean()
    assert wrong[0][~early].mean() < wrong[1][~early].mean()


def test_blocks_and_parts_of_any_length_are_sent(codestream, layers):
    rng = np.random.default_rng(0)
    lengths = layers.sum(axis=0)
    first = np.where(np.arange(len(lengths)) // 4 % 3 == 0, 0, rng.integers(0, lengths + 1))
    first[:4] = lengths[:4]  # one frame without the other part, some without the first
    link = unequal(codestream, first, 10, blocks_per_frame=4)
    assert (link.transmit(20.0, 1, 0).content == link.content).all() and link.sent == bits_of(link)


def test_what_cannot_be_divided_is_refused(codestream, layers):
    whole = layers.sum(axis=0)
    for first, moved in ((whole, 1), (whole + 1, 0), (-whole, 0), (whole[1:], 0), (layers[0], -1), (layers[0], 101)):
        with pytest.raises(ValueError, match="expected"):
            unequal(codestream, first, moved)
    punctured = ConvolutionalCode((0o13, 0o15), 3, np.array([[1, 1], [1, 0]]), 0o13, True)
    with pytest.raises(ValueError, match="two outputs that are all sent"):
        UnequalLink(codestream, punctured, INTERLEAVER, layers[0], 0)

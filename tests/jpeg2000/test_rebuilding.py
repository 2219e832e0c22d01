"""Pictures of which some code-blocks have other bytes: in colours, and with the first layer to fall back on.

Those in grey are tested with the receiver.
"""

from __future__ import annotations

import numpy as np
import pytest

from jscc import datasets
from jscc.jpeg2000 import decode_image, layer_lengths, parse, with_layers
from jscc.jpeg2000.rebuilding import ColourRebuilder, LayerRebuilder, Rebuilder
from jscc.jpeg2000.receiver import coded_blocks
from toy_codestreams import encoded

SETTINGS = {"no_jp2": True, "irreversible": True, "quality_mode": "rates", "codeblock_size": (32, 32)}


def coded(image, ratios, **settings):
    codestream = parse(encoded(image, **SETTINGS, quality_layers=ratios, **settings))
    return codestream, [block.number for block in coded_blocks(codestream)]


def with_errors(content, count, rng):
    content = content.copy()
    content[rng.integers(0, len(content), count)] ^= rng.integers(1, 256, count, dtype=np.uint8)
    return content


@pytest.fixture(scope="module")
def colours():
    return coded(datasets.image("astronaut")[50:250, 150:330], [40], mct=1)


@pytest.fixture(scope="module")
def layered():
    return coded(datasets.image("camera")[100:300, 150:330], [40, 12])


def test_colours_are_those_of_a_whole_decoding(colours):
    codestream, numbers = colours
    rebuilder, rng = ColourRebuilder(codestream, numbers), np.random.default_rng(0)
    assert set(rebuilder.components) == {0, 1, 2}
    for errors in (0, 1, 5, 300):
        content = with_errors(rebuilder.content, errors, rng)
        changed = codestream.with_bytes(numbers, content.tobytes())
        assert (rebuilder.image(content) == decode_image(changed)).all()
    assert (rebuilder.image(rebuilder.content) == decode_image(codestream)).all()


def test_without_chroma_there_are_no_colours(colours):
    codestream, numbers = colours
    rebuilder = ColourRebuilder(codestream, numbers)
    noisy = with_errors(rebuilder.content, 100, np.random.default_rng(1))
    grey = rebuilder.image(noisy, rebuilder.components > 0)
    assert (grey == grey[:, :, :1]).all() and grey.std() > 10
    assert (rebuilder.image(noisy, np.ones(len(numbers), bool)) == 128).all()
    in_chroma = np.where(rebuilder.components > 0, 0x55, 0)
    spoilt = rebuilder.content ^ np.repeat(in_chroma, [len(codestream.offsets_of(n)) for n in numbers]).astype(np.uint8)
    assert (rebuilder.image(spoilt) != rebuilder.image(rebuilder.content)).any()
    assert (
        rebuilder.image(spoilt, rebuilder.components > 0)
        == rebuilder.image(noisy * 0 + rebuilder.content, rebuilder.components > 0)
    ).all()


def test_a_block_given_up_is_what_the_first_layer_has_of_it(layered):
    codestream, numbers = layered
    rebuilder, first = LayerRebuilder(codestream, numbers, 1), with_layers(codestream, 1)
    every, rng = np.ones(len(numbers), bool), np.random.default_rng(2)
    assert (rebuilder.image(rebuilder.content, every) == decode_image(first)).all()
    content = with_errors(rebuilder.content, 300, rng)
    changed = codestream.with_bytes(numbers, content.tobytes())
    assert (rebuilder.image(content, every) == decode_image(with_layers(changed, 1))).all()
    lengths = layer_lengths(codestream)[:, numbers]
    later = np.concatenate(
        [np.arange(whole) >= few for few, whole in zip(lengths[0], lengths.sum(axis=0), strict=True)]
    )
    behind = np.where(later, content, rebuilder.content)  # wrong behind the first layer alone
    assert (behind != rebuilder.content).sum() > 100
    some = rng.random(len(numbers)) < 0.5
    right_again = np.where(np.repeat(some, lengths.sum(axis=0)), rebuilder.content, behind)
    assert (rebuilder.image(behind, some) == rebuilder.image(right_again, some)).all()


def test_with_all_layers_nothing_is_given_up(layered):
    codestream, numbers = layered
    rebuilder, plain = LayerRebuilder(codestream, numbers, 2), Rebuilder(codestream, numbers)
    rng = np.random.default_rng(3)
    for errors in (0, 3, 200):
        content = with_errors(rebuilder.content, errors, rng)
        expected = plain.image(content)
        assert (rebuilder.image(content) == expected).all()
        assert (rebuilder.image(content, rng.random(len(numbers)) < 0.5) == expected).all()


def test_other_pictures_and_shapes_are_refused(colours, layered):
    for codestream, numbers in (layered, coded(datasets.image("astronaut")[:64, :64], [10], mct=0)):
        with pytest.raises(ValueError, match="three components that are transformed"):
            ColourRebuilder(codestream, numbers)
    with pytest.raises(ValueError, match="one component is expected"):
        LayerRebuilder(*colours, 1)
    for rebuilder in (ColourRebuilder(*colours), LayerRebuilder(*layered, 1)):
        with pytest.raises(ValueError, match="expected"):
            rebuilder.image(rebuilder.content[1:])
        with pytest.raises(ValueError, match="expected"):
            rebuilder.image(rebuilder.content, np.ones(3, bool))

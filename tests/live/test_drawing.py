"""The live kernels of paper 4 give the library's own results under node."""

import base64
import json
import re
import zlib

import numpy as np
import pytest
import torch

from jscc.live.figure import store_script
from jscc.necst import VectorQuantiser, codebook_of, good_code, model_of, network, separate_of, weights_of
from jscc.necst.live import (
    decoder_arguments,
    encoder_arguments,
    learned_arrays,
    learned_picture,
    learned_word,
    rounded,
    rounded_weights,
    separate_picture,
    separate_picture_arguments,
    separate_word,
    separate_word_arguments,
)
from live_support import assert_same_under_node

COUNT = 1000
ROUNDING = {"rtol": 1e-5, "atol": 1e-5}  # float32: sums of 784 products, in any order


@pytest.fixture(scope="module")
def images():
    """Blots of ink, no two alike."""
    rng = np.random.default_rng(0)
    centre, width = rng.uniform(8, 20, (COUNT, 1, 1, 2)), rng.uniform(2, 8, (COUNT, 1, 1))
    away = ((np.stack(np.mgrid[:28, :28], axis=-1) - centre) ** 2).sum(axis=3)
    return (away < width**2).reshape(COUNT, 784).astype(np.uint8)


@pytest.fixture(scope="module")
def learned():
    """Arrays as a page has them, and the network that they make."""
    torch.manual_seed(0)
    weights = weights_of(network("binarized_mnist"))
    return learned_arrays(weights), model_of(rounded_weights(weights), {"channel": "bsc", "noise": 0.1})


@pytest.fixture(scope="module")
def separate(images):
    return codebook_of(VectorQuantiser.fit(images[:500], 6, rng=1), good_code(100, 6))


def received(noise):
    return (np.random.default_rng(3).random((COUNT, 100)) < noise).astype(np.uint8)


def test_the_learned_bits_of_an_image(images, learned):
    arrays, model = learned
    out = assert_same_under_node(learned_word, [encoder_arguments(arrays, images)], ("logits", "states"), **ROUNDING)[0]
    clear = np.abs(out["logits"]) > 1e-4
    assert (out["word"] == (out["logits"] > 0)).all() and clear.mean() > 0.99
    assert (out["word"] == model.encode(images))[clear].all()
    assert len(np.unique(out["word"], axis=0)) > COUNT / 2


def test_the_learned_image_of_bits(learned):
    arrays, model = learned
    words = received(0.5)
    rounded_ones = ("logits", "states", "out")
    out = assert_same_under_node(learned_picture, [decoder_arguments(arrays, words)], rounded_ones, **ROUNDING)[0]
    np.testing.assert_allclose(out["out"], model.reconstruct(words), **ROUNDING)
    assert np.ptp(out["out"], axis=0).min() > 0.01


def test_the_index_of_an_image_and_its_codeword(images, separate):
    out = assert_same_under_node(separate_word, [separate_word_arguments(separate, images)])[0]
    system = separate_of(separate, 0.1)
    index, distance = system.quantiser.quantise(images)
    assert (out["index"] == index).all() and (out["distance"] == distance).all()
    assert (out["word"] == system.encode(images)).all() and len(np.unique(index)) > 32


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.5])
def test_the_posterior_mean(images, separate, noise):
    system = separate_of(separate, noise)
    words = system.encode(images) ^ received(0.3)
    given = separate_picture_arguments(separate, words, noise)
    again = given | {"first": 0, "received": words[::-1].copy()}
    out = assert_same_under_node(separate_picture, [given])[0]
    np.testing.assert_allclose(out["posterior"], system.posterior(words), rtol=1e-6)
    np.testing.assert_allclose(out["out"], system.reconstruct(words), **ROUNDING)
    # The code that was laid out serves for what comes next.
    again |= {name: out[name] for name in ("words", "columns")}
    assert (assert_same_under_node(separate_picture, [again])[0]["out"] == out["out"][::-1]).all()


def test_rounded_weights_are_off_by_half_a_level_at_most():
    weights = np.random.default_rng(0).normal(size=(30, 20)).astype(np.float32)
    weights[:, 3] = 0
    levels, scales = rounded(weights)
    assert levels.dtype == np.int8 and np.abs(levels).max() == 127
    assert (np.abs(levels * scales - weights) <= scales * 0.5001).all()
    assert not (levels[:, 3] * scales[3]).any()


def test_a_store_holds_its_arrays():
    arrays = {"a": np.arange(-3, 3, dtype=np.int8).reshape(2, 3), "b": np.array([0.5, 2], np.float32)}
    found = re.fullmatch(r'\(globalThis.jsccStores \?\?= \{\}\)\["some"\] = (.*);\n', store_script("some", arrays))
    stored = json.loads(found[1])
    content = zlib.decompress(base64.b64decode(stored["base64"]))
    assert stored["arrays"] == [["a", "int8", 6], ["b", "float32", 2]]
    assert content == arrays["a"].tobytes() + arrays["b"].tobytes()

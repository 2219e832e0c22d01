"""The autoencoder behind an LDPC code: what it corrects, and where its code is beyond capacity."""

import numpy as np
import pytest
import torch

from jscc import channels
from jscc.necst import CodedAutoencoder, network


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return network("binarized_mnist", bits=50)


def images(count=200):
    return np.random.default_rng(0).integers(0, 2, (count, 784), dtype=np.uint8)


def test_without_errors_the_autoencoder_s_bits_arrive(model):
    system = CodedAutoencoder(model, 0.05, rng=1)
    sent = system.encode(images())
    assert sent.shape == (200, 100) and sent.dtype == np.uint8
    np.testing.assert_array_equal(system.bits(sent), model.encode(images()))
    np.testing.assert_allclose(system.reconstruct(sent), model.reconstruct(model.encode(images())), rtol=1e-6)


def test_few_errors_are_corrected_and_above_capacity_they_are_not(model):
    """At eps = .02 nearly all words arrive; at .2, where capacity is .28 below the rate of 1/2, none do."""
    wrong = {}
    for noise in (0.02, 0.2):
        system = CodedAutoencoder(model, noise, rng=1)
        received = channels.bsc(system.encode(images()), noise, rng=2)
        wrong[noise] = (system.bits(received) != model.encode(images())).any(axis=1).mean()
    assert wrong[0.02] < 0.05 and wrong[0.2] > 0.95


def test_at_noise_one_half_nothing_arrives(model):
    system = CodedAutoencoder(model, 0.5, rng=1)
    said = system.reconstruct(channels.bsc(system.encode(images()), 0.5, rng=2))
    np.testing.assert_array_equal(said, np.broadcast_to(said[0], said.shape))


def test_the_seed_decides_the_code(model):
    codes = [CodedAutoencoder(model, 0.1, rng=seed).code.generator for seed in (3, 3, 4)]
    np.testing.assert_array_equal(codes[0], codes[1])
    assert codes[0].shape != codes[2].shape or (codes[0] != codes[2]).any()


def test_what_is_refused(model):
    with pytest.raises(ValueError, match="noise=0.6 given"):
        CodedAutoencoder(model, 0.6)
    with pytest.raises(ValueError, match="1 to n_checks=2 for each variable"):
        CodedAutoencoder(network("random_bits", bits=2), 0.1)
    with pytest.raises(ValueError, match="received of shape"):
        CodedAutoencoder(model, 0.1).bits(np.zeros((2, 50), int))

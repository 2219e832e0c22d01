"""Markov chains and interpolation."""

import numpy as np
import pytest
import torch

from jscc.necst import Necst, flip_path, interpolate, markov_chain, network


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return network("random_bits", noise=0.1)


def test_a_path_flips_one_bit_at_a_time_and_only_those_that_differ():
    rng = np.random.default_rng(0)
    start, end = rng.integers(0, 2, (2, 40))
    path = flip_path(start, end, rng=1)
    np.testing.assert_array_equal(path[[0, -1]], [start, end])
    assert ((path[1:] != path[:-1]).sum(axis=1) == 1).all()
    assert len(path) == (start != end).sum() + 1
    assert (flip_path(start, end, rng=2) != path).any()
    np.testing.assert_array_equal(flip_path(start, start, rng=0), [start])
    with pytest.raises(ValueError, match="single words are expected"):
        flip_path([start], [end], rng=0)
    with pytest.raises(ValueError, match="end of shape"):
        flip_path(start, end[:7], rng=0)


def test_interpolation_starts_and_ends_with_the_reconstructions(model):
    ends = np.random.default_rng(0).integers(0, 2, (2, 100))
    strip = interpolate(model, *ends, rng=0)
    np.testing.assert_allclose(strip[[0, -1]], model.reconstruct(model.encode(ends)), rtol=1e-6)


def test_the_chain_hangs_on_its_seed_alone_and_keeps_every_so_many_images(model):
    start = np.zeros((3, 100))
    every = markov_chain(model, start, 6, rng=4)
    assert every.shape == (6, 3, 100) and ((every >= 0) & (every <= 1)).all()
    np.testing.assert_array_equal(markov_chain(model, start, 7, rng=4, every=2), every[1::2])
    assert (markov_chain(model, start, 6, rng=5) != every).any()


class Memoryless(Necst):
    """An encoder that copies eight pixels, and a decoder that is sure of each: the chain is a random walk."""

    def __init__(self, noise, channel="bsc"):
        encoder, decoder = torch.nn.Linear(8, 8), torch.nn.Linear(8, 8, bias=False)
        with torch.no_grad():  # of pixels 0 and 1, and of signs
            encoder.weight.copy_(40 * torch.eye(8))
            encoder.bias.fill_(-20)
            decoder.weight.copy_(20 * torch.eye(8))
        super().__init__(encoder, decoder, 8, channel, noise)


def test_a_chain_of_copies_flips_each_pixel_with_the_channel_s_probability():
    assert (markov_chain(Memoryless(0.0), np.eye(8), 5, rng=0).round() == np.eye(8)).all()
    chain = markov_chain(Memoryless(0.1), np.zeros((2000, 8)), 3, rng=0).round()
    for step, image in enumerate(chain, 1):
        wanted = (1 - 0.8**step) / 2  # an odd number of flips
        assert abs(image.mean() - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / 16_000)


def test_an_erased_pixel_is_a_fair_coin():
    chain = markov_chain(Memoryless(1.0, "bec"), np.zeros((2000, 8)), 1, rng=0)
    np.testing.assert_allclose(chain, 0.5)


def test_what_is_refused(model):
    for arguments in ({"steps": 0}, {"steps": 1.5}, {"steps": 2, "every": 0}):
        with pytest.raises(ValueError, match="a positive integer is expected"):
            markov_chain(model, np.zeros((1, 100)), rng=0, **arguments)
    with pytest.raises(ValueError, match="binary ones are expected"):
        markov_chain(network("cifar10"), np.zeros((1, 3, 32, 32)), 1, rng=0)

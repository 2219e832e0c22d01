"""The networks: their sizes by hand, the channels' formulas by enumeration, and what they refuse."""

import itertools

import numpy as np
import pytest
import torch

from jscc import channels
from jscc.necst import SETTINGS, Necst, network, perceptrons


def linear(before, after):
    return before * after + after


def convolution(before, after, side):
    return before * after * side**2 + after


def norms(*widths):
    return 2 * sum(widths)


PARAMETERS = {
    "binarized_mnist": (linear(784, 500) + linear(500, 100), linear(100, 500) + linear(500, 500) + linear(500, 784)),
    "omniglot": (linear(784, 500) + linear(500, 200), linear(200, 500) + linear(500, 500) + linear(500, 784)),
    "random_bits": (linear(100, 500) + linear(500, 50), linear(50, 500) + linear(500, 500) + linear(500, 100)),
    "cifar10": (
        sum(convolution(*widths, 3) for widths in ((3, 64), (64, 32), (32, 16))) + norms(64, 32, 16) + linear(256, 500),
        linear(500, 256)
        + sum(convolution(*widths, 3) for widths in ((16, 16), (16, 32), (32, 64), (64, 3)))
        + norms(16, 32, 64, 3),
    ),
    "svhn": (
        sum(convolution(*widths, 2) for widths in ((3, 128), (128, 256), (256, 512))) + linear(8192, 500),
        linear(500, 8192)
        + sum(convolution(*widths, 2) for widths in ((512, 512), (512, 256), (256, 128)))
        + convolution(128, 3, 1),
    ),
    "celeba64": (
        sum(convolution(*widths, 4) for widths in ((3, 32), (32, 32), (32, 64), (64, 64), (64, 256)))
        + linear(256, 1000),
        linear(1000, 256)
        + sum(convolution(*widths, 4) for widths in ((256, 64), (64, 64), (64, 32), (32, 32), (32, 3))),
    ),
}
SHAPES = {"cifar10": (3, 32, 32), "svhn": (3, 32, 32), "celeba64": (3, 64, 64)}


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("dataset", SETTINGS)
def test_networks_have_the_sizes_and_shapes_that_the_supplement_tells(dataset):
    model = network(dataset)
    assert (count(model.encoder), count(model.decoder)) == PARAMETERS[dataset]
    shape = SHAPES.get(dataset, (SETTINGS[dataset].pixels,))
    images = np.zeros((2, *shape))
    bits = model.encode(images)
    assert bits.shape == (2, SETTINGS[dataset].bits) and bits.dtype == np.uint8
    assert model.reconstruct(bits).shape == images.shape
    assert images[0].size == SETTINGS[dataset].pixels


def test_without_biases_the_decoder_has_the_692_000_weights_of_the_published_code():
    encoder, decoder = perceptrons(bias=False)
    assert count(decoder) == 100 * 500 + 500 * 500 + 500 * 784 == 692_000
    assert count(encoder) == linear(784, 500) + 500 * 100


@pytest.mark.parametrize("noise", [0, 0.1, 0.3, 0.5])
def test_the_noisy_encoder_is_the_sum_over_what_was_sent(noise):
    """Section 4: q(y | x) = sum over sent words of q(sent | x) p(y | sent), every word of three bits."""
    model = Necst(None, None, 3, "bsc", noise)
    logits = torch.tensor([[0.3, -2.0, 40.0]], dtype=torch.float64)
    sent = torch.sigmoid(logits)[0].numpy()
    received = model.probability_of_one(logits)[0].numpy()
    for y in itertools.product((0, 1), repeat=3):
        total = 0.0
        for word in itertools.product((0, 1), repeat=3):
            encoded = np.prod([p if b else 1 - p for p, b in zip(sent, word, strict=True)])
            flipped = [noise if a != b else 1 - noise for a, b in zip(word, y, strict=True)]
            total += encoded * np.prod(flipped)
        marginal = np.prod([p if b else 1 - p for p, b in zip(received, y, strict=True)])
        assert marginal == pytest.approx(total, abs=1e-12)


@pytest.mark.parametrize("noise", [0, 0.01, 0.2, 0.5])
def test_the_slope_is_the_derivative_of_the_received_logit(noise):
    model = Necst(None, None, 4, "bsc", noise)
    logits = torch.tensor([[-3.0, -0.5, 0.0, 2.0]], dtype=torch.float64, requires_grad=True)
    torch.special.logit(model.probability_of_one(logits)).sum().backward()
    torch.testing.assert_close(model.slope(logits.detach()), logits.grad, atol=1e-9, rtol=1e-9)
    surest = model.slope(torch.tensor([[-90.0, 90.0]]))
    assert torch.isfinite(surest).all() and ((surest == 1).all() if noise == 0 else (surest < 1e-6).all())


def test_drawn_words_have_the_channel_s_probabilities():
    torch.manual_seed(0)
    for channel, noise in (("bsc", 0.2), ("bec", 0.3)):
        model = Necst(None, None, 2, channel, noise)
        likely = model.probability_of_one(torch.tensor([[0.7, -1.0]]).expand(40_000, 2))
        bits = (torch.rand(likely.shape) < likely).float()
        received = model.received(bits, model.kept(likely.shape, likely))
        sent = torch.sigmoid(torch.tensor([0.7, -1.0]))
        erased = noise if channel == "bec" else 0.0
        one = (1 - erased) * (sent if channel == "bec" else sent + noise - 2 * sent * noise)
        deviation = 4.5 * torch.sqrt(one * (1 - one) / 40_000)
        assert (((received == 1).float().mean(dim=0) - one).abs() < deviation).all()
        share = (received == 0).float().mean()
        assert share == 0 if not erased else abs(share - erased) < 4.5 * np.sqrt(0.3 * 0.7 / 80_000)


def test_an_erased_bit_counts_as_halfway():
    torch.manual_seed(0)
    model = network("random_bits", channel="bec", noise=0.2)
    word = np.zeros((1, 50), np.uint8)
    word[0, 7] = channels.ERASED
    ends = -torch.ones(2, 50)
    ends[1, 7] = 1
    with torch.no_grad():  # of the first layer, which is linear, the mean over a bit is what its mean gives
        half = model.decoder[1:](model.decoder[0](ends).mean(dim=0, keepdim=True))
    np.testing.assert_allclose(model.reconstruct(word), torch.sigmoid(half), rtol=1e-5)


def test_bits_at_random_are_the_likeliest_where_the_encoder_is_sure():
    torch.manual_seed(1)
    model = network("random_bits")
    with torch.no_grad():
        model.encoder[2].weight *= 1e4
    images = np.random.default_rng(0).integers(0, 2, (20, 100))
    likeliest = model.encode(images)
    assert (model.encode_at_random(images, rng=3) != likeliest).mean() < 0.01
    np.testing.assert_array_equal(model.encode_at_random(images, rng=3), model.encode_at_random(images, rng=3))


def test_log_likelihoods_are_those_of_the_pixels():
    torch.manual_seed(2)
    model = network("random_bits", bits=3)
    images = torch.randint(0, 2, (4, 100)).float()
    received = 2 * torch.randint(0, 2, (5, 4, 3)).float() - 1
    with torch.no_grad():
        found = model.log_likelihood(images, received)
        for k in range(5):
            chance = torch.distributions.Bernoulli(logits=model.decoder(received[k]))
            torch.testing.assert_close(found[k], chance.log_prob(images).sum(dim=1))
        gaussian = Necst(*perceptrons(100, 3), 3, likelihood="gaussian")
        found = gaussian.log_likelihood(images, received)
        chance = torch.distributions.Normal(gaussian.decoder(received[0]), 0.5**0.5)
        constant = 50 * np.log(np.pi)
        torch.testing.assert_close(found[0], chance.log_prob(images).sum(dim=1) + constant, rtol=1e-4, atol=1e-3)


def test_what_is_refused():
    with pytest.raises(ValueError, match="noise=0.6 given, 0 to 0.5"):
        network("omniglot", noise=0.6)
    assert network("random_bits", channel="bec", noise=0.6).noise == 0.6
    with pytest.raises(ValueError, match="channel='awgn' given"):
        network("omniglot", channel="awgn")
    with pytest.raises(ValueError, match="likelihood='laplace' given"):
        Necst(None, None, 3, likelihood="laplace")
    with pytest.raises(ValueError, match="dataset='digits' given"):
        network("digits")
    for wrong in (np.full((2, 50), 3), np.zeros((2, 49)), np.zeros(50)):
        with pytest.raises(ValueError, match="rows of 50 values 0, 1 and 2 are expected"):
            network("random_bits").reconstruct(wrong)

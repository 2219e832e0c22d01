"""One network for many noises, and words that end early."""

import numpy as np
import pytest
import torch

from jscc.experiments.necst import EXPERIMENTS
from jscc.necst import MixedNoise, Necst, Objective, PrefixNecst, network, perceptrons, prefix

BY_NAME = {experiment.name: experiment for experiment in EXPERIMENTS}


@pytest.mark.parametrize("through", ["all", "one"])
def test_mixed_noise_of_one_value_is_that_noise_and_the_model_keeps_its_own(through):
    torch.manual_seed(0)
    model, other = network("random_bits", noise=0.05), network("random_bits", noise=0.3)
    other.load_state_dict(model.state_dict())
    images = torch.randint(0, 2, (20, 100))
    objective = Objective(through=through)
    torch.manual_seed(1)
    found = MixedNoise(objective, 0.3, 0.3)(model, images)
    torch.manual_seed(1)
    torch.rand(())  # the draw of the noise
    assert found.item() == objective(other, images).item() and model.noise == 0.05
    with pytest.raises(ValueError, match="low=0.3"):
        MixedNoise(objective, 0.3, 0.2)


def test_noises_are_spread_over_their_range():
    seen = []
    loss = MixedNoise(lambda model, images: seen.append(model.noise), 0.1, 0.4)
    model = network("random_bits")
    for _ in range(400):
        loss(model, None)
    assert 0.1 <= min(seen) < 0.11 and 0.39 < max(seen) <= 0.4 and abs(np.mean(seen) - 0.25) < 0.02


def test_a_word_ends_after_each_number_of_bits_equally_often_and_all_its_samples_at_the_same():
    torch.manual_seed(0)
    model = PrefixNecst(*perceptrons(9, 4, 5), 4)
    kept = model.kept((3, 4000, 4), torch.zeros(()))
    assert (kept == kept[0]).all() and (kept.diff(dim=2) <= 0).all()
    counts = torch.bincount(kept[0].sum(dim=1).long(), minlength=5)
    assert counts[0] == 0 and (abs(counts[1:] - 1000) < 140).all()
    erasing = PrefixNecst(*perceptrons(9, 4, 5), 4, "bec", 0.5).kept((3, 4000, 4), torch.zeros(()))
    assert abs(erasing.mean() - 0.5 * 0.625) < 0.02


@pytest.mark.parametrize("name, through", [("mean", "one"), ("mean", "all"), ("disarm", "all")])
def test_the_gradient_is_that_of_the_mean_over_all_ends(name, through):
    """Against enumeration of the 8 words of 3 bits and the 3 ends."""
    torch.manual_seed(0)
    model = PrefixNecst(*perceptrons(6, 3, 4), 3, noise=0.1)
    image = torch.tensor([[0, 1, 1, 0, 1, 0]])
    words = (torch.arange(8)[:, None] >> torch.arange(3) & 1).float()
    one = model.probability_of_one(model.encoder(image.float()))
    chance = torch.where(words == 1, one, 1 - one).prod(dim=1)
    value = 0.0
    for end in (1, 2, 3):
        received = model.received(words, (torch.arange(3) < end).float())
        value = value - (chance * model.log_likelihood(image, received[:, None])[:, 0]).sum() / 3
    weight = model.encoder[2].bias
    (wanted,) = torch.autograd.grad(value, weight)
    objective, rows, found = Objective(name, samples=2, through=through), image.expand(400, -1), []
    for _ in range(150):
        model.zero_grad()
        objective(model, rows).backward()
        found.append(weight.grad.clone())
    found = torch.stack(found)
    assert (abs(found.mean(dim=0) - wanted) < 5 * found.std(dim=0) / 150**0.5).all()


def test_bits_behind_the_prefix_say_nothing():
    model = PrefixNecst(*perceptrons(16, 12, 20), 12)
    words = np.random.default_rng(0).integers(0, 2, (30, 12), dtype=np.uint8)
    other = words.copy()
    other[:, 5:] ^= 1
    np.testing.assert_array_equal(model.reconstruct(prefix(words, 5)), model.reconstruct(prefix(other, 5)))
    np.testing.assert_array_equal(prefix(words, 12), words)
    assert (prefix(words, 0) == 2).all()
    for length in (-1, 13):
        with pytest.raises(ValueError, match="length="):
            prefix(words, length)


@pytest.mark.parametrize("name", ["necst_lengths", "necst_mixed", "necst_prefix"])
def test_every_point_of_the_smoke_grid_gives_rows(name):
    for point in BY_NAME[name].points("smoke"):
        found = BY_NAME[name].task(**point)
        for row in found if isinstance(found, list) else [found]:
            assert 0 <= row["ci_low"] <= row["wrong_pixels"] <= row["ci_high"] < 0.3 and row["n"] == 360


def test_a_trained_prefix_tells_more_the_longer_it_is_and_more_than_that_of_a_plain_model():
    from jscc.experiments.necst.common import parts, trained

    images = parts("digits").test
    wrong = {}
    for kind in ("prefix", "plain"):
        model = trained("digits", 12, 0.0, 60, 0, kind=kind).model
        assert type(model) is (PrefixNecst if kind == "prefix" else Necst)
        sent = model.encode(images)
        for length in (4, 12):
            wrong[kind, length] = ((model.reconstruct(prefix(sent, length)) > 0.5) != images).mean()
    assert wrong["prefix", 12] < wrong["prefix", 4] < wrong["plain", 4]

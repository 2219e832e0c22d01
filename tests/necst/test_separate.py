"""Vector quantisation, a linear code and Bayes' rule: against brute force, and by their laws."""

import itertools

import numpy as np
import pytest

from jscc import channels
from jscc.necst import ChannelOptimisedCode, LinearCode, SeparateCode, VectorQuantiser, good_code
from support import printed_without_and_with_jit


def blobs(count=300, pixels=70, kinds=9, seed=0):
    """Images near one of some patterns."""
    rng = np.random.default_rng(seed)
    patterns = rng.integers(0, 2, (kinds, pixels), dtype=np.uint8)
    flips = rng.random((count, pixels)) < 0.08
    return patterns[rng.integers(0, kinds, count)] ^ flips


@pytest.mark.parametrize("pixels, bits", [(1, 1), (63, 3), (64, 3), (70, 8), (450, 4)])
def test_the_nearest_codeword_is_that_of_brute_force(pixels, bits):
    rng = np.random.default_rng(pixels)
    images = rng.integers(0, 2, (600, pixels), dtype=np.uint8)
    quantiser = VectorQuantiser.fit(images, bits, rng=1, rounds=2)
    index, distance = quantiser.quantise(images)
    wrong = (images[:, None] != quantiser.codewords).sum(axis=2)
    np.testing.assert_array_equal(index, wrong.argmin(axis=1))  # of equals the first
    np.testing.assert_array_equal(distance, wrong.min(axis=1))


@pytest.mark.parametrize("seed", range(6))
def test_the_distortion_never_rises(seed):
    """Codewords without an image included: twice as many codewords as different images."""
    images = blobs(seed=seed)
    images[: 200 if seed % 2 else 0] = images[0]
    quantiser = VectorQuantiser.fit(images, 6, rng=seed)
    assert len(quantiser.distortions) > 2
    assert all(later <= earlier for earlier, later in itertools.pairwise(quantiser.distortions))
    _, distance = quantiser.quantise(images)
    assert distance.mean() / images.shape[1] == pytest.approx(quantiser.distortions[-1], abs=1e-12)


def test_codewords_are_medians_and_means_are_means_of_their_images():
    images = blobs()
    quantiser = VectorQuantiser.fit(images, 3, rng=2, rounds=100)
    index, _ = quantiser.quantise(images)
    assert quantiser.shares.sum() == pytest.approx(1)
    for i in range(8):
        mine = images[index == i]
        assert quantiser.shares[i] == len(mine) / len(images)
        if len(mine):
            np.testing.assert_allclose(quantiser.means[i], mine.mean(axis=0), rtol=1e-6)
            assert not ((quantiser.codewords[i] - mine.mean(axis=0)) > 0.5).any()


def test_as_many_codewords_as_images_leave_no_error_and_none_leave_the_median():
    images = np.unique(blobs(64, seed=3), axis=0)[:32]
    assert VectorQuantiser.fit(images, 5, rng=0).distortions[-1] == 0
    one = VectorQuantiser.fit(images, 0, rng=0)
    assert one.bits == 0
    median = (2 * images.sum(axis=0) > len(images)) != images
    assert one.distortions[-1] == pytest.approx(np.minimum(images.mean(axis=0), 1 - images.mean(axis=0)).mean())
    assert median.mean() == pytest.approx(one.distortions[-1])


def slow_posterior(system, received):
    """Bayes' rule in double precision, from the definition."""
    out = []
    for word in received:
        chance = [
            prior * np.prod(np.where(word == sent, 1 - system.noise, system.noise))
            for prior, sent in zip(system.shares, system.codewords, strict=True)
        ]
        out.append(np.array(chance) / sum(chance))
    return np.array(out)


@pytest.mark.parametrize("noise", [0.0, 0.05, 0.3, 0.5])
def test_the_decoder_is_bayes_rule(noise):
    images = blobs()
    system = SeparateCode(VectorQuantiser.fit(images, 4, rng=0), good_code(70, 4, rng=0), noise)
    received = channels.bsc(system.encode(images[:40]), noise, rng=1)
    wanted = slow_posterior(system, received)
    found = system.posterior(received)
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(system.reconstruct(received), wanted @ system.means, rtol=1e-4, atol=1e-6)


def test_at_noise_one_half_nothing_arrives():
    images = blobs()
    system = SeparateCode(VectorQuantiser.fit(images, 4, rng=0), good_code(30, 4, rng=0), 0.5)
    said = system.reconstruct(channels.bsc(system.encode(images), 0.5, rng=0))
    np.testing.assert_allclose(said, np.broadcast_to(images.mean(axis=0), said.shape), atol=1e-5)


def test_without_noise_the_cluster_s_mean_arrives():
    images = blobs()
    system = SeparateCode(VectorQuantiser.fit(images, 4, rng=0), good_code(30, 4, rng=0), 0.0)
    np.testing.assert_allclose(system.reconstruct(system.encode(images)), system.means[system.index(images)], rtol=1e-6)


def test_rounding_the_posterior_mean_is_best_in_the_model():
    """All words of a short code: no other reconstruction has fewer wrong pixels in expectation."""
    images = blobs(pixels=6, kinds=4)
    system = SeparateCode(VectorQuantiser.fit(images, 2, rng=0), LinearCode([[1, 1, 0, 1], [0, 1, 1, 1]]), 0.2)
    for word in itertools.product((0, 1), repeat=4):
        chance = slow_posterior(system, [np.array(word)])[0]
        guesses = np.array(list(itertools.product((0, 1), repeat=6)))
        expected = [(chance @ np.abs(system.means - guess)).sum() for guess in guesses]
        mine = system.reconstruct([word])[0] > 0.5
        assert (chance @ np.abs(system.means - mine)).sum() == pytest.approx(min(expected), abs=1e-5)


def test_the_channel_optimised_code_gets_better_through_the_channel():
    images, fresh = blobs(600), blobs(600)[::-1]
    quantiser, code = VectorQuantiser.fit(images, 5, rng=0), good_code(12, 5, rng=0)
    plain = SeparateCode(quantiser, code, 0.15)
    trained = ChannelOptimisedCode(quantiser, code, 0.15, images, rng=1, draws=2000)
    assert trained.costs[-1] < trained.costs[0]
    wrong = [
        (np.round(system.reconstruct(channels.bsc(system.encode(fresh), 0.15, rng=2))) != fresh).mean()
        for system in (plain, trained)
    ]
    assert wrong[1] < wrong[0]
    # What it reckons with is what happens: the expected cost, on the images that it was trained on.
    costs = [
        (np.round(trained.reconstruct(channels.bsc(trained.encode(images), 0.15, rng=seed))) != images).mean()
        for seed in range(20)
    ]
    assert np.mean(costs) == pytest.approx(trained.costs[-1], rel=0.02)


def test_the_index_of_least_expected_cost_is_that_of_brute_force():
    images = blobs(100)
    quantiser = VectorQuantiser.fit(images, 3, rng=0)
    trained = ChannelOptimisedCode(quantiser, good_code(8, 3), 0.2, images, rng=1)
    cost = np.abs(images[:, None] - trained._expected).sum(axis=2)
    np.testing.assert_allclose(np.take_along_axis(cost, trained.index(images)[:, None], 1)[:, 0], cost.min(axis=1))


def test_without_noise_the_channel_optimised_code_is_the_plain_one_or_better():
    images = blobs()
    quantiser, code = VectorQuantiser.fit(images, 4, rng=0), good_code(20, 4)
    trained = ChannelOptimisedCode(quantiser, code, 0.0, images, rng=1, draws=1)
    assert trained.costs[-1] <= quantiser.distortions[-1] + 1e-12


def test_the_seed_decides():
    images = blobs()
    for seed in (0, 1):
        quantisers = [VectorQuantiser.fit(images, 4, rng=seed) for _ in range(2)]
        np.testing.assert_array_equal(quantisers[0].codewords, quantisers[1].codewords)
    other = VectorQuantiser.fit(images, 4, rng=0)
    assert (other.codewords != quantisers[0].codewords).any()
    code = good_code(12, 4)
    trained = [ChannelOptimisedCode(other, code, 0.2, images, rng=5) for _ in range(2)]
    np.testing.assert_array_equal(trained[0].index(images), trained[1].index(images))
    assert trained[0].costs == trained[1].costs


def test_no_images_and_no_words():
    images = blobs()
    system = SeparateCode(VectorQuantiser.fit(images, 3, rng=0), good_code(12, 3), 0.1)
    assert system.encode(images[:0]).shape == (0, 12)
    assert system.reconstruct(np.zeros((0, 12), int)).shape == (0, 70)


def test_what_is_refused():
    images = blobs(10)
    with pytest.raises(ValueError, match="10 images given, at least 16"):
        VectorQuantiser.fit(images, 4, rng=0)
    for bits in (-1, 2.5, 21):
        with pytest.raises(ValueError, match=f"bits={bits} given"):
            VectorQuantiser.fit(images, bits, rng=0)
    with pytest.raises(ValueError, match="rounds=0 given"):
        VectorQuantiser.fit(images, 1, rng=0, rounds=0)
    with pytest.raises(ValueError, match="images"):
        VectorQuantiser.fit(images + 1, 1, rng=0)
    quantiser = VectorQuantiser.fit(images, 2, rng=0)
    with pytest.raises(ValueError, match="a code of dimension 2 is expected"):
        SeparateCode(quantiser, good_code(9, 3), 0.1)
    with pytest.raises(ValueError, match="noise=0.7 given"):
        SeparateCode(quantiser, good_code(9, 2), 0.7)
    with pytest.raises(ValueError, match="draws=0 given"):
        ChannelOptimisedCode(quantiser, good_code(9, 2), 0.1, images, rng=0, draws=0)


def test_the_kernels_without_the_compiler():
    program = (
        "import numpy as np\n"
        "np.seterr(over='ignore')  # the sum of bytes lies in the top one of a product\n"
        "from jscc.necst import SeparateCode, VectorQuantiser, good_code\n"
        "images = np.random.default_rng(0).integers(0, 2, (40, 330), dtype=np.uint8)\n"
        "system = SeparateCode(VectorQuantiser.fit(images, 3, rng=0, rounds=3), good_code(70, 3, tries=2), 0.2)\n"
        "print(system.quantiser.distortions, system.index(images).tolist())\n"
        "print(system.posterior(system.encode(images[:9]) ^ (np.arange(70) % 4 == 0)).round(5).tolist())\n"
    )
    plain, compiled = printed_without_and_with_jit(program)
    assert plain == compiled

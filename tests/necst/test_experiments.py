"""The experiments at their smallest: splits, rows, and the metric."""

from functools import partial

import numpy as np
import pytest

from jscc import datasets
from jscc.experiments.necst import EXPERIMENTS, common, estimators, reconstruction
from jscc.experiments.necst.common import EPS, parts, wrong_pixels

BY_NAME = {experiment.name: experiment for experiment in EXPERIMENTS}


@pytest.mark.parametrize("dataset, sizes", [("random_bits", (5000, 1000, 1000)), ("digits", (1237, 200, 360))])
def test_the_parts_are_apart(dataset, sizes):
    held = parts(dataset)
    assert tuple(map(len, (held.train, held.valid, held.test))) == sizes
    assert all(part.shape[1] == held.pixels and part.max() == 1 for part in (held.train, held.valid, held.test))
    again = parts(dataset)
    np.testing.assert_array_equal(held.test, again.test)


@pytest.mark.skipif(not datasets.available("omniglot"), reason="omniglot is not here")
def test_omniglot_has_the_published_sizes_and_a_part_of_no_image_twice():
    held = parts("omniglot")
    assert (len(held.train), len(held.valid), len(held.test)) == (23_845, 500, 8_070)
    # The order of the images is that of alphabets: the validation images are not the first ones.
    x = datasets.load("omniglot")["x"].reshape(-1, 784) >= 128
    first = x[np.sort(datasets.load("omniglot")["train_idx"])[:500]]
    assert (held.valid != first).any(axis=1).mean() > 0.9


@pytest.mark.skipif(not datasets.available("binarized_mnist"), reason="binarized_mnist is not here")
def test_the_metric_is_the_paper_s():
    """The best that can be done without any news: .131 on binary MNIST at eps = .5, as in the paper's table."""
    assert reconstruction.guess("binarized_mnist", 0, 0.5, 0)["wrong_pixels"] == pytest.approx(0.131, abs=0.0005)


def test_wrong_pixels_are_counted_after_rounding():
    images = np.array([[0, 0, 1, 1], [0, 1, 0, 1]], np.uint8)
    said = np.array([[0.4, 0.6, 0.6, 0.4], [0.1, 0.9, 0.2, 0.8]])
    row = wrong_pixels(images, images, lambda received: said, 0.0, 0)
    assert row["wrong_pixels"] == 0.25 and row["n"] == 2
    assert row["ci_low"] < 0.25 < row["ci_high"]


def test_raw_bits_of_fair_coins_are_wrong_as_often_as_their_formula_says():
    """50 of 100 bits arrive with errors eps, the others are guessed: .25 + .5 eps."""
    for eps in (0.0, 0.1, 0.3):
        row = reconstruction.guess("random_bits", 50, eps, 0)
        assert row["wrong_pixels"] == pytest.approx(0.25 + 0.5 * eps, abs=0.008)


TRAINED = [
    "necst_reconstruction",
    "necst_effective_bits",
    "necst_erasures",
    "necst_estimators",
    "necst_straight_through",
]


@pytest.mark.parametrize("name", [*TRAINED, "necst_erasures_apart"])
def test_every_point_of_the_smoke_grid_gives_rows(name):
    experiment = BY_NAME[name]
    for point in experiment.points("smoke"):
        found = experiment.task(**point)
        for row in found if isinstance(found, list) else [found]:
            assert 0 <= row["ci_low"] <= row["wrong_pixels"] <= row["ci_high"] < 0.3
            assert row.get("eps", 0) in EPS and row["n"] == (200 if name == "necst_estimators" else 360)


def test_the_spread_tells_estimators_with_a_bias_from_those_without():
    rows = {name: estimators.spread("digits", name, 0.1, 50, 300, 0) for name in ("mean", "disarm", "gumbel")}
    for name in ("mean", "disarm"):
        assert rows[name]["bias"] == pytest.approx(rows[name]["bias_noise"], rel=0.35)
    assert rows["gumbel"]["bias"] > 3 * rows["gumbel"]["bias_noise"]
    assert estimators.spread("digits", "vimco", 0.1, 5, 3, 0)["bias"] is None


def test_of_erased_words_only_what_agrees_is_left():
    """Nothing erased: the index's own image. All erased: the mean of all clusters by their shares."""
    images = parts("digits").test
    source = reconstruction.quantiser("digits", 4, 0)
    codewords = reconstruction.good_code(20, 4, 0).codewords()
    index = source.quantise(images)[0]
    for noise, said in ((0.0, source.means[index]), (1.0, source.shares @ source.means)):
        row = reconstruction._wrong_after_erasures(source, codewords, images, noise, np.random.default_rng(0))
        assert row["wrong_pixels"] == pytest.approx(((said > 0.5) != images).mean())


def test_separate_codes_beat_guessing_and_the_index_grows_shorter_with_the_noise():
    rows = {eps: reconstruction.separate("digits", "vq_linear", 20, eps, 0) for eps in (0.0, 0.2, 0.4)}
    nothing = reconstruction.guess("digits", 0, 0.0, 0)["wrong_pixels"]
    assert all(row["wrong_pixels"] < nothing for row in rows.values())
    bits = [row["index_bits"] for row in rows.values()]
    assert bits == sorted(bits, reverse=True) and bits[0] > bits[-1]


def test_the_paper_s_grid():
    points = BY_NAME["necst_reconstruction"].points("paper")
    trainings = [point for point in points if point["system"] == "necst"]
    # Noises, seeds; and schedules of other lengths.
    assert len(trainings) == 3 * (6 * 3) + len(reconstruction.FEWER_EPOCHS) + 2 * 3 + 1
    assert len({tuple(point.items()) for point in points}) == len(points)
    assert {point["epochs"] for point in points if point["system"] == "constant"} == {0}
    with pytest.raises(ValueError, match="dataset='mnist' given"):
        parts("mnist")


def test_a_long_training_is_done_once_and_a_short_one_leaves_no_file(tmp_path, monkeypatch):
    monkeypatch.setenv("JSCC_MODELS", str(tmp_path))
    ask = partial(common.trained, "digits", 10, 0.1)
    short = ask(2, 0)
    assert not list(tmp_path.rglob("*.safetensors"))
    monkeypatch.setattr(common, "SHORT", 2000)
    first = ask(2, 0)
    (file,) = tmp_path.rglob("*.safetensors")
    written = file.stat().st_mtime_ns
    again = ask(2, 0)
    assert first.losses == again.losses == short.losses and again.resumed == 2
    ask(2, 0, prior=0.0)  # what it is anyway
    assert file.stat().st_mtime_ns == written and len(list(tmp_path.rglob("*.safetensors"))) == 1
    ask(2, 1)
    ask(2, 0, prior=1.0)
    assert len(list(tmp_path.rglob("*.safetensors"))) == 3

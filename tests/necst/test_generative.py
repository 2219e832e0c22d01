"""Flips, strips and chains as experiments: what must hold of their rows whatever the model."""

import numpy as np
import pytest

from jscc.experiments.necst import EXPERIMENTS, generative
from jscc.necst import DigitReader, flip_first, network, strip

BY_NAME = {experiment.name: experiment for experiment in EXPERIMENTS}
BITS = 16


def by_majority(words):
    """A judge that reads 1 where most bits are 1, else 0; of ten classes."""
    said = np.zeros((len(words), 10))
    said[np.arange(len(words)), (words.mean(axis=1) > 0.5).astype(int)] = 1
    return said


def test_bits_are_flipped_in_the_order_given():
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 2, (20, BITS), dtype=np.uint8)
    order = rng.permuted(np.tile(np.arange(BITS), (20, 1)), axis=1)
    counts = rng.integers(0, BITS + 1, 20)
    found = flip_first(codes, order, counts)
    for row, count in enumerate(counts):
        wanted = codes[row].copy()
        wanted[order[row, :count]] ^= 1
        np.testing.assert_array_equal(found[row], wanted)
    np.testing.assert_array_equal(flip_first(codes, order, BITS), 1 - codes)
    with pytest.raises(ValueError, match=r"\(N, m\) twice is expected"):
        flip_first(codes, order[:, :3], 1)


def test_codes_of_all_zeros_change_once_most_bits_are_flipped():
    codes = np.zeros((50, BITS), np.uint8)
    rows = generative.randomly(codes, by_majority, np.random.default_rng(0))
    assert [row["flips"] for row in rows] == list(range(BITS + 1))
    for row in rows:
        assert row["changed"] == row["others"] == 50 * (row["flips"] > BITS / 2)


def test_the_way_ends_at_the_other_digit():
    codes = np.repeat(np.array([[0], [1]], np.uint8), BITS, axis=1)[np.arange(10) % 2]
    rows = generative.towards(codes, by_majority, np.random.default_rng(0))
    assert rows[0]["as_end"] == 0 and rows[-1]["as_end"] == rows[-1]["n"] == 9
    assert rows[-1]["flips"] == BITS and all(row["others"] == 0 for row in rows)


@pytest.mark.parametrize("name", ["necst_flips", "necst_chain"])
def test_every_point_of_the_smoke_grid_gives_rows(name):
    for point in BY_NAME[name].points("smoke"):
        rows = BY_NAME[name].task(**point)
        assert [row["n"] for row in rows] == [rows[0]["n"]] * len(rows)
        if name == "necst_flips":
            changed = [row["changed"] for row in rows]
            assert changed[0] == rows[0]["others"] == 0 and changed == sorted(changed)
            if point["kind"] == "towards":
                assert rows[-1]["as_end"] == rows[-1]["n"]
        else:
            assert [row["step"] for row in rows] == [0, 1, 2, 5]
            for row in rows:
                assert sum(row[f"share_{digit}"] for digit in range(10)) == pytest.approx(1)
                assert 0 <= row["distance"] <= 1 and 0 < row["distance_by_chance"] < 0.5
            if point["start"] == "data":
                assert rows[0]["as_started"] == 1 and 0.2 < rows[0]["ink"] < 0.5


def test_a_strip_begins_and_ends_with_the_reconstructions():
    model, reader = network("random_bits"), DigitReader(100)
    ends = np.random.default_rng(0).integers(0, 2, (2, 100))
    between = strip(model, reader.probabilities, *ends, rng=0, frames=6)
    np.testing.assert_allclose(between.images[[0, -1]], model.reconstruct(model.encode(ends)), rtol=1e-5)
    assert between.flips[-1] == (model.encode(ends[:1]) != model.encode(ends[1:])).sum()
    np.testing.assert_allclose(between.confidence.sum(axis=1), 1, rtol=1e-5)
    blind = strip(model, reader.probabilities, ends[0], None, rng=0, frames=3)
    assert blind.flips.tolist() == [0, 25, 50]
    with pytest.raises(ValueError, match="frames=1 given"):
        strip(model, reader.probabilities, *ends, rng=0, frames=1)


def test_the_reader_reads():
    images, labels, tests, truth = generative.gray_digits("digits")
    reader = generative.trained_reader("digits").model
    assert (reader.predict(tests / 255) == truth).mean() > 0.9
    assert (reader.predict(tests >= 128) == truth).mean() > 0.75
    with pytest.raises(ValueError, match="dataset='omniglot' given"):
        generative.gray_digits("omniglot")

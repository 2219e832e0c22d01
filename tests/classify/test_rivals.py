"""The rivals' networks: shapes, sizes, determinism, and that they learn what can be learnt."""

from functools import partial

import numpy as np
import pytest
import torch

from jscc.classify import (
    compact_cnn,
    fully_connected,
    gray_images,
    low_frequencies,
    n_parameters,
    resnet18,
    square,
    train_and_predict,
    vgg11,
)
from jscc.experiments.syndromes import rivals as experiment
from jscc.jpeg import dct
from jscc.training import Training

TINY = {
    "VGG11": (partial(vgg11, 1 / 16), square),
    "URESNET18": (partial(resnet18, 1 / 16), np.asarray),
    "CNN1D": (compact_cnn, np.asarray),
    "FullyConn": (partial(fully_connected, 70, 16), np.asarray),
}


@pytest.fixture(autouse=True)
def one_thread():
    """Such small networks only lose by more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def problem(count=60, width=70):
    """Bytes whose first ones tell the class (two classes), the rest chance."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, count)
    rows = rng.integers(0, 256, (count, width), dtype=np.uint8)
    rows[:, :20] = np.where(labels[:, None] == 1, 250, 5)
    return rows, labels


@pytest.mark.parametrize("name", TINY)
def test_training_is_the_same_twice_and_other_with_another_seed(name):
    build, shape = TINY[name]
    rows, labels = problem()
    states = []

    def kept():
        states.append(build())
        return states[-1]

    torch.manual_seed(11)
    torch.set_num_threads(2)
    before = torch.get_rng_state()
    for seed in (3, 3, 4):
        train_and_predict(kept, shape(rows), labels, shape(rows[:2]), Training(epochs=1, batch_size=30), seed)
    first, again, other = (torch.cat([w.flatten() for w in model.parameters()]) for model in states)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert torch.equal(torch.get_rng_state(), before) and torch.get_num_threads() == 2
    assert not torch.are_deterministic_algorithms_enabled()


@pytest.mark.parametrize("name", TINY)
def test_every_network_learns_what_the_first_bytes_tell(name):
    build, shape = TINY[name]
    rows, labels = problem(120)
    settings = Training(epochs=12, batch_size=20, learning_rate=0.003)
    predicted, size, loss = train_and_predict(build, shape(rows[:80]), labels[:80], shape(rows[80:]), settings)
    assert predicted.shape == (40,) and predicted.dtype == np.int64
    assert (predicted == labels[80:]).mean() > 0.9
    assert 0 < loss < 0.5
    assert size == n_parameters(build())


def test_sizes():
    assert n_parameters(fully_connected()) == 1_059_850
    assert n_parameters(compact_cnn()) == 125_578
    # The convolutions of network A of Simonyan and Zisserman have 9,220,480 weights with their biases, 1,152 of which
    # read the second and third colour; batch normalisation puts two numbers a channel in the place of the bias.
    channels = 64 + 128 + 2 * 256 + 4 * 512
    assert n_parameters(vgg11()) == 9_220_480 - 1152 - channels + 2 * channels + 5130
    assert n_parameters(vgg11(0.25)) < n_parameters(vgg11()) / 15


@pytest.mark.parametrize("width", [1, 1024, 1025, 1200])
def test_every_network_reads_every_length(width):
    rows = np.random.default_rng(1).integers(0, 256, (3, width), dtype=np.uint8)
    with torch.inference_mode():
        for build, shape in list(TINY.values())[:3]:
            scores = build().eval()(torch.from_numpy(shape(rows)))
            assert scores.shape == (3, 10) and torch.isfinite(scores).all()


@pytest.mark.parametrize("width, side", [(0, 32), (5, 32), (1024, 32), (1025, 33), (1089, 33), (1090, 34)])
def test_a_square_holds_the_bytes_in_order_and_zeros(width, side):
    rows = np.random.default_rng(2).integers(1, 256, (2, width), dtype=np.uint8)
    folded = square(rows)
    assert folded.shape == (2, side, side)
    np.testing.assert_array_equal(folded.reshape(2, -1)[:, :width], rows)
    assert not folded.reshape(2, -1)[:, width:].any()


@pytest.mark.parametrize("keep", [1, 4, 8])
def test_low_frequencies_are_what_is_left(keep):
    coefficients = np.random.default_rng(3).integers(1, 9, (2, 16, 32)).astype(np.int16)
    left = low_frequencies(coefficients, keep)
    assert left.dtype == coefficients.dtype
    blocks, whole = (a.reshape(2, 2, 8, 4, 8) for a in (left, coefficients))
    np.testing.assert_array_equal(blocks[:, :, :keep, :, :keep], whole[:, :, :keep, :, :keep])
    assert np.count_nonzero(left) == 2 * 8 * keep**2


def test_one_frequency_is_the_mean_of_the_block():
    image = np.kron(np.array([[10, 200], [90, 30]], np.uint8), np.ones((8, 8), np.uint8))[None]
    coefficients = dct.forward(image, 95)
    np.testing.assert_array_equal(low_frequencies(coefficients, 1), coefficients)


def test_wrong_arguments_are_refused():
    rows, labels = problem()
    go = partial(train_and_predict, compact_cnn)
    with pytest.raises(ValueError, match="label"):
        go(rows, labels[:-1], rows)
    with pytest.raises(ValueError, match="one shape"):
        go(rows, labels, rows[:, :-1])
    with pytest.raises(ValueError, match="0 to 9"):
        go(rows, labels + 9, rows)
    with pytest.raises(ValueError, match="test"):
        go(rows, labels, rows[:0])
    with pytest.raises(ValueError, match="factor"):
        vgg11(0)
    with pytest.raises(ValueError, match="keep"):
        low_frequencies(np.zeros((1, 8, 8), int), 9)
    with pytest.raises(ValueError, match="whole 8x8"):
        low_frequencies(np.zeros((1, 9, 8), int), 2)
    with pytest.raises(ValueError, match="uint8"):
        square(np.zeros((2, 3)))


@pytest.mark.parametrize("method", ["none", "huffman", "arithmetic", "jpeg"])
def test_streams_have_one_width_and_the_tables_of_the_training_set(method):
    images = experiment.training_subset(gray_images("digits"), 50)
    train, test, rate = experiment.streams(images, method)
    assert train.dtype == test.dtype == np.uint8 and train.shape[1] == test.shape[1]
    assert (len(train), len(test)) == (50, 360)
    if method in ("huffman", "arithmetic"):  # padding may end in zeros, and a JPEG scan in the one stuffed after FF
        assert train[:, -4:].any()  # as wide as the longest, no wider
    assert 0 < rate <= 8
    blank = experiment.LabelledImages(images.train, images.train_labels, images.test[:5], images.test_labels[:5])
    np.testing.assert_array_equal(experiment.streams(blank, method)[1], test[:5])


def test_the_subset_is_fixed_and_smaller_ones_are_part_of_larger_ones():
    images = gray_images("digits")
    small, large = (experiment.training_subset(images, n) for n in (20, 100))
    np.testing.assert_array_equal(small.train, large.train[:20])
    np.testing.assert_array_equal(small.test, images.test)
    with pytest.raises(ValueError, match="n_train"):
        experiment.training_subset(images, len(images.train) + 1)


@pytest.mark.parametrize("method, model", [("jl_8bp", "GRU12"), ("dct_truncated", "FullyConn"), ("huffman", "CNN1D")])
def test_a_row_of_the_table_counts_what_it_says(method, model):
    row = experiment.train_rival("digits", method, model, 64, 1, 0)
    assert row["n_test"] == 360 and row["accuracy"] == pytest.approx(1 - row["errors"] / 360)
    expected = {"jl_8bp": (4.0, 0.5), "dct_truncated": (2.0, None)}
    if method in expected:
        assert (row["bits_per_pixel"], row["rate_gain"]) == expected[method]
    else:
        assert row["rate_gain"] == row["bits_per_pixel"] / 8
    assert row == experiment.train_rival("digits", method, model, 64, 1, 0)


def test_unknown_methods_are_refused():
    images = experiment.training_subset(gray_images("digits"), 5)
    with pytest.raises(ValueError, match="method"):
        experiment.streams(images, "zip")
    with pytest.raises(ValueError, match="method"):
        experiment.numbers(images, "huffman")

"""Classifiers that come trained: they are those of the table, and do what it says."""

import io
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from jscc import artefacts, results
from jscc.classify import CLASS_NAMES, gray_images, read_picture, shipped_classifier
from jscc.experiments.syndromes.weights import EXPERIMENTS
from jscc.runner import compute_point
from jscc.statistics import binomial_interval


@pytest.mark.parametrize("dataset", CLASS_NAMES)
def test_the_weights_are_those_of_the_table(dataset):
    table = results.load("syndromes_weights").set_index("dataset")
    assert artefacts.sha256(artefacts.path_of(table.weights[dataset])) == table.weights_sha256[dataset]
    classifier = shipped_classifier(dataset)
    assert classifier.model.n_parameters == table.parameters[dataset] == 19_030
    assert len(set(classifier.classes)) == 10


@pytest.mark.parametrize("dataset", CLASS_NAMES)
def test_the_accuracy_is_that_of_the_table(dataset):
    row = results.load("syndromes_weights").set_index("dataset").loc[dataset]
    if dataset != "digits" and not os.environ.get("JSCC_DATA"):
        pytest.skip("JSCC_DATA is not set")
    images = gray_images(dataset)
    right = int((shipped_classifier(dataset).predict(images.test) == images.test_labels).sum())
    assert len(images.test) == row.n_test
    assert row.accuracy == pytest.approx(1 - row.errors / row.n_test)
    low, high = binomial_interval(row.n_test - row.errors, row.n_test)
    assert (row.ci_low, row.ci_high) == (pytest.approx(low), pytest.approx(high))
    # Another processor adds in another order, which may turn a picture or two that lie between two classes.
    assert abs(right - (row.n_test - row.errors)) <= 2 and low <= right / row.n_test <= high


def test_one_picture_is_read_as_one_of_many_is():
    classifier, test = shipped_classifier("digits"), gray_images("digits").test[:6]
    many = classifier.probabilities(test)
    np.testing.assert_allclose(many.sum(axis=1), 1)
    np.testing.assert_allclose(classifier.probabilities(test[2]), many[2], rtol=1e-4)
    np.testing.assert_array_equal(classifier.predict(test), many.argmax(axis=1))
    assert classifier.predict(test[2]) == many[2].argmax()
    assert classifier.names(test).tolist() == [classifier.classes[k] for k in many.argmax(axis=1)]
    assert classifier.names(test[2]) == classifier.names(test)[2]
    assert classifier.names(test[:0]).shape == (0,)


def test_computing_a_point_again_replaces_no_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("JSCC_MODELS", str(tmp_path))
    row = compute_point(EXPERIMENTS[0], "paper", dataset="digits")
    assert row.weights[0] == "gru12_digits" and len(row.weights_sha256[0]) == 64
    row = compute_point(EXPERIMENTS[0], "smoke")
    assert row.weights[0] == "none" and "weights_sha256" not in row
    assert not list(tmp_path.iterdir())


def test_what_is_not_there_is_refused(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="dataset='cifar10' given"):
        shipped_classifier("cifar10")
    with pytest.raises(ValueError, match="images of shape"):
        shipped_classifier("digits").predict(np.zeros(5, np.uint8))
    digits = artefacts.load("gru12_digits")
    monkeypatch.setenv("JSCC_MODELS", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="gru12_mnist"):
        shipped_classifier("mnist")
    artefacts.save("gru12_mnist", *digits)
    with pytest.raises(ValueError, match="gru12_mnist.safetensors given"):
        shipped_classifier("mnist")


def as_file(image: np.ndarray) -> io.BytesIO:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "png")
    file.seek(0)
    return file


@given(st.data())
def test_a_picture_is_read_wherever_it_stands_and_whatever_its_ground(data):
    """Moved, on white or on black, gray or coloured: the same 28 x 28 bytes."""
    height, width = data.draw(st.integers(2, 60)), data.draw(st.integers(2, 60))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    ink = rng.integers(128, 256, (height, width), dtype=np.uint8)
    ink.reshape(-1)[rng.integers(ink.size)] = 255
    margins = st.tuples(st.integers(31, 60), st.integers(31, 60))
    placed = [np.pad(ink, (data.draw(margins), data.draw(margins))) for _ in range(2)]
    box = data.draw(st.integers(1, 28))
    first = read_picture(as_file(placed[0]), box=box)
    assert first.shape == (28, 28) and first.dtype == np.uint8
    rows, columns = (np.flatnonzero(first.any(axis=axis)) for axis in (1, 0))
    assert max(np.ptp(rows), np.ptp(columns)) + 1 <= box
    for other in (placed[1], 255 - placed[1], np.stack([placed[0]] * 3, axis=-1)):
        np.testing.assert_array_equal(read_picture(as_file(other), box=box), first)


def test_a_picture_is_set_by_its_centre_of_mass():
    for seed in range(20):
        ink = np.zeros((50, 50), np.uint8)
        ink[10:30, 15:35] = np.random.default_rng(seed).integers(0, 256, (20, 20)) // 128 * 255
        ink[10:40, 12] = 255
        read = read_picture(as_file(ink)).astype(float)
        centre = [read.sum(axis=axis) @ np.arange(28) / read.sum() for axis in (1, 0)]
        np.testing.assert_allclose(centre, 13.5, atol=0.75)


def test_what_is_no_picture_is_refused(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes(as_file(np.arange(10_000, dtype=np.uint8).reshape(100, 100)).getvalue()[:90])
    for name in ("text.png", "cut.png"):
        with pytest.raises(ValueError, match=f"{name} given, a picture is expected"):
            read_picture(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        read_picture(tmp_path / "none.png")
    for level in (0, 128, 255):
        with pytest.raises(ValueError, match=f"ground of level {level} "):
            read_picture(as_file(np.full((20, 20), level, np.uint8)))
    for box in (0, 29):
        with pytest.raises(ValueError, match=f"box={box} given"):
            read_picture(as_file(np.eye(20, dtype=np.uint8) * 255), box=box)

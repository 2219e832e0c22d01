"""Weights that come with the book: they read back, and give the numbers of their table on fresh draws."""

import numpy as np
import pytest

from jscc import artefacts, datasets, results
from jscc.experiments.necst import EXPERIMENTS
from jscc.experiments.necst.common import parts, trained, wrong_pixels
from jscc.experiments.necst.generative import gray_digits
from jscc.necst import (
    CODEBOOK,
    SHIPPED_NOISES,
    DigitReader,
    SeparateCode,
    VectorQuantiser,
    codebook_of,
    drawing_arrays,
    drawing_model,
    good_code,
    model_of,
    separate_of,
    shipped_model,
    shipped_reader,
    shipped_separate,
    weights_name,
    weights_of,
)

BY_NAME = {experiment.name: experiment for experiment in EXPERIMENTS}
NAMES = [*map(weights_name, SHIPPED_NOISES), "necst_reader"]
here = pytest.mark.skipif(
    not all(artefacts.path_of(name).is_file() for name in NAMES) or not datasets.available("binarized_mnist"),
    reason="the weights are not here (jscc run necst_weights, jscc run necst_reader), or binary MNIST is not",
)


@here
@pytest.mark.parametrize("noise", SHIPPED_NOISES)
def test_the_weights_give_the_table_s_numbers_on_fresh_draws(noise):
    table = results.load("necst_weights")
    table = table[table.noise == noise]
    assert set(table.weights_sha256) == {artefacts.sha256(artefacts.path_of(weights_name(noise)))}
    model = shipped_model(noise)
    images = parts("binarized_mnist").test[::5]  # they are sorted by class
    sent = model.encode(images)
    for row in table.itertuples():
        found = wrong_pixels(images, sent, model.reconstruct, row.eps, 12345)
        assert abs(found["wrong_pixels"] - row.wrong_pixels) < 1.5 * (found["ci_high"] - found["ci_low"])


@here
def test_all_weights_are_small_and_the_reader_reads():
    assert sum(artefacts.path_of(name).stat().st_size for name in NAMES) < 25e6
    if datasets.available("mnist"):
        row = results.load("necst_reader").iloc[0]
        _, _, images, labels = gray_digits("binarized_mnist")
        wrong = (shipped_reader().predict(images / np.float32(255)) != labels).sum()
        assert abs(wrong - row.errors) <= 5  # half precision


def test_weights_that_are_kept_read_back(tmp_path, monkeypatch):
    monkeypatch.setenv("JSCC_MODELS", str(tmp_path))
    point = BY_NAME["necst_weights"].points("smoke")[0]
    rows = BY_NAME["necst_weights"].task(**point | {"weights": "some"})
    assert {row["weights_sha256"] for row in rows} == {artefacts.sha256(artefacts.path_of("some"))}
    assert "weights_sha256" not in BY_NAME["necst_weights"].task(**point)[0]
    arrays, header = artefacts.load("some")
    assert {value.dtype for value in arrays.values()} == {np.dtype(np.float16)} and header["noise"] == 0.1
    images = parts("digits").test
    model = model_of(arrays, header)
    whole = trained("digits", 20, 0.1, point["epochs"], 0).model
    assert (model.encode(images) != whole.encode(images)).mean() < 0.01
    codes = np.random.default_rng(0).integers(0, 2, (50, 20))
    np.testing.assert_allclose(model.reconstruct(codes), whole.reconstruct(codes), atol=0.01)
    with pytest.raises(ValueError, match="those of perceptrons are expected"):
        model_of({name: value for name, value in arrays.items() if "bias" not in name}, header)
    with pytest.raises(ValueError, match=r"noise=0.3 given"):
        shipped_model(0.3)
    with pytest.raises(FileNotFoundError, match="necst_mnist_10"):
        shipped_model()


def test_the_reader_is_kept_too(tmp_path, monkeypatch):
    monkeypatch.setenv("JSCC_MODELS", str(tmp_path))
    row = BY_NAME["necst_reader"].task(dataset="digits", seed=0, weights="reader")
    assert row["errors"] < 40 and row["weights_sha256"] == artefacts.sha256(artefacts.path_of("reader"))
    assert set(artefacts.load("reader")[0]) == set(weights_of(DigitReader(64)))


@pytest.mark.skipif(
    not artefacts.path_of(CODEBOOK).is_file() or not datasets.available("binarized_mnist"),
    reason="the codebook is not here (jscc run necst_codebook), or binary MNIST is not",
)
def test_the_codebook_gives_the_table_s_numbers_on_fresh_draws():
    table = results.load("necst_codebook")
    assert set(table.weights_sha256) == {artefacts.sha256(artefacts.path_of(CODEBOOK))}
    images = parts("binarized_mnist").test[::10]
    for row in table.itertuples():
        system = shipped_separate(row.noise)
        found = wrong_pixels(images, system.encode(images), system.reconstruct, row.eps, 12345)
        assert abs(found["wrong_pixels"] - row.wrong_pixels) < 1.5 * (found["ci_high"] - found["ci_low"])


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.4])
def test_a_codebook_in_four_bits_a_pixel_decides_as_the_whole_one(noise):
    """Up to means of a cluster that lie at 1/2, where either is as good."""
    images = parts("digits").train
    whole, code = VectorQuantiser.fit(images, 5, rng=0), good_code(20, 5)
    arrays = codebook_of(whole, code)
    assert {name: value.dtype.name for name, value in arrays.items()} == {
        "levels": "uint8",
        "shares": "float32",
        "generator": "uint8",
    }
    kept, exact = separate_of(arrays, noise), SeparateCode(whole, code, noise)
    sent = exact.encode(images)
    assert (kept.encode(images) == sent).all(axis=1).mean() > 0.95
    received = sent ^ (np.random.default_rng(1).random(sent.shape) < noise)
    np.testing.assert_allclose(kept.reconstruct(received), exact.reconstruct(received), atol=0.5 / 15 + 1e-6)


def test_a_codebook_is_kept_too(tmp_path, monkeypatch):
    monkeypatch.setenv("JSCC_MODELS", str(tmp_path))
    rows = BY_NAME["necst_codebook"].task(dataset="digits", index_bits=4, seed=0, weights=CODEBOOK)
    assert {row["weights_sha256"] for row in rows} == {artefacts.sha256(artefacts.path_of(CODEBOOK))}
    assert [(row["eps"], row["noise"]) for row in rows][:4] == [(0, 0), (0, 0.1), (0.1, 0.1), (0.2, 0.1)]
    images = parts("digits").test
    system = shipped_separate(0.0)
    assert rows[0]["wrong_pixels"] == (system.reconstruct(system.encode(images)).round() != images).mean()


@here
def test_the_page_s_weights_decide_as_the_shipped_ones():
    images = parts("binarized_mnist").test[::20]
    model, rounded = shipped_model(0.1), drawing_model()
    assert (model.encode(images) != rounded.encode(images)).mean() < 0.005
    received = model.encode(images) ^ (np.random.default_rng(0).random((len(images), 100)) < 0.1)
    assert ((model.reconstruct(received) > 0.5) != (rounded.reconstruct(received) > 0.5)).mean() < 0.002
    weights = sum(value.size for value in drawing_arrays().values() if value.dtype == np.int8)
    assert weights == sum(value.ndim == 2 and value.size for value in weights_of(model).values())

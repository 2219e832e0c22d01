"""The GRU kernel against torch's automatic differentiation, and the laws of training."""

import numpy as np
import pytest
import torch

from jscc import artefacts
from jscc.bitplanes import unpack_planes
from jscc.classify import COLUMNS, GRUClassifier, Settings, features, gray_images, luma, pad, paper_code


def problem(width=16, n_planes=3, units=5, count=7, seed=0):
    """A float64 model with random weights, packed bits and labels."""
    rng = np.random.default_rng(seed)
    model = GRUClassifier(width, n_planes, Settings(units=units, batch_size=count), seed, np.float64)
    model.theta[:] = rng.normal(0, 0.5, model.theta.size)
    packed = rng.integers(0, 256, (count, width), dtype=np.uint8)
    return model, packed, rng.integers(0, 10, count), rng


def by_torch(model, packed, keep=1.0):
    """Eqs. 2 to 5 written with torch; returns the logits and the parameters they hang on."""
    weights = {name: torch.tensor(value, requires_grad=True) for name, value in model.weights.items()}
    units = model.settings.units
    bits = torch.tensor(unpack_planes(packed, model.n_planes).astype(float))
    state = torch.zeros(len(packed), units, dtype=torch.float64)
    for plane in range(model.n_planes):
        from_input = bits[:, plane] @ weights["kernel"] + weights["bias"]
        gates = torch.sigmoid(from_input[:, : 2 * units] + state @ weights["gates"])
        update, reset = gates[:, :units], gates[:, units:]
        candidate = torch.tanh(from_input[:, 2 * units :] + (reset * state) @ weights["candidate"])
        state = (1 - update) * state + update * candidate
    return state * torch.tensor(keep) @ weights["out"] + weights["out_bias"], weights


def test_parameter_counts_are_those_of_table_3():
    assert GRUClassifier(512, 8, Settings(units=12)).n_parameters == 19_030
    assert GRUClassifier(512, 8, Settings(units=32)).n_parameters == 52_650
    assert GRUClassifier(1024, 8, Settings(units=12)).n_parameters == 37_462
    assert GRUClassifier(1024, 8, Settings(units=32)).n_parameters == 101_802


@pytest.mark.parametrize("n_planes, count", [(1, 7), (3, 7), (8, 1)])
def test_logits_are_those_of_the_equations(n_planes, count):
    model, packed, _, _ = problem(n_planes=n_planes, count=count)
    expected, _ = by_torch(model, packed)
    np.testing.assert_allclose(model.logits(packed), expected.detach().numpy(), atol=1e-5)


def test_gradients_are_those_of_automatic_differentiation():
    model, packed, labels, _ = problem()
    before = model.theta.copy()
    loss, gradient = model.gradient(packed, labels)
    logits, weights = by_torch(model, packed)
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor(labels))
    expected.backward()
    np.testing.assert_array_equal(model.theta, before)
    assert loss == pytest.approx(expected.item(), abs=1e-6)
    assert gradient.keys() == model.weights.keys()
    for name, value in gradient.items():
        np.testing.assert_allclose(value, weights[name].grad.numpy(), atol=1e-6, err_msg=name)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_adam_dropout_and_the_penalty_follow_their_formulas_over_several_steps(dropout):
    """Adam in the form of Kingma and Ba's section 2 (epsilon beside the uncorrected moment, as in Keras)."""
    model, packed, labels, _ = problem(count=6)
    model.settings = Settings(units=5, batch_size=4, dropout=dropout, l2=0.01, learning_rate=0.01)
    twin = GRUClassifier(16, 3, model.settings, 0, np.float64)
    twin.theta[:] = model.theta
    model.rng, draws = np.random.default_rng(5), np.random.default_rng(5)
    model.fit(packed, labels, epochs=3)
    first, second, step = np.zeros_like(twin.theta), np.zeros_like(twin.theta), 0
    for _ in range(3):
        order = draws.permutation(6)
        keep = (draws.random((6, 5), np.float32) >= np.float32(dropout)) / (1 - dropout)
        for batch, mask in ((order[:4], keep[:4]), (order[4:], keep[4:])):
            logits, weights = by_torch(twin, packed[batch], mask)
            penalty = 0.01 * ((weights["kernel"] ** 2).sum() + (weights["out"] ** 2).sum())
            (torch.nn.functional.cross_entropy(logits, torch.tensor(labels[batch])) + penalty).backward()
            gradient = np.concatenate([weights[name].grad.numpy().ravel() for name in twin.weights])
            step += 1
            first = 0.9 * first + 0.1 * gradient
            second = 0.999 * second + 0.001 * gradient**2
            rate = 0.01 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            twin.theta -= rate * first / (np.sqrt(second) + 1e-7)
    np.testing.assert_allclose(model.theta, twin.theta, atol=1e-4)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tanh_and_sigmoid_are_good_to_two_millionths(dtype):
    """One plane of zeros: the scores are sigmoid(bias) tanh(bias), ten at a time."""
    model = GRUClassifier(1, 1, Settings(units=10), 0, dtype)
    model.theta[:] = 0
    model.weights["out"][:] = np.eye(10)
    update, _, candidate = model.weights["bias"].reshape(3, 10)
    packed = np.zeros((1, 1), np.uint8)
    for values in np.linspace(-20, 20, 1_001)[1:].reshape(-1, 10).astype(dtype):
        update[:], candidate[:] = 40, values
        assert np.abs(model.logits(packed)[0] - np.tanh(values)).max() < 2e-6
        update[:], candidate[:] = values, 40
        assert np.abs(model.logits(packed)[0] - 1 / (1 + np.exp(-values))).max() < 2e-6


def test_numbers_of_images_that_do_not_fill_a_batch_change_nothing():
    """Predictions are made in blocks; an image's scores hang on no other."""
    model, packed, _, _ = problem(count=600)
    scores = model.logits(packed)
    np.testing.assert_allclose(model.logits(packed[511:515]), scores[511:515], atol=1e-12)
    assert model.logits(packed[:0]).shape == (0, 10)


def test_the_same_seed_trains_the_same_model_bit_for_bit():
    images = gray_images("digits")
    packed = features(images.train[:200], "ldpc")
    runs = []
    for seed in (3, 3, 4):
        model = GRUClassifier(512, 8, Settings(), seed)
        model.fit(packed, images.train_labels[:200], epochs=2)
        runs.append(model.theta)
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()


def test_it_learns_digits_from_syndromes_and_nothing_from_shuffled_labels():
    images = gray_images("digits")
    train, test = features(images.train, "jl_8bp"), features(images.test, "jl_8bp")
    model = GRUClassifier(512, 8, Settings(), 0)
    losses = model.fit(train, images.train_labels, epochs=20)
    assert losses[-1] < losses[0]
    assert (model.predict(test) == images.test_labels).mean() > 0.75
    shuffled = GRUClassifier(512, 8, Settings(), 0)
    shuffled.fit(train, np.random.default_rng(0).permutation(images.train_labels), epochs=20)
    assert (shuffled.predict(test) == images.test_labels).mean() < 0.3


def test_planes_beyond_the_last_are_not_read():
    model, packed, _, _ = problem(n_planes=3)
    np.testing.assert_array_equal(model.logits(packed), model.logits(packed & 0b11100000))
    assert (model.logits(packed) != model.logits(packed & 0b11000000)).any()


def test_weights_survive_saving_and_other_files_are_refused(tmp_path):
    model = GRUClassifier(16, 3, Settings(units=4, l2=0.1), 0)
    packed = np.random.default_rng(0).integers(0, 256, (5, 16), dtype=np.uint8)
    model.save(tmp_path / "m.safetensors")
    again = GRUClassifier.load(tmp_path / "m.safetensors")
    assert again.settings == model.settings
    np.testing.assert_array_equal(again.logits(packed), model.logits(packed))
    whole = (tmp_path / "m.safetensors").read_bytes()
    for number, damaged in enumerate((b"", whole[:-5], whole[:40], b"x" * 300)):
        path = tmp_path / f"bad{number}.safetensors"
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=path.name):
            GRUClassifier.load(path)
    weights, header = artefacts.read(tmp_path / "m.safetensors")
    for wrong in (header | {"units": 5}, header | {"units": None}, {"width": 16}, {}):
        artefacts.write(tmp_path / "other.safetensors", weights, wrong)
        with pytest.raises(ValueError, match="other.safetensors"):
            GRUClassifier.load(tmp_path / "other.safetensors")


def test_wrong_arguments_are_refused():
    model = GRUClassifier(16, 3, Settings(units=4))
    packed = np.zeros((5, 16), np.uint8)
    for call in (
        lambda: GRUClassifier(16, 9),
        lambda: Settings(units=0),
        lambda: Settings(dropout=1.0),
        lambda: model.fit(packed, np.zeros(4, int)),
        lambda: model.fit(packed, np.full(5, 10)),
        lambda: model.fit(packed.astype(float), np.zeros(5, int)),
        lambda: model.logits(np.zeros((5, 15), np.uint8)),
        lambda: model.gradient(packed[:0], np.zeros(0, int)),
        lambda: features(np.zeros((2, 28, 28), np.uint8), "jpeg2000"),
        lambda: pad(np.zeros((2, 33, 28), np.uint8)),
        lambda: luma(np.zeros((2, 2, 4), np.uint8)),
    ):
        with pytest.raises(ValueError):
            call()


def test_features_of_every_column_have_its_width_and_setup_1_is_linear():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), dtype=np.uint8)
    for name, column in COLUMNS.items():
        assert features(images, name).shape == (3, column.width)
    coded = features(images, "ldpc")
    np.testing.assert_array_equal(features(images[:1] ^ images[1:2], "ldpc"), coded[:1] ^ coded[1:2])


def test_the_paper_s_code_is_a_full_rank_3_6_code_without_4_cycles():
    code = paper_code()
    assert (code.n_checks, code.n_variables, code.rank(), code.count_4_cycles()) == (512, 1024, 512, 0)
    assert set(code.check_degrees) == {6} and set(code.variable_degrees) == {3}


def test_luma_of_grays_is_themselves_and_of_primaries_the_standard_weights():
    grays = np.arange(256, dtype=np.uint8)[:, None].repeat(3, axis=1)
    np.testing.assert_array_equal(luma(grays), np.arange(256))
    np.testing.assert_array_equal(luma(np.diag([255, 255, 255]).astype(np.uint8)), [76, 150, 29])

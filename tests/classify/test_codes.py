"""The other codes, the other readouts, and every experiment of paper 1 at its smallest scale."""

import numpy as np
import pytest

from jscc import runner
from jscc.bitplanes import unpack_planes
from jscc.classify import (
    CODES,
    SIDE,
    banded,
    control_codes,
    features,
    gray_images,
    predict,
    pruned_code,
    pruned_features,
    symbols,
    train_readout,
)
from jscc.experiments.syndromes import few_planes, row_weight, tables
from jscc.experiments.syndromes.row_weight import matrix_of_weight
from jscc.ldpc.syndrome import syndromes


@pytest.mark.parametrize("name", CODES)
def test_every_code_has_the_paper_s_size_and_is_drawn_the_same_again(name):
    first, again = control_codes(name), control_codes(name)
    assert len(first) in (1, 8)
    for one, two in zip(first, again, strict=True):
        assert (one.n_checks, one.n_variables) == (512, 1024)
        np.testing.assert_array_equal(one.check_variables, two.check_variables)


@pytest.mark.parametrize("name", CODES)
def test_another_draw_is_another_code_of_the_same_kind(name):
    first, other = control_codes(name), control_codes(name, draw=2)
    for one, two in zip(first, other, strict=True):
        same = one.to_dense().tobytes() == two.to_dense().tobytes()
        assert same == (name in ("paper", "banded"))
        assert name == "dense" or sorted(one.variable_degrees) == sorted(two.variable_degrees)


def test_codes_are_what_their_names_say():
    degrees = {name: control_codes(name)[0].check_degrees for name in CODES}
    for name, weight in {"weight_3": 3, "weight_12": 12, "weight_24": 24, "banded": 6, "permuted": 6}.items():
        assert set(degrees[name]) == {weight}
    assert abs(degrees["dense"].mean() - 512) < 10
    assert set(control_codes("irregular")[0].variable_degrees) == {2, 3, 8}
    matrices = [code.to_dense() for code in control_codes("per_plane")]
    assert all((one != two).any() for one, two in zip(matrices, matrices[1:], strict=False))
    permuted, paper = control_codes("permuted")[0].to_dense(), control_codes("paper")[0].to_dense()
    assert sorted(map(bytes, permuted.T)) == sorted(map(bytes, paper.T))


def test_a_patch_code_s_checks_see_neighbours():
    graph = banded()
    rows, columns = np.divmod(graph.check_variables.reshape(-1, 6), SIDE)
    for axis, extent in ((rows, 2), (columns, 3)):
        assert all(len(set(check)) == extent for check in axis)


def test_a_code_for_each_plane_codes_each_plane_by_its_own():
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    eight = control_codes("per_plane")
    together = unpack_planes(features(images, "ldpc", code=eight))
    packed = symbols(images, transform=False)
    for plane, code in enumerate(eight):
        np.testing.assert_array_equal(together[:, plane], unpack_planes(syndromes(packed, code))[:, plane])
    with pytest.raises(ValueError, match="one code or eight"):
        features(images, "ldpc", code=eight[:3])


def test_pruning_nothing_is_table_2_and_pruning_keeps_the_low_frequencies():
    images = np.random.default_rng(0).integers(0, 256, (4, 32, 32), dtype=np.uint8)
    whole = pruned_features(images, quality=95, keep=8, rate=1)
    assert sorted(whole[0]) == sorted(symbols(images, transform=True)[0])
    dc = pruned_features(images, quality=95, keep=1, rate=1)
    blocks = symbols(images, transform=True).reshape(4, SIDE, SIDE)[:, ::8, ::8]
    np.testing.assert_array_equal(dc, blocks.reshape(4, -1))
    for rate in (0.25, 0.5, 0.75):
        assert pruned_features(images, quality=50, keep=4, rate=rate).shape == (4, int(256 * rate))
        assert pruned_code(256, rate).rank() == int(256 * rate)
    for bad in ({"keep": 0}, {"keep": 9}, {"rate": 0.4}):
        with pytest.raises(ValueError):
            pruned_features(images, **{"quality": 50, "keep": 4, "rate": 0.5, **bad})


@pytest.mark.parametrize("hidden", [0, 16])
def test_readouts_learn_digits_and_repeat_themselves(hidden):
    images = gray_images("digits")
    train, test = features(images.train, "none_msb"), features(images.test, "none_msb")
    models = [train_readout(train, images.train_labels, 1, hidden=hidden, epochs=4, seed=1) for _ in "ab"]
    scores = [predict(model, test) for model in models]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert (scores[0] == images.test_labels).mean() > 0.75
    labels = images.train_labels
    for wrong in ((train[0], labels[0], 1), (train, labels[1:], 1), (train, labels, 9)):
        with pytest.raises(ValueError, match="given"):
            train_readout(*wrong)


@pytest.mark.parametrize(
    "experiment",
    [*tables.EXPERIMENTS, *row_weight.EXPERIMENTS, *few_planes.EXPERIMENTS],
    ids=lambda e: e.name,
)
def test_a_point_of_every_experiment_runs_without_any_data_set(experiment):
    point = experiment.points("smoke")[-1]
    rows = runner.compute_point(experiment, "smoke", **point)
    assert len(rows) >= 1
    if "accuracy" in rows:
        assert (rows.accuracy == 1 - rows.errors / rows.n_test).all()
    else:
        assert rows.entropy.between(0, 1).all()


def test_no_plane_is_the_most_frequent_class():
    row = tables.train_planes("digits", "pixels", 0, seed=0, epochs=1)
    labels = gray_images("digits")
    guess = np.bincount(labels.train_labels).argmax()
    assert row["accuracy"] == pytest.approx((labels.test_labels == guess).mean())


@pytest.mark.parametrize("weight", [1, 2, 3, 6, 12])
def test_matrices_of_a_row_weight_use_the_pixels_evenly_and_differ_by_draw(weight):
    first, second = (matrix_of_weight(weight, "random", draw) for draw in (0, 1))
    for graph in (first, second):
        assert (graph.check_degrees == weight).all() and graph.n_variables == 1024
        assert np.ptp(graph.variable_degrees) == weight % 2
    assert (first.to_dense() != second.to_dense()).any()
    assert (first.to_dense() == matrix_of_weight(weight, "random", 0).to_dense()).all()


def test_local_checks_are_pixels_in_a_row():
    graph = matrix_of_weight(6, "local", 0)
    assert graph.check_variables[:12].tolist() == [0, 1, 2, 3, 4, 5, 2, 3, 4, 5, 6, 7]
    assert (graph.variable_degrees == 3).all()
    assert (matrix_of_weight(2, "local", 0).variable_degrees == 1).all()
    with pytest.raises(ValueError, match="arrangement='near' given"):
        matrix_of_weight(6, "near", 0)


def test_a_row_weight_of_one_keeps_half_of_the_pixels():
    graph = matrix_of_weight(1, "random", 3)
    word = np.random.default_rng(0).integers(0, 256, (2, 1024), dtype=np.uint8)
    assert (syndromes(word, graph) == word[:, graph.check_variables]).all()


def test_one_plane_alone_is_what_the_network_would_read_of_it_among_all():
    _, train, _ = few_planes._coefficients("digits", "test", 95)
    graph = matrix_of_weight(6, "random", 0)
    whole = unpack_planes(syndromes(train[:50], graph))
    for plane in (0, 1):
        alone = unpack_planes(syndromes(train[:50] << np.uint8(plane), graph), 1)
        assert (alone[:, 0] == whole[:, plane]).all() and alone.any()

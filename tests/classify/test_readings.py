"""The matrices and the readings that paper 1 leaves open."""

import numpy as np
import pytest

from jscc import runner
from jscc.bitplanes import unpack_planes
from jscc.classify import MATRICES, READINGS, SIDE, gray_coded, open_matrix, read
from jscc.experiments.syndromes import matrices, row_weight
from jscc.ldpc.syndrome import syndromes

FIXED = ("rows_columns_rows", "patches")


@pytest.mark.parametrize("name", MATRICES)
def test_every_matrix_is_of_the_paper_s_description(name):
    one, again, other = open_matrix(name, 0), open_matrix(name, 0), open_matrix(name, 1)
    assert (one.n_checks, one.n_variables) == (512, 1024)
    np.testing.assert_array_equal(one.check_variables, again.check_variables)
    assert np.array_equal(one.check_variables, other.check_variables) == (name in FIXED)
    if name == "patches":
        assert set(one.check_degrees) == {6} and set(one.variable_degrees) == {2, 4}
    elif name == "staircase":
        assert set(one.check_degrees[1:]) == {6} and set(one.variable_degrees[:512]) == {4}
        np.testing.assert_array_equal(one.to_dense()[:, 512:], np.eye(512) + np.eye(512, k=-1))
    else:
        assert set(one.check_degrees) == {6} and set(one.variable_degrees) == {3}


def test_checks_along_an_order_add_pixels_that_follow_each_other():
    rows = open_matrix("gallager", 3).check_variables.reshape(-1, 6)[:170]
    np.testing.assert_array_equal(rows, np.arange(1020).reshape(170, 6))
    columns = open_matrix("rows_columns", 3).check_variables.reshape(-1, 6)[171:341]
    assert (np.diff(np.sort(columns % SIDE * SIDE + columns // SIDE, axis=1), axis=1) == 1).all()


def test_circulants_are_shifted_down_by_one():
    dense = open_matrix("double_circulant", 5).to_dense().reshape(512, 2, 512)
    for half in range(2):
        np.testing.assert_array_equal(dense[1:, half], np.roll(dense[:-1, half], 1, axis=1))


def test_neighbours_in_gray_code_differ_in_one_plane():
    codes = gray_coded(np.arange(256, dtype=np.uint8))
    assert len(set(codes.tolist())) == 256
    assert set(np.bitwise_count(codes[1:] ^ codes[:-1]).tolist()) == {1}


def test_every_reading_holds_the_same_syndromes():
    packed = np.random.default_rng(0).integers(0, 256, (5, 1024), dtype=np.uint8)
    graph = open_matrix("random", 0)
    expected = unpack_planes(syndromes(packed, graph))
    seen = {reading: read(packed, graph, reading) for reading in READINGS}
    assert {reading: (bits.shape[1], steps) for reading, (bits, steps) in seen.items()} == {
        "planes": (512, 8),
        "lsb_first": (512, 8),
        "one_step": (4096, 1),
        "sums": (1536, 8),
        "checks": (512, 512),
    }
    np.testing.assert_array_equal(unpack_planes(seen["planes"][0]), expected)
    np.testing.assert_array_equal(unpack_planes(seen["checks"][0]), expected)
    np.testing.assert_array_equal(unpack_planes(seen["lsb_first"][0]), expected[:, ::-1])
    np.testing.assert_array_equal(unpack_planes(seen["one_step"][0], 1).reshape(expected.shape), expected)
    digits = unpack_planes(seen["sums"][0]).reshape(5, 8, 3, 512)
    np.testing.assert_array_equal(digits[:, :, 2], expected)
    counts = np.einsum("tpv,cv->tpc", unpack_planes(packed).astype(int), graph.to_dense().astype(int))
    np.testing.assert_array_equal(np.einsum("tpdc,d->tpc", digits.astype(int), [4, 2, 1]), counts)


def test_names_that_there_are_not_are_refused():
    with pytest.raises(ValueError, match="one of random, gallager"):
        open_matrix("regular", 0)
    with pytest.raises(ValueError, match="one of planes, lsb_first"):
        read(np.zeros((1, 1024), np.uint8), open_matrix("random", 0), "bytes")


@pytest.mark.parametrize("experiment", [*matrices.EXPERIMENTS, *row_weight.EXPERIMENTS], ids=lambda e: e.name)
def test_the_first_and_the_last_point_of_every_experiment_run_without_any_data_set(experiment, monkeypatch):
    monkeypatch.delenv("JSCC_DATA", raising=False)
    points = experiment.points("smoke")
    for point in {str(point): point for point in (points[0], points[-1])}.values():
        rows = runner.compute_point(experiment, "smoke", **point)
        assert len(rows) == 1 and 0 <= rows.accuracy[0] <= 1 and rows.errors[0] <= rows.n_test[0]

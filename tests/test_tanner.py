"""Tanner graphs: degrees, cycles, rank, files."""

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from jscc import tanner

matrices = hnp.arrays(np.uint8, st.tuples(st.integers(1, 7), st.integers(1, 9)), elements=st.integers(0, 1))


def rank_by_counting(matrix):
    """log2 of the number of different sums of rows."""
    sums = {tuple(np.array(c) @ matrix % 2) for c in itertools.product((0, 1), repeat=len(matrix))}
    return len(sums).bit_length() - 1


@given(matrices)
def test_graph_and_matrix_tell_the_same(matrix):
    graph = tanner.TannerGraph.from_matrix(matrix)
    np.testing.assert_array_equal(graph.to_dense(), matrix)
    np.testing.assert_array_equal(graph.check_degrees, matrix.sum(axis=1))
    np.testing.assert_array_equal(graph.variable_degrees, matrix.sum(axis=0))
    edges = tanner.TannerGraph.from_edges(*matrix.shape, graph.edge_checks, graph.check_variables)
    np.testing.assert_array_equal(edges.to_dense(), matrix)


def test_a_graph_says_in_one_line_what_it_is():
    assert repr(tanner.regular(96, 3, 6, 0)) == "TannerGraph(48 checks x 96 variables, 288 edges)"


GOOD = {"n_checks": 2, "n_variables": 3, "check_start": [0, 2, 4], "check_variables": [0, 1, 1, 2]}


def test_a_graph_of_raw_arrays_is_that_of_the_matrix():
    np.testing.assert_array_equal(tanner.TannerGraph(**GOOD).to_dense(), [[1, 1, 0], [0, 1, 1]])
    wide = tanner.TannerGraph(**(GOOD | {"check_start": np.array([0, 2, 4], np.uint64)}))
    assert wide.check_start.dtype == np.int32
    # Empty checks, at either end too, and no edge at all.
    np.testing.assert_array_equal(tanner.TannerGraph(4, 2, [0, 0, 1, 2, 2], [1, 1]).check_degrees, [0, 1, 1, 0])
    assert tanner.TannerGraph(1, 1, [0, 0], []).to_dense().tolist() == [[0]]


@pytest.mark.parametrize(
    "change, name",
    [
        ({"check_variables": [0, 1, 1, 3]}, "check_variables"),
        ({"check_variables": [0, 1, 1, 10**6]}, "check_variables"),
        ({"check_variables": [0, 1, 1, 2**32 + 1]}, "check_variables"),
        ({"check_variables": [-1, 1, 1, 2]}, "check_variables"),
        ({"check_variables": [0, 1, 2, 1]}, "increase"),
        ({"check_variables": [0, 1, 2, 2]}, "increase"),
        ({"check_variables": [0.0, 1.0, 1.0, 2.0]}, "check_variables"),
        ({"check_variables": [[0, 1], [1, 2]]}, "check_variables"),
        ({"check_start": [0, 2, 5]}, "check_start"),
        ({"check_start": [0, 2, 3]}, "check_start"),
        ({"check_start": [0, 5, 4]}, "check_start"),
        ({"check_start": [1, 2, 4]}, "check_start"),
        ({"check_start": [0, 4]}, "check_start"),
        ({"check_start": []}, "check_start"),
        ({"n_variables": 2}, "check_variables"),
        ({"n_checks": 0}, "n_checks"),
        ({"n_variables": -3}, "n_variables"),
    ],
)
def test_raw_arrays_that_would_lead_a_kernel_astray_are_refused(change, name):
    with pytest.raises(ValueError, match=name):
        tanner.TannerGraph(**(GOOD | change))


@given(matrices)
def test_rank_equals_that_of_counting_the_row_space(matrix):
    assert tanner.TannerGraph.from_matrix(matrix).rank() == rank_by_counting(matrix)


@given(matrices)
def test_4_cycles_are_counted_as_pairs_of_columns_and_rows(matrix):
    brute = sum(
        int(matrix[np.ix_(rows, columns)].all())
        for rows in itertools.combinations(range(matrix.shape[0]), 2)
        for columns in itertools.combinations(range(matrix.shape[1]), 2)
    )
    assert tanner.TannerGraph.from_matrix(matrix).count_4_cycles() == brute


@pytest.mark.parametrize("n, dv, dc", [(1024, 3, 6), (400, 3, 4), (1200, 3, 12), (60, 1, 3)])
def test_regular_graphs_keep_their_promises(n, dv, dc):
    graph = tanner.regular(n, dv, dc, np.random.default_rng(7))
    assert (graph.n_checks, graph.n_variables) == (n * dv // dc, n)
    assert set(graph.check_degrees) == {dc} and set(graph.variable_degrees) == {dv}
    assert graph.count_4_cycles() == 0
    assert graph.rank() == graph.n_checks


def test_an_even_column_weight_cannot_have_full_rank():
    with pytest.raises(ValueError, match="full rank"):
        tanner.regular(64, 4, 8, np.random.default_rng(0))
    graph = tanner.regular(64, 2, 4, np.random.default_rng(0), full_rank=False)
    assert graph.rank() < graph.n_checks


def test_the_same_seed_gives_the_same_graph_and_another_seed_another():
    draws = [tanner.regular(120, 3, 6, np.random.default_rng(s)).to_dense() for s in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()
    draws = [tanner.peg(60, np.full(120, 3), np.random.default_rng(s)).to_dense() for s in (1, 1, 2)]
    np.testing.assert_array_equal(draws[0], draws[1])
    assert (draws[0] != draws[2]).any()


@settings(max_examples=30)
@given(st.integers(6, 40), st.integers(1, 60), st.integers(0, 2**32 - 1))
def test_peg_keeps_the_degrees_it_is_given_and_concentrates_the_others(m, n, seed):
    rng = np.random.default_rng(seed)
    degrees = rng.integers(1, 5, n)
    graph = tanner.peg(m, degrees, rng)
    np.testing.assert_array_equal(graph.variable_degrees, degrees)
    assert graph.check_degrees.sum() == degrees.sum()


def test_peg_has_no_4_cycle_where_a_random_graph_has_many():
    graph = tanner.peg(128, np.full(256, 3), np.random.default_rng(3))
    assert graph.count_4_cycles() == 0
    assert graph.check_degrees.max() - graph.check_degrees.min() <= 2
    mixed = tanner.regular(256, 3, 6, np.random.default_rng(3), no_4_cycles=False)
    assert mixed.count_4_cycles() > 0


def test_peg_with_degree_two_grows_a_tree_first():
    """n - 1 variables of degree 2 on n checks: every edge joins what is farthest, so no cycle at all."""
    graph = tanner.peg(20, np.full(19, 2), np.random.default_rng(0))
    assert graph.rank() == 19
    assert graph.n_edges == 38


@given(matrices, st.integers(1, 5))
def test_a_lifted_matrix_has_the_base_s_degrees_and_no_4_cycle(base, size):
    try:
        graph = tanner.quasi_cyclic(base, size, np.random.default_rng(0))
    except RuntimeError:
        # Only where the base has a 4-cycle that a small circulant cannot open.
        assert tanner.TannerGraph.from_matrix(base).count_4_cycles() > 0
        return
    np.testing.assert_array_equal(graph.check_degrees, base.sum(axis=1).repeat(size))
    np.testing.assert_array_equal(graph.variable_degrees, base.sum(axis=0).repeat(size))
    blocks = graph.to_dense().reshape(base.shape[0], size, base.shape[1], size)
    np.testing.assert_array_equal(blocks.sum(axis=(1, 3)), base.astype(int) * size)
    assert graph.count_4_cycles() == 0


@given(matrices)
def test_alist_files_give_back_the_graph(tmp_path_factory, matrix):
    path = tmp_path_factory.mktemp("alist") / "h.alist"
    graph = tanner.TannerGraph.from_matrix(matrix)
    tanner.write_alist(graph, path)
    np.testing.assert_array_equal(tanner.read_alist(path).to_dense(), matrix)


@given(st.data())
def test_a_labelled_alist_gives_back_graph_and_labels(tmp_path_factory, data):
    """Whatever the degrees are, empty rows and columns included, and whatever the field."""
    matrix, q = data.draw(matrices), data.draw(st.sampled_from([2, 3, 4, 5, 16, 64, 256]))
    graph = tanner.TannerGraph.from_matrix(matrix)
    labels = data.draw(st.lists(st.integers(1, q - 1), min_size=graph.n_edges, max_size=graph.n_edges))
    path = tmp_path_factory.mktemp("alist") / "h.alist"
    tanner.write_alist(graph, path, labels, q)
    read = tanner.read_labelled_alist(path)
    np.testing.assert_array_equal(read.graph.to_dense(), matrix)
    assert read.labels.tolist() == labels and read.q == q
    with pytest.raises(ValueError, match="h.alist, line 1: 3 numbers given"):
        tanner.read_alist(path)
    tanner.write_alist(graph, path)
    read = tanner.read_labelled_alist(path)
    np.testing.assert_array_equal(read.graph.to_dense(), matrix)
    assert read.q == 2 and (read.labels == 1).all()


# One integer more for each entry, and two zeros where a list is short, as in MacKay's collection.
LABELLED = "3 2 4\n2 2\n1 2 1\n2 2\n1 1 0 0\n1 2 2 3\n2 1 0 0\n1 1 2 2\n2 3 3 1\n"


@pytest.mark.parametrize(
    "before, after, complaint",
    [
        ("3 2 4\n", "3 2 1\n", "line 1: .*q > 1"),
        ("1 2 2 3", "1 2 2 4", "line 6: variable 2 has labels .4., 1 to 3"),
        ("1 2 2 3", "1 2 2 0", "line 6: variable 2 has labels .0."),
        ("1 2 2 3", "1 2 2", "line 6: variable 2 has 3 numbers, pairs"),
        ("1 2 2 3", "1 2 2 1", "different labels"),
        ("2 3 3 1", "1 3 3 1", "different graphs"),
        ("1 1 0 0", "1 1 0 2", "line 5: variable 1 has .1, 0., 1 numbers"),
    ],
)
def test_a_damaged_labelled_alist_is_refused_with_its_line(tmp_path, before, after, complaint):
    path = tmp_path / "bad.alist"
    path.write_text(LABELLED)
    read = tanner.read_labelled_alist(path)
    np.testing.assert_array_equal(read.graph.to_dense(), [[1, 1, 0], [0, 1, 1]])
    assert read.labels.tolist() == [1, 2, 3, 1] and read.q == 4
    path.write_text(LABELLED.replace(before, after))
    with pytest.raises(ValueError, match=f"bad.alist.*{complaint}"):
        tanner.read_labelled_alist(path)


def test_labels_that_are_none_are_not_written(tmp_path):
    graph, path = tanner.TannerGraph.from_matrix([[1, 1, 0], [0, 1, 1]]), tmp_path / "h.alist"
    for labels, q in (([1, 2, 3], 4), ([1, 2, 3, 4], 4), ([0, 1, 1, 1], 4), ([1, 1, 1, 1], None), (None, 4)):
        with pytest.raises(ValueError, match="labels"):
            tanner.write_alist(graph, path, labels, q)
    assert not path.exists()


def test_a_hamming_code_s_alist_as_mackay_writes_it(tmp_path):
    path = tmp_path / "hamming.alist"
    path.write_text(
        "7 3\n3 4\n1 1 2 1 2 2 3\n4 4 4\n1 0 0\n2 0 0\n1 2 0\n3 0 0\n1 3 0\n2 3 0\n1 2 3\n1 3 5 7\n2 3 6 7\n4 5 6 7\n"
    )
    columns = [[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1], [1, 1, 1]]
    np.testing.assert_array_equal(tanner.read_alist(path).to_dense(), np.array(columns).T)


@pytest.mark.parametrize(
    "damage, complaint",
    [
        (lambda t: t[: len(t) // 2], "line"),
        (lambda t: t.replace("7 3", "7 x"), "line 1"),
        (lambda t: t.replace("1 3 5 7", "1 3 5 9"), "line"),
        (lambda t: t.replace("1 3 5 7", "1 3 4 7"), "different graphs"),
        (lambda t: t + "1 2 3\n", "goes on"),
        (lambda t: t.replace("7 3", "-7 3"), "line"),
        (lambda t: t.replace("3 4\n", "4 4\n", 1), "line 2: largest degrees"),
        (lambda t: t.replace("3 4\n", "3 3\n", 1), "line 2: largest degrees"),
        (lambda t: t.replace("1 3 5 7", "1 3 3 7"), "line"),
        (lambda t: t.replace("1 3 5 7", "1 x 5 7"), "line"),
        (lambda t: "", "line"),
    ],
)
def test_a_damaged_alist_is_refused_with_its_line(tmp_path, damage, complaint):
    path = tmp_path / "bad.alist"
    graph = tanner.TannerGraph.from_matrix(
        np.array([[1, 0, 1, 0, 1, 0, 1], [0, 1, 1, 0, 0, 1, 1], [0, 0, 0, 1, 1, 1, 1]])
    )
    tanner.write_alist(graph, path)
    path.write_text(damage(path.read_text()))
    with pytest.raises(ValueError, match=complaint) as error:
        tanner.read_alist(path)
    assert "bad.alist" in str(error.value)


ALIST = "4 3\n2 2\n2 1 0 1\n2 2 0\n1 2\n1 0\n0 0\n2 0\n1 2\n1 4\n0 0\n"


def test_an_alist_with_empty_lists_is_read_with_and_without_their_lines(tmp_path):
    path = tmp_path / "h.alist"
    for text in (ALIST, ALIST.replace("\n0 0\n", "\n\n")):
        path.write_text(text)
        np.testing.assert_array_equal(tanner.read_alist(path).to_dense(), [[1, 1, 0, 0], [1, 0, 0, 1], [0, 0, 0, 0]])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.integers(0, len(ALIST) - 1), st.integers(0, len(ALIST)), st.sampled_from(["", "x", "0", "7", "-1", "\n", " 2"])
)
def test_whatever_is_wrong_with_an_alist_the_error_names_the_file(tmp_path, start, stop, change):
    path = tmp_path / "named.alist"
    path.write_text(ALIST[:start] + change + ALIST[max(start, stop) :])
    try:
        graph = tanner.read_alist(path)
    except ValueError as error:
        assert "named.alist" in str(error)
    else:
        assert graph.n_edges == graph.check_degrees.sum()


def test_a_file_that_is_no_text_is_named(tmp_path):
    path = tmp_path / "named.alist"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="named.alist"):
        tanner.read_alist(path)


def test_a_seed_draws_what_its_generator_draws():
    for draw in (
        lambda rng: tanner.regular(96, 3, 6, rng),
        lambda rng: tanner.peg(24, [3] * 48, rng),
        lambda rng: tanner.quasi_cyclic(np.ones((2, 4), int), 7, rng),
        lambda rng: tanner.configuration([2] * 12, [6] * 4, rng),
    ):
        np.testing.assert_array_equal(draw(3).to_dense(), draw(np.random.default_rng(3)).to_dense())


def test_what_cannot_be_drawn_is_said():
    """Ten columns of weight 3 need 30 different pairs of 5 rows, and there are ten."""
    with pytest.raises(RuntimeError, match="progressive edge growth"):
        tanner.regular(10, 3, 6, np.random.default_rng(0), attempts=2)


def test_wrong_arguments_are_refused():
    rng = np.random.default_rng(0)
    for call in (
        lambda: tanner.regular(10, 3, 7, rng),
        lambda: tanner.regular(0, 3, 6, rng),
        lambda: tanner.regular(4, 3, 2, rng),
        lambda: tanner.peg(4, [5], rng),
        lambda: tanner.peg(4, [], rng),
        lambda: tanner.TannerGraph.from_matrix(np.full((2, 2), 2)),
        lambda: tanner.TannerGraph.from_edges(2, 2, [0, 0], [1, 1]),
    ):
        with pytest.raises(ValueError):
            call()

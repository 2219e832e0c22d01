"""Learned codes: the kernels against plain numpy, the greedy choice against least squares, the codes' shape."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jscc import runner
from jscc.bitplanes import unpack_planes
from jscc.classify import design
from jscc.classify.columns import SIDE, gray_images, symbols
from jscc.classify.design import N, TrainingBits
from jscc.experiments.syndromes import design as experiments
from jscc.experiments.syndromes.common import held_out
from jscc.ldpc.syndrome import syndromes

RIDGE = 1e-3  # as in the module's least squares


def random_images(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Packed planes whose first bits depend on the class, and the classes."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, n)
    packed = rng.integers(0, 256, (n, N), dtype=np.uint8)
    packed[:, :10] &= np.where(labels[:, None] == np.arange(10), 0xFF, 0x7F).astype(np.uint8)
    return packed, labels


def values(bits: TrainingBits, checks) -> np.ndarray:
    """Every check's bit of every image, in plain numpy."""
    rows = np.unpackbits(bits.words.view(np.uint8), axis=1, bitorder="little")[:, : len(bits.labels)]
    return np.array([rows[list(check)].sum(axis=0) % 2 for check in checks], float).T


def explained_variance(x: np.ndarray, labels: np.ndarray) -> float:
    """Share of the variance of the class indicators that ridge regression on x removes, by normal equations."""
    x = x - x.mean(axis=0)
    y = (labels[:, None] == np.arange(10)).astype(float)
    y -= y.mean(axis=0)
    covariance = x.T @ x / len(x) + RIDGE * np.eye(x.shape[1])
    cross = x.T @ y / len(x)
    return float((cross * np.linalg.solve(covariance, cross)).sum() / y.var(axis=0).sum())


@pytest.mark.parametrize("n_images", [1, 63, 64, 130])
def test_rows_of_words_hold_the_planes_bits_and_nothing_after_the_last_image(n_images):
    packed, labels = random_images(n_images)
    bits = TrainingBits.of(packed, (3, 0), labels)
    assert bits.words.shape == (2 * N, -(-n_images // 64)) and bits.n_variables == 2 * N
    rows = np.unpackbits(bits.words.view(np.uint8), axis=1, bitorder="little")
    np.testing.assert_array_equal(rows[:, :n_images].T, unpack_planes(packed)[:, [3, 0]].reshape(n_images, -1))
    assert not rows[:, n_images:].any()


@given(st.integers(0, 2**32))
def test_kernels_add_rows_and_count_common_ones(seed):
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 2**64, (9, 4), dtype=np.uint64) & rng.integers(0, 2**64, (9, 4), dtype=np.uint64)
    words[0] = np.uint64(2**64 - 1)
    checks = [tuple(np.flatnonzero(row)) for row in rng.integers(0, 2, (7, 9)) if row.any()]
    graph = design.graph_of(checks, 9)
    sums = np.empty((len(checks), 4), np.uint64)
    design._add_rows(words, graph.check_start, graph.check_variables, sums)
    for row, check in zip(sums, checks, strict=True):
        np.testing.assert_array_equal(row, np.bitwise_xor.reduce(words[list(check)]))
    count = np.empty(9)
    design._count_common_ones(words, words[1], count)
    np.testing.assert_array_equal(count, np.bitwise_count(words & words[1]).sum(axis=1))


def test_what_a_network_reads_is_h_times_the_planes():
    packed, _ = random_images(1100)
    planes = (2, 0, 5)
    checks = design.random_checks(40, 3, 3, np.random.default_rng(0)) + [(5, N + 5, 2 * N + 9)]
    graph = design.graph_of(checks, 3 * N)
    bits = unpack_planes(packed)[:, planes].reshape(len(packed), -1)
    expected = bits.astype(int) @ graph.to_dense().T % 2
    np.testing.assert_array_equal(design.check_bits(packed, planes, graph), expected * 128)
    one = design.graph_of(design.tiled_checks("patch_2x2"), N)
    np.testing.assert_array_equal(design.check_bits(packed, (0,), one), syndromes(packed, one) & 0x80)


@pytest.mark.parametrize("name", design.STRUCTURES)
def test_stencils_give_512_checks_that_look_alike_everywhere(name):
    checks = design.tiled_checks(name)
    graph = design.graph_of(checks, N)
    assert (graph.n_checks, graph.n_variables) == (512, N)
    step = 2 * SIDE + 2  # down and right by two: the same code, its checks in another order
    moved = {tuple(sorted((v // SIDE + 2) % SIDE * SIDE + (v + 2) % SIDE for v in check)) for check in checks}
    assert moved == set(checks) and len(moved) == 512
    stencils = {tuple(sorted(stencil)) for stencil in design.STRUCTURES[name]}
    inner = [check for check in checks if step < min(check) and all(2 < v % SIDE < 28 and v < N - step for v in check)]
    shapes = {tuple((v // SIDE - check[0] // SIDE, v % SIDE - check[0] % SIDE) for v in check) for check in inner}
    assert shapes == stencils


@given(st.integers(1, 4), st.integers(1, 3), st.sampled_from([None, 2, 5]), st.integers(0, 99))
def test_random_checks_differ_stay_in_a_plane_and_within_reach(weight, n_planes, reach, seed):
    checks = design.random_checks(30, weight, n_planes, np.random.default_rng(seed), reach=reach)
    assert len(set(checks)) == 30
    for check in checks:
        assert len(set(check)) == weight and list(check) == sorted(check) and max(check) < n_planes * N
        rows, columns = np.divmod(np.array(check) % N, SIDE)
        assert len({v // N for v in check}) == 1
        if reach:  # of the first bit drawn, so at most twice that between any two
            assert max(np.ptp(rows), np.ptp(columns)) <= 2 * reach
    again = design.random_checks(30, weight, n_planes, np.random.default_rng(seed), reach=reach)
    assert checks == again


def test_the_greedy_choice_is_that_of_least_squares():
    packed, labels = random_images(700)
    bits = TrainingBits.of(packed, (0,), labels)
    pool = [(v,) for v in range(12)] + [(0, 1), (2, 3), (4, 40), (0, 1, 2), (7, 8)]
    chosen, share = design.select_checks(pool, bits, 6, independent=False)
    taken: list = []
    for check, so_far in zip(chosen, share, strict=True):
        left = [candidate for candidate in pool if candidate not in taken]
        worth = [explained_variance(values(bits, [*taken, candidate]), labels) for candidate in left]
        assert left[int(np.argmax(worth))] == check
        assert so_far == pytest.approx(max(worth), rel=1e-6)
        taken.append(check)


def test_informative_bits_are_found_and_the_first_checks_of_a_code_are_a_code():
    packed, labels = random_images(3000)
    bits = TrainingBits.of(packed, (0,), labels)
    pool = [(v,) for v in range(N)]
    chosen, share = design.select_checks(pool, bits, 30)
    assert set(chosen[:10]) == {(v,) for v in range(10)}
    fewer, less = design.select_checks(pool, bits, 10)
    assert fewer == chosen[:10]
    np.testing.assert_array_equal(less, share[:10])
    assert (np.diff(share) > 0).all() and 0 < share[0] and share[-1] <= 1


def test_a_class_told_by_a_parity_alone_is_found_as_that_parity():
    rng = np.random.default_rng(5)
    packed = rng.integers(0, 256, (2000, N), dtype=np.uint8)
    labels = (packed[:, 3] >> 7) ^ (packed[:, 77] >> 7)
    bits = TrainingBits.of(packed, (0,), labels)
    pool = [(v,) for v in range(N)] + [(3, v) for v in range(4, N)]
    chosen, share = design.select_checks(pool, bits, 3)
    assert chosen[0] == (3, 77) and share[0] > 0.99


def test_dependent_and_constant_checks_are_passed_over():
    packed, labels = random_images(500)
    packed[:, 50] = 0
    bits = TrainingBits.of(packed, (0,), labels)
    pool = [(0,), (1,), (0, 1), (2, 50), (2,), (50,)]
    chosen, _ = design.select_checks(pool, bits, 6)
    graph = design.graph_of(chosen, N)
    assert graph.rank() == graph.n_checks and (50,) not in chosen and len(set(chosen) & {(0,), (1,), (0, 1)}) == 2
    every, _ = design.select_checks([(0,), (1,), (0, 1)], bits, 6, independent=False)
    assert set(every) == {(0,), (1,), (0, 1)}


@pytest.mark.parametrize("planes", [(0,), (0, 2)])
def test_learning_gives_a_code_of_full_rank_and_gains_by_rounds(planes):
    images = gray_images("digits")
    bits = TrainingBits.of(symbols(images.train, transform=False), planes, images.train_labels)
    told: list = []
    settings = {"max_weight": 3, "reach": 2, "rounds": 3, "pool_size": 300}
    checks, share = design.learn_checks(
        bits, 40, np.random.default_rng(1), **settings, after_round=lambda *step: told.append(step)
    )
    graph = design.graph_of(checks, bits.n_variables)
    assert (graph.n_checks, graph.rank()) == (40, 40) and set(graph.check_degrees) <= {1, 2, 3}
    assert [step for step, _ in told] == [0, 1, 2] and told[-1][1] == share[-1] > told[0][1]
    again = design.learn_checks(bits, 40, np.random.default_rng(1), **settings)
    assert again[0] == checks
    singles = design.select_checks([(v,) for v in range(bits.n_variables)], bits, 40)
    assert share[-1] > singles[1][-1]
    assert share[-1] == pytest.approx(explained_variance(values(bits, checks), images.train_labels), rel=1e-4)


def test_a_changed_check_is_a_check_of_allowed_weight_nearby():
    rng = np.random.default_rng(0)
    kinds = set()
    for _ in range(500):
        new = design._changed((5 * SIDE + 5, 5 * SIDE + 6), 2, 3, 2, rng)
        kinds.add(len(new))
        assert list(new) == sorted(set(new)) and 1 <= len(new) <= 3
        rows, columns = np.divmod(np.array(new) % N, SIDE)
        assert rows.min() >= 3 and rows.max() <= 7 and columns.min() >= 3 and columns.max() <= 8
    assert kinds == {1, 2, 3}


@pytest.mark.parametrize(
    "call",
    [
        lambda: TrainingBits.of(np.zeros((2, 5), np.uint8), (0,), [0, 1]),
        lambda: TrainingBits.of(np.zeros((2, N), np.uint8), (0, 0), [0, 1]),
        lambda: TrainingBits.of(np.zeros((2, N), np.uint8), (8,), [0, 1]),
        lambda: TrainingBits.of(np.zeros((2, N), np.uint8), (0,), [0, 10]),
        lambda: TrainingBits.of(np.zeros((2, N), np.uint8), (0,), [0]),
        lambda: design.graph_of([(0,), ()], N),
        lambda: design.graph_of([], N),
        lambda: design.tiled_checks("star"),
        lambda: design.random_checks(3, 0, 1, np.random.default_rng(0)),
        lambda: design.random_checks(3, 10, 1, np.random.default_rng(0), reach=1),
        lambda: design.random_checks(3, 2, 1, np.random.default_rng(0), reach=0),
        lambda: design.check_bits(np.zeros((2, N), np.uint8), (0, 1), design.graph_of([(0,)], N)),
        lambda: design.select_checks([(0,)], TrainingBits.of(np.zeros((2, N), np.uint8), (0,), [0, 1]), 0),
    ],
)
def test_bad_arguments_are_refused(call):
    with pytest.raises(ValueError):
        call()


@pytest.mark.parametrize("experiment", experiments.EXPERIMENTS, ids=lambda e: e.name)
def test_a_point_of_every_experiment_runs_without_any_data_set(experiment):
    point = experiment.points("smoke")[0]
    rows = runner.compute_point(experiment, "smoke", **point)
    assert len(rows) >= 1
    if "accuracy" in rows:
        assert (rows.accuracy == 1 - rows.errors / rows.n_test).all()
    else:
        assert rows.explained.is_monotonic_increasing and len(rows) == 512


@pytest.mark.parametrize("method", dict.fromkeys(method for _, method, _ in experiments.DESIGNS.values()))
def test_every_method_gives_a_code_of_512_checks(method):
    images = gray_images("digits")
    bits = TrainingBits.of(symbols(images.train, transform=False), (0,), images.train_labels)
    graph = design.graph_of(experiments.design(method, bits, 0, rounds=1), N)
    facts = experiments.describe(graph)
    assert graph.n_checks == 512 and facts["row_weight"] * 512 == graph.n_edges
    assert facts["bits_unused"] == N - len(set(graph.check_variables.tolist()))
    if not method.startswith(("random", "near")):
        assert facts["rank"] == 512


def test_a_check_over_two_planes_counts_as_one():
    graph = design.graph_of([(0, 1), (0, N), (2 * N, 2 * N + 5)], 3 * N)
    assert experiments.describe(graph)["checks_across_planes"] == 1


def test_the_held_out_images_are_training_images_that_training_does_not_see():
    images, parts = gray_images("digits"), held_out("digits")
    together = np.concatenate([parts.train, parts.test])
    assert len(parts.test) == 360 and len(together) == len(images.train)
    assert sorted(map(bytes, together)) == sorted(map(bytes, images.train))

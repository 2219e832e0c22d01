"""The runner: one table whatever the workers, nothing lost, nothing counted twice."""

import contextlib
import dataclasses
import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import threadpoolctl
from hypothesis import given, settings
from hypothesis import strategies as st

import toy_experiments as toy
from jscc import datasets, results, runner
from jscc.runner import certify, execute, plan, runs, store

HERE = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _results(tmp_path, monkeypatch):
    monkeypatch.setenv("JSCC_RESULTS", str(tmp_path / "results"))


def table(experiment, scale):
    return results.table_path(experiment.name, scale).read_bytes()


def task_files(experiment, scale):
    return sorted((results.results_folder() / ".work" / experiment.name / scale / "tasks").glob("*.json"))


def command(*arguments, **environment):
    """A running ``jscc``, leader of its own process group."""
    return subprocess.Popen(
        [sys.executable, "-m", "jscc.cli", "--module", "toy_experiments", *arguments],
        cwd=HERE,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def wait_until(condition, process, limit=60):
    """Wait for a condition while a process runs; whether it came true."""
    end = time.monotonic() + limit
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def kill_group(process):
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


# --- seeds and grids ----------------------------------------------------------------------------------


@given(
    st.lists(st.floats(0, 1), min_size=2, max_size=6, unique=True),
    st.integers(0, 2**32),
    st.integers(0, 1000),
)
def test_seeds_depend_on_the_point_alone_and_differ(values, root, chunk):
    experiment = runner.Experiment(name="toy_x", title="", task=toy.measure, grid=toy._grid, seed=root)
    seeds = [runner.seed_of(experiment, {"a": value, "b": 1}, chunk) for value in values]
    turned = [runner.seed_of(experiment, {"b": np.int64(1), "a": value}, chunk) for value in values]
    others = [runner.seed_of(experiment, {"a": value, "b": 1}, chunk + 1) for value in values]
    assert seeds == turned
    assert len({*seeds, *others}) == 2 * len(values)
    assert all(0 <= seed < 2**63 for seed in seeds)


def test_seeds_are_those_of_the_committed_tables():
    # Tables of years ago are recomputed with these: they must never move.
    assert runner.seed_of(toy.MEANS, {"length": 1, "kind": "None"}) == 37022630072085639
    assert runner.seed_of(toy.ERRORS, {"probability": 0.3}, 7) == 5253325418805887349
    assert runner.seed_of(toy.MEANS, {"length": 1, "seed": 5}) == 5


@pytest.mark.parametrize(
    "grid",
    [
        lambda scale: [{"a": 1}, {"a": 1}],
        lambda scale: [{"a": [1, 2]}],
        lambda scale: [{"a": np.zeros(3)}],
        lambda scale: [("a", 1)],
    ],
)
def test_a_grid_that_makes_no_table_is_refused(grid):
    experiment = runner.Experiment(name="toy_x", title="", task=toy.measure, grid=grid)
    with pytest.raises(ValueError, match="toy_x"):
        experiment.points("smoke")


def test_wrong_arguments_are_refused(monkeypatch):
    with pytest.raises(ValueError, match="scale 'huge' given"):
        toy.MEANS.points("huge")
    with pytest.raises(ValueError, match="lower-case"):
        runner.Experiment(name="../x", title="", task=toy.measure, grid=toy._grid)
    with pytest.raises(ValueError, match="top-level function"):
        runner.Experiment(name="x", title="", task=lambda seed: {}, grid=toy._grid)
    with pytest.raises(ValueError, match="chunk=0 given"):
        runner.MonteCarlo(
            name="x", title="", task=toy.measure, grid=toy._grid, chunk=0, min_errors=1, max_trials=1
        ).rule("smoke")
    with pytest.raises(ValueError, match="known are"):
        runner.run(toy.MEANS, "smoke", workers=0, only={"size": 1}, progress=False)
    with pytest.raises(ValueError, match="no point"):
        runner.run(toy.MEANS, "smoke", workers=0, only={"length": 77}, progress=False)
    monkeypatch.setattr(execute, "_CONNECT_SECONDS", 0.5)
    with pytest.raises(ConnectionError, match="no Dask scheduler"):
        runner.run(toy.MEANS, "smoke", scheduler="tcp://127.0.0.1:1", progress=False)


# --- the stopping rule --------------------------------------------------------------------------------

chunk_lists = st.lists(st.integers(0, 10), min_size=1, max_size=30)


@given(chunk_lists, st.integers(1, 40), st.integers(1, 30), st.randoms())
def test_the_prefix_is_the_shortest_whatever_the_order(errors, min_errors, max_chunks, random):
    order = list(enumerate(errors))
    random.shuffle(order)
    known = {}
    for index, count in order:
        known[index] = (count, 10)
        length = runner.stopping_prefix(known, min_errors, 10 * max_chunks)
        if length is not None:
            assert all(chunk in known for chunk in range(length))
            assert sum(errors[:length]) >= min_errors or length >= max_chunks
            assert sum(errors[: length - 1]) < min_errors and length - 1 < max_chunks
            # What comes later does not move it.
            assert length == runner.stopping_prefix(
                {chunk: (count, 10) for chunk, count in enumerate(errors)}, min_errors, 10 * max_chunks
            )
    if sum(errors) >= min_errors or len(errors) >= max_chunks:
        assert length is not None
    else:
        assert length is None


@settings(deadline=None, max_examples=40)
@given(
    st.integers(1, 12),
    st.integers(1, 20),
    st.integers(1, 150),
    st.integers(1, 20),
    st.randoms(use_true_random=False),
)
def test_the_plan_gives_one_table_in_any_order_of_completion(capacity, min_errors, max_trials, chunk, random):
    experiment = runner.MonteCarlo(
        name="toy_x",
        title="",
        task=toy.count_errors,
        grid=toy._probabilities,
        chunk=chunk,
        min_errors=min_errors,
        max_trials=max_trials,
    )

    def complete(capacity):
        chunks = plan.ChunkPlan(experiment, "smoke", {})
        flying, issued, known = [], [], [0] * len(chunks.points)
        while not all(map(chunks.finished, chunks.wanted)):
            while len(flying) < capacity and (task := chunks.next()) is not None:
                flying.append(task)
                issued.append(task.key)
                # Speculation on a point at most doubles what is known of it.
                assert sum(other.point == task.point for other in flying) <= known[task.point] + 1
            # Something always flies while a point is open, else the run would hang.
            task = flying.pop(random.randrange(len(flying)))
            known[task.point] += 1
            chunks.done(task, {"rows": [toy.count_errors(**task.arguments())]})
        assert len(set(issued)) == len(issued)
        return [row for point in chunks.wanted for row in chunks.rows(point)], len(issued)

    alone, needed = complete(1)
    together, started = complete(capacity)
    assert together == alone
    assert needed == sum(-(-row["trials"] // chunk) for row in alone)
    assert all(row["errors"] >= min_errors or row["trials"] == max_trials for row in alone)
    assert started >= needed


@given(st.integers(1, 30), st.integers(0, 10), st.integers(1, 50), st.integers(1, 20), st.randoms())
def test_no_chunk_is_wasted_when_all_are_alike(capacity, errors, min_errors, most, random):
    experiment = runner.MonteCarlo(
        name="toy_x",
        title="",
        task=toy.count_errors,
        grid=toy._probabilities,
        chunk=10,
        min_errors=min_errors,
        max_trials=10 * most,
    )
    chunks = plan.ChunkPlan(experiment, "smoke", {})
    flying, started = [], 0
    while not all(map(chunks.finished, chunks.wanted)):
        while len(flying) < capacity and (task := chunks.next()) is not None:
            flying.append(task)
            started += 1
        task = flying.pop(random.randrange(len(flying)))
        chunks.done(task, {"rows": [{"trials": 10, "errors": errors}]})
    needed = min(most, -(-min_errors // errors)) if errors else most
    assert started == len(chunks.points) * needed


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"trials": 7, "errors": 0}, "trials=7"),
        ({"trials": 50, "errors": 51}, "errors=51"),
        ({"trials": 50, "errors": 0.5}, "two integers"),
        ({"trials": 50}, "errors=None"),
        ({"trials": 50, "errors": 1, "note": "x"}, "adds up"),
        ({"trials": 50, "errors": 1, "ci_low": 0}, "itself adds"),
        ({"trials": 50, "errors": 1, "probability": 2}, "parameters with other values"),
        ([{"trials": 50, "errors": 1}] * 2, "one is expected"),
        ({"trials": 50, "errors": 1, "all": [1]}, "plain number"),
        (3, "int given"),
    ],
)
def test_a_chunk_that_does_not_add_up_fails(monkeypatch, answer, message):
    monkeypatch.setattr(toy, "count_errors", lambda **arguments: answer)
    with pytest.raises(runner.Failed) as caught:
        runner.run(toy.ERRORS, "smoke", workers=0, progress=False)
    assert len(caught.value.failures) == 5
    assert all(message in text for _, text in caught.value.failures)
    assert not task_files(toy.ERRORS, "smoke")


# --- the same table ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """Tables and numbers of tasks of an undisturbed run in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JSCC_RESULTS", str(tmp_path_factory.mktemp("reference")))
        found = {}
        for experiment in (toy.MEANS, toy.ERRORS):
            for scale in ("quick", "paper"):
                runner.run(experiment, scale, workers=0, progress=False)
                tasks = results.certificate(experiment.name, scale)["tasks"]
                found[experiment.name, scale] = (table(experiment, scale), tasks)
        return found


@pytest.mark.parametrize("workers", [1, 2])
def test_the_table_is_the_same_whatever_the_workers(reference, workers):
    runner.run(toy.ERRORS, "quick", workers=workers, progress=False)
    assert table(toy.ERRORS, "quick") == reference["toy_errors", "quick"][0]


def test_a_row_does_not_depend_on_the_rest_of_the_grid(reference):
    whole = runner.run(toy.MEANS, "quick", workers=0, progress=False)
    for row in whole.to_dict("records"):
        point = runner.compute_point(toy.MEANS, "paper", length=row["length"], kind=row["kind"])
        assert point.to_dict("records") == [row]
    with pytest.raises(ValueError, match="which are 2 points"):
        runner.compute_point(toy.MEANS, "quick", length=5)
    # A point beside the grid is drawn from a seed of its own, as the grid's are.
    beside = runner.compute_point(toy.MEANS, "quick", length=7, kind="None")
    assert beside["mean"][0] == runner.compute_point(toy.MEANS, "paper", kind="None", length=7)["mean"][0]
    with pytest.raises(ValueError, match="no point"):
        runner.compute_point(toy.MEANS, "quick", length=7)


def test_parts_of_the_grid_make_the_whole_table(reference):
    for length in ("20", 1, "5"):
        assert not results.table_path("toy_means", "quick").exists()
        runner.run(toy.MEANS, "quick", workers=0, only={"length": length}, progress=False)
    assert table(toy.MEANS, "quick") == reference["toy_means", "quick"][0]


def test_the_table_reads_back_as_it_was_computed():
    frame = runner.run(toy.MEANS, "paper", workers=0, progress=False)
    assert results.load("toy_means").to_dict("records") == frame.to_dict("records")


def test_libraries_use_one_thread_and_are_given_back(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    with threadpoolctl.threadpool_limits(2):
        before = threadpoolctl.threadpool_info()
        frame = runner.run(toy.THREADS, "smoke", workers=0, progress=False)
        after = {library["filepath"]: library for library in threadpoolctl.threadpool_info()}
        assert [after[library["filepath"]] for library in before] == before  # the run may have loaded others
    assert set(frame["largest"]) == {1} and set(frame["openmp"].astype(str)) == {"1"}
    assert "OMP_NUM_THREADS" not in os.environ
    here = {name: value for name, value in os.environ.items() if "THREADS" in name}
    frame = runner.run(toy.THREADS, "quick", workers=1, progress=False)
    assert set(frame["largest"]) == {1} and set(frame["openmp"].astype(str)) == {"1"}
    assert set(frame["numba"]) == {1}
    # Numba refuses to compile once its variable has changed under running threads.
    assert {name: value for name, value in os.environ.items() if "THREADS" in name} == here


def test_a_cluster_started_by_hand_gives_the_same_table(reference, tmp_path):
    address_file = tmp_path / "scheduler.json"
    log = (tmp_path / "log").open("w")
    environment = {**os.environ, "PYTHONPATH": str(HERE)}

    def start(*arguments):
        words = [sys.executable, "-m", "dask", *arguments, "--no-dashboard"]
        return subprocess.Popen(words, env=environment, cwd=tmp_path, stdout=log, stderr=log)

    file_option = ("--scheduler-file", str(address_file))
    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0", *file_option)
    processes = [scheduler]
    try:
        assert wait_until(address_file.exists, scheduler), (tmp_path / "log").read_text()
        for _ in range(2):
            processes.append(start("worker", *file_option, "--nthreads", "1", "--no-nanny"))
        address = json.loads(address_file.read_text())["address"]
        from distributed import Client

        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
        for experiment in (toy.ERRORS, toy.MEANS):
            runner.run(experiment, "quick", scheduler=address, progress=False)
            assert table(experiment, "quick") == reference[experiment.name, "quick"][0]
        # The run took nothing down that was not its own.
        assert all(process.poll() is None for process in processes)
        for process in reversed(processes):
            process.terminate()
            process.wait(timeout=60)
    finally:
        for process in processes:
            if process.poll() is None:
                process.kill()
        log.close()


def test_a_task_whose_worker_dies_is_done_by_another(tmp_path, monkeypatch):
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    monkeypatch.setenv("TOY_DEATHS", f"{deaths}:2")
    frame = runner.run(toy.DEATHS, "quick", workers=2, progress=False)
    assert frame["square"].tolist() == [0, 1, 4, 9] and len(os.listdir(deaths)) == 2


def test_a_task_that_kills_every_worker_fails_alone(tmp_path, monkeypatch):
    """Dask gives it to four workers; the others' results are stored, and the next run computes it alone."""
    deaths = tmp_path / "deaths"
    deaths.mkdir()
    monkeypatch.setenv("TOY_DEATHS", f"{deaths}:99")
    with pytest.raises(runner.Failed) as caught:
        runner.run(toy.DEATHS, "quick", workers=2, progress=False)
    ((arguments, text),) = caught.value.failures
    assert arguments["index"] == 2 and "the cluster lost the task" in text and len(os.listdir(deaths)) == 4
    monkeypatch.setenv("TOY_DEATHS", f"{deaths}:0")
    frame = runner.run(toy.DEATHS, "quick", workers=0, progress=False)
    assert frame["square"].tolist() == [0, 1, 4, 9]
    assert results.certificate("toy_deaths", "quick")["tasks_resumed"] == 3


# --- killed, torn, failed, locked ---------------------------------------------------------------------


def test_killing_a_run_five_times_changes_nothing(reference):
    rng = np.random.default_rng(20)
    experiments = (toy.MEANS, toy.ERRORS)
    names = [experiment.name for experiment in experiments]

    def stored():
        return sum(len(task_files(experiment, "paper")) for experiment in experiments)

    for workers in (0, 2, 0, 2, 0):
        goal = stored() + int(rng.integers(1, 15)) if stored() else 1
        run = command("run", *names, "--workers", str(workers), TOY_SLEEP="0.1")
        assert wait_until(lambda goal=goal: stored() >= goal, run), run.communicate()[0]
        time.sleep(rng.uniform(0, 0.1))
        kill_group(run)
    assert 5 <= stored() < sum(reference[name, "paper"][1] for name in names)
    for experiment in experiments:
        runner.run(experiment, "paper", workers=0, progress=False)
        expected, tasks = reference[experiment.name, "paper"]
        assert table(experiment, "paper") == expected
        born = results.certificate(experiment.name)
        assert born["tasks"] == tasks and 0 <= born["tasks_resumed"] < tasks
        records = store.Store(experiment, "paper").read().values()
        identities = [(str(record["params"]), record["chunk"]) for record in records]
        assert len(set(identities)) == len(identities) >= tasks
    assert results.certificate("toy_means")["tasks_resumed"] > 0


def test_a_second_run_is_refused_and_a_dead_one_leaves_no_lock():
    run = command("run", "toy_means", "--workers", "0", TOY_SLEEP="0.3")
    try:
        assert wait_until(lambda: task_files(toy.MEANS, "paper"), run), run.communicate()[0]
        with pytest.raises(runner.Busy, match=f"process {run.pid} "):
            runner.run(toy.MEANS, workers=0, progress=False)
        # Another scale is another run.
        runner.run(toy.MEANS, "smoke", workers=0, progress=False)
    finally:
        kill_group(run)
    assert len(runner.run(toy.MEANS, workers=0, progress=False)) == 40


def test_workers_die_with_the_run_even_inside_compiled_code(tmp_path):
    started = tmp_path / "started"
    run = command("run", "toy_stuck", "--workers", "2", TOY_STARTED=str(started))
    children = []
    try:
        assert wait_until(started.exists, run), run.communicate()[0]
        children = psutil.Process(run.pid).children(recursive=True)
        # The process alone, not its group: nobody tells the workers.
        run.kill()
        run.wait()
        _, alive = psutil.wait_procs(children, timeout=60)
        assert len(children) >= 2
        assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
    finally:
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        run.kill()
        run.communicate()


def test_a_torn_or_foreign_file_is_no_result(reference):
    rng = np.random.default_rng(3)
    runner.run(toy.ERRORS, "quick", workers=0, progress=False)
    files = task_files(toy.ERRORS, "quick")
    for number, path in enumerate(files):
        text = path.read_bytes()
        place = int(rng.integers(len(text) - 1))
        if number % 3 == 0:
            path.write_bytes(text[:place])
        elif number % 3 == 1:
            path.write_bytes(text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :])
        else:
            # The temporary file of a write that never ended.
            path.with_name(f".tmp-{number}").write_bytes(text[:place])
            path.unlink()
    (files[0].parent / "notes.json").write_text("{}\n{}\n")
    results.table_path("toy_errors", "quick").unlink()
    runner.run(toy.ERRORS, "quick", workers=0, progress=False)
    assert table(toy.ERRORS, "quick") == reference["toy_errors", "quick"][0]
    assert results.certificate("toy_errors", "quick")["tasks_resumed"] == 0
    assert not list(files[0].parent.glob(".tmp-*"))


def test_a_task_that_raises_does_not_stop_the_others(monkeypatch):
    for _ in range(2):
        with pytest.raises(runner.Failed) as caught:
            runner.run(toy.FAILURE, "smoke", workers=0, progress=False)
        ((arguments, text),) = caught.value.failures
        assert arguments["index"] == 2 and "no such thing as two" in text and "fail_on_two" in text
        assert len(task_files(toy.FAILURE, "smoke")) == 3
        assert not results.table_path("toy_failure", "smoke").exists()
    before = {path: path.stat().st_mtime_ns for path in task_files(toy.FAILURE, "smoke")}
    monkeypatch.setenv("TOY_MENDED", "1")
    frame = runner.run(toy.FAILURE, "smoke", workers=0, progress=False)
    assert frame["square"].tolist() == [0, 1, 4, 9]
    assert all(path.stat().st_mtime_ns == when for path, when in before.items())


def test_a_finished_table_is_left_alone():
    runner.run(toy.MEANS, "quick", workers=0, progress=False)
    path = results.table_path("toy_means", "quick").with_suffix(".json")
    before = path.read_bytes()
    runner.run(toy.MEANS, "quick", workers=0, progress=False)
    assert path.read_bytes() == before


def test_part_of_a_grid_makes_no_table():
    runner.run(toy.MEANS, "quick", workers=0, only={"kind": "some"}, progress=False)
    standing = runner.standing(toy.MEANS, "quick")
    assert (standing.state, standing.done, standing.total) == ("partial", 3, 6)
    with pytest.raises(FileNotFoundError):
        runner.verify(toy.MEANS, "quick")
    runner.run(toy.MEANS, "quick", workers=0, progress=False)
    assert runner.standing(toy.MEANS, "quick").state == "fresh"


def test_a_record_under_another_task_s_name_is_no_result(reference):
    runner.run(toy.MEANS, "quick", workers=0, progress=False)
    files = task_files(toy.MEANS, "quick")
    files[1].write_bytes(files[0].read_bytes())
    results.table_path("toy_means", "quick").unlink()
    runner.run(toy.MEANS, "quick", workers=0, progress=False)
    assert table(toy.MEANS, "quick") == reference["toy_means", "quick"][0]
    assert results.certificate("toy_means", "quick")["tasks_resumed"] == len(files) - 1


def test_a_renamed_experiment_keeps_its_numbers(reference):
    renamed = dataclasses.replace(toy.MEANS, name="toy_renamed")
    assert renamed.stream == "toy_means"
    runner.run(renamed, "quick", workers=0, progress=False)
    assert table(renamed, "quick") == reference["toy_means", "quick"][0]


def test_a_table_of_the_book_is_made_by_committed_code_alone(tmp_path, monkeypatch):
    def git(*words):
        subprocess.run(["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=b", *words], check=True)

    git("init", "--quiet")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "code.py").write_text("a = 1\n")
    git("add", "lib")
    git("commit", "--quiet", "-m", "first")
    monkeypatch.setattr(results, "_REPOSITORY", tmp_path)
    runner.run(toy.MEANS, workers=0, only={"length": 1}, progress=False)
    (tmp_path / "lib" / "code.py").write_text("a = 2\n")
    with pytest.raises(ValueError, match="clean commit is expected"):
        runner.run(toy.MEANS, workers=0, progress=False)
    # A smaller scale is nobody's table.
    runner.run(toy.MEANS, "smoke", workers=0, progress=False)
    git("commit", "--quiet", "-am", "second")
    runner.run(toy.MEANS, workers=0, progress=False)
    assert results.certificate("toy_means")["dirty"] is False
    (tmp_path / "lib" / "code.py").write_text("a = 3\n")
    with pytest.raises(ValueError, match="clean commit is expected"):
        runner.verify(toy.MEANS)
    assert len(runner.verify(toy.MEANS, stamp=False)) == 4


def test_the_local_cluster_lets_nobody_in_without_its_secret():
    with execute.open_executor(1, None) as executor:
        address = executor._client.scheduler.address
        assert address.startswith("tls://")
        from distributed import Client

        for stranger in (address, address.replace("tls://", "tcp://")):
            with pytest.raises((OSError, TimeoutError, TypeError)):
                Client(stranger, timeout=2, set_as_default=False)


def test_a_changed_grid_makes_a_table_stale():
    runner.run(toy.MEANS, "quick", workers=0, progress=False)
    other = runner.Experiment(name="toy_means", title="", task=toy.measure, grid=lambda scale: toy._grid("smoke"))
    standing = runner.standing(other, "quick")
    assert standing.state == "stale" and standing.changed == ("grid",)
    with pytest.raises(ValueError, match="grid"):
        runner.verify(other, "quick")
    # Rows of points that the grid no longer has are not in the table.
    assert len(runner.run(other, "quick", workers=0, progress=False)) == 4
    assert runner.standing(other, "quick").state == "fresh"


def test_a_table_without_its_store_grows():
    small = runner.Experiment(name="toy_means", title="", task=toy.measure, grid=lambda scale: toy._grid("smoke"))
    runner.run(small, "quick", workers=0, progress=False)
    for path in task_files(small, "quick"):
        path.unlink()
    runner.verify(small, "quick", 2)
    seals = results.certificate("toy_means", "quick")["verified"]
    grown = runner.run(toy.MEANS, "quick", workers=0, progress=False)
    assert results.certificate("toy_means", "quick")["tasks_resumed"] == len(small.points("quick")) < len(grown)
    assert len(task_files(toy.MEANS, "quick")) == len(grown) - len(small.points("quick"))
    assert results.certificate("toy_means", "quick")["verified"] == seals  # the rows that stayed were verified
    assert [stage["points"] for stage in results.certificate("toy_means", "quick")["grown"]] == [
        len(small.points("quick"))
    ]
    text = table(toy.MEANS, "quick")
    results.table_path("toy_means", "quick").unlink()
    runner.run(toy.MEANS, "quick", workers=0, progress=False)
    assert table(toy.MEANS, "quick") == text
    assert "verified" not in results.certificate("toy_means", "quick")  # all of it computed


def test_a_table_that_grows_from_a_dirty_tree_is_not_clean(monkeypatch):
    small = runner.Experiment(name="toy_means", title="", task=toy.measure, grid=lambda scale: toy._grid("smoke"))
    monkeypatch.setattr(results, "_git_state", lambda: ("a" * 40, True))
    runner.run(small, "quick", workers=0, progress=False)
    for path in task_files(small, "quick"):
        path.unlink()
    monkeypatch.setattr(results, "_git_state", lambda: ("b" * 40, False))
    runner.run(toy.MEANS, "quick", workers=0, progress=False)
    birth = results.certificate("toy_means", "quick")
    assert birth["commit"] == "b" * 40 and birth["dirty"]
    assert birth["grown"] == [{"commit": "a" * 40, "dirty": True, "points": len(small.points("quick"))}]
    lines = dict(results.provenance("toy_means", "quick").rows)
    assert lines["commit"].startswith("bbbbbbb,")
    assert lines["grown from"] == f"aaaaaaa with changes ({len(small.points('quick'))} points)"


@pytest.mark.parametrize("max_trials", [1020, 2020])
def test_a_table_of_chunks_grows_as_long_as_its_rule_is_the_same(reference, max_trials):
    few = dataclasses.replace(toy.ERRORS, grid=lambda scale: toy._probabilities(scale)[1:3])
    few = dataclasses.replace(few, max_trials=max_trials)
    runner.run(few, "quick", workers=0, progress=False)
    old = results.certificate("toy_errors", "quick")["tasks"]
    for path in task_files(few, "quick"):
        path.unlink()
    runner.run(toy.ERRORS, "quick", workers=0, progress=False)
    assert table(toy.ERRORS, "quick") == reference["toy_errors", "quick"][0]
    birth = results.certificate("toy_errors", "quick")
    assert birth["tasks_resumed"] == (old if max_trials == 1020 else 0)
    assert birth["tasks"] == -(-results.load("toy_errors", "quick").trials // 50).sum()


# --- older code ---------------------------------------------------------------------------------------

MODULE = """
from jscc import runner
from .helper import factor


def task(index, seed):
    return {{"value": {body} * index, "other": 1.5}}


def grid(scale):
    return [{{"index": index}} for index in range(6)]


EXPERIMENT = runner.Experiment(name="edited", title="Edited", task=task, grid=grid)
"""
HELPER = '''
def factor():
    """{doc}"""
    # {doc}
    return {value}


def unreached():
    return {unreached}
'''


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """Write the package of an experiment anew, and import it as a fresh process would."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    folder = tmp_path / "edited_pack"
    folder.mkdir()
    (folder / "__init__.py").touch()

    def write(value="2", doc="x", unreached="0", body="factor()"):
        (folder / "experiments.py").write_text(MODULE.format(body=body))
        (folder / "helper.py").write_text(HELPER.format(value=value, doc=doc, unreached=unreached))
        for name in [name for name in sys.modules if name.startswith("edited_pack")]:
            del sys.modules[name]
        importlib.invalidate_caches()
        execute.code_here.cache_clear()
        monkeypatch.setattr(execute, "_BEGAN", time.time_ns() + 10**9)
        return importlib.import_module("edited_pack.experiments").EXPERIMENT

    yield write
    for name in [name for name in sys.modules if name.startswith("edited_pack")]:
        del sys.modules[name]


def run_here(experiment, **options):
    return runner.run(experiment, workers=0, progress=False, **options)


def test_a_change_of_what_is_reached_is_noticed(edited):
    run_here(edited())
    assert runner.standing(edited(doc="y", unreached="1")).state == "fresh"
    standing = runner.standing(edited(value="3"))
    assert standing.state == "stale" and standing.changed == ("edited_pack.helper:factor",)
    assert standing.done == 0


def test_numbers_that_did_not_change_are_certified_anew(edited):
    run_here(edited())
    first = results.certificate("edited")
    again = edited(value="1 + 1")
    assert runner.standing(again).state == "stale"
    assert len(runner.verify(again, n=2)) == 2
    assert runner.standing(again).state == "fresh"
    second = results.certificate("edited")
    (stamp,) = second["verified"]
    assert len(stamp["points"]) == 2 and runner.standing(again).verified == 2
    assert second["date"] == first["date"] and second["sources"] != first["sources"]


def test_each_point_is_compared_by_its_own_scatter(edited):
    run_here(edited())
    wide = dataclasses.replace(edited(value="3"), scatter=lambda point: {"value": 1.0 + point["index"]})
    runner.verify(wide, n=6)
    (stamp,) = results.certificate("edited")["verified"]
    assert stamp["scatter"] == {"value": 6.0}
    with pytest.raises(runner.Differs):
        runner.verify(
            dataclasses.replace(edited(value="30"), scatter=lambda point: {"value": 1.0 + point["index"]}), n=6
        )


def test_numbers_that_changed_are_refused(edited):
    run_here(edited())
    path = results.table_path("edited").with_suffix(".json")
    before = path.read_bytes()
    with pytest.raises(runner.Differs) as caught:
        runner.verify(edited(value="3"), n=6)
    assert any("value = 2 in the table, 3 computed" in line for line in caught.value.differences["value"])
    assert "other" in caught.value.agreeing and caught.value.reasons == ["code"]
    # A real number in place of an integer may differ by the tolerance, and no more.
    with pytest.raises(runner.Differs):
        runner.verify(edited(body="1.0002 * factor()"), n=6, tolerance=1e-4)
    assert path.read_bytes() == before
    runner.verify(edited(body="1.0002 * factor()"), n=6, tolerance=1e-3)
    assert path.read_bytes() != before


def test_tasks_and_tables_of_older_code_are_not_used(edited):
    run_here(edited(), only={"index": 2})
    changed = edited(value="3")
    assert run_here(changed)["value"].tolist() == [0, 3, 6, 9, 12, 15]
    assert results.certificate("edited")["tasks_resumed"] == 0
    for path in task_files(changed, "paper"):
        path.unlink()
    again = edited(value="4")
    assert run_here(again)["value"].tolist() == [0, 4, 8, 12, 16, 20]
    assert results.certificate("edited")["tasks_resumed"] == 0


def test_a_process_that_holds_older_code_is_refused(edited):
    run_here(edited(), only={"index": 0})
    # The file changes under a process that has loaded it.
    (Path(sys.modules["edited_pack.helper"].__file__)).write_text(HELPER.format(value="3", doc="", unreached="0"))
    with pytest.raises(runner.Failed) as caught:
        run_here(sys.modules["edited_pack.experiments"].EXPERIMENT)
    assert "is not that of the run" in caught.value.failures[0][1]


def test_a_table_without_its_store_is_verified_from_its_rows():
    runner.run(toy.ERRORS, "paper", workers=0, progress=False)
    for path in task_files(toy.ERRORS, "paper"):
        path.unlink()
    assert runner.standing(toy.ERRORS).state == "fresh"
    assert len(runner.verify(toy.ERRORS, n=2)) == 2
    frame = results.load("toy_errors")
    birth = results.certificate("toy_errors")
    results.write("toy_errors", frame.assign(errors=frame["errors"] + 1), birth)
    with pytest.raises(runner.Differs) as caught:
        runner.verify(toy.ERRORS, n=1)
    assert list(caught.value.differences) == ["errors"] and caught.value.reasons == []
    assert len(results.certificate("toy_errors")["verified"]) == 1


def test_verify_draws_others_each_time_from_the_whole_grid():
    runner.run(toy.MEANS, workers=0, progress=False)
    drawn = [frozenset(map(str, runner.verify(toy.MEANS))) for _ in range(6)]
    assert all(len(points) == 4 for points in drawn) and len(set(drawn)) > 1
    assert runner.standing(toy.MEANS).verified == len(frozenset.union(*drawn)) > 10


def test_code_that_changed_after_the_process_began_certifies_nothing(edited, monkeypatch):
    """The first question for the hash comes after the change, and so finds the new text; what is loaded is the old."""
    experiment = edited()
    run_here(experiment)
    Path(sys.modules["edited_pack.helper"].__file__).write_text(HELPER.format(value="1 + 1", doc="", unreached="0"))
    execute.code_here.cache_clear()
    monkeypatch.setattr(execute, "_BEGAN", 0)
    with pytest.raises(runner.Failed) as caught:
        runner.verify(experiment, n=2)
    assert "was changed after this process began" in caught.value.failures[0][1]
    assert "verified" not in results.certificate("edited")


def test_a_changed_stream_makes_a_table_stale():
    run_here(toy.MEANS, scale="quick")
    other = dataclasses.replace(toy.MEANS, stream="another")
    standing = runner.standing(other, "quick")
    assert (standing.state, standing.changed) == ("stale", ("stream",))
    for path in task_files(toy.MEANS, "quick"):
        path.unlink()
    before = results.load("toy_means", "quick")
    assert not run_here(other, scale="quick").equals(before)
    assert results.certificate("toy_means", "quick")["stream"] == "another"


def test_changed_data_make_a_table_stale(monkeypatch):
    experiment = dataclasses.replace(toy.MEANS, needs=("digits",))
    run_here(experiment, scale="quick")
    assert runner.standing(experiment, "quick").state == "fresh"
    monkeypatch.setattr(datasets, "fingerprint", lambda name: "another")
    standing = runner.standing(experiment, "quick")
    assert (standing.state, standing.changed) == ("stale", ("data digits",))
    # What is not here cannot have changed.
    monkeypatch.setattr(datasets, "available", lambda name: False)
    assert runner.standing(experiment, "quick").state == "fresh"


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        ([{"dataset": "mnist"}], ["mnist", "celeba64"]),
        ([{"dataset": "mnist"}, {"dataset": "cifar10"}], ["mnist", "cifar10", "celeba64"]),
        ([{"dataset": "digits"}], []),
        ([{"size": 1}], ["celeba64"]),
    ],
)
def test_data_that_no_parameter_names_are_needed_too(points, expected):
    grid = [{"dataset": "mnist"}, {"dataset": "cifar10"}]
    experiment = runner.Experiment(
        name="toy_data", title="", task=toy.measure, grid=lambda scale: grid, needs=("mnist", "cifar10", "celeba64")
    )
    assert runs.needed(experiment, points) == expected


def test_a_task_without_rows_is_refused():
    experiment = dataclasses.replace(toy.FAILURE, name="toy_nothing", task=toy.nothing)
    with pytest.raises(runner.Failed) as caught:
        run_here(experiment, scale="smoke")
    assert "no rows, one at least is expected" in caught.value.failures[0][1]


def test_verify_keeps_the_stamps_of_others_and_stamps_no_other_table(monkeypatch):
    run_here(toy.MEANS, scale="quick")
    rows = certify.point_rows

    def meanwhile(what):
        def act(*arguments):
            monkeypatch.setattr(certify, "point_rows", rows)
            what()
            return rows(*arguments)

        monkeypatch.setattr(certify, "point_rows", act)

    meanwhile(lambda: runner.verify(toy.MEANS, "quick", n=1))
    runner.verify(toy.MEANS, "quick", n=1)
    assert len(results.certificate("toy_means", "quick")["verified"]) == 2
    frame = results.load("toy_means", "quick")
    meanwhile(lambda: results.write("toy_means", frame[:3], results.certificate("toy_means", "quick"), "quick"))
    with pytest.raises(ValueError, match="was replaced meanwhile"):
        runner.verify(toy.MEANS, "quick", n=1)


def test_a_table_grows_outside_of_a_repository_and_forgets_stamps_of_points_that_are_gone(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "_REPOSITORY", tmp_path)
    run_here(toy.MEANS, scale="quick")
    runner.verify(toy.MEANS, "quick", n=6)
    for path in task_files(toy.MEANS, "quick"):
        path.unlink()
    other = dataclasses.replace(toy.MEANS, grid=lambda scale: [*toy._grid("smoke"), {"length": 7, "kind": "some"}])
    assert len(run_here(other, scale="quick")) == 5
    birth = results.certificate("toy_means", "quick")
    assert birth["dirty"] is None and results.verified_points(birth) == 4
    assert "with changes" not in str(results.provenance("toy_means", "quick"))


def test_rows_that_do_not_come_back_as_they_were_written_are_computed_again():
    few = dataclasses.replace(toy.FAILURE, name="toy_words", task=toy.words, grid=lambda scale: toy._indices(scale)[:2])
    many = dataclasses.replace(few, grid=toy._indices)
    run_here(few, scale="smoke")
    for path in task_files(few, "smoke"):
        path.unlink()
    run_here(many, scale="smoke")
    lines = results.table_path("toy_words", "smoke").read_text().splitlines()
    assert lines[1:] == ["0,000,", "1,001,1.5", "2,002,", "3,003,1.5"]


def test_a_table_of_another_runner_is_stale_until_it_is_verified(monkeypatch):
    run_here(toy.MEANS, scale="quick")
    for room in (runs, certify):
        monkeypatch.setattr(room, "runner_code", lambda *_: "another")
    assert runner.standing(toy.MEANS, "quick").changed == ("runner",)
    runner.verify(toy.MEANS, "quick", n=1)
    assert runner.standing(toy.MEANS, "quick").state == "fresh"

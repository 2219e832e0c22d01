"""Run an experiment to its table."""

import dataclasses
import functools
import hashlib
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from jscc import artefacts, datasets, results, sources
from jscc.runner.execute import code_here, open_executor, perform
from jscc.runner.experiment import SCALES, Experiment, MonteCarlo, Rule, canonical, plain_row, qualified
from jscc.runner.plan import ChunkPlan, GridPlan, Task, check_rows, finished_points, make_plan, matching, used_records
from jscc.runner.store import Store


class Failed(Exception):
    """Some tasks raised; ``failures`` holds (parameters, traceback) of each."""

    def __init__(self, name: str, failures: list[tuple[dict, str]]) -> None:
        self.failures = failures
        super().__init__(f"{len(failures)} task{'s' if len(failures) != 1 else ''} of {name} failed")


def run(
    experiment: Experiment,
    scale: str = "paper",
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    only: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Compute what is missing of an experiment, and write its table when it is complete.

    Known are the stored tasks of earlier runs, and the points of a table that stands, as far as they were
    computed by the present code: a run that was stopped goes on, a grid that grew is extended, and a table that
    is complete and fresh is left as it is.

    Parameters
    ----------
    experiment
        What to run.
    scale
        ``"smoke"``, ``"quick"`` or ``"paper"``.
    workers
        Local worker processes, one core each; by default one per core, 0 runs in this process.
    scheduler
        Address of a Dask cluster (``tcp://…``) to run on instead.  Its workers must have the library.
    only
        Run only the points with these parameters; the table is written once all points are there.
    progress
        Show a progress bar.

    Returns
    -------
    pandas.DataFrame
        The table, of the finished points.

    Raises
    ------
    Failed
        If tasks raised; all others are stored, and the table is not written.
    Busy
        If another run works on the experiment at this scale.
    ValueError
        If the scale is unknown, ``only`` matches no point, or the library has changes that are not committed (at
        scale ``"paper"``, whose certificate names a commit).
    ConnectionError
        If no scheduler answers at the address, or the cluster is lost on the way.
    """
    start = time.perf_counter()
    store = Store(experiment, scale)
    task_name = qualified(experiment.task)
    # Taken now, and not when the table is written: the files may change while the run goes on.
    code, machine = code_of(experiment), results.environment()
    with store.locked():
        plan = known_plan(experiment, scale, store, code)
        plan.wanted = matching(plan.points, only, experiment.name)
        resumed = _tasks(plan)
        failures: list[tuple[dict, str]] = []
        if not all(plan.finished(point) for point in plan.wanted):
            if scale == "paper" and results.unsettled():
                raise ValueError(
                    "the library has changes that are not committed, a clean commit is expected: "
                    "the certificate of a table at the scale paper names the commit that made it"
                )
            if scheduler is None:
                _fetch_data(experiment, [plan.points[point] for point in plan.wanted])
            with open_executor(workers, scheduler) as executor:
                failures = _drive(experiment, plan, executor, store, task_name, code.total, progress)
        if failures:
            raise Failed(experiment.name, failures)
        frame = _table(plan)
        if len(finished_points(plan)) == len(plan.points):
            wall = time.perf_counter() - start
            _write_table(experiment, scale, plan, frame, code, machine, wall=wall, resumed=resumed)
    return frame


def known_plan(experiment: Experiment, scale: str, store: Store, code: sources.Sources) -> GridPlan | ChunkPlan:
    """The plan with all that the present code has computed: in the store, and in a table that stands."""
    records = {key: record for key, record in store.read().items() if record["code"] == code.total}
    plan = make_plan(experiment, scale, records)
    try:
        birth, table = results.certificate(experiment.name, scale), results.load(experiment.name, scale)
    except (FileNotFoundError, results.Damaged):
        return plan
    if changed_beside_code(experiment, scale, birth) - {"grid"} or birth["sources"]["total"] != code.total:
        return plan
    if results.csv_text(table) != results.table_path(experiment.name, scale).read_text(encoding="utf-8"):
        return plan  # a field that does not come back as it was written
    kinds = {name: type(value) for params in plan.points for name, value in params.items()}
    rows: dict[str, list[dict]] = {}
    for row in table.to_dict("records"):
        known = {name: None if pd.isna(value) else value for name, value in row.items()}
        rows.setdefault(_key(known, kinds), []).append(known)
    tasks = dict.fromkeys(rows, 1)
    if isinstance(plan, ChunkPlan):
        # A row is a sum over chunks: it is that of the present rule if the whole table was made by it.
        before = [
            {name: int(row[name]) if kinds[name] is int else row[name] for name in kinds if row.get(name) is not None}
            for found in rows.values()
            for row in found
        ]
        if _grid_hash(experiment.seed, plan.rule, before) != birth["grid"]:
            return plan
        tasks = {key: -(-row["trials"] // plan.rule.chunk) for key, (row,) in rows.items()}
    seconds = birth["task_seconds"] / birth["tasks"]
    for point, params in enumerate(plan.points):
        key = _key(params, kinds)
        if key in rows and not plan.finished(point):
            about = {"tasks": tasks[key], "seconds": seconds * tasks[key], "date": birth["date"]}
            plan.keep(point, {"rows": rows[key], "code": code.total, "kept": True, **about})
    return plan


def _key(values: Mapping[str, Any], names: Iterable[str]) -> str:
    """Text that equal parameters share, also where a table has made a real number of an integer."""
    return canonical([float(v) if isinstance(v, (int, float)) else v for v in map(values.get, names)])


def compute_point(experiment: Experiment, scale: str = "paper", /, **params: Any) -> pd.DataFrame:
    """Compute one point here and now, and store nothing.

    Parameters
    ----------
    experiment
        The experiment.
    scale
        Scale whose grid holds the point.
    **params
        Parameters that single out one point of the grid, or all parameters of a point beside it.

    Returns
    -------
    pandas.DataFrame
        The point's rows as the table has them.

    Raises
    ------
    ValueError
        If several points of the grid have these parameters, or none has and they are not those of a point.
    Failed
        If the task raised.
    """
    points = experiment.points(scale)
    names = {frozenset(point) for point in points}
    if frozenset(params) in names:
        point = plain_row(params, "the parameters")
    else:
        found = matching(points, params, experiment.name)
        if len(found) != 1:
            raise ValueError(f"{params} given, which are {len(found)} points of {experiment.name}; one is expected")
        point = points[found[0]]
    return pd.DataFrame(point_rows(replace(experiment, grid=lambda _: [point]), scale, 0))


def point_rows(experiment: Experiment, scale: str, point: int, code: str | None = None) -> list[dict]:
    """The rows of one point, computed in this process, by this code if it is given."""
    task_name = qualified(experiment.task)
    code = code or code_here((task_name,))
    plan = make_plan(experiment, scale, {})
    plan.wanted = [point]
    while not plan.finished(point):
        task = plan.next()
        with artefacts.elsewhere():  # weights that are kept stay those of the table
            outcome = _checked(experiment, task, perform(task_name, task.arguments(), code))
        if "error" in outcome:
            raise Failed(experiment.name, [(task.params, outcome["error"])])
        plan.done(task, {"rows": outcome["rows"]})
    return plan.rows(point)


def _drive(experiment, plan, executor, store, task_name, code, progress) -> list[tuple[dict, str]]:
    """Keep the executor busy until the wanted points are finished; give the failures."""
    from tqdm.auto import tqdm

    failures = []
    flying = 0
    finished = sum(map(plan.finished, plan.wanted))
    bar = tqdm(total=len(plan.wanted), initial=finished, desc=experiment.name, unit="point", disable=not progress)
    with bar:
        while not all(plan.finished(point) or point in plan.failed for point in plan.wanted):
            capacity = executor.capacity
            while flying < capacity and (task := plan.next()) is not None:
                executor.submit(task, task_name, code)
                flying += 1
            for task, outcome in executor.collect():
                flying -= 1
                outcome = _checked(experiment, task, outcome)
                if "error" in outcome:
                    failures.append((task.arguments(), outcome["error"]))
                    plan.fail(task)
                    continue
                was_finished = plan.finished(task.point)
                plan.done(task, store.put(task, outcome["rows"], outcome["seconds"], code))
                bar.update(int(plan.finished(task.point) and not was_finished))
    return failures


def changed_beside_code(
    experiment: Experiment,
    scale: str,
    birth: Mapping,
    reached: Callable[..., sources.Sources] = sources.reached,
    fingerprint: Callable[[str], str] | None = None,
) -> set[str]:
    """What else a table follows from and is not as its certificate says: grid, seed, stream, data, the runner itself.

    A data set that is not here cannot have changed.
    """
    now = {
        "grid": grid_hash(experiment, scale),
        "seed": experiment.seed,
        "stream": experiment.stream,
        "runner": runner_code(reached),
    }
    changed = {key for key, value in now.items() if birth.get(key, value) != value}
    here = [name for name in birth["data"] if name in experiment.needs and datasets.available(name)]
    return changed | {
        f"data {name}" for name in here if birth["data"][name] != (fingerprint or datasets.fingerprint)(name)
    }


@functools.cache
def runner_code(reached: Callable[..., sources.Sources] = sources.reached) -> str:
    """The hash of what makes tables of tasks: the seeds, and the sums and intervals over chunks."""
    return reached("jscc.runner.experiment:seed_of", "jscc.runner.plan:_summed").total


def needed(experiment: Experiment, points: Sequence[Mapping]) -> list[str]:
    """The data sets that some points read: of those that a parameter chooses among, the chosen, and all others.

    Points on the digits, which are always here, need none.
    """
    values = _texts(points)
    if "digits" in values:
        return [name for name in experiment.needs if name in values]
    choices = set().union(*(_texts(experiment.points(scale)) for scale in SCALES))
    return [name for name in experiment.needs if name in values or name not in choices]


def _texts(points: Sequence[Mapping]) -> set[str]:
    return {value for params in points for value in params.values() if isinstance(value, str)}


def _fetch_data(experiment: Experiment, points: Sequence[Mapping]) -> None:
    """Have the data sets here before the workers ask for them all at once."""
    if names := needed(experiment, points):
        for name in names:
            if not datasets.available(name):
                datasets.load(name)


def data_hashes(experiment: Experiment, points: Sequence[Mapping]) -> dict[str, str]:
    """Hashes of the data sets that some points read."""
    return {name: datasets.fingerprint(name) for name in needed(experiment, points)}


def _checked(experiment: Experiment, task: Task, outcome: dict) -> dict:
    """An outcome whose rows fit the table, or one with an error."""
    if "error" not in outcome:
        try:
            check_rows(experiment, task, outcome["rows"])
        except ValueError as error:
            return {"error": f"ValueError: {error}\n"}
    return outcome


def _table(plan: GridPlan | ChunkPlan) -> pd.DataFrame:
    return make_frame({point: plan.rows(point) for point in finished_points(plan)})


def make_frame(rows: Mapping[int, list[dict]]) -> pd.DataFrame:
    """The table of some points' rows, in grid order."""
    return pd.DataFrame([row for point in sorted(rows) for row in rows[point]])


def code_of(experiment: Experiment, reached: Callable[..., sources.Sources] = sources.reached) -> sources.Sources:
    """What an experiment's table rests on, in the files now."""
    return reached(qualified(experiment.task))


def _write_table(experiment, scale, plan, frame, code: sources.Sources, machine: dict, *, wall, resumed) -> None:
    """Write table and certificate, unless exactly this table was written before."""
    used = used_records(plan)
    birth = {
        "experiment": experiment.name,
        "title": experiment.title,
        "command": f"jscc run {experiment.name} --scale {scale}",
        "scale": scale,
        "seed": experiment.seed,
        "stream": experiment.stream,
        "points": len(plan.points),
        "point": plan.points[0],
        "tasks": _tasks(plan),
        "tasks_resumed": resumed,
        "wall_seconds": round(wall, 3),
        "task_seconds": round(math.fsum(record["seconds"] for record in used), 3),
        "date": max(record["date"] for record in used),
        "grid": grid_hash(experiment, scale),
        "functions": [qualified(experiment.task)],
        "sources": dataclasses.asdict(code),
        "runner": runner_code(),
        "data": data_hashes(experiment, plan.points),
        **machine,
    }
    kept = sum(bool(record.get("kept")) for record in used)
    if kept:  # what was said of the rows that stay is still true of them
        before = results.certificate(experiment.name, scale)
        birth |= {key: before[key] for key in ("verified", "note") if key in before}
        there = set(map(canonical, plan.points))
        for stamp in birth.get("verified", []):
            stamp["points"] = [point for point in stamp["points"] if canonical(point) in there]
        birth["own_dirty"] = birth["dirty"]
        birth["dirty"] = birth["dirty"] or before["dirty"]
        stage = {"commit": before["commit"], "dirty": before["dirty"], "points": kept}
        birth["grown"] = [*before.get("grown", []), stage]
    if resumed == _tasks(plan) and _already_written(experiment.name, scale, frame, birth):
        return
    results.write(experiment.name, frame, birth, scale)


def _tasks(plan: GridPlan | ChunkPlan) -> int:
    """How many tasks the finished points rest on."""
    return sum(record.get("tasks", 1) for record in used_records(plan))


def _already_written(name: str, scale: str, frame: pd.DataFrame, birth: dict) -> bool:
    try:
        before = results.certificate(name, scale)
        text = results.table_path(name, scale).read_text(encoding="utf-8")
    except (FileNotFoundError, results.Damaged):
        return False
    same = all(before.get(key) == birth[key] for key in ("sources", "grid", "data"))
    return same and text == results.csv_text(frame)


def grid_hash(experiment: Experiment, scale: str) -> str:
    """A short hash of all parameters, the root seed and the stopping rule."""
    rule = experiment.rule(scale) if isinstance(experiment, MonteCarlo) else None
    return _grid_hash(experiment.seed, rule, experiment.points(scale))


def _grid_hash(seed: int, rule: Rule | None, points: list[dict]) -> str:
    text = canonical([seed, rule and dataclasses.asdict(rule), points])
    return hashlib.sha256(text.encode()).hexdigest()[:12]

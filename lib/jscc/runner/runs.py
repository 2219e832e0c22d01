"""Run an experiment to its table."""

import dataclasses
import hashlib
import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from jscc import results, sources
from jscc.runner.execute import code_here, open_executor, perform
from jscc.runner.experiment import Experiment, MonteCarlo, canonical, qualified
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
    keep_stale: bool = False,
    extend: bool = False,
    progress: bool = True,
) -> pd.DataFrame:
    """Compute what is missing of an experiment, and write its table when it is complete.

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
    keep_stale
        Keep stored tasks that were computed by older code (the certificate then says so).
    extend
        Take the points that a table written before has, by the present code, as computed, also where it came
        without its store: for a grid that grew.
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
        If the scale is unknown, ``only`` matches no point, or the table cannot be extended.
    FileNotFoundError
        If there is no table to extend.
    ConnectionError
        If no scheduler answers at the address, or the cluster is lost on the way.
    """
    start = time.perf_counter()
    store = Store(experiment, scale)
    task_name = qualified(experiment.task)
    # Taken now, and not when the table is written: the files may change while the run goes on.
    version = Version.of(experiment)
    code = version.code
    with store.locked():
        store.keep_code(version.of_task)
        records = store.read()
        if not keep_stale:
            records = {key: record for key, record in records.items() if record["code"] == code}
        plan = make_plan(experiment, scale, records)
        plan.wanted = matching(plan.points, only, experiment.name)
        if extend:
            _take_over(experiment, scale, plan, store, version)
        resumed = len(used_records(plan))
        failures: list[tuple[dict, str]] = []
        if not all(plan.finished(point) for point in plan.wanted):
            if scheduler is None:
                _fetch_data(experiment)
            with open_executor(workers, scheduler) as executor:
                failures = _drive(experiment, plan, executor, store, task_name, code, progress)
        if failures:
            raise Failed(experiment.name, failures)
        frame = _table(experiment, plan)
        if len(finished_points(plan)) == len(plan.points):
            wall = time.perf_counter() - start
            _write_table(experiment, scale, plan, frame, store, version, wall=wall, resumed=resumed)
    return frame


def _take_over(experiment: Experiment, scale: str, plan: GridPlan, store: Store, version: "Version") -> None:
    """Store the points of the table written before as if they had been computed here."""
    birth = results.certificate(experiment.name, scale)
    if isinstance(experiment, MonteCarlo) or experiment.tidy is not None:
        raise ValueError(f"the rows of {experiment.name} are not those of its tasks; it cannot be extended")
    changed = results.changed_definitions(birth["sources"]["definitions"], version.of_table)
    if changed or birth["seed"] != experiment.seed:
        raise ValueError(f"the table of {experiment.name} is of older code ({', '.join(changed) or 'another seed'})")
    names = list(dict.fromkeys(name for params in plan.points for name in params))
    rows: dict[str, list[dict]] = {}
    for row in results.load(experiment.name, scale).to_dict("records"):
        known = {name: value for name, value in row.items() if not pd.isna(value)}
        rows.setdefault(_key(known, names), []).append(known)
    for task in plan.tasks:
        if not plan.finished(task.point) and (found := rows.get(_key(task.params, names))):
            plan.done(task, store.put(task, found, birth["task_seconds"] / birth["tasks"], version.code))


def _key(values: Mapping[str, Any], names: list[str]) -> str:
    """Text that equal parameters share, also where a table has made a real number of an integer."""
    return canonical([float(v) if isinstance(v, (int, float)) else v for v in map(values.get, names)])


def report(experiment: Experiment, scale: str = "paper", keep_stale: bool = False) -> pd.DataFrame:
    """Write the table of what is stored so far; its certificate says that it is partial.

    Raises
    ------
    ValueError
        If nothing is stored.
    """
    store = Store(experiment, scale)
    version = Version.of(experiment)
    records = store.read()
    if not keep_stale:
        records = {key: record for key, record in records.items() if record["code"] == version.code}
    plan = make_plan(experiment, scale, records)
    frame = _table(experiment, plan)
    if frame.empty:
        raise ValueError(f"no finished point of {experiment.name} is stored at scale {scale!r}")
    _write_table(experiment, scale, plan, frame, store, version, wall=None, resumed=len(used_records(plan)))
    return frame


def compute_point(experiment: Experiment, scale: str = "paper", /, **params: Any) -> pd.DataFrame:
    """Compute one point here and now, and store nothing.

    Parameters
    ----------
    experiment
        The experiment.
    scale
        Scale whose grid holds the point.
    **params
        Parameters that single out one point of the grid.

    Returns
    -------
    pandas.DataFrame
        The point's rows as the table has them (before ``tidy``).

    Raises
    ------
    ValueError
        If not exactly one point of the grid has these parameters.
    Failed
        If the task raised.
    """
    points = experiment.points(scale)
    found = matching(points, params, experiment.name)
    if len(found) != 1:
        raise ValueError(f"{params} match {len(found)} points of {experiment.name}, one is expected")
    return pd.DataFrame(point_rows(experiment, scale, found[0]))


def point_rows(experiment: Experiment, scale: str, point: int) -> list[dict]:
    """The rows of one point, computed in this process."""
    task_name = qualified(experiment.task)
    code = code_here((task_name,))
    plan = make_plan(experiment, scale, {})
    plan.wanted = [point]
    while not plan.finished(point):
        task = plan.next()
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


def _fetch_data(experiment: Experiment) -> None:
    """Have the data sets here before the workers ask for them all at once."""
    if experiment.needs:
        from jscc import datasets

        for name in experiment.needs:
            if not datasets.available(name):
                datasets.load(name)


def _checked(experiment: Experiment, task: Task, outcome: dict) -> dict:
    """An outcome whose rows fit the table, or one with an error."""
    if "error" not in outcome:
        try:
            check_rows(experiment, task, outcome["rows"])
        except ValueError as error:
            return {"error": f"ValueError: {error}\n"}
    return outcome


def _table(experiment: Experiment, plan: GridPlan | ChunkPlan) -> pd.DataFrame:
    return make_frame(experiment, {point: plan.rows(point) for point in finished_points(plan)})


def make_frame(experiment: Experiment, rows: Mapping[int, list[dict]]) -> pd.DataFrame:
    """The table of some points' rows, in grid order."""
    frame = pd.DataFrame([row for point in sorted(rows) for row in rows[point]])
    if experiment.tidy is not None and not frame.empty:
        frame = experiment.tidy(frame)
    return frame


@dataclass(frozen=True)
class Version:
    """The definitions that an experiment's task rests on, and all those behind its table."""

    of_task: dict[str, str]
    of_table: dict[str, str]

    @classmethod
    def of(cls, experiment: Experiment) -> "Version":
        """What they are in the files now."""
        return cls(sources.reached(qualified(experiment.task)), sources.reached(*experiment.functions()))

    @property
    def code(self) -> str:
        """The hash that stored tasks carry."""
        return sources.total(self.of_task)


def _write_table(experiment, scale, plan, frame, store, version: Version, *, wall, resumed) -> None:
    """Write table and certificate, unless exactly this table was written before."""
    used = used_records(plan)
    definitions = dict(version.of_table)
    older = Counter(record["code"] for record in used if record["code"] != version.code)
    for total in older:
        # Honest staleness: what the kept tasks were computed with is what the certificate says.
        old = store.code(total)
        for name in results.changed_definitions(old, version.of_task):
            definitions[name] = old.get(name, "absent")
    birth = {
        "experiment": experiment.name,
        "title": experiment.title,
        "command": f"jscc run {experiment.name} --scale {scale}",
        "scale": scale,
        "seed": experiment.seed,
        "partial": len(finished_points(plan)) < len(plan.points),
        "points": len(plan.points),
        "tasks": len(used),
        "tasks_resumed": resumed,
        "tasks_of_older_code": older.total(),
        "wall_seconds": None if wall is None else round(wall, 3),
        "task_seconds": round(math.fsum(record["seconds"] for record in used), 3),
        "date": max(record["date"] for record in used),
        "grid": grid_hash(experiment, scale),
        "functions": experiment.functions(),
        "sources": {"total": sources.total(definitions), "definitions": definitions},
        **results.environment(),
    }
    if resumed == len(used) and _already_written(experiment.name, scale, frame, birth):
        return
    results.write(experiment.name, frame, birth, scale)


def _already_written(name: str, scale: str, frame: pd.DataFrame, birth: dict) -> bool:
    try:
        before = results.certificate(name, scale)
        text = results.table_path(name, scale).read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    same = all(before.get(key) == birth[key] for key in ("sources", "grid", "partial"))
    return same and text == results.csv_text(frame)


def grid_hash(experiment: Experiment, scale: str) -> str:
    """A short hash of all parameters, the root seed and the stopping rule."""
    rule = dataclasses.asdict(experiment.rule(scale)) if isinstance(experiment, MonteCarlo) else None
    text = canonical([experiment.seed, rule, experiment.points(scale)])
    return hashlib.sha256(text.encode()).hexdigest()[:12]

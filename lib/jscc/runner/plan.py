"""What to compute next, and which records make the table.

A plan knows the points of a grid and the records of their finished tasks.  It hands out tasks in whatever
order keeps workers busy; the rows that it gives in the end do not depend on that order.
"""

import dataclasses
import functools
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jscc.runner.experiment import Experiment, MonteCarlo, Rule, canonical, seed_of
from jscc.statistics import binomial_interval


def stopping_prefix(outcomes: Mapping[int, tuple[int, int]], min_errors: int, max_trials: int) -> int | None:
    """Length of the shortest prefix of chunks that meets the stopping rule.

    Parameters
    ----------
    outcomes
        ``(errors, trials)`` by chunk number, of the chunks known so far in whatever order they came.
    min_errors, max_trials
        The prefix must hold at least so many errors, or so many trials.

    Returns
    -------
    int or None
        None while the chunks known do not decide it.
    """
    errors = trials = index = 0
    while index in outcomes:
        errors += outcomes[index][0]
        trials += outcomes[index][1]
        index += 1
        if errors >= min_errors or trials >= max_trials:
            return index
    return None


@dataclass(frozen=True)
class Task:
    """One unit of work: a grid point, or one chunk of it."""

    experiment: str
    point: int
    params: dict = dataclasses.field(hash=False)
    seed: int
    chunk: int | None = None
    trials: int | None = None

    @functools.cached_property
    def key(self) -> str:
        """Name of the task in the store: a hash of all that its result depends on, its code excepted."""
        return task_key(dataclasses.asdict(self))

    def arguments(self) -> dict:
        """What the task's function is called with."""
        extra = {} if self.trials is None else {"trials": self.trials}
        return {**self.params, "seed": self.seed, **extra}


def task_key(task: Mapping) -> str:
    """The key of a task, or of its stored record, from what tells it from others."""
    identity = [task[name] for name in ("experiment", "params", "seed", "chunk", "trials")]
    return hashlib.sha256(canonical(identity).encode()).hexdigest()[:32]


def make_task(experiment: Experiment, point: int, params: dict, rule: Rule | None, chunk: int = 0) -> Task:
    """The task of a point, or of one chunk of it."""
    if rule is None:
        return Task(experiment.stream, point, params, seed_of(experiment, params))
    return Task(experiment.stream, point, params, seed_of(experiment, params, chunk), chunk, rule.trials(chunk))


class GridPlan:
    """The tasks of an ordinary grid."""

    def __init__(self, experiment: Experiment, scale: str, records: dict[str, dict]) -> None:
        self.points = experiment.points(scale)
        self.tasks = [make_task(experiment, index, params, None) for index, params in enumerate(self.points)]
        self.records = {task.point: records[task.key] for task in self.tasks if task.key in records}
        self.failed: set[int] = set()
        self.wanted = range(len(self.points))
        self._issued: set[int] = set()

    def next(self) -> Task | None:
        """A task worth starting now, or None."""
        for index in self.wanted:
            if index not in self.records and index not in self.failed and index not in self._issued:
                self._issued.add(index)
                return self.tasks[index]
        return None

    def done(self, task: Task, record: dict) -> None:
        """Take in the record of a finished task."""
        self.records[task.point] = record

    def keep(self, point: int, record: dict) -> None:
        """Take over the rows of a point from a table that stands."""
        self.records[point] = record

    def fail(self, task: Task) -> None:
        """Give up the point of a task that raised."""
        self.failed.add(task.point)

    def finished(self, point: int) -> bool:
        """Whether the row of a point is known."""
        return point in self.records

    def used(self, point: int) -> list[dict]:
        """The records that the rows of a finished point rest on."""
        return [self.records[point]]

    def rows(self, point: int) -> list[dict]:
        """The rows of a finished point."""
        return [{**self.points[point], **row} for row in self.records[point]["rows"]]


class ChunkPlan:
    """The chunks of a Monte-Carlo grid."""

    def __init__(self, experiment: MonteCarlo, scale: str, records: dict[str, dict]) -> None:
        self.experiment = experiment
        self.rule = experiment.rule(scale)
        self.points = experiment.points(scale)
        self.chunks: list[dict[int, dict]] = [{} for _ in self.points]
        numbers = {canonical(params): index for index, params in enumerate(self.points)}
        for key, record in records.items():
            index, chunk = numbers.get(canonical(record["params"])), record["chunk"]
            # The key also tells whether seed and chunk size are still those of today.
            if index is not None and chunk < self.rule.chunks and self._task(index, chunk).key == key:
                self.chunks[index][chunk] = record
        self.kept: dict[int, dict] = {}
        self.failed: set[int] = set()
        self.wanted = range(len(self.points))
        self._flying: list[set[int]] = [set() for _ in self.points]
        self._lengths = [self._length(index) for index in range(len(self.points))]

    def next(self) -> Task | None:
        """The next chunk of the open point with the fewest chunks in flight."""
        open_points = [index for index in self.wanted if self._has_room(index)]
        if not open_points:
            return None
        point = min(open_points, key=lambda index: len(self._flying[index]))
        chunk = self._lowest_free(point)
        self._flying[point].add(chunk)
        return self._task(point, chunk)

    def done(self, task: Task, record: dict) -> None:
        """Take in the record of a finished chunk."""
        self._flying[task.point].discard(task.chunk)
        self.chunks[task.point][task.chunk] = record
        self._lengths[task.point] = self._length(task.point)

    def keep(self, point: int, record: dict) -> None:
        """Take over the row of a point from a table that stands: a sum over the chunks that this rule asks for."""
        self.kept[point] = record

    def fail(self, task: Task) -> None:
        """Give up the point of a chunk that raised."""
        self._flying[task.point].discard(task.chunk)
        self.failed.add(task.point)

    def finished(self, point: int) -> bool:
        """Whether the chunks known decide the row of a point."""
        return point in self.kept or self._lengths[point] is not None

    def used(self, point: int) -> list[dict]:
        """The records that the row of a finished point rests on."""
        if point in self.kept:
            return [self.kept[point]]
        return [self.chunks[point][chunk] for chunk in range(self._lengths[point])]

    def rows(self, point: int) -> list[dict]:
        """The row of a finished point."""
        if point in self.kept:
            return [{**self.points[point], **self.kept[point]["rows"][0]}]
        return [{**self.points[point], **_summed([record["rows"][0] for record in self.used(point)])}]

    def _task(self, point: int, chunk: int) -> Task:
        return make_task(self.experiment, point, self.points[point], self.rule, chunk)

    def _length(self, point: int) -> int | None:
        outcomes = {
            chunk: (record["rows"][0]["errors"], record["rows"][0]["trials"])
            for chunk, record in self.chunks[point].items()
        }
        return stopping_prefix(outcomes, self.rule.min_errors, self.rule.max_trials)

    def _lowest_free(self, point: int) -> int | None:
        taken = self.chunks[point].keys() | self._flying[point]
        return next((chunk for chunk in range(self.rule.chunks) if chunk not in taken), None)

    def _has_room(self, point: int) -> bool:
        """Whether one more chunk of a point is likely to be needed."""
        if point in self.failed or self.finished(point) or self._lowest_free(point) is None:
            return False
        flying = len(self._flying[point])
        if flying == 0:
            return True
        known = self.chunks[point].values()
        errors = sum(record["rows"][0]["errors"] for record in known)
        # Doubling while nothing is known of the rate; later no more chunks than should bring the errors.
        expected = len(known) + 1
        if errors:
            missing = max(self.rule.min_errors - errors, 0)
            expected = min(expected, math.ceil(missing * len(known) / errors))
        return flying < expected


def make_plan(experiment: Experiment, scale: str, records: dict[str, dict]) -> GridPlan | ChunkPlan:
    """The plan of an experiment's kind, with what is stored of it."""
    kind = ChunkPlan if isinstance(experiment, MonteCarlo) else GridPlan
    return kind(experiment, scale, records)


def finished_points(plan: GridPlan | ChunkPlan) -> list[int]:
    """Numbers of the points whose rows are known."""
    return [point for point in range(len(plan.points)) if plan.finished(point)]


def used_records(plan: GridPlan | ChunkPlan) -> list[dict]:
    """The records that the table of the finished points rests on, in grid order."""
    return [record for point in finished_points(plan) for record in plan.used(point)]


def matching(points: list[dict], only: Mapping[str, Any] | None, name: str) -> Sequence[int]:
    """Numbers of the points with given parameters; texts also match numbers written so."""
    if not only:
        return range(len(points))
    unknown = sorted(key for key in only if not any(key in params for params in points))
    if unknown:
        known = sorted({key for params in points for key in params})
        raise ValueError(f"parameters {unknown} given for {name}, known are {known}")

    def same(value: Any, wanted: Any) -> bool:
        return value == wanted or (isinstance(wanted, str) and str(value) == wanted)

    found = [
        index
        for index, params in enumerate(points)
        if all(key in params and same(params[key], wanted) for key, wanted in only.items())
    ]
    if not found:
        raise ValueError(f"no point of {name} has {dict(only)}")
    return found


def check_rows(experiment: Experiment, task: Task, rows: list[dict]) -> None:
    """Refuse a result that cannot stand in the table."""
    if not rows:
        raise ValueError("the task returned no rows, one at least is expected")
    for row in rows:
        clash = sorted(key for key in row.keys() & task.params.keys() if row[key] != task.params[key])
        if clash:
            raise ValueError(f"the task returned {clash}, which are parameters with other values")
    if not isinstance(experiment, MonteCarlo):
        return
    if len(rows) != 1:
        raise ValueError(f"a Monte-Carlo task returned {len(rows)} rows, one is expected")
    row = rows[0]
    for key, value in row.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError(f"{key}={value!r} returned, a number that adds up over chunks is expected")
    reserved = sorted({"error_rate", "ci_low", "ci_high"} & (row.keys() | task.params.keys()))
    if reserved:
        raise ValueError(f"{reserved} given, names that the table itself adds")
    trials, errors = row.get("trials"), row.get("errors")
    if not isinstance(trials, int) or not isinstance(errors, int):
        raise ValueError(f"trials={trials!r}, errors={errors!r} returned, two integers are expected")
    if trials != task.trials or not 0 <= errors <= trials:
        raise ValueError(
            f"trials={trials}, errors={errors} returned, trials={task.trials} and 0 <= errors <= trials are expected"
        )


def _summed(chunks: list[dict]) -> dict:
    """One row from the rows of a prefix of chunks, with its rate and interval."""
    row = {}
    for key in chunks[0]:
        values = [chunk[key] for chunk in chunks]
        row[key] = sum(values) if all(isinstance(value, int) for value in values) else math.fsum(values)
    low, high = binomial_interval(row["errors"], row["trials"])
    row["error_rate"] = row["errors"] / row["trials"]
    row["ci_low"], row["ci_high"] = float(low), float(high)
    return row

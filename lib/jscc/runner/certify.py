"""Tell whether a table still follows from the code, and prove it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from jscc import results, sources
from jscc.runner.experiment import Experiment, qualified
from jscc.runner.plan import finished_points, make_plan, matching
from jscc.runner.runs import grid_hash, make_frame, point_rows
from jscc.runner.store import Store, now


@dataclass(frozen=True)
class Standing:
    """How an experiment stands at one scale.

    ``state`` is ``"fresh"``, ``"stale"``, ``"partial"`` or ``"missing"``; ``changed`` names the
    definitions (and ``"grid"``) that differ from those of the table; ``done`` of ``total`` points are
    known under the present code, and ``old`` stored tasks are of older code.
    """

    scale: str
    state: str
    done: int
    total: int
    old: int
    changed: tuple[str, ...]


class Differs(Exception):
    """Recomputed values are not those of the table; ``differences`` holds one line for each."""

    def __init__(self, name: str, differences: list[str]) -> None:
        self.differences = differences
        super().__init__(f"the table of {name} does not follow from the present code")


def standing(experiment: Experiment, scale: str = "paper") -> Standing:
    """Tell how far an experiment is, and whether its table still follows from the code."""
    store = Store(experiment, scale)
    code = sources.total(sources.reached(qualified(experiment.task)))
    records = store.read()
    present = {key: record for key, record in records.items() if record["code"] == code}
    plan = make_plan(experiment, scale, present)
    done, total, old = len(finished_points(plan)), len(plan.points), len(records) - len(present)
    try:
        birth = results.certificate(experiment.name, scale)
    except FileNotFoundError:
        return Standing(scale, "partial" if done else "missing", done, total, old, ())
    changed = results.stale(experiment.name, scale)
    if birth["grid"] != grid_hash(experiment, scale):
        changed.append("grid")
    if birth["partial"]:
        return Standing(scale, "partial", done, total, old, tuple(changed))
    if changed:
        return Standing(scale, "stale", done, total, old, tuple(changed))
    # The table stands for its points, also where it came without its store.
    return Standing(scale, "fresh", total, total, old, ())


def verify(
    experiment: Experiment,
    scale: str = "paper",
    n: int = 3,
    *,
    tolerance: float = 1e-12,
    only: Mapping[str, Any] | None = None,
) -> list[dict]:
    """Recompute some points, and if they equal the table's, stamp the table with the present code.

    The points are drawn at random, others each time, from the cheaper half of the grid where the cost of
    its points is known, else from all of it.  A change of the code that left the numbers as they were
    can so be certified without computing everything anew.

    Parameters
    ----------
    experiment, scale
        Whose table.
    n
        How many points to recompute.
    tolerance
        Largest relative difference of two real numbers; integers and texts must be equal.
    only
        Draw among the points with these parameters.

    Returns
    -------
    list[dict]
        Parameters of the recomputed points.

    Raises
    ------
    Differs
        If a value differs; the certificate is left as it was.
    FileNotFoundError
        If there is no table.
    ValueError
        If the table is partial, of another grid, or ``n`` is not positive.
    Failed
        If a task raised.
    """
    birth = results.certificate(experiment.name, scale)
    committed = results.load(experiment.name, scale)
    if n < 1:
        raise ValueError(f"n={n} given, a positive number of points is expected")
    if birth["partial"]:
        raise ValueError(f"the table of {experiment.name} is partial; complete it with jscc run")
    if birth["grid"] != grid_hash(experiment, scale):
        raise ValueError(f"the grid of {experiment.name} has changed; compute it with jscc run")
    plan = make_plan(experiment, scale, Store(experiment, scale).read())
    candidates = _cheaper_half(plan, committed, matching(plan.points, only, experiment.name), n)
    rng = np.random.default_rng([experiment.seed, len(birth.get("verified", []))])
    chosen = sorted(rng.choice(candidates, size=min(n, len(candidates)), replace=False).tolist())
    rows = {point: point_rows(experiment, scale, point) for point in chosen}
    if len(finished_points(plan)) == len(plan.points):
        # With the store, the whole table can be made again around the new rows.
        rows = {point: rows.get(point) or plan.rows(point) for point in range(len(plan.points))}
    keys = list(dict.fromkeys(key for params in plan.points for key in params))
    differences = results.differences(committed, make_frame(experiment, rows), keys, tolerance)
    if differences:
        raise Differs(experiment.name, differences)
    points = [plan.points[point] for point in chosen]
    definitions = sources.reached(*experiment.functions())
    state = results.environment()
    stamp = {
        "date": now(),
        "commit": state["commit"],
        "dirty": state["dirty"],
        "points": points,
        "tolerance": tolerance,
        "sources_before": birth["sources"]["total"],
    }
    birth["verified"] = [*birth.get("verified", []), stamp]
    birth["sources"] = {"total": sources.total(definitions), "definitions": definitions}
    results.write_certificate(experiment.name, birth, scale)
    return points


def _cheaper_half(plan, committed: pd.DataFrame, points: Sequence[int], n: int) -> list[int]:
    """The cheaper half of some points, at least ``n``; all of them where their cost is not known."""
    if all(map(plan.finished, points)):
        cost = {point: sum(record["seconds"] for record in plan.used(point)) for point in points}
    elif "trials" in committed and len(committed) == len(plan.points):
        cost = dict(enumerate(committed["trials"]))
    else:
        return list(points)
    return sorted(points, key=cost.__getitem__)[: max(n, -(-len(points) // 2))]

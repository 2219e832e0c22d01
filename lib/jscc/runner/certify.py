"""Tell whether a table still follows from the code, and prove it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from jscc import results, sources
from jscc.runner.experiment import Experiment, qualified
from jscc.runner.plan import finished_points, matching
from jscc.runner.runs import (
    changed_beside_code,
    code_of,
    data_hashes,
    grid_hash,
    known_plan,
    make_frame,
    point_rows,
    runner_code,
)
from jscc.runner.store import Store, now


@dataclass(frozen=True)
class Standing:
    """How an experiment stands at one scale.

    ``state`` is ``"fresh"``, ``"stale"``, ``"partial"``, ``"missing"`` or ``"damaged"``; ``changed`` names the
    definitions (and ``"grid"``, ``"seed"``, ``"stream"``, ``"runner"`` or a data set) that differ from those of the
    table, or the damage; ``done`` of ``total``
    points are known under the present code, and ``verified`` of those of a fresh table were computed again.
    """

    scale: str
    state: str
    done: int
    total: int
    verified: int
    changed: tuple[str, ...]


class Differs(Exception):
    """Recomputed values are not those of the table.

    ``differences`` holds the lines for each column that differs, ``agreeing`` the columns that do not, and
    ``reasons`` what else is not as it was: ``"code"``, ``"data"``, ``"machine"``.
    """

    def __init__(self, name: str, differences: dict[str, list[str]], agreeing: list[str], reasons: list[str]) -> None:
        self.differences = differences
        self.agreeing = agreeing
        self.reasons = reasons
        why = f"{' and '.join(reasons)} changed since" if reasons else "code, data and machine are the same"
        super().__init__(f"some points of {name} come out otherwise ({why})")


def standing(
    experiment: Experiment,
    scale: str = "paper",
    reached: Callable[..., sources.Sources] = sources.reached,
    fingerprint: Callable[[str], str] | None = None,
) -> Standing:
    """Tell how far an experiment is, and whether its table still follows from the code.

    `reached` follows the code and `fingerprint` reads the data: by default those of `jscc.sources` and
    `jscc.datasets`, or those of a `jscc.runner.memory.Memory`.
    """
    code = code_of(experiment, reached)
    try:
        birth = results.certificate(experiment.name, scale)
        results.load(experiment.name, scale)
    except FileNotFoundError:
        state, changed = "missing", ()
    except results.Damaged as error:
        state, changed = "damaged", (str(error),)
    else:
        state = "stale"
        changed = results.changed_definitions(birth["sources"], code)
        changed = (*changed, *sorted(changed_beside_code(experiment, scale, birth, reached, fingerprint)))
        if not changed:
            # The table stands for its points, also where it came without its store.
            total = len(experiment.points(scale))
            return Standing(scale, "fresh", total, total, results.verified_points(birth), ())
    store = Store(experiment, scale)
    if state == "missing" and not store.anything():
        return Standing(scale, state, 0, len(experiment.points(scale)), 0, changed)
    plan = known_plan(experiment, scale, store, code)
    done = len(finished_points(plan))
    if state == "missing" and done:
        state = "partial"
    return Standing(scale, state, done, len(plan.points), 0, changed)


def verify(
    experiment: Experiment,
    scale: str = "paper",
    n: int | None = None,
    *,
    tolerance: float = 1e-6,
    only: Mapping[str, Any] | None = None,
    stamp: bool = True,
) -> list[dict]:
    """Recompute some points, and if they equal the table's, stamp the table with the present code.

    The points are drawn at random from the whole grid, others each time.  A change of the code that left the
    numbers as they were can so be certified without computing everything anew.

    Parameters
    ----------
    experiment, scale
        Whose table.
    n
        How many points to recompute; by default a tenth of them, and at least three.
    tolerance
        Largest relative difference of two real numbers; counts and texts must be equal.  What the experiment says
        to scatter is compared by its interval.
    only
        Draw among the points with these parameters.
    stamp
        Write the stamp into the certificate.

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
        If the table is damaged or of another grid, ``n`` is not positive, or a stamp at scale ``"paper"`` is asked
        for while the library has changes that are not committed.
    Failed
        If a task raised.
    """
    birth = results.certificate(experiment.name, scale)
    committed = results.load(experiment.name, scale)
    if birth["grid"] != grid_hash(experiment, scale):
        raise ValueError(
            f"the grid of {experiment.name} has changed; compute it with: jscc run {experiment.name} --scale {scale}"
        )
    code = code_of(experiment)
    if stamp and scale == "paper" and results.unsettled():
        raise ValueError("the library has changes that are not committed, a clean commit is expected for a stamp")
    points = experiment.points(scale)
    candidates = list(matching(points, only, experiment.name))
    if n is None:
        n = max(3, -(-len(points) // 10))
    if n < 1:
        raise ValueError(f"n={n} given, a positive number of points is expected")
    chosen = sorted(np.random.default_rng().choice(candidates, size=min(n, len(candidates)), replace=False).tolist())
    rows = {point: point_rows(experiment, scale, point, code.total) for point in chosen}
    keys = list(dict.fromkeys(key for params in points for key in params))
    fresh = make_frame(rows)
    # Some points may have columns of their own, which the others leave empty.
    columns = [*committed.columns, *(column for column in fresh.columns if column not in committed.columns)]
    differences = results.differences(committed, fresh.reindex(columns=columns), keys, tolerance, experiment.scatter_of)
    if differences:
        compared = not differences.keys() & {"rows", "columns"}
        agreeing = [column for column in committed.columns if compared and column not in {*differences, *keys}]
        raise Differs(experiment.name, differences, agreeing, _reasons(experiment, birth, code, points))
    recomputed = [points[point] for point in chosen]
    if stamp:
        machine = results.environment()
        seal = {
            "date": now(),
            "commit": machine["commit"],
            "processor": machine["processor"],
            "points": recomputed,
            "tolerance": tolerance,
            "scatter": _most(map(experiment.scatter_of, recomputed)),
            "sources": code.total,
        }
        there = results.certificate(experiment.name, scale)
        if there["table"] != birth["table"]:
            raise ValueError(f"the table of {experiment.name} was replaced meanwhile; verify it again")
        birth = there  # with what others have stamped meanwhile
        birth["verified"] = [*birth.get("verified", []), seal]
        birth["sources"] = asdict(code)
        birth["runner"] = runner_code()
        birth["functions"] = [qualified(experiment.task)]
        birth["data"] = data_hashes(experiment, points)
        results.write_certificate(experiment.name, birth, scale)
    return recomputed


def _most(scatters: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """The greatest scatter of each column."""
    found: dict[str, float] = {}
    for scatter in scatters:
        found |= {column: max(value, found.get(column, value)) for column, value in scatter.items()}
    return found


def _reasons(experiment: Experiment, birth: Mapping, code: sources.Sources, points: list[dict]) -> list[str]:
    """What is not as it was when the table was made."""
    reasons = []
    if birth["sources"]["total"] != code.total:
        reasons.append("code")
    if birth["data"] != data_hashes(experiment, points):
        reasons.append("data")
    here = results.environment()
    if (birth["processor"], birth["versions"]) != (here["processor"], here["versions"]):
        reasons.append("machine")
    return reasons

"""What an experiment is: its task, grid, seeds and stopping rule."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

SCALES = ("smoke", "quick", "paper")


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A named grid of seeded tasks that makes one table.

    Parameters
    ----------
    name
        Stem of the result file: lower-case letters, digits and underscores.
    title
        One line that says what the table shows.
    task
        Top-level function ``task(seed=..., **params)`` that returns the values of one row as a dict of
        numbers and strings, or a list of such dicts for several rows.
    grid
        ``grid(scale)`` gives the list of parameter dicts for ``"smoke"``, ``"quick"`` or ``"paper"``.
        Where a dict holds ``seed``, the task gets that one, else the one of `seed_of`.
    seed
        Root seed.
    needs
        Names of the data sets that the tasks read.
    scatter
        Standard deviation, by column, of what a task need not give again to the digit: a training in floating
        point goes other ways on another processor, and `jscc.runner.verify` compares it by its interval.  A function
        of the point where some scatter more than others.
    stream
        Names the stream of draws: seeds come from it.  By default the experiment's name; one that is renamed
        keeps its first name here, and so its numbers.

    Raises
    ------
    ValueError
        If the name is not usable as a file's stem, or the task is not a module's top-level one.
    """

    name: str
    title: str
    task: Callable[..., dict | list[dict]]
    grid: Callable[[str], list[dict]]
    seed: int = 0
    needs: tuple[str, ...] = ()
    scatter: Mapping[str, float] | Callable[[Mapping], Mapping[str, float]] = field(default_factory=dict)
    stream: str = ""

    def __post_init__(self) -> None:
        if not self.stream:
            object.__setattr__(self, "stream", self.name)
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"name {self.name!r} given, lower-case letters, digits and _ are expected")
        if "." in self.task.__qualname__ or "<" in self.task.__qualname__:
            raise ValueError(
                f"{self.task.__qualname__} given in {self.name}, a top-level function is expected "
                "(workers import it by name)"
            )

    def scatter_of(self, point: Mapping) -> Mapping[str, float]:
        """The scatter of a point, by column."""
        return self.scatter(point) if callable(self.scatter) else self.scatter

    def points(self, scale: str) -> list[dict]:
        """The grid at a scale, with its values checked and made plain.

        Raises
        ------
        ValueError
            If the scale is unknown, a value is no plain number or text, or a point occurs twice.
        """
        if scale not in SCALES:
            raise ValueError(f"scale {scale!r} given, one of {SCALES} is expected")
        points = [plain_row(params, f"grid of {self.name}") for params in self.grid(scale)]
        seen = set()
        for params in points:
            text = canonical(params)
            if text in seen:
                raise ValueError(f"the grid of {self.name} at scale {scale!r} has {params} twice")
            seen.add(text)
        return points


@dataclass(frozen=True, kw_only=True)
class MonteCarlo(Experiment):
    """An experiment whose points are estimated in chunks until enough errors are seen.

    The task is ``task(seed=..., trials=..., **params)`` and returns a dict with ``trials`` (as asked for),
    ``errors`` (0 to ``trials``) and further numbers, all of which add up over chunks.  The table uses the
    shortest prefix of chunks with at least ``min_errors`` errors or ``max_trials`` trials, whatever was
    computed beyond it, and adds ``error_rate``, ``ci_low`` and ``ci_high`` (Wilson, 95 %).

    Parameters
    ----------
    chunk
        Trials per task.
    min_errors, max_trials
        The stopping rule.

    Each of the three is a number, a dict by scale, or a function of the scale.
    """

    chunk: int | Mapping[str, int] | Callable[[str], int]
    min_errors: int | Mapping[str, int] | Callable[[str], int]
    max_trials: int | Mapping[str, int] | Callable[[str], int]

    def rule(self, scale: str) -> "Rule":
        """The chunk size and stopping rule at a scale."""
        values = {}
        for key in ("chunk", "min_errors", "max_trials"):
            given = getattr(self, key)
            if isinstance(given, Mapping):
                given = given[scale]
            elif callable(given):
                given = given(scale)
            if int(given) != given or given < 1:
                raise ValueError(f"{key}={given} given in {self.name}, a positive integer is expected")
            values[key] = int(given)
        return Rule(**values)


@dataclass(frozen=True)
class Rule:
    """Chunk size and stopping rule of a Monte-Carlo experiment at one scale."""

    chunk: int
    min_errors: int
    max_trials: int

    @property
    def chunks(self) -> int:
        """The largest number of chunks of one point."""
        return -(-self.max_trials // self.chunk)

    def trials(self, index: int) -> int:
        """Trials of chunk ``index``; the last one may be smaller."""
        return min(self.chunk, self.max_trials - index * self.chunk)


def seed_of(experiment: Experiment, params: Mapping, chunk: int | None = None) -> int:
    """The seed of one task, an integer below 2**63.

    It depends on the experiment's root seed and stream, the parameters and the chunk's number, and on
    nothing else.  A ``seed`` among the parameters of an ordinary task is passed as it is.
    """
    if chunk is None and "seed" in params:
        return params["seed"]
    text = canonical([experiment.stream, plain_row(params, "the parameters")])
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")
    key = () if chunk is None else (chunk,)
    sequence = np.random.SeedSequence([experiment.seed, digest], spawn_key=key)
    return int(sequence.generate_state(1, np.uint64)[0] >> 1)


def canonical(value: Any) -> str:
    """JSON that is the same for the same value, in whatever order its keys came."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def plain_row(row: Mapping, where: str) -> dict:
    """A dict of Python numbers and texts, from one that may hold NumPy scalars."""
    if not isinstance(row, Mapping):
        raise ValueError(f"{type(row).__name__} given in {where}, a dict is expected")
    plain = {}
    for key, value in row.items():
        if isinstance(value, np.generic) or (hasattr(value, "item") and getattr(value, "ndim", 1) == 0):
            value = value.item()
        if not isinstance(key, str) or not isinstance(value, (bool, int, float, str, type(None))):
            raise ValueError(f"{key!r}: {value!r} given in {where}, a plain number or text is expected")
        plain[key] = value
    return plain


def qualified(function: Callable) -> str:
    """A function's name as ``"package.module:name"``."""
    return f"{function.__module__}:{function.__qualname__}"

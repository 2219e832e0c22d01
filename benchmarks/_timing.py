"""Interleaved timings, and the table that they go into."""

from __future__ import annotations

import csv
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median

# One thread for every library, ours included; set before numpy or torch is imported.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")

RESULTS = Path(__file__).resolve().parent.parent / "data" / "results"


def interleaved(systems: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each call, the systems taking turns so that a slow spell of the machine hits all.

    Each is called once before, for its compilation and its caches. The clock is the processor time
    of the process: other processes on the machine do not count.
    """
    for call in systems.values():
        call()
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(repeats):
        for name, call in systems.items():
            start = time.process_time()
            call()
            seconds[name].append(time.process_time() - start)
    return seconds


def rates(task: str, unit: str, work: dict[str, float], seconds: dict[str, list[float]]) -> list[dict]:
    """Table rows of work per second; the first system is ours, and `ratio` is each rate over its rate.

    A system named "name (variant)" or "name" has the version of the installed package `name`.
    """
    medians = {name: median(work[name] / s for s in seconds[name]) for name in seconds}
    ours = medians[next(iter(medians))]
    return [
        {
            "task": task,
            "system": name,
            "version": version(name.split(" ")[0]),
            "median": f"{rate:.6g}",
            "unit": unit,
            "ratio": f"{rate / ours:.4g}",
        }
        for name, rate in medians.items()
    ]


def write(name: str, rows: list[dict]) -> Path:
    """Write ``data/results/bench_<name>.csv`` and print it."""
    path = RESULTS / f"bench_{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    sys.stdout.write(path.read_text())
    return path

"""Small experiments for the runner's tests.  ``TOY_SLEEP`` makes a task last so many seconds."""

import os
import re
import signal
import time
from pathlib import Path

import numba
import numpy as np
import threadpoolctl

from jscc import runner


def measure(length, kind, seed):
    """A row that depends on the seed alone."""
    time.sleep(float(os.environ.get("TOY_SLEEP", "0")))
    rng = np.random.default_rng(seed)
    return {"mean": float(rng.normal(size=length).mean()), "draw": int(rng.integers(1000)), "label": kind}


def count_errors(probability, seed, trials):
    """Bernoulli errors, with a sum of floats."""
    time.sleep(float(os.environ.get("TOY_SLEEP", "0")) / 4)
    draws = np.random.default_rng(seed).random(trials)
    return {"trials": trials, "errors": int((draws < probability).sum()), "cost": float(draws.sum())}


def fail_on_two(index, seed):
    """Raises at one point of the grid, unless it is told that all is well."""
    if index == 2 and not os.environ.get("TOY_MENDED"):
        raise ArithmeticError("no such thing as two")
    return {"square": index**2}


def nothing(index, seed):
    """Returns no rows."""
    return []


def words(index, seed):
    """A text of digits, and a number that is missing at every second point."""
    return {"word": f"{index:03}", "odd": 1.5 if index % 2 else None}


def threads(index, seed):
    """How many threads the numerical libraries would use."""
    np.ones((2, 2)) @ np.ones((2, 2))
    pools = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
    return {
        "largest": max(pools, default=1),
        "openmp": os.environ.get("OMP_NUM_THREADS", "unset"),
        "numba": numba.config.NUMBA_NUM_THREADS,
    }


def never_return(index, seed):
    """Stays inside compiled code, where no other thread of Python can run."""
    Path(os.environ["TOY_STARTED"]).touch()
    re.match("(a+)+$", "a" * 60 + "b")


def die(index, seed):
    """Takes its worker down at one point of the grid, as often as ``TOY_DEATHS`` says, a folder that counts them."""
    if index == 2:
        folder, _, deaths = os.environ["TOY_DEATHS"].rpartition(":")
        if len(os.listdir(folder)) < int(deaths):
            Path(folder, str(os.getpid())).touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return {"square": index**2}


def _grid(scale):
    sizes = {"smoke": (1, 5), "quick": (1, 5, 20), "paper": range(1, 21)}[scale]
    return [{"length": length, "kind": kind} for length in sizes for kind in ("None", "some")]


def _probabilities(scale):
    return [{"probability": probability} for probability in (0.3, 0.1, 0.03, 0.01, 0.001)]


def _indices(scale):
    return [{"index": index} for index in range(4)]


EXPERIMENTS = [
    runner.Experiment(name="toy_means", title="Means of normal draws", task=measure, grid=_grid),
    runner.MonteCarlo(
        name="toy_errors",
        title="Bernoulli error rates",
        task=count_errors,
        grid=_probabilities,
        chunk=50,
        min_errors=40,
        max_trials={"smoke": 220, "quick": 1020, "paper": 2020},
    ),
    runner.Experiment(name="toy_failure", title="One task fails", task=fail_on_two, grid=_indices),
    runner.Experiment(name="toy_stuck", title="Never ends", task=never_return, grid=_indices),
    runner.Experiment(name="toy_threads", title="Threads in use", task=threads, grid=_indices),
    runner.Experiment(name="toy_deaths", title="A worker dies", task=die, grid=_indices),
]
MEANS, ERRORS, FAILURE, STUCK, THREADS, DEATHS = EXPERIMENTS

"""Run an experiment: a named grid of seeded tasks, on one core or on a Dask cluster.

The numbers depend on the experiment alone: every task draws from a seed made of the experiment's root
seed, its stream's name and the task's parameters, so neither the number of workers, nor their order, nor the rest
of the grid matters.

A first example::

    from jscc import experiments, runner

    experiment = experiments.registry()["syndromes_table2"]
    runner.run(experiment, "smoke", workers=0)
"""

from jscc.runner.certify import Differs, Standing, standing, verify
from jscc.runner.experiment import SCALES, Experiment, MonteCarlo, Rule, seed_of
from jscc.runner.plan import stopping_prefix
from jscc.runner.runs import Failed, compute_point, run
from jscc.runner.store import Busy

__all__ = [
    "SCALES",
    "Busy",
    "Differs",
    "Experiment",
    "Failed",
    "MonteCarlo",
    "Rule",
    "Standing",
    "compute_point",
    "run",
    "seed_of",
    "standing",
    "stopping_prefix",
    "verify",
]

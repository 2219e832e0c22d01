"""Paper 4: the experiments of the chapter on neural joint source-channel codes."""

from jscc.experiments.necst import colour, downstream, estimators, reconstruction

__all__ = ["EXPERIMENTS"]

EXPERIMENTS = [*reconstruction.EXPERIMENTS, *estimators.EXPERIMENTS, *downstream.EXPERIMENTS, *colour.EXPERIMENTS]

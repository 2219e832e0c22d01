"""Paper 2: the experiments of the chapter on lossy compression with codes over GF(q)."""

from jscc.experiments.lossy import beyond, exact, figures, rivals

__all__ = ["EXPERIMENTS"]

EXPERIMENTS = [*figures.EXPERIMENTS, *beyond.EXPERIMENTS, *exact.EXPERIMENTS, *rivals.EXPERIMENTS]

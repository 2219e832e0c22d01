"""Paper 2: the experiments of the chapter on lossy compression with codes over GF(q)."""

from jscc.experiments.lossy import exact, figures

__all__ = ["EXPERIMENTS"]

EXPERIMENTS = [*figures.EXPERIMENTS, *exact.EXPERIMENTS]

"""Paper 1: the experiments of the chapter on classifying with syndromes."""

from jscc.experiments.syndromes import design, matrices, recovery, rivals, row_weight, tables, weights

__all__ = ["EXPERIMENTS"]

EXPERIMENTS = [
    *tables.EXPERIMENTS,
    *row_weight.EXPERIMENTS,
    *matrices.EXPERIMENTS,
    *rivals.EXPERIMENTS,
    *recovery.EXPERIMENTS,
    *design.EXPERIMENTS,
    *weights.EXPERIMENTS,
]

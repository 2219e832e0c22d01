"""Paper 1: the experiments of the chapter on classifying with syndromes."""

from jscc.experiments.syndromes import design, few_planes, matrices, recovery, rivals, row_weight, tables, weights
from jscc.experiments.syndromes.views import chosen_held_out, table2_trainings

__all__ = ["EXPERIMENTS", "chosen_held_out", "table2_trainings"]

EXPERIMENTS = [
    *tables.EXPERIMENTS,
    *row_weight.EXPERIMENTS,
    *few_planes.EXPERIMENTS,
    *matrices.EXPERIMENTS,
    *rivals.EXPERIMENTS,
    *recovery.EXPERIMENTS,
    *design.EXPERIMENTS,
    *weights.EXPERIMENTS,
]

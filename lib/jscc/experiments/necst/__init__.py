"""Paper 4: the experiments of the chapter on neural joint source-channel codes."""

from jscc.experiments.necst import adaptive, colour, downstream, estimators, generative, reconstruction, weights
from jscc.experiments.necst.arriving import effective_bits, yardstick

__all__ = ["EXPERIMENTS", "effective_bits", "yardstick"]

EXPERIMENTS = [
    experiment
    for module in (reconstruction, estimators, downstream, colour, generative, adaptive, weights)
    for experiment in module.EXPERIMENTS
]

"""Paper 4: the experiments of the chapter on neural joint source-channel codes."""

from jscc.experiments.necst import adaptive, colour, downstream, estimators, generative, reconstruction, weights
from jscc.experiments.necst.arriving import effective_bits, yardstick
from jscc.experiments.necst.common import parts, wrong_pixels
from jscc.experiments.necst.reconstruction import EPOCHS, FLIPS_OF
from jscc.experiments.necst.views import SYSTEMS, by_system, mismatch

__all__ = [
    "EPOCHS",
    "EXPERIMENTS",
    "FLIPS_OF",
    "SYSTEMS",
    "by_system",
    "effective_bits",
    "mismatch",
    "parts",
    "wrong_pixels",
    "yardstick",
]

EXPERIMENTS = [
    experiment
    for module in (reconstruction, estimators, downstream, colour, generative, adaptive, weights)
    for experiment in module.EXPERIMENTS
]

"""Paper 3: the experiments of the chapter on soft decoding of arithmetic codes."""

from jscc.experiments.arithmetic import packets, turbo

__all__ = ["EXPERIMENTS"]

EXPERIMENTS = [*packets.EXPERIMENTS, *turbo.EXPERIMENTS]

"""Paper 3: the experiments of the chapter on soft decoding of arithmetic codes."""

from jscc.experiments.arithmetic import packets

__all__ = ["EXPERIMENTS"]

EXPERIMENTS = [*packets.EXPERIMENTS]

"""Paper 3: the experiments of the chapter on soft decoding of arithmetic codes."""

from jscc.experiments.arithmetic import (
    calibration,
    loop_output,
    packets,
    precision,
    redundancy,
    same_code,
    separate,
    trellis,
    turbo,
)

__all__ = ["EXPERIMENTS"]

EXPERIMENTS = [
    *packets.EXPERIMENTS,
    *turbo.EXPERIMENTS,
    *trellis.EXPERIMENTS,
    *precision.EXPERIMENTS,
    *calibration.EXPERIMENTS,
    *redundancy.EXPERIMENTS,
    *same_code.EXPERIMENTS,
    *separate.EXPERIMENTS,
    *loop_output.EXPERIMENTS,
]

"""Paper 3, section 5: the experiments of the chapter on JPEG 2000 over a noisy channel."""

from jscc.experiments.jpeg2000 import (
    colour,
    conformance,
    guessing,
    kodak,
    one_bit,
    protection,
    psnr,
    robustness,
    separate,
    validity,
)
from jscc.experiments.jpeg2000.claims import verdicts
from jscc.experiments.jpeg2000.common import chase_link, coded, picture

__all__ = ["EXPERIMENTS", "chase_link", "coded", "picture", "verdicts"]

EXPERIMENTS = [
    *conformance.EXPERIMENTS,
    *robustness.EXPERIMENTS,
    *validity.EXPERIMENTS,
    *psnr.EXPERIMENTS,
    *guessing.EXPERIMENTS,
    *separate.EXPERIMENTS,
    *kodak.EXPERIMENTS,
    *one_bit.EXPERIMENTS,
    *colour.EXPERIMENTS,
    *protection.EXPERIMENTS,
]

"""Paper 3, section 5: the experiments of the chapter on JPEG 2000 over a noisy channel."""

from jscc.experiments.jpeg2000 import conformance, guessing, kodak, psnr, robustness, separate, validity

__all__ = ["EXPERIMENTS"]

EXPERIMENTS = [
    *conformance.EXPERIMENTS,
    *robustness.EXPERIMENTS,
    *validity.EXPERIMENTS,
    *psnr.EXPERIMENTS,
    *guessing.EXPERIMENTS,
    *separate.EXPERIMENTS,
    *kodak.EXPERIMENTS,
]

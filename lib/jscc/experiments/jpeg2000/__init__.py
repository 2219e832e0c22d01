"""Paper 3, section 5: the experiments of the chapter on JPEG 2000 over a noisy channel."""

from jscc.experiments.jpeg2000 import conformance, psnr, robustness

__all__ = ["EXPERIMENTS"]

EXPERIMENTS = [*conformance.EXPERIMENTS, *psnr.EXPERIMENTS, *robustness.EXPERIMENTS]

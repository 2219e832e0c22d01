"""Paper 3, section 5: the experiments of the chapter on JPEG 2000 over a noisy channel."""

from jscc.experiments.jpeg2000 import conformance, psnr, robustness
from jscc.experiments.jpeg2000.claims import claims
from jscc.experiments.jpeg2000.common import chase_link, coded, picture

__all__ = ["EXPERIMENTS", "chase_link", "claims", "coded", "picture"]

EXPERIMENTS = [*conformance.EXPERIMENTS, *psnr.EXPERIMENTS, *robustness.EXPERIMENTS]

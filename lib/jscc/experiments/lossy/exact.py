"""Paper 2, over GF(2): reinforced belief propagation beside the nearest codeword itself."""

from __future__ import annotations

import numpy as np

from jscc.experiments.lossy.common import REDUCTION, code, compressed
from jscc.gfq.nearest import least_distance
from jscc.information import distortion_rate, rate_distortion_slope
from jscc.runner import Experiment

GAMMAS = {0.3: 0.88, 0.5: 0.84, 0.7: 0.7}  # at which most words converge, see Fig. 3
LENGTHS = {"smoke": {60: 2}, "quick": {120: 5}, "paper": {300: 50, 600: 50, 1200: 20}}  # bits: samples


def exact(graph: str, rate: float, n_bits: int, samples: int, seed: int) -> dict:
    """Reinforced belief propagation and the optimum on the same words."""
    a_code = code(n_bits, rate, 1, graph, REDUCTION)
    prior = float(rate_distortion_slope(a_code.rate))
    quantised, words = compressed(a_code, samples, seed, gamma0=GAMMAS[rate], prior=prior)
    least = np.array([least_distance(a_code, word) for word in words])
    found = np.rint(quantised.distortion * a_code.n_bits).astype(int)
    good = quantised.converged
    excess = found[good] - least[good]
    return {
        "actual_rate": a_code.rate,
        "limit": float(distortion_rate(a_code.rate)),
        "least": float(least.mean() / a_code.n_bits),
        "least_std": float(least.std(ddof=1) / a_code.n_bits),
        "converged": int(good.sum()),
        "optimal": int((excess == 0).sum()),
        "excess_bits": float(excess.mean()) if len(excess) else None,
        "most_excess_bits": int(excess.max(initial=0)),
        "n": samples,
    }


def _grid(scale: str) -> list[dict]:
    graphs, rates = (("peg", "random"), tuple(GAMMAS)) if scale == "paper" else (("peg",), (0.5,))
    return [
        {"graph": graph, "rate": rate, "n_bits": n_bits, "samples": samples}
        for graph in graphs
        for rate in rates
        for n_bits, samples in LENGTHS[scale].items()
    ]


EXPERIMENTS = [
    Experiment(
        name="lossy_exact",
        stream="rbp_exact",
        title="RBP over GF(2) beside the nearest codeword, found by a perfect matching",
        task=exact,
        grid=_grid,
    ),
]

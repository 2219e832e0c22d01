"""Paper 2, its rivals: trellis-coded and polar quantisation."""

from __future__ import annotations

import numpy as np

from jscc.convolutional.code import code_of_rate
from jscc.experiments.lossy.common import N_BITS, SAMPLES
from jscc.information import distortion_rate
from jscc.polar.code import PolarCode
from jscc.runner import Experiment


def rival(scheme: str, rate: float, size: int, samples: int, seed: int) -> dict:
    """Trellis-coded quantisation (size: memory of the code) or a polar code (size: its length)."""
    rng = np.random.default_rng(seed)
    if scheme == "trellis":
        rival_code = code_of_rate(rate, size)
        n = N_BITS // (10 * rival_code.period) * (10 * rival_code.period)
    else:
        rival_code = PolarCode(size, round(rate * size), float(distortion_rate(rate)))
        n = size
    words = rng.integers(0, 2, (samples, n), dtype=np.uint8)
    _, codewords = rival_code.quantise(words)
    distortion = (codewords != words).mean(axis=1)
    return {
        "length": n,
        "actual_rate": rival_code.rate,
        "limit": float(distortion_rate(rival_code.rate)),
        "distortion": float(distortion.mean()),
        "std": float(distortion.std(ddof=1)),
        "n": samples,
    }


def _rivals_grid(scale: str) -> list[dict]:
    rates = (0.3, 0.5, 0.7) if scale == "paper" else (0.5,)
    sizes = {
        "smoke": {"trellis": (2,), "polar": (64,)},
        "quick": {"trellis": (2, 4), "polar": (1024,)},
        "paper": {"trellis": tuple(range(2, 13)), "polar": tuple(2**k for k in range(8, 18))},
    }[scale]
    return [
        {"scheme": scheme, "rate": rate, "size": size, "samples": SAMPLES[scale]}
        for scheme, some_sizes in sizes.items()
        for rate in rates
        for size in some_sizes
    ]


EXPERIMENTS = [
    Experiment(
        name="lossy_rivals",
        stream="rbp_rivals",
        title="Trellis-coded and polar quantisation of a fair binary source",
        task=rival,
        grid=_rivals_grid,
    ),
]

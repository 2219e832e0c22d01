"""What the experiments of paper 2 share: codes of an ensemble, compressed words, means, what leaf removal mends."""

from __future__ import annotations

from functools import cache

import numpy as np

from jscc.gfq.code import GFqCode, bits_from_symbols
from jscc.gfq.construction import ultra_sparse
from jscc.gfq.leaves import leaf_removal
from jscc.gfq.reinforced_bp import Quantised, ReinforcedBP
from jscc.information import distortion_rate

N_BITS = 12_000  # the paper's length in Figs. 1 and 3
TRADEOFF = {"n_symbols": 1600, "rate": 0.33, "p": 6}  # the code of Fig. 2, PEG and b = 5
PRIOR = 1.4  # L, where it is not varied; the paper does not give its own
REDUCTION = 5
SAMPLES = {"smoke": 2, "quick": 5, "paper": 50}
# Codes of the ensemble, and words on each: what one code says need not hold for another.
CODES = {"smoke": (1, 2), "quick": (1, 5), "paper": (5, 10)}
CODE_SEED = 2009


@cache
def code(
    n_symbols: int,
    rate: float,
    p: int,
    graph: str = "peg",
    reduction: int = REDUCTION,
    degree_one: float = 0.0,
    number: int = 0,
) -> GFqCode:
    """The `number`-th code of an ensemble, the same in every experiment."""
    rng = np.random.default_rng([CODE_SEED, number])
    return ultra_sparse(n_symbols, rate, p, rng, graph=graph, reduction=reduction, degree_one=degree_one)


def compressed(a_code: GFqCode, n_samples: int, seed: int, **settings) -> tuple[Quantised, np.ndarray]:
    """`n_samples` uniform source words, compressed, and the words."""
    rng = np.random.default_rng(seed)
    words = rng.integers(0, 2, (n_samples, a_code.n_bits), dtype=np.uint8)
    return ReinforcedBP(a_code, **settings).quantise(words, rng), words


def summary(found: Quantised) -> dict:
    """Means over the samples; distortion over those that converged, the only ones that are codewords."""
    good = found.distortion[found.converged]
    return {
        "distortion": float(good.mean()) if len(good) else None,
        "std": float(good.std(ddof=1)) if len(good) > 1 else None,
        "iterations": float(found.iterations.mean()),
        "iterations_std": float(found.iterations.std(ddof=1)),
        "trials": float(found.trials.mean()),
        "converged": int(found.converged.sum()),
        "n": len(found.converged),
    }


def measured(a_code: GFqCode, samples: int, seed: int, **settings) -> dict:
    """A row of a table: words of one code, compressed and mended, beside the limit at its rate."""
    found, words = compressed(a_code, samples, seed, **settings)
    limit = float(distortion_rate(a_code.rate))
    return {"rate": a_code.rate, "limit": limit, **summary(found), **mending(a_code, words, found)}


def on_codes(settings: list[dict], scale: str) -> list[dict]:
    """Each of the settings on each of the codes."""
    codes, samples = CODES[scale]
    return [each | {"number": number, "samples": samples} for each in settings for number in range(codes)]


def mending(a_code: GFqCode, words: np.ndarray, found: Quantised) -> dict:
    """What is left to mend, and the distortion of all samples when leaf removal has done it."""
    leaves = leaf_removal(a_code)
    unsatisfied = np.count_nonzero(a_code.syndrome(found.symbols), axis=1)
    facts = {"unsatisfied": float(unsatisfied.mean()), "mended_symbols": None, "mended": None, "mended_std": None}
    if leaves.core.size:
        return facts
    symbols = leaves.mend(found.symbols)
    distortion = (bits_from_symbols(symbols, a_code.field.p) != words).mean(axis=1)
    return facts | {
        "mended_symbols": float(np.count_nonzero(symbols != found.symbols, axis=1).mean()),
        "mended": float(distortion.mean()),
        "mended_std": float(distortion.std(ddof=1)),
    }

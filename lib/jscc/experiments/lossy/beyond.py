"""Paper 2, what it leaves open: reduction, schedules, length, words that are mended."""

from __future__ import annotations

from jscc.experiments.lossy.common import (
    PRIOR,
    SAMPLES,
    TRADEOFF,
    code,
    compressed,
    measured,
    mending,
    on_codes,
    summary,
)
from jscc.gfq.leaves import leaf_removal
from jscc.information import distortion_rate, rate_distortion_slope
from jscc.runner import Experiment


def reduction(graph: str, b: int, gamma0: float, number: int, samples: int, seed: int) -> dict:
    """One trial each for samples of one code with b checks taken away."""
    a_code = code(**TRADEOFF, graph=graph, reduction=b, number=number)
    found, words = compressed(a_code, samples, seed, gamma0=gamma0, prior=PRIOR, max_trials=1)
    core = leaf_removal(a_code).core.size
    return {"rate": a_code.rate, "core": core, **summary(found), **mending(a_code, words, found)}


# What changes against the code of Fig. 2 and the defaults of RBP.
VARIANTS = {
    "default": {},
    "fixed": {"schedule": "fixed"},
    "check": {"schedule": "check"},
    "flooding": {"schedule": "flooding"},
    "gamma1_0.9999": {"gamma1": 0.9999},
    "gamma1_0.999": {"gamma1": 0.999},
    "gamma1_0.99": {"gamma1": 0.99},
    "degree_one_0.02": {"degree_one": 0.02},
    "degree_one_0.05": {"degree_one": 0.05},
    "degree_one_0.1": {"degree_one": 0.1},
    "degree_one_0.2": {"degree_one": 0.2},
}


def scheduling(variant: str, gamma0: float, number: int, samples: int, seed: int) -> dict:
    """A code of Fig. 2 with another order of the updates, a growing reinforcement, or leaves in the code."""
    settings = dict(VARIANTS[variant])
    a_code = code(**TRADEOFF, degree_one=settings.pop("degree_one", 0.0), number=number)
    # Slower schedules are to be seen to the end.
    settings |= {"gamma0": gamma0, "prior": PRIOR, "max_trials": 1, "max_iterations": 1000}
    return measured(a_code, samples, seed, **settings)


def scaling(n_bits: int, number: int, gamma0: float, gamma1: float, samples: int, seed: int) -> dict:
    """Distortion, work and convergence of one trial against the length, GF(64), R = 1/2, of one code."""
    p = 6
    a_code = code(n_bits // p, 0.5, p, number=number)
    prior = float(rate_distortion_slope(0.5))
    found, words = compressed(a_code, samples, seed, gamma0=gamma0, gamma1=gamma1, prior=prior, max_trials=1)
    work = found.iterations * a_code.graph.n_edges / a_code.n_bits
    return {
        "rate": a_code.rate,
        "limit": float(distortion_rate(a_code.rate)),
        **summary(found),
        "edge_iterations_per_bit": float(work.mean()),
        **mending(a_code, words, found),
    }


def budget(gamma0: float, max_iterations: int, number: int, samples: int, seed: int) -> dict:
    """A code of Fig. 2 with one trial that is stopped early and mended, where the paper restarts."""
    settings = {"gamma0": gamma0, "prior": PRIOR, "max_trials": 1, "max_iterations": max_iterations}
    return measured(code(**TRADEOFF, number=number), samples, seed, **settings)


def _reduction_grid(scale: str) -> list[dict]:
    """Ten samples of each of five codes: whether a run converges is a matter of the code too."""
    reductions, codes = ((0, 1, 2, 5, 20), 5) if scale == "paper" else ((0, 1), 1)
    return [
        {"graph": graph, "b": b, "gamma0": gamma0, "number": number, "samples": min(10, SAMPLES[scale])}
        for graph in ("peg", "random")
        for gamma0 in (0.92, 0.95)
        for b in reductions
        for number in range(codes)
    ]


def _scheduling_grid(scale: str) -> list[dict]:
    variants = VARIANTS if scale == "paper" else ("default", "flooding")
    gammas = (0.92, 0.96) if scale == "paper" else (0.92,)
    return on_codes([{"variant": variant, "gamma0": gamma0} for variant in variants for gamma0 in gammas], scale)


# Codes of each length, and words of each code: short codes differ more than words do.
LENGTHS = {
    "smoke": {600: (1, 2)},
    "quick": {600: (2, 5), 6000: (2, 5)},
    "paper": {
        600: (16, 10),
        1200: (16, 10),
        3000: (16, 10),
        12_000: (8, 5),
        30_000: (8, 3),
        120_000: (4, 2),
        1_000_000: (2, 1),
    },
}


def _scaling_grid(scale: str) -> list[dict]:
    return [
        {"n_bits": n_bits, "number": number, "gamma0": gamma0, "gamma1": gamma1, "samples": samples}
        for n_bits, (codes, samples) in LENGTHS[scale].items()
        for number in range(codes)
        for gamma0, gamma1 in ((0.92, 1.0), (0.97, 0.9997))
    ]


def _budget_grid(scale: str) -> list[dict]:
    gammas = (0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99) if scale == "paper" else (0.92,)
    budgets = (30, 50, 75, 100, 150, 200, 300) if scale == "paper" else (50,)
    points = [{"gamma0": gamma0, "max_iterations": budget} for gamma0 in gammas for budget in budgets]
    return on_codes(points, scale)


EXPERIMENTS = [
    Experiment(
        name="lossy_reduction",
        stream="rbp_reduction",
        title="Convergence and distortion of RBP against the number of checks taken away",
        task=reduction,
        grid=_reduction_grid,
    ),
    Experiment(
        name="lossy_scheduling",
        stream="rbp_scheduling",
        title="RBP with other schedules, growing reinforcement, and symbols of degree one",
        task=scheduling,
        grid=_scheduling_grid,
    ),
    Experiment(
        name="lossy_scaling",
        stream="rbp_scaling",
        title="Distortion and work of RBP against the length",
        task=scaling,
        grid=_scaling_grid,
    ),
    Experiment(
        name="lossy_mending",
        stream="rbp_mending",
        title="RBP stopped after a number of iterations, and mended by leaf removal",
        task=budget,
        grid=_budget_grid,
    ),
]

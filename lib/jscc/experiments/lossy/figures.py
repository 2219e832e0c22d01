"""Paper 2: settings of its figures, and of what explains them."""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from jscc.experiments.lossy.common import (
    N_BITS,
    PRIOR,
    REDUCTION,
    SAMPLES,
    TRADEOFF,
    code,
    compressed,
    mending,
    summary,
)
from jscc.gfq.code import GFqCode
from jscc.gfq.enumerator import weight_enumerator
from jscc.gfq.reinforced_bp import Quantised, ReinforcedBP
from jscc.information import distortion_rate, rate_distortion_slope
from jscc.runner import Experiment

RATES = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
TUNING_SEED = 1  # samples that choose gamma0 and L; those that are reported have the task's own seed


def tradeoff(gamma0: float, prior: float, samples: int, seed: int) -> dict:
    """One point of Fig. 2."""
    a_code = code(**TRADEOFF)
    found, words = compressed(a_code, samples, seed, gamma0=gamma0, prior=prior)
    return {"rate": a_code.rate, **summary(found), **mending(a_code, words, found)}


def tradeoff_codes(graph: str, rate: float, b: int, gamma0: float, number: int, samples: int, seed: int) -> dict:
    """The stated points of Fig. 2 with other codes of the ensemble, and with other ensembles.

    `rate` is the nominal one. `decided` is the mean distortion of the decisions of all words when RBP ends, whether
    codewords or not.
    """
    a_code = code(**TRADEOFF | {"rate": rate}, graph=graph, reduction=b, number=number)
    found, words = compressed(a_code, samples, seed, gamma0=gamma0, prior=PRIOR)
    decided = float(found.distortion.mean())
    limit = float(distortion_rate(a_code.rate))
    return {"actual_rate": a_code.rate, "limit": limit, **summary(found), "decided": decided} | mending(
        a_code, words, found
    )


# Fig. 3: the paper looked for the best gamma0 and L "by simulations", such that the mean number of trials is
# at most 2 and that of iterations less than 300.
GAMMAS = (0.7, 0.8, 0.84, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995)
PRIORS = (1.0, 0.9, 1.1)  # L in multiples of the slope of R(D)
TUNING_SAMPLES = 8
MOST_TRIALS, MOST_ITERATIONS = 2.0, 300.0


def rate_distortion(graph: str, p: int, rate: float, b: int, gamma1: float, samples: int, seed: int) -> dict:
    """One point of Fig. 3: gamma0 and L tuned on other samples, then the distortion at both.

    `mended` is the mean distortion of all samples, those without convergence mended by leaf removal; it is missing
    where leaf removal cannot empty the graph.
    """
    a_code = code(N_BITS // p, rate, p, graph, b)
    settings, tried = tuned(a_code, gamma1, TUNING_SAMPLES if samples > 5 else 2)
    found, words = compressed(a_code, samples, seed, **settings)
    row = {
        "actual_rate": a_code.rate,
        "limit": float(distortion_rate(a_code.rate)),
        "settings_tried": tried,
        "gamma0": settings["gamma0"],
        "prior": settings["prior"],
    }
    return {**row, **summary(found), **mending(a_code, words, found)}


def patience(gamma0: float, gamma1: float, multiple: float, samples: int, seed: int) -> dict:
    """GF(256) at R = 1/2 with settings around the tuned one of Fig. 3, whatever they cost."""
    a_code = code(N_BITS // 8, 0.5, 8)
    prior = multiple * float(rate_distortion_slope(a_code.rate))
    found, words = compressed(a_code, samples, seed, gamma0=gamma0, gamma1=gamma1, prior=prior)
    limit = float(distortion_rate(a_code.rate))
    return {"rate": a_code.rate, "limit": limit, **summary(found), **mending(a_code, words, found)}


def other_gamma(graph: str, p: int, rate: float, gamma0: float, samples: int, seed: int) -> dict:
    """A point of Fig. 3 with another gamma0 than the tuned one, and L* for L."""
    a_code = code(N_BITS // p, rate, p, graph)
    found, words = compressed(a_code, samples, seed, gamma0=gamma0, prior=float(rate_distortion_slope(a_code.rate)))
    limit = float(distortion_rate(a_code.rate))
    return {"actual_rate": a_code.rate, "limit": limit, **summary(found), **mending(a_code, words, found)}


def tuned(a_code: GFqCode, gamma1: float, samples: int) -> tuple[dict, int]:
    """gamma0 and L of least distortion among those that keep to the paper's two conditions, and how many were tried.

    For every L, gamma0 climbs until a setting fails, or falls until one holds: more of it means slower, better and
    less reliable runs. The next L starts where the last one ended.
    """
    slope = float(rate_distortion_slope(a_code.rate))
    best, best_score = {"gamma0": GAMMAS[0], "gamma1": gamma1, "prior": slope}, (False, 0, 0.0)
    tried, index = 0, GAMMAS.index(0.92)
    for multiple in PRIORS:
        step = 0
        while 0 <= index < len(GAMMAS):
            settings = {"gamma0": GAMMAS[index], "gamma1": gamma1, "prior": multiple * slope}
            found = tried_on(a_code, samples, settings)
            tried += 1
            converged, distortion = found.converged.sum(), found.distortion[found.converged]
            few = found.trials.sum() <= MOST_TRIALS * samples and within_iterations(found, samples)
            held = bool(few and converged == samples)
            # Where no setting keeps to the conditions, the one that converges most often.
            score = (held, 0 if held else int(converged), -float(distortion.mean()) if converged else -1.0)
            if score > best_score:
                best, best_score = settings, score
            if (step == 1 and not held) or (step == -1 and held):
                break
            step = 1 if held else -1
            index += step
        if not best_score[0]:
            break  # no gamma0 keeps to the conditions, as on most random graphs: another L will not save it
        index = min(max(index - (step == 1), 0), len(GAMMAS) - 1)
    return best, tried


def tried_on(a_code: GFqCode, samples: int, settings: dict) -> Quantised:
    """Compress the tuning samples two by two, and stop when their iterations are too many for all of them."""
    rng = np.random.default_rng(TUNING_SEED)
    words = rng.integers(0, 2, (samples, a_code.n_bits), dtype=np.uint8)
    rbp = ReinforcedBP(a_code, **settings)
    parts = []
    for start in range(0, samples, 2):
        parts.append(rbp.quantise(words[start : start + 2], rng))
        so_far = Quantised(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Quantised)))
        if not within_iterations(so_far, samples):
            break
    return so_far


def within_iterations(found: Quantised, samples: int) -> bool:
    """Whether the samples so far leave the mean of all below the most that there may be."""
    return bool(found.iterations.sum() < MOST_ITERATIONS * samples)


# Beyond 2.5 belief propagation over GF(2) and GF(4) no longer comes to rest.
MULTIPLES = (*(round(0.1 * k, 1) for k in range(13)), 1.35, 1.5, 1.65, 1.8, 2.0, 2.25, 2.5, 3.0, 3.5, 4.0, 5.0)


def enumerate_weights(p: int, rate: float, number: int, seed: int) -> list[dict]:
    """One curve of Fig. 1, of one code around a uniform word; L in multiples of L*."""
    a_code = code(N_BITS // p, rate, p, "random", 0, number=number)
    rng = np.random.default_rng(seed)
    word = rng.integers(0, 2, a_code.n_bits, dtype=np.uint8)
    curve = weight_enumerator(a_code, word, np.array(MULTIPLES) * rate_distortion_slope(rate), rng)
    return [
        {
            "multiple": multiple,
            "prior": float(prior),
            "distance": float(distance),
            "entropy": float(entropy),
            "converged": bool(converged),
            "iterations": int(iterations),
        }
        for multiple, prior, distance, entropy, converged, iterations in zip(
            MULTIPLES, curve.prior, curve.distance, curve.entropy, curve.converged, curve.iterations, strict=True
        )
    ]


def _tradeoff_grid(scale: str) -> list[dict]:
    many = (0.8, 0.83, 0.86, 0.88, 0.9, 0.92, 0.93, 0.94, 0.95, 0.96, 0.97, 0.98)
    gammas = many if scale == "paper" else (0.86, 0.92)
    priors = (1.3, 1.4, 1.5, 1.6) if scale == "paper" else (PRIOR,)
    return [{"gamma0": gamma0, "prior": prior, "samples": SAMPLES[scale]} for prior in priors for gamma0 in gammas]


def _tradeoff_codes_grid(scale: str) -> list[dict]:
    of_paper = [("peg", 0.33, 5)]
    others = [("peg", 0.33, 0), ("random", 0.33, 5)]
    # A rate of 1/3 may be printed as 0.33, and b may be another one.
    others += [("peg", 0.33, 8), ("peg", 0.3333, 1), ("peg", 0.3333, 2), ("peg", 0.3333, 3), ("peg", 0.3333, 5)]
    kinds, codes, samples = {
        "smoke": (of_paper, 1, 2),
        "quick": (of_paper, 2, 5),
        "paper": (of_paper + others, 6, 10),
    }[scale]
    return [
        {"graph": graph, "rate": rate, "b": b, "gamma0": gamma0, "number": number, "samples": samples}
        for graph, rate, b in kinds
        for gamma0 in ((0.92, 0.96) if scale == "paper" else (0.92,))
        for number in range(codes)
    ]


def _rate_distortion_grid(scale: str) -> list[dict]:
    points = [("peg", 6, 0.5, REDUCTION, 1.0)]
    if scale == "paper":
        points = [("peg", p, rate, REDUCTION, 1.0) for p in (8, 6, 4, 1) for rate in RATES]
        # Reinforcement that grows, for which the paper has a parameter that it fixes to one.
        points += [("peg", p, rate, REDUCTION, 0.9999) for p in (8, 6) for rate in RATES]
        # Five symbols of eight bits are a good deal of rate: also with a single check taken away.
        points += [("peg", 8, rate, 1, 1.0) for rate in (0.3, 0.5)]
        points += [("random", p, rate, REDUCTION, 1.0) for p in (4, 6, 8) for rate in RATES]
        # Runs that do not converge cost most, and over GF(2) hours: fewer rates.
        points += [("random", 1, rate, REDUCTION, 1.0) for rate in (0.3, 0.5, 0.7)]
    return [
        {"graph": graph, "p": p, "rate": rate, "b": b, "gamma1": gamma1, "samples": SAMPLES[scale]}
        for graph, p, rate, b, gamma1 in points
    ]


def _other_gamma_grid(scale: str) -> list[dict]:
    """Two points of Fig. 3 on PEG graphs at which a larger field is not nearer."""
    plan = {(4, 0.7): (0.84, 0.88, 0.9, 0.92, 0.94), (6, 0.1): (0.9, 0.92, 0.94, 0.96, 0.97, 0.98, 0.985)}
    return [
        {"graph": "peg", "p": p, "rate": rate, "gamma0": gamma0, "samples": SAMPLES[scale]}
        for (p, rate), gammas in plan.items()
        for gamma0 in (gammas if scale == "paper" else (0.9,))
    ]


def _patience_grid(scale: str) -> list[dict]:
    settings = {1.0: (0.94, 0.95, 0.96), 0.9999: (0.96, 0.97, 0.98), 0.9998: (0.97, 0.98, 0.985)}
    if scale != "paper":
        settings = {1.0: (0.9,)}
    return [
        {"gamma0": gamma0, "gamma1": gamma1, "multiple": multiple, "samples": SAMPLES[scale]}
        for multiple in ((0.9, 1.0, 1.1) if scale == "paper" else (1.0,))
        for gamma1, gammas in settings.items()
        for gamma0 in gammas
    ]


def _weights_grid(scale: str) -> list[dict]:
    rates, fields, codes = ((0.3, 0.5, 0.7), (1, 2, 4, 6, 8), 3) if scale == "paper" else ((0.5,), (1, 4), 1)
    return [{"p": p, "rate": rate, "number": number} for number in range(codes) for rate in rates for p in fields]


EXPERIMENTS = [
    Experiment(
        name="lossy_weight_enumerator",
        stream="rbp_weight_enumerator",
        title="Fig. 1: weight enumeration functions of ultra-sparse codes by belief propagation",
        task=enumerate_weights,
        grid=_weights_grid,
    ),
    Experiment(
        name="lossy_tradeoff",
        stream="rbp_tradeoff",
        title="Fig. 2: distortion, iterations and trials of RBP against gamma0",
        task=tradeoff,
        grid=_tradeoff_grid,
    ),
    Experiment(
        name="lossy_tradeoff_codes",
        title="Fig. 2: the stated points with other codes and other ensembles",
        task=tradeoff_codes,
        grid=_tradeoff_codes_grid,
    ),
    Experiment(
        name="lossy_rate_distortion",
        stream="rbp_rate_distortion",
        title="Fig. 3: distortion of RBP against rate, four fields, random and PEG graphs",
        task=rate_distortion,
        grid=_rate_distortion_grid,
    ),
    Experiment(
        name="lossy_other_gamma",
        title="Fig. 3: two points whose gamma0 was tuned too soon, with others",
        task=other_gamma,
        grid=_other_gamma_grid,
    ),
    Experiment(
        name="lossy_patience",
        stream="rbp_patience",
        title="GF(256) at R = 1/2: distortion against iterations for settings around the tuned one",
        task=patience,
        grid=_patience_grid,
    ),
]

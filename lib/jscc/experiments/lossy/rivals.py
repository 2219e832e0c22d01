"""Paper 2, its rivals: trellis-coded and polar quantisation, and codes with a sparse generator matrix."""

from __future__ import annotations

from functools import cache

import numpy as np

from jscc.convolutional.code import MAXIMUM_FREE_DISTANCE, ConvolutionalCode, code_of_rate
from jscc.experiments.lossy.common import CODE_SEED, N_BITS, SAMPLES
from jscc.information import distortion_rate
from jscc.ldgm import BiasPropagation, LdgmCode
from jscc.polar.code import PolarCode
from jscc.runner import Experiment

SEARCH_SEED = 1974
CANDIDATES = 12  # codes that are drawn for a memory of which no table has one
SEARCH_WORDS = 4


def rival(scheme: str, rate: float, size: int, samples: int, seed: int) -> dict:
    """Trellis-coded quantisation (size: memory of the code) or a polar code (size: its length)."""
    rng = np.random.default_rng(seed)
    if scheme == "trellis":
        rival_code = trellis_code(rate, size)
        n = whole_length(rival_code)
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


def whole_length(trellis: ConvolutionalCode) -> int:
    """Bits of a word, a multiple of ten periods of the puncturing."""
    return N_BITS // (10 * trellis.period) * (10 * trellis.period)


@cache
def trellis_code(rate: float, memory: int) -> ConvolutionalCode:
    """The table's code, or beyond the table the best of some with random generators, on words of its own."""
    if memory in MAXIMUM_FREE_DISTANCE[2]:
        return code_of_rate(rate, memory)
    puncturing = code_of_rate(rate, 2).puncturing
    rng = np.random.default_rng([SEARCH_SEED, memory, len(puncturing)])
    # The first and the last bit of the register count in every output.
    inner = rng.integers(0, 1 << (memory - 1), (CANDIDATES, len(puncturing)))
    words = rng.integers(0, 2, (SEARCH_WORDS, N_BITS), dtype=np.uint8)
    best, least = None, np.inf
    for middle in inner.tolist():
        drawn = ConvolutionalCode(tuple(1 << memory | bits << 1 | 1 for bits in middle), memory, puncturing)
        cut = words[:, : whole_length(drawn)]
        distance = np.count_nonzero(drawn.quantise(cut)[1] != cut)
        if distance < least:
            best, least = drawn, distance
    return best


# Strengths that are tried, in multiples of 1 - 2 D(R), and what is slower than the default.
STRENGTHS = (0.92, 0.96, 1.0, 1.04)
PACES = {"ldgm": {}, "ldgm_slow": {"iterations": 20, "share": 0.005, "level": 0.9}}
LDGM_CODES = 5


def sparse_generator(pace: str, rate: float, degree: int, samples: int, seed: int) -> dict:
    """Codes with a sparse generator matrix and bias propagation, the strength chosen on words of its own."""
    rng = np.random.default_rng(seed)
    dimension = round(rate * N_BITS)
    codes = [
        LdgmCode.drawn(N_BITS, dimension, degree, np.random.default_rng([CODE_SEED, number]))
        for number in range(min(LDGM_CODES, samples))
    ]
    natural = 1 - 2 * float(distortion_rate(rate))
    trial = np.random.default_rng([SEARCH_SEED, degree]).integers(0, 2, (SEARCH_WORDS, N_BITS), dtype=np.uint8)
    tried = {}
    for multiple in STRENGTHS:
        quantiser = BiasPropagation(codes[0], multiple * natural, **PACES[pace])
        tried[multiple] = np.count_nonzero(quantiser.quantise(trial, 0)[1] != trial)
    strength = min(tried, key=tried.get) * natural
    words = rng.integers(0, 2, (samples, N_BITS), dtype=np.uint8)
    distortion = np.empty(samples)
    parts = [slice(number, None, len(codes)) for number in range(len(codes))]
    for a_code, part in zip(codes, parts, strict=True):
        _, codewords = BiasPropagation(a_code, strength, **PACES[pace]).quantise(words[part], rng)
        distortion[part] = (codewords != words[part]).mean(axis=1)
    means = [distortion[part].mean() for part in parts]
    return {
        "length": N_BITS,
        "actual_rate": codes[0].rate,
        "limit": float(distortion_rate(codes[0].rate)),
        "strength": strength,
        "codes": len(codes),
        "codes_std": float(np.std(means, ddof=1)) if len(codes) > 1 else None,
        "distortion": float(distortion.mean()),
        "std": float(distortion.std(ddof=1)),
        "n": samples,
    }


def _rivals_grid(scale: str) -> list[dict]:
    rates = (0.3, 0.5, 0.7) if scale == "paper" else (0.5,)
    sizes = {
        "smoke": {"trellis": (2,), "polar": (64,)},
        "quick": {"trellis": (2, 4), "polar": (1024,)},
        "paper": {"trellis": tuple(range(2, 17)), "polar": tuple(2**k for k in range(8, 18))},
    }[scale]
    return [
        {"scheme": scheme, "rate": rate, "size": size, "samples": SAMPLES[scale]}
        for scheme, some_sizes in sizes.items()
        for rate in rates
        for size in some_sizes
    ]


def _sparse_generator_grid(scale: str) -> list[dict]:
    degrees = {
        "smoke": {("ldgm", 0.5): (4,)},
        "quick": {("ldgm", 0.5): (5,)},
        "paper": {
            ("ldgm", 0.3): (9, 12, 14),
            ("ldgm", 0.5): (6, 7, 8, 9),
            ("ldgm", 0.7): (4, 5, 6),
            # Where it pays, slower; at .7 a word would take minutes.
            ("ldgm_slow", 0.3): (14,),
            ("ldgm_slow", 0.5): (8, 9),
        },
    }[scale]
    return [
        {"pace": pace, "rate": rate, "degree": degree, "samples": SAMPLES[scale]}
        for (pace, rate), some in degrees.items()
        for degree in some
    ]


EXPERIMENTS = [
    Experiment(
        name="lossy_rivals",
        stream="rbp_rivals",
        title="Trellis-coded and polar quantisation of a fair binary source",
        task=rival,
        grid=_rivals_grid,
    ),
    Experiment(
        name="lossy_sparse_generator",
        title="Quantisation of a fair binary source with sparse generator matrices, by bias propagation",
        task=sparse_generator,
        grid=_sparse_generator_grid,
    ),
]

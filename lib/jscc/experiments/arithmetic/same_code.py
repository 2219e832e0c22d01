"""Paper 3, Figures 3 and 5 refereed: Chase, guessing and the trellis on one and the same arithmetic code.

The figures compare receivers of codes that differ: the trellis has a forbidden symbol and fewer bits of precision, and
so a lower rate. Here each receiver decodes each code, without a forbidden symbol and with more precision among them.
"""

from __future__ import annotations

from functools import lru_cache

from jscc.arithmetic import ChaseDecoder, GuessingDecoder, TrellisDecoder, measure_density
from jscc.convolutional import BCJRDecoder
from jscc.experiments.arithmetic.common import BINARY
from jscc.experiments.arithmetic.packets import decoder_of
from jscc.experiments.arithmetic.trellis import trellis_link
from jscc.experiments.arithmetic.turbo import (
    BETA,
    DENSITY_PACKETS,
    DENSITY_SEED,
    INTERLEAVER,
    ITERATIONS,
    PACKETS_PER_FRAME,
    RSC,
    frame_errors,
)
from jscc.runner import MonteCarlo
from jscc.turbo import SerialTurbo

DENSITY_EBN0 = 6.0


@lru_cache(maxsize=16)
def code_density(precision: int, forbidden: float, queries: int) -> float:
    """Valid words among those queried in vain, for soft output: measured on packets of their own, uncoded."""
    a_link = trellis_link(precision, forbidden)
    packets, llr, lengths = a_link.send(DENSITY_PACKETS, DENSITY_EBN0, DENSITY_SEED)
    bits, _ = a_link.code.encode(packets)
    return measure_density(GuessingDecoder(a_link.code, BINARY.length, queries), llr, bits, lengths).density


def same_code_errors(
    decoder: str, effort: int, precision: int, forbidden: float, ebn0_db: float, trials: int, seed: int
) -> dict:
    """Packets in error after each iteration; four packets to a frame."""
    a_link = trellis_link(precision, forbidden)
    code, length = a_link.code, BINARY.length
    if decoder == "max_log":
        source = TrellisDecoder(code, length, output="max-log")
    elif decoder == "chase":
        source = ChaseDecoder(code, length, effort, BETA)
    else:
        source = GuessingDecoder(code, length, effort, rho=code_density(precision, forbidden, effort))
    scheme = SerialTurbo(BCJRDecoder(RSC), source, INTERLEAVER, PACKETS_PER_FRAME, ITERATIONS, stop=True)
    return frame_errors(a_link, scheme, ebn0_db, trials, seed)


def same_code_uncoded_errors(
    decoder: str, effort: int, precision: int, forbidden: float, ebn0_db: float, trials: int, seed: int
) -> dict:
    """Packets in error without further coding; guessing ends at the first valid word."""
    a_link = trellis_link(precision, forbidden)
    packets, llr, lengths = a_link.send(trials, ebn0_db, seed)
    found = decoder_of(a_link, decoder, effort).decode(llr, lengths)
    wrong = (found.symbols != packets).any(axis=1)
    return {"trials": trials, "errors": int(wrong.sum()), "undetected": int((wrong & found.converged).sum())}


# Precision, and where each curve begins and ends (Eb/N0 in dB) by the probability of the forbidden symbol.
CURVES = [
    ("chase", 4, 6, {0.0: (2.5, 4.5), 0.05: (3.0, 5.0), 0.2: (4.25, 6.25)}),
    ("chase", 8, 6, {0.0: (2.5, 4.25), 0.05: (2.75, 4.75), 0.2: (4.0, 6.0)}),
    ("guessing", 1024, 6, {0.0: (2.25, 4.0), 0.05: (2.75, 4.5), 0.2: (3.75, 5.75)}),
    ("max_log", 0, 6, {0.0: (1.0, 2.0), 0.05: (0.75, 1.75), 0.2: (0.5, 1.5)}),
    ("chase", 4, 7, {0.0: (2.75, 4.25)}),
    ("guessing", 1024, 7, {0.0: (2.25, 3.75)}),
    ("max_log", 0, 7, {0.0: (1.5, 2.5)}),
    ("chase", 4, 8, {0.0: (2.75, 4.25)}),
    ("guessing", 1024, 8, {0.0: (2.25, 3.5)}),
]
UNCODED_CURVES = [
    ("chase", 4, 6, {0.0: (5.0, 10.5), 0.2: (5.0, 11.5)}),
    ("chase", 4, 7, {0.2: (5.0, 11.5)}),
    ("guessing", 1024, 6, {0.0: (5.0, 10.0), 0.2: (5.0, 11.0)}),
]


def _points(curves, step: float) -> list[dict]:
    return [
        {
            "decoder": decoder,
            "effort": effort,
            "precision": precision,
            "forbidden": forbidden,
            "ebn0_db": first + step * i,
        }
        for decoder, effort, precision, ends in curves
        for forbidden, (first, last) in ends.items()
        for i in range(int((last - first) / step) + 1)
    ]


def _grid(scale: str) -> list[dict]:
    return _points(CURVES, {"smoke": 2.0, "quick": 1.0, "paper": 0.25}[scale])


def _uncoded_grid(scale: str) -> list[dict]:
    return _points(UNCODED_CURVES, {"smoke": 4.0, "quick": 1.0, "paper": 0.5}[scale])


EXPERIMENTS = [
    MonteCarlo(
        name="arithmetic_same_code",
        title="Figure 5 refereed: packet error rates of three receivers in the loop on the same codes",
        task=same_code_errors,
        grid=_grid,
        chunk={"smoke": 8, "quick": 40, "paper": 4_000},
        min_errors={"smoke": 5, "quick": 20, "paper": 100},
        max_trials={"smoke": 8, "quick": 80, "paper": 40_000},
    ),
    MonteCarlo(
        name="arithmetic_same_code_uncoded",
        title="Figure 3 refereed: Chase and guessing on the codes of the trellis",
        task=same_code_uncoded_errors,
        grid=_uncoded_grid,
        chunk={"smoke": 20, "quick": 200, "paper": 10_000},
        min_errors={"smoke": 5, "quick": 20, "paper": 100},
        max_trials={"smoke": 20, "quick": 400, "paper": 100_000},
    ),
]

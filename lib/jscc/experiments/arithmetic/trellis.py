"""Paper 3, the rivals of Figures 3 and 5: the code with a forbidden symbol on its bit-clock trellis."""

from __future__ import annotations

import math

from jscc.arithmetic import TrellisDecoder
from jscc.convolutional import BCJRDecoder
from jscc.experiments.arithmetic.common import BINARY, Link, link
from jscc.experiments.arithmetic.turbo import INTERLEAVER, ITERATIONS, PACKETS_PER_FRAME, RSC, frame_errors
from jscc.runner import MonteCarlo
from jscc.turbo import SerialTurbo

BETA = 4.0  # of the crude soft output, which stands on the best path alone
N_LIST = 8

# What a decoder knows and gives: arguments of `TrellisDecoder`. The paper's Viterbi is of maximum likelihood and
# knows nothing of L.
KINDS = {
    "ml": {"output": "hard", "apriori": False},
    "map": {"output": "hard"},
    "length": {"output": "hard", "length_constrained": True},
    "constant": {"output": "constant", "beta": BETA},
    "sova": {"output": "sova"},
    "list_sova": {"output": "list-sova", "n_list": N_LIST},
    "max_log": {"output": "max-log"},
}


def trellis_link(precision: int, forbidden: float) -> Link:
    """The binary source through a code of which a trellis can be made."""
    return link(BINARY, precision=precision, forbidden=forbidden)


def trellis_errors(kind: str, precision: int, forbidden: float, ebn0_db: float, trials: int, seed: int) -> dict:
    """Packets in error without further coding, and those of them that have L symbols."""
    a_link = trellis_link(precision, forbidden)
    packets, llr, lengths = a_link.send(trials, ebn0_db, seed)
    found = TrellisDecoder(a_link.code, BINARY.length, **KINDS[kind]).decode(llr, lengths)
    wrong = (found.symbols != packets).any(axis=1)
    return {"trials": trials, "errors": int(wrong.sum()), "undetected": int((wrong & found.converged).sum())}


def trellis_turbo_errors(kind: str, precision: int, forbidden: float, ebn0_db: float, trials: int, seed: int) -> dict:
    """Packets in error after each iteration, the trellis being the source decoder; four packets to a frame."""
    a_link = trellis_link(precision, forbidden)
    source = TrellisDecoder(a_link.code, BINARY.length, **KINDS[kind])
    scheme = SerialTurbo(BCJRDecoder(RSC), source, INTERLEAVER, PACKETS_PER_FRAME, ITERATIONS, stop=True)
    return frame_errors(a_link, scheme, ebn0_db, trials, seed)


def without_eob_errors(
    convolutional: bool, kind: str, precision: int, forbidden: float, ebn0_db: float, trials: int, seed: int
) -> dict:
    """Packets in error of a code without EoB, which at so few bits of precision takes a good part of the interval.

    ``convolutional``: behind the convolutional code, after all iterations, or without it.
    """
    a_link = link(BINARY, precision=precision, forbidden=forbidden, eob=0.0)
    decoder = TrellisDecoder(a_link.code, BINARY.length, **KINDS[kind])
    if convolutional:
        scheme = SerialTurbo(BCJRDecoder(RSC), decoder, INTERLEAVER, PACKETS_PER_FRAME, ITERATIONS, stop=True)
        found = frame_errors(a_link, scheme, ebn0_db, trials, seed)
        return {name: found[name] for name in ("trials", "errors", "undetected")}
    packets, llr, lengths = a_link.send(trials, ebn0_db, seed)
    result = decoder.decode(llr, lengths)
    wrong = (result.symbols != packets).any(axis=1)
    return {"trials": trials, "errors": int(wrong.sum()), "undetected": int((wrong & result.converged).sum())}


# Kind, precision, probability of the forbidden symbol, and where the curve begins and ends (Eb/N0 in dB).
CURVES = [
    ("ml", 6, 0.0, 6.0, 10.5),
    ("ml", 6, 0.2, 5.0, 11.5),
    ("ml", 7, 0.2, 5.0, 10.5),
    ("map", 6, 0.2, 5.0, 11.5),
    ("length", 6, 0.0, 5.0, 10.5),
    ("length", 6, 0.2, 4.0, 9.0),
]
TURBO_CURVES = [
    ("constant", 6, 0.2, 1.25, 2.5),
    ("sova", 6, 0.05, 1.0, 2.0),
    ("sova", 6, 0.2, 0.75, 2.25),
    ("list_sova", 6, 0.05, 1.0, 2.0),
    ("list_sova", 6, 0.2, 0.75, 2.25),
    ("max_log", 6, 0.0, 1.0, 3.5),
    ("max_log", 6, 0.05, 0.75, 2.0),
    ("max_log", 6, 0.2, 0.5, 2.25),
    # A point between two of a curve, which bends there.
    ("sova", 6, 0.2, 1.8125, 1.8125),
    ("list_sova", 6, 0.2, 1.8125, 1.8125),
    ("max_log", 6, 0.2, 1.875, 1.875),
    # And behind its end, towards an error rate of 1e-4.
    ("sova", 6, 0.05, 2.125, 2.125),
    ("list_sova", 6, 0.05, 2.125, 2.125),
    ("sova", 6, 0.2, 3.0, 3.0),
    ("list_sova", 6, 0.2, 3.0, 3.0),
    ("max_log", 6, 0.2, 3.0, 3.0),
]


UNENDED_CURVES = {
    False: [("ml", 6, 0.0, 6.0, 9.5), ("ml", 6, 0.2, 5.0, 9.5)],
    True: [
        ("list_sova", 6, 0.05, 1.0, 2.0),
        ("list_sova", 6, 0.2, 0.5, 1.75),
        ("max_log", 6, 0.0, 1.0, 4.5),
        ("max_log", 6, 0.05, 0.75, 2.0),
        ("max_log", 6, 0.2, 0.25, 1.5),
    ],
}


def _points(curves, step: float) -> list[dict]:
    return [
        {"kind": kind, "precision": precision, "forbidden": forbidden, "ebn0_db": min(first + step * i, last)}
        for kind, precision, forbidden, first, last in curves
        for i in range(math.ceil((last - first) / step) + 1)
    ]


def _grid(scale: str) -> list[dict]:
    return _points(CURVES, {"smoke": 4.0, "quick": 1.0, "paper": 0.5}[scale])


def _turbo_grid(scale: str) -> list[dict]:
    return _points(TURBO_CURVES, {"smoke": 2.0, "quick": 1.0, "paper": 0.25}[scale])


def _without_eob_grid(scale: str) -> list[dict]:
    steps = {"smoke": (4.0, 2.0), "quick": (1.0, 1.0), "paper": (0.5, 0.25)}[scale]
    return [
        {"convolutional": convolutional, **point}
        for (convolutional, curves), step in zip(UNENDED_CURVES.items(), steps, strict=True)
        for point in _points(curves, step)
    ]


EXPERIMENTS = [
    MonteCarlo(
        name="arithmetic_trellis",
        title="Figure 3: packet error rates of trellis decoders of arithmetic codes",
        task=trellis_errors,
        grid=_grid,
        chunk={"smoke": 20, "quick": 200, "paper": 10_000},
        min_errors={"smoke": 5, "quick": 20, "paper": 100},
        max_trials={"smoke": 20, "quick": 400, "paper": 1_200_000},
    ),
    MonteCarlo(
        name="arithmetic_trellis_turbo",
        title="Figure 5: packet error rates of iterative receivers with a trellis of the arithmetic code",
        task=trellis_turbo_errors,
        grid=_turbo_grid,
        chunk={"smoke": 8, "quick": 40, "paper": 4_000},
        min_errors={"smoke": 5, "quick": 20, "paper": 100},
        max_trials={"smoke": 8, "quick": 80, "paper": 1_000_000},
    ),
    MonteCarlo(
        name="arithmetic_trellis_without_eob",
        title="Figures 3 and 5: the trellises at the rates that the paper prints, which leave no room for an EoB",
        task=without_eob_errors,
        grid=_without_eob_grid,
        chunk={"smoke": 8, "quick": 40, "paper": 4_000},
        min_errors={"smoke": 5, "quick": 20, "paper": 100},
        max_trials={"smoke": 8, "quick": 80, "paper": 60_000},
    ),
]

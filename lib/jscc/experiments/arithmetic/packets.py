"""Paper 3, Figures 2 and 3: packet error rates of arithmetic decoders behind a noisy channel."""

from __future__ import annotations

import numpy as np

from jscc.arithmetic import ChaseDecoder, GuessingDecoder
from jscc.experiments.arithmetic.common import FIGURES, Link, link, setting_of
from jscc.runner import MonteCarlo

N_BEST = 4  # valid words that a guessing decoder with a list waits for


def decoder_of(a_link: Link, decoder: str, effort: int):
    """The decoder of a name; `effort` is q of Chase, or the largest number of queries."""
    code, length = a_link.code, a_link.source.length
    if decoder == "chase":
        return ChaseDecoder(code, length, effort)
    return GuessingDecoder(code, length, effort, n_best={"guessing": 1, "guessing_list": N_BEST}[decoder])


def packet_errors(figure: int, setting: str, decoder: str, effort: int, ebn0_db: float, trials: int, seed: int) -> dict:
    """Packets in error, wrong packets among them that were taken for right, and what the search cost."""
    source = FIGURES[figure]
    name, _, adaptive = setting.partition("_")
    a_link = link(source, **setting_of(name, source), adaptive=bool(adaptive))
    packets, llr, lengths = a_link.send(trials, ebn0_db, seed)
    found = decoder_of(a_link, decoder, effort).decode(llr, lengths)
    wrong = (found.symbols != packets).any(axis=1)
    return {
        "trials": trials,
        "errors": int(wrong.sum()),
        "undetected": int((wrong & found.converged).sum()),
        "queries": int(found.queries.sum()),
        "decoded": int(found.decoded.sum()),
    }


# Decoders of a figure: name, effort, where the curve begins, and where it ends in the paper's setting and in the robust
# one (Eb/N0 in dB): below an error rate of 1e-4.
CURVES = {
    2: [
        ("chase", 0, 5.0, 11.5, 11.5),
        ("chase", 1, 5.0, 10.0, 9.5),
        ("chase", 2, 5.0, 10.0, 9.0),
        ("chase", 4, 4.5, 10.0, 8.5),
        ("chase", 8, 4.0, 10.0, 8.0),
        ("chase", 10, 4.0, 10.0, 8.0),
        ("guessing", 16, 4.5, 10.0, 8.5),
        ("guessing", 256, 3.5, 10.0, 7.5),
        ("guessing", 1024, 3.0, 10.0, 7.5),
        ("guessing_list", 256, 3.5, 9.5, None),
    ],
    3: [
        ("chase", 0, 5.0, 11.5, 11.5),
        ("chase", 1, 5.5, 10.0, 10.0),
        ("chase", 2, 5.5, 9.5, 9.5),
        ("chase", 4, 5.0, 9.5, 9.0),
        ("chase", 8, 4.5, 9.5, 8.5),
        ("chase", 10, 4.0, 9.5, 8.5),
        ("guessing", 16, 5.0, 9.5, 8.5),
        ("guessing", 256, 4.0, 9.5, 8.5),
        ("guessing", 1024, 4.0, 9.5, 8.5),
        ("guessing_list", 256, 4.0, 9.0, None),
    ],
}
ADAPTIVE = [("chase", 0, 5.0, 11.5), ("chase", 4, 5.0, 9.0), ("guessing", 256, 4.0, 8.5)]


def _grid(scale: str) -> list[dict]:
    step = {"smoke": 2.0, "quick": 1.0, "paper": 0.5}[scale]
    curves = [
        (figure, setting, decoder, effort, first, last)
        for figure, own in CURVES.items()
        for decoder, effort, first, *ends in own
        for setting, last in zip(("paper", "robust"), ends, strict=True)
        if last is not None
    ]
    curves += [(figure, "robust_adaptive", *curve) for figure in CURVES for curve in ADAPTIVE]
    return [
        {"figure": figure, "setting": setting, "decoder": decoder, "effort": effort, "ebn0_db": float(ebn0_db)}
        for figure, setting, decoder, effort, first, last in curves
        for ebn0_db in np.arange(first, last + step / 4, step)
    ]


EXPERIMENTS = [
    MonteCarlo(
        name="arithmetic_per",
        title="Figures 2 and 3: packet error rates of Chase-like and guessing decoders of arithmetic codes",
        task=packet_errors,
        grid=_grid,
        chunk={"smoke": 100, "quick": 1000, "paper": 20_000},
        min_errors={"smoke": 5, "quick": 20, "paper": 100},
        max_trials={"smoke": 100, "quick": 2000, "paper": 1_500_000},
    ),
]

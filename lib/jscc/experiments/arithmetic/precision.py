"""What the parameters that paper 3 leaves out do to its gains: the coder's precision and the probability of EoB."""

from __future__ import annotations

from jscc.arithmetic import ChaseDecoder
from jscc.experiments.arithmetic.common import QUATERNARY, link
from jscc.runner import MonteCarlo

PRECISIONS = (6, 8, 10, 12, 16)
EOB_BITS = (0, 4, 6, 8, 10, 12, 14)  # EoB has the probability 2^-bits; 0 for a code without it


def precision_errors(precision: int, eob_bits: int, q: int, ebn0_db: float, trials: int, seed: int) -> dict:
    """Packets in error of the source of Figure 2 with another coder; those taken for right; bits sent."""
    a_link = link(QUATERNARY, precision=precision, eob=2.0**-eob_bits if eob_bits else 0)
    packets, llr, lengths = a_link.send(trials, ebn0_db, seed)
    found = ChaseDecoder(a_link.code, QUATERNARY.length, q).decode(llr, lengths)
    wrong = (found.symbols != packets).any(axis=1)
    return {
        "trials": trials,
        "errors": int(wrong.sum()),
        "undetected": int((wrong & found.converged).sum()),
        "bits": int(lengths.sum()),
    }


# q, and where its curve passes error rates of 1e-1 to 1e-3 with most of the coders (Eb/N0 in dB).
CURVES = ((0, 8.0, 10.5), (1, 7.0, 9.5), (4, 6.0, 9.5), (8, 5.5, 9.5))


def _grid(scale: str) -> list[dict]:
    precisions, eob_bits = (PRECISIONS, EOB_BITS) if scale == "paper" else ((6, 16), (4, 14))
    step = {"smoke": 4.0, "quick": 2.0, "paper": 0.5}[scale]
    return [
        {"precision": precision, "eob_bits": bits, "q": q, "ebn0_db": first + step * i}
        for precision in precisions
        for bits in eob_bits
        if bits <= precision - 2
        for q, first, last in CURVES
        for i in range(round((last - first) / step) + 1)
    ]


EXPERIMENTS = [
    MonteCarlo(
        name="arithmetic_precision",
        title="Figure 2 with other precisions of the coder and other probabilities of EoB",
        task=precision_errors,
        grid=_grid,
        chunk={"smoke": 100, "quick": 1000, "paper": 20_000},
        min_errors={"smoke": 5, "quick": 20, "paper": 100},
        max_trials={"smoke": 100, "quick": 1000, "paper": 20_000},
    ),
]

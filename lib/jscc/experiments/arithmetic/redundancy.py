"""Where to put the redundancy: at one total rate, decoded by one guessing decoder, and beside separate designs."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from jscc.arithmetic import CyclicCheck, GuessingDecoder, RecursiveCheck, with_parity
from jscc.channels import awgn, awgn_llr, bpsk
from jscc.experiments.arithmetic.common import BINARY, Link, link
from jscc.runner import MonteCarlo

PRECISION = 16
LEAST_EOB = 2.0 ** (2 - PRECISION)  # one count: 14 bits a packet

# In common use, without their highest term: AUTOSAR's 8 bits, CCITT's 16, FlexRay's 24, AUTOSAR's 32 (P4).
POLYNOMIALS = {8: 0x2F, 16: 0x1021, 24: 0x5D6DCB, 32: 0xF4ACFB13}


@lru_cache(maxsize=64)
def scheme(place: str, bits: int, parity: int) -> tuple[Link, CyclicCheck | RecursiveCheck | None]:
    """The code and the check that add so many bits to a packet of the plain code.

    `place` tells where they go: `parity` of them to a CRC or to a recursive convolutional code, the others to a
    forbidden symbol; or all to a forbidden symbol, or to EoB.
    """
    rest = bits - parity
    forbidden, eob = 1 - 2.0 ** (-rest / BINARY.length), LEAST_EOB
    if place == "eob":
        forbidden, eob = 0.0, _eob_of(rest)
    a_link = link(BINARY, precision=PRECISION, eob=eob, forbidden=forbidden)
    if place == "crc" and parity:
        return a_link, CyclicCheck(parity, POLYNOMIALS[parity])
    return a_link, RecursiveCheck(parity) if place == "rsc" and parity else None


def _eob_of(bits: int) -> float:
    """The likelier of the two EoBs that cost so many bits more than the least: each symbol pays for it."""
    counts = np.arange(1, 1 << (PRECISION - 3))
    eob = counts * LEAST_EOB
    cost = -BINARY.length * np.log2(1 - eob) - np.log2(eob)
    cheapest = int(cost.argmin())
    return float(eob[cheapest + np.abs(cost[cheapest:] - cost[0] - bits).argmin()])


def redundancy_errors(place: str, bits: int, parity: int, effort: int, ebn0_db: float, trials: int, seed: int) -> dict:
    """Packets in error, those taken for right, and the bits that were sent."""
    a_link, check = scheme(place, bits, parity)
    rng = np.random.default_rng(seed)
    packets = BINARY.packets(trials, rng)
    words, lengths = a_link.code.encode(packets)
    if check is not None:
        words, lengths = with_parity(check, words, lengths)
    rate = a_link.rate / (1 + parity * a_link.rate / (BINARY.entropy * BINARY.length))
    llr = awgn_llr(awgn(bpsk(words), ebn0_db, rate, rng), ebn0_db, rate)
    found = GuessingDecoder(a_link.code, BINARY.length, effort, check=check).decode(llr, lengths)
    wrong = (found.symbols != packets).any(axis=1)
    return {
        "trials": trials,
        "errors": int(wrong.sum()),
        "undetected": int((wrong & found.converged).sum()),
        "queries": int(found.queries.sum()),
        "bits_sent": int(lengths.sum()),
    }


# Where the bits go, and how many of them to parity.
PLACES = {
    0: [("none", 0)],
    8: [("forbidden", 0), ("eob", 0), ("crc", 8), ("rsc", 8)],
    16: [("forbidden", 0), ("eob", 0), ("crc", 8), ("crc", 16), ("rsc", 16)],
    32: [("forbidden", 0), ("eob", 0), ("crc", 8), ("crc", 16), ("crc", 24), ("crc", 32), ("rsc", 32)],
}


def _grid(scale: str) -> list[dict]:
    budgets = PLACES if scale == "paper" else {0: PLACES[0], 16: PLACES[16]}
    queries = (256, 4096) if scale == "paper" else (256,)
    step, first = {"smoke": (4.0, 5.0), "quick": (2.0, 5.0), "paper": (0.5, 4.5)}[scale]
    return [
        {"place": place, "bits": bits, "parity": parity, "effort": most, "ebn0_db": float(ebn0_db)}
        for bits, own in budgets.items()
        for place, parity in own
        for most in queries
        for ebn0_db in np.arange(first, 7.5, step)
    ]


EXPERIMENTS = [
    MonteCarlo(
        name="arithmetic_redundancy",
        title="At one total rate: redundancy in a forbidden symbol, in EoB, in a CRC, in a convolutional code",
        task=redundancy_errors,
        grid=_grid,
        chunk={"smoke": 100, "quick": 500, "paper": 5_000},
        min_errors={"smoke": 5, "quick": 20, "paper": 100},
        max_trials={"smoke": 100, "quick": 1000, "paper": 20_000},
    ),
]

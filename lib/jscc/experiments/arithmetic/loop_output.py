"""The constant of soft values in the turbo loop, guessing's calibrated ones beside it, and how packets err together."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from jscc.arithmetic import ChaseDecoder, GuessingDecoder
from jscc.channels import awgn, awgn_llr, bpsk
from jscc.convolutional import BCJRDecoder
from jscc.experiments.arithmetic.common import BINARY, link, setting_of
from jscc.experiments.arithmetic.turbo import INTERLEAVER, ITERATIONS, PACKETS_PER_FRAME, RSC, density
from jscc.runner import MonteCarlo
from jscc.soft import SoftResult
from jscc.turbo import SerialTurbo

SETTING, QUERIES, Q = "paper", 256, 4
CALIBRATED = 0.0  # in place of a beta


@dataclass(frozen=True)
class ConstantOutput:
    """A decoder whose extrinsic values have one magnitude: beta for the bits of a word that is valid, else nothing.

    Attributes
    ----------
    decoder : GuessingDecoder
    beta : float
    """

    decoder: GuessingDecoder
    beta: float

    def decode(self, llr: np.ndarray, lengths: np.ndarray) -> SoftResult:
        """As `jscc.turbo.SourceDecoder`."""
        found = self.decoder.decode(llr, lengths)
        inside = (np.arange(llr.shape[1]) < np.asarray(lengths)[:, None]) & found.converged[:, None]
        extrinsic = np.where(inside, np.float32(self.beta) * (1 - 2 * found.bits.astype(np.float32)), np.float32(0))
        return replace(found, extrinsic=extrinsic, llr=llr + extrinsic)


def loop_errors(decoder: str, beta: float, ebn0_db: float, trials: int, seed: int) -> dict:
    """Packets in error after all iterations; `squares`: of their number in a frame, summed over frames."""
    a_link = link(BINARY, **setting_of(SETTING, BINARY))
    code, length = a_link.code, BINARY.length
    if decoder == "chase":
        source = ChaseDecoder(code, length, Q, beta)
    elif beta == CALIBRATED:
        source = GuessingDecoder(code, length, QUERIES, rho=density(SETTING, QUERIES))
    else:
        source = ConstantOutput(GuessingDecoder(code, length, QUERIES), beta)
    scheme = SerialTurbo(BCJRDecoder(RSC), source, INTERLEAVER, PACKETS_PER_FRAME, ITERATIONS, stop=True)
    rng = np.random.default_rng(seed)
    packets = BINARY.packets(trials, rng)
    bits, lengths = code.encode(packets)
    rate = a_link.rate * RSC.rate
    received = awgn(bpsk(scheme.encode(bits, lengths)), ebn0_db, rate, rng)
    found = scheme.decode(awgn_llr(received, ebn0_db, rate), lengths, bits.shape[1]).trace[-1]
    wrong = (found.symbols != packets).any(axis=1).reshape(-1, PACKETS_PER_FRAME).sum(axis=1)
    return {"trials": trials, "errors": int(wrong.sum()), "squares": int(np.square(wrong).sum())}


def _grid(scale: str) -> list[dict]:
    ways = {
        "smoke": {"guessing": ((8.0,), (3.0,))},
        "quick": {"guessing": ((CALIBRATED, 8.0), (3.0,))},
        "paper": {
            "guessing": ((CALIBRATED, 2.0, 4.0, 8.0, 16.0), (2.5, 2.75, 3.0, 3.25, 3.5)),
            "chase": ((0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 50.0), (3.5,)),
        },
    }[scale]
    return [
        {"decoder": decoder, "beta": beta, "ebn0_db": ebn0_db}
        for decoder, (betas, levels) in ways.items()
        for beta in betas
        for ebn0_db in levels
    ]


EXPERIMENTS = [
    MonteCarlo(
        name="arithmetic_loop_output",
        title="Soft values in the turbo loop: constants for Chase and for 256 guesses, and calibrated ones",
        task=loop_errors,
        grid=_grid,
        chunk={"smoke": 40, "quick": 400, "paper": 20_000},
        min_errors={"smoke": 5, "quick": 20, "paper": 1_000},
        max_trials={"smoke": 40, "quick": 800, "paper": 60_000},
    ),
]

"""Paper 3, Figure 5: packets behind a convolutional code, decoded in turns."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from jscc.arithmetic import ChaseDecoder, GuessingDecoder, measure_density
from jscc.channels import awgn, awgn_llr, bpsk
from jscc.convolutional import BCJRDecoder, ConvolutionalCode, ViterbiDecoder
from jscc.experiments.arithmetic.common import BINARY, Link, link, setting_of
from jscc.runner import MonteCarlo
from jscc.turbo import RandomInterleaver, SerialTurbo

ITERATIONS = 5
PACKETS_PER_FRAME = 4
RSC = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)  # 8 states; the paper names no generators
INTERLEAVER = RandomInterleaver(0)
BETA = 8.0  # of Chase's extrinsic values; 4 to 10 serve as well

DENSITY_PACKETS = 20_000
DENSITY_SEED = 1
DENSITY_EBN0 = {"paper": 6.0, "robust": 5.5}  # uncoded, where a tenth of the packets ends wrong


@lru_cache(maxsize=16)
def density(setting: str, queries: int) -> float:
    """Valid words among those queried in vain, for soft output: measured on packets of their own, uncoded."""
    a_link = link(BINARY, **setting_of(setting, BINARY))
    packets, llr, lengths = a_link.send(DENSITY_PACKETS, DENSITY_EBN0[setting], DENSITY_SEED)
    bits, _ = a_link.code.encode(packets)
    return measure_density(GuessingDecoder(a_link.code, BINARY.length, queries), llr, bits, lengths).density


def system(a_link: Link, setting: str, decoder: str, effort: int) -> SerialTurbo:
    """The paper's scheme with a source decoder of this name; `tandem` has no iterations."""
    code, length = a_link.code, a_link.source.length
    if decoder == "tandem":
        inner, source, iterations = ViterbiDecoder(RSC), ChaseDecoder(code, length, 0), 1
    elif decoder == "chase":
        inner, source, iterations = BCJRDecoder(RSC), ChaseDecoder(code, length, effort, BETA), ITERATIONS
    else:
        source = GuessingDecoder(code, length, effort, rho=density(setting, effort))
        inner, iterations = BCJRDecoder(RSC), ITERATIONS
    return SerialTurbo(inner, source, INTERLEAVER, PACKETS_PER_FRAME, iterations, stop=True)


def turbo_errors(setting: str, decoder: str, effort: int, ebn0_db: float, trials: int, seed: int) -> dict:
    """Packets in error after each iteration; `trials` packets, four to a frame."""
    a_link = link(BINARY, **setting_of(setting, BINARY))
    return frame_errors(a_link, system(a_link, setting, decoder, effort), ebn0_db, trials, seed)


def frame_errors(a_link: Link, scheme: SerialTurbo, ebn0_db: float, trials: int, seed: int) -> dict:
    """Packets of a link in error after each iteration of a scheme behind `RSC`."""
    rng = np.random.default_rng(seed)
    packets = a_link.source.packets(trials, rng)
    bits, lengths = a_link.code.encode(packets)
    rate = a_link.rate * RSC.rate
    received = awgn(bpsk(scheme.encode(bits, lengths)), ebn0_db, rate, rng)
    found = scheme.decode(awgn_llr(received, ebn0_db, rate), lengths, bits.shape[1])
    wrong = [(result.symbols != packets).any(axis=1) for result in found.trace]
    errors = [int(each.sum()) for each in wrong]
    return {
        "trials": trials,
        "errors": errors[-1],
        **{f"errors_{i + 1}": errors[min(i, len(errors) - 1)] for i in range(ITERATIONS)},
        "undetected": int((wrong[-1] & found.converged).sum()),
        "iterations": int(found.iterations.sum()),
        "queries": sum(int(result.queries[found.iterations > i].sum()) for i, result in enumerate(found.trace)),
    }


# Where each curve begins and ends in the paper's setting and in the robust one (Eb/N0 in dB).
CURVES = [
    ("tandem", 0, 4.0, 7.0, 7.0),
    ("chase", 4, 2.75, 4.75, 4.5),
    ("chase", 8, 2.5, 4.5, 4.25),
    ("guessing", 256, 2.0, 4.25, 4.0),
    ("guessing", 1024, 2.0, 4.0, 3.75),
]
# Points behind the end of a curve, which is a little above an error rate of 1e-4 there.
BEYOND = [("robust", "chase", 4, 4.625), ("robust", "guessing", 1024, 3.875)]


def _grid(scale: str) -> list[dict]:
    step = {"smoke": 2.0, "quick": 1.0, "paper": 0.25}[scale]
    points = [
        (setting, decoder, effort, float(ebn0_db))
        for decoder, effort, first, *ends in CURVES
        for setting, last in zip(("paper", "robust"), ends, strict=True)
        for ebn0_db in np.arange(first, last + step / 4, step)
    ]
    names = ("setting", "decoder", "effort", "ebn0_db")
    return [dict(zip(names, point, strict=True)) for point in points + BEYOND]


EXPERIMENTS = [
    MonteCarlo(
        name="arithmetic_turbo",
        title="Figure 5: packet error rates of the tandem and of the iterative receivers",
        task=turbo_errors,
        grid=_grid,
        chunk={"smoke": 40, "quick": 400, "paper": 20_000},
        min_errors={"smoke": 5, "quick": 20, "paper": 100},
        max_trials={"smoke": 40, "quick": 800, "paper": 1_500_000},
    ),
]

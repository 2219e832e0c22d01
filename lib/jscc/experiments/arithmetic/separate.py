"""The other design at the rate of Figure 5: a source code without redundancy, a better channel code, no turns."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy import sparse

from jscc.arithmetic import ChaseDecoder
from jscc.channels import awgn, awgn_llr, bpsk
from jscc.convolutional import ConvolutionalCode, ViterbiDecoder
from jscc.experiments.arithmetic.common import BINARY, link
from jscc.experiments.arithmetic.turbo import INTERLEAVER, PACKETS_PER_FRAME, RSC
from jscc.ldpc import BeliefPropagation
from jscc.runner import MonteCarlo
from jscc.tanner import peg
from jscc.turbo import SerialTurbo

SOURCE_CODE = {"precision": 16, "eob": 0}  # a receiver that knows L and l needs no EoB
CONVOLUTIONAL = {
    "memory_3": RSC,  # of Figure 5, and with it the tandem's channel code
    "memory_6": ConvolutionalCode((0o133, 0o171), 6, terminated=True),
    "memory_8": ConvolutionalCode((0o561, 0o753), 8, terminated=True),
}

N_CHECKS = 1490  # about as many as a frame has bits
N_INFORMATION = 1710  # a frame of more bits (one in 10^8) is lost; what a frame lacks is zero and not sent
HEAVY = 2 / 5  # of the information bits are in eight checks, the others in three, as in DVB-S2 at rate 1/2
ITERATIONS = 100
CERTAIN = np.float32(30)


class InOrder:
    """In the place of an interleaver: bits are sent in their order, and a burst of errors stays in one packet."""

    def order(self, length: int) -> np.ndarray:
        """The bits of a frame as they come: ndarray of int64."""
        return np.arange(length)


class RepeatAccumulate:
    """Irregular repeat-accumulate code of rate 1/2: information bits in a PEG graph, parity bits as running sums."""

    def __init__(self):
        degrees = np.where(np.arange(N_INFORMATION) < HEAVY * N_INFORMATION, 8, 3)
        spread = np.random.default_rng(0).permutation(degrees)
        self.information = peg(N_CHECKS, spread, 0).to_sparse().astype(np.int64)
        chain = sparse.diags_array([np.ones(N_CHECKS), np.ones(N_CHECKS - 1)], offsets=[0, -1]).astype(np.int64)
        parity_check = sparse.hstack([self.information, chain]).tocsr()
        self.decoder = BeliefPropagation(parity_check, schedule="layered", max_iterations=ITERATIONS)

    def encode(self, information: np.ndarray) -> np.ndarray:
        """Parity bits (uint8) of rows of `N_INFORMATION` bits."""
        return ((self.information @ information.T.astype(np.int64)).cumsum(axis=0) & 1).T.astype(np.uint8)


@lru_cache(maxsize=1)
def repeat_accumulate() -> RepeatAccumulate:
    """The code, made once in a process."""
    return RepeatAccumulate()


def _ldpc_packets(bits, lengths, ebn0_db, rng):
    """Decided bits of each packet, and the bits that were sent."""
    code = repeat_accumulate()
    inside = np.arange(bits.shape[1]) < lengths[:, None]
    frames = len(lengths) // PACKETS_PER_FRAME
    filled = lengths.reshape(frames, -1).sum(axis=1)
    fits = np.minimum(filled, N_INFORMATION)
    information = np.zeros((frames, N_INFORMATION), np.uint8)
    used = np.arange(N_INFORMATION) < fits[:, None]
    joined = [bits[rows][inside[rows]] for rows in np.arange(len(lengths)).reshape(frames, -1)]
    for row, frame in zip(information, joined, strict=True):
        row[: min(len(frame), N_INFORMATION)] = frame[:N_INFORMATION]
    word = np.concatenate([information, code.encode(information)], axis=1)
    sent = int(fits.sum()) + frames * N_CHECKS
    rate = BINARY.entropy * BINARY.length * len(lengths) / sent
    llr = awgn_llr(awgn(bpsk(word), ebn0_db, rate, rng), ebn0_db, rate)
    llr[:, :N_INFORMATION][~used] = CERTAIN
    decided = code.decoder.decode(llr).bits
    out = np.zeros_like(bits)
    for frame, rows in enumerate(np.arange(len(lengths)).reshape(frames, -1)):
        part = np.zeros(filled[frame], np.uint8)
        part[: fits[frame]] = decided[frame, : fits[frame]]
        out[rows] = _split(part, lengths[rows], bits.shape[1])
    return out, sent


def _split(joined: np.ndarray, lengths: np.ndarray, width: int) -> np.ndarray:
    out = np.zeros((len(lengths), width), np.uint8)
    out[np.arange(width) < lengths[:, None]] = joined
    return out


def separate_errors(channel_code: str, scrambled: bool, ebn0_db: float, trials: int, seed: int) -> dict:
    """Packets in error; `trials` packets, four to a frame, through the interleaver or in order."""
    a_link = link(BINARY, **SOURCE_CODE)
    rng = np.random.default_rng(seed)
    packets = BINARY.packets(trials, rng)
    bits, lengths = a_link.code.encode(packets)
    if channel_code == "ldpc":
        decided, sent = _ldpc_packets(bits, lengths, ebn0_db, rng)
        found = a_link.code.decode(decided, lengths, BINARY.length).symbols
    else:
        source = ChaseDecoder(a_link.code, BINARY.length, 0)
        interleaver = INTERLEAVER if scrambled else InOrder()
        scheme = SerialTurbo(ViterbiDecoder(CONVOLUTIONAL[channel_code]), source, interleaver, PACKETS_PER_FRAME, 1)
        sent = int(scheme.frame_lengths(lengths).sum())
        rate = BINARY.entropy * BINARY.length * trials / sent
        received = awgn(bpsk(scheme.encode(bits, lengths)), ebn0_db, rate, rng)
        found = scheme.decode(awgn_llr(received, ebn0_db, rate), lengths).trace[-1].symbols
    return {
        "trials": trials,
        "errors": int((found != packets).any(axis=1).sum()),
        "bits_sent": sent,
    }


# Channel code, interleaver or not, and where the curve begins and ends (Eb/N0 in dB). An LDPC code needs none.
CURVES = [
    ("ldpc", False, 0.5, 2.5),
    ("memory_3", True, 4.0, 6.5),
    ("memory_6", True, 2.0, 5.0),
    ("memory_8", True, 2.0, 4.5),
    ("memory_3", False, 3.5, 6.5),
    ("memory_6", False, 2.0, 5.0),
    ("memory_8", False, 2.0, 4.25),
]


def _grid(scale: str) -> list[dict]:
    step = {"smoke": 2.0, "quick": 1.0, "paper": 0.25}[scale]
    return [
        {"channel_code": name, "scrambled": scrambled, "ebn0_db": float(ebn0_db)}
        for name, scrambled, first, last in CURVES
        for ebn0_db in np.arange(first, last + step / 4, step)
    ]


EXPERIMENTS = [
    MonteCarlo(
        name="arithmetic_separate",
        title="At the rate of Figure 5: separate decoding with better convolutional codes and an LDPC code",
        task=separate_errors,
        grid=_grid,
        chunk={"smoke": 40, "quick": 400, "paper": 4_000},
        min_errors={"smoke": 5, "quick": 20, "paper": 100},
        max_trials={"smoke": 40, "quick": 800, "paper": 100_000},
    ),
]

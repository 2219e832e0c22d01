"""What the experiments of paper 3 share: sources, settings of the coder, packets over the channel."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from jscc.arithmetic import ArithmeticCode
from jscc.channels import awgn, awgn_llr, bpsk
from jscc.information import entropy

SAMPLE = 20_000  # packets whose mean length makes the code's rate
SAMPLE_SEED = 0


class Source(NamedTuple):
    """A memoryless source and the length L of its packets."""

    probabilities: tuple[float, ...]
    length: int

    @property
    def entropy(self) -> float:
        """H, bits a symbol."""
        return float(entropy(np.array(self.probabilities)))

    def packets(self, words: int, rng: np.random.Generator) -> np.ndarray:
        """Packets of uint8, shape (words, L)."""
        limits = np.cumsum(self.probabilities)[:-1]
        return np.searchsorted(limits, rng.random((words, self.length)), side="right").astype(np.uint8)


# Table 1 is lost from the paper's text: these have H = 1.743 = .9 x 1.93, as section 3.3 states.
QUATERNARY = Source((0.5, 0.25, 0.15, 0.1), 128)
BINARY = Source((0.2, 0.8), 512)
FIGURES = {2: QUATERNARY, 3: BINARY, 5: BINARY}

# The paper gives neither the coder's precision nor the probability of EoB: one reading that fits its gains, and one
# as a practical coder would have them.
PAPER_PRECISION = {QUATERNARY: 6, BINARY: 8}
ROBUST = {"precision": 16, "eob": 2.0**-14}


def setting_of(name: str, source: Source) -> dict:
    """Parameters of `ArithmeticCode`."""
    return {"precision": PAPER_PRECISION[source]} if name == "paper" else ROBUST


@dataclass(frozen=True)
class Link:
    """Packets of a source through one arithmetic code.

    Attributes
    ----------
    source : Source
    code : ArithmeticCode
    rate : float
        Rac of the paper: the source's entropy over the mean bits that a symbol takes, EoB and ending included.
    """

    source: Source
    code: ArithmeticCode
    rate: float

    def send(self, words: int, ebn0_db: float, rng) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Packets, the log-likelihood ratios of their words, and the words' lengths; without further coding."""
        rng = np.random.default_rng(rng)
        packets = self.source.packets(words, rng)
        bits, lengths = self.code.encode(packets)
        return packets, awgn_llr(awgn(bpsk(bits), ebn0_db, self.rate, rng), ebn0_db, self.rate), lengths


@lru_cache(maxsize=64)
def link(source: Source, **setting) -> Link:
    """The link of a source, its rate measured on a fixed sample of packets."""
    code = ArithmeticCode(source.probabilities, **setting)
    _, lengths = code.encode(source.packets(SAMPLE, np.random.default_rng(SAMPLE_SEED)))
    mean_bits = int(lengths.sum()) / SAMPLE
    return Link(source, code, source.entropy * source.length / mean_bits)

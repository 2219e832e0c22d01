"""Is the soft output right? Posteriors of bits and packets beside how often they come true."""

from __future__ import annotations

import numpy as np

from jscc.arithmetic import ChaseDecoder, GuessingDecoder
from jscc.experiments.arithmetic.common import BINARY, Link, link, setting_of
from jscc.experiments.arithmetic.turbo import BETA, density
from jscc.runner import Experiment

EDGES = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999, 1.0)
QUERIES = 256


def _decoder(a_link: Link, setting: str, decoder: str):
    code, length = a_link.code, a_link.source.length
    if decoder == "chase":
        return ChaseDecoder(code, length, 4, BETA)
    return GuessingDecoder(
        code, length, QUERIES, {"guessing": 1, "guessing_list": 4}[decoder], density(setting, QUERIES)
    )


def calibration(setting: str, decoder: str, ebn0_db: float, packets: int, seed: int) -> list[dict]:
    """Bits and packets by the posterior of their decision: how many, its mean, and how many are right.

    Chase has none for packets, and a bit's is what follows from its soft value, the constant beta in it. Apart
    stand the bits of the packets for which a valid word was found: only there does the decoder say anything.
    """
    a_link = link(BINARY, **setting_of(setting, BINARY))
    sent, llr, lengths = a_link.send(packets, ebn0_db, seed)
    bits, _ = a_link.code.encode(sent)
    found = _decoder(a_link, setting, decoder).decode(llr, lengths)
    inside = np.arange(bits.shape[1]) < lengths[:, None]
    posterior = 1 / (1 + np.exp(-np.abs(found.llr.astype(np.float64))))
    agree = (found.llr < 0) == bits
    with_word = inside & found.converged[:, None]
    kinds = {"bits": (posterior[inside], agree[inside]), "bits_found": (posterior[with_word], agree[with_word])}
    if decoder != "chase":
        kinds["packets"] = found.confidence.astype(np.float64), (found.symbols == sent).all(axis=1)
    rows = []
    for kind, (claimed, right) in kinds.items():
        edges = EDGES if kind != "packets" else (0.0, 0.1, 0.2, 0.3, 0.4, *EDGES)
        part = np.digitize(claimed, edges[1:-1])
        for i, (low, high) in enumerate(zip(edges, edges[1:], strict=False)):
            chosen = part == i
            count = int(chosen.sum())
            rows.append(
                {
                    "kind": kind,
                    "low": low,
                    "high": high,
                    "n": count,
                    "claimed": float(claimed[chosen].mean()) if count else None,
                    "right": int(right[chosen].sum()),
                }
            )
    return rows


def _grid(scale: str) -> list[dict]:
    packets = {"smoke": 50, "quick": 1000, "paper": 20_000}[scale]
    return [
        {"setting": setting, "decoder": decoder, "ebn0_db": ebn0_db, "packets": packets}
        for setting, levels in (("paper", (5.5, 6.0, 6.5, 7.0)), ("robust", (5.0, 5.5, 6.0, 6.5)))
        for decoder in ("chase", "guessing", "guessing_list")
        for ebn0_db in (levels if scale == "paper" else levels[:1])
        if decoder != "guessing_list" or setting == "paper"  # by 2^-14 hardly ever is there a second valid word
    ]


EXPERIMENTS = [
    Experiment(
        name="arithmetic_calibration",
        title="Soft output of arithmetic decoders: claimed posteriors beside how often they come true",
        task=calibration,
        grid=_grid,
    ),
]

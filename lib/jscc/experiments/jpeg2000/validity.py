"""Paper 3, section 5: which words of a code-block a receiver takes for right, by each rule of what is valid.

Blocks are drawn evenly, and bits evenly within each. Blocks with segmentation symbols come from a file of OpenJPEG's
set, which is coded without loss (see `jscc.experiments.jpeg2000.conformance`): its rules compare with one another, not
with those of the pictures.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from jscc.experiments.jpeg2000.common import coded, words_of
from jscc.experiments.jpeg2000.conformance import read
from jscc.jpeg2000 import Codestream, parse
from jscc.jpeg2000.receiver import CodeBlock, SegmentDecoder, coded_blocks
from jscc.runner import Experiment
from jscc.statistics import binomial_interval

# Not those on whose blocks the window was found.
PICTURES = ("camera", *(f"kodim{number:02}" for number in range(1, 9)))
RULES = {"pictures": ("bytes", "window"), "issue171.jp2": ("bytes", "window", "symbols", "symbols+window")}
LATE = 2 / 3  # of a block's bits


@lru_cache(maxsize=4)
def blocks_and_words(stream: str, bpp: float, block: int) -> tuple[list[CodeBlock], np.ndarray]:
    """Code-blocks of a file, or of the pictures at a rate, and their bits."""
    streams: list[Codestream]
    if stream == "pictures":
        streams = [coded(name, bpp, block) for name in PICTURES]
    else:
        streams = [parse(read("nonregression", stream))]
    blocks = [coded_blocks(each) for each in streams]
    words = [words_of(each, own) for each, own in zip(streams, blocks, strict=True)]
    width = max(each.shape[1] for each in words)
    padded = [np.pad(each, [(0, 0), (0, width - each.shape[1])]) for each in words]
    return [each for own in blocks for each in own], np.concatenate(padded)


def validity_rows(stream: str, bpp: float, block: int, wrong_bits: int, repeats: int, seed: int) -> list[dict]:
    """How many words with so many wrong bits each rule accepts; each block is tried `repeats` times.

    `late` counts the trials whose first wrong bit lies in the last third of the block.
    """
    blocks, words = blocks_and_words(stream, bpp, block)
    lengths = np.array([8 * each.n_bytes for each in blocks])
    chosen = np.flatnonzero(lengths >= wrong_bits)
    rng = np.random.default_rng(seed)
    rows = {rule: np.zeros(2, np.int64) for rule in RULES[stream]}
    late = 0
    decoders = {rule: SegmentDecoder([blocks[i] for i in chosen], q=0, rule=rule) for rule in rows}
    for _ in range(repeats):
        llr = 1 - 2 * words[chosen].astype(np.float32)
        first = np.zeros(len(chosen))
        for row, i in enumerate(chosen):
            places = rng.choice(lengths[i], wrong_bits, replace=False)
            llr[row, places] *= -1
            first[row] = places.min(initial=lengths[i]) / lengths[i]
        is_late = (first >= LATE) & (first < 1)
        late += int(is_late.sum())
        for rule, decoder in decoders.items():
            accepted = decoder.decode(llr).converged
            rows[rule] += accepted.sum(), accepted[is_late].sum()
    return [_row(rule, len(chosen) * repeats, *map(int, counts), late) for rule, counts in rows.items()]


def _row(rule: str, trials: int, accepted: int, accepted_late: int, late: int) -> dict:
    low, high = binomial_interval(accepted, trials)
    return {
        "rule": rule,
        "trials": trials,
        "accepted": accepted,
        "share": accepted / trials,
        "ci_low": float(low),
        "ci_high": float(high),
        "late": late,
        "accepted_late": accepted_late,
    }


def _grid(scale: str) -> list[dict]:
    rates, repeats = {"smoke": ((0.4,), 1), "quick": ((0.4,), 3), "paper": ((0.4, 1.0), 40)}[scale]
    streams = [("pictures", bpp, block) for bpp in rates for block in (64, 32)]
    if scale == "paper":
        streams.append(("issue171.jp2", 0.0, 64))
    return [
        {"stream": stream, "bpp": bpp, "block": block, "wrong_bits": wrong, "repeats": repeats if wrong else 1}
        for stream, bpp, block in streams
        for wrong in (0, 1, 2, 3)
    ]


EXPERIMENTS = [
    Experiment(
        name="jpeg2000_validity",
        title="How often a code-block with wrong bits is taken for right, by each rule, and a right one is refused",
        task=validity_rows,
        grid=_grid,
        needs=("camera", "kodak"),
    ),
]

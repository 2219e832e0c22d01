"""Paper 3, section 5: which words of a code-block a receiver takes for right, by each rule of what is valid.

Blocks are drawn evenly, and bits evenly within each. Where the coder's own blocks tell too little, they are coded
again: their coefficients by the same passes, with segmentation symbols, or with predictable termination, by which a
word is valid exactly if the encoder makes it of what it decodes to.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from jscc.experiments.jpeg2000.common import coded
from jscc.jpeg2000 import DecodedBlock, decode_block, encode_block
from jscc.jpeg2000.receiver import CodeBlock, coded_blocks
from jscc.jpeg2000.tier1 import PREDICTABLE, SYMBOLS
from jscc.runner import Experiment
from jscc.statistics import binomial_interval

PICTURES = ("camera", *(f"kodim{number:02}" for number in range(1, 9)))
WINDOW_PICTURES = ("boat", "goldhill", "barbara", "peppers", "zelda", "mandrill")  # on which the window is found
RULES = {
    "openjpeg": ("bytes", "window"),
    "symbols": ("bytes", "window", "symbols", "symbols+bytes", "symbols+window"),
    "predictable": ("bytes", "window", "predictable"),
}
STYLES = {"openjpeg": 0, "symbols": SYMBOLS, "predictable": PREDICTABLE}
LATE = 2 / 3  # of a block's bits


def blocks_of(pictures: tuple[str, ...], stream: str, bpp: float, block: int) -> list[tuple[CodeBlock, np.ndarray]]:
    """Code-blocks of some pictures and their bytes (uint8), coded again in the style of a stream."""
    found = []
    for name in pictures:
        codestream = coded(name, bpp, block)
        for each in coded_blocks(codestream):
            content = codestream.bytes_of(each.number)
            if stream != "openjpeg":
                outline = each.outline._replace(style=STYLES[stream])
                content = encode_block(decoded(each, content).coefficients, outline, each.passes)
                each = each._replace(outline=outline, n_bytes=len(content))
            found.append((each, np.frombuffer(content, np.uint8)))
    return found


def decoded(block: CodeBlock, content) -> DecodedBlock:
    """What a word decodes to as the segment of a block."""
    return decode_block(content, block.outline, [(block.passes, block.n_bytes)])


def ending(found: DecodedBlock) -> int:
    """Where decoding ended, to the bit: bits read beyond the segment less those left in the register."""
    return 8 * int(found.overrun[0]) - int(found.unread[0])


@lru_cache(maxsize=16)
def window_of(stream: str, bpp: float, block: int) -> int:
    """The first of the eight endings in a row that most blocks of other pictures have."""
    endings = [ending(decoded(*pair)) for pair in blocks_of(WINDOW_PICTURES, stream, bpp, block)]
    firsts = range(-16, 9)
    return max(firsts, key=lambda first: sum(0 <= end - first < 8 for end in endings))


def is_valid(rule: str, block: CodeBlock, content, found: DecodedBlock, window: int) -> bool:
    """Whether a word, and what it decodes to, is valid by a rule; none is with a marker inside."""
    parts = {
        "bytes": lambda: 0 <= found.overrun[0] <= 1,
        "window": lambda: 0 <= ending(found) - window < 8,
        "symbols": lambda: found.wrong_symbols == 0,
        "predictable": lambda: encode_block(found.coefficients, block.outline, block.passes) == content,
    }
    return not found.marker[0] and all(parts[part]() for part in rule.split("+"))


def validity_rows(stream: str, bpp: float, block: int, wrong_bits: int, repeats: int, seed: int) -> list[dict]:
    """How many words with so many wrong bits each rule accepts; each block is tried `repeats` times.

    `late` counts the trials whose first wrong bit lies in the last third of the block, `bytes` all blocks' bytes.
    """
    rng = np.random.default_rng(seed)
    window = window_of(stream, bpp, block)
    pairs = blocks_of(PICTURES, stream, bpp, block)
    accepted = {rule: np.zeros(2, np.int64) for rule in RULES[stream]}
    trials = late = 0
    for each, right in pairs:
        n_bits = 8 * each.n_bytes
        for _ in range(repeats if n_bits >= wrong_bits else 0):
            places = rng.choice(n_bits, wrong_bits, replace=False)
            word = right.copy()
            np.bitwise_xor.at(word, places >> 3, (0x80 >> (places & 7)).astype(np.uint8))
            content = word.tobytes()
            found = decoded(each, content)
            is_late = bool(wrong_bits) and places.min() >= LATE * n_bits
            trials, late = trials + 1, late + is_late
            for rule, counts in accepted.items():
                valid = is_valid(rule, each, content, found, window)
                counts += valid, valid and is_late
    common = {"bytes": sum(each.n_bytes for each, _ in pairs), "window": window}
    return [_row(rule, trials, *map(int, counts), late) | common for rule, counts in accepted.items()]


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
    streams, rates, blocks, repeats = {
        "smoke": (("openjpeg",), (0.4,), (64,), 1),
        "quick": (tuple(STYLES), (0.4,), (64,), 3),
        "paper": (tuple(STYLES), (0.4, 1.0), (64, 32), 40),
    }[scale]
    return [
        {"stream": stream, "bpp": bpp, "block": block, "wrong_bits": wrong, "repeats": repeats if wrong else 1}
        for bpp in rates
        for block in blocks
        for stream in streams
        for wrong in (0, 1, 2, 3)
    ]


EXPERIMENTS = [
    Experiment(
        name="jpeg2000_validity",
        title="How often a code-block with wrong bits is taken for right, by each rule, and a right one is refused",
        task=validity_rows,
        grid=_grid,
        needs=("camera", "kodak", *WINDOW_PICTURES),
    ),
]

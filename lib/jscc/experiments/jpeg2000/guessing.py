"""Beyond paper 3, section 5: other source decoders and rules in the same loop, Chase's patterns beside guessing.

With predictable termination (annex D.4.2), which costs no bytes, a word is valid exactly if the encoder makes it of
what it decodes to; the picture's blocks are coded again for it, the coefficients staying as they are.
"""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from jscc.channels import awgn, awgn_llr, bpsk
from jscc.experiments.arithmetic.turbo import INTERLEAVER, RSC
from jscc.experiments.jpeg2000.common import (
    BLOCKS_PER_FRAME,
    ITERATIONS,
    Q,
    beta_at,
    coded,
    picture,
    sent_images,
    words_of,
)
from jscc.jpeg2000 import Codestream, recoded
from jscc.jpeg2000.receiver import ImageLink, SegmentDecoder, SegmentGuesser, coded_blocks, segment_density
from jscc.jpeg2000.tier1 import PREDICTABLE
from jscc.runner import Experiment

DENSITY_IMAGES = ("boat", "goldhill", "barbara", "peppers", "zelda", "mandrill")  # that no curve shows
DENSITY_EBN0 = 7.5  # uncoded, where two in five blocks end wrong
DENSITY_SEED = 1

# Name: largest number of queries (0: Chase's 2^q), and rule.
DECODERS = {
    "chase_window": (0, "window"),
    "guessing_64": (64, "bytes"),
    "guessing_256_window": (256, "window"),
    "guessing_256_predictable": (256, "predictable"),
    "guessing_1024_predictable": (1024, "predictable"),
}


@lru_cache(maxsize=32)
def stream_for(rule: str, image: str, bpp: float, block: int) -> Codestream:
    """A coded picture; coded again with predictable termination where the rule asks for it."""
    codestream = coded(image, bpp, block)
    return recoded(codestream, PREDICTABLE) if rule == "predictable" else codestream


@lru_cache(maxsize=32)
def density(bpp: float, block: int, queries: int, rule: str) -> float:
    """Valid words among the queries that are not the word sent, of other images than those shown, uncoded."""
    hits = trials = 0
    rng = np.random.default_rng(DENSITY_SEED)
    for name in DENSITY_IMAGES:
        codestream = stream_for(rule, name, bpp, block)
        blocks = coded_blocks(codestream)
        words = words_of(codestream, blocks)
        llr = awgn_llr(awgn(bpsk(words), DENSITY_EBN0, 1, rng), DENSITY_EBN0, 1)
        found = segment_density(SegmentGuesser(blocks, queries, rule=rule), llr, words)
        hits, trials = hits + found.hits, trials + found.trials
    return (hits + 0.5) / (trials + 1)


def guessing_rows(image: str, bpp: float, block: int, ebn0_db: float, decoder: str, n: int, seed: int) -> list[dict]:
    """As `jscc.experiments.jpeg2000.psnr.psnr_rows`, with one of `DECODERS`."""
    queries, rule = DECODERS[decoder]
    rho = density(bpp, block, queries, rule) if queries else 0.0
    if queries:
        source = partial(SegmentGuesser, max_queries=queries, rho=rho, rule=rule)
    else:
        source = partial(SegmentDecoder, q=Q, beta=beta_at(ebn0_db), rule=rule)
    link = ImageLink(stream_for(rule, image, bpp, block), RSC, INTERLEAVER, BLOCKS_PER_FRAME, ITERATIONS, source)
    rows = sent_images(link, picture(image), ebn0_db, n, seed)
    return [{"density": rho, **row} for row in rows]


def _grid(scale: str) -> list[dict]:
    decoders, rates, n = {
        "smoke": (("chase_window", "guessing_64"), {0.4: (4.5,)}, 2),
        "quick": (DECODERS, {0.4: (4.0, 4.5)}, 10),
        "paper": (DECODERS, {0.4: (4.0, 4.5), 1.0: (4.5,)}, 200),
    }[scale]
    return [
        {"image": "camera", "bpp": bpp, "block": 64, "ebn0_db": ebn0_db, "decoder": decoder, "n": n}
        for bpp, points in rates.items()
        for decoder in decoders
        for ebn0_db in points
    ]


def chase_rows(image: str, bpp: float, block: int, ebn0_db: float, q: int, rule: str, n: int, seed: int) -> list[dict]:
    """As `guessing_rows`, by Chase's decoder with more bits that are tried both ways."""
    source = partial(SegmentDecoder, q=q, beta=beta_at(ebn0_db), rule=rule)
    link = ImageLink(coded(image, bpp, block), RSC, INTERLEAVER, BLOCKS_PER_FRAME, ITERATIONS, source)
    return sent_images(link, picture(image), ebn0_db, n, seed)


def _chase_grid(scale: str) -> list[dict]:
    """As many words as `DECODERS` guess at most, by the same rule."""
    ways, n = {
        "smoke": (((6, "bytes"),), 2),
        "quick": (((6, "bytes"),), 10),
        "paper": (((6, "bytes"), (8, "window")), 200),
    }[scale]
    return [
        {"image": "camera", "bpp": 0.4, "block": 64, "ebn0_db": 4.0, "q": q, "rule": rule, "n": n} for q, rule in ways
    ]


EXPERIMENTS = [
    Experiment(
        name="jpeg2000_guessing",
        title="PSNR with guessing in place of Chase's patterns, and with a sharper rule of what is valid",
        task=guessing_rows,
        grid=_grid,
        needs=("camera", *DENSITY_IMAGES),
    ),
    Experiment(
        name="jpeg2000_chase",
        title="PSNR with as many test words for Chase's decoder as guessing has guesses",
        task=chase_rows,
        grid=_chase_grid,
        needs=("camera",),
    ),
]

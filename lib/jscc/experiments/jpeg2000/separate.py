"""The same images by a separate design at the same rate: a repeat-accumulate code of rate 1/2, and no turns.

Bytes of the code-blocks fill frames one after the other; the code's `N_CHECKS` parity bits follow as many bits of
information. What belief propagation leaves with a syndrome is known to be wrong, as a CRC would tell; it may also end
at a wrong word of the code, of which this one has some of low weight (a single information bit and eight of parity).
"""

from __future__ import annotations

import numpy as np

from jscc.channels import awgn, awgn_llr, bpsk
from jscc.experiments.arithmetic.separate import CERTAIN, N_CHECKS, N_INFORMATION, repeat_accumulate
from jscc.experiments.jpeg2000.common import ITERATIONS, coded, picture, sent_images
from jscc.jpeg2000 import Codestream
from jscc.jpeg2000.receiver import Received, coded_blocks
from jscc.runner import Experiment

RATE = 0.5
FRAME = N_CHECKS  # information bits that are sent of a frame; the code's others are zero, which the receiver knows


class SeparateLink:
    """An image's code-blocks behind the repeat-accumulate code; see `jscc.jpeg2000.receiver.ImageLink`."""

    def __init__(self, codestream: Codestream):
        self.codestream, self.blocks = codestream, coded_blocks(codestream)
        numbers = [block.number for block in self.blocks]
        self.content = np.frombuffer(codestream.bytes_of(numbers), np.uint8)
        self.starts = np.cumsum([0, *(block.n_bytes for block in self.blocks)])
        bits = np.unpackbits(self.content)
        sent = np.zeros((-(-len(bits) // FRAME), FRAME), np.uint8)
        sent.reshape(-1)[: len(bits)] = bits
        self._information = np.pad(sent, [(0, 0), (0, N_INFORMATION - FRAME)])

    def transmit(self, ebn0_db: float, trials: int, rng) -> Received:
        """Send the image so many times; each iteration of the result is the same, as there are none."""
        rng = np.random.default_rng(rng)
        code = repeat_accumulate()
        word = bpsk(np.concatenate([self._information, code.encode(self._information)], axis=1))
        content = np.empty((trials, len(self.content)), np.uint8)
        valid = np.empty((trials, len(self.blocks)), bool)
        first, last = 8 * self.starts[:-1] // FRAME, (8 * self.starts[1:] - 1) // FRAME
        for trial in range(trials):
            llr = awgn_llr(awgn(word, ebn0_db, RATE, rng), ebn0_db, RATE)
            llr[:, FRAME:N_INFORMATION] = CERTAIN
            found = code.decoder.decode(llr)
            content[trial] = np.packbits(found.bits[:, :FRAME].reshape(-1)[: 8 * len(self.content)])
            failed = np.concatenate([[0], np.cumsum(~found.converged)])
            valid[trial] = failed[last + 1] == failed[first]
        turns = 1 + ITERATIONS
        return Received(
            np.broadcast_to(content, (turns, *content.shape)),
            np.broadcast_to(valid, (turns, *valid.shape)),
            np.ones((trials, len(self._information)), np.int32),
        )


def separate_rows(image: str, bpp: float, block: int, ebn0_db: float, decoder: str, n: int, seed: int) -> list[dict]:
    """As `jscc.experiments.jpeg2000.psnr.psnr_rows`: one row, of iteration 0."""
    return sent_images(SeparateLink(coded(image, bpp, block)), picture(image), ebn0_db, n, seed)[:1]


def _grid(scale: str) -> list[dict]:
    images, rates, points, n = {
        "smoke": (("camera",), (0.4,), (2.0,), 2),
        "quick": (("camera",), (0.4,), (1.5, 2.0), 20),
        "paper": (("lena", "camera"), (0.4,), (1.25, 1.5, 1.75, 2.0, 2.5, 3.5), 200),
    }[scale]
    return [
        {"image": image, "bpp": bpp, "block": 64, "ebn0_db": ebn0_db, "decoder": "ldpc", "n": n}
        for bpp in rates
        for image in images
        for ebn0_db in points
    ]


EXPERIMENTS = [
    Experiment(
        name="jpeg2000_separate",
        title="PSNR against Eb/N0 by a separate design of the same rate: JPEG 2000, then an LDPC code, no turns",
        task=separate_rows,
        grid=_grid,
        needs=("lena", "camera"),
    ),
]

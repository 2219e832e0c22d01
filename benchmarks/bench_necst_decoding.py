"""Paper 4, figure 3 right: NECST's decoder beside belief propagation, 200 channel uses for an image of Omniglot.

The rival's LDPC code has rate 1/2, three ones a column and no cycle of length four. Its decoder stops at the first
word that satisfies the checks. So there are two lots of words: fair coins, of which none is ever decoded and each takes
all 50 iterations, as the paper timed them; and codewords with a twentieth of the bits flipped. What belief propagation
gives is 100 bits, not yet an image: the rows "with image" add the autoencoder's decoder.

All systems take turns in one run, one word at a time and 100 at a time; `ldpc` has no call for several words. The
unit is words per second of processor time on one core, `ratio` that of the system over that of NECST.
"""

from __future__ import annotations

import _timing
import numpy as np
import torch
from ldpc import BpDecoder
from scipy import sparse

from jscc import channels, tanner
from jscc.ldpc import BeliefPropagation
from jscc.necst import Decoder, LinearCode, network
from jscc.training import deterministic

BITS, WORDS, ITERATIONS, FLIPPED = 200, 100, 50, 0.05


def lots(graph, rng) -> dict[str, tuple[np.ndarray, float]]:
    """Received words, and the noise that the decoder reckons with."""
    code = LinearCode.of_parity_check(graph.to_dense())
    sent = code.encode(rng.integers(0, 2, (WORDS, code.dimension), dtype=np.uint8))
    return {
        "all 50 iterations": (rng.integers(0, 2, (WORDS, BITS), dtype=np.uint8), 0.4),
        f"BSC({FLIPPED})": (channels.bsc(sent, FLIPPED, rng), FLIPPED),
    }


def systems(graph, words: np.ndarray, noise: float, size: int) -> dict:
    """Each decodes all words, so many at a time."""
    parts = [words[start : start + size] for start in range(0, len(words), size)]
    joint, source = (Decoder(network("omniglot", bits=bits)) for bits in (BITS, BITS // 2))
    ours = BeliefPropagation(graph, max_iterations=ITERATIONS)
    theirs = BpDecoder(
        sparse.csr_matrix(graph.to_sparse()),
        error_rate=noise,
        max_iter=ITERATIONS,
        bp_method="product_sum",
        schedule="parallel",
        input_vector_type="received_vector",
    )

    def propagate(part: np.ndarray) -> np.ndarray:
        return ours.decode(channels.bsc_llr(part, noise)).bits

    return {
        "jscc (NECST)": lambda: [joint.logits(part) for part in parts],
        "jscc (BP)": lambda: [propagate(part) for part in parts],
        "jscc (BP; with image)": lambda: [source.logits(propagate(part)[:, : BITS // 2]) for part in parts],
        "ldpc (BP)": lambda: [theirs.decode(word) for part in parts for word in part],
    }


def main() -> None:
    rng = np.random.default_rng(0)
    torch.manual_seed(0)
    graph = tanner.peg(BITS // 2, [3] * BITS, rng)
    rows = []
    with deterministic(0):
        for lot, (words, noise) in lots(graph, rng).items():
            found = BeliefPropagation(graph, max_iterations=ITERATIONS).decode(channels.bsc_llr(words, noise))
            mean = found.iterations.mean()
            print(f"{lot}: {np.mean(found.converged):.0%} of the words satisfy the checks, {mean:.1f} iterations")
            for size in (1, WORDS):
                seconds = _timing.interleaved(calls := systems(graph, words, noise, size), repeats=15)
                task = f"decoding {BITS} bits; {lot}; {size} at a time"
                rows += _timing.rates(task, "word/s", dict.fromkeys(calls, float(WORDS)), seconds)
    _timing.write("necst_decoding", rows)


if __name__ == "__main__":
    main()

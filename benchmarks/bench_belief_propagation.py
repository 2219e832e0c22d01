"""Belief propagation of a (3,6) code of length 1024 over the BSC(.05), beside the `ldpc` package.

At most 50 iterations, stopping at the first word that satisfies the checks. A rate is edges times
the iterations that each system itself ran for each word, per second of processor time, everything
from the received words to hard decisions (and here posteriors) included. Before the timing the hard
decisions of both are compared on 10,000 words. Layers are compared with `ldpc`'s serial schedule: both use
what was just computed, and need about half as many iterations as all checks at once.
"""

from __future__ import annotations

import _timing
import numpy as np
from ldpc import BpDecoder
from scipy import sparse

from jscc import tanner
from jscc.ldpc import BeliefPropagation

N, P, ITERATIONS, WORDS, SINGLE = 1024, 0.05, 50, 10_000, 100


def theirs(matrix, bp_method: str, schedule: str = "parallel") -> BpDecoder:
    return BpDecoder(
        matrix,
        error_rate=P,
        max_iter=ITERATIONS,
        bp_method=bp_method,
        schedule=schedule,
        ms_scaling_factor=0.8,
        input_vector_type="received_vector",
    )


def decode_theirs(decoder: BpDecoder, words) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Bits, whether the word was decoded, and iterations."""
    bits, converged, iterations = np.empty_like(words), np.empty(len(words), bool), np.empty(len(words), int)
    for i, word in enumerate(words):
        bits[i] = decoder.decode(word)
        converged[i] = decoder.converge
        iterations[i] = decoder.iter
    return bits, converged, iterations


def compare(graph, matrix, words, llr) -> None:
    """Print in how many words the hard decisions differ, and which of the two decoded those."""
    ours = BeliefPropagation(graph, max_iterations=ITERATIONS).decode(llr)
    bits, converged, _ = decode_theirs(theirs(matrix, "product_sum"), words)
    differ = (ours.bits != bits).any(axis=1)
    print(
        f"{len(words)} words, not decoded: jscc {np.sum(~ours.converged)}, ldpc {np.sum(~converged)}; hard "
        f"decisions differ in {differ.sum()}, of which decoded by both {np.sum(differ & ours.converged & converged)}, "
        f"by jscc alone {np.sum(differ & ours.converged & ~converged)}, "
        f"by ldpc alone {np.sum(differ & ~ours.converged & converged)}"
    )


def main() -> None:
    rng = np.random.default_rng(0)
    graph = tanner.regular(N, 3, 6, rng)
    matrix = sparse.csr_matrix(graph.to_sparse())
    words = (rng.random((WORDS, N)) < P).astype(np.uint8)
    llr = np.where(words, -1, 1) * np.float32(np.log((1 - P) / P))
    compare(graph, matrix, words, llr)

    rows = []
    for method, their_method in (("sum-product", "product_sum"), ("min-sum", "minimum_sum")):
        flooding = BeliefPropagation(graph, method=method, max_iterations=ITERATIONS)
        layered = BeliefPropagation(graph, method=method, schedule="layered", max_iterations=ITERATIONS)
        other, in_turn = theirs(matrix, their_method), theirs(matrix, their_method, "serial")
        systems = {
            "jscc (batch)": lambda d=flooding: d.decode(llr[:2000]).iterations,
            "jscc (one word)": lambda d=flooding: [d.decode(row).iterations for row in llr[:SINGLE]],
            "jscc (batch, layered)": lambda d=layered: d.decode(llr[:2000]).iterations,
            "jscc (one word, layered)": lambda d=layered: [d.decode(row).iterations for row in llr[:SINGLE]],
            "ldpc (one word)": lambda d=other: decode_theirs(d, words[:SINGLE])[2],
            "ldpc (one word, serial)": lambda d=in_turn: decode_theirs(d, words[:SINGLE])[2],
        }
        work = {name: graph.n_edges * float(np.sum(call())) for name, call in systems.items()}
        seconds = _timing.interleaved(systems, repeats=15)
        task = f"BP {method} (3;6) n={N} BSC({P})"
        rows += _timing.rates(task, "edge-iterations/s", work, seconds)
    _timing.write("belief_propagation", rows)


if __name__ == "__main__":
    main()

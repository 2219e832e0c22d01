"""Paper 2, over GF(2): reinforced belief propagation beside the nearest codeword itself."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import shortest_path

from jscc.experiments.lossy.figures import REDUCTION, code, compressed
from jscc.gfq.construction import GFqCode
from jscc.information import distortion_rate, rate_distortion_slope
from jscc.runner import Experiment

GAMMAS = {0.3: 0.88, 0.5: 0.84, 0.7: 0.7}  # at which most words converge, see Fig. 3
LENGTHS = {"smoke": {60: 2}, "quick": {120: 5}, "paper": {300: 50, 600: 50, 1200: 20}}  # bits: samples


def least_distance(a_code: GFqCode, word: np.ndarray) -> int:
    """Distance of a word of bits from the nearest codeword of an ultra-sparse code over GF(2), exactly.

    The symbols are the edges of a graph of checks, those of degree one leading to one more node, the ground. The
    difference from a codeword is a set of edges whose odd nodes are the unsatisfied checks: the least such set joins
    them in pairs by shortest paths, one with the ground if their number is odd. It is found as a perfect matching of
    least weight (Edmonds and Johnson 1973).
    """
    import networkx  # a second to import, which `jscc list` does without

    if a_code.field.p != 1 or a_code.graph.variable_degrees.max() > 2:
        raise ValueError("only codes over GF(2) with symbols of degree two or less are graphs")
    ground = a_code.n_checks
    ends = np.full((a_code.n_symbols, 2), ground)
    for check, symbol in zip(a_code.graph.edge_checks, a_code.graph.check_variables, strict=True):
        ends[symbol, 0 if ends[symbol, 0] == ground else 1] = check
    edges = csr_matrix((np.ones(len(ends)), ends.T), shape=(ground + 1, ground + 1))
    odd = np.flatnonzero(a_code.syndrome(word))
    if len(odd) % 2:
        odd = np.append(odd, ground)
    distance = shortest_path(edges, directed=False, unweighted=True, indices=odd)[:, odd]
    pairs = networkx.Graph()
    first, second = np.triu_indices(len(odd), 1)
    joined = np.isfinite(distance[first, second])
    first, second = first[joined], second[joined]
    pairs.add_weighted_edges_from(zip(first.tolist(), second.tolist(), distance[first, second].tolist(), strict=True))
    matching = networkx.min_weight_matching(pairs)
    if 2 * len(matching) != len(odd):
        raise ValueError("no codeword is near: a component without ground holds an odd number of unsatisfied checks")
    return int(sum(distance[pair] for pair in matching))


def exact(graph: str, rate: float, n_bits: int, samples: int, seed: int) -> dict:
    """Reinforced belief propagation and the optimum on the same words."""
    a_code = code(n_bits, rate, 1, graph, REDUCTION)
    prior = float(rate_distortion_slope(a_code.rate))
    encoding, words = compressed(a_code, samples, seed, gamma0=GAMMAS[rate], prior=prior)
    least = np.array([least_distance(a_code, word) for word in words])
    found = np.rint(encoding.distortion * a_code.n_bits).astype(int)
    good = encoding.converged
    excess = found[good] - least[good]
    return {
        "actual_rate": a_code.rate,
        "limit": float(distortion_rate(a_code.rate)),
        "least": float(least.mean() / a_code.n_bits),
        "least_std": float(least.std(ddof=1) / a_code.n_bits),
        "converged": int(good.sum()),
        "optimal": int((excess == 0).sum()),
        "excess_bits": float(excess.mean()) if len(excess) else None,
        "most_excess_bits": int(excess.max(initial=0)),
        "n": samples,
    }


def _grid(scale: str) -> list[dict]:
    graphs, rates = (("peg", "random"), tuple(GAMMAS)) if scale == "paper" else (("peg",), (0.5,))
    return [
        {"graph": graph, "rate": rate, "n_bits": n_bits, "samples": samples}
        for graph in graphs
        for rate in rates
        for n_bits, samples in LENGTHS[scale].items()
    ]


EXPERIMENTS = [
    Experiment(
        name="lossy_exact",
        stream="rbp_exact",
        title="RBP over GF(2) beside the nearest codeword, found by a perfect matching",
        task=exact,
        grid=_grid,
    ),
]

"""Parity-check matrices to set beside the paper's: what would a network read from another code?

All have 1024 variables and 512 checks, so all features have one size; they differ in how many
pixels a check adds, and in which.
"""

from __future__ import annotations

import numpy as np

from jscc import tanner
from jscc.classify.columns import CODE_SEED, SIDE, paper_code
from jscc.tanner import TannerGraph

N, M = SIDE * SIDE, SIDE * SIDE // 2
N_PLANES = 8

CODES = {
    "paper": "regular (3, 6), the code of every other table",
    "peg": "(3, 6) by progressive edge growth",
    "quasi_cyclic": "(3, 6) of circulants of size 64",
    "irregular": "column weights 2, 3 and 8 (PEG)",
    "weight_3": "row weight 3, column weights 1 and 2 (PEG)",
    "weight_12": "regular (6, 12)",
    "weight_24": "regular (12, 24)",
    "dense": "every entry a fair coin",
    "banded": "a check adds a patch of 2 x 3 neighbouring pixels",
    "permuted": "the paper's code after a permutation of the pixels",
    "per_plane": "eight regular (3, 6) codes, one for each plane",
}


def control_codes(name: str, draw: int = 0) -> list[TannerGraph]:
    """The code of each plane: one graph for all eight, or eight.

    Parameters
    ----------
    name : str
        A key of `CODES`.
    draw : int
        Which of its draws; "paper" and "banded" have one only.

    Returns
    -------
    list of TannerGraph
        Of length 1 or 8, each of 512 checks on 1024 variables, the same for the same draw.

    Examples
    --------
    >>> [code] = control_codes("weight_12")
    >>> sorted(set(code.check_degrees.tolist())), len(control_codes("per_plane"))
    ([12], 8)
    """
    if name not in CODES:
        raise ValueError(f"name={name!r} given, one of {', '.join(CODES)} is expected")
    if name == "paper":
        return [paper_code()]
    # One stream for each name, so that adding a code leaves the others as they are.
    rng = np.random.default_rng([CODE_SEED, *name.encode(), *([draw] if draw else [])])
    if name == "peg":
        return [tanner.peg(M, np.full(N, 3), rng)]
    if name == "quasi_cyclic":
        return [tanner.quasi_cyclic(tanner.peg(8, np.full(16, 3), rng).to_dense(), 64, rng)]
    if name == "irregular":
        return [tanner.peg(M, rng.permutation(np.repeat([2, 3, 8], [512, 307, 205])), rng)]
    if name == "weight_3":
        return [tanner.peg(M, rng.permutation(np.repeat([1, 2], M)), rng)]
    if name in ("weight_12", "weight_24"):
        weight = int(name.removeprefix("weight_"))
        return [tanner.regular(N, weight // 2, weight, rng, full_rank=False, no_4_cycles=False)]
    if name == "dense":
        return [TannerGraph.from_matrix(rng.integers(0, 2, (M, N), dtype=np.uint8))]
    if name == "banded":
        return [banded()]
    if name == "permuted":
        code = paper_code()
        return [TannerGraph.from_edges(M, N, code.edge_checks, rng.permutation(N)[code.check_variables])]
    return [tanner.regular(N, 3, 6, rng) for _ in range(N_PLANES)]


def banded() -> TannerGraph:
    """Checks on patches of two rows and three columns, one at every second pixel, wrapping at the edges.

    Examples
    --------
    >>> banded().check_variables[:6].tolist()
    [0, 1, 2, 32, 33, 34]
    """
    rows, columns = np.divmod(np.arange(M), SIDE // 2)
    patch_rows, patch_columns = np.divmod(np.arange(6), 3)
    r = (rows[:, None] + patch_rows) % SIDE
    c = (2 * columns[:, None] + patch_columns) % SIDE
    return TannerGraph.from_edges(M, N, np.repeat(np.arange(M), 6), (r * SIDE + c).ravel())

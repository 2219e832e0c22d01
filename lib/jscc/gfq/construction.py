"""Ultra-sparse codes over GF(q): every symbol stands in two checks (paper 2, section II).

A symbol of degree two joins two checks, so such a code is a graph whose nodes are the checks and whose
edges are the symbols: `TannerGraph` keeps it as it keeps every code, but much follows from that picture.

**Rank.** Over GF(2) the rows that belong to one component of that graph sum to zero, for each symbol stands in
two of them: the rank is m minus the number of components. Over a larger field with random labels a component
lacks rank only by chance: its labels would have to cancel around every one of its cycles.

**Reduction.** The paper's *b-reduction* takes b random checks away. Each multiplies the number of codewords by q,
not by two as the paper says, and raises the rate by 1/n, where n counts *symbols*, not bits. The symbols of a check
that is gone stand in one check only, the leaves from which `jscc.gfq.leaves` starts. A symbol
both of whose checks are gone is in no check, and free.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from jscc import tanner
from jscc.gfq.code import GFqCode
from jscc.gfq.fields import field
from jscc.tanner import TannerGraph

__all__ = ["growth_steps", "grown", "ultra_sparse"]

# The horizon of `grown` is max(_LOOKS / n, _HORIZON). So the paper's codes over GF(q > 2) are grown with every check in
# sight, and a million symbols take seconds.
_LOOKS = 50_000_000
_HORIZON = 256


def ultra_sparse(
    n_symbols: int,
    rate: float,
    p: int,
    rng: int | np.random.Generator,
    *,
    graph: str = "peg",
    reduction: int = 0,
    degree_one: float = 0.0,
) -> GFqCode:
    """A random ultra-sparse code over GF(2**p).

    Symbols have degree two, check degrees are concentrated on two neighbouring values, no edge is double,
    and labels are drawn uniformly from the non-zero elements.

    Parameters
    ----------
    n_symbols : int
        n.
    rate : float
        Wanted rate before the reduction: there are m = round(n (1 - rate)) checks, of which `reduction`
        are taken away again. See `GFqCode.rate` for the rate that comes out.
    p : int
        Bits of a symbol, 1 to 8.
    rng : int or numpy.random.Generator
    graph : {"peg", "random"}
        Progressive edge growth, or sockets joined at random. The first avoids short cycles, the second may
        even join the same two checks by two symbols.
    reduction : int
        b, the checks to take away.
    degree_one : float
        This fraction of the symbols, the first ones, have degree one instead of two (the ensemble
        that the paper's section VI proposes to study).

    Returns
    -------
    GFqCode

    Raises
    ------
    ValueError
        If no such code exists.

    Examples
    --------
    >>> from jscc.gfq import ultra_sparse
    >>> ultra_sparse(600, 0.5, 6, 0, reduction=5)
    GFqCode(600 symbols, 295 checks, GF(64), rate 0.508)
    """
    gf, rng = field(p), np.random.default_rng(rng)
    for name, value, right in (("rate", rate, 0 < rate < 1), ("degree_one", degree_one, 0 <= degree_one <= 1)):
        if not right:
            raise ValueError(f"{name}={value} given, a fraction is expected")
    n_checks = round(n_symbols * (1 - rate))
    if n_checks < 2 or n_checks >= n_symbols:
        raise ValueError(
            f"rate={rate} of {n_symbols} symbols given, which is {n_checks} checks; 2 to {n_symbols - 1} are expected"
        )
    if not 0 <= reduction < n_checks:
        raise ValueError(f"reduction={reduction} given, 0 to {n_checks - 1} of the {n_checks} checks is expected")
    degrees = np.full(n_symbols, 2)
    degrees[: round(degree_one * n_symbols)] = 1
    if graph == "peg":
        edges = grown(n_checks, degrees, rng)
    elif graph == "random":
        edges = tanner.configuration(degrees, _concentrated(degrees.sum(), n_checks), rng)
    else:
        raise ValueError(f"graph={graph!r} given, 'peg' or 'random' is expected")
    labels = rng.integers(1, gf.q, size=edges.n_edges, dtype=np.uint8)
    return GFqCode(edges, labels, gf).reduced(reduction, rng)


def _concentrated(n_edges: int, n_checks: int) -> np.ndarray:
    """Check degrees that differ by one at most."""
    low, more = divmod(int(n_edges), n_checks)
    return np.repeat([low + 1, low], [more, n_checks - more])


def grown(n_checks: int, degrees, rng: int | np.random.Generator, *, horizon: int | None = None) -> TannerGraph:
    """Progressive edge growth for symbols of degrees one and two, fast enough for a million of them.

    A symbol's first check is one of least degree. The second is one of least degree among the farthest from the first:
    whole levels of checks around it are looked at until `horizon` are seen, and those beyond are taken to be as far
    as can be. `jscc.tanner.peg` grows the same graphs for any degrees, but looks at all checks for every edge.

    Parameters
    ----------
    n_checks : int
        At least 2.
    degrees : array_like of int, shape (n,)
        1 or 2 for each symbol. Those of degree one are placed first.
    rng : int or numpy.random.Generator
    horizon : int, optional
        By default 50 million / n, and at least 256.

    Returns
    -------
    TannerGraph

    Raises
    ------
    ValueError
        If a degree is another, or there are fewer than two checks.

    Examples
    --------
    >>> from jscc.gfq import grown
    >>> grown(3, [2, 2, 2], 0).check_degrees  # a triangle
    array([2, 2, 2], dtype=int32)
    """
    degrees = np.asarray(degrees)
    if degrees.ndim != 1 or not np.isin(degrees, (1, 2)).all():
        raise ValueError(f"degrees of shape {degrees.shape} given, (n,) with values 1 and 2 is expected")
    if n_checks < 2:
        raise ValueError(f"n_checks={n_checks} given, at least 2 is expected")
    degrees, n, rng = degrees.astype(np.int64), len(degrees), np.random.default_rng(rng)
    ends = np.full((n, 2), -1, np.int32)
    growth = _Growth(
        random=rng.integers(1, 2**63, size=1, dtype=np.uint64),
        degree=np.zeros(n_checks, np.int64),
        by_degree=np.arange(n_checks),
        place=np.arange(n_checks),
        first=np.concatenate([[0], np.full(n + 1, n_checks)]),
        newest=np.full(n_checks, -1, np.int64),
        older=np.full(2 * n, -1, np.int64),
        seen=np.zeros(n_checks, np.int64),
        queue=np.empty(n_checks, np.int64),
        eligible=np.empty(n_checks, np.int64),
    )
    _grow(n_checks, degrees, _horizon(n) if horizon is None else horizon, growth, ends)
    variables, slots = np.nonzero(ends >= 0)
    return TannerGraph.from_edges(n_checks, n, ends[variables, slots], variables)


def growth_steps(n_symbols: int, n_checks: int) -> int:
    """About how many edges progressive edge growth goes along for a code, at most; some 50 ns each in a large graph.

    For each symbol it is the edges around as many checks as are looked at, those of a check numbering 2 n / m in
    the end and half of that on average.

    Parameters
    ----------
    n_symbols, n_checks : int

    Returns
    -------
    int

    Examples
    --------
    >>> from jscc.gfq import growth_steps
    >>> growth_steps(2000, 1000)
    4000000
    """
    return n_symbols * -(-n_symbols * min(n_checks, _horizon(n_symbols)) // n_checks)


def _horizon(n_symbols: int) -> int:
    return max(_LOOKS // max(n_symbols, 1), _HORIZON)


class _Growth(NamedTuple):
    """What the growth keeps of the graph so far."""

    random: np.ndarray  # (1,) of uint64
    degree: np.ndarray  # (m,)
    by_degree: np.ndarray  # (m,) all checks by increasing degree
    place: np.ndarray  # (m,) where each check stands in by_degree
    first: np.ndarray  # (n + 2,) the checks of degree d stand in by_degree from first[d] to first[d + 1]
    newest: np.ndarray  # (m,) the last edge of each check; edge e is ends.flat[e]
    older: np.ndarray  # (2 n,) the next older edge of the same check
    seen: np.ndarray  # (m,) when a check was last seen
    queue: np.ndarray  # (m,) scratch
    eligible: np.ndarray  # (m,) scratch


@njit(error_model="numpy", cache=True)
def _below(bound, state):
    """A random number from 0 to bound - 1, by a step of xorshift on ``state[0]``."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.int64(x % np.uint64(bound))


@njit(error_model="numpy", cache=True)
def _lightest(by_degree, first, seen, stamp, eligible, state):
    """A check of least degree, drawn uniformly among those that are not seen."""
    degree = 0
    while True:
        low, high = first[degree], first[degree + 1]
        if low < high:
            # Mostly a draw or two meet an unseen check; where not, list them.
            for _ in range(16):
                check = by_degree[low + _below(high - low, state)]
                if seen[check] != stamp:
                    return check
            count = 0
            for k in range(low, high):
                if seen[by_degree[k]] != stamp:
                    eligible[count] = by_degree[k]
                    count += 1
            if count:
                return eligible[_below(count, state)]
        degree += 1


@njit(error_model="numpy", cache=True)
def _grow(n_checks, degrees, horizon, growth, ends):
    """Fill ``ends``, the two checks of each symbol."""
    n = len(degrees)
    check_degree, seen, queue = growth.degree, growth.seen, growth.queue
    by_degree, place, first = growth.by_degree, growth.place, growth.first
    newest, older = growth.newest, growth.older
    edge_check = ends.reshape(-1)
    stamp = 0
    for wanted in (1, 2):
        for v in range(n):
            if degrees[v] != wanted:
                continue
            for slot in range(wanted):
                stamp += 1
                chosen = -1
                if slot:
                    # The checks around the first end, level by level; [low, high) is the newest level.
                    queue[0] = edge_check[2 * v]
                    seen[queue[0]] = stamp
                    low, high = 0, 1
                    while high < min(n_checks, horizon):
                        top = high
                        for k in range(low, high):
                            e = newest[queue[k]]
                            while e >= 0:
                                other = edge_check[e ^ 1]
                                if other >= 0 and seen[other] != stamp:
                                    seen[other] = stamp
                                    queue[top] = other
                                    top += 1
                                e = older[e]
                            if top == n_checks:
                                break
                        if top == high:
                            break
                        low, high = high, top
                    if high == n_checks:
                        # None is out of sight: take from the last level, the farthest.
                        ties = 0
                        for k in range(low, high):
                            c = queue[k]
                            if chosen < 0 or check_degree[c] < check_degree[chosen]:
                                chosen, ties = c, 1
                            elif check_degree[c] == check_degree[chosen]:
                                ties += 1
                                if _below(ties, growth.random) == 0:
                                    chosen = c
                if chosen < 0:
                    chosen = _lightest(by_degree, first, seen, stamp, growth.eligible, growth.random)
                e = 2 * v + slot
                edge_check[e] = chosen
                older[e] = newest[chosen]
                newest[chosen] = e
                # To the end of its degree's block, which then begins the next one.
                degree = check_degree[chosen]
                last = first[degree + 1] - 1
                moved = by_degree[last]
                by_degree[place[chosen]], place[moved] = moved, place[chosen]
                by_degree[last], place[chosen] = chosen, last
                first[degree + 1] = last
                check_degree[chosen] += 1

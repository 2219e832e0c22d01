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

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy import sparse

from jscc import tanner
from jscc.gfq.fields import Field, field
from jscc.tanner import TannerGraph

__all__ = ["GFqCode", "bits_from_symbols", "symbols_from_bits", "ultra_sparse"]

# Progressive edge growth looks at the checks around a symbol, whole levels of them, until it has seen
# max(_LOOKS / n, _HORIZON), and takes those beyond to be as far as can be. So the paper's codes over
# GF(q > 2) are grown with every check in sight, and a million symbols take seconds.
_LOOKS = 50_000_000
_HORIZON = 256


@dataclass(frozen=True, eq=False)
class GFqCode:
    """A linear code over GF(q), as a Tanner graph with a label on every edge.

    A word c is a codeword if the sum of ``label * c[variable]`` over the edges of each check is zero.

    Attributes
    ----------
    graph : TannerGraph
        The places of the non-zero entries of H, m checks on n symbols.
    labels : ndarray of uint8, shape (n_edges,)
        The entries, none of them zero, in the order of ``graph.check_variables``.
    field : Field
        Where the labels and symbols live.

    Raises
    ------
    ValueError
        If the labels are not non-zero elements of the field, one for each edge.
    """

    graph: TannerGraph
    labels: np.ndarray
    field: Field

    def __post_init__(self) -> None:
        labels = self.field.symbols(self.labels)
        if labels.shape != (self.graph.n_edges,) or not labels.all():
            raise ValueError(
                f"{self.graph.n_edges} non-zero labels are expected, one an edge, not an array of shape "
                f"{labels.shape} with {np.count_nonzero(labels == 0)} zeros"
            )
        object.__setattr__(self, "labels", labels)

    @property
    def n_symbols(self) -> int:
        """n, the length of a codeword in symbols."""
        return self.graph.n_variables

    @property
    def n_bits(self) -> int:
        """n p, the length of a codeword in bits."""
        return self.graph.n_variables * self.field.p

    @property
    def n_checks(self) -> int:
        """m, the rows of H."""
        return self.graph.n_checks

    @property
    def rate(self) -> float:
        """1 - m/n. This is the code's rate if H has full rank, which an empty core proves
        (`jscc.gfq.leaves`); otherwise the code's rate is higher."""
        return 1 - self.n_checks / self.n_symbols

    def syndrome(self, symbols) -> np.ndarray:
        """The sums of all checks, H c.

        Parameters
        ----------
        symbols : array_like of integers, shape (..., n)

        Returns
        -------
        ndarray of uint8, shape (..., m)
            Zero exactly for codewords.

        Raises
        ------
        ValueError
            If the last axis is not n long, or a value is no element of the field.
        """
        symbols = self.field.symbols(symbols)
        if symbols.ndim < 1 or symbols.shape[-1] != self.n_symbols:
            raise ValueError(f"the last axis must hold the code's {self.n_symbols} symbols, not {symbols.shape}")
        words = np.ascontiguousarray(symbols.reshape(-1, self.n_symbols))
        out = np.empty((len(words), self.n_checks), np.uint8)
        _syndrome_kernel(
            words, self.graph.check_start, self.graph.check_variables, self.labels, self.field.product, out
        )
        return out.reshape(*symbols.shape[:-1], self.n_checks)

    def reduced(self, b: int, rng: np.random.Generator) -> GFqCode:
        """The b-reduction: this code without b of its checks, drawn at random."""
        if not 0 <= b < self.n_checks:
            raise ValueError(f"a reduction takes 0 to {self.n_checks - 1} of the {self.n_checks} checks, not {b}")
        keep = np.ones(self.n_checks, bool)
        keep[rng.choice(self.n_checks, size=b, replace=False)] = False
        edges = np.repeat(keep, self.graph.check_degrees)
        start = np.concatenate([[0], np.cumsum(self.graph.check_degrees[keep])]).astype(np.int32)
        graph = TannerGraph(self.n_checks - b, self.n_symbols, start, self.graph.check_variables[edges])
        return GFqCode(graph, self.labels[edges], self.field)

    def components(self) -> np.ndarray:
        """The connected component, from 0, that each check belongs to; int32, shape (m,)."""
        places = self.graph.to_sparse()
        both = sparse.block_array([[None, places], [places.T, None]])
        return sparse.csgraph.connected_components(both, directed=False)[1][: self.n_checks]

    def to_dense(self) -> np.ndarray:
        """H, uint8, shape (m, n)."""
        matrix = np.zeros((self.n_checks, self.n_symbols), np.uint8)
        matrix[self.graph.edge_checks, self.graph.check_variables] = self.labels
        return matrix

    def rank(self) -> int:
        """The rank of H over GF(q), by elimination on the dense matrix: m m n operations."""
        return _eliminate(self.to_dense(), self.field.product, self.field.inverse)


def ultra_sparse(
    n_symbols: int,
    rate: float,
    p: int,
    rng: np.random.Generator,
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
    rng : numpy.random.Generator
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
    """
    gf = field(p)
    if not 0 < rate < 1 or not 0 <= degree_one <= 1:
        raise ValueError(f"rate and degree_one are fractions, not {rate} and {degree_one}")
    n_checks = round(n_symbols * (1 - rate))
    if n_checks < 2 or n_checks >= n_symbols:
        raise ValueError(f"{n_symbols} symbols at rate {rate} have {n_checks} checks; 2 to {n_symbols - 1} are needed")
    if not 0 <= reduction < n_checks:
        raise ValueError(f"a reduction takes 0 to {n_checks - 1} of the {n_checks} checks, not {reduction}")
    degrees = np.full(n_symbols, 2)
    degrees[: round(degree_one * n_symbols)] = 1
    if graph == "peg":
        edges = _grown(n_checks, degrees, rng)
    elif graph == "random":
        edges = tanner.configuration(degrees, _concentrated(degrees.sum(), n_checks), rng)
    else:
        raise ValueError(f"graph must be 'peg' or 'random', not {graph!r}")
    labels = rng.integers(1, gf.q, size=edges.n_edges, dtype=np.uint8)
    return GFqCode(edges, labels, gf).reduced(reduction, rng)


def symbols_from_bits(bits, p: int) -> np.ndarray:
    """Group bits into symbols of p bits, the most significant first.

    Parameters
    ----------
    bits : array_like of 0 and 1, integer or bool, shape (..., n p)
    p : int

    Returns
    -------
    ndarray of uint8, shape (..., n)

    Raises
    ------
    ValueError
        If the last axis is not a multiple of p long, or a value is not 0 or 1.
    """
    bits = np.asarray(bits)
    if not 1 <= p <= 8:
        raise ValueError(f"symbols have 1 to 8 bits, not {p}")
    if bits.ndim < 1 or bits.shape[-1] % p:
        raise ValueError(f"bits of shape {bits.shape} do not group into symbols of {p} bits")
    if bits.dtype.kind not in "uib" or (bits.size and (bits.min() < 0 or bits.max() > 1)):
        raise ValueError(f"bits are integers 0 and 1, not {bits.dtype} with other values")
    grouped = bits.reshape(*bits.shape[:-1], bits.shape[-1] // p, p).astype(bool, copy=False)
    return np.packbits(grouped, axis=-1)[..., 0] >> np.uint8(8 - p)


def bits_from_symbols(symbols, p: int) -> np.ndarray:
    """The p bits of each symbol, the most significant first; undoes `symbols_from_bits`.

    Parameters
    ----------
    symbols : array_like of integers, shape (..., n)
    p : int

    Returns
    -------
    ndarray of uint8, shape (..., n p)

    Raises
    ------
    ValueError
        If a value is not an integer from 0 to 2**p - 1.
    """
    symbols = field(p).symbols(symbols)
    if symbols.ndim < 1:
        raise ValueError("symbols need an axis")
    bits = np.unpackbits(symbols[..., None], axis=-1)[..., 8 - p :]
    return bits.reshape(*symbols.shape[:-1], symbols.shape[-1] * p)


def _concentrated(n_edges: int, n_checks: int) -> np.ndarray:
    """Check degrees that differ by one at most."""
    low, more = divmod(int(n_edges), n_checks)
    return np.repeat([low + 1, low], [more, n_checks - more])


def _grown(n_checks: int, degrees: np.ndarray, rng: np.random.Generator) -> TannerGraph:
    """Progressive edge growth for degrees of one and two, fast enough for a million symbols.

    `jscc.tanner.peg` grows the same graphs, but looks at all checks for every edge.
    """
    ends = np.full((len(degrees), 2), -1, np.int32)
    _grow(n_checks, degrees, max(_LOOKS // len(degrees), _HORIZON), rng.integers(1, 2**63, dtype=np.uint64), ends)
    variables, slots = np.nonzero(ends >= 0)
    return TannerGraph.from_edges(n_checks, len(degrees), ends[variables, slots], variables)


@njit(cache=True)
def _below(bound, state):
    """A random number from 0 to bound - 1, by a step of xorshift on ``state[0]``."""
    x = state[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    state[0] = x
    return np.int64(x % np.uint64(bound))


@njit(cache=True)
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


@njit(cache=True)
def _grow(n_checks, degrees, horizon, seed, ends):
    """Fill ``ends``, the two checks of each symbol."""
    state = np.full(1, seed, np.uint64)
    n = len(degrees)
    check_degree = np.zeros(n_checks, np.int64)
    # All checks by increasing degree; those of degree d stand from first[d] to first[d + 1].
    by_degree = np.arange(n_checks)
    place = np.arange(n_checks)
    first = np.full(n + 2, n_checks)
    first[0] = 0
    newest = np.full(n_checks, -1, np.int64)  # the last edge of each check; edge e is ends.flat[e]
    older = np.full(2 * n, -1, np.int64)  # the next older edge of the same check
    seen = np.zeros(n_checks, np.int64)
    queue = np.empty(n_checks, np.int64)
    eligible = np.empty(n_checks, np.int64)
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
                                if _below(ties, state) == 0:
                                    chosen = c
                if chosen < 0:
                    chosen = _lightest(by_degree, first, seen, stamp, eligible, state)
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


@njit(cache=True)
def _syndrome_kernel(words, check_start, check_variables, labels, product, out):
    """words : (batch, n), out : (batch, m)."""
    for w in range(len(words)):
        for check in range(len(check_start) - 1):
            total = np.uint8(0)
            for edge in range(check_start[check], check_start[check + 1]):
                total ^= product[labels[edge], words[w, check_variables[edge]]]
            out[w, check] = total


@njit(cache=True)
def _eliminate(matrix, product, inverse):
    """Rank of a dense matrix over GF(q), which is overwritten."""
    rank = 0
    for column in range(matrix.shape[1]):
        pivot = rank
        while pivot < len(matrix) and matrix[pivot, column] == 0:
            pivot += 1
        if pivot == len(matrix):
            continue
        for k in range(column, matrix.shape[1]):
            matrix[rank, k], matrix[pivot, k] = matrix[pivot, k], matrix[rank, k]
        for row in range(rank + 1, len(matrix)):
            factor = product[matrix[row, column], inverse[matrix[rank, column]]]
            if factor:
                for k in range(column, matrix.shape[1]):
                    matrix[row, k] ^= product[factor, matrix[rank, k]]
        rank += 1
        if rank == len(matrix):
            break
    return rank

"""Tanner graphs: sparse binary parity-check matrices and how to draw them.

A graph is kept as one list of neighbours per check (compressed rows), which is what syndrome
formers and decoders walk. Constructions are seeded, and say what they can promise: no double
edge, no 4-cycle, full rank.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit
from scipy import sparse


@dataclass(frozen=True, eq=False)
class TannerGraph:
    """A bipartite graph of checks and variables.

    Attributes
    ----------
    n_checks : int
        m of the m x n parity-check matrix H.
    n_variables : int
        n of H.
    check_start : ndarray of int32, shape (n_checks + 1,)
        Edges of check j are ``check_start[j]`` to ``check_start[j + 1]``.
    check_variables : ndarray of int32, shape (n_edges,)
        The variable at the end of each edge, increasing within a check.

    Raises
    ------
    ValueError
        If there is no check or no variable, or the arrays are not such lists: compiled kernels walk them, and an
        index out of range would take them out of their memory.

    Examples
    --------
    >>> graph = TannerGraph.from_matrix([[1, 1, 0], [0, 1, 1]])
    >>> graph
    TannerGraph(2 checks x 3 variables, 4 edges)
    >>> graph.check_variables
    array([0, 1, 1, 2], dtype=int32)
    """

    n_checks: int
    n_variables: int
    check_start: np.ndarray
    check_variables: np.ndarray

    def __post_init__(self) -> None:
        for name in ("n_checks", "n_variables"):
            size = operator.index(getattr(self, name))
            if not 1 <= size < 2**31:
                raise ValueError(f"{name}={size} given, 1 to 2**31 - 1 is expected")
            object.__setattr__(self, name, size)
        for name in ("check_start", "check_variables"):
            array = np.asarray(getattr(self, name))
            if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
                raise ValueError(
                    f"{name} of {array.dtype} and shape {array.shape} given, integers along one axis are expected"
                )
            if array.size and not (0 <= array.min() and array.max() < 2**31):
                raise ValueError(f"{name} from {array.min()} to {array.max()} given, 0 to 2**31 - 1 is expected")
            object.__setattr__(self, name, np.ascontiguousarray(array, dtype=np.int32))
        start, variables = self.check_start, self.check_variables
        if len(start) != self.n_checks + 1 or start[0] or start[-1] != len(variables) or (start[1:] < start[:-1]).any():
            raise ValueError(
                f"check_start of {len(start)} numbers from {start[:1]} to {start[-1:]} given, {self.n_checks + 1} "
                f"that rise from 0 to {len(variables)}, the number of edges, are expected"
            )
        if variables.max(initial=0) >= self.n_variables:
            raise ValueError(f"check_variables up to {variables.max()} given, 0 to {self.n_variables - 1} is expected")
        rises = np.ones(len(variables) + 1, bool)
        rises[1:-1] = variables[1:] > variables[:-1]
        rises[start] = True
        if not rises.all():
            edge = int(np.argmin(rises))
            raise ValueError(
                f"check_variables[{edge - 1}:{edge + 1}]={variables[edge - 1 : edge + 1].tolist()} given, "
                "variables that increase within a check are expected"
            )

    def __repr__(self) -> str:
        return f"TannerGraph({self.n_checks} checks x {self.n_variables} variables, {self.n_edges} edges)"

    @classmethod
    def from_matrix(cls, matrix) -> TannerGraph:
        """The graph of a dense or scipy.sparse 0/1 matrix of shape (m, n)."""
        rows = sparse.csr_array(matrix)
        if rows.ndim != 2 or 0 in rows.shape:
            raise ValueError(f"parity-check matrix of shape {rows.shape} given, two axes and no empty one are expected")
        rows.sum_duplicates()
        rows.eliminate_zeros()
        rows.sort_indices()
        if rows.nnz and not (rows.data == 1).all():
            other = rows.data[rows.data != 1][0]
            raise ValueError(f"parity-check matrix with {other} given, only 0 and 1 are expected")
        m, n = rows.shape
        return cls(m, n, rows.indptr.astype(np.int32), rows.indices.astype(np.int32))

    @classmethod
    def from_edges(cls, n_checks: int, n_variables: int, checks, variables) -> TannerGraph:
        """The graph with edges (checks[k], variables[k]), in any order.

        Parameters
        ----------
        n_checks, n_variables : int
        checks, variables : array_like of int, shape (n_edges,)

        Raises
        ------
        ValueError
            If an edge stands there twice, or at an end that there is not.
        """
        checks, variables = np.asarray(checks), np.asarray(variables)
        matrix = sparse.coo_array((np.ones(len(checks), np.int32), (checks, variables)), shape=(n_checks, n_variables))
        rows = sparse.csr_array(matrix)
        if rows.nnz and rows.data.max() > 1:
            raise ValueError("edges with a double one given, each once is expected")
        return cls.from_matrix(rows)

    @property
    def n_edges(self) -> int:
        """Number of ones in H."""
        return len(self.check_variables)

    @property
    def check_degrees(self) -> np.ndarray:
        """Row weights of H, int32, shape (n_checks,)."""
        return np.diff(self.check_start)

    @property
    def variable_degrees(self) -> np.ndarray:
        """Column weights of H, shape (n_variables,)."""
        return np.bincount(self.check_variables, minlength=self.n_variables)

    @cached_property
    def edge_checks(self) -> np.ndarray:
        """The check at the end of each edge, int32, shape (n_edges,)."""
        return np.repeat(np.arange(self.n_checks, dtype=np.int32), self.check_degrees)

    def to_sparse(self) -> sparse.csr_array:
        """H as a scipy CSR array of uint8."""
        data = np.ones(self.n_edges, np.uint8)
        shape = (self.n_checks, self.n_variables)
        return sparse.csr_array((data, self.check_variables, self.check_start), shape=shape)

    def to_dense(self) -> np.ndarray:
        """H as a dense uint8 array of shape (n_checks, n_variables)."""
        return self.to_sparse().toarray()

    def count_4_cycles(self) -> int:
        """Number of cycles of length four: pairs of columns that share two rows, with multiplicity."""
        shared = _column_overlaps(self).data
        return int((shared * (shared - 1) // 2).sum())

    def rank(self) -> int:
        """Rank of H over GF(2)."""
        packed = np.packbits(self.to_dense(), axis=1, bitorder="little")
        words = np.zeros((self.n_checks, -(-packed.shape[1] // 8) * 8), np.uint8)
        words[:, : packed.shape[1]] = packed
        return _rank_gf2(words.view(np.uint64), self.n_variables)


def regular(
    n_variables: int,
    variable_degree: int,
    check_degree: int,
    rng: np.random.Generator | int,
    *,
    full_rank: bool = True,
    no_4_cycles: bool = True,
    attempts: int = 20,
) -> TannerGraph:
    """A random regular graph: sockets joined at random, then mended by edge swaps.

    Parameters
    ----------
    n_variables, variable_degree, check_degree : int
        n, d_v and d_c; n d_v must be a multiple of d_c, and m = n d_v / d_c.
    rng : numpy.random.Generator or int
    full_rank : bool
        Draw again until H has rank m. Impossible for an even d_v, whose rows sum to zero.
    no_4_cycles : bool
        Swap edges until no two columns share two rows; this works for sparse graphs such as
        (3, 6) on some hundred variables.
    attempts : int
        Draws before giving up with RuntimeError.

    Returns
    -------
    TannerGraph

    Raises
    ------
    ValueError
        If there is no such graph.
    RuntimeError
        If none was found.

    Examples
    --------
    >>> regular(96, 3, 6, 0)
    TannerGraph(48 checks x 96 variables, 288 edges)
    """
    _positive(n_variables=n_variables, variable_degree=variable_degree, check_degree=check_degree)
    rng = np.random.default_rng(rng)
    n_checks, rest = divmod(n_variables * variable_degree, check_degree)
    if rest:
        raise ValueError(
            f"n_variables={n_variables}, variable_degree={variable_degree} and check_degree={check_degree} given, "
            "n_variables * variable_degree edges that share out over the checks are expected"
        )
    if check_degree > n_variables or variable_degree > n_checks:
        raise ValueError(
            f"degrees ({variable_degree}, {check_degree}) given, at most ({n_checks}, {n_variables}) are expected"
        )
    if full_rank and (variable_degree % 2 == 0 or n_checks > n_variables):
        raise ValueError(
            f"degrees ({variable_degree}, {check_degree}) given, an odd column weight not above the row weight is "
            "expected for full rank: an even one makes the rows sum to zero"
        )
    variables = np.repeat(np.arange(n_variables, dtype=np.int32), variable_degree)
    for _ in range(attempts):
        checks = rng.permutation(np.repeat(np.arange(n_checks, dtype=np.int32), check_degree))
        if not _mend(checks, variables, n_checks, n_variables, no_4_cycles, rng):
            continue
        graph = TannerGraph.from_edges(n_checks, n_variables, checks, variables)
        if not full_rank or graph.rank() == n_checks:
            return graph
    raise RuntimeError(
        f"no ({variable_degree}, {check_degree}) graph on {n_variables} variables with the wanted properties "
        f"in {attempts} draws; a denser or smaller graph wants progressive edge growth"
    )


def configuration(variable_degrees, check_degrees, rng: np.random.Generator | int) -> TannerGraph:
    """A random graph with given degrees: sockets joined at random, double edges mended by swaps.

    Parameters
    ----------
    variable_degrees : array_like of int, shape (n,)
    check_degrees : array_like of int, shape (m,)
        Both must count the same number of edges.
    rng : numpy.random.Generator or int

    Returns
    -------
    TannerGraph

    Raises
    ------
    ValueError
        If a degree is larger than the other side, or the two sides count different edges.
    RuntimeError
        If mending comes to no end, as for a graph that is almost complete.

    Examples
    --------
    >>> configuration([2, 2, 2, 2, 1, 1], [5, 5], 0)
    TannerGraph(2 checks x 6 variables, 10 edges)
    """
    rng = np.random.default_rng(rng)
    degrees = [np.asarray(d, dtype=np.int64) for d in (variable_degrees, check_degrees)]
    n_variables, n_checks = map(len, degrees)
    names = ("variable_degrees", "check_degrees")
    for name, d, others in zip(names, degrees, (n_checks, n_variables), strict=True):
        if d.ndim != 1 or not len(d) or d.min() < 0 or d.max() > others:
            raise ValueError(
                f"{name} of shape {d.shape} with {_range(d)} given, 0 to {others}, the nodes on the other side, "
                "is expected"
            )
    if degrees[0].sum() != degrees[1].sum():
        raise ValueError(
            f"variables count {degrees[0].sum()} edges, checks {degrees[1].sum()}: as many on both sides are expected"
        )
    variables = np.repeat(np.arange(n_variables, dtype=np.int32), degrees[0])
    checks = rng.permutation(np.repeat(np.arange(n_checks, dtype=np.int32), degrees[1]))
    if not _mend(checks, variables, n_checks, n_variables, False, rng):
        raise RuntimeError("edge swaps find no graph with these degrees that has no double edge")
    return TannerGraph.from_edges(n_checks, n_variables, checks, variables)


def _mend(checks, variables, n_checks, n_variables, no_4_cycles, rng, rounds: int = 500) -> bool:
    """Swap check ends of edges, in place, until no double edge (and no 4-cycle) is left."""
    for _ in range(rounds):
        bad = _offending_edges(checks, variables, n_checks, n_variables, no_4_cycles, rng)
        if not len(bad):
            return True
        partners = rng.integers(len(checks), size=len(bad))
        for one, other in zip(bad, partners, strict=True):
            checks[one], checks[other] = checks[other], checks[one]
    return False


def _offending_edges(checks, variables, n_checks, n_variables, no_4_cycles, rng) -> np.ndarray:
    """One edge of every double edge and, if wanted, one edge of every 4-cycle."""
    keys = checks.astype(np.int64) * n_variables + variables
    _, first = np.unique(keys, return_index=True)
    double = np.setdiff1d(np.arange(len(keys)), first)
    if len(double) or not no_4_cycles:
        return double
    graph = TannerGraph.from_edges(n_checks, n_variables, checks, variables)
    overlaps = _column_overlaps(graph)
    columns = np.unique(overlaps.row[overlaps.data > 1])
    if not len(columns):
        return columns
    start = np.searchsorted(variables, columns)
    degree = np.searchsorted(variables, columns, side="right") - start
    return start + rng.integers(degree)  # perhaps the wrong edge of the column: the next round looks again


def _column_overlaps(graph: TannerGraph) -> sparse.coo_array:
    """How many rows each pair of columns (row < col) shares."""
    matrix = graph.to_sparse().astype(np.int32)
    return sparse.coo_array(sparse.triu(matrix.T @ matrix, k=1))


def peg(
    n_checks: int, variable_degrees, rng: np.random.Generator | int, *, max_depth: int | None = None
) -> TannerGraph:
    """Progressive edge growth (Hu, Eleftheriou, Arnold 2005).

    Variables are taken by increasing degree; each new edge goes to a check of least degree among
    those farthest from the variable in the graph so far, ties broken at random. Check degrees come
    out concentrated on two neighbouring values, and short cycles are rare.

    Parameters
    ----------
    n_checks : int
    variable_degrees : array_like of int, shape (n,)
    rng : numpy.random.Generator or int
    max_depth : int, optional
        Look no farther than this many levels (a bound on the cost for very long codes).

    Returns
    -------
    TannerGraph

    Raises
    ------
    ValueError
        If there is no variable, or a degree is not 1 to n_checks.

    Examples
    --------
    >>> peg(24, [3] * 48, 0)
    TannerGraph(24 checks x 48 variables, 144 edges)
    """
    degrees = np.asarray(variable_degrees, dtype=np.int32)
    if degrees.ndim != 1 or not len(degrees) or degrees.min() < 1 or degrees.max() > n_checks:
        raise ValueError(
            f"variable_degrees of shape {degrees.shape} with {_range(degrees)} given, 1 to n_checks={n_checks} for "
            "each variable is expected"
        )
    rng = np.random.default_rng(rng)
    order = np.argsort(degrees, kind="stable").astype(np.int32)
    start = np.zeros(len(degrees) + 1, np.int64)
    start[1:] = np.cumsum(degrees)
    checks = np.empty(int(start[-1]), np.int32)
    state = rng.integers(1, 2**63, dtype=np.uint64)
    growth = _Growth.empty(n_checks, len(degrees), len(checks))
    _peg_kernel(n_checks, order, start, state, max_depth or n_checks, growth, checks)
    variables = np.repeat(np.arange(len(degrees), dtype=np.int32), degrees)
    return TannerGraph.from_edges(n_checks, len(degrees), checks, variables)


class _Growth(NamedTuple):
    """The graph so far, and what a search in it has seen."""

    check_degree: np.ndarray  # (checks,)
    head: np.ndarray  # (checks,): the newest edge of each, -1 for none
    after: np.ndarray  # (edges,): the next older edge of the same check
    owner: np.ndarray  # (edges,): the variable of each
    filled: np.ndarray  # (variables,): edges that each has so far
    seen_check: np.ndarray  # (checks,): the last search that saw it
    seen_variable: np.ndarray  # (variables,)
    queue: np.ndarray  # (checks,)

    @classmethod
    def empty(cls, n_checks: int, n_variables: int, n_edges: int) -> _Growth:
        return cls(
            np.zeros(n_checks, np.int32),
            np.full(n_checks, -1, np.int64),
            np.full(n_edges, -1, np.int64),
            np.empty(n_edges, np.int32),
            np.zeros(n_variables, np.int64),
            np.zeros(n_checks, np.int64),
            np.zeros(n_variables, np.int64),
            np.empty(n_checks, np.int32),
        )


@njit(cache=True)
def _peg_kernel(n_checks, order, start, state, max_depth, growth, checks):
    """Fill `checks` (one entry an edge, grouped by variable) by progressive edge growth."""
    check_degree, head, after, owner, filled, seen_check, seen_variable, queue = growth
    stamp = 0
    for v in order:
        for edge in range(start[v], start[v + 1]):
            stamp += 1
            seen_variable[v] = stamp
            # The checks come level by level into `queue`; [low, high) is the newest level.
            low, high = 0, 0
            for e in range(start[v], start[v] + filled[v]):
                seen_check[checks[e]] = stamp
                queue[high] = checks[e]
                high += 1
            depth = 0
            while 0 < high < n_checks and depth < max_depth:
                top = high
                for k in range(low, high):
                    e = head[queue[k]]
                    while e >= 0:
                        u = owner[e]
                        if seen_variable[u] != stamp:
                            seen_variable[u] = stamp
                            for f in range(start[u], start[u] + filled[u]):
                                c = checks[f]
                                if seen_check[c] != stamp:
                                    seen_check[c] = stamp
                                    queue[top] = c
                                    top += 1
                        e = after[e]
                if top == high:
                    break
                low, high = high, top
                depth += 1
            # Unreached checks are at infinite distance; if none is left, the last level is farthest.
            everywhere = high == n_checks
            best, ties, chosen = np.int32(2**31 - 1), 0, -1
            for k in range(low if everywhere else 0, n_checks):
                c = queue[k] if everywhere else k
                if not everywhere and seen_check[c] == stamp:
                    continue
                if check_degree[c] < best:
                    best, ties, chosen = check_degree[c], 1, c
                elif check_degree[c] == best:
                    ties += 1
                    state ^= state << np.uint64(13)
                    state ^= state >> np.uint64(7)
                    state ^= state << np.uint64(17)
                    if state % np.uint64(ties) == 0:
                        chosen = c
            checks[edge] = chosen
            owner[edge] = v
            after[edge] = head[chosen]
            head[chosen] = edge
            filled[v] += 1
            check_degree[chosen] += 1


@njit(cache=True)
def _rank_gf2(words, n_columns):
    """Rank of packed rows (uint64, little-endian bit order), which are overwritten."""
    rank = 0
    for column in range(n_columns):
        word, mask = column // 64, np.uint64(1) << np.uint64(column % 64)
        pivot = -1
        for row in range(rank, len(words)):
            if words[row, word] & mask:
                pivot = row
                break
        if pivot < 0:
            continue
        for k in range(word, words.shape[1]):
            swap = words[rank, k]
            words[rank, k] = words[pivot, k]
            words[pivot, k] = swap
        for row in range(rank + 1, len(words)):
            if words[row, word] & mask:
                for k in range(word, words.shape[1]):
                    words[row, k] ^= words[rank, k]
        rank += 1
        if rank == len(words):
            break
    return rank


def quasi_cyclic(base, size: int, rng: np.random.Generator | int, *, attempts: int = 100) -> TannerGraph:
    """Lift a small matrix: every 1 becomes a shifted identity, every 0 a zero block.

    Shifts are drawn at random, one block after the other, and drawn again where they close a 4-cycle.

    Parameters
    ----------
    base : array_like of 0 and 1, shape (rows, columns)
        The protograph.
    size : int
        Order of the circulants.
    rng : numpy.random.Generator or int
    attempts : int
        Draws of one shift before giving up with RuntimeError.

    Returns
    -------
    TannerGraph
        ``rows * size`` checks on ``columns * size`` variables, without 4-cycles.

    Examples
    --------
    >>> quasi_cyclic([[1, 1, 1, 1], [1, 1, 1, 0]], 5, 0)
    TannerGraph(10 checks x 20 variables, 35 edges)
    """
    base = TannerGraph.from_matrix(base)
    _positive(size=size)
    rng = np.random.default_rng(rng)
    shifts: dict[tuple[int, int], int] = {}
    for row, column in zip(base.edge_checks.tolist(), base.check_variables.tolist(), strict=True):
        for _ in range(attempts):
            shifts[row, column] = int(rng.integers(size))
            if not _closes_4_cycle(shifts, row, column, size):
                break
        else:
            raise RuntimeError(f"no shift of order {size} without a 4-cycle in {attempts} draws; take a larger size")
    step = np.arange(size)
    shift = np.array(list(shifts.values()), dtype=np.int64)
    checks = np.add.outer(base.edge_checks * size, step)
    variables = base.check_variables[:, None] * size + np.add.outer(shift, step) % size
    return TannerGraph.from_edges(base.n_checks * size, base.n_variables * size, checks.ravel(), variables.ravel())


def _closes_4_cycle(shifts: dict[tuple[int, int], int], row: int, column: int, size: int) -> bool:
    """Does block (row, column) stand in a 4-cycle? Its shifts then cancel around a rectangle."""
    for (other, beside), opposite in shifts.items():
        if other == row or beside == column or (other, column) not in shifts or (row, beside) not in shifts:
            continue
        if (shifts[row, column] - shifts[other, column] + opposite - shifts[row, beside]) % size == 0:
            return True
    return False


class LabelledGraph(NamedTuple):
    """What `read_labelled_alist` reads: a graph with a label on every edge.

    Attributes
    ----------
    graph : TannerGraph
    labels : ndarray of int64, shape (n_edges,)
        1 to q - 1, in the order of ``graph.check_variables``.
    q : int
        The size of the field.
    """

    graph: TannerGraph
    labels: np.ndarray
    q: int


def write_alist(graph: TannerGraph, path, labels=None, q: int | None = None) -> None:
    """Write H in MacKay's alist format (variables first, one-based, short lists padded with 0).

    With labels the first line also names q, and every entry is two numbers: where it stands, and its label, as in the
    q-ary files of MacKay's collection. `read_alist` and `read_labelled_alist` read the two kinds.

    Parameters
    ----------
    graph : TannerGraph
    path : path-like
    labels : array_like of int, shape (n_edges,), optional
        1 to q - 1, in the order of ``graph.check_variables``.
    q : int, optional
        The size of the field; given if `labels` is.

    Raises
    ------
    ValueError
        If only one of `labels` and `q` is given, or a label is none.
    """
    if (labels is None) != (q is None):
        raise ValueError("labels or q alone given, both or none of them are expected")
    values = np.ones(graph.n_edges, np.int64) if labels is None else np.asarray(labels).astype(np.int64)
    if values.shape != (graph.n_edges,) or (
        q is not None and values.size and not 1 <= values.min() <= values.max() < q
    ):
        raise ValueError(
            f"labels of shape {values.shape} with {_range(values)} given, {graph.n_edges} from 1 to q - 1, "
            f"q={q}, are expected"
        )
    shape = (graph.n_checks, graph.n_variables)
    by_check = sparse.csr_array((values, graph.check_variables, graph.check_start), shape=shape)
    lists = []
    for matrix in (by_check.tocsc(), by_check):
        entries = np.stack([matrix.indices + 1, matrix.data], axis=1)
        lists.append(np.split(entries if q else entries[:, :1], matrix.indptr[1:-1]))
    lines = [[graph.n_variables, graph.n_checks, *([q] if q else [])]]
    lines.append([max(map(len, nodes)) for nodes in lists])
    lines += [[len(entries) for entries in nodes] for nodes in lists]
    for nodes in lists:
        width = max(map(len, nodes)) * (2 if q else 1)
        lines += [[*entries.ravel(), *[0] * (width - entries.size)] for entries in nodes]
    Path(path).write_text("".join(" ".join(map(str, line)) + "\n" for line in lines))


def read_alist(path) -> TannerGraph:
    """Read a MacKay alist file of a binary matrix.

    Raises
    ------
    ValueError
        Naming the file and, where there is one, the line, if it is not a whole and consistent alist file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     write_alist(TannerGraph.from_matrix([[1, 1, 0], [0, 1, 1]]), Path(folder) / "h.alist")
    ...     read_alist(Path(folder) / "h.alist").to_dense()
    array([[1, 1, 0],
           [0, 1, 1]], dtype=uint8)
    """
    alist = _Alist(path)
    alist.numbers(0, 2)
    return alist.matrix()[0]


def read_labelled_alist(path) -> LabelledGraph:
    """Read a MacKay alist file of a matrix over GF(q), or a binary one, whose labels are 1.

    The file does not say which polynomial multiplies its labels; `jscc.gfq.read_alist` takes the book's.

    Raises
    ------
    ValueError
        As `read_alist`; also if a label is not 1 to q - 1, or the lists of variables and checks label an edge
        otherwise.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> graph = TannerGraph.from_matrix([[1, 1, 0], [0, 1, 1]])
    >>> with TemporaryDirectory() as folder:
    ...     write_alist(graph, Path(folder) / "h.alist", [1, 3, 2, 1], 4)
    ...     print(*(Path(folder) / "h.alist").read_text().splitlines()[:5], sep=" / ")
    ...     read_labelled_alist(Path(folder) / "h.alist")
    3 2 4 / 2 2 / 1 2 1 / 2 2 / 1 1 0 0
    LabelledGraph(graph=TannerGraph(2 checks x 3 variables, 4 edges), labels=array([1, 3, 2, 1]), q=4)
    """
    alist = _Alist(path)
    return LabelledGraph(*alist.matrix())


class _Alist:
    """The lines of an alist file that are not blank, with their numbers."""

    def __init__(self, path) -> None:
        self.path = path
        try:
            text = Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{path}: no text (byte {error.start})") from error
        self.lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.split()]

    def where(self, index: int) -> str:
        """How an error names a line."""
        return f"{self.path}, line {self.lines[index][0]}"

    def numbers(self, index: int, *counts: int) -> list[int]:
        """The numbers of a line, as many as one of the counts, if there are any."""
        if index >= len(self.lines):
            last = self.lines[-1][0] if self.lines else 0
            raise ValueError(f"{self.path}: the file ends after line {last}, more is expected")
        try:
            values = [int(word) for word in self.lines[index][1]]
        except ValueError as error:
            raise ValueError(f"{self.where(index)}: not a list of integers") from error
        if counts and len(values) not in counts:
            hint = ", which names a field as jscc.gfq.read_alist reads it" * (index == 0 and len(values) == 3)
            expected = " or ".join(map(str, counts))
            raise ValueError(f"{self.where(index)}: {len(values)} numbers given{hint}, {expected} expected")
        return values

    def matrix(self) -> tuple[TannerGraph, np.ndarray, int]:
        """Graph, labels in the order of its edges, and q; a binary file has labels 1 and q = 2."""
        n, m, *field = self.numbers(0, 2, 3)
        largest = self.numbers(1, 2)
        q = field[0] if field else 2
        if n < 1 or m < 1 or q < 2:
            raise ValueError(f"{self.where(0)}: sizes {n} and {m} and q={q} given, positive ones and q > 1 expected")
        degrees = [self.numbers(2, n), self.numbers(3, m)]
        found = [max(counts) for counts in degrees]
        if largest != found:
            raise ValueError(f"{self.where(1)}: largest degrees {largest} given, those of the lists are {found}")
        edges: dict[str, list[tuple[int, int, int]]] = {}
        index = 4
        for side, counts, other in (("variable", degrees[0], m), ("check", degrees[1], n)):
            edges[side] = []
            for node, degree in enumerate(counts):
                if not degree and (index >= len(self.lines) or any(self.numbers(index))):
                    continue  # some writers leave the line of an empty list blank
                numbers = self.numbers(index)
                where = f"{self.where(index)}: {side} {node + 1}"
                entries = _entries(numbers, bool(field), where)
                ends = [end for end, _ in entries]
                if len(ends) != degree or not all(1 <= end <= other for end in ends):
                    raise ValueError(f"{where} has {ends}, {degree} numbers from 1 to {other} are expected")
                if len(set(ends)) < degree:
                    raise ValueError(f"{where} has {ends}, each number once is expected")
                if wrong := [label for _, label in entries if not 1 <= label < q]:
                    raise ValueError(f"{where} has labels {wrong}, 1 to {q - 1} are expected")
                edges[side] += [(node, end - 1, label) for end, label in entries]
                index += 1
        if index < len(self.lines):
            raise ValueError(f"{self.where(index)}: the file goes on after its last list")
        by_check = sorted(edges["check"])
        if sorted((check, variable, label) for variable, check, label in edges["variable"]) != by_check:
            what = "labels" if _ends(edges["check"]) == {(c, v) for v, c in _ends(edges["variable"])} else "graphs"
            raise ValueError(f"{self.path}: the lists of the variables and those of the checks tell different {what}")
        checks, variables, labels = np.array(by_check, dtype=np.int64).reshape(-1, 3).T
        return TannerGraph.from_edges(m, n, checks, variables), labels.copy(), q


def _entries(numbers: list[int], labelled: bool, where: str) -> list[tuple[int, int]]:
    """Ends and labels of a list, without what fills it up."""
    if not labelled:
        return [(end, 1) for end in numbers if end]
    if len(numbers) % 2:
        raise ValueError(f"{where} has {len(numbers)} numbers, pairs of a place and a label are expected")
    return [(end, label) for end, label in zip(numbers[::2], numbers[1::2], strict=True) if end or label]


def _ends(edges: list[tuple[int, int, int]]) -> set[tuple[int, int]]:
    """Edges without their labels."""
    return {(one, other) for one, other, _ in edges}


def _range(values: np.ndarray) -> str:
    return f"values {values.min()} to {values.max()}" if values.size else "no value"


def _positive(**values: int) -> None:
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"{name}={value} given, a positive number is expected")

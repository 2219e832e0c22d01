"""Linear codes over GF(q): a Tanner graph with labels, its syndromes, and bits as symbols."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from scipy import sparse

from jscc.gfq.fields import Field, field
from jscc.tanner import TannerGraph, read_labelled_alist
from jscc.tanner import write_alist as write_labelled_alist

__all__ = ["GFqCode", "bits_from_symbols", "read_alist", "symbols_from_bits", "write_alist"]


@dataclass(frozen=True, eq=False, repr=False)
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

    Examples
    --------
    >>> from jscc.gfq import GFqCode, field
    >>> from jscc.tanner import TannerGraph
    >>> code = GFqCode(TannerGraph.from_matrix([[1, 1, 0], [0, 1, 1]]), [1, 2, 1, 3], field(2))
    >>> code
    GFqCode(3 symbols, 2 checks, GF(4), rate 0.333)
    >>> code.syndrome([[2, 1, 2], [1, 1, 1]])
    array([[0, 0],
           [3, 2]], dtype=uint8)
    """

    graph: TannerGraph
    labels: np.ndarray
    field: Field

    def __post_init__(self) -> None:
        labels = self.field.symbols(self.labels)
        if labels.shape != (self.graph.n_edges,) or not labels.all():
            raise ValueError(
                f"labels of shape {labels.shape} with {np.count_nonzero(labels == 0)} zeros given, "
                f"{self.graph.n_edges} non-zero labels, one an edge, are expected"
            )
        object.__setattr__(self, "labels", labels)

    def __repr__(self) -> str:
        return f"GFqCode({self.n_symbols} symbols, {self.n_checks} checks, GF({self.field.q}), rate {self.rate:.3f})"

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
        """1 - m/n: the code's rate if H has full rank, as with an empty core; otherwise the rate is higher."""
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
        symbols = self.field.symbols(symbols, self.n_symbols)
        words = np.ascontiguousarray(symbols.reshape(-1, self.n_symbols))
        out = np.empty((len(words), self.n_checks), np.uint8)
        _syndromes(words, self.graph.check_start, self.graph.check_variables, self.labels, self.field.product, out)
        return out.reshape(*symbols.shape[:-1], self.n_checks)

    def reduced(self, b: int, rng: int | np.random.Generator) -> GFqCode:
        """The b-reduction: this code without b of its checks, drawn at random.

        Parameters
        ----------
        b : int
            0 to m - 1.
        rng : int or numpy.random.Generator

        Raises
        ------
        ValueError
            If `b` is another number.
        """
        if not 0 <= b < self.n_checks:
            raise ValueError(f"reduction={b} given, 0 to {self.n_checks - 1} of the {self.n_checks} checks is expected")
        keep = np.ones(self.n_checks, bool)
        keep[np.random.default_rng(rng).choice(self.n_checks, size=b, replace=False)] = False
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

    Examples
    --------
    >>> from jscc.gfq import symbols_from_bits
    >>> symbols_from_bits([1, 0, 1, 0, 0, 1], 3)
    array([5, 1], dtype=uint8)
    """
    bits = np.asarray(bits)
    if not 1 <= p <= 8:
        raise ValueError(f"p={p} given, 1 to 8 bits a symbol is expected")
    if bits.ndim < 1 or bits.shape[-1] % p:
        raise ValueError(f"bits of shape {bits.shape} given, a last axis of whole symbols of {p} bits is expected")
    if bits.dtype.kind not in "uib" or (bits.size and (bits.min() < 0 or bits.max() > 1)):
        raise ValueError(f"bits of {bits.dtype} given, bits 0 and 1 of an integer type are expected")
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

    Examples
    --------
    >>> from jscc.gfq import bits_from_symbols
    >>> bits_from_symbols([5, 1], 3)
    array([1, 0, 1, 0, 0, 1], dtype=uint8)
    """
    symbols = field(p).symbols(symbols)
    if symbols.ndim < 1:
        raise ValueError("symbols of shape () given, (..., n) is expected")
    bits = np.unpackbits(symbols[..., None], axis=-1)[..., 8 - p :]
    return bits.reshape(*symbols.shape[:-1], symbols.shape[-1] * p)


def write_alist(code: GFqCode, path) -> None:
    """Write H with its labels in MacKay's alist format for codes over GF(q); `read_alist` reads it, and shows both."""
    write_labelled_alist(code.graph, path, code.labels, code.field.q)


def read_alist(path) -> GFqCode:
    """Read a code over GF(q) from a MacKay alist file; a binary file is a code over GF(2).

    A label is a number whose bits are the coefficients of a polynomial, as everywhere here. The file does not say by
    which polynomial products are reduced: it is taken to be that of `field`.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    GFqCode

    Raises
    ------
    ValueError
        Naming the file, if it is not a whole and consistent alist file, or its field is not GF(2**p), p = 1 to 8.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from jscc.gfq import read_alist, ultra_sparse, write_alist
    >>> code = ultra_sparse(12, 0.5, 4, 0)
    >>> with TemporaryDirectory() as folder:
    ...     write_alist(code, Path(folder) / "h.alist")
    ...     again = read_alist(Path(folder) / "h.alist")
    >>> again, bool((again.to_dense() == code.to_dense()).all())
    (GFqCode(12 symbols, 6 checks, GF(16), rate 0.500), True)
    """
    graph, labels, q = read_labelled_alist(path)
    if q.bit_count() != 1 or not 2 <= q <= 256:
        raise ValueError(f"{path}: q={q} given, a power of two from 2 to 256 is expected")
    return GFqCode(graph, labels, field(q.bit_length() - 1))


@njit(error_model="numpy", cache=True)
def _syndromes(words, check_start, check_variables, labels, product, out):
    """words : (batch, n), out : (batch, m)."""
    for w in range(len(words)):
        for check in range(len(check_start) - 1):
            total = np.uint8(0)
            for edge in range(check_start[check], check_start[check + 1]):
                total ^= product[labels[edge], words[w, check_variables[edge]]]
            out[w, check] = total


@njit(error_model="numpy", cache=True)
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

r"""Codes with a sparse generator matrix (LDGM): what a code is, its encoder, and degrees to choose.

A codeword bit is the sum of a few information bits. The graph of the code has the information bits for its checks and
the codeword bits for its variables, the other way round than that of an LDPC code: the dual code of an LDPC code of
rate :math:`1 - R` is an LDGM code of rate :math:`R`, and a good LDPC code for erasures is the dual of a good quantiser
of a source some bits of which do not matter (Martinian and Yedidia 2003). So degrees are taken from LDPC codes that
reach the capacity of the erasure channel, the *right-regular* sequence (Shokrollahi 1999): every information bit in
:math:`a` codeword bits, and the codeword bits' degrees, in shares of the edges,

.. math:: \lambda(x) \propto \sum_{d=2}^{N} \binom{1/(a-1)}{d-1} (-1)^d x^{d-1},

the beginning of the series of :math:`1 - (1 - x)^{1/(a-1)}`. The largest degree :math:`N`, with a part of the last
term, sets the rate.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass

import numpy as np
from numba import njit

from jscc.soft import as_batch
from jscc.tanner import TannerGraph, peg

__all__ = ["LdgmCode", "right_regular"]

_MOST_TERMS = 10_000


def right_regular(length: int, dimension: int, degree: int) -> np.ndarray:
    """Degrees of the codeword bits of a right-regular code.

    Parameters
    ----------
    length, dimension : int
        n and k, 1 <= k < n.
    degree : int
        a: in how many codeword bits an information bit stands on average, 3 or more.

    Returns
    -------
    ndarray of int32, shape (length,)
        2 or more each, increasing; their sum is about ``degree * dimension``.

    Raises
    ------
    ValueError
        If the numbers are out of range, or no sequence of this degree has the rate.

    Examples
    --------
    >>> degrees = right_regular(1000, 500, 6)
    >>> np.unique(degrees, return_counts=True)[0]
    array([ 2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13], dtype=int32)
    >>> int(degrees.sum())
    3001
    """
    length, dimension, degree = (operator.index(value) for value in (length, dimension, degree))
    if not 1 <= dimension < length or degree < 3:
        raise ValueError(
            f"length={length}, dimension={dimension}, degree={degree} given, "
            "1 <= dimension < length and a degree of 3 or more are expected"
        )
    wanted = degree * dimension / length  # mean degree of a codeword bit
    alpha = 1 / (degree - 1)
    if wanted < 2:
        raise ValueError(
            f"degree={degree} given at rate {dimension / length:g}, {2 * length / dimension:g} is the least"
        )
    shares, places = [alpha], [2]  # of the edges, by degree
    edges, nodes = alpha, alpha / 2
    while edges < wanted * nodes:
        k = len(shares) + 1
        term = shares[-1] * (k - 1 - alpha) / k
        if len(shares) == _MOST_TERMS:
            raise ValueError(f"degree={degree} given at rate {dimension / length:g}, a smaller one is expected")
        shares.append(term)
        places.append(k + 1)
        edges, nodes = edges + term, nodes + term / (k + 1)
    if len(shares) > 1:
        # So much of the last term that the mean degree is the wanted one.
        last = places[-1]
        short = (edges - shares[-1]) - wanted * (nodes - shares[-1] / last)
        shares[-1] = short / (wanted / last - 1)
    counts = np.array(shares) / places
    counts *= length / counts.sum()
    whole = np.floor(counts).astype(np.int64)
    rest = length - whole.sum()
    whole[np.argsort(whole - counts, kind="stable")[:rest]] += 1
    return np.repeat(np.array(places, np.int32), whole)


@dataclass(frozen=True, eq=False, repr=False)
class LdgmCode:
    """A code whose generator matrix is that of a graph.

    Attributes
    ----------
    graph : jscc.tanner.TannerGraph
        Checks: the k information bits. Variables: the n codeword bits.

    Examples
    --------
    >>> code = LdgmCode.drawn(1000, 500, 6, rng=0)
    >>> code
    LdgmCode(1000, 500, 3001 edges)
    >>> one = np.eye(1, 500, 3, dtype=np.uint8)[0]
    >>> bool(code.encode(one).sum() == code.graph.check_degrees[3])
    True
    """

    graph: TannerGraph

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.length}, {self.dimension}, {self.graph.n_edges} edges)"

    @classmethod
    def drawn(cls, length: int, dimension: int, degree: int, rng: np.random.Generator | int) -> LdgmCode:
        """A code of right-regular degrees, its graph grown edge by edge.

        Parameters
        ----------
        length, dimension, degree
            As of `right_regular`.
        rng : numpy.random.Generator or int
        """
        return cls(peg(dimension, right_regular(length, dimension, degree), rng, max_depth=8))

    @property
    def length(self) -> int:
        """n."""
        return self.graph.n_variables

    @property
    def dimension(self) -> int:
        """k; the generator matrix may have a smaller rank."""
        return self.graph.n_checks

    @property
    def rate(self) -> float:
        """k / n."""
        return self.dimension / self.length

    def encode(self, information) -> np.ndarray:
        """The codeword of information bits, or of each row of them: the decompressor, linear in the edges.

        Parameters
        ----------
        information : array_like of 0 and 1, shape (k,) or (words, k)

        Returns
        -------
        ndarray of uint8, shape (n,) or (words, n)

        Raises
        ------
        ValueError
            If `information` has another shape or holds anything but 0 and 1.
        """
        rows, single = as_batch(information, self.dimension, "information", np.uint8)
        codewords = np.zeros((len(rows), self.length), np.uint8)
        _generate(rows, self.graph.check_start, self.graph.check_variables, codewords)
        return codewords[0] if single else codewords


@njit(cache=True)
def _generate(rows, check_start, check_variables, out):
    """out, zero: uint8 (words, n)."""
    for word in range(rows.shape[0]):
        for i in range(rows.shape[1]):
            if rows[word, i]:
                for e in range(check_start[i], check_start[i + 1]):
                    out[word, check_variables[e]] ^= 1

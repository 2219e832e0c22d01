"""Short binary linear codes: encoding, weights by enumeration, and a search for a large minimum distance."""

from __future__ import annotations

import numpy as np

from jscc.necst import _bits
from jscc.soft import as_batch

__all__ = ["LinearCode", "good_code"]

MAX_DIMENSION = 24  # of codes whose words are enumerated


class LinearCode:
    """A binary linear code, by its generator.

    Parameters
    ----------
    generator : array_like of 0 and 1, shape (k, n)
        Rows need not be independent: information bits are then sent that cannot all be told apart.

    Raises
    ------
    ValueError
        If the generator is no such matrix.

    Examples
    --------
    >>> checks = [[0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1]]
    >>> hamming = LinearCode(np.hstack([np.eye(4, dtype=int), checks]))
    >>> hamming
    LinearCode(7, 4)
    >>> hamming.weights()
    array([1, 0, 0, 7, 7, 0, 0, 1])
    >>> hamming.encode([1, 1, 0, 0])
    array([1, 1, 0, 0, 1, 1, 0], dtype=uint8)
    """

    def __init__(self, generator):
        generator, single = as_batch(generator, None, "generator", np.uint8)
        if single or not generator.size:
            raise ValueError(f"generator of shape {np.shape(generator)} given, (k, n) is expected")
        self.generator = generator
        self.dimension, self.length = generator.shape
        self._places: np.ndarray | None = None

    def __repr__(self) -> str:
        return f"LinearCode({self.length}, {self.dimension})"

    @classmethod
    def of_parity_check(cls, parity_check) -> LinearCode:
        """The code of all words with an even number of ones in each check, by a generator of full rank.

        The information bits stand in the codeword, at the places `information_places`.

        Parameters
        ----------
        parity_check : array_like of 0 and 1, shape (m, n)
            Of rank below n.

        Examples
        --------
        >>> LinearCode.of_parity_check([[1, 1, 0], [0, 1, 1]]).generator
        array([[1, 1, 1]], dtype=uint8)
        """
        rows, _ = as_batch(parity_check, None, "parity_check", np.uint8)
        rows = rows.copy()
        pivots: list[int] = []
        for column in range(rows.shape[1]):
            below = np.flatnonzero(rows[len(pivots) :, column])
            if not len(below):
                continue
            at = len(pivots)
            rows[[at, at + below[0]]] = rows[[at + below[0], at]]
            others = np.flatnonzero(rows[:, column])
            rows[others[others != at]] ^= rows[at]
            pivots.append(column)
            if len(pivots) == len(rows):
                break
        free = np.setdiff1d(np.arange(rows.shape[1]), pivots)
        if not len(free):
            raise ValueError(f"parity_check of rank {len(pivots)} and length {rows.shape[1]} given, fewer are expected")
        generator = np.zeros((len(free), rows.shape[1]), np.uint8)
        generator[np.arange(len(free)), free] = 1
        generator[:, pivots] = rows[: len(pivots), free].T
        code = cls(generator)
        code._places = free
        return code

    @property
    def information_places(self) -> np.ndarray:
        """Where in a codeword the information bits stand (int64, shape (k,)); only of `of_parity_check`."""
        if self._places is None:
            raise ValueError(f"{self!r} by its generator given, a code of a parity check is expected")
        return self._places

    def encode(self, information) -> np.ndarray:
        """The codeword of information bits, or of each row of them (uint8).

        Parameters
        ----------
        information : array_like of 0 and 1, shape (k,) or (words, k)

        Returns
        -------
        ndarray of uint8, shape (n,) or (words, n)
        """
        rows, single = as_batch(information, self.dimension, "information", np.uint8)
        words = (rows.astype(np.float32) @ self.generator.astype(np.float32)).astype(np.int64).astype(np.uint8) & 1
        return words[0] if single else words

    def codewords(self) -> np.ndarray:
        """All codewords, (2^k, n) of uint8: row i is that of the bits of i, the most significant first."""
        self._check_dimension()
        numbers = np.arange(2**self.dimension)
        return self.encode((numbers[:, None] >> np.arange(self.dimension)[::-1] & 1).astype(np.uint8))

    def weights(self) -> np.ndarray:
        """How many of the 2^k codewords have each weight, int64, shape (n + 1,)."""
        self._check_dimension()
        packed = _bits.pack(self.generator)
        counts = np.zeros(self.length + 1, np.int64)
        _bits.weights(packed, np.zeros(packed.shape[1], np.uint64), counts)
        return counts

    def minimum_distance(self) -> int:
        """Least weight of the codeword of any information bits but zeros: 0 if the rows are dependent."""
        counts = self.weights()
        counts[0] -= 1
        return int(np.flatnonzero(counts)[0])

    def _check_dimension(self) -> None:
        if self.dimension > MAX_DIMENSION:
            raise ValueError(f"a code of dimension {self.dimension} given, at most {MAX_DIMENSION} is expected")


def good_code(length: int, dimension: int, rng: int | np.random.Generator = 0, *, tries: int = 200) -> LinearCode:
    """The best of some random codes: of largest minimum distance, and of those with fewest words that near.

    Parameters
    ----------
    length, dimension : int
        n, and k of 1 to 24. With k = 1 the bit is repeated, and nothing is drawn.
    rng : int or numpy.random.Generator
    tries : int

    Returns
    -------
    LinearCode

    Examples
    --------
    >>> code = good_code(100, 8)
    >>> code, code.minimum_distance()
    (LinearCode(100, 8), 40)
    """
    for name, value, most in (
        ("length", length, 2**16),
        ("dimension", dimension, MAX_DIMENSION),
        ("tries", tries, 2**31),
    ):
        if not 1 <= value <= most or int(value) != value:
            raise ValueError(f"{name}={value} given, an integer from 1 to {most} is expected")
    if dimension > length:
        raise ValueError(f"dimension={dimension} given, at most the length {length} is expected")
    if dimension == 1:
        return LinearCode(np.ones((1, length), np.uint8))
    rng = np.random.default_rng(rng)
    best, best_score = None, None
    for _ in range(tries):
        code = LinearCode(rng.integers(0, 2, (dimension, length), dtype=np.uint8))
        counts = code.weights()
        counts[0] -= 1
        least = np.flatnonzero(counts)[0]
        score = (int(least), -int(counts[least]))
        if best_score is None or score > best_score:
            best, best_score = code, score
    return best

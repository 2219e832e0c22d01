"""The arithmetic code of the syndromes chapter: a range coder for 8-bit symbols that writes words of 32 bits.

Each image is coded on its own, with one table for all of them (from the counts of a training set). The networks of
paper 1's Table II read these bytes, and results rest on them to the last bit: that is why this coder stays
beside `jscc.arithmetic.coder`, whose bytes are others.
"""

from __future__ import annotations

import constriction
import numpy as np

__all__ = ["RangeCode"]

N_SYMBOLS = 256
MAX_TOTAL = 2**39


class RangeCode:
    """Static arithmetic code of 8-bit symbols, in its form as a range coder (`constriction`).

    Parameters
    ----------
    counts : array_like of int, shape (256,)
        How often each symbol occurs; one is added to each, so that all can be coded.

    Attributes
    ----------
    probabilities : ndarray of float64, shape (256,)
        The coder rounds them to multiples of 2^-24.

    Examples
    --------
    >>> counts = np.zeros(256, int)
    >>> counts[7] = 10_000
    >>> code = RangeCode(counts)
    >>> packed, n_bits = code.encode(np.full((1, 100), 7, np.uint8))
    >>> n_bits
    array([32])
    >>> np.unique(code.decode(packed[0], 100))
    array([7], dtype=uint8)
    """

    WORD = 4  # bytes: the coder writes words of 32 bits, here with the first bits first

    def __init__(self, counts):
        counts = _smoothed(counts)
        self.probabilities = counts / counts.sum()
        self._model = constriction.stream.model.Categorical(self.probabilities, perfect=False)

    def encode(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Code each row on its own.

        Parameters
        ----------
        symbols : ndarray of uint8, shape (N, n)

        Returns
        -------
        ndarray of uint8, shape (N, width)
            The coded rows, zeros after the end of each; `width` is the longest.
        ndarray of int64, shape (N,)
            Bits of each row, a multiple of 32.
        """
        words = [self._words(row) for row in _rows(symbols).astype(np.int32)]
        n_words = np.array([len(row) for row in words], np.int64)
        packed = np.zeros((len(words), n_words.max(initial=0)), ">u4")
        for target, row in zip(packed, words, strict=True):
            target[: len(row)] = row
        return packed.view(np.uint8).reshape(len(words), packed.shape[1] * self.WORD), 8 * self.WORD * n_words

    def decode(self, packed: np.ndarray, n_symbols: int) -> np.ndarray:
        """Read one row of `encode`, cut to its own bytes.

        Parameters
        ----------
        packed : ndarray of uint8, shape (bytes,)
        n_symbols : int

        Returns
        -------
        ndarray of uint8, shape (n_symbols,)

        Raises
        ------
        ValueError
            If the bytes are not what `encode` makes of any `n_symbols` symbols.
        """
        packed = np.asarray(packed)
        if packed.dtype != np.uint8 or packed.ndim != 1:
            raise ValueError(f"coded bytes must be uint8 of one axis, not {packed.dtype} {packed.shape}")
        if n_symbols < 0:
            raise ValueError(f"n_symbols must not be negative, not {n_symbols}")
        if len(packed) % self.WORD:
            raise ValueError(f"{len(packed)} bytes given, a multiple of {self.WORD} is expected")
        words = np.ascontiguousarray(packed).view(">u4").astype(np.uint32)
        try:
            symbols = constriction.stream.queue.RangeDecoder(words).decode(self._model, n_symbols)
        except AssertionError as error:
            raise ValueError(f"{len(packed)} bytes given are no arithmetic code of {n_symbols} symbols") from error
        # The decoder reads zeros beyond the end without a word; coding again tells.
        if not np.array_equal(self._words(symbols), words):
            raise ValueError(f"{len(packed)} bytes given are cut or damaged: not the code of {n_symbols} symbols")
        return symbols.astype(np.uint8)

    def __repr__(self) -> str:
        used = self.probabilities[self.probabilities > 0]
        return f"RangeCode(256 symbols, {-(used * np.log2(used)).sum():.3f} bits a symbol)"

    def _words(self, symbols: np.ndarray) -> np.ndarray:
        coder = constriction.stream.queue.RangeEncoder()
        if len(symbols):
            coder.encode(symbols, self._model)
        return coder.get_compressed()


def _smoothed(counts) -> np.ndarray:
    counts = np.asarray(counts)
    if counts.shape != (N_SYMBOLS,) or not np.issubdtype(counts.dtype, np.integer):
        raise ValueError(f"counts must be {N_SYMBOLS} integers, not {counts.dtype} of shape {counts.shape}")
    if counts.min() < 0 or sum(map(int, counts)) + N_SYMBOLS > MAX_TOTAL:
        raise ValueError(f"counts must not be negative, and their sum at most {MAX_TOTAL - N_SYMBOLS}")
    return counts.astype(np.int64) + 1


def _rows(symbols) -> np.ndarray:
    symbols = np.asarray(symbols)
    if symbols.dtype != np.uint8 or symbols.ndim != 2:
        raise ValueError(f"symbols must be uint8 of shape (N, n), not {symbols.dtype} {symbols.shape}")
    return np.ascontiguousarray(symbols)

"""What decoders of arithmetic codes find: packets of symbols, beside bits and soft values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jscc.soft import SoftResult

__all__ = ["PacketResult"]


@dataclass(frozen=True, repr=False)
class PacketResult(SoftResult):
    """What a search among words that decode to packets found; `converged` tells where it found one.

    Attributes
    ----------
    symbols : ndarray, shape (words, L)
        The packet of the best valid word, zeros where there is none.
    metric : ndarray of float64, shape (words,)
        Equation (7) up to what all words share, as `jscc.arithmetic.chase` writes it; minus infinity without a
        valid word.
    candidates : ndarray of int32, shape (words,)
        Valid words seen.
    queries : ndarray of int32, shape (words,)
        Words tried.
    decoded : ndarray of int64, shape (words,)
        Symbols decoded, which is what the search costs.
    """

    symbols: np.ndarray
    metric: np.ndarray
    candidates: np.ndarray
    queries: np.ndarray
    decoded: np.ndarray

    @classmethod
    def blank(cls, words: int, width: int, length: int, dtype, **more) -> PacketResult:
        """A result in which nothing is found yet, for a decoder to fill in.

        Parameters
        ----------
        words, width, length : int
            Of its arrays: ``(words, width)`` bits and soft values, ``(words, length)`` symbols.
        dtype
            Of the symbols.
        **more
            Further fields of a subclass.
        """
        return cls(
            bits=np.zeros((words, width), np.uint8),
            llr=np.zeros((words, width), np.float32),
            extrinsic=np.zeros((words, width), np.float32),
            converged=np.zeros(words, bool),
            iterations=np.zeros(words, np.int32),
            symbols=np.zeros((words, length), dtype),
            metric=np.full(words, -np.inf),
            candidates=np.zeros(words, np.int32),
            queries=np.zeros(words, np.int32),
            decoded=np.zeros(words, np.int64),
            **more,
        )

"""What every soft decoder returns, and how every coder takes a word or a batch of words.

The one protocol of coders and decoders, which the conventions page says in full: ``encode`` maps information to
a codeword, ``quantise`` a source word to a codeword near it, ``decode`` soft values to a `SoftResult`.  Words lie
along the last axis.  One word, of shape ``(n,)``, or a batch, ``(words, n)``, may be given: what is returned has
a leading axis exactly if what was given had one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

__all__ = ["SoftResult", "as_batch"]


@dataclass(frozen=True, repr=False)
class SoftResult:
    """What a soft decoder found: ``words`` words of n bits, without the leading axis for a single word.

    Log-likelihood ratios are ``ln P(bit = 0) / P(bit = 1)``.

    Attributes
    ----------
    bits : ndarray of uint8, shape (words, n)
        Hard decisions.
    llr : ndarray of float32, shape (words, n)
        A posteriori log-likelihood ratios.
    extrinsic : ndarray of float32, shape (words, n)
        What the code alone says of each bit: ``llr`` without what the decoder was told of that bit.
    converged : ndarray of bool, shape (words,)
        Whether `bits` is a word of the code.
    iterations : ndarray of int32, shape (words,)
        Iterations (or queries) that were run; 1 where the decoder has none.

    Examples
    --------
    >>> llr = np.float32([[2.0, -1.0], [0.5, 3.0]])
    >>> found = SoftResult((llr < 0).astype(np.uint8), llr, llr, np.array([True, False]), np.int32([1, 5]))
    >>> found
    SoftResult(2 x 2 bits, 1 converged)
    >>> found.first().bits
    array([0, 1], dtype=uint8)
    """

    bits: np.ndarray
    llr: np.ndarray
    extrinsic: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray

    def first(self) -> SoftResult:
        """The result of the first word, without the leading axis."""
        return type(self)(*(getattr(self, field.name)[0] for field in fields(self)))

    def __repr__(self) -> str:
        words = self.converged.size
        done = int(np.count_nonzero(self.converged))
        return f"{type(self).__name__}({words} x {self.bits.shape[-1]} bits, {done} converged)"


def as_batch(values, length: int | None, name: str, dtype) -> tuple[np.ndarray, bool]:
    """One word or a batch of words as a batch, and whether it was a single word.

    Parameters
    ----------
    values : array_like, shape (n,) or (words, n)
        With no words at all, too.
    length : int or None
        The n that is expected; None for any.
    name : str
        What the values are called in an error.
    dtype
        ``np.uint8`` for bits, which are checked to be 0 and 1; a float type for soft values, which are checked
        not to be NaN.

    Returns
    -------
    batch : ndarray of dtype, shape (words, n)
        C-contiguous; a view of `values` where that is possible.
    single : bool

    Raises
    ------
    ValueError
        If the shape is another, a bit is not 0 or 1, or a soft value is NaN.

    Examples
    --------
    >>> as_batch([1, 0, 1], 3, "word", np.uint8)
    (array([[1, 0, 1]], dtype=uint8), True)
    >>> as_batch(np.zeros((0, 3)), 3, "llr", np.float32)
    (array([], shape=(0, 3), dtype=float32), False)
    """
    given = np.asarray(values)
    expected = "n" if length is None else str(length)
    if given.ndim not in (1, 2) or (length is not None and given.shape[-1] != length):
        raise ValueError(f"{name} of shape {given.shape} given, ({expected},) or (words, {expected}) is expected")
    if np.dtype(dtype) == np.uint8:
        if given.dtype.kind not in "biu" or (given.size and (given.min() < 0 or given.max() > 1)):
            raise ValueError(f"{name} of {given.dtype} given, bits 0 and 1 of an integer type are expected")
    elif np.isnan(given).any():
        raise ValueError(f"{name} with NaN given, numbers are expected")
    return np.ascontiguousarray(np.atleast_2d(given), dtype=dtype), given.ndim == 1

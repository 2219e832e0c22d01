r"""Parity bits behind a codeword of an arithmetic code: a cyclic redundancy check, or the output of a recursive code.

Both are linear. A word is the l bits of the codeword and m parity bits after them; it passes the check if its
syndrome, the parity of its first l bits plus its last m, is zero. Each bit adds its *column*, an m-bit number, to the
syndrome: so a decoder that guesses errors knows the syndrome of each guess from a few columns, and decodes only words
that pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np

from jscc.arithmetic.coder import word_lengths
from jscc.soft import as_batch

__all__ = ["CyclicCheck", "ParityCheck", "RecursiveCheck", "with_parity"]

MAX_CHECKS = 62


class ParityCheck(Protocol):
    """What `with_parity` and `jscc.arithmetic.GuessingDecoder` ask of a check: it can be hashed, and has these two."""

    n_bits: int

    def columns(self, length: int) -> np.ndarray:
        """What each bit of a codeword of this length adds to the parity: ndarray of int64, shape (length,).

        Parity bit j, the first being 0, stands in place j of the number, the least significant being 0.
        """


@dataclass(frozen=True)
class CyclicCheck:
    """A cyclic redundancy check: the remainder of the word, m places higher, by a polynomial of degree m.

    Attributes
    ----------
    n_bits : int
        m, 1 to 62.
    polynomial : int
        Its coefficients without that of :math:`x^m`, that of :math:`x^0` in the least significant place; this has
        to be 1.

    Raises
    ------
    ValueError
        If the degree is out of range, or the polynomial has no constant term or too high a degree.

    Examples
    --------
    >>> CyclicCheck(8, 0x07)
    CyclicCheck(8 bits, polynomial 0x107)
    >>> with_parity(CyclicCheck(8, 0x07), [1, 0, 0, 1, 1, 0, 1, 0])[0][8:]
    array([1, 1, 0, 0, 1, 1, 1, 1], dtype=uint8)
    """

    n_bits: int
    polynomial: int

    def __post_init__(self):
        _check_count(self.n_bits)
        if not 0 < self.polynomial < 1 << self.n_bits or not self.polynomial & 1:
            raise ValueError(
                f"polynomial={self.polynomial:#x} given, an odd number below {1 << self.n_bits:#x} is expected"
            )

    def columns(self, length: int) -> np.ndarray:
        """What each bit adds to the remainder, its coefficient of highest degree in place 0; int64, shape (length,)."""
        top, full = 1 << (self.n_bits - 1), (1 << self.n_bits) - 1
        out, value = np.zeros(length, np.int64), self.polynomial
        for i in range(length - 1, -1, -1):
            out[i] = int(f"{value:0{self.n_bits}b}"[::-1], 2)
            value = (value << 1 & full) ^ (self.polynomial if value & top else 0)
        return out

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_bits} bits, polynomial {1 << self.n_bits | self.polynomial:#x})"


@dataclass(frozen=True)
class RecursiveCheck:
    """Some of the parity bits of a recursive systematic convolutional code that runs over the word.

    They are taken at m steps, spread evenly, the last at the word's last bit: a code of a rate near 1.

    Attributes
    ----------
    n_bits : int
        m, 1 to 62.
    generator, feedback : int
        Polynomials of the parity output and of the register, as `jscc.convolutional.ConvolutionalCode` has them.
    memory : int

    Raises
    ------
    ValueError
        If a number is out of range.

    Examples
    --------
    >>> RecursiveCheck(8)
    RecursiveCheck(8 bits of 15 / 13)
    """

    n_bits: int
    generator: int = 0o15
    feedback: int = 0o13
    memory: int = 3

    def __post_init__(self):
        _check_count(self.n_bits)
        top = 1 << self.memory
        if not 1 <= self.memory <= 16 or not 0 < self.generator < 2 * top or not top <= self.feedback < 2 * top:
            raise ValueError(
                f"generator={self.generator:o}, feedback={self.feedback:o} and memory={self.memory} given, octal "
                "numbers of memory + 1 bits, 1 to 16 of memory, are expected"
            )

    def columns(self, length: int) -> np.ndarray:
        """What each bit adds to the parity bits that are sent; int64, shape (length,)."""
        response = self._response(length)
        steps = (np.arange(1, self.n_bits + 1) * length + self.n_bits - 1) // self.n_bits - 1
        ahead = steps[None, :] - np.arange(length)[:, None]
        reached = np.where(ahead >= 0, response[np.maximum(ahead, 0)], 0) if length else np.zeros((0, self.n_bits))
        return (reached.astype(np.int64) << np.arange(self.n_bits)).sum(axis=1)

    def _response(self, length: int) -> np.ndarray:
        """Parity output, step by step, after a single 1."""
        out, register = np.zeros(length, np.int64), 0
        for i in range(length):
            register |= ((i == 0) ^ _odd(register & self.feedback)) << self.memory
            out[i] = _odd(register & self.generator)
            register >>= 1
        return out

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.n_bits} bits of {self.generator:o} / {self.feedback:o})"


def with_parity(check: ParityCheck, bits, lengths=None) -> tuple[np.ndarray, np.ndarray]:
    """Words with their parity bits behind them.

    Parameters
    ----------
    check : ParityCheck
    bits : array_like of 0 and 1, shape (width,) or (words, width)
    lengths : int or array_like of int, shape (words,), optional
        l, bits of each word; by default all of them.

    Returns
    -------
    bits : ndarray of uint8, shape (width + m,) or (words, width + m)
        Zeros after the end of each word.
    lengths : ndarray of int64, shape (words,), or int for a single word
        l + m.

    Raises
    ------
    ValueError
        If shapes do not fit, or a length is out of range.
    """
    bits, single = as_batch(bits, None, "bits", np.uint8)
    lengths = word_lengths(lengths, *bits.shape)
    out = np.zeros((len(bits), bits.shape[1] + check.n_bits), np.uint8)
    inside = np.arange(bits.shape[1]) < lengths[:, None]
    out[:, : bits.shape[1]] = bits * inside
    for length in np.unique(lengths).tolist():
        rows = np.flatnonzero(lengths == length)
        columns = columns_of(check, length)
        parity = np.bitwise_xor.reduce(np.where(out[rows, :length] != 0, columns[:length], 0), axis=1)
        out[rows, length : length + check.n_bits] = parity[:, None] >> np.arange(check.n_bits) & 1
    lengths = lengths + check.n_bits
    return (out[0], int(lengths[0])) if single else (out, lengths)


@lru_cache(maxsize=4096)
def columns_of(check: ParityCheck, length: int) -> np.ndarray:
    """Columns of all bits of a word, the parity bits included: int64, shape (length + m,), not to be written to."""
    out = np.concatenate([check.columns(length), np.int64(1) << np.arange(check.n_bits)])
    out.setflags(write=False)
    return out


def _check_count(n_bits: int) -> None:
    if not 1 <= n_bits <= MAX_CHECKS or int(n_bits) != n_bits:
        raise ValueError(f"n_bits={n_bits} given, an integer from 1 to {MAX_CHECKS} is expected")


def _odd(number: int) -> int:
    return number.bit_count() & 1

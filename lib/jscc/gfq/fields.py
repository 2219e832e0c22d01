"""The fields GF(2**p), p = 1 to 8: tables for multiplication, division, powers and logarithms.

An element is the uint8 whose bits are the coefficients of a polynomial over GF(2), the most
significant bit those of the highest power. So addition, which is also subtraction, is exclusive or,
and bits turn into symbols without a table (`jscc.gfq.code.symbols_from_bits`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

__all__ = ["Field", "field"]

# Conway polynomials over GF(2), the customary choice of computer algebra systems (Luebeck's tables of
# Conway polynomials): primitive, so that x generates all non-zero elements.
_CONWAY = {
    1: 0b11,
    2: 0b111,
    3: 0b1011,
    4: 0b1_0011,
    5: 0b10_0101,
    6: 0b101_1011,
    7: 0b1000_0011,
    8: 0b1_0001_1101,
}


@dataclass(frozen=True, eq=False)
class Field:
    """The tables of GF(2**p); made by `field`, one object for each p. The arrays are read-only.

    Attributes
    ----------
    p : int
        Bits of a symbol.
    q : int
        Elements of the field, 2**p.
    polynomial : int
        The Conway polynomial that products are reduced by; bit i is the coefficient of x**i.
    product : ndarray of uint8, shape (q, q)
        ``product[a, b]`` is a times b.
    inverse : ndarray of uint8, shape (q,)
        ``inverse[a]`` is 1 / a; ``inverse[0]`` is 0 and stands for nothing.
    exp : ndarray of uint8, shape (q - 1,)
        ``exp[k]`` is x**k, the powers of the generator x (for p = 1, of 1).
    log : ndarray of int16, shape (q,)
        ``exp[log[a]] == a`` for non-zero a; ``log[0]`` is -1 and stands for nothing.

    Examples
    --------
    >>> from jscc.gfq import field
    >>> gf = field(2)
    >>> gf.multiply([1, 2, 3], 2)
    array([2, 3, 1], dtype=uint8)
    >>> gf.divide(1, [1, 2, 3])
    array([1, 3, 2], dtype=uint8)
    """

    p: int
    q: int
    polynomial: int
    product: np.ndarray
    inverse: np.ndarray
    exp: np.ndarray
    log: np.ndarray

    def multiply(self, a, b) -> np.ndarray:
        """Products of two arrays of symbols, which are broadcast; uint8."""
        return self.product[self.symbols(a), self.symbols(b)]

    def divide(self, a, b) -> np.ndarray:
        """Quotients a / b of two arrays of symbols, which are broadcast; uint8.

        Raises
        ------
        ZeroDivisionError
            If a divisor is zero.
        """
        b = self.symbols(b)
        if not b.all():
            raise ZeroDivisionError(f"b with a 0 given, divisors other than 0 in GF({self.q}) are expected")
        return self.product[self.symbols(a), self.inverse[b]]

    def symbols(self, values, length: int | None = None, name: str = "symbols") -> np.ndarray:
        """The values as uint8, if they are elements of the field.

        Parameters
        ----------
        values : array_like of integers, shape (..., length)
        length : int, optional
            What the last axis must be; without it, any shape will do.
        name : str
            What the values are called in an error.

        Returns
        -------
        ndarray of uint8, of the shape of `values`

        Raises
        ------
        ValueError
            If a value is not an integer from 0 to q - 1, or the last axis is of another length.

        Examples
        --------
        >>> from jscc.gfq import field
        >>> field(3).symbols([[7, 0], [1, 2]], 2)
        array([[7, 0],
               [1, 2]], dtype=uint8)
        """
        values = np.asarray(values)
        if length is not None and (values.ndim < 1 or values.shape[-1] != length):
            raise ValueError(f"{name} of shape {values.shape} given, (..., {length}) is expected")
        if values.dtype.kind not in "ui":
            raise ValueError(f"{name} of {values.dtype} given, integers 0 to {self.q - 1} are expected")
        if values.size and (values.max() >= self.q or values.min() < 0):
            raise ValueError(f"{name} of {values.min()} to {values.max()} given, 0 to {self.q - 1} is expected")
        return values.astype(np.uint8, copy=False)

    def __repr__(self) -> str:
        return f"field({self.p})"

    def __reduce__(self):
        return field, (self.p,)


@cache
def field(p: int) -> Field:
    """GF(2**p) for p = 1 to 8, with the Conway polynomial of that degree.

    Parameters
    ----------
    p : int

    Returns
    -------
    Field

    Raises
    ------
    ValueError
        If p is not 1 to 8.

    Examples
    --------
    >>> from jscc.gfq import field
    >>> field(8)
    field(8)
    >>> field(8).q
    256
    """
    if p not in _CONWAY:
        raise ValueError(f"p={p} given, 1 to 8 bits a symbol is expected")
    p = int(p)
    q, polynomial = 1 << p, _CONWAY[p]
    exp = np.ones(q - 1, np.uint8)
    for k in range(1, q - 1):
        power = int(exp[k - 1]) << 1
        exp[k] = power ^ polynomial if power & q else power
    log = np.full(q, -1, np.int16)
    log[exp] = np.arange(q - 1)
    inverse = np.zeros(q, np.uint8)
    inverse[exp] = exp[-np.arange(q - 1) % (q - 1)]
    product = np.zeros((q, q), np.uint8)
    product[1:, 1:] = exp[np.add.outer(log[1:], log[1:]) % (q - 1)]
    for table in (exp, log, inverse, product):
        table.flags.writeable = False
    return Field(p, q, polynomial, product, inverse, exp, log)

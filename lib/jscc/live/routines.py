"""What numba's code calls and a page does not have: products of matrices in single precision, strides of a reshape.

In Python ``np.dot`` ends in a BLAS library; kernels with products of matrices are linked with these three instead.
Arrays are as BLAS has them: column by column, `lda` numbers from one column to the next.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numba.types import CPointer, float32, int8, int32, int64

__all__ = ["ROUTINES"]

TRANSPOSED = ord("t")
pointer = CPointer(float32)
sizes = CPointer(int64)

_inline = njit(error_model="numpy", forceinline=True)


def numba_xxdot(
    kind: int8, conjugate: int8, n: int64, x: pointer, y: pointer, result: pointer
):  # fmt: skip
    """The product of two vectors."""
    total = np.float32(0)
    for i in range(n):
        total += x[i] * y[i]
    result[0] = total
    return 0


def numba_xxgemv(
    kind: int8, trans: int8, m: int64, n: int64, alpha: pointer, a: pointer, lda: int64, x: pointer, beta: pointer,
    y: pointer,
):  # fmt: skip
    """``y = alpha A x + beta y`` with A of m rows and n columns, or its transpose."""
    if trans == TRANSPOSED:
        for j in range(n):
            total = np.float32(0)
            for i in range(m):
                total += a[j * lda + i] * x[i]
            y[j] = alpha[0] * total + (beta[0] * y[j] if beta[0] != 0 else np.float32(0))
        return 0
    for i in range(m):
        y[i] = beta[0] * y[i] if beta[0] != 0 else np.float32(0)
    for j in range(n):
        factor = alpha[0] * x[j]
        for i in range(m):
            y[i] += factor * a[j * lda + i]
    return 0


@_inline
def _four(values, at):
    """Four numbers from a place on."""
    return values[at], values[at + 1], values[at + 2], values[at + 3]


@_inline
def _added(sums, factor, values, at):
    """Four sums, to each of which a product is added."""
    s0, s1, s2, s3 = sums
    v0, v1, v2, v3 = _four(values, at)
    return s0 + factor * v0, s1 + factor * v1, s2 + factor * v2, s3 + factor * v3


@_inline
def _factor(b, ldb, transposed, p, j):
    """The number of B in row p and column j."""
    return b[p * ldb + j] if transposed else b[j * ldb + p]


@_inline
def _block_of_columns(k, alpha, a, lda, b, ldb, transposed, c, ldc, i, j):
    """Eight rows of four columns of C: sums that stay in vectors while the products are added."""
    c0, c1, c2, c3 = j * ldc + i, (j + 1) * ldc + i, (j + 2) * ldc + i, (j + 3) * ldc + i
    low0, low1, low2, low3 = _four(c, c0), _four(c, c1), _four(c, c2), _four(c, c3)
    high0, high1, high2, high3 = _four(c, c0 + 4), _four(c, c1 + 4), _four(c, c2 + 4), _four(c, c3 + 4)
    for p in range(k):
        f0, f1 = alpha * _factor(b, ldb, transposed, p, j), alpha * _factor(b, ldb, transposed, p, j + 1)
        f2, f3 = alpha * _factor(b, ldb, transposed, p, j + 2), alpha * _factor(b, ldb, transposed, p, j + 3)
        low0, high0 = _added(low0, f0, a, p * lda + i), _added(high0, f0, a, p * lda + i + 4)
        low1, high1 = _added(low1, f1, a, p * lda + i), _added(high1, f1, a, p * lda + i + 4)
        low2, high2 = _added(low2, f2, a, p * lda + i), _added(high2, f2, a, p * lda + i + 4)
        low3, high3 = _added(low3, f3, a, p * lda + i), _added(high3, f3, a, p * lda + i + 4)
    _put(c, c0, low0, high0)
    _put(c, c1, low1, high1)
    _put(c, c2, low2, high2)
    _put(c, c3, low3, high3)


@_inline
def _put(values, at, low, high):
    """Write eight numbers from a place on."""
    values[at], values[at + 1], values[at + 2], values[at + 3] = low
    values[at + 4], values[at + 5], values[at + 6], values[at + 7] = high


@_inline
def _block(k, alpha, a, lda, b, ldb, transposed, c, ldc, i, j):
    """Four rows of one column."""
    first = j * ldc + i
    sums = _four(c, first)
    for p in range(k):
        sums = _added(sums, alpha * _factor(b, ldb, transposed, p, j), a, p * lda + i)
    c[first], c[first + 1], c[first + 2], c[first + 3] = sums


def numba_xxgemm(
    kind: int8, transa: int8, transb: int8, m: int64, n: int64, k: int64, alpha: pointer, a: pointer, lda: int64,
    b: pointer, ldb: int64, beta: pointer, c: pointer, ldc: int64,
):  # fmt: skip
    """``C = alpha A B + beta C`` with C of m rows and n columns; A and B as they are, or transposed."""
    for j in range(n):
        for i in range(j * ldc, j * ldc + m):
            c[i] = beta[0] * c[i] if beta[0] != 0 else np.float32(0)
    transposed, upright = transb == TRANSPOSED, transa != TRANSPOSED
    step = lda if upright else 1
    wide = m // 8 * 8 if upright else 0  # rows that are reckoned eight at a time, where there are four columns
    four = m // 4 * 4 if upright else 0
    j = 0
    while j < n:
        columns = 4 if j + 4 <= n else 1
        first = 0
        if columns == 4:
            for i in range(0, wide, 8):
                _block_of_columns(k, alpha[0], a, lda, b, ldb, transposed, c, ldc, i, j)
            first = wide
        for column in range(j, j + columns):
            for i in range(first, four, 4):
                _block(k, alpha[0], a, lda, b, ldb, transposed, c, ldc, i, column)
            for i in range(four, m):
                total = c[column * ldc + i]
                start = i if upright else i * lda
                for p in range(k):
                    total += alpha[0] * _factor(b, ldb, transposed, p, column) * a[start + p * step]
                c[column * ldc + i] = total
        j += columns
    return 0


def numba_attempt_nocopy_reshape(
    nd: int64,
    dims: sizes,
    strides: sizes,
    newnd: int64,
    newdims: sizes,
    newstrides: sizes,
    itemsize: int64,
    is_f_order: int32,
):
    """The strides of an array without gaps in another shape; 0 if it has gaps."""
    step = itemsize
    for k in range(nd):
        axis = nd - 1 - k
        if dims[axis] != 1 and strides[axis] != step:
            return 0
        step *= dims[axis]
    step = itemsize
    for k in range(newnd):
        axis = newnd - 1 - k
        newstrides[axis] = step
        step *= newdims[axis]
    return 1


ROUTINES = (numba_xxdot, numba_xxgemv, numba_xxgemm, numba_attempt_nocopy_reshape)

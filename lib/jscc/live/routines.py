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


def numba_xxgemm(
    kind: int8, transa: int8, transb: int8, m: int64, n: int64, k: int64, alpha: pointer, a: pointer, lda: int64,
    b: pointer, ldb: int64, beta: pointer, c: pointer, ldc: int64,
):  # fmt: skip
    """``C = alpha A B + beta C`` with C of m rows and n columns; A and B as they are, or transposed."""
    for j in range(n):
        first = j * ldc
        for i in range(m):
            c[first + i] = beta[0] * c[first + i] if beta[0] != 0 else np.float32(0)
        step = 1 if transa == TRANSPOSED else lda
        i = 0
        # Sums that stay in vectors of the processor while the products are added, two vectors or one.
        while i + 8 <= m and transa != TRANSPOSED:
            low, high = _four(c, first + i), _four(c, first + i + 4)
            for p in range(k):
                factor = alpha[0] * (b[p * ldb + j] if transb == TRANSPOSED else b[j * ldb + p])
                low = _added(low, factor, a, p * lda + i)
                high = _added(high, factor, a, p * lda + i + 4)
            c[first + i], c[first + i + 1], c[first + i + 2], c[first + i + 3] = low
            c[first + i + 4], c[first + i + 5], c[first + i + 6], c[first + i + 7] = high
            i += 8
        while i + 4 <= m and transa != TRANSPOSED:
            low = _four(c, first + i)
            for p in range(k):
                factor = alpha[0] * (b[p * ldb + j] if transb == TRANSPOSED else b[j * ldb + p])
                low = _added(low, factor, a, p * lda + i)
            c[first + i], c[first + i + 1], c[first + i + 2], c[first + i + 3] = low
            i += 4
        while i < m:
            total = c[first + i]
            start = i * lda if transa == TRANSPOSED else i
            for p in range(k):
                factor = alpha[0] * (b[p * ldb + j] if transb == TRANSPOSED else b[j * ldb + p])
                total += factor * a[start + p * step]
            c[first + i] = total
            i += 1
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

"""What numba's code calls and a page does not have: products of matrices in single precision, strides of a reshape.

In Python ``np.dot`` ends in a BLAS library; kernels with products of matrices are linked with these three instead.
Arrays are as BLAS has them: column by column, `lda` numbers from one column to the next.
"""

from __future__ import annotations

import numpy as np
from numba.types import CPointer, float32, int8, int32, int64

__all__ = ["ROUTINES"]

TRANSPOSED = ord("t")
pointer = CPointer(float32)
sizes = CPointer(int64)


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


def numba_xxgemm(
    kind: int8, transa: int8, transb: int8, m: int64, n: int64, k: int64, alpha: pointer, a: pointer, lda: int64,
    b: pointer, ldb: int64, beta: pointer, c: pointer, ldc: int64,
):  # fmt: skip
    """``C = alpha A B + beta C`` with C of m rows and n columns; A and B as they are, or transposed."""
    for j in range(n):
        for i in range(m):
            c[j * ldc + i] = beta[0] * c[j * ldc + i] if beta[0] != 0 else np.float32(0)
        for p in range(k):
            factor = alpha[0] * (b[p * ldb + j] if transb == TRANSPOSED else b[j * ldb + p])
            if factor == 0:  # as the reference BLAS does; half of what a network reads are zeros
                continue
            if transa == TRANSPOSED:
                for i in range(m):
                    c[j * ldc + i] += factor * a[i * lda + p]
            else:
                for i in range(m):
                    c[j * ldc + i] += factor * a[p * lda + i]
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

"""Kernels of the room's networks: they allocate nothing and raise nothing."""

from __future__ import annotations

import numpy as np
from numba import njit

from jscc.fastmath import RELAXED, log, power_of_two

_ZERO = np.float32(0)
_ONE = np.float32(1)
_LARGEST = np.float32(64)  # what `power_of_two` takes for the power 1
_LOG2_E = np.float32(1 / np.log(2))

jit = njit(error_model="numpy", nogil=True, cache=True, _nrt=False, fastmath=set(RELAXED))


@jit
def log_likelihoods(logits, shift, images, scratch, out):
    """The log-likelihood of binary pixels, given their logits, of each word and image.

    A pixel takes away ln(1 + exp t), t its logit with the sign turned if the pixel is 1: the positive part of t, and
    the logarithm of 1 + exp(-|t|). The two lie in scratch before they are added, for loops without a sum are what the
    compiler makes the best of.

    Parameters
    ----------
    logits : ndarray of int16 or int32, shape (K, N, pixels)
        The bits of numbers of the format bfloat16 or float32.
    shift : int32
        How far those bits are from a float32's: 16 or 0.
    images : ndarray of uint8, shape (N, pixels)
        0 and 1.
    scratch : ndarray of float32, shape (2, pixels)
    out : ndarray of float32, shape (K, N)
    """
    words, count, pixels = logits.shape
    positive, factor = scratch[0], scratch[1]
    for k in range(words):
        for n in range(count):
            said, wanted = logits[k, n], images[n]
            for i in range(pixels):
                value = np.int32(np.int32(said[i]) << shift).view(np.float32)
                t = value - (value + value) * np.float32(wanted[i])
                positive[i] = max(t, _ZERO)
                factor[i] = _ONE + power_of_two(max(_LARGEST - abs(t) * _LOG2_E, _ZERO))
            lost = _ZERO
            for i in range(pixels):
                lost += positive[i]
            for i in range(pixels):
                lost += log(factor[i])
            out[k, n] = -lost

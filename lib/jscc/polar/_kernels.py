"""Kernels of polar codes: density evolution and successive cancellation (`jscc.polar.code` says how)."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["parity", "polarise", "successive_cancellation"]


@njit(error_model="numpy", cache=True)
def polarise(weight, bias, finer_weight, finer_bias):
    """The two channels that each channel becomes, as mixtures of as many components.

    weight, bias : (channels, components); finer_weight, finer_bias : (2 * channels, components), filled
    with W- and W+ in turn
    """
    components = weight.shape[1]
    for channel in range(len(weight)):
        minus, plus = 2 * channel, 2 * channel + 1
        for i in range(components):
            if weight[channel, i] == 0:
                continue
            for j in range(i + 1):
                both = weight[channel, i] * weight[channel, j] * (1 if i == j else 2)
                if both == 0:
                    continue
                a, b = bias[channel, i], bias[channel, j]
                ab = a * b
                _add(finer_weight[minus], finer_bias[minus], both, ab)
                _add(finer_weight[plus], finer_bias[plus], both * (1 + ab) / 2, min((a + b) / (1 + ab), 1.0))
                if ab < 1:
                    _add(finer_weight[plus], finer_bias[plus], both * (1 - ab) / 2, min(abs(a - b) / (1 - ab), 1.0))
        for k in range(components):
            for child in (minus, plus):
                if finer_weight[child, k] > 0:
                    finer_bias[child, k] = min(finer_bias[child, k] / finer_weight[child, k], 1.0)


@njit(error_model="numpy", cache=True)
def _add(weight, bias, more, a):
    """Add a component to the sums of its bin; bins are narrow where channels are good."""
    k = min(int(weight.size * (1 - np.sqrt(1 - a))), weight.size - 1)
    weight[k] += more
    bias[k] += more * a


@njit(error_model="numpy", cache=True)
def successive_cancellation(ratio, frozen, below, inputs, codeword):
    """Bits of the transform's input one after the other, and the transform.

    ratio : float64 (2 N,), the log-likelihood ratios of the codeword's bits in its second half, used up; frozen : bool
    (N,); below : float64 (N,), an information bit is 1 if its ratio is less than this; inputs, codeword : uint8 (N,),
    written
    """
    n = frozen.size
    # The ratios of the block of size s that is at work are ratio[s : 2 * s].
    for i in range(n):
        # The largest block that begins at i. Unless it is the whole, it is the right half of one whose left half is
        # known, and so are the ratios of that one.
        size = n if i == 0 else i & -i
        if i > 0:
            for j in range(size):
                left, right = ratio[2 * size + j], ratio[3 * size + j]
                ratio[size + j] = right - left if codeword[i - size + j] else right + left
        while size > 1:
            size //= 2
            for j in range(size):
                ratio[size + j] = parity(ratio[2 * size + j], ratio[3 * size + j])
        bit = not frozen[i] and ratio[1] < below[i]
        inputs[i] = bit
        codeword[i] = bit
        done = 1
        while (i + 1) & done == 0:
            first = i + 1 - 2 * done
            for j in range(first, first + done):
                codeword[j] ^= codeword[j + done]
            done *= 2


@njit(error_model="numpy", cache=True)
def parity(a, b):
    """The log-likelihood ratio of the sum of two bits."""
    least = min(abs(a), abs(b))
    size = least + np.log1p(np.exp(-abs(a) - abs(b))) - np.log1p(np.exp(-abs(abs(a) - abs(b))))
    return size if (a < 0) == (b < 0) else -size

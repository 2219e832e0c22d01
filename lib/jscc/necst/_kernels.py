"""Kernels of the room's networks: they allocate nothing and raise nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from jscc.fastmath import RELAXED, inline, log, power_of_two

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


@inline
def _add_four(out, size, factors, a, b, c, d):
    """Add four rows times their factors."""
    f, g, h, k = factors
    for j in range(size):
        out[j] += f * a[j] + g * b[j] + h * c[j] + k * d[j]


class Layers(NamedTuple):
    """A perceptron as flat arrays, and what its kernel works with."""

    sizes: np.ndarray  # int64, (layers + 1,): numbers of inputs, of hidden units, of outputs
    weights: np.ndarray  # float32, flat: of each layer (inputs, outputs), row by row
    biases: np.ndarray  # float32, flat
    active: np.ndarray  # int64, (widest,): scratch
    states: np.ndarray  # float32, (2, widest): scratch


def layers_of(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> Layers:
    """The layers of a perceptron from the weights (inputs, outputs) and the biases (outputs,) of each."""
    sizes = [weights[0].shape[0], *(weight.shape[1] for weight in weights)]
    return Layers(
        np.array(sizes),
        np.concatenate([np.ascontiguousarray(weight).ravel() for weight in weights]),
        np.concatenate(biases).astype(np.float32),
        np.empty(max(sizes), np.int64),
        np.empty((2, max(sizes)), np.float32),
    )


@jit
def perceptron(rows, layers, out):
    """Outputs of a perceptron with rectifiers, row by row; units at zero cost nothing.

    Parameters
    ----------
    rows : ndarray of float32, shape (N, inputs)
    layers : Layers
    out : ndarray of float32, shape (N, outputs)
    """
    last = len(layers.sizes) - 2
    for n in range(len(rows)):
        weight, bias = 0, 0
        for layer in range(last + 1):
            inputs, outputs = layers.sizes[layer], layers.sizes[layer + 1]
            before = rows[n] if layer == 0 else layers.states[(layer + 1) % 2]
            after = out[n] if layer == last else layers.states[layer % 2]
            count = 0
            for i in range(inputs):
                if layer == 0 or before[i] > _ZERO:
                    if before[i] != _ZERO:
                        layers.active[count] = i
                        count += 1
            for j in range(outputs):
                after[j] = layers.biases[bias + j]
            at = 0
            while at + 4 <= count:
                i0, i1, i2, i3 = layers.active[at], layers.active[at + 1], layers.active[at + 2], layers.active[at + 3]
                _add_four(
                    after,
                    outputs,
                    (before[i0], before[i1], before[i2], before[i3]),
                    layers.weights[weight + i0 * outputs : weight + (i0 + 1) * outputs],
                    layers.weights[weight + i1 * outputs : weight + (i1 + 1) * outputs],
                    layers.weights[weight + i2 * outputs : weight + (i2 + 1) * outputs],
                    layers.weights[weight + i3 * outputs : weight + (i3 + 1) * outputs],
                )
                at += 4
            while at < count:
                i0 = layers.active[at]
                factor = before[i0]
                row = layers.weights[weight + i0 * outputs : weight + (i0 + 1) * outputs]
                for j in range(outputs):
                    after[j] += factor * row[j]
                at += 1
            weight += inputs * outputs
            bias += outputs


@jit
def perceptron_word(pixels, layers, rows, logits, word):
    """The likeliest bits of images: those whose logit is positive.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (N, inputs)
    layers : Layers
    rows : ndarray of float32, shape (N, inputs)
        Scratch.
    logits : ndarray of float32, shape (N, outputs)
    word : ndarray of uint8, shape (N, outputs)
        Both are written.
    """
    for n in range(len(pixels)):
        for i in range(pixels.shape[1]):
            rows[n, i] = np.float32(pixels[n, i])
    perceptron(rows, layers, logits)
    for n in range(len(word)):
        for j in range(word.shape[1]):
            word[n, j] = logits[n, j] > _ZERO


@jit
def perceptron_picture(received, layers, rows, logits, out):
    """The probability of each pixel to be 1, given received bits.

    Parameters
    ----------
    received : ndarray of uint8, shape (N, inputs)
    layers : Layers
        With all bits at -1 in the biases of the first: bits enter as 0 and 2.
    rows : ndarray of float32, shape (N, inputs)
        Scratch.
    logits, out : ndarray of float32, shape (N, outputs)
        Both are written.
    """
    for n in range(len(received)):
        for i in range(received.shape[1]):
            rows[n, i] = np.float32(2 * received[n, i])
    perceptron(rows, layers, logits)
    for n in range(len(out)):
        for j in range(out.shape[1]):
            out[n, j] = _ONE / (_ONE + np.float32(np.exp(-logits[n, j])))

"""Kernels on packed bits: Hamming distances, the nearest of many codewords, and weights of linear codes.

Words are rows of uint64, codewords columns, so that the loops over codewords are vector instructions: an exclusive or
and the sum of the bits of eight codewords at once where the processor counts bits in vectors.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BLOCK = 256
"""Codewords whose distances are kept at once: of 784 bits they lie in the first cache."""

_ONE = np.uint64(1)
_TWO = np.uint64(2)
_FOUR = np.uint64(4)
_TOP = np.uint64(56)
_PAIRS = np.uint64(0x5555555555555555)
_NIBBLES = np.uint64(0x3333333333333333)
_BYTES = np.uint64(0x0F0F0F0F0F0F0F0F)
_SUM = np.uint64(0x0101010101010101)

_jit = njit(error_model="numpy", nogil=True, cache=True, _nrt=False)
_inline = njit(error_model="numpy", nogil=True, cache=True, _nrt=False, forceinline=True)


def pack(bits: np.ndarray) -> np.ndarray:
    """Rows of bits as uint64, (N, ceil(n / 64)), filled up with zeros."""
    bytes_ = np.packbits(bits, axis=1)
    packed = np.zeros((len(bits), -(-bits.shape[1] // 64) * 8), np.uint8)
    packed[:, : bytes_.shape[1]] = bytes_
    return packed.view(np.uint64)


@_inline
def count_ones(x):
    """Ones of a uint64. The compiler knows these steps, and puts the processor's own instruction in their place."""
    x = x - ((x >> _ONE) & _PAIRS)
    x = (x & _NIBBLES) + ((x >> _TWO) & _NIBBLES)
    x = (x + (x >> _FOUR)) & _BYTES
    return (x * _SUM) >> _TOP


@_inline
def _word(row, first, above):
    """The numbers first to first + 63 of a row as bits, the first the lowest: 1 where one lies above a level."""
    word = np.uint64(0)
    for i in range(min(64, len(row) - first)):
        if row[first + i] > above:
            word |= _ONE << np.uint64(i)
    return word


@_jit
def pack_rows(rows, above, out):
    """Rows of numbers (N, n) as rows of bits, uint64 (N, words); `pack` has another order inside a word."""
    for n in range(len(rows)):
        for w in range(out.shape[1]):
            out[n, w] = _word(rows[n], 64 * w, above)


@_jit
def pack_columns(rows, above, out):
    """Rows of numbers (C, n) as columns of bits, uint64 (words, C), in the order of `pack_rows`."""
    for c in range(len(rows)):
        for w in range(len(out)):
            out[w, c] = _word(rows[c], 64 * w, above)


@_jit
def codewords(generator, out):
    """All words of a linear code, that of the number i in row i, whose bits are i's, the most significant first.

    Parameters
    ----------
    generator : ndarray of uint8, shape (k, n)
    out : ndarray of uint8, shape (2^k, n)
    """
    dimension = len(generator)
    for number in range(len(out)):
        for j in range(out.shape[1]):
            out[number, j] = 0
        for row in range(dimension):
            if number >> (dimension - 1 - row) & 1:
                for j in range(out.shape[1]):
                    out[number, j] ^= generator[row, j]


@_jit
def posterior_mean(posterior, levels, scale, out):
    """The mean of images by the probability of each.

    Parameters
    ----------
    posterior : ndarray of float32, shape (N, C)
    levels : ndarray of uint8, shape (C, pixels)
    scale : float32
        What a level counts.
    out : ndarray of float32, shape (N, pixels)
    """
    for n in range(len(posterior)):
        for i in range(out.shape[1]):
            out[n, i] = np.float32(0)
        for c in range(len(levels)):
            factor = posterior[n, c] * scale
            if factor > 0:
                for i in range(out.shape[1]):
                    out[n, i] += factor * np.float32(levels[c, i])


@_inline
def block_distances(row, columns, first, size, out):
    """Distances of a word to the codewords first, first + 1, ..., as uint64."""
    words = len(row)
    for c in range(size):
        out[c] = count_ones(row[0] ^ columns[0, first + c])
    w = 1
    while w + 4 <= words:
        a, b, d, e = row[w], row[w + 1], row[w + 2], row[w + 3]
        for c in range(size):
            out[c] += (
                count_ones(a ^ columns[w, first + c])
                + count_ones(b ^ columns[w + 1, first + c])
                + count_ones(d ^ columns[w + 2, first + c])
                + count_ones(e ^ columns[w + 3, first + c])
            )
        w += 4
    while w < words:
        a = row[w]
        for c in range(size):
            out[c] += count_ones(a ^ columns[w, first + c])
        w += 1


@_jit
def nearest(rows, columns, scratch, index, distance):
    """The nearest codeword of each word, of several equally near the first.

    Parameters
    ----------
    rows : ndarray of uint64, shape (N, words)
    columns : ndarray of uint64, shape (words, C)
    scratch : ndarray of uint64, shape (BLOCK,)
    index : ndarray of int64, shape (N,)
    distance : ndarray of int64, shape (N,)
        Both are written.
    """
    for n in range(len(rows)):
        distance[n] = np.int64(2**62)
    for first in range(0, columns.shape[1], BLOCK):
        size = min(BLOCK, columns.shape[1] - first)
        for n in range(len(rows)):
            block_distances(rows[n], columns, first, size, scratch)
            least = scratch[0]
            for c in range(1, size):
                least = min(least, scratch[c])
            if np.int64(least) < distance[n]:
                distance[n] = np.int64(least)
                c = 0
                while scratch[c] != least:
                    c += 1
                index[n] = first + c


@_jit
def cluster_sums(images, index, sums, sizes):
    """Add the images of each cluster to its sum, and count them.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, pixels)
    index : ndarray of int64, shape (N,)
    sums : ndarray of int64, shape (C, pixels)
    sizes : ndarray of int64, shape (C,)
    """
    for n in range(len(images)):
        cluster = index[n]
        sizes[cluster] += 1
        for i in range(images.shape[1]):
            sums[cluster, i] += images[n, i]


@_jit
def posteriors(rows, columns, prior, factors, scratch, out):
    """The probability of each codeword given a received word.

    Parameters
    ----------
    rows : ndarray of uint64, shape (N, words)
        Received words.
    columns : ndarray of uint64, shape (words, C)
    prior : ndarray of float32, shape (C,)
        At least one is positive.
    factors : ndarray of float32, shape (n + 1,)
        What d more wrong bits are worth, powers of eps / (1 - eps).
    scratch : ndarray of uint64, shape (C,)
    out : ndarray of float32, shape (N, C)
    """
    codewords = columns.shape[1]
    for n in range(len(rows)):
        block_distances(rows[n], columns, 0, codewords, scratch)
        least = np.uint64(2**62)
        for c in range(codewords):
            if prior[c] > 0:
                least = min(least, scratch[c])
        total = np.float32(0)
        for c in range(codewords):
            weight = np.float32(0)
            if prior[c] > 0:
                weight = prior[c] * factors[scratch[c] - least]
            out[n, c] = weight
            total += weight
        scale = np.float32(1) / total
        for c in range(codewords):
            out[n, c] *= scale


@_jit
def weights(generator, word, counts):
    """How many codewords of a linear code have each weight.

    Parameters
    ----------
    generator : ndarray of uint64, shape (k, words)
    word : ndarray of uint64, shape (words,)
        Scratch.
    counts : ndarray of int64, shape (n + 1,)
        Added to. Codewords are visited in the order of a Gray code, each from the last by one row.
    """
    for w in range(len(word)):
        word[w] = np.uint64(0)
    counts[0] += 1
    for number in range(1, np.int64(1) << len(generator)):
        row = 0
        while not number >> row & 1:
            row += 1
        weight = np.uint64(0)
        for w in range(len(word)):
            word[w] ^= generator[row, w]
            weight += count_ones(word[w])
        counts[weight] += 1

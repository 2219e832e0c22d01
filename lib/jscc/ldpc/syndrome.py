"""Syndromes of bit-planes: ``s = H x`` over GF(2) for up to eight planes at once (paper 1, eq. 1).

A byte of a packed image holds one bit of each plane, and addition over GF(2) is exclusive or. So
the exclusive or of the bytes that a check sees is that check's syndrome bit in all eight planes.
What limits the speed is then not arithmetic but loads, so the kernel first turns eight images by 90
degrees: one 64-bit word then holds the same pixel of eight images, and one load serves them all.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from jscc.tanner import TannerGraph

_GROUP = 6  # edges that the kernel reads in one go: the check degree of paper 1's code


def syndromes(packed: np.ndarray, graph: TannerGraph) -> np.ndarray:
    """Syndromes of packed bit-planes.

    Parameters
    ----------
    packed : ndarray of uint8, shape (..., n)
        Packed planes (see `jscc.bitplanes`), for instance flattened 8-bit images: bit 7 - i of a
        byte belongs to plane i. n must be the graph's number of variables.
    graph : TannerGraph
        The code, m checks on n variables.

    Returns
    -------
    ndarray of uint8, shape (..., m)
        Packed syndromes: bit 7 - i of byte j is check j of plane i.

    Raises
    ------
    ValueError
        If the dtype or the last axis does not fit.

    Examples
    --------
    A byte of two planes' ones: the check of the first two variables adds them in both planes at once.

    >>> import numpy as np
    >>> from jscc.tanner import TannerGraph
    >>> graph = TannerGraph.from_matrix([[1, 1, 0], [0, 1, 1]])
    >>> syndromes(np.array([0b11000000, 0b01000000, 0], np.uint8), graph)
    array([128,  64], dtype=uint8)
    """
    packed = np.asarray(packed)
    if packed.dtype != np.uint8:
        raise ValueError(f"packed planes of {packed.dtype} given, uint8 is expected")
    if packed.ndim < 1 or packed.shape[-1] != graph.n_variables:
        raise ValueError(f"packed planes of shape {packed.shape} given, (..., {graph.n_variables}) is expected")
    rows = np.ascontiguousarray(packed.reshape(-1, graph.n_variables))
    if graph.n_variables % 8:
        rows = np.pad(rows, ((0, 0), (0, -graph.n_variables % 8)))
    n_words = graph.n_variables // 8 + 1  # of a turned block: at least one byte more, which stays 0
    out = np.empty((len(rows), -(-graph.n_checks // 8) * 8), np.uint8)
    first_group, groups = _grouped_edges(graph, n_words)
    block, sums = np.empty((8, n_words), np.uint64), np.zeros((8, out.shape[1] // 8), np.uint64)
    _syndrome_kernel(rows.view(np.uint64), first_group, groups, block, sums, out.view(np.uint64))
    return out[:, : graph.n_checks].reshape(*packed.shape[:-1], graph.n_checks)


def _grouped_edges(graph: TannerGraph, n_words: int) -> tuple[np.ndarray, np.ndarray]:
    """Where each check's variables stand in a turned block, `_GROUP` at a time.

    A check's last group is filled up with the byte after the last variable, which is always 0.
    """
    n_groups = -(-graph.check_degrees // _GROUP)
    first_group = np.concatenate([[0], np.cumsum(n_groups)])
    variables = np.full((first_group[-1], _GROUP), graph.n_variables)
    slot = np.arange(graph.n_edges) - np.repeat(graph.check_start[:-1], graph.check_degrees)
    slot += np.repeat(first_group[:-1] * _GROUP, graph.check_degrees)
    variables.reshape(-1)[slot] = graph.check_variables
    positions = variables % 8 * n_words + variables // 8
    return first_group.astype(np.uint32), positions.astype(np.uint32)  # unsigned: no test for negative indices


@njit(cache=True)
def _exchange(x, y, shift, mask):
    """Exchange the bits of `y` under `mask` with the bits of `x` that are `shift` higher, word by word."""
    for w in range(len(x)):
        difference = ((x[w] >> shift) ^ y[w]) & mask
        y[w] ^= difference
        x[w] ^= difference << shift


@njit(cache=True)
def _turn(block):
    """Transpose, in place, the 8 x 8 bytes in every column of eight rows of words.

    Afterwards ``block[k, w]`` holds byte k of word w of each row; a second turn undoes it.
    """
    for k in (0, 1, 2, 3):
        _exchange(block[k], block[k + 4], np.uint64(32), np.uint64(0x00000000FFFFFFFF))
    for k in (0, 1, 4, 5):
        _exchange(block[k], block[k + 2], np.uint64(16), np.uint64(0x0000FFFF0000FFFF))
    for k in (0, 2, 4, 6):
        _exchange(block[k], block[k + 1], np.uint64(8), np.uint64(0x00FF00FF00FF00FF))


@njit(cache=True)
def _syndrome_kernel(rows, first_group, groups, block, sums, out):
    """Exclusive-or the bytes that every check sees, eight rows at a time.

    rows : (images, words), out : (images, words of checks); groups: see `_grouped_edges`.
    block : (8, n_words) and sums : (8, words of checks) of zeros, scratch.
    """
    pixels = block.reshape(-1)
    for first in range(0, len(rows), 8):
        n_rows = min(8, len(rows) - first)
        block[:] = 0
        block[:n_rows, : rows.shape[1]] = rows[first : first + n_rows]
        _turn(block)
        for check in range(len(first_group) - 1):
            total = np.uint64(0)
            for group in range(first_group[check], first_group[check + 1]):
                p = groups[group]
                total ^= pixels[p[0]] ^ pixels[p[1]] ^ pixels[p[2]] ^ pixels[p[3]] ^ pixels[p[4]] ^ pixels[p[5]]
            sums[check & 7, check >> 3] = total
        _turn(sums)
        out[first : first + n_rows] = sums[:n_rows]

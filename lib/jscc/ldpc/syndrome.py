"""Syndromes of bit-planes: ``s = H x`` over GF(2) for up to eight planes at once (paper 1, eq. 1).

A byte of a packed image holds one bit of each plane, and addition over GF(2) is exclusive or. So
the exclusive or of the bytes that a check sees is that check's syndrome bit in all eight planes.
What limits the speed is then not arithmetic but loads, so the kernel turns eight images at a time
by 90 degrees: one 64-bit word holds the same pixel of eight images, and one load serves them all.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from jscc.tanner import TannerGraph


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
    """
    packed = np.asarray(packed)
    if packed.dtype != np.uint8:
        raise ValueError(f"packed planes must be uint8, not {packed.dtype}")
    if packed.ndim < 1 or packed.shape[-1] != graph.n_variables:
        raise ValueError(f"the last axis must hold the code's {graph.n_variables} variables, not {packed.shape}")
    rows = np.ascontiguousarray(packed.reshape(-1, graph.n_variables))
    width = -(-graph.n_variables // 8) * 8
    if width != graph.n_variables:
        rows = np.pad(rows, ((0, 0), (0, width - graph.n_variables)))
    out_width = -(-graph.n_checks // 8) * 8
    out = np.empty((len(rows), out_width), np.uint8)
    byte, word = graph.check_variables % 8, graph.check_variables // 8
    positions = byte * np.int32(width // 8) + word
    _syndrome_kernel(rows.view(np.uint64), graph.check_start, positions, out.view(np.uint64))
    return out[:, : graph.n_checks].reshape(*packed.shape[:-1], graph.n_checks)


@njit(inline="always")
def _transpose_bytes(a, b, c, d, e, f, g, h):
    """Transpose the 8 x 8 bytes of eight words: byte k of word j goes to byte j of word k."""
    low4, low2, low1 = np.uint64(0x00000000FFFFFFFF), np.uint64(0x0000FFFF0000FFFF), np.uint64(0x00FF00FF00FF00FF)
    s4, s2, s1 = np.uint64(32), np.uint64(16), np.uint64(8)
    a, e = (a & low4) | (e << s4), (a >> s4) | (e & ~low4)
    b, f = (b & low4) | (f << s4), (b >> s4) | (f & ~low4)
    c, g = (c & low4) | (g << s4), (c >> s4) | (g & ~low4)
    d, h = (d & low4) | (h << s4), (d >> s4) | (h & ~low4)
    a, c = (a & low2) | ((c & low2) << s2), ((a >> s2) & low2) | (c & ~low2)
    b, d = (b & low2) | ((d & low2) << s2), ((b >> s2) & low2) | (d & ~low2)
    e, g = (e & low2) | ((g & low2) << s2), ((e >> s2) & low2) | (g & ~low2)
    f, h = (f & low2) | ((h & low2) << s2), ((f >> s2) & low2) | (h & ~low2)
    a, b = (a & low1) | ((b & low1) << s1), ((a >> s1) & low1) | (b & ~low1)
    c, d = (c & low1) | ((d & low1) << s1), ((c >> s1) & low1) | (d & ~low1)
    e, f = (e & low1) | ((f & low1) << s1), ((e >> s1) & low1) | (f & ~low1)
    g, h = (g & low1) | ((h & low1) << s1), ((g >> s1) & low1) | (h & ~low1)
    return a, b, c, d, e, f, g, h


@njit(cache=True)
def _turn(rows, columns, n_rows):
    """Turn eight rows of bytes into columns: ``columns[k, w]`` holds byte k of word w of each row.

    rows : (8, words), columns : (8, words), both uint64. Rows from `n_rows` on are not read.
    """
    if n_rows == 8:
        for w in range(columns.shape[1]):  # a plain loop over words: LLVM makes vectors of it
            a, b, c, d, e, f, g, h = _transpose_bytes(
                rows[0, w], rows[1, w], rows[2, w], rows[3, w], rows[4, w], rows[5, w], rows[6, w], rows[7, w]
            )
            columns[0, w], columns[1, w], columns[2, w], columns[3, w] = a, b, c, d
            columns[4, w], columns[5, w], columns[6, w], columns[7, w] = e, f, g, h
        return
    byte = np.uint64(255)
    for w in range(columns.shape[1]):
        for k in range(8):
            word = np.uint64(0)
            for i in range(n_rows):
                word |= ((rows[i, w] >> np.uint64(8 * k)) & byte) << np.uint64(8 * i)
            columns[k, w] = word


@njit(cache=True)
def _syndrome_kernel(rows, check_start, positions, out):
    """Exclusive-or the bytes that every check sees, eight rows at a time.

    rows : (images, words) and out : (images, words of checks), padded to whole words;
    positions : where each edge's variable stands in a turned block.
    """
    n_checks = len(check_start) - 1
    turned = np.zeros((8, rows.shape[1]), np.uint64)
    sums = np.zeros((out.shape[1], 8), np.uint64)
    by_byte = np.zeros((8, out.shape[1]), np.uint64)
    spill = np.zeros((8, out.shape[1]), np.uint64)
    pixels = turned.reshape(-1)
    flat_sums = sums.reshape(-1)
    for first in range(0, len(rows), 8):
        n_rows = min(8, len(rows) - first)
        _turn(rows[first : first + n_rows], turned, n_rows)
        for check in range(n_checks):
            total = np.uint64(0)
            for edge in range(check_start[check], check_start[check + 1]):
                total ^= pixels[positions[edge]]
            flat_sums[check] = total
        by_byte[:] = sums.T
        # Turning is its own inverse: eight checks of eight images become eight words.
        if n_rows == 8:
            _turn(by_byte, out[first : first + 8], 8)
        else:
            _turn(by_byte, spill, 8)
            out[first : first + n_rows] = spill[:n_rows]

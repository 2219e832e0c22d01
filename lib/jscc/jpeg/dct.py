"""The JPEG transform: level shift, 8x8 DCT and quantisation (ITU-T T.81, annex A and K.1).

Paper 1 stops here: no zig-zag scan, no run-length code. The quantised coefficients stay where
their block stands, so a 32x32 image gives a 32x32 array of coefficients.

All of it is done in integers, so that every processor gives the same coefficients. The basis functions times
sqrt(8) are rounded to 23 bits after the point: rows 0 and 4, the only ones whose coefficients can lie exactly
between two steps, are then exact, and a tie goes to the even neighbour.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BLOCK = 8

# ITU-T T.81, table K.1: the luminance quantisation table at quality 50, in raster order.
LUMINANCE_50 = np.array(
    [
        [16, 11, 10, 16, 24, 40, 51, 61],
        [12, 12, 14, 19, 26, 58, 60, 55],
        [14, 13, 16, 24, 40, 57, 69, 56],
        [14, 17, 22, 29, 51, 87, 80, 62],
        [18, 22, 37, 56, 68, 109, 103, 77],
        [24, 35, 55, 64, 81, 104, 113, 92],
        [49, 64, 78, 87, 103, 121, 120, 101],
        [72, 92, 95, 98, 112, 100, 103, 99],
    ],
    dtype=np.int64,
)


def luminance_table(quality: int) -> np.ndarray:
    """The standard luminance table scaled by a quality factor, as the IJG library scales it.

    Parameters
    ----------
    quality : int
        1 to 100; 50 gives table K.1 itself.

    Returns
    -------
    ndarray of int64, shape (8, 8)
        Quantiser steps, 1 to 255, raster order (row = vertical frequency).
    """
    if not 1 <= quality <= 100:
        raise ValueError(f"quality={quality} given, 1 to 100 is expected")
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((LUMINANCE_50 * scale + 50) // 100, 1, 255)


_FORWARD_BITS = 23  # the largest sum, 64 x 255 x 2 x 2**46, is below 2**62
_INVERSE_BITS = 16  # the largest sum, 64 x 2**15 x 255 x 2 x 2**32, is below 2**63


def _basis(bits: int) -> np.ndarray:
    """Basis functions of the DCT times sqrt(8), rounded to so many bits after the point, int64."""
    k = np.arange(BLOCK)
    rows = np.cos((2 * k + 1) * k[:, None] * np.pi / (2 * BLOCK)) * np.sqrt(2)
    rows[[0, 4]] = np.sign(rows[[0, 4]])
    return np.rint(np.ldexp(rows, bits)).astype(np.int64)


def forward(images: np.ndarray, quality: int, *, level_shift: int = 128) -> np.ndarray:
    """Quantised DCT coefficients of 8-bit images.

    Parameters
    ----------
    images : ndarray of uint8, shape (..., height, width)
        Height and width multiples of 8.
    quality : int
        1 to 100, see `luminance_table`.
    level_shift : int
        0 to 255, taken from every pixel before the transform: 128 in the standard.

    Returns
    -------
    ndarray of int16, shape (..., height, width)
        Each 8x8 block holds its own coefficients, the DC at its upper left corner.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError(f"images of {images.dtype} given, uint8 is expected")
    if level_shift != int(level_shift) or not 0 <= level_shift <= 255:
        raise ValueError(f"level_shift={level_shift} given, an integer from 0 to 255 is expected")
    blocks = np.ascontiguousarray(_blocks(images))
    out = np.empty(blocks.shape, np.int16)
    shape = (-1, BLOCK, images.shape[-1] // BLOCK, BLOCK)
    work = np.empty((BLOCK, BLOCK), np.int64)
    _forward(
        blocks.reshape(shape),
        _basis(_FORWARD_BITS),
        luminance_table(quality) << (2 * _FORWARD_BITS + 3),
        int(level_shift),
        work,
        out.reshape(shape),
    )
    return out.reshape(images.shape)


def inverse(coefficients: np.ndarray, quality: int, *, level_shift: int = 128) -> np.ndarray:
    """Images (uint8) from quantised coefficients (int16): dequantise, inverse DCT, shift back, clip."""
    coefficients = np.asarray(coefficients)
    blocks = np.ascontiguousarray(_blocks(coefficients), dtype=np.int16)
    out = np.empty(blocks.shape, np.uint8)
    shape = (-1, BLOCK, coefficients.shape[-1] // BLOCK, BLOCK)
    work = np.empty((BLOCK, BLOCK), np.int64)
    _inverse(
        blocks.reshape(shape),
        _basis(_INVERSE_BITS),
        luminance_table(quality),
        int(level_shift),
        2 * _INVERSE_BITS + 3,
        work,
        out.reshape(shape),
    )
    return out.reshape(coefficients.shape)


@njit(cache=True)
def _forward(pixels, basis, steps, shift, work, out):
    """Both (rows of blocks, 8, blocks in a row, 8); work is (8, 8), int64."""
    for i in range(pixels.shape[0]):
        for j in range(pixels.shape[2]):
            for u in range(8):
                for x in range(8):
                    s = 0
                    for y in range(8):
                        s += basis[u, y] * (np.int64(pixels[i, y, j, x]) - shift)
                    work[u, x] = s
            for u in range(8):
                for v in range(8):
                    s = 0
                    for x in range(8):
                        s += basis[v, x] * work[u, x]
                    step = steps[u, v]
                    level = s // step
                    rest = 2 * (s - level * step)
                    if rest > step or (rest == step and level & 1):
                        level += 1
                    out[i, u, j, v] = level


@njit(cache=True)
def _inverse(levels, basis, steps, shift, bits, work, out):
    """The transposed sums of `_forward`, rounded half to even and clipped."""
    half = np.int64(1) << (bits - 1)
    for i in range(levels.shape[0]):
        for j in range(levels.shape[2]):
            for y in range(8):
                for v in range(8):
                    s = 0
                    for u in range(8):
                        s += basis[u, y] * (levels[i, u, j, v] * steps[u, v])
                    work[y, v] = s
            for y in range(8):
                for x in range(8):
                    s = 0
                    for v in range(8):
                        s += basis[v, x] * work[y, v]
                    level = (s + half) >> bits
                    if level & 1 and s + half == level << bits:
                        level -= 1
                    out[i, y, j, x] = min(max(level + shift, 0), 255)


def _blocks(images: np.ndarray) -> np.ndarray:
    """View (..., h, w) as (..., h/8, 8, w/8, 8)."""
    if images.ndim < 2 or images.shape[-1] % BLOCK or images.shape[-2] % BLOCK or not all(images.shape[-2:]):
        raise ValueError(f"shape {images.shape} given, height and width that are multiples of {BLOCK} are expected")
    height, width = images.shape[-2:]
    return images.reshape(*images.shape[:-2], height // BLOCK, BLOCK, width // BLOCK, BLOCK)

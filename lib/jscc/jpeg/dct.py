"""The JPEG transform: level shift, 8x8 DCT and quantisation (ITU-T T.81, annex A and K.1).

Paper 1 stops here: no zig-zag scan, no run-length code. The quantised coefficients stay where
their block stands, so a 32x32 image gives a 32x32 array of coefficients.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import dctn, idctn

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
        raise ValueError(f"quality must be 1 to 100, not {quality}")
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    return np.clip((LUMINANCE_50 * scale + 50) // 100, 1, 255)


def forward(images: np.ndarray, quality: int, *, level_shift: float = 128.0) -> np.ndarray:
    """Quantised DCT coefficients of 8-bit images.

    Parameters
    ----------
    images : ndarray of uint8, shape (..., height, width)
        Height and width multiples of 8.
    quality : int
        1 to 100, see `luminance_table`.
    level_shift : float
        Taken from every pixel before the transform: 128 in the standard.

    Returns
    -------
    ndarray of int16, shape (..., height, width)
        Each 8x8 block holds its own coefficients, the DC at its upper left corner.
    """
    images = np.asarray(images)
    if images.dtype != np.uint8:
        raise ValueError(f"images must be uint8, not {images.dtype}")
    blocks = _blocks(images)
    coefficients = dctn(blocks.astype(np.float32) - np.float32(level_shift), axes=(-3, -1), norm="ortho")
    steps = luminance_table(quality).astype(np.float32)[:, None, :]
    return np.rint(coefficients / steps).astype(np.int16).reshape(images.shape)


def inverse(coefficients: np.ndarray, quality: int, *, level_shift: float = 128.0) -> np.ndarray:
    """Images (uint8) from quantised coefficients: dequantise, inverse DCT, shift back, clip."""
    coefficients = np.asarray(coefficients)
    blocks = _blocks(coefficients).astype(np.float32)
    steps = luminance_table(quality).astype(np.float32)[:, None, :]
    pixels = idctn(blocks * steps, axes=(-3, -1), norm="ortho") + np.float32(level_shift)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8).reshape(coefficients.shape)


def _blocks(images: np.ndarray) -> np.ndarray:
    """View (..., h, w) as (..., h/8, 8, w/8, 8)."""
    if images.ndim < 2 or images.shape[-1] % BLOCK or images.shape[-2] % BLOCK or not images.size:
        raise ValueError(f"height and width must be multiples of {BLOCK}, not shape {images.shape}")
    height, width = images.shape[-2:]
    return images.reshape(*images.shape[:-2], height // BLOCK, BLOCK, width // BLOCK, BLOCK)

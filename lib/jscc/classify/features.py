"""What the networks of paper 1 see: one packed byte array for each column of Table II.

Every feature is a uint8 array of shape (images, width) whose byte j holds bit j of up to eight
planes (see `jscc.bitplanes`): a network that reads I planes takes I steps of `width` bits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from jscc import bitplanes, datasets, tanner
from jscc.jpeg import dct
from jscc.ldpc.syndrome import syndromes

SIDE = 32  # images are padded to 32 x 32 (paper 1, section IV-B)
CODE_SEED = 2024


@dataclass(frozen=True)
class Column:
    """How a column of Table II turns an image into bits.

    Attributes
    ----------
    transform : bool
        DCT and quantisation first (Setup 2), or pixels (Setup 1).
    coded : bool
        Syndromes of the planes, or the planes themselves.
    n_planes : int
        How many planes, from the most significant (Setup 2: from the sign) down.
    """

    transform: bool
    coded: bool
    n_planes: int

    @property
    def width(self) -> int:
        """Bits in a plane as the network sees it."""
        return SIDE * SIDE // 2 if self.coded else SIDE * SIDE

    @property
    def rate(self) -> float:
        """Bits per pixel of the padded image."""
        return self.n_planes * self.width / SIDE**2


COLUMNS = {
    "none": Column(transform=False, coded=False, n_planes=8),
    "none_msb": Column(transform=False, coded=False, n_planes=1),
    "ldpc": Column(transform=False, coded=True, n_planes=8),
    "jl_8bp": Column(transform=True, coded=True, n_planes=8),
    "jl_msb": Column(transform=True, coded=True, n_planes=1),
    "jl_msb1": Column(transform=True, coded=True, n_planes=2),
}


@cache
def paper_code() -> tanner.TannerGraph:
    """The regular (3, 6) code of rate 1/2 on 1024 variables, free of 4-cycles and of rank 512.

    The paper does not give its matrix; this one is drawn once, with a fixed seed, and used in
    every experiment ("the same parity-check matrix", section IV-B).
    """
    return tanner.regular(SIDE * SIDE, 3, 6, np.random.default_rng(CODE_SEED))


def luma(images: np.ndarray) -> np.ndarray:
    """Full-range Y of YCbCr (ITU-R BT.601, as in JFIF) of RGB images.

    Parameters
    ----------
    images : ndarray of uint8, shape (..., 3)

    Returns
    -------
    ndarray of uint8, shape (...)
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[-1:] != (3,):
        raise ValueError(f"RGB images must be uint8 with a last axis of 3, not {images.dtype} {images.shape}")
    weights = np.array([0.299, 0.587, 0.114], np.float32)
    return np.rint(images.astype(np.float32) @ weights).astype(np.uint8)


def pad(images: np.ndarray) -> np.ndarray:
    """Gray images (N, h, w), h and w at most 32, with zero rows and columns added at the end."""
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 3 or max(images.shape[1:]) > SIDE:
        raise ValueError(f"gray images must be uint8 of at most {SIDE} x {SIDE}, not {images.dtype} {images.shape}")
    height, width = images.shape[1:]
    return np.pad(images, ((0, 0), (0, SIDE - height), (0, SIDE - width)))


def symbols(images: np.ndarray, *, transform: bool, quality: int = 95, level_shift: float = 128.0) -> np.ndarray:
    """Packed planes of gray images, before any coding.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, h, w)
        At most 32 x 32, padded by `pad`.
    transform : bool
        False: the pixels (function g of eq. 6). True: quantised DCT coefficients as sign and
        seven bits of magnitude (functions p and g of eq. 7).
    quality, level_shift
        See `jscc.jpeg.dct.forward`.

    Returns
    -------
    ndarray of uint8, shape (N, 1024)
    """
    padded = pad(images)
    if transform:
        padded = bitplanes.sign_magnitude(dct.forward(padded, quality, level_shift=level_shift))
    return padded.reshape(len(padded), -1)


def features(
    images: np.ndarray,
    column: str | Column,
    *,
    code: tanner.TannerGraph | None = None,
    quality: int = 95,
    level_shift: float = 128.0,
) -> np.ndarray:
    """The packed bits that a column of Table II feeds to the network.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, h, w)
    column : str or Column
        A key of `COLUMNS`, or settings of your own.
    code : TannerGraph, optional
        Parity-check matrix on 1024 variables; `paper_code` if not given.
    quality, level_shift
        See `jscc.jpeg.dct.forward`.

    Returns
    -------
    ndarray of uint8, shape (N, width)
        Planes beyond ``column.n_planes`` are still in the bytes; the network does not read them.
    """
    if isinstance(column, str):
        if column not in COLUMNS:
            raise ValueError(f"no column {column!r}; there are {', '.join(COLUMNS)}")
        column = COLUMNS[column]
    packed = symbols(images, transform=column.transform, quality=quality, level_shift=level_shift)
    return syndromes(packed, code or paper_code()) if column.coded else packed


@dataclass(frozen=True)
class LabelledImages:
    """A data set as paper 1 sees it: gray images at most 32 x 32, labels, standard split."""

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray


def gray_images(dataset: str) -> LabelledImages:
    """Load a data set for classification.

    Parameters
    ----------
    dataset : str
        ``mnist`` and ``fashion_mnist`` (28 x 28), ``cifar10`` (its full-range Y, 32 x 32), or
        ``digits``: scikit-learn's 8 x 8 digits, each pixel repeated 4 x 4 times, always there,
        of which the last 360 are the test set.
    """
    if dataset == "digits":
        digits = datasets.load("digits")
        levels = np.minimum(digits["x"] * np.uint16(16), 255).astype(np.uint8)  # 0 to 16 becomes 0 to 255
        images = np.kron(levels, np.ones((4, 4), np.uint8))
        return LabelledImages(images[:-360], digits["y"][:-360], images[-360:], digits["y"][-360:])
    arrays = datasets.load(dataset)
    train, test = arrays["x_train"], arrays["x_test"]
    if train.ndim == 4:
        train, test = luma(train), luma(test)
    return LabelledImages(train, arrays["y_train"], test, arrays["y_test"])

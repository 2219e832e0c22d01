"""What the networks of paper 1 see: one packed byte array for each column of Table II.

Every feature is a uint8 array of shape (images, width) whose byte j holds bit j of up to eight
planes (see `jscc.bitplanes`): a network that reads I planes takes I steps of `width` bits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from jscc import bitplanes, datasets, tanner
from jscc.jpeg import dct
from jscc.ldpc.syndrome import syndromes

SIDE = 32  # images are padded to 32 x 32 (paper 1, section IV-B)
CODE_SEED = 2024
N_CLASSES = 10  # of every data set


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

    Examples
    --------
    >>> Column(transform=False, coded=True, n_planes=8).rate
    4.0
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

    Examples
    --------
    >>> code = paper_code()
    >>> code.n_checks, code.n_variables, code.rank(), code.count_4_cycles()
    (512, 1024, 512, 0)
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

    Examples
    --------
    >>> luma(np.array([[255, 0, 0], [0, 255, 0], [9, 9, 9]], np.uint8))
    array([ 76, 150,   9], dtype=uint8)
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.shape[-1:] != (3,):
        raise ValueError(f"images {images.dtype} {images.shape} given, uint8 with a last axis of 3 (RGB) is expected")
    red, green, blue = (images[..., band].astype(np.uint32) for band in range(3))
    # In integers: some colours lie exactly between two levels, where a sum of floats depends on the processor.
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)


def pad(images: np.ndarray) -> np.ndarray:
    """Gray images (N, h, w), h and w at most 32, with zero rows and columns added at the end.

    Examples
    --------
    >>> pad(np.ones((2, 28, 28), np.uint8)).shape
    (2, 32, 32)
    """
    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 3 or max(images.shape[1:]) > SIDE:
        missing = " (the batch axis is missing)" if images.ndim == 2 else ""
        raise ValueError(
            f"images {images.dtype} {images.shape} given, "
            f"uint8 of shape (images, h, w), h and w at most {SIDE}, is expected{missing}"
        )
    height, width = images.shape[1:]
    return np.pad(images, ((0, 0), (0, SIDE - height), (0, SIDE - width)))


def symbols(
    images: np.ndarray,
    *,
    transform: bool,
    quality: int = 95,
    level_shift: int = 128,
    signed: str = "sign_magnitude",
) -> np.ndarray:
    """Packed planes of gray images, before any coding.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, h, w)
        At most 32 x 32, padded by `pad`.
    transform : bool
        False: the pixels (function g of eq. 6). True: quantised DCT coefficients (functions p
        and g of eq. 7).
    quality, level_shift
        See `jscc.jpeg.dct.forward`.
    signed : {"sign_magnitude", "twos_complement"}
        How a coefficient becomes eight planes.

    Returns
    -------
    ndarray of uint8, shape (N, 1024)

    Examples
    --------
    >>> image = np.full((1, 32, 32), 200, np.uint8)
    >>> symbols(image, transform=False)[0, :3]
    array([200, 200, 200], dtype=uint8)
    >>> int(np.count_nonzero(symbols(image, transform=True)))  # one DC coefficient for each of 16 blocks
    16
    """
    padded = pad(images)
    if transform:
        as_planes = {"sign_magnitude": bitplanes.sign_magnitude, "twos_complement": bitplanes.twos_complement}
        if signed not in as_planes:
            raise ValueError(f"signed={signed!r} given, one of {', '.join(as_planes)} is expected")
        padded = as_planes[signed](dct.forward(padded, quality, level_shift=level_shift))
    return padded.reshape(len(padded), SIDE * SIDE)


def features(
    images: np.ndarray,
    column: str | Column,
    *,
    code: tanner.TannerGraph | Sequence[tanner.TannerGraph] | None = None,
    **symbol_options,
) -> np.ndarray:
    """The packed bits that a column of Table II feeds to the network.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, h, w)
    column : str or Column
        A key of `COLUMNS`, or settings of your own.
    code : TannerGraph or sequence of TannerGraph, optional
        Parity-check matrix on 1024 variables, or one for each of the eight planes; `paper_code`
        if not given.
    **symbol_options
        ``quality``, ``level_shift`` and ``signed`` of `symbols`.

    Returns
    -------
    ndarray of uint8, shape (N, width)
        Planes beyond ``column.n_planes`` are still in the bytes; the network does not read them.

    Examples
    --------
    >>> image = np.zeros((1, 28, 28), np.uint8)
    >>> image[0, 10, 10] = 255
    >>> coded = features(image, "ldpc")
    >>> coded.shape, int(np.count_nonzero(coded))  # the pixel's bits are in three checks
    ((1, 512), 3)
    """
    if isinstance(column, str):
        if column not in COLUMNS:
            raise ValueError(f"column={column!r} given, one of {', '.join(COLUMNS)} is expected")
        column = COLUMNS[column]
    packed = symbols(images, transform=column.transform, **symbol_options)
    if not column.coded:
        return packed
    if code is None or isinstance(code, tanner.TannerGraph):
        return syndromes(packed, code or paper_code())
    codes = list(code)
    if len(codes) == 1:
        return syndromes(packed, codes[0])
    if len(codes) != 8:
        raise ValueError(f"{len(codes)} codes given, one code or eight are expected")
    planes = [syndromes(packed, code) & np.uint8(0x80 >> plane) for plane, code in enumerate(codes)]
    return np.bitwise_or.reduce(planes)


def pruned_features(images: np.ndarray, *, quality: int, keep: int, rate: float) -> np.ndarray:
    """Syndromes of the lowest frequencies alone: Setup 2 with a pruning step before the code.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, h, w)
    quality : int
        JPEG quality factor.
    keep : int
        Of every 8 x 8 block, the ``keep`` x ``keep`` coefficients of lowest frequency stay (1 to 8).
    rate : {0.25, 0.5, 0.75, 1}
        Of the code, column weight 3; 1 sends the planes as they are.

    Returns
    -------
    ndarray of uint8, shape (N, m)
        Packed planes; m is ``rate`` times the number of kept coefficients.

    Examples
    --------
    >>> pruned_features(np.zeros((1, 28, 28), np.uint8), quality=50, keep=4, rate=0.5).shape
    (1, 128)
    """
    if not 1 <= keep <= dct.BLOCK:
        raise ValueError(f"keep={keep} given, 1 to {dct.BLOCK} is expected")
    packed = symbols(images, transform=True, quality=quality)
    blocks = packed.reshape(len(packed), SIDE // dct.BLOCK, dct.BLOCK, SIDE // dct.BLOCK, dct.BLOCK)
    kept = np.ascontiguousarray(blocks[:, :, :keep, :, :keep]).reshape(len(packed), (SIDE // dct.BLOCK * keep) ** 2)
    return kept if rate == 1 else syndromes(kept, pruned_code(kept.shape[1], rate))


@cache
def pruned_code(n: int, rate: float) -> tanner.TannerGraph:
    """A code of column weight 3 on n variables for `pruned_features`; the paper's where it fits.

    Examples
    --------
    >>> code = pruned_code(256, 0.25)
    >>> code.n_checks, code.n_variables
    (64, 256)
    """
    if rate not in (0.25, 0.5, 0.75):
        raise ValueError(f"rate={rate} given, 0.25, 0.5, 0.75 or 1 is expected")
    if (n, rate) == (SIDE * SIDE, 0.5):
        return paper_code()
    return tanner.peg(int(n * rate), np.full(n, 3), np.random.default_rng([CODE_SEED, n]))


@dataclass(frozen=True)
class LabelledImages:
    """A data set as paper 1 sees it: gray images at most 32 x 32, labels, standard split."""

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray

    def __repr__(self) -> str:
        height, width = self.train.shape[1:]
        return f"LabelledImages({len(self.train):,} to train and {len(self.test):,} to test, {height} x {width})"


def gray_images(dataset: str) -> LabelledImages:
    """Load a data set for classification.

    Parameters
    ----------
    dataset : str
        ``mnist`` and ``fashion_mnist`` (28 x 28), ``cifar10`` (its full-range Y, 32 x 32), or
        ``digits``: scikit-learn's 8 x 8 digits, each pixel repeated 4 x 4 times, always there,
        of which the last 360 are the test set.

    Examples
    --------
    >>> gray_images("digits")
    LabelledImages(1,437 to train and 360 to test, 32 x 32)
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

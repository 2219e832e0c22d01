"""Labels for static binarised MNIST, which comes without: each of its images is found among the gray ones.

A binary image was drawn from a gray one, each pixel being 1 with the gray value for its probability. Where the gray
image is black or white nothing was left to chance, so that the likelihood of the right image stands far above that of
images of another class. (Of the 10,000 of the test part, eight find the gray image of another, all of them ones; the
classes come out sorted, and each as often as in MNIST. The rows of the other parts are in an order of their own.)
"""

from __future__ import annotations

import numpy as np

from jscc import datasets

__all__ = ["binarized_mnist_labels", "find_gray"]

_SURE = 1e-6  # a probability that stands for 0
_BLOCK = 256  # rows whose likelihoods lie in memory at a time


def find_gray(binary: np.ndarray, gray: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gray image from which each binary one was most likely drawn.

    Parameters
    ----------
    binary : ndarray of 0 and 1, shape (N, pixels)
    gray : ndarray of uint8, shape (M, pixels)
        Probabilities of a 1, in units of 1/255.

    Returns
    -------
    rows : ndarray of int64, shape (N,)
        Of `gray`.
    impossible : ndarray of int64, shape (N,)
        Pixels that the gray image could not have given: a 1 from black, a 0 from white. 0 for a right match.

    Raises
    ------
    ValueError
        If the shapes do not fit, or there is no gray image.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> gray = rng.choice(np.uint8([0, 0, 100, 255]), (50, 64))
    >>> binary = (rng.random((9, 64)) * 255 < gray[7:16]).astype(np.uint8)
    >>> find_gray(binary, gray)[0].tolist()
    [7, 8, 9, 10, 11, 12, 13, 14, 15]
    """
    binary, gray = np.asarray(binary), np.asarray(gray)
    if binary.ndim != 2 or gray.ndim != 2 or binary.shape[1] != gray.shape[1] or not len(gray):
        raise ValueError(f"shapes {binary.shape} and {gray.shape} given, (N, pixels) and (M, pixels) are expected")
    one = np.clip(gray.astype(np.float32) / 255, _SURE, 1 - _SURE)
    odds = np.ascontiguousarray((np.log(one) - np.log1p(-one)).T)
    dark = np.log1p(-one).sum(axis=1)
    rows = np.empty(len(binary), np.int64)
    for start in range(0, len(binary), _BLOCK):
        block = binary[start : start + _BLOCK].astype(np.float32)
        rows[start : start + _BLOCK] = (block @ odds + dark).argmax(axis=1)
    found = gray[rows]
    return rows, (np.where(binary == 1, found == 0, found == 255)).sum(axis=1)


def binarized_mnist_labels(part: str, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
    """The digits that static binarised MNIST shows.

    Parameters
    ----------
    part : {"train", "valid", "test"}
        The first two were made of MNIST's 60,000 training images.
    rows : ndarray of int or slice
        Which images of the part; some seconds for 10,000.

    Returns
    -------
    ndarray of uint8, shape (N,)

    Raises
    ------
    ValueError
        If there is no such part, an image does not fit what was found, or more than one in a hundred find the gray
        image of another.
    jscc.datasets.trouble.DataUnavailable
        If MNIST or its binarised version cannot be had.
    """
    if part not in ("train", "valid", "test"):
        raise ValueError(f"part={part!r} given, train, valid or test is expected")
    held = datasets.load("mnist")
    source = "test" if part == "test" else "train"
    binary = datasets.load("binarized_mnist")[f"x_{part}"][rows]
    found, impossible = find_gray(binary.reshape(len(binary), -1), held[f"x_{source}"].reshape(-1, 784))
    shared = len(found) - len(np.unique(found))
    if impossible.any() or 100 * shared > len(found):
        raise ValueError(
            f"{len(found)} binary images of {part} given, of which {np.count_nonzero(impossible)} fit no gray image "
            f"and {shared} one that another was drawn from; images of their own are expected"
        )
    return held[f"y_{source}"][found]

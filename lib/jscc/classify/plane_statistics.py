"""What a bit-plane, or its syndrome, holds: ones, entropies, and what a single bit tells of the class."""

from __future__ import annotations

import numpy as np

from jscc.information import binary_entropy, check_bias, entropy


def bit_statistics(bits: np.ndarray, labels: np.ndarray, n_classes: int = 10) -> dict[str, float]:
    """Statistics of binary features, averaged over positions.

    Parameters
    ----------
    bits : ndarray of uint8, shape (N, width)
        0 and 1.
    labels : ndarray of int, shape (N,)
        Classes 0 to ``n_classes - 1``.
    n_classes : int

    Returns
    -------
    dict
        ``ones``, the fraction of ones; ``entropy``, the mean entropy of a position (bit);
        ``class_information`` and ``best_class_information``, the mean and the largest mutual
        information between one position and the class (bit), each lessened by its expectation
        under independence, ``(n_classes - 1) / (2 N ln 2)`` for a bit that varies.

    Examples
    --------
    >>> labels = np.arange(1000) % 2
    >>> facts = bit_statistics(np.stack([labels, labels * 0], axis=1).astype(np.uint8), labels, n_classes=2)
    >>> facts["ones"], round(facts["best_class_information"], 2)
    (0.25, 1.0)
    """
    bits, labels = np.asarray(bits), np.asarray(labels)
    if bits.ndim != 2 or labels.shape != bits.shape[:1]:
        raise ValueError(f"bits {bits.shape}, labels {labels.shape} given, (images, width) and (images,) are expected")
    one_hot = (labels[:, None] == np.arange(n_classes)).astype(np.float32)
    ones = one_hot.T @ bits.astype(np.float32)  # counts of ones by class, exact below 2^24
    size = one_hot.sum(axis=0)
    share = ones.sum(axis=0) / len(bits)
    whole = binary_entropy(share)
    given_class = (size[:, None] / len(bits) * binary_entropy(ones / np.maximum(size, 1)[:, None])).sum(axis=0)
    chance = (n_classes - 1) / (2 * len(bits) * np.log(2))
    information = whole - given_class - np.where(whole > 0, chance, 0)
    return {
        "ones": float(share.mean()),
        "entropy": float(whole.mean()),
        "class_information": float(information.mean()),
        "best_class_information": float(information.max()),
    }


def context_entropy(plane: np.ndarray, higher: np.ndarray | None = None) -> float:
    """Entropy of a pixel's bit given its neighbours' bits, in bit, as counted over all images.

    Parameters
    ----------
    plane : ndarray of uint8, shape (N, h, w)
        Bits 0 and 1.
    higher : ndarray of int, shape (N, h, w), optional
        More context of the same pixel, for instance the value of its higher planes.

    Returns
    -------
    float
        ``H(bit | left, upper left, above, upper right, higher)``; beyond the edge bits are 0.

    Examples
    --------
    >>> plane = np.random.default_rng(0).integers(0, 2, (100, 32, 32), dtype=np.uint8)
    >>> round(context_entropy(plane), 2), context_entropy(np.zeros_like(plane))
    (1.0, 0.0)
    """
    plane = np.asarray(plane)
    if plane.ndim != 3:
        missing = " (the batch axis is missing)" if plane.ndim == 2 else ""
        raise ValueError(f"plane of shape {plane.shape} given, (images, h, w) is expected{missing}")
    around = np.pad(plane, ((0, 0), (1, 0), (1, 1))).astype(np.int64)
    context = around[:, 1:, :-2] + 2 * around[:, :-1, :-2] + 4 * around[:, :-1, 1:-1] + 8 * around[:, :-1, 2:]
    if higher is not None:
        context += 16 * np.asarray(higher, dtype=np.int64)
    counts = np.bincount((2 * context + plane).ravel()).astype(np.float64)
    counts = np.pad(counts, (0, len(counts) % 2)).reshape(-1, 2)
    return float((counts.sum(axis=1) * entropy(counts)).sum() / counts.sum())


def independent_check_entropy(bits: np.ndarray, weight: int) -> float:
    """Entropy of a check on `weight` independent bits, each one as often as in `bits` (Gallager's lemma).

    Examples
    --------
    >>> f"{independent_check_entropy(np.array([0, 0, 0, 1]), 2):.3f}"
    '0.954'
    """
    return float(binary_entropy(check_bias(np.mean(bits), weight)))

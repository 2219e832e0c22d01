"""Bit-planes of symbols held one in a byte.

A pixel's byte already holds its eight planes, so the *packed* form of a set of planes is just an
array of bytes: bit 7 is the first (most significant) plane. Signed coefficients take the same form
as sign and magnitude. Everything that follows (syndromes, networks) works on packed planes and
unpacks only where a bit is really needed.
"""

from __future__ import annotations

import numpy as np


def unpack_planes(packed: np.ndarray, n_planes: int = 8) -> np.ndarray:
    """Split bytes into bit-planes, most significant plane first.

    Parameters
    ----------
    packed : ndarray of uint8, shape (..., n)
        One symbol a byte.
    n_planes : int
        How many planes to keep, from the most significant down (1 to 8).

    Returns
    -------
    ndarray of uint8, shape (..., n_planes, n)
        Bits 0 and 1.

    Raises
    ------
    ValueError
        If `packed` is not uint8 or `n_planes` not 1 to 8.

    Examples
    --------
    >>> import numpy as np
    >>> unpack_planes(np.array([0b11000000, 0b01000001], np.uint8), n_planes=3)
    array([[1, 0],
           [1, 1],
           [0, 0]], dtype=uint8)
    """
    packed = _as_bytes(packed)
    _check_count(n_planes)
    shifts = np.arange(7, 7 - n_planes, -1, dtype=np.uint8)
    return (packed[..., None, :] >> shifts[:, None]) & np.uint8(1)


def pack_planes(planes: np.ndarray) -> np.ndarray:
    """Join bit-planes into bytes: the inverse of `unpack_planes`.

    Parameters
    ----------
    planes : ndarray of uint8, shape (..., n_planes, n)
        Bits 0 and 1, most significant plane first, at most 8 planes.

    Returns
    -------
    ndarray of uint8, shape (..., n)
        Planes that are not given are zero.

    Raises
    ------
    ValueError
        If `planes` has no axis of 1 to 8 planes, or holds anything but 0 and 1.

    Examples
    --------
    >>> pack_planes([[1, 0], [1, 1]])
    array([192,  64], dtype=uint8)
    """
    planes = np.asarray(planes)
    if planes.ndim < 2 or not 1 <= planes.shape[-2] <= 8:
        raise ValueError(f"planes.shape={planes.shape} given, (..., 1 to 8, n) is expected")
    if planes.size and not np.isin(planes, (0, 1)).all():
        raise ValueError(f"planes={planes} given, only 0 and 1 are expected")
    shifts = np.arange(7, 7 - planes.shape[-2], -1, dtype=np.uint8)
    return np.bitwise_or.reduce(planes.astype(np.uint8) << shifts[:, None], axis=-2)


def keep_planes(packed: np.ndarray, n_planes: int) -> np.ndarray:
    """Zero every plane after the first `n_planes` of packed symbols.

    Parameters
    ----------
    packed : ndarray of uint8, shape (..., n)
        One symbol a byte.
    n_planes : int
        How many planes to keep, from the most significant down (0 to 8).

    Returns
    -------
    ndarray of uint8, shape (..., n)

    Raises
    ------
    ValueError
        If `packed` is not uint8 or `n_planes` not 0 to 8.

    Examples
    --------
    >>> import numpy as np
    >>> keep_planes(np.array([255, 100], np.uint8), 2)
    array([192,  64], dtype=uint8)
    """
    packed = _as_bytes(packed)
    if n_planes == 0:
        return np.zeros_like(packed)
    _check_count(n_planes)
    return packed & np.uint8(0xFF << (8 - n_planes) & 0xFF)


def sign_magnitude(coefficients: np.ndarray) -> np.ndarray:
    """Signed integers as packed sign-magnitude planes.

    Plane 0 is the sign (1 for a negative number), planes 1 to 7 hold the magnitude, most
    significant first, saturated at 127.

    Parameters
    ----------
    coefficients : ndarray of int, any shape

    Returns
    -------
    ndarray of uint8, same shape

    Raises
    ------
    ValueError
        If the coefficients are not signed integers.

    Examples
    --------
    >>> packed = sign_magnitude([3, -3, -200])
    >>> packed
    array([  3, 131, 255], dtype=uint8)
    >>> from_sign_magnitude(packed)
    array([   3,   -3, -127], dtype=int16)
    """
    coefficients = _as_integers(coefficients)
    magnitude = np.minimum(np.abs(coefficients.astype(np.int64)), 127).astype(np.uint8)
    return magnitude | (coefficients < 0).astype(np.uint8) << np.uint8(7)


def from_sign_magnitude(packed: np.ndarray) -> np.ndarray:
    """Signed integers of packed sign-magnitude planes: undoes `sign_magnitude`.

    Parameters
    ----------
    packed : ndarray of uint8, any shape
        "Minus zero" (128) reads as zero.

    Returns
    -------
    ndarray of int16, same shape

    Raises
    ------
    ValueError
        If `packed` is not uint8.

    Examples
    --------
    >>> import numpy as np
    >>> from_sign_magnitude(np.array([5, 128 + 5, 128], np.uint8))
    array([ 5, -5,  0], dtype=int16)
    """
    packed = _as_bytes(packed)
    magnitude = (packed & np.uint8(127)).astype(np.int16)
    return np.where(packed >> 7 == 1, -magnitude, magnitude)


def twos_complement(coefficients: np.ndarray) -> np.ndarray:
    """Signed integers as packed two's-complement planes, saturated at -128 and 127.

    The reading of "bit-planes of the coefficients" that does *not* fit paper 1: small negative
    numbers light up every plane.

    Parameters
    ----------
    coefficients : ndarray of int, any shape

    Returns
    -------
    ndarray of uint8, same shape

    Raises
    ------
    ValueError
        If the coefficients are not signed integers.

    Examples
    --------
    >>> twos_complement([3, -1, -200])
    array([  3, 255, 128], dtype=uint8)
    """
    coefficients = _as_integers(coefficients)
    return np.clip(coefficients, -128, 127).astype(np.int8).view(np.uint8)


def _as_integers(values) -> np.ndarray:
    values = np.asarray(values)
    if not np.issubdtype(values.dtype, np.signedinteger):
        raise ValueError(f"coefficients.dtype={values.dtype} given, signed integers are expected")
    return values


def _as_bytes(packed) -> np.ndarray:
    packed = np.asarray(packed)
    if packed.dtype != np.uint8:
        raise ValueError(f"packed.dtype={packed.dtype} given, uint8 is expected")
    return packed


def _check_count(n_planes: int) -> None:
    if not 1 <= n_planes <= 8:
        raise ValueError(f"n_planes={n_planes} given, 1 to 8 is expected")

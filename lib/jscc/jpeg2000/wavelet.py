r"""The inverse wavelet transforms of JPEG 2000 (T.800, annex F): 5-3 in integers, 9-7 in float32.

One level joins four subbands to one region. The coordinates of a region are those of the image: what lies at even
ones is low-pass, at odd ones high-pass, so that a region may begin with either. Both transforms are made of lifting
steps, in each of which the samples of one parity take a multiple of the sum of their two neighbours; beyond an end the
region is mirrored.

The subbands of all levels lie in one array as in the usual picture of a wavelet transform: the low-pass of the last
level at the top left, HL to the right of what it is joined to, LH below it, HH across.

Indices are unsigned where a sum is one: of what might be negative it would be looked at whether it is, and the loops
would not be vectorised.

A level goes over the rows once. A row is put together across; as soon as the rows below allow it, each row above takes
its lifting steps, a few rows behind, while all of them are still near the processor.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

__all__ = ["OPENJPEG", "STANDARD", "Lifting", "inverse_transform", "resolutions"]

_inline = njit(error_model="numpy", nogil=True, cache=True, _nrt=False, forceinline=True)
_kernel = njit(error_model="numpy", nogil=True, cache=True, _nrt=False)

_TWO = np.int32(2)
_ONE = np.int32(1)
_HALF = np.float32(0.5)
_at = np.uint64
_NEXT = np.uint64(1)


class Lifting(NamedTuple):
    """The factors of the 9-7 transform (Table F.4), and what low-pass and high-pass samples are multiplied by first."""

    alpha: np.float32
    beta: np.float32
    gamma: np.float32
    delta: np.float32
    low: np.float32
    high: np.float32


STANDARD = Lifting(
    *map(np.float32, (-1.586134342059924, -0.052980118572961, 0.882911075530934, 0.443506852043971)),
    low=np.float32(1.230174104914001),
    high=np.float32(1 / 1.230174104914001),
)
"""The standard's factors, K and 1/K."""

OPENJPEG = STANDARD._replace(high=np.float32(1.625732422) / np.float32(2))
"""Those of OpenJPEG, which has 13,318 / 8,192 / 2 for 1/K, less by 3e-5; its decoder's results come out to the bit."""


def resolutions(x0: int, y0: int, x1: int, y1: int, levels: int) -> list[tuple[int, int, int, int]]:
    """The regions (x0, y0, x1, y1) of a tile-component's resolutions, the smallest first (equation B-14).

    Examples
    --------
    >>> resolutions(1, 0, 6, 3, 2)
    [(1, 0, 2, 1), (1, 0, 3, 2), (1, 0, 6, 3)]
    """
    corners = (x0, y0, x1, y1)
    return [tuple((at + (1 << n) - 1) >> n for at in corners) for n in range(levels, -1, -1)]


@_inline
def _mirror(n, size):
    """The place inside 0 ... size - 1 for one that may be one beyond."""
    if n < 0:
        return 1
    if n >= size:
        return size - 2
    return n


@_inline
def _interleave(first, n_first, second, n_second, gain, out, row):
    """Store two lines in turn, the first one first, multiplied by a gain."""
    for i in range(_at(n_second)):
        out[row, i + i] = first[i + _NEXT] * gain
        out[row, i + i + _NEXT] = second[i + _NEXT] * gain
    if n_first > n_second:
        out[row, 2 * n_second] = first[n_first] * gain


# --- 5-3 (annex F.3.8.2.1.1) -----------------------------------------------------------------------------------------


@_inline
def _across_53(low, low_row, bands, high_row, n_low, n_high, odd, s, d, out, row):
    """Put a row together from its low-pass and high-pass samples."""
    if n_low + n_high == 1:
        if n_low:
            out[row, 0] = low[low_row, 0]
        else:
            value = bands[high_row, 0]
            out[row, 0] = np.int32(value + np.int32(value < 0)) >> _ONE
        return
    for i in range(_at(n_low)):
        s[i + _NEXT] = low[low_row, i]
    for i in range(_at(n_high)):
        d[i + _NEXT] = bands[high_row, _at(n_low) + i]
    d[0], d[n_high + 1] = d[1], d[n_high]
    shift = _at(odd)
    for i in range(_at(n_low)):
        s[i + _NEXT] -= np.int32(np.int32(d[i + shift] + d[i + shift + _NEXT]) + _TWO) >> _TWO
    s[0], s[n_low + 1] = s[1], s[n_low]
    shift = _at(1 - odd)
    for i in range(_at(n_high)):
        d[i + _NEXT] += np.int32(s[i + shift] + s[i + shift + _NEXT]) >> _ONE
    if odd:
        _interleave(d, n_high, s, n_low, _ONE, out, row)
    else:
        _interleave(s, n_low, d, n_high, _ONE, out, row)


@_kernel
def _join_53(low, bands, x0, y0, out, s, d):
    """One level of the 5-3 transform: from `low` and the three subbands beside it in `bands` to `out`."""
    height, width = out.shape
    odd, bottom = x0 & 1, y0 & 1
    n_low = (width + 1 - odd) // 2
    rows_low = (height + 1 - bottom) // 2
    for n in range(height + 2):
        if n < height:
            i = (n - bottom) // 2
            if (n + bottom) & 1 == 0:
                _across_53(low, i, bands, i, n_low, width - n_low, odd, s, d, out, n)
            else:
                i = rows_low + (n - 1 + bottom) // 2
                _across_53(bands, i, bands, i, n_low, width - n_low, odd, s, d, out, n)
        if height == 1:
            if n == 0 and bottom:
                for x in range(width):
                    out[0, x] = np.int32(out[0, x] + np.int32(out[0, x] < 0)) >> _ONE
            continue
        t = n - 1
        if 0 <= t < height and (t + bottom) & 1 == 0:
            above, row, below = _at(_mirror(t - 1, height)), _at(t), _at(_mirror(t + 1, height))
            for x in range(_at(width)):
                out[row, x] -= np.int32(np.int32(out[above, x] + out[below, x]) + _TWO) >> _TWO
        t = n - 2
        if 0 <= t < height and (t + bottom) & 1:
            above, row, below = _at(_mirror(t - 1, height)), _at(t), _at(_mirror(t + 1, height))
            for x in range(_at(width)):
                out[row, x] += np.int32(out[above, x] + out[below, x]) >> _ONE


# --- 9-7 (annex F.3.8.2.1.2) -----------------------------------------------------------------------------------------


@_inline
def _step(target, n_target, source, n_source, shift, factor):
    """One lifting step across; both arrays have one sample more at either end, which is the mirror's."""
    source[0], source[n_source + 1] = source[1], source[n_source]
    shift = _at(shift)
    for i in range(_at(n_target)):
        target[i + _NEXT] -= (source[i + shift] + source[i + shift + _NEXT]) * factor


@_inline
def _across_97(low, low_row, bands, high_row, n_low, n_high, odd, lifting, gain, s, d, out, row):
    """Put a row together, and multiply it by the gain that it has down the columns."""
    if n_low + n_high == 1:
        out[row, 0] = (low[low_row, 0] if n_low else bands[high_row, 0] * _HALF) * gain
        return
    for i in range(_at(n_low)):
        s[i + _NEXT] = low[low_row, i] * lifting.low
    for i in range(_at(n_high)):
        d[i + _NEXT] = bands[high_row, _at(n_low) + i] * lifting.high
    _step(s, n_low, d, n_high, odd, lifting.delta)
    _step(d, n_high, s, n_low, 1 - odd, lifting.gamma)
    _step(s, n_low, d, n_high, odd, lifting.beta)
    _step(d, n_high, s, n_low, 1 - odd, lifting.alpha)
    if odd:
        _interleave(d, n_high, s, n_low, gain, out, row)
    else:
        _interleave(s, n_low, d, n_high, gain, out, row)


@_inline
def _step_down(out, t, factor):
    """One lifting step of a row."""
    height, width = out.shape
    above, row, below = _at(_mirror(t - 1, height)), _at(t), _at(_mirror(t + 1, height))
    for x in range(_at(width)):
        out[row, x] -= (out[above, x] + out[below, x]) * factor


@_kernel
def _join_97(low, bands, x0, y0, lifting, out, s, d):
    """One level of the 9-7 transform: from `low` and the three subbands beside it in `bands` to `out`."""
    height, width = out.shape
    odd, bottom = x0 & 1, y0 & 1
    n_low = (width + 1 - odd) // 2
    rows_low = (height + 1 - bottom) // 2
    gain_low, gain_high = lifting.low, lifting.high
    if height == 1:
        gain_low, gain_high = _HALF + _HALF, _HALF
    for n in range(height + 4):
        if n < height:
            i = (n - bottom) // 2
            if (n + bottom) & 1 == 0:
                _across_97(low, i, bands, i, n_low, width - n_low, odd, lifting, gain_low, s, d, out, n)
            else:
                i = rows_low + (n - 1 + bottom) // 2
                _across_97(bands, i, bands, i, n_low, width - n_low, odd, lifting, gain_high, s, d, out, n)
        if height == 1:
            continue
        for k in range(4):
            t = n - 1 - k
            if 0 <= t < height and (t + bottom + k) & 1 == 0:
                factor = lifting.alpha
                if k == 0:
                    factor = lifting.delta
                elif k == 1:
                    factor = lifting.gamma
                elif k == 2:
                    factor = lifting.beta
                _step_down(out, t, factor)


def inverse_transform(bands, x0: int, y0: int, levels: int, *, lifting: Lifting = STANDARD) -> np.ndarray:
    """Join the subbands of all levels to the samples of a tile-component.

    Parameters
    ----------
    bands : ndarray of int32 or float32, shape (height, width)
        The subbands, as the module's head says. Integers are transformed by 5-3, floats by 9-7; float subbands have
        the standard's nominal gains (Table E.1).
    x0, y0 : int
        Where the tile-component begins: which parity its first column and row have, at each level.
    levels : int
    lifting : Lifting
        Factors of the 9-7 transform.

    Returns
    -------
    ndarray, shape (height, width)
        Of the type of `bands`; without levels it is `bands` itself.

    Raises
    ------
    ValueError
        If the array has no two dimensions or another type, or the levels are not 0 to 32.

    Examples
    --------
    >>> bands = np.int32([[-26], [-22], [-30], [-32], [-19], [1], [5], [1], [0]])
    >>> inverse_transform(bands, 0, 0, 1).ravel() + 128
    array([101, 103, 104, 105,  96,  97,  96, 102, 109], dtype=int32)
    """
    if bands.ndim != 2 or bands.dtype not in (np.int32, np.float32):
        raise ValueError(f"bands of {bands.dtype} and shape {bands.shape} given, int32 or float32 of two axes expected")
    if not 0 <= levels <= 32:
        raise ValueError(f"levels={levels} given, 0 to 32 are expected")
    bands = np.ascontiguousarray(bands)
    if 0 in bands.shape:
        return bands
    height, width = bands.shape
    regions = resolutions(x0, y0, x0 + width, y0 + height, levels)
    out = np.empty(bands.size, bands.dtype)
    before = np.empty(_area(regions[-2]) if levels > 1 else 0, bands.dtype)
    s, d = (np.empty(width // 2 + 3, bands.dtype) for _ in range(2))
    low = bands
    for level, region in enumerate(regions[1:], 1):
        left, top, right, bottom = region
        target = out if (levels - level) % 2 == 0 else before
        joined = target[: _area(region)].reshape(bottom - top, right - left)
        if joined.size == 0:
            continue
        if bands.dtype == np.int32:
            _join_53(low, bands, left, top, joined, s, d)
        else:
            _join_97(low, bands, left, top, lifting, joined, s, d)
        low = joined
    return low


def _area(region) -> int:
    return (region[2] - region[0]) * (region[3] - region[1])

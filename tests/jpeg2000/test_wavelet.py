"""The inverse transforms against slow forward transforms, and slow inverse ones sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from jscc.jpeg2000 import wavelet
from jscc.jpeg2000.wavelet import inverse_transform, resolutions
from support import printed_without_and_with_jit

ALPHA, BETA, GAMMA, DELTA = -1.586134342059924, -0.052980118572961, 0.882911075530934, 0.443506852043971
K = 1.230174104914001
CORNERS = [(0, 0), (1, 0), (0, 1), (1, 1), (6, 7), (13, 2)]
SIZES = [(1, 1), (1, 2), (2, 1), (3, 1), (1, 5), (2, 2), (5, 4), (8, 16), (13, 9), (37, 50)]


def mirrored(n, first, last):
    """The sample that lies at n when [first, last) is mirrored at its ends (equation F-4)."""
    period = max(2 * (last - first - 1), 1)
    n = (n - first) % period
    return first + min(n, period - n)


def lifted(line, first, parity, change):
    """Each sample at places of a parity changed by its neighbours' sum."""
    last = first + len(line)
    at = {n: line[n - first] for n in range(first, last)}
    for n in range(first, last):
        if n % 2 == parity:
            at[n] += change(at[mirrored(n - 1, first, last)] + at[mirrored(n + 1, first, last)])
    return np.array([at[n] for n in range(first, last)])


def forward_line(line, first, reversible):
    """Annex F.4.8: samples to interleaved coefficients."""
    if len(line) == 1:
        return line * 2 if first % 2 else line
    if reversible:
        line = lifted(line, first, 1, lambda total: -(total // 2))
        return lifted(line, first, 0, lambda total: (total + 2) // 4)
    for parity, factor in ((1, ALPHA), (0, BETA), (1, GAMMA), (0, DELTA)):
        line = lifted(line, first, parity, lambda total, factor=factor: factor * total)
    even = np.arange(first, first + len(line)) % 2 == 0
    return np.where(even, line / K, line * K)


def inverse_line(line, first, reversible):
    """Annex F.3.8: interleaved coefficients to samples."""
    if len(line) == 1:
        return np.trunc(line / 2).astype(line.dtype) if reversible and first % 2 else line / 2 if first % 2 else line
    if reversible:
        line = lifted(line, first, 0, lambda total: -((total + 2) // 4))
        return lifted(line, first, 1, lambda total: total // 2)
    even = np.arange(first, first + len(line)) % 2 == 0
    line = np.where(even, line * K, line / K)
    for parity, factor in ((0, DELTA), (1, GAMMA), (0, BETA), (1, ALPHA)):
        line = lifted(line, first, parity, lambda total, factor=factor: -factor * total)
    return line


def forward(image, x0, y0, levels, reversible):
    """The subbands of all levels in one array; columns first, then rows (Figure F.27)."""
    bands = image.copy()
    for x0_, y0_, x1, y1 in resolutions(x0, y0, x0 + image.shape[1], y0 + image.shape[0], levels)[:0:-1]:
        region = bands[: y1 - y0_, : x1 - x0_]
        if region.size == 0:
            continue
        region = np.apply_along_axis(forward_line, 0, region, y0_, reversible)
        region = np.apply_along_axis(forward_line, 1, region, x0_, reversible)
        rows, columns = split(y0_, y1), split(x0_, x1)
        bands[: y1 - y0_, : x1 - x0_] = region[rows][:, columns]
    return bands


def inverse(bands, x0, y0, levels, reversible):
    """Rows first, then columns (Figure F.6)."""
    image = bands.copy()
    for x0_, y0_, x1, y1 in resolutions(x0, y0, x0 + image.shape[1], y0 + image.shape[0], levels)[1:]:
        region = np.empty_like(image[: y1 - y0_, : x1 - x0_])
        if region.size == 0:
            continue
        region[np.ix_(split(y0_, y1), split(x0_, x1))] = image[: y1 - y0_, : x1 - x0_]
        region = np.apply_along_axis(inverse_line, 1, region, x0_, reversible)
        region = np.apply_along_axis(inverse_line, 0, region, y0_, reversible)
        image[: y1 - y0_, : x1 - x0_] = region
    return image


def split(first, last):
    """Where the low-pass samples of a line lie, then the high-pass ones."""
    return [n - first for parity in (0, 1) for n in range(first, last) if n % 2 == parity]


@pytest.mark.parametrize("levels", [0, 1, 2, 5])
@pytest.mark.parametrize("corner", CORNERS)
def test_5_3_gives_back_what_was_transformed(corner, levels):
    rng = np.random.default_rng(levels)
    for size in SIZES:
        image = rng.integers(-(1 << 15), 1 << 15, size, dtype=np.int32)
        found = inverse_transform(forward(image, *corner, levels, True), *corner, levels)
        np.testing.assert_array_equal(found, image)
        assert found.dtype == np.int32


@pytest.mark.parametrize("levels", [0, 1, 2, 5])
@pytest.mark.parametrize("corner", CORNERS)
def test_9_7_gives_back_what_was_transformed(corner, levels):
    rng = np.random.default_rng(levels)
    for size in SIZES:
        image = rng.uniform(-128, 128, size)
        bands = forward(image, *corner, levels, False).astype(np.float32)
        found = inverse_transform(bands, *corner, levels)
        np.testing.assert_allclose(found, image, atol=2e-4)
        assert found.dtype == np.float32


@pytest.mark.parametrize("corner", CORNERS)
def test_what_no_transform_gave_is_joined_as_the_standard_says(corner):
    rng = np.random.default_rng(7)
    for size in SIZES:
        bands = rng.integers(-1000, 1000, size, dtype=np.int32)
        np.testing.assert_array_equal(inverse_transform(bands, *corner, 3), inverse(bands, *corner, 3, True))
        floats = bands.astype(np.float32)
        wanted = inverse(floats.astype(float), *corner, 3, False)
        np.testing.assert_allclose(inverse_transform(floats, *corner, 3), wanted, atol=0.02)


def test_a_constant_stays_a_constant_and_the_low_pass_has_gain_one():
    for dtype in (np.int32, np.float32):
        bands = np.zeros((40, 56), dtype)
        bands[:5, :7] = 100
        np.testing.assert_allclose(inverse_transform(bands, 0, 0, 3), 100, rtol=1e-5)


def test_the_factors_of_openjpeg_are_those_of_the_standard_within_4e_5():
    for ours, theirs in zip(wavelet.STANDARD, wavelet.OPENJPEG, strict=True):
        assert theirs == pytest.approx(ours, rel=4e-5)
    bands = np.random.default_rng(1).uniform(-1, 1, (32, 32)).astype(np.float32)
    ours, theirs = (inverse_transform(bands, 0, 0, 2, lifting=f) for f in (wavelet.STANDARD, wavelet.OPENJPEG))
    assert 0 < np.abs(ours - theirs).max() < 1e-3


def test_the_low_pass_region_of_each_level_is_half_as_long_as_the_next():
    for corner in CORNERS:
        regions = resolutions(*corner, corner[0] + 37, corner[1] + 20, 6)
        for small, large in zip(regions, regions[1:], strict=False):
            assert small == tuple(-(-at // 2) for at in large)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0)])
def test_nothing_gives_nothing(shape):
    assert inverse_transform(np.zeros(shape, np.int32), 3, 3, 2).shape == shape


def test_the_array_that_was_given_stays():
    bands = np.arange(35, dtype=np.float32).reshape(5, 7)
    inverse_transform(bands, 1, 1, 3)
    np.testing.assert_array_equal(bands.ravel(), np.arange(35))


@pytest.mark.parametrize(
    ("bands", "levels", "message"),
    [
        (np.zeros((2, 2)), 1, "int32 or float32"),
        (np.zeros(4, np.int32), 1, "two axes"),
        (np.zeros((2, 2), np.int32), 33, "levels=33 given"),
        (np.zeros((2, 2), np.int32), -1, "levels=-1 given"),
    ],
)
def test_bad_arguments_are_refused(bands, levels, message):
    with pytest.raises(ValueError, match=message):
        inverse_transform(bands, 0, 0, levels)


def test_the_kernels_give_the_same_without_the_compiler():
    program = """
import numpy as np
from jscc.jpeg2000.wavelet import inverse_transform
rng = np.random.default_rng(0)
for corner in ((0, 0), (1, 1), (3, 2)):
    for shape in ((1, 1), (7, 6), (5, 9)):
        bands = rng.integers(-1000, 1000, shape, dtype=np.int32)
        print(inverse_transform(bands, *corner, 2).tolist())
        print(inverse_transform(bands.astype(np.float32), *corner, 2).tolist())
"""
    without, with_jit = printed_without_and_with_jit(program)
    assert without == with_jit

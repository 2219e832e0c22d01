"""The JPEG transform against its definition and against Pillow."""

import io
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from jscc.jpeg import dct


@pytest.mark.parametrize("quality", [1, 5, 10, 25, 49, 50, 51, 75, 90, 95, 99, 100])
def test_tables_are_those_that_pillow_writes(quality):
    file = io.BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(file, "JPEG", quality=quality)
    written = Image.open(file).quantization[0]
    np.testing.assert_array_equal(dct.luminance_table(quality).ravel(), written)


def test_forward_is_the_standard_s_formula():
    """F(u, v) = C(u) C(v) / 4 sum f(x, y) cos cos (T.81, A.3.3), over the table, rounded."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (8, 16), dtype=np.uint8)
    x = np.arange(8)
    basis = np.cos((2 * x[None, :] + 1) * x[:, None] * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    for block in (0, 1):
        part = slice(8 * block, 8 * block + 8)
        exact = basis @ (image[:, part] - 128.0) @ basis.T / dct.luminance_table(60)
        got = dct.forward(image, 60)[:, part]
        assert (np.abs(got - exact) <= 0.5 + 1e-4).all()


@pytest.mark.parametrize("quality", [50, 75, 95, 100])
def test_the_dc_is_rounded_exactly_and_a_tie_to_even(quality):
    """The DC is an integer over eight, so that ties happen: no processor may decide them."""
    images = np.zeros((2041, 8, 8), np.uint8)
    for total, image in enumerate(images):
        image.ravel()[: total // 255] = 255
        image.ravel()[total // 255] = total % 255
    step = int(dct.luminance_table(quality)[0, 0])
    exact = [round(Fraction(total - 64 * 128, 8 * step)) for total in range(2041)]  # half to even
    assert dct.forward(images, quality)[:, 0, 0].tolist() == exact


def test_coefficients_equal_those_in_a_jpeg_file_s_own_decoding():
    """Pillow's decoder on Pillow's file and our inverse of our forward see the same coefficients."""
    rng = np.random.default_rng(1)
    smooth = rng.normal(size=(4, 4)).repeat(16, axis=0).repeat(16, axis=1) * 40 + 128
    image = np.clip(smooth + rng.normal(size=(64, 64)) * 6, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=80)
    decoded = np.asarray(Image.open(file)).astype(int)
    ours = dct.inverse(dct.forward(image, 80), 80).astype(int)
    # libjpeg transforms in integers: now and then a coefficient lands on the other side of a half,
    # which moves the pixels of its block by less than a step of the table
    assert np.abs(decoded - ours).mean() < 0.3
    assert (np.abs(decoded - ours) <= 1).mean() > 0.95
    assert np.abs(decoded - image).mean() > 2


def test_quality_100_is_nearly_lossless_and_the_error_grows_as_quality_falls():
    image = np.random.default_rng(2).integers(0, 256, (32, 32), dtype=np.uint8)
    errors = [np.abs(dct.inverse(dct.forward(image, q), q).astype(int) - image).mean() for q in (100, 90, 70, 40, 10)]
    assert errors[0] < 0.5
    assert errors == sorted(errors)


def test_the_level_shift_moves_only_the_dc():
    image = np.random.default_rng(3).integers(0, 256, (2, 16, 16), dtype=np.uint8)
    shifted, plain = dct.forward(image, 100), dct.forward(image, 100, level_shift=0)
    changed = shifted != plain
    assert changed[:, ::8, ::8].all()
    changed[:, ::8, ::8] = False
    assert not changed.any()
    assert (plain - shifted)[:, ::8, ::8].max() == 1024  # 128 * 8


@pytest.mark.parametrize(
    "call",
    [
        lambda: dct.luminance_table(0),
        lambda: dct.luminance_table(101),
        lambda: dct.forward(np.zeros((7, 8), np.uint8), 50),
        lambda: dct.forward(np.zeros((8, 8)), 50),
        lambda: dct.forward(np.zeros((0, 8), np.uint8), 50),
    ],
)
def test_wrong_arguments_are_refused(call):
    with pytest.raises(ValueError, match="expected"):
        call()

"""Files without headers: what is counted, and the fewest bits for a distortion against brute force."""

import io

import numpy as np
import pytest
from PIL import Image

from jscc import datasets
from jscc.experiments.necst import EXPERIMENTS, colour
from jscc.necst import OperatingPoints, fewest_bits, operating_points, payload_bits

BY_NAME = {experiment.name: experiment for experiment in EXPERIMENTS}


def pictures(count, side=32):
    """Smooth ones with some texture."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    smooth = [np.asarray(Image.fromarray(one).resize((side, side), Image.Resampling.BICUBIC)) for one in coarse]
    return np.clip(np.stack(smooth) + rng.normal(0, 5, (count, side, side, 3)), 0, 255).astype(np.uint8)


def file_of(image, format, **options):
    file = io.BytesIO()
    Image.fromarray(image).save(file, format, **options)
    return file.getvalue()


def test_thirty_bytes_of_a_webp_file_and_the_tables_of_a_jpeg_file_are_no_payload():
    image = pictures(1)[0]
    for quality in (0, 40, 90):
        content = file_of(image, "WEBP", quality=quality)
        assert 8 * len(content) - payload_bits(content) in (240, 248)  # a chunk is even
        content = file_of(image, "JPEG", quality=quality)
        assert 8 * (len(content) - 623 - 2) == payload_bits(content)
    for wrong in (b"RIFF", file_of(image, "WEBP", lossless=True), file_of(image, "PNG"), content[:-1]):
        with pytest.raises(ValueError, match="is expected"):
            payload_bits(wrong)


def test_points_are_those_of_the_files_and_a_smaller_picture_costs_less():
    images = pictures(3)
    points = operating_points(images, "webp", (8, 32), (5, 60))
    assert points.size.tolist() == [8, 8, 32, 32] and points.quality.tolist() == [5, 60, 5, 60]
    for row, image in enumerate(images):
        content = file_of(image, "WEBP", quality=60)
        assert points.bits[row, 3] == payload_bits(content) + 1  # which of two sizes
        read = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
        assert points.mse[row, 3] == pytest.approx((((read / 255) - image / 255) ** 2).mean())
    assert (points.bits[:, 0] < points.bits[:, 2]).all() and (points.mse[:, 3] < points.mse[:, 2]).all()
    full = points.of_size(32)
    np.testing.assert_array_equal(full.bits, points.bits[:, 2:])
    jpeg = operating_points(images, "jpeg", qualities=(5, 60, 80))
    assert jpeg.bits[0, 1] == payload_bits(file_of(images[0], "JPEG", quality=60)) + 2  # one of three qualities
    for wrong in (images[0], images.astype(float), images[:, :5]):
        with pytest.raises(ValueError, match="is expected"):
            operating_points(wrong, "webp")
    with pytest.raises(ValueError, match="format='png' given"):
        operating_points(images, "png")


def test_fewest_bits_against_brute_force():
    rng = np.random.default_rng(0)
    points = OperatingPoints(rng.integers(1, 50, (30, 6)), rng.random((30, 6)), np.arange(6), np.full(6, 32))
    targets = rng.random(30) / 2
    bits, reached, floor = fewest_bits(points, targets)
    for row, target in enumerate(targets):
        fitting = [bits for bits, mse in zip(points.bits[row], points.mse[row], strict=True) if mse <= target]
        assert reached[row] == bool(fitting)
        assert bits[row] == (min(fitting) if fitting else points.bits[row, points.mse[row].argmin()])
        assert floor[row] == (bool(fitting) and bits[row] == points.bits[row].min())
    assert 0 < reached.mean() < 1
    assert fewest_bits(points, 1.0)[2].all() and not fewest_bits(points, 0.0)[1].any()


@pytest.mark.skipif(not datasets.available("cifar10"), reason="cifar10 is not here")
def test_the_experiments_rows():
    (point,) = BY_NAME["necst_webp"].points("smoke")
    rows = colour.against_files(**point)
    assert [(row["format"], row["shrunk"]) for row in rows] == [("webp", 0), ("webp", 1), ("jpeg", 0), ("jpeg", 1)]
    for row in rows:
        assert row["necst_bits"] == 500 and row["n"] == 3 and 0 <= row["at_floor"] <= 1
    # Half the capacity doubles the bits.
    clean = colour.rivals("cifar10", rows[0]["mse"], 1.0, 3)
    assert colour.rivals("cifar10", rows[0]["mse"], 0.5, 3)[0]["bits"] == pytest.approx(2 * clean[0]["bits"])
    train, test = colour.colour_images("cifar10", 50)
    assert train.shape == (50, 32, 32, 3) and len(test) == 300
    assert not (train[:, None, ::8, ::8] == test[None, :, ::8, ::8]).all(axis=(2, 3, 4)).any()
    with pytest.raises(ValueError, match="dataset='svhn' given"):
        colour.colour_images("svhn", 1)

"""What is read of a WebP file's settings, against files whose settings are known."""

import io

import numpy as np
import pytest
from PIL import Image

from jscc.necst import frame_settings, payload_bits


def file_of(image, quality):
    file = io.BytesIO()
    Image.fromarray(image).save(file, "webp", quality=quality)
    return file.getvalue()


PICTURE = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def test_the_quantiser_falls_from_its_coarsest_to_its_finest():
    found = [frame_settings(file_of(PICTURE, quality)).quantiser for quality in (0, 25, 50, 75, 100)]
    assert (found[0], found[-1]) == (127, 0)
    assert found == sorted(found, reverse=True) and len(set(found)) == 5


def test_segments_take_what_the_standard_says():
    """A grey square of one block has none; of four blocks it has four, of one quantiser."""
    one, four = (frame_settings(file_of(np.full((side, side, 3), 128, np.uint8), 0)) for side in (16, 32))
    two_differences = 2 * 4 + 2  # libwebp's, of the quantisers of colour
    assert (one.segments, one.bits) == ((), 2 + 1 + 10 + 1 + 2 + 7 + 5 + two_differences + 1)
    assert four.segments == (127, 127, 127, 127)
    values, filters, two_probabilities = 4 * 9, 4 * 8, 3 + 2 * 8
    assert four.bits == one.bits + 3 + values + filters + two_probabilities


def test_settings_are_a_part_of_the_payload():
    for quality in (0, 50):
        content = file_of(PICTURE, quality)
        assert 0 < frame_settings(content).bits < payload_bits(content)


def test_another_file_is_refused():
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, "jpeg")
    with pytest.raises(ValueError, match="WebP"):
        frame_settings(file.getvalue())

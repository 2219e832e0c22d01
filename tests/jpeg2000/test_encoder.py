from __future__ import annotations

import numpy as np
import pytest

from jscc import datasets
from jscc.jpeg2000 import Outline, decode_block, encode_block, parse
from jscc.jpeg2000.receiver import coded_blocks
from jscc.jpeg2000.tier1 import BYPASS, CAUSAL, PREDICTABLE, RESET, SYMBOLS
from toy_codestreams import encoded


def coefficients(rng, height, width, planes):
    """Random ones in halves, most of them small."""
    size = rng.integers(0, 1 << planes, (height, width)) >> rng.integers(0, planes + 1, (height, width))
    return np.where(size > 0, 2 * size + 1, 0) * rng.choice([-1, 1], (height, width))


@pytest.mark.parametrize("style", [0, RESET, CAUSAL, PREDICTABLE, SYMBOLS, RESET | CAUSAL | PREDICTABLE | SYMBOLS])
def test_what_was_encoded_is_decoded(style):
    rng = np.random.default_rng(style)
    for height, width, planes in ((1, 1, 1), (1, 9, 3), (7, 5, 6), (16, 16, 10), (33, 64, 8)):
        for orientation in range(4):
            values = coefficients(rng, height, width, planes)
            outline = Outline(width, height, planes, orientation, style)
            passes = 3 * planes - 2
            content = encode_block(values, outline, passes)
            found = decode_block(content, outline, [(passes, len(content))])
            assert (found.coefficients == values).all()
            assert found.wrong_symbols == 0 and not found.marker[0] and content[-1] != 0xFF


@pytest.mark.parametrize("style", [0, PREDICTABLE | SYMBOLS])
def test_fewer_passes_are_those_that_a_decoder_of_all_does_first(style):
    values = coefficients(np.random.default_rng(1), 20, 13, 7)
    outline = Outline(13, 20, 7, 2, style)
    whole = encode_block(values, outline, 19)
    for passes in range(1, 20):
        content = encode_block(values, outline, passes)
        found = decode_block(content, outline, [(passes, len(content))])
        assert (found.coefficients == decode_block(whole, outline, [(passes, len(whole))]).coefficients).all()
        assert encode_block(found.coefficients, outline, passes) == content


@pytest.mark.parametrize("bpp", [0.4, 2])
def test_openjpegs_blocks_coded_again_begin_as_they_were(bpp):
    """They end otherwise: OpenJPEG cuts a pass off where it estimates that its bytes end."""
    picture = datasets.image("camera")[:256, 100:356]
    rate = {"quality_mode": "rates", "quality_layers": [8 / bpp]}
    codestream = parse(encoded(picture, no_jp2=True, irreversible=True, **rate))
    for block in coded_blocks(codestream):
        content = codestream.bytes_of(block.number)
        found = decode_block(content, block.outline, [(block.passes, block.n_bytes)])
        again = encode_block(found.coefficients, block.outline, block.passes)
        assert abs(len(again) - len(content)) <= 2
        assert again[:-4] == content[: len(again) - 4]


def test_other_arguments_are_refused():
    outline = Outline(3, 2, 4, 0, 0)
    zeros = np.zeros((2, 3), int)
    for values, changed, passes in (
        (zeros, outline._replace(style=BYPASS), 1),
        (zeros.T, outline, 1),
        (zeros + 32, outline, 1),
        (zeros, outline, 0),
        (zeros, outline, 11),
    ):
        with pytest.raises(ValueError, match="expected"):
            encode_block(values, changed, passes)

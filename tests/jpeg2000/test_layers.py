from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from jscc import datasets
from jscc.jpeg2000 import decode_image, layer_lengths, parse, with_layers
from toy_codestreams import encoded

RATES = [40, 20, 8]  # compression ratios of the layers


def coded(image, **settings):
    return parse(encoded(image, **{"no_jp2": True, "quality_mode": "rates", "quality_layers": RATES} | settings))


@pytest.fixture(scope="module", params=["5-3", "9-7", "colours"])
def codestream(request):
    image = datasets.image("astronaut" if request.param == "colours" else "camera")[100:300, 150:330]
    return coded(image, irreversible=request.param != "5-3", mct=int(image.ndim == 3), codeblock_size=(32, 32))


def test_a_layer_more_adds_bytes_behind_those_of_a_block(codestream):
    lengths = layer_lengths(codestream)
    assert lengths.shape == (3, len(codestream.blocks)) and (lengths >= 0).all()
    assert (lengths.sum(axis=1) > 0).all() and (lengths[0] == 0).any() and ((lengths > 0).sum(axis=0) > 1).any()
    for layers in (1, 2, 3):
        fewer = with_layers(codestream, layers)
        for number in range(len(codestream.blocks)):
            whole, part = codestream.bytes_of(number), fewer.bytes_of(number)
            assert len(part) == lengths[:layers, number].sum() and whole.startswith(part)
    assert sum(map(len, map(codestream.bytes_of, range(len(codestream.blocks))))) == lengths.sum()


def test_openjpeg_finds_the_same_picture_in_the_first_layers(codestream):
    for layers in (1, 2, 3):
        image = Image.open(io.BytesIO(codestream.data))
        codec, reduce, _, *where = image.tile[0].args  # Pillow heeds its attribute `layers` only with a reduction
        image.tile = [image.tile[0]._replace(args=(codec, reduce, layers, *where))]
        ours = decode_image(with_layers(codestream, layers)).astype(int)
        assert np.abs(ours - np.asarray(image)).max() <= 1
    assert (ours == decode_image(codestream)).all()


def test_other_codestreams_are_refused(codestream):
    for layers in (0, 4):
        with pytest.raises(ValueError, match="1 to 3 is expected"):
            with_layers(codestream, layers)
    image = datasets.image("camera")[:64, :64]
    for settings in ({"progression": "RLCP"}, {"tile_size": (32, 64)}):
        with pytest.raises(ValueError, match="one tile in the progression LRCP"):
            with_layers(coded(image, **settings), 1)

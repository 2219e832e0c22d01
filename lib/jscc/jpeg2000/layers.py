"""Quality layers: a codestream up to one of them, and how many bytes of each code-block they hold."""

from __future__ import annotations

import numpy as np

from jscc.jpeg2000.codestream import Codestream, parse
from jscc.jpeg2000.markers import find_codestream

__all__ = ["layer_lengths", "with_layers"]

_COD = b"\xff\x52"
_LAYERS = 6  # where the COD marker segment holds their number, in two bytes (Table A.12)


def with_layers(codestream: Codestream, layers: int) -> Codestream:
    """The codestream without the quality layers behind the first few; its data are as long, and nothing moves.

    Layer after layer (LRCP), what a packet's header says does not depend on the packets behind it. So it is enough to
    write another number of layers into the main header: what follows is then left over.

    Parameters
    ----------
    codestream : Codestream
        Of one tile, in the progression LRCP.
    layers : int
        1 up to as many as there are.

    Returns
    -------
    Codestream
        With the same rows of `blocks`, of which some may be without bytes.

    Raises
    ------
    ValueError
        If the codestream is another, or has fewer layers.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from jscc.jpeg2000 import parse
    >>> file = io.BytesIO()
    >>> picture = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    >>> settings = {"no_jp2": True, "irreversible": True, "quality_mode": "rates", "quality_layers": [16, 4]}
    >>> Image.fromarray(picture).save(file, "JPEG2000", **settings)
    >>> whole = parse(file.getvalue())
    >>> first = with_layers(whole, 1)
    >>> int(whole.segments["n_bytes"].sum()) > 3 * int(first.segments["n_bytes"].sum()) > 0
    True
    """
    tile = codestream.tiles[0]
    if len(codestream.tiles) != 1 or tile.progression != 0 or tile.progressions:
        raise ValueError(f"{codestream!r} given, one tile in the progression LRCP is expected")
    if not 1 <= layers <= tile.layers:
        raise ValueError(f"layers={layers} given, 1 to {tile.layers} is expected")
    data = bytearray(codestream.data)
    at = find_codestream(codestream.data)[0] + 2
    while data[at : at + 2] != _COD:
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    data[at + _LAYERS : at + _LAYERS + 2] = layers.to_bytes(2, "big")
    fewer = parse(bytes(data))
    if fewer.tiles[0].layers != layers:
        raise ValueError("a tile with a COD of its own given, one that follows the main header is expected")
    return fewer


def layer_lengths(codestream: Codestream) -> np.ndarray:
    """How many bytes each quality layer has of each code-block.

    Parameters
    ----------
    codestream : Codestream
        See `with_layers`.

    Returns
    -------
    ndarray of int64, shape (layers, blocks)
        A block's bytes are those of the first layer, then of the second, and so on.
    """
    ends = np.zeros((codestream.tiles[0].layers + 1, len(codestream.blocks)), np.int64)
    for layers in range(1, len(ends)):
        fewer = with_layers(codestream, layers)
        before = np.concatenate([[0], np.cumsum(fewer.segments["n_bytes"])])
        first = fewer.blocks["first_segment"]
        ends[layers] = before[first + fewer.blocks["n_segments"]] - before[first]
    return np.diff(ends, axis=0)

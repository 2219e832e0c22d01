"""A codestream whose code-blocks are coded again in another style: the same coefficients, other bytes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jscc.jpeg2000.codestream import Codestream
from jscc.jpeg2000.encoder import encode_block
from jscc.jpeg2000.tier1 import CAUSAL, Outline, decode_block

__all__ = ["recoded"]


def recoded(codestream: Codestream, style: int) -> Codestream:
    """Code all blocks again: the same passes of each, in one segment of another style.

    Parameters
    ----------
    codestream : Codestream
        Of blocks of one segment each, without a region of interest.
    style : int
        Code-block style, without BYPASS and TERMALL. Of CAUSAL it is as the blocks are: which coefficients a pass takes
        depends on it, and the last plane may have but some of its passes.

    Returns
    -------
    Codestream
        Its tables are whole, so that it can be decoded and written to; its data are the blocks' bytes alone, without
        headers, and nothing that could be parsed.

    Raises
    ------
    ValueError
        If a block has several segments, or the style is not such a one.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> from jscc.jpeg2000 import decode_image, parse
    >>> from jscc.jpeg2000.tier1 import SYMBOLS
    >>> file = io.BytesIO()
    >>> picture = np.random.default_rng(0).integers(0, 256, (32, 32), np.uint8)
    >>> Image.fromarray(picture).save(file, "JPEG2000", no_jp2=True, num_resolutions=2)
    >>> codestream = parse(file.getvalue())
    >>> other = recoded(codestream, SYMBOLS)
    >>> bool((decode_image(other) == picture).all()), len(other.data) > int(codestream.chunks["n_bytes"].sum())
    (True, True)
    """
    blocks = codestream.blocks.copy()
    used = np.flatnonzero(blocks["n_passes"])
    if (blocks["n_segments"][used] != 1).any():
        raise ValueError("blocks of several segments given, one each is expected")
    segments = np.zeros(len(used), codestream.segments.dtype)
    chunks = np.zeros(len(used), codestream.chunks.dtype)
    contents, length = [], 0
    for row, number in enumerate(used):
        block = blocks[number]
        subband = codestream.subbands[block["subband"]]
        old = codestream.tiles[subband["tile"]].components[subband["component"]].style
        if (old ^ style) & CAUSAL:
            raise ValueError(f"style={style} given for blocks of style {old}, the same of CAUSAL is expected")
        planes = int(subband["magnitude_bits"] - block["zero_planes"])
        width, height = int(block["x1"] - block["x0"]), int(block["y1"] - block["y0"])
        outline = Outline(width, height, planes, int(subband["orientation"]), old)
        content, passes = codestream.bytes_of(number), int(block["n_passes"])
        found = decode_block(content, outline, [(passes, len(content))])
        content = encode_block(found.coefficients, outline._replace(style=style), passes)
        segments[row] = (passes, len(content), row, 1)
        chunks[row] = (length, len(content))
        blocks["first_segment"][number] = row
        contents.append(content)
        length += len(content)
    tiles = tuple(
        replace(tile, components=tuple(each._replace(style=style) for each in tile.components))
        for tile in codestream.tiles
    )
    return replace(codestream, data=b"".join(contents), tiles=tiles, blocks=blocks, segments=segments, chunks=chunks)

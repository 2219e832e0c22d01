r"""From a JPEG 2000 codestream to the samples of its components (T.800, annexes E to H).

Each code-block is decoded (`jscc.jpeg2000.tier1`), moved down where it lies in a region of interest (H.1), and
multiplied by its subband's step (equation E-6, r = 1/2). The subbands of a tile-component are joined
(`jscc.jpeg2000.wavelet`), the first three components transformed back to colours (annex G), and samples of unsigned
components raised by half their range.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from jscc.jpeg2000.codestream import Codestream, Tile, TileComponent, parse
from jscc.jpeg2000.markers import CodestreamError, find_codestream
from jscc.jpeg2000.tier1 import (
    BYTES,
    HIGH_THROUGHPUT,
    MAX_PLANES,
    PASSES,
    START,
    Block,
    Outline,
    begin_block,
    new_block,
    run_passes,
)
from jscc.jpeg2000.wavelet import STANDARD, Lifting, inverse_transform, resolutions

__all__ = ["decode", "decode_image"]

MAX_PRECISION = 31  # bits of a sample that an int32 holds without its sign
FIRST_PRECISION = 42  # where, from the codestream's first byte, that of the first component stands (A.5.1)

# Columns of the table of a tile-component's subbands.
X_SHIFT, Y_SHIFT, ORIENTATION, PLANES, COLUMNS = range(5)

_kernel = njit(error_model="numpy", nogil=True, cache=True, _nrt=False)

# Equation G-8 and those before it: R = Y + 1.402 Cr and so on.
_RED, _GREEN_BLUE, _GREEN_RED, _BLUE = (np.float32(factor) for factor in (1.402, 0.34413, 0.71414, 1.772))
_ROUND = np.float32(1.5 * 2**23)  # added and taken away again, it rounds what is below 2^22 to even
_ONE, _TWO = np.int32(1), np.int32(2)


def decode(codestream: Codestream | bytes, *, reduce: int = 0, lifting: Lifting = STANDARD) -> list[np.ndarray]:
    """Decode a codestream.

    Parameters
    ----------
    codestream : Codestream or bytes
        Bytes of a codestream or of a JP2 file are parsed first.
    reduce : int
        How many of the highest resolutions are left out; each halves both sides.
    lifting : Lifting
        Factors of the 9-7 transform: `jscc.jpeg2000.STANDARD`, or `OPENJPEG` for that decoder's results to the bit.

    Returns
    -------
    list of ndarray of int32, shape (height, width)
        One for each component, in its own sub-sampling, within the range of its precision. Tiles without bytes are 0.

    Raises
    ------
    CodestreamError
        If bytes are no codestream, or a component has more than 31 bits, or a code-block more bit-planes than 30.
    ValueError
        If code-blocks are those of Part 15 (HT), or there are fewer resolutions.

    Examples
    --------
    The codestream of annex J.10 of the standard:

    >>> data = bytes.fromhex(
    ...     "FF4F FF51 0029 0000 00000001 00000009 00000000 00000000 00000001 00000009 00000000 00000000"
    ...     "0001 070101 FF5C 0007 40 40484850 FF52 000C 00000001 00010404 0001"
    ...     "FF90 000A 0000 0000001E 00 01 FF93 C7D40C018F0DC8755D C07C21800FB176 FFD9"
    ... )
    >>> decode(data)[0].ravel()
    array([101, 103, 104, 105,  96,  97,  96, 102, 109], dtype=int32)
    """
    if not isinstance(codestream, Codestream):
        codestream = parse(codestream)
    _check(codestream, reduce)
    reduce = int(reduce)
    regions = [resolutions(*_region(codestream, number), reduce)[0] for number in range(len(codestream.components))]
    out = [np.zeros((y1 - y0, x1 - x0), np.int32) for x0, y0, x1, y1 in regions]
    blocks = _Blocks(codestream)
    for tile in codestream.tiles:
        _decode_tile(codestream, tile, blocks, reduce, lifting, regions, out)
    return out


def decode_image(codestream: Codestream | bytes, *, lifting: Lifting = STANDARD) -> np.ndarray:
    """Decode a codestream of grey or colour to 8 bits.

    Parameters
    ----------
    codestream : Codestream or bytes
    lifting : Lifting
        See `decode`.

    Returns
    -------
    ndarray of uint8, shape (height, width) or (height, width, 3)
        The first component, or the first three where there are as many; the values as they are coded, of more or
        fewer bits brought to 8 by shifting.

    Raises
    ------
    ValueError
        As `decode`, and if three components differ in size.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (5, 4), (9, 80, 200)).save(file, "JPEG2000", mct=1)
    >>> image = decode_image(file.getvalue())
    >>> image.shape, image[3, 4]
    ((4, 5, 3), array([  9,  80, 200], dtype=uint8))
    """
    if not isinstance(codestream, Codestream):
        codestream = parse(codestream)
    wanted = codestream.components[:3] if len(codestream.components) >= 3 else codestream.components[:1]
    grids = [(component.dx, component.dy) for component in wanted]
    if len(set(grids)) > 1:
        raise ValueError(f"components sub-sampled by {grids} given, equal sizes are expected")
    planes = decode(codestream, lifting=lifting)[: len(wanted)]
    image = np.empty((*planes[0].shape, len(planes)), np.uint8)
    for number, (samples, component) in enumerate(zip(planes, wanted, strict=True)):
        if component.signed:
            samples += 1 << component.precision - 1
        if component.precision != 8:
            shift = component.precision - 8
            samples = samples >> shift if shift > 0 else samples << -shift
        image[..., number] = samples
    return image if len(planes) == 3 else image[..., 0]


def _region(codestream: Codestream, number: int) -> tuple[int, int, int, int]:
    """Where a component lies, in its own samples (equation B-2)."""
    size, (_, _, dx, dy) = codestream.size, codestream.components[number]
    return -(-size.x0 // dx), -(-size.y0 // dy), -(-size.x1 // dx), -(-size.y1 // dy)


def _check(codestream: Codestream, reduce: int) -> None:
    for number, component in enumerate(codestream.components):
        if component.precision > MAX_PRECISION:
            start, _ = find_codestream(codestream.data)
            raise CodestreamError(
                start + FIRST_PRECISION + 3 * number,
                f"component {number} has {component.precision} bits, at most {MAX_PRECISION} are decoded",
            )
    if reduce < 0 or int(reduce) != reduce:
        raise ValueError(f"reduce={reduce} given, an integer of 0 or more is expected")
    for tile in codestream.tiles:
        for component in tile.components:
            if component.style & HIGH_THROUGHPUT:
                raise ValueError("code-blocks of Part 15 (HT) given, those of Part 1 are expected")
            if component.levels < reduce:
                raise ValueError(f"reduce={reduce} given, tile {tile.index} has {component.levels} levels")


class _Blocks:
    """The code-blocks of a codestream, and a decoder with room for any of them."""

    def __init__(self, codestream: Codestream):
        self.codestream = codestream
        self.data = np.frombuffer(codestream.data, np.uint8)
        rows = codestream.blocks
        self.bounds = np.searchsorted(rows["subband"], np.arange(len(codestream.subbands) + 1))
        ends = np.concatenate([[0], np.cumsum(codestream.segments["n_bytes"])])
        n_bytes = ends[rows["first_segment"] + rows["n_segments"]] - ends[rows["first_segment"]]
        self.decoder: Block = new_block(int(n_bytes.max(initial=0)), int(rows["n_segments"].max(initial=1)))

    def check_planes(self, first: int, last: int, planes: np.ndarray) -> None:
        """Refuse blocks of more bit-planes than a coefficient holds."""
        rows = self.codestream.blocks[first:last]
        many = np.flatnonzero((rows["n_passes"] > 0) & (planes > MAX_PLANES))
        if len(many):
            segment = self.codestream.segments[rows[many[0]]["first_segment"]]
            offset = int(self.codestream.chunks[segment["first_chunk"]]["offset"]) if segment["n_chunks"] else 0
            raise CodestreamError(
                offset, f"a code-block of {planes[many[0]]} bit-planes, at most {MAX_PLANES} are decoded"
            )


def _decode_tile(codestream, tile: Tile, blocks, reduce, lifting, regions, out) -> None:
    samples = [_tile_component(codestream, c, part, blocks, reduce, lifting) for c, part in enumerate(tile.components)]
    if tile.multi_component and len(samples) >= 3:
        first = samples[:3]
        if len({(part.dtype, part.shape) for part in first}) == 1:
            (_undo_rct if first[0].dtype == np.int32 else _undo_ict)(*first)
    for part, component, region, into, header in zip(
        samples, tile.components, regions, out, codestream.components, strict=True
    ):
        x0, y0, _, _ = resolutions(component.x0, component.y0, component.x1, component.y1, reduce)[0]
        half = 1 << header.precision - 1
        shift = 0 if header.signed else half
        target = into[y0 - region[1] : y0 - region[1] + part.shape[0], x0 - region[0] : x0 - region[0] + part.shape[1]]
        if target.shape != part.shape:
            raise ValueError(f"tile {tile.index} given with {part.shape} samples, {target.shape} are expected")
        if part.dtype == np.int32:
            finish_integers(part, half, shift, target)
        else:
            _finish_floats(part, half, shift, target)


def _tile_component(codestream, number, component: TileComponent, blocks, reduce, lifting) -> np.ndarray:
    """The samples of a tile-component, before components are transformed."""
    levels = component.levels - reduce
    corners = resolutions(component.x0, component.y0, component.x1, component.y1, component.levels)
    x0, y0, x1, y1 = corners[levels]
    bands = np.zeros((y1 - y0, x1 - x0), np.int32 if component.reversible else np.float32)
    if bands.size == 0:
        return bands
    first = component.subbands.start
    rows = codestream.subbands[first : first + 1 + 3 * levels]
    table = np.zeros((len(rows), COLUMNS), np.int64)
    steps = np.zeros(len(rows), np.float32)
    precision = codestream.components[number].precision
    for k, row in enumerate(rows):
        orientation = int(row["orientation"])
        low = corners[max((k - 1) // 3, 0)]
        table[k, X_SHIFT] = (low[2] - low[0] if orientation & 1 else 0) - row["x0"]
        table[k, Y_SHIFT] = (low[3] - low[1] if orientation & 2 else 0) - row["y0"]
        table[k, ORIENTATION] = orientation
        table[k, PLANES] = row["magnitude_bits"] + component.roi_shift
        gain = (0, 1, 1, 2)[orientation]  # Table E.1
        steps[k] = 2.0 ** (precision + gain - int(row["exponent"])) * (1 + int(row["mantissa"]) / 2048) / 2
    begin, end = (int(at) for at in blocks.bounds[[first, first + len(rows)]])
    own = codestream.blocks[begin:end]
    blocks.check_planes(begin, end, table[own["subband"] - first, PLANES] - own["zero_planes"])
    _decode_blocks(
        blocks.data,
        own,
        codestream.segments,
        codestream.chunks,
        first,
        table,
        steps,
        component.style,
        component.roi_shift,
        component.reversible,
        blocks.decoder,
        bands.view(np.int32),
        bands.view(np.float32),
    )
    return inverse_transform(bands, x0, y0, levels, lifting=lifting)


@_kernel
def _decode_blocks(
    data, blocks, segments, chunks, first, table, steps, style, roi_shift, reversible, block, integers, floats
):
    """Decode the code-blocks of a tile-component into its subbands."""
    for b in range(len(blocks)):
        row = blocks[b]
        if row.n_passes == 0:
            continue
        place = 0
        for s in range(row.n_segments):
            segment = segments[row.first_segment + s]
            block.segments[s, START], block.segments[s, PASSES] = place, segment.n_passes
            for c in range(segment.first_chunk, segment.first_chunk + segment.n_chunks):
                offset = chunks[c].offset
                for k in range(chunks[c].n_bytes):
                    block.source[place + k] = data[offset + k]
                place += chunks[c].n_bytes
            block.segments[s, BYTES] = place - block.segments[s, START]
            block.source[place] = block.source[place + 1] = 0xFF
            place += 2
        k = row.subband - first
        width, height = row.x1 - row.x0, row.y1 - row.y0
        outline = Outline(width, height, table[k, PLANES] - row.zero_planes, table[k, ORIENTATION], style)
        begin_block(outline, block)
        run_passes(outline, block, row.n_segments, row.n_passes)
        values = block.values
        if 0 < roi_shift <= MAX_PLANES:  # no magnitude reaches what lies above
            _lower(values, width * height, roi_shift)
        x0 = np.uint64(row.x0 + table[k, X_SHIFT])
        for y in range(height):
            into, start = row.y0 + table[k, Y_SHIFT] + y, np.uint64(y * width)
            if reversible:
                for x in range(np.uint64(width)):
                    value = values[start + x]
                    integers[into, x0 + x] = np.int32(value + np.int32(value < 0)) >> _ONE
            else:
                for x in range(np.uint64(width)):
                    floats[into, x0 + x] = np.float32(values[start + x]) * steps[k]


@_kernel
def _lower(values, n_values, shift):
    """Move what lies in the region of interest down again (H.1): magnitudes that no others reach."""
    for k in range(n_values):
        size = abs(np.int64(values[k]))
        if size >> shift > 1:
            lowered = size >> shift
            if lowered << shift != size:
                lowered |= 1
            values[k] = -lowered if values[k] < 0 else lowered


@_kernel
def _undo_rct(first, second, third):
    """The reversible transform of three components (equations G-6 to G-8)."""
    height, width = first.shape
    for y in range(height):
        for x in range(width):
            green = np.int32(first[y, x] - (np.int32(second[y, x] + third[y, x]) >> _TWO))
            red = np.int32(third[y, x] + green)
            third[y, x] = second[y, x] + green
            first[y, x] = red
            second[y, x] = green


@_kernel
def _undo_ict(first, second, third):
    """The irreversible transform of three components (equations G-12 to G-14)."""
    height, width = first.shape
    for y in range(height):
        for x in range(width):
            luma, blue, red = first[y, x], second[y, x], third[y, x]
            first[y, x] = luma + red * _RED
            second[y, x] = luma - blue * _GREEN_BLUE - red * _GREEN_RED
            third[y, x] = luma + blue * _BLUE


@_kernel
def finish_integers(samples, half, shift, out):
    """Clip to a precision, and raise unsigned samples (G.1)."""
    low, high, raised = np.int32(-half), np.int32(half - 1), np.int32(shift)
    height, width = samples.shape
    for y in range(height):
        for x in range(width):
            out[y, x] = min(max(samples[y, x], low), high) + raised


@_kernel
def _finish_floats(samples, half, shift, out):
    """Round to the nearest integer, a half to even, clip, and raise unsigned samples (G.1)."""
    low, high, raised = np.float32(-half), np.float32(half - 1), np.int32(shift)
    height, width = samples.shape
    for y in range(height):
        for x in range(width):
            value = samples[y, x]
            value = value if value > low else low
            value = value if value < high else high
            if half <= 1 << 22:
                value = np.float32(np.float32(value + _ROUND) - _ROUND)
            else:
                value = np.rint(value)
            out[y, x] = np.int32(min(np.int64(value), half - 1)) + raised

"""Which subbands, precincts and code-blocks the headers promise (ISO/IEC 15444-1, B.5 to B.7).

A cell is what one precinct and one subband have in common: the code-blocks that share two tag trees.  A precinct has
one cell at resolution 0 and three at each other.
"""

from __future__ import annotations

import numpy as np
from numba import njit


def table(*names: str) -> np.dtype:
    """Rows of 64-bit integers with these names."""
    return np.dtype([(name, np.int64) for name in names])


MAX_RESOLUTIONS = 33
# Columns of the two tables of settings, one row for each set that some component of some tile has.
LEVELS, BLOCK_WIDTH, BLOCK_HEIGHT, PRECINCT_WIDTH, PRECINCT_HEIGHT = 0, 1, 2, 3, 3 + MAX_RESOLUTIONS
STYLE, GUARD_BITS, STEPS = 0, 1, 2
CODING_COLUMNS, QUANTISATION_COLUMNS = 3 + 2 * MAX_RESOLUTIONS, 2 + 3 * MAX_RESOLUTIONS - 2

TILE_COMPONENT = table(
    "tile", "component", "dx", "dy", "coding", "quantisation", "x0", "y0", "x1", "y1", "first_subband", "n_subbands"
)
SUBBAND = table(
    "tile",
    "component",
    "resolution",
    "orientation",
    "x0",
    "y0",
    "x1",
    "y1",
    "exponent",
    "mantissa",
    "magnitude_bits",
)
RESOLUTION = table(
    "tile_component",
    "resolution",
    "x0",
    "y0",
    "x1",
    "y1",
    "precinct_width",
    "precinct_height",
    "block_width",
    "block_height",
    "wide",
    "high",
    "first_subband",
    "n_subbands",
)
PRECINCT = table("tile", "component", "resolution", "x", "y", "first_cell", "n_cells")
CELL = table("first_block", "wide", "high", "first_node")
BLOCK = table("subband", "x0", "y0", "x1", "y1", "zero_planes", "n_passes", "first_segment", "n_segments")


@njit(cache=True)
def ceil_shift(value, bits):
    """The least integer that is not below ``value / 2**bits``."""
    return (value + (1 << bits) - 1) >> bits


@njit(cache=True)
def tree_size(wide, high):
    """Nodes of a tag tree over ``wide * high`` leaves (B.10.2)."""
    if wide == 0 or high == 0:
        return 0
    size = wide * high
    while wide > 1 or high > 1:
        wide, high = (wide + 1) >> 1, (high + 1) >> 1
        size += wide * high
    return size


@njit(cache=True)
def lay_out_subbands(tiles, codings, quantisations, tile_components, resolutions, subbands, totals):
    """Fill the tables of resolutions and subbands (B-15), and count what lies within.

    Parameters
    ----------
    tiles : ndarray of int64, shape (tiles, 4)
        x0, y0, x1, y1 on the reference grid.
    codings, quantisations : ndarray of int64
        One row for each set of settings, see the columns above.
    tile_components : ndarray of TILE_COMPONENT
        With tile, component, sub-sampling and rows of settings; the other fields are written.
    resolutions, subbands : ndarray of RESOLUTION, SUBBAND
        Written.
    totals : ndarray of float64, shape (3,)
        Written: precincts, cells and code-blocks, also where they are too many for an integer.
    """
    n_resolutions, n_subbands = 0, 0
    totals[:] = 0.0
    for t in range(len(tile_components)):
        row = tile_components[t]
        tile, dx, dy = row["tile"], row["dx"], row["dy"]
        x0, y0 = -(-tiles[tile, 0] // dx), -(-tiles[tile, 1] // dy)
        x1, y1 = -(-tiles[tile, 2] // dx), -(-tiles[tile, 3] // dy)
        row["x0"], row["y0"], row["x1"], row["y1"] = x0, y0, x1, y1
        row["first_subband"] = n_subbands
        coding, quantisation = row["coding"], row["quantisation"]
        levels = codings[coding, LEVELS]
        for resolution in range(levels + 1):
            new = resolutions[n_resolutions]
            n_resolutions += 1
            below = levels - resolution
            new["tile_component"], new["resolution"] = t, resolution
            rx0, ry0 = ceil_shift(x0, below), ceil_shift(y0, below)
            rx1, ry1 = ceil_shift(x1, below), ceil_shift(y1, below)
            new["x0"], new["y0"], new["x1"], new["y1"] = rx0, ry0, rx1, ry1
            width = codings[coding, PRECINCT_WIDTH + resolution]
            height = codings[coding, PRECINCT_HEIGHT + resolution]
            new["precinct_width"], new["precinct_height"] = width, height
            inner = 1 if resolution else 0  # a precinct's part of a subband is half as wide and high
            block_width = min(codings[coding, BLOCK_WIDTH], width - inner)
            block_height = min(codings[coding, BLOCK_HEIGHT], height - inner)
            new["block_width"], new["block_height"] = block_width, block_height
            wide = ceil_shift(rx1, width) - (rx0 >> width) if rx1 > rx0 else 0
            high = ceil_shift(ry1, height) - (ry0 >> height) if ry1 > ry0 else 0
            if wide == 0 or high == 0:
                wide, high = 0, 0
            new["wide"], new["high"] = wide, high
            first, last = (1, 3) if resolution else (0, 0)
            new["first_subband"], new["n_subbands"] = n_subbands, last - first + 1
            totals[0] += float(wide) * high
            totals[1] += float(wide) * high * (last - first + 1)
            level = below + inner
            for orientation in range(first, last + 1):
                band = subbands[n_subbands]
                n_subbands += 1
                band["tile"], band["component"] = tile, row["component"]
                band["resolution"], band["orientation"] = resolution, orientation
                shift_x = (orientation & 1) << (level - 1) if inner else 0
                shift_y = (orientation >> 1) << (level - 1) if inner else 0
                bx0, by0 = ceil_shift(x0 - shift_x, level), ceil_shift(y0 - shift_y, level)
                bx1, by1 = ceil_shift(x1 - shift_x, level), ceil_shift(y1 - shift_y, level)
                band["x0"], band["y0"], band["x1"], band["y1"] = bx0, by0, bx1, by1
                if quantisations[quantisation, STYLE] == 1:  # E-5: halved sizes from level to level
                    step = quantisations[quantisation, STEPS]
                    exponent = max(0, (step >> 11) - levels + level)
                else:
                    number = 3 * (resolution - 1) + orientation if resolution else 0
                    step = quantisations[quantisation, STEPS + number]
                    exponent = step >> 11
                band["exponent"], band["mantissa"] = exponent, step & 2047
                band["magnitude_bits"] = quantisations[quantisation, GUARD_BITS] + exponent - 1
                if bx1 > bx0 and by1 > by0 and wide:
                    across = ceil_shift(bx1, block_width) - (bx0 >> block_width)
                    down = ceil_shift(by1, block_height) - (by0 >> block_height)
                    totals[2] += float(across) * down
        row["n_subbands"] = n_subbands - row["first_subband"]


@njit(cache=True)
def lay_out_blocks(tiles, codings, tile_components, resolutions, subbands, precincts, cells, blocks):
    """Fill the tables of precincts (B.6), their cells and code-blocks (B.7); the number of tag tree nodes.

    Precincts come in the order of their tile, component, resolution and place, code-blocks in that of their
    precinct, subband and place.  `x` and `y` of a precinct tell where on the reference grid the orders by position
    come upon it (B.12.1.3).

    Parameters
    ----------
    tiles, codings, tile_components, resolutions, subbands
        As `lay_out_subbands` has filled them.
    precincts, cells, blocks : ndarray of PRECINCT, CELL, BLOCK
        Written, of a block what the headers say: its subband and its edges.
    """
    n_precincts, n_cells, n_blocks, n_nodes = 0, 0, 0, 0
    for k in range(len(resolutions)):
        here = resolutions[k]
        row = tile_components[here["tile_component"]]
        tile = row["tile"]
        width, height = here["precinct_width"], here["precinct_height"]
        below = codings[row["coding"], LEVELS] - here["resolution"]
        inner = 1 if here["resolution"] else 0
        block_width, block_height = here["block_width"], here["block_height"]
        for j in range(here["high"]):
            top = ((here["y0"] >> height) + j) << height
            y = tiles[tile, 1] if top < here["y0"] else (top << below) * row["dy"]
            for i in range(here["wide"]):
                left = ((here["x0"] >> width) + i) << width
                x = tiles[tile, 0] if left < here["x0"] else (left << below) * row["dx"]
                precinct = precincts[n_precincts]
                n_precincts += 1
                precinct["tile"], precinct["component"] = tile, row["component"]
                precinct["resolution"] = here["resolution"]
                precinct["x"], precinct["y"] = x, y
                precinct["first_cell"], precinct["n_cells"] = n_cells, here["n_subbands"]
                for b in range(here["first_subband"], here["first_subband"] + here["n_subbands"]):
                    band = subbands[b]
                    x0, y0 = max(band["x0"], left >> inner), max(band["y0"], top >> inner)
                    x1 = min(band["x1"], (left + (1 << width)) >> inner)
                    y1 = min(band["y1"], (top + (1 << height)) >> inner)
                    wide, high = 0, 0
                    if x1 > x0 and y1 > y0:
                        wide = ceil_shift(x1, block_width) - (x0 >> block_width)
                        high = ceil_shift(y1, block_height) - (y0 >> block_height)
                    cell = cells[n_cells]
                    n_cells += 1
                    cell["first_block"], cell["wide"], cell["high"], cell["first_node"] = n_blocks, wide, high, n_nodes
                    n_nodes += tree_size(wide, high)
                    for v in range(high):
                        for u in range(wide):
                            block = blocks[n_blocks]
                            n_blocks += 1
                            block["subband"] = b
                            block["x0"] = max(x0, ((x0 >> block_width) + u) << block_width)
                            block["y0"] = max(y0, ((y0 >> block_height) + v) << block_height)
                            block["x1"] = min(x1, ((x0 >> block_width) + u + 1) << block_width)
                            block["y1"] = min(y1, ((y0 >> block_height) + v + 1) << block_height)
    return n_nodes

"""The reader of codestreams, against a naive writer, OpenJPEG's own reading, and everything hostile."""

from __future__ import annotations

import numpy as np
import pytest

from jscc.jpeg2000 import Codestream, CodestreamError, Limits, parse
from toy_codestreams import Stream, random_stream


def expected_blocks(stream: Stream, counts: dict[int, int] | None = None) -> dict[tuple, tuple]:
    """What a stream holds of each code-block, after so many packets of each tile."""
    found = {}
    for row, tile in enumerate(stream.tiles):
        layers: dict[int, int] = {}
        for precinct, layer, _, _ in tile.packets[: None if counts is None else counts[tile.index]]:
            layers[id(precinct)] = layer + 1
        for precincts in tile.grid.values():
            for precinct in precincts:
                for cell in precinct.cells:
                    for block in (block for blocks in cell.blocks for block in blocks):
                        segments = block.segments(layers.get(id(precinct), 0))
                        key = row, precinct.component, precinct.resolution, cell.orientation, *block.edges
                        found[key] = (block.planes if segments else 0, segments)
    return found


def found_blocks(codestream: Codestream) -> dict[tuple, tuple]:
    found = {}
    for number, block in enumerate(codestream.blocks):
        band = codestream.subbands[block["subband"]]
        key = [int(band[name]) for name in ("tile", "component", "resolution", "orientation")]
        key += [int(block[name]) for name in ("x0", "y0", "x1", "y1")]
        content, at, segments = codestream.bytes_of(number), 0, []
        first = block["first_segment"]
        for segment in codestream.segments[first : first + block["n_segments"]]:
            segments.append((int(segment["n_passes"]), content[at : at + segment["n_bytes"]]))
            at += segment["n_bytes"]
        assert at == len(content)
        assert sum(passes for passes, _ in segments) == block["n_passes"]
        assert tuple(key) not in found
        found[tuple(key)] = int(block["zero_planes"]), segments
    return found


def accounts_for_every_byte(codestream: Codestream) -> bool:
    """Whether chunks lie apart, within tile-parts, and with the packet headers take all of these."""
    chunks = codestream.chunks[codestream.chunks["n_bytes"] > 0]
    chunks = chunks[np.argsort(chunks["offset"])]
    parts = np.array([part for tile in codestream.tiles for part in tile.parts])
    parts = parts[np.argsort(parts[:, 0])]
    assert (chunks["offset"][1:] >= (chunks["offset"] + chunks["n_bytes"])[:-1]).all()
    home = parts[np.searchsorted(parts[:, 0], chunks["offset"], side="right") - 1]
    assert ((home[:, 0] <= chunks["offset"]) & (chunks["offset"] + chunks["n_bytes"] <= home[:, 1])).all()
    taken = chunks["n_bytes"].sum() + sum(tile.header_bytes + tile.left_over for tile in codestream.tiles)
    return taken == (parts[:, 1] - parts[:, 0]).sum()


@pytest.mark.parametrize("seed", range(300))
def test_a_written_stream_is_read_back(seed):
    stream = random_stream(np.random.default_rng(seed), small=seed % 2 == 0)
    codestream = parse(stream.data)
    assert found_blocks(codestream) == expected_blocks(stream)
    assert accounts_for_every_byte(codestream)
    assert codestream.truncated_at is None
    for tile, expected in zip(codestream.tiles, stream.tiles, strict=True):
        assert (tile.index, (tile.x0, tile.y0, tile.x1, tile.y1)) == (expected.index, expected.edges)
        assert tile.packets == tile.expected_packets == len(expected.packets)
        assert tile.left_over == 0
        for component, setting, shift in zip(tile.components, expected.settings, expected.roi_shifts, strict=True):
            assert component.levels == setting.levels
            assert (component.block_width, component.block_height) == setting.block
            assert list(component.precincts) == setting.precincts
            assert (component.style, component.roi_shift) == (setting.style, shift)
            assert (component.guard_bits, component.quantisation) == (setting.guard_bits, setting.quantisation)

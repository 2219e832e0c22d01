"""Where a JPEG 2000 codestream keeps the bytes of every code-block (ISO/IEC 15444-1, Annexes A and B).

A codestream that contradicts itself or the standard is refused with a `CodestreamError`, which names the byte.  One
whose file ends too early is read as far as its packets are whole, and says where it ends.  Lenient is the reader only
where nothing is lost by it: SOP and EPH may lack where COD announces them; bytes of a tile-part behind the last packet
are left over; packets may be missing at the end of a tile.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from jscc.jpeg2000 import _layout, _packets
from jscc.jpeg2000.markers import (
    CodestreamError,
    Component,
    Headers,
    Limits,
    Progression,
    Settings,
    Size,
    read_headers,
)

__all__ = ["Codestream", "CodestreamError", "Tile", "TileComponent", "parse"]


class TileComponent(NamedTuple):
    """One component within one tile.

    Attributes
    ----------
    x0, y0, x1, y1 : int
        Its edges, in samples of the component (B-12); x1 and y1 lie outside.
    levels : int
        Decomposition levels.
    reversible : bool
        The 5-3 transform, otherwise 9-7.
    style : int
        Of code-blocks: 1 BYPASS, 2 RESET, 4 TERMALL, 8 VSC, 16 PTERM, 32 SEGSYM, or sums.
    guard_bits, roi_shift : int
    quantisation : int
        0 none, 1 derived, 2 expounded.
    subbands : slice
        Its rows of `Codestream.subbands`: LL, then HL, LH and HH of each resolution.
    block_width, block_height : int
        Base-2 logarithms of the nominal size of a code-block.
    precincts : tuple of (int, int)
        Base-2 logarithms of a precinct's width and height at each resolution.
    """

    x0: int
    y0: int
    x1: int
    y1: int
    levels: int
    reversible: bool
    style: int
    guard_bits: int
    roi_shift: int
    quantisation: int
    subbands: slice
    block_width: int
    block_height: int
    precincts: tuple[tuple[int, int], ...]


@dataclass(frozen=True, repr=False)
class Tile:
    """One tile that has bytes in the codestream.

    Attributes
    ----------
    index : int
    x0, y0, x1, y1 : int
        Its edges on the reference grid; x1 and y1 lie outside.
    components : tuple of TileComponent
    multi_component : bool
        Whether the first three components went through a component transform.
    layers : int
    progression : int
        Of the COD in force: 0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL.
    progressions : tuple of Progression
        Of POC, which then hold instead.
    parts : tuple of (int, int)
        Where the packets of its tile-parts begin and end in the data.
    packets, expected_packets : int
        Those that were read, and those that its layers and precincts promise.
    header_bytes : int
        Bytes in its tile-parts that packet headers, SOP and EPH take; in packed headers they are not counted.
    left_over : int
        Bytes of its tile-parts behind the last packet that was read.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> Image.new("RGB", (40, 30)).save(file, "JPEG2000", tile_size=(32, 32), num_resolutions=2)
    >>> codestream = parse(file.getvalue())
    >>> codestream.tiles[1]
    Tile(1: (32, 0) to (40, 30), 6 of 6 packets)
    >>> codestream.subbands[codestream.tiles[1].components[2].subbands]["orientation"]
    array([0, 1, 2, 3])
    """

    index: int
    x0: int
    y0: int
    x1: int
    y1: int
    components: tuple[TileComponent, ...]
    multi_component: bool
    layers: int
    progression: int
    progressions: tuple[Progression, ...]
    parts: tuple[tuple[int, int], ...]
    packets: int
    expected_packets: int
    header_bytes: int
    left_over: int

    def __repr__(self) -> str:
        return (
            f"Tile({self.index}: ({self.x0}, {self.y0}) to ({self.x1}, {self.y1}), "
            f"{self.packets} of {self.expected_packets} packets)"
        )


@dataclass(frozen=True, repr=False)
class Codestream:
    """A parsed codestream: what its headers say, and where its code-blocks' bytes lie.

    The four tables are structured arrays of 64-bit integers.  A code-block has one codeword segment, or several if
    BYPASS or TERMALL end it within; a segment has one chunk for each packet that contributes to it.

    Attributes
    ----------
    data : bytes
        What was given to `parse`; all offsets are into it.
    size : Size
    components : tuple of Component
    tiles : tuple of Tile
        Those that have bytes, by index.
    subbands : ndarray
        ``tile`` (row of `tiles`), ``component``, ``resolution``, ``orientation`` (0 LL, 1 HL, 2 LH, 3 HH), ``x0``,
        ``y0``, ``x1``, ``y1`` (subband coordinates, B-15), ``exponent``, ``mantissa`` (E-3) and ``magnitude_bits``
        (M_b, E-2; without the shift of a region of interest).
    blocks : ndarray
        ``subband`` (row of `subbands`), ``x0``, ``y0``, ``x1``, ``y1`` (subband coordinates), ``zero_planes``,
        ``n_passes``, ``first_segment``, ``n_segments``; those without bytes as well.
    segments : ndarray
        ``n_passes``, ``n_bytes``, ``first_chunk``, ``n_chunks``.
    chunks : ndarray
        ``offset``, ``n_bytes``; in the order of the blocks.
    truncated_at : int or None
        Where the whole packets end in a file that stops before its codestream does; None for a complete one.

    Examples
    --------
    >>> import io
    >>> from PIL import Image
    >>> file = io.BytesIO()
    >>> Image.new("L", (40, 30), 99).save(file, "JPEG2000", no_jp2=True, num_resolutions=2)
    >>> codestream = parse(file.getvalue())
    >>> codestream
    Codestream(40 x 30, 1 components, 1 tiles, 1 of 4 code-blocks, 25 bytes)
    >>> block = codestream.blocks["n_passes"].argmax()
    >>> content = codestream.bytes_of(block)
    >>> codestream.with_bytes(block, bytes(len(content))).bytes_of(block).hex()
    '0000000000...'
    """

    data: bytes
    size: Size
    components: tuple[Component, ...]
    tiles: tuple[Tile, ...]
    subbands: np.ndarray
    blocks: np.ndarray
    segments: np.ndarray
    chunks: np.ndarray
    truncated_at: int | None

    def offsets_of(self, blocks: int | Sequence[int]) -> np.ndarray:
        """Where each byte of some code-blocks lies in the data.

        Parameters
        ----------
        blocks : int or sequence of int
            Rows of `blocks`.

        Returns
        -------
        ndarray of int64, shape (bytes,)
            Block after block, each one's segments joined.

        Raises
        ------
        ValueError
            If there is no such row.
        """
        chosen = np.atleast_1d(np.asarray(blocks, np.int64))
        if chosen.size and not 0 <= chosen.min() <= chosen.max() < len(self.blocks):
            raise ValueError(f"blocks {blocks} given, rows 0 to {len(self.blocks) - 1} are expected")
        rows = self.blocks[chosen]
        segments = self.segments[_ranges(rows["first_segment"], rows["n_segments"])]
        chunks = self.chunks[_ranges(segments["first_chunk"], segments["n_chunks"])]
        return _ranges(chunks["offset"], chunks["n_bytes"])

    def bytes_of(self, blocks: int | Sequence[int]) -> bytes:
        """The bytes of one or some code-blocks, their segments joined."""
        return np.frombuffer(self.data, np.uint8)[self.offsets_of(blocks)].tobytes()

    def with_bytes(self, blocks: int | Sequence[int], content: bytes) -> Codestream:
        """The codestream with other bytes in one or some code-blocks; nothing else changes.

        Parameters
        ----------
        blocks : int or sequence of int
            Rows of `blocks`.
        content : bytes
            As long as what `bytes_of` gives for them.

        Returns
        -------
        Codestream

        Raises
        ------
        ValueError
            If the length is another.
        """
        offsets = self.offsets_of(blocks)
        if len(content) != len(offsets):
            raise ValueError(f"content of {len(content)} bytes given, {len(offsets)} are expected")
        data = np.frombuffer(self.data, np.uint8).copy()
        data[offsets] = np.frombuffer(content, np.uint8)
        return replace(self, data=data.tobytes())

    def __repr__(self) -> str:
        size = f"{self.size.x1 - self.size.x0} x {self.size.y1 - self.size.y0}"
        used = int(np.count_nonzero(self.blocks["n_passes"]))
        cut = "" if self.truncated_at is None else f", truncated at byte {self.truncated_at}"
        return (
            f"Codestream({size}, {len(self.components)} components, {len(self.tiles)} tiles, "
            f"{used} of {len(self.blocks)} code-blocks, {int(self.chunks['n_bytes'].sum())} bytes{cut})"
        )


def parse(data: bytes, *, limits: Limits = Limits()) -> Codestream:  # noqa: B008 (a tuple)
    """Read a codestream, or the first one of a JP2 file.

    Parameters
    ----------
    data : bytes
    limits : Limits
        What is refused for its size.

    Returns
    -------
    Codestream

    Raises
    ------
    CodestreamError
        ``at byte N: ...`` if the data are no codestream of Part 1, contradict themselves, or promise more than the
        limits.
    ValueError
        If `data` are not bytes, or 2^31 of them.

    Examples
    --------
    >>> parse(bytes.fromhex("ff4f ff51"))
    Traceback (most recent call last):
    ...
    jscc.jpeg2000.markers.CodestreamError: at byte 2: the codestream ends within SIZ
    """
    if not isinstance(data, bytes | bytearray | memoryview):
        raise ValueError(f"data of type {type(data).__name__} given, bytes are expected")
    data = bytes(data)
    if len(data) >= 2**31:
        raise ValueError(f"data of {len(data)} bytes given, less than 2^31 are expected")
    headers = read_headers(data, limits)
    layout = _Layout(headers, limits)
    packets = _Packets(data, headers, layout, limits)
    blocks, segments, chunks = packets.collect()
    _limit_visits(blocks, segments, chunks, limits.visits)
    return Codestream(
        data,
        headers.size,
        headers.components,
        layout.tiles(packets),
        layout.subbands,
        blocks,
        segments,
        chunks,
        packets.truncated_at,
    )


def _ranges(first: np.ndarray, count: np.ndarray) -> np.ndarray:
    """``first, first + 1, ...``, as many as counted, of each entry after the other."""
    ends = np.cumsum(count)
    return np.repeat(first - ends + count, count) + np.arange(ends[-1] if len(ends) else 0)


def _limit_visits(blocks: np.ndarray, segments: np.ndarray, chunks: np.ndarray, limit: int) -> None:
    """Refuse code-blocks that would take tier 1 too long; a few bytes may promise many passes."""
    areas = (blocks["x1"] - blocks["x0"]) * (blocks["y1"] - blocks["y0"])
    visits = np.cumsum(areas * blocks["n_passes"])
    over = int(np.searchsorted(visits, limit, side="right"))
    if over < len(blocks):
        chunk = chunks[segments[blocks[over]["first_segment"]]["first_chunk"]]
        raise CodestreamError(
            int(chunk["offset"]),
            f"coding passes visit {visits[-1]} samples in all, from here on more than {limit}, which are decoded",
        )


class _Layout:
    """The tables of what the headers promise for the tiles that have bytes."""

    def __init__(self, headers: Headers, limits: Limits):
        self.headers, self.limits = headers, limits
        self.indices = sorted({part.tile for part in headers.parts})
        n_components = len(headers.components)
        self.require("tile_components", len(self.indices) * n_components)
        self.require("progressions", sum(map(self.progressions_of, self.indices)))
        plain = headers.settings() if len(headers.tiles) < len(self.indices) else None
        self.settings: list[Settings] = [
            headers.settings(index) if index in headers.tiles else plain for index in self.indices
        ]
        self.edges = self.edges_of_tiles()
        self.tile_components = np.zeros(len(self.indices) * n_components, _layout.TILE_COMPONENT)
        self.fill_settings(n_components)
        levels = self.codings[self.tile_components["coding"], _layout.LEVELS]
        self.require("subbands", int((3 * levels + 1).sum()))
        resolutions = np.zeros(int((levels + 1).sum()), _layout.RESOLUTION)
        self.subbands = np.zeros(int((3 * levels + 1).sum()), _layout.SUBBAND)
        totals = np.zeros(3)
        _layout.lay_out_subbands(
            self.edges, self.codings, self.quantisations, self.tile_components, resolutions, self.subbands, totals
        )
        n_precincts, n_cells, n_blocks = map(int, totals)
        self.require("precincts", n_precincts)
        self.require("blocks", n_blocks)
        self.precincts = np.zeros(n_precincts, _layout.PRECINCT)
        self.cells = np.zeros(n_cells, _layout.CELL)
        self.blocks = np.zeros(n_blocks, _layout.BLOCK)
        self.n_nodes = _layout.lay_out_blocks(
            self.edges,
            self.codings,
            self.tile_components,
            resolutions,
            self.subbands,
            self.precincts,
            self.cells,
            self.blocks,
        )

    def require(self, what: str, count: int) -> None:
        limit = getattr(self.limits, what)
        if count > limit:
            name = what.replace("_", "-")
            raise CodestreamError(self.headers.start + 2, f"{count} {name} are promised, at most {limit} are read")

    def progressions_of(self, index: int) -> int:
        """How many progressions of POC a tile has."""
        own = self.headers.tiles.get(index)
        return len(own.progressions if own and own.progressions else self.headers.main.progressions)

    def edges_of_tiles(self) -> np.ndarray:
        """Where the tiles lie on the reference grid (B-7 to B-10)."""
        size, index = self.headers.size, np.array(self.indices, np.int64)
        across = size.tiles[0]
        x0, y0 = (
            size.tile_x0 + index % across * size.tile_width,
            size.tile_y0 + index // across * size.tile_height,
        )
        return np.stack(
            [
                np.maximum(x0, size.x0),
                np.maximum(y0, size.y0),
                np.minimum(x0 + size.tile_width, size.x1),
                np.minimum(y0 + size.tile_height, size.y1),
            ],
            axis=1,
        )

    def fill_settings(self, n_components: int) -> None:
        """One row for each set of coding and of step sizes, and which of them each component of each tile has."""
        codings, quantisations, rows_of = {}, {}, {}
        rows = self.tile_components.reshape(len(self.indices), n_components)
        rows["tile"] = np.arange(len(self.indices))[:, None]
        rows["component"] = np.arange(n_components)
        rows["dx"] = [component.dx for component in self.headers.components]
        rows["dy"] = [component.dy for component in self.headers.components]
        for row, settings in zip(rows, self.settings, strict=True):
            if id(settings) not in rows_of:
                rows_of[id(settings)] = (
                    [codings.setdefault(coding, len(codings)) for coding in settings.codings],
                    [quantisations.setdefault(steps[:3], len(quantisations)) for steps in settings.quantisations],
                )
            row["coding"], row["quantisation"] = rows_of[id(settings)]
        self.codings = np.zeros((len(codings), _layout.CODING_COLUMNS), np.int64)
        for row, coding in zip(self.codings, codings, strict=True):
            row[: _layout.PRECINCT_WIDTH] = coding.levels, coding.block_width, coding.block_height
            for column, side in ((_layout.PRECINCT_WIDTH, 0), (_layout.PRECINCT_HEIGHT, 1)):
                row[column : column + coding.levels + 1] = [precinct[side] for precinct in coding.precincts]
        self.quantisations = np.zeros((len(quantisations), _layout.QUANTISATION_COLUMNS), np.int32)
        for row, (style, guard_bits, steps) in zip(self.quantisations, quantisations, strict=True):
            row[: _layout.STEPS] = style, guard_bits
            row[_layout.STEPS : _layout.STEPS + len(steps)] = steps

    def orders(self, used: set[int]) -> tuple[np.ndarray, np.ndarray]:
        """The precincts as each progression order comes upon them, and the row of each order (B.12.1)."""
        p = self.precincts
        keys = {
            0: ("resolution", "component"),
            2: ("resolution", "y", "x", "component"),
            3: ("y", "x", "component", "resolution"),
            4: ("component", "y", "x", "resolution"),
        }
        rows, order_rows = [], np.zeros(5, np.int64)
        for order in sorted({0 if order == 1 else order for order in used}):
            order_rows[order] = len(rows)
            rows.append(np.lexsort([p[name] for name in (*reversed(keys[order]), "tile")]))
        order_rows[1] = order_rows[0]
        return np.array(rows), order_rows

    def tiles(self, packets: _Packets) -> tuple[Tile, ...]:
        """What a user sees of the tiles."""
        n_components = len(self.headers.components)
        rows = self.tile_components[["x0", "y0", "x1", "y1", "first_subband", "n_subbands"]].tolist()
        tiles = []
        for k, settings in enumerate(self.settings):
            components = []
            own = rows[k * n_components : (k + 1) * n_components]
            for row, coding, steps, shift in zip(
                own, settings.codings, settings.quantisations, settings.roi_shifts, strict=True
            ):
                components.append(
                    TileComponent(
                        *row[:4],
                        coding.levels,
                        coding.reversible,
                        coding.style,
                        steps.guard_bits,
                        shift,
                        steps.style,
                        slice(row[4], row[4] + row[5]),
                        coding.block_width,
                        coding.block_height,
                        coding.precincts,
                    )
                )
            coding = settings.tile_coding
            tiles.append(
                Tile(
                    self.indices[k],
                    *self.edges[k].tolist(),
                    tuple(components),
                    coding.multi_component,
                    coding.layers,
                    coding.progression,
                    settings.progressions,
                    *packets.facts[k],
                )
            )
        return tuple(tiles)


class _Packets:
    """The packets of all tiles, read."""

    def __init__(self, data: bytes, headers: Headers, layout: _Layout, limits: Limits):
        self.data, self.headers, self.layout, self.limits = np.frombuffer(data, np.uint8), headers, layout, limits
        n_blocks, n_nodes = len(layout.blocks), layout.n_nodes
        self.state = _packets.State(
            np.empty(len(layout.precincts), np.int32),
            *(np.empty(n_blocks, np.int32) for _ in range(3)),
            *(np.empty(n_nodes, np.int32) for _ in range(4)),
            np.empty(5, np.int64),
        )
        self.records = np.empty(min(limits.chunks, 1024 + len(data) // 16), _packets.RECORD)
        self.told = np.zeros(_packets.N_TOLD, np.int64)
        self.truncated_at: int | None = None
        self.facts: list[tuple] = []
        self.read_tiles(data)

    def read_tiles(self, data: bytes) -> None:
        layout, headers = self.layout, self.headers
        volumes_of = [_volumes(settings, len(headers.components)) for settings in layout.settings]
        orders, order_rows = layout.orders({volume[5] for volumes in volumes_of for volume in volumes})
        bounds = np.searchsorted(layout.precincts["tile"], np.arange(len(layout.indices) + 1))
        parts_of, packed_of = self.parts_and_headers()
        for k, volumes in enumerate(volumes_of):
            settings, parts, pieces = layout.settings[k], parts_of[k], packed_of[k]
            packed = b"".join(data[offset : offset + length] for offset, length in pieces or ())
            job = _packets.Job(
                np.array([(part.start, part.end) for part in parts], np.int64),
                np.array([-1, -1] if pieces is None else [0, len(packed)], np.int64),
                np.array(volumes, np.int64),
                bounds[k : k + 2],
                np.array([coding.style for coding in settings.codings], np.int64),
                settings.tile_coding.sop,
                settings.tile_coding.eph,
            )
            self.read_tile(job, np.frombuffer(packed, np.uint8), orders, order_rows)
            self.judge(layout.indices[k], parts, pieces)
            told = self.told
            self.facts.append(
                (
                    tuple((part.start, part.end) for part in parts),
                    int(told[_packets.PACKETS]),
                    int(bounds[k + 1] - bounds[k]) * settings.tile_coding.layers,
                    int(told[_packets.HEADER_BYTES]),
                    int(told[_packets.LEFT_OVER]),
                )
            )
        if self.truncated_at is None and headers.cut_at is not None:
            complete = all(packets == expected for _, packets, expected, _, _ in self.facts)
            if not complete or len(layout.indices) < headers.size.tiles[0] * headers.size.tiles[1]:
                self.truncated_at = headers.cut_at

    def parts_and_headers(self) -> tuple[list, list]:
        """The tile-parts of each tile, and the pieces of its packed packet headers, None without such."""
        headers = self.headers
        row = {index: k for k, index in enumerate(self.layout.indices)}
        parts_of: list = [[] for _ in row]
        packed_of: list = [[] if headers.main.packed else None for _ in row]
        for number, part in enumerate(headers.parts):
            parts_of[row[part.tile]].append(part)
            if headers.main.packed:
                packed_of[row[part.tile]] += headers.packed[number]
        for index, header in headers.tiles.items():
            if header.packed and index in row:
                packed_of[row[index]] = [header.packed[k] for k in sorted(header.packed)]
        return parts_of, packed_of

    def read_tile(self, job, packed: np.ndarray, orders: np.ndarray, order_rows: np.ndarray) -> None:
        """Run the kernel, again with more room for records where it had too little."""
        layout, told = self.layout, self.told
        before = told.copy()
        while True:
            _packets.read_packets(
                self.data,
                packed,
                job,
                orders,
                order_rows,
                layout.precincts,
                layout.cells,
                self.limits.steps,
                self.state,
                self.records,
                told,
            )
            if told[_packets.CODE] != _packets.FULL:
                return
            room = len(self.records)
            if room == self.limits.chunks:
                raise CodestreamError(
                    int(told[_packets.PACKET_AT]), f"more than {room} chunks of code-blocks, no more are read"
                )
            self.records = np.concatenate(
                [self.records, np.empty(min(room, self.limits.chunks - room), _packets.RECORD)]
            )
            told[:] = before

    def judge(self, index: int, parts: list, pieces: list | None) -> None:
        """Tell a file that ends early from a codestream that contradicts itself."""
        code, at = self.told[_packets.CODE], int(self.told[_packets.AT])
        part = parts[self.told[_packets.PART]]
        which = f"packet {self.told[_packets.PACKETS]} of tile {index}"
        if code == _packets.TOO_MANY_STEPS:
            raise CodestreamError(at, f"{which} is not reached within {self.limits.steps} steps")
        if code == _packets.TOO_LONG:
            raise CodestreamError(at, f"{which} has a length of more than 31 bits")
        if code == _packets.HEADER_ENDS and pieces is not None:
            at = _offset_in(pieces, int(self.told[_packets.PACKED_AT]))
            raise CodestreamError(at, f"the header of {which} goes on beyond the packed headers")
        if code in (_packets.HEADER_ENDS, _packets.BODY_ENDS):
            if not part.cut:
                raise CodestreamError(at, f"{which} goes on beyond its tile-part, which ends at byte {part.end}")
            self.truncated_at = at

    def collect(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The tables of blocks, segments and chunks."""
        records = self.records[: self.told[_packets.RECORDS]]
        blocks = self.layout.blocks
        segments, chunks = np.empty(len(records), _packets.SEGMENT), np.empty(len(records), _packets.CHUNK)
        places, order = np.empty(len(blocks) + 1, np.int64), np.empty(len(records), np.int64)
        n_segments = _packets.collect(records, self.state, blocks, places, order, segments, chunks)
        return blocks, segments[:n_segments].copy(), chunks


def _volumes(settings: Settings, n_components: int) -> list[tuple[int, ...]]:
    """The progressions of a tile, with ends that its layers and components bound."""
    coding = settings.tile_coding
    if not settings.progressions:
        return [(0, 0, coding.layers, _layout.MAX_RESOLUTIONS, n_components, coding.progression)]
    return [(*p[:2], min(p.layers, coding.layers), *p[3:]) for p in settings.progressions]


def _offset_in(pieces: list, at: int) -> int:
    """The offset in the data of a place in joined pieces of it."""
    ends = np.cumsum([length for _, length in pieces])
    k = min(bisect(ends, at), len(pieces) - 1)
    return int(pieces[k][0] + at - (ends[k] - pieces[k][1]))

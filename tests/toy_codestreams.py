"""Random JPEG 2000 codestreams, written naively from the standard's words: what a reader of them must find.

Their code-blocks hold random bytes, so they stand for no picture; all of tier 2 is there: tiles at odd offsets,
sub-sampled components, precincts, layers, every progression order and POC, tile-parts, packed headers, SOP and EPH.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from PIL import Image

BYPASS, TERMALL = 1, 4


def segment(code: int, *fields: tuple[int, int] | bytes) -> bytes:
    """A marker segment of fields, each a value and its bytes, or bytes."""
    body = b"".join(item if isinstance(item, bytes) else item[0].to_bytes(item[1], "big") for item in fields)
    return code.to_bytes(2, "big") + (len(body) + 2).to_bytes(2, "big") + body


class Bits:
    """Packs the bits of a packet header; a byte FF is followed by a 0 bit."""

    def __init__(self):
        self.bytes = bytearray()
        self.now, self.left = 0, 8

    def put(self, value: int, count: int = 1) -> None:
        for k in range(count - 1, -1, -1):
            self.left -= 1
            self.now |= (value >> k & 1) << self.left
            if self.left == 0:
                self.flush()

    def flush(self) -> None:
        self.bytes.append(self.now)
        self.left = 7 if self.now == 0xFF else 8
        self.now = 0

    def finish(self) -> bytes:
        if self.left < 8 or not self.bytes:  # after FF a whole byte of stuffing follows
            self.flush()
        return bytes(self.bytes)


class TagTree:
    """A tag tree that is written: levels of nodes, the leaves first."""

    def __init__(self, values: np.ndarray):
        self.levels = [values]
        while self.levels[-1].size > 1:
            below = self.levels[-1]
            rows, columns = (ceil(n / 2) for n in below.shape)
            above = np.array(
                [[below[2 * r : 2 * r + 2, 2 * c : 2 * c + 2].min() for c in range(columns)] for r in range(rows)]
            )
            self.levels.append(above)
        self.low = [np.zeros(level.shape, int) for level in self.levels]
        self.known = [np.zeros(level.shape, bool) for level in self.levels]

    def put(self, bits: Bits, row: int, column: int, threshold: int) -> None:
        """Tell whether the leaf is below the threshold."""
        low = 0
        for k in range(len(self.levels) - 1, -1, -1):
            node = row >> k, column >> k
            low = max(low, self.low[k][node])
            while low < threshold and not self.known[k][node]:
                if low == self.levels[k][node]:
                    bits.put(1)
                    self.known[k][node] = True
                else:
                    bits.put(0)
                    low += 1
            self.low[k][node] = low


@dataclass
class Block:
    """A code-block: what each layer adds to it, as a list of (passes, bytes) by codeword segment."""

    edges: tuple[int, int, int, int]
    planes: int
    layers: list[list[tuple[int, bytes]]]
    continued: list[bool]  # for each layer, whether its first part goes on with the segment before
    length_bits: int = 3

    @property
    def first_layer(self) -> int:
        return next((k for k, parts in enumerate(self.layers) if parts), len(self.layers))

    def segments(self, layers: int) -> list[tuple[int, bytes]]:
        """The whole segments after some layers."""
        found: list[tuple[int, bytes]] = []
        for k in range(layers):
            for number, (passes, content) in enumerate(self.layers[k]):
                if number == 0 and self.continued[k]:
                    found[-1] = found[-1][0] + passes, found[-1][1] + content
                else:
                    found.append((passes, content))
        return found


@dataclass
class Cell:
    """The code-blocks of one precinct in one subband, with their two trees."""

    orientation: int
    blocks: list[list[Block]]
    inclusion: TagTree | None = None
    planes: TagTree | None = None


@dataclass
class Precinct:
    """One precinct."""

    component: int
    resolution: int
    cells: list[Cell]
    layers_written: int = 0


@dataclass
class Setting:
    """How one component is coded."""

    levels: int
    block: tuple[int, int]
    style: int
    precincts: list[tuple[int, int]]  # log2 of width and height
    steps: list[int]
    guard_bits: int
    quantisation: int

    def fields(self) -> list[tuple[int, int]]:
        sizes = [(width | height << 4, 1) for width, height in self.precincts]
        fixed = [(self.levels, 1), (self.block[0] - 2, 1), (self.block[1] - 2, 1), (self.style, 1), (1, 1)]
        return fixed + sizes

    def step_fields(self) -> list[tuple[int, int]]:
        head = (self.guard_bits << 5 | self.quantisation, 1)
        if self.quantisation == 0:
            return [head, *((step >> 11 << 3, 1) for step in self.steps)]
        return [head, *((step, 2) for step in self.steps)]


@dataclass
class Tile:
    """One tile: its precincts by component and resolution, and the packets in their order."""

    index: int
    edges: tuple[int, int, int, int]
    settings: list[Setting]
    roi_shifts: list[int]
    grid: dict[tuple[int, int], list[Precinct]]
    packets: list[tuple[Precinct, int, bytes, bytes]] = field(default_factory=list)  # header, body


@dataclass
class Stream:
    """A codestream, and what is in it."""

    data: bytes
    tiles: list[Tile]
    layers: int
    packet_ends: list[tuple[int, int]]  # where each packet ends and which tile it is of, in the file's order
    first_body: int  # where the first tile-part's packets begin
    description: str


def random_setting(rng: np.random.Generator, small: bool) -> Setting:
    levels = int(rng.integers(0, 4))
    block = int(rng.integers(2, 5)), int(rng.integers(2, 5))
    style = int(rng.choice([0, 0, BYPASS, TERMALL, BYPASS | TERMALL, 0x3A]))
    precincts = []
    for resolution in range(levels + 1):
        least = 1 if resolution else 0
        precincts.append(tuple(int(n) for n in rng.integers(least, 5 if small else 8, 2)))
    quantisation = int(rng.integers(0, 3))
    count = 1 if quantisation == 1 else 3 * levels + 1
    steps = [int(n) << 11 for n in rng.integers(8, 32, count)]
    if quantisation:
        steps = [step | int(n) for step, n in zip(steps, rng.integers(0, 2048, count), strict=True)]
    return Setting(levels, block, style, precincts, steps, int(rng.integers(0, 8)), quantisation)


def random_block(rng: np.random.Generator, edges: tuple[int, int, int, int], style: int, layers: int) -> Block:
    parts: list[list[tuple[int, bytes]]] = [[] for _ in range(layers)]
    continued = [False] * layers
    done, room = 0, 0  # passes so far, and passes for which the segment is open
    if rng.random() < 0.85:
        for layer in range(layers):
            if rng.random() < 0.4:
                continue
            passes = int(
                rng.choice(
                    [1, 2, int(rng.integers(3, 6)), int(rng.integers(6, 37)), 164], p=[0.3, 0.2, 0.2, 0.28, 0.02]
                )
            )
            first = True
            while passes:
                if room == 0:
                    if style & TERMALL:
                        room = 1
                    elif style & BYPASS:
                        # Ten passes, then a raw significance with its refinement, and a clean-up, by turns.
                        room = 10 if done == 0 else 2 if (done - 10) % 3 == 0 else 1
                    else:
                        room = 10**9
                elif first:
                    continued[layer] = True
                take = min(passes, room)
                length = int(rng.choice([0, int(rng.integers(1, 20)), int(rng.integers(20, 700))], p=[0.1, 0.8, 0.1]))
                parts[layer].append((take, rng.integers(0, 255, length, dtype=np.uint8).tobytes()))
                passes, room, done, first = passes - take, room - take, done + take, False
    return Block(edges, int(rng.integers(0, 7)), parts, continued)


def random_tile(rng, index: int, edges, components, settings: list[Setting], layers: int) -> Tile:
    grid: dict[tuple[int, int], list[Precinct]] = {}
    for c, ((dx, dy), setting) in enumerate(zip(components, settings, strict=True)):
        x0, y0, x1, y1 = (ceil(n / d) for n, d in zip(edges, (dx, dy, dx, dy), strict=True))
        for r in range(setting.levels + 1):
            scale = 2 ** (setting.levels - r)
            rx0, ry0, rx1, ry1 = (ceil(n / scale) for n in (x0, y0, x1, y1))
            width, height = (2**n for n in setting.precincts[r])
            grid[c, r] = []
            if rx0 == rx1 or ry0 == ry1:
                continue
            for py in range(ry0 // height, ceil(ry1 / height)):
                for px in range(rx0 // width, ceil(rx1 / width)):
                    cells = []
                    for orientation in (1, 2, 3) if r else (0,):
                        # (B-15), and half a precinct in each of the three subbands
                        n = setting.levels - r + (1 if r else 0)
                        half = 2 ** (n - 1) if r else 0
                        sx, sy = half * (orientation & 1), half * (orientation >> 1)
                        band = [ceil((a - s) / 2**n) for a, s in zip((x0, y0, x1, y1), (sx, sy, sx, sy), strict=True)]
                        part = 2 if r else 1
                        w, h = width // part, height // part
                        cx0, cy0 = max(band[0], px * w), max(band[1], py * h)
                        cx1, cy1 = min(band[2], (px + 1) * w), min(band[3], (py + 1) * h)
                        bw, bh = min(2 ** setting.block[0], w), min(2 ** setting.block[1], h)
                        rows = []
                        if cx1 > cx0 and cy1 > cy0:
                            for by in range(cy0 // bh, ceil(cy1 / bh)):
                                row = []
                                for bx in range(cx0 // bw, ceil(cx1 / bw)):
                                    box = (
                                        max(cx0, bx * bw),
                                        max(cy0, by * bh),
                                        min(cx1, bx * bw + bw),
                                        min(cy1, by * bh + bh),
                                    )
                                    row.append(random_block(rng, box, setting.style, layers))
                                rows.append(row)
                        cell = Cell(orientation, rows)
                        if rows:
                            cell.inclusion = TagTree(np.array([[block.first_layer for block in row] for row in rows]))
                            cell.planes = TagTree(np.array([[block.planes for block in row] for row in rows]))
                        cells.append(cell)
                    grid[c, r].append(Precinct(c, r, cells))
    return Tile(index, edges, settings, [0] * len(settings), grid)


def packet(rng, precinct: Precinct, layer: int) -> tuple[bytes, bytes]:
    """The header and the body of a packet."""
    bits, body = Bits(), b""
    contributing = [b for cell in precinct.cells for row in cell.blocks for b in row if b.layers[layer]]
    if not contributing and rng.random() < 0.5:
        bits.put(0)
        return bits.finish(), b""
    bits.put(1)
    for cell in precinct.cells:
        for y, row in enumerate(cell.blocks):
            for x, block in enumerate(row):
                parts = block.layers[layer]
                if block.first_layer >= layer:
                    cell.inclusion.put(bits, y, x, layer + 1)
                else:
                    bits.put(1 if parts else 0)
                if not parts:
                    continue
                if block.first_layer == layer:
                    cell.planes.put(bits, y, x, block.planes + 1)
                passes = sum(part[0] for part in parts)
                if passes < 3:
                    bits.put((0, 2)[passes - 1], passes)
                elif passes < 6:
                    bits.put(0b11, 2)
                    bits.put(passes - 3, 2)
                elif passes < 37:
                    bits.put(0b1111, 4)
                    bits.put(passes - 6, 5)
                else:
                    bits.put(0b111111111, 9)
                    bits.put(passes - 37, 7)
                lengths = [(len(content), taken.bit_length() - 1) for taken, content in parts]
                needed = max(length.bit_length() - more for length, more in lengths)
                while block.length_bits < needed:
                    bits.put(1)
                    block.length_bits += 1
                bits.put(0)
                for (length, more), (_, content) in zip(lengths, parts, strict=True):
                    bits.put(length, block.length_bits + more)
                    body += content
    return bits.finish(), body


def walk(tile: Tile, components, layers: int, order: int):
    """All packets in a progression order, as B.12.1 words its loops: precinct and layer."""
    most = max(setting.levels for setting in tile.settings) + 1
    x0, y0, x1, y1 = tile.edges
    following = dict.fromkeys(tile.grid, 0)

    def at(c: int, r: int, y: int, x: int):
        if (c, r) not in tile.grid:
            return
        setting, (dx, dy) = tile.settings[c], components[c]
        below = setting.levels - r
        wide, high = setting.precincts[r]
        rx0, ry0 = (ceil(ceil(n / d) / 2**below) for n, d in ((x0, dx), (y0, dy)))
        if not (y % (dy * 2 ** (high + below)) == 0 or (y == y0 and ry0 * 2**below % 2 ** (high + below))):
            return
        if not (x % (dx * 2 ** (wide + below)) == 0 or (x == x0 and rx0 * 2**below % 2 ** (wide + below))):
            return
        if following[c, r] < len(tile.grid[c, r]):
            precinct = tile.grid[c, r][following[c, r]]
            following[c, r] += 1
            for layer in range(layers):
                yield precinct, layer

    every_c, every_r = range(len(components)), range(most)
    if order == 0:
        for layer in range(layers):
            for r in every_r:
                for c in every_c:
                    yield from ((precinct, layer) for precinct in tile.grid.get((c, r), []))
    elif order == 1:
        for r in every_r:
            for layer in range(layers):
                for c in every_c:
                    yield from ((precinct, layer) for precinct in tile.grid.get((c, r), []))
    elif order == 2:
        for r in every_r:
            for y in range(y0, y1):
                for x in range(x0, x1):
                    for c in every_c:
                        yield from at(c, r, y, x)
    elif order == 3:
        for y in range(y0, y1):
            for x in range(x0, x1):
                for c in every_c:
                    for r in every_r:
                        yield from at(c, r, y, x)
    else:
        for c in every_c:
            for y in range(y0, y1):
                for x in range(x0, x1):
                    for r in every_r:
                        yield from at(c, r, y, x)


def random_stream(rng: np.random.Generator, *, packed: str | None = "any", small: bool = True) -> Stream:
    """A codestream with random settings and contents.

    Parameters
    ----------
    packed : str or None
        "PPM", "PPT", None for headers in the packets, or "any".
    small : bool
        Whether precincts are small, so that there are many.
    """
    if packed == "any":
        packed = rng.choice([None, None, "PPM", "PPT"])
    x0, y0 = (int(n) for n in rng.integers(0, 20, 2))
    x1, y1 = x0 + int(rng.integers(1, 50)), y0 + int(rng.integers(1, 40))
    tx0, ty0 = int(rng.integers(0, x0 + 1)), int(rng.integers(0, y0 + 1))
    tw, th = int(rng.integers(x0 - tx0 + 1, 60)), int(rng.integers(y0 - ty0 + 1, 60))
    n_components = int(rng.choice([1, 2, 3]))
    components = [tuple(int(n) for n in rng.choice([1, 1, 2, 3], 2)) for _ in range(n_components)]
    layers = int(rng.choice([1, 2, 5]))
    sop, eph = (bool(n) for n in rng.integers(0, 2, 2))
    order = int(rng.integers(0, 5))

    # Settings: of the main header for all and for one component, of one tile for all and for one component.
    main_all, main_one, tile_all, tile_one = (random_setting(rng, small) for _ in range(4))
    one = int(rng.integers(n_components))
    own_main, own_tile, own_both = (bool(n) for n in rng.integers(0, 2, 3))
    special = 0
    shift = int(rng.integers(1, 30))

    def settings_of(index: int) -> list[Setting]:
        found = [main_all] * n_components
        if own_main:
            found[one] = main_one
        if own_tile and index == special:
            found = [tile_all] * n_components  # also where the main header has settings of one component
            if own_both:
                found[one] = tile_one
        return found

    def coding_segments(of_all: Setting, of_one: Setting | None) -> bytes:
        style = 1 | sop << 1 | eph << 2
        parts = [
            segment(0xFF52, (style, 1), (order, 1), (layers, 2), (0, 1), *of_all.fields()),
            segment(0xFF5C, *of_all.step_fields()),
        ]
        if of_one:
            parts.append(segment(0xFF53, (one, 1), (1, 1), *of_one.fields()))
            parts.append(segment(0xFF5D, (one, 1), *of_one.step_fields()))
            parts.append(segment(0xFF5E, (one, 1), (0, 1), (shift, 1)))
        rng.shuffle(parts)  # what comes first does not matter
        return b"".join(parts)

    # Progressions: those of the main header, or in one tile others; together they hold every packet.
    def random_progressions() -> list[tuple[int, ...]]:
        found = []
        for _ in range(int(rng.integers(1, 4))):
            r0, c0 = int(rng.integers(0, 3)), int(rng.integers(0, n_components))
            r1, c1 = int(rng.integers(r0 + 1, 6)), int(rng.integers(c0 + 1, n_components + 2))
            found.append((r0, c0, int(rng.integers(1, layers + 2)), r1, c1, int(rng.integers(0, 5))))
        return [*found, (0, 0, layers, 33, 0, int(rng.integers(0, 5)))]

    poc_main = random_progressions() if rng.random() < 0.4 else []
    poc_tile = random_progressions() if rng.random() < 0.4 else []

    def poc(progressions) -> bytes:
        fields = []
        for r0, c0, end, r1, c1, kind in progressions:
            fields += [(r0, 1), (c0, 1), (end, 2), (r1, 1), (c1, 1), (kind, 1)]
        return segment(0xFF5F, *fields)

    tiles, bodies = [], []
    across, down = ceil((x1 - tx0) / tw), ceil((y1 - ty0) / th)
    for index in range(across * down):
        p, q = index % across, index // across
        edges = (
            max(tx0 + p * tw, x0),
            max(ty0 + q * th, y0),
            min(tx0 + (p + 1) * tw, x1),
            min(ty0 + (q + 1) * th, y1),
        )
        tile = random_tile(rng, index, edges, components, settings_of(index), layers)
        if own_main or (own_tile and own_both and index == special):
            tile.roi_shifts[one] = shift
        progressions = (poc_tile if index == special else []) or poc_main or [(0, 0, layers, 33, 0, order)]
        for r0, c0, end, r1, c1, kind in progressions:
            for precinct, layer in walk(tile, components, layers, kind):
                inside = r0 <= precinct.resolution < r1 and c0 <= precinct.component < (c1 or 256) and layer < end
                if inside and precinct.layers_written == layer:
                    precinct.layers_written += 1
                    header, body = packet(rng, precinct, layer)
                    tile.packets.append((precinct, layer, header + (b"\xff\x92" if eph else b""), body))
        tiles.append(tile)
        # Tile-parts: cuts between packets.
        cuts = np.sort(rng.integers(0, len(tile.packets) + 1, int(rng.integers(0, 3)))).tolist()
        bounds = [0, *cuts, len(tile.packets)]
        bodies.append([(number, *bounds[number : number + 2]) for number in range(len(bounds) - 1)])

    # The tile-parts of different tiles in any order, those of one in theirs.
    turns = [k for k, parts in enumerate(bodies) for _ in parts]
    rng.shuffle(turns)
    parts_text, packed_text, ends_in_part = [], [], []
    seen, packed_segments = [0] * len(tiles), [0] * len(tiles)
    for turn, k in enumerate(turns):
        tile = tiles[k]
        number, first, last = bodies[k][seen[k]]
        seen[k] += 1
        head = b""
        if number == 0 and k == special:
            head += coding_segments(tile_all, tile_one if own_both else None) if own_tile else b""
            head += poc(poc_tile) if poc_tile else b""
        headers = b"".join(item[2] for item in tile.packets[first:last])
        if packed == "PPT":
            edges = [0, *np.sort(rng.integers(0, len(headers) + 1, 2)).tolist(), len(headers)]
            pieces = []
            for a, b in zip(edges, edges[1:], strict=False):
                pieces.append(segment(0xFF61, (packed_segments[k], 1), headers[a:b]))
                packed_segments[k] += 1
            rng.shuffle(pieces)
            head += b"".join(pieces)
        packed_text.append(headers)
        head += segment(0xFF64, (1, 2), b"hello") + segment(0xFF58, (0, 1), b"\x01")
        text, ends = b"", []
        for count in range(first, last):
            if sop:
                text += bytes.fromhex("ff910004") + (count % 65536).to_bytes(2, "big")
            text += (b"" if packed else tile.packets[count][2]) + tile.packets[count][3]
            ends.append(len(text))
        length = 12 + len(head) + 2 + len(text)
        if turn == len(turns) - 1 and rng.random() < 0.3:
            length = 0  # up to EOC
        sot = segment(0xFF90, (k, 2), (length, 4), (number, 1), (len(bodies[k]), 1))
        parts_text.append(sot + head + b"\xff\x93" + text)
        ends_in_part.append([len(sot) + len(head) + 2 + end for end in ends])

    main = b"\xff\x4f" + segment(
        0xFF51,
        (0, 2),
        *((n, 4) for n in (x1, y1, x0, y0, tw, th, tx0, ty0)),
        (n_components, 2),
        *(item for dx, dy in components for item in ((7, 1), (dx, 1), (dy, 1))),
    )
    main += coding_segments(main_all, main_one if own_main else None)
    main += b"\xff\x37" + segment(0xFF6C, b"unknown") + (poc(poc_main) if poc_main else b"")
    if packed == "PPM":
        text = b"".join(len(item).to_bytes(4, "big") + item for item in packed_text)
        edges = [0, *np.sort(rng.integers(0, len(text) + 1, 3)).tolist(), *range(60000, len(text), 60000), len(text)]
        edges.sort()
        pieces = [segment(0xFF60, (k, 1), text[a:b]) for k, (a, b) in enumerate(zip(edges, edges[1:], strict=False))]
        rng.shuffle(pieces)
        main += b"".join(pieces)
    data, packet_ends = main, []
    first_body = len(main) + parts_text[0].index(b"\xff\x93") + 2
    for k, text, ends in zip(turns, parts_text, ends_in_part, strict=True):
        packet_ends += [(len(data) + end, k) for end in ends]
        data += text
    description = f"{packed} order {order} poc {len(poc_main)} {len(poc_tile)} tiles {len(tiles)} layers {layers}"
    return Stream(data + b"\xff\xd9", tiles, layers, packet_ends, first_body, description)


def plain_stream(
    width: int = 16,
    height: int = 16,
    *,
    sampling: tuple[int, int] = (1, 1),
    components: int = 1,
    tile: tuple[int, int] | None = None,
    levels: int = 0,
    block: tuple[int, int] = (6, 6),
    style: int = 0,
    layers: int = 1,
    order: int = 0,
    precincts: tuple[int, ...] = (),
    more: bytes = b"",
    parts: list[bytes] | None = None,
) -> bytes:
    """A codestream with one set of settings and given bytes as the packets of its first tiles.

    `more` stands behind the other marker segments of the main header.
    """
    wide, high = tile or (width, height)
    data = b"\xff\x4f" + segment(
        0xFF51,
        (0, 2),
        *((n, 4) for n in (width, height, 0, 0, wide, high, 0, 0)),
        (components, 2),
        bytes([7, *sampling]) * components,
    )
    fixed = [(len(precincts) > 0, 1), (order, 1), (layers, 2), (0, 1)]
    data += segment(
        0xFF52, *fixed, (levels, 1), (block[0] - 2, 1), (block[1] - 2, 1), (style, 1), (1, 1), bytes(precincts)
    )
    data += segment(0xFF5C, (0x40, 1), bytes([64] * (3 * levels + 1))) + more
    for index, part in enumerate([b"\x00"] if parts is None else parts):
        data += segment(0xFF90, (index, 2), (14 + len(part), 4), (0, 1), (1, 1)) + b"\xff\x93" + part
    return data + b"\xff\xd9"


def encoded(image: np.ndarray, **options) -> bytes:
    """A picture as OpenJPEG codes it, which Pillow calls."""
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG2000", **options)
    return file.getvalue()

"""The marker segments of a JPEG 2000 codestream: what its headers say (ISO/IEC 15444-1, Annex A).

Everything of Part 1 is read.  What Part 2 (extensions) and Part 15 (High-Throughput) add is refused by name.  Offsets
count from the first byte of what was given, also where that is a JP2 file around a codestream.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = [
    "Coding",
    "CodestreamError",
    "Component",
    "Header",
    "Headers",
    "Limits",
    "Marker",
    "Progression",
    "Quantisation",
    "Settings",
    "Size",
    "TileCoding",
    "TilePart",
    "find_codestream",
    "read_headers",
]

SOC, SOT, SOD, EOC = 0xFF4F, 0xFF90, 0xFF93, 0xFFD9
SIZ, COD, COC, QCD, QCC, RGN, POC = 0xFF51, 0xFF52, 0xFF53, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF5F
CAP, TLM, PLM, PLT, PPM, PPT, CRG, COM = 0xFF50, 0xFF55, 0xFF57, 0xFF58, 0xFF60, 0xFF61, 0xFF63, 0xFF64
NAMES = {
    value: name
    for name, value in globals().copy().items()
    if isinstance(value, int) and name.isupper() and len(name) == 3
}
PART_2 = dict(
    zip(range(0xFF70, 0xFF7A), ("DCO", "VMS", "DFS", "ADS", "MCT", "MCC", "NLT", "MCO", "CBD", "ATK"), strict=True)
)
ONLY_MAIN = (SIZ, CAP, TLM, PLM, PPM, CRG)
ONLY_TILE = (PLT, PPT)
MAX_LEVELS, MAX_COMPONENTS, MAX_TILES, MAX_PRECISION = 32, 16384, 65535, 38
HIGH_THROUGHPUT = 0x40  # in the style of code-blocks


class CodestreamError(ValueError):
    """What is wrong with a codestream, and where.

    Attributes
    ----------
    offset : int
        The byte of what was given.

    Examples
    --------
    >>> CodestreamError(12, "an end is missing")
    CodestreamError('at byte 12: an end is missing')
    """

    def __init__(self, offset: int, message: str):
        super().__init__(f"at byte {offset}: {message}")
        self.offset = offset

    def __reduce__(self):
        return type(self), (self.offset, str(self).partition(": ")[2])


class Limits(NamedTuple):
    """How much the headers may promise before a codestream is refused.

    With the defaults `jscc.jpeg2000.decode` stays below 1 GB, and what each limit alone allows takes less than 10 s
    on one core (experiment ``jpeg2000_hostile``).

    Attributes
    ----------
    samples : int
        Of the whole image, all components.
    tile_components, subbands, precincts, blocks : int
        Of all tiles that have bytes; a code-block counts whether it has any or not.
    chunks : int
        Contributions of packets to codeword segments.
    steps : int
        Visits to a packet or, within one, to a code-block: most of them cost no byte.
    progressions : int
        Of POC, in all tiles that have bytes.
    visits : int
        Samples of a code-block times its coding passes, summed: what tier 1 takes time for. 2^25 samples of 8 bits
        without loss have about two thirds of the default.

    Examples
    --------
    >>> Limits(blocks=1000).blocks
    1000
    """

    samples: int = 2**25
    tile_components: int = 2**16
    subbands: int = 2**18
    precincts: int = 2**20
    blocks: int = 2**20
    chunks: int = 2**21
    steps: int = 2**26
    progressions: int = 2**18
    visits: int = 2**30


class Size(NamedTuple):
    """The reference grid (SIZ; A.5.1), in its own samples.

    Attributes
    ----------
    x0, y0, x1, y1 : int
        The image area: from (XOsiz, YOsiz) to (Xsiz, Ysiz), which lie outside.
    tile_width, tile_height, tile_x0, tile_y0 : int
        XTsiz, YTsiz, XTOsiz, YTOsiz.
    capabilities : int
        Rsiz.

    Examples
    --------
    >>> Size(0, 0, 100, 60, 64, 64, 0, 0, 0).tiles
    (2, 1)
    """

    x0: int
    y0: int
    x1: int
    y1: int
    tile_width: int
    tile_height: int
    tile_x0: int
    tile_y0: int
    capabilities: int

    @property
    def tiles(self) -> tuple[int, int]:
        """How many tiles lie side by side, and above each other (B-5)."""
        across = -(-(self.x1 - self.tile_x0) // self.tile_width)
        return across, -(-(self.y1 - self.tile_y0) // self.tile_height)


class Component(NamedTuple):
    """One component of the image (SIZ): bits a sample, whether they are signed, and its sub-sampling.

    Examples
    --------
    >>> Component(precision=8, signed=False, dx=2, dy=2)
    Component(precision=8, signed=False, dx=2, dy=2)
    """

    precision: int
    signed: bool
    dx: int
    dy: int


class Coding(NamedTuple):
    """How the samples of one component are coded (SPcod or SPcoc; A.6.1, Table A.15).

    Attributes
    ----------
    levels : int
        Decomposition levels, N_L.
    block_width, block_height : int
        Base-2 logarithms of the nominal size of a code-block, xcb and ycb.
    style : int
        Of code-blocks: 1 BYPASS, 2 RESET, 4 TERMALL, 8 VSC, 16 PTERM, 32 SEGSYM, or sums.
    reversible : bool
        The 5-3 transform, otherwise 9-7.
    precincts : tuple of (int, int)
        Base-2 logarithms of a precinct's width and height, (PPx, PPy), at each resolution.

    Examples
    --------
    >>> Coding(1, 6, 6, 0, True, ((15, 15), (15, 15))).reversible
    True
    """

    levels: int
    block_width: int
    block_height: int
    style: int
    reversible: bool
    precincts: tuple[tuple[int, int], ...]


class TileCoding(NamedTuple):
    """What a COD says for all components: markers around packets, order, layers, component transform.

    Attributes
    ----------
    sop, eph : bool
        Whether packets may be preceded by SOP, and whether their headers are followed by EPH.
    progression : int
        0 LRCP, 1 RLCP, 2 RPCL, 3 PCRL, 4 CPRL.
    layers : int
    multi_component : bool

    Examples
    --------
    >>> TileCoding(sop=False, eph=False, progression=0, layers=5, multi_component=True).layers
    5
    """

    sop: bool
    eph: bool
    progression: int
    layers: int
    multi_component: bool


class Quantisation(NamedTuple):
    """The step sizes of one component (QCD or QCC; A.6.4).

    Attributes
    ----------
    style : int
        0 none, 1 derived, 2 expounded.
    guard_bits : int
    steps : tuple of int
        For each subband ``exponent << 11 | mantissa``, from LL on; the one of LL alone if derived.
    offset : int
        Of the marker, for errors.

    Examples
    --------
    >>> steps = Quantisation(style=1, guard_bits=2, steps=(14 << 11 | 100,), offset=59)
    >>> steps.steps[0] >> 11, steps.steps[0] & 2047
    (14, 100)
    """

    style: int
    guard_bits: int
    steps: tuple[int, ...]
    offset: int


class Progression(NamedTuple):
    """A volume of packets and their order (POC; A.6.6); the ends lie outside.

    Examples
    --------
    >>> Progression(0, 0, layers=2, resolutions=33, components=3, order=2).order
    2
    """

    first_resolution: int
    first_component: int
    layers: int
    resolutions: int
    components: int
    order: int


class Settings(NamedTuple):
    """What holds for a tile: its own headers before the main one, a component's own before that of all.

    Attributes
    ----------
    tile_coding : TileCoding
    codings : tuple of Coding
        By component, like the next two.
    quantisations : tuple of Quantisation
    roi_shifts : tuple of int
    progressions : tuple of Progression
        Of POC; empty if the order of `tile_coding` holds throughout.
    """

    tile_coding: TileCoding
    codings: tuple[Coding, ...]
    quantisations: tuple[Quantisation, ...]
    roi_shifts: tuple[int, ...]
    progressions: tuple[Progression, ...]


class Marker(NamedTuple):
    """A marker segment: its code, where it is, and how many bytes it has with the marker itself.

    Examples
    --------
    >>> Marker(0xFF52, offset=45, length=14)
    Marker(code=65362, offset=45, length=14)
    """

    code: int
    offset: int
    length: int


@dataclass(repr=False)
class Header:
    """What the main header, or all headers of one tile's parts, say of the coding; what they do not is empty.

    Attributes
    ----------
    tile_coding : TileCoding or None
    coding, quantisation : Coding, Quantisation or None
        Of COD and QCD.
    coding_of, quantisation_of, roi_shift_of : dict
        By component: of COC, QCC and RGN.
    progressions : list of Progression
        Of POC.
    packed : dict of int to (int, int)
        Offset and length of the packet headers in each PPM or PPT, by its index.

    Examples
    --------
    >>> Header()
    Header(COC, QCC, RGN of 0, 0, 0 components, 0 of POC)
    """

    tile_coding: TileCoding | None = None
    coding: Coding | None = None
    coding_of: dict[int, Coding] = field(default_factory=dict)
    quantisation: Quantisation | None = None
    quantisation_of: dict[int, Quantisation] = field(default_factory=dict)
    roi_shift_of: dict[int, int] = field(default_factory=dict)
    progressions: list[Progression] = field(default_factory=list)
    packed: dict[int, tuple[int, int]] = field(default_factory=dict)

    def __repr__(self) -> str:
        own = len(self.coding_of), len(self.quantisation_of), len(self.roi_shift_of)
        return "Header(COC, QCC, RGN of {} components, {} of POC)".format(
            ", ".join(map(str, own)), len(self.progressions)
        )


class TilePart(NamedTuple):
    """One tile-part: its tile, and where its packets lie.

    Attributes
    ----------
    tile : int
        The tile's index.
    offset : int
        Of its SOT.
    start, end : int
        Of its packets; `end` lies outside.
    cut : bool
        Whether it would go on if the file did not end.

    Examples
    --------
    >>> TilePart(tile=0, offset=65, start=79, end=80, cut=False).tile
    0
    """

    tile: int
    offset: int
    start: int
    end: int
    cut: bool


@dataclass(frozen=True, repr=False)
class Headers:
    """All that a codestream says outside its packets.

    Attributes
    ----------
    start, end : int
        Where the codestream lies in what was given.
    size : Size
    components : tuple of Component
    main : Header
    tiles : dict of int to Header
        By tile index, of the tiles whose parts have something to say.
    parts : tuple of TilePart
        In the order of the file.
    markers : tuple of Marker
        Of the main header.
    packed : tuple of tuple of (int, int)
        The pieces of PPM that hold the packet headers of each tile-part, as offset and length; empty without PPM.
    cut_at : int or None
        Where the file ends, if it ends within a tile-part, or before a marker that has to come.
    """

    start: int
    end: int
    size: Size
    components: tuple[Component, ...]
    main: Header
    tiles: dict[int, Header]
    parts: tuple[TilePart, ...]
    markers: tuple[Marker, ...]
    packed: tuple[tuple[tuple[int, int], ...], ...]
    cut_at: int | None

    def settings(self, tile: int | None = None) -> Settings:
        """What holds for a tile, by its index; with None, for a tile whose headers say nothing.

        Raises
        ------
        CodestreamError
            If a component has no step sizes, or not for all its subbands.
        """
        main, own = self.main, self.tiles.get(tile, Header())
        every = range(len(self.components))
        codings = tuple(own.coding_of.get(c) or own.coding or main.coding_of.get(c) or main.coding for c in every)
        steps = tuple(
            own.quantisation_of.get(c) or own.quantisation or main.quantisation_of.get(c) or main.quantisation
            for c in every
        )
        for component, (coding, step) in enumerate(zip(codings, steps, strict=True)):
            if step is None:
                raise CodestreamError(self.parts[0].offset, f"component {component} has no step sizes: QCD is missing")
            if step.style != 1 and len(step.steps) < 3 * coding.levels + 1:
                raise CodestreamError(
                    step.offset,
                    f"{len(step.steps)} step sizes for component {component}, which has {3 * coding.levels + 1} "
                    "subbands",
                )
        return Settings(
            own.tile_coding or main.tile_coding,
            codings,
            steps,
            tuple(own.roi_shift_of.get(c, main.roi_shift_of.get(c, 0)) for c in every),
            tuple(own.progressions or main.progressions),
        )

    def __repr__(self) -> str:
        return f"Headers({len(self.components)} components, {len(self.markers)} markers, {len(self.parts)} tile-parts)"


def find_codestream(data: bytes) -> tuple[int, int]:
    """Where the codestream lies: all of a raw one, the first jp2c box of a JP2 file (Annex I).

    Parameters
    ----------
    data : bytes

    Returns
    -------
    start, end : int
        The end lies outside.

    Raises
    ------
    CodestreamError
        If there is none.

    Examples
    --------
    >>> find_codestream(bytes.fromhex("0000000c 6a502020 0d0a870a 00000000 6a703263 ff4f ff51"))
    (20, 24)
    """
    if data[:2] == b"\xff\x4f":
        return 0, len(data)
    if data[4:8] != b"jP  ":
        raise CodestreamError(0, "neither a codestream (FF4F) nor a JP2 file begins here")
    at = 0
    while at + 8 <= len(data):
        length, kind, head = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], 8
        if length == 1:
            length, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        elif length == 0:
            length = len(data) - at
        if length < head:
            raise CodestreamError(at, f"a box of {length} bytes, at least {head} are expected")
        if kind == b"jp2c":
            if at + head + 2 > len(data):
                raise CodestreamError(len(data), "the file ends where a codestream should begin")
            return at + head, min(at + length, len(data))
        at += length
    raise CodestreamError(min(at, len(data)), "the file ends, no box jp2c has come")


def read_headers(data: bytes, limits: Limits = Limits()) -> Headers:  # noqa: B008 (a tuple)
    """Read the main header and the headers of all tile-parts.

    Parameters
    ----------
    data : bytes
        A codestream or a JP2 file.
    limits : Limits

    Returns
    -------
    Headers

    Raises
    ------
    CodestreamError
        If the headers contradict the standard, themselves, or `limits`; or the file ends before the first tile-part.

    Examples
    --------
    A codestream of 16 x 16 samples, whose only packet is empty:

    >>> data = bytes.fromhex(
    ...     "ff4f ff51 0029 0000 00000010 00000010 00000000 00000000 00000010 00000010 00000000 00000000 0001 070101"
    ...     "ff52 000c 00 00 0001 00 00 04 04 00 01 ff5c 0004 40 40 ff90 000a 0000 0000000f 00 01 ff93 00 ffd9"
    ... )
    >>> headers = read_headers(data)
    >>> headers
    Headers(1 components, 4 markers, 1 tile-parts)
    >>> headers.settings().codings[0].precincts
    ((15, 15),)
    >>> read_headers(data[:70])
    Traceback (most recent call last):
    ...
    jscc.jpeg2000.markers.CodestreamError: at byte 65: the codestream ends without a whole header of a tile-part
    """
    start, end = find_codestream(data)
    reader = _HeaderReader(data, start, end)
    reader.main_header(limits)
    reader.tile_parts()
    main = reader.main
    return Headers(
        start,
        end,
        reader.size,
        reader.components,
        main,
        reader.tiles,
        tuple(reader.parts),
        tuple(reader.markers),
        _packed_headers(data, main.packed, reader.parts) if main.packed else (),
        reader.cut_at,
    )


class _Fields:
    """Reads the fields of one marker segment, first to last."""

    def __init__(self, data: bytes, name: str, marker: int, at: int, end: int):
        self.data, self.name, self.marker, self.at, self.end = data, name, marker, at, end

    def take(self, n_bytes: int) -> int:
        """The next field, big-endian."""
        at = self.at
        self.at = at + n_bytes
        if self.at > self.end:
            raise self.wrong("ends before its last field")
        return int.from_bytes(self.data[at : self.at], "big")

    def left(self) -> int:
        return self.end - self.at

    def wrong(self, message: str) -> CodestreamError:
        return CodestreamError(self.marker, f"{self.name} {message}")

    def done(self) -> None:
        if self.at != self.end:
            raise self.wrong(f"has {self.end - self.at} bytes more than its fields")


class _HeaderReader:
    """Walks over the markers of a codestream and keeps what they say."""

    def __init__(self, data: bytes, start: int, end: int):
        self.data, self.at, self.end = data, start, end
        self.main = Header()
        self.tiles: dict[int, Header] = {}
        self.parts: list[TilePart] = []
        self.markers: list[Marker] = []
        self.next_part: dict[int, int] = {}
        self.in_main = True
        self.cut_at: int | None = None

    def u16(self, at: int) -> int:
        return int.from_bytes(self.data[at : at + 2], "big")

    def main_header(self, limits: Limits) -> None:
        """From SOC to before the first SOT."""
        start = self.at
        if self.u16(start) != SOC:
            raise CodestreamError(start, f"{self.u16(start):04X}, SOC is expected")
        self.markers.append(Marker(SOC, start, 2))
        self.at += 2
        if self.u16(self.at) != SIZ:
            raise CodestreamError(self.at, "SIZ is expected behind SOC")
        while True:
            if self.at + 2 > self.end:
                raise CodestreamError(self.end, "the codestream ends within its main header")
            code = self.u16(self.at)
            if code == SOT:
                self.in_main = False
                break
            segment = self.segment(code)
            if segment is None:
                continue
            if self.at > self.end:
                raise CodestreamError(segment.marker, f"the codestream ends within {segment.name}")
            if code == SIZ:
                if len(self.markers) > 2:
                    raise segment.wrong("comes a second time")
                self.read_size(segment, limits)
            elif code == CAP:
                _refuse_capabilities(segment)
            elif code == PPM:
                self.read_packed(segment, self.main)
            elif code in ONLY_TILE or code in (SOC, SOD, EOC):
                raise segment.wrong("does not belong into the main header")
            else:
                self.read_coding(segment, code, self.main)
        if self.main.coding is None:
            raise CodestreamError(self.at, "the main header ends without COD")

    def segment(self, code: int) -> _Fields | None:
        """The marker segment at the present place, which is left behind; None for a marker without fields."""
        marker = self.at
        if code in (SOC, SOD, EOC):
            self.at += 2
            return _Fields(self.data, NAMES[code], marker, self.at, self.at)
        if code < 0xFF00:
            raise CodestreamError(marker, f"{code:04X}, a marker is expected")
        name = NAMES.get(code, f"marker {code:04X}")
        if code in PART_2:
            raise CodestreamError(marker, f"{PART_2[code]}, a marker of Part 2, which is not supported")
        if 0xFF30 <= code <= 0xFF3F:  # reserved for markers without a length
            self.at += 2
            if self.in_main:
                self.markers.append(Marker(code, marker, 2))
            return None
        length = self.u16(marker + 2) if marker + 4 <= self.end else 2
        if length < 2:
            raise CodestreamError(marker, f"{name} has a length of {length}, at least 2 is expected")
        self.at = marker + 2 + length
        if self.in_main:
            self.markers.append(Marker(code, marker, length + 2))
        return _Fields(self.data, name, marker, marker + 4, self.at)

    def read_coding(self, segment: _Fields, code: int, header: Header) -> None:
        """A marker segment that main and tile-part headers may hold; an unknown one is skipped."""
        if code == COD:
            header.tile_coding, header.coding = _read_cod(segment)
        elif code == COC:
            component = self.component(segment)
            has_precincts = segment.take(1)
            if has_precincts > 1:
                raise segment.wrong(f"has style {has_precincts:#x}, 0 or 1 is expected")
            header.coding_of[component] = _read_coding(segment, has_precincts == 1)
        elif code == QCD:
            header.quantisation = _read_quantisation(segment)
        elif code == QCC:
            component = self.component(segment)
            header.quantisation_of[component] = _read_quantisation(segment)
        elif code == RGN:
            component = self.component(segment)
            if segment.take(1) != 0:
                raise segment.wrong("has a style of Part 2, which is not supported")
            header.roi_shift_of[component] = segment.take(1)
            segment.done()
        elif code == POC:
            self.read_progressions(segment, header)

    def component_bytes(self) -> int:
        return 1 if len(self.components) < 257 else 2

    def component(self, segment: _Fields) -> int:
        component = segment.take(self.component_bytes())
        if component >= len(self.components):
            raise segment.wrong(f"names component {component}, there are {len(self.components)}")
        return component

    def read_size(self, segment: _Fields, limits: Limits) -> None:
        """SIZ (A.5.1)."""
        take = segment.take
        capabilities = take(2)
        if capabilities & 0x8000:
            raise segment.wrong(f"asks for extensions of Part 2 (Rsiz {capabilities:#06x}), which are not supported")
        x1, y1, x0, y0, width, height, tile_x0, tile_y0 = (take(4) for _ in range(8))
        n_components = take(2)
        size = Size(x0, y0, x1, y1, width, height, tile_x0, tile_y0, capabilities)
        if x1 <= x0 or y1 <= y0:
            raise segment.wrong(f"has an image from ({x0}, {y0}) to ({x1}, {y1}): it is empty")
        if not (width and height and tile_x0 <= x0 < tile_x0 + width and tile_y0 <= y0 < tile_y0 + height):
            raise segment.wrong(
                f"has tiles of {width} x {height} from ({tile_x0}, {tile_y0}), "
                f"of which the first does not hold ({x0}, {y0})"
            )
        if size.tiles[0] * size.tiles[1] > MAX_TILES:
            raise segment.wrong(f"has {size.tiles[0]} x {size.tiles[1]} tiles, at most {MAX_TILES} are expected")
        if not 1 <= n_components <= MAX_COMPONENTS:
            raise segment.wrong(f"has {n_components} components, 1 to {MAX_COMPONENTS} are expected")
        components, samples = [], 0
        for index in range(n_components):
            depth, dx, dy = take(1), take(1), take(1)
            component = Component((depth & 0x7F) + 1, depth >= 0x80, dx, dy)
            if component.precision > MAX_PRECISION or not (dx and dy):
                raise segment.wrong(
                    f"has component {index} with {component.precision} bits and sub-sampling {dx} x {dy}, "
                    f"at most {MAX_PRECISION} and at least 1 x 1 are expected"
                )
            components.append(component)
            samples += (-(-x1 // dx) - -(-x0 // dx)) * (-(-y1 // dy) - -(-y0 // dy))
        segment.done()
        if samples > limits.samples:
            raise segment.wrong(f"promises {samples} samples, at most {limits.samples} are read")
        self.size, self.components = size, tuple(components)

    def read_progressions(self, segment: _Fields, header: Header) -> None:
        """POC (A.6.6): an end of 0 stands for the largest, for which the field has no room."""
        wide = self.component_bytes()
        if segment.left() == 0 or segment.left() % (5 + 2 * wide):
            raise segment.wrong(f"has {segment.left()} bytes, a multiple of {5 + 2 * wide} is expected")
        while segment.left():
            first_resolution, first_component = segment.take(1), segment.take(wide)
            layers, resolutions = segment.take(2), segment.take(1)
            components = segment.take(wide) or (256 if wide == 1 else MAX_COMPONENTS)
            order = segment.take(1)
            if order > 4:
                raise segment.wrong(f"has progression order {order}, 0 to 4 is expected")
            header.progressions.append(
                Progression(first_resolution, first_component, layers, resolutions, components, order)
            )

    def read_packed(self, segment: _Fields, header: Header) -> None:
        """PPM or PPT (A.7.4, A.7.5): keeps where the packet headers lie."""
        index = segment.take(1)
        if index in header.packed:
            raise segment.wrong(f"has index {index}, which has come before")
        header.packed[index] = segment.at, segment.left()

    def tile_parts(self) -> None:
        """From the first SOT to the end of the codestream."""
        n_tiles = self.size.tiles[0] * self.size.tiles[1]
        while self.at + 2 <= self.end and self.u16(self.at) != EOC:
            if not self.tile_part(n_tiles):
                break
        else:
            if self.at + 2 > self.end:  # without EOC
                self.cut_at = self.end
        if not self.parts:
            at = min(self.at, self.end)
            raise CodestreamError(at, "the codestream ends without a whole header of a tile-part")

    def tile_part(self, n_tiles: int) -> bool:
        """One tile-part; False if the file ends before its packets do."""
        data, sot = self.data, self.at
        if self.u16(sot) != SOT:
            raise CodestreamError(sot, f"{self.u16(sot):04X}, SOT or EOC is expected")
        if sot + 12 > self.end:
            self.cut_at = self.end
            return False
        segment = _Fields(data, "SOT", sot, sot + 2, sot + 12)
        length, tile, n_bytes, part = segment.take(2), segment.take(2), segment.take(4), segment.take(1)
        if length != 10:
            raise segment.wrong(f"has a length of {length}, 10 is expected")
        if tile >= n_tiles:
            raise segment.wrong(f"names tile {tile}, there are {n_tiles}")
        if part != self.next_part.get(tile, 0):
            raise segment.wrong(f"is of part {part} of tile {tile}, part {self.next_part.get(tile, 0)} is expected")
        self.at = sot + 12
        # Without a length (A.4.2) the last tile-part reaches to the end of the codestream.
        if n_bytes:
            end, cut = sot + n_bytes, sot + n_bytes > self.end
        elif data[self.end - 2 : self.end] == b"\xff\xd9":
            end, cut = self.end - 2, False
        else:
            end, cut = self.end, True
        while True:
            if self.at + 2 > self.end:
                self.cut_at = self.end
                return False
            code = self.u16(self.at)
            if code == SOD:
                self.at += 2
                break
            segment = self.segment(code)
            if segment is None:
                continue
            if self.at > self.end:
                self.cut_at = self.end
                return False
            if code in ONLY_MAIN or code in (SOC, SOT, EOC):
                raise segment.wrong("does not belong into the header of a tile-part")
            header = self.tiles.setdefault(tile, Header())
            if code == PPT:
                if self.main.packed:
                    raise segment.wrong("comes although the main header has PPM")
                self.read_packed(segment, header)
            else:
                self.read_coding(segment, code, header)
        if end < self.at:
            raise CodestreamError(sot, f"SOT promises {end - sot} bytes, its header alone has {self.at - sot}")
        self.next_part[tile] = part + 1
        self.parts.append(TilePart(tile, sot, self.at, min(end, self.end), cut))
        self.at = end
        if cut:
            self.cut_at = self.end
        return not cut


def _refuse_capabilities(segment: _Fields) -> None:
    """CAP (A.5.2): any part of the standard that it names is another than Part 1."""
    capabilities = segment.take(4)
    parts = [part for part in range(1, 33) if capabilities >> (32 - part) & 1]
    if 15 in parts:
        raise segment.wrong("asks for Part 15, High-Throughput code-blocks (HT), which are not supported")
    if parts:
        raise segment.wrong(f"asks for Part {', '.join(map(str, parts))}, which is not supported")


def _read_cod(segment: _Fields) -> tuple[TileCoding, Coding]:
    """COD (A.6.1)."""
    style, order, layers, transform = (segment.take(n_bytes) for n_bytes in (1, 1, 2, 1))
    if style > 7:
        raise segment.wrong(f"has style {style:#x}, 0 to 7 is expected")
    if order > 4:
        raise segment.wrong(f"has progression order {order}, 0 to 4 is expected")
    if layers == 0:
        raise segment.wrong("has no layer")
    if transform > 1:
        raise segment.wrong(f"has component transform {transform} of Part 2, which is not supported")
    tile_coding = TileCoding(style & 2 > 0, style & 4 > 0, order, layers, transform == 1)
    return tile_coding, _read_coding(segment, style & 1 > 0)


def _read_coding(segment: _Fields, has_precincts: bool) -> Coding:
    """The parameters that COD and COC share (Table A.15)."""
    levels, width, height, style, transform = (segment.take(1) for _ in range(5))
    if levels > MAX_LEVELS:
        raise segment.wrong(f"has {levels} decomposition levels, at most {MAX_LEVELS} are expected")
    if width > 8 or height > 8 or width + height > 8:
        raise segment.wrong(
            f"has code-blocks of 2^{width + 2} x 2^{height + 2}, sides of at most 2^10 and an area of at most "
            "2^12 are expected"
        )
    if style & HIGH_THROUGHPUT:
        raise segment.wrong("has High-Throughput code-blocks (HT, Part 15), which are not supported")
    if style > 0x3F:
        raise segment.wrong(f"has code-block style {style:#x}, at most 0x3f is expected")
    if transform > 1:
        raise segment.wrong(f"has wavelet transform {transform} of Part 2, which is not supported")
    if has_precincts:
        sizes = [segment.take(1) for _ in range(levels + 1)]
    else:
        sizes = [0xFF] * (levels + 1)
    for resolution, size in enumerate(sizes):
        if resolution and not (size & 15 and size >> 4):
            raise segment.wrong(f"has precincts of side 1 at resolution {resolution}, where 2 is the least")
    segment.done()
    precincts = tuple((size & 15, size >> 4) for size in sizes)
    return Coding(levels, width + 2, height + 2, style, transform == 1, precincts)


def _read_quantisation(segment: _Fields) -> Quantisation:
    """What QCD and QCC share (Table A.27)."""
    style = segment.take(1)
    guard_bits, style = style >> 5, style & 31
    if style > 2:
        raise segment.wrong(f"has quantisation style {style}, 0 to 2 is expected")
    wide = 1 if style == 0 else 2
    count = segment.left() // wide
    if count == 0 or segment.left() % wide or (style == 1 and count > 1):
        expected = ("a byte for each subband", "2 bytes", "2 bytes for each subband")[style]
        raise segment.wrong(f"has {segment.left()} bytes of step sizes, {expected} are expected")
    steps = [segment.take(wide) for _ in range(min(count, 3 * MAX_LEVELS + 1))]
    if style == 0:
        steps = [(step >> 3) << 11 for step in steps]
    return Quantisation(style, guard_bits, tuple(steps), segment.marker)


def _packed_headers(
    data: bytes, packed: dict[int, tuple[int, int]], parts: list[TilePart]
) -> tuple[tuple[tuple[int, int], ...], ...]:
    """The packet headers of each tile-part in PPM (A.7.4): a count of 4 bytes, then as many bytes.

    Both may go on in the next marker segment.
    """
    pieces = [packed[index] for index in sorted(packed)]
    piece, at = 0, 0  # the next byte is `at` bytes into the piece

    def take(n_bytes: int) -> list[tuple[int, int]]:
        nonlocal piece, at
        taken = []
        while n_bytes and piece < len(pieces):
            offset, length = pieces[piece]
            step = min(n_bytes, length - at)
            if step:
                taken.append((offset + at, step))
            n_bytes, at = n_bytes - step, at + step
            if at == length:
                piece, at = piece + 1, 0
        if n_bytes:
            raise CodestreamError(sum(pieces[-1]), f"PPM ends {n_bytes} bytes too early")
        return taken

    found = []
    for number, part in enumerate(parts):
        if piece == len(pieces):
            raise CodestreamError(part.offset, f"PPM holds the packet headers of {number} tile-parts, this is one more")
        count = b"".join(data[offset : offset + length] for offset, length in take(4))
        found.append(tuple(take(int.from_bytes(count, "big"))))
    return tuple(found)

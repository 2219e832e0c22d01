"""The decoder of JPEG 2000 beside the reference pictures of ITU-T T.803, and beside OpenJPEG.

The files are those of https://github.com/uclouvain/openjpeg-data at commit a428429; the tolerances of the files with
reference pictures are those of T.803 (Tables C.6 and C.7), and what was coded without loss has to come out exactly. The
files lie in ``$JSCC_DATA/codestreams``: ``conformance``, ``reference`` and ``nonregression``. Their licence does not
allow to hand them out; where one is missing, its task says so.

How a component is judged depends on what there is of it: a reference picture (``picture``); the MD5 of what OpenJPEG
writes for it (``md5``; with OpenJPEG's factors of 9-7, and, where a JP2 file asks for it, colours brought to RGB);
what Pillow, which contains OpenJPEG, decodes (``pillow``); or nothing (``none``: that it is decoded at all).
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import struct
from pathlib import Path

import numpy as np

from jscc import datasets
from jscc.jpeg2000 import OPENJPEG, STANDARD, Codestream, decode, parse
from jscc.jpeg2000.markers import NAMES, Headers, read_headers
from jscc.runner import Experiment

# File: what its components are judged by, and, where that is a picture, the tolerances of peak error and of mean
# squared error, one for all components or one each.
PICTURES = {
    "p0_01.j2k": ((0,), (0,)),
    "p0_02.j2k": ((0,), (0,)),
    "p0_03.j2k": ((0,), (0,)),
    "p0_04.j2k": ((5, 4, 6), (0.776, 0.626, 1.070)),
    "p0_05.j2k": ((2, 2, 2, 0), (0.302, 0.307, 0.269, 0)),
    "p0_06.j2k": ((635, 403, 378, 0), (11287, 6124, 3968, 0)),
    "p0_09.j2k": ((0,), (0,)),
    "p0_10.j2k": ((0,), (0,)),
    "p0_11.j2k": ((0,), (0,)),
    "p0_12.j2k": ((0,), (0,)),
    "p0_13.j2k": ((0,), (0,)),
    "p0_15.j2k": ((0,), (0,)),
    "p0_16.j2k": ((0,), (0,)),
    "p1_01.j2k": ((0,), (0,)),
    "p1_02.j2k": ((5, 4, 6), (0.765, 0.616, 1.051)),
    "p1_05.j2k": ((40,), (8.458, 9.816, 10.154)),
    "p1_07.j2k": ((0,), (0,)),
}
# The set of Kakadu's files is of two pictures, coded without loss; those without a reference of their own have
# another's.
LOSSLESS = {
    "a4_colr": ("a2_colr",),
    "a6_mono_colr": ("a1_mono", "a2_colr"),
    "b2_mono": ("a1_mono",),
    "e2_colr": ("a2_colr",),
    **{
        name: (name,)
        for name in (
            *("a1_mono", "a2_colr", "a3_mono", "a5_mono", "b1_mono", "c1_mono", "c2_mono", "d1_colr", "e1_colr"),
            *("f1_mono", "g1_colr", "g2_colr", "g4_colr"),
        )
    },
}
PICTURES |= {f"{name}.j2c": ((0,), (0,)) for name in LOSSLESS}
WITH_PILLOW = ("file4.jp2", "file6.jp2", "file8.jp2", "file9.jp2", "subsampling_2.jp2")
ALONE = ("p1_03.j2k", "file3.jp2")
BY_MD5 = (
    *("Marrin.jp2", "buxI.j2k", "buxR.j2k", "CT_Phillips_JPEG2K_Decompr_Problem.j2k", "issue205.jp2", "pacs.ge.j2k"),
    *("j2k32.j2k", "orb-blue10-lin-j2k.j2k", "issue104_jpxstream.jp2", "_00042.j2k", "issue411-ycc420.jp2"),
    *("merged.jp2", "issue188_beach_64bitsbox.jp2", "movie_00000.j2k"),
)
OTHERS_WITH_PILLOW = (
    *("issue171.jp2", "small_world_non_consecutive_tilepart_tlm.jp2", "tnsot_zero.jp2"),
    *("tnsot_zero_missing_eoc.jp2", "basn4a08.jp2", "Bretagne2_4.j2k"),
)
OTHERS_ALONE = ("db11217111510058.jp2",)

STYLES = ("BYPASS", "RESET", "TERMALL", "VSC", "PTERM", "SEGSYM")
PROGRESSIONS = ("LRCP", "RLCP", "RPCL", "PCRL", "CPRL")


def folder() -> Path:
    """Where the files lie: ``$JSCC_DATA/codestreams``, or the same in the cache of the data sets."""
    given = os.environ.get("JSCC_DATA")
    return (Path(given).expanduser() if given else datasets.cache_dir()) / "codestreams"


def read(part: str, name: str) -> bytes:
    """The bytes of a file.

    Raises
    ------
    FileNotFoundError
        If it is not there; the message says where it comes from.
    """
    path = folder() / part / name
    if not path.exists():
        raise FileNotFoundError(
            f"{path} is missing: the files of github.com/uclouvain/openjpeg-data are expected in {folder()}"
        )
    return path.read_bytes()


def conformance(file: str, judge: str, seed: int) -> list[dict]:
    """Decode one file and compare its components; one row for each that there is something to compare with.

    `passed` says whether the component is within its tolerance, has OpenJPEG's MD5, or was decoded at all.
    """
    part = "conformance" if file in PICTURES or file in WITH_PILLOW or file in ALONE else "nonregression"
    data = read(part, file)
    codestream = parse(data)
    common = {
        "sha256": hashlib.sha256(data).hexdigest()[:16],
        "features": features(read_headers(data), codestream),
    }
    compare = {"picture": by_picture, "md5": by_md5, "pillow": by_pillow, "none": by_nothing}[judge]
    return [{**common, **row} for row in compare(file, data, codestream)]


def features(headers: Headers, codestream: Codestream) -> str:
    """What of the standard a file uses, in a few words."""
    size, components = codestream.size, codestream.components
    parts = [part for tile in codestream.tiles for part in tile.components]
    coding = headers.settings().tile_coding
    samples = sorted({f"{'s' if c.signed else 'u'}{c.precision}" for c in components})
    grids = sorted({(c.dx, c.dy) for c in components} - {(1, 1)})
    styles = [name for k, name in enumerate(STYLES) if any(part.style >> k & 1 for part in parts)]
    tile_headers = headers.tiles.values()
    marked = [NAMES[m.code] for m in headers.markers if NAMES.get(m.code) in ("PPM", "POC")]
    return ", ".join(
        [
            f"{size.x1 - size.x0} x {size.y1 - size.y0}",
            *([f"at ({size.x0}, {size.y0})"] if size.x0 or size.y0 else []),
            f"{len(components)} x {'/'.join(samples)}",
            *(f"sub-sampled {dx} x {dy}" for dx, dy in grids),
            "/".join(sorted({"5-3" if part.reversible else "9-7" for part in parts})),
            f"{max(part.levels for part in parts)} levels",
            f"{coding.layers} layers",
            PROGRESSIONS[coding.progression],
            f"{len(codestream.tiles)} tiles in {len(headers.parts)} parts",
            *(["component transform"] if any(tile.multi_component for tile in codestream.tiles) else []),
            *styles,
            *(["ROI"] if any(part.roi_shift for part in parts) else []),
            *(["POC"] if "POC" in marked or any(header.progressions for header in tile_headers) else []),
            *(["PPM"] if "PPM" in marked else []),
            *(["PPT"] if any(header.packed for header in tile_headers) else []),
            *(["SOP"] if coding.sop else []),
            *(["EPH"] if coding.eph else []),
        ]
    )


def by_picture(file: str, data: bytes, codestream: Codestream) -> list[dict]:
    """Against the reference pictures, within the tolerances."""
    found = decode(codestream, lifting=STANDARD)
    peaks, errors = PICTURES[file]
    rows = []
    for number, wanted in enumerate(pictures(file)):
        k = min(number, len(peaks) - 1), min(number, len(errors) - 1)
        rows.append(difference(number, found[number], wanted, peaks[k[0]], errors[k[1]]))
    return rows


def by_pillow(file: str, data: bytes, codestream: Codestream) -> list[dict]:
    """Against Pillow, which repeats sub-sampled samples: 5-3 exactly, 9-7 within a grey level."""
    wanted = pillow(data, codestream)
    height, width = wanted[0].shape
    found = [
        plane.repeat(grid.dy, axis=0).repeat(grid.dx, axis=1)[:height, :width]
        for plane, grid in zip(decode(codestream, lifting=STANDARD), codestream.components, strict=True)
    ]
    exact = all(part.reversible for tile in codestream.tiles for part in tile.components)
    return [
        difference(number, one, other, 0 if exact else 1, 0 if exact else 1)
        for number, (one, other) in enumerate(zip(found, wanted, strict=True))
    ]


def by_md5(file: str, data: bytes, codestream: Codestream) -> list[dict]:
    """Against the MD5 of the PGX file that OpenJPEG writes for a component."""
    planes = as_written(data, decode(codestream, lifting=OPENJPEG), codestream)
    rows = []
    for line in read("nonregression", "md5refs.txt").decode().splitlines():
        digest, _, name = line.partition("  ")
        match = re.fullmatch(re.escape(file) + r"_(\d+)\.pgx", name)
        if match:
            number = int(match[1])
            same = hashlib.md5(pgx(planes[number], codestream.components[0])).hexdigest() == digest
            none = {"peak": 0, "mse": 0.0} if same else {"peak": None, "mse": None}
            rows.append({"component": number, **none, "tolerance_peak": 0, "tolerance_mse": 0, "passed": same})
    return rows


def by_nothing(file: str, data: bytes, codestream: Codestream) -> list[dict]:
    """Only that each component has its size and the range of its precision."""
    rows = []
    for number, (plane, component) in enumerate(zip(decode(codestream), codestream.components, strict=True)):
        low = -(1 << component.precision - 1) if component.signed else 0
        inside = plane.size > 0 and low <= plane.min() < plane.max() < low + (1 << component.precision)
        rows.append({"component": number, "passed": bool(inside)})
    return rows


def difference(component: int, found: np.ndarray, wanted: np.ndarray, peak: float, error: float) -> dict:
    """A row of the table: peak and mean squared error, and their tolerances."""
    if found.shape != wanted.shape:
        raise ValueError(f"component {component} of shape {found.shape} given, {wanted.shape} is expected")
    off = found.astype(np.int64) - wanted
    found_peak, found_error = int(np.abs(off).max()), float(np.mean(off**2))
    return {
        "component": component,
        "peak": found_peak,
        "mse": found_error,
        "tolerance_peak": peak,
        "tolerance_mse": error,
        "passed": found_peak <= peak and found_error <= error,
    }


def pictures(file: str) -> list[np.ndarray]:
    """The reference pictures of a file, a PGX for each component, or a PGM or PPM of all."""
    from PIL import Image

    stem, found = Path(file).stem, []
    for name in LOSSLESS.get(stem, ()):
        picture = np.array(Image.open(io.BytesIO(read("reference", f"{name}.ppm")))).astype(np.int64)
        found += [picture] if picture.ndim == 2 else list(np.moveaxis(picture, 2, 0))
    while not found or (folder() / "reference" / f"c1{stem}_{len(found)}.pgx").exists():
        found.append(read_pgx(read("reference", f"c1{stem}_{len(found)}.pgx")))
    return found


def read_pgx(data: bytes) -> np.ndarray:
    """The samples of a PGX file."""
    match = re.match(rb"PG (ML|LM) *([+-]?) *(\d+) (\d+) (\d+)\s", data)
    precision, width, height = (int(text) for text in match.groups()[2:])
    kind = ("i" if match[2] == b"-" else "u") + str(1 if precision <= 8 else 2 if precision <= 16 else 4)
    order = ">" if match[1] == b"ML" else "<"
    return np.frombuffer(data, order + kind, width * height, match.end()).reshape(height, width).astype(np.int64)


def pgx(plane: np.ndarray, component) -> bytes:
    """A PGX file as OpenJPEG writes it."""
    height, width = plane.shape
    size = 1 if component.precision <= 8 else 2 if component.precision <= 16 else 4
    head = f"PG ML {'-' if component.signed else '+'} {component.precision} {width} {height}\n"
    return head.encode() + plane.astype(f">i{size}" if component.signed else f">u{size}").tobytes()


def pillow(data: bytes, codestream: Codestream) -> list[np.ndarray]:
    """The components as Pillow decodes them, which brings 9 to 16 bits to 16."""
    from PIL import Image

    picture = np.array(Image.open(io.BytesIO(data))).astype(np.int64)
    precision = codestream.components[0].precision
    if precision > 8:
        picture >>= 16 - precision
    return [picture] if picture.ndim == 2 else list(np.moveaxis(picture, 2, 0))


def boxes(data: bytes, start: int, end: int) -> dict[bytes, bytes]:
    """The boxes of a part of a JP2 file (annex I.4), the first of each type."""
    found: dict[bytes, bytes] = {}
    while start + 8 <= end:
        length, kind = struct.unpack_from(">I4s", data, start)
        head = 8
        if length == 1:
            (length,), head = struct.unpack_from(">Q", data, start + 8), 16
        length = length or end - start
        found.setdefault(kind, data[start + head : start + length])
        start += length
    return found


def as_written(data: bytes, planes: list[np.ndarray], codestream: Codestream) -> list[np.ndarray]:
    """The components that OpenJPEG writes: with a JP2 file's palette looked up, and colours brought to RGB."""
    header = boxes(data, 0, len(data)).get(b"jp2h") if data[4:8] == b"jP  " else None
    if header is None:
        return planes
    inner = boxes(header, 0, len(header))
    if b"pclr" in inner:  # I.5.3.4
        entries, columns = struct.unpack_from(">HB", inner[b"pclr"])
        palette = np.frombuffer(inner[b"pclr"], np.uint8, entries * columns, 3 + columns).reshape(entries, columns)
        return [palette[planes[0], k].astype(np.int64) for k in range(columns)]
    method, _, _, space = struct.unpack_from(">BBBI", inner[b"colr"].ljust(7, b"\0"))
    if method == 1 and space == 18 and len(planes) >= 3:  # sYCC
        return from_ycc(planes, codestream)
    if method == 1 and space == 12 and len(planes) >= 4:  # CMYK
        ink = [np.float32(1) - plane.astype(np.float32) * np.float32(1 / 255) for plane in planes[:4]]
        return [(np.float32(255) * ink[k] * ink[3]).astype(np.int64) for k in range(3)]
    return planes


def from_ycc(planes: list[np.ndarray], codestream: Codestream) -> list[np.ndarray]:
    """RGB of 8 bits from luma and two colour differences, which are repeated where they are sub-sampled."""
    first, blue_grid, red_grid = codestream.components[:3]
    rows, columns = (np.arange(side) for side in planes[0].shape)
    luma = planes[0].astype(np.int64)
    blue, red = (
        plane[np.ix_(rows // (grid.dy // first.dy), columns // (grid.dx // first.dx))].astype(np.int64) - 128
        for plane, grid in zip(planes[1:3], (blue_grid, red_grid), strict=True)
    )
    added = 1.402 * red, -(0.344 * blue + 0.714 * red), 1.772 * blue
    return [np.clip(luma + np.trunc(change).astype(np.int64), 0, 255) for change in added]


def _grid(scale: str) -> list[dict]:
    judged = [
        *((file, "picture") for file in PICTURES),
        *((file, "pillow") for file in (*WITH_PILLOW, *OTHERS_WITH_PILLOW)),
        *((file, "md5") for file in BY_MD5),
        *((file, "none") for file in (*ALONE, *OTHERS_ALONE)),
    ]
    points = [{"file": file, "judge": judge} for file, judge in sorted(judged, key=lambda point: point[0].lower())]
    few = {"p0_01.j2k", "p0_02.j2k", "p0_13.j2k", "c2_mono.j2c", "Marrin.jp2"}
    return [point for point in points if scale != "smoke" or point["file"] in few]


EXPERIMENTS = [
    Experiment(
        name="jpeg2000_conformance",
        title="The JPEG 2000 decoder beside the reference pictures of ITU-T T.803, and beside OpenJPEG",
        task=conformance,
        grid=_grid,
    ),
]

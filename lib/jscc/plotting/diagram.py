"""Block diagrams as SVG, drawn from a description of their boxes and links."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from jscc.plotting.style import INK

KINDS = ("data", "coder", "channel", "network")
PATHS = ("straight", "-|", "|-", "over", "under")

_TEXT = 17
_LABEL = 15
_LINE = 1.25  # line height, in sizes
_PAD = 12
_COLUMN_GAP = 38
_ROW_GAP = 40
_LANE = 26  # distance of an "over" or "under" link from its row
_MARGIN = 10
_FONT = '"DejaVu Sans", Verdana, Arial, sans-serif'


@dataclass(frozen=True)
class Link:
    """An arrow of a block diagram.

    Parameters
    ----------
    start, end : str
        Names of the boxes it joins.
    label : str
        What travels along it.
    path : {"straight", "-|", "|-", "over", "under"}
        Its course: straight within a row or column; first along the row and then along the column, or the
        other way round; in a lane above or below the row of both boxes.
    dashed : bool
        Whether it is no signal but something like a gradient.
    """

    start: str
    end: str
    label: str = ""
    path: str = "straight"
    dashed: bool = False


class Diagram:
    """A drawn diagram; made by `block_diagram`.

    Attributes
    ----------
    svg : str
        The picture, the same bytes every time.
    alt : str
        What it shows, in words.
    """

    def __init__(self, svg: str, alt: str):
        self.svg = svg
        self.alt = alt

    def save(self, path: str | Path) -> None:
        """Write the picture to a file."""
        Path(path).write_text(self.svg, encoding="utf-8", newline="\n")

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return {"image/svg+xml": self.svg, "text/plain": self.alt}


@dataclass(frozen=True)
class _Box:
    kind: str
    lines: list[str]
    row: int
    column: int
    x: float  # of the centre
    y: float
    width: float
    height: float

    def edge(self, side: str) -> tuple[float, float]:
        dx, dy = {"left": (-1, 0), "right": (1, 0), "top": (0, -1), "bottom": (0, 1)}[side]
        return self.x + dx * self.width / 2, self.y + dy * self.height / 2


def block_diagram(
    rows: Sequence[Sequence[str | None]],
    boxes: Mapping[str, tuple[str, str]],
    links: Sequence[Link],
    *,
    alt: str,
    title: str,
) -> Diagram:
    r"""Draw a system of boxes and arrows.

    Parameters
    ----------
    rows : sequence of sequences of str or None
        Names of the boxes as they stand on the page, ``None`` for an empty place.
    boxes : mapping
        For each name its kind and its text (lines parted by ``\n``). Kinds: "data" (no frame), "coder"
        (rectangle), "network" (learned; double frame), "channel" (dashed round frame on grey).
    links : sequence of Link
        The arrows.
    alt : str
        What the diagram shows, in words; stands in the picture as its description.
    title : str
        Its name.

    Returns
    -------
    Diagram
        Shows itself in a notebook; its ``svg`` is the picture.

    Raises
    ------
    ValueError
        If `alt` or `title` is empty, `rows`, `boxes` and `links` do not name the same boxes, or a link
        has a kind or a path that does not exist or does not fit where its boxes stand.

    Examples
    --------
    >>> picture = block_diagram(
    ...     [["x", "bsc", "y"]],
    ...     {"x": ("data", "x"), "bsc": ("channel", "BSC"), "y": ("data", "y")},
    ...     [Link("x", "bsc"), Link("bsc", "y")],
    ...     alt="x passes a binary symmetric channel and becomes y.",
    ...     title="A channel",
    ... )
    >>> picture.svg.startswith("<svg")
    True
    """
    _check(rows, boxes, links, alt, title)
    placed = _placed(rows, boxes, links)
    courses = [_course(link, placed) for link in links]
    labels = [_label_place(link, course) for link, course in zip(links, courses, strict=True)]

    left, top, right, bottom = _extent(placed.values(), courses, links, labels)
    root = ElementTree.Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"{_number(left)} {_number(top)} {_number(right - left)} {_number(bottom - top)}",
            "width": _number(right - left),
            "height": _number(bottom - top),
            "role": "img",
            "font-family": _FONT,
            "style": "max-width: 100%; height: auto",
        },
    )
    # Several diagrams may stand in one page, and names in a page are shared.
    mark = hashlib.sha256(repr((rows, sorted(boxes.items()), links)).encode()).hexdigest()[:8]
    root.set("aria-labelledby", f"title-{mark} desc-{mark}")
    _add(root, "title", id=f"title-{mark}").text = title
    _add(root, "desc", id=f"desc-{mark}").text = alt
    _add(root, "rect", x=left, y=top, width=right - left, height=bottom - top, fill="white")
    for link, course in zip(links, courses, strict=True):
        _draw_link(root, link, course)
    for box in placed.values():
        _draw_box(root, box)
    for link, place in zip(links, labels, strict=True):
        if link.label:
            _draw_label(root, link, place)
    ElementTree.indent(root, " ")
    return Diagram(ElementTree.tostring(root, encoding="unicode") + "\n", alt)


def _check(rows, boxes, links, alt, title) -> None:
    for name, text in (("alt", alt), ("title", title)):
        if not isinstance(text, str) or not text.strip():
            raise ValueError(f"{name} is {text!r}; expected a text")
    named = [name for row in rows for name in row if name is not None]
    if not named or len(named) != len(set(named)) or set(named) != set(boxes):
        raise ValueError(f"rows name {sorted(named)}, boxes {sorted(boxes)}; expected the same, each once")
    for name, (kind, _) in boxes.items():
        if kind not in KINDS:
            raise ValueError(f"box {name} is of kind {kind!r}; expected one of {KINDS}")
    for link in links:
        if unknown := sorted({link.start, link.end} - set(boxes)):
            raise ValueError(f"a link joins {link.start!r} and {link.end!r}; there is no box {unknown}")
        if link.path not in PATHS:
            raise ValueError(f"link {link.start} to {link.end} has the path {link.path!r}; expected {PATHS}")


def _placed(rows, boxes, links) -> dict[str, _Box]:
    """Lay the boxes on a grid whose gaps leave room for the labels of the links that cross them."""
    where = {name: (r, c) for r, row in enumerate(rows) for c, name in enumerate(row) if name is not None}
    sizes = {name: _box_size(*boxes[name]) for name in where}
    columns = max(len(row) for row in rows)
    widths = [max((sizes[n][0] for n in where if where[n][1] == c), default=0.0) for c in range(columns)]
    heights = [max((sizes[n][1] for n in where if where[n][0] == r), default=0.0) for r in range(len(rows))]
    column_gaps, row_gaps = [_COLUMN_GAP] * (columns - 1), [_ROW_GAP] * (len(rows) - 1)
    for link in links:
        (r0, c0), (r1, c1) = sorted((where[link.start], where[link.end]))
        width, height = _text_size(link.label, _LABEL)
        if link.path == "straight" and abs(c1 - c0) == 1:
            gap = min(c0, c1)
            column_gaps[gap] = max(column_gaps[gap], width + 26)
        if link.path == "straight" and r1 - r0 == 1:
            row_gaps[r0] = max(row_gaps[r0], height + 24)
        lane_gap = {"over": r0 - 1, "under": r0}.get(link.path, -1)
        if 0 <= lane_gap < len(row_gaps):
            row_gaps[lane_gap] = max(row_gaps[lane_gap], _ROW_GAP + _LANE + height)
    xs, ys = _centres(widths, column_gaps), _centres(heights, row_gaps)
    return {
        name: _Box(boxes[name][0], boxes[name][1].split("\n"), r, c, xs[c], ys[r], *sizes[name])
        for name, (r, c) in where.items()
    }


def _centres(sizes: list[float], gaps: list[float]) -> list[float]:
    centres, edge = [], 0.0
    for size, gap in zip(sizes, [*gaps, 0.0], strict=True):
        centres.append(edge + size / 2)
        edge += size + gap
    return centres


def _course(link: Link, placed: Mapping[str, _Box]) -> list[tuple[float, float]]:
    """Find the corners of a link, from edge to edge."""
    start, end = placed[link.start], placed[link.end]
    along_row, along_column = start.row == end.row, start.column == end.column
    to_right, to_below = end.column > start.column, end.row > start.row
    unfit = ValueError(f"link {link.start} to {link.end} cannot take the path {link.path!r} between its boxes")
    if link.path == "straight":
        if along_row == along_column or any(_between(box, start, end) for box in placed.values()):
            raise unfit
        if along_row:
            return [start.edge("right" if to_right else "left"), end.edge("left" if to_right else "right")]
        return [start.edge("bottom" if to_below else "top"), end.edge("top" if to_below else "bottom")]
    if link.path in ("over", "under"):
        if not along_row or along_column:
            raise unfit
        side, sign = ("top", -1) if link.path == "over" else ("bottom", 1)
        # The lane keeps clear of the tallest box in the row, also of those between its two ends.
        reach = max(box.height for box in placed.values() if box.row == start.row) / 2
        lane = start.y + sign * (reach + _LANE)
        (x0, y0), (x1, y1) = start.edge(side), end.edge(side)
        return [(x0, y0), (x0, lane), (x1, lane), (x1, y1)]
    if along_row or along_column:
        raise unfit
    if link.path == "-|":
        return [
            start.edge("right" if to_right else "left"),
            (end.x, start.y),
            end.edge("top" if to_below else "bottom"),
        ]
    return [
        start.edge("bottom" if to_below else "top"),
        (start.x, end.y),
        end.edge("left" if to_right else "right"),
    ]


def _between(box: _Box, start: _Box, end: _Box) -> bool:
    rows, columns = sorted((start.row, end.row)), sorted((start.column, end.column))
    inside = rows[0] <= box.row <= rows[1] and columns[0] <= box.column <= columns[1]
    return inside and box not in (start, end)


def _label_place(link: Link, course: list[tuple[float, float]]) -> tuple[float, float, str]:
    """Put a label at the longest stretch: above its middle, or to the right of it where it stands upright."""
    lines = link.label.count("\n") + 1
    (x0, y0), (x1, y1) = max(zip(course, course[1:], strict=False), key=lambda ends: math.dist(ends[0], ends[1]))
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    if y0 == y1:
        if link.path == "under":
            return x, y + _LABEL * 1.1, "middle"
        return x, y - 7 - (lines - 1) * _LABEL * _LINE, "middle"
    return x + 8, y + _LABEL * 0.35 - (lines - 1) * _LABEL * _LINE / 2, "start"


def _extent(boxes, courses, links, labels) -> tuple[float, float, float, float]:
    """Find the whole picture's left, top, right and bottom, margin included."""
    xs, ys = [], []
    for box in boxes:
        xs += [box.x - box.width / 2, box.x + box.width / 2]
        ys += [box.y - box.height / 2, box.y + box.height / 2]
    for course in courses:
        xs += [x for x, _ in course]
        ys += [y for _, y in course]
    for link, (x, y, anchor) in zip(links, labels, strict=True):
        width, height = _text_size(link.label, _LABEL)
        left = x if anchor == "start" else x - width / 2
        xs += [left, left + width]
        ys += [y - _LABEL, y - _LABEL + height]
    return min(xs) - _MARGIN, min(ys) - _MARGIN, max(xs) + _MARGIN, max(ys) + _MARGIN


def _draw_link(root: ElementTree.Element, link: Link, course: list[tuple[float, float]]) -> None:
    group = _add(root, "g", stroke=INK, fill=INK)
    group.set("stroke-width", "1.6")
    points = " ".join(f"{_number(x)},{_number(y)}" for x, y in course)
    line = _add(group, "polyline", points=points, fill="none")
    if link.dashed:
        line.set("stroke-dasharray", "6 4")
    (x0, y0), (x1, y1) = course[-2:]
    length = math.dist((x0, y0), (x1, y1))
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    back, half = 10, 4.5
    corners = [
        (x1, y1),
        (x1 - back * dx - half * dy, y1 - back * dy + half * dx),
        (x1 - back * dx + half * dy, y1 - back * dy - half * dx),
    ]
    head = " ".join(f"{_number(x)},{_number(y)}" for x, y in corners)
    _add(group, "polygon", points=head, stroke="none")


def _draw_box(root: ElementTree.Element, box: _Box) -> None:
    if box.kind != "data":
        frame = _add_frame(root, box, 0)
        if box.kind == "network":
            _add_frame(root, box, 4)
        if box.kind == "channel":
            frame.set("rx", _number(min(box.height / 2, 24)))
            frame.set("fill", "#dddddd")
            frame.set("stroke-dasharray", "6 3")
    first = box.y - (len(box.lines) - 1) * _TEXT * _LINE / 2 + _TEXT * 0.35
    _add_text(root, box.lines, box.x, first, "middle", _TEXT)


def _add_frame(root: ElementTree.Element, box: _Box, inset: float) -> ElementTree.Element:
    frame = _add(
        root,
        "rect",
        x=box.x - box.width / 2 + inset,
        y=box.y - box.height / 2 + inset,
        width=box.width - 2 * inset,
        height=box.height - 2 * inset,
        rx=3.0,
        fill="#eaf3fa",
        stroke=INK,
    )
    frame.set("stroke-width", "1.6" if inset == 0 else "0.8")
    return frame


def _draw_label(root: ElementTree.Element, link: Link, place: tuple[float, float, str]) -> None:
    x, y, anchor = place
    _add_text(root, link.label.split("\n"), x, y, anchor, _LABEL)


def _add_text(root, lines: list[str], x: float, y: float, anchor: str, size: float) -> None:
    for k, line in enumerate(lines):
        text = _add(root, "text", x=x, y=y + k * size * _LINE, fill=INK)
        text.set("text-anchor", anchor)
        text.set("font-size", _number(size))
        text.text = line


def _add(parent: ElementTree.Element, tag: str, **attributes: str | float) -> ElementTree.Element:
    texts = {k: v if isinstance(v, str) else _number(v) for k, v in attributes.items()}
    return ElementTree.SubElement(parent, tag, texts)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _box_size(kind: str, text: str) -> tuple[float, float]:
    width, height = _text_size(text, _TEXT)
    pad = 4 if kind == "data" else _PAD
    return width + 2 * pad, height + 2 * pad


@functools.cache
def _text_size(text: str, size: float) -> tuple[float, float]:
    """Measure lines of text in DejaVu Sans, the widest of the fonts the picture asks for."""
    if not text:
        return 0.0, 0.0
    lines = text.split("\n")
    font = FontProperties(family="DejaVu Sans", size=size)
    width = max(TextPath((0, 0), line, prop=font, size=size).get_extents().width for line in lines)
    # Whole steps, so that the picture does not change with the last digits of a font library.
    return math.ceil(width / 4) * 4, len(lines) * size * _LINE

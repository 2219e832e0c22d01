"""How everything in the book is drawn: one figure style, one player for static pages, one kind of diagram."""

from jscc.plotting.diagram import Diagram, Link, block_diagram
from jscc.plotting.players import Player, player
from jscc.plotting.style import (
    INK,
    PALETTE,
    curve_with_interval,
    limit_curve,
    paper_points,
    save_figure,
    series,
    show_planes,
    use_style,
)
from jscc.plotting.tables import Table, table

__all__ = [
    "INK",
    "PALETTE",
    "Diagram",
    "Link",
    "Player",
    "Table",
    "block_diagram",
    "curve_with_interval",
    "limit_curve",
    "paper_points",
    "player",
    "save_figure",
    "series",
    "show_planes",
    "table",
    "use_style",
]

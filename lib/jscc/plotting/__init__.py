"""How everything in the book is drawn: one figure style, charts, tables, a player for static pages, diagrams."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "charts": [
            "DATASET_TITLES",
            "WIDTH",
            "error_rate_curve",
            "legend_below",
            "letters_above",
            "level",
            "marked_bits",
            "panels",
            "picture",
            "points",
            "runs_bars",
            "runs_curve",
            "runs_of",
            "share_curve",
            "ticks",
        ],
        "diagram": ["Diagram", "Link", "block_diagram"],
        "players": ["Player", "player"],
        "style": [
            "INK",
            "PALETTE",
            "curve_with_interval",
            "limit_curve",
            "paper_points",
            "save_figure",
            "series",
            "show_planes",
            "use_style",
        ],
        "tables": ["Table", "plus_minus", "runs_text", "table", "with_interval"],
    },
)

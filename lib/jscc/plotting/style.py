"""The figure style of the book: colours, lines, and the conventions every chart shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike

INK = "#222222"
"""Colour of text, axes and everything that is not data."""

PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""The colours of Okabe and Ito, darkest on white first.

Their yellow is left out (it cannot be seen on white), their black is kept for published numbers.
"""

# The three lengths share no divisor, so that the first 6 * 5 * 7 series all differ.
_LINE_STYLES = ("-", (0, (6, 2)), (0, (1.2, 1.6)), (0, (6, 2, 1.2, 2)), (0, (3, 1.5)))
_MARKERS = ("o", "s", "^", "v", "X", "P", "<")
_CYCLE_LENGTH = 12


def series(k: int) -> dict:
    """Look of the k-th data series, told from its neighbours by colour, dash and marker alike.

    Parameters
    ----------
    k : int
        Number of the series, counted from 0.

    Returns
    -------
    dict
        ``color``, ``linestyle`` and ``marker``, ready for ``ax.plot(x, y, **series(k))``.

    Raises
    ------
    ValueError
        If `k` is negative.
    """
    if k < 0:
        raise ValueError(f"k is {k}; the series are counted from 0")
    return {
        "color": PALETTE[k % len(PALETTE)],
        "linestyle": _LINE_STYLES[k % len(_LINE_STYLES)],
        "marker": _MARKERS[k % len(_MARKERS)],
    }


def use_style() -> None:
    """Set the book's matplotlib style for all figures drawn from now on.

    Lines can be told apart in grey, letters can be read at the width of a page, and the same figure
    gives the same bytes every time.
    """
    cycle = [series(k) for k in range(_CYCLE_LENGTH)]
    mpl.rcParams.update(
        {
            "axes.axisbelow": True,
            "axes.edgecolor": INK,
            "axes.grid": True,
            "axes.labelcolor": INK,
            "axes.labelsize": 11,
            "axes.prop_cycle": cycler(**{key: [look[key] for look in cycle] for key in cycle[0]}),
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": 11,
            "figure.constrained_layout.use": True,
            "figure.dpi": 120,
            "figure.facecolor": "white",
            "figure.figsize": (7.0, 4.0),
            "font.family": "DejaVu Sans",
            "font.size": 10.5,
            "grid.color": "#dddddd",
            "grid.linewidth": 0.7,
            "image.cmap": "viridis",
            "image.interpolation": "nearest",
            "legend.edgecolor": "#cccccc",
            "legend.fontsize": 10,
            "legend.framealpha": 0.9,
            "legend.handlelength": 3.0,
            "lines.linewidth": 1.7,
            "lines.markersize": 5.5,
            "mathtext.fontset": "dejavusans",
            "savefig.dpi": 120,
            "svg.fonttype": "path",
            "svg.hashsalt": "jscc",
            "text.color": INK,
            "xtick.color": INK,
            "xtick.labelsize": 10,
            "ytick.color": INK,
            "ytick.labelsize": 10,
        }
    )


def paper_points(ax: Axes, x: ArrayLike, y: ArrayLike, label: str = "paper") -> Line2D:
    """Mark published numbers: hollow black diamonds, in every figure of the book.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    x, y : array_like, shape (n,)
        The published points.
    label : str
        Their name in the legend.

    Returns
    -------
    Line2D
        The markers drawn.
    """
    (points,) = ax.plot(
        x,
        y,
        color="black",
        linestyle="none",
        marker="D",
        markersize=7.5,
        markerfacecolor="none",
        markeredgewidth=1.4,
        label=label,
        zorder=4,
    )
    return points


def limit_curve(ax: Axes, x: ArrayLike, y: ArrayLike, label: str) -> Line2D:
    """Draw a theoretical limit: a thick grey line behind the data, in every figure of the book.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    x, y : array_like, shape (n,)
        The curve.
    label : str
        Its name in the legend, such as "rate-distortion function".

    Returns
    -------
    Line2D
        The line drawn.
    """
    (line,) = ax.plot(x, y, color="#aaaaaa", linestyle="-", marker="none", linewidth=4.5, label=label, zorder=1.5)
    return line


def curve_with_interval(
    ax: Axes, x: ArrayLike, y: ArrayLike, low: ArrayLike, high: ArrayLike, *, k: int, label: str
) -> None:
    """Draw the k-th series of estimates with the interval that each rests on.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    x, y : array_like, shape (n,)
        The estimates.
    low, high : array_like, shape (n,)
        Ends of their intervals, as the columns ``ci_low`` and ``ci_high`` of a result table.
    k : int
        Number of the series, see `series`.
    label : str
        Its name in the legend.

    Raises
    ------
    ValueError
        If an estimate lies outside its interval.
    """
    y, low, high = (np.asarray(values, dtype=float) for values in (y, low, high))
    if np.any(low > y) or np.any(high < y):
        raise ValueError(f"{label}: every estimate has to lie between its low and its high")
    ax.errorbar(x, y, yerr=(y - low, high - y), capsize=3, elinewidth=1.0, label=label, **series(k))


def show_planes(planes: ArrayLike, titles: Sequence[str], *, columns: int = 4) -> Figure:
    """Show binary images side by side, every bit a crisp square; 1 is white.

    Parameters
    ----------
    planes : array_like, shape (n, height, width)
        The bits, 0 and 1.
    titles : sequence of str, length n
        What stands above each image.
    columns : int
        Images in a row.

    Returns
    -------
    Figure
        The figure drawn; as the last line of a notebook cell it is shown.

    Raises
    ------
    ValueError
        If the shape is another, a value is neither 0 nor 1, or a title is missing.
    """
    planes = np.asarray(planes)
    if planes.ndim != 3 or not planes.size:
        raise ValueError(f"planes have the shape {planes.shape}; expected (n, height, width), none of them 0")
    if not np.isin(planes, (0, 1)).all():
        raise ValueError("planes hold other values than 0 and 1")
    if len(titles) != len(planes):
        raise ValueError(f"{len(planes)} planes but {len(titles)} titles; expected one title a plane")
    if columns < 1:
        raise ValueError(f"columns is {columns}; expected at least 1")
    columns = min(columns, len(planes))
    rows = math.ceil(len(planes) / columns)
    _, height, width = planes.shape
    side = 7.0 / max(columns, 3)
    figure, axes = plt.subplots(
        rows, columns, figsize=(side * columns, (side * height / width + 0.3) * rows), squeeze=False
    )
    for ax in axes.flat:
        ax.set_axis_off()
    for ax, plane, title in zip(axes.flat, planes, titles, strict=False):
        ax.set_axis_on()
        ax.imshow(plane, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        ax.set(title=title, xticks=[], yticks=[])
        ax.grid(False)
        for spine in ax.spines.values():
            spine.set(visible=True, color="#888888", linewidth=0.7)
    # Left open, a notebook would show it twice: as the value of the cell and as an open figure.
    plt.close(figure)
    return figure


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure to a file, the same bytes every time (no date, no version in it).

    Parameters
    ----------
    figure : Figure
        What to write.
    path : path
        Where to; the ending chooses the format, ``.png`` or ``.svg``.

    Raises
    ------
    ValueError
        If the ending is another.
    """
    metadata = {".png": {"Software": None}, ".svg": {"Date": None, "Creator": None}}
    ending = Path(path).suffix
    if ending not in metadata:
        raise ValueError(f"{path} ends in {ending!r}; expected one of {sorted(metadata)}")
    with mpl.rc_context({"svg.hashsalt": "jscc"}):
        figure.savefig(path, metadata=metadata[ending])

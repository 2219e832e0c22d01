"""Charts that chapters draw again and again: panels, curves and bars with their intervals, points, pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike

from jscc.plotting.style import INK, PALETTE, curve_with_interval, series
from jscc.statistics import binomial_interval, mean_interval

WIDTH = 7.4
"""Width of a figure that fills the text column, in inches."""

DATASET_TITLES = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST", "cifar10": "YCIFAR-10"}
"""What a chart or a table calls each data set of the classifying chapters (their CIFAR-10 is its luminance)."""


def panels(
    columns: Mapping | Sequence[str],
    rows: Mapping | Sequence[str] = ("",),
    *,
    height: float = 3.2,
    xlabel: str = "",
    ylabel: str | Sequence[str] = "",
    sharex: bool | str = True,
    sharey: bool | str = True,
    **settings,
) -> tuple[Figure, np.ndarray]:
    """Open a grid of titled panels across the text column.

    Parameters
    ----------
    columns, rows : mapping or sequence of str
        Titles; of a mapping, its values.  A panel's title is that of its column and, if there are several rows,
        that of its row behind it.
    height : float
        Of the whole figure, in inches.
    xlabel : str
        Below the panels of the last row.
    ylabel : str or sequence of str
        Beside the panels of the first column; of a sequence, one beside each column's panels.
    sharex, sharey : bool or str
        As of ``plt.subplots``.
    **settings
        What else ``Axes.set`` shall set in every panel, such as ``yscale="log"``.

    Returns
    -------
    figure : Figure
    axes : ndarray of Axes, shape (columns,) or, if there are several rows, (rows, columns)

    Raises
    ------
    ValueError
        If there is no column or no row, or the number of y labels is not that of the columns.

    Examples
    --------
    >>> figure, axes = panels(["first", "second"], xlabel="rate (bit/pixel)", ylabel="accuracy")
    >>> [ax.get_title() for ax in axes]
    ['first', 'second']
    >>> plt.close(figure)
    """
    columns, rows = (list(t.values() if isinstance(t, Mapping) else t) for t in (columns, rows))
    if not columns or not rows:
        raise ValueError(f"columns={columns} and rows={rows} given, at least one of each is expected")
    beside = [ylabel] + [""] * (len(columns) - 1) if isinstance(ylabel, str) else list(ylabel)
    if len(beside) != len(columns):
        raise ValueError(f"{len(beside)} y labels given, one for each of the {len(columns)} columns is expected")
    figure, axes = plt.subplots(
        len(rows), len(columns), figsize=(WIDTH, height), sharex=sharex, sharey=sharey, squeeze=False
    )
    for row, (axes_of_row, row_title) in enumerate(zip(axes, rows, strict=True)):
        for ax, column_title, text in zip(axes_of_row, columns, beside, strict=True):
            ax.set(title=", ".join(part for part in (column_title, row_title) if part), ylabel=text, **settings)
            if row == len(rows) - 1:
                ax.set_xlabel(xlabel)
    return figure, axes if len(rows) > 1 else axes[0]


def ticks(axes: Axes | Iterable[Axes], places: Mapping[float, str] | Sequence[float]) -> None:
    """Label these places of the x axis and no others; on a logarithmic axis, too.

    Parameters
    ----------
    axes : Axes or iterable of Axes
    places : mapping of float to str, or sequence of float
        The places, and what stands below them if it is not the number itself.
    """
    texts = places.values() if isinstance(places, Mapping) else [f"{place:g}" for place in places]
    for ax in np.ravel(axes):
        ax.set_xticks(list(places), list(texts))
        ax.xaxis.minorticks_off()


def legend_below(figure: Figure, ncols: int = 3, fontsize: float = 8) -> None:
    """Put one legend of all panels below them, each name once."""
    found: dict[str, object] = {}
    for ax in figure.axes:
        for handle, label in zip(*ax.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    figure.legend(found.values(), found.keys(), loc="outside lower center", ncols=ncols, fontsize=fontsize)


def points(
    ax: Axes, x: ArrayLike, y: ArrayLike, *, k: int, label: str | None = None, hollow: bool = False, **look
) -> Line2D:
    """Mark the points of the k-th series without a line between them.

    Parameters
    ----------
    ax : Axes
    x, y : array_like, shape (n,)
    k : int
        Number of the series, see `series`.
    label : str, optional
        Its name in the legend.
    hollow : bool
        Fill the markers with white, which in this book says "with a reservation that the caption names".
    **look
        What else ``Axes.plot`` takes.

    Returns
    -------
    Line2D
        The markers drawn.
    """
    look = series(k) | {"linestyle": "none", "label": label} | ({"mfc": "white"} if hollow else {}) | look
    (line,) = ax.plot(x, y, **look)
    return line


def level(ax: Axes, y: float, text: str = "", x: float | None = None) -> None:
    """Draw a thin grey line at a height, with its name above it, from `x` on (default: the left edge)."""
    ax.axhline(y, color="grey", lw=1)
    if text:
        place, where = ((0.02, y), ax.get_yaxis_transform()) if x is None else ((x, y), ax.transData)
        ax.annotate(text, place, xycoords=where, xytext=(0, 3), textcoords="offset points", fontsize=8)


def runs_of(runs) -> pd.DataFrame:
    """Mean of the runs at each point and the 95 % interval of the mean.

    Parameters
    ----------
    runs : pandas.SeriesGroupBy
        The runs of each point, such as ``table.groupby("planes").accuracy``.

    Returns
    -------
    pandas.DataFrame
        Columns ``mean``, ``low`` and ``high``, one row for each point; NaN ends where there is one run only.

    Examples
    --------
    >>> table = pd.DataFrame({"planes": [1, 1, 2], "accuracy": [0.5, 0.7, 0.9]})
    >>> runs_of(table.groupby("planes").accuracy)["mean"].tolist()
    [0.6, 0.9]
    """
    found = {key: mean_interval(values) for key, values in runs}
    return pd.DataFrame(found, index=["mean", "low", "high"]).T


def runs_curve(ax: Axes, runs, *, k: int, label: str) -> None:
    """Draw the mean of the runs at each point with its 95 % interval, as the k-th series; `runs_of` says what runs."""
    found = runs_of(runs)
    curve_with_interval(ax, found.index, found["mean"], found.low, found.high, k=k, label=label)


def runs_bars(ax: Axes, runs, titles: Mapping, *, label: str = "here") -> None:
    """Draw a bar for the mean of the runs at each point, with its 95 % interval.

    Parameters
    ----------
    ax : Axes
    runs : pandas.SeriesGroupBy
        See `runs_of`.
    titles : mapping
        The points in order, and what stands below each bar.
    label : str
        Name of the bars in the legend.
    """
    found = runs_of(runs).loc[list(titles)]
    ends = (found["mean"] - found.low, found.high - found["mean"])
    place = range(len(titles))
    ax.bar(place, found["mean"], color=PALETTE[0], alpha=0.45, label=label)
    ax.errorbar(place, found["mean"], ends, fmt="none", ecolor=INK, capsize=3)
    ax.set_xticks(place, list(titles.values()), rotation=60, ha="right", fontsize=8)


def share_curve(ax: Axes, x: ArrayLike, count: ArrayLike, of: ArrayLike, *, k: int, label: str) -> None:
    """Draw the share ``count / of`` with its 95 % interval (Wilson) against `x`, as the k-th series."""
    count, of = np.asarray(count, dtype=float), np.asarray(of, dtype=float)
    low, high = binomial_interval(count, of)
    curve_with_interval(ax, x, count / of, low, high, k=k, label=label)


def error_rate_curve(
    ax: Axes, x: ArrayLike, errors: ArrayLike, trials: ArrayLike, *, k: int, label: str, together: int = 1
) -> None:
    """Draw error rates with their 95 % intervals on a logarithmic axis, as the k-th series.

    Where no error was seen there is no estimate: an arrow hangs from the upper end of the interval, and the line
    ends before it.

    Parameters
    ----------
    ax : Axes
        Its y axis becomes logarithmic.
    x : array_like, shape (n,)
        Such as Eb/N0 in dB.
    errors, trials : array_like of int, shape (n,)
        Errors counted, and out of how many words, bits or images.
    k : int
        Number of the series, see `series`.
    label : str
        Its name in the legend.
    together : int
        Trials that may err together, see `jscc.statistics.crossing`.

    Raises
    ------
    ValueError
        If a count is negative, or there are more errors than trials.

    Examples
    --------
    >>> figure, (ax,) = panels(["bit errors"], xlabel="Eb/N0 (dB)")
    >>> error_rate_curve(ax, [1, 2, 3], [80, 9, 0], [1000, 1000, 1000], k=0, label="uncoded")
    >>> plt.close(figure)
    """
    x, errors, trials = np.asarray(x), np.asarray(errors), np.asarray(trials)
    low, high = binomial_interval(errors / together, trials / together)
    some = errors > 0
    ax.set_yscale("log")
    curve_with_interval(ax, x[some], errors[some] / trials[some], low[some], high[some], k=k, label=label)
    if not some.all():
        length = 0.5 * high[~some]
        look = {"color": series(k)["color"], "fmt": "_", "elinewidth": 1.0}
        ax.errorbar(x[~some], high[~some], yerr=length, uplims=True, **look)


def picture(ax: Axes, image: ArrayLike, title: str = "", *, white: float = 255, frames: Sequence = ()) -> None:
    """Show a gray picture without an axis.

    Parameters
    ----------
    ax : Axes
    image : array_like, shape (height, width)
    title : str
        What stands above it.
    white : float
        The value that is white, 255 for bytes and 1 for bits; 0 is black.
    frames : sequence of (row, column)
        Pixels with an orange frame around them.
    """
    ax.imshow(image, cmap="gray", vmin=0, vmax=white, interpolation="nearest")
    ax.set(title=title, xticks=[], yticks=[])
    ax.grid(False)
    ax.spines[:].set(visible=True, color="#888888", linewidth=0.7)
    for row, column in frames:
        ax.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, fill=False, lw=3, ec=PALETTE[1]))


def marked_bits(ax: Axes, marks: ArrayLike, shape: tuple[int, int], title: str = "") -> None:
    """Show a word as rows of bits, light grey, and those that are marked in orange.

    Parameters
    ----------
    ax : Axes
    marks : array_like of bool, shape (n,)
        Which bits are marked.
    shape : (rows, width)
        Room for at least n bits; what is left over stays white.
    title : str
        What stands above it.
    """
    marks = np.asarray(marks, dtype=np.uint8)
    room = shape[0] * shape[1] - len(marks)
    if room < 0:
        raise ValueError(f"{len(marks)} bits for shape={shape} given, at most {shape[0] * shape[1]} are expected")
    shown = np.pad(marks, (0, room), constant_values=2).reshape(shape)
    colours = ListedColormap(["#dddddd", PALETTE[1], "white"])
    ax.imshow(shown, cmap=colours, vmin=0, vmax=2, interpolation="nearest")
    ax.set_title(title, fontsize=10)
    ax.set_axis_off()


def letters_above(ax: Axes, x: ArrayLike, letters: Sequence[str]) -> None:
    """Write letters above a panel with a logarithmic x axis; those of one quarter of an octave share a place.

    Parameters
    ----------
    ax : Axes
    x : array_like, shape (n,)
        Where each letter belongs; positive.
    letters : sequence of str, length n
        One that stands twice at one place is written once.
    """
    above: dict[float, list[str]] = {}
    for place, letter in sorted(zip(np.asarray(x, dtype=float).tolist(), letters, strict=True)):
        above.setdefault(round(4 * np.log2(place)) / 4, []).append(letter)
    for place, found in above.items():
        where = {"transform": ax.get_xaxis_transform(), "ha": "center", "va": "bottom"}
        ax.text(2**place, 1.01, "".join(dict.fromkeys(found)), fontsize=9, **where)

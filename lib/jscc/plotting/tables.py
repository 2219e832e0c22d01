"""Tables of a page: plain HTML that is the same at every run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from jscc.statistics import mean_interval

MISSING = "–"
"""What stands in a table where there is no number."""


@dataclass(frozen=True)
class Table:
    """A frame as a page shows it; made by `table`."""

    frame: pd.DataFrame
    caption: str | None
    index: bool

    def __repr__(self) -> str:
        return self.frame.to_string(index=self.index)

    def _repr_html_(self) -> str:
        html = self.frame.to_html(index=self.index, border=0, justify="left", classes="jscc-table")
        html = html.replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")  # a value and its interval stay on a line
        if not self.caption:
            return html
        start = html.index(">") + 1
        return f"{html[:start]}\n  <caption>{escape(self.caption)}</caption>{html[start:]}"


def plus_minus(mean: ArrayLike, half: ArrayLike, digits: int = 4):
    """An estimate and half its interval as text; a dash where there is no estimate.

    Parameters
    ----------
    mean, half : float or array_like, shape (n,)
        A `half` that is NaN is left out.
    digits : int
        Digits after the point.

    Returns
    -------
    str or list of str

    Examples
    --------
    >>> plus_minus(0.94271, 0.0124)
    '0.9427 ± 0.0124'
    >>> plus_minus([122.4, float("nan")], [9.1, 1], digits=0)
    ['122 ± 9', '–']
    """
    means, halves = np.broadcast_arrays(np.asarray(mean, float), np.asarray(half, float))
    texts = [_plus_minus(m, h, digits) for m, h in zip(means.ravel(), halves.ravel(), strict=True)]
    return texts if means.ndim else texts[0]


def _plus_minus(mean: float, half: float, digits: int) -> str:
    if np.isnan(mean):
        return MISSING
    return f"{mean:.{digits}f}" + ("" if np.isnan(half) else f" ± {half:.{digits}f}")


def runs_text(values: ArrayLike, digits: int = 4) -> str:
    """Mean of some runs and half its 95 % interval (Student's t) as text; of one run, its value alone.

    Examples
    --------
    >>> runs_text([0.5, 0.7])
    '0.6000 ± 1.2706'
    >>> runs_text([0.5])
    '0.5000'
    """
    mean, low, high = mean_interval(values)
    return plus_minus(mean, (high - low) / 2, digits)


def with_interval(value: float, low: float, high: float, digits: int = 2) -> str:
    """An estimate and its interval as text: plus and minus the longer side, or the one end that there is.

    Parameters
    ----------
    value, low, high : float
        NaN where there is none.
    digits : int
        Digits after the point.

    Returns
    -------
    str

    Examples
    --------
    >>> with_interval(1.99, 1.93, 2.27), with_interval(2.93, 2.63, float("nan"))
    ('1.99 ± 0.28', '2.93 (2.63 –)')
    >>> with_interval(float("nan"), 1, 2)
    '–'
    """
    if np.isnan(value) or np.isnan([low, high]).all():
        return plus_minus(value, np.nan, digits)
    if np.isnan(high):
        return f"{value:.{digits}f} ({low:.{digits}f} {MISSING})"
    if np.isnan(low):
        return f"{value:.{digits}f} ({MISSING} {high:.{digits}f})"
    return plus_minus(value, max(high - value, value - low), digits)


def table(
    frame: pd.DataFrame,
    *,
    caption: str | None = None,
    columns: Mapping[str, str | tuple[str, str]] | None = None,
    formats: Mapping[str, str] | None = None,
    index: bool = False,
) -> Table:
    """Show a frame in a notebook, as text and as HTML without styles or random names.

    Parameters
    ----------
    frame : pandas.DataFrame
    caption : str, optional
        Plain text above the table.
    columns : mapping, optional
        The columns to show, in this order, and the title of each, or its title and its format.  Default: all,
        under their own names.
    formats : mapping, optional
        Format of a column, such as ``"{:.4f}"``, by its name in the frame; missing values become a dash.
    index : bool
        Show the index.

    Returns
    -------
    Table

    Raises
    ------
    ValueError
        If `columns` or `formats` name a column that the frame does not have.

    Examples
    --------
    >>> frame = pd.DataFrame({"q": [4, 64], "d": [0.1234, None]})
    >>> table(frame, columns={"q": "field", "d": ("D", "{:.3f}")})
    field     D
        4 0.123
       64     –
    """
    columns = {name: name for name in frame.columns} if columns is None else dict(columns)
    formats = dict(formats or {})
    for name, title in columns.items():
        if isinstance(title, tuple):
            columns[name], formats[name] = title
    for what, names in (("columns", columns), ("formats", formats)):
        unknown = [name for name in names if name not in frame.columns]
        if unknown:
            raise ValueError(f"{what} given for {unknown}, the columns are {list(frame.columns)}")
    shown = frame[list(columns)].astype(object).rename_axis(columns=None)  # an axis name would be an empty column
    for name in columns:
        pattern = formats.get(name, "{}")
        shown[name] = [MISSING if pd.isna(value) else pattern.format(value) for value in frame[name]]
    return Table(shown.rename(columns=columns), caption, index)

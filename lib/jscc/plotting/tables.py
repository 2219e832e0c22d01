"""Tables of a page: plain HTML that is the same at every run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

import pandas as pd


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


def table(
    frame: pd.DataFrame,
    *,
    caption: str | None = None,
    formats: Mapping[str, str] | None = None,
    index: bool = False,
) -> Table:
    """Show a frame in a notebook, as text and as HTML without styles or random names.

    Parameters
    ----------
    frame : pandas.DataFrame
    caption : str, optional
        Plain text above the table.
    formats : mapping, optional
        Format of a column, such as ``"{:.4f}"``; missing values become a dash.
    index : bool
        Show the index.

    Returns
    -------
    Table
    """
    formats = formats or {}
    unknown = sorted(set(formats) - set(frame.columns))
    if unknown:
        raise ValueError(f"formats given for {unknown}, the columns are {list(frame.columns)}")
    shown = frame.astype(object).rename_axis(columns=None)  # an axis name would become an empty column
    for column in frame.columns:
        pattern = formats.get(column, "{}")
        shown[column] = ["–" if pd.isna(value) else pattern.format(value) for value in frame[column]]
    return Table(shown, caption, index)

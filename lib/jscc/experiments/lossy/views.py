"""Paper 2: views of its tables, as the pages need them."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from jscc.experiments.lossy.rates import MOST_ITERATIONS, MOST_TRIALS
from jscc.statistics import mean_half_width

__all__ = ["coder_times", "in_db", "keeps_conditions", "over_codes", "over_words", "with_gaps"]

_SYSTEM = re.compile(r"jscc \((?P<scheme>\w+), \D*(?P<size>\d+)\)")
_TASK = re.compile(r"(?P<what>\w+), R = (?P<rate>[\d.]+)")


def in_db(distortion, limit):
    """How far a distortion is above the limit, in decibels: 10 log10 (D / D(R))."""
    return 10 * np.log10(distortion / limit)


def with_gaps(table: pd.DataFrame) -> pd.DataFrame:
    """Add how far the distortion of all words is above the limit, and its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        With `mended` and `limit`, and either the deviation `codes_std` of the means of `codes` codes, less `cores` if
        there is such a column, or that, `mended_std`, of `n` words.

    Returns
    -------
    pandas.DataFrame
        The same with ``gap`` in dB, ``half``, half of the 95 % interval of the distortion, and ``bar``, half of that
        of the gap in dB.

    Examples
    --------
    >>> table = pd.DataFrame({"mended": [0.2], "limit": [0.1], "mended_std": [0.03], "n": [9]})
    >>> with_gaps(table)[["gap", "half", "bar"]].round(3)
        gap   half    bar
    0  3.01  0.023  0.501
    """
    if "codes_std" in table:
        half = mean_half_width(table.codes_std, table.codes - table.get("cores", 0))
    else:
        half = mean_half_width(table.mended_std, table.n)
    bar = 10 / np.log(10) * half / table.mended
    return table.assign(gap=in_db(table.mended, table.limit), half=half, bar=bar)


def keeps_conditions(table: pd.DataFrame) -> pd.Series:
    """Whether a row keeps to the paper's two conditions: at most 2 trials and fewer than 300 iterations on average."""
    return (table.trials <= MOST_TRIALS) & (table.iterations < MOST_ITERATIONS)


def over_codes(table: pd.DataFrame, by: list[str], column: str) -> pd.DataFrame:
    """Mean of a column over codes, and half of its 95 % interval over them; codes, not words, are what was drawn.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a code.
    by : list of str
        What tells the settings apart.
    column : str
        Its missing values are left out, and `codes` counts the others.

    Returns
    -------
    pandas.DataFrame
        ``mean``, ``half`` and ``codes`` by setting; ``half`` is missing for a single code.

    Examples
    --------
    >>> table = pd.DataFrame({"n": [1, 1, 1], "D": [0.1, 0.2, 0.3]})
    >>> over_codes(table, ["n"], "D").round(3)
       mean   half  codes
    n
    1   0.2  0.248      3
    """
    groups = table.groupby(by)[column]
    codes = groups.count()
    half = mean_half_width(groups.std(), codes)
    return pd.DataFrame({"mean": groups.mean(), "half": half, "codes": codes})


def over_words(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Rows of several codes made one for each setting: sums over their words, and means over the codes.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a code, with `mended`, `distortion` of the words that converged, `iterations`, `converged` of `n` words,
        as many for each code, and other numbers.
    by : list of str
        What tells the settings apart; they stay in the order of the table.

    Returns
    -------
    pandas.DataFrame
        Sums of `converged` and `n`; `distortion` of all words that converged; means over codes of all other numbers,
        of `mended` over those that can be mended; `codes`, of which `cores` cannot, and the deviations ``codes_std``
        and ``iterations_codes_std`` of the codes' means. As `with_gaps` takes it.

    Raises
    ------
    ValueError
        If codes of a setting have different numbers of words.

    Examples
    --------
    >>> table = pd.DataFrame({"L": 1, "mended": [0.2, 0.4], "distortion": [0.2, 0.3], "iterations": [10, 20]})
    >>> over_words(table.assign(converged=[9, 3], n=10), ["L"])[["mended", "distortion", "converged", "n", "codes"]]
       mended  distortion  converged   n  codes
    0     0.3       0.225         12  20      2
    """
    groups = table.groupby(by, sort=False)
    if (groups.n.nunique() > 1).any():
        raise ValueError(f"{sorted(set(table.n))} words given, as many for each code of a setting are expected")
    means = groups.mean(numeric_only=True).drop(
        columns=["std", "mended_std", "iterations_std", "number"], errors="ignore"
    )
    sums = groups[["converged", "n"]].sum()
    near = (table.distortion * table.converged).groupby([table[name] for name in by], sort=False).sum()
    means = means.assign(
        converged=sums.converged,
        n=sums.n,
        distortion=near / sums.converged,
        codes=groups.size(),
        cores=groups.size() - groups.mended.count(),
        codes_std=groups.mended.std(),
        iterations_codes_std=groups.iterations.std(),
    )
    return means.reset_index()


def coder_times(timings: pd.DataFrame) -> pd.DataFrame:
    """Times and memory of the coders, a row each, from the rows of ``bench_lossy.csv``.

    Parameters
    ----------
    timings : pandas.DataFrame
        Of ``results.timings("lossy")``.

    Returns
    -------
    pandas.DataFrame
        `scheme` ("RBP", "trellis", "polar", "ldgm", "ldgm_slow"), `size` (q, memory, length, degree), `rate`, words a
        second by `encode` and `decode`, and `memory` in MB.
    """
    parts = timings.system.str.extract(_SYSTEM).join(timings.task.str.extract(_TASK)).assign(value=timings["median"])
    if parts.isna().any(axis=None):
        wrong = timings[parts.isna().any(axis=1)].iloc[0]
        raise ValueError(f"row {wrong.task!r}, {wrong.system!r} given, a task and a coder of bench_lossy are expected")
    parts = parts.astype({"size": int, "rate": float})
    return parts.pivot(index=["scheme", "size", "rate"], columns="what", values="value").reset_index()

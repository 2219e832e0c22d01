"""Paper 1: views of its tables, as the pages need them."""

from __future__ import annotations

import pandas as pd

from jscc import results

__all__ = ["table2_trainings"]


def table2_trainings(**row) -> pd.DataFrame:
    """All trainings of Table II: three a cell, and ten where a verdict hangs on them.

    Parameters
    ----------
    **row
        Which of them, as `jscc.results.pick` takes it.

    Returns
    -------
    pandas.DataFrame
        One row a training: ``syndromes_table2`` and ``syndromes_seeds``.

    Examples
    --------
    >>> len(table2_trainings(dataset="mnist", column="jl_8bp", model="GRU12"))
    10
    """
    parts = [results.load(name) for name in ("syndromes_table2", "syndromes_seeds")]
    return results.pick(pd.concat(parts, ignore_index=True), **row)

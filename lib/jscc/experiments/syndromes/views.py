"""Paper 1: views of its tables, as the pages need them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jscc import results
from jscc.statistics import mean_half_width

__all__ = ["chosen_held_out", "table2_trainings"]


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


def chosen_held_out(table: pd.DataFrame) -> pd.DataFrame:
    """Of each data set and each way to send the settings that are best on held-out images, and their test accuracy.

    Parameters
    ----------
    table : pandas.DataFrame
        Of the experiment ``syndromes_half_a_bit``, or some of its qualities.

    Returns
    -------
    pandas.DataFrame
        A row for each `dataset` and `sent` ("syndromes" or "no code"): the setting, accuracies ``held_out`` and
        ``test``, means over the trainings, ``half``, half of the 95 % interval of the latter, and ``most``, the best on
        the test set of all settings in the table.

    Examples
    --------
    >>> best = chosen_held_out(results.load("syndromes_half_a_bit"))
    >>> best[["dataset", "sent", "quality"]].iloc[-2:].to_numpy().tolist()
    [['mnist', 'no code', 100], ['mnist', 'syndromes', 5]]
    """
    sent = np.where(table.code_rate < 1, "syndromes", "no code")
    what = ["dataset", "sent", "quality", "keep", "code_rate", "n_planes"]
    runs = table.assign(sent=sent).groupby([*what, "split"]).accuracy.agg(["mean", "std", "count"])
    runs["half"] = mean_half_width(runs["std"], runs["count"])
    both = runs["mean"].unstack().assign(half=runs.half.unstack().test)
    both = both.reset_index().rename_axis(columns=None)
    groups = both.groupby(["dataset", "sent"])
    return both.loc[groups.held_out.idxmax()].merge(groups.test.max().rename("most").reset_index())

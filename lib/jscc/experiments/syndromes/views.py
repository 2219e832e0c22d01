"""Paper 1: views of its tables, as the pages need them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import f as fisher

from jscc import results

__all__ = ["chosen_held_out", "components", "table2_trainings"]


def components(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """How much of an accuracy's scatter is the matrix's and how much the training's, where all were trained with all.

    Parameters
    ----------
    table : pandas.DataFrame
        With `draw` (of the matrix), `training` (its seed) and `accuracy`, every draw with every training once.
    by : list of str
        What tells the settings apart.

    Returns
    -------
    pandas.DataFrame
        By setting ``mean``, and standard deviations ``of_draws``, ``of_trainings`` and ``rest`` (what is left when the
        means of draw and training are taken away): the unbiased estimates of the variance components, no component
        below zero. ``p_draws``, ``p_trainings``: F tests of no component.

    Raises
    ------
    ValueError
        If a draw lacks a training.

    Examples
    --------
    >>> table = pd.DataFrame({"w": 1, "draw": [0, 0, 1, 1], "training": [0, 1, 0, 1], "accuracy": [0.1, 0.3, 0.5, 0.7]})
    >>> components(table, ["w"])[["mean", "of_draws", "of_trainings"]].round(3)
       mean  of_draws  of_trainings
    w
    1   0.4     0.283         0.141
    """
    return table.groupby(by).apply(_components_of_one, include_groups=False)


def _components_of_one(table: pd.DataFrame) -> pd.Series:
    square = table.pivot(index="draw", columns="training", values="accuracy").to_numpy()
    if np.isnan(square).any():
        raise ValueError(f"{len(table)} trainings given, {square.size} are expected: every draw with every training")
    draws, trainings = square.shape
    mean = square.mean()
    by_draw, by_training = square.mean(axis=1, keepdims=True), square.mean(axis=0, keepdims=True)
    freedom = (draws - 1) * (trainings - 1)
    rest = ((square - by_draw - by_training + mean) ** 2).sum() / freedom
    found = {"mean": mean}
    for name, means, times in (("draws", by_draw, trainings), ("trainings", by_training, draws)):
        between = times * means.var(ddof=1)
        found[f"of_{name}"] = np.sqrt(max(between - rest, 0) / times)
        with np.errstate(divide="ignore", invalid="ignore"):
            found[f"p_{name}"] = fisher.sf(between / rest, means.size - 1, freedom)
    return pd.Series(found | {"rest": np.sqrt(rest)})


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
        ``test``, and ``most``, the best on the test set of all settings in the table.

    Examples
    --------
    >>> best = chosen_held_out(results.load("syndromes_half_a_bit"))
    >>> best[["dataset", "sent", "quality"]].iloc[-2:].to_numpy().tolist()
    [['mnist', 'no code', 95], ['mnist', 'syndromes', 5]]
    """
    sent = np.where(table.code_rate < 1, "syndromes", "no code")
    what = ["dataset", "sent", "quality", "keep", "code_rate", "n_planes"]
    both = table.assign(sent=sent).set_index([*what, "split"]).accuracy.unstack()
    both = both.reset_index().rename_axis(columns=None)
    groups = both.groupby(["dataset", "sent"])
    return both.loc[groups.held_out.idxmax()].merge(groups.test.max().rename("most").reset_index())

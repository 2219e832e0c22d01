"""What paper 3 says of Figures 6 and 7, beside a table of the same measurements."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jscc.plotting import plus_minus
from jscc.results import pick

# How far from a number read off a chart another may be and still be called the same.
READING = {"gain_db": 0.5, "psnr": 0.5, "saving_db": 0.25}
WORDS = {
    "gain_db": "{ebn0_db:g} dB: iteration {iteration} gains {value:g} dB on the tandem",
    "psnr": "{ebn0_db:g} dB: PSNR of {value:g} dB {after}",
    "saving_db": "what iteration {iteration} has at {ebn0_db:g} dB, the tandem has {value:g} dB later",
}


def verdicts(psnr: pd.DataFrame, published: pd.DataFrame, *, image: str, block: int) -> pd.DataFrame:
    """The paper's claims with what a table has to say of each.

    Parameters
    ----------
    psnr : pandas.DataFrame
        Columns ``image``, ``bpp``, ``block``, ``ebn0_db``, ``iteration``, ``psnr_mean``, ``psnr_ci_low`` and
        ``psnr_ci_high``; iteration 0 is the tandem.
    published : pandas.DataFrame
        Columns ``figure``, ``bpp``, ``quantity`` (``gain_db``, ``psnr`` or ``saving_db``), ``ebn0_db``,
        ``iteration``, ``value``.
    image, block
        Which part of the table.

    Returns
    -------
    pandas.DataFrame
        ``figure``, ``claim``, ``here`` with its 95 % interval, and ``verdict``: "holds" where the interval comes
        within `READING` of the claim.

    Examples
    --------
    >>> rows = [(4.5, 0, 24.0), (4.5, 1, 29.2)]
    >>> table = pd.DataFrame(rows, columns=["ebn0_db", "iteration", "psnr_mean"]).assign(
    ...     image="camera", bpp=0.4, block=64, psnr_ci_low=lambda t: t.psnr_mean - 0.3,
    ...     psnr_ci_high=lambda t: t.psnr_mean + 0.3)
    >>> said = pd.DataFrame([(6, 0.4, "gain_db", 4.5, 1, 5.0)],
    ...     columns=["figure", "bpp", "quantity", "ebn0_db", "iteration", "value"])
    >>> verdicts(table, said, image="camera", block=64)[["here", "verdict"]].values.tolist()
    [['5.20 ± 0.42', 'holds']]
    """
    measure = {"gain_db": _gain, "psnr": _level, "saving_db": _saving}
    rows = []
    for claim in published.itertuples(index=False):
        curves = pick(psnr, image=image, block=block, bpp=claim.bpp)
        value, half = measure[claim.quantity](curves, claim.ebn0_db, claim.iteration)
        after = "of the tandem" if claim.iteration == 0 else f"after iteration {claim.iteration}"
        said = WORDS[claim.quantity].format(**claim._asdict(), after=after)
        rows.append(
            {
                "figure": claim.figure,
                "claim": said,
                "here": plus_minus(value, half, 2),
                "verdict": verdict(value, half, claim.value, READING[claim.quantity]),
            }
        )
    return pd.DataFrame(rows)


def verdict(value: float, half: float, claim: float, reading: float) -> str:
    """Whether an estimate and half its interval bear a claim out, which was read to so much.

    Examples
    --------
    >>> verdict(5.4, 0.2, 5.0, 0.5), verdict(3.0, 0.2, 5.0, 0.5), verdict(9.0, 0.2, 5.0, 0.5)
    ('holds', 'less than claimed', 'more than claimed')
    """
    if np.isnan(value):
        return "not within the points"
    if abs(value - claim) <= reading + np.nan_to_num(half):
        return "holds"
    return "more than claimed" if value > claim else "less than claimed"


def _level(curves: pd.DataFrame, ebn0_db: float, iteration: int) -> tuple[float, float]:
    """A mean and half its interval; NaN where there is no such point."""
    row = pick(curves, ebn0_db=ebn0_db, iteration=iteration)
    if len(row) == 0:
        return np.nan, np.nan
    return float(row.psnr_mean.iloc[0]), float((row.psnr_ci_high - row.psnr_ci_low).iloc[0] / 2)


def _gain(curves: pd.DataFrame, ebn0_db: float, iteration: int) -> tuple[float, float]:
    """The difference to the tandem; its interval as if both were of noise of their own, which is too wide."""
    found = [_level(curves, ebn0_db, turn) for turn in (iteration, 0)]
    return found[0][0] - found[1][0], float(np.hypot(found[0][1], found[1][1]))


def _saving(curves: pd.DataFrame, ebn0_db: float, iteration: int) -> tuple[float, float]:
    """How much more Eb/N0 the tandem takes for the mean that an iteration has."""
    mean, half = _level(curves, ebn0_db, iteration)
    tandem = pick(curves, iteration=0).sort_values("ebn0_db")
    place = _reached(tandem.ebn0_db, tandem.psnr_mean, mean)
    early = _reached(tandem.ebn0_db, tandem.psnr_ci_high, mean - half)
    late = _reached(tandem.ebn0_db, tandem.psnr_ci_low, mean + half)
    return place - ebn0_db, max(place - early, late - place)


def _reached(x, y, level: float) -> float:
    """Where a curve, straight between its points, first comes up to a level; NaN if it does not."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    above = np.flatnonzero((y[1:] >= level) & (y[:-1] < level))
    if len(above) == 0:
        return np.nan
    k = above[0]
    return float(x[k] + (x[k + 1] - x[k]) * (level - y[k]) / (y[k + 1] - y[k]))

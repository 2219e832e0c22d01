"""Paper 4: views of the table of reconstruction, as its pages need them."""

from __future__ import annotations

import pandas as pd

__all__ = ["SYSTEMS", "by_system", "mismatch"]

SYSTEMS = {
    "necst": "NECST",
    "vae_ldpc": "VAE + LDPC",
    "vq_linear": "VQ + linear code + Bayes",
    "covq": "the same, channel-optimised",
    "necst_straight": "NECST, straight-through",
    "necst_noiseless": "NECST trained without noise",
    "vae_noise": "VAE trained with noise",
    "raw_bits": "pixels sent, others guessed",
    "constant": "best constant image",
}
"""Titles, in the order of the pages. The first two are the paper's."""


def by_system(
    table: pd.DataFrame, epochs: dict[str, int], straight_through: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Each system at the noise that it was made for; what was made without any at every noise.

    Parameters
    ----------
    table : pandas.DataFrame
        Of the experiment ``necst_reconstruction``.
    epochs : dict of str to int
        Schedule of each data set: rows of other trainings are left out.
    straight_through : pandas.DataFrame, optional
        Of the experiment ``necst_straight_through``: its models at their own noise, with all bits, are a system
        ``necst_straight``.

    Returns
    -------
    pandas.DataFrame
        Rows of the table, among them, as a system ``necst_noiseless`` of its own, NECST trained without noise.
    """
    kept = table[(table.epochs == 0) | (table.epochs == table.dataset.map(epochs))]
    made = kept[(kept.noise == kept.eps) | (kept.system == "vae_ldpc")]
    control = kept[(kept.system == "necst") & (kept.noise == 0) & (kept.eps > 0)]
    found = [made, control.assign(system="necst_noiseless")]
    if straight_through is not None:
        own = straight_through[straight_through.noise == straight_through.eps]
        own = own[own.epochs == own.dataset.map(epochs)]
        own = own[own.bits == own.groupby("dataset").bits.transform("max")]
        found.append(own.assign(system="necst_straight"))
    return pd.concat(found, ignore_index=True)


def mismatch(table: pd.DataFrame, dataset: str, epochs: int, system: str = "necst") -> pd.DataFrame:
    """Wrong pixels by the noise that a model was trained for and the one that it met.

    Parameters
    ----------
    table : pandas.DataFrame
        Of the experiment ``necst_reconstruction``, which tries each trained model at every noise.
    dataset : str
    epochs : int
        Of its training.
    system : str
        One that is trained.

    Returns
    -------
    pandas.DataFrame
        Means over the seeds; rows `noise`, trained for, columns `eps`, met.
    """
    chosen = table[(table.dataset == dataset) & (table.system == system) & (table.epochs == epochs)]
    if chosen.empty:
        raise ValueError(f"dataset={dataset!r}, system={system!r} and epochs={epochs} given, which the table has not")
    return chosen.pivot_table(index="noise", columns="eps", values="wrong_pixels", aggfunc="mean")

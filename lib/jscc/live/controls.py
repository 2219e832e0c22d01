"""The controls of the book: what each runs, and the numbers that it begins with."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jscc.arithmetic import ChaseDecoder, GuessingDecoder
from jscc.experiments.arithmetic.common import QUATERNARY, Link, link, setting_of
from jscc.live import packets
from jscc.live.figure import LiveFigure, prepared

__all__ = ["packet_channel"]

SETTINGS = {"paper": "paper-like: p = 6", "robust": "robust: p = 16"}
PICTURE_WORDS = 1024  # the most test words that the control draws


def packet_channel(per: pd.DataFrame, static) -> LiveFigure:
    """A packet of Figure 2's source over the channel, its decoders, and a count of wrong packets that runs on.

    Parameters
    ----------
    per : DataFrame
        The table ``arithmetic_per``: the curves that the count is drawn into.
    static : Player
        What stands in the page where nothing can be run.

    Returns
    -------
    LiveFigure
    """
    curves = per[(per.figure == 2) & per.setting.isin(SETTINGS) & per.decoder.isin(["chase", "guessing"])]
    settings = {}
    for setting, label in SETTINGS.items():
        a_link = link(QUATERNARY, **setting_of(setting, QUATERNARY))
        settings[setting] = {"label": label, **_link_values(a_link, curves[curves.setting == setting])}
    values = {
        "settings": settings,
        "setting": "robust",
        "decoder": "chase-4",
        "ebn0_db": 6.0,
        "levels": sorted(curves.ebn0_db.unique().tolist()),
        "seed": 1,
    }
    caption = (
        "A packet of 128 symbols of the source of Figure 2, decoded in the page by the library's own kernels. Above: "
        "reliabilities of its bits, the wrong ones black, triangles at the bits that are tried, filled where the "
        "winner flips. In the middle: the words tried, the cheapest first, by what their flips cost. Below: the share "
        "of wrong packets counted here, with its 95 % interval, and the book's own curve."
    )
    return LiveFigure("packets", packets.KERNELS, values, static, caption)


def _link_values(a_link: Link, curves: pd.DataFrame) -> dict:
    """A code's numbers, and how each of its decoders is called for one packet."""
    code, length = a_link.code, a_link.source.length
    rarest = np.full((1, length), code.counts.argmin(), np.uint8)
    width = int(code.encode(rarest)[1][0])
    llr, lengths = np.zeros((1, width), np.float32), np.zeros(1, np.int64)
    words = np.zeros((PICTURE_WORDS, width), np.uint8), np.zeros(PICTURE_WORDS, np.int64)
    decoders = {}
    for (decoder, effort), curve in curves.groupby(["decoder", "effort"]):
        if decoder == "chase":
            label = "hard decoding" if effort == 0 else f"Chase, q = {effort}"
            arguments = packets.chase_arguments(ChaseDecoder(code, length, int(effort)), llr, lengths)
        else:
            label = f"guessing, {effort} words"
            arguments = packets.guess_arguments(GuessingDecoder(code, length, int(effort)), llr, lengths)
        decoders[f"{decoder}-{effort}"] = {
            "label": label,
            "kernel": f"{'chase' if decoder == 'chase' else 'guess'}_words",
            "call": prepared(arguments),
            "curve": curve[["ebn0_db", "errors", "trials"]].to_numpy().tolist(),
        }
    return {
        "rate": a_link.rate,
        "limits": np.cumsum(a_link.source.probabilities)[:-1].tolist(),
        "encode": prepared(packets.encode_arguments(code, rarest * 0, width)),
        "decode": prepared(packets.decode_arguments(code, length, *words)),
        "decoders": decoders,
    }

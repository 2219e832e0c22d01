"""The controls of the book: what each runs, and the numbers that it begins with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from jscc.arithmetic import ChaseDecoder, GuessingDecoder
from jscc.arithmetic.live import chase_arguments, decode_arguments, encode_arguments, guess_arguments
from jscc.channels import llr
from jscc.classify import BitPrior, gray_images, paper_code, shipped_classifier, symbols
from jscc.classify.live import scores_arguments
from jscc.experiments.arithmetic.common import QUATERNARY, Link, link, setting_of
from jscc.gfq import GFqCode, leaf_removal, ultra_sparse
from jscc.gfq.live import remove_leaves_arguments, sweep_arguments
from jscc.information import distortion_rate
from jscc.ldpc import BeliefPropagation
from jscc.ldpc.live import propagate_arguments, syndromes_arguments
from jscc.live.figure import LiveFigure, packed, prepared
from jscc.live.kernels import DRAWING, PACKETS, PLANES, STORES, WORDS
from jscc.necst.live import (
    MODEL_NOISE,
    decoder_arguments,
    encoder_arguments,
    separate_picture_arguments,
    separate_word_arguments,
)
from jscc.necst.separate import distance_factors

__all__ = ["drawn_digit", "packet_channel", "planes_and_syndromes", "reinforced_word"]

SETTINGS = {"paper": "paper-like: p = 6", "robust": "robust: p = 16"}
PICTURE_WORDS = 1024  # the most test words that the control draws
FLIP_PROBABILITIES = (0.0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)


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
        "seed": 5,  # a packet with two wrong bits
    }
    caption = (
        "A packet of 128 symbols of the source of Figure 2, decoded in the page by the library's own kernels. Above: "
        "reliabilities of its bits, the wrong ones black, triangles at the bits that are tried, filled where the "
        "winner flips. In the middle: the words tried, the cheapest first, by what their flips cost. Below: the share "
        "of wrong packets counted here, with its 95 % interval, and the book's own curve."
    )
    return LiveFigure("packets", PACKETS, values, static, caption)


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
            arguments = chase_arguments(ChaseDecoder(code, length, int(effort)), llr, lengths)
        else:
            label = f"guessing, {effort} words"
            arguments = guess_arguments(GuessingDecoder(code, length, int(effort)), llr, lengths)
        decoders[f"{decoder}-{effort}"] = {
            "label": label,
            "kernel": f"{'chase' if decoder == 'chase' else 'guess'}_words",
            "call": prepared(arguments),
            "curve": curve[["ebn0_db", "errors", "trials"]].to_numpy().tolist(),
        }
    return {
        "rate": a_link.rate,
        "limits": np.cumsum(a_link.source.probabilities)[:-1].tolist(),
        "encode": prepared(encode_arguments(code, rarest * 0, width)),
        "decode": prepared(decode_arguments(code, length, *words)),
        "decoders": decoders,
    }


def planes_and_syndromes(dataset: str, static) -> LiveFigure:
    """A picture to draw on, its planes and syndromes, the shipped network's answer, and the way back to a plane.

    Parameters
    ----------
    dataset : {"mnist", "fashion_mnist", "digits"}
        Whose network, whose pictures, and whose bits make the prior of each place of each plane.
    static : Player
        What stands in the page where nothing can be run.

    Returns
    -------
    LiveFigure
    """
    graph, images, shipped = paper_code(), gray_images(dataset), shipped_classifier(dataset)
    prior = BitPrior(symbols(images.train, transform=False), "pixels", "position")
    blank = np.zeros((1, graph.n_variables), np.uint8)
    ratios = np.concatenate([llr(prior.probability_of_one(blank, plane)) for plane in range(8)])
    one = propagate_arguments(BeliefPropagation(graph), ratios[0], np.zeros(graph.n_checks))
    odds = [propagate_arguments(BeliefPropagation(graph), row, blank[0, : graph.n_checks]) for row in ratios]
    firsts = [int(np.flatnonzero(images.test_labels == label)[0]) for label in range(len(shipped.classes))]
    shown = symbols(images.test[firsts], transform=False)
    values = {
        "syndromes": prepared(syndromes_arguments(graph, blank)),
        "scores": prepared(scores_arguments(shipped.model, blank[:, : graph.n_checks])),
        "propagate": prepared(one | {"given_llr": blank.astype(np.float32), "given_odds": blank.astype(np.float32)}),
        "llr": packed(ratios),
        "odds": packed(np.concatenate([call["given_odds"] for call in odds])),
        "examples": [{"name": name, "pixels": packed(row)} for name, row in zip(shipped.classes, shown, strict=True)],
        "classes": list(shipped.classes),
        "checks": graph.n_checks,
        "side": images.test.shape[1],
        "max_iterations": 100,
        "plane": 0,
        "pen": "draw",
    }
    caption = (
        "Draw, load a picture, or flip single bits: the planes, their syndromes and the classes are computed in the "
        "page by the library's own kernels, and so is the way back, by belief propagation with the shares of ones at "
        "each place of the training pictures as prior."
    )
    return LiveFigure("planes", PLANES, values, static, caption)


def drawn_digit(examples: Sequence[tuple[str, np.ndarray]], static) -> LiveFigure:
    """A binary digit to draw, its bits by NECST and by a separate code, and what each makes of them after the channel.

    Parameters
    ----------
    examples : sequence of (str, ndarray)
        Names and pixels 0 and 1, shape (784,), to choose from.
    static : Player
        What stands in the page where nothing can be run.

    Returns
    -------
    LiveFigure
    """
    # Shapes alone: what is in the arrays the page loads from the store.
    blank = {name: np.zeros_like(value) for name, value in STORES["drawing"]().items()}
    pixels = np.zeros((1, len(examples[0][1])), np.uint8)
    learned_word = encoder_arguments(blank, pixels)
    separate_word = separate_word_arguments(blank, pixels)
    length = separate_word["word"].shape[1]
    values = {
        "learned_word": prepared(learned_word),
        "learned_picture": prepared(decoder_arguments(blank, learned_word["word"])),
        "separate_word": prepared(separate_word),
        "separate_picture": prepared(separate_picture_arguments(blank, separate_word["word"], MODEL_NOISE)),
        "eps_values": list(FLIP_PROBABILITIES),
        "factors": packed(np.stack([distance_factors(noise, length) for noise in FLIP_PROBABILITIES])),
        "made_for": MODEL_NOISE,
        "examples": [{"name": name, "pixels": packed(image)} for name, image in examples],
        "eps": MODEL_NOISE,
        "seed": 1,
        "pen": "draw",
        "reckons": "made",
        "trials": 100,
    }
    caption = (
        "Draw or choose a digit: NECST's encoder and the separate code turn it into 100 bits each, by the library's "
        "own kernels. The channel flips the same places of both words, and so do you, by click or space bar. What "
        "the decoders believe is shown in grey, and beside it what they decide, wrong pixels in colour."
    )
    return LiveFigure("drawing", DRAWING, values, static, caption, ("drawing",))


def reinforced_word(static) -> LiveFigure:
    """A run of reinforced belief propagation on a short word of GF(16), and leaf removal on its code.

    Parameters
    ----------
    static : Player
        What stands in the page where nothing can be run.

    Returns
    -------
    LiveFigure
    """
    code = word_code()
    removal = leaf_removal(code)
    start, variables, coefficients = removal.steps
    blank = np.zeros(code.n_symbols, np.uint8)
    sweep = sweep_arguments(code, blank, 1, prior=1.4, gammas=[0.0])
    scale = sweep["scale"]
    values = {
        "sweep": prepared(sweep),
        "remove_leaves": prepared(remove_leaves_arguments(code)),
        "substitute": prepared(
            {
                "start": start,
                "variables": variables,
                "coefficients": coefficients,
                "pivots": np.ascontiguousarray(removal.pivots[::-1]),
                "product": code.field.product,
                "words": blank[None],
            }
        ),
        "unscale": packed(code.field.product[code.field.inverse[scale]]),
        "n_symbols": code.n_symbols,
        "n_checks": code.n_checks,
        "limit": float(distortion_rate(code.rate)),
        "gammas": [0.7, 0.8, 0.86, 0.9, 0.92, 0.94, 0.96, 0.98],
        "gamma0": 0.92,
        "priors": [0.8, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.4, 3.0],
        "prior": 1.4,
        "schedule": "0",
        "max_iterations": 300,
        "seed": 1,
    }
    caption = (
        "Reinforced belief propagation in the page, by the library's own kernels. Squares: the symbols, the darker the "
        "larger the largest value of their marginal. Charts: distortion of the hard decisions, dashed the "
        "rate-distortion limit, and the checks that they violate. Leaf removal frames the symbols that are stored."
    )
    return LiveFigure("words", WORDS, values, static, caption)


def word_code() -> GFqCode:
    """The code of `reinforced_word`: 300 symbols of GF(16) at rate 0.33, five checks taken away."""
    return ultra_sparse(300, 0.33, 4, np.random.default_rng(3), reduction=5)

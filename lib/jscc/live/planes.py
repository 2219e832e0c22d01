"""Live kernels of paper 1: syndromes of eight planes, the network that reads them, and belief propagation.

Each is one of the library's kernels for one picture or word; what it works in comes as arrays.
"""

from __future__ import annotations

import numpy as np
from numba.types import float32, int32, int64, uint8, uint32, uint64

from jscc.classify.gru import GRUClassifier, _predict, _Scratch, _scratch
from jscc.ldpc.stepwise import propagate
from jscc.ldpc.syndrome import _grouped_edges, _syndrome_kernel
from jscc.live.wasm import live_kernel
from jscc.tanner import TannerGraph

__all__ = ["KERNELS", "gru_scores", "scores_arguments", "syndromes_arguments", "syndromes_of_planes"]


def syndromes_of_planes(
    rows: uint64[:, ::1],
    first_group: uint32[::1],
    groups: uint32[:, ::1],
    block: uint64[:, ::1],
    sums: uint64[:, ::1],
    out: uint64[:, ::1],
):
    """`jscc.ldpc.syndromes` of images whose bytes are set side by side, eight to a number."""
    _syndrome_kernel(rows, first_group, groups, block, sums, out)


def syndromes_arguments(graph: TannerGraph, packed: np.ndarray) -> dict:
    """What `syndromes_of_planes` is given: packed planes of uint8, shape (images, n), n a multiple of 8."""
    n_words, n_sums = graph.n_variables // 8 + 1, -(-graph.n_checks // 8)
    first_group, groups = _grouped_edges(graph, n_words)
    return {
        "rows": packed.view(np.uint64),
        "first_group": first_group,
        "groups": groups,
        "block": np.zeros((8, n_words), np.uint64),
        "sums": np.zeros((8, n_sums), np.uint64),
        "out": np.zeros((len(packed), n_sums), np.uint64),
    }


def gru_scores(
    packed: uint8[:, ::1],
    n_planes: int32,
    batch: int32,
    kernel: float32[:, ::1],
    recurrent: float32[:, ::1],
    candidate: float32[:, ::1],
    bias: float32[::1],
    out_weights: float32[:, ::1],
    out_bias: float32[::1],
    bits: float32[:, ::1],
    gates: float32[:, ::1],
    reset_state: float32[:, ::1],
    states: float32[:, ::1],
    scores: float32[:, ::1],
    pair: float32[:, ::1],
    half: float32[:, ::1],
    single: float32[:, ::1],
    argument: float32[:, ::1],
    through: float32[:, ::1],
    d_state: float32[:, ::1],
    part_gates: float32[:, ::1],
    part_candidate: float32[:, ::1],
    chosen: int64[::1],
    above: float32[::1],
    below: float32[::1],
    out: float32[:, ::1],
):
    """`GRUClassifier.logits`."""
    weights = (kernel, recurrent, candidate, bias, out_weights, out_bias)
    scratch = _Scratch(
        bits,
        gates,
        reset_state,
        states,
        scores,
        pair,
        half,
        single,
        argument,
        through,
        d_state,
        part_gates,
        part_candidate,
        chosen,
    )
    _predict(packed, n_planes, batch, weights, scratch, above, below, out)


def scores_arguments(model: GRUClassifier, packed: np.ndarray) -> dict:
    """What `gru_scores` is given: packed planes of uint8, shape (images, width), read one image at a time."""
    scratch = _scratch(model.n_planes, 1, model.width, model.settings.units, np.float32)
    above, below = model._tanh_terms()
    names = ("kernel", "recurrent", "candidate", "bias", "out_weights", "out_bias")
    weights = dict(zip(names, model.weights.values(), strict=True))
    return {
        "packed": packed,
        "n_planes": model.n_planes,
        "batch": 1,
        **weights,
        **{name: np.zeros_like(value) for name, value in scratch._asdict().items()},
        "above": above,
        "below": below,
        "out": np.zeros((len(packed), len(model.weights["out_bias"])), np.float32),
    }


KERNELS = [live_kernel(function) for function in (syndromes_of_planes, gru_scores, propagate)]

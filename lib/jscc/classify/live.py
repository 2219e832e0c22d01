"""What pages of the book run of this room: the network's scores of pictures (`jscc.live`)."""

from __future__ import annotations

import numpy as np
from numba.types import float32, int32, int64, uint8

from jscc.classify.gru import GRUClassifier, _predict, _Scratch, _scratch

__all__ = ["gru_scores", "scores_arguments"]


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
    """What `gru_scores` is given: packed planes of uint8, shape (images, width), read one image at a time.

    Examples
    --------
    >>> model, packed = GRUClassifier(512, 8, rng=0), np.arange(1024, dtype=np.uint8).reshape(2, 512)
    >>> given = scores_arguments(model, packed)
    >>> gru_scores(**given)
    >>> bool(np.allclose(given["out"], model.logits(packed), atol=1e-5))
    True
    """
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

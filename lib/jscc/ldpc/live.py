"""What pages of the book run of this room: syndromes of planes, and belief propagation step by step (`jscc.live`).

What is kept between the iterations are arrays that the caller holds. The annotations are the types that a function is
compiled for.
"""

from __future__ import annotations

import numpy as np
from numba.types import bool_, float32, float64, int32, int64, uint8, uint32, uint64

from jscc.ldpc._kernels import (
    Found,
    Given,
    Rule,
    Scratch,
    Side,
    State,
    _load,
    _pass_checks,
    _pass_variables,
    _start,
    _store,
    _test_checks,
)
from jscc.ldpc._layout import LANES, Layout
from jscc.ldpc.belief_propagation import BeliefPropagation, _odds
from jscc.ldpc.syndrome import _grouped_edges, _syndrome_kernel
from jscc.tanner import TannerGraph

__all__ = ["propagate", "propagate_arguments", "syndromes_arguments", "syndromes_of_planes"]


def propagate(
    first: int32,
    min_sum: int32,
    layered: int32,
    factor: float32,
    given_llr: float32[:, ::1],
    given_odds: float32[:, ::1],
    given_syndromes: uint8[:, ::1],
    block_start: int64[::1],
    block_degree: int64[::1],
    block_lanes: int64[::1],
    block_is_plain: bool_[::1],
    block_checks: int64[:, ::1],
    row_variable: uint32[::1],
    row_others: uint32[:, ::1],
    variable_start: int64[::1],
    variable_rows: uint32[::1],
    of_degree_3: uint32[::1],
    rows_of_degree_3: uint32[:, ::1],
    of_other_degree: uint32[::1],
    of_high_degree: uint32[::1],
    messages: float32[:, ::1],
    prior: float32[:, ::1],
    posterior: float32[:, ::1],
    decided: uint8[:, ::1],
    syndrome: uint8[:, ::1],
    word: int64[::1],
    iteration: int64[::1],
    idle: uint8[::1],
    unsatisfied: uint8[::1],
    chosen: uint32[::1],
    left: float32[:, ::1],
    running: float32[::1],
    sign: int32[::1],
    p0: float64[::1],
    p1: float64[::1],
    left0: float64[:, ::1],
    left1: float64[:, ::1],
    total: float32[::1],
    left_ratio: float32[:, ::1],
    words: float32[:, ::1],
    side_messages: float32[:, ::1],
    side_prior: float32[:, ::1],
    side_bits: uint8[:, ::1],
    side_posterior: float32[:, ::1],
    bits: uint8[:, ::1],
    llr: float32[:, ::1],
    extrinsic: float32[:, ::1],
    converged: bool_[::1],
    iterations: int32[::1],
):
    """One iteration on one word, and what it finds; with `first` not 0 the word is taken up before.

    See `propagate_arguments` for the arguments: they are the fields of what the decoder's kernels pass around.

    Examples
    --------
    >>> decoder = BeliefPropagation([[1, 1, 0], [0, 1, 1]])
    >>> given = propagate_arguments(decoder, np.array([2, -0.5, 1]), np.array([1, 1]))
    >>> propagate(**given)
    >>> given["bits"], given["iterations"]
    (array([[0, 1, 0]], dtype=uint8), array([1], dtype=int32))
    """
    rule = Rule(min_sum != 0, layered != 0, factor, 1)
    graph = Layout(
        block_start,
        block_degree,
        block_lanes,
        block_is_plain,
        block_checks,
        row_variable,
        row_others,
        variable_start,
        variable_rows,
        of_degree_3,
        rows_of_degree_3,
        of_other_degree,
        of_high_degree,
    )
    given = Given(given_llr, given_odds, given_syndromes)
    state = State(messages, prior, posterior, decided, syndrome, word, iteration, idle, unsatisfied, chosen)
    scratch = Scratch(left, running, sign, p0, p1, left0, left1, total, left_ratio, words)
    side = Side(side_messages, side_prior, side_bits, side_posterior)
    if first != 0:
        _start(graph, rule, state)
        chosen[0] = 0
        _load(given, 0, 1, graph, rule, state, words)
    _pass_checks(graph, rule, state, scratch, side)
    _pass_variables(graph, rule, state, scratch, side)
    _test_checks(graph, state)
    iteration[0] += 1
    chosen[0] = 0
    _store(1, given, rule, state, words, Found(bits, llr, extrinsic, converged, iterations))


def propagate_arguments(decoder: BeliefPropagation, llr: np.ndarray, syndrome: np.ndarray) -> dict:
    """What `propagate` is given for the first iteration of a word; before the next set ``first`` to 0.

    Parameters
    ----------
    decoder : BeliefPropagation
        Its code, method and schedule; the number of iterations is the caller's.
    llr : ndarray of float, shape (n,)
    syndrome : ndarray of 0 and 1, shape (m,)

    Returns
    -------
    dict
        Of arrays and numbers; of those that are written, ``bits``, ``llr`` and ``extrinsic`` of shape (1, n), and
        ``converged`` and ``iterations`` of shape (1,) are the fields of a `jscc.soft.SoftResult`.

    Examples
    --------
    >>> decoder = BeliefPropagation([[1, 1, 0], [0, 1, 1]])
    >>> propagate_arguments(decoder, np.array([2, -0.5, 1]), np.array([1, 1]))["given_llr"]
    array([[ 2. , -0.5,  1. ]], dtype=float32)
    """
    llr = np.asarray(llr, np.float32)[None]
    min_sum, n = decoder.method == "min-sum", decoder.n_variables
    layout = Layout.build(decoder.parity_check, decoder._layers, 1)
    rows, blocks = layout.row_variable.size, layout.block_start.size
    check, variable = int(layout.block_degree.max()), int(np.diff(layout.variable_start).max())
    return {
        "first": 1,
        "min_sum": int(min_sum),
        "layered": int(decoder.schedule == "layered"),
        "factor": np.float32(decoder.factor),
        "given_llr": llr,
        "given_odds": llr if min_sum else _odds(llr),
        "given_syndromes": np.asarray(syndrome, np.uint8)[None],
        **layout._asdict(),
        "messages": np.zeros((rows, 1), np.float32),
        "prior": np.zeros((n + 1, 1), np.float32),
        "posterior": np.zeros((n + 1, 1), np.float32),
        "decided": np.zeros((n + 1, 1), np.uint8),
        "syndrome": np.zeros((blocks, LANES), np.uint8),
        "word": np.zeros(1, np.int64),
        "iteration": np.zeros(1, np.int64),
        "idle": np.zeros(1, np.uint8),
        "unsatisfied": np.zeros(1, np.uint8),
        "chosen": np.zeros(1, np.uint32),
        "left": np.zeros((check, LANES), np.float32),
        "running": np.zeros(LANES, np.float32),
        "sign": np.zeros(LANES, np.int32),
        "p0": np.zeros(1, np.float64),
        "p1": np.zeros(1, np.float64),
        "left0": np.zeros((variable, 1), np.float64),
        "left1": np.zeros((variable, 1), np.float64),
        "total": np.zeros(1, np.float32),
        "left_ratio": np.zeros((variable, 1), np.float32),
        "words": np.zeros((1, n + 1), np.float32),
        "side_messages": np.zeros((3, LANES), np.float32),
        "side_prior": np.zeros((1, LANES), np.float32),
        "side_bits": np.zeros((1, LANES), np.uint8),
        "side_posterior": np.zeros((1, LANES), np.float32),
        "bits": np.zeros((1, n), np.uint8),
        "llr": np.zeros((1, n), np.float32),
        "extrinsic": np.zeros((1, n), np.float32),
        "converged": np.zeros(1, bool),
        "iterations": np.zeros(1, np.int32),
    }


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
    """What `syndromes_of_planes` is given: packed planes of uint8, shape (images, n), n a multiple of 8.

    Examples
    --------
    >>> graph = TannerGraph.from_matrix(np.eye(8, dtype=np.uint8))
    >>> given = syndromes_arguments(graph, np.arange(8, dtype=np.uint8)[None])
    >>> syndromes_of_planes(**given)
    >>> given["out"].view(np.uint8)
    array([[0, 1, 2, 3, 4, 5, 6, 7]], dtype=uint8)
    """
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

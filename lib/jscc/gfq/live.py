"""What pages of the book run of this room: reinforced belief propagation over GF(16), and leaf removal (`jscc.live`).

The kernels are those of `jscc.gfq.Trial` and `jscc.gfq.leaf_removal`; what is kept between the iterations are arrays
that the caller holds. The annotations are the types that a function is compiled for.
"""

from __future__ import annotations

import numpy as np
from numba.types import bool_, float32, int32, int64, uint8, uint64

from jscc.gfq._messages import Graph, State, set_distances, start, sweep_variables
from jscc.gfq.code import GFqCode
from jscc.gfq.leaves import _remove, _substitute
from jscc.gfq.trial import _SCHEDULES, Trial

__all__ = ["P", "remove_leaves", "remove_leaves_arguments", "substitute", "sweep", "sweep_arguments"]

P = 4
_PS = (0,) * P


def sweep(
    first: int32,
    schedule: int32,
    prior: float32,
    gammas: float32[::1],
    source: uint8[::1],
    variable_start: int32[::1],
    edge_variable: int32[::1],
    check_start: int32[::1],
    check_edges: int32[::1],
    others_start: int32[::1],
    others: int32[::1],
    labels: uint8[::1],
    scale: uint8[::1],
    product: uint8[:, ::1],
    distance: uint8[:, ::1],
    tilted: float32[:, ::1],
    messages: float32[:, ::1],
    spare: float32[:, ::1],
    decisions: uint8[::1],
    marginals: float32[:, ::1],
    order: int32[::1],
    random: uint64[::1],
    received: float32[:, ::1],
    sent: float32[:, ::1],
    g: float32[::1],
    x: float32[::1],
    y: float32[::1],
    unsatisfied: int64[::1],
):
    """An iteration for each gamma, or until every check holds; with `first` not 0 the trial begins.

    See `sweep_arguments` for the arguments. Symbols are those of the scaled variables.

    Examples
    --------
    >>> from jscc.gfq import ultra_sparse
    >>> code = ultra_sparse(100, 0.5, 4, 0, reduction=2)
    >>> word = np.random.default_rng(0).integers(0, 16, code.n_symbols)
    >>> given = sweep_arguments(code, word, 1, prior=2.0, gammas=[0.2] * 100)
    >>> sweep(**given)
    >>> given["unsatisfied"]
    array([0])
    """
    graph = Graph(
        variable_start,
        edge_variable,
        check_start,
        check_edges,
        others_start,
        others,
        labels,
        scale,
        product,
    )
    state = State(
        distance,
        tilted,
        messages,
        spare,
        decisions,
        marginals,
        order,
        random,
        received,
        sent,
        g,
        x,
        y,
    )
    if first != 0:
        for k in range(len(order)):
            order[k] = k
        set_distances(source, scale, product, distance)
        start(graph, state, schedule, prior, 1 << P, _PS)
    _, unsatisfied[0] = sweep_variables(graph, state, schedule, prior, gammas, 1 << P, _PS)


def sweep_arguments(code: GFqCode, symbols, seed: int, *, prior: float, gammas, schedule: str = "variable") -> dict:
    """What `sweep` is given for the first iterations of a trial; before the next set ``first`` to 0.

    Parameters
    ----------
    code : GFqCode
        Over GF(16).
    symbols : array_like of int, shape (n_symbols,)
        The source word.
    seed : int
        Of the orders of the updates, 1 to 2**64 - 1.
    prior : float
        The paper's L, in nats per bit.
    gammas : array_like of float, shape (iterations,)
    schedule : {"variable", "fixed", "flooding"}

    Returns
    -------
    dict
        Of arrays and numbers; those that are written: ``decisions`` of shape (n_symbols,) and ``marginals`` of shape
        (n_symbols, 16), by the kernels' scaled symbols, and ``unsatisfied`` of shape (1,).

    Raises
    ------
    ValueError
        If the code is over another field, or the schedule is none of those.
    """
    if code.field.p != P or schedule not in ("variable", "fixed", "flooding"):
        raise ValueError(f"{code!r} and schedule={schedule!r} given, GF(16) and a schedule by variables are expected")
    trial = Trial(code, prior=prior, schedule=schedule)
    state = {name: np.zeros(value.shape, value.dtype) for name, value in trial._state._asdict().items()}
    return {
        "first": 1,
        "schedule": _SCHEDULES[schedule],
        "prior": trial._prior,
        "gammas": np.asarray(gammas, np.float32),
        "source": np.asarray(symbols, np.uint8),
        **trial.graph._asdict(),
        **state,
        "order": np.arange(code.n_symbols, dtype=np.int32),
        "random": np.array([seed], np.uint64),
        "unsatisfied": np.zeros(1, np.int64),
    }


def remove_leaves(
    check_start: int32[::1],
    check_variables: int32[::1],
    degree: int64[::1],
    last_check: int64[::1],
    waiting: bool_[::1],
    order: int32[::1],
    leaf_start: int32[::1],
    leaves: int32[::1],
    steps: int64[::1],
):
    """`jscc.gfq.leaf_removal`: the checks in the order of their removal, and the leaves of each."""
    steps[0] = _remove(check_start, check_variables, degree, last_check, waiting, order, leaf_start, leaves)


def remove_leaves_arguments(code: GFqCode) -> dict:
    """What `remove_leaves` is given for a code; it fills ``order``, ``leaf_start``, ``leaves`` and ``steps``.

    Examples
    --------
    >>> from jscc.gfq import ultra_sparse
    >>> given = remove_leaves_arguments(ultra_sparse(60, 0.5, 4, 0, reduction=2))
    >>> remove_leaves(**given)
    >>> given["steps"]
    array([28])
    """
    graph = code.graph
    return {
        "check_start": graph.check_start,
        "check_variables": graph.check_variables,
        "degree": graph.variable_degrees,
        "last_check": np.zeros(graph.n_variables, np.int64),
        "waiting": np.zeros(graph.n_checks, bool),
        "order": np.zeros(graph.n_checks, np.int32),
        "leaf_start": np.zeros(graph.n_checks + 1, np.int32),
        "leaves": np.zeros(graph.n_variables, np.int32),
        "steps": np.zeros(1, np.int64),
    }


def substitute(
    start: int64[::1],
    variables: int32[::1],
    coefficients: uint8[::1],
    pivots: int32[::1],
    product: uint8[:, ::1],
    words: uint8[:, ::1],
):
    """`jscc.gfq.LeafRemoval.codeword`: the pivots of words that hold the information symbols."""
    _substitute(start, variables, coefficients, pivots, product, words)

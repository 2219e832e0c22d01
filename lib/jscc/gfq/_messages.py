"""The messages of reinforced belief propagation, and the kernels that pass them (paper 2, section III).

The kernels allocate nothing: whatever they write to comes in as an array. The number of steps of a loop is the
argument q: loops of few and known steps would be unrolled, and then not vectorised. `ps` is a tuple of p zeros, from
which the compiler knows p where it has to.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from jscc.fastmath import inline, log2, power_of_two
from jscc.gfq._transform import fetch_row, jit, transform, transform_product, transform_scaled

__all__ = [
    "CHECK",
    "FIXED",
    "FLOODING",
    "VARIABLE",
    "Graph",
    "State",
    "aligned",
    "read_messages",
    "set_distances",
    "start",
    "sweep_checks",
    "sweep_variables",
]

# The schedules.
VARIABLE, FIXED, CHECK, FLOODING = range(4)

_FLOOR = np.float32(1e-8)
_ONE = np.float32(1.0)
_ZERO = np.float32(0.0)


class Graph(NamedTuple):
    """The Tanner graph as the kernels walk it: edges are numbered variable by variable.

    Variables and checks are scaled: the kernels' symbol of variable v is ``product[scale[v], symbol]``.
    """

    variable_start: np.ndarray  # (n + 1,) edges of variable v are variable_start[v] to variable_start[v + 1]
    edge_variable: np.ndarray  # (edges,)
    check_start: np.ndarray  # (m + 1,) into check_edges
    check_edges: np.ndarray  # (edges,)
    others_start: np.ndarray  # (edges + 1,) into others
    others: np.ndarray  # the other edges at the check of an edge
    labels: np.ndarray  # (edges,) of the scaled variables and checks
    scale: np.ndarray  # (n,)
    product: np.ndarray  # (q, q)

    @classmethod
    def build(cls, code) -> Graph:
        graph = code.graph
        by_variable = np.argsort(graph.check_variables, kind="stable")
        edge_variable = graph.check_variables[by_variable].astype(np.int64)
        edge_check = graph.edge_checks[by_variable].astype(np.int64)
        variable_start = np.searchsorted(edge_variable, np.arange(graph.n_variables + 1))
        check_start = graph.check_start.astype(np.int64)
        check_edges = np.argsort(by_variable)
        degree = np.diff(check_start)[edge_check]
        others_start = np.concatenate([[0], np.cumsum(degree - 1)])
        edge = np.repeat(np.arange(graph.n_edges), degree)
        around = np.arange(len(edge)) - np.repeat(np.cumsum(degree) - degree, degree)
        others = check_edges[check_start[edge_check[edge]] + around]
        labels, scale = np.array(code.labels)[by_variable], np.zeros(graph.n_variables, np.uint8)
        product, inverse = np.array(code.field.product), np.array(code.field.inverse)
        tables = variable_start, edge_variable, edge_check, check_start, check_edges, product, inverse
        scratch = np.zeros(graph.n_checks, np.uint8), np.empty(graph.n_checks, np.int64)
        _spread_ones(*tables, labels, scale, *scratch)
        indices = variable_start, edge_variable, check_start, check_edges, others_start, others[others != edge]
        return cls(*(index.astype(np.int32) for index in indices), labels, scale, product)


class State(NamedTuple):
    """What changes while a sample is compressed. Symbols are those of the scaled variables."""

    distance: np.ndarray  # (n, q) of uint8: bits in which a symbol differs from the source's
    tilted: np.ndarray  # (n, q): g ** gamma times the prior, in units of its largest value or so
    messages: np.ndarray  # (edges, q): transforms of messages to the checks, or messages to the variables ("check")
    spare: np.ndarray  # the messages of the iteration before, for flooding
    decisions: np.ndarray  # (n,)
    marginals: np.ndarray  # (n, q), or (0, q) where nobody asks
    order: np.ndarray
    random: np.ndarray  # (1,) of uint64
    received: np.ndarray  # (largest degree of a variable, q)
    sent: np.ndarray  # (edges, q): transforms, for the schedule by checks
    g: np.ndarray  # (q,): the marginal at hand, its sum not 1
    x: np.ndarray  # (q,)
    y: np.ndarray  # (q,)


def aligned(rows: int, q: int, dtype=np.float32) -> np.ndarray:
    """An empty array whose rows do not lie across more cache lines than they have to."""
    size = rows * q * np.dtype(dtype).itemsize
    space = np.empty(size + 64, np.uint8)
    start = -space.ctypes.data % 64
    return space[start : start + size].view(dtype).reshape(rows, q)


@jit
def _spread_ones(
    variable_start,
    edge_variable,
    edge_check,
    check_start,
    check_edges,
    product,
    inverse,
    labels,
    scale,
    check_scale,
    queue,
):
    """Scale variables and checks so that the labels along a spanning forest are 1; overwrites labels and scales."""
    for root in range(len(check_scale)):
        if check_scale[root]:
            continue
        check_scale[root] = 1
        queue[0] = root
        first, last = 0, 1
        while first < last:
            check = queue[first]
            first += 1
            for k in range(check_start[check], check_start[check + 1]):
                v = edge_variable[check_edges[k]]
                if scale[v]:
                    continue
                scale[v] = product[check_scale[check], labels[check_edges[k]]]
                for edge in range(variable_start[v], variable_start[v + 1]):
                    if check_scale[edge_check[edge]] == 0:
                        check_scale[edge_check[edge]] = product[scale[v], inverse[labels[edge]]]
                        queue[last] = edge_check[edge]
                        last += 1
    for v in range(len(scale)):
        if scale[v] == 0:
            scale[v] = 1
    for edge in range(len(labels)):
        scaled = product[check_scale[edge_check[edge]], labels[edge]]
        labels[edge] = product[scaled, inverse[scale[edge_variable[edge]]]]


@jit
def set_distances(source, scale, product, distance):
    for v in range(len(source)):
        for a in range(distance.shape[1]):
            difference = source[v] ^ a
            weight = 0
            while difference:
                weight += difference & 1
                difference >>= 1
            distance[v, product[scale[v], a]] = weight


@inline
def _multiply_on(x, y, row, q):
    """x times a row of y in x, in units of its largest value and with a floor: a long product does not underflow."""
    top = _ZERO
    for a in range(q):
        x[a] *= y[row, a]
        if x[a] > top:
            top = x[a]
    factor = _ONE / top
    for a in range(q):
        x[a] = max(x[a] * factor, np.float32(2.0**-64))


@inline
def _multiply_others(tilted, v, factors, start, stop, without, q, out):
    """out = row v of tilted times the rows start to stop of factors, except one."""
    count = 0
    for row in range(start, stop):
        if row != without:
            if count == 0:
                for a in range(q):
                    out[a] = tilted[v, a] * factors[row, a]
            else:
                _multiply_on(out, factors, row, q)
            count += 1
    if count == 0:
        for a in range(q):
            out[a] = tilted[v, a]


@inline
def _send(graph, edge, x, y, q, ps, out):
    """Row `edge` of out = the transform of the message x, seen from the check, as probabilities; uses up x and y."""
    label = graph.labels[edge]
    if label == 1:
        seen = x
    else:
        seen = y
        for a in range(q):
            seen[graph.product[label, a]] = x[a]
    transform_scaled(seen, out, edge, ps)


@inline
def _receive(graph, edge, transforms, x, q, ps, out, row):
    """A row of out = q times the message of the check over an edge, from the transforms of its other edges."""
    start, stop = graph.others_start[edge], graph.others_start[edge + 1]
    floor = _FLOOR * np.float32(q)
    label = graph.labels[edge]
    if stop - start == 2 and label == 1:
        transform_product(transforms, graph.others[start], transforms, graph.others[start + 1], floor, out, row, ps)
        return
    if stop - start == 0:
        for a in range(q):
            x[a] = _ONE
    else:
        one = graph.others[start]
        for a in range(q):
            x[a] = transforms[one, a]
    for k in range(start + 1, stop - 1):
        one = graph.others[k]
        for a in range(q):
            x[a] *= transforms[one, a]
    if stop - start > 1:
        transform_product(x, 0, transforms, graph.others[stop - 1], floor, x, 0, ps)
    else:
        transform(x, ps)
    if label == 1:
        for a in range(q):
            out[row, a] = max(x[a], floor)
    else:
        for a in range(q):
            out[row, a] = max(x[graph.product[label, a]], floor)


@inline
def _update(state, v, g, gamma, prior, q):
    """Decide variable v by its marginal g, and tilt its prior with it."""
    # Positive numbers are in the order of their bits, and of integers the compiler finds the largest faster.
    largest, best = np.int32(0), np.int32(q)
    for a in range(q):
        largest = max(largest, np.float32(g[a]).view(np.int32))
    for a in range(q):
        best = min(best, np.int32(a) if np.float32(g[a]).view(np.int32) == largest else np.int32(q))
    state.decisions[v] = best
    if len(state.marginals):
        total = _ZERO
        for a in range(q):
            total += g[a]
        factor = _ONE / total
        for a in range(q):
            state.marginals[v, a] = g[a] * factor
    if gamma > 0:
        shift = np.float32(64.0) - gamma * log2(np.int32(largest).view(np.float32))
        for a in range(q):
            exponent = gamma * log2(g[a]) + shift - prior * np.float32(state.distance[v, a])
            state.tilted[v, a] = power_of_two(max(exponent, _ZERO))


@inline
def _visit_variable(graph, state, v, following, read, write, gamma, prior, q, ps):
    """All messages to variable v, then those from it, then its marginal; fetches what the variable after it needs."""
    start, stop = graph.variable_start[v], graph.variable_start[v + 1]
    ahead, ahead_stop = graph.variable_start[following], graph.variable_start[following + 1]
    for edge in range(start, stop):
        if ahead < ahead_stop:
            for k in range(graph.others_start[ahead], graph.others_start[ahead + 1]):
                fetch_row(read, graph.others[k], q)
            ahead += 1
        _receive(graph, edge, read, state.x, q, ps, state.received, edge - start)
    fetch_row(state.tilted, following, q)
    fetch_row(state.distance, following, q)
    for edge in range(start, stop):
        _multiply_others(state.tilted, v, state.received, 0, stop - start, edge - start, q, state.x)
        if edge == stop - 1:
            for a in range(q):
                state.g[a] = state.x[a] * state.received[edge - start, a]
        _send(graph, edge, state.x, state.y, q, ps, write)
    if start == stop:
        for a in range(q):
            state.g[a] = state.tilted[v, a]
    _update(state, v, state.g, gamma, prior, q)


@inline
def _visit_check(graph, state, check, q, ps):
    """All messages to a check, then those from it."""
    for k in range(graph.check_start[check], graph.check_start[check + 1]):
        edge = graph.check_edges[k]
        v = graph.edge_variable[edge]
        start, stop = graph.variable_start[v], graph.variable_start[v + 1]
        _multiply_others(state.tilted, v, state.messages, start, stop, edge, q, state.x)
        _send(graph, edge, state.x, state.y, q, ps, state.sent)
    for k in range(graph.check_start[check], graph.check_start[check + 1]):
        edge = graph.check_edges[k]
        _receive(graph, edge, state.sent, state.x, q, ps, state.messages, edge)


@jit
def _shuffle(order, random):
    """Fisher and Yates, with Marsaglia's xorshift generator."""
    s = random[0]
    for i in range(len(order) - 1, 0, -1):
        s ^= s << np.uint64(13)
        s ^= s >> np.uint64(7)
        s ^= s << np.uint64(17)
        j = np.int64(((s >> np.uint64(32)) * np.uint64(i + 1)) >> np.uint64(32))
        order[i], order[j] = order[j], order[i]
    random[0] = s


@jit
def _count_unsatisfied(graph, decisions):
    count = 0
    for check in range(len(graph.check_start) - 1):
        total = np.uint8(0)
        for k in range(graph.check_start[check], graph.check_start[check + 1]):
            edge = graph.check_edges[k]
            total ^= graph.product[graph.labels[edge], decisions[graph.edge_variable[edge]]]
        if total:
            count += 1
    return count


@jit
def start(graph, state, schedule, prior, q, ps):
    """The first messages: from variables the prior, from checks nothing."""
    for v in range(len(state.decisions)):
        for a in range(q):
            exponent = np.float32(64.0) - prior * np.float32(state.distance[v, a])
            state.tilted[v, a] = power_of_two(max(exponent, _ZERO))
        for edge in range(graph.variable_start[v], graph.variable_start[v + 1]):
            if schedule == CHECK:
                for a in range(q):
                    state.messages[edge, a] = _ONE
            else:
                for a in range(q):
                    state.x[a] = state.tilted[v, a]
                _send(graph, edge, state.x, state.y, q, ps, state.messages)
    if schedule == FIXED:
        _shuffle(state.order, state.random)


@jit
def sweep_variables(graph, state, schedule, prior, gammas, q, ps):
    """An iteration for each gamma, or until every check holds; how many, and checks that do not hold."""
    n = len(state.decisions)
    unsatisfied = len(graph.check_start) - 1
    for done in range(len(gammas)):
        if schedule == VARIABLE:
            _shuffle(state.order, state.random)
        read = state.messages
        if schedule == FLOODING:
            for edge in range(len(read)):
                for a in range(q):
                    state.spare[edge, a] = read[edge, a]
            read = state.spare
        for k in range(n):
            v, following = state.order[k], state.order[min(k + 1, n - 1)]
            _visit_variable(graph, state, v, following, read, state.messages, gammas[done], prior, q, ps)
        unsatisfied = _count_unsatisfied(graph, state.decisions)
        if unsatisfied == 0:
            return done + 1, 0
    return len(gammas), unsatisfied


@jit
def sweep_checks(graph, state, prior, gammas, q, ps):
    """The same, check by check; the marginals and what they tilt change once, at the end of an iteration."""
    unsatisfied = len(graph.check_start) - 1
    for done in range(len(gammas)):
        _shuffle(state.order, state.random)
        for check in state.order:
            _visit_check(graph, state, check, q, ps)
        for v in range(len(state.decisions)):
            start, stop = graph.variable_start[v], graph.variable_start[v + 1]
            _multiply_others(state.tilted, v, state.messages, start, stop, -1, q, state.x)
            _update(state, v, state.x, gammas[done], prior, q)
        unsatisfied = _count_unsatisfied(graph, state.decisions)
        if unsatisfied == 0:
            return done + 1, 0
    return len(gammas), unsatisfied


@inline
def _normalise(x, row, q):
    total = _ZERO
    for a in range(q):
        total += x[row, a]
    factor = _ONE / total
    for a in range(q):
        x[row, a] *= factor


@jit
def read_messages(graph, state, schedule, q, ps, to_checks, to_variables, marginals):
    """Messages to the variables, and what the variables make of them."""
    for edge in range(len(graph.labels)):
        if schedule == CHECK:
            for a in range(q):
                to_variables[edge, a] = state.messages[edge, a]
        else:
            _receive(graph, edge, state.messages, state.x, q, ps, to_variables, edge)
    for v in range(len(marginals)):
        start, stop = graph.variable_start[v], graph.variable_start[v + 1]
        for edge in range(start, stop):
            _multiply_others(state.tilted, v, to_variables, start, stop, edge, q, state.x)
            for a in range(q):
                to_checks[edge, a] = state.x[a]
            _normalise(to_checks, edge, q)
        _multiply_others(state.tilted, v, to_variables, start, stop, -1, q, state.x)
        for a in range(q):
            marginals[v, a] = state.x[a]
        _normalise(marginals, v, q)
    for edge in range(len(graph.labels)):
        _normalise(to_variables, edge, q)

r"""Reinforced belief propagation over GF(q): the paper's lossy compressor (paper 2, section III).

The compressor looks for the codeword nearest to the source word :math:`y`, in Hamming distance of bits. With the
prior :math:`\mu^1_v(a) = e^{-L d_H(y_v, a)}` for the symbol of each variable, it passes messages until the hard
decisions are a codeword:

.. math::

    \mu^{l+1}_{vf}(a) &\propto \bigl(g^l_v(a)\bigr)^{\gamma(l)} \mu^1_v(a) \prod_{f' \ne f} \mu^l_{f'v}(a) \quad (4) \\
    g^{l+1}_v(a) &\propto \bigl(g^l_v(a)\bigr)^{\gamma(l)} \mu^1_v(a) \prod_{f} \mu^l_{fv}(a) \quad (5)

and :math:`\gamma(l) = 1 - \gamma_0 \gamma_1^l`: a *larger* :math:`\gamma_0` is *less* reinforcement. Before the first
iteration there is no marginal, :math:`g^0 = 1`. With :math:`\gamma_0 = \gamma_1 = 1` this is plain belief propagation.

**When it has converged.** When the hard decisions of the marginals satisfy every check. The paper's rule, that the
messages do not change, cannot be it: messages also come to rest where the decisions are no codeword.

**Cost.** A check's messages are convolutions over the additive group of GF(q), that is products of Walsh-Hadamard
transforms. What is kept for each edge is the transform of its message to the check. A visit to a variable then
costs, for each of its edges, one product over the *other* edges of the check (nothing is ever divided out), one
transform back, the update, and one transform.

**Labels.** Scaling the symbol of a variable, or a whole check, by a non-zero constant changes the labels but not the
code. The kernels work with variables and checks so scaled that every label along a spanning forest of the graph is 1,
and only the others, n_edges - n - m + (number of components) of them, permute anything.

**Range.** Messages are float32. What comes back from a transform is clipped at 1e-8 of its sum, since rounding may make
it negative; :math:`g^\gamma \mu^1` is kept in units of its largest value or so, and clipped at 2**-64.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from jscc.gfq.construction import symbols_from_bits

__all__ = ["Encoding", "FixedPoint", "ReinforcedBP", "Trace", "fixed_point"]

_SCHEDULES = {"variable": 0, "fixed": 1, "check": 2, "flooding": 3}
_VARIABLE, _FIXED, _CHECK, _FLOODING = _SCHEDULES.values()

_FLOOR = np.float32(1e-8)
_ONE = np.float32(1.0)
_ZERO = np.float32(0.0)


@dataclass(frozen=True)
class Encoding:
    """What the compressor found for each sample.

    Attributes
    ----------
    symbols : ndarray of uint8, shape (samples, n_symbols)
        The reconstruction: a codeword where `converged`, else the hard decisions after the last iteration of
        the last trial, which are none.
    converged : ndarray of bool, shape (samples,)
        Whether `symbols` satisfies every check.
    iterations : ndarray of int64, shape (samples,)
        Iterations of all trials together.
    trials : ndarray of int64, shape (samples,)
        Trials begun, at least 1.
    distortion : ndarray of float64, shape (samples,)
        Fraction of the bits in which `symbols` differs from the source.
    """

    symbols: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray
    trials: np.ndarray
    distortion: np.ndarray


@dataclass(frozen=True)
class Trace:
    """One trial, looked at after every iteration; a marginal's "bit k" counts the bits of the word from 0.

    Attributes
    ----------
    unsatisfied : ndarray of int64, shape (iterations,)
        Checks that the hard decisions violate.
    distortion : ndarray of float64, shape (iterations,)
        Fraction of the bits in which the hard decisions differ from the source.
    entropy : ndarray of float64, shape (iterations,)
        Mean entropy of the marginals, in bits a symbol.
    largest : ndarray of int64, shape (iterations, bins)
        Histogram over the variables of the largest value of the marginal, in equal bins from 0 to 1.
    bit_marginals : ndarray of float64, shape (iterations, first_bits)
        P(bit = 1) of the first bits of the word.
    converged : bool
    symbols : ndarray of uint8, shape (n_symbols,)
        The last hard decisions.
    """

    unsatisfied: np.ndarray
    distortion: np.ndarray
    entropy: np.ndarray
    largest: np.ndarray
    bit_marginals: np.ndarray
    converged: bool
    symbols: np.ndarray


@dataclass(frozen=True)
class FixedPoint:
    """Messages of plain belief propagation where it has come to rest; index a of a message is the symbol a.

    Attributes
    ----------
    to_checks : ndarray of float32, shape (n_edges, q)
        Messages from variables to checks, in the order of ``graph.check_variables``; each sums to 1.
    to_variables : ndarray of float32, shape (n_edges, q)
        Messages from checks to variables; each sums to 1.
    marginals : ndarray of float32, shape (n_symbols, q)
        Each sums to 1.
    converged : bool
        Whether the last iteration changed no marginal by more than the tolerance.
    iterations : int
    """

    to_checks: np.ndarray
    to_variables: np.ndarray
    marginals: np.ndarray
    converged: bool
    iterations: int


class ReinforcedBP:
    """Lossy compressor of bits: reinforced belief propagation on a code over GF(2**p).

    Parameters
    ----------
    code : jscc.gfq.construction.GFqCode
        Any degrees will do, none included.
    gamma0, gamma1 : float
        In [0, 1]; the reinforcement after l iterations is ``1 - gamma0 * gamma1**l``.
    prior : float
        The paper's L, in nats per bit, at least 0. Near log((1 - D) / D) for the distortion D that is aimed at.
    schedule : {"variable", "fixed", "check", "flooding"}
        One after the other, the variables in a new random order each iteration; the variables in one random order per
        trial; the checks in a new random order each iteration; or all at once.
    max_iterations : int
        Of one trial, at least 1.
    max_trials : int
        At least 1. A trial that has not converged is followed by another, with new random orders. Flooding has
        nothing random, so that it is tried once.

    Raises
    ------
    ValueError
        If an option is none of those above.
    """

    def __init__(
        self,
        code,
        *,
        gamma0: float = 0.92,
        gamma1: float = 1.0,
        prior: float = 1.4,
        schedule: str = "variable",
        max_iterations: int = 300,
        max_trials: int = 5,
    ):
        for name, value in {"gamma0": gamma0, "gamma1": gamma1}.items():
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is {value}; expected a number in [0, 1]")
        for name, value in {"max_iterations": max_iterations, "max_trials": max_trials}.items():
            if int(value) != value or value < 1:
                raise ValueError(f"{name} is {value}; expected a whole number of at least 1")
        if not 0 <= prior < np.inf:
            raise ValueError(f"prior is {prior}; expected a finite number of at least 0, in nats per bit")
        if schedule not in _SCHEDULES:
            raise ValueError(f"schedule is {schedule!r}; expected one of {', '.join(map(repr, _SCHEDULES))}")
        self.code = code
        self.gamma0, self.gamma1, self.prior = float(gamma0), float(gamma1), float(prior)
        self.schedule = schedule
        self.max_iterations, self.max_trials = int(max_iterations), int(max_trials)
        self._gammas = (1 - self.gamma0 * self.gamma1 ** np.arange(1, self.max_iterations + 1)).astype(np.float32)
        self._graph = _Graph.build(code)

    def encode(self, bits, rng: np.random.Generator) -> Encoding:
        """Find a codeword near each sample.

        Parameters
        ----------
        bits : array_like of 0 and 1, shape (n_bits,) or (samples, n_bits)
            The first bit of a symbol is its most significant one.
        rng : numpy.random.Generator
            The k-th sample has the k-th seed drawn from it: its result does not depend on the other samples.

        Returns
        -------
        Encoding
            A single sample has its axis of length 1 too.

        Raises
        ------
        ValueError
            If `bits` has another shape or holds anything but 0 and 1.
        """
        source = _symbols(bits, self.code)
        seeds = rng.integers(1, 2**63, size=len(source), dtype=np.uint64)
        symbols = np.empty_like(source)
        converged = np.zeros(len(source), bool)
        iterations = np.zeros(len(source), np.int64)
        trials = np.zeros(len(source), np.int64)
        distortion = np.empty(len(source))
        run = _Run(self, keep_marginals=False)
        for i, word in enumerate(source):
            run.load(word, seeds[i])
            while not converged[i] and trials[i] < (1 if self.schedule == "flooding" else self.max_trials):
                run.start()
                done, unsatisfied = run.sweep(self._gammas)
                converged[i] = unsatisfied == 0
                iterations[i] += done
                trials[i] += 1
            symbols[i] = run.symbols()
            distortion[i] = run.distortion()
        return Encoding(symbols, converged, iterations, trials, distortion)

    def trace(self, bits, rng: np.random.Generator, *, bins: int = 20, first_bits: int = 0) -> Trace:
        """Run one trial on one sample and say after every iteration where it stands.

        Parameters
        ----------
        bits : array_like of 0 and 1, shape (n_bits,)
        rng : numpy.random.Generator
            The trial is the first one of ``encode(bits, rng)``.
        bins : int
            Bins of the histogram, at least 1.
        first_bits : int
            How many of the word's bits to follow, 0 to n_bits.

        Returns
        -------
        Trace

        Raises
        ------
        ValueError
            If an argument is none of those above.
        """
        code = self.code
        if np.ndim(bits) != 1:
            raise ValueError(f"bits has shape {np.shape(bits)}; expected ({code.n_bits},)")
        if int(bins) != bins or bins < 1:
            raise ValueError(f"bins is {bins}; expected a whole number of at least 1")
        if int(first_bits) != first_bits or not 0 <= first_bits <= code.n_bits:
            raise ValueError(f"first_bits is {first_bits}; expected a whole number from 0 to {code.n_bits}")
        run = _Run(self, keep_marginals=True)
        run.load(_symbols(bits, code)[0], rng.integers(1, 2**63, size=1, dtype=np.uint64)[0])
        run.start()
        p = code.field.p
        is_one = np.arange(code.field.q)[:, None] >> np.arange(p - 1, -1, -1) & 1  # (q, p)
        followed = -(-first_bits // p)
        unsatisfied, distortion, entropy, largest, bit_marginals = [], [], [], [], []
        for k in range(self.max_iterations):
            unsatisfied.append(run.sweep(self._gammas[k : k + 1])[1])
            marginals = run.marginals()
            distortion.append(run.distortion())
            entropy.append(-(marginals * np.log2(np.maximum(marginals, 1e-30))).sum(axis=1).mean())
            largest.append(np.histogram(marginals.max(axis=1), bins, (0, 1))[0])
            bit_marginals.append((marginals[:followed] @ is_one).ravel()[:first_bits])
            if unsatisfied[-1] == 0:
                break
        return Trace(
            np.array(unsatisfied),
            np.array(distortion),
            np.array(entropy, dtype=np.float64),
            np.array(largest),
            np.array(bit_marginals, dtype=np.float64),
            unsatisfied[-1] == 0,
            run.symbols(),
        )


def fixed_point(
    code,
    bits,
    prior: float,
    rng: np.random.Generator,
    *,
    schedule: str = "variable",
    max_iterations: int = 1000,
    tolerance: float = 1e-5,
) -> FixedPoint:
    """Run plain belief propagation, without reinforcement, until its marginals do not change.

    Parameters
    ----------
    code : jscc.gfq.construction.GFqCode
    bits : array_like of 0 and 1, shape (n_bits,)
        Where the prior is centred.
    prior : float
        The paper's L, in nats per bit.
    rng : numpy.random.Generator
        For the order of the updates.
    schedule, max_iterations
        As those of `ReinforcedBP`.
    tolerance : float
        It has converged when an iteration changes no value of any marginal by more than this. Rounding limits
        what can be asked for to about 1e-6.

    Returns
    -------
    FixedPoint

    Raises
    ------
    ValueError
        If an argument is none of those above.
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance is {tolerance}; expected a number of at least 0")
    if np.ndim(bits) != 1:
        raise ValueError(f"bits has shape {np.shape(bits)}; expected ({code.n_bits},)")
    bp = ReinforcedBP(code, gamma0=1.0, prior=prior, schedule=schedule, max_iterations=max_iterations)
    run = _Run(bp, keep_marginals=True)
    run.load(_symbols(bits, code)[0], rng.integers(1, 2**63, size=1, dtype=np.uint64)[0])
    run.start()
    before = np.full_like(run.kept, np.inf)
    iterations, converged = 0, False
    while not converged and iterations < max_iterations:
        # One sweep at a time: no sweep is left out because the decisions happen to be a codeword.
        run.sweep(bp._gammas[:1])
        iterations += 1
        converged = bool(np.abs(run.kept - before).max(initial=0) <= tolerance)
        before[:] = run.kept
    to_checks, to_variables, marginals = run.messages()
    return FixedPoint(to_checks, to_variables, marginals, converged, iterations)


def _symbols(bits, code) -> np.ndarray:
    """Check bits of shape (n_bits,) or (samples, n_bits) and group them: uint8, shape (samples, n_symbols)."""
    bits = np.asarray(bits)
    p, n = code.field.p, code.n_symbols
    if bits.ndim not in (1, 2) or bits.shape[-1] != n * p:
        raise ValueError(f"bits has shape {bits.shape}; expected ({n * p},) or (samples, {n * p})")
    return symbols_from_bits(bits, p).reshape(-1, n)


# ---------------------------------------------------------------------------------------------
# The graph and the messages
# ---------------------------------------------------------------------------------------------


class _Graph(NamedTuple):
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
    def build(cls, code) -> _Graph:
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


class _State(NamedTuple):
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


def _aligned(rows: int, q: int, dtype=np.float32) -> np.ndarray:
    """An empty array whose rows do not lie across more cache lines than they have to."""
    size = rows * q * np.dtype(dtype).itemsize
    space = np.empty(size + 64, np.uint8)
    start = -space.ctypes.data % 64
    return space[start : start + size].view(dtype).reshape(rows, q)


class _Run:
    """One sample at a time on its way through the kernels."""

    def __init__(self, bp: ReinforcedBP, keep_marginals: bool):
        self.graph = bp._graph
        self.field = bp.code.field
        n, edges, q = bp.code.n_symbols, len(self.graph.labels), self.field.q
        self.schedule = _SCHEDULES[bp.schedule]
        self.prior = np.float32(bp.prior / np.log(2))
        variable_degree = int(np.diff(self.graph.variable_start).max(initial=0))
        ordered = len(self.graph.check_start) - 1 if bp.schedule == "check" else n
        self.state = _State(
            _aligned(n, q, np.uint8),
            _aligned(n, q),
            _aligned(edges, q),
            _aligned(edges if bp.schedule == "flooding" else 0, q),
            np.empty(n, np.uint8),
            _aligned(n if keep_marginals else 0, q),
            np.arange(ordered, dtype=np.int32),
            np.empty(1, np.uint64),
            _aligned(variable_degree, q),
            _aligned(edges if bp.schedule == "check" else 0, q),
            _aligned(1, q)[0],
            _aligned(1, q)[0],
            _aligned(1, q)[0],
        )
        self.kept = self.state.marginals
        # The kernels are compiled for each p; see `_transform`.
        self.constant_p = (0,) * self.field.p

    def load(self, source: np.ndarray, seed: np.uint64) -> None:
        """Take the symbols of a sample and the seed of all its trials."""
        self.state.random[0] = seed
        self.state.order[:] = np.arange(len(self.state.order))
        _set_distances(source, self.graph.scale, self.graph.product, self.state.distance)

    def start(self) -> None:
        """Begin a trial."""
        _start(self.graph, self.state, self.schedule, self.prior, self.field.q, self.constant_p)

    def sweep(self, gammas: np.ndarray) -> tuple[int, int]:
        """Run an iteration for each gamma or until all checks hold; iterations run, and checks that do not hold."""
        rest = self.prior, gammas, self.field.q, self.constant_p
        if self.schedule == _CHECK:
            return _sweep_checks(self.graph, self.state, *rest)
        return _sweep_variables(self.graph, self.state, self.schedule, *rest)

    def symbols(self) -> np.ndarray:
        return self.field.product[self.field.inverse[self.graph.scale], self.state.decisions]

    def distortion(self) -> float:
        n = len(self.state.decisions)
        return int(self.state.distance[np.arange(n), self.state.decisions].sum()) / (n * self.field.p)

    def marginals(self) -> np.ndarray:
        """Shape (n, q), by the code's own symbols."""
        return np.take_along_axis(self.kept, self.field.product[self.graph.scale].astype(np.intp), axis=1)

    def messages(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Messages to the checks, to the variables, and the marginals that follow; gamma is 0."""
        to_variables = np.empty_like(self.state.messages)
        to_checks = np.empty_like(self.state.messages)
        marginals = np.empty_like(self.state.tilted)
        out = to_checks, to_variables, marginals
        _read_messages(self.graph, self.state, self.schedule, self.field.q, self.constant_p, *out)
        scale = self.field.product[self.graph.scale].astype(np.intp)
        by_edge = scale[self.graph.edge_variable]
        by_check = self.graph.check_edges
        return (
            np.take_along_axis(to_checks, by_edge, axis=1)[by_check],
            np.take_along_axis(to_variables, by_edge, axis=1)[by_check],
            np.take_along_axis(marginals, scale, axis=1),
        )


# ---------------------------------------------------------------------------------------------
# Kernels. Sums may be taken in any order, which lets the compiler use vector instructions. The number of steps of a
# loop is the argument q: loops of few and known steps would be unrolled, and then not vectorised. `ps` is a tuple of p
# zeros, from which the compiler knows p where it has to.
# ---------------------------------------------------------------------------------------------

_FASTMATH = {"contract", "reassoc", "nsz", "arcp", "nnan"}
# The kernels create no array. To count who uses the arrays that they are given (`_nrt`) would take a third of the time.
_jit = njit(error_model="numpy", nogil=True, cache=True, _nrt=False, fastmath=_FASTMATH)
# Put into the caller's body: a call would hand over seven numbers for each array.
_inline = njit(error_model="numpy", forceinline=True, cache=True, _nrt=False, fastmath=_FASTMATH)


def _instructions(plain):
    """Instructions that the compiler would not make of the function `plain`, which stands for them without it."""
    return lambda typed: plain if config.DISABLE_JIT else intrinsic(typed)


def _fetch_plain(array, row, column):
    """Ask the memory for an element that will be needed soon; this changes nothing."""


@_instructions(_fetch_plain)
def _fetch(typing_context, array, row, column):
    def generate(context, builder, signature, arguments):
        kind = signature.args[0]
        fields = context.make_array(kind)(context, builder, arguments[0])
        pointer = cgutils.get_item_pointer(context, builder, kind, fields, arguments[1:])
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        prefetch = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), [byte, word, word, word]), "llvm.prefetch.p0"
        )
        # To be read (0), and kept in all caches (3), as data (1).
        builder.call(prefetch, [builder.bitcast(pointer, byte), word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(array, types.intp, types.intp), generate


def _transform_plain(x, ps):
    """The Walsh-Hadamard transform of x, in place."""
    for k in range(len(ps)):
        pairs = x.reshape(-1, 2, 1 << k)
        low, high = pairs[:, 0] + pairs[:, 1], pairs[:, 0] - pairs[:, 1]
        pairs[:, 0], pairs[:, 1] = low, high


@_instructions(_transform_plain)
def _transform(typing_context, x, ps):
    """Written out without a loop, on vectors of eight numbers that stay in registers for up to six stages."""

    def generate(context, builder, signature, arguments):
        p = signature.args[1].count
        width = min(8, 1 << p)
        vector, places = ir.VectorType(ir.FloatType(), width), ir.VectorType(ir.IntType(32), width)
        fields = context.make_array(signature.args[0])(context, builder, arguments[0])
        start = builder.bitcast(fields.data, vector.as_pointer())

        def within(a, stride):
            """A stage that pairs the numbers of a vector: what is `stride` away, plus or minus itself."""
            partner = ir.Constant(places, [i ^ stride for i in range(width)])
            signs = ir.Constant(vector, [-1.0 if i & stride else 1.0 for i in range(width)])
            swapped = builder.shuffle_vector(a, ir.Constant(vector, ir.Undefined), partner)
            return builder.fadd(builder.fmul(a, signs, flags=["contract"]), swapped, flags=["contract"])

        def across(block):
            """All stages that pair the vectors of a block."""
            stride = 1
            while stride < len(block):
                for i in range(len(block)):
                    if not i & stride:
                        a, b = block[i], block[i + stride]
                        block[i], block[i + stride] = builder.fadd(a, b), builder.fsub(a, b)
                stride *= 2

        # Registers hold eight neighbours and what the stages need besides; the others meet in a second pass.
        n = (1 << p) // width
        blocks = [(True, range(i, min(i + 8, n))) for i in range(0, n, 8)]
        blocks += [(False, range(i, n, 8)) for i in range(8) if n > 8]
        for first_pass, vectors in blocks:
            pointers = [builder.gep(start, [ir.IntType(32)(i)], source_etype=vector) for i in vectors]
            block = [builder.load(pointer, typ=vector, align=4) for pointer in pointers]
            if first_pass:
                for k in range(min(p, 3)):
                    block = [within(a, 1 << k) for a in block]
            across(block)
            for a, pointer in zip(block, pointers, strict=True):
                builder.store(a, pointer, align=4)
        return context.get_dummy_value()

    return types.void(x, ps), generate


@_inline
def _fetch_row(array, row, q):
    for a in range(0, q, 64 // array.itemsize):
        _fetch(array, row, a)


@_jit
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


@_jit
def _set_distances(source, scale, product, distance):
    for v in range(len(source)):
        for a in range(distance.shape[1]):
            difference = source[v] ^ a
            weight = 0
            while difference:
                weight += difference & 1
                difference >>= 1
            distance[v, product[scale[v], a]] = weight


@_inline
def _power_of_two(x):
    """2**(x - 64) for x from 0 to 64."""
    whole = np.int32(x)
    f = x - np.float32(whole)
    # 2**f by a polynomial of degree 4 with the least relative error, 2.6e-6; 2**(whole - 64) by the exponent's bits.
    power = np.float32(0.05201146 * 2.0**-64) + np.float32(0.01353417 * 2.0**-64) * f
    power = np.float32(0.24144276 * 2.0**-64) + power * f
    power = np.float32(0.69300383 * 2.0**-64) + power * f
    power = np.float32(1.00000259 * 2.0**-64) + power * f
    return np.int32(np.float32(power).view(np.int32) + np.int32(whole << np.int32(23))).view(np.float32)


@_inline
def _log2(x):
    """log2(x) for a positive normal x, up to a constant."""
    bits = np.float32(x).view(np.int32)
    m = np.int32((bits & np.int32(0x7FFFFF)) | np.int32(0x3F800000)).view(np.float32) - _ONE
    # The bits read as a number are the exponent plus m; log2(1 + m) - m has a polynomial of degree 5 with the least
    # error, 1.3e-5.
    poly = np.float32(-0.192195583) + np.float32(0.044873589) * m
    poly = np.float32(0.413630075) + poly * m
    poly = np.float32(-0.707992636) + poly * m
    poly = np.float32(0.441684555) + poly * m
    return np.float32(bits) * np.float32(2.0**-23) + poly * m


@_inline
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


@_inline
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


@_inline
def _send(graph, edge, x, y, q, ps, out):
    """Row `edge` of out = the transform of the message x, seen from the check, as probabilities; uses up x and y."""
    label = graph.labels[edge]
    if label == 1:
        seen = x
    else:
        seen = y
        for a in range(q):
            seen[graph.product[label, a]] = x[a]
    _transform(seen, ps)
    factor = _ONE / seen[0]
    for a in range(q):
        out[edge, a] = seen[a] * factor


@_inline
def _receive(graph, edge, transforms, x, q, ps, out, row):
    """A row of out = q times the message of the check over an edge, from the transforms of its other edges."""
    start, stop = graph.others_start[edge], graph.others_start[edge + 1]
    if stop - start > 1:
        one, two = graph.others[start], graph.others[start + 1]
        for a in range(q):
            x[a] = transforms[one, a] * transforms[two, a]
        for k in range(start + 2, stop):
            one = graph.others[k]
            for a in range(q):
                x[a] *= transforms[one, a]
    elif stop - start == 1:
        one = graph.others[start]
        for a in range(q):
            x[a] = transforms[one, a]
    else:
        for a in range(q):
            x[a] = _ONE
    _transform(x, ps)
    floor = _FLOOR * np.float32(q)
    label = graph.labels[edge]
    if label == 1:
        for a in range(q):
            out[row, a] = max(x[a], floor)
    else:
        for a in range(q):
            out[row, a] = max(x[graph.product[label, a]], floor)


@_inline
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
        shift = np.float32(64.0) - gamma * _log2(np.int32(largest).view(np.float32))
        for a in range(q):
            exponent = gamma * _log2(g[a]) + shift - prior * np.float32(state.distance[v, a])
            state.tilted[v, a] = _power_of_two(max(exponent, _ZERO))


@_inline
def _visit_variable(graph, state, v, following, read, write, gamma, prior, q, ps):
    """All messages to variable v, then those from it, then its marginal; fetches what the variable after it needs."""
    start, stop = graph.variable_start[v], graph.variable_start[v + 1]
    ahead, ahead_stop = graph.variable_start[following], graph.variable_start[following + 1]
    for edge in range(start, stop):
        if ahead < ahead_stop:
            for k in range(graph.others_start[ahead], graph.others_start[ahead + 1]):
                _fetch_row(read, graph.others[k], q)
            ahead += 1
        _receive(graph, edge, read, state.x, q, ps, state.received, edge - start)
    _fetch_row(state.tilted, following, q)
    _fetch_row(state.distance, following, q)
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


@_inline
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


@_jit
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


@_jit
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


@_jit
def _start(graph, state, schedule, prior, q, ps):
    """The first messages: from variables the prior, from checks nothing."""
    for v in range(len(state.decisions)):
        for a in range(q):
            exponent = np.float32(64.0) - prior * np.float32(state.distance[v, a])
            state.tilted[v, a] = _power_of_two(max(exponent, _ZERO))
        for edge in range(graph.variable_start[v], graph.variable_start[v + 1]):
            if schedule == _CHECK:
                for a in range(q):
                    state.messages[edge, a] = _ONE
            else:
                for a in range(q):
                    state.x[a] = state.tilted[v, a]
                _send(graph, edge, state.x, state.y, q, ps, state.messages)
    if schedule == _FIXED:
        _shuffle(state.order, state.random)


@_jit
def _sweep_variables(graph, state, schedule, prior, gammas, q, ps):
    """An iteration for each gamma, or until every check holds; how many, and checks that do not hold."""
    n = len(state.decisions)
    unsatisfied = len(graph.check_start) - 1
    for done in range(len(gammas)):
        if schedule == _VARIABLE:
            _shuffle(state.order, state.random)
        read = state.messages
        if schedule == _FLOODING:
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


@_jit
def _sweep_checks(graph, state, prior, gammas, q, ps):
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


@_inline
def _normalise(x, row, q):
    total = _ZERO
    for a in range(q):
        total += x[row, a]
    factor = _ONE / total
    for a in range(q):
        x[row, a] *= factor


@_jit
def _read_messages(graph, state, schedule, q, ps, to_checks, to_variables, marginals):
    """Messages to the variables, and what the variables make of them."""
    for edge in range(len(graph.labels)):
        if schedule == _CHECK:
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

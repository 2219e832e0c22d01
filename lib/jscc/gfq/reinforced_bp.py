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

from dataclasses import dataclass, fields

import numpy as np

from jscc.gfq._messages import Graph
from jscc.gfq.code import GFqCode, bits_from_symbols
from jscc.gfq.trial import Trial, check_options
from jscc.soft import as_batch

__all__ = ["FixedPoint", "Quantised", "ReinforcedBP", "Trace", "fixed_point"]


@dataclass(frozen=True, repr=False)
class Quantised:
    """What was found for each source word; for a single word without the leading axis.

    Attributes
    ----------
    symbols : ndarray of uint8, shape (words, n_symbols)
        The reconstruction: a codeword where `converged`, else the hard decisions after the last iteration of
        the last trial, which are none.
    converged : ndarray of bool, shape (words,)
        Whether `symbols` satisfies every check.
    iterations : ndarray of int64, shape (words,)
        Iterations of all trials together.
    trials : ndarray of int64, shape (words,)
        Trials begun, at least 1.
    distortion : ndarray of float64, shape (words,)
        Fraction of the bits in which `symbols` differs from the source.
    bits : ndarray of uint8, shape (words, n_bits)
        The bits of `symbols`, in the order of the source's.
    """

    symbols: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray
    trials: np.ndarray
    distortion: np.ndarray
    bits: np.ndarray

    def first(self) -> Quantised:
        """The result of the first word, without the leading axis."""
        return type(self)(*(getattr(self, field.name)[0] for field in fields(self)))

    def __repr__(self) -> str:
        words, done = np.size(self.converged), np.count_nonzero(self.converged)
        mean = f", mean distortion {np.mean(self.distortion):.4g}" if words else ""
        return f"Quantised({words} x {self.bits.shape[-1]} bits, {done} converged{mean})"


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        state = "converged" if self.converged else f"{self.unsatisfied[-1]} checks unsatisfied"
        return f"Trace({len(self.unsatisfied)} iterations, {state}, distortion {self.distortion[-1]:.4g})"


@dataclass(frozen=True, repr=False)
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

    def __repr__(self) -> str:
        state = "converged" if self.converged else "not converged"
        n, q = self.marginals.shape
        return f"FixedPoint({n} symbols of GF({q}), {state} in {self.iterations} iterations)"


class ReinforcedBP:
    """Lossy compressor of bits: reinforced belief propagation on a code over GF(2**p).

    Parameters
    ----------
    code : GFqCode
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

    Examples
    --------
    >>> import numpy as np
    >>> from jscc.gfq import ReinforcedBP, ultra_sparse
    >>> bp = ReinforcedBP(ultra_sparse(600, 0.5, 4, 0, reduction=5), gamma0=0.8, prior=2.0)
    >>> bp
    ReinforcedBP(GFqCode(600 symbols, 295 checks, GF(16), rate 0.508), gamma0=0.8, prior=2)
    >>> source = np.random.default_rng(0).integers(0, 2, (3, 2400))
    >>> found = bp.quantise(source, 0)
    >>> found.converged, bp.code.syndrome(found.symbols).any()
    (array([ True,  True,  True]), np.False_)
    >>> bool(found.distortion.max() < 0.15)
    True
    """

    def __init__(
        self,
        code: GFqCode,
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
                raise ValueError(f"{name}={value} given, a number in [0, 1] is expected")
        check_options(prior, schedule)
        self.max_iterations = _whole("max_iterations", max_iterations, 1)
        self.max_trials = _whole("max_trials", max_trials, 1)
        self.code = code
        self.gamma0, self.gamma1 = float(gamma0), float(gamma1)
        self.prior, self.schedule = float(prior), schedule
        self._graph = Graph.build(code)

    def __repr__(self) -> str:
        defaults = {"gamma1": 1.0, "schedule": "variable", "max_iterations": 300, "max_trials": 5}
        others = (
            f", {name}={getattr(self, name)!r}" for name, usual in defaults.items() if getattr(self, name) != usual
        )
        return f"ReinforcedBP({self.code!r}, gamma0={self.gamma0:g}, prior={self.prior:g}{''.join(others)})"

    def gammas(self) -> np.ndarray:
        """The reinforcement of each iteration of a trial, float32, shape (max_iterations,)."""
        return (1 - self.gamma0 * self.gamma1 ** np.arange(1, self.max_iterations + 1)).astype(np.float32)

    def quantise(self, source, rng: int | np.random.Generator) -> Quantised:
        """Find a codeword near each source word.

        Parameters
        ----------
        source : array_like of 0 and 1, shape (n_bits,) or (words, n_bits)
            The first bit of a symbol is its most significant one.
        rng : int or numpy.random.Generator
            The k-th word has the k-th seed drawn from it: its result does not depend on the other words.

        Returns
        -------
        Quantised

        Raises
        ------
        ValueError
            If `source` has another shape or holds anything but 0 and 1.
        """
        batch, single = as_batch(source, self.code.n_bits, "source", np.uint8)
        words, trial, gammas = len(batch), self._fresh_trial(keep_marginals=False), self.gammas()
        seeds = _seeds(rng, words)
        symbols = np.empty((words, self.code.n_symbols), np.uint8)
        converged = np.zeros(words, bool)
        iterations = np.zeros(words, np.int64)
        trials = np.zeros(words, np.int64)
        distortion = np.empty(words)
        for i, word in enumerate(batch):
            trial.load(word, seeds[i])
            while not converged[i] and trials[i] < (1 if self.schedule == "flooding" else self.max_trials):
                trial.start()
                done, unsatisfied = trial.sweep(gammas)
                converged[i] = unsatisfied == 0
                iterations[i] += done
                trials[i] += 1
            symbols[i] = trial.symbols()
            distortion[i] = trial.distortion()
        bits = bits_from_symbols(symbols, self.code.field.p)
        found = Quantised(symbols, converged, iterations, trials, distortion, bits)
        return found.first() if single else found

    def trace(self, source, rng: int | np.random.Generator, *, bins: int = 20, first_bits: int = 0) -> Trace:
        """Run one trial on one word and say after every iteration where it stands.

        Parameters
        ----------
        source : array_like of 0 and 1, shape (n_bits,)
        rng : int or numpy.random.Generator
            The trial is the first one of ``quantise(source, rng)``.
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
        code, p = self.code, self.code.field.p
        bins, first_bits = _whole("bins", bins, 1), _whole("first_bits", first_bits, 0, code.n_bits)
        trial = self._fresh_trial(keep_marginals=True)
        trial.load(source, _seeds(rng, 1)[0])
        trial.start()
        is_one = np.arange(code.field.q)[:, None] >> np.arange(p - 1, -1, -1) & 1  # (q, p)
        followed = -(-first_bits // p)
        gammas = self.gammas()
        unsatisfied, distortion, entropy, largest, bit_marginals = [], [], [], [], []
        for k in range(self.max_iterations):
            unsatisfied.append(trial.sweep(gammas[k : k + 1])[1])
            marginals = trial.marginals()
            distortion.append(trial.distortion())
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
            trial.symbols(),
        )

    def _fresh_trial(self, keep_marginals: bool) -> Trial:
        """Messages of their own for each call, on one graph: two threads may quantise at once."""
        options = {"prior": self.prior, "schedule": self.schedule, "graph": self._graph}
        return Trial(self.code, keep_marginals=keep_marginals, **options)


def fixed_point(
    code: GFqCode,
    source,
    prior: float,
    rng: int | np.random.Generator,
    *,
    schedule: str = "variable",
    max_iterations: int = 1000,
    tolerance: float = 1e-5,
) -> FixedPoint:
    """Run plain belief propagation, without reinforcement, until its marginals do not change.

    Parameters
    ----------
    code : GFqCode
    source : array_like of 0 and 1, shape (n_bits,)
        Where the prior is centred.
    prior : float
        The paper's L, in nats per bit.
    rng : int or numpy.random.Generator
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

    Examples
    --------
    >>> import numpy as np
    >>> from jscc.gfq import fixed_point, ultra_sparse
    >>> code = ultra_sparse(100, 0.5, 4, 0)
    >>> fixed_point(code, np.zeros(400, int), 1.0, 0).converged
    True
    """
    if not tolerance >= 0:
        raise ValueError(f"tolerance={tolerance} given, a number of at least 0 is expected")
    max_iterations = _whole("max_iterations", max_iterations, 1)
    trial = Trial(code, prior=prior, schedule=schedule)
    trial.load(source, _seeds(rng, 1)[0])
    trial.start()
    before = np.full((code.n_symbols, code.field.q), np.inf, np.float32)
    iterations, converged = 0, False
    while not converged and iterations < max_iterations:
        # One sweep at a time: no sweep is left out because the decisions happen to be a codeword.
        trial.sweep([0.0])
        iterations += 1
        marginals = trial.marginals()
        converged = bool(np.abs(marginals - before).max(initial=0) <= tolerance)
        before = marginals
    to_checks, to_variables, marginals = trial.messages()
    return FixedPoint(to_checks, to_variables, marginals, converged, iterations)


def _seeds(rng: int | np.random.Generator, words: int) -> np.ndarray:
    return np.random.default_rng(rng).integers(1, 2**63, size=words, dtype=np.uint64)


def _whole(name: str, value, least: int, most: int | None = None) -> int:
    """The value as an int, if it is a whole number in the range."""
    if not np.isfinite(value) or int(value) != value or value < least or (most is not None and value > most):
        what = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise ValueError(f"{name}={value} given, a whole number {what} is expected")
    return int(value)

"""A trial of reinforced belief propagation, one iteration at a time."""

from __future__ import annotations

import numpy as np

from jscc.gfq import _messages
from jscc.gfq._messages import CHECK, FIXED, FLOODING, VARIABLE, Graph, State, aligned
from jscc.gfq.code import GFqCode, symbols_from_bits
from jscc.soft import as_batch

__all__ = ["Trial", "check_options"]

# A marginal may fall by 2**-64 of the largest value and no further: a prior beyond that is as good as infinite.
_LARGEST_PRIOR = 64.0

_SCHEDULES = {"variable": VARIABLE, "fixed": FIXED, "check": CHECK, "flooding": FLOODING}


def check_options(prior: float, schedule: str) -> None:
    """Raise a ValueError if these are no options of a `Trial`."""
    if not 0 <= prior < np.inf:
        raise ValueError(f"prior={prior} given, a finite number of at least 0, in nats per bit, is expected")
    if schedule not in _SCHEDULES:
        raise ValueError(f"schedule={schedule!r} given, one of {', '.join(map(repr, _SCHEDULES))} is expected")


class Trial:
    """The messages on a code's graph, for one source word at a time.

    Belief propagation in slow motion: `load` a word, `start`, then `sweep` and look. The schedules and the meaning of
    the numbers are those of `jscc.gfq.reinforced_bp.ReinforcedBP`.

    Parameters
    ----------
    code : GFqCode
    prior : float
        The paper's L, in nats per bit.
    schedule : {"variable", "fixed", "check", "flooding"}
    keep_marginals : bool
        Whether `marginals` can be asked for; it takes a little time.
    graph : Graph, optional
        Of another trial on the same code, to save building it.

    Attributes
    ----------
    order : ndarray of int32
        The variables, or for "check" the checks, in the order of the last iteration.

    Examples
    --------
    >>> import numpy as np
    >>> from jscc.gfq import Trial, ultra_sparse
    >>> code = ultra_sparse(100, 0.5, 4, 0, reduction=2)
    >>> trial = Trial(code, prior=2.0)
    >>> trial.load(np.random.default_rng(0).integers(0, 2, code.n_bits), seed=1)
    >>> trial.start()
    >>> done, unsatisfied = trial.sweep([0.2] * 100)
    >>> done < 100, unsatisfied, code.syndrome(trial.symbols()).any()
    (True, 0, np.False_)
    >>> trial.marginals().shape
    (100, 16)
    """

    def __init__(
        self,
        code: GFqCode,
        *,
        prior: float,
        schedule: str = "variable",
        keep_marginals: bool = True,
        graph: Graph | None = None,
    ) -> None:
        check_options(prior, schedule)
        self.code, self.prior, self.schedule = code, float(prior), schedule
        self.graph = Graph.build(code) if graph is None else graph
        n, edges, q = code.n_symbols, len(self.graph.labels), code.field.q
        variable_degree = int(np.diff(self.graph.variable_start).max(initial=0))
        self.order = np.arange(code.n_checks if schedule == "check" else n, dtype=np.int32)
        self._kept = aligned(n if keep_marginals else 0, q)
        self._state = State(
            distance=aligned(n, q, np.uint8),
            tilted=aligned(n, q),
            messages=aligned(edges, q),
            spare=aligned(edges if schedule == "flooding" else 0, q),
            decisions=np.zeros(n, np.uint8),
            marginals=self._kept,
            order=self.order,
            random=np.empty(1, np.uint64),
            received=aligned(variable_degree, q),
            sent=aligned(edges if schedule == "check" else 0, q),
            g=aligned(1, q)[0],
            x=aligned(1, q)[0],
            y=aligned(1, q)[0],
        )
        self._prior = np.float32(min(prior / np.log(2), _LARGEST_PRIOR))
        # The kernels are compiled for each p; see `jscc.gfq._transform.transform`.
        self._rest = q, (0,) * code.field.p

    def __repr__(self) -> str:
        return f"Trial({self.code!r}, prior={self.prior:g}, schedule={self.schedule!r})"

    def load(self, source, seed: int) -> None:
        """Take a source word, and the seed of the orders of all its trials.

        Parameters
        ----------
        source : array_like of 0 and 1, shape (n_bits,)
            The first bit of a symbol is its most significant one.
        seed : int
            1 to 2**64 - 1.

        Raises
        ------
        ValueError
            If an argument is none of these.
        """
        batch, single = as_batch(source, self.code.n_bits, "source", np.uint8)
        if not single:
            raise ValueError(f"source of shape {batch.shape} given, ({self.code.n_bits},) is expected")
        if not 1 <= int(seed) < 1 << 64:
            raise ValueError(f"seed={seed} given, 1 to 2**64 - 1 is expected")
        self._state.random[0] = int(seed)
        self.order[:] = np.arange(len(self.order))
        symbols = symbols_from_bits(batch[0], self.code.field.p)
        _messages.set_distances(symbols, self.graph.scale, self.graph.product, self._state.distance)

    def start(self) -> None:
        """Begin a trial anew: from the variables comes the prior, from the checks nothing."""
        _messages.start(self.graph, self._state, _SCHEDULES[self.schedule], self._prior, *self._rest)

    def sweep(self, gammas) -> tuple[int, int]:
        """Run an iteration for each gamma, or until every check holds.

        Parameters
        ----------
        gammas : array_like of float, shape (iterations,)
            Reinforcement: 0 is plain belief propagation.

        Returns
        -------
        done : int
            Iterations that were run.
        unsatisfied : int
            Checks that the decisions violate.
        """
        rest = self._prior, np.asarray(gammas, np.float32), *self._rest
        if self.schedule == "check":
            return _messages.sweep_checks(self.graph, self._state, *rest)
        return _messages.sweep_variables(self.graph, self._state, _SCHEDULES[self.schedule], *rest)

    def symbols(self) -> np.ndarray:
        """The hard decisions, uint8, shape (n_symbols,)."""
        field = self.code.field
        return field.product[field.inverse[self.graph.scale], self._state.decisions]

    def distortion(self) -> float:
        """Fraction of the bits in which the hard decisions differ from the source."""
        n = len(self._state.decisions)
        return int(self._state.distance[np.arange(n), self._state.decisions].sum()) / (n * self.code.field.p)

    def marginals(self) -> np.ndarray:
        """Float32, shape (n_symbols, q), each summing to 1; shape (0, q) if they are not kept."""
        return self._by_symbol(self._kept, self.graph.scale[: len(self._kept)])

    def messages(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Messages of plain belief propagation: to the checks, to the variables, and the marginals that follow.

        Returns
        -------
        to_checks, to_variables : ndarray of float32, shape (n_edges, q)
            In the order of ``code.graph.check_variables``; each sums to 1.
        marginals : ndarray of float32, shape (n_symbols, q)
        """
        to_variables = np.empty_like(self._state.messages)
        to_checks = np.empty_like(self._state.messages)
        marginals = np.empty_like(self._state.tilted)
        out = to_checks, to_variables, marginals
        _messages.read_messages(self.graph, self._state, _SCHEDULES[self.schedule], *self._rest, *out)
        scale, by_check = self.graph.scale[self.graph.edge_variable], self.graph.check_edges
        return (
            self._by_symbol(to_checks, scale)[by_check],
            self._by_symbol(to_variables, scale)[by_check],
            self._by_symbol(marginals, self.graph.scale),
        )

    def _by_symbol(self, rows: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Rows that the kernels index by a scaled symbol, by the code's own symbols."""
        return np.take_along_axis(rows, self.code.field.product[scale].astype(np.intp), axis=1)

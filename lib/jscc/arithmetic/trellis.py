r"""Decoding arithmetic codes on a bit-clock trellis (paper 3, section 3.4 and references 15, 17 and 18).

The trellis is `BitMachine` unrolled: l steps of one bit each, and in a step every edge of the machine. A path from the
first state to the last is the codeword of a packet. Its metric is equation (7) up to what all words share,

.. math:: M = \ln P(s) - \sum_{j:\, b_j \ne y_j} |\Lambda_j| ,

with y the received decisions and P(s) the product of the source's probabilities. An edge has its share of both.

With :math:`\alpha_t(s)` the best metric of what leads to a state, :math:`\beta_t(s)` that of what can follow, and
:math:`\gamma` an edge's logarithm of its symbols' probability,

.. math:: E_t = \max_{s \to s',\, b = 0} [\alpha_t(s) + \gamma + \beta_{t+1}(s')]
                - \max_{s \to s',\, b = 1} [\alpha_t(s) + \gamma + \beta_{t+1}(s')]

is the extrinsic value of the bit in the max-log approximation; :math:`\ln \sum \exp` in place of the maximum makes it
exact.

**SOVA** is Hagenauer's and Hoeher's (1989): a path that joins the best one in step t, and is worse by
:math:`\Delta`, says of each bit before t in which the two differ that its reliability is at most :math:`\Delta`,

.. math:: r_j = \min \{\Delta : \text{the joining path differs in bit } j\},
    \qquad \Lambda_j^{post} = (1 - 2 \hat b_j)\, r_j ,

where each edge into a state of the best path brings its own best beginning. Other paths are not looked at, so r is
never below the max-log value.

**List-SOVA** looks at the n best paths as well, of metrics :math:`M_1 \ge \dots \ge M_n`:

.. math:: r_j = \min \bigl( r_j^{SOVA}, \min \{M_1 - M_i : \hat b^{(i)}_j \ne \hat b^{(1)}_j \} \bigr) .

With n = 1 it is SOVA, with all paths max-log. The paper names its List-SOVA without a formula, and refers to two short
papers for it; the rule here was not compared with theirs.

A trellis whose state has the number of symbols in it, too, holds the packets of L symbols alone. Here that number is a
second axis of the metrics, which makes a step as much longer as there are numbers. Only the best path costs little
more: if it, or one of the next best, has L symbols, nothing else has to be looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit

from jscc.arithmetic.coder import ArithmeticCode, packet_length, word_lengths
from jscc.arithmetic.machine import BitMachine
from jscc.arithmetic.packets import PacketResult
from jscc.fastmath import power_of_two
from jscc.soft import as_batch

__all__ = ["TrellisDecoder", "TrellisPaths", "TrellisResult"]

OUTPUTS = ("hard", "constant", "sova", "list-sova", "max-log", "exact")
LIMIT = np.float32(1e4)  # so that float32 still tells path metrics apart
UNREACHABLE = np.float32(-1e30)
_REACHED = np.float32(-1e29)
_LEVEL_STEPS = 16  # between two levellings of metrics
MOST_PATHS = 1024
_MOST_LANES = 64
_LISTED_LANES = 16  # where paths are followed word by word: their metrics stay in the cache
_MEMORY = 1 << 26  # bytes of metrics that several lanes may take
_MOST_MEMORY = 1 << 30  # and that one lane may
_LOG2_E = np.float32(1.4426950408889634)
_WHOLE, _NOTHING = np.float32(64), np.float32(34)  # what `power_of_two` makes 1 of, and 2^-30
_ZERO, _ONE, _TWO = np.float32(0), np.float32(1), np.float32(2)
_THIRD, _FIFTH, _SEVENTH, _NINTH, _ELEVENTH = (np.float32(1 / k) for k in (3, 5, 7, 9, 11))
_SHORTCUT = 8  # paths among which one of L symbols is looked for, before the number of symbols is made an axis


class Trellis(NamedTuple):
    """A machine for the kernels, its edges sorted by the state that they lead to.

    Attributes
    ----------
    into : ndarray of int64, shape (states + 1,)
        The edges into state s are ``into[s]`` to ``into[s + 1] - 1``.
    source, bit : ndarray of int64, shape (edges,)
    shift : ndarray of int64, shape (edges,)
        Lanes that an edge leads further: its symbols, where their number makes the lanes, else 0.
    prior : ndarray of float32, shape (edges,)
    out_of : ndarray of int64, shape (states + 1,)
    leaving : ndarray of int64, shape (edges,)
        The edges out of state s are ``leaving[out_of[s]]`` to ``leaving[out_of[s + 1] - 1]``.
    target : ndarray of int64, shape (edges,)
    log_prior : ndarray of float64, shape (edges,)
    begin, symbols : ndarray of int64
        As in `BitMachine`.
    """

    into: np.ndarray
    source: np.ndarray
    bit: np.ndarray
    shift: np.ndarray
    prior: np.ndarray
    out_of: np.ndarray
    leaving: np.ndarray
    target: np.ndarray
    log_prior: np.ndarray
    begin: np.ndarray
    symbols: np.ndarray


@dataclass(frozen=True, repr=False)
class TrellisResult(PacketResult):
    """What trellis decoding found: `bits`, `symbols` and `metric` are those of the best path.

    ``converged`` tells whether that path is the codeword of a packet of L symbols; of another packet `symbols` has the
    first L symbols, and zeros after its end. The trellis is gone through once, so `iterations` and `queries` are 1;
    `candidates` is 1 if there is a path, and `decoded` the number of its symbols.

    Attributes
    ----------
    counts : ndarray of int32, shape (words,)
        Symbols of the best path's packet; -1 if there is no path.

    Examples
    --------
    >>> code = ArithmeticCode([0.2, 0.8], precision=6, forbidden=0.2)
    >>> bits, length = code.encode([1, 1, 0, 1])
    >>> llr = np.where(bits == 1, -4, 4)
    >>> llr[2] *= -1  # an error
    >>> result = TrellisDecoder(code, 4, "max-log", length_constrained=True).decode(llr)
    >>> result.symbols, np.array_equal(result.bits, bits), round(float(result.metric), 2)
    (array([1, 1, 0, 1], dtype=uint8), True, -6.34)
    """

    counts: np.ndarray


class TrellisPaths(NamedTuple):
    """The n best paths of each word, the best first; without the leading axis for a single word.

    Attributes
    ----------
    bits : ndarray of uint8, shape (words, n, width)
        Zeros past a word's end.
    symbols : ndarray, shape (words, n, L)
        First L symbols of each packet, zeros after its end.
    counts : ndarray of int32, shape (words, n)
        Symbols of each packet; -1 where there are fewer paths.
    metric : ndarray of float64, shape (words, n)
        Equation (7) up to what all words share; minus infinity where there are fewer paths.

    Examples
    --------
    >>> code = ArithmeticCode([0.2, 0.8], precision=6, forbidden=0.2)
    >>> bits, length = code.encode([1, 1, 0, 1])
    >>> best = TrellisDecoder(code, 4).paths(2.0 - 4.0 * bits, n=3)
    >>> best
    TrellisPaths(3 paths, 11 bits)
    >>> best.symbols[0], best.counts
    (array([1, 1, 0, 1], dtype=uint8), array([4, 4, 8], dtype=int32))
    """

    bits: np.ndarray
    symbols: np.ndarray
    counts: np.ndarray
    metric: np.ndarray

    def __repr__(self) -> str:
        found = int(np.count_nonzero(np.asarray(self.counts) >= 0))
        return f"TrellisPaths({found} paths, {self.bits.shape[-1]} bits)"


class TrellisDecoder:
    """Decoder of an arithmetic code on its bit-clock trellis.

    Parameters
    ----------
    code : ArithmeticCode
        A static one whose `BitMachine` has not too many states.
    length : int
        L, symbols of a packet.
    output : {"hard", "constant", "sova", "list-sova", "max-log", "exact"}
        How bits of the best path get their extrinsic values, see the module's text: not at all, "constant" as
        ``beta (1 - 2 b)``, which is crude, or by one of four algorithms. Bits, symbols and metric are those of the best
        path always, so that with "exact" a bit's sign can differ from that of its soft value.
    length_constrained : bool
        Whether only packets of L symbols are paths, as for the paper's Chase-like decoder, or those of any number of
        symbols, as in the paper's trellis. Not with "sova" and "list-sova".
    apriori : bool
        Whether P(s) counts, as in equation (7); without it the best path is that of maximum likelihood, as in the
        paper's trellis.
    beta : float
        For "constant".
    n_list : int
        n, for "list-sova".

    Attributes
    ----------
    machine : BitMachine

    Raises
    ------
    ValueError
        If a parameter is out of range, or the code has no machine.

    Notes
    -----
    P(s) is the source's: what forbidden symbol and EoB take of the interval is not in it, and the number of symbols,
    where it is not known, has no distribution.

    In a code without EoB several packets can have one codeword (`BitMachine.packets`). Then the likeliest of them
    decides how good the codeword is, and once it is chosen, the packet of L symbols is taken if it is among them:
    without L these words could not be parsed.

    Examples
    --------
    >>> code = ArithmeticCode([0.2, 0.8], precision=6, forbidden=0.2)
    >>> packets = code.sample(100, 128, rng=0)
    >>> bits, lengths = code.encode(packets)
    >>> llr = 4 * (1 - 2.0 * bits + 0.7 * np.random.default_rng(1).standard_normal(bits.shape))
    >>> for constrained in False, True:
    ...     result = TrellisDecoder(code, 128, "hard", length_constrained=constrained).decode(llr, lengths)
    ...     print(result, int((result.symbols == packets).all(axis=1).sum()), "packets right")
    TrellisResult(100 x 175 bits, 66 converged) 53 packets right
    TrellisResult(100 x 175 bits, 100 converged) 75 packets right
    """

    def __init__(
        self,
        code: ArithmeticCode,
        length: int,
        output: str = "max-log",
        length_constrained: bool = False,
        apriori: bool = True,
        beta: float = 4.0,
        n_list: int = 8,
    ):
        if output not in OUTPUTS:
            raise ValueError(f"output={output!r} given, one of {', '.join(OUTPUTS)} is expected")
        if length_constrained and output in ("sova", "list-sova"):
            raise ValueError(f"output={output!r} given with length_constrained, which it has not")
        if not 0 <= beta < np.inf:
            raise ValueError(f"beta={beta} given, a finite number of 0 or more is expected")
        if not 1 <= n_list <= MOST_PATHS or int(n_list) != n_list:
            raise ValueError(f"n_list={n_list} given, an integer from 1 to {MOST_PATHS} is expected")
        self.code, self.length, self.output = code, packet_length(length), output
        self.length_constrained, self.apriori = bool(length_constrained), bool(apriori)
        self.beta, self.n_list = float(beta), int(n_list)
        self.machine = BitMachine(code)
        self._trellis = self._for_kernels()
        self._unshifted = self._trellis._replace(shift=np.zeros_like(self._trellis.shift))

    def __repr__(self) -> str:
        kind = {"constant": f"constant {self.beta:g}", "list-sova": f"list-sova of {self.n_list}"}
        known = f"L={self.length} {'known' if self.length_constrained else 'not known'}, "
        likelihood = "" if self.apriori else ", maximum likelihood"
        name = type(self).__name__
        return f"{name}({known}{kind.get(self.output, self.output)}{likelihood}, {self.machine.n_states} states)"

    def decode(self, llr, lengths=None) -> TrellisResult:
        """Find the best path of each word, and soft values of its bits.

        Parameters
        ----------
        llr : array_like of float32, shape (width,) or (words, width)
            Log-likelihood ratios; beyond +-1e4 they count as that. What follows a word's end is not read.
        lengths : int or array_like of int, shape (words,), optional
            l, bits of each word; by default all of them.

        Returns
        -------
        TrellisResult
            Bits and soft values behind a word's end are 0. Extrinsic values are within +-1e4, which they are where all
            paths agree; with output "hard" they are 0. A word without a path keeps its decisions and soft values.

        Raises
        ------
        ValueError
            If shapes do not fit, a length is out of range, or a value is NaN.
        """
        llr, single = as_batch(llr, None, "llr", np.float32)
        words, width = llr.shape
        lengths = word_lengths(lengths, words, width)
        counts = np.full(words, -1, np.int32)
        result = TrellisResult.blank(words, width, self.length, self.code.dtype, counts=counts)
        decode = self._decode_constrained if self.length_constrained else self._decode_groups
        decode(llr, lengths, result)
        beta = np.float32(self.beta if self.output == "constant" else 0)
        _add_up(llr, lengths, beta, result.counts, result.bits, result.extrinsic, result.llr)
        if not self.code.has_eob and not self.length_constrained:
            self._take_length(llr, lengths, result)
        result.converged[:] = counts == self.length
        result.iterations[:] = result.queries[:] = 1
        result.candidates[:] = counts >= 0
        result.decoded[:] = np.maximum(counts, 0)
        return result.first() if single else result

    def paths(self, llr, lengths=None, n: int = 8) -> TrellisPaths:
        """The n best paths of each word, of packets with any number of symbols.

        Parameters
        ----------
        llr, lengths
            As for `decode`.
        n : int
            1 to 1024.

        Returns
        -------
        TrellisPaths
            The best first, as far as float32 tells metrics apart.

        Raises
        ------
        ValueError
            As `decode` does.
        """
        if not 1 <= n <= MOST_PATHS or int(n) != n:
            raise ValueError(f"n={n} given, an integer from 1 to {MOST_PATHS} is expected")
        llr, single = as_batch(llr, None, "llr", np.float32)
        words, width = llr.shape
        lengths = word_lengths(lengths, words, width)
        found = TrellisPaths(
            np.zeros((words, n, width), np.uint8),
            np.zeros((words, n, self.length), self.code.dtype),
            np.full((words, n), -1, np.int32),
            np.full((words, n), -np.inf),
        )
        for first, last, work in self._groups(llr, lengths, listed=True):
            path, none = _paths_room(work, n), np.zeros((last - first, 0), np.float32)
            _run(work, self._unshifted, False, False, False, path, none)
            _list_words(work, self._unshifted, *_list_room(n), False, path, none)
            rows = (array[first:last] for array in found)
            _emit_words(path, lengths[first:last], llr[first:last], self._trellis, *rows)
        return TrellisPaths(*(array[0] for array in found)) if single else found

    def _for_kernels(self) -> Trellis:
        machine = self.machine
        states = np.arange(machine.n_states + 1)
        leaving = np.argsort(machine.source, kind="stable")
        log_prior = machine.log_prior() if self.apriori else np.zeros(len(machine.bit))
        return Trellis(
            into=np.searchsorted(machine.target, states),
            source=machine.source,
            bit=machine.bit,
            shift=machine.count,
            prior=log_prior.astype(np.float32),
            out_of=np.searchsorted(machine.source[leaving], states),
            leaving=leaving,
            target=machine.target,
            log_prior=log_prior,
            begin=machine.begin,
            symbols=machine.symbols,
        )

    def _groups(self, llr: np.ndarray, lengths: np.ndarray, listed: bool):
        """Words side by side, some at a time: the first, the one after the last, and the arrays to work in."""
        states, steps = self.machine.n_states, int(lengths.max(initial=0))
        lane = 4 * states * (steps + 1)
        if lane > _MOST_MEMORY:
            most = _MOST_MEMORY // (4 * states) - 1
            raise ValueError(f"lengths up to {steps} given, at most {most} are expected: there are {states} states")
        together = max(1, min(_LISTED_LANES if listed else _MOST_LANES, _MEMORY // lane))
        work, choices = None, int(np.diff(self._trellis.into).max()) if listed else 0
        for first in range(0, len(lengths), together):
            last = min(first + together, len(lengths))
            if work is None or len(work.column) != last - first:
                work = _room(states, steps, steps, last - first, last - first, 0, choices)
                work.column[:] = np.arange(last - first)
                work.band[:, 1] = last - first
            work.ends[:] = lengths[first:last]
            _gather(llr[first:last], lengths[first:last], work.soft)
            yield first, last, work

    def _decode_groups(self, llr: np.ndarray, lengths: np.ndarray, result: TrellisResult) -> None:
        """Decode without knowing L."""
        max_log, exact, listed = self.output == "max-log", self.output == "exact", "sova" in self.output
        n = self.n_list if self.output == "list-sova" else 1
        trellis = self._unshifted
        for first, last, work in self._groups(llr, lengths, listed):
            path, extrinsic = _paths_room(work, n), np.zeros((last - first, len(work.soft)), np.float32)
            _run(work, trellis, False, max_log, not listed, path, extrinsic)
            if listed:
                _list_words(work, trellis, *_list_room(n), True, path, extrinsic)
            self._emit(path, lengths, llr, result, first, last)
            if exact:
                _run(work, trellis, True, True, False, path, extrinsic)
            result.extrinsic[first:last, : extrinsic.shape[1]] = extrinsic

    def _decode_constrained(self, llr: np.ndarray, lengths: np.ndarray, result: TrellisResult) -> None:
        """Decode knowing L, word by word, the number of symbols being the axis of lanes."""
        max_log, exact = self.output == "max-log", self.output == "exact"
        todo = np.arange(len(llr))
        if not max_log and not exact:  # the best of all paths is the best of those with L symbols, if it has L
            todo = todo[~self._shortcut(llr, lengths, result)]
        if not len(todo):
            return
        trellis, states = self._trellis, self.machine.n_states
        margin, steps = int(trellis.shift.max()), int(lengths[todo].max())
        lanes, segment = self.length + 1 + 2 * margin, max(1, math.isqrt(steps))
        size = 8 * states * lanes * (segment + 2)
        if size > _MOST_MEMORY:
            raise ValueError(
                f"length={self.length} given, less is expected: with {states} states and {steps} bits {size >> 20} MiB "
                f"would be needed, {_MOST_MEMORY >> 20} MiB at most are taken"
            )
        room = _room(states, steps, segment, lanes, 1, margin)
        room.column[0] = margin + self.length
        bounds = np.empty((2, 2, steps + 1, states), np.int64)
        _bound_symbols(trellis, bounds)
        for word in todo:
            n = int(lengths[word])
            work = room._replace(soft=room.soft[:n], band=room.band[: n + 1])
            if not _find_band(bounds, self.length, margin, work.band):
                continue
            work.ends[:] = -1
            work.ends[margin + self.length] = n
            _gather(llr[word : word + 1], lengths[word : word + 1], work.soft)
            path, extrinsic = _paths_room(work, 1), np.zeros((1, n), np.float32)
            _run(work, trellis, False, max_log, True, path, extrinsic)
            self._emit(path, lengths, llr, result, word, word + 1)
            if exact:
                _run(work, trellis, True, True, False, path, extrinsic)
            result.extrinsic[word, :n] = extrinsic[0]

    def _take_length(self, llr: np.ndarray, lengths: np.ndarray, result: TrellisResult) -> None:
        """Take the packet of L symbols where the codeword found is one of it, too."""
        symbols, valid = self.code.decode(result.bits, lengths, self.length)
        other = valid & (result.counts >= 0) & (result.counts != self.length)
        flipped = (llr < 0) != result.bits
        flipped &= np.arange(llr.shape[1]) < lengths[:, None]
        cost = np.where(flipped, np.minimum(np.abs(llr), LIMIT), 0).sum(axis=1, dtype=np.float64)
        prior = np.log(self.code.probabilities)[symbols].sum(axis=1) if self.apriori else 0
        result.metric[other] = (prior - cost)[other]
        result.symbols[other] = symbols[other]
        result.counts[other] = self.length

    def _shortcut(self, llr: np.ndarray, lengths: np.ndarray, result: TrellisResult) -> np.ndarray:
        """Decode words among whose few best paths one has L symbols; for which words that is so."""
        done = np.zeros(len(llr), bool)
        for first, last, work in self._groups(llr, lengths, listed=True):
            path, none = _paths_room(work, _SHORTCUT), np.zeros((last - first, 0), np.float32)
            _run(work, self._unshifted, False, False, False, path, none)
            _list_words(work, self._unshifted, *_list_room(_SHORTCUT), False, path, none)
            _keep_length(path, lengths[first:last], self._trellis, self.length, done[first:last])
            self._emit(path, lengths, llr, result, first, last)
        return done

    def _emit(self, path, lengths, llr, result: TrellisResult, first: int, last: int) -> None:
        """Put the words' first paths into the result."""
        found = (result.bits, result.symbols, result.counts, result.metric)
        rows = (array[first:last, None] for array in found)
        _emit_words(path, lengths[first:last], llr[first:last], self._trellis, *rows)


class Work(NamedTuple):
    """Arrays that the kernels work in; a *lane* is a word, or a number of symbols of the only word.

    Attributes
    ----------
    soft : ndarray of float32, shape (steps, 2, words)
        What a bit 0 and a bit 1 add to a metric.
    ends : ndarray of int64, shape (lanes,)
        Steps after which the last state counts, in this lane; -1 for never.
    column : ndarray of int64, shape (words,)
        The lane in which a word ends.
    band : ndarray of int64, shape (steps + 1, 2)
        The first lane in use after a number of steps, and the one after the last.
    margin : int
        Lanes to both sides of those in use that are kept unreachable.
    alpha : ndarray of float32, shape (segment + 1, states, lanes)
    chosen : ndarray of uint8 or wider, shape (segment, states, lanes)
        By which of the edges into a state its best path comes; without a first axis where that is not kept.
    starts : ndarray of float32, shape (segments, states, lanes)
        Metrics before the first step of each segment; `alpha` is computed from them a second time.
    beta : ndarray of float32, shape (2, states, lanes)
    metrics : ndarray of float32, shape (2, lanes)
        `soft` of the step, for each lane.
    best : ndarray of float32, shape (2, lanes)
    greatest : ndarray of float32, shape (lanes,)
    state, lane : ndarray of int64, shape (words,)
    """

    soft: np.ndarray
    ends: np.ndarray
    column: np.ndarray
    band: np.ndarray
    margin: int
    alpha: np.ndarray
    chosen: np.ndarray
    starts: np.ndarray
    beta: np.ndarray
    metrics: np.ndarray
    best: np.ndarray
    greatest: np.ndarray
    state: np.ndarray
    lane: np.ndarray


def _room(states: int, steps: int, segment: int, lanes: int, words: int, margin: int, choices: int = 0) -> Work:
    """Arrays for so many steps; `choices` is the greatest number of edges into a state, if they are to be told."""
    segment = max(1, segment)
    return Work(
        soft=np.empty((steps, 2, words), np.float32),
        ends=np.empty(lanes, np.int64),
        column=np.empty(words, np.int64),
        band=np.zeros((steps + 1, 2), np.int64),
        margin=margin,
        alpha=np.empty((segment + 1, states, lanes), np.float32),
        chosen=np.empty((segment if choices else 0, states, lanes), np.min_scalar_type(max(choices - 1, 0))),
        starts=np.empty((max(1, -(-steps // segment)), states, lanes), np.float32),
        beta=np.empty((2, states, lanes), np.float32),
        metrics=np.empty((2, lanes), np.float32),
        best=np.empty((2, lanes), np.float32),
        greatest=np.empty(lanes, np.float32),
        state=np.empty(words, np.int64),
        lane=np.empty(words, np.int64),
    )


def _paths_room(work: Work, n: int) -> np.ndarray:
    return np.empty((len(work.column), n, len(work.soft)), np.int32)


def _list_room(n: int) -> tuple[np.ndarray, ...]:
    """Costs of n paths, and of those waiting their turn: parent, step and edge."""
    return np.empty(n), np.empty(n), np.empty((n, 3), np.int64)


@njit(cache=True)
def _gather(llr, lengths, soft):
    """What the bits of each word, one in a lane, add to metrics: nothing where they are as received."""
    for word in range(soft.shape[2]):
        n = min(lengths[word], len(soft))
        for step in range(n):
            x = min(max(llr[word, step], -LIMIT), LIMIT)
            soft[step, 0, word] = min(x, _ZERO)
            soft[step, 1, word] = min(-x, _ZERO)
        for step in range(n, len(soft)):
            soft[step, 0, word] = _ZERO
            soft[step, 1, word] = _ZERO


@njit(cache=True, error_model="numpy")
def _forward(before, metrics, trellis, first, last, margin, after):
    """One step of alpha, for the lanes from `first` to `last` - 1."""
    into, source, bit, shift, prior = trellis.into, trellis.source, trellis.bit, trellis.shift, trellis.prior
    for state in range(len(after)):
        _clear_margins(after, state, first, last, margin)
        begin, end = into[state], into[state + 1]
        if begin == end:
            for lane in range(first, last):
                after[state, lane] = UNREACHABLE
        elif end - begin == 1:
            f, b, w, k = source[begin], bit[begin], prior[begin], np.uint64(shift[begin])
            for lane in range(first, last):
                after[state, lane] = before[f, lane - k] + metrics[b, lane] + w
        else:
            f, b, w, k = source[begin], bit[begin], prior[begin], np.uint64(shift[begin])
            g, c, x, m = source[begin + 1], bit[begin + 1], prior[begin + 1], np.uint64(shift[begin + 1])
            for lane in range(first, last):
                one = before[f, lane - k] + metrics[b, lane] + w
                other = before[g, lane - m] + metrics[c, lane] + x
                after[state, lane] = max(one, other)
        for e in range(begin + 2, end):
            f, b, w, k = source[e], bit[e], prior[e], np.uint64(shift[e])
            for lane in range(first, last):
                one = before[f, lane - k] + metrics[b, lane] + w
                after[state, lane] = max(after[state, lane], one)


@njit(cache=True, error_model="numpy")
def _forward_choosing(before, metrics, trellis, lanes, after, chosen):
    """`_forward` for lanes that are words: which of the edges into a state is the best, too; the first of equals."""
    into, source, bit, prior = trellis.into, trellis.source, trellis.bit, trellis.prior
    number = chosen.dtype.type
    for state in range(len(after)):
        for lane in range(lanes):
            after[state, lane] = UNREACHABLE
            chosen[state, lane] = 0
        begin, end = into[state], into[state + 1]
        for e in range(begin, end):
            f, b, w, own = source[e], bit[e], prior[e], number(e - begin)
            if e == begin:
                for lane in range(lanes):
                    after[state, lane] = before[f, lane] + metrics[b, lane] + w
            else:
                for lane in range(lanes):
                    one = before[f, lane] + metrics[b, lane] + w
                    better = one > after[state, lane]
                    after[state, lane] = one if better else after[state, lane]
                    chosen[state, lane] = own if better else chosen[state, lane]


@njit(cache=True)
def _clear_margins(values, state, first, last, margin):
    for lane in range(first - margin, first):
        values[state, lane] = UNREACHABLE
    for lane in range(last, last + margin):
        values[state, lane] = UNREACHABLE


@njit(cache=True, error_model="numpy")
def _backward(alpha, beta, metrics, trellis, first, last, margin, behind, best):
    """One step of beta, and the best terms with a bit 0 and with a bit 1, without what is known of the bit."""
    out_of, leaving, target, bit = trellis.out_of, trellis.leaving, trellis.target, trellis.bit
    shift, prior = trellis.shift, trellis.prior
    for b in range(2):
        for lane in range(first, last):
            best[b, lane] = UNREACHABLE
    for state in range(len(behind)):
        _clear_margins(behind, state, first, last, margin)
        begin, end = out_of[state], out_of[state + 1]
        if begin == end:
            for lane in range(first, last):
                behind[state, lane] = UNREACHABLE
        for i in range(begin, end):
            e = leaving[i]
            f, b, w, k = target[e], bit[e], prior[e], np.uint64(shift[e])
            if i == begin:
                for lane in range(first, last):
                    rest = beta[f, lane + k] + w
                    behind[state, lane] = rest + metrics[b, lane]
                    best[b, lane] = max(best[b, lane], alpha[state, lane] + rest)
            else:
                for lane in range(first, last):
                    rest = beta[f, lane + k] + w
                    behind[state, lane] = max(behind[state, lane], rest + metrics[b, lane])
                    best[b, lane] = max(best[b, lane], alpha[state, lane] + rest)


@njit(cache=True, error_model="numpy")
def _join(a, b):
    """``ln(exp(a) + exp(b))`` of float32."""
    x = power_of_two(max(_WHOLE - abs(a - b) * _LOG2_E, _NOTHING))  # less would have a square that is subnormal: slow
    s = x / (_TWO + x)  # ln(1 + x) = 2 artanh(s), s up to 1/3
    q = s * s
    series = _ONE + q * (_THIRD + q * (_FIFTH + q * (_SEVENTH + q * (_NINTH + q * _ELEVENTH))))
    return max(a, b) + _TWO * s * series


@njit(cache=True, error_model="numpy")
def _forward_exact(before, metrics, trellis, first, last, margin, after):
    """`_forward` with the logarithm of a sum in place of the maximum."""
    into, source, bit, shift, prior = trellis.into, trellis.source, trellis.bit, trellis.shift, trellis.prior
    for state in range(len(after)):
        _clear_margins(after, state, first, last, margin)
        begin, end = into[state], into[state + 1]
        if begin == end:
            for lane in range(first, last):
                after[state, lane] = UNREACHABLE
        for e in range(begin, end):
            f, b, w, k = source[e], bit[e], prior[e], np.uint64(shift[e])
            if e == begin:
                for lane in range(first, last):
                    after[state, lane] = before[f, lane - k] + metrics[b, lane] + w
            else:
                for lane in range(first, last):
                    one = before[f, lane - k] + metrics[b, lane] + w
                    after[state, lane] = _join(after[state, lane], one)


@njit(cache=True, error_model="numpy")
def _backward_exact(alpha, beta, metrics, trellis, first, last, margin, behind, best):
    """`_backward` with logarithms of sums in place of maxima."""
    out_of, leaving, target, bit = trellis.out_of, trellis.leaving, trellis.target, trellis.bit
    shift, prior = trellis.shift, trellis.prior
    for b in range(2):
        for lane in range(first, last):
            best[b, lane] = UNREACHABLE
    for state in range(len(behind)):
        _clear_margins(behind, state, first, last, margin)
        begin, end = out_of[state], out_of[state + 1]
        if begin == end:
            for lane in range(first, last):
                behind[state, lane] = UNREACHABLE
        for i in range(begin, end):
            e = leaving[i]
            f, b, w, k = target[e], bit[e], prior[e], np.uint64(shift[e])
            for lane in range(first, last):
                rest = beta[f, lane + k] + w
                best[b, lane] = _join(best[b, lane], alpha[state, lane] + rest)
            if i == begin:
                for lane in range(first, last):
                    behind[state, lane] = beta[f, lane + k] + w + metrics[b, lane]
            else:
                for lane in range(first, last):
                    one = beta[f, lane + k] + w + metrics[b, lane]
                    behind[state, lane] = _join(behind[state, lane], one)


@njit(cache=True)
def _level(values, first, last, together, greatest):
    """Take from each lane's metrics the greatest of them, or of all lanes."""
    for lane in range(first, last):
        greatest[lane] = _REACHED
    for state in range(len(values)):
        for lane in range(first, last):
            greatest[lane] = max(greatest[lane], values[state, lane])
    if together:
        most = _REACHED
        for lane in range(first, last):
            most = max(most, greatest[lane])
        for lane in range(first, last):
            greatest[lane] = most
    for lane in range(first, last):
        if greatest[lane] == _REACHED:
            greatest[lane] = np.float32(0)
    for state in range(len(values)):
        for lane in range(first, last):
            values[state, lane] -= greatest[lane]


@njit(cache=True)
def _metrics(soft, metrics):
    """What a step's bits add, for each lane."""
    for b in range(2):
        if soft.shape[1] == metrics.shape[1]:
            for lane in range(metrics.shape[1]):
                metrics[b, lane] = soft[b, lane]
        else:
            for lane in range(metrics.shape[1]):
                metrics[b, lane] = soft[b, 0]


@njit(cache=True)
def _run(work, trellis, exact, with_soft, with_path, path, extrinsic):
    """Fill `alpha` of the first segment, and find the best path of each word and its bits' extrinsic values.

    path : ndarray of int32, shape (words, n, steps)
        Edges, written to the first of n paths; -1 where there are none.
    extrinsic : ndarray of float32, shape (words, steps)
    """
    soft, ends, band, margin = work.soft, work.ends, work.band, np.uint64(work.margin)
    alpha, starts, beta, metrics = work.alpha, work.starts, work.beta, work.metrics
    steps, words = len(soft), len(work.column)
    lanes, states, segment = len(ends), alpha.shape[1], len(alpha) - 1
    segments = max(1, (steps + segment - 1) // segment)
    together = lanes != words
    if with_path:
        path[:, 0] = -1
    work.state[:] = -1
    starts[0] = UNREACHABLE
    for lane in range(band[0, 0], band[0, 1]):
        starts[0, 0, lane] = np.float32(0)
    beta[0] = UNREACHABLE
    now = 0
    for turn in range(2 * segments - 1):  # forward over all segments, then back from the last but one
        part = turn if turn < segments else 2 * segments - 2 - turn
        begin, end = part * segment, min((part + 1) * segment, steps)
        alpha[0] = starts[part]
        for step in range(begin, end):
            _metrics(soft[step], metrics)
            first, last = np.uint64(band[step + 1, 0]), np.uint64(band[step + 1, 1])
            before, after = alpha[step - begin], alpha[step - begin + 1]
            if exact:
                _forward_exact(before, metrics, trellis, first, last, margin, after)
            elif len(work.chosen):
                _forward_choosing(before, metrics, trellis, last, after, work.chosen[step - begin])
            else:
                _forward(before, metrics, trellis, first, last, margin, after)
            if step % _LEVEL_STEPS == 0:
                _level(after, first, last, together, work.greatest)
        if turn < segments - 1:
            starts[part + 1] = alpha[end - begin]
            continue
        if not with_soft and not with_path:
            continue
        for step in range(end - 1, begin - 1, -1):
            _metrics(soft[step], metrics)
            first, last = np.uint64(band[step, 0]), np.uint64(band[step, 1])
            if with_path:
                _trace(work, trellis, step, begin, path)
            if not with_soft:
                continue
            for lane in range(lanes):
                if ends[lane] == step + 1:
                    for state in range(states):
                        beta[now, state, lane] = UNREACHABLE
                    beta[now, states - 1, lane] = np.float32(0)
            before, after, behind = alpha[step - begin], beta[now], beta[1 - now]
            if exact:
                _backward_exact(before, after, metrics, trellis, first, last, margin, behind, work.best)
            else:
                _backward(before, after, metrics, trellis, first, last, margin, behind, work.best)
            now = 1 - now
            for word in range(words):
                if together:
                    extrinsic[word, step] = _over_lanes(work.best, first, last, exact)
                else:
                    extrinsic[word, step] = _difference(work.best[0, word], work.best[1, word])
            if step % _LEVEL_STEPS == 0:
                _level(beta[now], first, last, together, work.greatest)


@njit(cache=True)
def _difference(zero, one):
    """The extrinsic value of a bit from the best terms with 0 and with 1, 0 if there are none."""
    if zero < _REACHED:
        return _ZERO if one < _REACHED else -LIMIT
    return LIMIT if one < _REACHED else min(max(zero - one, -LIMIT), LIMIT)


@njit(cache=True)
def _over_lanes(best, first, last, exact):
    """`_difference` of the best terms of all lanes, or of the logarithms of their sums."""
    zero, one = UNREACHABLE, UNREACHABLE
    for lane in range(first, last):
        if exact:
            zero, one = _join(zero, best[0, lane]), _join(one, best[1, lane])
        else:
            zero, one = max(zero, best[0, lane]), max(one, best[1, lane])
    return _difference(zero, one)


@njit(cache=True, inline="always")
def _value(alpha, metrics, trellis, edge, lane):
    """The metric of the best path that ends with an edge."""
    before = alpha[trellis.source[edge], lane - trellis.shift[edge]]
    return before + metrics[trellis.bit[edge], lane] + trellis.prior[edge]


@njit(cache=True, inline="always")
def _best_edge(alpha, metrics, trellis, state, lane):
    """The edge into a state by which its best path comes."""
    best = trellis.into[state]
    most = _value(alpha, metrics, trellis, best, lane)
    for edge in range(best + 1, trellis.into[state + 1]):
        value = _value(alpha, metrics, trellis, edge, lane)
        if value > most:
            best, most = edge, value
    return best


@njit(cache=True)
def _trace(work, trellis, step, begin, path):
    """Follow each word's best path back over one step."""
    alpha, final = work.alpha, work.alpha.shape[1] - 1
    for word in range(len(work.column)):
        if work.ends[work.column[word]] == step + 1:
            work.lane[word] = work.column[word]
            if alpha[step + 1 - begin, final, work.lane[word]] > _REACHED:
                work.state[word] = final
        if work.state[word] >= 0:
            edge = _best_edge(alpha[step - begin], work.metrics, trellis, work.state[word], work.lane[word])
            path[word, 0, step] = edge
            work.state[word] = trellis.source[edge]
            work.lane[word] -= trellis.shift[edge]


@njit(cache=True)
def _list_words(work, trellis, cost, waiting_cost, waiting, with_soft, path, extrinsic):
    """The n best paths of each word from `alpha`, and soft values by List-SOVA.

    cost, waiting_cost : ndarray of float64, shape (n,)
    waiting : ndarray of int64, shape (n, 3)
    path : ndarray of int32, shape (words, n, steps)
    extrinsic : ndarray of float32, shape (words, steps)
    """
    for word in range(len(path)):
        n_steps = work.ends[word]
        found = _best_paths(work, trellis, word, n_steps, cost, waiting_cost, waiting, path[word])
        if with_soft and found > 0:
            row = extrinsic[word]
            _sova(work, trellis, word, path[word, 0, :n_steps], row)
            for i in range(1, found):
                for step in range(n_steps):
                    if trellis.bit[path[word, i, step]] != trellis.bit[path[word, 0, step]]:
                        row[step] = min(row[step], np.float32(cost[i]))
            for step in range(n_steps):
                sign = _ONE - _TWO * np.float32(trellis.bit[path[word, 0, step]])
                if row[step] == np.inf:
                    row[step] = sign * LIMIT
                else:
                    told = work.soft[step, 0, word] - work.soft[step, 1, word]
                    row[step] = min(max(sign * row[step] - told, -LIMIT), LIMIT)


@njit(cache=True)
def _best_paths(work, trellis, word, n_steps, cost, waiting_cost, waiting, path):
    """The n best paths of a word, the best first; how many there are.

    A path other than the best is another one, its parent, from some state on to the end; to that state it comes by
    another edge, and to the beginning of that edge by the best path. So each path, when it is traced, puts all the
    edges beside it on the list of those that wait, with what they cost; of these the cheapest is traced next. The
    edges beside its end were put there when its parent was traced.

    cost : ndarray of float64, shape (n,)
        How much worse each path is than the best.
    waiting_cost : ndarray of float64, shape (n,)
        Sorted costs of paths that wait; `waiting` has parent, step and edge.
    path : ndarray of int32, shape (n, steps)
    """
    alpha, soft, chosen, into = work.alpha, work.soft, work.chosen, trellis.into
    n, state, stop = len(path), alpha.shape[1] - 1, n_steps
    path[:] = -1
    if n_steps == 0 or not alpha[n_steps, state, word] > _REACHED:
        return 0
    found, n_waiting = 0, 0
    cost[0] = 0
    while True:
        for step in range(stop - 1, -1, -1):
            best = into[state] + np.int64(chosen[step, state, word])
            path[found, step] = best
            if n > 1 and into[state + 1] - into[state] > 1:
                most = _value(alpha[step], soft[step], trellis, best, word)
                room = n - 1 - found
                for edge in range(into[state], into[state + 1]):
                    value = _value(alpha[step], soft[step], trellis, edge, word)
                    if edge != best and value > _REACHED:
                        total = cost[found] + (np.float64(most) - np.float64(value))
                        n_waiting = _insert(waiting_cost, waiting, n_waiting, room, total, found, step, edge)
            state = trellis.source[best]
        found += 1
        if found == n or n_waiting == 0:
            return found
        parent, step, edge = waiting[0, 0], waiting[0, 1], waiting[0, 2]
        cost[found] = waiting_cost[0]
        n_waiting -= 1
        for i in range(n_waiting):
            waiting_cost[i] = waiting_cost[i + 1]
            for k in range(3):
                waiting[i, k] = waiting[i + 1, k]
        for later in range(step + 1, n_steps):
            path[found, later] = path[parent, later]
        path[found, step] = edge
        state, stop = trellis.source[edge], step


@njit(cache=True)
def _insert(waiting_cost, waiting, n_waiting, room, total, parent, step, edge):
    """Put a path in its place among at most `room` that wait, if it is cheap enough; how many wait then."""
    n_waiting = min(n_waiting, room)
    if n_waiting == room:
        if room == 0 or total >= waiting_cost[room - 1]:
            return n_waiting
        i = room - 1
    else:
        i = n_waiting
        n_waiting += 1
    while i > 0 and waiting_cost[i - 1] > total:
        waiting_cost[i] = waiting_cost[i - 1]
        for k in range(3):
            waiting[i, k] = waiting[i - 1, k]
        i -= 1
    waiting_cost[i] = total
    waiting[i, 0], waiting[i, 1], waiting[i, 2] = parent, step, edge
    return n_waiting


@njit(cache=True)
def _sova(work, trellis, word, path, reliability):
    """Reliabilities of a word's best path, float32, shape (steps,): infinite where nothing that joins differs."""
    alpha, soft, chosen = work.alpha, work.soft, work.chosen
    source, bit, into = trellis.source, trellis.bit, trellis.into
    for step in range(len(path)):
        reliability[step] = np.inf
    for last in range(len(path)):
        own = path[last]
        state = trellis.target[own]
        if into[state + 1] - into[state] == 1:
            continue
        most = _value(alpha[last], soft[last], trellis, own, word)
        for joining in range(into[state], into[state + 1]):
            value = _value(alpha[last], soft[last], trellis, joining, word)
            if joining == own or not value > _REACHED:
                continue
            edge, step = joining, last
            while True:
                if bit[edge] != bit[path[step]]:
                    reliability[step] = min(reliability[step], most - value)
                if source[edge] == source[path[step]]:
                    break
                step -= 1
                edge = into[source[edge]] + np.int64(chosen[step, source[edge], word])


@njit(cache=True)
def _keep_length(path, lengths, trellis, length, done):
    """Make the first of each word's paths that has `length` symbols its first path, and say which words have one."""
    for word in range(len(path)):
        for i in range(path.shape[1]):
            count = 0
            for step in range(lengths[word]):
                edge = path[word, i, step]
                count += trellis.shift[edge] if edge >= 0 else length + 1
            if count == length and lengths[word] > 0:
                done[word] = True
                if i > 0:
                    path[word, 0] = path[word, i]
                break
        if not done[word]:
            path[word, 0] = -1


@njit(cache=True)
def _emit_words(path, lengths, llr, trellis, bits, symbols, counts, metric):
    """Bits, symbols, their number and the metric of the first paths of each word.

    path : ndarray of int32, shape (words, n, steps)
    bits, symbols, counts, metric : ndarrays, shapes (words, m, ...)
        m up to n.
    """
    for word in range(len(bits)):
        for i in range(bits.shape[1]):
            n_steps = lengths[word]
            if n_steps == 0 or path[word, i, n_steps - 1] < 0:
                continue
            total, count = 0.0, 0
            for step in range(n_steps):
                edge = path[word, i, step]
                bit = trellis.bit[edge]
                bits[word, i, step] = bit
                total += trellis.log_prior[edge]
                if bit != (llr[word, step] < 0):
                    total -= min(abs(llr[word, step]), LIMIT)
                for k in range(trellis.begin[edge], trellis.begin[edge + 1]):
                    if count < symbols.shape[2]:
                        symbols[word, i, count] = trellis.symbols[k]
                    count += 1
            counts[word, i] = count
            metric[word, i] = total


@njit(cache=True)
def _add_up(llr, lengths, beta, counts, bits, extrinsic, posterior):
    """Constant extrinsic values, if `beta` is above 0; posteriors; and decisions as received where there is no path."""
    for word in range(len(llr)):
        for step in range(lengths[word]):
            if counts[word] < 0:
                bits[word, step] = llr[word, step] < 0
                extrinsic[word, step] = _ZERO
            elif beta > 0:
                extrinsic[word, step] = -beta if bits[word, step] else beta
            posterior[word, step] = llr[word, step] + extrinsic[word, step]


@njit(cache=True)
def _bound_symbols(trellis, bounds):
    """The fewest and the most symbols from the first state on, and to the last state, in a number of bits.

    bounds : ndarray of int64, shape (2, 2, steps + 1, states)
        Of impossible ones the fewest are 2^40, the most -1.
    """
    states = bounds.shape[3]
    for way in range(2):
        bounds[way, 0] = 1 << 40
        bounds[way, 1] = -1
        bounds[way, :, 0, 0 if way == 0 else states - 1] = 0
    for step in range(bounds.shape[2] - 1):
        for edge in range(len(trellis.source)):
            for way in range(2):
                source, target = trellis.source[edge], trellis.target[edge]
                near, far = (source, target) if way == 0 else (target, source)
                if bounds[way, 1, step, near] >= 0:
                    fewest = bounds[way, 0, step, near] + trellis.shift[edge]
                    most = bounds[way, 1, step, near] + trellis.shift[edge]
                    bounds[way, 0, step + 1, far] = min(bounds[way, 0, step + 1, far], fewest)
                    bounds[way, 1, step + 1, far] = max(bounds[way, 1, step + 1, far], most)


@njit(cache=True)
def _find_band(bounds, length, margin, band):
    """The lanes that paths of `length` symbols can be in after each step; whether there are any."""
    n_steps = len(band) - 1
    for step in range(n_steps + 1):
        first, last = length + 1, -1
        for state in range(bounds.shape[3]):
            before, after = bounds[0, :, step, state], bounds[1, :, n_steps - step, state]
            if before[1] >= 0 and after[1] >= 0:
                fewest, most = max(before[0], length - after[1]), min(before[1], length - after[0])
                if fewest <= most:
                    first, last = min(first, fewest), max(last, most)
        if first > last:
            return False
        band[step, 0], band[step, 1] = margin + first, margin + last + 1
    # The counts between a state's fewest and most need not all be had, so these bounds may swing. A step reads lanes up
    # to `margin` beside those of the step before or after it: both ends are drawn apart until neither falls, nor rises
    # by more than that.
    for step in range(n_steps - 1, -1, -1):
        band[step, 0] = min(band[step, 0], band[step + 1, 0])
        band[n_steps - step, 1] = max(band[n_steps - step, 1], band[n_steps - step - 1, 1])
    for step in range(n_steps):
        band[step + 1, 0] = min(band[step + 1, 0], band[step, 0] + margin)
        back = n_steps - step
        band[back - 1, 1] = max(band[back - 1, 1], band[back, 1] - margin)
    return True

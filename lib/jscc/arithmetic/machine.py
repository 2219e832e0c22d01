r"""An arithmetic code as a finite-state machine that reads its codewords bit by bit (paper 3, section 3.4).

The paper's references (14: Bi, Hoffman, Sayood 2006; 15: Ben-Jamaa, Weidmann, Kieffer 2008) describe the coder by a
*bit-clock* trellis: one bit is read in each step, and what a step makes known of the packet is none, one or several
symbols. Here the states are those of a decoder, which are finitely many; an encoder's are not, for any number of its
bits can wait for a carry.

What the symbols decoded so far leave is the interval :math:`[low, low + range)`, scaled as `jscc.arithmetic.coder`
does it. What the bits read so far leave is a *window* :math:`[v, v + u)` of the same scale: all values that begin with
them. A bit halves the window, 0 leaving the lower half. Once what window and interval share lies in the part of one
symbol, that symbol is decoded: its part becomes the interval, and interval and window are scaled. So the state is
:math:`(low, range, v, u)`. If the shared part lies in the forbidden symbol's part, or is empty, the word is no
codeword.

After EoB a codeword ends with the first quarter that lies in the interval, so the bits that are still to come are
known; these bits are the states of the end. In a code without EoB a packet can end after each symbol. There the
machine branches: it goes on, and it ends.

States from which no codeword can end are left out, and states from which the same bits give the same symbols for ever
are one state. Every path from the first state to the last is the codeword of one packet, and no two paths are of the
same packet.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from jscc.arithmetic.coder import ArithmeticCode, scaling

__all__ = ["BitMachine"]

MAX_STATES = 2**16  # before states are merged


@dataclass(frozen=True, repr=False)
class Edges:
    """A machine's edges, sorted by the state that they lead to."""

    n_states: int
    n_before: int
    source: np.ndarray
    target: np.ndarray
    bit: np.ndarray
    symbols: tuple[tuple[int, ...], ...]


class BitMachine:
    """The machine that reads a code's codewords bit by bit.

    Parameters
    ----------
    code : ArithmeticCode
        A static one; with the precision grows the number of states.

    Attributes
    ----------
    code : ArithmeticCode
    n_states : int
        State 0 is the first, ``n_states - 1`` the last of every codeword.
    n_before : int
        States that the decoder can be in, before states that cannot end are left out and equal ones merged.
    source, target : ndarray of int64, shape (edges,)
        States that an edge leads from and to; the edges are sorted by `target`.
    bit : ndarray of int64, shape (edges,)
        What is read.
    count : ndarray of int64, shape (edges,)
        Symbols that become known, EoB not among them.
    symbols : ndarray of int64, shape (sum of `count`,)
        These symbols; those of edge e begin at ``begin[e]``.
    begin : ndarray of int64, shape (edges + 1,)

    Raises
    ------
    ValueError
        If the code is adaptive, has one symbol and nothing else, or too many states.

    Examples
    --------
    >>> from jscc.arithmetic import ArithmeticCode
    >>> code = ArithmeticCode([0.2, 0.8], precision=6, forbidden=0.2)
    >>> machine = BitMachine(code)
    >>> machine
    BitMachine(101 states of 236, 173 edges, 3 symbols a bit at most)
    >>> bits, length = code.encode([1, 1, 0, 1])
    >>> machine.packets(bits)
    [(1, 1, 0, 1)]
    """

    def __init__(self, code: ArithmeticCode):
        if code.adaptive:
            raise ValueError(f"code={code!r} given, a static one is expected")
        if code.n_symbols == 1 and not code.has_eob and not code.forbidden_count:
            raise ValueError(f"code={code!r} given, two symbols, EoB or forbidden symbol are expected")
        self.code = code
        edges = _edges(code.precision, code.total_bits, code.n_symbols, tuple(map(int, code.cumulative)))
        if edges is None:
            raise ValueError(
                f"code={code!r} given, a lower precision is expected: its trellis has more than {MAX_STATES} states"
            )
        self.n_states, self.n_before = edges.n_states, edges.n_before
        self.source, self.target, self.bit = edges.source, edges.target, edges.bit
        self.count = np.array([len(symbols) for symbols in edges.symbols], np.int64)
        self.begin = np.concatenate([[0], np.cumsum(self.count)]).astype(np.int64)
        self.symbols = np.array([symbol for symbols in edges.symbols for symbol in symbols], np.int64)

    def log_prior(self) -> np.ndarray:
        """Natural logarithm of the probability of each edge's symbols, as `ArithmeticCode.probabilities` has it.

        Returns
        -------
        ndarray of float64, shape (edges,)
        """
        sums = np.concatenate([[0.0], np.cumsum(np.log(self.code.probabilities)[self.symbols])])
        return sums[self.begin[1:]] - sums[self.begin[:-1]]

    def packets(self, bits) -> list[tuple[int, ...]]:
        """All packets that a word is the codeword of: with EoB one or none.

        Without EoB there can be several, for a symbol that doubles nothing need not change the two bits at the end.
        Only who knows L can tell them apart.

        Parameters
        ----------
        bits : array_like of 0 and 1, shape (l,)
        """
        paths: list[tuple[int, tuple[int, ...]]] = [(0, ())]
        for bit in np.asarray(bits).tolist():
            paths = [
                (int(self.target[e]), known + tuple(self.symbols[self.begin[e] : self.begin[e + 1]].tolist()))
                for state, known in paths
                for e in np.flatnonzero((self.source == state) & (self.bit == bit))
            ]
        return [known for state, known in paths if state == self.n_states - 1]

    def __repr__(self) -> str:
        return (
            f"BitMachine({self.n_states} states of {self.n_before}, {len(self.bit)} edges, "
            f"{self.count.max()} symbols a bit at most)"
        )


_FIRST, _WAITING, _ENDING = range(3)  # kinds of states
_LAST = (_ENDING, 0, 0)


@lru_cache(maxsize=32)
def _edges(precision: int, total_bits: int, n_symbols: int, cumulative: tuple[int, ...]) -> Edges | None:
    """The machine of a code, or None if it has too many states."""
    decoder = _Decoder(precision, total_bits, n_symbols, cumulative)
    found: dict[tuple, list] = {decoder.first: []}
    waiting = list(found)
    while waiting:
        state = waiting.pop()
        found[state] = decoder.follow(state)
        for _, _, after in found[state]:
            if after not in found:
                if len(found) == MAX_STATES:
                    return None
                found[after] = []
                waiting.append(after)
    names = _merged(_ending(found), found)
    last = max(names.values())
    swap = {names[_LAST]: last, last: names[_LAST]}  # the last state gets the last number
    names = {state: swap.get(name, name) for state, name in names.items()}
    rows = {
        (names[after], names[state], bit, symbols)
        for state in names
        for bit, symbols, after in found[state]
        if after in names
    }
    target, source, bit, symbols = zip(*sorted(rows), strict=True)
    numbers = (np.array(column, np.int64) for column in (source, target, bit))
    return Edges(last + 1, len(found), *numbers, symbols)


class _Decoder:
    """The steps of the decoder whose states the machine has; see the module's text."""

    def __init__(self, precision: int, total_bits: int, n_symbols: int, cumulative: tuple[int, ...]):
        self.precision, self.total_bits, self.n_symbols, self.cumulative = precision, total_bits, n_symbols, cumulative
        self.half, self.quarter = 1 << (precision - 1), 1 << (precision - 2)
        self.has_eob = cumulative[n_symbols + 1] > cumulative[n_symbols]
        self.whole = (_WAITING, 0, 2 * self.half, 0, 2 * self.half)
        self.first = self.whole if self.has_eob else (_FIRST,)

    def follow(self, state: tuple) -> list[tuple]:
        """What can be read next: bit, symbols that become known, state after it."""
        if state[0] == _ENDING:
            _, n, value = state
            return [(value >> (n - 1), (), (_ENDING, n - 1, value & ((1 << (n - 1)) - 1)))] if n else []
        if state[0] == _FIRST:  # without EoB nothing has to come before the end
            return self.follow(self.whole) + self.follow((_ENDING, 2, 1))
        _, low, span, value, width = state
        width >>= 1
        return [
            (bit, symbols, after)
            for bit in (0, 1)
            for symbols, after in self._settle(low, span, value + bit * width, width)
        ]

    def _settle(self, low: int, span: int, value: int, width: int) -> list[tuple]:
        """Decode what a window determines: the ways to go on, as symbols and the state after them."""
        known: tuple[int, ...] = ()
        ways = []
        while True:
            first, last = max(value - low, 0), min(value + width - low, span) - 1
            if first > last:
                return ways
            symbol = self._part(first, span)
            if symbol > self.n_symbols:
                return ways
            if symbol != self._part(last, span):
                return [*ways, (known, (_WAITING, low, span, value, width))]
            start, after = (span * self.cumulative[symbol + i] >> self.total_bits for i in (0, 1))
            low, span = low + start, after - start
            shift = int(scaling(low, span, self.precision))
            carried = (low << shift) & ~(self.half - 1)
            low, span = (low << shift) - carried, span << shift
            value, width = (value << shift) - carried, width << shift
            if symbol < self.n_symbols:
                known += (symbol,)
            if symbol == self.n_symbols or not self.has_eob:
                end = self._end(low, value, width)
                if end is not None:
                    ways.append((known, end))
            if symbol == self.n_symbols:
                return ways

    def _part(self, offset: int, span: int) -> int:
        """The symbol whose part of the interval an offset from the lower end lies in."""
        # floor(span * c / total) <= offset exactly if c < (offset + 1) * total / span
        below = -(-((offset + 1) << self.total_bits) // span) - 1
        return bisect_right(self.cumulative, below) - 1

    def _end(self, low: int, value: int, width: int) -> tuple | None:
        """The state that waits for the bits that end a packet, None if too much has been read, or something else."""
        target = self.quarter if low < self.quarter else self.half
        if width < self.quarter or not value <= target < value + width:
            return None
        return _ENDING, (width // self.quarter).bit_length() - 1, (target - value) // self.quarter


def _ending(found: dict[tuple, list]) -> list[tuple]:
    """The states from which a codeword can end, the first one first."""
    before: dict[tuple, list] = {state: [] for state in found}
    for state, edges in found.items():
        for _, _, after in edges:
            before[after].append(state)
    reached, waiting = {_LAST}, [_LAST]
    while waiting:
        for state in before[waiting.pop()]:
            if state not in reached:
                reached.add(state)
                waiting.append(state)
    return [state for state in found if state in reached]


def _merged(states: list[tuple], found: dict[tuple, list]) -> dict[tuple, int]:
    """Numbers of states, equal for those from which the same bits give the same symbols; the first has 0.

    Classes are split by where their states' edges lead until none has to be.
    """
    number = {state: int(state == _LAST) for state in states}
    n_classes = 2
    while True:
        kinds: dict[tuple, int] = {}
        split = {}
        for state in states:
            edges = ((bit, symbols, number[after]) for bit, symbols, after in found[state] if after in number)
            split[state] = kinds.setdefault((number[state], *sorted(edges)), len(kinds))
        if len(kinds) == n_classes:
            return split
        number, n_classes = split, len(kinds)

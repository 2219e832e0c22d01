r"""Arithmetic code with integers of p bits and the scalings E1, E2 and E3 (paper 3, section 2).

The interval :math:`[low, low + range)` lies in :math:`[0, W)`, :math:`W = 2^p`. While it lies in the lower half (E1),
the upper half (E2) or the two middle quarters (E3), it is doubled; each doubling is one bit of the codeword. E1 and E2
write the bit at once, E3 leaves it open. Here the open bits are not counted: the lower end is kept as one long number,
to which a narrowing may carry, and its bits are those of the codeword. Nor are the doublings done one by one. With
:math:`s` the least shift that makes the range exceed :math:`W / 4`, one more is due exactly if

.. math:: (low \, 2^s \bmod W / 4) + range \, 2^s \le W / 2,

for an interval longer than a quarter lies in two neighbouring quarters exactly if it ends before the second does.

A packet of L symbols ends with the symbol EoB, if the code has one, and two bits, 01 or 10: the first of these
quarters that lies in the interval. A codeword has thus two bits more than there were doublings, and is at most two
bits longer than the information in the packet, but for the rounding of the interval. A decoder that knows L and the
length l accepts exactly the codewords: it wants L symbols, EoB, l - 2 doublings and those two bits, and no forbidden
symbol. This is what the paper means by an EoB that "is determined by the last two bits".
"""

from __future__ import annotations

import heapq
import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numba.core import types
from numba.extending import intrinsic, overload

__all__ = ["ArithmeticCode", "DecodedSymbols"]

MAX_TOTAL_BITS = 24
MAX_ADAPTIVE = 2**16
FIXED_POINT = 20  # fractional bits of logarithms

# Columns of a decoder's state: lower end, range, value above the lower end, bits read, symbols decoded.
LOW, RANGE, OFFSET, POSITION, COUNT = range(5)
STATE = 5
SUSPENDED, INVALID, VALID = 0, -1, 1


class DecodedSymbols(NamedTuple):
    """What hard decoding found.

    Attributes
    ----------
    symbols : ndarray, shape (words, L)
        Where `valid` is False: the symbols before the first sign of an error, zeros after them.
    valid : ndarray of bool, shape (words,)
        Whether the bits are a codeword.
    """

    symbols: np.ndarray
    valid: np.ndarray

    def __repr__(self) -> str:
        words, good = np.size(self.valid), int(np.count_nonzero(self.valid))
        return f"DecodedSymbols({words} x {self.symbols.shape[-1]} symbols, {good} valid)"


class Model(NamedTuple):
    """What the kernels want of a code.

    Attributes
    ----------
    bounds : ndarray of int64
        The sums of `cumulative` between the first symbol and the last that can occur.
    cumulative : ndarray of int64, shape (U + 3,)
    n_symbols : int
        U.
    has_eob : bool
    total_bits, precision, limit : int
    logarithms : ndarray of int64
        Natural logarithms times 2^20: of each symbol's probability, or, in an adaptive code, of the numbers
        0 (as 0), 1, ... up to `limit`.
    """

    bounds: np.ndarray
    cumulative: np.ndarray
    n_symbols: int
    has_eob: bool
    total_bits: int
    precision: int
    limit: int
    logarithms: np.ndarray


class ArithmeticCode:
    """Static or adaptive arithmetic code of packets of symbols.

    Parameters
    ----------
    probabilities : array_like of float, shape (U,), or int
        Probabilities of the symbols, scaled to sum 1; or U, for equal ones. An adaptive code takes only their
        number from it: it begins with equal counts.
    precision : int
        p, 4 to 32 bits.
    eob : float, optional
        Probability of the symbol EoB that ends a packet, at least one count; by default one count. 0 for none.
    forbidden : float
        Probability of a symbol that is never sent, at least one count if above 0 (paper: epsilon).
    adaptive : bool
        Count the symbols of a packet and code each with the counts so far, each symbol having one to begin with.
        When their sum reaches `limit`, all counts are halved, rounded up. EoB and forbidden symbol keep their share.

    Attributes
    ----------
    n_symbols : int
        U, size of the alphabet without EoB and forbidden symbol.
    total_bits : int
        Probabilities are multiples of ``2 ** -total_bits``; p - 2, at most 24.
    counts : ndarray of int64, shape (U,)
        Of the symbols, out of ``2 ** total_bits``.
    cumulative : ndarray of int64, shape (U + 3,)
        Sums of the counts of symbols, EoB (number U) and forbidden symbol (number U + 1): symbol k has the
        part from ``cumulative[k]`` to ``cumulative[k + 1]`` of the interval.
    has_eob : bool
    limit : int
        Sum of the counts at which an adaptive code halves them; 0 for a static one.
    model : Model
        All of this for the kernels.

    Raises
    ------
    ValueError
        If a parameter is out of range, or the counts are too few for the alphabet.

    Examples
    --------
    >>> code = ArithmeticCode([0.2, 0.8], precision=16)
    >>> code
    ArithmeticCode(2 symbols, p=16, EoB 1/16384, static)
    >>> packet = np.ones(64, np.uint8)
    >>> bits, length = code.encode(packet)
    >>> length, round(code.information(packet), 1)
    (36, 34.6)
    >>> code.decode(bits, length, 64)
    DecodedSymbols(1 x 64 symbols, 1 valid)
    """

    def __init__(self, probabilities, precision: int = 16, eob: float | None = None, forbidden=0.0, adaptive=False):
        if not 4 <= precision <= 32 or int(precision) != precision:
            raise ValueError(f"precision={precision} given, an integer from 4 to 32 is expected")
        if eob is not None and not 0 <= eob < 1:
            raise ValueError(f"eob={eob} given, a probability below 1 is expected")
        if not 0 <= forbidden < 1:
            raise ValueError(f"forbidden={forbidden} given, a probability below 1 is expected")
        given = np.asarray(probabilities)
        if given.ndim == 0 and given.dtype.kind in "iu":
            if given < 1:
                raise ValueError(f"probabilities={given} given, one symbol or more are expected")
            given = np.ones(int(given))
        if given.ndim != 1 or not given.size or given.dtype.kind not in "iuf" or not np.isfinite(given).all():
            raise ValueError(f"probabilities of shape {given.shape} given, (U,) finite numbers are expected")
        if (given < 0).any() or not given.sum() > 0:
            raise ValueError(f"probabilities={given} given, none below 0 and a sum above 0 are expected")
        self.precision = int(precision)
        self.total_bits = min(self.precision - 2, MAX_TOTAL_BITS)
        total = 1 << self.total_bits
        eob_count = 1 if eob is None else _at_least_one(eob, total)
        forbidden_count = _at_least_one(forbidden, total)
        rest = total - eob_count - forbidden_count
        if rest < given.size:
            raise ValueError(
                f"probabilities of {given.size} symbols given, at most {max(rest, 0)} are expected: "
                f"precision {precision} has {total} counts, EoB {eob_count}, the forbidden symbol {forbidden_count}"
            )
        self.n_symbols = int(given.size)
        self.counts = _apportion([float(x) for x in given], rest)
        self.cumulative = np.zeros(self.n_symbols + 3, np.int64)
        np.cumsum([*self.counts, eob_count, forbidden_count], out=self.cumulative[1:])
        self.has_eob = eob_count > 0
        self.adaptive = bool(adaptive)
        self.limit = 0
        if self.adaptive:
            # The data's part of the shortest range must have room for every count.
            least = ((1 << (self.precision - 2)) + 1) * rest >> self.total_bits
            self.limit = min(least, MAX_ADAPTIVE)
            if self.limit < self.n_symbols + 1:
                raise ValueError(
                    f"probabilities of {self.n_symbols} symbols given, fewer than {self.limit} are expected: "
                    f"an adaptive code of precision {precision} counts to {self.limit}"
                )
        # The part of the interval is found by comparing with these; the forbidden symbol, if any, is the last.
        bounds = np.array(self.cumulative[1 : np.searchsorted(self.cumulative, total)])
        self.model = Model(
            bounds,
            self.cumulative,
            self.n_symbols,
            self.has_eob,
            self.total_bits,
            self.precision,
            self.limit,
            self._fixed_point_logarithms(),
        )

    @property
    def eob_count(self) -> int:
        """Counts of EoB, out of ``2 ** total_bits``; 0 for none."""
        return int(self.cumulative[self.n_symbols + 1] - self.cumulative[self.n_symbols])

    @property
    def forbidden_count(self) -> int:
        """Counts of the forbidden symbol, out of ``2 ** total_bits``; 0 for none."""
        return int(self.cumulative[self.n_symbols + 2] - self.cumulative[self.n_symbols + 1])

    @property
    def probabilities(self) -> np.ndarray:
        """The source's probabilities as the code has them: the counts over their sum, float64, shape (U,)."""
        return self.counts / self.counts.sum()

    @property
    def dtype(self) -> np.dtype:
        """What symbols are decoded to: uint8 for up to 256 of them, else int32."""
        return np.dtype(np.uint8 if self.n_symbols <= 256 else np.int32)

    def encode(self, symbols, packed: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Code each packet on its own.

        Parameters
        ----------
        symbols : array_like of int, shape (L,) or (words, L)
            0 to U - 1.
        packed : bool
            Eight bits to a byte, the first in the most significant place.

        Returns
        -------
        bits : ndarray of uint8, shape (width,) or (words, width)
            Codewords, zeros after the end of each; `width` is that of the longest.
        lengths : ndarray of int64, shape (words,), or int for a single word
            l, bits of each codeword.

        Raises
        ------
        ValueError
            If a symbol is none of the alphabet, or the shape is another.
        """
        symbols, single = self._symbols(symbols)
        words, length = symbols.shape
        lengths = np.zeros(words, np.int64)
        counts = np.zeros(self.n_symbols + 1, np.int64)
        if self.limit:
            _encode_adaptive_words(symbols, self.model, counts, np.zeros((words, 0), np.uint8), lengths)
            width = int(lengths.max(initial=0))
        else:
            width = int(self._longest(symbols))
        out = np.zeros((words, -(-width // 8)), np.uint8)
        encode = _encode_adaptive_words if self.limit else _encode_static_words
        encode(symbols, self.model, counts, out, lengths)
        longest = int(lengths.max(initial=0))
        out = out[:, : -(-longest // 8)]
        out = np.ascontiguousarray(out) if packed else np.unpackbits(out, axis=1, count=longest)
        return (out[0], int(lengths[0])) if single else (out, lengths)

    def decode(self, bits, lengths, length: int, packed: bool = False) -> DecodedSymbols:
        """Decode packets of known length, without correcting anything.

        Parameters
        ----------
        bits : array_like of 0 and 1, shape (width,) or (words, width)
            Or, with `packed`, of bytes as `encode` packs them. What follows a word's end is not read.
        lengths : int or array_like of int, shape (words,)
            l, bits of each word.
        length : int
            L, symbols of each packet.
        packed : bool

        Returns
        -------
        DecodedSymbols
            Symbols, and whether each word was valid: exactly what `encode` makes of the symbols.

        Raises
        ------
        ValueError
            If shapes do not fit, or a length is negative or beyond the given bits.
        """
        bits, lengths, single = word_bits(bits, lengths, packed)
        length = packet_length(length)
        symbols = np.zeros((len(bits), length), self.dtype)
        valid = np.zeros(len(bits), bool)
        pairs = np.zeros(pairs_needed(int(lengths.max(initial=0)), self.precision), np.int64)
        state, counts = np.zeros(STATE, np.int64), np.zeros(self.n_symbols + 1, np.int64)
        _decode_words(bits, lengths, self.model, pairs, state, counts, symbols, valid)
        return DecodedSymbols(symbols[0], valid[0]) if single else DecodedSymbols(symbols, valid)

    def information(self, symbols):
        """-log2 of the probability of each packet, EoB included, in bits; float64, shape (words,), or a float.

        Parameters
        ----------
        symbols : array_like of int, shape (L,) or (words, L)
        """
        symbols, single = self._symbols(symbols)
        out = np.zeros(len(symbols))
        scratch = np.zeros(self.n_symbols + 1, np.int64)
        for i in range(len(symbols)):
            out[i] = -log_probability(symbols[i], self.model, scratch)
        out = (out - self._fixed_share(symbols.shape[1])) / (1 << FIXED_POINT) / math.log(2)
        return float(out[0]) if single else out

    def sample(self, words: int, length: int, rng) -> np.ndarray:
        """Packets of the memoryless source of this code's `probabilities`.

        Parameters
        ----------
        words, length : int
        rng : int or numpy.random.Generator

        Returns
        -------
        ndarray of `dtype`, shape (words, length)
        """
        draws = np.random.default_rng(rng).integers(int(self.counts.sum()), size=(words, packet_length(length)))
        return np.searchsorted(self.cumulative[1 : self.n_symbols + 1], draws, side="right").astype(self.dtype)

    def __repr__(self) -> str:
        total = 1 << self.total_bits
        parts = [f"{self.n_symbols} symbols", f"p={self.precision}"]
        parts.append(f"EoB {self.eob_count}/{total}" if self.has_eob else "no EoB")
        parts += [f"forbidden {self.forbidden_count}/{total}"] if self.forbidden_count else []
        return f"ArithmeticCode({', '.join(parts)}, {'adaptive' if self.adaptive else 'static'})"

    def _symbols(self, symbols) -> tuple[np.ndarray, bool]:
        given = np.asarray(symbols)
        if given.ndim not in (1, 2) or given.dtype.kind not in "biu":
            raise ValueError(
                f"symbols of {given.dtype} and shape {given.shape} given, integers (L,) or (words, L) are expected"
            )
        if given.size and (given.min() < 0 or given.max() >= self.n_symbols):
            raise ValueError(
                f"symbols from {given.min()} to {given.max()} given, 0 to {self.n_symbols - 1} are expected"
            )
        return np.ascontiguousarray(np.atleast_2d(given), dtype=self.dtype), given.ndim == 1

    def _longest(self, symbols: np.ndarray) -> int:
        """Bits that no codeword of these symbols exceeds."""
        counts = np.diff(self.cumulative)[: self.n_symbols + 1]
        least = ((1 << (self.precision - 2)) + 1) * counts >> self.total_bits
        least[self.n_symbols :] = np.maximum(least[self.n_symbols :], 1)
        total = 1 << self.total_bits
        bound = np.log2(np.maximum(total / np.maximum(counts, 1) * (least + 1) / least, 1))
        bound = np.ceil(bound * 256).astype(np.int64)
        sums = bound[: self.n_symbols][symbols].sum(axis=1) if symbols.size else np.zeros(1, np.int64)
        return (int(sums.max(initial=0)) + int(bound[self.n_symbols])) // 256 + 4

    def _fixed_point_logarithms(self) -> np.ndarray:
        if self.adaptive:
            return np.array([0] + [_logarithm(n) for n in range(1, self.limit + 1)], np.int64)
        return np.array([_logarithm(int(c)) for c in self.counts], np.int64) - _logarithm(1 << self.total_bits)

    def _fixed_share(self, length: int) -> float:
        """Fixed-point logarithm of what `log_probability` leaves out, the same for all packets of this length."""
        total = 1 << self.total_bits
        share = _logarithm(self.eob_count) - _logarithm(total) if self.has_eob else 0
        if self.adaptive:
            share += length * (_logarithm(int(self.cumulative[self.n_symbols])) - _logarithm(total))
        return share


def word_bits(bits, lengths, packed: bool = False) -> tuple[np.ndarray, np.ndarray, bool]:
    """Bits and lengths of words, checked: uint8 (words, width), int64 (words,), and whether it was a single word."""
    given = np.asarray(bits)
    if given.ndim not in (1, 2) or given.dtype.kind not in "biu":
        raise ValueError(
            f"bits of {given.dtype} and shape {given.shape} given, integers (width,) or (words, width) are expected"
        )
    if given.size and (given.min() < 0 or given.max() > (255 if packed else 1)):
        raise ValueError(f"bits up to {given.max()} given, {'bytes' if packed else '0 and 1'} are expected")
    out = np.ascontiguousarray(np.atleast_2d(given), dtype=np.uint8)
    if packed:
        out = np.unpackbits(out, axis=1)
    return out, word_lengths(lengths, *out.shape), given.ndim == 1


def word_lengths(lengths, words: int, width: int) -> np.ndarray:
    """Lengths of words, checked, int64, shape (words,); None for the whole width, one number for all."""
    if lengths is None:
        return np.full(words, width, np.int64)
    given = np.asarray(lengths)
    if given.dtype.kind not in "iu" or given.shape not in ((), (words,)):
        raise ValueError(f"lengths of {given.dtype} and shape {given.shape} given, integers ({words},) are expected")
    if given.size and (given.min() < 0 or given.max() > width):
        raise ValueError(f"lengths from {given.min()} to {given.max()} given, 0 to {width} bits are expected")
    return np.ascontiguousarray(np.broadcast_to(given, words), dtype=np.int64)


def packet_length(length) -> int:
    """The number of symbols of a packet, checked."""
    if length != int(length) or length < 0:
        raise ValueError(f"length={length} given, a number of symbols of 0 or more is expected")
    return int(length)


def pairs_needed(n_bits: int, precision: int) -> int:
    """Places that `pack_pairs` needs for a word of this many bits."""
    return (n_bits + precision) // 32 + 2


def _at_least_one(probability: float, total: int) -> int:
    return max(1, round(probability * total)) if probability > 0 else 0


def _logarithm(n: int) -> int:
    return round(math.log(n) * (1 << FIXED_POINT))


def _apportion(weights: list[float], total: int) -> np.ndarray:
    """Counts of sum `total`, at least one each, that code a source of these weights in the fewest bits on average.

    A count more for symbol k is worth ``p_k ln(1 + 1 / counts_k)``, less and less; so each in turn goes where it is
    worth most. Rounding would do, but for small totals: 15 counts for {.5, .25, .15, .1} would be 8, 4, 2, 1.
    """
    scale = math.fsum(weights)
    p = [weight / scale for weight in weights]
    counts = [max(1, math.floor(x * total) - 2) for x in p]
    gains = [(-x * math.log1p(1 / c), k) for k, (x, c) in enumerate(zip(p, counts, strict=True))]
    heapq.heapify(gains)
    for _ in range(total - sum(counts)):
        k = gains[0][1]
        counts[k] += 1
        heapq.heapreplace(gains, (-p[k] * math.log1p(1 / counts[k]), k))
    losses = [(x * math.log1p(1 / (c - 1)), k) for k, (x, c) in enumerate(zip(p, counts, strict=True)) if c > 1]
    heapq.heapify(losses)
    for _ in range(sum(counts) - total):  # the least likely symbols have been given too much
        k = heapq.heappop(losses)[1]
        counts[k] -= 1
        if counts[k] > 1:
            heapq.heappush(losses, (p[k] * math.log1p(1 / (counts[k] - 1)), k))
    return np.array(counts, np.int64)


def bit_length(x):
    """Binary digits of a number that is not negative, 0 for 0."""
    return int(x).bit_length()


@intrinsic
def _leading_zeros(typingctx, x):
    def codegen(context, builder, signature, arguments):
        return builder.ctlz(arguments[0], context.get_constant(types.boolean, 0))

    return types.int64(types.int64), codegen


@overload(bit_length)
def _bit_length(x):
    def count(x):
        return 64 - _leading_zeros(np.int64(x))

    return count


@njit(cache=True)
def _flush(acc, pending, precision, out, at):
    """Move whole bytes of the accumulator's pending bits to `out`, carries included; what stays, and where."""
    if acc >> (precision + pending):
        acc -= np.int64(1) << (precision + pending)
        i = min(at, len(out)) - 1
        while i >= 0 and out[i] == 255:
            out[i] = 0
            i -= 1
        if i >= 0:
            out[i] += 1
    while pending >= 8:
        pending -= 8
        byte = acc >> (precision + pending)
        acc -= byte << (precision + pending)
        if at < len(out):
            out[at] = byte
        at += 1
    return acc, pending, at


@njit(cache=True)
def _terminate(acc, pending, precision, out, at):
    """The two bits of the first quarter that lies in the interval, and the rest of the bytes; bits of the word."""
    half = np.int64(1) << (precision - 1)
    low = acc & (half - 1)
    acc += (half >> 1) - low if low < half >> 1 else half - low
    acc, pending, at = _flush(acc, pending, precision, out, at)
    n_bits = 8 * at + pending + 2
    tail = (acc >> (precision - 2)) << 14 - pending  # the first of 16 bits
    if at < len(out):
        out[at] = tail >> 8
    if pending + 2 > 8 and at + 1 < len(out):
        out[at + 1] = tail & 255
    return n_bits


@njit(cache=True)
def scaling(low, span, precision):
    """Doublings (E1, E2 and E3 together) that are due to an interval."""
    shift = max(0, precision - 1 - bit_length(span - 1))
    quarter = np.int64(1) << (precision - 2)
    if ((low << shift) & (quarter - 1)) + (span << shift) <= 2 * quarter:
        shift += 1
    return shift


@njit(cache=True)
def _narrow(acc, span, pending, start, new_span, precision, out, at):
    """Take a part of the interval and double while that is due."""
    acc += start
    shift = scaling(acc & ((np.int64(1) << (precision - 1)) - 1), new_span, precision)
    span = new_span << shift
    while shift > 16:  # the accumulator has room for 16 bits at once
        acc, pending, at = _flush(acc << 16, pending + 16, precision, out, at)
        shift -= 16
    acc <<= shift
    pending += shift
    if pending >= 8:
        acc, pending, at = _flush(acc, pending, precision, out, at)
    return acc, span, pending, at


@njit(cache=True)
def _encode_static_words(symbols, model, counts, out, lengths):
    n_symbols, precision, total_bits, cumulative = model.n_symbols, model.precision, model.total_bits, model.cumulative
    for word in range(len(symbols)):
        acc, span, pending, at = np.int64(0), np.int64(1) << precision, 0, 0
        row = out[word]
        for symbol in symbols[word]:
            start = (span * cumulative[symbol]) >> total_bits
            part = ((span * cumulative[symbol + 1]) >> total_bits) - start
            acc, span, pending, at = _narrow(acc, span, pending, start, part, precision, row, at)
        if model.has_eob:
            start = (span * cumulative[n_symbols]) >> total_bits
            part = ((span * cumulative[n_symbols + 1]) >> total_bits) - start
            acc, span, pending, at = _narrow(acc, span, pending, start, part, precision, row, at)
        lengths[word] = _terminate(acc, pending, precision, row, at)


@njit(cache=True)
def count_afresh(counts):
    """One of each symbol, as sums: entry k is how many symbols are below k."""
    for k in range(len(counts)):
        counts[k] = k


@njit(cache=True)
def count_symbol(counts, symbol, limit):
    """Add a symbol to the sums; at the limit halve all counts, rounded up."""
    n = len(counts) - 1
    for k in range(symbol + 1, n + 1):
        counts[k] += 1
    if counts[n] >= limit:
        before = np.int64(0)
        total = np.int64(0)
        for k in range(1, n + 1):
            own = counts[k] - before
            before = counts[k]
            total += (own + 1) >> 1
            counts[k] = total


@njit(cache=True, error_model="numpy")
def _encode_adaptive_words(symbols, model, counts, out, lengths):
    n_symbols, precision, total_bits, cumulative = model.n_symbols, model.precision, model.total_bits, model.cumulative
    for word in range(len(symbols)):
        acc, span, pending, at = np.int64(0), np.int64(1) << precision, 0, 0
        row = out[word]
        count_afresh(counts)
        for symbol in symbols[word]:
            data = (span * cumulative[n_symbols]) >> total_bits
            start = data * counts[symbol] // counts[n_symbols]
            part = data * counts[symbol + 1] // counts[n_symbols] - start
            acc, span, pending, at = _narrow(acc, span, pending, start, part, precision, row, at)
            count_symbol(counts, symbol, model.limit)
        if model.has_eob:
            start = (span * cumulative[n_symbols]) >> total_bits
            part = ((span * cumulative[n_symbols + 1]) >> total_bits) - start
            acc, span, pending, at = _narrow(acc, span, pending, start, part, precision, row, at)
        lengths[word] = _terminate(acc, pending, precision, row, at)


@njit(cache=True)
def log_probability(symbols, model, counts):
    """Natural logarithm of a packet's probability times 2^20, but for a summand that all of its length share."""
    total = np.int64(0)
    logarithms = model.logarithms
    if model.limit == 0:
        for symbol in symbols:
            total += logarithms[symbol]
        return total
    count_afresh(counts)
    n = len(counts) - 1
    for symbol in symbols:
        total += logarithms[counts[symbol + 1] - counts[symbol]] - logarithms[counts[n]]
        count_symbol(counts, symbol, model.limit)
    return total


@njit(cache=True)
def pack_pairs(bits, n_bits, precision, pairs):
    """Place i of `pairs`: bits 32 i to 32 i + 63 of the word, the first in the most significant place, then zeros."""
    n = (n_bits + precision) // 32 + 2
    word = np.int64(0)
    for i in range(n):
        following = np.int64(0)
        first = 32 * i
        if first + 32 <= n_bits:
            for j in range(first, first + 32):
                following = following << 1 | bits[j]
        elif first < n_bits:
            for j in range(first, n_bits):
                following = following << 1 | bits[j]
            following <<= first + 32 - n_bits
        if i > 0:
            pairs[i - 1] = word << 32 | following
        word = following
    pairs[n - 1] = word << 32


@njit(cache=True)
def flip_bit(pairs, j):
    """Flip bit j of a word in the form of `pack_pairs`."""
    i = j >> 5
    pairs[i] ^= np.int64(1) << (63 - (j & 31))
    if i > 0:
        pairs[i - 1] ^= np.int64(1) << (31 - (j & 31))


@njit(cache=True)
def start_state(state, counts):
    """The state before the first bit is read."""
    state[LOW] = 0
    state[RANGE] = 1  # doubled p times, with the first p bits, it is [0, W)
    state[OFFSET] = 0
    state[POSITION] = 0
    state[COUNT] = 0
    count_afresh(counts)


@njit(cache=True)
def _finished(low, offset, position, last, precision):
    """Whether a packet ends where the word does, with the two bits that `_terminate` writes."""
    if position != last:
        return INVALID
    quarter = (low + offset) >> (precision - 2)
    return VALID if quarter == (1 if low < np.int64(1) << (precision - 2) else 2) else INVALID


@njit(cache=True)
def _advance_static(state, pairs, stop, n_bits, length, model, symbols):
    n_symbols, precision, total_bits, bounds = model.n_symbols, model.precision, model.total_bits, model.bounds
    low, span, offset, position, count = state[LOW], state[RANGE], state[OFFSET], state[POSITION], state[COUNT]
    half_mask = (np.int64(1) << (precision - 1)) - 1
    last = n_bits + precision - 2
    stop = min(stop, last)
    end = length + (1 if model.has_eob else 0)
    n_bounds = len(bounds)
    while True:
        shift = scaling(low, span, precision)
        if position + shift > stop:
            state[LOW], state[RANGE], state[OFFSET], state[POSITION], state[COUNT] = low, span, offset, position, count
            return INVALID if position + shift > last else SUSPENDED
        low = (low << shift) & half_mask
        span <<= shift
        fresh = (pairs[position >> 5] << (position & 31)) >> 31 & 0x1FFFFFFFF  # the next 33 bits
        offset = offset << shift | fresh >> (33 - shift)
        position += shift
        if count == end:
            state[COUNT] = count
            return _finished(low, offset, position, last, precision)
        start, after, symbol = np.int64(0), span, 0
        if n_bounds <= 8:
            for i in range(n_bounds):
                bound = (span * bounds[i]) >> total_bits
                above = offset >= bound
                start = bound if above else start
                after = after if above else min(after, bound)
                symbol += above
        else:
            top = n_bounds
            while symbol < top:
                middle = (symbol + top) >> 1
                bound = (span * bounds[middle]) >> total_bits
                if offset >= bound:
                    symbol, start = middle + 1, bound
                else:
                    top, after = middle, bound
        if count < length:
            if symbol >= n_symbols:
                state[COUNT] = count
                return INVALID
            symbols[count] = symbol
        elif symbol != n_symbols:
            state[COUNT] = count
            return INVALID
        low += start
        offset -= start
        span = after - start
        count += 1


@njit(cache=True)
def _binary_step(low, span, offset, position, pairs, first, second, total_bits, precision):
    """One doubling and one symbol of a binary code, no branch hard to foresee; the last is 1 for neither symbol."""
    shift = max(0, precision - 1 - bit_length(span - 1))
    quarter = np.int64(1) << (precision - 2)
    inner = (low << shift) & (quarter - 1)
    span <<= shift
    more = np.int64(inner + span <= 2 * quarter)
    span <<= more
    shift += more
    low = (low << shift) & (2 * quarter - 1)
    fresh = (pairs[np.uint64(position >> 5)] << (position & 31)) >> 31 & 0x1FFFFFFFF
    offset = offset << shift | fresh >> (33 - shift)
    bound = (span * first) >> total_bits
    after = (span * second) >> total_bits
    above = np.int64(offset >= bound)
    beyond = np.int64(offset >= after)
    start = bound & -above
    span = bound + ((after - bound) & -above) - start
    return low + start, span, offset - start, position + shift, above, beyond


@njit(cache=True)
def _advance_binary(state, pairs, stop, n_bits, length, model, symbols):
    """As `_advance_static`, two symbols and EoB, all but the last few symbols of a packet and of a word."""
    precision, total_bits, first, second = model.precision, model.total_bits, model.bounds[0], model.bounds[1]
    low, span, offset, position, count = state[LOW], state[RANGE], state[OFFSET], state[POSITION], state[COUNT]
    stop = min(stop, n_bits + precision - 2)
    while count < length:
        after_step = _binary_step(low, span, offset, position, pairs, first, second, total_bits, precision)
        if after_step[3] > stop or after_step[5] > 0:
            break
        low, span, offset, position, symbol, _ = after_step
        symbols[count] = symbol
        count += 1
    state[LOW], state[RANGE], state[OFFSET], state[POSITION], state[COUNT] = low, span, offset, position, count


@njit(cache=True)
def advance_two(state, other, pairs, other_pairs, n_bits, length, model, symbols, other_symbols):
    """Decode two words of a binary code at once while neither is near its end or in error; `advance` has the rest.

    The processor works on one word while it waits for the other. States, words and symbols as in `advance`.
    """
    precision, total_bits, first, second = model.precision, model.total_bits, model.bounds[0], model.bounds[1]
    low, span, offset, position, count = state[LOW], state[RANGE], state[OFFSET], state[POSITION], state[COUNT]
    low2, span2, offset2, position2, count2 = other[LOW], other[RANGE], other[OFFSET], other[POSITION], other[COUNT]
    stop = n_bits + precision - 2
    while count < length and count2 < length:
        one = _binary_step(low, span, offset, position, pairs, first, second, total_bits, precision)
        two = _binary_step(low2, span2, offset2, position2, other_pairs, first, second, total_bits, precision)
        if one[3] > stop or two[3] > stop or one[5] + two[5] > 0:
            break
        low, span, offset, position, symbol, _ = one
        low2, span2, offset2, position2, symbol2, _ = two
        symbols[count] = symbol
        other_symbols[count2] = symbol2
        count += 1
        count2 += 1
    state[LOW], state[RANGE], state[OFFSET], state[POSITION], state[COUNT] = low, span, offset, position, count
    other[LOW], other[RANGE], other[OFFSET], other[POSITION], other[COUNT] = low2, span2, offset2, position2, count2


@njit(cache=True)
def is_binary(model):
    """Whether the kernels for two symbols and at most one of EoB and forbidden symbol serve."""
    return model.limit == 0 and model.n_symbols == 2 and len(model.bounds) == 2


@njit(cache=True, error_model="numpy")
def _advance_adaptive(state, counts, pairs, stop, n_bits, length, model, symbols):
    n_symbols, precision, total_bits, cumulative = model.n_symbols, model.precision, model.total_bits, model.cumulative
    low, span, offset, position, count = state[LOW], state[RANGE], state[OFFSET], state[POSITION], state[COUNT]
    half_mask = (np.int64(1) << (precision - 1)) - 1
    last = n_bits + precision - 2
    stop = min(stop, last)
    end = length + (1 if model.has_eob else 0)
    while True:
        shift = scaling(low, span, precision)
        if position + shift > stop:
            state[LOW], state[RANGE], state[OFFSET], state[POSITION], state[COUNT] = low, span, offset, position, count
            return INVALID if position + shift > last else SUSPENDED
        low = (low << shift) & half_mask
        span <<= shift
        fresh = (pairs[position >> 5] << (position & 31)) >> 31 & 0x1FFFFFFFF
        offset = offset << shift | fresh >> (33 - shift)
        position += shift
        state[COUNT] = count
        if count == end:
            return _finished(low, offset, position, last, precision)
        data = (span * cumulative[n_symbols]) >> total_bits
        if offset < data:
            if count == length:
                return INVALID
            total = counts[n_symbols]
            target = ((offset + 1) * total - 1) // data
            symbol = 0
            while counts[symbol + 1] <= target:
                symbol += 1
            start = data * counts[symbol] // total
            after = data * counts[symbol + 1] // total
            symbols[count] = symbol
            count_symbol(counts, symbol, model.limit)
        else:
            start = data
            after = (span * cumulative[n_symbols + 1]) >> total_bits
            if count < length or offset >= after:
                return INVALID
        low += start
        offset -= start
        span = after - start
        count += 1


@njit(cache=True)
def advance(state, counts, pairs, stop, n_bits, length, model, symbols):
    """Decode from a state until bit `stop` of the word would be read, its end is reached, or an error shows.

    Parameters
    ----------
    state : ndarray of int64, shape (5,)
        Lower end, range, value less the lower end, bits read, symbols decoded; changed.
    counts : ndarray of int64, shape (U + 1,)
        Sums of an adaptive code's counts; changed.
    pairs : ndarray of int64
        The word, from `pack_pairs`.
    stop, n_bits, length : int
        Bit to stop before; l and L.
    model : Model
    symbols : ndarray of int, shape (L,)
        Decoded symbols, written from the state's count on.

    Returns
    -------
    int
        SUSPENDED (0), the state can be advanced further; INVALID (-1) or VALID (1).
    """
    if is_binary(model):
        _advance_binary(state, pairs, stop, n_bits, length, model, symbols)
    if model.limit == 0:
        return _advance_static(state, pairs, stop, n_bits, length, model, symbols)
    return _advance_adaptive(state, counts, pairs, stop, n_bits, length, model, symbols)


@njit(cache=True)
def _decode_words(bits, lengths, model, pairs, state, counts, symbols, valid):
    length = symbols.shape[1]
    for word in range(len(bits)):
        n_bits = lengths[word]
        pack_pairs(bits[word], n_bits, model.precision, pairs)
        start_state(state, counts)
        stop = n_bits + model.precision
        valid[word] = advance(state, counts, pairs, stop, n_bits, length, model, symbols[word]) == VALID

"""A source code and a convolutional code in series, decoded in turns (paper 3, section 4 and Fig. 4).

The source coder's words, *packets* of differing lengths, are put together, a few to a *frame*, scrambled and encoded.
At the receiver the decoder of the convolutional code and a soft-input soft-output decoder of the source code tell each
other their extrinsic values.

Packets lie in the rows of one array, ``(packets, width)``, with their lengths in another, ``(packets,)``; what follows
a packet's end is zero and means nothing. Frame after frame takes the same number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from typing import Protocol

import numpy as np

from jscc.convolutional.bcjr import BCJRDecoder
from jscc.convolutional.viterbi import ViterbiDecoder
from jscc.soft import SoftResult, as_batch

__all__ = ["RandomInterleaver", "SerialTurbo", "SourceDecoder", "TurboResult"]

_CERTAIN = np.float32(100)  # of the zeros that fill the last period of a punctured code


class SourceDecoder(Protocol):
    """What `SerialTurbo` asks of a soft-input soft-output decoder of the source code."""

    def decode(self, llr: np.ndarray, lengths: np.ndarray) -> SoftResult:
        """Decode packets of the given lengths; see the module's text for their arrays.

        ``extrinsic`` of the result is told to the inner decoder as it is: scaling it, or giving it a constant
        magnitude as the paper does, is this decoder's affair. ``converged`` tells for which packets a valid word
        was found. Further fields of a subclass of `SoftResult` are kept; they are arrays with one row a packet.
        """


class RandomInterleaver:
    """Random permutations, one for each length of a frame, that a sender and a receiver draw alike.

    Parameters
    ----------
    rng : int or numpy.random.Generator
        Equal integers give equal permutations.

    Examples
    --------
    >>> interleaver = RandomInterleaver(0)
    >>> interleaver.order(5)
    array([0, 4, 2, 3, 1])
    """

    def __init__(self, rng):
        self.seed = int(np.random.default_rng(rng).integers(2**63))

    def order(self, length: int) -> np.ndarray:
        """Which bit of a frame of this length is sent first, second, ...: ndarray of int64, not to be written to."""
        return _order(self.seed, int(length))

    def __repr__(self) -> str:
        return f"{type(self).__name__}(seed {self.seed})"


@dataclass(frozen=True, repr=False)
class TurboResult(SoftResult):
    """What an iterative receiver found, one packet a row: the source decoder's last result, and those before.

    ``iterations`` tells how many were run for each packet.

    Attributes
    ----------
    trace : tuple of SoftResult
        What the source decoder gave in each iteration, of the type it gives. A packet of a frame that was finished
        earlier keeps its result.
    """

    trace: tuple[SoftResult, ...]

    def first(self) -> TurboResult:
        """The result of the first packet, without the leading axis."""
        own = (getattr(self, field.name)[0] for field in fields(SoftResult))
        return TurboResult(*own, tuple(result.first() for result in self.trace))


@dataclass(frozen=True, repr=False)
class SerialTurbo:
    """Packets of a source code behind an interleaver and a convolutional code, and their iterative receiver.

    Attributes
    ----------
    inner : BCJRDecoder or ViterbiDecoder
        Decoder of the convolutional code, and with it the code. `ViterbiDecoder` has no soft output: with one
        iteration it makes the paper's *tandem* of separate decoders.
    source : SourceDecoder or sequence of SourceDecoder
        Of a sequence each has its own iteration, and the last one all that follow: a schedule of its scaling.
    interleaver : RandomInterleaver
    packets_per_frame : int
        P of the paper, 4 there.
    iterations : int
        At most.
    stop : bool
        Whether a frame is finished once the source decoder has converged on all of its packets twice in turn with
        the same bits. Once is too early: a wrong packet that is valid would stay, which another iteration mends.

    Raises
    ------
    ValueError
        If a number is below 1, or there is no source decoder.

    Examples
    --------
    Packets that repeat each bit once, and a decoder that knows it:

    >>> from jscc import channels
    >>> from jscc.convolutional import BCJRDecoder, ConvolutionalCode
    >>> class Pairs:
    ...     def decode(self, llr, lengths):
    ...         extrinsic = llr.reshape(len(llr), -1, 2)[:, :, ::-1].reshape(llr.shape)
    ...         bits, done = np.uint8(llr + extrinsic < 0), np.zeros(len(llr), bool)
    ...         return SoftResult(bits, llr + extrinsic, extrinsic, done, np.ones(len(llr), np.int32))
    >>> code = ConvolutionalCode((0o13, 0o15), 3, feedback=0o13, terminated=True)
    >>> system = SerialTurbo(BCJRDecoder(code), Pairs(), RandomInterleaver(0), packets_per_frame=2)
    >>> packets = np.random.default_rng(0).integers(0, 2, (200, 50)).repeat(2, axis=1)
    >>> lengths = np.full(200, 100)
    >>> sent = system.encode(packets, lengths)
    >>> llr = channels.awgn_llr(channels.awgn(channels.bpsk(sent), 4, 1 / 4, rng=1), 4, 1 / 4)
    >>> errors = [int((result.bits != packets).sum()) for result in system.decode(llr, lengths).trace]
    >>> errors[0] > 10 * errors[1], errors[-1]
    (True, 0)
    """

    inner: BCJRDecoder | ViterbiDecoder
    source: SourceDecoder | Sequence[SourceDecoder]
    interleaver: RandomInterleaver
    packets_per_frame: int = 4
    iterations: int = 5
    stop: bool = False

    def __post_init__(self):
        for name in ("packets_per_frame", "iterations"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} given, 1 or more is expected")
        if isinstance(self.source, Sequence) and not self.source:
            raise ValueError("source=[] given, one decoder or more is expected")

    def __repr__(self) -> str:
        sources = ", ".join(map(repr, self.source)) if isinstance(self.source, Sequence) else repr(self.source)
        turns = f"{self.packets_per_frame} packets a frame, {self.iterations} iterations"
        return f"{type(self).__name__}({sources}; {self.inner!r}; {turns})"

    def frame_lengths(self, lengths) -> np.ndarray:
        """Bits of the codeword of each frame.

        Parameters
        ----------
        lengths : array_like of int, shape (packets,)

        Returns
        -------
        ndarray of int64, shape (frames,)
        """
        _, _, filled = self._sizes(lengths)
        return np.array([self.inner.code.length(int(k)) for k in filled], np.int64)

    def encode(self, packets, lengths) -> np.ndarray:
        """Frames of packets, scrambled and encoded.

        Parameters
        ----------
        packets : array_like of 0 and 1, shape (packets, width)
        lengths : array_like of int, shape (packets,)
            Bits of each packet, at most `width`.

        Returns
        -------
        ndarray of uint8, shape (frames, n)
            One codeword a row, with zeros past its end (`frame_lengths`).
        """
        bits, single = as_batch(packets, None, "packets", np.uint8)
        lengths, totals, filled = self._sizes(lengths)
        if single or len(bits) != len(lengths) or lengths.max(initial=0) > bits.shape[1]:
            raise ValueError(
                f"packets of shape {np.shape(packets)} given, ({len(lengths)}, {lengths.max(initial=0)}) or wider is "
                "expected"
            )
        places = self._places(lengths, totals, bits.shape[1], int(filled.max(initial=0)))
        information = np.where(places < 0, np.uint8(0), _taken(bits, places))
        return self.inner.code.encode(information, filled)

    def decode(self, llr, lengths, width: int | None = None) -> TurboResult:
        """Decode frames, the two decoders in turns.

        Parameters
        ----------
        llr : array_like of float, shape (frames, n)
            Log-likelihood ratios of the codewords' bits, n the length of the longest; what follows a frame's end is
            not read.
        lengths : array_like of int, shape (packets,)
            Bits of each packet, which the receiver knows.
        width : int, optional
            Bits of a row of the result; those of the longest packet by default.

        Returns
        -------
        TurboResult
            One row a packet.

        Raises
        ------
        ValueError
            If shapes do not fit, or a value is NaN.
        """
        code = self.inner.code
        rows, single = as_batch(llr, None, "llr", np.float32)
        lengths, totals, filled = self._sizes(lengths)
        n = code.length(int(filled.max(initial=0)))
        if single or rows.shape != (len(totals), n):
            raise ValueError(f"llr of shape {np.shape(llr)} given, ({len(totals)}, {n}) is expected")
        longest = int(lengths.max(initial=0))
        width = longest if width is None else width
        if width < longest:
            raise ValueError(f"width={width} given, {longest} or more is expected")
        places = self._places(lengths, totals, width, int(filled.max(initial=0)))
        told = np.where((places < 0) & (np.arange(places.shape[1]) < filled[:, None]), _CERTAIN, np.float32(0))
        values = np.zeros((len(lengths), width), np.float32)
        iterations = np.zeros(len(lengths), np.int32)
        active = np.arange(len(rows))
        trace: list[SoftResult] = []
        for turn in range(self.iterations):
            if turn and not len(active):
                trace.append(trace[-1])
                continue
            gained = self.inner.decode(rows[active], told[active], filled[active]).extrinsic
            bits_of = places[active]
            values.reshape(-1)[bits_of[bits_of >= 0]] = gained[bits_of >= 0]
            packets = (active[:, None] * self.packets_per_frame + np.arange(self.packets_per_frame)).ravel()
            found = self._source(turn).decode(values[packets], lengths[packets])
            if np.shape(found.extrinsic) != (len(packets), width):
                raise ValueError(
                    f"extrinsic of shape {np.shape(found.extrinsic)} given by {self._source(turn)!r}, "
                    f"({len(packets)}, {width}) is expected"
                )
            before = trace[-1] if trace else None
            trace.append(found if before is None else _with_rows(before, packets, found))
            iterations[packets] = turn + 1
            told[active] = np.where(bits_of < 0, told[active], _taken(trace[-1].extrinsic, bits_of))
            if self.stop and before is not None:
                settled = before.converged[packets] & found.converged
                settled &= (before.bits[packets] == found.bits).all(axis=1)
                active = active[~settled.reshape(len(active), self.packets_per_frame).all(axis=1)]
        last = trace[-1]
        return TurboResult(last.bits, last.llr, last.extrinsic, last.converged, iterations, tuple(trace))

    def _source(self, turn: int) -> SourceDecoder:
        if isinstance(self.source, Sequence):
            return self.source[min(turn, len(self.source) - 1)]
        return self.source

    def _sizes(self, lengths) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Lengths of packets, of frames, and of frames filled up to whole periods of the code (int64)."""
        given = np.asarray(lengths)
        if given.ndim != 1 or given.dtype.kind not in "iu" or (given < 0).any() or len(given) % self.packets_per_frame:
            raise ValueError(
                f"lengths of shape {given.shape} and {given.dtype} given, ({self.packets_per_frame} * frames,) "
                "integers of 0 or more are expected"
            )
        totals = given.reshape(-1, self.packets_per_frame).sum(axis=1).astype(np.int64)
        period = self.inner.code.period
        return given.astype(np.int64), totals, -(-totals // period) * period

    def _places(self, lengths, totals, width: int, longest: int) -> np.ndarray:
        """Where in the array of packets each bit of a frame comes from: int64 (frames, longest), -1 past the end."""
        places = np.full((len(totals), longest), -1, np.int64)
        inside = np.arange(width) < lengths[:, None]
        rows = np.arange(len(lengths)).reshape(-1, self.packets_per_frame)
        for frame, total in enumerate(totals):
            mine = rows[frame]
            joined = np.flatnonzero(inside[mine]) + mine[0] * width
            places[frame, :total] = joined[self.interleaver.order(total)]
        return places


def _taken(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Values at places of the flat array; anything where a place is -1."""
    return np.ascontiguousarray(values).reshape(-1)[places] if values.size else np.zeros(places.shape, values.dtype)


def _with_rows(result: SoftResult, rows: np.ndarray, found: SoftResult) -> SoftResult:
    """A copy of a result of all packets with some of its rows replaced, in every field."""
    if len(rows) == len(result.converged):
        return found
    changed = {}
    for field in fields(result):
        changed[field.name] = np.array(getattr(result, field.name))
        changed[field.name][rows] = getattr(found, field.name)
    return replace(result, **changed)


@lru_cache(maxsize=1024)
def _order(seed: int, length: int) -> np.ndarray:
    order = np.random.default_rng([seed, length]).permutation(length)
    order.setflags(write=False)
    return order

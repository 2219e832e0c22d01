"""A lossy compressor of bits from end to end: bits, container, bits (paper 2, section IV).

The bits are cut into blocks as long as the code, the last one filled up with zeros. Reinforced belief propagation finds
a codeword near each block, and the codeword's information symbols are what is stored. Back-substitution along
the leaf removal's steps makes the codeword of them again. Where no codeword was found, the compressor says so, or
takes the one with the information symbols of the last hard decisions, if it was told to mend.

**The container** holds, all integers most significant byte first:

====== ===== ====================================================================================
offset bytes content
====== ===== ====================================================================================
0      4     ``JGFQ``
4      1     version of the format, 1
5      1     p, bits of a symbol
6      1     how the graph was made: 0 for ``"peg"``, 1 for ``"random"``
7      4     n, symbols of a codeword
11     4     checks before the reduction
15     4     b, checks taken away by the reduction; so a codeword has k = n - checks + b free symbols
19     4     symbols of degree one
23     8     seed of the code
31     4     CRC-32 of the code: where each check's edges begin, their symbols (4 bytes each), labels
35     8     length of the input in bits
43     4     number of blocks
47     ...   k symbols of p bits for each block, one after the other, zeros up to the byte's end
-4     4     CRC-32 of all bytes before
====== ===== ====================================================================================

The code itself is not stored: it is drawn again from its seed. Its checksum tells if another version of the random
generator, or of this library, draws another code.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from jscc.gfq.code import GFqCode, bits_from_symbols, symbols_from_bits
from jscc.gfq.construction import growth_steps, ultra_sparse
from jscc.gfq.leaves import leaf_removal
from jscc.gfq.reinforced_bp import Quantised, ReinforcedBP
from jscc.information import rate_distortion_slope

__all__ = ["Compressor", "ContainerError", "NotConverged", "Report", "compressor_for", "decompress"]

_MAGIC, _VERSION = b"JGFQ", 1
_HEADER = struct.Struct(">4sBBBIIIIQIQI")
_CRC = struct.Struct(">I")
_GRAPHS = ("peg", "random")
# What a short file may make the decoder allocate: n is at most this many times k, and never above a limit.
_MOST_SYMBOLS_PER_STORED = 16
_MOST_SYMBOLS = 1 << 21
# What it may make the decoder compute: few checks with very many symbols each are slow to draw. The steps of the
# graph's growth are at most this many times the most symbols that there may be: half a minute at 2**18 symbols.
_MOST_SYMBOLS_PER_CHECK = 64
_MOST_STEPS_PER_SYMBOL = 2048
# Of a compressor that is made for an input: the paper's block, a code that bears the reduction, tries of a seed.
_BLOCK_BITS = 12_000
_FEWEST_CHECKS = 10
_SEEDS = 100
# Symbols that are unpacked at a time, or a block if it is longer.
_AT_A_TIME = 1 << 16


class ContainerError(ValueError):
    """Bytes that are no container: what is wrong, and at which offset.

    Attributes
    ----------
    offset : int
        Of the first byte of the field that is wrong.
    """

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(f"offset {offset}: {what}")
        self.offset = offset


class NotConverged(RuntimeError):
    """Blocks for which no codeword was found.

    Attributes
    ----------
    blocks : tuple of int
        Which, from 0.
    """

    def __init__(self, blocks, n_blocks: int, rbp: ReinforcedBP) -> None:
        self.blocks = tuple(map(int, blocks))
        super().__init__(
            f"no codeword found for {len(self.blocks)} of {n_blocks} blocks ({', '.join(map(str, self.blocks))}) in "
            f"{rbp.max_trials} trials of {rbp.max_iterations} iterations; a smaller gamma0 converges more surely, "
            "and mend=True makes a codeword of what was found"
        )


@dataclass(frozen=True, repr=False)
class Report:
    """What a compression cost and how near it came.

    Attributes
    ----------
    distortion : float
        Fraction of the input's bits that will come back wrong; nan without input.
    block_distortion : ndarray of float64, shape (blocks,)
        The same for each block, its padding counted with it.
    iterations : ndarray of int64, shape (blocks,)
        Of reinforced belief propagation, all trials together.
    trials : ndarray of int64, shape (blocks,)
        Starts of it.
    mended : ndarray of int64, shape (blocks,)
        Symbols of the last hard decisions that were changed to make a codeword of them; 0 where it had converged.
    """

    distortion: float
    block_distortion: np.ndarray
    iterations: np.ndarray
    trials: np.ndarray
    mended: np.ndarray

    def __repr__(self) -> str:
        blocks, mended = len(self.trials), np.count_nonzero(self.mended)
        return f"Report(distortion {self.distortion:.4g} in {blocks} blocks, {mended} of them mended)"


class Compressor:
    """A reduced ultra-sparse code with what is needed to compress by it.

    Parameters
    ----------
    n_symbols, rate, p
        The code before its reduction, see `jscc.gfq.construction.ultra_sparse`.
    seed : int
        Which code, 0 to 2**64 - 1.
    graph, reduction, degree_one
        See `jscc.gfq.construction.ultra_sparse`. The reduction is the book's, 5 checks.
    mend : bool
        Whether blocks for which no codeword was found are mended by `jscc.gfq.leaves.LeafRemoval.mend`, at some
        distortion, and not refused.
    **settings
        Of `jscc.gfq.reinforced_bp.ReinforcedBP`. The prior is by default 0.95 ln((1 - D) / D), with the least
        distortion D at the code's rate. From rate 0.9 on, gamma0 must be smaller than it is by default, such as 0.85.

    Attributes
    ----------
    code : GFqCode
    leaves : LeafRemoval
    rbp : ReinforcedBP

    Raises
    ------
    ValueError
        If there is no such code, its core is not empty (without a reduction it never is), it has more than 2**21
        symbols, fewer than one symbol in 16 is an information symbol, there is fewer than one check for 64 symbols, or
        its graph takes more than 2**32 steps to grow (`jscc.gfq.construction.growth_steps`).

    Examples
    --------
    >>> import numpy as np
    >>> from jscc.gfq import Compressor, decompress
    >>> compressor = Compressor(600, 0.5, 4, seed=1, gamma0=0.8)
    >>> compressor
    Compressor(GFqCode(600 symbols, 295 checks, GF(16), rate 0.508), gamma0=0.8, prior=2.01286)
    >>> bits = np.random.default_rng(0).integers(0, 2, 5000, dtype=np.uint8)
    >>> container, report = compressor.compress(bits, 0)
    >>> len(container), report.distortion < 0.15
    (509, True)
    >>> float(np.mean(decompress(container) != bits)) == report.distortion
    True
    >>> container, report = compressor.compress(b"the bytes of some text" * 9, 0)
    >>> np.packbits(decompress(container)).nbytes
    198
    """

    def __init__(
        self,
        n_symbols: int,
        rate: float,
        p: int,
        seed: int = 0,
        *,
        graph: str = "peg",
        reduction: int = 5,
        degree_one: float = 0.0,
        mend: bool = False,
        **settings,
    ) -> None:
        if not 0 <= seed < 1 << 64:
            raise ValueError(f"seed={seed} given, 0 to 2**64 - 1 is expected")
        if n_symbols > _MOST_SYMBOLS:
            raise ValueError(f"n_symbols={n_symbols} given, at most {_MOST_SYMBOLS} in a container is expected")
        n_checks = round(n_symbols * (1 - rate)) if 0 < rate < 1 else 0  # what is no code `ultra_sparse` refuses
        if 0 < n_checks * _MOST_SYMBOLS_PER_CHECK < n_symbols:
            raise ValueError(f"rate={rate} given, {n_checks} checks on {n_symbols} symbols; one for 64 is expected")
        steps, most = growth_steps(n_symbols, max(n_checks, 1)), _MOST_STEPS_PER_SYMBOL * _MOST_SYMBOLS
        if graph == "peg" and steps > most:
            raise ValueError(f"a graph of {steps} steps given, at most {most} is expected; graph='random' takes few")
        self.code = ultra_sparse(
            n_symbols, rate, p, np.random.default_rng(seed), graph=graph, reduction=reduction, degree_one=degree_one
        )
        self.leaves = leaf_removal(self.code)
        k = len(self.leaves.information_set)
        if k * _MOST_SYMBOLS_PER_STORED < n_symbols:
            raise ValueError(
                f"rate={rate} given, at which {k} of {n_symbols} symbols carry information; one in 16 is expected"
            )
        settings.setdefault("prior", 0.95 * float(rate_distortion_slope(self.code.rate)))
        self.rbp = ReinforcedBP(self.code, **settings)
        self.mend = mend
        n_leaves = round(degree_one * n_symbols)
        self._description = (p, _GRAPHS.index(graph), n_symbols, n_checks, reduction, n_leaves, seed)

    def __repr__(self) -> str:
        options = repr(self.rbp).removeprefix("ReinforcedBP").removesuffix(")")
        return f"Compressor{options}{', mend=True' * self.mend})"

    def compress(
        self, bits, rng: int | np.random.Generator, *, progress: Callable[[int], object] | None = None
    ) -> tuple[bytes, Report]:
        """Compress bits.

        Parameters
        ----------
        bits : array_like of 0 and 1, shape (length,), or bytes
            Of bytes the eight bits each, the most significant first.
        rng : int or numpy.random.Generator
            For the schedules of the belief propagation.
        progress : callable, optional
            Called after each block with the number of bits that were quantised since the last call. The result
            does not depend on it.

        Returns
        -------
        container : bytes
            For `decompress`.
        report : Report

        Raises
        ------
        ValueError
            If `bits` is not one axis of 0 and 1.
        NotConverged
            If no codeword was found for some block, and `mend` is false.
        """
        if isinstance(bits, (bytes, bytearray, memoryview)):
            bits = np.unpackbits(np.frombuffer(bits, np.uint8))
        bits = symbols_from_bits(bits, 1)
        if bits.ndim != 1:
            raise ValueError(f"bits of shape {bits.shape} given, (length,) is expected")
        n_blocks = -(-len(bits) // self.code.n_bits)
        blocks = np.zeros((n_blocks, self.code.n_bits), np.uint8)
        blocks.reshape(-1)[: len(bits)] = bits
        found = self._quantised(blocks, rng, progress)
        astray = np.flatnonzero(~found.converged)
        if len(astray) and not self.mend:
            raise NotConverged(astray, n_blocks, self.rbp)
        symbols, mended = found.symbols, np.zeros(n_blocks, np.int64)
        if len(astray):
            symbols[astray] = self.leaves.mend(before := symbols[astray])
            mended[astray] = np.count_nonzero(symbols[astray] != before, axis=1)
        wrong = bits_from_symbols(symbols, self.code.field.p) != blocks
        distortion = float(np.mean(wrong.reshape(-1)[: len(bits)])) if len(bits) else np.nan
        stored = bits_from_symbols(self.leaves.information(symbols), self.code.field.p)
        header = _HEADER.pack(_MAGIC, _VERSION, *self._description, _checksum(self.code), len(bits), n_blocks)
        container = header + np.packbits(stored).tobytes()
        report = Report(distortion, wrong.mean(axis=1), found.iterations, found.trials, mended)
        return container + _CRC.pack(zlib.crc32(container)), report

    def _quantised(self, blocks: np.ndarray, rng, progress) -> Quantised:
        """All blocks at once, or one by one: the generator gives both the same seeds."""
        if progress is None or not len(blocks):
            return self.rbp.quantise(blocks, rng)
        rng, found = np.random.default_rng(rng), []
        for block in blocks:
            found.append(self.rbp.quantise(block[None], rng))
            progress(len(block))
        return Quantised(*(np.concatenate([getattr(one, part.name) for one in found]) for part in fields(Quantised)))


def compressor_for(n_bits: int, rate: float = 0.5, q: int = 64, seed: int = 0) -> Compressor:
    """A compressor for an input of any length that converges without tuning, and mends where it does not.

    The input is cut into blocks of at most 12,000 bits (Figs. 1 and 3 of paper 2), as equal as can be, so that little
    is lost to padding. Reinforcement is stronger than the best one of the book's tables, since what these were tuned
    for is not known here: small fields and high rates need it.

    Parameters
    ----------
    n_bits : int
        Of the input, at least 0. A short one gets a code of a few symbols, which is far from the limit.
    rate : float
        Before the reduction, 0.1 to 0.9.
    q : int
        Size of the field, a power of two from 2 to 256.
    seed : int
        Of the first code that is tried; where its core is not empty (seldom), the next seed is.

    Returns
    -------
    Compressor

    Raises
    ------
    ValueError
        If an argument is none of those above.

    Examples
    --------
    >>> from jscc.gfq import compressor_for
    >>> compressor_for(30_000)
    Compressor(GFqCode(1667 symbols, 829 checks, GF(64), rate 0.503), gamma0=0.92, prior=1.99463, mend=True)
    """
    if n_bits < 0 or not 0.1 <= rate <= 0.9:
        raise ValueError(f"n_bits={n_bits} and rate={rate} given, at least 0 and 0.1 to 0.9 are expected")
    if q not in (2, 4, 8, 16, 32, 64, 128, 256):
        raise ValueError(f"q={q} given, a power of two from 2 to 256 is expected")
    p = q.bit_length() - 1
    n_blocks = max(1, -(-n_bits // (_BLOCK_BITS // p * p)))
    n_symbols = max(-(-n_bits // (n_blocks * p)), round(_FEWEST_CHECKS / (1 - rate)))
    gamma0 = 0.7 if p < 3 else 0.92 if rate <= 0.6 else 0.8 if p < 5 else 0.85
    for tried in range(seed, seed + _SEEDS):
        try:
            return Compressor(n_symbols, rate, p, tried, gamma0=gamma0, mend=True)
        except ValueError as error:
            trouble = error
    raise ValueError(f"no code of use from seed={seed} to {tried} given: {trouble}")


def decompress(container: bytes, *, max_symbols: int = 1 << 18, max_bits: int = 1 << 27) -> np.ndarray:
    r"""The bits that a container stands for.

    It takes as much memory as there are bits, and a few megabytes for the code and one block.

    Parameters
    ----------
    container : bytes
        From `Compressor.compress`.
    max_symbols : int
        The longest code that is drawn, in symbols; its graph may take 2048 times as many steps
        (`jscc.gfq.construction.growth_steps`). It keeps a container from a stranger from taking more than half a minute
        or so. A longer one, up to 2**21 symbols, has to be allowed.
    max_bits : int
        The most bits that come back, one byte each; a container's own size allows 128 for each byte of it.

    Returns
    -------
    ndarray of uint8, shape (length,)
        As many bits as were compressed, in the mean near the distortion that the report told.

    Raises
    ------
    ContainerError
        If the container is damaged, of another version, contradicts itself, describes no code or another one than is
        built here, or asks for more than is allowed. Before anything is allocated, all sizes are held against the
        container's own.

    Examples
    --------
    >>> from jscc.gfq import decompress
    >>> decompress(b"JGFQ\x01")
    Traceback (most recent call last):
    jscc.gfq.compressor.ContainerError: offset 5: the container ends at 5 of at least 51 bytes
    """
    least = _HEADER.size + _CRC.size
    if len(container) < _HEADER.size:
        raise ContainerError(len(container), f"the container ends at {len(container)} of at least {least} bytes")
    magic, version, p, graph, n, n_checks, reduction, n_leaves, seed, checksum, length, n_blocks = _HEADER.unpack_from(
        container
    )
    if magic != _MAGIC:
        raise ContainerError(0, f"{magic!r} given, {_MAGIC!r} is expected")
    if version != _VERSION:
        raise ContainerError(4, f"version {version} of the format given, {_VERSION} is expected")
    k = n - n_checks + reduction
    n_stored = n_blocks * k * p
    end = len(container) - _CRC.size
    crc = zlib.crc32(container[: max(end, 0)])
    stored_crc = _CRC.unpack_from(container, end)[0] if end >= _HEADER.size else None
    if stored_crc != crc:
        whole = _HEADER.size + -(-n_stored // 8) + _CRC.size
        # A header that is damaged, too, would announce just any size: one that contradicts itself is not believed.
        if len(container) < whole and n * p and n_blocks == -(-length // (n * p)):
            what = f"the container ends at {len(container)} of the {whole} bytes that its header announces"
            raise ContainerError(len(container), what)
        if stored_crc is None:
            raise ContainerError(len(container), f"the container ends at {len(container)} of at least {least} bytes")
        raise ContainerError(end, f"checksum {stored_crc:08x} given, {crc:08x} is expected: the container is damaged")
    for offset, right, what in (
        (5, 1 <= p <= 8, f"symbols of {p} bits given, 1 to 8 is expected"),
        (6, graph < len(_GRAPHS), f"graph of kind {graph} given, 0 to {len(_GRAPHS) - 1} is expected"),
        (7, n <= max_symbols, f"{n} symbols given, at most max_symbols = {max_symbols} is expected"),
        (11, 2 <= n_checks < n, f"{n_checks} checks given, 2 to n - 1 = {n - 1} is expected"),
        (
            11,
            n_checks * _MOST_SYMBOLS_PER_CHECK >= n,
            f"{n_checks} checks on {n} symbols given, one for 64 is expected",
        ),
        (15, reduction < n_checks, f"{reduction} checks taken away given, fewer than {n_checks} is expected"),
        (11, k * _MOST_SYMBOLS_PER_STORED >= n, f"{k} of {n} symbols stored given, one in 16 is expected"),
        (19, n_leaves <= n, f"{n_leaves} symbols of degree one given, at most {n} is expected"),
        (35, length <= max_bits, f"{length} bits given, at most max_bits = {max_bits} is expected"),
        (43, n_blocks == -(-length // max(n * p, 1)), f"{n_blocks} blocks of {n * p} bits given for {length} bits"),
    ):
        if not right:
            raise ContainerError(offset, what)
    if end - _HEADER.size != -(-n_stored // 8):
        raise ContainerError(
            _HEADER.size,
            f"{end - _HEADER.size} bytes of symbols given, {-(-n_stored // 8)} for {n_blocks} blocks is expected",
        )
    if not n_blocks:
        return np.zeros(0, np.uint8)
    stored = np.frombuffer(container, np.uint8, end - _HEADER.size, _HEADER.size)
    if stored[-1] & ((1 << -n_stored % 8) - 1):
        raise ContainerError(end - 1, "bits after the last symbol given, zeros are expected")
    steps, most_steps = growth_steps(n, n_checks), _MOST_STEPS_PER_SYMBOL * max_symbols
    if _GRAPHS[graph] == "peg" and steps > most_steps:
        raise ContainerError(11, f"a graph of {steps} steps given, at most {most_steps} for max_symbols is expected")
    options = {"graph": _GRAPHS[graph], "reduction": reduction, "degree_one": n_leaves / n}
    try:
        code = ultra_sparse(n, 1 - n_checks / n, p, seed, **options)
        leaves = leaf_removal(code)
        leaves.information_set  # noqa: B018, it raises if there is none
    except (ValueError, RuntimeError) as error:
        raise ContainerError(5, f"a code of no use given: {error}") from error
    if _checksum(code) != checksum:
        raise ContainerError(31, "the code that is built here is not the one that the container was written with")
    bits = np.empty(length, np.uint8)
    step = max(1, _AT_A_TIME // n)
    for block in range(0, n_blocks, step):
        blocks = min(step, n_blocks - block)
        information = symbols_from_bits(_bits_at(stored, block * k * p, blocks * k * p).reshape(blocks, -1), p)
        place = block * n * p
        bits[place : place + blocks * n * p] = bits_from_symbols(leaves.codeword(information), p).ravel()[
            : length - place
        ]
    return bits


def _bits_at(packed: np.ndarray, start: int, count: int) -> np.ndarray:
    """Bits `start` to `start + count` of packed bytes."""
    first = start // 8
    return np.unpackbits(packed[first : -(-(start + count) // 8)])[start - 8 * first :][:count]


def _checksum(code: GFqCode) -> int:
    """CRC-32 of a code's edges and labels."""
    crc = 0
    for array in (code.graph.check_start, code.graph.check_variables):
        crc = zlib.crc32(array.astype(">i4").tobytes(), crc)
    return zlib.crc32(code.labels.tobytes(), crc)

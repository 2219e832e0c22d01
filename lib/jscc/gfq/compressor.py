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
from dataclasses import dataclass

import numpy as np

from jscc.gfq.construction import GFqCode, bits_from_symbols, symbols_from_bits, ultra_sparse
from jscc.gfq.leaves import leaf_removal
from jscc.gfq.reinforced_bp import ReinforcedBP
from jscc.information import rate_distortion_slope

__all__ = ["Compressor", "ContainerError", "NotConverged", "Report", "decompress"]

_MAGIC, _VERSION = b"JGFQ", 1
_HEADER = struct.Struct(">4sBBBIIIIQIQI")
_CRC = struct.Struct(">I")
_GRAPHS = ("peg", "random")
# What a short file may make the decoder allocate: n is at most this many times k, and never above a limit.
_MOST_SYMBOLS_PER_STORED = 16
_MOST_SYMBOLS = 1 << 21
# What it may make the decoder compute: few checks with very many symbols each are slow to draw.
_MOST_SYMBOLS_PER_CHECK = 64


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


@dataclass(frozen=True)
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


class Compressor:
    """A reduced ultra-sparse code with what is needed to compress by it.

    Parameters
    ----------
    n_symbols, rate, p
        The code before its reduction, see `jscc.gfq.construction.ultra_sparse`.
    seed : int
        Which code, 0 to 2**64 - 1.
    graph, reduction, degree_one
        See `jscc.gfq.construction.ultra_sparse`.
    mend : bool
        Whether blocks for which no codeword was found are mended by `jscc.gfq.leaves.LeafRemoval.mend`, at some
        distortion, and not refused.
    **settings
        Of `jscc.gfq.reinforced_bp.ReinforcedBP`. The prior is by default 0.95 ln((1 - D) / D), with the least
        distortion D at the code's rate. From rate 0.9 on, gamma0 must be smaller than it is by default, such as 0.85.

    Attributes
    ----------
    code : GFqCode
    leaves : jscc.gfq.leaves.LeafRemoval
    rbp : ReinforcedBP

    Raises
    ------
    ValueError
        If there is no such code, its core is not empty (without a reduction it never is), it has more than 2**21
        symbols, fewer than one symbol in 16 is an information symbol, or there is fewer than one check for 64 symbols.
    """

    def __init__(
        self,
        n_symbols: int,
        rate: float,
        p: int,
        seed: int = 0,
        *,
        graph: str = "peg",
        reduction: int = 1,
        degree_one: float = 0.0,
        mend: bool = False,
        **settings,
    ) -> None:
        if not 0 <= seed < 1 << 64:
            raise ValueError(f"the seed is {seed}; expected 0 to 2**64 - 1")
        if n_symbols > _MOST_SYMBOLS:
            raise ValueError(f"a container's code has at most {_MOST_SYMBOLS} symbols, not {n_symbols}")
        self.code = ultra_sparse(
            n_symbols, rate, p, np.random.default_rng(seed), graph=graph, reduction=reduction, degree_one=degree_one
        )
        n_checks = self.code.n_checks + reduction
        if n_checks * _MOST_SYMBOLS_PER_CHECK < n_symbols:
            raise ValueError(f"{n_checks} checks on {n_symbols} symbols, fewer than one check for 64 symbols")
        self.leaves = leaf_removal(self.code)
        k = len(self.leaves.information_set)
        if k * _MOST_SYMBOLS_PER_STORED < n_symbols:
            raise ValueError(f"{k} of {n_symbols} symbols carry information, fewer than one in 16")
        settings.setdefault("prior", 0.95 * float(rate_distortion_slope(self.code.rate)))
        self.rbp = ReinforcedBP(self.code, **settings)
        self.mend = mend
        n_leaves = round(degree_one * n_symbols)
        self._description = (p, _GRAPHS.index(graph), n_symbols, n_checks, reduction, n_leaves, seed)

    def compress(self, bits, rng: np.random.Generator) -> tuple[bytes, Report]:
        """Compress bits.

        Parameters
        ----------
        bits : array_like of 0 and 1, shape (length,)
        rng : numpy.random.Generator
            For the schedules of the belief propagation.

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
        bits = symbols_from_bits(bits, 1)
        if bits.ndim != 1:
            raise ValueError(f"bits have one axis, not shape {bits.shape}")
        n_blocks = -(-len(bits) // self.code.n_bits)
        blocks = np.zeros((n_blocks, self.code.n_bits), np.uint8)
        blocks.reshape(-1)[: len(bits)] = bits
        encoding = self.rbp.encode(blocks, rng)
        if not encoding.converged.all() and not self.mend:
            raise NotConverged(np.flatnonzero(~encoding.converged), n_blocks, self.rbp)
        symbols = self.leaves.mend(encoding.symbols)
        mended = np.count_nonzero(symbols != encoding.symbols, axis=1)
        wrong = bits_from_symbols(symbols, self.code.field.p) != blocks
        distortion = np.count_nonzero(wrong.reshape(-1)[: len(bits)]) / len(bits) if len(bits) else np.nan
        stored = bits_from_symbols(self.leaves.information(symbols), self.code.field.p)
        header = _HEADER.pack(_MAGIC, _VERSION, *self._description, _checksum(self.code), len(bits), n_blocks)
        container = header + np.packbits(stored).tobytes()
        report = Report(distortion, wrong.mean(axis=1), encoding.iterations, encoding.trials, mended)
        return container + _CRC.pack(zlib.crc32(container)), report


def decompress(container: bytes, *, max_symbols: int = 1 << 18) -> np.ndarray:
    """The bits that a container stands for.

    Parameters
    ----------
    container : bytes
        From `Compressor.compress`.
    max_symbols : int
        The longest code that is drawn, in symbols; it keeps a container from a stranger from taking more than a minute
        or so. A longer one, up to 2**21 symbols, has to be allowed.

    Returns
    -------
    ndarray of uint8, shape (length,)
        As many bits as were compressed, in the mean near the distortion that the report told.

    Raises
    ------
    ContainerError
        If the container is damaged, of another version, contradicts itself, or describes no code or
        another one than is built here. Before anything is allocated, all sizes are held against the container's own.
    """
    if len(container) < _HEADER.size + _CRC.size:
        raise ContainerError(len(container), f"the container ends, at least {_HEADER.size + _CRC.size} bytes expected")
    magic, version, p, graph, n, n_checks, reduction, n_leaves, seed, checksum, length, n_blocks = _HEADER.unpack_from(
        container
    )
    if magic != _MAGIC:
        raise ContainerError(0, f"{magic!r} found, {_MAGIC!r} expected")
    if version != _VERSION:
        raise ContainerError(4, f"version {version} of the format, only {_VERSION} is known")
    end = len(container) - _CRC.size
    stored_crc, crc = _CRC.unpack_from(container, end)[0], zlib.crc32(container[:end])
    if stored_crc != crc:
        raise ContainerError(end, f"checksum {stored_crc:08x} stored, {crc:08x} computed: the container is damaged")
    k = n - n_checks + reduction
    for offset, right, what in (
        (5, 1 <= p <= 8, f"symbols of {p} bits, 1 to 8 expected"),
        (6, graph < len(_GRAPHS), f"graph of kind {graph}, 0 to {len(_GRAPHS) - 1} expected"),
        (7, n <= max_symbols, f"{n} symbols, at most max_symbols = {max_symbols} expected"),
        (11, 2 <= n_checks < n, f"{n_checks} checks, 2 to n - 1 = {n - 1} expected"),
        (11, n_checks * _MOST_SYMBOLS_PER_CHECK >= n, f"{n_checks} checks on {n} symbols, fewer than one for 64"),
        (15, reduction < n_checks, f"{reduction} checks taken away, fewer than {n_checks} expected"),
        (11, k * _MOST_SYMBOLS_PER_STORED >= n, f"{k} of {n} symbols are stored, fewer than one in 16"),
        (19, n_leaves <= n, f"{n_leaves} symbols of degree one among {n}"),
        (43, n_blocks == -(-length // max(n * p, 1)), f"{n_blocks} blocks of {n * p} bits for {length} bits"),
    ):
        if not right:
            raise ContainerError(offset, what)
    n_stored = n_blocks * k * p
    if end - _HEADER.size != -(-n_stored // 8):
        raise ContainerError(
            _HEADER.size, f"{end - _HEADER.size} bytes of symbols, {n_blocks} blocks need {-(-n_stored // 8)}"
        )
    if not n_blocks:
        return np.zeros(0, np.uint8)
    stored = np.unpackbits(np.frombuffer(container, np.uint8, end - _HEADER.size, _HEADER.size))
    if stored[n_stored:].any():
        raise ContainerError(end - 1, "the bits after the last symbol are not zero")
    information = symbols_from_bits(stored[:n_stored].reshape(n_blocks, -1), p)
    rng = np.random.default_rng(seed)
    options = {"graph": _GRAPHS[graph], "reduction": reduction, "degree_one": n_leaves / n}
    try:
        code = ultra_sparse(n, 1 - n_checks / n, p, rng, **options)
        words = leaf_removal(code).codeword(information)
    except (ValueError, RuntimeError) as error:
        raise ContainerError(5, f"the code described is of no use: {error}") from error
    if _checksum(code) != checksum:
        raise ContainerError(31, "the code that is built here is not the one that the container was written with")
    return bits_from_symbols(words, p).reshape(-1)[:length]


def _checksum(code: GFqCode) -> int:
    """CRC-32 of a code's edges and labels."""
    crc = 0
    for array in (code.graph.check_start, code.graph.check_variables):
        crc = zlib.crc32(array.astype(">i4").tobytes(), crc)
    return zlib.crc32(code.labels.tobytes(), crc)

"""Entropy coding of 8-bit symbols: static Huffman codes, and the scan of a JPEG file.

What paper 1 replaces by syndromes, beside the arithmetic code of `jscc.arithmetic.ranges`. Each image is coded on its
own, with one table for all of them (from the counts of a training set), and packed into bytes, the first bit in the
most significant place.
"""

from __future__ import annotations

import heapq
import io

import numpy as np
from numba import njit

N_SYMBOLS = 256
MAX_TOTAL = 2**39  # a code word is then at most 56 bits long and fits beside 7 waiting ones in 64


def symbol_counts(symbols: np.ndarray) -> np.ndarray:
    """How often each of the 256 symbols occurs, int64, shape (256,).

    Parameters
    ----------
    symbols : ndarray of uint8, any shape
    """
    symbols = np.asarray(symbols)
    if symbols.dtype != np.uint8:
        raise ValueError(f"symbols must be uint8, not {symbols.dtype}")
    return np.bincount(symbols.reshape(-1), minlength=N_SYMBOLS)


class HuffmanCode:
    """Canonical Huffman code of 8-bit symbols.

    Parameters
    ----------
    counts : array_like of int, shape (256,)
        How often each symbol occurs; one is added to each, so that all can be coded.

    Attributes
    ----------
    lengths : ndarray of int64, shape (256,)
        Bits of each code word.
    codewords : ndarray of uint64, shape (256,)
        The code words, in their `lengths` low bits. Shorter words come first, equal lengths in the symbols' order.
    """

    def __init__(self, counts):
        self.lengths = _huffman_lengths(_smoothed(counts))
        self._order = np.lexsort((np.arange(N_SYMBOLS), self.lengths))
        self._words_of_length = np.bincount(self.lengths, minlength=self.lengths.max() + 1)
        self._first = np.zeros(len(self._words_of_length), np.int64)
        for length in range(1, len(self._first)):
            self._first[length] = 2 * (self._first[length - 1] + self._words_of_length[length - 1])
        before = np.cumsum(self._words_of_length) - self._words_of_length
        rank = np.arange(N_SYMBOLS) - before[self.lengths[self._order]]
        self.codewords = np.empty(N_SYMBOLS, np.uint64)
        self.codewords[self._order] = (self._first[self.lengths[self._order]] + rank).astype(np.uint64)
        self._before = before

    def encode(self, symbols: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Code each row on its own.

        Parameters
        ----------
        symbols : ndarray of uint8, shape (N, n)

        Returns
        -------
        ndarray of uint8, shape (N, width)
            The coded rows, zeros after the end of each; `width` is the longest.
        ndarray of int64, shape (N,)
            Bits of each row. A row takes ``ceil(bits / 8)`` bytes, the rest of the last one zeros.
        """
        symbols = _rows(symbols)
        n_bits = self.lengths[symbols].sum(axis=1)
        packed = np.zeros((len(symbols), -(-int(n_bits.max(initial=0)) // 8)), np.uint8)
        _write_words(symbols, self.codewords, self.lengths, packed)
        return packed, n_bits

    def decode(self, packed: np.ndarray, n_symbols: int) -> np.ndarray:
        """Read one row of `encode`, cut to its own bytes.

        Parameters
        ----------
        packed : ndarray of uint8, shape (bytes,)
        n_symbols : int

        Returns
        -------
        ndarray of uint8, shape (n_symbols,)

        Raises
        ------
        ValueError
            If the bytes end too early, or anything but the zeros of the last byte follows the last symbol. Every
            other string of bits is the code of something: the code is complete.
        """
        packed = _stream(packed, n_symbols)
        symbols = np.empty(n_symbols, np.uint8)
        used = _read_words(packed, self._first, self._words_of_length, self._before, self._order, symbols)
        if used < 0:
            raise ValueError(f"{len(packed)} bytes hold fewer than the {n_symbols} symbols expected")
        left = 8 * len(packed) - used
        if left > 7 or (left and int(packed[-1]) & ((1 << left) - 1)):
            raise ValueError(
                f"{n_symbols} symbols end at bit {used}, but {len(packed)} bytes are given and not all zero"
            )
        return symbols


def jpeg_scans(images: np.ndarray, quality: int = 95) -> tuple[np.ndarray, np.ndarray]:
    """The entropy-coded data of gray baseline JPEG files, without the header that they share.

    Parameters
    ----------
    images : ndarray of uint8, shape (N, h, w)
    quality : int
        1 to 95 (Pillow); the standard's tables and its typical Huffman code.

    Returns
    -------
    ndarray of uint8, shape (N, width)
        The scan of each file, from behind the start-of-scan header to before the end-of-image marker.
    ndarray of int64, shape (N,)
        Bits of each scan, a multiple of 8.
    """
    from PIL import Image

    images = np.asarray(images)
    if images.dtype != np.uint8 or images.ndim != 3:
        raise ValueError(f"images must be uint8 of shape (N, h, w), not {images.dtype} {images.shape}")
    if not 1 <= quality <= 95:
        raise ValueError(f"quality must be 1 to 95, not {quality}")
    scans, header = [], None
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image).save(file, "JPEG", quality=quality)
        content = file.getvalue()
        if header is None:
            header = content[: scan_start(content)]
        if not content.startswith(header) or not content.endswith(b"\xff\xd9"):
            raise RuntimeError("the JPEG files differ in their headers: their scans cannot be told apart")
        scans.append(np.frombuffer(content, np.uint8)[len(header) : -2])
    n_bytes = np.array([len(scan) for scan in scans], np.int64)
    packed = np.zeros((len(scans), n_bytes.max(initial=0)), np.uint8)
    for target, scan in zip(packed, scans, strict=True):
        target[: len(scan)] = scan
    return packed, 8 * n_bytes


def scan_start(content: bytes) -> int:
    """Offset of the first byte behind the start-of-scan segment of a JPEG file, where its entropy-coded data begin."""
    at = 2
    while content[at + 1] != 0xDA:
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")


def _smoothed(counts) -> np.ndarray:
    counts = np.asarray(counts)
    if counts.shape != (N_SYMBOLS,) or not np.issubdtype(counts.dtype, np.integer):
        raise ValueError(f"counts must be {N_SYMBOLS} integers, not {counts.dtype} of shape {counts.shape}")
    if counts.min() < 0 or sum(map(int, counts)) + N_SYMBOLS > MAX_TOTAL:
        raise ValueError(f"counts must not be negative, and their sum at most {MAX_TOTAL - N_SYMBOLS}")
    return counts.astype(np.int64) + 1


def _huffman_lengths(counts: np.ndarray) -> np.ndarray:
    """Lengths of an optimal prefix code: join the two rarest groups until one is left."""
    lengths = np.zeros(len(counts), np.int64)
    groups = [(int(count), symbol, [symbol]) for symbol, count in enumerate(counts)]
    heapq.heapify(groups)
    while len(groups) > 1:
        first, second = heapq.heappop(groups), heapq.heappop(groups)
        members = first[2] + second[2]
        lengths[members] += 1
        heapq.heappush(groups, (first[0] + second[0], min(first[1], second[1]), members))
    return lengths


def _rows(symbols) -> np.ndarray:
    symbols = np.asarray(symbols)
    if symbols.dtype != np.uint8 or symbols.ndim != 2:
        raise ValueError(f"symbols must be uint8 of shape (N, n), not {symbols.dtype} {symbols.shape}")
    return np.ascontiguousarray(symbols)


def _stream(packed, n_symbols: int) -> np.ndarray:
    packed = np.asarray(packed)
    if packed.dtype != np.uint8 or packed.ndim != 1:
        raise ValueError(f"coded bytes must be uint8 of one axis, not {packed.dtype} {packed.shape}")
    if n_symbols < 0:
        raise ValueError(f"n_symbols must not be negative, not {n_symbols}")
    return np.ascontiguousarray(packed)


@njit(cache=True)
def _write_words(symbols, codewords, lengths, packed):
    """Each row's code words one after the other into the bytes of its row of `packed` (zeros on entry)."""
    for i in range(len(symbols)):
        waiting, n_waiting, at = np.uint64(0), 0, 0
        for symbol in symbols[i]:
            waiting = (waiting << np.uint64(lengths[symbol])) | codewords[symbol]
            n_waiting += lengths[symbol]
            while n_waiting >= 8:
                n_waiting -= 8
                packed[i, at] = np.uint8((waiting >> np.uint64(n_waiting)) & np.uint64(255))
                at += 1
        if n_waiting:
            packed[i, at] = np.uint8((waiting << np.uint64(8 - n_waiting)) & np.uint64(255))


@njit(cache=True)
def _read_words(packed, first, words_of_length, before, order, symbols):
    """Decode as many symbols as `symbols` has places; the bits used, or -1 if there are too few."""
    at, end = 0, 8 * len(packed)
    for k in range(len(symbols)):
        word, length = 0, 0
        while True:
            if at == end:
                return -1
            word = 2 * word + ((packed[at >> 3] >> (7 - (at & 7))) & 1)
            at += 1
            length += 1
            if word - first[length] < words_of_length[length]:
                symbols[k] = order[before[length] + word - first[length]]
                break
    return at

"""Damaged codestreams, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["mutate"]

EDGE_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
HEADER_BYTES = 256  # about as many as a main header has


def mutate(data: bytes, rng: np.random.Generator | int, donors: Sequence[bytes] = ()) -> bytes:
    """A codestream with damage: flipped bits, other bytes, a cut end, or a spliced piece.

    One kind or two, at places of which half lie among the first bytes, where the headers are.

    Parameters
    ----------
    data : bytes
        Not empty.
    rng : numpy.random.Generator or int
    donors : sequence of bytes
        Codestreams that pieces may come from, besides `data` itself.

    Returns
    -------
    bytes
        Possibly `data` itself, where a splice put the same bytes in place.

    Raises
    ------
    ValueError
        If `data` is empty.

    Examples
    --------
    >>> mutate(bytes(8), 3).hex()
    '8001000400001000'
    """
    if len(data) == 0:
        raise ValueError("data of 0 bytes given, at least one is expected")
    rng = np.random.default_rng(rng)
    damaged = bytearray(data)
    for _ in range(int(rng.integers(1, 3))):
        kind = rng.choice(["flip", "byte", "cut", "splice"], p=[0.4, 0.25, 0.1, 0.25])
        if kind == "flip":
            for _ in range(int(rng.integers(1, 9))):
                damaged[_place(damaged, rng)] ^= 1 << int(rng.integers(8))
        elif kind == "byte":
            for _ in range(int(rng.integers(1, 5))):
                edge = rng.random() < 0.5
                damaged[_place(damaged, rng)] = int(rng.choice(EDGE_BYTES)) if edge else int(rng.integers(256))
        elif kind == "cut":
            del damaged[int(rng.integers(1, len(damaged) + 1)) :]
        else:
            source = donors[int(rng.integers(len(donors)))] if len(donors) and rng.random() < 0.5 else data
            first, length = _place(source, rng), int(rng.choice([1, 2, 16, 256, 4096]))
            at, removed = _place(damaged, rng), int(rng.choice([0, length]))
            damaged[at : at + removed] = source[first : first + length]
    return bytes(damaged)


def _place(data: bytes | bytearray, rng: np.random.Generator) -> int:
    """An index, as often among the first bytes as anywhere."""
    return int(rng.integers(min(len(data), HEADER_BYTES) if rng.random() < 0.5 else len(data)))

"""Damaged codestreams, for tests of what reads them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["mutate"]

EDGE_BYTES = (0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF)
KINDS, SHARES = ("flip", "byte", "cut", "splice"), (0.4, 0.25, 0.1, 0.25)
HEADER_BYTES = 256  # about as many as a main header has


def mutate(
    data: bytes, rng: np.random.Generator | int, donors: Sequence[bytes] = (), *, kind: str | None = None
) -> bytes:
    """A codestream with damage: flipped bits, other bytes, a cut end, or a spliced piece.

    Damaged once or twice, at places of which half lie among the first bytes, where the headers are.

    Parameters
    ----------
    data : bytes
        Not empty.
    rng : numpy.random.Generator or int
    donors : sequence of bytes
        Codestreams that pieces may come from, besides `data` itself.
    kind : str, optional
        One of `KINDS`; by default any, drawn for each damage.

    Returns
    -------
    bytes
        Possibly `data` itself, where a splice put the same bytes in place.

    Raises
    ------
    ValueError
        If `data` is empty, or there is no such kind.

    Examples
    --------
    >>> mutate(bytes(8), 3).hex()
    '8001000400001000'
    >>> mutate(bytes(8), 3, kind="cut").hex()
    '00'
    """
    if len(data) == 0:
        raise ValueError("data of 0 bytes given, at least one is expected")
    if kind is not None and kind not in KINDS:
        raise ValueError(f"kind={kind!r} given, one of {KINDS} is expected")
    rng = np.random.default_rng(rng)
    damaged = bytearray(data)
    for _ in range(int(rng.integers(1, 3))):
        drawn = kind if kind is not None else rng.choice(KINDS, p=SHARES)
        if drawn == "splice":
            _splice(damaged, data, donors, rng)
        else:
            {"flip": _flip, "byte": _replace, "cut": _cut}[drawn](damaged, rng)
    return bytes(damaged)


def _flip(damaged: bytearray, rng: np.random.Generator) -> None:
    """Flip 1 to 8 bits."""
    for _ in range(int(rng.integers(1, 9))):
        damaged[_place(damaged, rng)] ^= 1 << int(rng.integers(8))


def _replace(damaged: bytearray, rng: np.random.Generator) -> None:
    """Put 1 to 4 other bytes in place, half of them at an edge of their range."""
    for _ in range(int(rng.integers(1, 5))):
        edge = rng.random() < 0.5
        damaged[_place(damaged, rng)] = int(rng.choice(EDGE_BYTES)) if edge else int(rng.integers(256))


def _cut(damaged: bytearray, rng: np.random.Generator) -> None:
    """Leave out the end, of any length."""
    del damaged[int(rng.integers(1, len(damaged) + 1)) :]


def _splice(damaged: bytearray, data: bytes, donors: Sequence[bytes], rng: np.random.Generator) -> None:
    """Insert a piece of the data or of a donor, in half of the cases over as many bytes."""
    source = donors[int(rng.integers(len(donors)))] if len(donors) and rng.random() < 0.5 else data
    first, length = _place(source, rng), int(rng.choice([1, 2, 16, 256, 4096]))
    at, removed = _place(damaged, rng), int(rng.choice([0, length]))
    damaged[at : at + removed] = source[first : first + length]


def _place(data: bytes | bytearray, rng: np.random.Generator) -> int:
    """An index, as often among the first bytes as anywhere."""
    return int(rng.integers(min(len(data), HEADER_BYTES) if rng.random() < 0.5 else len(data)))

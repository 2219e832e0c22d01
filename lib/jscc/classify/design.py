"""Parity-check matrices designed for a classifier: which checks of few bits tell most about the class?

A source of 1 to 8 planes of 32 x 32 bits gives 1024 to 8192 variables; variable ``1024 p + 32 r + c`` is the bit of
the p-th plane at row r and column c. A *check* is the increasing tuple of its variables, and a design is a list of
checks, chosen on training images alone.

What a check is worth is judged by least squares: of the variance of the ten class indicators, the share that a linear
readout of all chosen checks explains. `select_checks` adds the check that raises it most, one after another
(orthogonal least squares, which is a pivoted Cholesky factorisation of the checks' covariance), so the first k checks
of a design are a design of k checks. `learn_checks` alternates this with small changes of the chosen checks. Neither
needs a product of large matrices: one image is one bit of a 64-bit word, a check is an exclusive or of rows of words,
and a covariance is a count of ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from threadpoolctl import threadpool_limits

from jscc.bitplanes import unpack_planes
from jscc.classify.columns import N_CLASSES, SIDE
from jscc.ldpc.syndrome import syndromes
from jscc.tanner import TannerGraph

N = SIDE * SIDE
Check = tuple[int, ...]

_RIDGE = 1e-3  # added to every variance (at most 1/4): a check that hardly ever fires is not worth fitting
_SMALLEST_VARIANCE = 1e-6
_LAST_RESORT = 1000  # candidates drawn for each one wanted before giving up

STRUCTURES = {
    "pixel": ([(0, 0)],),
    "pair_horizontal": ([(0, 0), (0, 1)],),
    "pair_vertical": ([(0, 0), (1, 0)],),
    "pair_both": ([(0, 0), (0, 1)], [(0, 0), (1, 0)]),
    "haar": ([(0, 0)], [(0, 0), (0, 1), (1, 0), (1, 1)]),
    "patch_2x2": ([(0, 0), (0, 1), (1, 0), (1, 1)],),
    "patch_2x3": ([(r, c) for r in range(2) for c in range(3)],),
    "patch_3x3": ([(r, c) for r in range(3) for c in range(3)],),
}


@dataclass(frozen=True)
class TrainingBits:
    """Source bits of training images, one bit-plane position a row, and the images' classes.

    Attributes
    ----------
    words : ndarray of uint64, shape (n_variables, n_words)
        Bit i of row v (64 to a word, zeros after the last) is variable v of image i.
    labels : ndarray of int64, shape (n_images,)
        Classes 0 to 9.
    """

    words: np.ndarray
    labels: np.ndarray

    def __repr__(self) -> str:
        return f"TrainingBits({self.n_variables} bits of {len(self.labels):,} images)"

    @classmethod
    def of(cls, packed: np.ndarray, planes: Sequence[int], labels: np.ndarray) -> TrainingBits:
        """Take some planes of packed images.

        Parameters
        ----------
        packed : ndarray of uint8, shape (n_images, 1024)
            See `jscc.classify.columns.symbols`.
        planes : sequence of int
            Different planes, 0 (most significant, or sign) to 7, in the order of the variables.
        labels : array_like of int, shape (n_images,)

        Examples
        --------
        >>> from jscc.classify import gray_images, symbols
        >>> digits = gray_images("digits")
        >>> TrainingBits.of(symbols(digits.train, transform=False), (0, 1), digits.train_labels)
        TrainingBits(2048 bits of 1,437 images)
        """
        packed, labels = _check_packed(packed), np.asarray(labels)
        _check_planes(planes)
        if labels.shape != (len(packed),) or not len(packed):
            raise ValueError(
                f"packed {packed.shape}, labels {labels.shape} given, an image or more and a label each are expected"
            )
        if labels.min() < 0 or labels.max() >= N_CLASSES:
            raise ValueError(f"labels {labels.min()} to {labels.max()} given, 0 to {N_CLASSES - 1} are expected")
        turned = np.ascontiguousarray(packed.T)
        rows = [_rows_of_words(turned >> np.uint8(7 - plane) & np.uint8(1)) for plane in planes]
        return cls(np.concatenate(rows), labels.astype(np.int64))

    @property
    def n_variables(self) -> int:
        """Bits of one image."""
        return len(self.words)


def graph_of(checks: Sequence[Check], n_variables: int) -> TannerGraph:
    """The Tanner graph of checks, in their order.

    Examples
    --------
    >>> graph_of([(0, 1), (1, 2)], 3).to_dense()
    array([[1, 1, 0],
           [0, 1, 1]], dtype=uint8)
    """
    weights = [len(check) for check in checks]
    if not weights or 0 in weights:
        raise ValueError(f"checks of weights {weights} given, one check or more, and none of them empty, is expected")
    return TannerGraph.from_edges(
        len(checks), n_variables, np.repeat(np.arange(len(checks)), weights), np.concatenate(checks)
    )


def check_bits(packed: np.ndarray, planes: Sequence[int], graph: TannerGraph) -> np.ndarray:
    """Syndrome of some planes taken together, as a network reads it in one step.

    Parameters
    ----------
    packed : ndarray of uint8, shape (n_images, 1024)
    planes : sequence of int
        The planes that the code's variables stand for, in their order.
    graph : TannerGraph
        A code on ``1024 * len(planes)`` variables.

    Returns
    -------
    ndarray of uint8, shape (n_images, n_checks)
        The syndrome in the first plane of packed bits: 0 or 128.

    Examples
    --------
    >>> packed = np.zeros((1, 1024), np.uint8)
    >>> packed[0, 7] = 128  # the most significant plane has one bit
    >>> check_bits(packed, (0,), graph_of([(7, 8), (8, 9)], 1024))
    array([[128,   0]], dtype=uint8)
    """
    packed = _check_packed(packed)
    _check_planes(planes)
    if graph.n_variables != N * len(planes):
        raise ValueError(
            f"a graph on {graph.n_variables} variables given, {N * len(planes)} are expected for {len(planes)} planes"
        )
    out = np.empty((len(packed), graph.n_checks), np.uint8)
    for first in range(0, len(packed), 1000):  # unpacked planes are eight times as large
        bits = unpack_planes(packed[first : first + 1000])[:, list(planes)]
        out[first : first + 1000] = syndromes(bits.reshape(len(bits), -1), graph) << 7
    return out


def tiled_checks(name: str) -> list[Check]:
    """512 checks on one plane: small stencils laid over the picture, wrapping at its edges.

    Parameters
    ----------
    name : str
        A key of `STRUCTURES`, of one stencil or two. One stencil stands at every second pixel, as on a chessboard;
        two stand together at every second row and column.

    Examples
    --------
    >>> checks = tiled_checks("pair_horizontal")
    >>> len(checks), checks[:2]
    (512, [(0, 1), (2, 3)])
    """
    if name not in STRUCTURES:
        raise ValueError(f"name={name!r} given, one of {', '.join(STRUCTURES)} is expected")
    stencils = STRUCTURES[name]
    rows, columns = np.divmod(np.arange(N), SIDE)
    anchors = (rows + columns) % 2 == 0 if len(stencils) == 1 else (rows % 2 == 0) & (columns % 2 == 0)
    return [
        tuple(sorted((r + down) % SIDE * SIDE + (c + right) % SIDE for down, right in stencil))
        for r, c in zip(rows[anchors].tolist(), columns[anchors].tolist(), strict=True)
        for stencil in stencils
    ]


def random_checks(
    count: int, weight: int, n_planes: int, rng: np.random.Generator | int, *, reach: int | None = None
) -> list[Check]:
    """Different checks of one weight, each within a plane.

    Parameters
    ----------
    count, weight : int
        How many, and of how many bits.
    n_planes : int
        1 to 8.
    rng : numpy.random.Generator
    reach : int, optional
        All bits of a check lie within this many rows and columns of its first; anywhere in the plane if not given.

    Examples
    --------
    >>> checks = random_checks(512, 3, 1, rng=0)
    >>> len(set(checks)), {len(check) for check in checks}
    (512, {3})
    """
    _positive(count=count, weight=weight, n_planes=n_planes)
    if reach is not None and reach < 1:
        raise ValueError(f"reach={reach} given, a positive number is expected")
    rng = np.random.default_rng(rng)
    found: dict[Check, None] = {}
    for _ in range(_LAST_RESORT * count):
        if len(found) == count:
            return list(found)
        first = int(rng.integers(n_planes * N))
        check = {first}
        for _ in range(weight - 1):
            check.add(first // N * N + int(rng.integers(N)) if reach is None else _near(first, reach, rng))
        if len(check) == weight:
            found[tuple(sorted(check))] = None
    raise ValueError(
        f"count={count}, weight={weight}, reach={reach} given, so many different checks are expected to exist"
    )


def select_checks(
    pool: Sequence[Check], bits: TrainingBits, n_checks: int, *, independent: bool = True
) -> tuple[list[Check], np.ndarray]:
    """Choose checks one after another, each the one that raises the explained class variance most.

    Parameters
    ----------
    pool : sequence of tuple of int
        The candidates.
    bits : TrainingBits
    n_checks : int
        How many are wanted.
    independent : bool
        Pass over a check that is the sum over GF(2) of chosen ones, so that the code has full rank.

    Returns
    -------
    checks : list of tuple of int
        In the order of choice; fewer than `n_checks` if the pool holds no more that vary, or are independent.
    explained : ndarray of float64, shape (len(checks),)
        Share (0 to 1) of the variance of the class indicators that a linear readout of the checks up to this one
        explains on the training images, with a small ridge penalty.

    Examples
    --------
    >>> from jscc.classify import gray_images, symbols
    >>> digits = gray_images("digits")
    >>> bits = TrainingBits.of(symbols(digits.train, transform=False), (0,), digits.train_labels)
    >>> checks, explained = select_checks(random_checks(200, 2, 1, rng=0, reach=5), bits, 10)
    >>> len(checks), bool((np.diff(explained) > 0).all())
    (10, True)
    """
    _positive(n_checks=n_checks)
    graph = graph_of(pool, bits.n_variables)
    n_images = len(bits.labels)
    rows = np.empty((len(pool), bits.words.shape[1]), np.uint64)
    _add_rows(bits.words, graph.check_start, graph.check_variables, rows)
    count = np.empty(len(pool))
    with_class = np.empty((len(pool), N_CLASSES))
    for k, mask in enumerate(_rows_of_words(bits.labels == np.arange(N_CLASSES)[:, None])):
        _count_common_ones(rows, mask, count)
        with_class[:, k] = count / n_images
    ones = with_class.sum(axis=1)
    share = np.bincount(bits.labels, minlength=N_CLASSES) / n_images
    # What the chosen checks leave: covariance with the classes, variance, and the factor's columns so far.
    class_covariance = with_class - ones[:, None] * share
    variance = ones * (1 - ones) + _RIDGE
    factor = np.zeros((len(pool), min(n_checks, len(pool))))
    left = ones * (1 - ones) > _SMALLEST_VARIANCE
    class_variance = max((share * (1 - share)).sum(), _SMALLEST_VARIANCE)
    basis: dict[int, int] = {}
    chosen: list[Check] = []
    gains: list[float] = []
    with threadpool_limits(1):
        while len(chosen) < n_checks and left.any():
            gain = np.where(left, (class_covariance**2).sum(axis=1) / variance, -1)
            best = int(gain.argmax())
            left[best] = False
            if independent and not _extends(basis, pool[best]):
                continue
            t = len(chosen)
            _count_common_ones(rows, rows[best], count)
            column = count / n_images - ones * ones[best]
            column[best] += _RIDGE
            column -= factor[:, :t] @ factor[best, :t]
            column /= np.sqrt(column[best])
            factor[:, t] = column
            class_covariance -= column[:, None] * (class_covariance[best] / column[best])
            variance = np.maximum(variance - column**2, _SMALLEST_VARIANCE)
            chosen.append(pool[best])
            gains.append(gain[best])
    return chosen, np.cumsum(gains) / class_variance


def learn_checks(
    bits: TrainingBits,
    n_checks: int,
    rng: np.random.Generator | int,
    *,
    max_weight: int = 3,
    reach: int = 3,
    rounds: int = 12,
    pool_size: int = 5000,
    after_round: Callable[[int, float], None] | None = None,
) -> tuple[list[Check], np.ndarray]:
    """Learn the edges of a code: choose checks, change some, choose again.

    The first pool holds every single bit and `pool_size` local checks of two bits or more. Every later one holds the
    chosen checks and `pool_size` neighbours of them: a bit more, a bit less, or a bit moved. A new bit lies within
    `reach` of one of the check's bits, sometimes in another plane.

    Parameters
    ----------
    bits : TrainingBits
        Of 1 to 8 planes.
    n_checks : int
    rng : numpy.random.Generator
    max_weight : int
        Most bits in a check.
    reach : int
        In rows and columns.
    rounds, pool_size : int
    after_round : callable, optional
        Called with the round's number (from 0) and the explained share.

    Returns
    -------
    checks : list of tuple of int
    explained : ndarray of float64
        See `select_checks`.

    Examples
    --------
    >>> from jscc.classify import gray_images, symbols
    >>> digits = gray_images("digits")
    >>> bits = TrainingBits.of(symbols(digits.train, transform=False), (0,), digits.train_labels)
    >>> shares = []
    >>> checks, _ = learn_checks(
    ...     bits, 16, rng=0, rounds=3, pool_size=200, after_round=lambda _, share: shares.append(share)
    ... )
    >>> shares[2] > shares[0]
    True
    """
    _positive(n_checks=n_checks, max_weight=max_weight, reach=reach, rounds=rounds, pool_size=pool_size)
    rng = np.random.default_rng(rng)
    n_planes, rest = divmod(bits.n_variables, N)
    if rest or not 1 <= n_planes <= 8:
        raise ValueError(f"{bits.n_variables} bits given, 1 to 8 planes of {N} bits are expected")
    pool: list[Check] = [(v,) for v in range(bits.n_variables)]
    for weight in range(2, max_weight + 1):
        pool += random_checks(-(-pool_size // (max_weight - 1)), weight, n_planes, rng, reach=reach)
    for step in range(rounds):
        checks, explained = select_checks(pool, bits, n_checks)
        if after_round:
            after_round(step, float(explained[-1]))
        changed = (
            _changed(checks[rng.integers(len(checks))], n_planes, max_weight, reach, rng) for _ in range(pool_size)
        )
        pool = list(dict.fromkeys([*checks, *changed]))
    return checks, explained


def _changed(check: Check, n_planes: int, max_weight: int, reach: int, rng: np.random.Generator) -> Check:
    """A check with one bit added, taken away or moved, as far as its weight allows."""
    kind = rng.integers(3)
    new = set(check)
    if kind != 0 and len(new) > 1:
        new.discard(check[rng.integers(len(check))])
    if kind != 1 and len(new) < max_weight:
        start = check[rng.integers(len(check))]
        if rng.random() < 0.3:
            start = int(rng.integers(n_planes)) * N + start % N
        new.add(_near(start, reach, rng))
    return tuple(sorted(new))


def _near(variable: int, reach: int, rng: np.random.Generator) -> int:
    """A bit of the same plane within `reach` rows and columns; those beyond the edge count as on it."""
    plane, position = divmod(variable, N)
    row, column = divmod(position, SIDE)
    down, right = rng.integers(-reach, reach + 1, size=2).tolist()
    return plane * N + min(max(row + down, 0), SIDE - 1) * SIDE + min(max(column + right, 0), SIDE - 1)


def _extends(basis: dict[int, int], check: Check) -> bool:
    """Whether a check is no sum of those in `basis` (by leading bit), which then takes it in."""
    rest = 0
    for variable in check:
        rest ^= 1 << int(variable)
    while rest:
        leading = rest.bit_length()
        if leading not in basis:
            basis[leading] = rest
            return True
        rest ^= basis[leading]
    return False


def _rows_of_words(bits: np.ndarray) -> np.ndarray:
    """Rows of 0 and 1, shape (n, count), as rows of 64-bit words with zeros at the end."""
    rows = np.packbits(bits, axis=1, bitorder="little")
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % 8))).view(np.uint64)


@njit(cache=True)
def _add_rows(words, check_start, check_variables, out):
    """Row j of `out` becomes the exclusive or of the rows that check j sees."""
    for j in range(len(out)):
        target = out[j]
        target[:] = 0
        for edge in range(check_start[j], check_start[j + 1]):
            source = words[check_variables[edge]]
            for w in range(len(target)):
                target[w] ^= source[w]


@njit(cache=True)
def _count_common_ones(rows, row, out):
    """How many ones each of `rows` has in common with `row`."""
    # Constants of the tree that sums bits pairwise, then by fours and by bytes.
    pairs, fours, bytes_ = np.uint64(0x5555555555555555), np.uint64(0x3333333333333333), np.uint64(0x0F0F0F0F0F0F0F0F)
    spread = np.uint64(0x0101010101010101)
    one, two, four, top = np.uint64(1), np.uint64(2), np.uint64(4), np.uint64(56)
    for j in range(len(rows)):
        other = rows[j]
        total = np.uint64(0)
        for w in range(len(row)):
            x = row[w] & other[w]
            x -= (x >> one) & pairs
            x = (x & fours) + ((x >> two) & fours)
            x = (x + (x >> four)) & bytes_
            total += (x * spread) >> top
        out[j] = total


def _check_packed(packed) -> np.ndarray:
    packed = np.asarray(packed)
    if packed.dtype != np.uint8 or packed.ndim != 2 or packed.shape[1] != N:
        missing = " (the batch axis is missing)" if packed.ndim == 1 else ""
        raise ValueError(
            f"packed {packed.dtype} {packed.shape} given, uint8 of shape (images, {N}) is expected{missing}"
        )
    return packed


def _check_planes(planes: Sequence[int]) -> None:
    if not len(planes) or len(set(planes)) != len(planes) or not set(planes) <= set(range(8)):
        raise ValueError(f"planes={planes} given, different ones of 0 to 7 are expected")


def _positive(**values: int) -> None:
    for name, value in values.items():
        if value < 1:
            raise ValueError(f"{name}={value} given, a positive number is expected")

"""What paper 1 leaves open in Setup 1: which (3, 6) matrix it was, and in what order the network reads.

The paper says "a regular (3, 6)-LDPC parity-check matrix H of size 1024 x 512" (section IV-B), and that a step of the
network reads the syndrome of a plane. Here are other matrices of that size and row weight, most of whose checks
add neighbouring pixels, and other readings of the rest.
"""

from __future__ import annotations

import numpy as np

from jscc import tanner
from jscc.bitplanes import pack_planes, unpack_planes
from jscc.classify.codes import banded
from jscc.classify.columns import CODE_SEED, SIDE
from jscc.ldpc.syndrome import syndromes
from jscc.tanner import TannerGraph

N, M = SIDE * SIDE, SIDE * SIDE // 2
COLUMN_WEIGHT, ROW_WEIGHT = 3, 6

MATRICES = {
    "random": "a random (3, 6) matrix",
    "gallager": "Gallager's: the first third along the rows of the picture, two thirds permuted",
    "rows_columns": "one third along rows, one along columns, one permuted",
    "rows_columns_rows": "thirds along rows, along columns, and along rows from the fourth pixel on",
    "patches": "patches of 2 x 3 pixels, one at every second pixel; not regular",
    "double_circulant": "two circulants of column weight 3",
    "staircase": "four random pixels of the upper half, and a staircase on the lower one; not regular",
}

READINGS = {
    "planes": "a plane a step, the most significant first",
    "lsb_first": "a plane a step, the least significant first",
    "one_step": "all planes in one step",
    "sums": "a plane a step, its checks as sums from 0 to 6, not modulo 2",
    "checks": "a check a step, eight bits of it",
}


def open_matrix(name: str, draw: int) -> TannerGraph:
    """A matrix of `MATRICES`, 512 checks on 1024 pixels in raster order.

    Parameters
    ----------
    name : str
        A key of `MATRICES`.
    draw : int
        Which draw of it; "rows_columns_rows" and "patches" have but one.

    Returns
    -------
    TannerGraph
        Of row weight 6, and of column weight 3 but for "patches" (2 and 4) and "staircase" (1 to 4).

    Examples
    --------
    >>> open_matrix("gallager", 0).check_variables[:6]
    array([0, 1, 2, 3, 4, 5], dtype=int32)
    """
    if name not in MATRICES:
        raise ValueError(f"name={name!r} given, one of {', '.join(MATRICES)} is expected")
    rng = np.random.default_rng([CODE_SEED, *name.encode(), draw])
    rows = np.arange(N)
    columns = rows.reshape(SIDE, SIDE).T.ravel()
    if name == "random":
        return tanner.regular(N, COLUMN_WEIGHT, ROW_WEIGHT, rng)
    if name == "gallager":
        return laid_along([rows, None, None], rng)
    if name == "rows_columns":
        return laid_along([rows, columns, None], rng)
    if name == "rows_columns_rows":
        return laid_along([rows, columns, np.roll(rows, -COLUMN_WEIGHT)], rng)
    if name == "patches":
        return banded()
    checks = np.arange(M)
    if name == "double_circulant":
        shifts = [rng.choice(M, COLUMN_WEIGHT, replace=False) for _ in range(2)]
        variables = np.hstack([(checks[:, None] + shift) % M + M * half for half, shift in enumerate(shifts)])
        return TannerGraph.from_edges(M, N, np.repeat(checks, ROW_WEIGHT), variables.ravel())
    weight = ROW_WEIGHT - 2
    upper = tanner.configuration(np.full(M, weight), np.full(M, weight), rng)
    edges = [(upper.edge_checks, upper.check_variables), (checks, M + checks), (checks[1:], M + checks[:-1])]
    return TannerGraph.from_edges(M, N, *(np.concatenate(ends) for ends in zip(*edges, strict=True)))


def laid_along(orders: list[np.ndarray | None], rng: np.random.Generator) -> TannerGraph:
    """A (3, 6) matrix of three orders of the pixels, one behind the other: a check takes the next six.

    Gallager's construction [R. Gallager, "Low-density parity-check codes", 1962] but for the checks that lie over two
    orders, since 6 does not divide 1024.

    Parameters
    ----------
    orders : list of ndarray of int, shape (1024,), or None
        Three; None stands for a random one.
    rng : numpy.random.Generator
    """
    checks = np.repeat(np.arange(M), ROW_WEIGHT)
    while True:
        pixels = np.concatenate([rng.permutation(N) if order is None else order for order in orders])
        ordered = np.sort(pixels.reshape(M, ROW_WEIGHT), axis=1)
        if (ordered[:, 1:] > ordered[:, :-1]).all():
            return TannerGraph.from_edges(M, N, checks, pixels)


def gray_coded(levels: np.ndarray) -> np.ndarray:
    """Binary-reflected Gray code of bytes: neighbouring levels differ in one plane.

    Examples
    --------
    >>> gray_coded(np.array([127, 128], np.uint8))
    array([ 64, 192], dtype=uint8)
    """
    return levels ^ (levels >> np.uint8(1))


def gray_magnitudes(symbols: np.ndarray) -> np.ndarray:
    """Binary-reflected Gray code of the seven bits of magnitude behind the sign, as `sign_magnitude` packs them.

    Examples
    --------
    >>> gray_magnitudes(np.array([63, 64, 128 + 64], np.uint8))
    array([ 32,  96, 224], dtype=uint8)
    """
    magnitude = symbols & np.uint8(127)
    return symbols & np.uint8(128) | gray_coded(magnitude)


def read(packed: np.ndarray, graph: TannerGraph, reading: str) -> tuple[np.ndarray, int]:
    """What the network sees of packed planes, and in how many steps.

    Parameters
    ----------
    packed : ndarray of uint8, shape (images, 1024)
    graph : TannerGraph
    reading : str
        A key of `READINGS`.

    Returns
    -------
    ndarray of uint8, shape (images, width)
        Packed bits as `jscc.classify.gru` takes them; with "checks" a byte is a step.
    int
        Steps.
    """
    if reading not in READINGS:
        raise ValueError(f"reading={reading!r} given, one of {', '.join(READINGS)} is expected")
    if reading == "sums":
        return sums(packed, graph), 8
    read = syndromes(packed, graph)
    if reading == "checks":
        return read, graph.n_checks
    if reading == "lsb_first":
        return pack_planes(unpack_planes(read)[:, ::-1]), 8
    if reading == "one_step":
        return unpack_planes(read).reshape(len(read), -1) << np.uint8(7), 1
    return read, 8


def sums(packed: np.ndarray, graph: TannerGraph, batch: int = 1000) -> np.ndarray:
    """How many ones each check sees in each plane, in three binary digits, so that a network may weigh them as it will.

    Returns
    -------
    ndarray of uint8, shape (images, 3 checks)
        Packed planes: of all checks the digit of 4, that of 2, that of 1, which is the syndrome.
    """
    matrix = graph.to_sparse().astype(np.int32)
    out = np.empty((len(packed), 3, graph.n_checks), np.uint8)
    for first in range(0, len(packed), batch):
        planes = unpack_planes(packed[first : first + batch])
        ones = (matrix @ planes.reshape(-1, planes.shape[-1]).T.astype(np.int32)).T
        ones = ones.reshape(len(planes), 8, graph.n_checks)
        for i in range(3):
            out[first : first + batch, i] = pack_planes((ones >> (2 - i) & 1).astype(np.uint8))
    return out.reshape(len(packed), -1)

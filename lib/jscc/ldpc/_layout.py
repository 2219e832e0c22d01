"""The graph of a binary code, laid out for the kernels of belief propagation."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import sparse

LANES = 128
# Products of 25 factors of 2**-40 are still normal numbers in float64.
HIGHEST_DEGREE_OF_PRODUCTS = 24
# Lanes of a block are used in steps of so many: numbers in a vector register.
_STEP = 8


def binary_rows(parity_check) -> sparse.csr_array:
    """A parity-check matrix of any form as checked rows of uint8 ones, each row's columns increasing."""
    if hasattr(parity_check, "to_sparse"):
        parity_check = parity_check.to_sparse()
    if not sparse.issparse(parity_check):
        parity_check = np.asarray(parity_check)
    if len(parity_check.shape) != 2 or min(parity_check.shape) < 1:
        raise ValueError(f"parity-check matrix of shape {parity_check.shape} given, (m, n) with m, n >= 1 is expected")
    matrix = sparse.csr_array(parity_check)
    other = matrix.data[~np.isin(matrix.data, (0, 1))]
    if other.size:
        raise ValueError(f"parity-check matrix with {other[0]} given, only 0 and 1 are expected")
    matrix = matrix.astype(np.int64)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    if not (matrix.data == 1).all():
        raise ValueError("parity-check matrix with an entry more than once given, each edge once is expected")
    matrix.sort_indices()
    return matrix.astype(np.uint8)


def layers(matrix: sparse.csr_array, *, independent: bool) -> list[np.ndarray]:
    """Split the checks into layers of one degree, in which no two share a variable if `independent`."""
    degrees = np.diff(matrix.indptr)
    if not independent:
        return [np.flatnonzero(degrees == k) for k in np.unique(degrees)]
    taken = [0] * matrix.shape[1]  # for each variable, the layers it is in, as bits
    of_degree: dict[int, int] = {}  # for each degree, the layers open to it, as bits
    found: list[list[int]] = []
    for check, degree in enumerate(degrees.tolist()):
        variables = matrix.indices[matrix.indptr[check] : matrix.indptr[check + 1]].tolist()
        used = 0
        for variable in variables:
            used |= taken[variable]
        free = of_degree.get(degree, 0) & ~used
        if not free:
            found.append([])
            free = 1 << (len(found) - 1)
            of_degree[degree] = of_degree.get(degree, 0) | free
        first = free & -free
        found[first.bit_length() - 1].append(check)
        for variable in variables:
            taken[variable] |= first
    return [np.array(layer) for layer in found]


class Layout(NamedTuple):
    """Where the messages of a graph lie when `width` words are decoded together.

    The messages are an array of rows of `width`, one row for each edge. Seen as rows of 128 lanes, a
    block of checks of degree k is k consecutive rows: row i holds edge i of each check. A block that
    is not full holds checks -1, whose edges belong to a variable n that has no prior and no edge.
    """

    block_start: np.ndarray  # (blocks,) first row of 128 lanes
    block_degree: np.ndarray  # (blocks,)
    block_lanes: np.ndarray  # (blocks,) lanes that are used, in steps of 8
    block_is_plain: np.ndarray  # (blocks,) whether all its edges are at variables of degree 3
    block_checks: np.ndarray  # (blocks, 128 // width)
    row_variable: np.ndarray  # (rows,)
    row_others: np.ndarray  # (2, rows) the other rows of a variable of degree 3; the row itself for any other
    variable_start: np.ndarray  # (n + 2,) into variable_rows
    variable_rows: np.ndarray  # (edges,)
    of_degree_3: np.ndarray  # variables
    rows_of_degree_3: np.ndarray  # (3, variables of degree 3)
    of_other_degree: np.ndarray  # variables of any other degree up to 24
    of_high_degree: np.ndarray  # variables of degrees above 24

    @classmethod
    def build(cls, matrix: sparse.csr_array, layers: list[np.ndarray], width: int) -> Layout:
        """Lay out `layers` of the checks of `matrix` for so many words at a time."""
        n_variables = matrix.shape[1]
        across = LANES // width
        degrees = np.diff(matrix.indptr)
        checks, block_degree = [], []
        for layer in layers:
            n_blocks = -(-len(layer) // across)
            padded = np.full(n_blocks * across, -1)
            padded[: len(layer)] = layer
            checks.append(padded.reshape(n_blocks, across))
            block_degree.append(np.full(n_blocks, degrees[layer[0]], np.int64))
        block_checks = np.concatenate(checks)
        block_degree = np.concatenate(block_degree)
        block_start = np.cumsum(block_degree) - block_degree
        row_variable = np.full(int(block_degree.sum()) * across, n_variables)
        edges = []  # (variable, row), check by check: the order does not depend on the width
        for start, degree, members in zip(block_start, block_degree, block_checks, strict=True):
            members = members[members >= 0]
            variables = matrix.indices[matrix.indptr[members][:, None] + np.arange(degree)]
            rows = (start + np.arange(degree)) * across + np.arange(len(members))[:, None]
            row_variable[rows] = variables
            edges.append(np.stack([variables.ravel(), rows.ravel()]))
        variables, rows = np.concatenate(edges, axis=1)
        variable_degree = np.bincount(variables, minlength=n_variables + 1)
        variable_start = np.concatenate([[0], np.cumsum(variable_degree)])
        variable_rows = rows[np.argsort(variables, kind="stable")]
        of_degree_3 = np.flatnonzero(variable_degree[:-1] == 3)
        high = variable_degree[:-1] > HIGHEST_DEGREE_OF_PRODUCTS
        three = variable_rows[variable_start[of_degree_3] + np.arange(3)[:, None]]
        row_others = np.tile(np.arange(len(row_variable)), (2, 1))
        for one, *others in ((0, 1, 2), (1, 0, 2), (2, 0, 1)):
            row_others[:, three[one]] = three[others]
        plain_row = (variable_degree[row_variable] == 3) | (row_variable == n_variables)
        plain = [plain_row[s * across : (s + k) * across].all() for s, k in zip(block_start, block_degree, strict=True)]
        lanes = (block_checks >= 0).sum(axis=1) * width
        return cls(
            block_start,
            block_degree,
            -(-lanes // _STEP) * _STEP,
            np.array(plain, np.bool_),
            block_checks,
            row_variable.astype(np.uint32),  # unsigned: no test for negative indices
            row_others.astype(np.uint32),
            variable_start,
            variable_rows.astype(np.uint32),
            of_degree_3.astype(np.uint32),
            three.astype(np.uint32),
            np.flatnonzero((variable_degree[:-1] != 3) & ~high).astype(np.uint32),
            np.flatnonzero(high).astype(np.uint32),
        )

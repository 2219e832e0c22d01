"""Leaf removal: information symbols, and codewords from them, in linear time (paper 2, section IV).

A *leaf* is a symbol that stands in one check only. Whatever the other symbols of that check are, the leaf
can be chosen to satisfy it; so the check can be put aside, which may make leaves of its other symbols. What
is left when no leaf is left is the *core*, the same for every order of removal.

Of the d leaves that a check has when it is put aside one, the *pivot*, is determined by everything else in the
check, and the d - 1 others are free: they add q**(d - 1) configurations (the paper's 2**(d - 1) is the binary
case). With an empty core there is a pivot for each check, so H has full rank and the k = n - m other symbols are
information symbols; going through the checks in reverse gives the codeword.

**Mending.** The same back-substitution takes any word to a codeword: keep its information symbols, and make the
pivots anew. Where few checks were unsatisfied few pivots change, those from each such check to where the removal
began. A reinforced belief propagation that ends with a handful of unsatisfied checks is finished this way.

An ultra-sparse code has no leaf. Leaf removal empties just those components of its graph that the reduction has taken
a check from: one check is enough for a connected graph, but each component needs its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit

from jscc.gfq.code import GFqCode

__all__ = ["LeafRemoval", "leaf_removal"]


@dataclass(frozen=True, eq=False, repr=False)
class LeafRemoval:
    """The course of leaf removal on a code; made by `leaf_removal`.

    Attributes
    ----------
    code : GFqCode
    order : ndarray of int32, shape (steps,)
        The check that each step put aside.
    pivots : ndarray of int32, shape (steps,)
        The symbol that this check determines.
    free_start : ndarray of int32, shape (steps + 1,)
        The other leaves of step t are ``free[free_start[t] : free_start[t + 1]]``.
    free : ndarray of int32
        See `free_start`.
    core : ndarray of int32
        The checks that are left, increasing.

    Examples
    --------
    >>> import numpy as np
    >>> from jscc.gfq import leaf_removal, ultra_sparse
    >>> leaves = leaf_removal(ultra_sparse(600, 0.5, 6, 0, reduction=5))
    >>> leaves
    LeafRemoval(600 symbols: 295 pivots, 305 others, a core of 0 checks)
    >>> information = np.random.default_rng(0).integers(0, 64, 305)
    >>> codeword = leaves.codeword(information)
    >>> leaves.code.syndrome(codeword).any()
    np.False_
    >>> np.array_equal(leaves.information(codeword), information)
    True
    """

    code: GFqCode
    order: np.ndarray
    pivots: np.ndarray
    free_start: np.ndarray
    free: np.ndarray
    core: np.ndarray

    def __repr__(self) -> str:
        n, pivots = self.code.n_symbols, len(self.pivots)
        return f"LeafRemoval({n} symbols: {pivots} pivots, {n - pivots} others, a core of {len(self.core)} checks)"

    @cached_property
    def information_set(self) -> np.ndarray:
        """The information symbols, increasing: all that are not a pivot; int64, shape (k,).

        Raises
        ------
        ValueError
            If the core is not empty.
        """
        self._need_an_empty_core()
        return np.delete(np.arange(self.code.n_symbols), self.pivots)

    def information(self, codeword) -> np.ndarray:
        """The information symbols of codewords.

        Parameters
        ----------
        codeword : array_like of integers, shape (..., n)

        Returns
        -------
        ndarray of uint8, shape (..., k)

        Raises
        ------
        ValueError
            If a word is not a codeword, or the core is not empty.
        """
        where = self.information_set
        failed = np.count_nonzero(self.code.syndrome(codeword))
        if failed:
            raise ValueError(f"codeword with {failed} failed checks given, one with none is expected")
        return np.asarray(codeword)[..., where].astype(np.uint8, copy=False)

    def codeword(self, information) -> np.ndarray:
        """The codewords with given information symbols, with one multiplication for each edge but the pivots'.

        Parameters
        ----------
        information : array_like of integers, shape (..., k)

        Returns
        -------
        ndarray of uint8, shape (..., n)

        Raises
        ------
        ValueError
            If the last axis is not k long, a value is no element of the field, or the core is not empty.
        """
        where = self.information_set
        information = self.code.field.symbols(information, len(where), "information")
        words = np.zeros((*information.shape[:-1], self.code.n_symbols), np.uint8)
        words[..., where] = information
        _substitute(*self.steps, self.pivots[::-1], self.code.field.product, words.reshape(-1, words.shape[-1]))
        return words

    def mend(self, words) -> np.ndarray:
        """The codewords that agree with words on the information set; a codeword stays what it is.

        Parameters
        ----------
        words : array_like of integers, shape (..., n)

        Returns
        -------
        ndarray of uint8, shape (..., n)

        Raises
        ------
        ValueError
            If the last axis is not n long, a value is no element of the field, or the core is not empty.
        """
        words = self.code.field.symbols(words, self.code.n_symbols, "words")
        return self.codeword(words[..., self.information_set])

    @cached_property
    def steps(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The back-substitution: checks in reverse order of removal, each solved for its pivot.

        Step t makes of ``symbols[start[t] : start[t + 1]]``, each times its coefficient, the sum that is the pivot
        ``pivots[::-1][t]``.

        Returns
        -------
        start : ndarray of int64, shape (steps + 1,)
        symbols : ndarray of int32, shape (n_edges - steps,)
        coefficients : ndarray of uint8, shape (n_edges - steps,)
        """
        graph, field = self.code.graph, self.code.field
        step = np.empty(self.code.n_checks, np.int64)
        step[self.order[::-1]] = np.arange(len(self.order))
        by_step = np.argsort(step[graph.edge_checks], kind="stable")
        variables, labels = graph.check_variables[by_step], self.code.labels[by_step]
        degrees = graph.check_degrees[self.order[::-1]]
        is_pivot = variables == np.repeat(self.pivots[::-1], degrees)
        coefficients = field.divide(labels, np.repeat(labels[is_pivot], degrees))
        start = np.concatenate([[0], np.cumsum(degrees - 1)])
        return start, variables[~is_pivot], coefficients[~is_pivot]

    def _need_an_empty_core(self) -> None:
        if len(self.core):
            components = self.code.components()
            stuck = len(np.unique(components[self.core]))
            raise ValueError(
                f"a code whose core holds {len(self.core)} of {self.code.n_checks} checks given, an empty core is "
                f"expected: {stuck} of the graph's {components.max() + 1} components cannot be emptied; each must "
                "lose a check to the reduction"
            )


def leaf_removal(code: GFqCode) -> LeafRemoval:
    """Remove leaves, and the checks that they stand in, until there is none.

    Each check and each edge is looked at once.

    Parameters
    ----------
    code : GFqCode
        Of any degrees, not only an ultra-sparse code.

    Returns
    -------
    LeafRemoval

    Examples
    --------
    >>> from jscc.gfq import leaf_removal, ultra_sparse
    >>> len(leaf_removal(ultra_sparse(600, 0.5, 6, 0)).core)  # no leaf, no removal
    300
    """
    graph = code.graph
    order = np.empty(graph.n_checks, np.int32)
    leaf_start = np.zeros(graph.n_checks + 1, np.int32)
    leaves = np.empty(graph.n_variables, np.int32)
    last_check, waiting = np.zeros(graph.n_variables, np.int64), np.zeros(graph.n_checks, bool)
    state = graph.variable_degrees, last_check, waiting
    steps = _remove(graph.check_start, graph.check_variables, *state, order, leaf_start, leaves)
    order, leaf_start, leaves = order[:steps], leaf_start[: steps + 1], leaves[: leaf_start[steps]]
    is_free = np.ones(len(leaves), bool)
    is_free[leaf_start[:-1]] = False
    core = np.delete(np.arange(graph.n_checks, dtype=np.int32), order)
    free_start = leaf_start - np.arange(steps + 1, dtype=np.int32)
    return LeafRemoval(code, order, leaves[~is_free], free_start, leaves[is_free], core)


@njit(error_model="numpy", cache=True)
def _remove(check_start, check_variables, degree, last_check, waiting, order, leaf_start, leaves):
    """Fill the checks in the order of their removal, and the leaves of each; the number of steps.

    ``degree`` holds the degrees of the variables, and is used up; ``last_check`` and ``waiting`` come as zeros.
    """
    n_checks = len(check_start) - 1
    # last_check: the exclusive or of the checks that are left around a variable; at degree one, that check.
    for check in range(n_checks):
        for edge in range(check_start[check], check_start[check + 1]):
            last_check[check_variables[edge]] ^= check
    n_waiting, n_leaves = 0, 0
    for variable in range(len(degree)):
        check = last_check[variable]
        if degree[variable] == 1 and not waiting[check]:
            waiting[check] = True
            order[n_waiting] = check
            n_waiting += 1
    step = 0
    while step < n_waiting:
        check = order[step]
        for edge in range(check_start[check], check_start[check + 1]):
            variable = check_variables[edge]
            degree[variable] -= 1
            last_check[variable] ^= check
            other = last_check[variable]
            if degree[variable] == 0:
                leaves[n_leaves] = variable
                n_leaves += 1
            elif degree[variable] == 1 and not waiting[other]:
                waiting[other] = True
                order[n_waiting] = other
                n_waiting += 1
        step += 1
        leaf_start[step] = n_leaves
    return step


@njit(error_model="numpy", cache=True)
def _substitute(start, variables, coefficients, pivots, product, words):
    """Compute the pivots of words, shape (batch, n), that hold the information symbols."""
    for w in range(len(words)):
        word = words[w]
        for step in range(len(pivots)):
            total = np.uint8(0)
            for k in range(start[step], start[step + 1]):
                total ^= product[coefficients[k], word[variables[k]]]
            word[pivots[step]] = total

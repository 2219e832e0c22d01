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

from jscc.gfq.construction import GFqCode

__all__ = ["LeafRemoval", "leaf_removal"]


@dataclass(frozen=True, eq=False)
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
    """

    code: GFqCode
    order: np.ndarray
    pivots: np.ndarray
    free_start: np.ndarray
    free: np.ndarray
    core: np.ndarray

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
            raise ValueError(f"not a codeword: {failed} checks fail")
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
        information = self.code.field.symbols(information)
        if information.ndim < 1 or information.shape[-1] != len(where):
            raise ValueError(f"the last axis must hold {len(where)} information symbols, not {information.shape}")
        words = np.zeros((*information.shape[:-1], self.code.n_symbols), np.uint8)
        words[..., where] = information
        _substitute(*self._steps, self.pivots[::-1], self.code.field.product, words.reshape(-1, words.shape[-1]))
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
        words = self.code.field.symbols(words)
        if words.ndim < 1 or words.shape[-1] != self.code.n_symbols:
            raise ValueError(f"the last axis must hold {self.code.n_symbols} symbols, not {words.shape}")
        return self.codeword(words[..., self.information_set])

    @cached_property
    def _steps(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The checks in reverse order, each solved for its pivot: start, symbols and coefficients of the others."""
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
                f"the core holds {len(self.core)} of {self.code.n_checks} checks: {stuck} of the graph's "
                f"{components.max() + 1} components cannot be emptied; each must lose a check to the reduction"
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
    """
    graph = code.graph
    order = np.empty(graph.n_checks, np.int32)
    leaf_start = np.zeros(graph.n_checks + 1, np.int32)
    leaves = np.empty(graph.n_variables, np.int32)
    steps = _remove(graph.check_start, graph.check_variables, graph.variable_degrees, order, leaf_start, leaves)
    order, leaf_start, leaves = order[:steps], leaf_start[: steps + 1], leaves[: leaf_start[steps]]
    is_free = np.ones(len(leaves), bool)
    is_free[leaf_start[:-1]] = False
    core = np.delete(np.arange(graph.n_checks, dtype=np.int32), order)
    free_start = leaf_start - np.arange(steps + 1, dtype=np.int32)
    return LeafRemoval(code, order, leaves[~is_free], free_start, leaves[is_free], core)


@njit(cache=True)
def _remove(check_start, check_variables, degree, order, leaf_start, leaves):
    """Fill the checks in the order of their removal, and the leaves of each; the number of steps.

    ``degree`` holds the degrees of the variables, and is used up.
    """
    n_checks = len(check_start) - 1
    # The exclusive or of the checks that are left around a variable: at degree one, that check.
    last_check = np.zeros(len(degree), np.int64)
    for check in range(n_checks):
        for edge in range(check_start[check], check_start[check + 1]):
            last_check[check_variables[edge]] ^= check
    waiting = np.zeros(n_checks, np.bool_)
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


@njit(cache=True)
def _substitute(start, variables, coefficients, pivots, product, words):
    """Compute the pivots of words, shape (batch, n), that hold the information symbols."""
    for w in range(len(words)):
        word = words[w]
        for step in range(len(pivots)):
            total = np.uint8(0)
            for k in range(start[step], start[step + 1]):
                total ^= product[coefficients[k], word[variables[k]]]
            word[pivots[step]] = total

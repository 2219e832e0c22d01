r"""Quantisation with LDGM codes by belief propagation and decimation (bias propagation).

Ordinary belief propagation does not settle: about equally many codewords are near whichever value a bit has. So put
the prior :math:`\prod_v (1 + t\, s_v c_v)` on the codewords :math:`c` (all as signs, :math:`s` the source word), let
messages go for some iterations, fix the information bits that lean most, and go on with the others (Wainwright, Maneva
and Martinian 2010, in the simpler form of Filler and Fridrich 2007). With :math:`B_{i \to v}` the bias of information
bit :math:`i` without what codeword bit :math:`v` says, and :math:`S_{v \to i}` what that says,

.. math::
    S_{v \to i} = t\, s_v \prod_{j \in v \setminus i} B_{j \to v}, \qquad
    B_{i \to v} = \frac{\prod_{w \ne v} (1 + S_{w \to i}) - \prod_{w \ne v} (1 - S_{w \to i})}
                       {\prod_{w \ne v} (1 + S_{w \to i}) + \prod_{w \ne v} (1 - S_{w \to i})}.

All biases zero are a fixed point; small random ones to begin with lead away from it.
"""

from __future__ import annotations

import math

import numpy as np

from jscc.information import distortion_rate
from jscc.ldgm._kernels import fix, propagate
from jscc.ldgm.code import LdgmCode
from jscc.soft import as_batch

__all__ = ["BiasPropagation"]

_FIRST = 0.1  # size of the first biases
_MOST_NATS = 700  # exp(-708) is the least normal number


class BiasPropagation:
    """Quantiser of a uniform binary source.

    Parameters
    ----------
    code : LdgmCode
    strength : float, optional
        t, in (0, 1); by default 1 - 2 D for D on the rate-distortion limit. Less makes it slower.
    iterations : int
        Before each decimation.
    share : float
        Of all information bits that are fixed at once, at most; at least one is.
    level : float
        Bias from which a bit may be fixed together with others.

    Raises
    ------
    ValueError
        If a number is out of range, or an information bit stands in no or in more than 1,000 codeword bits.

    Examples
    --------
    >>> code = LdgmCode.drawn(2000, 1000, 7, rng=0)
    >>> words = np.random.default_rng(1).integers(0, 2, (4, 2000), dtype=np.uint8)
    >>> information, codewords = BiasPropagation(code).quantise(words, rng=0)
    >>> np.array_equal(code.encode(information), codewords)
    True
    >>> bool(np.mean(codewords != words) < 0.13)  # the limit is .11
    True
    """

    def __init__(
        self,
        code: LdgmCode,
        strength: float | None = None,
        iterations: int = 10,
        share: float = 0.01,
        level: float = 0.8,
    ):
        self.code = code
        if strength is None and code.rate >= 1:
            raise ValueError(
                f"a code of rate {code.rate:g} and no strength given, a rate below 1 or a strength is expected"
            )
        self.strength = 1 - 2 * float(distortion_rate(code.rate)) if strength is None else float(strength)
        self.iterations, self.share, self.level = iterations, float(share), float(level)
        if not 0 < self.strength < 1:
            raise ValueError(f"strength={strength} given, a number in (0, 1) is expected")
        if iterations < 1 or int(iterations) != iterations:
            raise ValueError(f"iterations={iterations} given, an integer of 1 or more is expected")
        if not 0 < self.share <= 1 or not 0 <= self.level <= 1:
            raise ValueError(f"share={share}, level={level} given, numbers from 0 to 1 are expected, the share above 0")
        degrees = code.graph.check_degrees
        if degrees.min() < 1 or degrees.max() > 1000:
            raise ValueError(
                f"information bits in {degrees.min()} to {degrees.max()} codeword bits given, 1 to 1000 is expected"
            )
        # The products of 1 + S and of 1 - S are both at least (1 - t^2)^(degree / 2): not to underflow together.
        if int(degrees.max()) / 2 * -math.log1p(-(self.strength**2)) > _MOST_NATS:
            raise ValueError(
                f"strength={self.strength} and an information bit in {degrees.max()} codeword bits given, "
                "less of either is expected: double precision does not hold their product"
            )
        graph = code.graph
        # Edges are numbered by information bit; `_slots` lists those of each codeword bit.
        self._sources = graph.check_variables.astype(np.int64)
        self._slots = np.argsort(self._sources, kind="stable")
        self._counts = np.bincount(self._sources, minlength=code.length)
        self._starts = np.concatenate([[0], np.cumsum(self._counts)[:-1]])
        self._information_start = graph.check_start.astype(np.int64)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r}, strength {self.strength:.3g}, {self.iterations} iterations)"

    def biases(self, source, rng: np.random.Generator | int) -> np.ndarray:
        """Belief propagation alone: the mean of each information bit, as a sign, after `iterations` iterations.

        Parameters
        ----------
        source : array_like of 0 and 1, shape (n,)
        rng : numpy.random.Generator or int
            Draws the first messages.

        Returns
        -------
        ndarray of float64, shape (k,)
            -1 to 1, positive for 0. Exact on a graph without cycles, once the iterations have crossed it.

        Raises
        ------
        ValueError
            If `source` has another shape or holds anything but 0 and 1.
        """
        rows, single = as_batch(source, self.code.length, "source", np.uint8)
        if not single:
            raise ValueError(f"source of shape {np.shape(source)} given, one word of {self.code.length} is expected")
        state = self._state(rows[0], np.random.default_rng(rng))
        propagate(self.iterations, self.strength, *state.values())
        return state["bias"]

    def quantise(self, source, rng: np.random.Generator | int) -> tuple[np.ndarray, np.ndarray]:
        """A codeword near to a source word, or to each row of words.

        Parameters
        ----------
        source : array_like of 0 and 1, shape (n,) or (words, n)
        rng : numpy.random.Generator or int
            Draws the first messages of each word.

        Returns
        -------
        information : ndarray of uint8, shape (k,) or (words, k)
        codeword : ndarray of uint8, of the shape of `source`

        Raises
        ------
        ValueError
            If `source` has another shape or holds anything but 0 and 1.
        """
        rows, single = as_batch(source, self.code.length, "source", np.uint8)
        rng = np.random.default_rng(rng)
        information = np.zeros((len(rows), self.code.dimension), np.uint8)
        for row, out in zip(rows, information, strict=True):
            self._decimate(row, rng, out)
        codewords = self.code.encode(information)
        return (information[0], codewords[0]) if single else (information, codewords)

    def _decimate(self, row: np.ndarray, rng: np.random.Generator, out: np.ndarray) -> None:
        state = self._state(row, rng)
        most = max(1, math.floor(self.share * self.code.dimension))
        bias, fixed = state["bias"], state["fixed"]
        while len(free := np.flatnonzero(fixed == 0)):
            propagate(self.iterations, self.strength, *state.values())
            leaning = np.abs(bias[free])
            first = np.argsort(-leaning, kind="stable")[:most]
            chosen = free[first[: max(1, np.count_nonzero(leaning[first] >= self.level))]]
            fix(chosen, self._sources, *state.values())
            out[chosen] = bias[chosen] < 0

    def _state(self, row: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """What the kernels work on, in the order of their arguments."""
        edges = len(self._sources)
        return {
            "signs": 1 - 2.0 * row,
            "starts": self._starts,
            "counts": self._counts.copy(),
            "slots": self._slots.copy(),
            "information_start": self._information_start,
            "fixed": np.zeros(self.code.dimension, np.uint8),
            "biases": _FIRST * rng.standard_normal(edges).clip(-3, 3),
            "satisfaction": np.empty(edges),
            "bias": np.zeros(self.code.dimension),
        }

r"""How many codewords lie at each distance from a word, by belief propagation (paper 2, section V-A, figure 1).

Weighing the codewords :math:`c` by :math:`e^{-L d_H(c, y)}` concentrates them at one distance from the word
:math:`y`, the nearer the larger :math:`L`. At a fixed point belief propagation gives the marginals of that
distribution, whose mean distance is the paper's equation (6), and its entropy, equation (7), in Bethe's
approximation (Yedidia, Freeman and Weiss 2005). Nearly all weight being on codewords at the mean distance, the
entropy is the logarithm of their number. As :math:`L` grows the curve is drawn from the right: at :math:`L = 0`
are all codewords, at distance 1/2; where the entropy falls to zero is the distance of the nearest.

**Entropy.** With messages that sum to 1,
:math:`Z_v = \sum_a e^{-L d_H(y_v, a)} \prod_f \mu_{fv}(a)` and
:math:`Z_{fv} = \sum_a \mu_{fv}(a) \mu_{vf}(a)`, Bethe's partition function of a factor graph is
:math:`\ln Z = \sum_v \ln Z_v + \sum_f \ln Z_f - \sum_{fv} \ln Z_{fv}`. A check's message is a convolution, which
sums to 1 by itself, so that :math:`Z_f = Z_{fv}` for every variable :math:`v` of the check, and

.. math:: \ln Z = \sum_v \ln Z_v - \sum_f \Bigl(1 - \frac{1}{d_f}\Bigr) \sum_{v \in f} \ln Z_{fv},
    \qquad S = \ln Z + L \, \langle d_H(c, y) \rangle .

It is exact on trees. Elsewhere :math:`\ln Z` does not change to first order with an error of the messages, so that
:math:`dS/dD = L` holds along the curve, S in nats and D the distance, both per bit.

**Which word.** The count depends on the coset of :math:`y` only. A uniform word, the source of the paper, lies in a
typical coset; the word zero lies in the code itself, so that the nearest codeword is at distance 0 and large
:math:`L` finds it alone, apart from the curve.

**Precision.** The messages are clipped at 1e-8 of their sum (`jscc.gfq.reinforced_bp`): where a check forces a symbol
to a value at distance :math:`d` from the word, the result is off by about :math:`10^{-8} q\, e^{L d}` of a symbol.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from jscc.gfq.code import symbols_from_bits
from jscc.gfq.reinforced_bp import fixed_point

__all__ = ["WeightEnumerator", "weight_enumerator"]


@dataclass(frozen=True, repr=False)
class WeightEnumerator:
    """A curve, one point for each prior.

    Attributes
    ----------
    prior : ndarray of float64, shape (points,)
        L, in nats per bit.
    distance : ndarray of float64, shape (points,)
        Mean distance from the word, as a fraction of the bits.
    entropy : ndarray of float64, shape (points,)
        Entropy in bits per bit of the word, to be read against ``h(distance) - (1 - rate)`` of a random
        code. Negative where there is no codeword.
    converged : ndarray of bool, shape (points,)
        Whether belief propagation came to rest; a point where it did not means nothing.
    iterations : ndarray of int64, shape (points,)
    """

    prior: np.ndarray
    distance: np.ndarray
    entropy: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray

    def __repr__(self) -> str:
        return f"WeightEnumerator({len(self.prior)} points, {np.count_nonzero(self.converged)} converged)"


def weight_enumerator(
    code,
    bits,
    priors,
    rng: int | np.random.Generator,
    *,
    max_iterations: int = 1000,
    tolerance: float = 1e-4,
) -> WeightEnumerator:
    """The weight enumeration function of a code around a word.

    Parameters
    ----------
    code : GFqCode
    bits : array_like of 0 and 1, shape (n_bits,)
        The word y; draw it uniformly for the curve of the paper's figure 1.
    priors : array_like of float, shape (points,)
        Values of L, at least 0, in nats per bit.
    rng : int or numpy.random.Generator
        For the order of the updates.
    max_iterations, tolerance
        As those of `jscc.gfq.reinforced_bp.fixed_point`.

    Returns
    -------
    WeightEnumerator

    Raises
    ------
    ValueError
        If an argument is none of those above.

    Examples
    --------
    Without a prior there are all codewords: 0.508 bits of entropy for a bit of the word, at distance 1/2.

    >>> import numpy as np
    >>> from jscc.gfq import ultra_sparse, weight_enumerator
    >>> code = ultra_sparse(120, 0.5, 4, 0, reduction=1)
    >>> word = np.random.default_rng(0).integers(0, 2, code.n_bits)
    >>> curve = weight_enumerator(code, word, [0.0, 1.0], 0)
    >>> curve
    WeightEnumerator(2 points, 2 converged)
    >>> curve.entropy.round(3), curve.distance.round(3)
    (array([0.508, 0.349]), array([0.5 , 0.27]))
    """
    priors, rng = np.asarray(priors, dtype=np.float64), np.random.default_rng(rng)
    if priors.ndim != 1:
        raise ValueError(f"priors of shape {priors.shape} given, (points,) is expected")
    if not (np.isfinite(priors) & (priors >= 0)).all():
        raise ValueError(f"priors={priors} given, finite numbers of at least 0 are expected")
    curve = WeightEnumerator(priors, *(np.empty(len(priors), kind) for kind in (float, float, bool, np.int64)))
    for i, prior in enumerate(priors):
        found = fixed_point(code, bits, prior, rng, max_iterations=max_iterations, tolerance=tolerance)
        distance, entropy = _point(code, np.asarray(bits), prior, found)
        curve.distance[i] = distance / code.n_bits
        curve.entropy[i] = entropy / np.log(2) / code.n_bits
        curve.converged[i], curve.iterations[i] = found.converged, found.iterations
    return curve


def _point(code, bits, prior: float, found) -> tuple[float, float]:
    """Mean distance in bits, and entropy in nats, of all the word."""
    p = code.field.p
    distances = np.bitwise_count(symbols_from_bits(bits, p)[:, None] ^ np.arange(1 << p)).astype(float)  # (n, q)
    mean_distance = float((found.marginals * distances).sum())

    variables = code.graph.check_variables
    log_products = -prior * distances
    np.add.at(log_products, variables, np.log(found.to_variables.astype(float)))
    log_z_edges = np.log((found.to_checks.astype(float) * found.to_variables).sum(axis=1))
    shares = 1 - 1 / code.graph.check_degrees[code.graph.edge_checks]
    log_z = logsumexp(log_products, axis=1).sum() - (shares * log_z_edges).sum()
    return mean_distance, float(log_z + prior * mean_distance)

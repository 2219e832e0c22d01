r"""Polar codes as quantisers of a uniform binary source (Korada and Urbanke 2010).

A word is taken for the output of a binary symmetric test channel of flip probability D, and the channel's
input is sought by successive cancellation: bit after bit, an information bit follows its posterior, a frozen bit is
zero. The information bits are the compressed word.

The transform of :math:`N = 2^l` bits is :math:`x = u F^{\otimes l}`, :math:`F = \binom{1\ 0}{1\ 1}`, in natural
order: the halves of :math:`x` are :math:`(x_a \oplus x_b, x_b)` with the transforms of the halves of :math:`u`.

Which bits to freeze is found by density evolution. A symmetric channel is a mixture of binary symmetric
channels; a component of flip probability :math:`p` is kept as :math:`a = 1 - 2p`, for then the two channels that a
pair of components becomes are, without any transcendental function,

.. math:: W^-: \; a_i a_j \qquad\qquad
    W^+: \; \frac{a_i + a_j}{1 + a_i a_j} \text{ and } \frac{|a_i - a_j|}{1 - a_i a_j}
    \text{ with weights } \frac{1 \pm a_i a_j}{2}.

Components that are nearly alike are merged into one of their mean error probability, which degrades the channel
a little (Tal and Vardy 2013 merge with more care, and more work).
"""

from __future__ import annotations

import operator

import numpy as np

from jscc.polar._kernels import polarise, successive_cancellation
from jscc.soft import as_batch

__all__ = ["PolarCode", "bhattacharyya", "transform"]


def transform(bits) -> np.ndarray:
    """The polar transform of a word, or of each row of words; it is its own inverse.

    Parameters
    ----------
    bits : array_like of 0 and 1, shape (..., N)
        N a power of two.

    Returns
    -------
    ndarray of uint8, shape (..., N)

    Raises
    ------
    ValueError
        If a value is not 0 or 1, or N is no power of two.

    Examples
    --------
    >>> from jscc.polar import transform
    >>> transform([0, 0, 0, 1])
    array([1, 1, 1, 1], dtype=uint8)
    >>> transform(transform([0, 1, 1, 1]))
    array([0, 1, 1, 1], dtype=uint8)
    """
    bits = np.asarray(bits)
    if bits.ndim < 1:
        raise ValueError("bits of shape () given, (..., N) is expected")
    if not np.isin(bits, (0, 1)).all():
        raise ValueError(f"bits of {bits.dtype} given, bits 0 and 1 are expected")
    length = bits.shape[-1]
    _levels(length)
    out = bits.astype(np.uint8, order="C")
    step = 1
    while step < length:
        halves = out.reshape(*out.shape[:-1], length // (2 * step), 2, step)
        halves[..., 0, :] ^= halves[..., 1, :]
        step *= 2
    return out


def bhattacharyya(length: int, flip: float, components: int = 32) -> np.ndarray:
    """Bhattacharyya parameters of the bit channels of a binary symmetric channel, by density evolution.

    Parameters
    ----------
    length : int
        N, a power of two.
    flip : float
        Flip probability of the channel, above 0 and at most 1/2.
    components : int
        Binary symmetric channels that a channel is reduced to; the work grows as their square.

    Returns
    -------
    ndarray of float64, shape (length,)
        In the order of `transform`'s input; 0 is a perfect channel, 1 a useless one.

    Raises
    ------
    ValueError
        If an argument is none of those above.

    Examples
    --------
    Of four bits the last one is nearly known, the first one nearly lost.

    >>> from jscc.polar import bhattacharyya
    >>> bhattacharyya(4, 0.11).round(2)
    array([0.93, 0.63, 0.57, 0.15])
    """
    levels = _levels(length)
    if not 0 < flip <= 0.5:
        raise ValueError(f"flip={flip} given, a number above 0 and at most 1/2 is expected")
    if components < 2:
        raise ValueError(f"components={components} given, at least 2 is expected")
    weight = np.zeros((1, components))
    bias = np.zeros((1, components))
    weight[0, 0], bias[0, 0] = 1, 1 - 2 * flip
    for _ in range(levels):
        finer = np.zeros((2, 2 * len(weight), components))
        polarise(weight, bias, finer[0], finer[1])
        weight, bias = finer
    return (weight * np.sqrt(1 - bias**2)).sum(axis=1)


class PolarCode:
    """A polar code for quantising at rate k / N.

    Parameters
    ----------
    length : int
        N, a power of two.
    dimension : int
        k, 1 to N.
    flip : float
        D of the test channel: the distortion to aim at, for which the rate-distortion limit at rate k / N is
        the natural choice.

    Attributes
    ----------
    frozen : ndarray of bool, shape (N,)
        The N - k inputs of the transform with the worst bit channels, which are zero in every codeword.
    flip : float

    Raises
    ------
    ValueError
        If an argument is none of those above.

    Examples
    --------
    >>> import numpy as np
    >>> from jscc.polar import PolarCode
    >>> code = PolarCode(1024, 512, 0.11)
    >>> code
    PolarCode(1024, 512, 0.11)
    >>> words = np.random.default_rng(0).integers(0, 2, (20, 1024))
    >>> information, codewords = code.quantise(words)
    >>> np.array_equal(code.encode(information), codewords)
    True
    >>> bool(np.mean(codewords != words) < 0.135)  # the limit is .11
    True
    """

    def __init__(self, length: int, dimension: int, flip: float):
        reliability = bhattacharyya(length, flip)
        length = operator.index(length)
        if not 1 <= dimension <= length or int(dimension) != dimension:
            raise ValueError(f"dimension={dimension} given, a whole number from 1 to {length} is expected")
        dimension, self.flip = int(dimension), float(flip)
        self.frozen = np.ones(length, bool)
        self.frozen[np.argsort(reliability, kind="stable")[:dimension]] = False

    def __repr__(self) -> str:
        return f"PolarCode({self.length}, {self.dimension}, {self.flip:g})"

    @property
    def length(self) -> int:
        """N."""
        return len(self.frozen)

    @property
    def dimension(self) -> int:
        """k."""
        return self.length - int(self.frozen.sum())

    @property
    def rate(self) -> float:
        """k / N."""
        return float((~self.frozen).mean())

    def encode(self, information) -> np.ndarray:
        """The codeword of information bits, or of each row of them: the decompressor.

        Parameters
        ----------
        information : array_like of 0 and 1, shape (k,) or (words, k)

        Returns
        -------
        ndarray of uint8, shape (N,) or (words, N)

        Raises
        ------
        ValueError
            If `information` has another shape or holds anything but 0 and 1.
        """
        batch, single = as_batch(information, self.dimension, "information", np.uint8)
        inputs = np.zeros((len(batch), self.length), np.uint8)
        inputs[:, ~self.frozen] = batch
        codewords = transform(inputs)
        return codewords[0] if single else codewords

    def quantise(self, source, rng: int | np.random.Generator | None = None) -> tuple[np.ndarray, np.ndarray]:
        """A codeword near to a source word, or to each row of words, by successive cancellation.

        Parameters
        ----------
        source : array_like of 0 and 1, shape (N,) or (words, N)
        rng : int or numpy.random.Generator, optional
            With it an information bit is drawn from its posterior, as in the proof that the limit is
            reached; without it the bit is the likelier value, which does a little better.

        Returns
        -------
        information : ndarray of uint8, shape (k,) or (words, k)
        codeword : ndarray of uint8, of the shape of `source`

        Raises
        ------
        ValueError
            If `source` has another shape or holds anything but 0 and 1.
        """
        batch, single = as_batch(source, self.length, "source", np.uint8)
        n = self.length
        # A draw u picks 1 if P(1) > u, that is if the ratio L is below log(1/u - 1); 1/2 is the likelier value.
        draws = np.full((1, n), 0.5) if rng is None else np.random.default_rng(rng).random(batch.shape)
        with np.errstate(divide="ignore"):
            below = np.broadcast_to(np.log(1 / draws - 1), batch.shape)
        prior = (1 - 2.0 * batch) * np.log((1 - self.flip) / self.flip)
        inputs, codewords = np.empty_like(batch), np.empty_like(batch)
        ratio = np.empty(2 * n)
        for i in range(len(batch)):
            ratio[n:] = prior[i]
            successive_cancellation(ratio, self.frozen, below[i], inputs[i], codewords[i])
        information = inputs[:, ~self.frozen]
        return (information[0], codewords[0]) if single else (information, codewords)


def _levels(length: int) -> int:
    """log2 of the length."""
    try:
        whole = operator.index(length)
    except TypeError:
        whole = 0
    if whole < 1 or whole & (whole - 1):
        raise ValueError(f"length={length} given, a power of two is expected")
    return whole.bit_length() - 1

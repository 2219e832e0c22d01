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

import numpy as np
from numba import njit

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
    """
    bits = np.asarray(bits)
    if bits.ndim < 1 or not np.isin(bits, (0, 1)).all():
        raise ValueError(f"bits must be 0 or 1, with an axis, not an array of shape {bits.shape}")
    _levels(bits.shape[-1])
    out = bits.astype(np.uint8)
    step = 1
    while step < out.shape[-1]:
        halves = out.reshape(*out.shape[:-1], -1, 2, step)
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
    """
    levels = _levels(length)
    if not 0 < flip <= 0.5:
        raise ValueError(f"flip must be above 0 and at most 1/2, not {flip}")
    if components < 2:
        raise ValueError(f"a mixture needs 2 components or more, not {components}")
    weight = np.zeros((1, components))
    bias = np.zeros((1, components))
    weight[0, 0], bias[0, 0] = 1, 1 - 2 * flip
    for _ in range(levels):
        finer = np.zeros((2, 2 * len(weight), components))
        _polarise(weight, bias, finer[0], finer[1])
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
    """

    def __init__(self, length: int, dimension: int, flip: float):
        reliability = bhattacharyya(length, flip)
        if not 1 <= dimension <= length:
            raise ValueError(f"the dimension must be 1 to {length}, not {dimension}")
        self.flip = flip
        self.frozen = np.ones(length, bool)
        self.frozen[np.argsort(reliability, kind="stable")[:dimension]] = False

    @property
    def length(self) -> int:
        """N."""
        return len(self.frozen)

    @property
    def rate(self) -> float:
        """k / N."""
        return float((~self.frozen).mean())

    def encode(self, information) -> np.ndarray:
        """The codeword of information bits, or of each row of them: the decompressor.

        Parameters
        ----------
        information : array_like of 0 and 1, shape (..., k)

        Returns
        -------
        ndarray of uint8, shape (..., N)
        """
        information = np.asarray(information)
        k = self.length - int(self.frozen.sum())
        if information.ndim < 1 or information.shape[-1] != k:
            raise ValueError(f"information must have {k} bits, not the shape {information.shape}")
        inputs = np.zeros((*information.shape[:-1], self.length), information.dtype)
        inputs[..., ~self.frozen] = information
        return transform(inputs)

    def quantise(self, word, rng: np.random.Generator | None = None) -> tuple[np.ndarray, np.ndarray]:
        """A codeword near to a word, or to each row of words, by successive cancellation.

        Parameters
        ----------
        word : array_like of 0 and 1, shape (N,) or (words, N)
        rng : numpy.random.Generator, optional
            With it an information bit is drawn from its posterior, as in the proof that the limit is
            reached; without it the bit is the likelier value, which does a little better.

        Returns
        -------
        information : ndarray of uint8, shape (k,) or (words, k)
        codeword : ndarray of uint8, of the shape of `word`
        """
        word = np.asarray(word)
        if word.ndim not in (1, 2) or word.shape[-1] != self.length or not np.isin(word, (0, 1)).all():
            raise ValueError(f"word must be rows of {self.length} bits, not an array of shape {word.shape}")
        rows = np.atleast_2d(word)
        # A draw u picks 1 if P(1) > u, that is if the ratio L is below log(1/u - 1); 1/2 is the likelier value.
        draws = np.full((1, self.length), 0.5) if rng is None else rng.random(rows.shape)
        with np.errstate(divide="ignore"):
            below = np.broadcast_to(np.log(1 / draws - 1), rows.shape)
        prior = (1 - 2.0 * rows) * np.log((1 - self.flip) / self.flip)
        inputs = np.empty(rows.shape, np.uint8)
        codewords = np.empty(rows.shape, np.uint8)
        for i in range(len(rows)):
            _successive_cancellation(prior[i], self.frozen, below[i], inputs[i], codewords[i])
        leading = word.shape[:-1]
        return inputs[:, ~self.frozen].reshape(*leading, -1), codewords.reshape(word.shape)


def _levels(length: int) -> int:
    """log2 of the length."""
    if length < 1 or length & (length - 1):
        raise ValueError(f"the length of a polar code is a power of two, not {length}")
    return length.bit_length() - 1


@njit(cache=True)
def _polarise(weight, bias, finer_weight, finer_bias):
    """The two channels that each channel becomes, as mixtures of as many components.

    weight, bias : (channels, components); finer_weight, finer_bias : (2 * channels, components), filled
    with W- and W+ in turn
    """
    components = weight.shape[1]
    for channel in range(len(weight)):
        minus, plus = 2 * channel, 2 * channel + 1
        for i in range(components):
            if weight[channel, i] == 0:
                continue
            for j in range(i + 1):
                both = weight[channel, i] * weight[channel, j] * (1 if i == j else 2)
                if both == 0:
                    continue
                a, b = bias[channel, i], bias[channel, j]
                ab = a * b
                _add(finer_weight[minus], finer_bias[minus], both, ab)
                _add(finer_weight[plus], finer_bias[plus], both * (1 + ab) / 2, min((a + b) / (1 + ab), 1.0))
                if ab < 1:
                    _add(finer_weight[plus], finer_bias[plus], both * (1 - ab) / 2, min(abs(a - b) / (1 - ab), 1.0))
        for k in range(components):
            for child in (minus, plus):
                if finer_weight[child, k] > 0:
                    finer_bias[child, k] = min(finer_bias[child, k] / finer_weight[child, k], 1.0)


@njit(cache=True)
def _add(weight, bias, more, a):
    """Add a component to the sums of its bin; bins are narrow where channels are good."""
    k = min(int(weight.size * (1 - np.sqrt(1 - a))), weight.size - 1)
    weight[k] += more
    bias[k] += more * a


@njit(cache=True)
def _successive_cancellation(prior, frozen, below, inputs, codeword):
    """Bits of the transform's input one after the other, and the transform.

    prior : float64 (N,), log-likelihood ratios of the codeword's bits; frozen : bool (N,); below : float64 (N,),
    an information bit is 1 if its ratio is less than this; inputs, codeword : uint8 (N,), written
    """
    n = prior.size
    ratio = np.empty(2 * n)  # those of the block of size s that is at work are ratio[s : 2 * s]
    ratio[n:] = prior
    for i in range(n):
        # The largest block that begins at i. Unless it is the whole, it is the right half of one whose left half is
        # known, and so are the ratios of that one.
        size = n if i == 0 else i & -i
        if i > 0:
            for j in range(size):
                left, right = ratio[2 * size + j], ratio[3 * size + j]
                ratio[size + j] = right - left if codeword[i - size + j] else right + left
        while size > 1:
            size //= 2
            for j in range(size):
                ratio[size + j] = _parity(ratio[2 * size + j], ratio[3 * size + j])
        bit = not frozen[i] and ratio[1] < below[i]
        inputs[i] = bit
        codeword[i] = bit
        done = 1
        while (i + 1) & done == 0:
            first = i + 1 - 2 * done
            for j in range(first, first + done):
                codeword[j] ^= codeword[j + done]
            done *= 2


@njit(cache=True)
def _parity(a, b):
    """The log-likelihood ratio of the sum of two bits."""
    least = min(abs(a), abs(b))
    size = least + np.log1p(np.exp(-abs(a) - abs(b))) - np.log1p(np.exp(-abs(abs(a) - abs(b))))
    return size if (a < 0) == (b < 0) else -size

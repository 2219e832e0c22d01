r"""The rival that paper 4 did not try: vector quantisation, a short linear code, and a decoder by Bayes' rule.

*Source code.* A codebook of :math:`2^k` binary images, found by k-medians: each training image goes to the codeword
nearest in Hamming distance, and each codeword becomes the majority of its images, bit by bit. Neither step makes the
distortion larger.

*Channel code.* The index is sent as a codeword of a random linear code of length n, the best of some tries.

*Decoder.* All :math:`2^k` codewords :math:`c_i` are weighed by Bayes' rule: with prior :math:`\pi_i`, the share of the
training images of cluster i, a received word y at distance :math:`d_i` has

.. math:: P(i | y) \propto \pi_i \left( \frac{\epsilon}{1 - \epsilon} \right)^{d_i},

and the reconstruction is :math:`\sum_i P(i | y) \, m_i`, the posterior mean of the clusters' mean images
:math:`m_i`, rounded: a pixel is 1 if that is likelier, which makes the expected number of wrong pixels least.

*Channel-optimised quantisation* (Farvardin 1990) lets the encoder know the channel. An index costs an image what the
decoder, fed with all that the channel makes of the index's codeword, is expected to get wrong; the image goes to the
cheapest, the clusters' means and shares follow, with them the decoder, and so on. Indices that cost too much are left
without images.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from jscc import channels
from jscc.necst import _bits
from jscc.necst.linear import LinearCode
from jscc.soft import as_batch

__all__ = ["ChannelOptimisedCode", "SeparateCode", "VectorQuantiser"]

_CHUNK = 2000  # received words that are weighed at a time


@dataclass(frozen=True, repr=False)
class VectorQuantiser:
    """A codebook of binary images.

    Attributes
    ----------
    codewords : ndarray of uint8, shape (C, pixels)
    means : ndarray of float32, shape (C, pixels)
        Mean of the training images that went to each codeword; the codeword itself where none did.
    shares : ndarray of float64, shape (C,)
        Share of the training images.
    distortions : tuple of float
        Wrong pixels, as a share, on the training images after each assignment.

    Examples
    --------
    >>> images = np.repeat(np.eye(4, 6, dtype=np.uint8), 5, axis=0)
    >>> quantiser = VectorQuantiser.fit(images, 2, rng=0)
    >>> quantiser
    VectorQuantiser(4 codewords of 6 pixels, distortion 0.0000)
    >>> index, distance = quantiser.quantise(images[[0, 7, 19]])
    >>> quantiser.codewords[index].tolist() == images[[0, 7, 19]].tolist()
    True
    """

    codewords: np.ndarray
    means: np.ndarray
    shares: np.ndarray
    distortions: tuple[float, ...] = ()
    _columns: np.ndarray = field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "_columns", np.ascontiguousarray(_bits.pack(self.codewords).T))

    def __repr__(self) -> str:
        last = f", distortion {self.distortions[-1]:.4f}" if self.distortions else ""
        return f"VectorQuantiser({len(self.codewords)} codewords of {self.codewords.shape[1]} pixels{last})"

    @classmethod
    def fit(cls, images, bits: int, rng: int | np.random.Generator, *, rounds: int = 20) -> VectorQuantiser:
        """Find a codebook of 2^bits codewords by k-medians.

        It starts from that many of the images, and ends after some rounds, or when no image changes its codeword. A
        codeword that no image goes to becomes the image that is farthest from its own.

        Parameters
        ----------
        images : array_like of 0 and 1, shape (N, pixels)
            At least 2^bits.
        bits : int
            0 to 20.
        rng : int or numpy.random.Generator
        rounds : int

        Returns
        -------
        VectorQuantiser

        Raises
        ------
        ValueError
            If there are too few images, or an argument is none of those above.
        """
        images, _ = as_batch(images, None, "images", np.uint8)
        if not 0 <= bits <= 20 or int(bits) != bits:
            raise ValueError(f"bits={bits} given, an integer from 0 to 20 is expected")
        if not rounds >= 1:
            raise ValueError(f"rounds={rounds} given, at least 1 is expected")
        count = 2**bits
        if len(images) < count:
            raise ValueError(f"{len(images)} images given, at least {count} are expected")
        packed = _bits.pack(images)
        codewords = images[np.sort(np.random.default_rng(rng).choice(len(images), count, replace=False))]
        distortions: list[float] = []
        last = None
        for _ in range(rounds):
            index, distance = _nearest(packed, codewords)
            distortions.append(float(distance.sum() / images.size))
            if last is not None and np.array_equal(index, last):
                break
            last = index
            sums, sizes = _sums(images, index, count)
            codewords = codewords.copy()
            # A tie keeps the bit, so that codewords do not wander.
            codewords[2 * sums > sizes[:, None]] = 1
            codewords[2 * sums < sizes[:, None]] = 0
            empty = np.flatnonzero(sizes == 0)
            codewords[empty] = images[np.argsort(-distance, kind="stable")[: len(empty)]]
        index, distance = _nearest(packed, codewords)
        distortions.append(float(distance.sum() / images.size))
        sums, sizes = _sums(images, index, count)
        means = np.where(sizes[:, None] > 0, sums / np.maximum(sizes, 1)[:, None], codewords).astype(np.float32)
        return cls(codewords, means, sizes / len(images), tuple(distortions))

    @property
    def bits(self) -> int:
        """Bits of an index."""
        return (len(self.codewords) - 1).bit_length()

    def quantise(self, images) -> tuple[np.ndarray, np.ndarray]:
        """The nearest codeword of each image.

        Parameters
        ----------
        images : array_like of 0 and 1, shape (N, pixels)

        Returns
        -------
        index : ndarray of int64, shape (N,)
            Of several equally near the first.
        distance : ndarray of int64, shape (N,)
            Wrong pixels.
        """
        images, _ = as_batch(images, self.codewords.shape[1], "images", np.uint8)
        return _nearest_column(_bits.pack(images), self._columns)


def distance_factors(noise: float, length: int) -> np.ndarray:
    """What a received word at distance 0 to n from a codeword speaks for it, over that at distance 0.

    Parameters
    ----------
    noise : float
        Flip probability, 0 to 1/2.
    length : int
        n.

    Returns
    -------
    ndarray of float32, shape (n + 1,)
        Powers of eps / (1 - eps); 0 where they would be less than 1e-30, which no sum notices and which would soon be
        too small for full precision, where products of matrices are twenty times slower.

    Examples
    --------
    >>> distance_factors(0.2, 3).tolist()
    [1.0, 0.25, 0.0625, 0.015625]
    """
    factors = (noise / (1 - noise)) ** np.arange(length + 1)
    factors[factors < 1e-30] = 0
    return factors.astype(np.float32)


class SeparateCode:
    """A quantiser's index, sent as a codeword of a linear code, and decoded by Bayes' rule.

    Parameters
    ----------
    quantiser : VectorQuantiser
        Of 2^k codewords.
    code : LinearCode
        Of dimension k.
    noise : float
        Flip probability of the binary symmetric channel that the decoder reckons with, 0 to 1/2.

    Raises
    ------
    ValueError
        If the two do not fit, or the noise is out of range.

    Examples
    --------
    >>> from jscc.necst import good_code
    >>> images = np.repeat(np.eye(4, 6, dtype=np.uint8), 5, axis=0)
    >>> system = SeparateCode(VectorQuantiser.fit(images, 2, rng=0), good_code(20, 2), noise=0.1)
    >>> system
    SeparateCode(2 bits in 20, noise 0.1)
    >>> sent = system.encode(images)
    >>> sent[:, :3] ^= 1
    >>> bool((system.reconstruct(sent).round() == images).all())
    True
    """

    def __init__(self, quantiser: VectorQuantiser, code: LinearCode, noise: float):
        if code.dimension != quantiser.bits:
            raise ValueError(f"{code!r} given with {quantiser!r}, a code of dimension {quantiser.bits} is expected")
        if not 0 <= noise <= 0.5:
            raise ValueError(f"noise={noise} given, 0 to 1/2 is expected")
        self.quantiser, self.code, self.noise = quantiser, code, float(noise)
        self.means, self.shares = quantiser.means, quantiser.shares
        self.codewords = code.codewords()
        self._columns = np.ascontiguousarray(_bits.pack(self.codewords).T)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code.dimension} bits in {self.code.length}, noise {self.noise:g})"

    def index(self, images) -> np.ndarray:
        """The index that is sent for each image: int64, shape (N,)."""
        return self.quantiser.quantise(images)[0]

    def encode(self, images) -> np.ndarray:
        """The word that is sent for each image: uint8, shape (N, n)."""
        return self.codewords[self.index(images)]

    def posterior(self, received) -> np.ndarray:
        """P(i | y) of each index given each received word.

        Parameters
        ----------
        received : array_like of 0 and 1, shape (N, n)

        Returns
        -------
        ndarray of float32, shape (N, 2^k)
        """
        received, _ = as_batch(received, self.code.length, "received", np.uint8)
        factors = distance_factors(self.noise, self.code.length)
        out = np.empty((len(received), len(self.codewords)), np.float32)
        scratch = np.empty(len(self.codewords), np.uint64)
        prior = self.shares.astype(np.float32)
        _bits.posteriors(_bits.pack(received), self._columns, prior, factors, scratch, out)
        return out

    def reconstruct(self, received) -> np.ndarray:
        """The probability of each pixel to be 1: the posterior mean of the clusters' means.

        Parameters
        ----------
        received : array_like of 0 and 1, shape (N, n)

        Returns
        -------
        ndarray of float32, shape (N, pixels)
        """
        received, _ = as_batch(received, self.code.length, "received", np.uint8)
        out = np.empty((len(received), self.means.shape[1]), np.float32)
        for start in range(0, len(received), _CHUNK):
            part = slice(start, start + _CHUNK)
            out[part] = self.posterior(received[part]) @ self.means
        return out


class ChannelOptimisedCode(SeparateCode):
    """A separate code whose encoder, shares and means are trained through the channel.

    Parameters
    ----------
    quantiser, code, noise
        As of `SeparateCode`: where the training starts.
    images : array_like of 0 and 1, shape (N, pixels)
        Training images.
    rng : int or numpy.random.Generator
        Draws the channel's errors, the same in each round.
    rounds : int
    draws : int
        Received words for each codeword that stand for all that the channel can make of it. With few of them an
        image finds an index that looks cheap by chance.

    Attributes
    ----------
    costs : tuple of float
        Expected share of wrong pixels on the training images in each round, before its assignment.

    Examples
    --------
    >>> from jscc.necst import good_code
    >>> images = np.repeat(np.eye(4, 6, dtype=np.uint8), 5, axis=0)
    >>> quantiser, code = VectorQuantiser.fit(images, 2, rng=0), good_code(20, 2)
    >>> ChannelOptimisedCode(quantiser, code, 0.1, images, rng=1)
    ChannelOptimisedCode(2 bits in 20, noise 0.1)
    """

    def __init__(
        self,
        quantiser: VectorQuantiser,
        code: LinearCode,
        noise: float,
        images,
        rng: int | np.random.Generator,
        *,
        rounds: int = 10,
        draws: int = 64,
    ):
        super().__init__(quantiser, code, noise)
        images, _ = as_batch(images, self.means.shape[1], "images", np.uint8)
        for name, value in (("rounds", rounds), ("draws", draws)):
            if not value >= 1:
                raise ValueError(f"{name}={value} given, at least 1 is expected")
        rng = np.random.default_rng(rng)
        received = channels.bsc(np.tile(self.codewords, (draws, 1)), self.noise, rng)
        costs: list[float] = []
        index = super().index(images)
        for _ in range(rounds):
            self._expected = self._expect(received, draws)
            costs.append(float(self._cost(images, index)))
            changed = self.index(images)
            if np.array_equal(changed, index):
                break
            index = changed
            sums, sizes = _sums(images, index, len(self.codewords))
            self.means = (sums / np.maximum(sizes, 1)[:, None]).astype(np.float32)
            self.shares = sizes / len(images)
        self._expected = self._expect(received, draws)
        self.costs = (*costs, float(self._cost(images, self.index(images))))

    def index(self, images) -> np.ndarray:
        """The index of least expected cost for each image: int64, shape (N,)."""
        images, _ = as_batch(images, self.means.shape[1], "images", np.uint8)
        out = np.empty(len(images), np.int64)
        turned, level = (1 - 2 * self._expected).T, self._expected.sum(axis=1)
        for start in range(0, len(images), _CHUNK):
            part = slice(start, start + _CHUNK)
            out[part] = (images[part].astype(np.float32) @ turned + level).argmin(axis=1)
        return out

    def _cost(self, images: np.ndarray, index: np.ndarray) -> float:
        """Expected share of wrong pixels when these indices are sent: |x - E reconstruction|, as x is 0 or 1."""
        total = 0.0
        for start in range(0, len(images), _CHUNK):
            part = slice(start, start + _CHUNK)
            total += np.abs(images[part] - self._expected[index[part]]).sum(dtype=np.float64)
        return total / images.size

    def _expect(self, received: np.ndarray, draws: int) -> np.ndarray:
        """Mean rounded reconstruction of each index, (2^k, pixels), over what was received of it."""
        total = np.zeros_like(self.means)
        for part in np.split(received, draws):
            total += self.reconstruct(part) > 0.5
        return total / np.float32(draws)


def _nearest(packed: np.ndarray, codewords: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _nearest_column(packed, np.ascontiguousarray(_bits.pack(codewords).T))


def _nearest_column(packed: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    index, distance = np.empty(len(packed), np.int64), np.empty(len(packed), np.int64)
    _bits.nearest(packed, columns, np.empty(_bits.BLOCK, np.uint64), index, distance)
    return index, distance


def _sums(images: np.ndarray, index: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum and number of the images of each cluster: int64, (count, pixels) and (count,)."""
    sums, sizes = np.zeros((count, images.shape[1]), np.int64), np.zeros(count, np.int64)
    _bits.cluster_sums(images, index, sums, sizes)
    return sums, sizes

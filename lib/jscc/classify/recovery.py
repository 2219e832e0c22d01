"""Recovery of the bit-planes from the syndromes that a network classifies.

A plane x of 1024 bits is sent as s = H x, 512 bits. The receiver knows H, s and a prior, the probability of a one
for every bit, and looks for the most likely word with that syndrome (`jscc.ldpc.belief_propagation`): source coding
by syndromes with belief propagation as the decoder. What decides is the prior, and it is estimated from training
images alone.

Planes are decoded one after another, so that those already decoded can serve as context. Pixels go from the most
significant plane down. Of coefficients the seven planes of the magnitude come first and the sign (plane 0) last,
since a zero has no sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jscc.bitplanes import unpack_planes
from jscc.channels import llr
from jscc.classify.columns import SIDE, paper_code
from jscc.jpeg.dct import BLOCK
from jscc.ldpc.belief_propagation import BeliefPropagation
from jscc.tanner import TannerGraph

N = SIDE * SIDE
N_PLANES = 8
KINDS = ("iid", "position", "context")
ORDER = {"pixels": (0, 1, 2, 3, 4, 5, 6, 7), "jpeg": (1, 2, 3, 4, 5, 6, 7, 0)}
_CHUNK = 500  # images whose contexts are computed at a time, so that the steps stay in cache
_PREDICTION_LEVELS = 17
_ZONE = 4  # pixels; a zone of 4 x 4 also separates the padding of a 28 x 28 image from the image
_MAGNITUDE_LEVELS = 6
_ACTIVITY_LEVEL = np.array([0, 1, 2, 3, 3, 4, 4, 4, 4, 5])


class BitPrior:
    """The probability that a bit of a plane is one, as counted on training images.

    Parameters
    ----------
    packed : ndarray of uint8, shape (images, 1024)
        Training images as packed planes (`jscc.classify.columns.symbols`).
    setup : {"pixels", "jpeg"}
        Whether the planes are those of pixels or of sign and magnitude of quantised coefficients.
    kind : {"iid", "position", "context"}
        One probability for each plane; one for each plane and position; or one for each plane and context. The
        context of a pixel is its own higher planes, the mean of its eight neighbours' higher planes against its
        own, and the zone of 4 x 4 pixels it lies in. That of a coefficient is its position, its own higher
        planes (0, 1, 2, 3, more, all ones), the sum of its neighbours' (of the next frequencies in the block,
        and of the same frequency in the next blocks), and whether its block's DC saturates. A plane with nothing
        decoded before it has the position for its context.

    Notes
    -----
    A probability is ``(ones + 1) / (count + 2)``; in a context it is ``(ones + 2 p) / (count + 2)``, p being
    that of the position.

    Raises
    ------
    ValueError
        If the images or an option are none of those above.

    Examples
    --------
    >>> from jscc.classify import gray_images, symbols
    >>> prior = BitPrior(symbols(gray_images("digits").train, transform=False), "pixels", "context")
    >>> prior
    BitPrior(setup='pixels', kind='context')
    >>> p = prior.probability_of_one(np.zeros((1, 1024), np.uint8), 0)
    >>> p.shape, bool(((p > 0) & (p < 1)).all())
    ((1, 1024), True)
    """

    def __init__(self, packed: np.ndarray, setup: str, kind: str):
        _check_choice("setup", setup, tuple(ORDER))
        _check_choice("kind", kind, KINDS)
        packed = _check_packed(packed, N)
        if not len(packed):
            raise ValueError(f"packed of shape {packed.shape} given, a training image or more is expected")
        self.setup, self.kind = setup, kind
        ones = np.array([np.count_nonzero(packed & _bit(plane), axis=0) for plane in range(N_PLANES)])
        if kind == "iid":
            share = (ones.sum(axis=1) + 1) / (packed.size + 2)
            self._of_position = np.repeat(share[:, None], N, axis=1)
        else:
            self._of_position = (ones + 1) / (len(packed) + 2)
        self._tables: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        if kind == "context":
            self._tables = {plane: self._count(packed, plane) for plane in ORDER[setup][1:]}

    def __repr__(self) -> str:
        return f"BitPrior(setup={self.setup!r}, kind={self.kind!r})"

    def probability_of_one(self, packed: np.ndarray, plane: int) -> np.ndarray:
        """Probability of a one for every bit of a plane.

        Parameters
        ----------
        packed : ndarray of uint8, shape (images, 1024)
            Images of which only the planes decoded before `plane` are read; the others may hold anything.
        plane : int
            0 to 7.

        Returns
        -------
        ndarray of float64, shape (images, 1024)
            All strictly between 0 and 1.
        """
        packed = _check_packed(packed, N)
        _check_plane(plane)
        of_position = self._of_position[plane]
        if plane not in self._tables:
            return np.broadcast_to(of_position, packed.shape).copy()
        ones, count = self._tables[plane]
        contexts = self._contexts(packed, plane)
        return (ones[contexts] + 2 * of_position) / (count[contexts] + 2)

    def _contexts(self, packed: np.ndarray, plane: int) -> np.ndarray:
        known = packed & known_planes(self.setup, plane)
        context = _pixel_contexts if self.setup == "pixels" else _coefficient_contexts
        return context(known, plane)

    def _count(self, packed: np.ndarray, plane: int) -> tuple[np.ndarray, np.ndarray]:
        """Ones and occurrences of every context."""
        size = _n_contexts(self.setup, plane)
        counts = np.zeros(2 * size, np.int64)
        for first in range(0, len(packed), _CHUNK):
            part = packed[first : first + _CHUNK]
            bits = (part & _bit(plane)) != 0
            counts += np.bincount((2 * self._contexts(part, plane) + bits).ravel(), minlength=2 * size)
        counts = counts.reshape(size, 2)
        return counts[:, 1], counts.sum(axis=1)


@dataclass(frozen=True)
class Recovery:
    """What was decoded from syndromes.

    Attributes
    ----------
    packed : ndarray of uint8, shape (images, 1024)
        The decoded planes, packed.
    converged : ndarray of bool, shape (images, 8)
        Whether the decoded plane has the syndrome that was sent.
    iterations : ndarray of int, shape (images, 8)
    """

    packed: np.ndarray
    converged: np.ndarray
    iterations: np.ndarray

    def __repr__(self) -> str:
        done = int(np.count_nonzero(self.converged))
        return f"Recovery({len(self.packed):,} images, {done:,} of {self.converged.size:,} planes converged)"


def recover(
    syndromes: np.ndarray,
    prior: BitPrior,
    *,
    genie: np.ndarray | None = None,
    code: TannerGraph | None = None,
    max_iterations: int = 100,
) -> Recovery:
    """Decode all planes of images from their syndromes (sum-product, flooding).

    Parameters
    ----------
    syndromes : ndarray of uint8, shape (images, m)
        Packed syndromes (`jscc.ldpc.syndrome.syndromes`).
    prior : BitPrior
    genie : ndarray of uint8, shape (images, 1024), optional
        The true packed planes. Each plane's context is then taken from them instead of from the planes decoded
        so far, which a real receiver cannot do.
    code : TannerGraph, optional
        `jscc.classify.columns.paper_code` if not given.
    max_iterations : int

    Returns
    -------
    Recovery

    Raises
    ------
    ValueError
        If a shape or dtype does not fit.

    Examples
    --------
    >>> from jscc.classify import gray_images, paper_code, symbols
    >>> from jscc.ldpc import syndromes
    >>> digits = gray_images("digits")
    >>> train, test = (symbols(part, transform=False) for part in (digits.train, digits.test))
    >>> prior = BitPrior(train, "pixels", "context")
    >>> result = recover(syndromes(test[:4], paper_code()), prior, max_iterations=20)
    >>> result.packed.shape, result.converged.shape
    ((4, 1024), (4, 8))
    """
    code = code or paper_code()
    if code.n_variables != N:
        raise ValueError(f"a code on {code.n_variables} variables given, one on {N} is expected")
    syndromes = _check_packed(syndromes, code.n_checks)
    if genie is not None and _check_packed(genie, N).shape[0] != len(syndromes):
        raise ValueError(f"{len(syndromes)} syndromes and {len(genie)} images given, one each is expected")
    decoder = BeliefPropagation(code, max_iterations=max_iterations)
    packed = np.zeros((len(syndromes), N), np.uint8)
    converged = np.zeros((len(syndromes), N_PLANES), bool)
    iterations = np.zeros((len(syndromes), N_PLANES), int)
    sent = unpack_planes(syndromes)
    for plane in ORDER[prior.setup]:
        probability = prior.probability_of_one(packed if genie is None else genie, plane)
        result = decoder.decode(llr(probability), sent[:, plane])
        packed |= result.bits * _bit(plane)
        converged[:, plane] = result.converged
        iterations[:, plane] = result.iterations
    return Recovery(packed, converged, iterations)


def information_content(packed: np.ndarray, prior: BitPrior, plane: int) -> np.ndarray:
    """Bits that an ideal code for the prior would spend on a plane, ``-log2 P(x)`` of each image.

    Its mean over test images is 1024 times the cross-entropy per bit. With fewer checks than that not even the
    best decoder can find most of the words.

    Parameters
    ----------
    packed : ndarray of uint8, shape (images, 1024)
    prior : BitPrior
    plane : int

    Returns
    -------
    ndarray of float64, shape (images,)

    Examples
    --------
    >>> from jscc.classify import gray_images, symbols
    >>> packed = symbols(gray_images("digits").train, transform=False)
    >>> spent = [information_content(packed[:50], BitPrior(packed, "pixels", kind), 1).mean() for kind in KINDS]
    >>> bool(spent[0] > spent[1] > spent[2])  # one probability, one for each position, one for each context
    True
    """
    p = prior.probability_of_one(packed, plane)
    return -np.log2(np.where(packed & _bit(plane), p, 1 - p)).sum(axis=1)


def known_planes(setup: str, plane: int) -> np.uint8:
    """Mask of the planes that are decoded before a plane.

    Examples
    --------
    >>> format(known_planes("pixels", 2), "08b"), format(known_planes("jpeg", 2), "08b")
    ('11000000', '01000000')
    """
    _check_choice("setup", setup, tuple(ORDER))
    _check_plane(plane)
    order = ORDER[setup]
    return np.uint8(sum(0x80 >> before for before in order[: order.index(plane)]))


# ---------------------------------------------------------------------------------------------
# Contexts: integers from 0, one for each position of each image
# ---------------------------------------------------------------------------------------------


def _n_contexts(setup: str, plane: int) -> int:
    if setup == "pixels":
        return (SIDE // _ZONE) ** 2 * 2**plane * _PREDICTION_LEVELS
    return N * _MAGNITUDE_LEVELS * (_ACTIVITY_LEVEL.max() + 1) * 2


def _pixel_contexts(known: np.ndarray, plane: int) -> np.ndarray:
    """Zone, own higher planes, and how far the neighbours' mean lies above them, in eighths of a step."""
    step = 256 >> plane
    own = known.reshape(-1, SIDE, SIDE).astype(np.int16)
    around = np.pad(own, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = around[:, :-2] + 2 * around[:, 1:-1] + around[:, 2:]
    # Weights 1 2 1, 2 4 2, 1 2 1: beside the pixel itself, twelve in all.
    above = rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:] - 16 * own
    eighths = (4 * above + 3 * step) // (6 * step)  # 8 / 12 of `above` in steps, rounded
    half = _PREDICTION_LEVELS // 2
    level = np.clip(eighths, -half, half) + half
    zones = np.arange(SIDE) // _ZONE
    zone = (zones[:, None] * (SIDE // _ZONE) + zones).astype(np.int32)
    context = (zone * 2**plane + (own >> (8 - plane))) * _PREDICTION_LEVELS + level
    return context.reshape(-1, N)


def _coefficient_contexts(known: np.ndarray, plane: int) -> np.ndarray:
    """Position, own and neighbours' higher magnitude planes, and whether the block's DC saturates."""
    n_known = 7 if plane == 0 else plane - 1
    most = 2**n_known - 1
    blocks = SIDE // BLOCK
    value = ((known & 127) >> (7 - n_known)).reshape(-1, blocks, BLOCK, blocks, BLOCK)
    level = np.minimum(value, _MAGNITUDE_LEVELS - 2)
    level[value == most] = _MAGNITUDE_LEVELS - 1
    wide = value.astype(np.int16)
    sums = np.zeros_like(wide)
    for axis in (2, 4, 1, 3):  # the next frequencies, then the next blocks
        before, after = [slice(None)] * 5, [slice(None)] * 5
        before[axis], after[axis] = slice(None, -1), slice(1, None)
        sums[tuple(after)] += wide[tuple(before)]
        sums[tuple(before)] += wide[tuple(after)]
    activity = _ACTIVITY_LEVEL[np.minimum(sums, len(_ACTIVITY_LEVEL) - 1)]
    saturated = value[:, :, :1, :, :1] == most
    position = np.arange(N).reshape(value.shape[1:])
    context = (position * _MAGNITUDE_LEVELS + level) * (_ACTIVITY_LEVEL.max() + 1) + activity
    return (2 * context + saturated).reshape(-1, N)


def _bit(plane: int) -> np.uint8:
    return np.uint8(0x80 >> plane)


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name}={value!r} given, one of {', '.join(choices)} is expected")


def _check_plane(plane: int) -> None:
    if plane not in range(N_PLANES):
        raise ValueError(f"plane={plane} given, 0 to {N_PLANES - 1} is expected")


def _check_packed(packed: np.ndarray, width: int) -> np.ndarray:
    packed = np.asarray(packed)
    if packed.dtype != np.uint8 or packed.ndim != 2 or packed.shape[1] != width:
        missing = " (the batch axis is missing)" if packed.ndim == 1 else ""
        raise ValueError(
            f"packed {packed.dtype} {packed.shape} given, uint8 of shape (images, {width}) is expected{missing}"
        )
    return packed

"""What pages of the book run of this room: a digit to bits and back, by a learned code and by a separate one.

A page has no room for 1.1 million weights in half precision, 2.3 MB, 3 MB as text. Its network has *rounded* weights: 8
bits each, and a scale for each unit. The kernels are those of the library, and so is the rounded network, a `Necst` as
any other, whose wrong pixels can be counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numba.types import float32, int32, int64, uint8, uint64

from jscc import artefacts
from jscc.necst import _bits, _kernels
from jscc.necst.separate import distance_factors
from jscc.necst.shipped import CODEBOOK, TOP_LEVEL, model_of, weights_name

if TYPE_CHECKING:  # torch, which a build of the book does without
    from jscc.necst.model import Necst

__all__ = [
    "decoder_arguments",
    "drawing_arrays",
    "drawing_model",
    "encoder_arguments",
    "learned_arrays",
    "learned_picture",
    "learned_word",
    "rounded",
    "rounded_weights",
    "separate_picture",
    "separate_picture_arguments",
    "separate_word",
    "separate_word_arguments",
]

MODEL_NOISE = 0.1  # that the page's network was trained with
TOP_WEIGHT = 127


def learned_word(
    pixels: uint8[:, ::1],
    sizes: int64[::1],
    weights: float32[::1],
    biases: float32[::1],
    active: int64[::1],
    states: float32[:, ::1],
    rows: float32[:, ::1],
    logits: float32[:, ::1],
    word: uint8[:, ::1],
):
    """`Necst.encode`.

    Examples
    --------
    >>> from jscc.necst import network, weights_of
    >>> weights = weights_of(network("random_bits"))
    >>> given = encoder_arguments(learned_arrays(weights), np.eye(3, 100, dtype=np.uint8))
    >>> learned_word(**given)
    >>> model = model_of(rounded_weights(weights), {"channel": "bsc", "noise": 0.1})
    >>> bool((given["word"] == model.encode(given["pixels"])).all())
    True
    """
    layers = _kernels.Layers(sizes, weights, biases, active, states)
    _kernels.perceptron_word(pixels, layers, rows, logits, word)


def learned_picture(
    received: uint8[:, ::1],
    sizes: int64[::1],
    weights: float32[::1],
    biases: float32[::1],
    active: int64[::1],
    states: float32[:, ::1],
    rows: float32[:, ::1],
    logits: float32[:, ::1],
    out: float32[:, ::1],
):
    """`Necst.reconstruct`.

    Examples
    --------
    >>> from jscc.necst import network, weights_of
    >>> weights = weights_of(network("random_bits"))
    >>> given = decoder_arguments(learned_arrays(weights), np.eye(3, 50, dtype=np.uint8))
    >>> learned_picture(**given)
    >>> model = model_of(rounded_weights(weights), {"channel": "bsc", "noise": 0.1})
    >>> bool(np.allclose(given["out"], model.reconstruct(given["received"]), atol=1e-5))
    True
    """
    layers = _kernels.Layers(sizes, weights, biases, active, states)
    _kernels.perceptron_picture(received, layers, rows, logits, out)


def separate_word(
    first: int32,
    middle: int32,
    pixels: uint8[:, ::1],
    levels: uint8[:, ::1],
    generator: uint8[:, ::1],
    columns: uint64[:, ::1],
    words: uint8[:, ::1],
    rows: uint64[:, ::1],
    scratch: uint64[::1],
    index: int64[::1],
    distance: int64[::1],
    word: uint8[:, ::1],
):
    """`SeparateCode.encode`; with `first` not 0 the codebook and the code are laid out before."""
    if first != 0:
        _bits.pack_columns(levels, middle, columns)
        _bits.codewords(generator, words)
    _bits.pack_rows(pixels, 0, rows)
    _bits.nearest(rows, columns, scratch, index, distance)
    for n in range(len(pixels)):
        word[n] = words[index[n]]


def separate_picture(
    first: int32,
    scale: float32,
    received: uint8[:, ::1],
    levels: uint8[:, ::1],
    generator: uint8[:, ::1],
    prior: float32[::1],
    factors: float32[::1],
    words: uint8[:, ::1],
    columns: uint64[:, ::1],
    rows: uint64[:, ::1],
    scratch: uint64[::1],
    posterior: float32[:, ::1],
    out: float32[:, ::1],
):
    """`SeparateCode.reconstruct`; with `first` not 0 the code is laid out before."""
    if first != 0:
        _bits.codewords(generator, words)
        _bits.pack_columns(words, 0, columns)
    _bits.pack_rows(received, 0, rows)
    _bits.posteriors(rows, columns, prior, factors, scratch, posterior)
    _bits.posterior_mean(posterior, levels, scale, out)


def rounded(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights of a layer in 8 bits each: levels as int8, and what a level of each output counts.

    Parameters
    ----------
    weights : ndarray of float, shape (inputs, outputs)

    Returns
    -------
    levels : ndarray of int8, shape (inputs, outputs)
    scales : ndarray of float32, shape (outputs,)

    Examples
    --------
    >>> levels, scales = rounded(np.array([[1.0, 0], [-0.3, 0]]))
    >>> (levels * scales).round(3).tolist()
    [[1.0, 0.0], [-0.299, 0.0]]
    """
    weights = np.asarray(weights, np.float32)
    largest = np.abs(weights).max(axis=0)
    scales = np.where(largest > 0, largest, 1).astype(np.float32) / np.float32(TOP_WEIGHT)
    return np.rint(weights / scales).astype(np.int8), scales


def drawing_arrays() -> dict[str, np.ndarray]:
    """What a page loads to run the shipped model and the shipped separate code: under 1.5 MB as text.

    Returns
    -------
    dict of str to ndarray
        Those of `learned_arrays`, and ``levels``, ``shares`` and ``generator`` as of `jscc.necst.codebook_of`.

    Raises
    ------
    FileNotFoundError
        If the weights or the codebook are not there.
    """
    return learned_arrays(artefacts.load(weights_name(MODEL_NOISE))[0]) | artefacts.load(CODEBOOK)[0]


def drawing_model() -> Necst:
    """The network that a page runs: the shipped one, its weights rounded; the errors are those of `shipped_model`."""
    weights, header = artefacts.load(weights_name(MODEL_NOISE))
    return model_of(rounded_weights(weights), header)


def rounded_weights(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """A network's weights as a page has them, float32; biases are not rounded.

    Examples
    --------
    >>> found = rounded_weights({"0.weight": np.array([[1, 0.3, -0.7]]), "0.bias": np.array([0.3])})
    >>> (found["0.weight"] * 127).round(3).tolist(), found["0.bias"].dtype.name
    ([[127.0, 38.0, -89.0]], 'float32')
    """
    out = {}
    for name, value in weights.items():
        out[name] = value.astype(np.float32)
        if name.endswith("weight"):
            levels, scales = rounded(value.T)
            out[name] = np.ascontiguousarray((levels * scales).T)
    return out


def learned_arrays(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What a page needs of a network of perceptrons, as of `jscc.necst.weights_of`.

    Returns
    -------
    dict of str to ndarray
        For each layer k of the encoder ``encoder.k.levels`` and ``encoder.k.scales`` as of `rounded`, and
        ``encoder.biases``, those of all layers one after the other; so too for the decoder.

    Examples
    --------
    >>> from jscc.necst import network, weights_of
    >>> arrays = learned_arrays(weights_of(network("random_bits")))
    >>> arrays["encoder.0.levels"].shape, arrays["encoder.biases"].shape
    ((100, 500), (550,))
    """
    out = {}
    exact = rounded_weights(weights)
    for part in ("encoder", "decoder"):
        names = [name.removesuffix(".weight") for name in weights if name.startswith(part) and name.endswith("weight")]
        for k, name in enumerate(names):
            out[f"{part}.{k}.levels"], out[f"{part}.{k}.scales"] = rounded(weights[f"{name}.weight"].T)
        out[f"{part}.biases"] = _biases(exact, part, names)
    return out


def _biases(weights: Mapping[str, np.ndarray], part: str, names: list[str]) -> np.ndarray:
    """Those of all layers; the decoder's first with all bits at -1, see `jscc.necst.decoding.Decoder`."""
    biases = [weights[f"{name}.bias"] for name in names]
    if part == "decoder":
        biases[0] = biases[0] - weights[f"{names[0]}.weight"].sum(axis=1)
    return np.concatenate(biases)


def encoder_arguments(arrays: Mapping[str, np.ndarray], pixels: np.ndarray) -> dict:
    """What `learned_word` is given: the arrays of a page, and images of 0 and 1, shape (N, pixels)."""
    layers = _layers(arrays, "encoder")
    outputs = int(layers.sizes[-1])
    return {
        "pixels": pixels,
        **layers._asdict(),
        "rows": np.zeros(pixels.shape, np.float32),
        "logits": np.zeros((len(pixels), outputs), np.float32),
        "word": np.zeros((len(pixels), outputs), np.uint8),
    }


def decoder_arguments(arrays: Mapping[str, np.ndarray], received: np.ndarray) -> dict:
    """What `learned_picture` is given: the arrays of a page, and received bits, shape (N, m)."""
    layers = _layers(arrays, "decoder")
    shape = (len(received), int(layers.sizes[-1]))
    return {
        "received": received,
        **layers._asdict(),
        "rows": np.zeros(received.shape, np.float32),
        "logits": np.zeros(shape, np.float32),
        "out": np.zeros(shape, np.float32),
    }


def _layers(arrays: Mapping[str, np.ndarray], part: str) -> _kernels.Layers:
    weights = []
    while (name := f"{part}.{len(weights)}") + ".levels" in arrays:
        weights.append(arrays[f"{name}.levels"] * arrays[f"{name}.scales"])
    layers = _kernels.layers_of(weights, [arrays[f"{part}.biases"]])
    return layers._replace(active=np.zeros_like(layers.active), states=np.zeros_like(layers.states))


def separate_word_arguments(arrays: Mapping[str, np.ndarray], pixels: np.ndarray) -> dict:
    """What `separate_word` is given for the first images; before the next set ``first`` to 0.

    Examples
    --------
    >>> from jscc.necst import VectorQuantiser, codebook_of, good_code
    >>> images = np.repeat(np.eye(4, 6, dtype=np.uint8), 5, axis=0)
    >>> arrays = codebook_of(VectorQuantiser.fit(images, 2, rng=0), good_code(20, 2))
    >>> there = separate_word_arguments(arrays, images)
    >>> separate_word(**there)
    >>> back = separate_picture_arguments(arrays, there["word"], noise=0.1)
    >>> separate_picture(**back)
    >>> bool((back["out"].round() == images).all())
    True
    """
    levels, generator = arrays["levels"], arrays["generator"]
    packed = -(-pixels.shape[1] // 64)
    return {
        "first": 1,
        "middle": TOP_LEVEL // 2,
        "pixels": pixels,
        "levels": levels,
        "generator": generator,
        "columns": np.zeros((packed, len(levels)), np.uint64),
        "words": np.zeros((len(levels), generator.shape[1]), np.uint8),
        "rows": np.zeros((len(pixels), packed), np.uint64),
        "scratch": np.zeros(_bits.BLOCK, np.uint64),
        "index": np.zeros(len(pixels), np.int64),
        "distance": np.zeros(len(pixels), np.int64),
        "word": np.zeros((len(pixels), generator.shape[1]), np.uint8),
    }


def separate_picture_arguments(arrays: Mapping[str, np.ndarray], received: np.ndarray, noise: float) -> dict:
    """What `separate_picture` is given for the first received words (N, n); before the next set ``first`` to 0.

    See `separate_word_arguments` for an example.
    """
    levels, length = arrays["levels"], received.shape[1]
    packed = -(-length // 64)
    return {
        "first": 1,
        "scale": np.float32(1 / TOP_LEVEL),
        "received": received,
        "levels": levels,
        "generator": arrays["generator"],
        "prior": arrays["shares"],
        "factors": distance_factors(noise, length),
        "words": np.zeros((len(levels), length), np.uint8),
        "columns": np.zeros((packed, len(levels)), np.uint64),
        "rows": np.zeros((len(received), packed), np.uint64),
        "scratch": np.zeros(len(levels), np.uint64),
        "posterior": np.zeros((len(received), len(levels)), np.float32),
        "out": np.zeros((len(received), levels.shape[1]), np.float32),
    }

"""What comes trained: NECST on static binarised MNIST, without noise and at eps = .1, a reader of digits, a codebook.

They lie under ``data/models``, weights in half precision, and are made by the experiments ``necst_weights``,
``necst_reader`` and ``necst_codebook``, whose tables say what they are worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from jscc import artefacts

if TYPE_CHECKING:  # torch, which `jscc list` does without
    from jscc.necst.linear import LinearCode
    from jscc.necst.model import Necst
    from jscc.necst.reader import DigitReader
    from jscc.necst.separate import SeparateCode, VectorQuantiser

__all__ = [
    "CODEBOOK",
    "READER",
    "SHIPPED_NOISES",
    "codebook_of",
    "model_of",
    "separate_of",
    "shipped_model",
    "shipped_reader",
    "shipped_separate",
    "weights_name",
    "weights_of",
]

SHIPPED_NOISES = (0.0, 0.1)
READER = "necst_reader"
CODEBOOK = "necst_codebook"
TOP_LEVEL = 15  # of a pixel of a cluster's mean, which is kept in 4 bits


def weights_name(noise: float) -> str:
    """The artefact that holds the weights of a model of binary MNIST, by the noise that it was trained with.

    Examples
    --------
    >>> weights_name(0.1)
    'necst_mnist_10'
    """
    return f"necst_mnist_{round(100 * noise):02d}"


def weights_of(model) -> dict[str, np.ndarray]:
    """A network's weights in half precision, by their names."""
    return {name: value.detach().cpu().numpy().astype(np.float16) for name, value in model.state_dict().items()}


def model_of(weights: Mapping[str, np.ndarray], header: Mapping) -> Necst:
    """A model of binary pixels from its weights.

    Parameters
    ----------
    weights : mapping of str to ndarray
        As of `weights_of`.
    header : mapping
        With the keys `channel` and `noise`.

    Raises
    ------
    ValueError
        If the weights are not those of perceptrons with one and two hidden layers.
    """
    from jscc.necst.model import Necst, perceptrons

    try:
        hidden, pixels = weights["encoder.0.weight"].shape
        bits = weights["encoder.2.weight"].shape[0]
        model = Necst(*perceptrons(pixels, bits, hidden), bits, header["channel"], header["noise"])
        return _filled(model, weights)
    except (KeyError, RuntimeError) as error:
        raise ValueError(f"weights {sorted(weights)} given, those of perceptrons are expected: {error}") from error


def shipped_model(noise: float = 0.1) -> Necst:
    """Load a model that comes trained.

    Parameters
    ----------
    noise : {0.0, 0.1}
        Of the binary symmetric channel that it was trained with.

    Raises
    ------
    ValueError
        If there is none for that noise, or its file is damaged.
    FileNotFoundError
        If its weights are not there.
    """
    if noise not in SHIPPED_NOISES:
        raise ValueError(f"noise={noise} given, one of {', '.join(map(str, SHIPPED_NOISES))} is expected")
    return model_of(*artefacts.load(weights_name(noise)))


def shipped_reader() -> DigitReader:
    """Load the reader of MNIST's digits; the errors are those of `shipped_model`."""
    from jscc.necst.reader import DigitReader

    weights, _ = artefacts.load(READER)
    return _filled(DigitReader(), weights)


def codebook_of(quantiser: VectorQuantiser, code: LinearCode) -> dict[str, np.ndarray]:
    """A quantiser and the code of its index as small arrays, by their names: what `separate_of` takes.

    Examples
    --------
    >>> from jscc.necst import VectorQuantiser, good_code
    >>> images = np.eye(4, 6, dtype=np.uint8)
    >>> kept = codebook_of(VectorQuantiser.fit(images, 1, rng=0), good_code(20, 1))
    >>> {name: value.shape for name, value in kept.items()}
    {'levels': (2, 6), 'shares': (2,), 'generator': (1, 20)}
    """
    return {
        "levels": np.rint(TOP_LEVEL * quantiser.means).astype(np.uint8),
        "shares": quantiser.shares.astype(np.float32),
        "generator": code.generator,
    }


def separate_of(arrays: Mapping[str, np.ndarray], noise: float) -> SeparateCode:
    """A separate code from its arrays.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        As of `codebook_of`.
    noise : float
        That the decoder reckons with.

    Examples
    --------
    >>> from jscc.necst import VectorQuantiser, good_code
    >>> images = np.repeat(np.eye(4, 6, dtype=np.uint8), 5, axis=0)
    >>> separate_of(codebook_of(VectorQuantiser.fit(images, 2, rng=0), good_code(20, 2)), 0.1)
    SeparateCode(2 bits in 20, noise 0.1)
    """
    from jscc.necst.linear import LinearCode
    from jscc.necst.separate import SeparateCode, VectorQuantiser

    levels = arrays["levels"]
    codewords = (levels > TOP_LEVEL // 2).astype(np.uint8)
    quantiser = VectorQuantiser(codewords, levels / np.float32(TOP_LEVEL), arrays["shares"])
    return SeparateCode(quantiser, LinearCode(arrays["generator"]), noise)


def shipped_separate(noise: float = 0.1) -> SeparateCode:
    """Load the separate code that comes made; the errors are those of `shipped_model`.

    Parameters
    ----------
    noise : float
        That the decoder reckons with, 0 to 1/2.
    """
    return separate_of(artefacts.load(CODEBOOK)[0], noise)


def _filled(model, weights: Mapping[str, np.ndarray]):
    import torch

    model.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()})
    return model.eval()

"""Models that come trained: NECST on static binarised MNIST, without noise and at eps = .1, and a reader of digits.

Their weights lie under ``data/models`` in half precision, and are made by the experiments ``necst_weights`` and
``necst_reader``, whose tables say what they are worth.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from jscc import artefacts

if TYPE_CHECKING:  # torch, which `jscc list` does without
    from jscc.necst.model import Necst
    from jscc.necst.reader import DigitReader

__all__ = ["READER", "SHIPPED_NOISES", "model_of", "shipped_model", "shipped_reader", "weights_name", "weights_of"]

SHIPPED_NOISES = (0.0, 0.1)
READER = "necst_reader"


def weights_name(noise: float) -> str:
    """The artefact that holds the weights of a model of binary MNIST, by the noise that it was trained with."""
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


def _filled(model, weights: Mapping[str, np.ndarray]):
    import torch

    model.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in weights.items()})
    return model.eval()

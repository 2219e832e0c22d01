"""What the experiments of paper 4 share: images and their parts, a training, wrong pixels with their interval."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from jscc import artefacts, channels, datasets, sources
from jscc.runner.experiment import qualified
from jscc.statistics import mean_interval

SPLIT_SEED = 2019
EPS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)  # the paper's flip probabilities

# How far apart trainings of one setting come out, as standard deviations, for `jscc.runner.verify`.
SCATTER = {"wrong_pixels": 0.0007, "ci_low": 0.0007, "ci_high": 0.0007, "train_loss": 1.0}


@dataclass(frozen=True)
class Parts:
    """Binary images as rows of uint8: training, validation, test."""

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray

    @property
    def pixels(self) -> int:
        """Of an image."""
        return self.train.shape[1]


@lru_cache(maxsize=2)
def parts(dataset: str) -> Parts:
    """The binary images of a data set, split as in the supplement (section A).

    Omniglot's 500 validation images are drawn from its training images with a seed. Random strings are 5,000, 1,000
    and 1,000. The bundled digits, which are not in the paper, serve for trials: of their 1,797, 360 are for test and
    200 for validation.
    """
    rng = np.random.default_rng(SPLIT_SEED)
    if dataset == "binarized_mnist":
        held = datasets.load(dataset)
        return Parts(*(held[f"x_{part}"].reshape(-1, 784) for part in ("train", "valid", "test")))
    if dataset == "omniglot":
        held = datasets.load(dataset)
        binary = (held["x"].reshape(-1, 784) >= 128).astype(np.uint8)
        order = rng.permutation(held["train_idx"])
        return Parts(binary[order[500:]], binary[order[:500]], binary[held["test_idx"]])
    if dataset == "random_bits":
        strings = datasets.random_bits((7000, 100), rng)
        return Parts(strings[:5000], strings[5000:6000], strings[6000:])
    if dataset == "digits":
        binary = (datasets.load(dataset)["x"].reshape(-1, 64) >= 8).astype(np.uint8)
        return Parts(*(binary[rows] for rows in digits_rows()))
    raise ValueError(f"dataset={dataset!r} given, binarized_mnist, omniglot, random_bits or digits is expected")


def digits_rows() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which of the bundled digits are for training, for validation and for test."""
    order = np.random.default_rng(SPLIT_SEED).permutation(1797)
    return order[560:], order[:200], order[200:560]


def network_of(dataset: str, bits: int, noise: float, channel: str = "bsc", kind: str = "plain"):
    """The paper's perceptrons for a data set; smaller ones for the digits.

    The kind "prefix" is `jscc.necst.adaptive.PrefixNecst`, "plain" any other.
    """
    from jscc.necst.adaptive import PrefixNecst  # torch, which `jscc list` does without
    from jscc.necst.model import SETTINGS, Necst, network, perceptrons

    if dataset in SETTINGS:
        model = network(dataset, bits=bits, channel=channel, noise=noise)
    else:
        model = Necst(*perceptrons(64, bits, 100), bits, channel, noise)
    return PrefixNecst(model.encoder, model.decoder, bits, channel, noise) if kind == "prefix" else model


def trained(
    dataset: str,
    bits: int,
    noise: float,
    epochs: int,
    seed: int,
    *,
    channel: str = "bsc",
    kind: str = "plain",
    highest_noise: float | None = None,
    **objective,
):
    """Train a model as the supplement says, but with a rate that falls to 0 in place of hundreds of epochs more.

    Its gradient goes through one sample in half precision; `objective` are settings of
    `jscc.necst.objectives.Objective` that differ. With a highest noise, each batch has its own, from the model's noise
    up to that. Several experiments ask for the same model: see `kept`.
    """
    from jscc.necst.adaptive import MixedNoise
    from jscc.necst.objectives import Objective

    loss = Objective(**{"samples": 5, "through": "one", "l2": 0.001, "precision": "bfloat16"} | objective)
    model = {"dataset": dataset, "bits": bits, "noise": noise, "channel": channel, "kind": kind}
    wanted = {**model, "epochs": epochs, "seed": seed, "highest_noise": highest_noise, **asdict(loss)}
    if highest_noise is not None:
        loss = MixedNoise(loss, noise, highest_noise)
    build = partial(network_of, **model)
    fit = partial(train_perceptrons, build, dataset, loss, epochs, seed)
    return kept(wanted, len(parts(dataset).train), fit, build, trained)


def train_perceptrons(
    build: Callable, dataset: str, loss: Callable, epochs: int, seed: int, checkpoint: Path | None = None
):
    """The training of `trained`, from the start or from a checkpoint."""
    from jscc.training import Training, train

    images = parts(dataset).train
    schedule = Training(epochs, 100, 0.001, schedule="cosine", fused=True)
    return train(build, (images,), loss, schedule, seed=seed, device="cpu", checkpoint=checkpoint)


SHORT = 200_000  # images times epochs below which a training is not worth a file


def kept(wanted: dict, count: int, fit: Callable, build: Callable, *code: Callable):
    """A training that is done once on a machine, whichever experiment asks for it first.

    Parameters
    ----------
    wanted : dict
        All settings, among them `dataset` and `epochs`.
    count : int
        Training images.
    fit, build : callable
        As of `jscc.training.trained_once`.
    *code : callable
        Top-level functions whose code, with all it reaches, the training depends on.

    Returns
    -------
    jscc.training.Trained

    Notes
    -----
    The file lies beside the weights, in a hidden folder that `jscc.runner.verify` does not see: it trains anew. Its
    name hangs on the settings, the code and the data.
    """
    from jscc.training import trained_once

    dataset = wanted["dataset"]
    if wanted["epochs"] * count < SHORT:
        return fit()
    data = "drawn" if dataset == "random_bits" else datasets.fingerprint(dataset)
    text = json.dumps([wanted, sources.reached(*map(qualified, code)).total, data], sort_keys=True)
    name = hashlib.sha256(text.encode()).hexdigest()[:20]
    return trained_once(Path(artefacts.folder(), ".trainings", f"{name}.safetensors"), build, fit)


def wrong_pixels(
    images: np.ndarray,
    sent: np.ndarray,
    reconstruct: Callable[[np.ndarray], np.ndarray],
    eps: float,
    rng: np.random.Generator | int,
    *,
    channel: Callable = channels.bsc,
) -> dict:
    """The share of pixels that are wrong after rounding, with the interval of its mean over the images.

    The paper's metric is nowhere defined; the constant predictor's value of .131 on binary MNIST is this one's, and
    that of no norm of the probabilities.
    """
    decided = reconstruct(channel(sent, eps, rng)) > 0.5
    share = (decided != images).mean(axis=1)
    mean, low, high = mean_interval(share)
    return {"wrong_pixels": mean, "ci_low": low, "ci_high": high, "n": len(images)}


def tried(model, dataset: str, eps: float, seed: int, shorten: Callable = lambda bits: bits) -> dict:
    """Wrong pixels on the test images at a noise, from what is left of the received words."""
    images = parts(dataset).test
    rng = np.random.default_rng([seed, round(100 * eps)])
    return wrong_pixels(images, model.encode(images), lambda bits: model.reconstruct(shorten(bits)), eps, rng)

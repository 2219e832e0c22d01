"""Paper 4, figures 2 and 5: bits that WebP and JPEG with an ideal channel code need for NECST's distortion."""

from __future__ import annotations

from functools import lru_cache, partial

import numpy as np

from jscc import channels, datasets
from jscc.experiments.necst.common import SPLIT_SEED, kept
from jscc.information import binary_entropy
from jscc.necst.image_files import FORMATS, OperatingPoints, fewest_bits, operating_points
from jscc.runner import Experiment
from jscc.statistics import mean_interval

NOISES = (0.0, 0.1, 0.3)
SIDES = {"cifar10": (4, 6, 8, 12, 16, 24, 32), "celeba64": (4, 8, 12, 16, 24, 32, 48, 64)}
TEST_IMAGES = 300
SAMPLES = {"straight_through": 1, "vimco": 2}  # as few as there can be: more steps, not better ones
TARGETS = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05)


def colour_images(dataset: str, count: int) -> tuple[np.ndarray, np.ndarray]:
    """So many images for training, drawn with a seed, and 300 for test: uint8, (N, side, side, 3).

    Of CIFAR-10 those that are known to come from JPEG files are left out. CelebA's are of the book's 10,000.
    """
    if dataset not in SIDES:
        raise ValueError(f"dataset={dataset!r} given, one of {', '.join(SIDES)} is expected")
    rng = np.random.default_rng(SPLIT_SEED)
    held = datasets.load(dataset)
    if dataset == "cifar10":
        train = np.setdiff1d(np.arange(len(held["x_train"])), held["inexact_train"])
        test = np.setdiff1d(np.arange(len(held["x_test"])), held["inexact_test"])
        return held["x_train"][rng.permutation(train)[:count]], held["x_test"][rng.permutation(test)[:TEST_IMAGES]]
    order = rng.permutation(len(held["x"]))
    return held["x"][order[TEST_IMAGES:][:count]], held["x"][order[:TEST_IMAGES]]


def as_numbers(images: np.ndarray) -> np.ndarray:
    """Images as the networks take them: float32 from 0 to 1, (N, 3, side, side)."""
    return np.ascontiguousarray(images.transpose(0, 3, 1, 2), np.float32) / 255


def colour_network(dataset: str, noise: float):
    """The supplement's networks, their weights laid out as the processor's convolutions are fastest with."""
    import torch

    from jscc.necst.model import network

    return network(dataset, noise=noise).to(memory_format=torch.channels_last)


def train_colour(build, dataset: str, count: int, epochs: int, estimator: str, seed: int, checkpoint=None):
    """The supplement's training in half precision, on fewer images and for fewer epochs, at a rate that falls to 0.

    With straight-through gradients, which are biased, so few steps lead further than with the paper's VIMCO: in trials
    of 50 s on 1,000 images of CIFAR-10 at eps = .1, one each, a mean squared error of .035 in place of .051. The first
    rate is .001 for CelebA, too, where the supplement has a tenth of it for five hundred times as many steps.
    """
    from jscc.necst.model import SETTINGS
    from jscc.necst.objectives import Objective
    from jscc.training import Training, train

    objective = Objective(estimator, SAMPLES[estimator], l2=SETTINGS[dataset].l2, precision="bfloat16")
    schedule = Training(epochs, 100, 0.001, schedule="cosine", smallest_batch=2, fused=True)
    images = as_numbers(colour_images(dataset, count)[0])
    return train(build, (images,), objective, schedule, seed=seed, device="cpu", checkpoint=checkpoint)


def trained_colour(dataset: str, noise: float, count: int, epochs: int, estimator: str, seed: int):
    """A model of colour images; trained once on a machine, see `jscc.experiments.necst.common.kept`."""
    build = partial(colour_network, dataset, noise)
    fit = partial(train_colour, build, dataset, count, epochs, estimator, seed)
    wanted = dict(dataset=dataset, noise=noise, count=count, epochs=epochs, estimator=estimator, seed=seed)
    return kept(wanted, count, fit, build, train_colour, colour_network)


@lru_cache(maxsize=4)
def rival_points(dataset: str, format: str, tests: int) -> OperatingPoints:
    """What the test images cost at every quality and size."""
    return operating_points(colour_images(dataset, 0)[1][:tests], format, SIDES[dataset])


def rivals(dataset: str, target: np.ndarray | float, capacity: float, tests: int) -> list[dict]:
    """Bits that each rival needs for a distortion of each image, over the capacity of the channel.

    `at_floor` is the share of images for which the coarsest file will do, so that its size no longer hangs on the
    distortion; `missed` the share for which none will, which count with their best. `shrunk` makes the picture
    smaller first where that is shorter.
    """
    rows = []
    for format in FORMATS:
        for shrunk in (False, True):
            points = rival_points(dataset, format, tests)
            if not shrunk:
                points = points.of_size(max(SIDES[dataset]))
            bits, reached, floor = fewest_bits(points, target)
            mean, low, high = mean_interval(bits / capacity)
            found = {"format": format, "shrunk": int(shrunk), "bits": mean, "ci_low": low, "ci_high": high}
            rows.append({**found, "n": len(bits), "at_floor": floor.mean(), "missed": 1 - reached.mean()})
    return rows


def against_files(
    dataset: str, noise: float, count: int, epochs: int, estimator: str, draws: int, tests: int, seed: int
) -> list[dict]:
    """Train NECST at a noise, take each test image's distortion (mean over some draws of the channel), ask the rivals.

    `mse` is NECST's mean over the images, `mse_of_mean` that of the mean training image, which needs no bits.
    """
    found = trained_colour(dataset, noise, count, epochs, estimator, seed)
    images, test = (as_numbers(part) for part in colour_images(dataset, count))
    test = test[:tests]
    sent = found.model.encode(test)
    rng = np.random.default_rng([seed, round(100 * noise)])
    read = [found.model.reconstruct(channels.bsc(sent, noise, rng)) for _ in range(draws)]
    distortion = np.mean([((one - test) ** 2).mean(axis=(1, 2, 3)) for one in read], axis=0)
    mean, low, high = mean_interval(distortion)
    ours = {
        "necst_bits": found.model.bits,
        "mse": mean,
        "mse_low": low,
        "mse_high": high,
        "mse_of_mean": float(((images.mean(axis=0) - test) ** 2).mean()),
        "train_loss": found.losses[-1],
    }
    capacity = 1 - float(binary_entropy(noise))
    return [{**ours, **row} for row in rivals(dataset, distortion, capacity, tests)]


def _grid(scale: str) -> list[dict]:
    fixed = {"dataset": "cifar10", "seed": 0}
    cases = [("straight_through", 0.1)]
    if scale == "smoke":
        fixed |= {"count": 100, "epochs": 1, "draws": 1, "tests": 3}
    elif scale == "quick":
        fixed |= {"count": 1000, "epochs": 10, "draws": 1, "tests": 50}
    else:
        fixed |= {"count": 9700, "epochs": 8, "draws": 5, "tests": TEST_IMAGES}
        cases = [("straight_through", noise) for noise in NOISES]
    return [{**fixed, "estimator": estimator, "noise": noise} for estimator, noise in cases]


def file_curve(dataset: str, target: float, tests: int, seed: int) -> list[dict]:
    """Bits that each rival needs for one distortion, the same for all images, on a channel without noise."""
    return rivals(dataset, target, 1.0, tests)


def _curve_grid(scale: str) -> list[dict]:
    targets, tests = {"smoke": ((0.02,), 3), "quick": (TARGETS[::2], 50), "paper": (TARGETS, TEST_IMAGES)}[scale]
    sets = tuple(SIDES) if scale == "paper" else ("cifar10",)
    return [{"dataset": dataset, "target": target, "tests": tests, "seed": 0} for dataset in sets for target in targets]


EXPERIMENTS = [
    Experiment(
        name="necst_webp",
        title="Figs. 2 and 5: bits of WebP and JPEG with an ideal channel code for the distortion of NECST",
        task=against_files,
        grid=_grid,
        needs=("cifar10",),
        scatter={
            **dict.fromkeys(("mse", "mse_low", "mse_high"), 0.002),
            **dict.fromkeys(("bits", "ci_low", "ci_high"), 200.0),
            **dict.fromkeys(("at_floor", "missed"), 0.1),
            "train_loss": 5.0,
        },
    ),
    Experiment(
        name="necst_files",
        title="Bits of WebP and JPEG files without headers, also of pictures made smaller first, against distortion",
        task=file_curve,
        grid=_curve_grid,
        needs=tuple(SIDES),
    ),
]

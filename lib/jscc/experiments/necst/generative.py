"""Paper 4, figures 4, 6 and 8: how many flipped bits change a digit, and where the Markov chain goes."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from jscc import datasets
from jscc.experiments.necst.common import digits_rows, kept, parts, trained
from jscc.experiments.necst.reconstruction import BITS, EPOCHS
from jscc.runner import Experiment
from jscc.statistics import binomial_interval

READER_EPOCHS = 5
CLASSES = 10
_SHARES = [f"share_{digit}" for digit in range(CLASSES)]
WAY = 20  # parts into which the way from one code to another is divided
STEPS = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 9000)  # of the chain; the paper shows 1000 to 9000


def gray_digits(dataset: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Gray training images as rows of uint8 with their labels, and those of test."""
    if dataset == "digits":
        held = datasets.load(dataset)
        gray = np.round(held["x"].reshape(-1, 64) * (255 / 16)).astype(np.uint8)
        train, _, test = digits_rows()
        return gray[train], held["y"][train], gray[test], held["y"][test]
    if dataset != "binarized_mnist":
        raise ValueError(f"dataset={dataset!r} given, binarized_mnist or digits is expected")
    held = datasets.load("mnist")
    return held["x_train"].reshape(-1, 784), held["y_train"], held["x_test"].reshape(-1, 784), held["y_test"]


def trained_reader(dataset: str):
    """The network that reads the digits of a data set, trained on gray images (for some seconds), the same for all."""
    images, labels, _, _ = gray_digits(dataset)
    epochs = READER_EPOCHS if dataset == "binarized_mnist" else 10 * READER_EPOCHS
    fit = partial(fit_reader, images, labels, epochs)
    build = partial(new_reader, images.shape[1])
    return kept({"dataset": dataset, "epochs": epochs, "reads": True}, len(images), fit, build, fit_reader, new_reader)


def new_reader(pixels: int):
    """A reader that has learned nothing."""
    from jscc.necst.reader import DigitReader

    return DigitReader(pixels)


def fit_reader(images: np.ndarray, labels: np.ndarray, epochs: int, checkpoint: Path | None = None):
    """The training of `trained_reader`."""
    from jscc.necst.reader import train_reader

    return train_reader(images, labels, epochs, 0, checkpoint=checkpoint)


def flips(dataset: str, kind: str, noise: float, count: int, epochs: int, seed: int) -> list[dict]:
    """What a reader makes of the pictures between one code and another.

    ``random``: bits of an image's code are flipped in random order, one after the other; after each, `changed` is the
    number of images that were read as another digit at least once by then, `others` of those that are so now.
    ``towards``: only the bits in which the code differs from that of an image read as another digit, at twenty-one
    places of the way; `others` are read neither as the first nor as the second.
    """
    model = trained(dataset, BITS[dataset], noise, epochs, seed).model
    reader = trained_reader(dataset).model
    rng = np.random.default_rng([seed, round(100 * noise)])
    images = parts(dataset).test
    codes = model.encode(images[rng.permutation(len(images))[:count]])
    along = randomly if kind == "random" else towards
    return along(codes, lambda words: reader.probabilities(model.reconstruct(words)), rng)


def randomly(codes: np.ndarray, judge, rng: np.random.Generator) -> list[dict]:
    """Rows of `flips` by the number of flipped bits."""
    from jscc.necst.sampling import flip_first

    order = rng.permuted(np.tile(np.arange(codes.shape[1]), (len(codes), 1)), axis=1)
    first = judge(codes).argmax(axis=1)
    changed = np.zeros(len(codes), bool)
    rows = []
    for count in range(codes.shape[1] + 1):
        said = judge(flip_first(codes, order, count))
        other = said.argmax(axis=1) != first
        changed |= other
        confidence = said[np.arange(len(codes)), first].mean()
        low, high = binomial_interval(changed.sum(), len(codes))
        row = {"flips": count, "changed": int(changed.sum()), "others": int(other.sum()), "as_end": None}
        rows.append(row | {"confidence": confidence, "ci_low": float(low), "ci_high": float(high), "n": len(codes)})
    return rows


def towards(codes: np.ndarray, judge, rng: np.random.Generator) -> list[dict]:
    """Rows of `flips` by the share of the way, with the mean number of flipped bits."""
    from jscc.necst.sampling import flip_first

    read = judge(codes).argmax(axis=1)
    pairs = np.array([(one, other) for one, other in pairwise(range(len(codes))) if read[one] != read[other]])
    if not len(pairs):
        raise ValueError(f"{len(codes)} codes given that are all read as {read[0]}, two digits are expected")
    start, end = codes[pairs[:, 0]], codes[pairs[:, 1]]
    differs = start != end
    # The bits that differ come first, in random order.
    order = np.argsort(np.where(differs, 0, 1) + rng.random(differs.shape) / 2, axis=1)
    rows = []
    changed = np.zeros(len(start), bool)
    for part in range(WAY + 1):
        count = np.round(differs.sum(axis=1) * part / WAY).astype(np.int64)
        said = judge(flip_first(start, order, count))
        verdict = said.argmax(axis=1)
        as_end, as_start = verdict == read[pairs[:, 1]], verdict == read[pairs[:, 0]]
        changed |= ~as_start
        confidence = said[np.arange(len(start)), read[pairs[:, 0]]].mean()
        low, high = binomial_interval(changed.sum(), len(start))
        row = {"flips": count.mean(), "changed": int(changed.sum()), "others": int((~as_start & ~as_end).sum())}
        row |= {"as_end": int(as_end.sum()), "confidence": confidence}
        rows.append(row | {"ci_low": float(low), "ci_high": float(high), "n": len(start)})
    return rows


def chain(dataset: str, start: str, noise: float, chains: int, steps: int, epochs: int, seed: int) -> list[dict]:
    """What the pictures of many chains look like after some steps, beside the test images (at step 0 of ``data``).

    Chains start from test images, ``data``, or from Gaussian noise of deviation 1/2, ``noise``. `ink` is the share of
    pixels that are on, and `ink_spread` its deviation from picture to picture; `share_0` to `share_9` are how often a
    reader sees each digit; `distance` is half the sum of their differences from those of the test images, of which
    `distance_by_chance` is the mean for as many images drawn from them; `confidence` is that of the reader in what it
    sees, and `as_started` the share of chains that show the digit they started with.
    """
    from jscc.necst.sampling import chain_steps

    model = trained(dataset, BITS[dataset], noise, epochs, seed).model
    reader = trained_reader(dataset).model
    rng = np.random.default_rng([seed, round(100 * noise)])
    tests = parts(dataset).test
    shares = np.bincount(reader.predict(tests), minlength=CLASSES) / len(tests)
    images = tests[rng.permutation(len(tests))[:chains]].astype(np.float32)
    if start == "noise":
        images = rng.normal(0, 0.5, images.shape).astype(np.float32)
    drawn = rng.multinomial(len(images), shares, size=1000) / len(images)
    chance = np.abs(drawn - shares).sum(axis=1).mean() / 2
    running = chain_steps(model, images, rng)
    first = reader.predict(images)
    shown, rows = images, []
    for step in range(steps + 1):
        if step:
            shown = next(running)
        if step in STEPS:
            row = described(shown, reader, shares, first)
            rows.append({"step": step, **row, "distance_by_chance": chance, "n": len(images)})
    return rows


def described(images: np.ndarray, reader, shares: np.ndarray, first: np.ndarray) -> dict:
    """Ink and digits of some pictures."""
    ink = images.mean(axis=1)
    said = reader.probabilities(images)
    seen = said.argmax(axis=1)
    found = np.bincount(seen, minlength=CLASSES) / len(images)
    return {
        "ink": float(ink.mean()),
        "ink_spread": float(ink.std(ddof=1)),
        "distance": float(np.abs(found - shares).sum() / 2),
        "confidence": float(said.max(axis=1).mean()),
        "as_started": float((seen == first).mean()),
        **dict(zip(_SHARES, found.tolist(), strict=True)),
    }


def _flips_grid(scale: str) -> list[dict]:
    dataset, noises, count, epochs, seeds = {
        "smoke": ("digits", (0.0,), 60, 20, (0,)),
        "quick": ("digits", (0.0, 0.1), 360, 100, (0,)),
        "paper": ("binarized_mnist", (0.0, 0.1, 0.2), 1000, EPOCHS["binarized_mnist"], (0, 1, 2)),
    }[scale]
    return [
        {"dataset": dataset, "kind": kind, "noise": noise, "count": count, "epochs": epochs, "seed": seed}
        for noise in noises
        for kind in ("random", "towards")
        for seed in seeds
    ]


def _chain_grid(scale: str) -> list[dict]:
    dataset, noises, chains, steps, epochs = {
        "smoke": ("digits", (0.1,), 20, 5, 1),
        "quick": ("digits", (0.1,), 200, 1000, 100),
        "paper": ("binarized_mnist", (0.1, 0.2), 200, 9000, EPOCHS["binarized_mnist"]),
    }[scale]
    fixed = {"dataset": dataset, "chains": chains, "steps": steps, "epochs": epochs, "seed": 0}
    return [{**fixed, "noise": noise, "start": start} for noise in noises for start in ("data", "noise")]


EXPERIMENTS = [
    Experiment(
        name="necst_flips",
        title="Figs. 4 and 6: a reader's verdict against flipped bits, at random and on the way to another digit",
        task=flips,
        grid=_flips_grid,
        needs=("mnist", "binarized_mnist"),
        scatter=dict.fromkeys(("changed", "others", "as_end"), 100.0)
        | dict.fromkeys(("confidence", "ci_low", "ci_high"), 0.1)
        | {"flips": 2.0, "n": 10.0},  # as many pairs as the reader, trained anew, reads as two digits
    ),
    Experiment(
        name="necst_chain",
        title="Fig. 8: ink and digits of the Markov chain's pictures against its steps",
        task=chain,
        grid=_chain_grid,
        needs=("mnist", "binarized_mnist"),
        scatter=dict.fromkeys((*_SHARES, "distance", "confidence", "as_started"), 0.1)
        | dict.fromkeys(("ink", "ink_spread"), 0.01)
        | {"distance_by_chance": 0.001},  # by the digits that the reader, trained anew, sees in the test images
    ),
]

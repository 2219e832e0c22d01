"""Paper 1: settings of Table II and of the figures around it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jscc.bitplanes import unpack_planes
from jscc.classify.codes import CODES, control_codes
from jscc.classify.columns import (
    COLUMNS,
    SIDE,
    Column,
    LabelledImages,
    features,
    gray_images,
    pruned_features,
)
from jscc.classify.gru import GRUClassifier, Settings
from jscc.classify.plane_statistics import bit_statistics, context_entropy, independent_check_entropy
from jscc.experiments.syndromes.common import (
    DATASETS,
    SCALES,
    held_out,
    scatter,
    score,
    settings_of,
    train_and_test,
    train_on_planes,
)
from jscc.runner import Experiment


def train_column(dataset: str, column: str, model: str, seed: int, epochs: int) -> dict:
    """One cell of Table II: train on the whole training set, test after the last epoch."""
    return train_and_test(gray_images(dataset), COLUMNS[column], settings_of(model, epochs), seed)


LAST_EPOCHS = 10  # after which accuracy is looked at, to see how far it moves; the last one alone is the result


def train_to_the_end(dataset: str, column: str, model: str, seed: int, epochs: int) -> dict:
    """As `train_column`, with what the last epochs do.

    ``last_lowest``, ``last_highest``, ``last_std``: of the accuracies on the test set after the last ten epochs.
    """
    images, setup = gray_images(dataset), COLUMNS[column]
    train, test = (features(part, setup) for part in (images.train, images.test))
    network = GRUClassifier(setup.width, setup.n_planes, settings_of(model, epochs), seed)
    late = []

    def after_epoch(epoch, loss):
        if epoch >= epochs - LAST_EPOCHS:
            late.append(score(network.predict(test), images.test_labels))

    losses = network.fit(train, images.train_labels, after_epoch=after_epoch)
    last = [found["accuracy"] for found in late]
    return {
        **late[-1],
        "parameters": network.n_parameters,
        "train_loss": float(losses[-1]),
        "last_lowest": min(last),
        "last_highest": max(last),
        "last_std": float(np.std(last, ddof=1)),
    }


def train_planes(dataset: str, setup: str, n_planes: int, seed: int, epochs: int) -> dict:
    """Accuracy from the first `n_planes` syndromes; with none, the most frequent class."""
    images = gray_images(dataset)
    if n_planes == 0:
        guess = np.bincount(images.train_labels).argmax()
        return score(np.full(len(images.test), guess), images.test_labels)
    column = replace(COLUMNS["ldpc" if setup == "pixels" else "jl_8bp"], n_planes=n_planes)
    return train_and_test(images, column, Settings(epochs=epochs), seed)


# What paper 1 leaves open in Setup 2, and one hyper-parameter: how each departs from the settings of Table II.
VARIANTS = {
    "no_level_shift": ({"level_shift": 0}, {}),
    "twos_complement": ({"signed": "twos_complement"}, {}),
    "no_l2": ({}, {"l2": 0.0}),
}


def train_variant(dataset: str, column: str, variant: str, seed: int, epochs: int) -> dict:
    """A cell of Table II under another reading of the paper."""
    feature_options, settings = VARIANTS[variant]
    settings = Settings(epochs=epochs, **settings)
    return train_and_test(gray_images(dataset), COLUMNS[column], settings, seed, **feature_options)


def train_control(dataset: str, column: str, code: str, seed: int, epochs: int) -> dict:
    """GRU12 on the syndromes of another code; another draw of it, and another training, for each seed."""
    codes = control_codes(code, draw=seed)
    return train_and_test(gray_images(dataset), COLUMNS[column], Settings(epochs=epochs), seed, code=codes)


READOUTS = {"logistic": 0, "perceptron64": 64}  # units between the bits and the classes


def train_on_bits(dataset: str, column: str, code: str, readout: str, seed: int, epochs: int) -> dict:
    """Logistic regression or a 64-unit perceptron on the bits that the GRU reads."""
    from jscc.classify.baselines import predict, train_readout  # torch, which `jscc list` does without

    images, n_planes = gray_images(dataset), COLUMNS[column].n_planes
    codes = control_codes(code)
    train, test = (features(x, column, code=codes) for x in (images.train, images.test))
    model = train_readout(train, images.train_labels, n_planes, hidden=READOUTS[readout], epochs=epochs, seed=seed)
    result = score(predict(model, test), images.test_labels)
    return {**result, "parameters": sum(p.numel() for p in model.parameters())}


def train_at_rate(
    dataset: str, quality: int, keep: int, code_rate: float, n_planes: int, seed: int, epochs: int
) -> dict:
    """GRU12 on Setup 2 with another quality, pruning, code rate and number of planes."""
    return _at_rate(gray_images(dataset), quality, keep, code_rate, n_planes, seed, epochs)


def train_at_half_a_bit(
    dataset: str, quality: int, keep: int, code_rate: float, n_planes: int, split: str, seed: int, epochs: int
) -> dict:
    """As `train_at_rate`; `split`: "held_out", 10,000 of the training images, where settings are chosen, or "test"."""
    images = held_out(dataset) if split == "held_out" else gray_images(dataset)
    return _at_rate(images, quality, keep, code_rate, n_planes, seed, epochs)


def _at_rate(
    images: LabelledImages, quality: int, keep: int, code_rate: float, n_planes: int, seed: int, epochs: int
) -> dict:
    train, test = (pruned_features(x, quality=quality, keep=keep, rate=code_rate) for x in (images.train, images.test))
    result = train_on_planes(train, test, images, n_planes, Settings(epochs=epochs), seed)
    del result["train_loss"]  # which these tables do without
    return {**result, "bits_per_pixel": n_planes * train.shape[1] / SIDE**2}


def plane_statistics(dataset: str, setup: str, code: str, seed: int) -> list[dict]:
    """Ones, entropies and class information of every plane, or of its syndrome; nothing is drawn."""
    del seed
    images = gray_images(dataset)
    column = Column(transform=setup == "jpeg", coded=code != "none", n_planes=8)
    packed = features(images.train, column, code=control_codes(code) if column.coded else None)
    planes = unpack_planes(packed)
    rows = []
    for plane in range(8):
        row = {"plane": plane, **bit_statistics(planes[:, plane], images.train_labels)}
        if not column.coded:
            pictures = planes[:, plane].reshape(-1, SIDE, SIDE)
            higher = (packed >> (8 - plane)).reshape(pictures.shape) if plane else None
            row["entropy_given_neighbours"] = context_entropy(pictures)
            row["entropy_given_neighbours_and_higher"] = context_entropy(pictures, higher)
            row["independent_check_entropy"] = independent_check_entropy(pictures, 6)
        rows.append(row)
    return rows


def _table2_grid(scale: str) -> list[dict]:
    names, seeds, epochs = SCALES[scale]
    return [
        {"dataset": dataset, "column": column, "model": model, "seed": seed, "epochs": epochs}
        for dataset in names
        for column in COLUMNS
        for model in ("GRU12", "GRU32")
        for seed in seeds
    ]


def _seeds_grid(scale: str) -> list[dict]:
    """Seeds after those of Table II, for the columns in which a verdict hangs on them."""
    names, seeds, epochs = SCALES[scale]
    more = range(len(seeds), 10 if scale == "paper" else 2 * len(seeds))
    plan = {"GRU12": COLUMNS, "GRU32": ("none", "jl_8bp", "jl_msb", "jl_msb1")}
    return [
        {"dataset": dataset, "column": column, "model": model, "seed": seed, "epochs": epochs}
        for model, columns in plan.items()
        for seed in more
        for dataset in names
        for column in columns
    ]


def _planes_grid(scale: str) -> list[dict]:
    """Up to seven planes: the eighth point is a column of Table II."""
    names, seeds, epochs = SCALES[scale]
    return [
        {"dataset": dataset, "setup": setup, "n_planes": n_planes, "seed": seed, "epochs": epochs}
        for dataset in names
        for setup in ("pixels", "jpeg")
        for n_planes in range(8)
        for seed in (seeds if n_planes else seeds[:1])
    ]


def _variants_grid(scale: str) -> list[dict]:
    names, seeds, epochs = SCALES[scale]
    return [
        {"dataset": dataset, "column": column, "variant": variant, "seed": seed, "epochs": epochs}
        for dataset in names[:2]
        for column in ("jl_8bp", "jl_msb", "jl_msb1")
        for variant in VARIANTS
        for seed in seeds
    ]


def _controls_grid(scale: str) -> list[dict]:
    """Setup 1, where the code alone stands between the pixels and the network; some codes in Setup 2."""
    names, seeds, epochs = SCALES[scale]
    some_codes = ("paper", "weight_3", "weight_12", "weight_24", "dense", "permuted")
    return [
        {"dataset": dataset, "column": column, "code": code, "seed": seed, "epochs": min(epochs, 15)}
        for column, codes in (("ldpc", CODES), ("jl_8bp", some_codes))
        for dataset in names
        for code in codes
        for seed in seeds
    ]


def _readouts_grid(scale: str) -> list[dict]:
    """Ten epochs are enough for networks without recurrence; more only overfit, as nothing is penalised."""
    names, seeds, epochs = SCALES[scale]
    inputs = (("none", "paper"), ("ldpc", "paper"), ("ldpc", "dense"), ("jl_8bp", "paper"))
    return [
        {
            "dataset": dataset,
            "epochs": min(epochs, 10),
            "column": column,
            "code": code,
            "readout": readout,
            "seed": seed,
        }
        for dataset in names
        for column, code in inputs
        for readout in READOUTS
        for seed in seeds
    ]


# Half a bit per pixel: coefficients kept of a row of eight, code rate, planes.
HALF_A_BIT = ((8, 0.5, 1), (8, 0.25, 2), (4, 0.25, 8), (4, 0.5, 4), (4, 1.0, 2), (2, 1.0, 8))


def _qualities(scale: str) -> tuple[int, ...]:
    return (10, 95) if scale == "smoke" else (10, 25, 50, 75, 95, 100)


def _rate_grid(scale: str) -> list[dict]:
    names, seeds, epochs = SCALES[scale]
    fixed = {"seed": seeds[0], "epochs": min(epochs, 15)}
    qualities = _qualities(scale)
    points = [
        {"dataset": dataset, "quality": quality, "keep": 8, "code_rate": 0.5, "n_planes": n_planes, **fixed}
        for dataset in names[:2]
        for quality in qualities
        for n_planes in range(1, 9)
    ]
    points += [
        {"dataset": dataset, "quality": quality, "keep": keep, "code_rate": rate, "n_planes": planes, **fixed}
        for dataset in names[:2]
        for quality in qualities[1::3]
        for keep in (8, 4, 2)
        for rate in (0.25, 0.5, 0.75, 1.0)
        for planes in (1, 2, 4, 8)
    ]
    return list({tuple(point.values()): point for point in points}.values())


def _half_a_bit_grid(scale: str) -> list[dict]:
    names, seeds, epochs = SCALES[scale]
    what = ("keep", "code_rate", "n_planes")
    qualities = _qualities(scale)
    if scale == "paper":
        qualities = (2, 5, *qualities)  # the syndromes gain down to 10
    return [
        {"dataset": dataset, "quality": quality, **dict(zip(what, setting, strict=True))}
        | {"split": split, "seed": seed, "epochs": min(epochs, 15)}
        for seed in seeds
        for dataset in names
        for quality in qualities
        for setting in HALF_A_BIT
        for split in (("held_out", "test") if seed < 2 else ("test",))
    ]


def _statistics_grid(scale: str) -> list[dict]:
    return [
        {"dataset": dataset, "setup": setup, "code": code}
        for dataset in SCALES[scale][0]
        for setup in ("pixels", "jpeg")
        for code in ("none", "paper", "weight_24", "dense")
    ]


EXPERIMENTS = [
    Experiment(
        name="syndromes_table2",
        title="Table II: accuracy of the GRU on syndromes, six columns, two sizes",
        task=train_column,
        grid=_table2_grid,
        needs=DATASETS,
        scatter=scatter(0.006),
    ),
    Experiment(
        name="syndromes_seeds",
        title="Table II by more seeds, with the accuracies after each of the last ten epochs",
        task=train_to_the_end,
        grid=_seeds_grid,
        needs=DATASETS,
        scatter=scatter(0.006) | {"last_lowest": 0.006, "last_highest": 0.006, "last_std": 0.003},
    ),
    Experiment(
        name="syndromes_planes",
        title="Accuracy against the number of bit-planes sent, both set-ups",
        task=train_planes,
        grid=_planes_grid,
        needs=DATASETS,
        scatter=scatter(0.006),
    ),
    Experiment(
        name="syndromes_statistics",
        title="What every plane and its syndrome hold: ones, entropies, class information",
        task=plane_statistics,
        grid=_statistics_grid,
        needs=DATASETS,
    ),
    Experiment(
        name="syndromes_variants",
        title="Setup 2 under other readings of the paper",
        task=train_variant,
        grid=_variants_grid,
        needs=DATASETS[:2],
        scatter=scatter(0.008),
    ),
    Experiment(
        name="syndromes_controls",
        title="GRU12 on the syndromes of eleven other codes",
        task=train_control,
        grid=_controls_grid,
        needs=DATASETS,
        scatter=scatter(0.011),
    ),
    Experiment(
        name="syndromes_readouts",
        title="Logistic regression and a perceptron on the same bits",
        task=train_on_bits,
        grid=_readouts_grid,
        needs=DATASETS,
        scatter=scatter(0.003),
    ),
    Experiment(
        name="syndromes_rate",
        title="Accuracy against quality factor, planes, code rate and pruning",
        task=train_at_rate,
        grid=_rate_grid,
        needs=DATASETS[:2],
        scatter=scatter(0.006),
    ),
    Experiment(
        name="syndromes_half_a_bit",
        title="Half a bit per pixel in six ways, chosen on held-out training images",
        task=train_at_half_a_bit,
        grid=_half_a_bit_grid,
        needs=DATASETS,
        scatter=scatter(0.006),
    ),
]

"""Paper 4, beyond its tables: code length against distortion, one network for all noises, words that end early."""

from __future__ import annotations

from jscc.experiments.necst.common import EPS, SCATTER, trained, tried
from jscc.experiments.necst.reconstruction import BITS, EPOCHS, IDEAL_BITS, SEEDS
from jscc.runner import Experiment


def lengths(dataset: str, bits: int, noise: float, epochs: int, seed: int) -> dict:
    """Wrong pixels of NECST at a number of bits and the noise that it was trained with."""
    found = trained(dataset, bits, noise, epochs, seed)
    return {"train_loss": found.losses[-1], **tried(found.model, dataset, noise, seed)}


def mixed(dataset: str, bits: int, highest: float, epochs: int, seed: int) -> list[dict]:
    """One network, trained at noises from 0 to the highest, each batch at its own, tried at all of the paper's.

    Its rival at each noise is the network of `necst_reconstruction` that was trained for it.
    """
    found = trained(dataset, bits, 0.0, epochs, seed, highest_noise=highest)
    return [{"eps": eps, "train_loss": found.losses[-1], **tried(found.model, dataset, eps, seed)} for eps in EPS]


def prefixes(dataset: str, bits: int, noise: float, epochs: int, seed: int) -> list[dict]:
    """Wrong pixels from the first bits alone, of a network trained on words that end early.

    Its rivals are those of `necst_effective_bits` and `necst_lengths`, each trained for one length.
    """
    from jscc.necst.adaptive import prefix

    found = trained(dataset, bits, noise, epochs, seed, kind="prefix")
    return [
        {
            "length": length,
            "train_loss": found.losses[-1],
            **tried(found.model, dataset, noise, seed, lambda bits, length=length: prefix(bits, length)),
        }
        for length in sorted({*(few for few in IDEAL_BITS if few < bits), bits // 4, bits // 2, bits})
    ]


def _points(scale: str, **columns: tuple) -> list[dict]:
    """Each value of one column after the other, of a data set's own bits and epochs, but for those given."""
    dataset = "binarized_mnist" if scale == "paper" else "digits"
    epochs = {"smoke": 2, "quick": 100, "paper": EPOCHS["binarized_mnist"]}[scale]
    fixed = {"dataset": dataset, "bits": BITS[dataset], "epochs": epochs, "seed": 0}
    ((name, values),) = columns.items()
    return [{**fixed, name: value} for value in values]


def _lengths_grid(scale: str) -> list[dict]:
    counts = {"smoke": (10,), "quick": (5, 10, 20, 40), "paper": (25, 50, 100, 200)}[scale]
    return [point | {"noise": 0.1} for point in _points(scale, bits=counts)]


def _mixed_grid(scale: str) -> list[dict]:
    points = _points(scale, highest={"smoke": (0.2,), "quick": (0.2, 0.4), "paper": (0.2, 0.4)}[scale])
    return [point | {"seed": seed} for seed in (SEEDS if scale == "paper" else SEEDS[:1]) for point in points]


def _prefixes_grid(scale: str) -> list[dict]:
    return _points(scale, noise={"smoke": (0.1,), "quick": (0.0, 0.1), "paper": (0.0, 0.1)}[scale])


EXPERIMENTS = [
    Experiment(
        name="necst_lengths",
        title="Wrong pixels of NECST against the length of its code, at eps = .1",
        task=lengths,
        grid=_lengths_grid,
        needs=("binarized_mnist",),
        scatter=SCATTER,
    ),
    Experiment(
        name="necst_mixed",
        title="Wrong pixels of one NECST network trained at many noises, at each of them",
        task=mixed,
        grid=_mixed_grid,
        needs=("binarized_mnist",),
        scatter=SCATTER,
    ),
    Experiment(
        name="necst_prefix",
        title="Wrong pixels of NECST from the first bits of its words alone",
        task=prefixes,
        grid=_prefixes_grid,
        needs=("binarized_mnist",),
        scatter=SCATTER,
    ),
]

"""Paper 1: codes designed for the classifier, at 0.5 bit per pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from jscc.bitplanes import unpack_planes
from jscc.channels import llr
from jscc.classify.columns import CODE_SEED, SIDE, LabelledImages, gray_images, paper_code, symbols
from jscc.classify.design import (
    Check,
    N,
    TrainingBits,
    check_bits,
    graph_of,
    learn_checks,
    random_checks,
    select_checks,
    tiled_checks,
)
from jscc.classify.gru import GRUClassifier, Settings
from jscc.classify.recovery import BitPrior
from jscc.experiments.syndromes.common import DATASETS, held_out, scatter, score
from jscc.ldpc.belief_propagation import BeliefPropagation
from jscc.ldpc.syndrome import syndromes
from jscc.runner import Experiment
from jscc.tanner import TannerGraph

RUNS = {"smoke": 1, "quick": 1, "paper": 3}  # trainings of GRU12 on a code
ROUNDS = {"smoke": 2, "quick": 6, "paper": 12}
EPOCHS = {"smoke": 2, "quick": 30, "paper": 15}
N_CHECKS = 512  # 0.5 bit per pixel of the padded image
RECOVERED_WORDS = 1000


@dataclass(frozen=True)
class Source:
    """The bits that a code may add: some planes of pixels, or of quantised coefficients."""

    transform: bool
    planes: tuple[int, ...]


SOURCES = {
    "msb": Source(transform=False, planes=(0,)),
    "pixels": Source(transform=False, planes=(0, 1, 2, 3)),
    "coefficients": Source(transform=True, planes=tuple(range(8))),
}

# Name: source, method, what it is. Those that look at no picture come first.
DESIGNS = {
    "paper": ("msb", "paper", "the paper's random (3, 6) code"),
    "every_second": ("msb", "every_second", "every second pixel, row weight 1"),
    "random_2": ("msb", "random_2", "512 random pairs"),
    "random_3": ("msb", "random_3", "512 random triples"),
    "near_2": ("msb", "near_2", "512 random pairs at most 3 rows and columns apart"),
    "bits": ("msb", "bits", "the 512 best single bits"),
    "pool": ("msb", "pool", "the 512 best of single bits and 5,000 random near pairs and triples"),
    "learned": ("msb", "learned", "learned edges"),
    "pixels_learned": ("pixels", "learned", "learned edges, four planes"),
    "coefficients_bits": ("coefficients", "bits", "the 512 best single bits of coefficients"),
    "coefficients_learned": ("coefficients", "learned", "learned edges, coefficients"),
}
MORE_READERS = ("learned", "coefficients_learned")


def design(method: str, bits: TrainingBits, seed: int, **options) -> list[Check]:
    """512 checks by a method of `DESIGNS`; `options` go to `jscc.classify.design.learn_checks`."""
    rng = np.random.default_rng([CODE_SEED, seed])
    if method == "paper":
        code = paper_code()
        return [tuple(check.tolist()) for check in np.split(code.check_variables, code.check_start[1:-1])]
    if method == "every_second":
        return tiled_checks("pixel")
    if method in ("random_2", "random_3"):
        return random_checks(N_CHECKS, int(method[-1]), bits.n_variables // N, rng)
    if method == "near_2":
        return random_checks(N_CHECKS, 2, bits.n_variables // N, rng, reach=3)
    if method == "bits":
        return learn_checks(bits, N_CHECKS, rng, max_weight=1, rounds=1)[0]
    if method == "pool":
        return learn_checks(bits, N_CHECKS, rng, rounds=1)[0]
    return learn_checks(bits, N_CHECKS, rng, **options)[0]


def judge_design(dataset: str, design_name: str, rounds: int, runs: int, epochs: int, seed: int) -> list[dict]:
    """Make a code from the training set, train networks on its syndromes, and count their errors on the test set.

    Every reader sees the whole syndrome in one step: GRU12, `runs` times, and logistic regression; for the codes of
    `MORE_READERS` also a perceptron of 64 units, and GRU12 on the first 32 to 256 checks alone. `recovered` counts,
    for codes on one plane, the first test images whose plane belief propagation finds exactly from its syndrome and
    the probability of a one at each pixel.
    """
    source_name, method, _ = DESIGNS[design_name]
    source = SOURCES[source_name]
    images = gray_images(dataset)
    train, test = (symbols(part, transform=source.transform) for part in (images.train, images.test))
    bits = TrainingBits.of(train, source.planes, images.train_labels)
    checks = design(method, bits, seed, rounds=rounds)
    graph = graph_of(checks, bits.n_variables)
    facts = describe(graph) | {"explained": explained(checks, bits)}
    if source_name == "msb":
        facts |= plane_recovery(train, test[:RECOVERED_WORDS], graph)
    seen, unseen = (check_bits(part, source.planes, graph) for part in (train, test))
    plan = [("GRU12", N_CHECKS, run) for run in range(runs)] + [("logistic", N_CHECKS, 0)]
    if design_name in MORE_READERS:
        plan += [("perceptron64", N_CHECKS, 0), *(("GRU12", n_checks, 0) for n_checks in (32, 64, 128, 256))]
    rows = []
    for reader, n_checks, run in plan:
        result = train_reader(reader, seen[:, :n_checks], unseen[:, :n_checks], images, epochs, run)
        row = {"reader": reader, "n_checks": n_checks, "run": run, "bits_per_pixel": n_checks / SIDE**2, **result}
        rows.append(row | (facts if n_checks == N_CHECKS else {}))
    return rows


def train_reader(
    reader: str, train: np.ndarray, test: np.ndarray, images: LabelledImages, epochs: int, seed: int
) -> dict:
    """Train one network on syndromes of one step and test it."""
    if reader == "GRU12":
        model = GRUClassifier(train.shape[1], 1, Settings(units=12, epochs=epochs), seed)
        model.fit(train, images.train_labels)
        predicted, parameters = model.predict(test), model.n_parameters
    else:
        from jscc.classify.baselines import predict, train_readout  # torch, which `jscc list` does without

        hidden = {"logistic": 0, "perceptron64": 64}[reader]
        readout = train_readout(train, images.train_labels, 1, hidden=hidden, epochs=min(epochs, 10), seed=seed)
        predicted, parameters = predict(readout, test), sum(p.numel() for p in readout.parameters())
    return {**score(predicted, images.test_labels), "parameters": parameters}


def describe(graph: TannerGraph) -> dict:
    """Rank and degrees of a code, and whether its checks stay within a plane."""
    planes = np.split(graph.check_variables // N, graph.check_start[1:-1])
    return {
        "rank": graph.rank(),
        "row_weight": float(graph.check_degrees.mean()),
        "largest_row_weight": int(graph.check_degrees.max()),
        "largest_column_weight": int(graph.variable_degrees.max()),
        "bits_unused": int((graph.variable_degrees == 0).sum()),
        "checks_across_planes": sum(len(set(check.tolist())) > 1 for check in planes),
    }


def explained(checks: list[Check], bits: TrainingBits) -> float:
    """Share of the class variance that a linear readout of all checks explains on the training images."""
    return float(select_checks(checks, bits, len(checks), independent=False)[1][-1])


def plane_recovery(train: np.ndarray, words: np.ndarray, graph: TannerGraph) -> dict:
    """How many most significant planes belief propagation finds from their syndromes and each pixel's frequency."""
    prior = BitPrior(train, "pixels", "position").probability_of_one(np.zeros_like(words), 0)
    true = unpack_planes(words, 1)[:, 0]
    sent = unpack_planes(syndromes(words, graph), 1)[:, 0]
    found = BeliefPropagation(graph, max_iterations=100).decode(llr(prior), sent)
    return {"recovered": int((found.bits == true).all(axis=1).sum()), "n_words": len(words)}


def judge_on_held_out(
    dataset: str, source: str, max_weight: int, reach: int, rounds: int, epochs: int, seed: int
) -> dict:
    """A choice in the design, judged on training images that the design and the network did not see."""
    images = held_out(dataset)
    planes = SOURCES[source].planes
    train, test = (symbols(part, transform=SOURCES[source].transform) for part in (images.train, images.test))
    bits = TrainingBits.of(train, planes, images.train_labels)
    checks = design("learned", bits, seed, max_weight=max_weight, reach=reach, rounds=rounds)
    graph = graph_of(checks, bits.n_variables)
    seen, unseen = (check_bits(part, planes, graph) for part in (train, test))
    result = train_reader("GRU12", seen, unseen, images, epochs, seed)
    return {**result, "row_weight": float(graph.check_degrees.mean()), "explained": explained(checks, bits)}


def judge_random_bits(dataset: str, source: str, epochs: int, seed: int) -> dict:
    """Pick 512 bits of a source at random, other ones for each seed, and train GRU12 on them as on a design."""
    images = gray_images(dataset)
    planes = SOURCES[source].planes
    train, test = (symbols(part, transform=SOURCES[source].transform) for part in (images.train, images.test))
    graph = graph_of(random_checks(N_CHECKS, 1, len(planes), np.random.default_rng([CODE_SEED, seed])), len(planes) * N)
    seen, unseen = (check_bits(part, planes, graph) for part in (train, test))
    return train_reader("GRU12", seen, unseen, images, epochs, seed)


def list_checks(dataset: str, design_name: str, rounds: int, seed: int) -> list[dict]:
    """The checks of a design in the order of choice, with the share of class variance that those so far explain.

    `bits` names the bits of a check as plane.row.column, apart by spaces.
    """
    source_name, method, _ = DESIGNS[design_name]
    source = SOURCES[source_name]
    images = gray_images(dataset)
    bits = TrainingBits.of(symbols(images.train, transform=source.transform), source.planes, images.train_labels)
    checks = design(method, bits, seed, rounds=rounds)
    checks, share = select_checks(checks, bits, len(checks))
    return [
        {
            "order": order,
            "bits": " ".join(f"{source.planes[v // N]}.{v % N // SIDE}.{v % SIDE}" for v in check),
            "weight": len(check),
            "explained": float(so_far),
        }
        for order, (check, so_far) in enumerate(zip(checks, share, strict=True))
    ]


def _design_grid(scale: str) -> list[dict]:
    """The code's seed is 0 in every point, so that `syndromes_design_checks` lists the very same codes."""
    fixed = {"rounds": ROUNDS[scale], "runs": RUNS[scale], "epochs": EPOCHS[scale], "seed": 0}
    names = ("learned", "pixels_learned", "coefficients_bits", "coefficients_learned") if scale == "paper" else DESIGNS
    return [
        {"dataset": dataset, "design_name": name, **fixed}
        for name in names
        for dataset in (DATASETS if scale == "paper" else ("digits",))
    ]


def _random_bits_grid(scale: str) -> list[dict]:
    return [
        {"dataset": dataset, "source": source, "epochs": EPOCHS[scale], "seed": seed}
        for source in SOURCES
        for dataset in (DATASETS if scale == "paper" else ("digits",))
        for seed in range(RUNS[scale])
    ]


def _checks_grid(scale: str) -> list[dict]:
    return [
        {"dataset": dataset, "design_name": name, "rounds": ROUNDS[scale], "seed": 0}
        for dataset in (DATASETS if scale == "paper" else ("digits",))
        for name in ("learned", "coefficients_learned")
    ]


def _choices_grid(scale: str) -> list[dict]:
    """One choice changed at a time."""
    base = {"max_weight": 3, "reach": 3, "rounds": ROUNDS[scale]}
    changes = [{"max_weight": w} for w in (1, 2, 3, 6)] + [{"reach": 8}, {"rounds": 1}]
    sources = (("mnist", "msb"), ("cifar10", "coefficients")) if scale == "paper" else (("digits", "msb"),)
    return [
        {"dataset": dataset, "source": source, **base, **change, "epochs": EPOCHS[scale], "seed": 0}
        for dataset, source in sources
        for change in changes
    ]


EXPERIMENTS = [
    Experiment(
        name="syndromes_design",
        title="Codes designed for learning at 0.5 bit per pixel, beside random ones",
        task=judge_design,
        grid=_design_grid,
        needs=DATASETS,
        scatter=scatter(0.004),
    ),
    Experiment(
        name="syndromes_random_bits",
        title="Random single bits at 0.5 bit per pixel, the control of the designed codes",
        task=judge_random_bits,
        grid=_random_bits_grid,
        needs=DATASETS,
        scatter=scatter(0.011),
    ),
    Experiment(
        name="syndromes_design_checks",
        title="The checks of the learned codes, in the order of choice",
        task=list_checks,
        grid=_checks_grid,
        needs=DATASETS,
    ),
    Experiment(
        name="syndromes_design_choices",
        title="Choices in learning a code, judged on held-out training images",
        task=judge_on_held_out,
        grid=_choices_grid,
        needs=("mnist", "cifar10"),
    ),
]

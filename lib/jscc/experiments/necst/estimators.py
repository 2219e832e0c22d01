"""Paper 4, beyond its tables: estimators of the encoder's gradient, by what they train and by their variance."""

from __future__ import annotations

import numpy as np

from jscc.experiments.necst.common import EPS, SCATTER, parts, trained, tried, wrong_pixels
from jscc.experiments.necst.reconstruction import BITS, EPOCHS, IDEAL_BITS, SEEDS
from jscc.runner import Experiment

DECODINGS = 6  # of each image in a step: of as many samples, or of half as many pairs
ESTIMATORS = {
    "vimco": DECODINGS,
    "mean": DECODINGS,
    "released": DECODINGS,
    "vimco_disarm": DECODINGS // 2,
    "disarm": DECODINGS // 2,
    "straight_through": DECODINGS,
    "gumbel": DECODINGS,
}
REPEATED = ("vimco", "straight_through")  # with a second seed, for the scatter
FEW_BITS = 8  # whose words are enumerated
WARM_EPOCHS = 10


def compare(dataset: str, estimator: str, bits: int, noise: float, epochs: int, seed: int) -> dict:
    """Wrong pixels on validation images after a training with as many decodings for every estimator."""
    objective = {"name": estimator, "samples": ESTIMATORS[estimator], "through": "all", "precision": "float32"}
    found = trained(dataset, bits, noise, epochs, seed, **objective)
    images = parts(dataset).valid
    row = wrong_pixels(images, found.model.encode(images), found.model.reconstruct, noise, np.random.default_rng(seed))
    return {"decodings": DECODINGS, "train_loss": found.losses[-1], **row}


def straight_through(dataset: str, bits: int, noise: float, epochs: int, seed: int) -> list[dict]:
    """Wrong pixels on test images, at each noise, of NECST trained through one sample's bits as if they were r.

    The rival of the trainings by (6) in `necst_reconstruction`, over as many epochs.
    """
    objective = {"name": "straight_through", "samples": 1, "through": "all", "precision": "float32"}
    found = trained(dataset, bits, noise, epochs, seed, **objective)
    return [{"eps": eps, "train_loss": found.losses[-1], **tried(found.model, dataset, eps, seed)} for eps in EPS]


def spread(dataset: str, estimator: str, noise: float, images: int, calls: int, seed: int) -> dict:
    """Variance of the estimates for the logits of 8 bits, and for equation (3) how far their mean is off.

    Of a model that was trained for some epochs. `variance` is the mean over images and bits; `gradient` the root mean
    square of the exact derivative of equation (3) by enumeration of all 256 words; `bias` the root mean square of
    what the mean of all calls differs from it, in units of `gradient`, and `bias_noise` what it would be for an
    estimator without bias.
    """
    import torch

    from jscc.necst.objectives import Objective
    from jscc.training import deterministic

    model = trained(dataset, FEW_BITS, noise, WARM_EPOCHS, seed, name="mean").model
    x = torch.as_tensor(parts(dataset).train[:images]).float()
    objective = Objective(estimator, samples=ESTIMATORS[estimator])
    with deterministic(seed):
        model.requires_grad_(False)
        logits = model.encoder(x)
        estimates = torch.stack([_derivative(objective, model, x, logits) for _ in range(calls)]).double()
        exact = _exact(model, x, logits)
    variance = estimates.var(dim=0).mean()
    size = exact.square().mean().sqrt()
    off = (estimates.mean(dim=0) - exact).square().mean().sqrt()
    of_eq_3 = estimator in ("mean", "disarm", "straight_through", "gumbel")
    return {
        "variance": float(variance),
        "gradient": float(size),
        "bias": float(off / size) if of_eq_3 else None,
        "bias_noise": float((variance / calls).sqrt() / size) if of_eq_3 else None,
        "n": calls,
    }


def _derivative(objective, model, x, logits):
    """Derivative of the objective with respect to each image's logits, (N, 8): an encoder that is those numbers."""
    import torch

    given = logits.detach().clone().requires_grad_()

    class Given(torch.nn.Module):
        def forward(self, images):
            return given

    encoder, model.encoder = model.encoder, Given()
    try:
        return -torch.autograd.grad(objective(model, x), given)[0] * len(x)
    finally:
        model.encoder = encoder


def _exact(model, x, logits):
    """Derivative of equation (3) with respect to the logits, from all words, in double precision."""
    import torch

    given = logits.detach().double().requires_grad_()
    words = (torch.arange(2**FEW_BITS)[:, None] >> torch.arange(FEW_BITS) & 1).float()
    gain = model.log_likelihood(x, model.received(words, None)[:, None].expand(-1, len(x), -1)).double()
    one = model.probability_of_one(given)
    chance = torch.where(words[:, None] == 1, one, 1 - one).prod(dim=2)
    return torch.autograd.grad((chance * gain).sum(), given)[0]


def _compare_grid(scale: str) -> list[dict]:
    dataset, bits, epochs, seeds = {
        "smoke": ("digits", 12, 1, (0,)),
        "quick": ("digits", 20, 100, (0,)),
        "paper": ("binarized_mnist", 100, 5, (0, 1)),
    }[scale]
    return [
        {"dataset": dataset, "estimator": name, "bits": bits, "noise": 0.1, "epochs": epochs, "seed": seed}
        for seed in seeds
        for name in (ESTIMATORS if seed == 0 else REPEATED)
    ]


def _straight_through_grid(scale: str) -> list[dict]:
    dataset, epochs, noises, seeds = {
        "smoke": ("digits", 2, (0.1,), (0,)),
        "quick": ("digits", 100, (0.1, 0.3), (0,)),
        "paper": ("binarized_mnist", EPOCHS["binarized_mnist"], EPS[:-1], SEEDS),
    }[scale]
    points = [
        {"dataset": dataset, "bits": BITS[dataset], "noise": noise, "epochs": epochs, "seed": seed}
        for seed in seeds
        for noise in noises
    ]
    # Shorter codes without noise, the yardstick of what arrives.
    shorter = IDEAL_BITS[:-1] if scale == "paper" else ()
    return points + [points[0] | {"bits": bits, "noise": 0.0} for bits in shorter]


def _spread_grid(scale: str) -> list[dict]:
    calls, noises = {"smoke": (20, (0.1,)), "quick": (200, (0.1,)), "paper": (400, (0.1, 0.3))}[scale]
    dataset = "binarized_mnist" if scale == "paper" else "digits"
    return [
        {"dataset": dataset, "estimator": name, "noise": noise, "images": 100, "calls": calls, "seed": 0}
        for noise in noises
        for name in ESTIMATORS
    ]


EXPERIMENTS = [
    Experiment(
        name="necst_estimators",
        title="Wrong pixels after trainings with seven estimators of the encoder's gradient, at equal work",
        task=compare,
        grid=_compare_grid,
        needs=("binarized_mnist",),
        scatter=SCATTER,
    ),
    Experiment(
        name="necst_straight_through",
        title="Fig. 3 left with straight-through gradients: wrong pixels of NECST against the channel's noise",
        task=straight_through,
        grid=_straight_through_grid,
        needs=("binarized_mnist",),
        scatter=SCATTER,
    ),
    Experiment(
        name="necst_variance",
        title="Variance and bias of seven estimators on eight bits, beside the gradient by enumeration",
        task=spread,
        grid=_spread_grid,
        needs=("binarized_mnist",),
        scatter={"variance": 0.5, "gradient": 0.1, "bias": 0.1, "bias_noise": 0.05},
    ),
]

"""Paper 1: can the planes be recovered from the syndromes that the network classifies?"""

from __future__ import annotations

import numpy as np

from jscc.classify.columns import gray_images, paper_code, symbols
from jscc.classify.recovery import KINDS, ORDER, BitPrior, information_content, recover
from jscc.experiments.syndromes.common import DATASETS
from jscc.ldpc.syndrome import syndromes
from jscc.runner import Experiment
from jscc.statistics import binomial_interval

N_WORDS = {"smoke": 20, "quick": 360, "paper": 1000}


def recover_test_images(dataset: str, setup: str, prior: str, n_words: int, seed: int) -> list[dict]:
    """Recovery of every plane of the first `n_words` test images; nothing is drawn.

    `recovered` counts the planes decoded exactly with the context taken from the true planes (a genie). An image
    counts in `all_so_far` if this plane and all those decoded before it were recovered: its contexts are then the
    true ones, so this needs no genie. `below_limit` counts the words whose information content under the prior
    is less than the 512 bits of the syndrome.
    """
    del seed
    images, code = gray_images(dataset), paper_code()
    train, test = (symbols(x, transform=setup == "jpeg") for x in (images.train, images.test[:n_words]))
    model = BitPrior(train, setup, prior)
    result = recover(syndromes(test, code), model, genie=test, code=code)
    wrong = result.packed ^ test
    alive = np.ones(len(test), bool)
    rows = []
    for plane in ORDER[setup]:
        exact = ~(wrong & np.uint8(0x80 >> plane)).any(axis=1)
        alive &= exact
        converged = result.converged[:, plane]
        content = information_content(test, model, plane)
        low, high = binomial_interval(exact.sum(), len(test))
        rows.append(
            {
                "plane": plane,
                "recovered": int(exact.sum()),
                "ci_low": float(low),
                "ci_high": float(high),
                "all_so_far": int(alive.sum()),
                "converged": int(converged.sum()),
                "undetected": int((converged & ~exact).sum()),
                "entropy_per_bit": float(content.mean() / code.n_variables),
                "below_limit": int((content < code.n_checks).sum()),
                "rate": code.n_checks / code.n_variables,
                "mean_iterations": float(result.iterations[:, plane].mean()),
            }
        )
    return rows


def _grid(scale: str) -> list[dict]:
    return [
        {"dataset": dataset, "setup": setup, "prior": prior, "n_words": N_WORDS[scale]}
        for dataset in (DATASETS if scale == "paper" else ("digits",))
        for setup in ORDER
        for prior in KINDS
    ]


EXPERIMENTS = [
    Experiment(
        name="syndromes_recovery",
        title="Bit-planes recovered from their syndromes by belief propagation, under three priors",
        task=recover_test_images,
        grid=_grid,
    ),
]

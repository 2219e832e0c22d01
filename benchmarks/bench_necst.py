"""NECST on binary digits: an epoch of training, decoding, and the assignment step of k-medians.

*Training.* Examples per second of processor time on one core, K = 5 samples, 100 bits, batches of 100, measured on 20
batches: the naive loop (a pass through the decoder for each sample, the gradient by backpropagation through all of
them, as torch does it by default), and `jscc.necst.Objective` with the gradient through one sample and through all,
with the steps of `jscc.training.train` and Adam's in one pass. 50,000 examples over the rate are an epoch's seconds.

*Decoding.* Words of 200 bits per second, one by one and 100 at a time.

*Assignment.* 50,000 images of 784 bits to the nearest of 4,096 codewords.

*Separate codes.* Images a second that a code of 4,096 indices in 100 bits sends and decodes by Bayes' rule, 100 at a
time, beside NECST's networks.
"""

from __future__ import annotations

import contextlib
import math

import _timing
import numpy as np
import torch

from jscc.necst import Decoder, Objective, SeparateCode, VectorQuantiser, good_code, network
from jscc.training import deterministic

BATCHES, BATCH = 20, 100


def naive(model, images: torch.Tensor) -> torch.Tensor:
    """Equation (6) sample by sample, as one would write it down."""
    x = images.float()
    one = model.probability_of_one(model.encoder(x))
    gains, scores = [], []
    for _ in range(5):
        y = torch.bernoulli(one.detach())
        logits = model.decoder(2 * y - 1)
        gains.append(-torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1))
        scores.append((y * one.log() + (1 - y) * (1 - one).log()).sum(1))
    gain = torch.stack(gains)
    value = torch.logsumexp(gain, 0) - math.log(5)
    credits = []
    for k in range(5):
        others = torch.cat([gain[:k], gain[k + 1 :]])
        control = torch.cat([others, others.mean(0, keepdim=True)])
        credits.append((value - torch.logsumexp(control, 0) + math.log(5)).detach())
    l2 = sum((weight**2).sum() for weight in model.encoder.parameters() if weight.ndim > 1)
    return -(value + (torch.stack(credits) * torch.stack(scores)).sum(0)).mean() + 0.0005 * l2


def trainer(loss, images: torch.Tensor, ours: bool = True):
    """A function that runs some batches, each from where the last call ended."""
    torch.manual_seed(0)
    model = network("binarized_mnist", noise=0.1)
    optimiser = torch.optim.Adam(model.parameters(), 0.001, fused=ours or None)

    def run():
        with deterministic(0) if ours else contextlib.nullcontext():
            for batch in images.split(BATCH):
                optimiser.zero_grad(set_to_none=True)
                loss(model, batch).backward()
                optimiser.step()

    return run


def separate_codes(quantiser: VectorQuantiser, images: np.ndarray) -> list[dict]:
    """Rows of sending and of decoding, by the networks and by an index, a linear code and Bayes' rule."""
    model = network("binarized_mnist", noise=0.1)
    code = SeparateCode(quantiser, good_code(100, 12, tries=1), 0.1)
    systems = {"jscc (VQ, linear code, Bayes)": code, "jscc (NECST)": model}
    parts = np.split(images, len(images) // 100)
    received = np.split(np.random.default_rng(1).integers(0, 2, (len(images), 100), dtype=np.uint8), len(parts))
    rows = []
    for task, name, work in (("encoding", "encode", parts), ("decoding", "reconstruct", received)):
        uses = {label: getattr(system, name) for label, system in systems.items()}
        calls = {label: lambda use=use, work=work: [use(part) for part in work] for label, use in uses.items()}
        seconds = _timing.interleaved(calls, repeats=7)
        title = f"{task} 784 pixels, 100 bits, 100 at a time"
        rows += _timing.rates(title, "image/s", dict.fromkeys(calls, float(len(images))), seconds)
    return rows


def main() -> None:
    rng = np.random.default_rng(0)
    images = torch.as_tensor(rng.integers(0, 2, (BATCHES * BATCH, 784), dtype=np.uint8))
    one = {"l2": 0.001, "through": "one"}
    systems = {
        "jscc (one sample, bfloat16)": trainer(Objective(**one, precision="bfloat16"), images),
        "jscc (one sample, float32)": trainer(Objective(**one), images),
        "jscc (all samples)": trainer(Objective(l2=0.001), images),
        "torch (naive loop)": trainer(naive, images, ours=False),
    }
    seconds = _timing.interleaved(systems, repeats=7)
    work = dict.fromkeys(systems, float(len(images)))
    rows = _timing.rates("training on 784 pixels, 100 bits, K = 5", "example/s", work, seconds)

    model = network("omniglot")
    words = rng.integers(0, 2, (100, 200), dtype=np.uint8)
    decoder = Decoder(model)
    weights = [(layer.weight.detach().numpy().T.copy(), layer.bias.detach().numpy()) for layer in model.decoder[::2]]

    def by_numpy(rows):
        state = 2 * rows.astype(np.float32) - 1
        for place, (weight, bias) in enumerate(weights):
            state = state @ weight + bias
            if place < 2:
                np.maximum(state, 0, out=state)
        return state

    def by_torch(rows):
        with torch.inference_mode():
            return model.decoder(2 * torch.as_tensor(rows, dtype=torch.float32) - 1)

    with deterministic(0):
        for size in (1, 100):
            parts = [words[start : start + size] for start in range(0, 100, size)]
            functions = {"jscc": decoder.logits, "numpy": by_numpy, "torch": by_torch}
            calls = {name: lambda f=f, parts=parts: [f(part) for part in parts] for name, f in functions.items()}
            seconds = _timing.interleaved(calls, repeats=15)
            task = f"decoding 200 bits to 784 pixels, {size} at a time"
            rows += _timing.rates(task, "word/s", dict.fromkeys(calls, 100.0), seconds)

    many = rng.integers(0, 2, (50_000, 784), dtype=np.uint8)
    quantiser = VectorQuantiser(many[:4096], many[:4096].astype(np.float32), np.full(4096, 1 / 4096))
    seconds = _timing.interleaved({"jscc": lambda: quantiser.quantise(many)}, repeats=3)
    rows += _timing.rates("nearest of 4,096 codewords of 784 bits", "image/s", {"jscc": 50_000.0}, seconds)
    rows += separate_codes(quantiser, many[:2000])
    _timing.write("necst", rows)


if __name__ == "__main__":
    main()

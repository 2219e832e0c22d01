"""Training steps of the GRU of paper 1, [64, 8, 512] bits: ours, and torch's nn.GRU."""

from _timing import interleaved, rates, write  # first: it holds every library to one thread

import numpy as np  # isort: skip
import torch

from jscc.classify.gru import GRUClassifier, Settings

STEPS, BATCH, PLANES, WIDTH = 100, 64, 8, 512


class TorchGRU(torch.nn.Module):
    """The same system from torch's parts (two biases a gate, reset gate after the product)."""

    def __init__(self, units: int):
        super().__init__()
        self.gru = torch.nn.GRU(WIDTH, units)
        self.out = torch.nn.Linear(units, 10)

    def forward(self, bits: torch.Tensor) -> torch.Tensor:
        """Scores (B, 10) from bits (planes, B, width)."""
        return self.out(torch.nn.functional.dropout(self.gru(bits)[1][0], 0.2))


def main() -> None:
    """Time one pass over 6,400 images for both sizes; torch's bits are unpacked beforehand, ours are not."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    packed = rng.integers(0, 256, (STEPS * BATCH, WIDTH), dtype=np.uint8)
    labels = rng.integers(0, 10, len(packed))
    bits = torch.rand(PLANES, BATCH, WIDTH).round()
    targets = torch.from_numpy(labels[:BATCH])
    rows = []
    for units in (12, 32):
        ours = GRUClassifier(WIDTH, PLANES, Settings(units=units), 0)
        theirs = TorchGRU(units)
        optimiser = torch.optim.Adam(theirs.parameters(), 1e-3)

        def torch_steps(model=theirs, optimiser=optimiser):
            for _ in range(STEPS):
                loss = torch.nn.functional.cross_entropy(model(bits), targets)
                loss = loss + 0.002 * (model.gru.weight_ih_l0.square().sum() + model.out.weight.square().sum())
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()

        systems = {
            "jscc": lambda model=ours: model.fit(packed, labels, epochs=1),
            "torch (nn.GRU)": torch_steps,
        }
        seconds = interleaved(systems, repeats=21)
        rows += rates(f"training steps of GRU{units}", "steps/s", dict.fromkeys(systems, STEPS), seconds)
    write("gru", rows)


if __name__ == "__main__":
    main()

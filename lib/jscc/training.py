"""The one loop that trains a torch network: seeded, deterministic, resumable.

A training is a network, examples, and a loss that is called with the network and a batch. Everything that is drawn
(weights, order, dropout, the loss's own samples) hangs on the seed alone, and a checkpoint holds all that the rest
of the training depends on: one that was killed and is started again ends, on a CPU, with the very same weights as
one that was not.

torch is loaded by the first call, not by importing this module.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from jscc import artefacts

if TYPE_CHECKING:
    import torch

__all__ = [
    "Trained",
    "Training",
    "best_device",
    "deterministic",
    "load_weights",
    "outputs",
    "save_weights",
    "train",
    "trained_once",
]

OPTIMISERS = ("adam", "adamw", "sgd")
SCHEDULES = ("constant", "cosine")


@dataclass(frozen=True)
class Training:
    """Settings of a training; the last epoch counts.

    Attributes
    ----------
    epochs : int
        Passes over the examples.
    batch_size : int
    learning_rate : float
        The largest.
    optimiser : {"adam", "adamw", "sgd"}
        With torch's settings but for those here.
    weight_decay, momentum : float
        Of the optimiser; momentum of ``sgd`` alone.
    schedule : {"constant", "cosine"}
        Of the learning rate after the warm-up; ``cosine`` falls to 0 with the last step.
    warmup : int
        Steps in which the rate grows linearly.
    largest_gradient : float
        A longer gradient (its 2-norm over all weights) is shortened to this; infinite: none is.
    smallest_batch : int
        A last batch of fewer examples is left out.
    fused : bool
        Whether Adam's step is torch's one pass over all that it reads and writes; on a CPU several times as fast as
        its many, and equal up to rounding. Not of ``sgd``.

    Raises
    ------
    ValueError
        If a setting is none of these.
    """

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 0.001
    optimiser: str = "adam"
    weight_decay: float = 0.0
    momentum: float = 0.0
    schedule: str = "constant"
    warmup: int = 0
    largest_gradient: float = math.inf
    smallest_batch: int = 1
    fused: bool = False

    def __post_init__(self):
        for name in ("epochs", "batch_size", "learning_rate", "largest_gradient", "smallest_batch"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}={getattr(self, name)} given, a positive number is expected")
        for name in ("weight_decay", "momentum", "warmup"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name}={getattr(self, name)} given, a number of 0 or more is expected")
        for name, choices in (("optimiser", OPTIMISERS), ("schedule", SCHEDULES)):
            if getattr(self, name) not in choices:
                raise ValueError(f"{name}={getattr(self, name)!r} given, one of {', '.join(choices)} is expected")
        if self.fused and self.optimiser == "sgd":
            raise ValueError(f"fused={self.fused} given with {self.optimiser!r}, False is expected")
        if self.smallest_batch > self.batch_size:
            raise ValueError(f"smallest_batch={self.smallest_batch} given, at most {self.batch_size} is expected")

    def rate(self, step: int, steps: int) -> float:
        """Learning rate of one of `steps` steps, the first being 0."""
        rate = self.learning_rate
        if step < self.warmup:
            return rate * (step + 1) / self.warmup
        if self.schedule == "cosine":
            rate *= (1 + math.cos(math.pi * (step - self.warmup) / max(1, steps - self.warmup))) / 2
        return rate


@dataclass(frozen=True)
class Trained:
    """What `train` gives back.

    Attributes
    ----------
    model : torch.nn.Module
        On the device that it was trained on, in evaluation mode.
    losses : list of float
        Mean loss of each epoch, over the examples that were used.
    evaluations : list of dict
        What `evaluate` gave after each epoch.
    resumed : int
        Epochs that came from the checkpoint.
    """

    model: torch.nn.Module
    losses: list[float]
    evaluations: list[dict[str, float]]
    resumed: int = 0

    def __repr__(self) -> str:
        last = f"{self.losses[-1]:.4g}" if self.losses else "none"
        weights = sum(parameter.numel() for parameter in self.model.parameters())
        return f"Trained({type(self.model).__name__} of {weights:,} weights, {len(self.losses)} epochs, loss {last})"


def best_device() -> str:
    """``"cuda"`` where there is such a device, else ``"cpu"``."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


@contextlib.contextmanager
def deterministic(seed: int, *, device: str = "cpu", threads: int = 1) -> Iterator[None]:
    """Draw from a seed, and compute the same twice; torch's own state and settings are as before outside.

    Parameters
    ----------
    seed : int
        Of torch's generators.
    device : str
        Whose generator is seeded, beside the CPU's.
    threads : int
        Threads of the CPU. Sums are made in another order on another number of them.
    """
    import torch
    from torch.utils import deterministic as fresh

    cuda = torch.device(device).type == "cuda"
    if cuda:  # read when the first product of matrices is computed
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    flags = torch.backends.cudnn
    flushed = bool(torch.tensor(1e-40) * 1 == 0)  # torch can set it and not tell it
    before = (
        torch.get_num_threads(),
        torch.are_deterministic_algorithms_enabled(),
        fresh.fill_uninitialized_memory,
        flags.benchmark,
        flags.deterministic,
    )
    with torch.random.fork_rng(devices=[torch.device(device)] if cuda else []):
        torch.random.default_generator.manual_seed(seed)
        if cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(True)
        # Weights that a penalty lets fade become too small for full precision, and slow a processor down: threefold
        # after some epochs of a perceptron with pixels that are never set.
        torch.set_flush_denormal(True)
        # Else every new tensor is filled first, a fifth of a small perceptron's time; nothing here reads one before.
        fresh.fill_uninitialized_memory = False
        flags.benchmark, flags.deterministic = False, True
        try:
            yield
        finally:
            torch.set_num_threads(before[0])
            torch.use_deterministic_algorithms(before[1])
            torch.set_flush_denormal(flushed)
            fresh.fill_uninitialized_memory, flags.benchmark, flags.deterministic = before[2:]


def train(
    build: Callable[[], torch.nn.Module],
    examples: Sequence[Any],
    loss: Callable[..., torch.Tensor],
    settings: Training = Training(),  # noqa: B008  (frozen, so safe to share)
    *,
    seed: int = 0,
    device: str | None = None,
    threads: int = 1,
    order: Callable[[], np.ndarray | torch.Tensor] | None = None,
    evaluate: Callable[[torch.nn.Module], dict[str, float]] | None = None,
    checkpoint: str | os.PathLike | None = None,
    progress: bool = False,
) -> Trained:
    """Train a network.

    Parameters
    ----------
    build : callable
        ``build()`` makes the network on the CPU; its weights are drawn from the seed.
    examples : sequence of array or tensor
        Of one length, the number of examples; a batch holds the same rows of each, in their own types.
    loss : callable
        ``loss(model, *batch)`` gives the mean loss of a batch, a scalar tensor. It may draw from torch's generators.
    settings : Training
    seed : int
        Of the weights, of the order, and of whatever the network or the loss draws.
    device : str, optional
        ``"cpu"`` or ``"cuda"``; `best_device` if not given. The numbers differ from one to the other.
    threads : int
        Of the CPU, see `deterministic`.
    order : callable, optional
        ``order()`` gives the numbers of the examples in the order of an epoch, drawn from torch's generator. If
        not given, a NumPy generator of its own, with the same seed, draws it, the same on every device.
    evaluate : callable, optional
        ``evaluate(model)`` is called after each epoch, in evaluation mode and without gradients, and gives plain
        numbers. It may draw without changing the training.
    checkpoint : path-like, optional
        A file that is written after each epoch, and read first where it is there. It is of this training alone:
        the same settings, seed and network.
    progress : bool
        Show a progress bar, on stderr.

    Returns
    -------
    Trained

    Raises
    ------
    ValueError
        If the examples are none or of several lengths, a loss is not a finite scalar, or the checkpoint is damaged
        or of another training.
    RuntimeError
        By torch, if the network has an operation that cannot be made deterministic on the device.

    Examples
    --------
    >>> import torch
    >>> x = np.linspace(-1, 1, 64, dtype=np.float32)[:, None]
    >>> squares = lambda model, x, y: ((model(x) - y) ** 2).mean()
    >>> settings = Training(epochs=50, learning_rate=0.3, optimiser="sgd")
    >>> trained = train(lambda: torch.nn.Linear(1, 1), (x, 3 * x), squares, settings)
    >>> outputs(trained.model, x[:1]).round(1)
    array([[-3.]], dtype=float32)
    """
    import torch
    from tqdm import tqdm

    device = device or best_device()
    columns = [torch.as_tensor(column) for column in examples]
    sizes = [len(column) for column in columns]
    if not sizes or len(set(sizes)) > 1 or sizes[0] < settings.smallest_batch:
        raise ValueError(
            f"examples of lengths {sizes} given, arrays of one length of {settings.smallest_batch} or more are expected"
        )
    full, rest = divmod(sizes[0], settings.batch_size)
    batches = full + (rest >= settings.smallest_batch)
    with deterministic(seed, device=device, threads=threads):
        rng = np.random.default_rng(seed)
        model = build().to(device)
        optimiser = _optimiser(model, settings)
        state = _State(model, optimiser, rng, device, _fingerprint(model, columns, settings, seed))
        if checkpoint is not None:
            state.read(Path(checkpoint))
        resumed = len(state.losses)
        epochs = range(resumed, settings.epochs)
        bar = tqdm(epochs, initial=resumed, total=settings.epochs, unit="epoch", disable=not progress, file=sys.stderr)
        for epoch in bar:
            model.train()
            chosen = torch.as_tensor(rng.permutation(sizes[0]) if order is None else order())
            total = torch.zeros((), dtype=torch.float64, device=device)
            used = 0
            for batch, rows in enumerate(chosen.split(settings.batch_size)[:batches]):
                for group in optimiser.param_groups:
                    group["lr"] = settings.rate(epoch * batches + batch, settings.epochs * batches)
                optimiser.zero_grad(set_to_none=True)
                value = loss(model, *(column[rows].to(device) for column in columns))
                if not isinstance(value, torch.Tensor) or value.shape != ():
                    raise ValueError(f"a loss {getattr(value, 'shape', value)} given, a scalar tensor is expected")
                value.backward()
                if math.isfinite(settings.largest_gradient):
                    torch.nn.utils.clip_grad_norm_(model.parameters(), settings.largest_gradient)
                optimiser.step()
                total += value.detach().double() * len(rows)
                used += len(rows)
            mean = float(total) / used
            if not math.isfinite(mean):
                raise ValueError(f"a mean loss of {mean} given in epoch {epoch}, a finite one is expected")
            state.losses.append(mean)
            if evaluate is not None:
                state.evaluations.append(_evaluated(model, evaluate, device))
            if checkpoint is not None:
                state.write(Path(checkpoint))
            bar.set_postfix(loss=f"{mean:.4g}", **(state.evaluations[-1] if evaluate is not None else {}))
        model.eval()
    return Trained(model, state.losses, state.evaluations, resumed)


def outputs(model: torch.nn.Module, rows: np.ndarray, batch_size: int = 256) -> np.ndarray:
    """What a network says of each row, in evaluation mode and on the device that it is on.

    Parameters
    ----------
    model : torch.nn.Module
    rows : ndarray, shape (N, ...)
        At least one.
    batch_size : int

    Returns
    -------
    ndarray, shape (N, ...)
    """
    import torch

    rows = torch.as_tensor(rows)
    if not len(rows):
        raise ValueError(f"rows of shape {tuple(rows.shape)} given, one row or more is expected")
    parameter = next(model.parameters(), None)
    device = "cpu" if parameter is None else parameter.device
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            parts = [model(part.to(device)).cpu() for part in rows.split(batch_size)]
    finally:
        model.train(training)
    return torch.cat(parts).numpy()


def save_weights(model: torch.nn.Module, path: str | os.PathLike, header: dict | None = None) -> None:
    """Write a network's weights and buffers, and a header of plain values, as safetensors (`jscc.artefacts`)."""
    artefacts.write(path, _arrays(model), header)


def load_weights(model: torch.nn.Module, path: str | os.PathLike) -> dict:
    """Read what `save_weights` wrote into a network of the same shapes, and give the header.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged or its weights are of another network; the message names it.
    """
    arrays, header = artefacts.read(path)
    _put(model, arrays, path)
    return header


def trained_once(
    path: str | os.PathLike,
    build: Callable[[], torch.nn.Module],
    fit: Callable[[Path], Trained],
) -> Trained:
    """Train, or read what an earlier call with the same file trained.

    Parameters
    ----------
    path : path-like
        File of the finished training: of this one alone, so its name has to tell all that the training depends on.
    build : callable
        ``build()`` makes the network; its weights are replaced.
    fit : callable
        ``fit(checkpoint)`` calls `train` with a checkpoint, which lies beside the file until the training ends.

    Returns
    -------
    Trained
        On the CPU if it was read; all its epochs are then counted as resumed.

    Raises
    ------
    ValueError
        If the file is damaged or of another network.

    Examples
    --------
    >>> import tempfile, torch
    >>> x = np.ones((8, 1), np.float32)
    >>> build = lambda: torch.nn.Linear(1, 1)
    >>> def fit(checkpoint):
    ...     print("trains")
    ...     return train(build, (x,), lambda model, x: (model(x) ** 2).mean(), checkpoint=checkpoint, device="cpu")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first, second = (trained_once(f"{folder}/a.safetensors", build, fit) for _ in range(2))
    trains
    >>> first.losses == second.losses
    True
    """
    import torch

    path = Path(path)
    if path.is_file():
        with torch.random.fork_rng(devices=[]):
            model = build()
        header = load_weights(model, path)
        return Trained(model.eval(), header["losses"], header["evaluations"], len(header["losses"]))
    path.parent.mkdir(parents=True, exist_ok=True)
    checkpoint = path.with_suffix(".checkpoint")
    trained = fit(checkpoint)
    save_weights(trained.model, path, {"losses": trained.losses, "evaluations": trained.evaluations})
    checkpoint.unlink(missing_ok=True)
    return trained


def _optimiser(model: torch.nn.Module, settings: Training) -> torch.optim.Optimizer:
    import torch

    options = {"lr": settings.learning_rate, "weight_decay": settings.weight_decay}
    if settings.optimiser == "sgd":
        return torch.optim.SGD(model.parameters(), momentum=settings.momentum, **options)
    kinds = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    return kinds[settings.optimiser](model.parameters(), fused=settings.fused or None, **options)


def _evaluated(model: torch.nn.Module, evaluate: Callable, device: str) -> dict[str, float]:
    """Values of `evaluate`, the generators left as they were."""
    import torch

    cuda = torch.device(device).type == "cuda"
    model.eval()
    with torch.random.fork_rng(devices=[torch.device(device)] if cuda else []), torch.no_grad():
        return {name: float(value) for name, value in evaluate(model).items()}


def _fingerprint(model, columns, settings: Training, seed: int) -> dict:
    """What tells one training from another, as plain values."""
    return {
        "settings": {name: repr(value) for name, value in asdict(settings).items()},
        "seed": seed,
        "examples": [[str(column.dtype), *column.shape] for column in columns],
        "weights": {name: list(value.shape) for name, value in model.state_dict().items()},
    }


class _State:
    """All that the rest of a training depends on, and its way to a file and back."""

    def __init__(self, model, optimiser, rng: np.random.Generator, device: str, fingerprint: dict) -> None:
        self.model, self.optimiser, self.rng = model, optimiser, rng
        self.device, self.fingerprint = device, fingerprint
        self.losses: list[float] = []
        self.evaluations: list[dict[str, float]] = []

    def write(self, path: Path) -> None:
        import torch

        arrays = {f"model.{name}": value for name, value in _arrays(self.model).items()}
        for number, values in self.optimiser.state_dict()["state"].items():
            arrays |= {
                f"optimiser.{number}.{name}": _numpy(value) for name, value in values.items() if value is not None
            }
        arrays["draws"] = torch.get_rng_state().numpy()
        if torch.device(self.device).type == "cuda":
            arrays["draws_cuda"] = torch.cuda.get_rng_state(self.device).numpy()
        header = {
            "training": self.fingerprint,
            "losses": self.losses,
            "evaluations": self.evaluations,
            "order": self.rng.bit_generator.state,
        }
        artefacts.write(path, arrays, header)

    def read(self, path: Path) -> None:
        """Take over a checkpoint, if there is one."""
        import torch

        if not path.exists():
            return
        arrays, header = artefacts.read(path)
        given = header.get("training")
        if given != json.loads(json.dumps(self.fingerprint)):
            other = [key for key, value in self.fingerprint.items() if not given or given.get(key) != value]
            raise ValueError(f"{path} given, a checkpoint of this training is expected; it differs in {other}")
        try:
            _put(self.model, _below(arrays, "model."), path)
            state: dict[int, dict] = {}
            for key, value in _below(arrays, "optimiser.").items():
                number, _, name = key.partition(".")
                state.setdefault(int(number), {})[name] = torch.from_numpy(value)
            groups = self.optimiser.state_dict()["param_groups"]
            self.optimiser.load_state_dict({"state": state, "param_groups": groups})
            torch.set_rng_state(torch.from_numpy(arrays["draws"]))
            if "draws_cuda" in arrays and torch.device(self.device).type == "cuda":
                torch.cuda.set_rng_state(torch.from_numpy(arrays["draws_cuda"]), self.device)
            self.rng.bit_generator.state = header["order"]
            self.losses, self.evaluations = list(header["losses"]), list(header["evaluations"])
        except (KeyError, TypeError, RuntimeError) as error:
            raise ValueError(f"{path} given, a whole checkpoint is expected: {error}") from error


def _below(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}


def _numpy(value) -> np.ndarray:
    import torch

    return torch.as_tensor(value).detach().cpu().numpy()


def _arrays(model: torch.nn.Module) -> dict[str, np.ndarray]:
    return {name: _numpy(value) for name, value in model.state_dict().items()}


def _put(model: torch.nn.Module, arrays: dict[str, np.ndarray], path) -> None:
    import torch

    wanted = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    given = {name: value.shape for name, value in arrays.items()}
    if wanted != given:
        wrong = sorted(name for name in wanted.keys() | given.keys() if wanted.get(name) != given.get(name))
        raise ValueError(f"{path} given, weights of the network's shapes are expected; they differ in {wrong}")
    model.load_state_dict({name: torch.from_numpy(value) for name, value in arrays.items()})

"""The gated recurrent unit of paper 1, trained by a kernel of our own.

One step of the network reads one bit-plane (512 or 1024 bits); the state after the last plane goes
through dropout and a softmax layer (Fig. 3). The reset gate acts before the recurrent product and
each gate has a single bias, as in eqs. 2-5: that is what gives the 19,030 and 52,650 parameters of
Table III. Input bits are unpacked batch by batch from one byte array, forward and backward passes
and Adam run in one compiled loop over the epoch, and all draws (order, dropout) are made outside it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from threadpoolctl import threadpool_limits

from jscc import artefacts
from jscc.classify.columns import N_CLASSES


@dataclass(frozen=True)
class Settings:
    """Table I of paper 1. `l2` times the sum of squares of the input and output kernels is added to the loss."""

    units: int = 12
    epochs: int = 30
    batch_size: int = 64
    learning_rate: float = 0.001
    dropout: float = 0.2
    l2: float = 0.002

    def __post_init__(self):
        for name in ("units", "epochs", "batch_size", "learning_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}={getattr(self, name)} given, a positive number is expected")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout={self.dropout} given, a number in [0, 1) is expected")
        if self.l2 < 0:
            raise ValueError(f"l2={self.l2} given, a number of 0 or more is expected")


class GRUClassifier:
    """A GRU over the planes of packed bits, and a softmax layer.

    Parameters
    ----------
    width : int
        Bits of a plane, the input size of a step.
    n_planes : int
        Steps: planes read from the most significant down (1 to 8).
    settings : Settings
    rng : int or numpy.random.Generator
        Draws the initial weights (Glorot uniform kernels, orthogonal recurrent kernels, zero
        biases), and then, in `fit`, the order of the images and the dropout masks.
    dtype : float32 or float64

    Attributes
    ----------
    weights : dict of str to ndarray
        ``kernel`` (width, 3 units) with the columns of update gate, reset gate and candidate;
        ``gates`` (units, 2 units) and ``candidate`` (units, units), the recurrent kernels;
        ``bias`` (3 units,); ``out`` (units, 10) and ``out_bias`` (10,). Views of one flat vector.
    theta : ndarray
        That vector.

    Examples
    --------
    >>> from jscc.classify import features, gray_images
    >>> digits = gray_images("digits")
    >>> model = GRUClassifier(512, 8, Settings(units=12), rng=0)
    >>> model
    GRUClassifier(12 units, 8 planes of 512 bits, 19,030 weights)
    >>> losses = model.fit(features(digits.train, "ldpc"), digits.train_labels, epochs=2)
    >>> losses[1] < losses[0]
    True
    >>> model.predict(features(digits.test, "ldpc")).shape
    (360,)
    """

    def __init__(
        self,
        width: int,
        n_planes: int,
        settings: Settings = Settings(),  # noqa: B008  (frozen, so safe to share)
        rng: np.random.Generator | int = 0,
        dtype=np.float32,
    ):
        if width < 1:
            raise ValueError(f"width={width} given, a positive number of bits is expected")
        if not 1 <= n_planes <= 8:
            raise ValueError(f"n_planes={n_planes} given, 1 to 8 planes are expected")
        self.width, self.n_planes, self.settings = width, n_planes, settings
        self.rng = np.random.default_rng(rng)
        units = settings.units
        self.theta = np.zeros(sum(map(np.prod, self._shapes().values())), dtype)
        self.weights = self._views(self.theta)
        self._moments = np.zeros((2, self.theta.size), dtype)
        self._steps = 0
        for name, fan_out in (("kernel", 3 * units), ("out", N_CLASSES)):
            limit = np.sqrt(6 / (self.weights[name].shape[0] + fan_out))
            self.weights[name][:] = self.rng.uniform(-limit, limit, self.weights[name].shape)
        recurrent = [np.linalg.qr(self.rng.standard_normal((units, units)))[0] for _ in range(3)]
        self.weights["gates"][:] = np.hstack(recurrent[:2])
        self.weights["candidate"][:] = recurrent[2]

    def __repr__(self) -> str:
        return (
            f"GRUClassifier({self.settings.units} units, {self.n_planes} planes of {self.width} bits, "
            f"{self.n_parameters:,} weights)"
        )

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        h = self.settings.units
        return {
            "kernel": (self.width, 3 * h),
            "gates": (h, 2 * h),
            "candidate": (h, h),
            "bias": (3 * h,),
            "out": (h, N_CLASSES),
            "out_bias": (N_CLASSES,),
        }

    def _views(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        views, at = {}, 0
        for name, shape in self._shapes().items():
            size = int(np.prod(shape))
            views[name] = flat[at : at + size].reshape(shape)
            at += size
        return views

    def _tanh_terms(self) -> tuple[np.ndarray, np.ndarray]:
        return _TANH.astype(self.theta.dtype), _TANH_BELOW.astype(self.theta.dtype)

    @property
    def n_parameters(self) -> int:
        """Number of trained weights, the "No. of learnables" of Table III."""
        return self.theta.size

    def fit(
        self,
        packed: np.ndarray,
        labels: np.ndarray,
        *,
        epochs: int | None = None,
        after_epoch: Callable[[int, float], None] | None = None,
    ) -> list[float]:
        """Train on packed bits; may be called again to go on.

        Parameters
        ----------
        packed : ndarray of uint8, shape (N, width)
            See `jscc.classify.columns`.
        labels : ndarray of int, shape (N,)
            Classes 0 to 9.
        epochs : int, optional
            Other than the settings' number.
        after_epoch : callable, optional
            Called with the epoch's number (from 0) and its mean training loss.

        Returns
        -------
        list of float
            Mean cross-entropy (nats, without the penalty) of each epoch.
        """
        packed, labels = self._check(packed), _check_labels(labels, len(packed))
        s = self.settings
        losses = []
        gradient = np.empty_like(self.theta)
        scratch = _scratch(self.n_planes, s.batch_size, self.width, s.units, self.theta.dtype)
        penalised = np.zeros_like(self.theta)
        marks = self._views(penalised)
        marks["kernel"][:] = marks["out"][:] = 2 * s.l2
        with threadpool_limits(1):
            for epoch in range(s.epochs if epochs is None else epochs):
                order = self.rng.permutation(len(packed))
                keep = self.rng.random((len(packed), s.units), np.float32) >= np.float32(s.dropout)
                scaled = keep.astype(self.theta.dtype) / self.theta.dtype.type(1 - s.dropout)
                loss, self._steps = _train_epoch(
                    packed, labels, order, scaled, self.n_planes, s.batch_size, s.learning_rate,
                    self.theta, gradient, tuple(self.weights.values()), tuple(self._views(gradient).values()),
                    penalised, self._moments, self._steps, scratch, *self._tanh_terms(),
                )  # fmt: skip
                losses.append(loss)
                if after_epoch:
                    after_epoch(epoch, loss)
        return losses

    def gradient(self, packed: np.ndarray, labels: np.ndarray) -> tuple[float, dict[str, np.ndarray]]:
        """Mean cross-entropy of some images and its gradient, without dropout and penalty; nothing is trained.

        Parameters
        ----------
        packed : ndarray of uint8, shape (N, width)
        labels : ndarray of int, shape (N,)
            Classes 0 to 9.

        Returns
        -------
        loss : float
            In nats.
        gradient : dict of str to ndarray
            With the names and shapes of `weights`.
        """
        packed, labels = self._check(packed), _check_labels(labels, len(packed))
        if not len(packed):
            raise ValueError(f"packed of shape {packed.shape} given, an image or more is expected")
        size, units, dtype = len(packed), self.settings.units, self.theta.dtype
        gradient = np.empty_like(self.theta)
        parts = self._views(gradient)
        with threadpool_limits(1):
            loss, _ = _train_epoch(
                packed, labels, np.arange(size), np.ones((size, units), dtype), self.n_planes, size, 0.0,
                self.theta.copy(), gradient, tuple(self.weights.values()), tuple(parts.values()),
                np.zeros_like(gradient), np.zeros((2, gradient.size), dtype), 0,
                _scratch(self.n_planes, size, self.width, units, dtype), *self._tanh_terms(),
            )  # fmt: skip
        return loss, parts

    def logits(self, packed: np.ndarray) -> np.ndarray:
        """Scores before the softmax, shape (N, 10), without dropout."""
        packed = self._check(packed)
        batch = min(512, max(1, len(packed)))
        scratch = _scratch(self.n_planes, batch, self.width, self.settings.units, self.theta.dtype)
        out = np.empty((len(packed), N_CLASSES), self.theta.dtype)
        with threadpool_limits(1):
            _predict(packed, self.n_planes, batch, tuple(self.weights.values()), scratch, *self._tanh_terms(), out)
        return out

    def predict(self, packed: np.ndarray) -> np.ndarray:
        """Most likely class of each row of packed bits, int64, shape (N,)."""
        return self.logits(packed).argmax(axis=1)

    def save(self, path) -> None:
        """Write the weights as safetensors, the settings in its header."""
        artefacts.write(path, self.weights, self.header())

    def header(self) -> dict:
        """What `of` needs beside the weights: sizes and settings."""
        return {"width": self.width, "n_planes": self.n_planes, **asdict(self.settings)}

    @classmethod
    def load(cls, path) -> GRUClassifier:
        """Read what `save` wrote; ValueError naming the file if it is something else."""
        weights, header = artefacts.read(path)
        try:
            return cls.of(weights, header)
        except ValueError as error:
            raise ValueError(f"{path} given, a file of a GRU classifier is expected: {error}") from error

    @classmethod
    def of(cls, weights: dict[str, np.ndarray], header: dict) -> GRUClassifier:
        """Make a classifier of given weights.

        Parameters
        ----------
        weights : dict of str to ndarray
            As in `weights`, float32.
        header : dict
            As of `header`; further keys are passed over.

        Raises
        ------
        ValueError
            If a setting is missing, or the weights have other shapes than the settings tell.
        """
        try:
            settings = Settings(**{name: header[name] for name in Settings.__dataclass_fields__})
            model = cls(header["width"], header["n_planes"], settings)
            shapes = {name: value.shape for name, value in weights.items()}
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"header={header} given, sizes and settings are expected: {error!r}") from error
        if shapes != model._shapes():
            raise ValueError(f"weights of shapes {shapes} given, {model._shapes()} are expected")
        for name, value in weights.items():
            model.weights[name][:] = value
        return model

    def _check(self, packed) -> np.ndarray:
        packed = np.ascontiguousarray(packed)
        if packed.dtype != np.uint8 or packed.ndim != 2 or packed.shape[1] != self.width:
            raise ValueError(
                f"packed bits {packed.dtype} {packed.shape} given, uint8 of shape (images, {self.width}) is expected"
            )
        return packed


def _check_labels(labels, count: int) -> np.ndarray:
    labels = np.asarray(labels)
    if labels.shape != (count,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels {labels.dtype} {labels.shape} given, {count} integers are expected")
    if count and not (0 <= labels.min() and labels.max() < N_CLASSES):
        raise ValueError(f"labels {labels.min()} to {labels.max()} given, 0 to {N_CLASSES - 1} are expected")
    return labels.astype(np.int64)


class _Scratch(NamedTuple):
    """Work space of the kernels. Rows are blocks of one plane each, a row an image of the batch."""

    bits: np.ndarray  # (planes * batch, width) as numbers
    gates: np.ndarray  # (planes * batch, 3 units): gates and candidate, then their gradients
    reset_state: np.ndarray  # (planes * batch, units): r * h
    states: np.ndarray  # ((planes + 1) * batch, units): the state before each plane, and the last
    scores: np.ndarray  # (batch, 10), then their gradient
    pair: np.ndarray  # (batch, 2 units): what the state adds to the gates; gradients of the gates
    half: np.ndarray  # (batch, 2 units): half the arguments of the sigmoids
    single: np.ndarray  # (batch, units): what the reset state adds to the candidate; gradient of the candidate
    argument: np.ndarray  # (batch, units): argument of the candidate's tanh; gradient of r * h
    through: np.ndarray  # (batch, units): last states after dropout; gradient through the gates
    d_state: np.ndarray  # (batch, units)
    part_gates: np.ndarray  # (units, 2 units)
    part_candidate: np.ndarray  # (units, units)
    chosen: np.ndarray  # (batch,) of int64: numbers of the images


def _scratch(n_planes: int, batch: int, width: int, units: int, dtype) -> _Scratch:
    rows = n_planes * batch
    shapes = (
        (rows, width), (rows, 3 * units), (rows, units), (rows + batch, units), (batch, N_CLASSES),
        (batch, 2 * units), (batch, 2 * units), (batch, units), (batch, units), (batch, units), (batch, units),
        (units, 2 * units), (units, units),
    )  # fmt: skip
    return _Scratch(*(np.empty(shape, dtype) for shape in shapes), np.empty(batch, np.int64))


# Numerator and denominator of Lambert's continued fraction of tanh(x) / x in s = x^2, cut after eleven terms.
_TANH = np.array([13749310575, 1964187225, 64324260, 675675, 2145, 1]) / 13749310575
_TANH_BELOW = np.array([13749310575, 6547290750, 413513100, 7567560, 45045, 66]) / 13749310575


@njit(cache=True)
def _tanh_in_place(values, above, below):
    """tanh to 2e-6 with arithmetic alone, so that the loop becomes vectors; math.tanh would not."""
    flat = values.reshape(-1)
    end = flat.dtype.type(7.5)
    a0, a1, a2, a3, a4, a5 = above[0], above[1], above[2], above[3], above[4], above[5]
    b0, b1, b2, b3, b4, b5 = below[0], below[1], below[2], below[3], below[4], below[5]
    for k in range(len(flat)):
        x = min(max(flat[k], -end), end)
        s = x * x
        top = ((((a5 * s + a4) * s + a3) * s + a2) * s + a1) * s + a0
        bottom = ((((b5 * s + b4) * s + b3) * s + b2) * s + b1) * s + b0
        flat[k] = x * top / bottom


@njit(cache=True)
def _unpack(packed, chosen, n_planes, bits):
    """Row t * len(chosen) + i of `bits`: plane t of image chosen[i], as numbers 0 and 1."""
    count = len(chosen)
    for t in range(n_planes):
        shift = np.uint8(7 - t)
        for i in range(count):
            source, target = packed[chosen[i]], bits[t * count + i]
            for j in range(len(source)):
                target[j] = np.int32((source[j] >> shift) & np.uint8(1))


@njit(cache=True)
def _forward(scratch, count, n_planes, weights, above, below):
    """Eqs. 2 to 5 over the planes. Row blocks of `count`: plane t's gates, and the state before plane t.

    `gates` ends up holding update gate z, reset gate r and candidate c; `reset_state` r * h.
    """
    kernel, recurrent, candidate, bias = weights[0], weights[1], weights[2], weights[3]
    units = candidate.shape[0]
    rows = n_planes * count
    gates, reset_state, states = scratch.gates[:rows], scratch.reset_state[:rows], scratch.states[: rows + count]
    from_state, sigmoid_part = scratch.pair[:count], scratch.half[:count]
    from_reset, candidate_part = scratch.single[:count], scratch.argument[:count]
    half = gates.dtype.type(0.5)
    np.dot(scratch.bits[:rows], kernel, gates)
    states[:count] = 0
    for t in range(n_planes):
        low, high = t * count, (t + 1) * count
        state, after = states[low:high], states[high : high + count]
        gate, rh = gates[low:high], reset_state[low:high]
        np.dot(state, recurrent, from_state)
        for i in range(count):
            for j in range(2 * units):
                sigmoid_part[i, j] = (gate[i, j] + from_state[i, j] + bias[j]) * half
        _tanh_in_place(sigmoid_part, above, below)  # sigmoid(x) = (1 + tanh(x / 2)) / 2
        for i in range(count):
            for j in range(2 * units):
                gate[i, j] = half + half * sigmoid_part[i, j]
            for j in range(units):
                rh[i, j] = gate[i, units + j] * state[i, j]
        np.dot(rh, candidate, from_reset)
        for i in range(count):
            for j in range(units):
                candidate_part[i, j] = gate[i, 2 * units + j] + from_reset[i, j] + bias[2 * units + j]
        _tanh_in_place(candidate_part, above, below)
        for i in range(count):
            for j in range(units):
                gate[i, 2 * units + j] = candidate_part[i, j]
                after[i, j] = state[i, j] + gate[i, j] * (candidate_part[i, j] - state[i, j])


@njit(cache=True)
def _backward(scratch, count, n_planes, weights, grads):
    """Gradients of the recurrent layer from `d_state`, that of the last state; overwrites `gates` and `d_state`."""
    recurrent, candidate = weights[1], weights[2]
    units = candidate.shape[0]
    rows = n_planes * count
    bits, gates, reset_state = scratch.bits[:rows], scratch.gates[:rows], scratch.reset_state[:rows]
    states, d_state = scratch.states[: rows + count], scratch.d_state[:count]
    d_gates, d_candidate, d_rh = scratch.pair[:count], scratch.single[:count], scratch.argument[:count]
    through, part_gates, part_candidate = scratch.through[:count], scratch.part_gates, scratch.part_candidate
    one = gates.dtype.type(1)
    grads[1][:] = 0
    grads[2][:] = 0
    for t in range(n_planes - 1, -1, -1):
        low, high = t * count, (t + 1) * count
        state, gate, rh = states[low:high], gates[low:high], reset_state[low:high]
        for i in range(count):
            for j in range(units):
                z, c = gate[i, j], gate[i, 2 * units + j]
                d_candidate[i, j] = d_state[i, j] * z * (one - c * c)
                d_gates[i, j] = d_state[i, j] * (c - state[i, j]) * z * (one - z)
        np.dot(d_candidate, candidate.T, d_rh)
        for i in range(count):
            for j in range(units):
                z, r = gate[i, j], gate[i, units + j]
                d_gates[i, units + j] = d_rh[i, j] * state[i, j] * r * (one - r)
                d_state[i, j] = d_state[i, j] * (one - z) + d_rh[i, j] * r
        np.dot(d_gates, recurrent.T, through)
        np.dot(state.T, d_gates, part_gates)
        np.dot(rh.T, d_candidate, part_candidate)
        grads[1][:] += part_gates
        grads[2][:] += part_candidate
        for i in range(count):
            for j in range(units):
                d_state[i, j] += through[i, j]
                gate[i, 2 * units + j] = d_candidate[i, j]
            for j in range(2 * units):
                gate[i, j] = d_gates[i, j]
    np.dot(bits.T, gates, grads[0])
    grads[3][:] = 0
    for row in range(len(gates)):
        for j in range(3 * units):
            grads[3][j] += gates[row, j]


@njit(cache=True)
def _adam(theta, gradient, penalised, moments, step, rate):
    """One step of Adam (beta 0.9 and 0.999, epsilon 1e-7) on the loss plus the quadratic penalty."""
    real = theta.dtype.type
    b1, b2, epsilon = real(0.9), real(0.999), real(1e-7)
    size = real(rate * np.sqrt(1 - 0.999**step) / (1 - 0.9**step))
    first, second = moments[0], moments[1]
    for k in range(len(theta)):
        g = gradient[k] + penalised[k] * theta[k]
        first[k] = b1 * first[k] + (real(1) - b1) * g
        second[k] = b2 * second[k] + (real(1) - b2) * g * g
        theta[k] -= size * first[k] / (np.sqrt(second[k]) + epsilon)


@njit(cache=True)
def _train_epoch(
    packed, labels, order, keep, n_planes, batch, rate, theta, gradient, weights, grads, penalised, moments,
    step, scratch, above, below,
):  # fmt: skip
    """One pass over the images in `order`; returns the mean cross-entropy and the number of steps so far."""
    out, out_bias = weights[4], weights[5]
    units = out.shape[0]
    total = 0.0
    for first in range(0, len(order), batch):
        chosen = order[first : first + batch]
        count = len(chosen)
        last = scratch.states[n_planes * count : (n_planes + 1) * count]
        y, dropped, d_state = scratch.scores[:count], scratch.through[:count], scratch.d_state[:count]
        _unpack(packed, chosen, n_planes, scratch.bits)
        _forward(scratch, count, n_planes, weights, above, below)
        for i in range(count):
            for j in range(units):
                dropped[i, j] = last[i, j] * keep[first + i, j]
        np.dot(dropped, out, y)
        for i in range(count):  # softmax; y becomes the gradient of the mean cross-entropy
            for j in range(len(out_bias)):
                y[i, j] += out_bias[j]
            top = y[i, 0]
            for j in range(1, len(out_bias)):
                top = max(top, y[i, j])
            norm = 0.0
            for j in range(len(out_bias)):
                norm += np.exp(y[i, j] - top)
            label = labels[chosen[i]]
            total += np.log(norm) - (y[i, label] - top)
            for j in range(len(out_bias)):
                y[i, j] = np.exp(y[i, j] - top) / norm / count
            y[i, label] -= y.dtype.type(1) / count
        np.dot(dropped.T, y, grads[4])
        grads[5][:] = 0
        for i in range(count):
            for j in range(len(out_bias)):
                grads[5][j] += y[i, j]
        np.dot(y, out.T, d_state)
        for i in range(count):
            for j in range(units):
                d_state[i, j] *= keep[first + i, j]
        _backward(scratch, count, n_planes, weights, grads)
        step += 1
        _adam(theta, gradient, penalised, moments, step, rate)
    return total / max(1, len(order)), step


@njit(cache=True)
def _predict(packed, n_planes, batch, weights, scratch, above, below, out):
    """Scores of every row of `packed`, without dropout."""
    out_bias = weights[5]
    for first in range(0, len(packed), batch):
        count = min(batch, len(packed) - first)
        chosen = scratch.chosen[:count]
        for i in range(count):
            chosen[i] = first + i
        _unpack(packed, chosen, n_planes, scratch.bits)
        _forward(scratch, count, n_planes, weights, above, below)
        scores = out[first : first + count]
        np.dot(scratch.states[n_planes * count : (n_planes + 1) * count], weights[4], scores)
        for i in range(count):
            for j in range(len(out_bias)):
                scores[i, j] += out_bias[j]

r"""What a NECST model is trained on, and the estimators of its gradient (paper 4, sections 4 and 5.1).

The received word :math:`y` is drawn from :math:`q(y | x)`, the encoder's distribution with the channel's noise summed
out. Write :math:`L_k = \ln p(x | y^k)` for the samples :math:`y^1 \dots y^K` of an image. The paper names two
objectives,

.. math:: \frac{1}{K} \sum_k L_k \quad (3), \qquad\qquad \ln \frac{1}{K} \sum_k e^{L_k} \quad (6),

and trains on the second. The decoder's gradient follows by backpropagation, each sample weighing what it contributes.
The encoder's can not pass through bits that are drawn. Of one bit with logit :math:`\varphi` and probability
:math:`r = \sigma(\varphi)` of being 1, the estimators here are

- the score function, :math:`c_k (y^k - r)`, where the *credit* :math:`c_k` of a sample is the objective less a
  control variate that the other samples make: for (3) their mean, for (6) the objective with :math:`L_k` replaced by
  their mean (VIMCO, Mnih and Rezende 2016);
- DisARM (Dong, Mnih and Tucker 2020), from antithetic pairs :math:`b = [1 - u < r]` and :math:`b' = [u < r]`:
  :math:`\frac12 (f(b) - f(b')) (b - b') \max(r, 1 - r)`, with (3) for f, or (6) as a function of its k-th sample;
- straight-through, which takes the gradient at the drawn bits for one with respect to r, and Gumbel-softmax, which
  relaxes the bits. Both are biased.

The authors' published code hands VIMCO the positive loss :math:`-L_k` and minimises: it descends on
:math:`\ln \frac{1}{K} \sum_k e^{-L_k}`, in which the worst sample weighs most. That is the objective "released".

From the logit of a received bit to that of the sent one leads one more factor, `jscc.necst.model.Necst.slope`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from jscc.necst._perceptron import Perceptron, log_likelihoods, with_gradients
from jscc.necst.model import Necst

__all__ = ["OBJECTIVES", "Objective", "pair_terms", "sample_terms"]

OBJECTIVES = ("vimco", "mean", "released", "vimco_disarm", "disarm", "straight_through", "gumbel")
PAIRS = ("vimco_disarm", "disarm")
PATHWISE = ("straight_through", "gumbel")


@dataclass(frozen=True)
class Objective:
    """A loss for `jscc.training.train`: called with a model and images, it gives a scalar to descend on.

    Its value is the mean of the negative objective over the images, in nats, with the penalties; its gradient is that
    of the estimator.

    Attributes
    ----------
    name : {"vimco", "mean", "released", "vimco_disarm", "disarm", "straight_through", "gumbel"}
        "vimco" is equation (6) with its own control variates, "mean" equation (3) with K samples and
        leave-one-out control variates; of the others see above. "straight_through" and "gumbel" ascend on (3).
    samples : int
        K. At least 2 where other samples make the control variate. An objective with pairs draws K of them, and so
        runs the decoder twice as often.
    through : {"all", "one"}
        Which samples the decoder's gradient goes through: all by their weights, or one drawn by its weight, which
        has the same expectation at a fraction of the work. "one" is for perceptrons and binary pixels.
    l2 : float
        Half of this times the squares of the encoder's weights (biases left out) is added.
    prior : float
        Weight of the divergence of q(y | x) from uniform bits, which makes the model a variational autoencoder.
    temperature : float
        Of "gumbel".
    precision : {"float32", "bfloat16"}
        Of products of matrices and convolutions; sums of log-likelihoods and weights are float32 in both.

    Raises
    ------
    ValueError
        If a setting is none of these.

    Examples
    --------
    >>> import numpy as np
    >>> from jscc.necst import network
    >>> from jscc.training import Training, train
    >>> strings = np.random.default_rng(0).integers(0, 2, (200, 100), dtype=np.uint8)
    >>> build = lambda: network("random_bits", noise=0.1)
    >>> trained = train(build, (strings,), Objective(samples=2), Training(epochs=3), device="cpu")
    >>> trained.losses[2] < trained.losses[0] < 70
    True
    """

    name: str = "vimco"
    samples: int = 5
    through: str = "all"
    l2: float = 0.0
    prior: float = 0.0
    temperature: float = 0.5
    precision: str = "float32"

    def __post_init__(self):
        choices = {"name": OBJECTIVES, "through": ("all", "one"), "precision": ("float32", "bfloat16")}
        for name, known in choices.items():
            if getattr(self, name) not in known:
                raise ValueError(f"{name}={getattr(self, name)!r} given, one of {', '.join(known)} is expected")
        least = 2 if self.name in ("vimco", "mean", "released") else 1
        if self.samples < least or int(self.samples) != self.samples:
            raise ValueError(f"samples={self.samples} given, an integer of {least} or more is expected")
        for name in ("l2", "prior"):
            if not 0 <= getattr(self, name) < math.inf:
                raise ValueError(f"{name}={getattr(self, name)} given, a number of 0 or more is expected")
        if not 0 < self.temperature < math.inf:
            raise ValueError(f"temperature={self.temperature} given, a positive number is expected")
        if self.through == "one" and self.name in PATHWISE:
            raise ValueError(f"through='one' given with {self.name}, whose gradient goes through every sample")

    def __call__(self, model: Necst, images: torch.Tensor) -> torch.Tensor:
        """Draw received words, and give the scalar whose gradient is the estimate."""
        if self.through == "one":
            return with_gradients(*self._by_hand(model, images))
        with torch.autocast(images.device.type, torch.bfloat16, enabled=self.precision == "bfloat16"):
            return self._by_backpropagation(model, images.float())

    def _by_backpropagation(self, model: Necst, images: torch.Tensor) -> torch.Tensor:
        """The loss, of networks of any kind."""
        logits = model.encoder(images).float()
        penalty = self._penalty(model, logits)
        if self.name in PATHWISE:
            return penalty - model.log_likelihood(images, self._relaxed(model, logits)).mean()
        with torch.no_grad():
            likely = model.probability_of_one(logits)
            bits, kept = self._draw(model, likely)
        gain = model.log_likelihood(images, model.received(bits, kept))
        with torch.no_grad():
            value, weights, credit = self._terms(gain)
            ascent = self._ascent(model, logits, likely, bits, kept, credit)
        descent = penalty - (weights * gain).sum(dim=0).mean() - (ascent * logits).sum(dim=1).mean()
        return descent + (penalty - value.mean() - descent).detach()

    @torch.no_grad()
    def _by_hand(self, model: Necst, images: torch.Tensor) -> tuple[torch.Tensor, list[tuple]]:
        """The loss and its gradients, the decoder's through one sample, of perceptrons and binary pixels."""
        if model.likelihood != "bernoulli":
            raise ValueError(f"likelihood={model.likelihood!r} given with through='one', bernoulli is expected")
        encoder, decoder = (Perceptron(part, getattr(torch, self.precision)) for part in (model.encoder, model.decoder))
        count = len(images)
        encoding = encoder.forward(images)
        logits = encoding[-1].float()
        likely = model.probability_of_one(logits)
        bits, kept = self._draw(model, likely)
        received = model.received(bits, kept)
        decoding = decoder.forward(received.view(-1, model.bits))
        value, weights, credit = self._terms(log_likelihoods(decoding[-1].view(len(received), count, -1), images))
        chosen = torch.multinomial(weights.T, 1)[:, 0] * count + torch.arange(count, device=images.device)
        through = [state[chosen] for state in decoding]
        change = (torch.sigmoid(through[-1].float()) - images) / count
        found = decoder.backward(through, change)
        change = -self._ascent(model, logits, likely, bits, kept, credit)
        if self.prior:
            change += self.prior * divergence_slope(model, logits)
        found += encoder.backward(encoding, change / count, self.l2)
        return self._penalty(model, logits) - value.mean(), found

    def _terms(self, gain: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return (pair_terms if self.name in PAIRS else sample_terms)(self.name, gain)

    def _ascent(self, model: Necst, logits, likely, bits, kept, credit) -> torch.Tensor:
        """The estimate of the objective's derivative with respect to the logits of the sent bits, (N, m)."""
        if self.name in PAIRS:
            first, second = bits.chunk(2)
            moved = (first - second).mul_(torch.maximum(likely, 1 - likely))
        else:
            moved = bits - likely
        if kept is not None:
            moved *= kept[: self.samples]
        return moved.mul_(credit[:, :, None]).sum(dim=0).mul_(model.slope(logits))

    def _draw(self, model: Necst, likely: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Bits of all samples, (K, N, m) or (2 K, N, m) for pairs, and which of them are not erased."""
        uniform = torch.rand((self.samples, *likely.shape), device=likely.device)
        kept = model.kept(uniform.shape, likely)
        if self.name not in PAIRS:
            return (uniform < likely).to(likely.dtype), kept
        bits = torch.cat([1 - uniform < likely, uniform < likely]).to(likely.dtype)
        return bits, None if kept is None else torch.cat([kept, kept])

    def _relaxed(self, model: Necst, logits: torch.Tensor) -> torch.Tensor:
        """Received words through which a gradient passes."""
        likely = model.probability_of_one(logits)
        uniform = torch.rand((self.samples, *likely.shape), device=likely.device)
        kept = model.kept(uniform.shape, likely)
        if self.name == "straight_through":
            bits = (uniform < likely).to(likely.dtype) + likely - likely.detach()
        else:
            noiseless = model.channel == "bec" or model.noise == 0
            received = logits if noiseless else likely.log() - (-likely).log1p()
            uniform = uniform.clamp(1e-6, 1 - 1e-6)
            bits = torch.sigmoid((received + uniform.log() - (-uniform).log1p()) / self.temperature)
        return model.received(bits, kept)

    def _penalty(self, model: Necst, logits: torch.Tensor) -> torch.Tensor:
        penalty = logits.new_zeros(())
        if self.l2:
            squares = [weights.square().sum() for weights in model.encoder.parameters() if weights.ndim > 1]
            penalty = penalty + self.l2 / 2 * sum(squares)
        if self.prior:
            penalty = penalty + self.prior * divergence_from_uniform(model, logits).mean()
        return penalty


def divergence_from_uniform(model: Necst, logits: torch.Tensor) -> torch.Tensor:
    """Kullback-Leibler divergence of the received bits from fair coins, in nats, of each image (section B.3)."""
    if model.channel == "bec" or model.noise == 0:
        one = torch.sigmoid(logits)
        entropy = F.softplus(logits) - one * logits
    else:
        one = model.probability_of_one(logits)
        entropy = -(one * one.log() + (1 - one) * (-one).log1p())
    return (math.log(2) - entropy).sum(dim=1)


def divergence_slope(model: Necst, logits: torch.Tensor) -> torch.Tensor:
    """Derivative of `divergence_from_uniform` with respect to the logits, (N, m)."""
    sent = torch.sigmoid(logits)
    if model.channel == "bec" or model.noise == 0:
        return logits * sent * torch.sigmoid(-logits)
    one = model.probability_of_one(logits)
    return (one.log() - (-one).log1p()) * (1 - 2 * model.noise) * sent * torch.sigmoid(-logits)


def sample_terms(name: str, gain: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """An objective, the decoder's weights and the encoder's credits, from independent samples.

    Parameters
    ----------
    name : {"vimco", "mean", "released"}
    gain : tensor, shape (K, N)
        ln p(x | y), K at least 2.

    Returns
    -------
    value : tensor, shape (N,)
        The objective, to be made large.
    weights : tensor, shape (K, N)
        Its derivative with respect to `gain`, of sum 1.
    credit : tensor, shape (K, N)
        The objective less each sample's control variate.

    Examples
    --------
    >>> value, weights, credit = sample_terms("mean", torch.tensor([[1.0], [3.0]]))
    >>> value.tolist(), weights.tolist(), credit.tolist()
    ([2.0], [[0.5], [0.5]], [[-1.0], [1.0]])
    """
    count = len(gain)
    others = (gain.sum(dim=0) - gain) / (count - 1)
    if name == "mean":
        return gain.mean(dim=0), torch.full_like(gain, 1 / count), (gain - others) / count
    sign = -1 if name == "released" else 1
    gain, others = sign * gain, sign * others
    value = torch.logsumexp(gain, dim=0) - math.log(count)
    replaced = gain.expand(count, *gain.shape).clone()  # row k: the k-th sample's gain is the others' mean
    replaced.diagonal(dim1=0, dim2=1).copy_(others.T)
    control = torch.logsumexp(replaced, dim=1) - math.log(count)
    return sign * value, torch.softmax(gain, dim=0), sign * (value - control)


def pair_terms(name: str, gain: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """As `sample_terms`, from antithetic pairs.

    Parameters
    ----------
    name : {"vimco_disarm", "disarm"}
    gain : tensor, shape (2 K, N)
        ln p(x | y): of the first of each pair, then of the second.

    Returns
    -------
    value : tensor, shape (N,)
        Mean of the objective over the firsts and over the seconds.
    weights : tensor, shape (2 K, N)
    credit : tensor, shape (K, N)
        Half of what the objective gains when the second of a pair gives way to the first. The other samples are the
        firsts of their pairs or the seconds; the mean of both.
    """
    first, second = gain.chunk(2)
    count = len(first)
    if name == "disarm":
        return gain.mean(dim=0), torch.full_like(gain, 1 / (2 * count)), (first - second) / (2 * count)
    value = (torch.logsumexp(first, dim=0) + torch.logsumexp(second, dim=0)) / 2 - math.log(count)
    weights = torch.cat([torch.softmax(first, dim=0), torch.softmax(second, dim=0)]) / 2
    credit = torch.zeros_like(first)
    for others in (first, second):
        with_one = []
        for one in (first, second):
            replaced = others.expand(count, *others.shape).clone()
            replaced.diagonal(dim1=0, dim2=1).copy_(one.T)
            with_one.append(torch.logsumexp(replaced, dim=1))
        credit += (with_one[0] - with_one[1]) / 4
    return value, weights, credit

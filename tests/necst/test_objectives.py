"""Estimators of the gradient against its exact value, by enumeration of all received words."""

import itertools
import math

import numpy as np
import pytest
import torch

from jscc.necst import (
    OBJECTIVES,
    Necst,
    Objective,
    divergence_from_uniform,
    divergence_slope,
    perceptrons,
    sample_terms,
)
from jscc.necst._perceptron import log_likelihoods
from jscc.necst.objectives import PATHWISE
from jscc.training import Training, train
from support import printed_without_and_with_jit

BITS, PIXELS = 3, 6
ROWS = 400
SCORED = [name for name in OBJECTIVES if name not in PATHWISE]


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def model_of(channel="bsc", noise=0.1, bits=BITS, seed=0):
    torch.manual_seed(seed)
    model = Necst(*perceptrons(PIXELS, bits, 5), bits, channel, noise)
    with torch.no_grad():  # far from the flat start, so that the words differ
        for parameter in model.parameters():
            parameter.mul_(2.5)
    return model


def words(model):
    """Every received word as the decoder sees it, (words, m)."""
    values = (-1.0, 1.0) if model.channel == "bsc" else (-1.0, 1.0, 0.0)
    return torch.tensor(list(itertools.product(values, repeat=model.bits)))


def probabilities(model, images, received):
    """Of every word, (words, N), with gradients."""
    one = model.probability_of_one(model.encoder(images))
    lost = model.noise if model.channel == "bec" else 0.0
    each = torch.where(received[:, None] == 1, one * (1 - lost), (1 - one) * (1 - lost))
    return torch.where(received[:, None] == 0, torch.full_like(each, lost), each).prod(dim=2)


def exact(model, images, name, samples):
    """The expected objective, from all words, or all tuples of words."""
    received = words(model)
    chance = probabilities(model, images, received)
    gain = model.log_likelihood(images, received[:, None].expand(-1, len(images), -1))
    if name in ("mean", "disarm"):
        return (chance * gain).sum(dim=0).mean()
    sign = -1 if name == "released" else 1
    total = 0.0
    for chosen in itertools.product(range(len(received)), repeat=samples):
        rows = list(chosen)
        value = sign * (torch.logsumexp(sign * gain[rows], dim=0) - math.log(samples))
        total = total + (chance[rows].prod(dim=0) * value).mean()
    return total


def gradient(model, value):
    model.zero_grad()
    value.backward()
    return torch.cat([parameter.grad.flatten() for parameter in model.parameters()]).double()


def estimates(model, image, objective, calls=150):
    """Gradients of independent calls, (calls, parameters), and values."""
    rows = image.expand(ROWS, -1)
    values, found = [], []
    for _ in range(calls):
        value = objective(model, rows)
        values.append(value.item())
        found.append(gradient(model, value))
    return torch.stack(found), torch.tensor(values, dtype=torch.float64)


def decoded(model):
    """A number that hangs on all of the decoder's weights."""
    return sum(parameter.sum() for parameter in model.decoder.parameters())


def deviations(found, wanted):
    """By how many standard errors the mean of each parameter's estimates is off."""
    spread = found.std(dim=0) / len(found) ** 0.5
    return (found.mean(dim=0) - wanted).abs() / (spread + 1e-6)


CASES = [(through, *channel) for through in ("all", "one") for channel in (("bsc", 0.15), ("bec", 0.3))]


@pytest.mark.parametrize("through, channel, noise", [*CASES, ("one", "bsc", 0.0)])
@pytest.mark.parametrize("name", SCORED)
def test_an_estimator_is_unbiased(name, through, channel, noise):
    """All weights of encoder and decoder, and the value; 5 standard errors for some 100 numbers."""
    model = model_of(channel, noise, bits=3 if channel == "bsc" else 2)
    image = torch.tensor([[1.0, 0, 1, 1, 0, 0]])
    wanted = -exact(model, image, name, 2)
    wanted_gradient = gradient(model, wanted)
    found, values = estimates(model, image, Objective(name, samples=2, through=through))
    assert deviations(found, wanted_gradient).max() < 5
    assert deviations(values, wanted.item()) < 5
    # The interval is narrow enough to tell: it would not hold a gradient of half the size.
    assert deviations(found, wanted_gradient / 2).max() > 20


def test_eight_bits_and_five_samples():
    """The gradient of equation (3) over all 256 words, by both ways through the decoder."""
    model = model_of(noise=0.1, bits=8)
    image = torch.tensor([[0.0, 1, 1, 0, 1, 1]])
    wanted = gradient(model, -exact(model, image, "mean", 5))
    for through in ("all", "one"):
        found, _ = estimates(model, image, Objective("mean", 5, through), calls=100)
        assert deviations(found, wanted).max() < 5


def test_eq_6_favours_the_best_sample_and_the_published_code_the_worst():
    gain = torch.tensor([[-1.0], [-5.0], [-3.0]])
    best = {name: sample_terms(name, gain)[1].argmax().item() for name in ("vimco", "released")}
    assert best == {"vimco": 0, "released": 1}
    values = {name: sample_terms(name, gain)[0].item() for name in ("vimco", "mean", "released")}
    assert values["released"] < values["mean"] < values["vimco"]


def test_samples_that_are_alike_get_no_credit():
    """Equal samples carry no news, whatever their level."""
    for name in ("vimco", "mean", "released"):
        value, weights, credit = sample_terms(name, torch.full((4, 2), -700.0))
        torch.testing.assert_close(value, torch.full((2,), -700.0))
        torch.testing.assert_close(weights, torch.full((4, 2), 0.25))
        torch.testing.assert_close(credit, torch.zeros(4, 2), atol=1e-3, rtol=0)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_at_noise_one_half_the_encoder_learns_nothing(name):
    model = model_of(noise=0.5)
    for through in ("all", "one") if name in SCORED else ("all",):
        gradient(model, Objective(name, samples=2, through=through)(model, torch.ones(3, PIXELS)))
        assert all((parameter.grad == 0).all() for parameter in model.encoder.parameters())
        assert any((parameter.grad != 0).any() for parameter in model.decoder.parameters())


class Linear(Necst):
    """A model whose log-likelihood is linear in the received bits."""

    def log_likelihood(self, images, received):
        return (received * torch.tensor([1.0, -2.0, 0.5])).sum(dim=2) + 0 * self.decoder(received).sum(dim=2)


def test_straight_through_is_right_for_what_is_linear_and_biased_otherwise():
    image = torch.tensor([[1.0, 0, 1, 1, 0, 0]])
    for kind, unbiased in ((Linear, True), (Necst, False)):
        model = model_of(noise=0.1)
        model.__class__ = kind
        wanted = gradient(model, -exact(model, image, "mean", 2))
        found, _ = estimates(model, image, Objective("straight_through", 2), calls=60)
        assert (deviations(found, wanted).max() < 5) == unbiased


def test_gumbel_softmax_loses_its_bias_as_the_temperature_falls():
    model = model_of(noise=0.1)
    image = torch.tensor([[1.0, 0, 1, 1, 0, 0]])
    wanted = gradient(model, -exact(model, image, "mean", 2))
    off = []
    for temperature in (2.0, 0.2):
        found, _ = estimates(model, image, Objective("gumbel", 2, temperature=temperature), calls=60)
        off.append((found.mean(dim=0) - wanted).norm() / wanted.norm())
    assert off[1] < off[0] / 2 and off[0] > 0.2


@pytest.mark.parametrize("through", ["all", "one"])
@pytest.mark.parametrize("noise", [0.0, 0.2])
def test_the_divergence_from_uniform_is_that_of_all_words(noise, through):
    model = model_of(noise=noise)
    images = torch.tensor([[1.0, 0, 1, 1, 0, 0], [0, 0, 0, 1, 1, 1]])
    with torch.no_grad():
        chance = probabilities(model, images, words(model))
        wanted = (chance * (chance * 2**BITS).log()).sum(dim=0)
        torch.testing.assert_close(divergence_from_uniform(model, model.encoder(images)), wanted, atol=1e-5, rtol=1e-4)
    plain = gradient(model, divergence_from_uniform(model, model.encoder(images)).mean() + 0 * decoded(model))
    values, gradients = [], []
    for prior in (0.0, 0.7):
        torch.manual_seed(0)
        values.append(Objective(samples=2, through=through, prior=prior)(model, images))
        gradients.append(gradient(model, values[-1]))
    torch.testing.assert_close(values[1] - values[0], 0.7 * wanted.mean(), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(gradients[1] - gradients[0], 0.7 * plain, atol=1e-6, rtol=1e-4)
    logits = torch.tensor([[-4.0, 0.3, 1.5]], requires_grad=True)
    divergence_from_uniform(model, logits).sum().backward()
    torch.testing.assert_close(divergence_slope(model, logits.detach()), logits.grad, atol=1e-6, rtol=1e-4)


@pytest.mark.parametrize("through", ["all", "one"])
def test_the_penalty_is_half_the_squares_of_the_encoder_s_weights(through):
    model = model_of()
    images = torch.ones(2, PIXELS)
    torch.manual_seed(0)
    plain = gradient(model, Objective(samples=2, through=through)(model, images))
    torch.manual_seed(0)
    value = Objective(samples=2, through=through, l2=0.3)(model, images)
    wanted = [0.3 * p.detach() * (p.ndim > 1 and name.startswith("encoder")) for name, p in model.named_parameters()]
    wanted = torch.cat([part.flatten() for part in wanted]).double()
    torch.testing.assert_close(gradient(model, value) - plain, wanted, atol=1e-6, rtol=1e-4)


def test_half_precision_gives_nearly_the_same_gradient():
    torch.manual_seed(3)
    model = Necst(*perceptrons(100, 40, 64), 40, noise=0.05)
    images = torch.randint(0, 2, (2000, 100))
    gradients = []
    for precision in ("float32", "bfloat16"):
        torch.manual_seed(4)
        gradients.append(gradient(model, Objective(through="one", precision=precision)(model, images)))
    assert torch.nn.functional.cosine_similarity(*gradients, dim=0) > 0.97


@pytest.mark.parametrize("objective", [Objective("vimco", 3, "one"), Objective("disarm", 2), Objective("gumbel", 1)])
def test_the_same_seed_trains_the_same_and_goes_on_from_a_checkpoint(objective, tmp_path):
    images = np.random.default_rng(0).integers(0, 2, (60, PIXELS), dtype=np.uint8)

    def build():
        return Necst(*perceptrons(PIXELS, BITS, 5), BITS, noise=0.1)

    settings = Training(epochs=4, batch_size=20)
    runs = [train(build, (images,), objective, settings, seed=seed, device="cpu") for seed in (1, 1, 2)]
    assert runs[0].losses == runs[1].losses != runs[2].losses

    def stop(model):
        stopped.append(1)
        if len(stopped) == 2:
            raise KeyboardInterrupt
        return {}

    stopped = []
    path = tmp_path / "checkpoint"
    with pytest.raises(KeyboardInterrupt):
        train(build, (images,), objective, settings, seed=1, device="cpu", evaluate=stop, checkpoint=path)
    again = train(build, (images,), objective, settings, seed=1, device="cpu", checkpoint=path)
    assert again.resumed == 1 and again.losses == runs[0].losses


def test_what_is_refused():
    for arguments, message in (
        ({"name": "reinforce"}, "name='reinforce' given"),
        ({"samples": 1}, "samples=1 given, an integer of 2"),
        ({"samples": 2.5}, "samples=2.5 given"),
        ({"name": "disarm", "samples": 0}, "samples=0 given, an integer of 1"),
        ({"through": "two"}, "through='two' given"),
        ({"name": "gumbel", "through": "one"}, "through='one' given with gumbel"),
        ({"l2": -1}, "l2=-1 given"),
        ({"prior": math.nan}, "prior=nan given"),
        ({"temperature": 0}, "temperature=0 given"),
        ({"precision": "float16"}, "precision='float16' given"),
    ):
        with pytest.raises(ValueError, match=message):
            Objective(**arguments)
    gaussian = Necst(*perceptrons(PIXELS, BITS, 5), BITS, likelihood="gaussian")
    with pytest.raises(ValueError, match="likelihood='gaussian' given with through='one'"):
        Objective(through="one")(gaussian, torch.ones(2, PIXELS))
    other = Necst(*perceptrons(PIXELS, BITS, 5), BITS)
    other.decoder.append(torch.nn.Tanh())
    with pytest.raises(ValueError, match="linear layers with rectifiers between them are expected"):
        Objective(through="one")(other, torch.ones(2, PIXELS))


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_the_kernel_s_log_likelihoods_are_those_of_the_pixels(precision):
    """Within 1e-5 of a nat a pixel, surest pixels included."""
    torch.manual_seed(5)
    logits = (torch.randn(3, 4, 77) * 30).to(precision)
    images = torch.randint(0, 2, (4, 77), dtype=torch.uint8)
    wanted = torch.distributions.Bernoulli(logits=logits.double()).log_prob(images.double()).sum(dim=2)
    found = log_likelihoods(logits, images)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found.double(), wanted, atol=77e-5, rtol=1e-6)


def test_the_kernel_without_the_compiler():
    program = (
        "import numpy as np\n"
        "from jscc.necst._kernels import log_likelihoods\n"
        "logits = np.linspace(-70, 70, 24, dtype=np.float32).reshape(2, 2, 6)\n"
        "images = np.arange(12, dtype=np.uint8).reshape(2, 6) % 2\n"
        "out = np.zeros((2, 2), np.float32)\n"
        "log_likelihoods(logits.view(np.int32), np.int32(0), images, np.zeros((2, 6), np.float32), out)\n"
        "print(out.round(2).tolist())\n"
    )
    plain, compiled = printed_without_and_with_jit(program)
    assert plain == compiled

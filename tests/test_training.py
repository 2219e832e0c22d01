"""The trainer: the same twice, the same after a kill, nothing left behind, and what it refuses."""

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch

from jscc import artefacts, training
from jscc.training import Training, train, trained_once

PROBLEM = """
import os, signal, sys
import numpy as np, torch
from jscc.training import Training, train

def build():
    hidden = torch.nn.BatchNorm1d(8), torch.nn.Dropout(0.3)
    return torch.nn.Sequential(torch.nn.Linear(3, 8), *hidden, torch.nn.Linear(8, 1))

def loss(model, x, y):  # with draws of its own
    return ((model(x + 0.1 * torch.randn(x.shape)) - y) ** 2).mean()

x = np.random.default_rng(0).normal(size=(50, 3)).astype(np.float32)
examples = (x, x.sum(axis=1, keepdims=True))
settings = Training(6, 16, 0.01, optimiser="adamw", weight_decay=0.1, schedule="cosine", warmup=5, largest_gradient=1.0)
"""
scope = {}
exec(PROBLEM, scope)
build, loss, examples, settings = (scope[name] for name in ("build", "loss", "examples", "settings"))


def weights_of(trained):
    return {name: value.numpy() for name, value in trained.model.state_dict().items()}


def assert_same(one, other):
    assert one.losses == other.losses and one.evaluations == other.evaluations
    for name, value in weights_of(one).items():
        np.testing.assert_array_equal(value, weights_of(other)[name], err_msg=name)


def test_the_same_seed_trains_the_same_and_leaves_torch_as_it_was():
    torch.manual_seed(11)
    before = torch.get_rng_state(), torch.get_num_threads()
    runs = [train(build, examples, loss, settings, seed=seed, device="cpu") for seed in (3, 3, 4)]
    assert_same(runs[0], runs[1])
    assert runs[0].losses != runs[2].losses
    assert not runs[0].model.training
    assert torch.equal(torch.get_rng_state(), before[0]) and torch.get_num_threads() == before[1]
    assert not torch.are_deterministic_algorithms_enabled()
    with pytest.raises(ZeroDivisionError):
        train(build, examples, lambda model, x, y: 1 / 0, settings, device="cpu")
    assert torch.equal(torch.get_rng_state(), before[0]) and not torch.are_deterministic_algorithms_enabled()
    assert torch.utils.deterministic.fill_uninitialized_memory and float(torch.tensor(1e-40) * 1) != 0


def test_a_training_that_was_killed_ends_with_the_same_bits(tmp_path):
    program = PROBLEM + (
        "def evaluate(model):\n"
        "    seen.append(1)\n"
        "    if len(seen) == 4: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return {'bias': model[-1].bias.item()}\n"
        "seen = []\n"
        "train(build, examples, loss, settings, seed=5, device='cpu', evaluate=evaluate, checkpoint=sys.argv[1])\n"
    )
    path = tmp_path / "checkpoint"
    killed = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr

    def evaluate(model):
        return {"bias": model[-1].bias.item()}

    arguments = {"seed": 5, "device": "cpu", "evaluate": evaluate}
    resumed = train(build, examples, loss, settings, **arguments, checkpoint=path)
    whole = train(build, examples, loss, settings, **arguments)
    assert (resumed.resumed, whole.resumed, len(whole.losses)) == (3, 0, 6)
    assert_same(resumed, whole)
    done = train(build, examples, loss, settings, **arguments, checkpoint=path)
    assert done.resumed == 6
    assert_same(done, whole)
    assert os.listdir(tmp_path) == ["checkpoint"]


KINDS = [(name, False) for name in training.OPTIMISERS] + [("adam", True), ("adamw", True)]


@pytest.mark.parametrize("optimiser, fused", KINDS)
@pytest.mark.parametrize("own_order", [False, True])
def test_it_resumes_from_every_epoch(tmp_path, optimiser, fused, own_order):
    some = Training(3, 16, 0.01, optimiser=optimiser, momentum=0.9, fused=fused)
    order = (lambda: torch.randperm(50)) if own_order else None
    whole = train(build, examples, loss, some, device="cpu", order=order)
    for stop in (1, 2):
        path = tmp_path / f"{stop}"
        count = []

        def failing(model, x, y, count=count, stop=stop):
            count.append(1)
            if len(count) == 4 * stop + 2:  # in the middle of an epoch of four batches
                raise KeyboardInterrupt
            return loss(model, x, y)

        with pytest.raises(KeyboardInterrupt):
            train(build, examples, failing, some, device="cpu", order=order, checkpoint=path)
        again = train(build, examples, loss, some, device="cpu", order=order, checkpoint=path)
        assert again.resumed == stop
        assert_same(again, whole)


def test_damaged_checkpoints_and_those_of_another_training_are_refused(tmp_path):
    path = tmp_path / "checkpoint"
    short = Training(1, 16, 0.01)
    train(build, examples, loss, short, device="cpu", checkpoint=path)

    def go(settings=short, seed=0, build=build, examples=examples):
        return train(build, examples, loss, settings, seed=seed, device="cpu", checkpoint=path)

    for other in (
        {"settings": Training(2, 16, 0.01)},
        {"seed": 1},
        {"build": lambda: torch.nn.Linear(3, 1)},
        {"examples": tuple(column[:40] for column in examples)},
    ):
        with pytest.raises(ValueError, match="checkpoint given, a checkpoint of this training"):
            go(**other)
    whole = path.read_bytes()
    arrays, header = artefacts.read(path)
    for content in (b"", whole[:100], whole[:-3]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="checkpoint given"):
            go()
    for cut in ("draws", "model.0.weight", "optimiser.0.step"):
        artefacts.write(path, {key: value for key, value in arrays.items() if key != cut}, header)
        with pytest.raises(ValueError, match="checkpoint given"):
            go()
    artefacts.write(path, arrays, {key: value for key, value in header.items() if key != "losses"})
    with pytest.raises(ValueError, match="checkpoint given"):
        go()


def test_an_evaluation_may_draw_and_changes_nothing():
    drawn = []

    def evaluate(model):
        assert not model.training
        drawn.append(float(torch.rand(())))
        return {"x": drawn[-1]}

    with_it = train(build, examples, loss, settings, device="cpu", evaluate=evaluate)
    without = train(build, examples, loss, settings, device="cpu")
    assert with_it.losses == without.losses
    assert [row["x"] for row in with_it.evaluations] == drawn and len(drawn) == 6


@pytest.mark.parametrize("optimiser", ["adam", "adamw"])
def test_a_fused_step_is_the_same_up_to_rounding(optimiser):
    def small():  # no bias before a normalisation, whose gradient would be rounding alone
        return torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))

    pair = [Training(2, 16, 0.01, optimiser, weight_decay=0.1, fused=fused) for fused in (False, True)]
    plain, fused = (weights_of(train(small, examples, loss, some, device="cpu")) for some in pair)
    for name, value in plain.items():
        np.testing.assert_allclose(fused[name], value, rtol=1e-3, atol=1e-5, err_msg=name)
    with pytest.raises(ValueError, match="fused=True given with 'sgd'"):
        Training(optimiser="sgd", fused=True)


def test_plain_gradient_descent_follows_its_formula():
    """One weight w, loss (w x - y)^2 in batches of one, in the order that a generator of the same seed draws."""
    x, y = np.array([1.0, 2.0, 3.0]), np.array([1.0, 5.0, 2.0])

    def one_weight():
        model = torch.nn.Linear(1, 1, bias=False).double()
        torch.nn.init.zeros_(model.weight)
        return model

    def square(model, x, y):
        return ((model(x[:, None])[:, 0] - y) ** 2).mean()

    some = Training(2, 1, 0.01, optimiser="sgd", schedule="cosine", warmup=2, largest_gradient=3.0)
    trained = train(one_weight, (x, y), square, some, seed=7, device="cpu")
    rng, w, losses = np.random.default_rng(7), 0.0, []
    for epoch in range(2):
        losses.append(0.0)
        for place, i in enumerate(rng.permutation(3)):
            step = 3 * epoch + place
            rate = 0.01 * ((step + 1) / 2 if step < 2 else (1 + np.cos(np.pi * (step - 2) / 4)) / 2)
            losses[-1] += (w * x[i] - y[i]) ** 2 / 3
            w -= rate * np.clip(2 * x[i] * (w * x[i] - y[i]), -3, 3)
    assert trained.model.weight.item() == pytest.approx(w, rel=1e-6)
    assert trained.losses == pytest.approx(losses, rel=1e-6)


def test_a_last_batch_that_is_too_small_is_left_out():
    sizes = []

    def noting(model, x, y):
        sizes.append(len(x))
        return loss(model, x, y)

    for smallest, expected in ((1, [16, 16, 16, 2]), (2, [16, 16, 16, 2]), (3, [16, 16, 16])):
        sizes.clear()
        train(build, examples, noting, Training(1, 16, smallest_batch=smallest), device="cpu")
        assert sizes == expected


def test_outputs_are_those_of_evaluation_whatever_the_batch():
    model = build().train()
    given = examples[0]
    wanted = model.eval()(torch.from_numpy(given)).detach().numpy()
    model.train()
    np.testing.assert_allclose(training.outputs(model, given, 7), wanted, rtol=1e-5)
    assert model.training
    with pytest.raises(ValueError, match="rows of shape"):
        training.outputs(model, given[:0])


def test_weights_survive_saving_buffers_too(tmp_path):
    trained = train(build, examples, loss, settings, device="cpu")
    training.save_weights(trained.model, tmp_path / "w", {"kind": "toy"})
    other = build()
    assert training.load_weights(other, tmp_path / "w") == {"kind": "toy"}
    np.testing.assert_array_equal(training.outputs(other, examples[0]), training.outputs(trained.model, examples[0]))
    with pytest.raises(ValueError, match="w given, weights of the network's shapes"):
        training.load_weights(torch.nn.Linear(3, 8), tmp_path / "w")
    with pytest.raises(FileNotFoundError):
        training.load_weights(other, tmp_path / "none")


def test_wrong_settings_and_examples_are_refused():
    for wrong in (
        {"epochs": 0}, {"batch_size": 0}, {"learning_rate": -1.0}, {"optimiser": "lion"}, {"schedule": "linear"},
        {"weight_decay": -1.0}, {"warmup": -1}, {"largest_gradient": 0}, {"smallest_batch": 65},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=next(iter(wrong))):
            Training(**wrong)
    x, y = examples
    for given in ((), (x, y[:-1]), (x[:0], y[:0])):
        with pytest.raises(ValueError, match="lengths"):
            train(build, given, loss, settings, device="cpu")
    for bad in (lambda model, x, y: model(x), lambda model, x, y: 1.0, lambda model, x, y: loss(model, x, y) * np.nan):
        with pytest.raises(ValueError, match="given"):
            train(build, examples, bad, settings, device="cpu")


def test_a_training_is_done_once_for_a_file(tmp_path):
    calls = []

    def fit(checkpoint):
        calls.append(checkpoint)
        return train(build, examples, loss, settings, checkpoint=checkpoint, device="cpu")

    path = tmp_path / "folder" / "a.safetensors"
    state = torch.random.get_rng_state()
    first, second = (trained_once(path, build, fit) for _ in range(2))
    assert len(calls) == 1 and not calls[0].exists()
    assert second.losses == first.losses and second.resumed == settings.epochs and not second.model.training
    assert_same(first, second)
    assert torch.equal(torch.random.get_rng_state(), state)
    with pytest.raises(ValueError, match="a.safetensors"):
        trained_once(path, lambda: torch.nn.Linear(3, 3), fit)


def test_the_bar_goes_to_stderr_and_only_on_demand(capsys):
    one = Training(1)
    train(build, examples, loss, one, device="cpu")
    assert capsys.readouterr() == ("", "")
    trained = train(build, examples, loss, one, device="cpu", progress=True)
    out, err = capsys.readouterr()
    assert out == "" and "epoch" in err
    assert repr(trained).startswith("Trained(Sequential of 57 weights, 1 epochs")


def test_the_module_is_read_without_torch():
    program = "import sys, jscc.training, jscc.artefacts; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_settings_are_plain():
    assert json.loads(json.dumps(settings.__dict__)) == settings.__dict__

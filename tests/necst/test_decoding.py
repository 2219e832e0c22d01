"""The plain decoder against torch's."""

import numpy as np
import pytest
import torch

from jscc.necst import Decoder, Necst, network, perceptrons
from support import printed_without_and_with_jit


@pytest.mark.parametrize("dataset", ["random_bits", "omniglot"])
@pytest.mark.parametrize("words", [0, 1, 3, 7, 8, 50])
def test_it_says_what_the_network_says(dataset, words):
    """Few words and many, erased bits included."""
    torch.manual_seed(0)
    model = network(dataset, channel="bec", noise=0.1)
    received = np.random.default_rng(words).integers(0, 3, (words, model.bits), dtype=np.uint8)
    found = Decoder(model).reconstruct(received)
    assert found.dtype == np.float32 and found.shape == (words, model.decoder[-1].out_features)
    if words:
        np.testing.assert_allclose(found, model.reconstruct(received), atol=1e-5)


def test_networks_without_biases_and_of_other_depths():
    torch.manual_seed(1)
    for decoder in (perceptrons(30, 9, 17, bias=False)[1], torch.nn.Sequential(torch.nn.Linear(9, 30))):
        model = Necst(None, decoder, 9)
        received = np.random.default_rng(0).integers(0, 2, (2, 9), dtype=np.uint8)
        np.testing.assert_allclose(Decoder(model).reconstruct(received), model.reconstruct(received), atol=1e-5)


def test_what_is_refused():
    with pytest.raises(ValueError, match="linear layers with rectifiers between them are expected"):
        Decoder(network("cifar10"))
    decoder = Decoder(network("random_bits"))
    for wrong in (np.zeros(50, int), np.zeros((1, 49), int), np.full((1, 50), 3), np.full((1, 50), -1)):
        with pytest.raises(ValueError, match="received"):
            decoder.logits(wrong)


def test_the_kernel_without_the_compiler():
    program = (
        "import numpy as np, torch\n"
        "from jscc.necst import Decoder, Necst, perceptrons\n"
        "torch.manual_seed(0)\n"
        "decoder = Decoder(Necst(*perceptrons(9, 7, 11), 7))\n"
        "print(decoder.logits(np.array([[0, 1, 1, 0, 2, 1, 0]])).round(4).tolist())\n"
    )
    plain, compiled = printed_without_and_with_jit(program)
    assert plain == compiled

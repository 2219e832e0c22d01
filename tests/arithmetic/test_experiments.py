"""The experiments of paper 3: rates, budgets, codes and systems are what their tables say."""

import numpy as np
import pytest

from jscc import runner
from jscc.arithmetic import with_parity
from jscc.experiments import arithmetic
from jscc.experiments.arithmetic.common import BINARY, QUATERNARY, link, setting_of
from jscc.experiments.arithmetic.redundancy import PLACES, scheme
from jscc.experiments.arithmetic.separate import N_CHECKS, N_INFORMATION, repeat_accumulate, separate_errors
from jscc.experiments.arithmetic.turbo import turbo_errors


def test_the_sources_have_the_paper_s_entropies_and_draw_what_they_say():
    assert QUATERNARY.entropy == pytest.approx(0.9 * 1.93, abs=0.006)
    assert BINARY.entropy == pytest.approx(0.72, abs=0.002)
    for source in (QUATERNARY, BINARY):
        packets = source.packets(2000, np.random.default_rng(0))
        assert packets.shape == (2000, source.length)
        share = np.bincount(packets.ravel()) / packets.size
        np.testing.assert_allclose(share, source.probabilities, atol=5 / np.sqrt(packets.size))


@pytest.mark.parametrize("setting", ["paper", "robust"])
@pytest.mark.parametrize("source", [QUATERNARY, BINARY], ids=["quaternary", "binary"])
def test_the_rate_is_entropy_over_the_bits_that_other_packets_take(source, setting):
    a_link = link(source, **setting_of(setting, source))
    _, lengths = a_link.code.encode(source.packets(4000, np.random.default_rng(99)))
    deviation = lengths.std() / np.sqrt(4000) / lengths.mean()
    assert a_link.rate == pytest.approx(source.entropy * source.length / lengths.mean(), rel=5 * deviation)
    assert 0.9 < a_link.rate < 1


def test_all_places_of_redundancy_cost_the_same():
    """Within one and a half bits: counts are whole, and the least EoB already costs something of either kind."""
    packets = BINARY.packets(3000, np.random.default_rng(1))
    plain = scheme("none", 0, 0)[0].code.encode(packets)[1].mean()
    for bits, places in PLACES.items():
        for place, parity in places:
            a_link, check = scheme(place, bits, parity)
            words, lengths = a_link.code.encode(packets[:500] if check else packets)
            sent = with_parity(check, words, lengths)[1].mean() if check else lengths.mean()
            base = scheme("none", 0, 0)[0].code.encode(packets[:500])[1].mean() if check else plain
            assert sent - base == pytest.approx(bits, abs=1.5), (place, parity)


def test_the_repeat_accumulate_code_satisfies_its_own_checks():
    code = repeat_accumulate()
    information = np.random.default_rng(2).integers(0, 2, (3, N_INFORMATION), dtype=np.uint8)
    word = np.concatenate([information, code.encode(information)], axis=1)
    assert word.shape[1] == N_INFORMATION + N_CHECKS
    assert not ((code.decoder.parity_check @ word.T.astype(np.int64)) & 1).any()


@pytest.mark.parametrize(("channel_code", "scrambled"), [("ldpc", False), ("memory_3", False), ("memory_6", True)])
def test_without_noise_separate_decoding_has_no_errors(channel_code, scrambled):
    assert separate_errors(channel_code, scrambled, 30.0, 40, 0)["errors"] == 0


def test_bits_in_order_are_another_channel_than_scrambled_ones():
    """Bursts of a Viterbi decoder stay together: fewer packets hold them, in as many bits that err."""
    errors = [separate_errors("memory_6", scrambled, 3.75, 4_000, 0)["errors"] for scrambled in (True, False)]
    assert errors[1] < errors[0]


@pytest.mark.parametrize("decoder", ["tandem", "chase", "guessing"])
def test_without_noise_the_receivers_have_no_errors(decoder):
    found = turbo_errors("paper", decoder, {"tandem": 0, "chase": 2, "guessing": 16}[decoder], 30.0, 40, 0)
    assert found["errors"] == found["undetected"] == 0
    assert found["iterations"] == (40 if decoder == "tandem" else 80)  # the rule asks for two alike


def test_every_experiment_has_points_at_every_scale():
    for experiment in arithmetic.EXPERIMENTS:
        assert [len(experiment.points(scale)) for scale in ("smoke", "quick", "paper")] > [0, 0, 0]
        assert len(experiment.points("smoke")) <= len(experiment.points("paper"))


@pytest.mark.parametrize("experiment", arithmetic.EXPERIMENTS, ids=lambda experiment: experiment.name)
def test_a_point_of_every_experiment_makes_a_row_of_its_table(experiment):
    """The runner checks what comes back: names that clash, counts that do not add up."""
    point = experiment.points("smoke")[-1]
    rows = runner.compute_point(experiment, "smoke", **point)
    assert len(rows) and set(point) <= set(rows.columns)

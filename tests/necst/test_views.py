"""Views of the table of reconstruction."""

import pandas as pd
import pytest

from jscc.experiments.necst import SYSTEMS, by_system, mismatch

NOISES = (0.0, 0.1, 0.2)


@pytest.fixture
def table():
    """Of systems that are trained, each tried at every noise, of one that is not, and of two schedules."""
    rows = [
        {"dataset": "digits", "system": system, "noise": noise, "eps": eps, "epochs": epochs, "seed": seed}
        for system, trained in (("necst", NOISES), ("vae_ldpc", (0.0,)))
        for noise in trained
        for eps in NOISES
        for epochs in (5, 20)
        for seed in (0, 1)
    ]
    rows += [
        {"dataset": "digits", "system": "constant", "noise": eps, "eps": eps, "epochs": 0, "seed": 0} for eps in NOISES
    ]
    frame = pd.DataFrame(rows)
    return frame.assign(wrong_pixels=frame.eps + frame.seed)


def test_each_system_stands_at_the_noise_that_it_was_made_for(table):
    found = by_system(table, {"digits": 20})
    assert set(found.epochs) == {0, 20} and set(found.system) <= set(SYSTEMS)
    own = found[found.system.isin(["necst", "constant"])]
    assert (own.noise == own.eps).all()
    for system, noises in (("vae_ldpc", NOISES), ("necst", NOISES), ("necst_noiseless", NOISES[1:])):
        rows = found[found.system == system]
        assert sorted(rows.eps) == sorted([*noises] * 2), system
    assert (found[found.system == "necst_noiseless"].noise == 0).all()


def test_straight_through_models_are_a_system_at_their_own_noise(table):
    other = table[table.system == "necst"].drop(columns="system").assign(bits=20)
    other = pd.concat([other, other.assign(bits=10)])  # shorter codes, which are another matter
    found = by_system(table, {"digits": 20}, other)
    added = found[found.system == "necst_straight"]
    assert (added.noise == added.eps).all() and set(added.epochs) == {20} and sorted(added.eps) == sorted([*NOISES] * 2)
    assert len(found) == len(by_system(table, {"digits": 20})) + len(added)


def test_mismatch_is_a_mean_over_the_seeds_of_one_schedule(table):
    found = mismatch(table, "digits", 20)
    assert found.shape == (3, 3) and found.loc[0.1, 0.2] == pytest.approx(0.7)
    with pytest.raises(ValueError, match="dataset='mnist'"):
        mismatch(table, "mnist", 20)

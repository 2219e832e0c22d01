"""Classifiers on codes: where quadratic discriminants go wrong, and the experiment's rows."""

import numpy as np
import pytest
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis

from jscc.experiments.necst import EXPERIMENTS, downstream
from jscc.necst import CLASSIFIERS, UnguardedQDA, classifier, constant_bits, predicted

BY_NAME = {experiment.name: experiment for experiment in EXPERIMENTS}


@pytest.fixture(scope="module")
def codes():
    """Three classes of bits with probabilities of their own; the last bit is fair in all."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 900)
    chance = rng.uniform(0.1, 0.9, (3, 12))
    chance[:, -1] = 0.5
    return (rng.random((900, 12)) < chance[labels]).astype(np.uint8), labels


def test_all_learn_something_where_no_bit_is_constant(codes):
    bits, labels = codes
    for name in CLASSIFIERS:
        (found,) = predicted(name, bits[:600], labels[:600], bits[600:])
        assert (found == labels[600:]).mean() > 0.45, name
    with pytest.raises(ValueError, match="name='GP' given"):
        classifier("GP")


def test_unguarded_is_scikit_learn_s_where_the_covariance_is_regular(codes):
    bits, labels = codes
    ours = UnguardedQDA().fit(bits[:600].astype(float), labels[:600]).predict(bits[600:])
    theirs = QuadraticDiscriminantAnalysis().fit(bits[:600], labels[:600]).predict(bits[600:])
    assert (ours == theirs).mean() > 0.99


def test_a_constant_bit_stops_one_spoils_another_and_leaves_the_third(codes):
    bits, labels = codes
    bits = bits.copy()
    bits[labels == 1, 0] = 1
    bits[labels == 2, :2] = 0
    assert constant_bits(bits, labels) == 3
    assert predicted("QDA", bits[:600], labels[:600], bits[600:]) is None
    right = {
        name: (predicted(name, bits[:600], labels[:600], bits[600:])[0] == labels[600:]).mean()
        for name in ("QDA_unguarded", "QDA_regularised")
    }
    assert right["QDA_regularised"] > right["QDA_unguarded"] + 0.1


def test_the_experiment_s_rows_and_that_noise_hurts():
    (point, plain) = BY_NAME["necst_downstream"].points("smoke")
    rows = downstream.classify(**point)
    assert [row["classifier"] for row in rows[::3]] == list(CLASSIFIERS)
    assert {row["tested"] for row in rows} == {"clean", "noisy", "unseen"}
    for row in rows:
        assert row["n"] == 360 and (row["accuracy"] is None or row["ci_low"] <= row["accuracy"] <= row["ci_high"])
    found = {(row["classifier"], row["tested"]): row["accuracy"] for row in downstream.classify(**plain)}
    for name in ("KNN", "SVM"):
        assert found[name, "clean"] > 0.85 and found[name, "clean"] > found[name, "noisy"]
    with pytest.raises(ValueError, match="dataset='omniglot' given"):
        downstream.labelled("omniglot", 5, 0)

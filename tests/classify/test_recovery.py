"""Priors counted on training images, and planes recovered from their syndromes."""

import numpy as np
import pytest

from jscc import runner
from jscc.classify import (
    KINDS,
    ORDER,
    BitPrior,
    Recovery,
    gray_images,
    information_content,
    known_planes,
    paper_code,
    recover,
    recovery,
    symbols,
)
from jscc.experiments.syndromes import recovery as experiments
from jscc.ldpc.syndrome import syndromes

SETUPS = tuple(ORDER)


@pytest.fixture(scope="module", params=SETUPS)
def digits(request):
    images = gray_images("digits")
    parts = images.train[:700], images.test[:30]
    return request.param, *(symbols(part, transform=request.param == "jpeg") for part in parts)


@pytest.mark.parametrize("kind", KINDS)
def test_probabilities_lie_between_0_and_1_and_are_causal(digits, kind):
    setup, train, test = digits
    prior = BitPrior(train, setup, kind)
    noise = np.random.default_rng(1).integers(0, 256, test.shape, dtype=np.uint8)
    for plane in range(8):
        p = prior.probability_of_one(test, plane)
        assert p.shape == test.shape and (p > 0).all() and (p < 1).all()
        known = known_planes(setup, plane)
        np.testing.assert_array_equal(p, prior.probability_of_one(test & known | noise & ~known, plane))


def test_ones_expected_on_the_training_images_are_those_counted(digits):
    setup, train, _ = digits
    for kind in KINDS:
        prior = BitPrior(train, setup, kind)
        for plane in range(8):
            counted = np.count_nonzero(train & np.uint8(0x80 >> plane))
            expected = prior.probability_of_one(train, plane).sum()
            # Smoothing adds two occurrences to each count: it moves the sum of those it adds to by less than two.
            n_counts = 1 if kind == "iid" else 1024
            if plane in prior._tables:
                n_counts = np.count_nonzero(prior._tables[plane][1])
                assert prior._tables[plane][0].sum() == counted and prior._tables[plane][1].sum() == train.size
            assert abs(expected - counted) < 2 * n_counts
            if kind == "iid":
                assert expected == pytest.approx((counted + 1) / (train.size + 2) * train.size)


def test_more_context_describes_the_images_it_was_counted_on_in_fewer_bits(digits):
    setup, train, _ = digits
    priors = [BitPrior(train, setup, kind) for kind in KINDS]
    for plane in range(8):
        iid, position, context = (information_content(train, prior, plane).mean() for prior in priors)
        assert context <= position + 1 <= iid + 2


def test_contexts_are_within_their_table():
    noise = np.random.default_rng(2).integers(0, 256, (50, 1024), dtype=np.uint8)
    extremes = np.array([[0], [255]], np.uint8).repeat(1024, axis=1)
    checkers = np.where(np.indices((32, 32)).sum(axis=0) % 2, 255, 0).astype(np.uint8).reshape(1, -1)
    packed = np.concatenate([noise, extremes, checkers, 255 - checkers])
    for setup, contexts in (("pixels", recovery._pixel_contexts), ("jpeg", recovery._coefficient_contexts)):
        for plane in ORDER[setup][1:]:
            found = contexts(packed & known_planes(setup, plane), plane)
            assert found.shape == packed.shape
            assert found.min() >= 0 and found.max() < recovery._n_contexts(setup, plane)


def test_a_flat_neighbourhood_is_the_middle_level_and_a_ramp_is_too():
    flat = np.full((1, 1024), 0b1100_0000, np.uint8)
    ramp = (np.tile(np.arange(32), (32, 1)) * 4).astype(np.uint8).reshape(1, -1)
    inner = np.zeros((32, 32), bool)
    inner[1:-1, 1:-1] = True
    for packed, plane in ((flat, 2), (ramp, 6)):
        levels = recovery._pixel_contexts(packed, plane) % recovery._PREDICTION_LEVELS
        assert (levels[0, inner.ravel()] == recovery._PREDICTION_LEVELS // 2).all()


def test_sparse_planes_are_always_recovered_and_fair_coins_never():
    rng = np.random.default_rng(3)
    for setup in SETUPS:
        # Plane 7 is nearly empty, plane 6 a coin, the others are constant.
        draw = (rng.random((400, 1024)) < 0.01).astype(np.uint8) | rng.integers(0, 2, (400, 1024), np.uint8) << 1
        train, test = draw[:300], draw[300:]
        sent = syndromes(test, paper_code())
        for kind in KINDS[:2]:
            result = recover(sent, BitPrior(train, setup, kind))
            wrong = result.packed ^ test
            assert not (wrong & 0b1111_1101).any()
            assert (wrong & 2).any(axis=1).all()
            assert result.converged[:, [0, 1, 2, 3, 4, 5, 7]].all() and not result.converged[:, 6].any()
            assert (result.iterations[:, 6] == 100).all()


@pytest.mark.parametrize("kind", KINDS)
def test_converged_planes_have_the_syndrome_and_recovered_ones_converge(digits, kind):
    setup, train, test = digits
    sent = syndromes(test, paper_code())
    result = recover(sent, BitPrior(train, setup, kind), genie=test)
    parity = paper_code().to_dense().astype(int)
    for plane in range(8):
        decoded, true = ((packed >> (7 - plane) & 1).astype(int) for packed in (result.packed, test))
        same = (decoded @ parity.T % 2 == (sent >> (7 - plane) & 1)).all(axis=1)
        np.testing.assert_array_equal(same, result.converged[:, plane])
        exact = (decoded == true).all(axis=1)
        assert result.converged[exact, plane].all()


def test_a_receiver_without_a_genie_gets_as_far_as_the_first_plane_that_fails(digits):
    setup, train, test = digits
    sent, prior = syndromes(test, paper_code()), BitPrior(train, setup, "context")
    with_genie, without = recover(sent, prior, genie=test).packed ^ test, recover(sent, prior).packed ^ test
    alive = {True: np.ones(len(test), bool), False: np.ones(len(test), bool)}
    for plane in ORDER[setup]:
        for genie, wrong in ((True, with_genie), (False, without)):
            alive[genie] &= (wrong & np.uint8(0x80 >> plane) == 0).all(axis=1)
        np.testing.assert_array_equal(alive[True], alive[False])
        assert (with_genie & np.uint8(0x80 >> plane) == 0).all(axis=1).sum() >= alive[False].sum()


def test_wrong_arguments_are_named():
    images = np.zeros((2, 1024), np.uint8)
    prior = BitPrior(images, "pixels", "iid")
    sent = syndromes(images, paper_code())
    with pytest.raises(ValueError, match="setup="):
        BitPrior(images, "wavelet", "iid")
    with pytest.raises(ValueError, match="kind="):
        BitPrior(images, "pixels", "oracle")
    with pytest.raises(ValueError, match="training image or more"):
        BitPrior(images[:0], "pixels", "iid")
    for wrong in (images.astype(int), images[:, :1000], images[0]):
        with pytest.raises(ValueError, match="1024"):
            BitPrior(wrong, "pixels", "iid")
        with pytest.raises(ValueError, match="1024"):
            prior.probability_of_one(wrong, 0)
    for plane in (-1, 8):
        with pytest.raises(ValueError, match="plane="):
            prior.probability_of_one(images, plane)
    with pytest.raises(ValueError, match="512"):
        recover(images, prior)
    with pytest.raises(ValueError, match="one each"):
        recover(sent, prior, genie=images[:1])
    with pytest.raises(ValueError, match="max_iterations"):
        recover(sent, prior, max_iterations=0)


def test_the_experiment_s_counts_agree():
    experiment, _ = experiments.EXPERIMENTS
    rows = runner.compute_point(experiment, "smoke", **experiment.points("smoke")[-1])
    assert sorted(rows.plane) == list(range(8))
    assert (rows.converged == rows.recovered + rows.undetected).all()
    assert (rows.all_so_far <= rows.recovered).all() and rows.all_so_far.is_monotonic_decreasing
    share = rows.recovered / rows.n_words
    assert (rows.ci_low <= share).all() and (share <= rows.ci_high).all()


@pytest.mark.parametrize("flip", [0x00, 0xFF])
@pytest.mark.parametrize("setup", ORDER)
def test_what_is_recovered_whole_is_classified_as_the_image_itself(setup, flip, monkeypatch):
    digits = gray_images("digits")
    images = symbols(np.concatenate([digits.train, digits.test]), transform=setup == "jpeg")
    known = dict(zip((sent.tobytes() for sent in syndromes(images, paper_code())), images, strict=True))

    def recover(sent, prior, code):
        found = np.array([known[each.tobytes()] for each in sent]) ^ np.uint8(flip)
        return Recovery(found, np.ones((len(sent), 8), bool), np.ones((len(sent), 8), int))

    monkeypatch.setattr(experiments, "recover", recover)
    experiments._received.cache_clear()
    rows = {row["sees"]: row for row in experiments.decode_then_classify("digits", setup, "GRU12", 0, 2)}
    experiments._received.cache_clear()
    assert list(rows) == list(experiments.SEEN["GRU12"])
    if flip:
        assert rows["true"]["whole"] == 0 and rows["true"]["on_recovered"] < rows["true"]["accuracy"]
    else:
        assert rows["true"]["whole"] == len(digits.test)
        assert rows["recovered"]["accuracy"] == rows["true"]["accuracy"] == rows["true"]["on_recovered"]


def test_a_training_image_is_recovered_by_the_others_prior(monkeypatch):
    counted, asked = [], []

    class Prior:
        def __init__(self, packed, setup, kind):
            counted.append({each.tobytes() for each in packed})

    def recover(sent, prior, code):
        asked.append(sent)
        return Recovery(np.zeros((len(sent), 1024), np.uint8), np.zeros((len(sent), 8), bool), None)

    monkeypatch.setattr(experiments, "BitPrior", Prior)
    monkeypatch.setattr(experiments, "recover", recover)
    experiments._received.cache_clear()
    _, (train, test), _, _ = experiments._received("digits", "pixels")
    experiments._received.cache_clear()
    sent = [each.tobytes() for each in syndromes(train, paper_code())]
    of = dict(zip(sent, (each.tobytes() for each in train), strict=True))
    assert len(set(sent)) == len(sent)
    for known, part in zip(counted[:-1], asked[:-1], strict=True):
        assert known.isdisjoint(of[each.tobytes()] for each in part)
    assert sum(map(len, asked)) == len(train) + len(test) and len(counted[-1]) == len(train)


def test_a_picture_is_that_of_its_planes():
    digits = gray_images("digits").test[:4]
    assert (experiments._picture(symbols(digits, transform=False), "pixels") == digits).all()
    pale = (digits // 8 + 112).astype(np.uint8)  # no coefficient beyond 127
    again = experiments._picture(symbols(pale, transform=True), "jpeg").astype(int)
    assert np.abs(again - pale).max() < 8

from __future__ import annotations

import numpy as np
import pytest

from jscc import datasets, results, runner
from jscc.experiments import jpeg2000
from jscc.experiments.arithmetic.separate import N_CHECKS
from jscc.experiments.jpeg2000 import validity
from jscc.experiments.jpeg2000.colour import coded_in_colours, colour_rows
from jscc.experiments.jpeg2000.common import (
    SHOWN,
    beta_at,
    chase_link,
    coded,
    counts_of,
    picture,
    psnr,
    quality_of,
    sent_images,
    squared_error,
    words_of,
)
from jscc.experiments.jpeg2000.protection import CHOSEN, DIVISIONS, best_division, protection_rows
from jscc.experiments.jpeg2000.psnr import psnr_rows
from jscc.experiments.jpeg2000.separate import SeparateLink
from jscc.jpeg2000 import decode_image
from jscc.jpeg2000.rebuilding import Rebuilder
from jscc.jpeg2000.receiver import SegmentDecoder, coded_blocks

HERE = [experiment for experiment in jpeg2000.EXPERIMENTS if experiment.name != "jpeg2000_conformance"]


def test_the_papers_schedule():
    assert [beta_at(ebn0_db) for ebn0_db in (3.5, 4.0, 4.5, 7.0)] == [2.5, 2.5, 4.0, 4.0]


@pytest.mark.parametrize(("bpp", "block"), [(0.4, 64), (0.4, 32), (1.0, 64)])
def test_a_coded_picture_has_its_rate_and_blocks(bpp, block):
    codestream = coded("camera", bpp, block)
    bits = 8 * len(codestream.data) / picture("camera").size
    assert bits == pytest.approx(bpp, rel=0.01) and bits < 1.003 * bpp
    assert max(each.outline.width for each in coded_blocks(codestream)) == block


def test_words_are_the_bytes_of_their_blocks():
    codestream = coded("camera", 0.4, 64)
    blocks = coded_blocks(codestream)
    words = words_of(codestream, blocks)
    for word, block in zip(words, blocks, strict=True):
        assert np.packbits(word).tobytes().rstrip(b"\0") == codestream.bytes_of(block.number).rstrip(b"\0")


def test_psnr_is_its_formula():
    image = np.random.default_rng(0).integers(0, 256, (40, 30), np.uint8)
    other = image ^ 1
    assert squared_error(other, image) == 1200
    assert psnr(1200, 1200) == pytest.approx(20 * np.log10(255))
    assert squared_error(255 - np.uint8(image > 9) * 255, np.uint8(image > 9) * 255) == 1200 * 255**2


def test_quality_and_counts_are_those_of_whole_decodings():
    link, original = chase_link(coded("camera", 0.4, 64), 4.5), picture("camera")
    received = link.transmit(4.5, 2, 0)
    numbers = [block.number for block in link.blocks]
    found = quality_of(received, Rebuilder(link.codestream, numbers), original)
    wrong, invalid, undetected = counts_of(link, received)
    for k, turn in enumerate(SHOWN):
        contents = [received.content[turn, trial].tobytes() for trial in range(2)]
        images = [decode_image(link.codestream.with_bytes(numbers, content)) for content in contents]
        assert found[k].plain.tolist() == [squared_error(image, original) for image in images]
        by_hand = [
            [
                content[link.starts[b] : link.starts[b + 1]] != link.codestream.bytes_of(number)
                for b, number in enumerate(numbers)
            ]
            for content in contents
        ]
        assert wrong[k] == np.sum(by_hand)
        assert undetected[k] == (np.array(by_hand) & received.valid[turn]).sum()
        assert invalid[k] == (~received.valid[turn]).sum()
    assert wrong[0] > 0


def test_without_noise_the_image_is_the_coders():
    rows = psnr_rows("camera", 0.4, 64, 20.0, "chase", 2, 0)
    assert [row["iteration"] for row in rows] == list(SHOWN)
    for row in rows:
        assert row["psnr_mean"] == row["error_free"] == row["psnr_p05"]
        assert row["blocks_wrong"] == row["blocks_undetected"] == 0 < row["blocks"]


def test_turns_help_and_batches_add_up(monkeypatch):
    rows = psnr_rows("camera", 0.4, 64, 4.5, "chase", 6, 0)
    assert rows[0]["psnr_mean"] < rows[1]["psnr_mean"] < rows[2]["psnr_mean"] <= rows[2]["error_free"]
    monkeypatch.setattr("jscc.experiments.jpeg2000.common.BATCH", 2)
    again = psnr_rows("camera", 0.4, 64, 4.5, "chase", 3, 0)
    assert [2 * row["blocks"] for row in again] == [row["blocks"] for row in rows]
    assert all(row["psnr_std"] > 0 for row in again[:2])


def test_the_separate_design_sends_a_bit_of_parity_for_each_of_information():
    link = SeparateLink(coded("camera", 0.4, 64))
    frames = -(-8 * len(link.content) // N_CHECKS)
    assert link.transmit(6.0, 1, 0).iterations.shape == (1, frames)
    row = sent_images(link, picture("camera"), 6.0, 2, 0)[0]
    assert row["blocks_wrong"] == row["blocks_invalid"] == 0 and row["psnr_mean"] == row["error_free"]


def test_what_the_separate_design_finds_wrong_is_wrong():
    link = SeparateLink(coded("camera", 0.4, 64))
    received = link.transmit(1.0, 2, 0)
    wrong = np.logical_or.reduceat(received.content[0] != link.content, link.starts[:-1], axis=1)
    assert (wrong & ~received.valid[0]).sum() > 10
    assert not (wrong & received.valid[0]).any()  # a wrong word of the code would be a rare thing


@pytest.fixture
def colours(monkeypatch):
    """A part of a picture in colours, in place of one of the Kodak set."""
    part = datasets.image("astronaut")[100:292, 150:342]
    monkeypatch.setattr("jscc.experiments.jpeg2000.colour.datasets.image", lambda name: part)
    coded_in_colours.cache_clear()
    yield part
    coded_in_colours.cache_clear()


def test_without_noise_colours_are_the_coders(colours):
    for row in colour_rows("part", 0.4, 64, 20.0, 2, 0):
        assert row["psnr_mean"] == row["error_free"] == row["luma_only"] == row["chroma_only"]
        assert row["luma_wrong"] == row["chroma_wrong"] == row["blocks_wrong"] == 0
    assert row["luma_blocks"] + row["chroma_blocks"] == row["blocks"] > row["chroma_blocks"] > 0
    assert row["luma_bytes"] + row["chroma_bytes"] == row["bytes"] < 0.4 * 192**2 / 8


def test_the_loss_in_colours_is_of_luma_and_of_chroma(colours):
    rows = colour_rows("part", 0.8, 32, 4.0, 6, 0)
    for row in rows:
        assert row["luma_wrong"] + row["chroma_wrong"] == row["blocks_wrong"]
        assert row["psnr_mean"] < min(row["luma_only"], row["chroma_only"]) <= row["error_free"]
    assert rows[0]["luma_wrong"] > 0 < rows[0]["chroma_wrong"]


def test_unequal_protection_costs_no_bits_and_without_noise_no_quality():
    rows = [protection_rows("camera", 0.4, 64, 0.1, moved, 20.0, 2, 0)[-1] for moved in (0, 100)]
    assert rows[0]["sent"] == rows[1]["sent"]
    for row in rows:
        assert row["psnr_mean"] == row["concealed_mean"] == row["error_free"] > 3 + row["first_layer"]
        assert row["first_bytes"] < 0.26 * row["bytes"]
    assert CHOSEN in DIVISIONS


def test_the_division_that_is_shown_is_the_one_that_was_best_elsewhere():
    if not results.table_path("jpeg2000_protection_choice").exists():
        pytest.skip("the table is not computed")
    assert best_division(results.load("jpeg2000_protection_choice")) == CHOSEN


@pytest.fixture
def one_picture(monkeypatch):
    monkeypatch.setattr(validity, "PICTURES", ("camera",))
    monkeypatch.setattr(validity, "WINDOW_PICTURES", ("astronaut",))
    validity.window_of.cache_clear()
    yield
    validity.window_of.cache_clear()


@pytest.mark.parametrize("stream", validity.RULES)
def test_each_wrong_bit_makes_a_word_harder_to_take_for_right(one_picture, stream):
    rows = [
        {row["rule"]: row for row in validity.validity_rows(stream, 0.4, 64, wrong, 20 if wrong else 1, 0)}
        for wrong in (0, 1, 3)
    ]
    for rule in validity.RULES[stream]:
        shares = [row[rule]["share"] for row in rows]
        assert shares[0] > 0.9 > 0.4 > shares[1] >= shares[2]
        assert all(row[rule]["accepted_late"] <= row[rule]["late"] <= row[rule]["trials"] for row in rows)
    assert rows[1]["window"]["accepted"] < rows[1]["bytes"]["accepted"]
    if stream == "predictable":
        assert rows[0]["predictable"]["share"] == 1 and rows[1]["predictable"]["share"] < rows[1]["bytes"]["share"] / 3


def test_the_rules_of_the_experiment_are_the_receivers(one_picture):
    pairs = validity.blocks_of(("camera",), "symbols", 0.4, 64)
    rng = np.random.default_rng(0)
    for rule in ("bytes", "symbols"):
        decoder = SegmentDecoder([block for block, _ in pairs], q=0, rule=rule)
        llr = np.zeros((len(pairs), 8 * max(block.n_bytes for block, _ in pairs)), np.float32)
        expected = []
        for row, (block, content) in zip(llr, pairs, strict=True):
            bits = np.unpackbits(content) ^ (rng.random(8 * block.n_bytes) < 1 / block.n_bytes / 4)
            row[: len(bits)] = 1 - 2.0 * bits
            word = np.packbits(bits).tobytes()
            expected.append(validity.is_valid(rule, block, word, validity.decoded(block, word), 0))
        assert decoder.decode(llr).converged.tolist() == expected and 0 < sum(expected) < len(expected)


@pytest.mark.parametrize("experiment", HERE, ids=lambda experiment: experiment.name)
def test_a_point_of_every_experiment_makes_rows_of_its_table(experiment):
    missing = [name for name in experiment.needs if not datasets.available(name)]
    if missing:
        pytest.skip(f"{missing} not here")
    point = experiment.points("smoke")[-1]
    rows = runner.compute_point(experiment, "smoke", **point)
    assert len(rows) and set(point) <= set(rows.columns)
    assert len(experiment.points("smoke")) < len(experiment.points("paper"))

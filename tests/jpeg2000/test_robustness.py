"""What watches over the decoder notices each way to fail, and its streams are the seed's alone."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import pytest

from jscc.experiments.jpeg2000 import robustness, streams
from jscc.experiments.jpeg2000.robustness import EXPERIMENTS, OUTCOMES, outcomes, stream
from jscc.jpeg2000 import CodestreamError, parse
from jscc.jpeg2000.mutation import KINDS
from support import ROOT

TESTS = str(ROOT / "tests")


@pytest.fixture(autouse=True)
def toys_can_be_imported(monkeypatch):
    monkeypatch.syspath_prepend(TESTS)


def test_every_way_to_fail_is_noticed_and_the_next_streams_are_decoded():
    found = list(outcomes("pillow", "any", 0, 9, decoder="toy_decoders:by_turns"))
    assert [row.index for row in found] == list(range(9))
    assert [row.outcome for row in found] == [
        *("image", "refused", "other", "other", "memory", "other", "crash"),
        *("image", "refused"),  # of the second process
    ]
    assert "IndexError" in found[3].message
    assert "ended with -11" in found[6].message
    assert found[1].offset == len(stream("pillow", "any", 0, 1))


def test_a_decoder_that_does_not_end_is_stopped():
    found = list(outcomes("pillow", "any", 0, 2, decoder="toy_decoders:hangs", seconds=0.2))
    assert [row.outcome for row in found] == ["hang", "hang"]


def test_a_process_that_does_not_begin_is_an_error_not_a_finding():
    with pytest.raises(RuntimeError, match=r"did not begin:[^$]*no attribute 'nothing'"):
        list(outcomes("pillow", "any", 0, 2, decoder="toy_decoders:nothing"))


def test_counts_are_of_every_stream(monkeypatch):
    row = robustness.robustness("pillow", "flip", 30, seed=5)
    assert row["trials"] == 30 == sum(row[outcome] for outcome in OUTCOMES)
    assert row["errors"] == 0
    assert row["image"] and row["refused"]
    monkeypatch.setattr(robustness, "outcomes", lambda *given: [robustness.Outcome(0, name) for name in OUTCOMES])
    assert robustness.robustness("pillow", "flip", 6, seed=5)["errors"] == 4


def test_kernels_without_checks_are_noticed():
    program = "from jscc.experiments.jpeg2000.robustness import require_checks; require_checks()"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "kernels that do not check their indices given" in run.stderr


def test_streams_are_those_of_the_seed():
    for kind in (*KINDS, "any"):
        first = [stream("pillow", kind, 1, index) for index in range(20)]
        assert first == [stream("pillow", kind, 1, index) for index in range(20)]
        assert len(set(first) | {stream("pillow", kind, 2, index) for index in range(20)}) > 30
    with pytest.raises(ValueError, match="bases='none' given, one of files, pillow, hostile, promises is expected"):
        stream("none", "any", 0, 0)


def test_what_pillow_wrote_covers_both_transforms_colours_tiles_and_all_orders():
    read = []
    for data in streams.streams("pillow"):
        with contextlib.suppress(CodestreamError):  # in another style some packets do not end where they should
            read.append(parse(data))
    assert len(read) >= 0.9 * len(streams.names("pillow"))
    assert {codestream.tiles[0].progression for codestream in read} == set(range(5))
    assert {codestream.tiles[0].components[0].reversible for codestream in read} == {False, True}
    assert {codestream.tiles[0].components[0].style for codestream in read} == set(streams.STYLES)
    assert {len(codestream.components) for codestream in read} == {1, 3}
    assert max(len(codestream.tiles) for codestream in read) > 1
    assert {codestream.tiles[0].layers for codestream in read} == {1, 3}


def test_large_streams_are_drawn_less_often():
    shares = streams.shares([bytes(2**14), bytes(3 * 2**14)])
    assert shares.tolist() == pytest.approx([2 / 3, 1 / 3])


def test_headers_that_promise_too_much_end_well(monkeypatch):
    monkeypatch.setattr(robustness, "names", lambda bases: streams.names(bases)[:4])  # the whole is the experiment
    rows = robustness.hostile("promises", seed=0)
    assert [row["outcome"] for row in rows] == ["refused", "refused", "image", "image"]
    assert [row["offset"] for row in rows] == [2, 2, -1, -1]
    assert "2^31" in rows[0]["stream"]
    assert "2147483648 samples" in rows[0]["message"]


def test_the_campaign_is_of_100000_streams():
    campaign = EXPERIMENTS[0]
    assert campaign.rule("paper").max_trials * len(campaign.points("paper")) == 100_000

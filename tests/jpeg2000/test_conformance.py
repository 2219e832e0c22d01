"""The decoder on files that others wrote, where they are on this machine."""

from __future__ import annotations

import pytest

from jscc.experiments.jpeg2000 import conformance
from jscc.experiments.jpeg2000.conformance import EXPERIMENTS

(EXPERIMENT,) = EXPERIMENTS
POINTS = EXPERIMENT.points("paper")
here = (conformance.folder() / "conformance").exists()
needs_files = pytest.mark.skipif(not here, reason=f"the codestreams of openjpeg-data are not in {conformance.folder()}")


@needs_files
@pytest.mark.parametrize("point", POINTS, ids=lambda point: point["file"])
def test_every_file_is_decoded_within_its_tolerance(point):
    if not any((conformance.folder() / part / point["file"]).exists() for part in ("conformance", "nonregression")):
        pytest.skip(f"{point['file']} is not here")
    rows = conformance.conformance(**point, seed=0)
    assert rows
    for row in rows:
        assert row["passed"], row


@needs_files
def test_a_decoder_that_is_wrong_by_two_does_not_pass(monkeypatch):
    right = conformance.decode
    monkeypatch.setattr(conformance, "decode", lambda *given, **by: [plane ^ 2 for plane in right(*given, **by)])
    for file, judge in (("p0_01.j2k", "picture"), ("Marrin.jp2", "md5"), ("file4.jp2", "pillow")):
        assert not any(row["passed"] for row in conformance.conformance(file, judge, seed=0))


def test_a_file_that_is_missing_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("JSCC_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"p0_01.j2k is missing: .*openjpeg-data"):
        conformance.conformance("p0_01.j2k", "picture", seed=0)


def test_each_file_is_judged_once():
    assert len({point["file"] for point in POINTS}) == len(POINTS) == 62

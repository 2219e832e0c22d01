"""Verdicts on the paper's claims, from tables whose answers are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jscc import results
from jscc.experiments.jpeg2000 import verdicts


def table(late=1.5, gain=5.0, half=0.1):
    """A tandem that rises by 4 dB a dB of Eb/N0, a first iteration `gain` above it, a third one `late` dB before it."""
    rows = []
    for bpp in (0.4, 1.0):
        for ebn0_db in np.arange(3.5, 7.1, 0.5):
            tandem = 20 + 4 * (ebn0_db - 3.5)
            for iteration, mean in ((0, tandem), (1, tandem + gain), (3, tandem + 4 * late), (5, tandem + 4 * late)):
                rows.append((bpp, ebn0_db, iteration, mean, mean - half, mean + half))
    columns = ["bpp", "ebn0_db", "iteration", "psnr_mean", "psnr_ci_low", "psnr_ci_high"]
    return pd.DataFrame(rows, columns=columns).assign(image="lena", block=64)


def found(psnr):
    return verdicts(psnr, results.published("jpeg2000_claims"), image="lena", block=64)


def test_each_claim_of_the_paper_has_a_verdict_and_known_answers_come_out():
    rows = found(table())
    assert len(rows) == 10
    here = rows.here.tolist()
    assert here[:3] == ["5.00 ± 0.14", "6.00 ± 0.14", "32.00 ± 0.10"]
    assert here[4] == "1.50 ± 0.05"
    assert rows.verdict.tolist()[:5] == ["holds", "holds", "less than claimed", "less than claimed", "holds"]


@pytest.mark.parametrize(
    ("late", "verdict"), [(0.5, "less than claimed"), (1.5, "holds"), (1.9, "more than claimed"), (9, "not within")]
)
def test_a_saving_is_measured_along_the_tandem(late, verdict):
    assert found(table(late=late)).verdict[4].startswith(verdict)


def test_a_wide_interval_bears_a_claim_out_that_a_narrow_one_does_not():
    assert found(table(gain=6, half=0.1)).verdict[0] == "more than claimed"
    assert found(table(gain=6, half=1.0)).verdict[0] == "holds"


def test_a_table_without_the_points_says_so():
    psnr = table()
    rows = found(psnr[psnr.ebn0_db != 4.5])
    assert rows.verdict[0] == "not within the points"
    assert rows.here[0] == "–"

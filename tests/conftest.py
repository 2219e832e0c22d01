"""What pytest itself has to know: the profile of the laws, the header, the repository's folder."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

from support import ROOT, chromium

# A first call compiles a kernel, and two cores may be shared: time says nothing about a law.
hypothesis.settings.register_profile("laws", deadline=None)
hypothesis.settings.load_profile("laws")


def pytest_report_header() -> list[str]:
    """Say at the top of the run what will be skipped for want of data or of a browser."""
    data = "set" if os.environ.get("JSCC_DATA") else "not set: tests that need a data set are skipped"
    browser = chromium() or "none: tests of pages in a browser are skipped"
    return [f"JSCC_DATA: {data}", f"browser: {browser}"]


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder of the repository."""
    return ROOT

"""Compiled kernels do not outlive the code that they were made of."""

import subprocess
import sys

import pytest

from jscc._compiled import forget_stale

LOW = "from numba import njit\n\n\n@njit(cache=True)\ndef factor():\n    return 2\n"
HIGH = (
    "from numba import njit\n\nfrom pack.low import factor\n\n\n"
    "@njit(cache=True)\ndef scaled(x):\n    return factor() * x\n"
)
CALL = (
    "from pathlib import Path\nfrom jscc._compiled import forget_stale\n"
    "forget_stale(Path('pack'))\nfrom pack.high import scaled\nprint(scaled(10))"
)


@pytest.fixture
def package(tmp_path):
    folder = tmp_path / "pack"
    folder.mkdir()
    for name, text in {"__init__": "", "low": LOW, "high": HIGH, "plain": "A = 1\n"}.items():
        (folder / f"{name}.py").write_text(text)
    return folder


def test_a_kernel_of_another_file_that_changed_is_compiled_in(package):
    def called():
        done = subprocess.run(
            [sys.executable, "-c", CALL], cwd=package.parent, capture_output=True, text=True, check=True
        )
        return int(done.stdout)

    assert called() == called() == 20
    (package / "low.py").write_text(LOW.replace("2", "3"))
    assert called() == 30


def test_only_a_change_of_kernels_counts(package):
    assert forget_stale(package)
    kept = package / "__pycache__" / "high.scaled-7.py311.nbi"
    kept.touch()
    (package / "plain.py").write_text("A = 2\n")
    assert not forget_stale(package) and kept.exists()
    (package / "more.py").write_text(LOW)
    assert forget_stale(package) and not kept.exists()


def test_a_package_that_cannot_be_written_is_left(package):
    (package / "__pycache__").write_text("no folder")
    assert forget_stale(package) and forget_stale(package)

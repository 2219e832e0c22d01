"""What several tests use: where things are, a browser, runs with and without the compiler, small graphs."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent


def tool(name: str) -> ModuleType:
    """A script of ``tools/`` as a module."""
    spec = importlib.util.spec_from_file_location(f"tools_{name}", ROOT / "tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def codestreams(folder: str) -> list[Path]:
    """The files of a folder of ``$JSCC_DATA/codestreams``; the folder itself, which a test skips, if it has none."""
    root = Path(os.environ.get("JSCC_DATA", "")) / "codestreams" / folder
    suffixes = {".j2k", ".j2c", ".jp2", ".jpc", ".jph", ".jhc", ".pgx", ".ppm"} | (
        {".txt"} if folder == "dump" else set()
    )
    return sorted(path for path in root.glob("*") if path.suffix in suffixes) or [root]


def codestream_bytes(path: Path) -> bytes:
    """What is in a file of `codestreams`; the test is skipped where there is none."""
    if not path.is_file():
        pytest.skip(f"no codestreams/{path.name} in $JSCC_DATA")
    return path.read_bytes()


def chromium() -> str | None:
    """The path of an installed Chromium, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


def printed_without_and_with_jit(program: str) -> list[str]:
    """What a program prints with Numba's compiler off, and on; a warning of either is an error."""
    return [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            env=dict(os.environ, NUMBA_DISABLE_JIT=disable),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for disable in ("1", "0")
    ]


def random_tree(rng: np.random.Generator, n: int) -> np.ndarray:
    """A cycle-free matrix on n variables: each check joins one variable of the tree to new ones."""
    rows, have, free = [], [0], list(range(1, n))
    while free:
        new = [free.pop() for _ in range(min(len(free), int(rng.integers(1, 4))))]
        row = np.zeros(n, np.uint8)
        row[[int(rng.choice(have)), *new]] = 1
        rows.append(row)
        have += new
    return np.array(rows)

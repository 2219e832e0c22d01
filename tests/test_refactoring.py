"""Renaming, moving and rewording leave every table fresh: done on a copy of the whole library."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from support import ROOT

PROGRAM = """
import json
from jscc import experiments, sources

tasks = [f"{e.task.__module__}:{e.task.__qualname__}" for e in experiments.registry().values()]
seeds = {e.stream: str(e.points("smoke")) for e in experiments.registry().values()}
print(json.dumps([[sources.reached(task).total for task in tasks], seeds]))
"""


def standing(folder):
    """Hash of the code of every experiment, and what its seeds are made of, for a copy of the library."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def library(tmp_path):
    """A copy of the library, and a function that substitutes in all of its files."""
    shutil.copytree(ROOT / "lib", tmp_path / "lib", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))

    def edit(pattern, replacement):
        count = 0
        for path in (tmp_path / "lib").rglob("*.py"):
            text, n = re.subn(pattern, replacement, path.read_text(encoding="utf-8"))
            count += n
            path.write_text(text, encoding="utf-8")
        assert count, f"{pattern} is not in the library: take another example"

    return tmp_path / "lib", edit


def test_a_renamed_and_moved_and_reworded_library_has_the_same_tables(library):
    folder, edit = library
    before = standing(folder)
    assert len(before[0]) > 20
    # Helpers, a class, an experiment, a module.
    edit(r"\btrain_and_test\b", "fit_and_judge")
    edit(r"\bsymbols_from_bits\b", "as_symbols")
    edit(r"\bleaf_removal\b", "peel_leaves")
    edit(r"\bLabelledImages\b", "PicturesWithClasses")
    edit(r'name="lossy_tradeoff"', 'name="lossy_figure_2"')
    (folder / "jscc/ldpc/syndrome.py").rename(folder / "jscc/ldpc/packed.py")
    edit(r"jscc\.ldpc\.syndrome\b", "jscc.ldpc.packed")
    edit(r'"syndrome": \["syndromes"\]', '"packed": ["syndromes"]')
    # Every error of the library in other words.
    edit(r'(raise \w+\(\s*f?)"', r'\1"In other words: ')
    assert standing(folder) == before


def test_a_changed_number_is_seen(library):
    folder, edit = library
    before = standing(folder)
    edit(r"114 \* blue", "115 * blue")
    after = standing(folder)
    assert after[1] == before[1]
    changed = sum(one != other for one, other in zip(after[0], before[0], strict=True))
    # The experiments that read images, and they alone.
    assert 10 < changed < len(before[0])

"""The solutions of the chapter's exercises run, and say what is right."""

from __future__ import annotations

import re

import nbformat
import pytest

from support import ROOT

PAGE = ROOT / "book" / "jpeg2000" / "codestream.ipynb"
SOLUTION = re.compile(r"\{solution\} (\S+)\n.*?```python\n(.*?)```\n", re.DOTALL)


def cells(kind):
    return [cell.source for cell in nbformat.read(PAGE, as_version=4).cells if cell.cell_type == kind]


SOLUTIONS = [found for text in cells("markdown") for found in SOLUTION.findall(text)]


@pytest.fixture(scope="module")
def page():
    """What a reader has who has run the page's first cells, up to the file's table of code-blocks."""
    names = {}
    for source in cells("code"):
        exec(source, names)
        if "stream" in names:
            return names
    raise AssertionError("no cell makes the stream that the exercises are about")


@pytest.mark.parametrize(("name", "source"), SOLUTIONS, ids=[name for name, _ in SOLUTIONS])
def test_a_solution_runs_and_its_claims_hold(page, name, source):
    assert "assert" in source
    exec(source, dict(page))


def test_both_programs_are_found():
    assert [name for name, _ in SOLUTIONS] == ["ex-mq", "ex-tag-tree"]

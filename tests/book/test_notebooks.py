"""Every notebook of the book is stored as it was run, from top to bottom, and is fit to be a page.

That each cell still runs is tested by nbval, in the same pytest run.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from sphinx_external_toc.parsing import parse_toc_yaml

from support import ROOT

MAX_BYTES = 3_000_000
MAX_LINES = 28  # of a code cell: a reader sees it whole
MAX_HIDDEN_LINES = 5
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/svg+xml"}
WIDGETS = {"application/vnd.jupyter.widget-view+json", "application/vnd.jupyter.widget-state+json"}
# Folders that only one machine has. A path such as book/_static or /usr/share is not one.
MACHINE_PATH = re.compile(r"(?:^|[\s\"'(=:])(/(?:home|root|Users|work|tmp|mnt|var)/[\w.-]+|[A-Z]:\\\\?[\w.-]+\\)")

LISTED = [ROOT / f"{page}.ipynb" for page in parse_toc_yaml(ROOT / "_toc.yml")]
NOTEBOOKS = sorted(path for path in LISTED if path.exists())


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list[nbformat.NotebookNode]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def place(cell: nbformat.NotebookNode) -> str:
    """How a failure names a cell."""
    first = next(iter(cell.source.strip().splitlines()), "(empty)")
    return f"[{cell.get('execution_count')}] {first[:70]}"


def outputs(path: Path) -> list[tuple[nbformat.NotebookNode, nbformat.NotebookNode]]:
    return [(cell, output) for cell in code_cells(path) for output in cell.outputs]


def mime_types(output: nbformat.NotebookNode) -> set[str]:
    return set(output.get("data", {}))


def texts(output: nbformat.NotebookNode) -> list[str]:
    """What an output says in words: streams, and every text form of its data (pictures are left out)."""
    found = [output.get("text", "")]
    for mime, content in output.get("data", {}).items():
        if mime.startswith("text/"):
            found.append(re.sub(r"data:[\w/+-]+;base64,[\w+/=]+", "", content))
    return found


def test_the_contents_list_every_notebook():
    """No notebook lies in the book unread and untested."""
    stored = [path for path in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts]
    assert sorted(stored) == NOTEBOOKS
    assert NOTEBOOKS


each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.relative_to(ROOT).as_posix())


@each_notebook
def test_is_valid_and_small(path):
    notebook = read(path)
    nbformat.validate(notebook)
    assert notebook.nbformat == 4 and notebook.nbformat_minor >= 5, "cells need ids: save as nbformat 4.5"
    assert notebook.metadata.kernelspec.name == "python3"
    assert path.stat().st_size < MAX_BYTES


@each_notebook
def test_was_run_once_from_top_to_bottom(path):
    cells = code_cells(path)
    assert cells
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell.source.strip() for cell in cells), "an empty code cell"


@each_notebook
def test_shows_what_its_cells_make(path):
    """A cell that ends in a value or shows a picture has stored it; a notebook without any output is not run."""
    assert outputs(path), "no output at all"
    silent = []
    for cell in code_cells(path):
        makes = re.search(r"^(print|display|plt\.show|show)\(", cell.source, re.MULTILINE)
        if makes and not cell.outputs:
            silent.append(place(cell))
    assert not silent


@each_notebook
def test_stores_no_error_no_warning_and_no_widget(path):
    assert "widgets" not in read(path).metadata
    bad = []
    for cell, output in outputs(path):
        if output.output_type == "error":
            bad.append(f"{place(cell)}: error {output.ename}")
        if output.get("name") == "stderr":
            bad.append(f"{place(cell)}: stderr {output.text[:80]!r}")
        if mime_types(output) & WIDGETS:
            bad.append(f"{place(cell)}: a widget, which is dead on a page")
    assert not bad, "\n".join(bad)


@each_notebook
def test_names_no_folder_of_one_machine(path):
    found = []
    for cell in read(path).cells:
        said = [cell.source] + [text for output in cell.get("outputs", []) for text in texts(output)]
        found += [f"{place(cell)}: {match.group(1)}" for text in said for match in MACHINE_PATH.finditer(text)]
    assert not found, "\n".join(found)


@each_notebook
def test_shows_no_memory_address(path):
    """``<Line2D at 0x7f...>`` says nothing and changes with every run: end the cell with plt.show()."""
    shown = [(cell, text) for cell, output in outputs(path) for text in texts(output)]
    assert not [place(cell) for cell, text in shown if re.search(r" at 0x[0-9a-f]{6,}", text)]


@each_notebook
def test_every_figure_has_alt_text_a_caption_and_a_name(path):
    """Pictures carry them in the cell's metadata, ``mystnb.figure`` and ``mystnb.image``; players in their HTML."""
    missing = []
    for cell in code_cells(path):
        pictures = [output for output in cell.outputs if mime_types(output) & IMAGES]
        if not pictures:
            continue
        settings = cell.metadata.get("mystnb", {})
        figure, image = settings.get("figure", {}), settings.get("image", {})
        wanted = {
            "mystnb.figure.caption": figure.get("caption"),
            "mystnb.figure.name": figure.get("name"),
            "mystnb.image.alt": image.get("alt"),
        }
        missing += [f"{place(cell)}: no {key}" for key, value in wanted.items() if not str(value or "").strip()]
        if len(pictures) > 1:
            missing.append(f"{place(cell)}: {len(pictures)} pictures share one caption")
    assert not missing, "\n".join(missing)


@each_notebook
def test_every_picture_in_html_has_alt_text_and_every_player_a_caption(path):
    missing = []
    for cell, output in outputs(path):
        soup = BeautifulSoup(output.get("data", {}).get("text/html", ""), "html.parser")
        for image in soup.select("img"):
            if not image.get("alt", "").strip():
                missing.append(f"{place(cell)}: a picture without alt text")
        for player in soup.select("figure.jscc-player"):
            if not (player.figcaption and player.figcaption.get_text(strip=True)):
                missing.append(f"{place(cell)}: a player without a caption")
    assert not missing, "\n".join(missing)


def imports_of(source: str) -> list[tuple[str, str]]:
    """Module and name of every import from the library: ("jscc.gfq", "ReinforcedBP"), ("jscc.gfq.leaves", "")."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            found += [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
    return [(module, name) for module, name in found if f"{module}.".startswith("jscc.")]


def is_a_door(module: str, name: str) -> bool:
    """Whether a name is imported from a room's door, and the door names it."""
    rooms = module.split(".")[1:]
    if not rooms:
        return bool(name)  # from jscc import plotting
    if len(rooms) > (2 if rooms[0] == "experiments" else 1):
        return False
    room = importlib.import_module(module)
    if hasattr(room, "__path__"):
        return name in room.__all__
    return hasattr(room, name) and not name.startswith("_")  # a room of one module is its own door


@pytest.mark.parametrize(
    ("line", "door"),
    [
        ("from jscc.gfq import ReinforcedBP", True),
        ("from jscc import plotting", True),
        ("from jscc.gfq.leaves import leaf_removal", False),
        ("from jscc.gfq import leaves", False),
        ("import jscc.gfq.leaves", False),
    ],
)
def test_doors_are_told_from_what_lies_behind(line, door):
    assert all(is_a_door(module, name) for module, name in imports_of(line)) == door


@each_notebook
def test_imports_from_doors_only(path):
    behind = []
    for cell in code_cells(path):
        behind += [f"{place(cell)}: {m} {n}" for m, n in imports_of(cell.source) if not is_a_door(m, n)]
    assert not behind, "\n".join(behind)


@each_notebook
def test_code_is_short_and_shown(path):
    wrong = []
    for cell in code_cells(path):
        n_lines = len(cell.source.splitlines())
        hidden = [tag for tag in cell.metadata.get("tags", []) if tag.startswith(("hide-", "remove-"))]
        limit = MAX_HIDDEN_LINES if hidden else MAX_LINES
        if n_lines > limit:
            wrong.append(f"{place(cell)}: {n_lines} lines, {limit} are allowed{' in a hidden cell' * bool(hidden)}")
    assert not wrong, "\n".join(wrong)


@each_notebook
def test_a_page_on_cifar10_says_what_its_copy_is(path):
    cells = read(path).cells
    code = "".join(cell.source for cell in cells if cell.cell_type == "code")
    if "DATASET_TITLES" in code or "cifar10" in code:
        assert any("not bit-exact" in cell.source for cell in cells if cell.cell_type == "markdown")


def test_names_of_figures_are_unique():
    """A figure is cited by its name, which therefore belongs to the whole book."""
    cells = [cell for path in NOTEBOOKS for cell in code_cells(path)]
    names = Counter(cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in cells)
    assert [name for name, count in names.items() if name and count > 1] == []

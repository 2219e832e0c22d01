"""The rules of the house: floors, docstrings, fresh results, and nothing that only one machine has."""

from __future__ import annotations

import ast
import csv
import importlib.util
import json
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from support import ROOT

LIBRARY = ROOT / "lib" / "jscc"
RESULTS = ROOT / "data" / "results"
FLOORS: list[list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["tool"]["jscc"]["floors"]
CODES = 1  # the floor whose rooms know nothing of each other


def module_name(path: Path) -> str:
    parts = path.relative_to(LIBRARY.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(LIBRARY.rglob("*.py"))}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(SOURCES[module].read_text(encoding="utf8"))


def room_and_floor(module: str) -> tuple[str, int] | None:
    """The room that a module belongs to, by the longest name that fits, and its floor."""
    rooms = [(room, floor) for floor, names in enumerate(FLOORS) for room in names]
    fitting = [(room, floor) for room, floor in rooms if f"{module}.".startswith(f"jscc.{room}.")]
    return max(fitting, key=lambda item: len(item[0]), default=None)


def imported_by(module: str) -> set[str]:
    """The modules of the library that a module names in an import, anywhere in its text."""
    found = set()
    package = module if SOURCES[module].name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                base = importlib.util.resolve_name("." * node.level + base, package)
            # `from jscc import tanner` names a module, `from jscc.tanner import peg` a thing within one.
            found |= {name if (name := f"{base}.{alias.name}") in SOURCES else base for alias in node.names}
    return {name for name in found if name in SOURCES and name != module}


def test_every_module_has_a_floor():
    homeless = [module for module in SOURCES if module != "jscc" and room_and_floor(module) is None]
    assert not homeless, f"name the room in [tool.jscc] floors of pyproject.toml: {homeless}"


def test_no_room_is_listed_twice():
    rooms = [room for floor in FLOORS for room in floor]
    assert len(rooms) == len(set(rooms))


def test_no_import_goes_up_a_floor():
    climbing = []
    for module in SOURCES:
        here = room_and_floor(module)
        for other in imported_by(module):
            there = room_and_floor(other)
            if here and there and there[1] > here[1]:
                climbing.append(f"{module} (floor {here[1]}) imports {other} (floor {there[1]})")
    assert not climbing, "\n".join(climbing)


def test_code_families_know_nothing_of_their_neighbours():
    prying = []
    for module in SOURCES:
        here = room_and_floor(module)
        for other in imported_by(module):
            there = room_and_floor(other)
            if here and there and here[1] == there[1] == CODES and here[0] != there[0]:
                prying.append(f"{module} imports {other}")
    assert not prying, "\n".join(prying)


def test_no_module_uses_the_insides_of_another_room():
    """What starts with an underscore stays in its room."""
    prying = []
    for module in SOURCES:
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("jscc"):
                here, there = room_and_floor(module), room_and_floor(node.module)
                hidden = [alias.name for alias in node.names if alias.name.startswith("_")]
                if hidden and here != there:
                    prying.append(f"{module} takes {hidden} from {node.module}")
    assert not prying, "\n".join(prying)


def test_the_package_itself_imports_no_room():
    """``import jscc`` is quick, and rooms can be read one at a time."""
    assert imported_by("jscc") == set()


def test_imports_make_no_circle():
    done: set[str] = set()

    def circle(module: str, trail: tuple[str, ...]) -> tuple[str, ...] | None:
        if module in trail:
            return (*trail[trail.index(module) :], module)
        if module in done:
            return None
        found = next(filter(None, (circle(other, (*trail, module)) for other in sorted(imported_by(module)))), None)
        done.add(module)
        return found

    assert not next(filter(None, (circle(module, ()) for module in SOURCES)), None)


def public_definitions(module: str) -> list[tuple[str, ast.AST]]:
    """The module, its public functions and classes, and the public methods of those."""
    found: list[tuple[str, ast.AST]] = [(module, tree_of(module))]

    def descend(body: list[ast.stmt], prefix: str) -> None:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                found.append((f"{prefix}.{node.name}", node))
                if isinstance(node, ast.ClassDef):
                    descend(node.body, f"{prefix}.{node.name}")

    descend(tree_of(module).body, module)
    return found


@pytest.mark.parametrize("module", SOURCES)
def test_everything_public_has_a_docstring(module):
    if any(part.startswith("_") for part in module.split(".")):
        pytest.skip("a private module")
    bare = [name for name, node in public_definitions(module) if not (ast.get_docstring(node) or "").strip()]
    assert not bare


def files_of_the_project() -> list[Path]:
    """Every file that is or would be committed, as git sees it."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


# Written so that this file does not find itself.
FORBIDDEN = {
    "a package registry's host": r"pypi\.or[g]|pythonhoste[d]\.org|registry\.npm[j]s|repo\.anacond[a]|file:/{2,}opt",
    "a folder of one machine": r"(?<![\w.~$}/-])/(?:wor[k]|roo[t]|farm|tmp/jscc_data)/",
    "the shared folder": r"\.\./share[d]\b",
}
MAY_NAME = {".ci/run": {"the shared folder"}}


def test_no_file_names_a_registry_or_a_folder_of_one_machine():
    found = []
    for path in files_of_the_project():
        name = path.relative_to(ROOT).as_posix()
        content = path.read_bytes()
        if b"\0" in content[:4096]:
            continue
        text = re.sub(r"base64,[\w+/=\\]+", "", content.decode("utf8", errors="replace"))
        for what, pattern in FORBIDDEN.items():
            if what in MAY_NAME.get(name, ()):
                continue
            for match in re.finditer(pattern, text):
                line = text.count("\n", 0, match.start()) + 1
                found.append(f"{name}:{line}: {what}: {text[match.start() : match.end() + 20]!r}")
    assert not found, "\n".join(found)


# A timing carries the versions it was taken with in its own rows, and is no experiment's result.
TIMINGS = sorted(RESULTS.glob("bench_*.csv"))
RESULT_TABLES = sorted(set(RESULTS.glob("*.csv")) - set(TIMINGS))


@pytest.mark.parametrize("table", RESULT_TABLES, ids=lambda path: path.stem)
def test_a_result_has_its_birth_certificate(table):
    certificate = json.loads(table.with_suffix(".json").read_text(encoding="utf8"))
    assert certificate


def test_a_birth_certificate_has_its_result():
    orphans = [path.name for path in RESULTS.glob("*.json") if not path.with_suffix(".csv").exists()]
    assert not orphans


@pytest.mark.parametrize("table", RESULT_TABLES, ids=lambda path: path.stem)
def test_a_result_is_not_older_than_its_code(table):
    results = pytest.importorskip("jscc.results")
    assert not results.stale(table.stem), f"run `jscc run {table.stem} --scale paper`, then `make refresh`"


@pytest.mark.parametrize("table", TIMINGS, ids=lambda path: path.stem)
def test_a_timing_says_what_was_timed(table):
    with table.open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = {"task", "system", "version", "median", "unit"}
    assert rows and wanted <= rows[0].keys()
    assert all(row[column].strip() for row in rows for column in wanted)


def test_the_licence_is_the_one_that_the_package_declares():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    assert project["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text("utf8").startswith("MIT License")


def test_the_citation_file_is_complete():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    assert {"cff-version", "message", "title", "authors", "license", "type"} <= citation.keys()
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]


def test_the_lock_file_pins_every_package_once():
    lines = (ROOT / "requirements.lock").read_text("utf8").splitlines()
    pins = [line for line in lines if line.strip() and not line.startswith("#")]
    malformed = [line for line in pins if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!]+", line)]
    assert not malformed
    names = [re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in pins]
    assert len(names) == len(set(names))


def test_the_lock_file_holds_what_the_package_declares():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]
    declared = sum(project["optional-dependencies"].values(), project["dependencies"])
    lines = (ROOT / "requirements.lock").read_text("utf8").splitlines()
    pins = {canonicalize_name(line.partition("==")[0]): line.partition("==")[2] for line in lines if "==" in line}
    for line in declared:
        requirement = Requirement(line)
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)]), line

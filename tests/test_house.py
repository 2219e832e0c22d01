"""The rules of the house: floors, examples, fresh results, locked packages, nothing that only one machine has.

Which room may import which is said by import-linter's contracts, which `make lint` and a test here hold; that
everything public has a docstring, by ruff.
"""

from __future__ import annotations

import ast
import csv
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
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
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))
FLOORS: list[list[str]] = PYPROJECT["tool"]["jscc"]["floors"]
EXPERIMENTS = 3  # the floor of what makes the book's tables


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


def layers() -> list[list[str]]:
    """The rooms of each layer of import-linter's contract, lowest first."""
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    found = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [sorted(name.strip("( )") for name in re.split(r"[|:]", layer)) for layer in reversed(found)]


def test_the_layers_of_the_contract_are_the_floors():
    """Both lists name the same rooms, but for a module above the room it lies in, which no contract can."""
    below, *floors = layers()
    assert below == ["_compiled"]  # no room: what the package does before any of them
    assert floors == [sorted(room for room in rooms if "." not in room) for rooms in FLOORS]


@pytest.mark.parametrize("contract", PYPROJECT["tool"]["importlinter"]["contracts"], ids=lambda item: item["type"])
def test_a_contract_notices_what_breaks_it(contract, tmp_path):
    """Each contract is broken by one import that is put into a copy of the library."""
    where, line = {
        "layers": ("polar/quantise.py", "import jscc.convolutional.viterbi"),
        "acyclic_siblings": ("information.py", "import jscc.channels"),
        "private_modules": ("classify/codes.py", "import jscc.ldpc._hidden"),
        "forbidden": ("__init__.py", "import jscc.information"),
    }[contract["type"]]
    copy = tmp_path / "jscc"
    shutil.copytree(LIBRARY, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "ldpc" / "_hidden.py").touch()
    with (copy / "channels.py").open("a", encoding="utf8") as file:
        file.write("\nimport jscc.information\n")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    assert broken_contracts(tmp_path) == []
    with (copy / where).open("a", encoding="utf8") as file:
        file.write(f"\n{line}\n")
    assert broken_contracts(tmp_path) == [contract["name"]]


def broken_contracts(folder: Path) -> list[str]:
    """The contracts of a folder's ``pyproject.toml`` that its package breaks, by name."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    environment = dict(os.environ, PYTHONPATH=str(folder), COLUMNS="300", NO_COLOR="1")
    done = subprocess.run(
        [*command, "--no-cache", "--no-logo"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    found = re.findall(r"^(.+) (KEPT|BROKEN)", done.stdout, re.MULTILINE)
    assert len(found) == len(PYPROJECT["tool"]["importlinter"]["contracts"]), done.stdout + done.stderr
    return [name for name, state in found if state == "BROKEN"]


def test_no_module_uses_the_insides_of_another_room():
    """A name that starts with an underscore stays in its room."""
    prying = []
    for module in SOURCES:
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("jscc"):
                here, there = room_and_floor(module), room_and_floor(node.module)
                hidden = [alias.name for alias in node.names if alias.name.startswith("_")]
                if hidden and here != there:
                    prying.append(f"{module} takes {hidden} from {node.module}")
    assert not prying, "\n".join(prying)


def test_a_module_above_the_room_it_lies_in_keeps_to_its_own_floor():
    """`jpeg2000.receiver` joins code families and so stands above `jpeg2000`, which must not need it."""
    climbing = []
    for module in SOURCES:
        here = room_and_floor(module)
        for other in imported_by(module):
            there = room_and_floor(other)
            nested = here and there and ("." in here[0] or "." in there[0])
            if nested and there[1] > here[1]:
                climbing.append(f"{module} (floor {here[1]}) imports {other} (floor {there[1]})")
    assert not climbing, "\n".join(climbing)


def public_objects(module: str) -> list[ast.FunctionDef | ast.ClassDef]:
    """The public functions and classes of a module."""
    kinds = ast.FunctionDef | ast.ClassDef
    return [node for node in tree_of(module).body if isinstance(node, kinds) and not node.name.startswith("_")]


def has_example(node: ast.FunctionDef | ast.ClassDef) -> bool:
    """Whether an object, or for a class one of its methods, shows a call in its docstring."""
    methods = [child for child in node.body if isinstance(child, ast.FunctionDef)]
    return any(">>> " in (ast.get_docstring(item) or "") for item in [node, *methods])


def test_the_share_of_public_objects_with_an_example_does_not_fall():
    """What a reader calls stands on floors 0 to 2; the share is raised in ``pyproject.toml`` when it has grown."""
    least = PYPROJECT["tool"]["jscc"]["examples"]
    objects = {
        f"{module}.{node.name}": has_example(node)
        for module in SOURCES
        if (room := room_and_floor(module)) and room[1] < EXPERIMENTS and "._" not in module
        for node in public_objects(module)
    }
    share = sum(objects.values()) / len(objects)
    without = "\n".join(sorted(name for name, shown in objects.items() if not shown))
    assert share >= least, f"{share:.3f} of the public objects have an example; these have none:\n{without}"
    assert share < least + 0.05, f"set [tool.jscc] examples in pyproject.toml to {int(share * 100) / 100}"


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
    runner = pytest.importorskip("jscc.runner")
    standing = runner.standing(importlib.import_module("jscc.experiments").registry()[table.stem])
    assert standing.state == "fresh", f"{standing.changed}: run `jscc run {table.stem} --scale paper`, then refresh"


@pytest.mark.parametrize("table", TIMINGS, ids=lambda path: path.stem)
def test_a_timing_says_what_was_timed(table):
    with table.open(encoding="utf8", newline="") as file:
        rows = list(csv.DictReader(file))
    wanted = {"task", "system", "version", "median", "unit"}
    assert rows and wanted <= rows[0].keys()
    assert all(row[column].strip() for row in rows for column in wanted)


def test_the_licence_is_the_one_that_the_package_declares():
    assert PYPROJECT["project"]["license"] == "MIT"
    assert (ROOT / "LICENSE").read_text("utf8").startswith("MIT License")


def test_the_citation_file_is_complete():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf8"))
    project = PYPROJECT["project"]
    assert {"cff-version", "message", "title", "authors", "license", "type"} <= citation.keys()
    assert citation["version"] == project["version"]
    assert citation["license"] == project["license"]


def pins_of(name: str) -> dict[str, tuple[str, list[str]]]:
    """The version and the hashes of every package that a lock file pins."""
    text = (ROOT / name).read_text("utf8").replace("\\\n", " ")
    pins: dict[str, tuple[str, list[str]]] = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith(("#", "-c ")):
            found = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.!]+)((?:\s+--hash=sha256:[0-9a-f]{64})+)", line)
            assert found, f"{name}: {line[:60]!r} is no pin with hashes: run `make lock`"
            package = canonicalize_name(found[1])
            assert package not in pins, f"{name} pins {package} twice"
            pins[package] = found[2], re.findall(r"[0-9a-f]{64}", found[3])
    return pins


LOCKS = ("requirements.lock", "constraints.lock", "linker.lock")


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_file_pins_every_package_once_with_its_hashes(name):
    pins = pins_of(name)
    assert pins
    assert all(hashes == sorted(set(hashes)) for _, hashes in pins.values())


def test_no_file_has_the_hash_of_two_packages():
    hashes = [value for name in LOCKS for _, values in pins_of(name).values() for value in values]
    assert len(hashes) == len(set(hashes))


def test_the_constraints_are_of_packages_that_are_not_locked_anyway():
    assert not pins_of("requirements.lock").keys() & pins_of("constraints.lock").keys()
    assert "-c constraints.lock" in (ROOT / "requirements.lock").read_text("utf8").splitlines()


def test_the_lock_file_holds_what_the_package_declares():
    project, pins = PYPROJECT["project"], pins_of("requirements.lock")
    declared = sum(project["optional-dependencies"].values(), project["dependencies"])
    for line in declared + PYPROJECT["build-system"]["requires"]:
        requirement = Requirement(line)
        assert requirement.specifier.contains(pins[canonicalize_name(requirement.name)][0]), line


def test_conda_s_environment_is_the_lock_and_its_pip():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf8"))
    assert f"pip={pins_of('requirements.lock')['pip'][0]}" in environment["dependencies"]
    # With the library itself in the same list pip would ask for its hash.
    assert environment["dependencies"][-1] == {"pip": ["-r requirements.lock"]}


def test_workflows_name_actions_by_commit():
    uses = [
        (path.name, line.strip())
        for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
        for line in path.read_text("utf8").splitlines()
        if re.match(r"\s*(- )?uses:", line)
    ]
    assert uses
    loose = [item for item in uses if not re.fullmatch(r"(- )?uses: [\w./-]+@[0-9a-f]{40} # v[\d.]+", item[1])]
    assert not loose


def test_what_is_published_was_checked():
    """The step before the upload is `make site`, which refuses pages that load from another host."""
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text("utf8"))["jobs"]
    steps = [step for job in jobs.values() for step in job["steps"]]
    upload = next(k for k, step in enumerate(steps) if "upload-pages-artifact" in step.get("uses", ""))
    assert steps[upload - 1] == {"run": "make site"}
    assert steps[upload]["with"] == {"path": "_build/html"}

"""What `jscc status` remembers is what it would find again, or nothing."""

import json

import pytest

from jscc import datasets, results, sources
from jscc.datasets import loading
from jscc.runner.memory import Memory, remembered

TASKS = """
from .kernels import double


def one(seed):
    return double(seed)


def other(seed):
    return seed
"""
KERNELS = """
SCALE = 2


def double(x):
    return SCALE * x
"""
NAMES = [f"kept_in_mind.tasks:{name}" for name in ("one", "other", "one")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("JSCC_RESULTS", str(tmp_path / "results"))
    folder = tmp_path / "kept_in_mind"
    folder.mkdir()
    for name, text in {"__init__": "", "tasks": TASKS, "kernels": KERNELS}.items():
        (folder / f"{name}.py").write_text(text)
    return folder


@pytest.fixture
def followed(monkeypatch):
    """The functions that were followed, and not remembered."""
    asked, reached = [], sources.reached

    def counted(*functions):
        asked.append(functions)
        return reached(*functions)

    monkeypatch.setattr(sources, "reached", counted)
    return asked


def look():
    with remembered() as memory:
        return [memory.reached(name) for name in NAMES]


def test_it_lasts_until_a_text_changes(folder, followed):
    there = look()
    assert there == look() and len(followed) == 2
    (folder / "kernels.py").write_text(KERNELS.replace("2", "3"))
    assert look()[0].total != there[0].total and len(followed) == 4
    assert look() == [sources.reached(name) for name in NAMES]
    (folder / "more.py").write_text("")
    assert look()[0].definitions and len(followed) == 4 + len(NAMES) + 2
    # What was found for other texts is forgotten.
    (path,) = results.results_folder().joinpath(".work").glob("*.json")
    assert len(json.loads(path.read_text().splitlines()[1])) == 2


@pytest.fixture
def read_sets(tmp_path, monkeypatch):
    """A folder for data, and the names of the sets that are read."""
    monkeypatch.setenv("JSCC_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("JSCC_DATA", str(tmp_path))
    monkeypatch.setattr(loading, "SETTLED_NS", 0)
    read, fingerprint = [], datasets.fingerprint

    def counted(name):
        read.append(name)
        return fingerprint(name)

    monkeypatch.setattr(datasets, "fingerprint", counted)
    return read


def looked(name):
    with remembered() as memory:
        return memory.fingerprint(name)


def test_data_that_stay_are_read_once(read_sets, monkeypatch):
    there = looked("digits")
    assert there == looked("digits") and read_sets == ["digits"]
    monkeypatch.setattr(loading, "version", lambda package: f"another {package}")
    assert looked("digits") == there and len(read_sets) == 2


def test_data_whose_file_changes_are_read_again(read_sets, monkeypatch, tmp_path):
    file = tmp_path / "omniglot.npz"
    file.write_bytes(b"one")
    monkeypatch.setattr(datasets, "fingerprint", lambda name: read_sets.append(name) or file.read_text())
    assert looked("omniglot") == looked("omniglot") == "one" and len(read_sets) == 1
    file.write_bytes(b"two")
    assert looked("omniglot") == "two" and len(read_sets) == 2
    # Too young for its time to tell whether it was changed once more.
    monkeypatch.setattr(loading, "SETTLED_NS", 10**12)
    file.write_bytes(b"six")
    assert looked("omniglot") == looked("omniglot") == "six" and len(read_sets) == 4
    file.unlink()
    with pytest.raises(datasets.DataUnavailable):
        looked("omniglot")


@pytest.mark.parametrize("damage", ["", "[]", "{}\n{}", "one digit", "\udcff"])
def test_a_damaged_file_is_as_none(folder, damage):
    there = look()
    path = results.results_folder() / ".work" / "sources.json"
    if damage == "one digit":
        damage = path.read_text().replace(there[0].total, "0" * 16)
    path.write_bytes(damage.encode(errors="surrogateescape"))
    assert look() == there


def test_what_was_found_while_a_text_changed_is_not_kept(folder):
    with remembered() as memory:
        memory.reached(NAMES[1])
        (folder / "kernels.py").write_text(KERNELS.replace("2", "3"))
        memory.reached(NAMES[0])
    assert not memory.path.exists()


def test_links_are_followed_and_those_to_nowhere_left(folder, tmp_path, followed):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "__init__.py").write_text(KERNELS)
    (folder / "kernels.py").unlink()
    (folder / "kernels").symlink_to(tmp_path / "elsewhere")
    (folder / ".#tasks.py").symlink_to(tmp_path / "nowhere")
    there = look()
    assert look() == there and len(followed) == 2
    (tmp_path / "elsewhere" / "__init__.py").write_text(KERNELS.replace("2", "3"))
    assert look()[0].total != there[0].total


def test_a_place_that_cannot_be_written_is_left(folder, tmp_path):
    memory = Memory(tmp_path)  # a folder
    assert memory.reached(NAMES[0]) == sources.reached(NAMES[0])
    memory.write()
    assert tmp_path.is_dir()


def test_what_is_no_function_is_refused(folder):
    with pytest.raises(ValueError, match="is expected"), remembered() as memory:
        memory.reached("kept_in_mind.tasks:nothing")

"""Weights as files: whole or not there, the same bytes for the same weights, damage named."""

import os

import numpy as np
import pytest

from jscc import artefacts

ARRAYS = {"b": np.arange(6, dtype=np.float32).reshape(2, 3), "a": np.array(3), "c": np.zeros((0, 4), np.uint8)}
HEADER = {"z": 1, "name": "x", "rate": 0.1, "many": [1, 2]}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("JSCC_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_what_is_written_reads_back_and_has_always_the_same_bytes(folder):
    hashes = set()
    for _ in range(3):
        for arrays, header in ((ARRAYS, HEADER), (dict(reversed(ARRAYS.items())), dict(reversed(HEADER.items())))):
            hashes.add(artefacts.save("some", arrays, header))
    assert hashes == {artefacts.sha256(folder / "some.safetensors")}
    arrays, header = artefacts.load("some")
    assert header == HEADER and arrays.keys() == ARRAYS.keys()
    for name, value in ARRAYS.items():
        assert arrays[name].dtype == value.dtype
        np.testing.assert_array_equal(arrays[name], value)
    assert artefacts.save("some", ARRAYS, HEADER | {"z": 2}) not in hashes


def test_a_write_that_fails_leaves_the_old_file_and_no_other(folder, monkeypatch):
    artefacts.save("some", ARRAYS, HEADER)

    def full(*_):
        raise OSError("no space")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        artefacts.save("some", ARRAYS, {})
    assert os.listdir(folder) == ["some.safetensors"] and artefacts.load("some")[1] == HEADER


def test_elsewhere_replaces_nothing(folder):
    before = artefacts.save("some", ARRAYS, HEADER)
    with artefacts.elsewhere():
        assert artefacts.save("some", ARRAYS, {}) != before
        scratch = artefacts.folder()
    assert not scratch.exists()
    assert artefacts.folder() == folder and artefacts.sha256(artefacts.path_of("some")) == before


def test_damage_other_files_and_unknown_names_are_refused(folder):
    with pytest.raises(FileNotFoundError, match="there are: none"):
        artefacts.load("some")
    artefacts.save("some", ARRAYS, HEADER)
    with pytest.raises(FileNotFoundError, match="there are: some"):
        artefacts.load("other")
    for name in ("../some", "Some", "", "a.b"):
        with pytest.raises(ValueError, match="name="):
            artefacts.path_of(name)
    path = folder / "some.safetensors"
    whole = path.read_bytes()
    for content in (b"", whole[:20], whole[:-1], whole + b"x", whole.replace(b'"header"', b'"hea_er"')):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="some.safetensors given"):
            artefacts.load("some")

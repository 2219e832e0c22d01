"""The catalogue: complete, and clear about what is missing in it."""

import re
import tomllib

import pytest

from jscc import datasets
from jscc.datasets import DataCorrupt, DataUnavailable, catalogue


def test_a_lost_catalogue_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(catalogue, "CATALOGUE", tmp_path / "datasets.toml")
    with pytest.raises(DataUnavailable, match=r"datasets\.toml.*checkout"):
        datasets.names()


def test_the_catalogue_is_complete():
    entries = tomllib.loads(datasets.CATALOGUE.read_text(encoding="utf-8"))
    wanted = {"mnist", "fashion_mnist", "cifar10", "binarized_mnist", "omniglot", "svhn", "celeba64"}
    assert wanted <= entries.keys()
    for name, entry in entries.items():
        data_set = datasets.info(name)
        assert data_set.title and data_set.licence and data_set.home and data_set.note, name
        if entry["kind"] not in ("builtin", "celeba"):
            assert data_set.urls and all(u.startswith("http") and u.endswith("/") for u in data_set.urls)
        for file in data_set.files:
            assert file.bytes > 0 and (file.sha256 or file.md5)
            assert len(file.sha256) in (0, 64) and len(file.md5) in (0, 32)
        assert all(len(p.pixels_sha256) == 64 for p in data_set.images)
    classic = {
        "lena",
        "barbara",
        "boat",
        "goldhill",
        "peppers",
        "zelda",
        "mandrill",
        "bridge",
        "camera",
        "astronaut",
    }
    assert set(datasets.image_names()) == classic | {f"kodim{k:02d}" for k in range(1, 25)}
    assert "never" in datasets.info("celeba64").licence and "faces" in datasets.info("celeba64").licence


@pytest.mark.parametrize("text", ["[mnist", "mnist = 3", "[mnist]\ntitle = 'no more'", "\udcff"])
def test_a_broken_catalogue_is_named(text, monkeypatch, tmp_path):
    path = tmp_path / "datasets.toml"
    path.write_bytes(text.encode("utf8", "surrogateescape"))
    monkeypatch.setattr(catalogue, "CATALOGUE", path)
    with pytest.raises(DataCorrupt, match=r"datasets\.toml"):
        datasets.names()


def test_every_set_says_what_it_must_hold():
    """Of all but SVHN, whose files could not be had, one content at least is known to the last byte."""
    for data_set in map(datasets.info, datasets.names()):
        if data_set.arrays and data_set.name not in ("svhn", "random_bits"):
            assert data_set.copies, data_set.name
        for copy in data_set.copies:
            assert copy.sha256.keys() == data_set.arrays.keys()
            assert all(re.fullmatch("[0-9a-f]{64}", s) for s in copy.sha256.values())
    assert [n for n in datasets.names() if datasets.info(n).recorded] == ["cifar10", "svhn", "celeba64"]


def test_everything_prints_as_one_line_that_says_what_it_is():
    for name in datasets.names():
        data_set = datasets.info(name)
        things = [data_set, *data_set.files, *data_set.images, *data_set.copies, *data_set.arrays.values()]
        for thing in [*things, datasets.exactness(name)]:
            assert repr(thing).startswith(type(thing).__name__ + "(") and "\n" not in repr(thing)
            assert len(repr(thing)) < 120 or isinstance(thing, datasets.Exactness)
        assert name in repr(data_set)

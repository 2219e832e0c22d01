"""The official formats: parsed to the last byte or refused, and CelebA by hand."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jscc import datasets
from jscc.datasets import DataCorrupt, archives, catalogue
from tiny_datasets import (
    RNG,
    TINY,
    catalogue_text,
    files_in,
    idx_bytes,
    mat_bytes,
    png_bytes,
    slow_area_average,
    tar_bytes,
    zip_bytes,
)


@given(st.binary(max_size=64) | st.binary(max_size=48).map(lambda b: b"\0\0\x08" + b))
@settings(max_examples=400, deadline=None)
def test_idx_parser_never_does_anything_but_parse_or_refuse(raw):
    try:
        array = datasets.parse_idx(raw)
    except DataCorrupt:
        return
    assert array.dtype == np.uint8 and idx_bytes(array) == raw


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.integers(0, 2**32 - 1), st.data())
@settings(max_examples=100, deadline=None)
def test_idx_round_trip_and_no_other_length(shape, seed, data):
    array = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    raw = idx_bytes(array)
    got = datasets.parse_idx(raw)
    assert got.shape == array.shape and (got == array).all() and got.flags.writeable
    cut = data.draw(st.integers(0, len(raw) - 1))
    for wrong in (raw[:cut], raw + b"\0"):
        with pytest.raises(DataCorrupt, match="expected|header"):
            datasets.parse_idx(wrong)


@given(st.integers(0, 59), st.integers(0, 255))
@settings(max_examples=200, deadline=None)
def test_amat_accepts_its_own_layout_only(position, byte):
    bits = np.arange(30).reshape(3, 10) % 3 % 2
    good = "".join(" ".join(map(str, row)) + "\n" for row in bits).encode()
    np.testing.assert_array_equal(datasets.parse_amat(good, width=10), bits)
    changed = good[:position] + bytes([byte]) + good[position + 1 :]
    if position % 2 == 0 and byte in b"01":
        assert datasets.parse_amat(changed, width=10).ravel()[position // 2] == byte - ord("0")
    elif changed != good:
        with pytest.raises(DataCorrupt, match=f"offset {position};"):
            datasets.parse_amat(changed, width=10)


def test_amat_cut_short_is_refused():
    for raw in (b"", b"0 1 0 1 0", b"0 1\n0"):
        with pytest.raises(DataCorrupt, match="multiple of 4"):
            datasets.parse_amat(raw, width=2)


@pytest.mark.parametrize("n, side", [(105, 28), (15, 4), (6, 3), (7, 5), (5, 5)])
def test_area_average_is_exact(n, side):
    ink = RNG.random((n, n)) < 0.4
    np.testing.assert_array_equal(datasets.area_average(ink, side), slow_area_average(ink, side))
    assert (datasets.area_average(np.ones((n, n)), side) == 255).all()


def with_file(monkeypatch, house, server, name, file, raw):
    """Make the server give, and the catalogue expect, another content of a file."""
    kind, (arrays, files) = TINY[name]
    changed = {**files, file: (files[file][0], raw)}
    monkeypatch.setitem(TINY, name, (kind, (arrays, changed)))
    monkeypatch.setitem(server.content, file, raw)
    path = house / "changed.toml"
    path.write_text(catalogue_text([server.url]))
    monkeypatch.setattr(catalogue, "CATALOGUE", path)


def test_official_files_of_wrong_content_are_refused(house, server, monkeypatch):
    """Right by checksum, wrong by content: nothing that the format forbids passes."""
    x = np.zeros((32, 32, 3, 12), np.uint8)
    ones = np.ones((12, 1), np.uint8)
    omniglot = "images_background/A/character01/0001_01.png"
    cases = [
        ("svhn", "train_32x32.mat", mat_bytes(x, ones * 11)),
        ("svhn", "train_32x32.mat", mat_bytes(x, ones * 0)),
        ("svhn", "train_32x32.mat", mat_bytes(x, ones[:5])),
        ("svhn", "train_32x32.mat", mat_bytes(x.astype(float), ones)),
        ("svhn", "train_32x32.mat", mat_bytes(x[..., :6], ones[:6])),
        ("svhn", "train_32x32.mat", b"no MATLAB file"),
        ("cifar10", "cifar-10-binary.tar.gz", tar_bytes({"data_batch_1.bin": bytes(3073)})),
        ("cifar10", "cifar-10-binary.tar.gz", tar_bytes({"../data_batch_1.bin": bytes(3073)})),
        ("omniglot", "images_background.zip", zip_bytes({omniglot: png_bytes(np.zeros((9, 9), np.uint8))})),
        ("omniglot", "images_background.zip", zip_bytes({omniglot: b"no PNG"})),
        ("omniglot", "images_background.zip", zip_bytes({"../" + omniglot: b"no PNG"})),
        ("mnist", "x_train.gz", gzip.compress(idx_bytes(np.zeros((5, 4, 4))))),
        ("mnist", "x_train.gz", gzip.compress(b"no idx")),
        ("mnist", "x_train.gz", gzip.compress(idx_bytes(np.zeros((6, 4, 4))))[:-9]),
        ("mnist", "y_train.gz", gzip.compress(idx_bytes(np.full(6, 10)))),
        ("binarized_mnist", "x_test.amat", b"2 " * 783 + b"0\n"),
    ]
    for name, file, raw in cases:
        with monkeypatch.context() as patch:
            with_file(patch, house, server, name, file, raw)
            with pytest.raises(DataCorrupt, match=file.replace(".", r"\.")):
                datasets.load(name)
            assert not any("npz" in f for f in files_in(house / "cache")), (name, file)


def test_a_swollen_gz_is_refused(house, server, monkeypatch):
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 20)
    with pytest.raises(DataCorrupt, match="more than 20 bytes"):
        datasets.load("mnist")
    assert not any("npz" in f for f in files_in(house / "cache"))

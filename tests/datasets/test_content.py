"""Files on disk: right to the last byte, or named and refused, at the cost of their headers alone."""

import errno
import hashlib
import io
import json
import pickle
import tracemalloc
import warnings
import zipfile

import numpy as np
import pytest

from jscc import datasets
from jscc.datasets import DataCorrupt, DataUnavailable
from tiny_datasets import PICTURES, TINY, assert_same, png_bytes


def put(house, **changes):
    """Store the tiny MNIST, changed, where JSCC_DATA points; None leaves an array out."""
    arrays = {**TINY["mnist"][1][0], **changes}
    path = house / "mnist.npz"
    np.savez(path, **{k: a for k, a in arrays.items() if a is not None})
    return path


@pytest.mark.parametrize(
    "changes",
    [
        {"y_test": None},
        {"x_train": np.zeros((5, 4, 4), np.uint8)},
        {"x_train": np.zeros((6, 16), np.uint8)},
        {"x_train": np.zeros((6, 4, 4), np.float32)},
        {"y_train": np.full(6, 10, np.uint8)},
        {"y_train": np.array([{}] * 6, object)},
    ],
    ids=["key", "length", "shape", "dtype", "label", "pickle"],
)
def test_a_wrong_npz_is_named_and_not_passed_over(changes, house, server, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    path = put(house, **changes)
    before = path.read_bytes()
    with pytest.raises(DataCorrupt, match=r"mnist\.npz.*expected|mnist\.npz.*pickle"):
        datasets.load("mnist")
    assert server.requests == [] and path.read_bytes() == before


class Bomb:
    """Raises a flag when it is unpickled."""

    went_off = False

    def __reduce__(self):
        return (setattr, (Bomb, "went_off", True))


def test_no_pickle_is_ever_loaded(house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    arrays = TINY["mnist"][1][0]
    bombs = np.array([Bomb()] * 6, object)
    whole = pickle.dumps(bombs)
    inside = put(house, y_train=bombs).read_bytes()
    named = io.BytesIO()
    with zipfile.ZipFile(named, "w") as archive:
        for key in arrays:
            archive.writestr(f"{key}.npy", whole)
    for raw in (inside, whole, named.getvalue()):
        (house / "mnist.npz").write_bytes(raw)
        with pytest.raises(DataCorrupt, match=r"mnist\.npz"):
            datasets.load("mnist")
    assert not Bomb.went_off
    pickle.loads(whole)
    assert Bomb.went_off, "the bomb of this test is a dud"


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, -1])
def test_a_truncated_npz_is_named(keep, house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    path = put(house)
    raw = path.read_bytes()
    path.write_bytes(raw[: int(keep * len(raw)) if keep == 0.5 else keep])
    with pytest.raises(DataCorrupt, match=r"mnist\.npz"):
        datasets.load("mnist")


def test_a_flipped_byte_is_found_or_harmless(house, monkeypatch):
    """Whatever bit rots, the arrays are right or the error is clean."""
    monkeypatch.setenv("JSCC_DATA", str(house))
    path = put(house)
    raw = path.read_bytes()
    refused = 0
    for position in range(0, len(raw), 3):
        path.write_bytes(raw[:position] + bytes([raw[position] ^ 0x5A]) + raw[position + 1 :])
        try:
            assert_same(datasets.load("mnist"), TINY["mnist"][1][0])
        except DataCorrupt as error:
            assert "mnist.npz" in str(error)
            refused += 1
    assert refused > len(raw) // 6


def test_a_damaged_file_in_the_cache_is_named_too(house, server):
    datasets.load("mnist")
    path = house / "cache" / "mnist.npz"
    path.write_bytes(path.read_bytes()[:-40])
    asked = len(server.requests)
    with pytest.raises(DataCorrupt, match="delete it"):
        datasets.load("mnist")
    assert len(server.requests) == asked


def test_a_picture_of_other_pixels_is_refused(house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    (house / "images").mkdir()
    path = house / "images" / "kodim01.png"
    pixels = PICTURES["kodim01"][1]
    wrong = [
        png_bytes(pixels ^ 1),
        png_bytes(pixels[:4]),
        png_bytes(pixels)[:90],
        png_bytes(pixels, "GIF"),
        b"",
    ]
    for raw in [*wrong, png_bytes(pixels[..., 0])]:
        path.write_bytes(raw)
        with pytest.raises(DataCorrupt, match=r"kodim01\.png"):
            datasets.image("kodim01")
    path.write_bytes(png_bytes(pixels))
    np.testing.assert_array_equal(datasets.image("kodim01"), pixels)


# ---------------------------------------------------------------------------------------------------------
# Altered, though of the right form
# ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["mnist", "binarized_mnist", "omniglot"])
def test_one_altered_value_is_found_in_every_array(name, house, monkeypatch):
    """The checksums of the zip are right here: only the catalogue's sums can tell."""
    monkeypatch.setenv("JSCC_DATA", str(house))
    good = TINY[name][1][0]
    for key, array in good.items():
        altered = array.copy()
        altered.flat[-1] ^= 1
        np.savez(house / f"{name}.npz", **{**good, key: altered})
        with pytest.raises(
            DataCorrupt, match=rf"{name}\.npz: array {key} has sha256 .* is expected \(the tiny {name}\)"
        ):
            datasets.load(name)
    np.savez_compressed(house / f"{name}.npz", **good)
    assert_same(datasets.load(name), good)


def test_two_pictures_exchanged_are_found(house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    put(house, x_train=TINY["mnist"][1][0]["x_train"][[1, 0, 2, 3, 4, 5]])
    with pytest.raises(DataCorrupt, match="x_train"):
        datasets.load("mnist")


def members(path):
    with np.load(path) as held:
        return {key: held[key] for key in held.files}


def test_a_conversion_is_known_by_its_record_and_altered_it_is_refused(house, server):
    """The official CIFAR-10 is not the copy that the catalogue knows."""
    expected = datasets.load("cifar10")
    path = house / "cache" / "cifar10.npz"
    held = members(path)
    for save in (np.savez, np.savez_compressed):
        save(path, **held)
        assert_same(datasets.load("cifar10"), expected)
    altered = held["x_test"].copy()
    altered[0, 0, 0, 0] ^= 1
    np.savez(path, **{**held, "x_test": altered})
    with pytest.raises(DataCorrupt, match=r"cifar10\.npz: array x_test"):
        datasets.load("cifar10")
    del held["record"]
    np.savez(path, **held)
    with pytest.raises(DataCorrupt, match=r"cifar10\.npz: array x_train has .*\(the tiny cifar10\)"):
        datasets.load("cifar10")


def test_no_record_stands_against_a_known_copy(house, server):
    """An npz of MNIST cannot vouch for itself."""
    datasets.load("cifar10")
    record = members(house / "cache" / "cifar10.npz")["record"].item()
    altered = TINY["mnist"][1][0]["x_train"] ^ 1
    sums = {k: hashlib.sha256(a.tobytes()).hexdigest() for k, a in (TINY["mnist"][1][0] | {"x_train": altered}).items()}
    record = json.dumps({**json.loads(record), "sha256": sums})
    np.savez(house / "cache" / "mnist.npz", **{**TINY["mnist"][1][0], "x_train": altered}, record=np.array(record))
    with pytest.raises(DataCorrupt, match="x_train"):
        datasets.load("mnist")


@pytest.mark.parametrize("record", [np.array("{}"), np.array("no json"), np.arange(3), np.array("x" * 40_000)])
def test_a_wrong_record_is_named(record, house, server):
    datasets.load("cifar10")
    path = house / "cache" / "cifar10.npz"
    np.savez(path, **{**members(path), "record": record})
    with pytest.raises(DataCorrupt, match=r"cifar10\.npz"):
        datasets.load("cifar10")


def test_a_set_of_which_nothing_is_known_says_so(house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    arrays = TINY["svhn"][1][0]
    np.savez(house / "svhn.npz", **arrays)
    with pytest.warns(UserWarning, match=r"svhn\.npz: only the form is checked"):
        assert_same(datasets.load("svhn"), arrays)


def test_a_set_fetched_from_its_home_needs_no_such_warning(house, server):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        datasets.load("svhn")
        datasets.load("svhn")


@pytest.mark.parametrize("dtype", [np.int64, ">i4", np.uint16])
def test_indices_of_any_width_are_the_same_content(dtype, house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    good = TINY["omniglot"][1][0]
    np.savez(house / "omniglot.npz", **{**good, "train_idx": good["train_idx"].astype(dtype)})
    np.testing.assert_array_equal(datasets.load("omniglot")["train_idx"], good["train_idx"])


def test_arrays_in_column_order_are_read_as_they_are(house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    put(house, x_train=np.asfortranarray(TINY["mnist"][1][0]["x_train"]))
    assert_same(datasets.load("mnist"), TINY["mnist"][1][0])


# ---------------------------------------------------------------------------------------------------------
# The header first
# ---------------------------------------------------------------------------------------------------------


def peak_of_a_refusal(name):
    tracemalloc.start()
    try:
        with pytest.raises(DataCorrupt, match=rf"{name}\.npz"):
            datasets.load(name)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def npy(shape, dtype, values):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"shape": shape, "fortran_order": False, "descr": dtype})
    return buffer.getvalue() + values


def put_member(path, key, content, good):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for k, array in good.items():
            archive.writestr(f"{k}.npy", content if k == key else npy(array.shape, array.dtype.str, array.tobytes()))


MUCH = 24 * 2**20  # zeros that take 24 kB in a file


@pytest.mark.parametrize(
    "shape, dtype, size",
    [((MUCH,), "|u1", MUCH), ((6, 4, 4), "|u1", MUCH), ((6, 4, 4), "<f8", MUCH), ((MUCH, 4, 4), "|u1", 96)],
    ids=["shape", "longer than its header", "dtype", "shorter than its header"],
)
def test_a_swollen_array_costs_no_memory(shape, dtype, size, house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    put_member(house / "mnist.npz", "x_train", npy(shape, dtype, bytes(size)), TINY["mnist"][1][0])
    assert (house / "mnist.npz").stat().st_size < 2**17
    assert peak_of_a_refusal("mnist") < 2**22


def test_an_array_of_free_length_may_not_swell(house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    n = MUCH // (64 * 64 * 3)
    with zipfile.ZipFile(house / "celeba64.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy((n, 64, 64, 3), "|u1", bytes(n * 64 * 64 * 3)))
        archive.writestr("image_id.npy", npy((n,), "<i4", np.arange(1, n + 1, dtype="<i4").tobytes()))
    assert peak_of_a_refusal("celeba64") < 2**22


def test_a_record_may_not_swell(house, server):
    datasets.load("cifar10")
    path = house / "cache" / "cifar10.npz"
    put_member(path, "record", npy((), f"<U{MUCH // 4}", bytes(MUCH)), members(path))
    assert peak_of_a_refusal("cifar10") < 2**22


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_packings_without_a_bound_on_memory_are_refused(method, house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    path = put(house)
    arrays = members(path)
    with zipfile.ZipFile(path, "w", method) as archive:
        for key, array in arrays.items():
            archive.writestr(f"{key}.npy", npy(array.shape, array.dtype.str, array.tobytes()))
    with pytest.raises(DataCorrupt, match=r"mnist\.npz.*packed by method"):
        datasets.load("mnist")


HEADERS = [
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (6, 4, 4",  # tokenize.TokenError in numpy
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (6L, 4, 4), '''",
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (-6, -4, 4), }",
    b"{'descr': '|u1', 'fortran_order': False, 'shape': (6, 4, 4)}" + b" " * 20_000,
    b"{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (6, 4, 4)}",
    b"{'descr': '|O', 'fortran_order': False, 'shape': (6, 4, 4)}",
    b"(" * 9000,
    b"\xff\x00",
    b"",
]


@pytest.mark.parametrize("header", HEADERS, ids=range(len(HEADERS)))
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0), (9, 9)], ids=str)
def test_headers_that_are_none_are_named(header, version, house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    length = len(header).to_bytes(2 if version == (1, 0) else 4, "little")
    content = b"\x93NUMPY" + bytes(version) + length + header + bytes(96)
    put_member(house / "mnist.npz", "x_train", content, TINY["mnist"][1][0])
    with pytest.raises(DataCorrupt, match=r"mnist\.npz"):
        datasets.load("mnist")


@pytest.mark.parametrize("code", [errno.EACCES, errno.EIO, errno.EMFILE])
def test_what_cannot_be_read_is_not_called_damaged(code, house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    put(house)

    def refuse(path, *args):
        raise OSError(code, "refused", str(path))

    monkeypatch.setattr(zipfile, "ZipFile", refuse)
    with pytest.raises(DataUnavailable, match=r"mnist\.npz: cannot be read.*refused"):
        datasets.load("mnist")


def test_a_folder_under_the_name_of_a_file_is_named(house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    (house / "mnist.npz").mkdir()
    with pytest.raises(DataCorrupt, match=r"mnist\.npz"):
        datasets.load("mnist")

"""What a reader calls; where ``JSCC_DATA`` is set, the real sets too."""

import hashlib
import re
import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pytest

from jscc import datasets
from jscc.datasets import DataCorrupt, DataUnavailable
from tiny_datasets import PICTURES, TINY, assert_same, idx_bytes


@pytest.mark.parametrize("name", [*TINY, *PICTURES, "set_of_lena"])
def test_offline_nothing_is_asked_and_one_line_is_said(name, house, server, monkeypatch, capsys):
    monkeypatch.setenv("JSCC_OFFLINE", "1")
    assert not datasets.available(name) and capsys.readouterr().out == ""
    assert datasets.here(name) is False
    said = capsys.readouterr().out
    assert said.startswith("Skipped: this cell needs Tiny ") and said.count("\n") == 1
    assert "http://home.invalid/" in said and "JSCC_OFFLINE" in said
    for download in (True, False):
        with pytest.raises(DataUnavailable, match="Tiny"):
            datasets.load(name, download=download)
    assert server.requests == []


def test_load_without_download_asks_nothing(house, server):
    for name in (*TINY, *PICTURES):
        with pytest.raises(DataUnavailable):
            datasets.load(name, download=False)
    assert server.requests == []


def test_a_cache_that_cannot_be_written_is_said(house, server, monkeypatch, capsys):
    (house / "file").write_text("in the way")
    monkeypatch.setenv("JSCC_CACHE", str(house / "file" / "cache"))
    assert datasets.here("mnist") is False
    assert "cannot be written" in capsys.readouterr().out


def test_unknown_names_and_stray_generators_are_refused():
    with pytest.raises(ValueError, match="'mnits'.*mnist"):
        datasets.load("mnits")
    with pytest.raises(ValueError, match="'mnist'.*camera"):
        datasets.image("mnist")
    with pytest.raises(ValueError, match="rng=None given.*a seed is expected with random_bits"):
        datasets.load("random_bits")
    with pytest.raises(ValueError, match="rng=0 given.*None with the others"):
        datasets.load("digits", rng=0)


def test_sets_that_are_always_there(monkeypatch, tmp_path):
    monkeypatch.setenv("JSCC_OFFLINE", "1")
    monkeypatch.setenv("JSCC_DATA", str(tmp_path))
    monkeypatch.setenv("JSCC_CACHE", str(tmp_path / "cache"))
    for name in ("digits", "camera", "astronaut", "random_bits"):
        assert datasets.available(name) and datasets.here(name)
    digits = datasets.load("digits")
    assert digits["x"].shape == (1797, 8, 8) and digits["x"].dtype == np.uint8 and digits["x"].max() == 16
    assert np.bincount(digits["y"]).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert datasets.image("camera").shape == (512, 512)
    assert datasets.image("astronaut").shape == (512, 512, 3)
    assert datasets.image("camera").dtype == np.uint8 and datasets.image("camera").flags.writeable
    assert not (tmp_path / "cache").exists()


def test_random_bits_are_fair_and_seeded():
    bits = datasets.load("random_bits", rng=5)["x"]
    assert bits.dtype == np.uint8 and set(np.unique(bits)) == {0, 1}
    assert abs(bits.mean() - 0.5) < 5 * 0.5 / np.sqrt(bits.size)
    again = datasets.load("random_bits", rng=np.random.default_rng(5))["x"]
    np.testing.assert_array_equal(bits, again)
    assert (datasets.random_bits(1000, 1) != datasets.random_bits(1000, 2)).any()


def test_report_lists_every_set(house, server):
    datasets.load("mnist")
    table = datasets.report()
    assert list(table.columns) == ["name", "title", "state", "path", "home", "size", "licence", "exactness"]
    assert table["name"].tolist() == datasets.names()
    rows = table.set_index("name")
    assert rows.loc["mnist", "state"] == "here"
    assert rows.loc["mnist", "path"] == str(house / "cache" / "mnist.npz")
    assert rows.loc["svhn", "state"] == "missing" and rows.loc["svhn", "path"] == ""
    assert server.requests.count("train_32x32.mat") == 0


def test_the_data_folder_comes_before_the_cache(house, server, monkeypatch):
    good = datasets.load("mnist")
    (house / "data").mkdir()
    np.savez(house / "data" / "mnist.npz", **good, unasked=np.arange(3))
    monkeypatch.setenv("JSCC_DATA", str(house / "data"))
    assert datasets.report().set_index("name").loc["mnist", "path"] == str(house / "data" / "mnist.npz")
    (house / "cache" / "mnist.npz").write_bytes(b"damaged")
    assert_same(datasets.load("mnist"), good)
    (house / "data" / "mnist.npz").write_bytes(b"damaged")
    with pytest.raises(DataCorrupt, match="data.mnist.npz"):
        datasets.load("mnist")


# ---------------------------------------------------------------------------------------------------------
# What was read
# ---------------------------------------------------------------------------------------------------------


def written_svhn(folder, **changes):
    """An npz of a set of which nothing is known, so that anything of the right form can be loaded."""
    np.savez(folder / "svhn.npz", **{**TINY["svhn"][1][0], **changes})


@pytest.fixture
def free(house, monkeypatch):
    monkeypatch.setenv("JSCC_DATA", str(house))
    monkeypatch.setattr(warnings, "warn", lambda *args, **kwargs: None)
    return house


def test_a_fingerprint_tells_contents_apart(free):
    good = TINY["svhn"][1][0]
    found = []
    for key, array in good.items():
        for position in (0, array.size - 1):
            altered = array.copy()
            altered.flat[position] ^= 1
            written_svhn(free, **{key: altered})
            found.append(datasets.fingerprint("svhn"))
    written_svhn(free, x_train=good["x_train"][::-1])
    found.append(datasets.fingerprint("svhn"))
    written_svhn(free)
    found.append(datasets.fingerprint("svhn"))
    assert len(set(found)) == len(found)
    assert all(re.fullmatch("[0-9a-f]{16}", one) for one in found)


def test_a_fingerprint_is_of_the_arrays_not_of_the_file(free):
    written_svhn(free)
    one = datasets.fingerprint("svhn")
    np.savez_compressed(free / "svhn.npz", unasked=np.arange(4), **dict(reversed(TINY["svhn"][1][0].items())))
    assert datasets.fingerprint("svhn") == one
    assert datasets.load("svhn") and datasets.loaded()["svhn"] == one


def test_a_fingerprint_follows_its_definition(house, server):
    """As anyone can compute it again from the arrays."""
    arrays = datasets.load("omniglot")
    lines = [
        f"{k} {a.dtype.str} {list(a.shape)} {hashlib.sha256(a.tobytes()).hexdigest()}\n"
        for k, a in sorted(arrays.items())
    ]
    assert datasets.fingerprint("omniglot") == hashlib.sha256("".join(lines).encode()).hexdigest()[:16]


def test_a_fingerprint_is_computed_once_for_a_file(house, server, monkeypatch):
    datasets.load("mnist")
    one = datasets.fingerprint("mnist")
    with monkeypatch.context() as patch:
        patch.setattr(zipfile, "ZipFile", None)  # nothing can be read now
        assert datasets.fingerprint("mnist") == one
    path = house / "cache" / "mnist.npz"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataCorrupt, match=r"mnist\.npz"):
        datasets.fingerprint("mnist")


def test_a_fingerprint_of_what_is_not_here(house, server):
    for name in ("mnist", "kodim01"):
        with pytest.raises(DataUnavailable):
            datasets.fingerprint(name)
    with pytest.raises(ValueError, match="random_bits"):
        datasets.fingerprint("random_bits")
    assert server.requests == []


def test_pictures_have_fingerprints_too(house, server):
    datasets.image("kodim01")
    datasets.load("set_of_kodim01")
    one, whole = datasets.fingerprint("kodim01"), datasets.fingerprint("set_of_kodim01")
    assert one == whole == datasets.loaded()["kodim01"] == datasets.loaded()["set_of_kodim01"]
    datasets.image("lena")
    assert datasets.fingerprint("lena") != one


def test_what_was_loaded_is_known_and_nothing_else():
    code = (
        "from jscc import datasets\n"
        "datasets.fingerprint('digits'), datasets.available('mnist'), datasets.load('random_bits', rng=1)\n"
        "assert datasets.loaded() == {}\n"
        "datasets.load('digits'), datasets.image('camera')\n"
        "assert datasets.loaded() == {n: datasets.fingerprint(n) for n in ('digits', 'camera')}\n"
        "datasets.loaded().clear()\n"
        "assert list(datasets.loaded()) == ['digits', 'camera']\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_failed_load_is_no_load(free):
    written_svhn(free, x_train=TINY["svhn"][1][0]["x_train"] ^ 255)
    datasets.load("svhn")
    before = datasets.loaded()["svhn"]
    (free / "svhn.npz").write_bytes(b"damaged")
    with pytest.raises(DataCorrupt):
        datasets.load("svhn")
    assert datasets.loaded()["svhn"] == before


# ---------------------------------------------------------------------------------------------------------
# How exact it is
# ---------------------------------------------------------------------------------------------------------


def test_inexact_images_are_counted(house, monkeypatch, server):
    not_here = datasets.exactness("cifar10")
    assert not_here.inexact == {"train": 2, "test": 1}, "of the book's copy, as the catalogue says"
    assert str(not_here) == "9 of 12 images are bit-exact; 2 of train and 1 of test come from JPEG copies."
    datasets.load("cifar10")
    here = datasets.exactness("cifar10")
    assert here.images == 12 and here.inexact == {"train": 0, "test": 0}
    assert str(here) == "All 12 images are bit-exact."
    arrays = {**TINY["cifar10"][1][0], "inexact_test": np.array([1], np.int32)}
    np.savez(house / "cache" / "cifar10.npz", **arrays)
    assert str(datasets.exactness("cifar10")).startswith("11 of 12 images are bit-exact; 1 of test come")
    assert datasets.report().set_index("name").loc["cifar10", "exactness"].startswith("11 of 12")
    (house / "cache" / "cifar10.npz").write_bytes(b"damaged")
    with pytest.raises(DataCorrupt, match=r"cifar10\.npz"):
        datasets.exactness("cifar10")
    assert "cifar10.npz" in datasets.report().set_index("name").loc["cifar10", "exactness"]


def test_where_nothing_is_counted_the_note_speaks(house):
    said = datasets.exactness("mnist")
    assert said.images is None and said.inexact == {} and str(said) == "tiny"


def test_the_catalogue_counts_what_the_books_copy_of_cifar10_holds():
    copy = datasets.info("cifar10").copies[0]
    assert copy.inexact == {"train": 86, "test": 25}
    if datasets.available("cifar10"):
        arrays = datasets.load("cifar10")
        if len(arrays["inexact_train"]):
            said = datasets.exactness("cifar10")
            assert said.inexact == {part: len(arrays[f"inexact_{part}"]) for part in copy.inexact} == copy.inexact
            assert "59,889 of 60,000" in str(said)


# ---------------------------------------------------------------------------------------------------------
# The real sets
# ---------------------------------------------------------------------------------------------------------


def real(name):
    if not datasets.available(name):
        pytest.skip(f"{name} is not on this machine (set JSCC_DATA)")
    return datasets.load(name, download=False)


def digest(array, algorithm="sha256"):
    return hashlib.new(algorithm, array.tobytes()).hexdigest()


@pytest.mark.parametrize(
    "name, sums",
    [
        (
            "mnist",
            {
                "x_train": "6bbc9ace898e44ae57da46a324031adb",
                "y_train": "a25bea736e30d166cdddb491f175f624",
                "x_test": "2646ac647ad5339dbf082846283269ea",
                "y_test": "27ae3e4e09519cfbb04c329615203637",
            },
        ),
        (
            "fashion_mnist",
            {
                "x_train": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
                "y_train": "9018921c3c673c538a1fc5bad174d6f9",
                "x_test": "8181f5470baa50b63fa0f6fddb340f0a",
                "y_test": "15d484375f8d13e6eb1aabb0c3f46965",
            },
        ),
    ],
)
def test_real_idx_sets_are_the_official_ones(name, sums):
    arrays = real(name)
    for key, expected in sums.items():
        assert hashlib.md5(idx_bytes(arrays[key])).hexdigest() == expected, key
    counts = np.bincount(arrays["y_train"])
    if name == "fashion_mnist":
        assert counts.tolist() == [6000] * 10 and np.bincount(arrays["y_test"]).tolist() == [1000] * 10
    else:
        assert counts.tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]


def test_real_binarized_mnist_is_the_official_one():
    arrays = real("binarized_mnist")
    for file in datasets.info("binarized_mnist").files:
        text = np.full((len(arrays[file.array]), 784, 2), ord(" "), np.uint8)
        text[:, :, 0] = arrays[file.array].reshape(-1, 784) + ord("0")
        text[:, -1, 1] = ord("\n")
        assert digest(text) == file.sha256
        np.testing.assert_array_equal(
            datasets.parse_amat(text[:100].tobytes()).reshape(-1, 28, 28), arrays[file.array][:100]
        )


def test_real_cifar10():
    arrays = real("cifar10")
    for part, n in (("train", 5000), ("test", 1000)):
        assert np.bincount(arrays[f"y_{part}"]).tolist() == [n] * 10
    mean = arrays["x_train"].mean(axis=(0, 1, 2)) / 255
    np.testing.assert_allclose(mean, [0.4914, 0.4822, 0.4465], atol=1e-4)
    if len(arrays["inexact_train"]) == 86:  # the rebuilt copy, whose bytes are known
        assert digest(arrays["x_train"]) == "c461bd4536fb85ed1eb486daab6efe1841bd78a4c1eb300d5c7b5ac7f9c941b4"
        assert digest(arrays["x_test"]) == "ca999a174ec711bbad89d5cc53d425e155595742a396a5ba95d0a218eac0704a"
        inexact = arrays["y_train"][arrays["inexact_train"]], arrays["y_test"][arrays["inexact_test"]]
        assert np.bincount(np.concatenate(inexact), minlength=10).tolist() == [0] * 7 + [6, 105, 0]


def test_real_omniglot():
    arrays = real("omniglot")
    assert (np.bincount(arrays["drawer"])[1:] == 1623).all()
    assert np.bincount(arrays["evaluation"]).tolist() == [19280, 13180]
    keys = np.stack([arrays[k].astype(int) for k in ("evaluation", "alphabet", "character", "drawer")])
    order = np.lexsort(keys[::-1])
    np.testing.assert_array_equal(order, np.arange(len(order)))
    permutation = np.random.RandomState(2015).permutation(32460)  # noqa: NPY002
    np.testing.assert_array_equal(arrays["train_idx"], np.sort(permutation[:24345]))
    np.testing.assert_array_equal(arrays["test_idx"], np.sort(permutation[24345:][:8070]))


def test_real_svhn():
    arrays = real("svhn")
    assert np.bincount(arrays["y_train"])[:2].tolist() == [4948, 13861]


def test_real_celeba():
    arrays = real("celeba64")
    assert len(np.unique(arrays["image_id"])) == len(arrays["x"])
    assert arrays["x"].std() > 30


def test_real_pictures():
    names = [n for n in datasets.image_names() if datasets.available(n) and n not in ("camera", "astronaut")]
    if not names:
        pytest.skip("no test picture is on this machine (set JSCC_DATA)")
    for name in names:
        assert datasets.image(name, download=False).dtype == np.uint8  # the pixels are checked inside
    if "lena" in names:
        lena = datasets.image("lena")
        assert round(float(lena.mean()), 2) == 124.05 and round(float(lena.std()), 2) == 47.85

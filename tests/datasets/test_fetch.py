"""Fetching: the whole path against a small server on this machine, and every fault on the way."""

import hashlib
import signal
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import requests

from jscc import datasets
from jscc.datasets import DataCorrupt, DataUnavailable, catalogue, fetch
from tiny_datasets import PICTURES, TINY, assert_same, catalogue_text, faces, files_in, png_bytes, zip_bytes


@pytest.mark.parametrize("name", TINY)
def test_official_files_become_the_arrays(name, house, server):
    expected = TINY[name][1][0]
    assert not datasets.available(name)
    assert_same(datasets.load(name), expected)
    assert files_in(house / "cache") == [f"{name}.npz"]
    asked = len(server.requests)
    assert datasets.available(name) and datasets.here(name)
    assert_same(datasets.load(name), expected)
    assert len(server.requests) == asked, "a second load must not ask the network"


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_fetched_and_kept_as_png(name, house, server):
    pixels = PICTURES[name][1]
    np.testing.assert_array_equal(datasets.image(name), pixels)
    assert files_in(house / "cache") == [f"images/{name}.png"]
    asked = len(server.requests)
    np.testing.assert_array_equal(datasets.load(f"set_of_{name}")[name], pixels)
    assert len(server.requests) == asked


@pytest.mark.parametrize("fault", ["cut", "wrong", "short", 503])
def test_a_passing_fault_is_tried_again(fault, house, server):
    server.spoil["x_train.gz"] = [fault]
    assert_same(datasets.load("mnist"), TINY["mnist"][1][0])
    assert server.requests.count("x_train.gz") == 2
    assert files_in(house / "cache") == ["mnist.npz"]


@pytest.mark.parametrize("fault, error", [("cut", DataUnavailable), ("wrong", DataCorrupt), ("short", DataCorrupt)])
def test_a_lasting_fault_is_named_and_leaves_nothing_half_written(fault, error, house, server):
    server.spoil["x_test.gz"] = [fault] * 9
    with pytest.raises(error, match=r"x_test\.gz") as caught:
        datasets.load("mnist")
    if error is DataCorrupt:
        assert "expected" in str(caught.value) and "found" in str(caught.value)
    # What came whole before the fault stays, and is not asked for again.
    left = files_in(house / "cache")
    assert left == ["downloads/mnist/x_train.gz", "downloads/mnist/y_train.gz"]
    server.spoil.clear()
    assert_same(datasets.load("mnist"), TINY["mnist"][1][0])
    assert server.requests.count("x_train.gz") == 1
    assert files_in(house / "cache") == ["mnist.npz"]


def test_a_wrong_picture_is_refused(house, server):
    server.content["kodim01.png"] = png_bytes(PICTURES["kodim01"][1] ^ 1)
    with pytest.raises(DataCorrupt, match="kodim01"):
        datasets.image("kodim01")
    assert files_in(house / "cache") == []


def test_addresses_are_tried_in_turn(house, server, monkeypatch, tmp_path):
    second = tmp_path / "second.toml"
    second.write_text(catalogue_text([server.url + "nothing/", server.url]))
    monkeypatch.setattr(catalogue, "CATALOGUE", second)
    assert_same(datasets.load("mnist"), TINY["mnist"][1][0])
    assert server.requests.count("nothing/x_train.gz") == 1, "a 404 is not tried twice"


def test_a_dead_network_is_noticed_once(house, server, monkeypatch, tmp_path, capsys):
    server.http.shutdown()
    server.http.server_close()
    asked = []
    get = requests.get
    monkeypatch.setattr(requests, "get", lambda url, **options: (asked.append(url), get(url, **options))[1])
    with pytest.raises(DataUnavailable, match="did not answer"):
        datasets.load("mnist")
    assert not datasets.here("cifar10")
    assert "Skipped: this cell needs Tiny cifar10" in capsys.readouterr().out
    assert len(asked) == 1
    assert files_in(house / "cache") == []


def test_a_damaged_leftover_of_an_earlier_attempt_is_fetched_again(house, server):
    folder = house / "cache" / "downloads" / "mnist"
    folder.mkdir(parents=True)
    (folder / "x_train.gz").write_bytes(b"half a fi")
    (folder / ".y_train.gz.part").write_bytes(b"half a fi")
    (house / "cache" / ".mnist.npz.part").write_bytes(b"half a fi")
    assert_same(datasets.load("mnist"), TINY["mnist"][1][0])
    assert files_in(house / "cache") == ["mnist.npz"]


def test_a_failed_conversion_leaves_nothing(house, server, monkeypatch):
    def half(file, **arrays):
        file.write(b"half")
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", half)
        with pytest.raises(DataUnavailable, match=r"mnist\.npz.*no space"):
            datasets.load("mnist")
    assert not any("npz" in f for f in files_in(house / "cache"))
    assert_same(datasets.load("mnist"), TINY["mnist"][1][0])


CHILD = """
    import os, pathlib, signal, sys
    import numpy as np
    from jscc import datasets
    from jscc.datasets import catalogue
    catalogue.CATALOGUE = pathlib.Path(sys.argv[1])
    os.environ["JSCC_CACHE"] = sys.argv[2]
    def die(file, **arrays):
        file.write(b"half of it")
        file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    if sys.argv[3] == "convert":
        np.savez = die
    datasets.load("mnist")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize("moment", ["download", "convert"])
def test_a_killed_process_leaves_no_half_file_under_a_good_name(moment, house, server):
    if moment == "download":
        server.spoil["y_test.gz"] = ["stall"]
    command = [sys.executable, "-c", textwrap.dedent(CHILD), catalogue.CATALOGUE, house / "cache", moment]
    child = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    if moment == "download":
        assert server.half_sent.wait(60), "the child never asked for the file"
        child.kill()
    assert child.wait(60) == -signal.SIGKILL
    server.resume.set()
    assert not (house / "cache" / "mnist.npz").exists()
    assert not (house / "cache" / "downloads" / "mnist" / "y_test.gz").exists() or moment == "convert"
    asked = server.requests.count("x_train.gz")
    assert_same(datasets.load("mnist"), TINY["mnist"][1][0])
    assert server.requests.count("x_train.gz") == asked, "what had come whole was fetched twice"
    assert files_in(house / "cache") == ["mnist.npz"]


def test_two_processes_fetch_once(house, server):
    command = [sys.executable, "-c", textwrap.dedent(CHILD), catalogue.CATALOGUE, house / "cache", ""]
    children = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [child.wait(60) for child in children] == [0, 0]
    assert sorted(server.requests) == sorted(TINY["mnist"][1][1])


def test_celeba_needs_a_hand_and_says_how(house, server, capsys):
    with pytest.raises(DataUnavailable, match=r"img_align_celeba\.zip from http://faces\.invalid/ by hand"):
        datasets.load("celeba64")
    assert not datasets.here("celeba64")
    said = capsys.readouterr().out
    assert "by hand" in said and "never show" in said and str(house / "cache") in said
    assert server.requests == []


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_celeba_from_what_the_reader_downloaded(form, house):
    source = house / "given"
    if form == "zip":
        source.write_bytes(zip_bytes(faces()))
    else:
        for name, raw in faces().items():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes(raw)
    datasets.convert_celeba(source, count=2)
    got = datasets.load("celeba64")
    assert got["image_id"].tolist() == [1, 2] and got["x"].shape == (2, 64, 64, 3)
    for k, x in enumerate(got["x"], 1):
        inner = x[2:-2, 2:-2].astype(int)  # JPEG blurs the edge of the crop
        assert abs(inner - 40 * k).max() <= 3
    datasets.convert_celeba(source, count=None)
    assert datasets.load("celeba64")["image_id"].tolist() == [1, 2, 3]


def test_a_bad_celeba_never_replaces_a_good_one(house):
    good, bad = house / "good.zip", house / "bad.zip"
    good.write_bytes(zip_bytes(faces()))
    before = datasets.convert_celeba(good, count=None).read_bytes()
    small = png_bytes(np.zeros((20, 20, 3), np.uint8), "JPEG")
    name = "img_align_celeba/000002.jpg"
    for members in (
        {**faces(), name: small},
        {**faces(), name: faces()[name][:400]},
        {},
        {"../000004.jpg": small},
    ):
        bad.write_bytes(zip_bytes(members))
        with pytest.raises(DataCorrupt, match=r"bad\.zip"):
            datasets.convert_celeba(bad)
    with pytest.raises(DataUnavailable, match="does not exist"):
        datasets.convert_celeba(house / "nowhere.zip")
    with pytest.raises(ValueError, match="count=0"):
        datasets.convert_celeba(good, count=0)
    assert (house / "cache" / "celeba64.npz").read_bytes() == before
    assert files_in(house / "cache") == ["celeba64.npz"]


def test_a_celeba_zip_that_lies_in_the_data_folder_is_checked_and_used(house, monkeypatch):
    raw = zip_bytes(faces())
    (house / "data").mkdir()
    (house / "data" / "img_align_celeba.zip").write_bytes(raw)
    monkeypatch.setenv("JSCC_DATA", str(house / "data"))
    with pytest.raises(DataCorrupt, match=f"{len(raw)} bytes found, 1 are expected"):
        datasets.load("celeba64")
    text = catalogue.CATALOGUE.read_text()
    right = f'bytes = {len(raw)}, md5 = "{hashlib.md5(raw).hexdigest()}"'
    right_toml = house / "right.toml"
    right_toml.write_text(text.replace('bytes = 1, md5 = "00"', right))
    monkeypatch.setattr(catalogue, "CATALOGUE", right_toml)
    monkeypatch.setenv("JSCC_OFFLINE", "1")
    assert datasets.here("celeba64")
    assert datasets.load("celeba64")["image_id"].tolist() == [1, 2, 3]
    assert (house / "data" / "img_align_celeba.zip").read_bytes() == raw


@pytest.mark.parametrize("form", ["zip", "folder"])
def test_fewer_faces_never_replace_more(form, house):
    """A folder with a single picture is no reason to lose the three that are there."""
    three = house / "three.zip"
    three.write_bytes(zip_bytes(faces()))
    out = datasets.convert_celeba(three, count=None)
    before = out.read_bytes()
    one = {name: raw for name, raw in faces().items() if name.endswith("000002.jpg")}
    source = house / "one"
    if form == "zip":
        source.write_bytes(zip_bytes(one))
    else:
        source.mkdir()
        for name, raw in one.items():
            (source / name.rpartition("/")[2]).write_bytes(raw)
    with pytest.raises(DataCorrupt, match="one: 1 pictures found, 10000 are expected"):
        datasets.convert_celeba(source)
    for count in (None, 1):
        with pytest.raises(ValueError, match=r"one with 1 pictures given, at least the 3 .*replace=True"):
            datasets.convert_celeba(source, count=count)
    with pytest.raises(ValueError, match="with 2 pictures given, at least the 3"):
        datasets.convert_celeba(three, count=2)
    assert out.read_bytes() == before
    datasets.convert_celeba(source, count=None, replace=True)
    assert datasets.load("celeba64")["image_id"].tolist() == [2]
    datasets.convert_celeba(three, count=3)
    out.write_bytes(before[:-50])  # what is damaged is no good copy
    datasets.convert_celeba(source, count=1)
    assert datasets.load("celeba64")["image_id"].tolist() == [2]


# ---------------------------------------------------------------------------------------------------------
# Servers that do not end, and disks that do
# ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file, name", [("x_train.gz", "mnist"), ("kodim01.png", "kodim01")])
@pytest.mark.parametrize("fault", ["endless", "announced"])
def test_more_than_is_expected_is_not_taken(fault, file, name, house, server):
    server.spoil[file] = [fault] * 9
    with pytest.raises(DataCorrupt, match=file.replace(".", r"\.") + ".*expected"):
        datasets.load(name)
    assert server.sent < 2**25, "more was taken than fits into the buffers of a connection"
    assert not [f for f in files_in(house / "cache") if file in f or "tmp" in f]


@pytest.mark.parametrize("fault", ["drip", "dripping head"])
@pytest.mark.parametrize("file, name", [("x_train.gz", "mnist"), ("kodim01.png", "kodim01")])
def test_a_server_that_drips_is_given_up(file, name, fault, house, server, monkeypatch):
    monkeypatch.setattr(fetch, "TIMEOUT_S", (0.5, 0.3))
    monkeypatch.setattr(fetch, "LEAST_BYTES_PER_S", 10**6)
    server.spoil[file] = [fault] * 9
    start = time.monotonic()
    with pytest.raises(DataUnavailable, match=file.replace(".", r"\.") + " broke off"):
        datasets.load(name)
    assert time.monotonic() - start < fetch.ATTEMPTS * 3
    assert files_in(house / "cache") == []


def test_a_length_that_is_no_number_does_no_harm(house, server):
    server.spoil["x_train.gz"] = ["nonsense"]
    assert_same(datasets.load("mnist"), TINY["mnist"][1][0])


def test_an_address_that_is_none_is_named(house, server, monkeypatch):
    path = house / "odd.toml"
    path.write_text(catalogue_text(["http://[bad/", "http://" + "a" * 70 + ".invalid/"]))
    monkeypatch.setattr(catalogue, "CATALOGUE", path)
    with pytest.raises((DataUnavailable, DataCorrupt), match=r"x_train\.gz"):
        datasets.load("mnist")


FULL = """
    import os, pathlib, resource, sys
    os.environ["JSCC_CACHE"] = sys.argv[2]
    from jscc import datasets
    from jscc.datasets import catalogue
    catalogue.CATALOGUE = pathlib.Path(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[4]), resource.RLIM_INFINITY))
    try:
        datasets.load(sys.argv[3])
    except datasets.DataUnavailable as error:
        print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize(
    "name, limit, file",
    [("svhn", 4000, "train_32x32.mat"), ("mnist", 600, "mnist.npz"), ("kodim01", 80, "kodim01.png")],
)
def test_a_full_disk_is_said_and_leaves_nothing_half_written(name, limit, file, house, server):
    """As many bytes as the limit allows can be written to a file, and no more."""
    command = [sys.executable, "-c", textwrap.dedent(FULL), catalogue.CATALOGUE, house / "cache", name, str(limit)]
    said = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout
    assert file in said and "cannot be written" in said
    whole = [f for f in files_in(house / "cache") if not f.startswith("downloads/mnist/")]
    assert whole == []
    datasets.load(name)

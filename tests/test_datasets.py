"""Data sets: every road to a set, and every way a file can be wrong.

The whole path (download, checksum, conversion, cache) runs against a small server on this machine and a
catalogue of tiny sets in the official formats. Where ``JSCC_DATA`` is set, the real sets are checked too.
"""

import gzip
import hashlib
import io
import pickle
import signal
import subprocess
import sys
import tarfile
import textwrap
import threading
import tomllib
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.io import savemat

from jscc import datasets
from jscc.datasets import DataCorrupt, DataUnavailable

REAL_CATALOGUE = datasets.CATALOGUE
RNG = np.random.default_rng(7)


# ---------------------------------------------------------------------------------------------------------
# Tiny sets in the official formats
# ---------------------------------------------------------------------------------------------------------


def idx_bytes(array):
    header = bytes([0, 0, 8, array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(np.uint8).tobytes()


def png_bytes(array, fmt="PNG"):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, format=fmt)
    return buffer.getvalue()


def tar_bytes(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def zip_bytes(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def mat_bytes(x, y):
    buffer = io.BytesIO()
    savemat(buffer, {"X": x, "y": y}, do_compression=True)
    return buffer.getvalue()


def tiny_mnist():
    arrays = {
        "x_train": RNG.integers(0, 256, (6, 4, 4), dtype=np.uint8),
        "y_train": RNG.integers(0, 10, 6, dtype=np.uint8),
        "x_test": RNG.integers(0, 256, (3, 4, 4), dtype=np.uint8),
        "y_test": RNG.integers(0, 10, 3, dtype=np.uint8),
    }
    return arrays, {f"{k}.gz": (k, gzip.compress(idx_bytes(a))) for k, a in arrays.items()}


def tiny_cifar():
    arrays, members = {}, {"cifar-10-batches-bin/readme.html": b"read me"}
    for part, batches in (("train", [f"data_batch_{k}" for k in range(1, 6)]), ("test", ["test_batch"])):
        xs, ys = [], []
        for batch in batches:
            x = RNG.integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
            y = RNG.integers(0, 10, 2, dtype=np.uint8)
            rows = [
                bytes([int(k)]) + b"".join(i[..., c].tobytes() for c in range(3)) for i, k in zip(x, y, strict=True)
            ]
            members[f"cifar-10-batches-bin/{batch}.bin"] = b"".join(rows)
            xs.append(x)
            ys.append(y)
        arrays[f"x_{part}"], arrays[f"y_{part}"] = np.concatenate(xs), np.concatenate(ys)
        arrays[f"inexact_{part}"] = np.zeros(0, np.int32)
    return arrays, {"cifar-10-binary.tar.gz": ("", tar_bytes(members))}


def tiny_binarized():
    arrays = {f"x_{p}": RNG.integers(0, 2, (n, 28, 28), dtype=np.uint8) for p, n in (("train", 3), ("test", 2))}
    text = {k: "".join(" ".join(map(str, row.ravel())) + "\n" for row in a) for k, a in arrays.items()}
    return arrays, {f"{k}.amat": (k, t.encode()) for k, t in text.items()}


def slow_area_average(ink, side):
    """Straight from the definition: each new pixel as a sum over the overlaps, in exact fractions."""
    from fractions import Fraction as F

    n, out = len(ink), np.zeros((side, side), np.uint8)
    step = F(n, side)

    def overlap(o, t):
        return max(F(0), min(step * (o + 1), F(t + 1)) - max(step * o, F(t)))

    w = [{t: overlap(o, t) for t in range(n) if overlap(o, t)} for o in range(side)]
    for a in range(side):
        for b in range(side):
            area = sum(wa * wb * int(ink[t, u]) for t, wa in w[a].items() for u, wb in w[b].items())
            out[a, b] = int(255 * area / step**2 + F(1, 2))
    return out


def tiny_omniglot():
    """Two background alphabets and one evaluation alphabet, given in no good order."""
    inks, zips = {}, {"images_background": {}, "images_evaluation": {}}
    for part, alphabet, character, drawer in [
        ("evaluation", "Angelic", 1, 2),
        ("background", "Greek", 2, 1),
        ("background", "Greek", 1, 2),
        ("background", "Greek", 1, 1),
        ("background", "Braille", 1, 1),
    ]:
        ink = RNG.random((105, 105)) < 0.2
        inks[part == "evaluation", alphabet, character, drawer] = ink
        name = f"images_{part}/{alphabet}/character{character:02d}/0042_{drawer:02d}.png"
        zips[f"images_{part}"][name] = png_bytes(~ink)
        zips[f"images_{part}"][f"images_{part}/"] = b""
    keys = sorted(inks)
    order = np.random.RandomState(2015).permutation(5)  # noqa: NPY002
    arrays = {
        "x": np.stack([datasets.area_average(inks[k], 28) for k in keys]),
        "evaluation": np.array([0, 0, 0, 0, 1], np.uint8),
        "alphabet": np.array([0, 1, 1, 1, 2], np.uint8),
        "character": np.array([1, 1, 1, 2, 1], np.uint8),
        "drawer": np.array([1, 1, 2, 1, 2], np.uint8),
        "train_idx": np.sort(order[:3]).astype(np.int32),
        "test_idx": np.sort(order[3:]).astype(np.int32),
    }
    return arrays, {f"{k}.zip": ("", zip_bytes(v)) for k, v in zips.items()}


def tiny_svhn():
    arrays, files = {}, {}
    for part, n in (("train", 12), ("test", 5)):
        x = RNG.integers(0, 256, (n, 32, 32, 3), dtype=np.uint8)
        digits = np.arange(n) % 10
        arrays[f"x_{part}"], arrays[f"y_{part}"] = x, digits.astype(np.uint8)
        official = np.where(digits == 0, 10, digits).astype(np.uint8)[:, None]
        files[f"{part}_32x32.mat"] = (part, mat_bytes(x.transpose(1, 2, 3, 0), official))
    return arrays, files


TINY = {
    "mnist": ("idx", tiny_mnist()),
    "cifar10": ("cifar", tiny_cifar()),
    "binarized_mnist": ("amat", tiny_binarized()),
    "omniglot": ("omniglot", tiny_omniglot()),
    "svhn": ("svhn", tiny_svhn()),
}
PICTURES = {
    "kodim01": ("kodim01.png", RNG.integers(0, 256, (6, 8, 3), dtype=np.uint8), "PNG"),
    "lena": ("lena512.pgm", RNG.integers(0, 256, (5, 7), dtype=np.uint8), "PPM"),
}


def catalogue_text(urls):
    """A catalogue of the tiny sets, in the form of data/datasets.toml."""
    lines = []
    for name, (kind, (arrays, files)) in TINY.items():
        lines += [f"[{name}]", f'title = "Tiny {name}"', f'kind = "{kind}"', 'home = "http://home.invalid/"']
        lines += [
            'licence = "free"',
            'citation = "none"',
            'note = "tiny"',
            f"urls = {list(urls)}",
            "files = [",
        ]
        for file, (array, raw) in files.items():
            sums = f'md5 = "{hashlib.md5(raw).hexdigest()}", sha256 = "{hashlib.sha256(raw).hexdigest()}"'
            lines.append(f'  {{ name = "{file}", array = "{array}", bytes = {len(raw)}, {sums} }},')
        lines += ["]", f"[{name}.arrays]"]
        for key, a in arrays.items():
            dtype = "integer" if a.dtype == np.int32 else "uint8"
            top = ", max = 9" if key.startswith("y_") else ""
            lines.append(f'{key} = {{ shape = {list(a.shape)}, dtype = "{dtype}"{top} }}')
    for name, (file, pixels, fmt) in PICTURES.items():
        digest = hashlib.sha256(pixels.tobytes()).hexdigest()
        size = len(png_bytes(pixels, fmt))
        lines += [
            f"[set_of_{name}]",
            f'title = "Tiny {name}"',
            'kind = "images"',
            'home = "http://home.invalid/"',
        ]
        lines += [
            'licence = "free"',
            'citation = "none"',
            'note = "tiny"',
            f"urls = {list(urls)}",
            "images = [",
        ]
        lines.append(
            f'  {{ name = "{name}", file = "{file}", shape = {list(pixels.shape)}, bytes = {size}, '
            f'pixels_sha256 = "{digest}" }},'
        )
        lines.append("]")
    lines += ["[celeba64]", 'title = "Tiny CelebA"', 'kind = "celeba"', 'home = "http://faces.invalid/"']
    lines += ['licence = "never show"', 'citation = "none"', 'note = "by hand"']
    lines += ['files = [{ name = "img_align_celeba.zip", bytes = 1, md5 = "00" }]', "[celeba64.arrays]"]
    lines += ['x = { shape = [-1, 64, 64, 3], dtype = "uint8" }']
    lines += ['image_id = { shape = [-1], dtype = "integer", min = 1, max = 202599 }']
    return "\n".join(lines) + "\n"


class Server:
    """Serves the tiny files; ``spoil[file]`` is a list of faults, one taken by each request."""

    def __init__(self):
        self.content = {f: raw for _, (_, files) in TINY.values() for f, (_, raw) in files.items()}
        self.content |= {file: png_bytes(pixels, fmt) for file, pixels, fmt in PICTURES.values()}
        self.spoil, self.requests, self.half_sent = {}, [], threading.Event()
        self.resume = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                outer.answer(self)

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/"
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, handler):
        file = handler.path.lstrip("/")
        self.requests.append(file)
        faults = self.spoil.get(file, [])
        fault = faults.pop(0) if faults else None
        if file not in self.content or isinstance(fault, int):
            handler.send_error(fault or 404)
            return
        raw = self.content[file]
        body = {"wrong": raw[:-1] + bytes([raw[-1] ^ 1]), "short": raw[:-3]}.get(fault, raw)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(raw) if fault in ("cut", "stall") else len(body)))
        handler.end_headers()
        if fault in ("cut", "stall"):
            handler.wfile.write(body[: len(body) // 2])
            handler.wfile.flush()
            if fault == "stall":
                self.half_sent.set()
                self.resume.wait(30)
            handler.close_connection = True
            return
        handler.wfile.write(body)


@pytest.fixture
def server():
    server = Server()
    yield server
    server.resume.set()
    server.http.shutdown()
    server.http.server_close()


@pytest.fixture
def house(tmp_path, monkeypatch, server):
    """A machine with nothing on it but the tiny catalogue, whose home is the local server."""
    catalogue = tmp_path / "datasets.toml"
    catalogue.write_text(catalogue_text([server.url]))
    monkeypatch.setattr(datasets, "CATALOGUE", catalogue)
    monkeypatch.setattr(datasets, "cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(datasets, "_unreachable", {})
    monkeypatch.delenv("JSCC_DATA", raising=False)
    monkeypatch.delenv("JSCC_OFFLINE", raising=False)
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    return tmp_path


def files_in(folder):
    """Everything that lies in a folder, the locks aside."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")


def assert_same(got, expected):
    assert got.keys() == expected.keys()
    for key in expected:
        np.testing.assert_array_equal(got[key], expected[key], err_msg=key)
        assert got[key].dtype == expected[key].dtype, key


# ---------------------------------------------------------------------------------------------------------
# Download, convert, cache
# ---------------------------------------------------------------------------------------------------------


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


def test_the_data_folder_comes_before_the_cache(house, server, monkeypatch):
    datasets.load("mnist")
    other = {k: a.copy() for k, a in TINY["mnist"][1][0].items()}
    other["x_train"][:] = 77
    (house / "data").mkdir()
    np.savez(house / "data" / "mnist.npz", **other, unasked=np.arange(3))
    monkeypatch.setenv("JSCC_DATA", str(house / "data"))
    assert_same(datasets.load("mnist"), other)
    assert datasets.report().set_index("name").loc["mnist", "path"] == str(house / "data" / "mnist.npz")


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
    monkeypatch.setattr(datasets, "CATALOGUE", second)
    assert_same(datasets.load("mnist"), TINY["mnist"][1][0])
    assert server.requests.count("nothing/x_train.gz") == 1, "a 404 is not tried twice"


def test_a_dead_network_is_noticed_once(house, server, monkeypatch, tmp_path, capsys):
    server.http.shutdown()
    server.http.server_close()
    asked = []
    get = datasets._get
    monkeypatch.setattr(datasets, "_get", lambda url, part: (asked.append(url), get(url, part)))
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
        patch.setattr(datasets.np, "savez", half)
        with pytest.raises(OSError, match="no space"):
            datasets.load("mnist")
    assert not any("npz" in f for f in files_in(house / "cache"))
    assert_same(datasets.load("mnist"), TINY["mnist"][1][0])


CHILD = """
    import os, pathlib, signal, sys
    import numpy as np
    from jscc import datasets
    datasets.CATALOGUE = pathlib.Path(sys.argv[1])
    datasets.cache_dir = lambda: pathlib.Path(sys.argv[2])
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
    command = [sys.executable, "-c", textwrap.dedent(CHILD), datasets.CATALOGUE, house / "cache", moment]
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
    command = [sys.executable, "-c", textwrap.dedent(CHILD), datasets.CATALOGUE, house / "cache", ""]
    children = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(2)]
    assert [child.wait(60) for child in children] == [0, 0]
    assert sorted(server.requests) == sorted(TINY["mnist"][1][1])


# ---------------------------------------------------------------------------------------------------------
# Wrong files on disk
# ---------------------------------------------------------------------------------------------------------


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
# Archives and formats
# ---------------------------------------------------------------------------------------------------------

EVIL = ["/etc/evil", "../evil", "a/../../evil", "C:/evil", "C:\\evil", "..\\evil", "\\evil", "\\\\host\\evil"]


@pytest.mark.parametrize("name", EVIL)
def test_members_that_climb_out_are_refused(name, tmp_path):
    for path, raw, read in (
        (tmp_path / "a.zip", zip_bytes({"good": b"1", name: b"2"}), datasets.read_zip),
        (tmp_path / "a.tar.gz", tar_bytes({"good": b"1", name: b"2"}), datasets.read_tar),
    ):
        path.write_bytes(raw)
        with pytest.raises(DataCorrupt, match="leads out"):
            list(read(path, lambda name: True))
        with pytest.raises(DataCorrupt, match="leads out"):
            list(read(path, lambda name: False))
    assert files_in(tmp_path) == ["a.tar.gz", "a.zip"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_in_a_tar_are_refused(kind, tmp_path):
    member = tarfile.TarInfo("inside")
    member.type, member.linkname = kind, "elsewhere"
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(member)
    with pytest.raises(DataCorrupt, match="link or a device"):
        list(datasets.read_tar(path, lambda name: True))


def test_links_in_a_zip_are_refused(tmp_path):
    member = zipfile.ZipInfo("inside")
    member.external_attr = 0o120777 << 16
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(member, "elsewhere")
    with pytest.raises(DataCorrupt, match="link or a device"):
        list(datasets.read_zip(path, lambda name: True))


def test_swollen_members_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets, "MAX_MEMBER_BYTES", 1000)
    for size in (1000, 1001):
        content = {"big": bytes(size)}
        (tmp_path / "a.zip").write_bytes(zip_bytes(content))
        (tmp_path / "a.tar.gz").write_bytes(tar_bytes(content))
        for path, read in (
            (tmp_path / "a.zip", datasets.read_zip),
            (tmp_path / "a.tar.gz", datasets.read_tar),
        ):
            if size == 1000:
                assert list(read(path, lambda name: True)) == [("big", bytes(1000))]
            else:
                with pytest.raises(DataCorrupt, match="1001 bytes"):
                    list(read(path, lambda name: True))


def test_a_swollen_gz_is_refused(house, server, monkeypatch):
    monkeypatch.setattr(datasets, "MAX_MEMBER_BYTES", 20)
    with pytest.raises(DataCorrupt, match="more than 20 bytes"):
        datasets.load("mnist")
    assert not any("npz" in f for f in files_in(house / "cache"))


def test_damaged_archives_are_named(tmp_path):
    content = {"a": RNG.bytes(5000), "b": RNG.bytes(5000)}
    for path, raw, read in (
        (tmp_path / "a.zip", zip_bytes(content), datasets.read_zip),
        (tmp_path / "a.tar.gz", tar_bytes(content), datasets.read_tar),
    ):
        flipped = raw[:3000] + bytes([raw[3000] ^ 255]) + raw[3001:]
        for damaged in (b"", b"no archive at all", raw[:4000], flipped):
            path.write_bytes(damaged)
            with pytest.raises(DataCorrupt, match=path.name.replace(".", r"\.")):
                # A flipped bit in a .tar.gz shows at its end, where the checksum is.
                got = dict(read(path, lambda name: True))
                assert got != content


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
    catalogue = house / "changed.toml"
    catalogue.write_text(catalogue_text([server.url]))
    monkeypatch.setattr(datasets, "CATALOGUE", catalogue)


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
            datasets._catalogue.cache_clear()
            with pytest.raises(DataCorrupt, match=file.replace(".", r"\.")):
                datasets.load(name)
            assert not any("npz" in f for f in files_in(house / "cache")), (name, file)
    datasets._catalogue.cache_clear()


# ---------------------------------------------------------------------------------------------------------
# CelebA, by hand
# ---------------------------------------------------------------------------------------------------------


def faces():
    """Flat colours in the place of faces, one with a border that the crop must take off."""
    pictures = {}
    for k in (3, 1, 2):
        pixels = np.full((218, 178, 3), 255, np.uint8)
        pixels[35:183, 15:163] = 40 * k
        pictures[f"img_align_celeba/{k:06d}.jpg"] = png_bytes(pixels, "JPEG")
    return pictures


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
    before = datasets.convert_celeba(good).read_bytes()
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
    text = datasets.CATALOGUE.read_text()
    right = f'bytes = {len(raw)}, md5 = "{hashlib.md5(raw).hexdigest()}"'
    catalogue = house / "right.toml"
    catalogue.write_text(text.replace('bytes = 1, md5 = "00"', right))
    monkeypatch.setattr(datasets, "CATALOGUE", catalogue)
    monkeypatch.setenv("JSCC_OFFLINE", "1")
    assert datasets.here("celeba64")
    assert datasets.load("celeba64")["image_id"].tolist() == [1, 2, 3]
    assert (house / "data" / "img_align_celeba.zip").read_bytes() == raw


# ---------------------------------------------------------------------------------------------------------
# What a reader sees
# ---------------------------------------------------------------------------------------------------------


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
    monkeypatch.setattr(datasets, "cache_dir", lambda: house / "file" / "cache")
    assert datasets.here("mnist") is False
    assert "cannot be written" in capsys.readouterr().out


def test_unknown_names_and_stray_generators_are_refused():
    with pytest.raises(ValueError, match="'mnits'.*mnist"):
        datasets.load("mnits")
    with pytest.raises(ValueError, match="'mnist'.*camera"):
        datasets.image("mnist")
    with pytest.raises(ValueError, match="random_bits needs"):
        datasets.load("random_bits")
    with pytest.raises(ValueError, match="the others take none"):
        datasets.load("digits", rng=0)


def test_a_lost_catalogue_is_said(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets, "CATALOGUE", tmp_path / "datasets.toml")
    with pytest.raises(DataUnavailable, match=r"datasets\.toml.*checkout"):
        datasets.names()


def test_sets_that_are_always_there(monkeypatch, tmp_path):
    monkeypatch.setenv("JSCC_OFFLINE", "1")
    monkeypatch.setenv("JSCC_DATA", str(tmp_path))
    monkeypatch.setattr(datasets, "cache_dir", lambda: tmp_path / "cache")
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
    assert list(table.columns) == ["name", "title", "state", "path", "home", "size", "licence"]
    assert table["name"].tolist() == datasets.names()
    rows = table.set_index("name")
    assert rows.loc["mnist", "state"] == "here"
    assert rows.loc["mnist", "path"] == str(house / "cache" / "mnist.npz")
    assert rows.loc["svhn", "state"] == "missing" and rows.loc["svhn", "path"] == ""
    assert server.requests.count("train_32x32.mat") == 0


def test_the_catalogue_is_complete():
    entries = tomllib.loads(REAL_CATALOGUE.read_text(encoding="utf-8"))
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

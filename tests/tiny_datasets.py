"""Tiny data sets in the official formats, a catalogue of them, and a server that gives them, right or spoiled."""

import contextlib
import gzip
import hashlib
import io
import tarfile
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from PIL import Image
from scipy.io import savemat

from jscc import datasets

RNG = np.random.default_rng(7)


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
RECORDED = ("cifar10", "svhn")  # sets of which another content is accepted with its record
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
            shape = [-1] if key.startswith("inexact") else list(a.shape)
            dtype = "integer" if a.dtype == np.int32 else "uint8"
            top = ", max = 9" if key.startswith("y_") else ""
            lines.append(f'{key} = {{ shape = {shape}, dtype = "{dtype}"{top} }}')
        if name in RECORDED:
            lines.insert(lines.index(f"[{name}]") + 1, "recorded = true")
        if name != "svhn":  # of which nothing is known, as in the real catalogue
            known = {k: a[::-1] for k, a in arrays.items()} if name == "cifar10" else arrays
            lines += [f"[[{name}.copies]]", f'title = "the tiny {name}"']
            lines += ["inexact = { train = 2, test = 1 }"] if name == "cifar10" else []
            lines += [f"[{name}.copies.sha256]"]
            lines += [f'{k} = "{hashlib.sha256(a.tobytes()).hexdigest()}"' for k, a in known.items()]
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
    lines += [
        "[celeba64]",
        "recorded = true",
        'title = "Tiny CelebA"',
        'kind = "celeba"',
        'home = "http://faces.invalid/"',
    ]
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
        self.resume, self.sent = threading.Event(), 0
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
        if fault == "dripping head":
            with contextlib.suppress(OSError):
                handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
                while not self.resume.wait(0.02):
                    handler.wfile.write(b"x")
            return
        handler.send_response(200)
        if fault in ("endless", "drip", "announced", "nonsense"):
            self.misbehave(handler, fault, body)
            return
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

    def misbehave(self, handler, fault, body):
        """Too much, too slowly, a length that is far too great, or one that is no number."""
        length = {"drip": str(len(body)), "announced": str(10**12), "nonsense": "many"}.get(fault)
        if length:
            handler.send_header("Content-Length", length)
        handler.end_headers()
        handler.close_connection = True
        with contextlib.suppress(OSError):
            if fault == "nonsense":
                handler.wfile.write(body)
            elif fault == "drip":
                for k in range(len(body)):
                    handler.wfile.write(body[k : k + 1])
                    if self.resume.wait(0.02):
                        return
            else:
                while not self.resume.is_set() and self.sent < 10**9:
                    handler.wfile.write(bytes(2**16))
                    self.sent += 2**16


def files_in(folder):
    """Every file that lies in a folder, the locks aside."""
    return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and p.suffix != ".lock")


def assert_same(got, expected):
    assert got.keys() == expected.keys()
    for key in expected:
        np.testing.assert_array_equal(got[key], expected[key], err_msg=key)
        assert got[key].dtype == expected[key].dtype, key


def faces():
    """Flat colours in the place of faces, one with a border that the crop must take off."""
    pictures = {}
    for k in (3, 1, 2):
        pixels = np.full((218, 178, 3), 255, np.uint8)
        pixels[35:183, 15:163] = 40 * k
        pictures[f"img_align_celeba/{k:06d}.jpg"] = png_bytes(pixels, "JPEG")
    return pictures

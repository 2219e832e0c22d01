"""The official formats: idx, amat, CIFAR's records, Omniglot's pictures, MATLAB files, CelebA's faces.

Each ``_from_*`` turns the checked official files of a set into its arrays. (pooch's processors unpack to the
disk without a limit on the size, so they do not serve here.)
"""

from __future__ import annotations

import gzip
import io
import math
import re
import struct
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from jscc.datasets import archives
from jscc.datasets.archives import read_tar, read_zip
from jscc.datasets.catalogue import DataSet
from jscc.datasets.trouble import DataCorrupt, _naming

__all__ = ["area_average", "parse_amat", "parse_idx"]


def parse_idx(raw: bytes, source: str | Path = "idx data") -> np.ndarray:
    """Parse an idx file of unsigned bytes (the format of MNIST).

    Two zero bytes, the type (8: unsigned byte), the number of dimensions, the dimensions as 32-bit
    big-endian numbers, then the values in row-major order.

    Parameters
    ----------
    raw : bytes
        The whole file, uncompressed.
    source : str or Path
        Named in errors.

    Returns
    -------
    ndarray of uint8

    Raises
    ------
    DataCorrupt
        The header is none, or the length is not what the header says.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.parse_idx(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3]) + bytes(range(6)))
    array([[0, 1, 2],
           [3, 4, 5]], dtype=uint8)
    """
    if len(raw) < 4 or raw[:3] != b"\0\0\x08" or not 1 <= raw[3] <= 8:
        found = raw[:4].hex(" ")
        raise DataCorrupt(f"{source}: {found!r} at offset 0; 00 00 08 and 1 to 8 dimensions are expected")
    start = 4 + 4 * raw[3]
    if len(raw) < start:
        raise DataCorrupt(f"{source}: ends at offset {len(raw)}, inside the header of {start} bytes")
    shape = struct.unpack(f">{raw[3]}I", raw[4:start])
    expected = start + math.prod(shape)
    if len(raw) != expected:
        raise DataCorrupt(f"{source}: {len(raw)} bytes found, {expected} are expected for {list(shape)}")
    return np.frombuffer(raw, np.uint8, offset=start).reshape(shape).copy()


def parse_amat(raw: bytes, source: str | Path = "amat data", width: int = 784) -> np.ndarray:
    r"""Parse a binary .amat file: a row of ``width`` digits 0 or 1 a line, one blank between two.

    Returns
    -------
    ndarray of uint8, shape (rows, width)
        Zeros and ones.

    Raises
    ------
    DataCorrupt
        A character is out of place (its offset is named) or the last line is cut.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.parse_amat(b"0 1 1\n1 0 0\n", width=3)
    array([[0, 1, 1],
           [1, 0, 0]], dtype=uint8)
    """
    line = 2 * width
    if not raw or len(raw) % line:
        raise DataCorrupt(f"{source}: {len(raw)} bytes found; a multiple of {line} is expected")
    text = np.frombuffer(raw, np.uint8).reshape(-1, width, 2)
    bits = text[:, :, 0] - np.uint8(ord("0"))  # anything but a digit 0 or 1 wraps to a larger value
    blanks = np.full(width, ord(" "), np.uint8)
    blanks[-1] = ord("\n")
    wrong = np.stack([bits > 1, text[:, :, 1] != blanks], axis=-1)
    if wrong.any():
        offset = int(np.flatnonzero(wrong)[0])
        found = raw[offset : offset + 1]
        raise DataCorrupt(f"{source}: {found!r} at offset {offset}; rows of 0s and 1s are expected")
    return bits


def area_average(ink: np.ndarray, side: int) -> np.ndarray:
    """Shrink a square 0/1 picture by exact area averaging to values 0 to 255.

    Each new pixel is the mean of the old ones it covers, a part of a pixel counting by its area. All in
    whole numbers, rounded once (half up), so that the result is the same everywhere.

    Parameters
    ----------
    ink : ndarray of bool or uint8, shape (n, n)
    side : int
        The new side length.

    Returns
    -------
    ndarray of uint8, shape (side, side)

    Examples
    --------
    >>> import numpy as np
    >>> from jscc import datasets
    >>> datasets.area_average(np.eye(3), 2)
    array([[142,  28],
           [ 28, 142]], dtype=uint8)
    """
    n = ink.shape[0]
    # On a ruler of n * side ticks an old pixel is `side` ticks long and a new one `n`.
    new, old = np.arange(side)[:, None] * n, np.arange(n)[None, :] * side
    overlap = np.clip(np.minimum(new + n, old + side) - np.maximum(new, old), 0, None)
    # Sums stay below n^2: exact in double precision, where the product is fast.
    area = (overlap.astype(float) @ ink.astype(float) @ overlap.T.astype(float)).astype(np.int64)
    return ((2 * 255 * area + n * n) // (2 * n * n)).astype(np.uint8)


def _from_idx(paths: dict[str, Path], data_set: DataSet) -> dict[str, np.ndarray]:
    arrays = {}
    for file in data_set.files:
        path = paths[file.name]
        with _naming(path), gzip.open(path) as opened:
            raw = opened.read(archives.MAX_MEMBER_BYTES + 1)
        if len(raw) > archives.MAX_MEMBER_BYTES:
            limit = archives.MAX_MEMBER_BYTES
            raise DataCorrupt(f"{path}: unpacks to more than {limit} bytes; at most so many are expected")
        arrays[file.array] = parse_idx(raw, path)
    return arrays


def _from_amat(paths: dict[str, Path], data_set: DataSet) -> dict[str, np.ndarray]:
    return {f.array: parse_amat(paths[f.name].read_bytes(), paths[f.name]).reshape(-1, 28, 28) for f in data_set.files}


def _from_cifar(paths: dict[str, Path], data_set: DataSet) -> dict[str, np.ndarray]:
    """The binary version: records of a label byte and 3 x 32 x 32 bytes, one colour after the other."""
    path = paths[data_set.files[0].name]
    batches = [*(f"data_batch_{k}.bin" for k in range(1, 6)), "test_batch.bin"]
    found = {
        PurePosixPath(name).name: raw for name, raw in read_tar(path, lambda name: PurePosixPath(name).name in batches)
    }
    if missing := [b for b in batches if b not in found]:
        raise DataCorrupt(f"{path}: {missing} missing; the members {batches} are expected")
    record = 1 + 3 * 32 * 32
    for name, raw in found.items():
        if len(raw) % record:
            raise DataCorrupt(f"{path}: {name} has {len(raw)} bytes; a multiple of {record} is expected")
    arrays = {}
    for part, members in (("train", batches[:5]), ("test", batches[5:])):
        rows = np.frombuffer(b"".join(found[b] for b in members), np.uint8).reshape(-1, record)
        arrays[f"y_{part}"] = rows[:, 0].copy()
        arrays[f"x_{part}"] = np.ascontiguousarray(rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        arrays[f"inexact_{part}"] = np.zeros(0, np.int32)
    return arrays


_OMNIGLOT_MEMBER = re.compile(r"images_(background|evaluation)/([^/]+)/character(\d\d)/\d+_(\d\d)\.png")


def _from_omniglot(paths: dict[str, Path], data_set: DataSet) -> dict[str, np.ndarray]:
    """Background set first, then by alphabet, character and drawer; 105x105 to 28x28; strokes at 255."""
    images = {}
    for path in paths.values():
        for name, raw in read_zip(path, lambda name: _OMNIGLOT_MEMBER.fullmatch(name) is not None):
            part, alphabet, character, drawer = _OMNIGLOT_MEMBER.fullmatch(name).groups()
            ink = _decode(io.BytesIO(raw), f"{path}: {name}", ("PNG",), (105, 105)) == 0
            if ink.ndim != 2:
                raise DataCorrupt(f"{path}: {name} has colours; a black and white picture is expected")
            images[part == "evaluation", alphabet, int(character), int(drawer)] = area_average(ink, 28)
    if not images:
        raise DataCorrupt(f"{', '.join(map(str, paths.values()))}: no character picture inside")
    keys = sorted(images)
    alphabets = {key: k for k, key in enumerate(sorted({key[:2] for key in keys}))}
    n_train, n_test = (data_set.arrays[k].shape[0] for k in ("train_idx", "test_idx"))
    # The split was drawn once with numpy's legacy generator; only that one gives the same indices.
    order = np.random.RandomState(2015).permutation(len(keys)).astype(np.int32)  # noqa: NPY002
    return {
        "x": np.stack([images[key] for key in keys]),
        "evaluation": np.array([key[0] for key in keys], np.uint8),
        "alphabet": np.array([alphabets[key[:2]] for key in keys], np.uint8),
        "character": np.array([key[2] for key in keys], np.uint8),
        "drawer": np.array([key[3] for key in keys], np.uint8),
        "train_idx": np.sort(order[:n_train]),
        "test_idx": np.sort(order[n_train : n_train + n_test]),
    }


def _from_svhn(paths: dict[str, Path], data_set: DataSet) -> dict[str, np.ndarray]:
    """MATLAB files: X is [32, 32, 3, n], y is [n, 1] with label 10 for the digit 0."""
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    arrays = {}
    for file in data_set.files:
        path = paths[file.name]
        with _naming(path):
            try:
                held = loadmat(str(path), variable_names=["X", "y"])
            except MatReadError as error:
                raise DataCorrupt(f"{path}: no MATLAB file ({error})") from error
            x, y = held["X"], held["y"].ravel()
        if x.ndim != 4 or x.dtype != np.uint8 or y.dtype.kind not in "iu" or len(y) != x.shape[3]:
            raise DataCorrupt(
                f"{path}: X {x.dtype} {list(x.shape)}, y {y.dtype} {list(y.shape)} found; X uint8 "
                "[32, 32, 3, n] and y [n] are expected"
            )
        if len(y) and not (y.min() >= 1 and y.max() <= 10):
            raise DataCorrupt(f"{path}: labels {y.min()} to {y.max()} found, 1 to 10 are expected")
        arrays[f"x_{file.array}"] = np.ascontiguousarray(x.transpose(3, 0, 1, 2))
        arrays[f"y_{file.array}"] = (y % 10).astype(np.uint8)
    return arrays


def _from_celeba(paths: dict[str, Path], data_set: DataSet) -> dict[str, np.ndarray]:
    return _celeba(paths[data_set.files[0].name], 10_000)


def _celeba(source: Path, count: int | None) -> dict[str, np.ndarray]:
    """The first ``count`` of the aligned pictures in a zip or a folder, cropped and shrunk to 64x64."""
    numbered = re.compile(r"(?:.*/)?(\d{6})\.jpg")

    def number(name: str) -> int:
        match = numbered.fullmatch(name)
        return int(match[1]) if match else 0

    if source.is_dir():
        files = {n: p for p in sorted(source.rglob("*.jpg")) if (n := number(p.name))}
        chosen = sorted(files)[:count]
        pictures: Iterable = ((files[n].name, _read_file(files[n])) for n in chosen)
    else:
        with _naming(source), zipfile.ZipFile(source) as archive:
            chosen = sorted(n for name in archive.namelist() if (n := number(name)))[:count]
        keep = set(chosen)
        pictures = read_zip(source, lambda name: number(name) in keep)
    if not chosen:
        raise DataCorrupt(f"{source}: no picture 000001.jpg, 000002.jpg, ... inside")
    shrunk = {}
    for name, raw in pictures:
        face = _decode(io.BytesIO(raw), f"{source}: {name}", ("JPEG",), (218, 178))
        if face.ndim != 3:
            raise DataCorrupt(f"{source}: {name} is gray; RGB is expected")
        crop = Image.fromarray(face).resize((64, 64), Image.Resampling.BICUBIC, box=(15, 35, 163, 183))
        shrunk[number(name)] = np.asarray(crop)
    return {"x": np.stack([shrunk[n] for n in chosen]), "image_id": np.array(chosen, np.int32)}


def _read_file(path: Path) -> bytes:
    """A small file as a whole."""
    with _naming(path), path.open("rb") as opened:
        raw = opened.read(archives.MAX_MEMBER_BYTES + 1)
    if len(raw) > archives.MAX_MEMBER_BYTES:
        raise DataCorrupt(f"{path}: more than {archives.MAX_MEMBER_BYTES} bytes found; at most so many are expected")
    return raw


def _decode(file: Path | io.BytesIO, source: str | Path, formats: tuple[str, ...], size: tuple[int, int]) -> np.ndarray:
    """Decode a picture of known (height, width); the size is checked before any pixel is decoded."""
    with _naming(source), Image.open(file, formats=formats) as opened:
        if opened.size != (size[1], size[0]):
            found = opened.size[::-1]
            raise DataCorrupt(f"{source}: (height, width) {found} found, {tuple(size)} is expected")
        return np.array(opened)


_CONVERTERS = {
    "idx": _from_idx,
    "amat": _from_amat,
    "cifar": _from_cifar,
    "omniglot": _from_omniglot,
    "svhn": _from_svhn,
    "celeba": _from_celeba,
}

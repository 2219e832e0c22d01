"""Data sets: found, fetched once, checked, and never unpickled.

A set is looked for as ``$JSCC_DATA/<name>.npz``, then in the user's cache; failing both, its official
files are downloaded, checked against the sums in ``data/datasets.toml`` and turned once into the same
npz in the cache. Single pictures go the same way as ``images/<name>.png``. What a file must hold is
written in ``data/datasets.toml`` too, and is checked at every load: a truncated, altered or wrong file
raises `DataCorrupt`, which names it, and is never passed over in silence.

With ``JSCC_OFFLINE=1`` nothing is ever downloaded.

An archive is never unpacked onto the disk: its members are read one by one into memory, after their
names, kinds and sizes have been checked.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import math
import os
import pickle
import re
import shutil
import stat
import struct
import tarfile
import time
import tomllib
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import urlsplit

import numpy as np
import platformdirs
import pooch
import requests
from filelock import FileLock
from PIL import Image

CATALOGUE = Path(__file__).resolve().parents[2] / "data" / "datasets.toml"

# A member of an archive larger than this is refused: the largest real one is 47 MB.
MAX_MEMBER_BYTES = 64 * 2**20

ATTEMPTS = 2  # tries for one address, when it answers at all
TIMEOUT_S = (5, 60)  # to connect, and between two pieces of an answer
UNREACHABLE_S = 60.0  # for so long a host that did not answer is not asked again

# What reading a damaged file of any of the formats in use can raise.
_DAMAGE = (
    ValueError, EOFError, KeyError, IndexError, TypeError, OSError, SyntaxError, RuntimeError, MemoryError,
    NotImplementedError, struct.error, zlib.error, zipfile.BadZipFile, tarfile.TarError,
    pickle.UnpicklingError, Image.DecompressionBombError,
)  # fmt: skip

_unreachable: dict[str, float] = {}


class DataUnavailable(RuntimeError):
    """A data set is neither here nor to be had now; the message says how to get it."""


class DataCorrupt(ValueError):
    """A file is not what it should be; the message names it, what was found and what is expected."""


@dataclass(frozen=True)
class RemoteFile:
    """One official file of a data set (``array`` tells the converter what it holds)."""

    name: str
    bytes: int
    array: str = ""
    md5: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class ArraySpec:
    """What one array must look like: -1 in ``shape`` stands for any length."""

    shape: tuple[int, ...]
    dtype: str
    min: int = 0
    max: int | None = None


@dataclass(frozen=True)
class Picture:
    """One test picture, known by the sha256 of its pixels; ``file`` is its name at its home."""

    name: str
    file: str
    shape: tuple[int, ...]
    bytes: int
    pixels_sha256: str


@dataclass(frozen=True)
class DataSet:
    """One entry of ``data/datasets.toml``.

    Attributes
    ----------
    name, title, kind, home, licence, citation, note : str
        What it is, where it lives, what may be done with it, and how exact it is.
    urls : tuple of str
        Addresses tried in turn; a file's name is appended.
    files : tuple of RemoteFile
        The official files and their checksums.
    arrays : dict of str to ArraySpec
        What ``<name>.npz`` holds.
    images : tuple of Picture
        The single pictures of a set of kind ``images``.
    """

    name: str
    title: str
    kind: str
    home: str
    licence: str
    citation: str
    note: str
    urls: tuple[str, ...] = ()
    files: tuple[RemoteFile, ...] = ()
    arrays: dict[str, ArraySpec] = field(default_factory=dict)
    images: tuple[Picture, ...] = ()


# ---------------------------------------------------------------------------------------------------------
# What a reader calls
# ---------------------------------------------------------------------------------------------------------


def load(name: str, *, download: bool = True, rng: np.random.Generator | int | None = None) -> dict[str, np.ndarray]:
    """Load a data set: from ``$JSCC_DATA``, from the cache, or from its home.

    Parameters
    ----------
    name : str
        One of `names`, for example ``"mnist"``. A set of pictures gives one array for each picture.
    download : bool
        Fetch the set when it is not here (never with ``JSCC_OFFLINE=1``).
    rng : numpy.random.Generator or int, optional
        Needed by ``random_bits``, refused by all others.

    Returns
    -------
    dict of str to ndarray
        Images are uint8, [n, height, width] or [n, height, width, 3]; labels uint8 [n]. The arrays of
        each set, with their shapes, stand in ``data/datasets.toml``.

    Raises
    ------
    ValueError
        Unknown name, or an ``rng`` that is missing or out of place.
    DataUnavailable
        The set is not here and could not be fetched.
    DataCorrupt
        A file is here but damaged or wrong.
    """
    data_set, picture = _find(name)
    if (name == "random_bits") != (rng is not None):
        raise ValueError(
            f"rng={rng!r} given with data set {name!r}: random_bits needs a generator or a seed, the others take none"
        )
    if name == "random_bits":
        return {"x": random_bits(data_set.arrays["x"].shape, rng)}
    if data_set.kind == "builtin":
        arrays = _builtin(name)
        _check_arrays(arrays, data_set, f"the installed copy of {name}")
        return arrays
    if data_set.kind == "images":
        wanted = [picture] if picture else data_set.images
        return {p.name: _load_picture(data_set, p, download) for p in wanted}
    path = _local(f"{name}.npz")
    if path is None:
        if not download:
            raise DataUnavailable(_how_to_get(data_set, "it is not here"))
        path = _fetch(data_set)
    return _read_npz(path, data_set)


def image(name: str, *, download: bool = True) -> np.ndarray:
    """Load one test picture.

    Parameters
    ----------
    name : str
        ``lena``, ``barbara``, ``boat``, ``goldhill``, ``peppers``, ``zelda``, ``mandrill``, ``bridge``,
        ``kodim01`` to ``kodim24``, ``camera`` or ``astronaut``.
    download : bool
        As for `load`.

    Returns
    -------
    ndarray of uint8, shape (height, width) or (height, width, 3)
        The very pixels the catalogue knows: any others raise `DataCorrupt`.

    Raises
    ------
    ValueError, DataUnavailable, DataCorrupt
        As for `load`.
    """
    known = image_names()
    if name not in known:
        raise ValueError(f"no picture is called {name!r}; there are {', '.join(known)}")
    return load(name, download=download)[name]


def random_bits(shape: int | tuple[int, ...], rng: np.random.Generator | int) -> np.ndarray:
    """Fair coins: uint8 zeros and ones of the given shape, drawn from a generator or a seed."""
    return np.random.default_rng(rng).integers(0, 2, size=shape, dtype=np.uint8)


def here(name: str) -> bool:
    """Tell whether a data set can be had, fetching it if need be; print one line when it cannot.

    Meant for notebooks: ``if datasets.here("mnist"): ...``. A file that is already here is looked at by
    `load` only, so a damaged one does not pass for a missing one.

    Parameters
    ----------
    name : str
        A data set or a single picture.

    Returns
    -------
    bool
        False when the set is not here and could not be fetched, or must not be (``JSCC_OFFLINE=1``).
    """
    if available(name):
        return True
    data_set, picture = _find(name)
    try:
        if data_set.kind == "images":
            for p in [picture] if picture else data_set.images:
                if _local(f"images/{p.name}.png") is None:
                    _fetch_picture(data_set, p)
        else:
            _fetch(data_set)
    except (DataUnavailable, DataCorrupt) as error:
        print(f"Skipped: this cell needs {error}")
        return False
    return True


def available(name: str) -> bool:
    """Tell, in silence and without the network, whether a data set or picture is on this machine."""
    data_set, picture = _find(name)
    if data_set.kind == "builtin":
        return True
    if data_set.kind == "images":
        wanted = [picture] if picture else data_set.images
        return all(_local(f"images/{p.name}.png") for p in wanted)
    return _local(f"{name}.npz") is not None


def names() -> list[str]:
    """Names of all data sets, in the order of the catalogue."""
    return list(_catalogue(CATALOGUE))


def image_names() -> list[str]:
    """Names of all single pictures."""
    stored = [p.name for d in _catalogue(CATALOGUE).values() for p in d.images]
    return stored + [n for n in ("camera", "astronaut") if n in _catalogue(CATALOGUE)]


def info(name: str) -> DataSet:
    """What the catalogue says of a data set (or of the set a picture belongs to)."""
    return _find(name)[0]


def report():
    """List every data set: what is here, what is missing, where it comes from, its licence.

    Returns
    -------
    pandas.DataFrame
        Columns name, title, state ("here" or "missing"), path, home, size (on this machine, or of the
        download when missing), licence.
    """
    import pandas as pd

    rows = []
    for data_set in _catalogue(CATALOGUE).values():
        paths, size = _on_disk(data_set)
        is_here = available(data_set.name)
        rows.append(
            {
                "name": data_set.name,
                "title": data_set.title,
                "state": "here" if is_here else "missing",
                "path": ", ".join(paths),
                "home": data_set.home,
                "size": _megabytes(size if is_here else _download_size(data_set)),
                "licence": data_set.licence,
            }
        )
    return pd.DataFrame(rows, columns=["name", "title", "state", "path", "home", "size", "licence"])


def convert_celeba(source: str | os.PathLike, *, count: int | None = 10_000) -> Path:
    """Turn the official aligned CelebA pictures into ``celeba64.npz`` in the cache.

    The usual preparation: the centre 148x148 of the aligned 178x218 pictures, resized to 64x64
    (bicubic). Only numbers computed from them may be shown, never a face.

    Parameters
    ----------
    source : path
        ``img_align_celeba.zip`` as downloaded, or the folder it unpacks to.
    count : int or None
        How many pictures, in the order of their numbers; None for all that are there.

    Returns
    -------
    Path
        The npz written. A good one that was there stays until the new one is whole.

    Raises
    ------
    ValueError
        ``count`` is not positive.
    DataUnavailable
        ``source`` does not exist.
    DataCorrupt
        A picture is damaged or is not 178x218 RGB, or there is none.
    """
    if count is not None and count < 1:
        raise ValueError(f"count={count}: at least one picture is expected, or None for all")
    source = Path(source).expanduser()
    data_set = _find("celeba64")[0]
    if not source.exists():
        raise DataUnavailable(_how_to_get(data_set, f"{source} does not exist"))
    with _cache_lock("celeba64") as cache:
        return _store(cache / "celeba64.npz", _celeba(source, count), data_set, str(source))


def cache_dir() -> Path:
    """The folder where what was downloaded is kept."""
    return Path(platformdirs.user_cache_dir("jscc"))


# ---------------------------------------------------------------------------------------------------------
# Catalogue and look-up
# ---------------------------------------------------------------------------------------------------------


@lru_cache
def _catalogue(path: Path) -> dict[str, DataSet]:
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataUnavailable(
            f"the catalogue of data sets, {path}, is missing: the package is meant to be used from its "
            "checkout (pip install -e .)"
        ) from None
    return {name: _data_set(name, entry) for name, entry in entries.items()}


def _data_set(name: str, entry: dict) -> DataSet:
    texts = {k: entry[k] for k in ("title", "kind", "home", "licence", "citation", "note")}
    return DataSet(
        name=name,
        **texts,
        urls=tuple(entry.get("urls", ())),
        files=tuple(RemoteFile(**f) for f in entry.get("files", ())),
        arrays={key: ArraySpec(**_shaped(a)) for key, a in entry.get("arrays", {}).items()},
        images=tuple(Picture(**_shaped(p)) for p in entry.get("images", ())),
    )


def _shaped(table: dict) -> dict:
    return {**table, "shape": tuple(table["shape"])}


def _find(name: str) -> tuple[DataSet, Picture | None]:
    """The data set of that name, or the picture of that name with the set it belongs to."""
    catalogue = _catalogue(CATALOGUE)
    if name in catalogue:
        return catalogue[name], None
    for data_set in catalogue.values():
        for picture in data_set.images:
            if picture.name == name:
                return data_set, picture
    raise ValueError(f"no data set is called {name!r}; there are {', '.join([*names(), *image_names()])}")


def _roots() -> list[Path]:
    """Folders to look in, in order."""
    given = os.environ.get("JSCC_DATA")
    return ([Path(given).expanduser()] if given else []) + [cache_dir()]


def _local(relative: str) -> Path | None:
    return next((root / relative for root in _roots() if (root / relative).exists()), None)


def _offline() -> bool:
    return os.environ.get("JSCC_OFFLINE", "") not in ("", "0")


def _how_to_get(data_set: DataSet, reason: str) -> str:
    """One line: what is needed, why it is not here, how to get it."""
    target = f"{data_set.name}.npz"
    if data_set.kind == "images":
        several = ", ..." if len(data_set.images) > 1 else ""
        target = f"images/{data_set.images[0].name}.png{several}"
    by_hand = f"put {target} into {_roots()[0]}"
    if data_set.kind == "celeba":
        by_hand = (
            f"download {data_set.files[0].name} from {data_set.home} by hand and put it, as it is, into "
            f"{_roots()[0]} (or call jscc.datasets.convert_celeba on it), or {by_hand}"
        )
    elif _offline():
        by_hand = f"unset JSCC_OFFLINE to download it from {data_set.home}, or {by_hand}"
    else:
        by_hand = f"with a network it is downloaded from {data_set.home}; or {by_hand}"
    return f"{data_set.title}: {reason}. To get it: {by_hand}. Licence: {data_set.licence}."


def _on_disk(data_set: DataSet) -> tuple[list[str], int]:
    """Where a set lies (folders, for pictures), and how many bytes of it."""
    if data_set.kind == "builtin":
        package = {"digits": "scikit-learn", "random_bits": ""}.get(data_set.name, "scikit-image")
        return [f"comes with {package}" if package else "drawn when asked for"], 0
    if data_set.kind == "images":
        found = [path for p in data_set.images if (path := _local(f"images/{p.name}.png"))]
        return sorted({str(path.parent) for path in found}), sum(path.stat().st_size for path in found)
    path = _local(f"{data_set.name}.npz")
    return ([str(path)], path.stat().st_size) if path else ([], 0)


def _download_size(data_set: DataSet) -> int:
    return sum(f.bytes for f in data_set.files) + sum(p.bytes for p in data_set.images)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size else ""


def _builtin(name: str) -> dict[str, np.ndarray]:
    # Imported here: both packages are slow to import and most callers never need them.
    if name == "digits":
        from sklearn.datasets import load_digits

        bunch = load_digits()
        return {"x": bunch.images.astype(np.uint8), "y": bunch.target.astype(np.uint8)}
    import skimage.data

    return {name: np.array(getattr(skimage.data, name)())}


# ---------------------------------------------------------------------------------------------------------
# Reading and checking what is on disk
# ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _naming(source: str | Path, hint: str = "") -> Iterator[None]:
    """Turn whatever a damaged file makes a reader raise into `DataCorrupt`, which names the file."""
    try:
        yield
    except (DataCorrupt, DataUnavailable, PermissionError):
        raise
    except _DAMAGE as error:
        raise DataCorrupt(f"{source}: damaged or not what it should be ({error!r}){hint}") from error


def _read_npz(path: Path, data_set: DataSet) -> dict[str, np.ndarray]:
    hint = f"; delete it to have it fetched again, or put a good {path.name} in its place"
    expected = list(data_set.arrays)
    with _naming(path, hint):
        opened = np.load(path, allow_pickle=False)
        if not isinstance(opened, np.lib.npyio.NpzFile):
            raise DataCorrupt(f"{path}: a single array found; an npz with {expected} is expected{hint}")
        with opened:
            if not set(expected) <= set(opened.files):
                raise DataCorrupt(f"{path}: holds {opened.files}; {expected} are expected{hint}")
            arrays = {key: opened[key] for key in expected}
            # A member that is no npy file at all comes back as its bytes.
            if stray := [key for key, array in arrays.items() if not isinstance(array, np.ndarray)]:
                raise DataCorrupt(f"{path}: {stray} no arrays; {expected} are expected to be{hint}")
    _check_arrays(arrays, data_set, path)
    return arrays


def _check_arrays(arrays: dict[str, np.ndarray], data_set: DataSet, source: str | Path) -> None:
    for key, spec in data_set.arrays.items():
        _check_array(arrays[key], spec, f"{source}: array {key}")
    if data_set.kind == "celeba" and len(arrays["x"]) != len(arrays["image_id"]):
        raise DataCorrupt(
            f"{source}: {len(arrays['x'])} pictures, {len(arrays['image_id'])} numbers; one each is expected"
        )


def _check_array(array: np.ndarray, spec: ArraySpec, source: str) -> None:
    expected = f"{spec.dtype} of shape {[n if n >= 0 else 'any' for n in spec.shape]}"
    same_type = array.dtype.kind in "iu" if spec.dtype == "integer" else array.dtype == np.dtype(spec.dtype)
    same_shape = array.ndim == len(spec.shape) and all(
        e in (-1, n) for n, e in zip(array.shape, spec.shape, strict=True)
    )
    if not (same_type and same_shape):
        raise DataCorrupt(f"{source} is {array.dtype} of shape {list(array.shape)}; {expected} is expected")
    if array.size == 0 or (spec.max is None and spec.min == 0):
        return
    low, high = int(array.min()), int(array.max())
    if low < spec.min or (spec.max is not None and high > spec.max):
        top = "any" if spec.max is None else spec.max
        raise DataCorrupt(f"{source} holds values {low} to {high}; {spec.min} to {top} are expected")


def _load_picture(data_set: DataSet, picture: Picture, download: bool) -> np.ndarray:
    path = _local(f"images/{picture.name}.png")
    if path is None:
        if not download:
            raise DataUnavailable(_how_to_get(data_set, f"{picture.name} is not here"))
        path = _fetch_picture(data_set, picture)
    return _decode_picture(path, picture)


def _decode_picture(path: Path, picture: Picture) -> np.ndarray:
    pixels = _decode(path, path, ("PNG", "PPM"), picture.shape[:2])
    found = sha256(pixels.tobytes()).hexdigest()
    if pixels.shape != picture.shape or found != picture.pixels_sha256:
        raise DataCorrupt(
            f"{path}: pixels of shape {pixels.shape} with sha256 {found}; {picture.shape} with "
            f"{picture.pixels_sha256} is expected: another version of {picture.name}?"
        )
    return pixels


def _decode(file: Path | io.BytesIO, source: str | Path, formats: tuple[str, ...], size: tuple[int, int]) -> np.ndarray:
    """Decode a picture of known (height, width); the size is checked before any pixel is decoded."""
    with _naming(source), Image.open(file, formats=formats) as opened:
        if opened.size != (size[1], size[0]):
            found = opened.size[::-1]
            raise DataCorrupt(f"{source}: (height, width) {found} found, {tuple(size)} is expected")
        return np.array(opened)


# ---------------------------------------------------------------------------------------------------------
# Fetching
# ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _cache_lock(name: str) -> Iterator[Path]:
    """The cache folder, with one process at a time at work on a data set."""
    cache = cache_dir()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = FileLock(cache / f".{name}.lock")
        lock.acquire()
    except OSError as error:
        raise DataUnavailable(f"the cache folder {cache}: cannot be written ({error})") from error
    try:
        yield cache
    finally:
        lock.release()


def _fetch(data_set: DataSet) -> Path:
    """Download the official files of a set and turn them into its npz in the cache."""
    by_hand = data_set.kind == "celeba"
    if by_hand and _local(data_set.files[0].name) is None:
        raise DataUnavailable(_how_to_get(data_set, "it is not here, and its home needs a download by hand"))
    if _offline() and not by_hand:
        raise DataUnavailable(_how_to_get(data_set, "it is not here, and JSCC_OFFLINE is set"))
    with _cache_lock(data_set.name) as cache:
        out = cache / f"{data_set.name}.npz"
        if out.exists():  # another process was faster
            return out
        downloads = cache / "downloads" / data_set.name
        if by_hand:
            archive = _local(data_set.files[0].name)
            _check_file(archive, data_set.files[0])
            paths = {data_set.files[0].name: archive}
        else:
            paths = {f.name: _download_file(data_set, f, downloads) for f in data_set.files}
        source = ", ".join(map(str, paths.values()))
        _store(out, _CONVERTERS[data_set.kind](paths, data_set), data_set, source)
        shutil.rmtree(downloads, ignore_errors=True)
    return out


def _fetch_picture(data_set: DataSet, picture: Picture) -> Path:
    if _offline():
        reason = f"{picture.name} is not here, and JSCC_OFFLINE is set"
        raise DataUnavailable(_how_to_get(data_set, reason))
    with _cache_lock("images") as cache:
        out = cache / "images" / f"{picture.name}.png"
        if not out.exists():
            part = cache / "downloads" / f".{picture.file}.part"
            try:
                _download(data_set, picture.file, part, lambda path: _decode_picture(path, picture))
                pixels = Image.fromarray(_decode_picture(part, picture))
                _write(out, lambda file: pixels.save(file, format="PNG"))
            finally:
                part.unlink(missing_ok=True)
    return out


def _download_file(data_set: DataSet, file: RemoteFile, folder: Path) -> Path:
    """One official file, checked; a checked one left by an earlier, broken-off attempt is used again."""
    out = folder / file.name
    if out.exists():
        with contextlib.suppress(DataCorrupt):
            _check_file(out, file)
            return out
    part = folder / f".{file.name}.part"
    try:
        _download(data_set, file.name, part, lambda path: _check_file(path, file))
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
    return out


def _check_file(path: Path, file: RemoteFile) -> None:
    size = path.stat().st_size
    if size != file.bytes:
        raise DataCorrupt(f"{file.name} ({path}): {size} bytes found, {file.bytes} are expected")
    for algorithm in ("sha256", "md5"):
        expected = getattr(file, algorithm)
        if expected and (found := pooch.file_hash(str(path), alg=algorithm)) != expected:
            raise DataCorrupt(f"{file.name} ({path}): {algorithm} {found} found, {expected} is expected")


def _download(data_set: DataSet, file: str, part: Path, check: Callable[[Path], object]) -> None:
    """Download to ``part`` from the first address that gives a file which passes ``check``."""
    part.parent.mkdir(parents=True, exist_ok=True)
    troubles: list[Exception] = []
    for url in data_set.urls:
        for _ in range(ATTEMPTS):
            host = urlsplit(url).netloc
            if time.monotonic() - _unreachable.get(host, -np.inf) < UNREACHABLE_S:
                troubles.append(DataUnavailable(f"{host} did not answer"))
                break
            try:
                _get(url + file, part)
                check(part)
                return
            except requests.HTTPError as error:
                troubles.append(DataUnavailable(f"{error}"))
                if error.response.status_code < 500:
                    break
            except requests.RequestException as error:
                if isinstance(error, requests.ConnectionError) and not part.stat().st_size:
                    _unreachable[host] = time.monotonic()
                else:
                    troubles.append(DataUnavailable(f"{url}{file} broke off ({error})"))
            except DataCorrupt as error:
                troubles.append(DataCorrupt(f"{url}{file} gave a wrong file: {error}"))
    said = "; ".join(dict.fromkeys(map(str, troubles)))
    kind = DataCorrupt if any(isinstance(t, DataCorrupt) for t in troubles) else DataUnavailable
    raise kind(_how_to_get(data_set, f"{file} could not be fetched ({said})"))


def _get(url: str, part: Path) -> None:
    # Without the header a server may pack a .gz once more, and it would arrive unpacked.
    headers = {"Accept-Encoding": "identity"}
    fetch = pooch.HTTPDownloader(progressbar=True, chunk_size=2**16, timeout=TIMEOUT_S, headers=headers)
    fetch(url, str(part), None)


def _store(out: Path, arrays: dict[str, np.ndarray], data_set: DataSet, source: str) -> Path:
    """Write an npz under its name only when it is right and whole."""
    _check_arrays(arrays, data_set, source)
    _write(out, lambda file: np.savez(file, **arrays))
    return out


def _write(out: Path, write: Callable[[io.BufferedIOBase], object]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.part")
    try:
        with part.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)


# ---------------------------------------------------------------------------------------------------------
# Archives
# ---------------------------------------------------------------------------------------------------------


def _check_member(archive: Path, name: str, size: int, plain: bool) -> None:
    """Refuse a member that could leave its folder, that is no plain file, or that is too large."""
    windows = PureWindowsPath(name)
    leaves = name.startswith("/") or windows.drive or windows.root or ".." in windows.parts
    if leaves or ".." in PurePosixPath(name).parts or "\0" in name:
        raise DataCorrupt(f"{archive}: member {name!r} leads out of the archive's folder")
    if not plain:
        raise DataCorrupt(f"{archive}: member {name!r} is a link or a device; plain files are expected")
    if size > MAX_MEMBER_BYTES:
        limit = MAX_MEMBER_BYTES
        raise DataCorrupt(f"{archive}: member {name!r} is {size} bytes; at most {limit} are expected")


def read_zip(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Read the wanted members of a zip, in order, after checking all of them; nothing is unpacked.

    Parameters
    ----------
    path : Path
    wanted : callable
        Tells from a member's name whether it is to be read.

    Yields
    ------
    name, content : str, bytes

    Raises
    ------
    DataCorrupt
        The archive is damaged, or a member is absolute, climbs with ``..``, is a link, or is larger than
        `MAX_MEMBER_BYTES`.
    """
    with _naming(path), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for m in members:
            kind = stat.S_IFMT(m.external_attr >> 16)
            _check_member(path, m.filename, m.file_size, kind in (0, stat.S_IFREG, stat.S_IFDIR))
        for m in members:
            if not m.is_dir() and wanted(m.filename):
                yield m.filename, archive.read(m)


def read_tar(path: Path, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """Read the wanted members of a .tar.gz, in order, each checked as by `read_zip`."""
    with _naming(path), tarfile.open(path, "r:gz") as archive:
        for m in archive:
            _check_member(path, m.name, m.size, m.isreg() or m.isdir())
            if m.isreg() and wanted(m.name):
                yield m.name, archive.extractfile(m).read()
        # The checksum stands at the end of the gzip stream, which the tar's own end does not reach.
        while archive.fileobj.read(2**20):
            pass


# ---------------------------------------------------------------------------------------------------------
# Official formats
# ---------------------------------------------------------------------------------------------------------


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
    """Parse a binary .amat file: a row of ``width`` digits 0 or 1 a line, one blank between two.

    Returns
    -------
    ndarray of uint8, shape (rows, width)
        Zeros and ones.

    Raises
    ------
    DataCorrupt
        A character is out of place (its offset is named) or the last line is cut.
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
            raw = opened.read(MAX_MEMBER_BYTES + 1)
        if len(raw) > MAX_MEMBER_BYTES:
            raise DataCorrupt(f"{path}: unpacks to more than {MAX_MEMBER_BYTES} bytes")
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
        pictures: Iterable = ((files[n].name, files[n].read_bytes()) for n in chosen)
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


_CONVERTERS = {
    "idx": _from_idx,
    "amat": _from_amat,
    "cifar": _from_cifar,
    "omniglot": _from_omniglot,
    "svhn": _from_svhn,
    "celeba": _from_celeba,
}

"""What ``data/datasets.toml`` says of every data set."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from jscc.datasets.trouble import DataCorrupt, DataUnavailable

__all__ = [
    "CATALOGUE",
    "ArraySpec",
    "Copy",
    "DataSet",
    "Picture",
    "RemoteFile",
    "image_names",
    "info",
    "names",
]

CATALOGUE = Path(__file__).resolve().parents[3] / "data" / "datasets.toml"


@dataclass(frozen=True)
class RemoteFile:
    """One official file of a data set (``array`` tells the converter what it holds)."""

    name: str
    bytes: int
    array: str = ""
    md5: str = ""
    sha256: str = ""

    def __repr__(self) -> str:
        return f"RemoteFile({self.name!r}, {self.bytes:,} bytes)"


@dataclass(frozen=True)
class ArraySpec:
    """What one array must look like: -1 in ``shape`` stands for any length.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.info("mnist").arrays["y_train"]
    ArraySpec(shape=(60000,), dtype='uint8', min=0, max=9)
    """

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

    def __repr__(self) -> str:
        return f"Picture({self.name!r}, {' x '.join(map(str, self.shape))})"


@dataclass(frozen=True)
class Copy:
    """A known content of a data set.

    Attributes
    ----------
    title : str
        Whose content it is.
    sha256 : dict of str to str
        Of each array's values in row-major order; arrays of any integer width count as 32-bit little-endian.
    inexact : dict of str to int
        How many images of each part are not bit-exact with the official ones; empty when all are.
    """

    title: str
    sha256: dict[str, str]
    inexact: dict[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Copy({self.title!r}, {len(self.sha256)} arrays)"


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
    copies : tuple of Copy
        The contents that are known, that of the book first.
    recorded : bool
        Whether an npz of another content is accepted when it holds the record that its conversion from the
        official files left in it.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.info("mnist")
    DataSet('mnist', idx, 4 files, 4 arrays, 0 pictures)
    >>> datasets.info("lena").images
    (Picture('lena', 512 x 512),)
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
    copies: tuple[Copy, ...] = ()
    recorded: bool = False

    def __repr__(self) -> str:
        counts = f"{len(self.files)} files, {len(self.arrays)} arrays, {len(self.images)} pictures"
        return f"DataSet({self.name!r}, {self.kind}, {counts})"


def names() -> list[str]:
    """Names of all data sets, in the order of the catalogue.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.names()[:4]
    ['mnist', 'fashion_mnist', 'cifar10', 'binarized_mnist']
    """
    return list(_catalogue())


def image_names() -> list[str]:
    """Names of all single pictures.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.image_names()[-4:]
    ['bridge', 'lena', 'camera', 'astronaut']
    """
    stored = [p.name for d in _catalogue().values() for p in d.images]
    return stored + [n for n in ("camera", "astronaut") if n in _catalogue()]


def info(name: str) -> DataSet:
    """What the catalogue says of a data set (or of the set a picture belongs to).

    Raises
    ------
    ValueError
        Unknown name.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.info("kodim05").title
    'Kodak Lossless True Color Image Suite (24 images, 768x512 RGB)'
    """
    return _find(name)[0]


def _catalogue() -> dict[str, DataSet]:
    try:
        state = CATALOGUE.stat()
    except OSError as error:
        raise DataUnavailable(
            f"the catalogue of data sets, {CATALOGUE}, is missing ({error}): the package is meant to be used from "
            "its checkout (pip install -e .)"
        ) from None
    return _read_catalogue(CATALOGUE, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _read_catalogue(path: Path, mtime_ns: int, size: int) -> dict[str, DataSet]:
    """The entries of a file, read again when its time or size has changed."""
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        return {name: _data_set(name, entry) for name, entry in entries.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataCorrupt(f"the catalogue of data sets, {path}: {error!r} found, entries are expected") from error


def _data_set(name: str, entry: dict) -> DataSet:
    texts = {k: entry[k] for k in ("title", "kind", "home", "licence", "citation", "note")}
    return DataSet(
        name=name,
        **texts,
        urls=tuple(entry.get("urls", ())),
        files=tuple(RemoteFile(**f) for f in entry.get("files", ())),
        arrays={key: ArraySpec(**_shaped(a)) for key, a in entry.get("arrays", {}).items()},
        images=tuple(Picture(**_shaped(p)) for p in entry.get("images", ())),
        copies=tuple(Copy(**c) for c in entry.get("copies", ())),
        recorded=entry.get("recorded", False),
    )


def _shaped(table: dict) -> dict:
    return {**table, "shape": tuple(table["shape"])}


def _find(name: str) -> tuple[DataSet, Picture | None]:
    """The data set of that name, or the picture of that name with the set it belongs to."""
    catalogue = _catalogue()
    if name in catalogue:
        return catalogue[name], None
    for data_set in catalogue.values():
        for picture in data_set.images:
            if picture.name == name:
                return data_set, picture
    raise ValueError(f"name={name!r} given, one of {', '.join([*names(), *image_names()])} is expected")

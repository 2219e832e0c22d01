"""What a reader calls: load a set, ask what is here, how exact it is, and what has been read."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import numpy as np

from jscc.datasets import catalogue
from jscc.datasets.catalogue import DataSet, Picture, _find, image_names
from jscc.datasets.content import (
    _check_arrays,
    _decode_picture,
    _read_keys,
    _read_npz,
    _recognise,
    _sums,
)
from jscc.datasets.fetch import _fetch, _fetch_picture
from jscc.datasets.places import _download_size, _how_to_get, _local, _megabytes, _on_disk
from jscc.datasets.trouble import DataCorrupt, DataUnavailable, _naming

__all__ = [
    "Exactness",
    "available",
    "exactness",
    "fingerprint",
    "here",
    "image",
    "load",
    "loaded",
    "random_bits",
    "report",
    "state",
]

_fingerprints: dict[tuple, str] = {}  # by catalogue, name, and the state of the files
_loaded: dict[str, str] = {}
SETTLED_NS = 2_000_000_000  # two changes of a file within its clock's step have the same time


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
        The set is not here and could not be fetched, or a file cannot be read.
    DataCorrupt
        A file is here but damaged, altered or wrong: the sha256 of every array is compared with those in
        ``data/datasets.toml``. (Where that knows none, as for SVHN, with the record that the conversion from
        the official files left in the npz; without one a warning says that only the form was checked.)

    Examples
    --------
    >>> from jscc import datasets
    >>> digits = datasets.load("digits")
    >>> digits["x"].shape, digits["y"][:5].tolist()
    ((1797, 8, 8), [0, 1, 2, 3, 4])
    """
    data_set, picture = _find(name)
    if (name == "random_bits") != (rng is not None):
        raise ValueError(
            f"rng={rng!r} given with data set {name!r}, a generator or a seed is expected with random_bits and None "
            "with the others"
        )
    if name == "random_bits":
        return {"x": random_bits(data_set.arrays["x"].shape, rng)}
    arrays, print_ = _load(data_set, picture, download)
    _loaded[name] = print_
    return arrays


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

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.image("camera").shape
    (512, 512)
    """
    known = image_names()
    if name not in known:
        raise ValueError(f"name={name!r} given, one of the pictures {', '.join(known)} is expected")
    return load(name, download=download)[name]


def random_bits(shape: int | tuple[int, ...], rng: np.random.Generator | int) -> np.ndarray:
    """Fair coins: uint8 zeros and ones of the given shape, drawn from a generator or a seed.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.random_bits(8, rng=1)
    array([1, 1, 0, 0, 1, 1, 0, 1], dtype=uint8)
    """
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

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.here("digits")
    True
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
    """Tell, in silence and without the network, whether a data set or picture is on this machine.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.available("astronaut")
    True
    """
    data_set, picture = _find(name)
    return all(path is not None for path in _paths(data_set, picture))


def fingerprint(name: str) -> str:
    """Sixteen hexadecimal digits that tell one content of a data set from any other.

    They are the beginning of a sha256 over names, types, shapes and values of the arrays as `load` gives them.
    Kept for the life of the process, as long as the files stay what they are.

    Parameters
    ----------
    name : str
        A data set or a single picture that is here: nothing is downloaded.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        Unknown name, or ``random_bits``, which are drawn and have no content.
    DataUnavailable, DataCorrupt
        As for `load`.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.fingerprint("digits")
    'b7f528916744e699'
    """
    data_set, picture = _find(name)
    if name == "random_bits":
        raise ValueError("name='random_bits' given, a data set with a content of its own is expected: bits are drawn")
    known = _fingerprints.get(_state(data_set, picture))
    return known or _load(data_set, picture, download=False)[1]


def state(name: str) -> str:
    """Text that stays the same for as long as a data set is the one that was read, without reading it.

    It is made of the files' places, sizes and times, or of the version of the package that holds the set. Whoever
    keeps a `fingerprint` keeps it with this.

    Parameters
    ----------
    name : str
        A data set or a single picture that is here.

    Returns
    -------
    str
        Empty where a file is so new that a change of it might not show.

    Raises
    ------
    ValueError
        Unknown name.
    DataUnavailable
        Where it is not here.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.state("digits") == datasets.state("digits")
    True
    """
    data_set, picture = _find(name)
    if data_set.kind == "builtin":
        package = {"digits": "scikit-learn"}.get(name, "scikit-image")
        return f"{name} of {package} {version(package)}"
    if not available(name):
        raise DataUnavailable(_how_to_get(data_set, "it is not here"))
    files = _state(data_set, picture)
    youngest = max(times[-1] for times in files[2:])
    return "" if time.time_ns() < youngest + SETTLED_NS else repr(files)


def loaded() -> dict[str, str]:
    """Fingerprints, by name, of all that `load` and `image` have given in this process.

    Where a set was loaded more than once, from files that changed in between, the last one counts. Bits that
    were drawn do not appear.

    Examples
    --------
    >>> from jscc import datasets
    >>> camera = datasets.image("camera")
    >>> datasets.loaded()["camera"] == datasets.fingerprint("camera")
    True
    """
    return dict(_loaded)


@dataclass(frozen=True, repr=False)
class Exactness:
    """How far a data set is the official one, as numbers and as a sentence (``str``).

    Attributes
    ----------
    name : str
        The data set.
    images : int or None
        How many images are counted, where they are.
    inexact : dict of str to int
        How many of the images of each part are not bit-exact; empty where the set does not count them.
    note : str
        What the catalogue says.
    """

    name: str
    images: int | None
    inexact: dict[str, int] = field(default_factory=dict)
    note: str = ""

    def __str__(self) -> str:
        if self.images is None:
            return self.note
        wrong = sum(self.inexact.values())
        if wrong == 0:
            return f"All {self.images:,} images are bit-exact."
        parts = " and ".join(f"{count} of {part}" for part, count in self.inexact.items() if count)
        return f"{self.images - wrong:,} of {self.images:,} images are bit-exact; {parts} come from JPEG copies."

    def __repr__(self) -> str:
        return f"Exactness({self.name!r}, {str(self)!r})"


def exactness(name: str) -> Exactness:
    """How far a data set is the official one: of the copy here, or, if there is none, of the book's copy.

    Parameters
    ----------
    name : str
        A data set or a single picture.

    Returns
    -------
    Exactness
        ``print`` gives a sentence for a page.

    Raises
    ------
    ValueError
        Unknown name.
    DataUnavailable, DataCorrupt
        The copy here cannot be read, or does not say.

    Examples
    --------
    >>> from jscc import datasets
    >>> print(datasets.exactness("mnist"))
    Bit-exact with the official files.
    """
    data_set, _ = _find(name)
    keys = [key for key in data_set.arrays if key.startswith("inexact_")]
    if not keys:
        return Exactness(name, None, {}, data_set.note)
    parts = [key.removeprefix("inexact_") for key in keys]
    images = sum(data_set.arrays[f"x_{part}"].shape[0] for part in parts)
    path = _local(f"{name}.npz")
    if path is not None:
        held = _read_keys(path, data_set, keys)
        inexact = {part: len(held[key]) for part, key in zip(parts, keys, strict=True)}
    elif data_set.copies:
        inexact = {part: data_set.copies[0].inexact.get(part, 0) for part in parts}
    else:
        raise DataUnavailable(_how_to_get(data_set, "it is not here"))
    return Exactness(name, images, inexact, data_set.note)


def report():
    """List every data set: what is here, what is missing, where it comes from, its licence, how exact it is.

    Returns
    -------
    pandas.DataFrame
        Columns name, title, state ("here" or "missing"), path, home, size (on this machine, or of the
        download when missing), licence, exactness.

    Examples
    --------
    >>> from jscc import datasets
    >>> datasets.report().set_index("name").loc["digits", ["state", "licence"]].tolist()
    ['here', 'CC BY 4.0']
    """
    import pandas as pd

    columns = ["name", "title", "state", "path", "home", "size", "licence", "exactness"]
    rows = []
    for data_set in catalogue._catalogue().values():
        paths, size = _on_disk(data_set)
        is_here = available(data_set.name)
        try:
            exact = str(exactness(data_set.name))
        except (DataCorrupt, DataUnavailable) as error:
            exact = str(error)
        rows.append(
            (
                data_set.name,
                data_set.title,
                "here" if is_here else "missing",
                ", ".join(paths),
                data_set.home,
                _megabytes(size if is_here else _download_size(data_set)),
                data_set.licence,
                exact,
            )
        )
    return pd.DataFrame(rows, columns=columns)


def _paths(data_set: DataSet, picture: Picture | None) -> list[Path | None]:
    """The files of a set or picture, None for each that is not here."""
    if data_set.kind == "builtin":
        return []
    if data_set.kind == "images":
        return [_local(f"images/{p.name}.png") for p in ([picture] if picture else data_set.images)]
    return [_local(f"{data_set.name}.npz")]


def _state(data_set: DataSet, picture: Picture | None) -> tuple:
    """What tells that a file is still the one that was read."""
    states: list[tuple] = []
    for path in _paths(data_set, picture):
        if path is not None:
            with _naming(path):
                s = path.stat()
            states.append((str(path), s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns))
    return (str(catalogue.CATALOGUE), picture.name if picture else data_set.name, *states)


def _load(data_set: DataSet, picture: Picture | None, download: bool) -> tuple[dict[str, np.ndarray], str]:
    """The arrays, checked, and their fingerprint."""
    if data_set.kind == "builtin":
        arrays = _builtin(data_set.name)
        source = f"the installed copy of {data_set.name}"
        _check_arrays(arrays, data_set, source)
        sums = _sums(arrays, data_set)
        _recognise(sums, {}, data_set, source)
        state = _state(data_set, picture)
    elif data_set.kind == "images":
        wanted = [picture] if picture else data_set.images
        arrays = {p.name: _load_picture(data_set, p, download) for p in wanted}
        sums = {p.name: p.pixels_sha256 for p in wanted}
        state = _state(data_set, picture)
    else:
        path = _local(f"{data_set.name}.npz")
        if path is None:
            if not download:
                raise DataUnavailable(_how_to_get(data_set, "it is not here"))
            path = _fetch(data_set)
        state = _state(data_set, picture)  # of before the reading, so that a later change is seen
        arrays, sums = _read_npz(path, data_set)
    lines = [f"{key} {arrays[key].dtype.str} {list(arrays[key].shape)} {sums[key]}\n" for key in sorted(arrays)]
    _fingerprints[state] = sha256("".join(lines).encode()).hexdigest()[:16]
    return arrays, _fingerprints[state]


def _load_picture(data_set: DataSet, picture: Picture, download: bool) -> np.ndarray:
    path = _local(f"images/{picture.name}.png")
    if path is None:
        if not download:
            raise DataUnavailable(_how_to_get(data_set, f"{picture.name} is not here"))
        path = _fetch_picture(data_set, picture)
    return _decode_picture(path, picture)


def _builtin(name: str) -> dict[str, np.ndarray]:
    # Imported here: both packages are slow to import and most callers never need them.
    if name == "digits":
        from sklearn.datasets import load_digits

        bunch = load_digits()
        return {"x": bunch.images.astype(np.uint8), "y": bunch.target.astype(np.uint8)}
    import skimage.data

    return {name: np.array(getattr(skimage.data, name)())}

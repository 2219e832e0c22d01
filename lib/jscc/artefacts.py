"""Small trained weights as files: arrays and the settings that belong to them, in safetensors.

The weights that a reader uses lie under ``data/models``, one file for each name. An experiment writes them, and
keeps their SHA-256 in its table. One file holds named arrays and a *header* of plain values; the same arrays and
header always give the same bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

__all__ = ["elsewhere", "folder", "load", "path_of", "read", "save", "sha256", "write"]

_REPOSITORY = Path(__file__).parents[2]
_FOLDER = "JSCC_MODELS"
_HEADER = "header"


def folder() -> Path:
    """Where weights lie: ``$JSCC_MODELS``, or ``data/models`` of the repository."""
    chosen = os.environ.get(_FOLDER)
    return Path(chosen) if chosen else _REPOSITORY / "data" / "models"


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """Let what is saved inside go to a folder that vanishes: for computing again without replacing anything."""
    before = os.environ.get(_FOLDER)
    with tempfile.TemporaryDirectory(prefix="jscc-models-") as scratch:
        os.environ[_FOLDER] = scratch
        try:
            yield
        finally:
            if before is None:
                del os.environ[_FOLDER]
            else:
                os.environ[_FOLDER] = before


def path_of(name: str) -> Path:
    """The file of an artefact.

    Raises
    ------
    ValueError
        If the name has other characters than lower-case letters, digits and underscores.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise ValueError(f"name={name!r} given, lower-case letters, digits and _ are expected")
    return folder() / f"{name}.safetensors"


def save(name: str, arrays: Mapping[str, np.ndarray], header: Mapping | None = None) -> str:
    """Write an artefact, and give the SHA-256 of its file; the arguments are those of `write`."""
    path = path_of(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, arrays, header)
    return sha256(path)


def load(name: str) -> tuple[dict[str, np.ndarray], dict]:
    """Read an artefact.

    Raises
    ------
    FileNotFoundError
        If there is none of this name; the message lists those there are.
    ValueError
        If its file is damaged.
    """
    path = path_of(name)
    if not path.is_file():
        known = ", ".join(sorted(entry.stem for entry in folder().glob("*.safetensors"))) or "none"
        raise FileNotFoundError(f"no weights {name!r} in {folder()}; there are: {known}")
    return read(path)


def write(path: str | os.PathLike, arrays: Mapping[str, np.ndarray], header: Mapping | None = None) -> None:
    """Write arrays and a header to one file, which is either the old or the new one whenever the power fails.

    Parameters
    ----------
    path : path-like
    arrays : mapping of str to ndarray
        Of numbers or truth values.
    header : mapping, optional
        Whatever JSON can hold.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as scratch:
    ...     write(f"{scratch}/a.safetensors", {"w": np.arange(3.0)}, {"units": 12})
    ...     read(f"{scratch}/a.safetensors")
    ({'w': array([0., 1., 2.])}, {'units': 12})
    """
    from safetensors.numpy import save as pack

    path = Path(path)
    # One entry alone: safetensors writes several in no fixed order.
    metadata = {_HEADER: json.dumps(dict(header or {}), sort_keys=True)}
    content = pack({key: np.asarray(value, order="C") for key, value in arrays.items()}, metadata=metadata)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".tmp-{path.name}-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner reads
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise


def read(path: str | os.PathLike) -> tuple[dict[str, np.ndarray], dict]:
    """Read what `write` wrote.

    Returns
    -------
    arrays : dict of str to ndarray
    header : dict

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is damaged or of another kind; the message names it.
    """
    from safetensors import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path} given, a file of weights is expected")
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (no mapping)
            header = json.loads((file.metadata() or {})[_HEADER])
        if not isinstance(header, dict):
            raise ValueError(f"a header of type {type(header).__name__}")
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} given, a whole file of weights is expected: {error}") from error
    return arrays, header


def sha256(path: str | os.PathLike) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

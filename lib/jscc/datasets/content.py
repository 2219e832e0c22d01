"""What a file holds: an npz read header first, its arrays compared with what the catalogue knows of them."""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import warnings
import zipfile
from collections.abc import Callable, Iterable
from hashlib import sha256
from pathlib import Path
from typing import IO

import numpy as np

from jscc.datasets.catalogue import ArraySpec, DataSet, Picture
from jscc.datasets.formats import _decode
from jscc.datasets.trouble import DataCorrupt, _naming, _writing

_RECORD = "record"  # the member of an npz in which its conversion from the official files is written down
_RECORD_CHARACTERS = 16_384
_PIECE = 2**20
# An array of free length may not be larger than this many times what it takes in the file, plus one piece.
_SWELL = 8


def _read_npz(path: Path, data_set: DataSet) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The arrays of an npz, recognised as those of a known copy, and the sha256 of each."""
    hint = f"; delete it to have it fetched again, or put a good {path.name} in its place"
    expected = list(data_set.arrays)
    with _naming(path, hint), zipfile.ZipFile(path) as archive:
        held = set(archive.namelist())
        if not {f"{key}.npy" for key in expected} <= held:
            raise DataCorrupt(f"{path}: holds {sorted(held)[:20]}; {expected} are expected{hint}")
        arrays = {key: _read_member(archive, key, data_set.arrays[key], path) for key in expected}
        record = _read_record(archive, path) if data_set.recorded and f"{_RECORD}.npy" in held else {}
    _check_arrays(arrays, data_set, path)
    sums = _sums(arrays, data_set)
    _recognise(sums, record, data_set, path, hint)
    return arrays, sums


def _read_keys(path: Path, data_set: DataSet, keys: Iterable[str]) -> dict[str, np.ndarray]:
    """Some (small) arrays of an npz, of the right type and shape, without reading the others."""
    with _naming(path), zipfile.ZipFile(path) as archive:
        return {key: _read_member(archive, key, data_set.arrays[key], path) for key in keys}


def _read_member(archive: zipfile.ZipFile, key: str, spec: ArraySpec, path: Path) -> np.ndarray:
    """One array; no memory is taken before its header has been found to be the expected one."""
    source = f"{path}: array {key}"
    member = archive.getinfo(f"{key}.npy")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataCorrupt(f"{source} is packed by method {member.compress_type}; 0 (stored) or 8 (deflate) is expected")
    with archive.open(member) as file:
        shape, fortran_order, dtype = _read_header(file, source)
        _check_look(shape, dtype, spec, source)
        size = math.prod(shape) * dtype.itemsize
        if member.file_size - file.tell() != size:
            found = member.file_size - file.tell()
            raise DataCorrupt(f"{source} has {found} bytes of values; {size} are expected for {list(shape)}")
        if -1 in spec.shape and size > _SWELL * member.compress_size + _PIECE:
            raise DataCorrupt(
                f"{source} swells from {member.compress_size} to {size} bytes; at most {_SWELL} times is expected"
            )
        array = np.empty(shape[::-1] if fortran_order else shape, dtype)
        values = array.reshape(-1).view(np.uint8)
        for start in range(0, size, _PIECE):
            piece = file.read(min(_PIECE, size - start))
            values[start : start + len(piece)] = np.frombuffer(piece, np.uint8)
            if len(piece) < min(_PIECE, size - start):
                raise DataCorrupt(f"{source} ends after {start + len(piece)} bytes of values; {size} are expected")
        if file.read(1):  # the checksum is compared at the end only
            raise DataCorrupt(f"{source} goes on after {size} bytes of values, its end is expected")
    return array.T if fortran_order else array


def _read_header(file: IO[bytes], source: str) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Shape, whether in column order, and type: what stands before the values of an array."""
    version = np.lib.format.read_magic(file)
    if version != (1, 0):  # the later versions are for headers of gigabytes
        raise DataCorrupt(f"{source} has npy version {version}; (1, 0) is expected")
    return np.lib.format.read_array_header_1_0(file)


def _read_record(archive: zipfile.ZipFile, path: Path) -> dict:
    """What the conversion wrote down: the source of the arrays, and the sha256 of each."""
    source = f"{path}: the record"
    most = 4 * _RECORD_CHARACTERS
    with archive.open(f"{_RECORD}.npy") as file:
        shape, _, dtype = _read_header(file, source)
        raw = file.read(most + 1)
    if dtype.kind != "U" or shape != () or dtype.itemsize != len(raw) or len(raw) > most:
        found = f"is {dtype} of shape {list(shape)}"
        raise DataCorrupt(f"{source} {found}; a text of at most {_RECORD_CHARACTERS} characters is expected")
    record = json.loads(np.frombuffer(raw, dtype)[0])
    if not (isinstance(record, dict) and isinstance(record.get("sha256"), dict)):
        raise DataCorrupt(f"{source} is {record!r:.80}; the sha256 of each array is expected")
    return record


def _check_look(shape: tuple[int, ...], dtype: np.dtype, spec: ArraySpec, source: str) -> None:
    same_type = dtype.kind in "iu" if spec.dtype == "integer" else dtype == np.dtype(spec.dtype)
    same_shape = len(shape) == len(spec.shape) and all(e in (-1, n) for n, e in zip(shape, spec.shape, strict=True))
    if not (same_type and same_shape):
        expected = f"{spec.dtype} of shape {[n if n >= 0 else 'any' for n in spec.shape]}"
        raise DataCorrupt(f"{source} is {dtype} of shape {list(shape)}; {expected} is expected")


def _check_arrays(arrays: dict[str, np.ndarray], data_set: DataSet, source: str | Path) -> None:
    for key, spec in data_set.arrays.items():
        array = arrays[key]
        _check_look(array.shape, array.dtype, spec, f"{source}: array {key}")
        if array.size == 0 or (spec.max is None and spec.min == 0):
            continue
        low, high = int(array.min()), int(array.max())
        if low < spec.min or (spec.max is not None and high > spec.max):
            top = "any" if spec.max is None else spec.max
            raise DataCorrupt(f"{source}: array {key} holds values {low} to {high}; {spec.min} to {top} are expected")
    if data_set.kind == "celeba" and len(arrays["x"]) != len(arrays["image_id"]):
        raise DataCorrupt(
            f"{source}: {len(arrays['x'])} pictures, {len(arrays['image_id'])} numbers; one each is expected"
        )


def _sums(arrays: dict[str, np.ndarray], data_set: DataSet) -> dict[str, str]:
    """The sha256 of each array's values, integers of any width as 32 bits (their range has been checked)."""
    return {
        key: sha256(np.ascontiguousarray(arrays[key], "<i4" if spec.dtype == "integer" else None)).hexdigest()
        for key, spec in data_set.arrays.items()
    }


def _recognise(sums: dict[str, str], record: dict, data_set: DataSet, source: str | Path, hint: str = "") -> None:
    """Refuse arrays that are no copy the catalogue knows, nor what their own conversion wrote down."""
    known = [(copy.title, copy.sha256) for copy in data_set.copies]
    if data_set.recorded and record:
        known.append((f"its own record of {record.get('source', 'a conversion')}", record["sha256"]))
    different = [[key for key, found in sums.items() if expected.get(key) != found] for _, expected in known]
    if [] in different:
        return
    if not known:
        warnings.warn(
            f"{source}: only the form is checked; the catalogue knows no sums of the arrays of {data_set.name}, and "
            "the file holds no record of a conversion from the official files",
            stacklevel=4,
        )
        return
    keys, (title, nearest) = min(zip(different, known, strict=True), key=lambda item: len(item[0]))
    key = keys[0]
    raise DataCorrupt(
        f"{source}: array {key} has sha256 {sums[key]}; {nearest.get(key)} is expected ({title}): it was altered, or "
        f"is another version of {data_set.name}{hint}"
    )


def _store(out: Path, arrays: dict[str, np.ndarray], data_set: DataSet, source: str) -> Path:
    """Write an npz under its name only when it is right and whole, with a record of where it comes from."""
    _check_arrays(arrays, data_set, source)
    sums = _sums(arrays, data_set)
    record = {"source": ", ".join(f.name for f in data_set.files), "sha256": sums}
    _recognise(sums, record, data_set, source)
    _write(out, lambda file: np.savez(file, **arrays, **{_RECORD: np.array(json.dumps(record))}))
    return out


def _write(out: Path, write: Callable[[io.BufferedIOBase], object]) -> None:
    part = out.with_name(f".{out.name}.part")
    try:
        with _writing(out):
            out.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, out)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)


def _decode_picture(path: Path, picture: Picture) -> np.ndarray:
    """The pixels of a picture, which are the very ones that the catalogue knows."""
    pixels = _decode(path, path, ("PNG", "PPM"), picture.shape[:2])
    found = sha256(pixels.tobytes()).hexdigest()
    if pixels.shape != picture.shape or found != picture.pixels_sha256:
        raise DataCorrupt(
            f"{path}: pixels of shape {pixels.shape} with sha256 {found}; {picture.shape} with "
            f"{picture.pixels_sha256} is expected: another version of {picture.name}?"
        )
    return pixels

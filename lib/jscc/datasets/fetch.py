"""Fetching: official files, capped in size and time, checked, and turned once into what `load` reads."""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pooch
import requests
import urllib3
from filelock import FileLock
from PIL import Image
from tqdm import tqdm

from jscc.datasets.catalogue import DataSet, Picture, RemoteFile, _find
from jscc.datasets.content import _decode_picture, _read_npz, _store, _write
from jscc.datasets.formats import _CONVERTERS, _celeba
from jscc.datasets.places import _how_to_get, _local, _offline, cache_dir
from jscc.datasets.trouble import DataCorrupt, DataUnavailable, _naming

__all__ = ["ATTEMPTS", "LEAST_BYTES_PER_S", "TIMEOUT_S", "UNREACHABLE_S", "convert_celeba"]

ATTEMPTS = 2  # tries for one address, when it answers at all
TIMEOUT_S = (5, 60)  # to connect, and between two pieces of an answer; in all, for its head
LEAST_BYTES_PER_S = 32_000  # a download slower than this on average is given up, after a first minute
UNREACHABLE_S = 60.0  # for so long a host that did not answer is not asked again

_unreachable: dict[str, float] = {}


class _NoAnswer(Exception):
    """A host that cannot be reached at all."""


class _Capped:
    """A downloader for pooch that takes at most so many bytes and seconds.

    The announced length is compared first, so that a wrong file costs nothing; pieces are taken as they
    come, so that a server that drips does not hold the reader up.

    Parameters
    ----------
    most : int
        The greatest number of bytes.
    exact : bool
        Whether fewer bytes are wrong too.
    """

    def __init__(self, most: int, exact: bool):
        self.most, self.exact = most, exact

    def __call__(self, url: str, output_file: str, _pooch: object) -> None:
        start = time.monotonic()
        allowed = TIMEOUT_S[1] + self.most / LEAST_BYTES_PER_S
        with _answer(url) as response:
            response.raise_for_status()
            announced = response.headers.get("Content-Length", "")
            if announced.isdecimal():
                self._check(int(announced), "bytes found, by what is announced")
            got = 0
            name = urlsplit(url).path.rpartition("/")[2]
            with (
                open(output_file, "wb") as out,
                tqdm(total=self.most, desc=name, unit="B", unit_scale=True, leave=False) as bar,
            ):
                while piece := response.raw.read1(2**16, decode_content=False):
                    got += len(piece)
                    if got > self.most:
                        raise DataCorrupt(f"more than {self.most} bytes found, {self._expected()} expected")
                    if time.monotonic() - start > allowed:
                        raise requests.Timeout(f"{got} bytes in {allowed:.0f} s, {self._expected()} expected by then")
                    out.write(piece)
                    bar.update(len(piece))
            self._check(got, "bytes found")

    def _expected(self) -> str:
        return f"{self.most} are" if self.exact else f"at most {self.most} are"

    def _check(self, size: int, what: str) -> None:
        if size > self.most or (self.exact and size != self.most):
            raise DataCorrupt(f"{size} {what}, {self._expected()} expected")


def _answer(url: str) -> requests.Response:
    """The head of an answer, within `TIMEOUT_S` in all: requests itself waits as long as single bytes come."""
    answers: queue.SimpleQueue = queue.SimpleQueue()

    def ask() -> None:
        try:
            # Without the header a server may pack a .gz once more.
            headers = {"Accept-Encoding": "identity"}
            answers.put(requests.get(url, stream=True, timeout=TIMEOUT_S, headers=headers))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=sum(TIMEOUT_S))
    except queue.Empty:
        raise requests.Timeout(f"no whole answer within {sum(TIMEOUT_S)} s") from None
    if isinstance(answer, requests.ConnectionError):
        raise _NoAnswer from answer
    if isinstance(answer, Exception):
        raise answer
    return answer


@contextlib.contextmanager
def _cache_lock(name: str) -> Iterator[Path]:
    """The cache folder, with one process at a time at work on a data set."""
    cache = cache_dir()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lock = FileLock(cache / f".{name}.lock")
        lock.acquire()
    except (OSError, NotImplementedError) as error:
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
        with _naming(source):
            arrays = _CONVERTERS[data_set.kind](paths, data_set)
        _store(out, arrays, data_set, source)
        shutil.rmtree(downloads, ignore_errors=True)
    return out


def _fetch_picture(data_set: DataSet, picture: Picture) -> Path:
    if _offline():
        reason = f"{picture.name} is not here, and JSCC_OFFLINE is set"
        raise DataUnavailable(_how_to_get(data_set, reason))
    with _cache_lock("images") as cache:
        out = cache / "images" / f"{picture.name}.png"
        if out.exists():
            return out
        downloads = cache / "downloads" / data_set.name
        # At its home the picture may be packed better or worse than here, but hardly worse than not at all.
        cap = _Capped(int(np.prod(picture.shape)) + 2**16, exact=False)

        def decode(path: str, _action: str, _pooch: object) -> np.ndarray:
            """A processor for pooch: the pixels, if they are the right ones; the file itself is not kept."""
            try:
                return _decode_picture(Path(path), picture)
            finally:
                Path(path).unlink(missing_ok=True)

        try:
            pixels = _download(data_set, picture.file, downloads, cap, known_hash=None, processor=decode)
            _write(out, lambda file: Image.fromarray(pixels).save(file, format="PNG"))
        finally:
            shutil.rmtree(downloads, ignore_errors=True)
    return out


def _download_file(data_set: DataSet, file: RemoteFile, folder: Path) -> Path:
    """One official file, checked; a checked one left by an earlier, broken-off attempt is used again."""
    known_hash = f"sha256:{file.sha256}" if file.sha256 else f"md5:{file.md5}"
    return Path(_download(data_set, file.name, folder, _Capped(file.bytes, exact=True), known_hash))


def _check_file(path: Path, file: RemoteFile) -> None:
    """Whether a file brought by hand is the official one."""
    with _naming(path):
        size = path.stat().st_size
        if size != file.bytes:
            raise DataCorrupt(f"{file.name} ({path}): {size} bytes found, {file.bytes} are expected")
        for algorithm in ("sha256", "md5"):
            expected = getattr(file, algorithm)
            if expected and (found := pooch.file_hash(str(path), alg=algorithm)) != expected:
                raise DataCorrupt(f"{file.name} ({path}): {algorithm} {found} found, {expected} is expected")


def _download(
    data_set: DataSet,
    file: str,
    folder: Path,
    cap: _Capped,
    known_hash: str | None,
    processor: Callable | None = None,
):
    """What `pooch.retrieve` gives from the first address whose file passes its checks."""
    troubles: list[Exception] = []
    for url in data_set.urls:
        for _ in range(ATTEMPTS):
            host = url.partition("//")[2].partition("/")[0]
            if time.monotonic() - _unreachable.get(host, -np.inf) < UNREACHABLE_S:
                troubles.append(DataUnavailable(f"{host} did not answer"))
                break
            try:
                with _quiet_pooch():
                    return pooch.retrieve(url + file, known_hash, file, folder, processor, downloader=cap)
            except _NoAnswer:
                _unreachable[host] = time.monotonic()
            except requests.HTTPError as error:
                troubles.append(DataUnavailable(f"{error}"))
                if error.response.status_code < 500:
                    break
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                troubles.append(DataUnavailable(f"{url}{file} broke off ({error})"))
            except OSError as error:
                raise DataUnavailable(f"{folder / file}: cannot be written ({error})") from error
            except ValueError as error:  # DataCorrupt, and what pooch says of a wrong hash
                said = error if isinstance(error, DataCorrupt) else f"found another than expected: {error}"
                troubles.append(DataCorrupt(f"{url}{file} gave a wrong file: {said}"))
    said = "; ".join(dict.fromkeys(map(str, troubles)))
    kind = DataCorrupt if any(isinstance(t, DataCorrupt) for t in troubles) else DataUnavailable
    raise kind(_how_to_get(data_set, f"{file} could not be fetched ({said})"))


@contextlib.contextmanager
def _quiet_pooch() -> Iterator[None]:
    """Keep pooch from printing the paths of this machine into a notebook."""
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)


def convert_celeba(source: str | os.PathLike, *, count: int | None = 10_000, replace: bool = False) -> Path:
    """Turn the official aligned CelebA pictures into ``celeba64.npz`` in the cache.

    The usual preparation: the centre 148x148 of the aligned 178x218 pictures, resized to 64x64
    (bicubic). Only numbers computed from them may be shown, never a face.

    Parameters
    ----------
    source : path
        ``img_align_celeba.zip`` as downloaded, or the folder it unpacks to.
    count : int or None
        How many pictures, in the order of their numbers; None for all that are there.
    replace : bool
        Whether a good copy may be replaced by one of fewer pictures.

    Returns
    -------
    Path
        The npz written. A good one that was there stays until the new one is whole.

    Raises
    ------
    ValueError
        ``count`` is not positive, or the cache holds a good copy of more pictures and ``replace`` is not set.
    DataUnavailable
        ``source`` does not exist or cannot be read, or the cache cannot be written.
    DataCorrupt
        A picture is damaged or is not 178x218 RGB, or there are fewer than ``count``.
    """
    if count is not None and count < 1:
        raise ValueError(f"count={count} given, a positive number of pictures, or None for all, is expected")
    source = Path(source).expanduser()
    data_set = _find("celeba64")[0]
    if not source.exists():
        raise DataUnavailable(_how_to_get(data_set, f"{source} does not exist"))
    with _cache_lock("celeba64") as cache:
        out = cache / "celeba64.npz"
        with _naming(source):
            arrays = _celeba(source, count)
        found = len(arrays["x"])
        if count is not None and found < count:
            raise DataCorrupt(
                f"{source}: {found} pictures found, {count} are expected (count=None takes all there are)"
            )
        if not replace and out.exists() and (held := _length(out, data_set)) > found:
            raise ValueError(
                f"{source} with {found} pictures given, at least the {held} of the copy in {out} are expected, "
                "or replace=True"
            )
        return _store(out, arrays, data_set, str(source))


def _length(path: Path, data_set: DataSet) -> int:
    """How many pictures a CelebA npz holds; none if it is damaged."""
    with contextlib.suppress(DataCorrupt, DataUnavailable):
        return len(_read_npz(path, data_set)[0]["x"])
    return 0

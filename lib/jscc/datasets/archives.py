"""Archives, read member by member into memory; nothing of them is ever unpacked onto the disk."""

from __future__ import annotations

import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

from jscc.datasets.trouble import DataCorrupt, _naming

__all__ = ["MAX_MEMBER_BYTES", "read_tar", "read_zip"]

# A member of an archive larger than this is refused: the largest real one is 47 MB.
MAX_MEMBER_BYTES = 64 * 2**20


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

    Examples
    --------
    >>> import tempfile, zipfile
    >>> from pathlib import Path
    >>> from jscc import datasets
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "a.zip"
    ...     with zipfile.ZipFile(path, "w") as archive:
    ...         archive.writestr("one.txt", "1")
    ...         archive.writestr("two.txt", "2")
    ...     list(datasets.read_zip(path, lambda name: name == "two.txt"))
    [('two.txt', b'2')]
    """
    with _naming(path), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for m in members:
            kind = stat.S_IFMT(m.external_attr >> 16)
            _check_member(path, m.filename, m.file_size, kind in (0, stat.S_IFREG, stat.S_IFDIR))
            if m.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                method = f"member {m.filename!r} is packed by method {m.compress_type}"
                raise DataCorrupt(f"{path}: {method}; 0 (stored) or 8 (deflate) is expected")
        for m in members:
            if not m.is_dir() and wanted(m.filename):
                # Asked for a number of bytes, the unpacking stops there, whatever the header says.
                with archive.open(m) as file:
                    content, rest = file.read(m.file_size), file.read(1)
                if len(content) != m.file_size or rest:
                    raise DataCorrupt(f"{path}: member {m.filename!r} is not of the {m.file_size} bytes expected")
                yield m.filename, content


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

"""The two errors of the data sets, and how whatever a foreign file makes a reader raise becomes one of them."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

__all__ = ["DataCorrupt", "DataUnavailable"]

# Of the machine, not of the file's content.
_MACHINE = {
    getattr(errno, name)
    for name in ("EACCES", "EPERM", "EIO", "EMFILE", "ENFILE", "ENOSPC", "EDQUOT", "EROFS", "ESTALE", "ENOMEM")
    if hasattr(errno, name)
}


class DataUnavailable(RuntimeError):
    """A data set is neither here nor to be had now; the message says why, and how to get it.

    Also raised when a file or folder cannot be read or written (permissions, a full disk).
    """


class DataCorrupt(ValueError):
    """A file is not what it should be; the message names it, what was found and what is expected."""


@contextlib.contextmanager
def _naming(source: str | Path, hint: str = "") -> Iterator[None]:
    """Turn whatever a file makes a reader raise into `DataCorrupt` or `DataUnavailable`, which name it.

    The readers of six formats raise some thirty kinds of error on damaged bytes (`tokenize.TokenError` from
    numpy's header among them), so no list of them is kept.
    """
    try:
        yield
    except (DataCorrupt, DataUnavailable):
        raise
    except OSError as error:
        if error.errno in _MACHINE:
            raise DataUnavailable(f"{source}: cannot be read ({error})") from error
        raise DataCorrupt(f"{source}: damaged or not what it should be ({error!r}){hint}") from error
    except MemoryError as error:  # sizes are checked before, so it is the machine's
        raise DataUnavailable(f"{source}: does not fit into the memory ({error})") from error
    except Exception as error:
        raise DataCorrupt(f"{source}: damaged or not what it should be ({error!r}){hint}") from error


@contextlib.contextmanager
def _writing(target: str | Path) -> Iterator[None]:
    """Turn what the disk refuses (full, read-only, not permitted) into `DataUnavailable`, which names the file."""
    try:
        yield
    except OSError as error:
        raise DataUnavailable(f"{target}: cannot be written ({error})") from error

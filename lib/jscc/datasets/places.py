"""Where data sets lie on this machine, and what to tell a reader who has none."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from jscc.datasets.catalogue import DataSet

__all__ = ["cache_dir"]


def cache_dir() -> Path:
    """The folder where what was downloaded is kept: ``$JSCC_CACHE``, or the user's own cache."""
    given = os.environ.get("JSCC_CACHE")
    return Path(given).expanduser() if given else Path(platformdirs.user_cache_dir("jscc"))


def _roots() -> list[Path]:
    """Folders to look in, in order."""
    given = os.environ.get("JSCC_DATA")
    return ([Path(given).expanduser()] if given else []) + [cache_dir()]


def _local(relative: str) -> Path | None:
    return next((root / relative for root in _roots() if os.path.exists(root / relative)), None)


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

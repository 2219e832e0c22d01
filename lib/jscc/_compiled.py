"""Throw away compiled kernels that the code has left behind.

Numba keeps what it has compiled beside the source files, and compiles a function anew when its own file has changed,
but not when a kernel of another file has that it calls. Tables would so be certified that no code has made.
"""

import contextlib
import hashlib
from pathlib import Path

__all__ = ["forget_stale"]


def forget_stale(package: Path) -> bool:
    """Remove Numba's files of a package if any of its kernels was changed since this was last asked.

    A folder that cannot be written is left, and so is another place for these files (``NUMBA_CACHE_DIR``).

    Returns
    -------
    bool
        Whether there was a change.
    """
    texts = (path.read_bytes() for path in sorted(package.rglob("*.py")))
    state = hashlib.sha256(b"\0".join(text for text in texts if b"njit" in text)).hexdigest()
    stamp = package / "__pycache__" / "kernels.sha256"
    with contextlib.suppress(OSError):
        if stamp.is_file() and stamp.read_text() == state:
            return False
        for pattern in ("*.nbi", "*.nbc"):
            for path in package.rglob(pattern):
                path.unlink(missing_ok=True)
        stamp.parent.mkdir(exist_ok=True)
        stamp.write_text(state)
    return True


# When the package is imported, before any kernel is.
forget_stale(Path(__file__).parent)

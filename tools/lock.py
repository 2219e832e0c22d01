"""Write the hashes of every pinned package into the lock files.

``requirements.lock`` is what is installed; ``constraints.lock`` pins what only some machines need
beside it, ``linker.lock`` the linker of WebAssembly, without which the book is built all the same.  To change
a pin, edit its version (or add a bare ``name==version``) and run

    make lock

Every file of that version which the package indexes list gets its hash, whatever platform or Python it
is for, so that one lock serves them all.  Hashes that a version already had are kept, for another machine
may know a build that this one does not.  The indexes are asked by pip itself, as it is configured here.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

from pip._internal.commands import create_command
from pip._internal.index.package_finder import PackageFinder
from pip._internal.models.link import Link
from pip._internal.models.wheel import Wheel
from pip._vendor.packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "constraints.lock", "linker.lock")
PIN = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>[A-Za-z0-9.!]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def logical_lines(text: str) -> list[str]:
    """The lines of a requirements file, those that end in a backslash joined to the next."""
    return text.replace("\\\n", " ").splitlines()


def sha256_of(link: Link) -> str:
    """The hash that an index gives for a file, or the file's own where it lies on this machine."""
    if link.hash_name == "sha256":
        return link.hash
    if link.is_file:
        return hashlib.sha256(Path(link.file_path).read_bytes()).hexdigest()
    raise RuntimeError(f"the index gives no SHA-256 for {link.filename}")


def hashes_of(finder: PackageFinder, name: str, version: str) -> set[str]:
    """The hashes of all files of one version of a package, builds with a local label (``+cpu``) among them."""
    wanted = Version(version).public
    found = {sha256_of(item.link) for item in finder.find_all_candidates(name) if item.version.public == wanted}
    if not found:
        raise RuntimeError(f"no file of {name}=={version} in the package indexes")
    return found


def with_hashes(text: str, finder: PackageFinder) -> str:
    """The text of a lock file, with the hashes of each pin below it."""
    lines = []
    for line in logical_lines(text):
        pin = PIN.match(line)
        if pin:
            hashes, known = hashes_of(finder, pin["name"], pin["version"]), set(HASH.findall(line))
            if hashes & known:  # otherwise they are those of the version before
                hashes |= known
            lines.append(" \\\n".join([pin.group(), *(f"    --hash=sha256:{value}" for value in sorted(hashes))]))
        else:
            lines.append(line.rstrip())
    return "\n".join(lines) + "\n"


def main() -> int:
    """Rewrite both lock files."""
    command = create_command("download")
    options, _ = command.parse_args([])
    Wheel.supported = lambda wheel, tags: True  # the files for every platform, not only for this one
    with command.main_context():
        session = command.get_default_session(options)
        finder = command._build_package_finder(options=options, session=session, ignore_requires_python=True)
        for name in LOCKS:
            path = ROOT / name
            path.write_text(with_hashes(path.read_text(encoding="utf8"), finder), encoding="utf8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

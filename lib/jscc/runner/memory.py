"""What functions rest on and data sets hold, remembered from one look at all experiments to the next.

Following every experiment through the syntax trees and reading all data takes seconds, and nearly always nothing has
changed since.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from jscc import datasets, results, sources

__all__ = ["Memory", "remembered"]


class Memory:
    """What `jscc.sources.reached` found for functions, by the hash of all texts of their packages; and fingerprints.

    Parameters
    ----------
    path
        File to read and, where something is new, to write.  One that is missing or damaged is as an empty one, and
        one that cannot be written is left.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._states: dict[frozenset[str], str] = {}
        self._before: dict[str, dict | str] = {}
        self._now: dict[str, dict | str] = {}
        with contextlib.suppress(OSError, ValueError):
            checksum, text = path.read_text(encoding="utf-8").splitlines()
            if checksum == _hash(text):
                self._before = json.loads(text)

    def __repr__(self) -> str:
        return f"Memory({self.path.name}: {len(self._before)} facts before, {len(self._now)} now)"

    def reached(self, *functions: str) -> sources.Sources:
        """As `jscc.sources.reached`; the texts are read once, so that a later change of them is not seen."""
        packages = frozenset({"jscc", *(name.partition(".")[0].partition(":")[0] for name in functions)})
        if packages not in self._states:
            self._states[packages] = _state(packages)
        key = " ".join((self._states[packages], *functions))
        if key not in self._now:
            self._now[key] = self._before.get(key) or asdict(sources.reached(*functions))
        return sources.Sources(**self._now[key])

    def fingerprint(self, name: str) -> str:
        """As `jscc.datasets.fingerprint`, for as long as the set's files are those that were read."""
        state = datasets.state(name)
        key = f"{name} {state}"
        found = self._now.get(key) or self._before.get(key) if state else None
        found = found or datasets.fingerprint(name)
        if state and state == datasets.state(name):
            self._now[key] = found
        return found

    def write(self) -> None:
        """Keep what was asked for; what belongs to other texts and other files is forgotten."""
        # What was found while a text changed belongs to neither of its states.
        same = all(_state(packages) == state for packages, state in self._states.items())
        if same and self._now.keys() - self._before.keys():
            text = json.dumps(self._now)
            with contextlib.suppress(OSError):
                self.path.parent.mkdir(parents=True, exist_ok=True)
                results.write_atomically(self.path, f"{_hash(text)}\n{text}\n")


@contextlib.contextmanager
def remembered() -> Iterator[Memory]:
    """A memory beside the results, written at the end."""
    memory = Memory(results.results_folder() / ".work" / "sources.json")
    yield memory
    memory.write()


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _state(packages: frozenset[str]) -> str:
    """A hash of all source texts of some packages, and of the language that they are read in."""
    texts = hashlib.sha256(repr(sys.version_info[:2]).encode())
    for package in sorted(packages):
        spec = importlib.util.find_spec(package)
        folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
        walks = (walk for folder in folders for walk in sorted(os.walk(folder, followlinks=True)))
        files = [Path(place, name) for place, _, names in walks for name in sorted(names) if name.endswith(".py")]
        if not folders and spec and spec.origin:
            files = [Path(spec.origin)]
        for path in filter(Path.is_file, files):  # an editor's lock is a link to nowhere
            texts.update(f"{path} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return texts.hexdigest()

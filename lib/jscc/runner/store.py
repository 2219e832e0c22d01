"""The store of finished tasks.

Every finished task is one small file, written to a temporary name, forced to the disk and renamed.  A
killed run so loses at most the tasks in flight, and a file that is there is whole (a checksum guards
against a disk that lied).  A task's file is named after its parameters, so nothing can be counted twice.

One file per task, and not a data base: it needs no server and no memory shared between machines, so that
it also holds on the network disks on which clusters live; a damaged file costs one task; and one task can
be looked at, or removed, by hand.
"""

import contextlib
import datetime
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import filelock

from jscc import results
from jscc.runner.experiment import Experiment
from jscc.runner.plan import Task, task_key

_FORMAT = 1


class Busy(Exception):
    """Another run works on the same experiment and scale."""


class Store:
    """The finished tasks of one experiment at one scale."""

    def __init__(self, experiment: Experiment, scale: str) -> None:
        self.folder = results.results_folder() / ".work" / experiment.name / scale
        self.name = f"{experiment.name} at scale {scale}"
        self.tasks = self.folder / "tasks"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs away.  The system drops the lock when its process dies, however it dies."""
        self.tasks.mkdir(parents=True, exist_ok=True)
        owner = self.folder / "owner.json"
        lock = filelock.FileLock(self.folder / "lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise Busy(f"{self.name} is being run by {_owner_text(owner)}; wait for it or stop it") from None
        try:
            about = {"pid": os.getpid(), "host": socket.gethostname(), "since": now()}
            owner.write_text(json.dumps(about), encoding="utf-8")
            for leftover in self.tasks.glob(".tmp-*"):
                leftover.unlink()
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()

    def anything(self) -> bool:
        """Tell whether a task is stored."""
        return next(self.tasks.glob("*.json"), None) is not None

    def put(self, task: Task, rows: list[dict], seconds: float, code: str) -> dict:
        """Store a finished task for good, and give it as it will be read back."""
        record = {
            "format": _FORMAT,
            "experiment": task.experiment,
            "params": task.params,
            "seed": task.seed,
            "chunk": task.chunk,
            "trials": task.trials,
            "code": code,
            "seconds": round(seconds, 6),
            "date": now(),
            "rows": rows,
        }
        text = json.dumps(record)
        checksum = hashlib.sha256(text.encode()).hexdigest()
        results.write_atomically(self.tasks / f"{task.key}.json", f"{checksum}\n{text}\n")
        return json.loads(text)

    def read(self) -> dict[str, dict]:
        """All whole records by key; a torn or foreign file counts as not there."""
        records = {}
        for path in self.tasks.glob("*.json"):
            if path.name.startswith("."):
                continue
            try:
                checksum, text = path.read_text(encoding="utf-8").splitlines()
            except (ValueError, OSError):
                continue
            if hashlib.sha256(text.encode()).hexdigest() != checksum:
                continue
            record = json.loads(text)
            # A file copied under another task's name is whole, and yet not that task's.
            if record["format"] == _FORMAT and task_key(record) == path.stem:
                records[path.stem] = record
        return records


def _owner_text(path: Path) -> str:
    try:
        owner = json.loads(path.read_text(encoding="utf-8"))
        return f"process {owner['pid']} on {owner['host']} since {owner['since']}"
    except (OSError, ValueError, KeyError):
        return "another process"


def now() -> str:
    """The present time, as certificates and records give it."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")

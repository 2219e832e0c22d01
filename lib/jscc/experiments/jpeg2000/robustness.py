"""Damaged and hostile codestreams: the decoder gives an image, or an error that names the byte, and nothing else.

Streams are decoded by `jscc.jpeg2000.decode` in a process of its own, whose kernels check every index
(``NUMBA_BOUNDSCHECK=1``) and which may take a limited amount of memory, and of time for each stream. A process that
dies is one finding; another goes on with the next stream.

Which streams there are follows from the seed alone, so that a finding can be looked at again: `stream` gives it.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

import jscc
from jscc import datasets
from jscc.experiments.jpeg2000.streams import coded, names, shares, streams
from jscc.jpeg2000 import CodestreamError, decode, mutate
from jscc.runner import Experiment, MonteCarlo

SECONDS = 10.0  # of processor time for a stream
PATIENCE = 6  # times as long by the clock, for a process that waits instead
MEMORY = 2**30  # bytes of a process
READY = "ready"

# What may come of a stream: an image, a `CodestreamError` whose offset lies within the data, another error; and, of
# the process: it ended by a signal, took too long, or more memory than it may.
OUTCOMES = ("image", "refused", "other", "crash", "hang", "memory")
ANY, AS_IT_IS = "any", "none"  # kinds of damage besides those of `mutate`


class Outcome(NamedTuple):
    """What came of one stream: its number, one of `OUTCOMES`, the offset that an error names or -1, and its words."""

    index: int
    outcome: str
    offset: int = -1
    message: str = ""


def stream(bases: str, kind: str, seed: int, index: int) -> bytes:
    """A stream of a set: as it is, or one that is drawn and damaged.

    Parameters
    ----------
    bases : str
        ``files``, ``pillow``, ``hostile`` or ``promises`` (`jscc.experiments.jpeg2000.streams`).
    kind : str
        Kind of damage as in `jscc.jpeg2000.mutate`, ``any``, or ``none``: the stream of that number.
    seed, index : int

    Returns
    -------
    bytes
    """
    data = streams(bases)
    if kind == AS_IT_IS:
        return data[index]
    rng = np.random.default_rng([seed, index])
    drawn = data[int(rng.choice(len(data), p=shares(data)))]
    return mutate(drawn, rng, data, kind=None if kind == ANY else kind)


def outcomes(
    bases: str,
    kind: str,
    seed: int,
    count: int,
    *,
    decoder: str = f"{decode.__module__}:{decode.__name__}",
    seconds: float = SECONDS,
    memory: int = MEMORY,
) -> Iterator[Outcome]:
    """Decode streams in processes of their own.

    Parameters
    ----------
    bases, kind, seed
        See `stream`.
    count : int
        How many streams.
    decoder : str
        What decodes, as ``module:function``.
    seconds, memory
        Limits: processor time of a stream, bytes of a process.

    Yields
    ------
    Outcome
        In the order of the streams.

    Raises
    ------
    RuntimeError
        If a process does not even begin.
    """
    first = 0
    while first < count:
        order = {"bases": bases, "kind": kind, "seed": seed, "first": first, "count": count}
        order |= {"decoder": decoder, "seconds": seconds, "memory": memory}
        program = f"from {serve.__module__} import {serve.__name__}; {serve.__name__}()"
        with tempfile.TemporaryFile() as said:
            command = [sys.executable, "-c", program, json.dumps(order)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True, env=_environment()) as child:
                if child.stdout.readline().strip() != READY:
                    child.wait()
                    said.seek(0)
                    raise RuntimeError(f"the process did not begin:\n{said.read().decode(errors='replace')}")
                for line in child.stdout:
                    outcome = Outcome(*json.loads(line))
                    yield outcome
                    first = outcome.index + 1
        if first < count:
            yield Outcome(first, _death(child.returncode), message=f"ended with {child.returncode}")
            first += 1


def _death(code: int) -> str:
    return "hang" if -code in (signal.SIGPROF, signal.SIGALRM) else "crash"


def _environment() -> dict[str, str]:
    """Variables of a process whose kernels check each index.

    Numba does not tell kernels with checks from those without when it looks into its cache, so these have one of
    their own; nor does it notice that a kernel of another file has changed, so each state of the files has one.
    """
    package = Path(jscc.__file__).parent
    files = sorted((package / "jpeg2000").glob("*.py")) + [package / "fastmath.py"]
    state = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    path = [str(package.parent), *filter(None, sys.path)]
    return {
        **os.environ,
        **one,
        "PYTHONPATH": os.pathsep.join(path),
        "NUMBA_BOUNDSCHECK": "1",
        "NUMBA_DISABLE_JIT": "0",
        "NUMBA_CACHE_DIR": str(datasets.cache_dir() / "checked_kernels" / state),
    }


def serve() -> None:
    """What the process does: decode, and write a line for each stream."""
    import resource

    order = json.loads(sys.argv[1])
    require_checks()
    module, _, name = order["decoder"].partition(":")
    decoder = getattr(importlib.import_module(module), name)
    _warm_up()
    streams(order["bases"])
    resource.setrlimit(resource.RLIMIT_DATA, (order["memory"], order["memory"]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(READY, flush=True)
    for index in range(order["first"], order["count"]):
        data = stream(order["bases"], order["kind"], order["seed"], index)
        # Where a time is over, the system ends the process, also in the middle of a kernel.
        signal.setitimer(signal.ITIMER_PROF, order["seconds"])
        signal.setitimer(signal.ITIMER_REAL, PATIENCE * order["seconds"])
        outcome = Outcome(index, *_decoded(decoder, data))
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        print(json.dumps(outcome), flush=True)


def _decoded(decoder, data: bytes) -> tuple[str, int, str]:
    try:
        planes = decoder(data)
    except CodestreamError as error:
        named = 0 <= error.offset <= len(data) and str(error).startswith(f"at byte {error.offset}: ")
        return ("refused" if named else "other"), error.offset, str(error)
    except MemoryError as error:
        return "memory", -1, str(error)
    except Exception as error:
        return "other", -1, f"{type(error).__name__}: {error}"
    if not planes or any(plane.dtype != np.int32 or plane.ndim != 2 for plane in planes):
        return "other", -1, f"{planes!r:.200} given"
    return "image", -1, ""


def require_checks() -> None:
    """See a kernel of the decoder notice an index beyond its array.

    Raises
    ------
    RuntimeError
        If it does not.
    """
    from jscc.jpeg2000.decoder import finish_integers

    try:
        finish_integers(np.zeros((1, 8), np.int32), 128, 128, np.zeros((1, 8), np.int32)[:, :7])
    except IndexError:
        return
    raise RuntimeError("kernels that do not check their indices given, NUMBA_BOUNDSCHECK=1 is expected")


def _warm_up() -> None:
    """Have all kernels compiled, whose time is none of a stream's."""
    picture = np.add.outer(np.arange(20), np.arange(24)).astype(np.uint8)
    for image in (picture, np.stack([picture] * 3, axis=-1)):
        for irreversible in (False, True):
            decode(coded(image, irreversible=irreversible))


def robustness(bases: str, kind: str, trials: int, seed: int) -> dict:
    """How many damaged streams ended how; an error is whatever is neither an image nor refused."""
    found = Counter(outcome.outcome for outcome in outcomes(bases, kind, seed, trials))
    wrong = sum(found[outcome] for outcome in OUTCOMES[2:])
    return {"trials": trials, "errors": wrong, **{outcome: found[outcome] for outcome in OUTCOMES}}


def hostile(bases: str, seed: int) -> list[dict]:
    """What becomes of each stream of a set, as it is."""
    called = names(bases)
    return [
        {"stream": called[row.index], "n_bytes": len(streams(bases)[row.index]), **row._asdict()}
        for row in outcomes(bases, AS_IT_IS, seed, len(called))
    ]


def _grid(scale: str) -> list[dict]:
    kinds = {"smoke": (ANY,)}.get(scale, ("flip", "byte", "cut", "splice", ANY))
    return [
        {"bases": bases, "kind": kind}
        for bases in (("pillow",) if scale == "smoke" else ("files", "pillow"))
        for kind in kinds
    ]


def _hostile_grid(scale: str) -> list[dict]:
    return [{"bases": bases} for bases in (("promises",) if scale == "smoke" else ("hostile", "promises"))]


_MOST = {"smoke": 100, "quick": 200, "paper": 10_000}

EXPERIMENTS = [
    MonteCarlo(
        name="jpeg2000_robustness",
        title="100,000 damaged codestreams: an image, or an error that names the byte",
        task=robustness,
        grid=_grid,
        chunk={"smoke": 50, "quick": 200, "paper": 2500},
        min_errors=_MOST,  # the search does not end with the first findings
        max_trials=_MOST,
    ),
    Experiment(
        name="jpeg2000_hostile",
        title="Hostile codestreams: an image, or an error that names the byte",
        task=hostile,
        grid=_hostile_grid,
    ),
]

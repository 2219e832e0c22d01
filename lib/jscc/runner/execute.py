"""Run single tasks: in this process, or on the workers of a Dask cluster."""

import contextlib
import functools
import importlib
import logging
import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import threadpoolctl

from jscc import sources
from jscc.runner.experiment import plain_row
from jscc.runner.plan import Task

# For libraries that a task is the first to import.  Not Numba's NUMBA_NUM_THREADS: Numba refuses to see its
# variable change once its threads run, so it is told otherwise.
_THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


_CONNECT_SECONDS = 15


# A worker started with several threads must not run two tasks at once: libraries keep global state.
_ONE_TASK = threading.Lock()


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    """Leave the thread variables of this process as they were, whatever sets them meanwhile."""
    before = {variable: os.environ.get(variable) for variable in _THREAD_VARIABLES}
    try:
        yield
    finally:
        for variable, value in before.items():
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value


@contextlib.contextmanager
def _single_thread() -> Iterator[None]:
    """One thread for every numerical library, so that sums are made in one order everywhere."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_environment_kept())
        for variable in _THREAD_VARIABLES:
            os.environ.setdefault(variable, "1")
        for name in ("torch", "numba"):
            module = sys.modules.get(name)
            if module is not None:
                stack.callback(module.set_num_threads, module.get_num_threads())
                module.set_num_threads(1)
        # Last: Numba loads its pool of threads when it is asked how many there are.
        stack.enter_context(threadpoolctl.threadpool_limits(limits=1))
        yield


# What a process has loaded is what was in the files when it began.
_BEGAN = time.time_ns()


@functools.cache
def code_here(functions: tuple[str, ...]) -> str:
    """The hash of the code as this process first saw it.

    Raises
    ------
    RuntimeError
        If a file was changed after the process began, so that what runs here need not be what stands there.
    """
    found = sources.reached(*functions)
    # Load all of it now: a module first loaded in the middle of a task could have changed by then.
    for name in {name.partition(":")[0] for name in found.definitions}:
        module = importlib.import_module(name)
        if os.stat(module.__file__).st_mtime_ns > _BEGAN:
            raise RuntimeError(f"{name} was changed after this process began; start it anew")
    return found.total


def perform(function: str, arguments: dict, code: str) -> dict:
    """Run one task and give its rows, or its traceback as text."""
    start = time.perf_counter()
    try:
        with _ONE_TASK:
            start = time.perf_counter()
            here = code_here((function,))
            if here != code:
                raise RuntimeError(
                    f"the worker's code of {function} ({here}) is not that of the run ({code}); "
                    "was it changed meanwhile? start the workers and the run anew"
                )
            module_name, _, name = function.partition(":")
            task = getattr(importlib.import_module(module_name), name)
            with _single_thread():
                result = task(**arguments)
        rows = [plain_row(row, function) for row in (result if isinstance(result, list) else [result])]
        return {"rows": rows, "seconds": time.perf_counter() - start}
    except Exception:
        return {"error": traceback.format_exc(), "seconds": time.perf_counter() - start}


class InProcess:
    """Runs each task at once, in this process."""

    capacity = 1

    def __init__(self) -> None:
        self._ready: list[tuple[Task, dict]] = []

    def submit(self, task: Task, function: str, code: str) -> None:
        """Run a task, and keep its outcome for `collect`."""
        self._ready.append((task, perform(function, task.arguments(), code)))

    def collect(self) -> list[tuple[Task, dict]]:
        """The outcomes since the last call."""
        ready, self._ready = self._ready, []
        return ready


class Cluster:
    """Runs tasks on the workers of a Dask cluster."""

    def __init__(self, client, before_waiting: Callable[[], None] = lambda: None) -> None:
        from distributed import as_completed

        self._client = client
        self._before_waiting = before_waiting
        self._tasks: dict[str, Task] = {}
        self._futures: dict[str, Any] = {}
        self._completed = as_completed(loop=client.loop)

    @property
    def capacity(self) -> int:
        """How many tasks to have in flight."""
        try:
            workers = len(self._client.nthreads())
        except OSError as error:
            raise ConnectionError(f"the Dask cluster is lost; finished tasks are stored: {error}") from error
        # Two per worker: one runs, the next waits at its door.
        return 2 * max(1, workers)

    def submit(self, task: Task, function: str, code: str) -> None:
        """Send a task to the cluster."""
        # The name is new each time: the scheduler must never answer from an earlier run.
        key = f"{task.experiment}-{task.key}-{os.urandom(4).hex()}"
        future = self._client.submit(perform, function, task.arguments(), code, key=key, pure=False)
        self._tasks[key] = task
        self._futures[key] = future
        self._completed.add(future)

    def collect(self) -> list[tuple[Task, dict]]:
        """Wait for outcomes, and give all that are there."""
        self._before_waiting()
        outcomes = []
        for future in self._completed.next_batch(block=True):
            task = self._tasks.pop(future.key)
            self._futures.pop(future.key)
            try:
                outcome = future.result()
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException as error:
                # A cancelled future's error is no Exception in some versions of Dask.
                outcome = {"error": f"the cluster lost the task: {type(error).__name__}: {error}\n"}
            outcomes.append((task, outcome))
        return outcomes

    def abandon(self) -> None:
        """Drop what is no longer wanted."""
        if self._futures:
            self._client.cancel(list(self._futures.values()))


class _Guard:
    """Kills the local workers when this process dies.

    A worker itself notices that its parent is gone, but not while a compiled kernel keeps Python from
    running, which may be for hours.  The guard is a process of its own that sleeps until the pipe from
    here breaks.
    """

    _PROGRAM = """
import os, signal, sys
last = ""
for line in sys.stdin:
    last = line
for pid in map(int, last.split()):
    try:
        os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
    except OSError:
        pass
"""

    def __enter__(self) -> "_Guard":
        # In a session of its own, so that Ctrl-C and the end of the terminal do not reach it.
        self._process = subprocess.Popen(
            [sys.executable, "-E", "-S", "-c", self._PROGRAM],
            stdin=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self._watched: list[int] = []
        return self

    def watch(self, pids: list[int | None]) -> None:
        """Name the processes that must not outlive this one."""
        pids = [pid for pid in pids if pid is not None]
        if pids != self._watched:
            self._watched = pids
            self._process.stdin.write(" ".join(map(str, pids)) + "\n")
            self._process.stdin.flush()

    def __exit__(self, *_) -> None:
        self.watch([])
        self._process.stdin.close()
        self._process.wait()


@contextlib.contextmanager
def open_executor(workers: int | None, scheduler: str | None) -> Iterator[InProcess | Cluster]:
    """What runs the tasks: this process, local workers, or the cluster at an address."""
    if scheduler is None and workers == 0:
        yield InProcess()
        return
    import dask
    import distributed

    with contextlib.ExitStack() as stack:
        if scheduler is None:
            stack.enter_context(_environment_kept())
            settings = {
                # Set before the workers start, since the libraries read these when they are imported.
                # Dask sets the first kind in this process too; the second in the worker alone.
                "distributed.nanny.pre-spawn-environ": dict.fromkeys(_THREAD_VARIABLES, "1"),
                "distributed.nanny.environ": {"NUMBA_NUM_THREADS": "1"},
                # A worker inside a long compiled kernel gives no sign of life; it is not dead.
                "distributed.scheduler.worker-ttl": None,
            }
            stack.enter_context(dask.config.set(settings))
            cluster = stack.enter_context(
                distributed.LocalCluster(
                    n_workers=workers or _cores(),
                    threads_per_worker=1,
                    processes=True,
                    # Without it, any process of this machine could have the workers run its code.
                    protocol="tls://",
                    security=distributed.Security.temporary(),
                    dashboard_address="127.0.0.1:0",
                    scheduler_kwargs={"dashboard": False},
                    memory_limit=0,
                    silence_logs=logging.ERROR,
                )
            )
            client = stack.enter_context(distributed.Client(cluster, set_as_default=False))
            guard = stack.enter_context(_Guard())
            # Asked again before each wait: a worker that crashed has been replaced.
            executor = Cluster(client, lambda: guard.watch([nanny.pid for nanny in cluster.workers.values()]))
        else:
            try:
                client = stack.enter_context(
                    distributed.Client(scheduler, set_as_default=False, timeout=_CONNECT_SECONDS)
                )
            except (OSError, TimeoutError) as error:
                raise ConnectionError(f"no Dask scheduler answers at {scheduler}: {error}") from error
            client.wait_for_workers(1, timeout=60)
            executor = Cluster(client)
        try:
            yield executor
        finally:
            executor.abandon()


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1

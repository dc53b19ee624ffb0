"""Several processes on this machine; one that dies or hangs is replaced."""

import multiprocessing
import os
import signal
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, final

from tugan.executors.crew import Crew, Member
from tugan.executors.protocol import ExecutorError, MakeWorker

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_END_S = 5.0


@final
@dataclass(frozen=True, kw_only=True)
class ProcessExecutor:
    """Each with one thread for its numbers, so that they do not get in each other's way."""

    workers: int = field(default_factory=lambda: os.cpu_count() or 1)

    def __post_init__(self) -> None:
        """:class:`ExecutorError` for no workers."""
        if self.workers < 1:
            raise ExecutorError(f"there are {self.workers} workers; at least one is needed")

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.workers} process{'es' if self.workers > 1 else ''}"

    def open(self, make: MakeWorker, *, limit_s: float | None = None) -> "ProcessPool":
        """Processes are spawned as batches come."""
        return ProcessPool(make, workers=self.workers, limit_s=limit_s)


@dataclass(eq=False, kw_only=True)
class _Child(Member):
    """A process."""

    process: BaseProcess
    connection: Connection


@final
class ProcessPool(Crew[_Child]):
    """Spawned processes."""

    def __init__(self, make: MakeWorker, *, workers: int, limit_s: float | None) -> None:
        """Nothing is started yet."""
        super().__init__(workers=workers, limit_s=limit_s)
        # a fork would share what torch's threads hold
        self._context = multiprocessing.get_context("spawn")
        self._make = make

    def _recruited(self) -> _Child:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, self._make), name="tugan-worker", daemon=True
        )
        with _one_thread():
            process.start()
        theirs.close()
        return _Child(process=process, connection=ours)

    def _give(self, member: _Child, items: tuple[Any, ...]) -> None:
        try:
            member.connection.send(items)
        except OSError:
            self._bury(member)

    def _listen(self, busy: Sequence[_Child]) -> None:
        handles = {child.connection: child for child in busy}
        for handle in wait(list(handles), timeout=self._patience_s(busy)):
            assert isinstance(handle, Connection)
            child = handles[handle]
            try:
                kind, content = child.connection.recv()
            except (EOFError, OSError):
                self._bury(child)
            else:
                self._take(child, kind, content)

    def _bury(self, child: _Child) -> None:
        self._end(child)  # before that nobody knows its exit code
        self._lose(child, "died", f"its process ended with {_exit_words(child.process.exitcode)}")

    def _end(self, member: _Child) -> None:
        member.process.kill()
        member.process.join(_END_S)
        member.connection.close()


def _work(connection: Connection, make: MakeWorker) -> None:
    """In the process: batches one after the other, until nobody listens."""
    # Ctrl+C is the parent's to handle
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker = None
    connection.send(("ready", None))
    while True:
        try:
            items = connection.recv()
        except (EOFError, OSError):
            return
        try:
            if worker is None:
                worker = make()
            for value in worker(items):
                connection.send(("value", value))
        except BrokenPipeError:
            return
        except Exception:  # noqa: BLE001 (the edge: whatever the work raises ends that batch alone)
            connection.send(("raised", traceback.format_exc()))
        else:
            connection.send(("end", None))


@contextmanager
def _one_thread() -> Iterator[None]:
    """For a process that is started here: read when its libraries are loaded."""
    before = {name: os.environ.get(name) for name in _THREAD_VARIABLES}
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _exit_words(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"

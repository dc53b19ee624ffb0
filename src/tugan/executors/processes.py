"""Several processes on this machine; one that dies or hangs is replaced."""

import multiprocessing
import os
import signal
import time
import traceback
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, final

from tugan.executors.protocol import (
    START_S,
    Closing,
    Event,
    ExecutorError,
    Finished,
    Lost,
    MakeWorker,
    Told,
)

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
class _Child:
    """A process, and what it does."""

    process: BaseProcess
    connection: Connection
    batch: int | None = None
    heard_s: float = 0.0
    ready: bool = False


@final
class ProcessPool(Closing):
    """Batches go to whoever is idle."""

    def __init__(self, make: MakeWorker, *, workers: int, limit_s: float | None) -> None:
        """Nothing is started yet."""
        # a fork would share what torch's threads hold
        self._context = multiprocessing.get_context("spawn")
        self._make, self._workers, self._limit_s = make, workers, limit_s
        self._children: list[_Child] = []
        self._waiting: deque[tuple[int, tuple[Any, ...]]] = deque()
        self._events: deque[Event] = deque()

    def submit(self, batch: int, items: tuple[Any, ...]) -> None:
        """Behind the others."""
        self._waiting.append((batch, items))

    def next(self) -> Event:
        """Waits for the first of all processes."""
        while not self._events:
            self._hand_out()
            busy = [child for child in self._children if child.batch is not None]
            if not busy:
                raise RuntimeError("nothing was submitted")
            self._listen(busy)
        return self._events.popleft()

    def close(self) -> None:
        """Kills them."""
        self._waiting.clear()
        for child in self._children:
            _end(child)
        self._children.clear()

    def _hand_out(self) -> None:
        idle = [child for child in self._children if child.batch is None]
        while self._waiting:
            if not idle:
                if len(self._children) >= self._workers:
                    return
                idle.append(self._spawned())
            child = idle.pop()
            batch, items = self._waiting.popleft()
            child.batch, child.heard_s = batch, time.monotonic()
            try:
                child.connection.send(items)
            except OSError:
                self._bury(child, why="died")

    def _spawned(self) -> _Child:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=_work, args=(theirs, self._make), name="tugan-worker", daemon=True
        )
        with _one_thread():
            process.start()
        theirs.close()
        child = _Child(process=process, connection=ours)
        self._children.append(child)
        return child

    def _listen(self, busy: list[_Child]) -> None:
        handles = {child.connection: child for child in busy}
        ready = wait(list(handles), timeout=self._patience_s(busy))
        for handle in ready:
            assert isinstance(handle, Connection)
            self._hear(handles[handle])
        if not ready and self._limit_s is not None:
            now = time.monotonic()
            for child in busy:
                if now >= self._end_s(child, self._limit_s):
                    self._bury(child, why="time-limit")

    def _patience_s(self, busy: list[_Child]) -> float | None:
        if self._limit_s is None:
            return None
        first = min(self._end_s(child, self._limit_s) for child in busy)
        return max(first - time.monotonic(), 0.0)

    def _end_s(self, child: _Child, limit_s: float) -> float:
        """When it has said nothing for too long."""
        return child.heard_s + limit_s + (0.0 if child.ready else START_S)

    def _hear(self, child: _Child) -> None:
        batch = child.batch
        assert batch is not None
        try:
            kind, content = child.connection.recv()
        except (EOFError, OSError):
            self._bury(child, why="died")
            return
        child.heard_s = time.monotonic()
        if kind == "ready":
            child.ready = True
            return
        if kind == "value":
            self._events.append(Told(batch=batch, value=content))
            return
        child.batch = None
        if kind == "end":
            self._events.append(Finished(batch=batch))
        else:
            self._events.append(Lost(batch=batch, why="raised", text=content))

    def _bury(self, child: _Child, *, why: str) -> None:
        batch = child.batch
        assert batch is not None
        self._children.remove(child)
        _end(child)
        if why == "time-limit":
            text = f"nothing was heard for {self._limit_s:g} s; its process was ended"
            self._events.append(Lost(batch=batch, why="time-limit", text=text))
        else:
            text = f"its process ended with {_exit_words(child.process.exitcode)}"
            self._events.append(Lost(batch=batch, why="died", text=text))


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


def _end(child: _Child) -> None:
    child.process.kill()
    child.process.join(_END_S)
    child.connection.close()


def _exit_words(code: int | None) -> str:
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"

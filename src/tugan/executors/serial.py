"""One thing after the other, in this process."""

import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

from tugan.executors.protocol import Closing, Event, Finished, Lost, MakeWorker, Told, Worker


@final
@dataclass(frozen=True, kw_only=True)
class SerialExecutor:
    """No process is started, and so none can be ended: ``limit_s`` is not kept."""

    @property
    def name(self) -> str:
        """Of the command line."""
        return "serial"

    def open(self, make: MakeWorker, *, limit_s: float | None = None) -> "SerialPool":
        """The worker is made at the first batch."""
        del limit_s
        return SerialPool(make)


@final
class SerialPool(Closing):
    """Works while it is asked for the next event."""

    def __init__(self, make: MakeWorker) -> None:
        """Nothing is done yet."""
        self._make = make
        self._worker: Worker | None = None
        self._waiting: deque[tuple[int, tuple[Any, ...]]] = deque()
        self._running: tuple[int, Iterator[Any]] | None = None

    def submit(self, batch: int, items: tuple[Any, ...]) -> None:
        """Behind the others."""
        self._waiting.append((batch, items))

    def next(self) -> Event:
        """Does what it takes; ``KeyboardInterrupt`` passes through."""
        if self._running is None:
            if not self._waiting:
                raise RuntimeError("nothing was submitted")
            batch, items = self._waiting.popleft()
            self._running = batch, self._begun(items)
        batch, values = self._running
        try:
            return Told(batch=batch, value=next(values))
        except StopIteration:
            self._running = None
            return Finished(batch=batch)
        except Exception:  # noqa: BLE001 (the edge: whatever the work raises ends that batch alone)
            self._running = None
            return Lost(batch=batch, why="raised", text=traceback.format_exc())

    def close(self) -> None:
        """Drops what waits."""
        self._waiting.clear()
        self._running = self._worker = None

    def _begun(self, items: tuple[Any, ...]) -> Iterator[Any]:
        if self._worker is None:
            self._worker = self._make()
        yield from self._worker(items)

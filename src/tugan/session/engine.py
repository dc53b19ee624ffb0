"""One thread that does all the work of a device, a little of everybody's at a time."""

import logging
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import Enum
from typing import final

import torch

from tugan.core.errors import TuganError
from tugan.session.errors import SessionError

QUEUE_LIMIT = 64
"""Jobs that one owner may have waiting."""
_OUT_OF_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")
_log = logging.getLogger(__name__)


class Turn(Enum):
    """What a job says where it can be interrupted."""

    STEP = "step"
    """More to do."""
    WAIT = "wait"
    """Nothing to do until :meth:`Engine.wake`."""


Job = Generator[Turn, None, None]
"""Work that stops now and then: between two turns others have theirs, and it can be closed."""


@dataclass(frozen=True, kw_only=True)
class JobEnd:
    """How a job ended."""

    finished: bool
    """False if it was cancelled, or failed."""
    failure: SessionError | None = None
    """Why it failed."""


EndListener = Callable[[JobEnd], None]


@dataclass(eq=False, kw_only=True)
class _Task:
    job: Job
    on_end: EndListener | None


@dataclass(eq=False, kw_only=True)
class _Owner:
    """Somebody's jobs, and whether the first of them sleeps."""

    tasks: deque[_Task] = field(default_factory=deque)
    asleep: bool = False
    cancelled: bool = False
    wakes: int = 0


@final
class Engine:
    """A worker thread; each owner's first job has a turn of one ``next()`` after the other's.

    The jobs of one owner run in order. A job that fails is reported to whoever submitted it; the
    thread goes on.
    """

    def __init__(self, *, queue_limit: int = QUEUE_LIMIT) -> None:
        """Starts the thread; :meth:`close` ends it."""
        self._limit = queue_limit
        self._changed = threading.Condition()
        self._owners: OrderedDict[str, _Owner] = OrderedDict()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="tugan-engine", daemon=True)
        self._thread.start()

    def submit(self, owner: str, job: Job, on_end: EndListener | None = None) -> None:
        """Queue a job behind the owner's others.

        ``on_end`` is called once, on the worker's thread (or on this one, if the engine is closed).
        :class:`SessionError` ``busy`` if too many wait already.
        """
        with self._changed:
            queue = self._owners.get(owner) or _Owner()
            if len(queue.tasks) >= self._limit:
                raise SessionError(
                    "busy",
                    f"{len(queue.tasks)} things are waiting to be done already.",
                    "Wait a moment and try again.",
                )
            if not self._closed:
                queue.tasks.append(_Task(job=job, on_end=on_end))
                self._owners[owner] = queue
                self._changed.notify_all()
                return
        _close(_Task(job=job, on_end=on_end))

    def cancel(self, owner: str) -> None:
        """Close the owner's running job where it next stops, and drop those that wait."""
        with self._changed:
            found = self._owners.get(owner)
            if found is not None:
                found.cancelled = True
                self._changed.notify_all()

    def wake(self, owner: str) -> None:
        """A job of this owner that waits has something to do again."""
        with self._changed:
            found = self._owners.get(owner)
            if found is not None:
                found.asleep = False
                found.wakes += 1
                self._changed.notify_all()

    def waiting(self, owner: str) -> int:
        """How many others have work that is not asleep."""
        with self._changed:
            return sum(
                bool(one.tasks) and not one.asleep
                for name, one in self._owners.items()
                if name != owner
            )

    def wait_for(self, owner: str) -> None:
        """Until the owner has no jobs; not from the worker's own thread."""
        with self._changed:
            self._changed.wait_for(lambda: owner not in self._owners)

    def close(self) -> None:
        """Close all jobs and end the thread; waits for the step in progress."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def on_worker(self) -> bool:
        """Is this the worker's own thread, which must not wait for its own jobs?"""
        return threading.current_thread() is self._thread

    def _work(self) -> None:
        while (found := self._next()) is not None:
            name, owner = found
            if owner.cancelled:
                self._drop(name, owner)
            else:
                self._turn(name, owner)
        with self._changed:
            left = list(self._owners.items())
        for name, owner in left:
            self._drop(name, owner)

    def _next(self) -> tuple[str, _Owner] | None:
        """Whose turn it is; None once closed."""
        with self._changed:
            while True:
                if self._closed:
                    return None
                for name, owner in self._owners.items():
                    if owner.tasks and (owner.cancelled or not owner.asleep):
                        # to the end of the line
                        self._owners.move_to_end(name)
                        return name, owner
                self._changed.wait()

    def _turn(self, name: str, owner: _Owner) -> None:
        with self._changed:
            task, wakes = owner.tasks[0], owner.wakes
        try:
            said = next(task.job)
        except StopIteration:
            self._end(name, owner, task, JobEnd(finished=True))
        except Exception as error:  # noqa: BLE001 (the edge: whatever a job raises ends that job alone)
            self._end(name, owner, task, JobEnd(finished=False, failure=_failure(error)))
        else:
            with self._changed:
                owner.asleep = said is Turn.WAIT and owner.wakes == wakes

    def _end(self, name: str, owner: _Owner, task: _Task, end: JobEnd) -> None:
        with self._changed:
            owner.tasks.popleft()
            owner.asleep = False
        _tell(task, end)
        self._forget_if_empty(name, owner)

    def _drop(self, name: str, owner: _Owner) -> None:
        with self._changed:
            tasks = list(owner.tasks)
            owner.tasks.clear()
            owner.cancelled = owner.asleep = False
        for task in tasks:
            _close(task)
        self._forget_if_empty(name, owner)

    def _forget_if_empty(self, name: str, owner: _Owner) -> None:
        with self._changed:
            if not owner.tasks and self._owners.get(name) is owner:
                del self._owners[name]
                self._changed.notify_all()


def _close(task: _Task) -> None:
    try:
        task.job.close()
    except Exception as error:  # noqa: BLE001 (the edge, as above)
        _tell(task, JobEnd(finished=False, failure=_failure(error)))
    else:
        _tell(task, JobEnd(finished=False))


def _tell(task: _Task, end: JobEnd) -> None:
    if task.on_end is None:
        return
    try:
        task.on_end(end)
    except Exception:  # noqa: BLE001 (the edge, as above)
        _log.exception("a listener to the end of a job failed")


def _failure(error: Exception) -> SessionError:
    if isinstance(error, SessionError):
        return error
    if _is_out_of_memory(error):
        _free_memory()
        return SessionError(
            "out-of-memory",
            "There was not enough memory for this; the work before it is kept.",
            "Close other programs or sessions, or take fewer points or a smaller model.",
        )
    if isinstance(error, TuganError):
        text = str(error)
        return SessionError("refused", f"{text[:1].upper()}{text[1:]}.".replace("..", "."))
    _log.error("a job failed", exc_info=error)
    return SessionError(
        "failed",
        f"Something went wrong inside tugan ({type(error).__name__}); the work before it is kept.",
        "Try again; if it goes on, save the project and start tugan anew.",
    )


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(sign in text for sign in _OUT_OF_MEMORY)


def _free_memory() -> None:
    if torch.cuda.is_available():
        torch.cuda.empty_cache()

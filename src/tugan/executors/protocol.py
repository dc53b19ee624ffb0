"""What an executor does: batches of items in, events out, in whatever order they come."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Protocol, TypeVar

from tugan.core.errors import TuganError

START_S = 180.0
"""That a process may take until it begins, beside any limit: it loads its libraries first."""

Worker = Callable[[tuple[Any, ...]], Iterable[Any]]
"""Takes a batch of items; yields values as it goes. An exception ends it, and the batch is lost."""
MakeWorker = Callable[[], Worker]
"""Called once in each process; picklable, as items and values are."""
Why = Literal["died", "time-limit", "raised"]


class ExecutorError(TuganError):
    """Work that cannot be spread as it was asked for."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """A value that a batch yielded."""

    batch: int
    value: Any = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A batch has come to its end."""

    batch: int


@dataclass(frozen=True, kw_only=True)
class Lost:
    """A batch will tell no more: what it told before counts, the rest is undone."""

    batch: int
    why: Why
    text: str
    """A traceback, or what is known of the process's end."""


Event = Told | Finished | Lost


class Pool(Protocol):
    """Workers that are running; used as a context."""

    def submit(self, batch: int, items: tuple[Any, ...]) -> None:
        """Queue a batch under a number that is not in use."""
        ...

    def next(self) -> Event:
        """The next event; waits for it. ``RuntimeError`` if nothing was submitted."""
        ...

    def close(self) -> None:
        """End the workers at once; what they do is undone."""
        ...

    def __enter__(self) -> "Pool":
        """Itself."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        ...


class Executor(Protocol):
    """Somewhere that work can be done."""

    @property
    def name(self) -> str:
        """For people, with how many workers there are."""
        ...

    def open(self, make: MakeWorker, *, limit_s: float | None = None) -> Pool:
        """Start workers; a batch that tells nothing for ``limit_s`` seconds is lost.

        :class:`ExecutorError` if they cannot be started.
        """
        ...


PoolType = TypeVar("PoolType", bound=Pool)


class Closing:
    """``with`` for pools."""

    def __enter__(self: PoolType) -> PoolType:
        """Itself."""
        return self

    def __exit__(
        self: Pool,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()

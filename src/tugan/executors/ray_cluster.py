"""A Ray cluster, from this laptop to many machines; an actor that is lost is replaced."""

import importlib
import socket
import time
import traceback
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

from tugan.core.errors import MissingExtraError
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

_POLL_S = 1.0
_CONNECT_S = 10.0


@final
@dataclass(frozen=True, kw_only=True)
class RayExecutor:
    """Actors of one CPU each; tugan must be installed on every node."""

    address: str | None = None
    """``host:6379`` or ``ray://host:10001`` of a cluster that is running; None starts one here."""
    workers: int | None = None
    """None takes a worker for each CPU of the cluster."""

    @property
    def name(self) -> str:
        """For people."""
        return f"ray ({self.address or 'local'})"

    def open(self, make: MakeWorker, *, limit_s: float | None = None) -> "RayPool":
        """:class:`ExecutorError` if no cluster answers; :class:`MissingExtraError` without ray."""
        ray = _ray()
        started = False
        if not ray.is_initialized():
            _check_reachable(self.address)
            try:
                ray.init(
                    address=self.address or "local",
                    log_to_driver=False,
                    include_dashboard=False,
                    configure_logging=False,
                )
            # what it raises for a wrong address depends on the part that finds it out
            except (ConnectionError, RuntimeError, ValueError, OSError, TimeoutError) as error:
                raise _no_answer(self.address, error) from error
            started = True
        workers = self.workers or max(int(ray.cluster_resources().get("CPU", 1)), 1)
        return RayPool(make, workers=workers, limit_s=limit_s, shuts_down=started)


class _Actor:
    """On a node."""

    def __init__(self, make: MakeWorker) -> None:
        self._make = make
        self._worker: Any = None

    def run(self, items: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
        yield "ready", None
        try:
            if self._worker is None:
                self._worker = self._make()
            for value in self._worker(items):
                yield "value", value
        except Exception:  # noqa: BLE001 (the edge: whatever the work raises ends that batch alone)
            yield "raised", traceback.format_exc()
        else:
            yield "end", None


@dataclass(eq=False, kw_only=True)
class _Member:
    """An actor, and the stream of what it tells."""

    actor: Any
    stream: Any = None
    batch: int | None = None
    heard_s: float = 0.0
    ready: bool = False


@final
class RayPool(Closing):
    """Batches go to whoever is idle."""

    def __init__(
        self, make: MakeWorker, *, workers: int, limit_s: float | None, shuts_down: bool
    ) -> None:
        """Ray is connected already; ``shuts_down`` ends that when this is closed."""
        self._ray = _ray()
        self._make, self._workers, self._limit_s = make, workers, limit_s
        self._shuts_down = shuts_down
        self._members: list[_Member] = []
        self._waiting: deque[tuple[int, tuple[Any, ...]]] = deque()
        self._events: deque[Event] = deque()

    def submit(self, batch: int, items: tuple[Any, ...]) -> None:
        """Behind the others."""
        self._waiting.append((batch, items))

    def next(self) -> Event:
        """Waits for the first of all actors."""
        while not self._events:
            self._hand_out()
            busy = [member for member in self._members if member.batch is not None]
            if not busy:
                raise RuntimeError("nothing was submitted")
            self._listen(busy)
        return self._events.popleft()

    def close(self) -> None:
        """Kills the actors."""
        self._waiting.clear()
        for member in self._members:
            self._ray.kill(member.actor)
        self._members.clear()
        if self._shuts_down:
            self._ray.shutdown()

    def _hand_out(self) -> None:
        idle = [member for member in self._members if member.batch is None]
        while self._waiting:
            if not idle:
                if len(self._members) >= self._workers:
                    return
                idle.append(self._recruited())
            member = idle.pop()
            member.batch, items = self._waiting.popleft()
            member.heard_s = time.monotonic()
            member.stream = member.actor.run.options(num_returns="streaming").remote(items)

    def _recruited(self) -> _Member:
        # lost batches are handed out again by whoever submitted them, who knows what is done
        remote = self._ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Actor)
        environment = {"env_vars": {"OMP_NUM_THREADS": "1"}}
        member = _Member(actor=remote.options(runtime_env=environment).remote(self._make))
        self._members.append(member)
        return member

    def _listen(self, busy: list[_Member]) -> None:
        streams = {member.stream: member for member in busy}
        ready, _ = self._ray.wait(list(streams), num_returns=1, timeout=_POLL_S)
        for stream in ready:
            self._hear(streams[stream])
        if self._limit_s is not None:
            for member in busy:
                if member.batch is not None and self._is_late(member):
                    text = f"nothing was heard for {self._limit_s:g} s; its actor was ended"
                    self._events.append(Lost(batch=member.batch, why="time-limit", text=text))
                    self._dismiss(member)

    def _is_late(self, member: _Member) -> bool:
        if self._limit_s is None:
            return False
        allowed_s = self._limit_s + (0.0 if member.ready else START_S)
        return time.monotonic() - member.heard_s >= allowed_s

    def _hear(self, member: _Member) -> None:
        batch = member.batch
        assert batch is not None
        try:
            kind, content = self._ray.get(next(member.stream))
        except StopIteration:
            self._events.append(Lost(batch=batch, why="died", text="its actor told no end"))
            self._dismiss(member)
            return
        except self._ray.exceptions.RayError as error:
            first = str(error).strip().splitlines()[0]
            self._events.append(Lost(batch=batch, why="died", text=f"its actor was lost: {first}"))
            self._dismiss(member)
            return
        member.heard_s = time.monotonic()
        if kind == "ready":
            member.ready = True
            return
        if kind == "value":
            self._events.append(Told(batch=batch, value=content))
            return
        member.batch = member.stream = None
        if kind == "end":
            self._events.append(Finished(batch=batch))
        else:
            self._events.append(Lost(batch=batch, why="raised", text=content))

    def _dismiss(self, member: _Member) -> None:
        self._members.remove(member)
        self._ray.kill(member.actor)


def _check_reachable(address: str | None) -> None:
    """Ray itself goes on trying for minutes."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return  # words such as auto are its own
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
    except OSError as error:
        raise _no_answer(address, error) from error


def _no_answer(address: str | None, error: Exception) -> ExecutorError:
    lines = str(error).strip().splitlines()
    return ExecutorError(
        f"no Ray cluster answers at {address or 'this machine'}: {lines[0] if lines else error!r}."
        " Start one with ray start --head, and give its address with --ray-address"
    )


def _ray() -> Any:  # noqa: ANN401 (its types are not needed here, and it is optional)
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise MissingExtraError(
            'the executor ray needs the extra "cluster": pip install "tugan[cluster]", or choose'
            " processes"
        ) from error

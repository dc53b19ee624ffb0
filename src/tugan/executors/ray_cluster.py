"""A Ray cluster, from this laptop to many machines; an actor that is lost is replaced."""

import importlib
import os
import socket
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from tugan.core.errors import MissingExtraError
from tugan.executors.crew import Crew, Member
from tugan.executors.protocol import ExecutorError, MakeWorker
from tugan.executors.ray_token import TOKEN_FILE, TOKEN_MODE, host_of, use_own_token

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
        use_own_token(self.address)
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
class _Member(Member):
    """An actor, and the stream of what it tells."""

    actor: Any
    stream: Any = None


@final
class RayPool(Crew[_Member]):
    """Actors of a cluster."""

    def __init__(
        self, make: MakeWorker, *, workers: int, limit_s: float | None, shuts_down: bool
    ) -> None:
        """Ray is connected already; ``shuts_down`` ends that when this is closed."""
        super().__init__(workers=workers, limit_s=limit_s)
        self._ray = _ray()
        self._make, self._shuts_down = make, shuts_down

    def close(self) -> None:
        """Kill the actors."""
        super().close()
        if self._shuts_down:
            self._ray.shutdown()

    def _recruited(self) -> _Member:
        # lost batches are handed out again by whoever submitted them, who knows what is done
        remote = self._ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Actor)
        environment = {"env_vars": {"OMP_NUM_THREADS": "1"}}
        return _Member(actor=remote.options(runtime_env=environment).remote(self._make))

    def _give(self, member: _Member, items: tuple[Any, ...]) -> None:
        member.stream = member.actor.run.options(num_returns="streaming").remote(items)

    def _listen(self, busy: Sequence[_Member]) -> None:
        streams = {member.stream: member for member in busy}
        ready, _ = self._ray.wait(list(streams), num_returns=1, timeout=_POLL_S)
        for stream in ready:
            self._hear(streams[stream])

    def _hear(self, member: _Member) -> None:
        try:
            kind, content = self._ray.get(next(member.stream))
        except StopIteration:
            self._lose(member, "died", "its actor told no end")
        except self._ray.exceptions.RayError as error:
            first = str(error).strip().splitlines()[0]
            self._lose(member, "died", f"its actor was lost: {first}")
        else:
            self._take(member, kind, content)

    def _end(self, member: _Member) -> None:
        self._ray.kill(member.actor)


def _check_reachable(address: str | None) -> None:
    """Ray itself goes on trying for minutes."""
    host, port = host_of(address)
    if port is None:
        return  # words such as auto are its own
    try:
        socket.create_connection((host, port), timeout=_CONNECT_S).close()
    except OSError as error:
        raise _no_answer(address, error) from error


def _no_answer(address: str | None, error: Exception) -> ExecutorError:
    lines = str(error).strip().splitlines()
    token = (
        f". If it asks for a token, as clusters do that are started where {TOKEN_FILE} is, set"
        f" {TOKEN_MODE}=token before Ray is imported, and have its token here, too"
    )
    return ExecutorError(
        f"no Ray cluster answers at {address or 'this machine'}: {lines[0] if lines else error!r}."
        " Start one with ray start --head, and give its address with --ray-address"
        f"{token if address and TOKEN_MODE not in os.environ else ''}"
    )


def _ray() -> Any:  # noqa: ANN401 (its types are not needed here, and it is optional)
    try:
        return importlib.import_module("ray")
    except ImportError as error:
        raise MissingExtraError(
            'the executor ray needs the extra "cluster": pip install "tugan[cluster]", or choose'
            " processes"
        ) from error

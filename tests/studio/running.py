"""A real studio in a process of its own."""

import os
import re
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

TOKEN = "token-of-the-tests"


@dataclass(frozen=True, kw_only=True)
class RunningStudio:
    """Where it listens, and what it has said."""

    port: int
    process: subprocess.Popen[str]
    said: list[str] = field(repr=False)

    @property
    def origin(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """What the program printed."""
        return f"{self.origin}/?token={TOKEN}"

    @property
    def socket_url(self) -> str:
        """Of the WebSocket."""
        return f"ws://127.0.0.1:{self.port}/ws?token={TOKEN}"


@contextmanager
def running_studio(
    state: Path, *arguments: str, port: int = 0, file_size: int | None = None
) -> Iterator[RunningStudio]:
    """``tugan studio`` with its saved work under ``state``; killed at the end.

    Its files may have ``file_size`` bytes at most, as on a disk that is nearly full.
    """
    command = [sys.executable, "-m", "tugan", "studio", "--no-open", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--token", TOKEN, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TUGAN_STATE": str(state), "PYTHONUNBUFFERED": "1"},
    )
    if file_size is not None:
        # the interpreter ignores the signal, so that writes fail as on a full disk
        limit_files(process.pid, file_size)
    assert process.stdout is not None
    assert process.stderr is not None
    said: list[str] = []
    threading.Thread(target=_collect, args=(process.stderr, said), daemon=True).start()
    try:
        first = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)/\?token=", first)
        assert found, f"the studio did not say where it is: {first!r} {said}"
        yield RunningStudio(port=int(found[1]), process=process, said=said)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def limit_files(pid: int, size: int) -> None:
    """From now on writes of a running program beyond so many bytes of a file fail."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))


def _collect(stream: IO[str], said: list[str]) -> None:
    with stream:
        said.extend(stream)

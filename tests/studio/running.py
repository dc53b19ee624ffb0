"""A real studio in a process of its own."""

import os
import re
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
def running_studio(state: Path, *arguments: str, port: int = 0) -> Iterator[RunningStudio]:
    """``tugan studio`` with its saved work under ``state``; killed at the end."""
    command = [sys.executable, "-m", "tugan", "studio", "--no-open", "--port", str(port)]
    process = subprocess.Popen(
        [*command, "--token", TOKEN, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TUGAN_STATE": str(state), "PYTHONUNBUFFERED": "1"},
    )
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


def _collect(stream: IO[str], said: list[str]) -> None:
    with stream:
        said.extend(stream)

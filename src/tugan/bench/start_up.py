"""What people wait for before anything happens, in seconds from a program's start."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

from pydantic import BaseModel, ConfigDict

from tugan.generators.catalog import DEFAULT_MODEL

RUNS = 3
CHILD_LIMIT_S = 120.0
"""A program that is not done by then is given up."""


class StartUpTime(BaseModel):
    """One thing that is waited for: a median of a few runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    seconds: float | None
    """None where a program did not come to its end."""
    limit_s: float | None = None
    """What it should take at most; None for what has no limit of its own."""
    note: str = ""
    """Why it was not measured."""


class StartUpNotMeasuredError(ValueError):
    """A program that was started did not come to its end."""


@final
@dataclass(frozen=True, kw_only=True)
class _Ran:
    ended_s: float
    written_s: float
    """Until the last byte of the picture was written; 0 if there is none."""


@final
@dataclass(frozen=True, kw_only=True)
class _Program:
    arguments: tuple[str, ...]
    waits: tuple[tuple[str, float | None, Callable[[_Ran], float]], ...]
    """Names, limits in seconds, and what of a run they are."""


_PROGRAMS = (
    _Program(
        arguments=("-c", "import tugan"),
        waits=(("python -c 'import tugan'", 0.1, lambda ran: ran.ended_s),),
    ),
    _Program(
        arguments=("-m", "tugan", "--help"),
        waits=(("tugan --help", 0.25, lambda ran: ran.ended_s),),
    ),
    _Program(
        arguments=("-m", "tugan", "generate", "--model", DEFAULT_MODEL, "--out"),
        waits=(
            ("tugan generate, to the picture", 2.0, lambda ran: ran.written_s),
            ("tugan generate, to its end", None, lambda ran: ran.ended_s),
        ),
    ),
)
"""The last argument of the one that draws is the picture's place."""


def measure_start_up(*, runs: int = RUNS) -> tuple[StartUpTime, ...]:
    """Start Python ``runs`` times for each thing, on the default model; about 10 s for 3 runs.

    The programs take the threads and the device that they take by themselves, in this process's
    environment. Whatever stands in the disk's cache already counts as it is there.
    """
    return tuple(found for program in _PROGRAMS for found in _measured(program, runs))


def _measured(program: _Program, runs: int) -> list[StartUpTime]:
    try:
        ran = [_run(program) for _ in range(runs)]
    except StartUpNotMeasuredError as error:
        return [
            StartUpTime(name=name, seconds=None, limit_s=limit_s, note=str(error))
            for name, limit_s, _ in program.waits
        ]
    return [
        StartUpTime(name=name, seconds=round(statistics.median(map(read, ran)), 3), limit_s=limit_s)
        for name, limit_s, read in program.waits
    ]


def _run(program: _Program) -> _Ran:
    with tempfile.TemporaryDirectory(prefix="tugan-start-up-") as folder:
        picture = Path(folder) / "first.png"
        place = [str(picture)] if program.arguments[-1] == "--out" else []
        started_s = time.time()  # the clock of the files' times
        try:
            done = subprocess.run(
                [sys.executable, *program.arguments, *place],
                capture_output=True,
                timeout=CHILD_LIMIT_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise StartUpNotMeasuredError(f"not done after {CHILD_LIMIT_S:g} s") from error
        ended_s = time.time() - started_s
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
            raise StartUpNotMeasuredError(f"it ended with {done.returncode}: {''.join(last)}")
        written_s = picture.stat().st_mtime - started_s if place else 0.0
        return _Ran(ended_s=ended_s, written_s=written_s)

"""How far a bench is. Imports torch: for use in commands."""

import sys
import time
from types import TracebackType
from typing import final

from rich.console import Console
from rich.live import Live

from tugan.bench.runner import Progress
from tugan.bench.wording import FAILURE_WORDS
from tugan.cli.console import note

NOTE_EVERY_S = 60.0
"""Where nobody watches a live line, a log gets one this often."""


@final
class BenchProgress:
    """Drags done of all, what the last one came to, and how long the rest will take.

    One live line in a terminal; elsewhere a line a minute.
    """

    def __init__(self, *, quiet: bool) -> None:
        """``quiet`` under ``--json``."""
        self._quiet = quiet
        self._live: Live | None = None
        self._done_here = 0
        self._started_s = self._noted_s = time.monotonic()
        if not quiet and sys.stderr.isatty():
            self._live = Live("", console=Console(stderr=True), refresh_per_second=4)

    def __enter__(self) -> "BenchProgress":
        """Start showing."""
        self._started_s = self._noted_s = time.monotonic()
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the last line standing."""
        if self._live is not None:
            self._live.stop()

    def show(self, progress: Progress) -> None:
        """After each drag."""
        self._done_here += 1
        text = progress_text(progress, left_s=self._left_s(progress))
        if self._live is not None:
            self._live.update(text)
        elif not self._quiet and time.monotonic() - self._noted_s >= NOTE_EVERY_S:
            self._noted_s = time.monotonic()
            note(text)

    def _left_s(self, progress: Progress) -> float:
        """Pairs cost about the same, so what is left takes its share of the time so far."""
        elapsed_s = time.monotonic() - self._started_s
        return (progress.total - progress.done) * elapsed_s / self._done_here


def progress_text(progress: Progress, *, left_s: float) -> str:
    """Such as ``12 of 180 drags   pair 2, 5 points, adam: 11.2 to 3.4 px   about 12 min left``."""
    record = progress.record
    variant, came_to = record.said
    if record.failure is not None:
        came_to = FAILURE_WORDS[record.failure]
    return (
        f"{progress.done} of {progress.total} drags   pair {record.pair},"
        f" {variant}, {record.method}: {came_to}"
        f"   about {_duration(left_s)} left"
    )


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes / 60:.1f} h"

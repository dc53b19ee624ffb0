"""What the program says: results to stdout, everything else to stderr."""

import json
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, final

import typer
from typer.exceptions import TyperException

from tugan.core.errors import TuganError

if TYPE_CHECKING:
    from rich.live import Live


def say(text: str) -> None:
    """A line of result."""
    typer.echo(_safe(text))


def note(text: str) -> None:
    """A line beside the result."""
    typer.echo(_safe(text), err=True)


def say_json(value: object) -> None:
    """One JSON object, the whole of a command's output under ``--json``."""
    typer.echo(json.dumps(value, indent=2))


def plain(value: object) -> str:
    """A value for people: yes and no, lists without brackets."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)


def say_error(error: TuganError | TyperException, *, as_json: bool) -> None:
    """What went wrong, in a sentence."""
    # of a mistyped option typer knows more than the exception's text says
    text = error.format_message() if isinstance(error, TyperException) else str(error)
    if not text:  # the help has been shown already
        return
    if as_json:
        say_json({"error": text, "kind": type(error).__name__})
    else:
        typer.secho(
            _safe(f"tugan: {text}"), err=True, fg=typer.colors.RED if _is_terminal() else None
        )


@final
class ProgressLine:
    """One live line: step, pixels left, steps a second. Silent where nobody looks."""

    def __init__(self, *, quiet: bool) -> None:
        """``quiet`` under ``--json``."""
        self._live: Live | None = None
        self._started_s = time.monotonic()
        if not quiet and _is_terminal():
            from rich import console, live

            terminal = console.Console(stderr=True)
            self._live = live.Live("", console=terminal, refresh_per_second=15)

    def __enter__(self) -> "ProgressLine":
        """Start showing."""
        self._started_s = time.monotonic()
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

    def show(self, *, step: int, farthest_px: float) -> None:
        """After each step."""
        if self._live is not None:
            elapsed_s = max(time.monotonic() - self._started_s, 1e-9)
            self._live.update(
                f"step {step}   {farthest_px:5.1f} px left   {step / elapsed_s:4.1f} steps/s"
            )

    def tell(self, text: str) -> None:
        """The line itself, where steps and pixels do not say it."""
        if self._live is not None:
            self._live.update(_safe(text))


def _safe(text: str) -> str:
    """Without control characters: names out of files must not steer the terminal."""
    return "".join(one if one.isprintable() or one == "\n" else "?" for one in text)


def _is_terminal() -> bool:
    return sys.stderr.isatty()

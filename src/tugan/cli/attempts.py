"""Results are written one by one, and one that fails takes no other along."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from tugan.cli.console import note
from tugan.core.state_folder import state_folder

EXIT_OUTPUT_FAILED = 1


@dataclass(frozen=True, kw_only=True)
class FailedOutput:
    """A result that could not be written."""

    path: Path
    why: str


@final
@dataclass(kw_only=True)
class Attempts:
    """What was written so far, and what could not be."""

    written: list[Path] = field(default_factory=list)
    failed: list[FailedOutput] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What had to be left out of what was written, a sentence each."""
    rescued: Path | None = None
    """Where the work is, if what was asked for could not be written."""
    go_on: str = ""
    """With what command it is taken up again."""

    def write(self, path: Path | None, how: Callable[[Path], tuple[str, ...] | None]) -> None:
        """Try one, if it is asked for; ``how`` gives its remarks, if it has any."""
        if path is None:
            return
        try:
            remarks = how(path)
        # what a full disk, a codec or a lack of memory raises is theirs; the others are still to do
        except Exception as error:  # noqa: BLE001 (the edge: an output must not lose another)
            self.failed.append(FailedOutput(path=path, why=_why(error)))
        else:
            self.written.append(path)
            self.remarks += remarks or ()

    def rescue(self, name: str, how: Callable[[Path], None], *, go_on: str) -> None:
        """Keep the work in a folder of ours where something failed; no more than an attempt.

        ``go_on`` is the command that takes it up again, without the file's name.
        """
        if not self.failed:
            return
        try:
            folder = state_folder() / "rescued"
            path = folder / f"{name}-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.tugan"
            how(path)
        except Exception:  # noqa: BLE001 (the edge: what failed is told already)
            return
        self.rescued, self.go_on = path, f"{go_on} {path}"

    def code(self, otherwise: int) -> int:
        """The program's exit code, where it would be ``otherwise``."""
        return EXIT_OUTPUT_FAILED if self.failed else otherwise

    def say(self) -> None:
        """To stderr, at the end: what is missing and where the work is."""
        for remark in self.remarks:
            note(f"warning: {remark}")
        for one in self.failed:
            note(f"tugan: {one.path} is not written: {one.why}")
        if self.rescued is not None:
            note(f"tugan: the work is not lost; to go on: {self.go_on}")

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        told: dict[str, object] = {
            "written": [str(path) for path in self.written],
            "failed": [{"path": str(one.path), "why": one.why} for one in self.failed],
        }
        return told if self.rescued is None else told | {"rescued": str(self.rescued)}


def told(attempts: Attempts, tell: Callable[[], None], *, otherwise: int) -> int:
    """Report, and what failed at the end; the exit code, also where stdout takes nothing."""
    code = attempts.code(otherwise)
    try:
        tell()
        sys.stdout.flush()
    except OSError as error:
        note(f"tugan: the report could not be written: {error.strerror or error}")
        _give_up_stdout()
        code = EXIT_OUTPUT_FAILED
    attempts.say()
    return code


def _give_up_stdout() -> None:
    """Or Python tries the same lines again as it ends, and fails loudly."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _why(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    return str(error) or type(error).__name__

"""The program, run in this process or in one of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tugan.cli.app import main


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What came of a run."""

    code: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The one JSON object that is the whole of stdout."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Tugan = Callable[..., Ran]
"""Takes the program's arguments; paths may be paths."""


def run_here(
    arguments: list[str], *, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Ran:
    """In this process: quick, and shapes are checked."""
    monkeypatch.setattr(sys, "argv", ["tugan", *arguments])
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    # None is success, as at the end of any program
    return Ran(code=int(ended.value.code or 0), out=said.out, err=said.err)


def run_apart(*arguments: str) -> Ran:
    """The real program, in a process of its own."""
    command = [sys.executable, "-m", "tugan", *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    return Ran(code=ran.returncode, out=ran.stdout, err=ran.stderr)

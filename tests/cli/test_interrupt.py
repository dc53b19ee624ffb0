"""Ctrl+C in the real program keeps the last good picture."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from cli.program import Ran
from patience import HANG_S

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs signals and terminals")

# the original program has no patience and no step limit: it goes on until it is stopped
FAR = ("--point", "10,10:120,120", "--preset", "original")
COLOURS = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


@contextmanager
def running(*arguments: str | Path, stderr: int) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tugan", "drag", *FAR, *map(str, arguments)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        # a shell that runs the tests in the background lets its children ignore Ctrl+C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def terminal() -> Iterator[tuple[int, int]]:
    """The end that sees what is shown, and the end for the program."""
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        pytest.skip(f"no terminal can be opened here: {error}")
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


def read_until(descriptor: int, pattern: str) -> None:
    """Read what a terminal shows up to the first match."""
    shown = ""
    give_up_s = time.monotonic() + HANG_S
    while not re.search(pattern, COLOURS.sub("", shown)):
        assert time.monotonic() < give_up_s, shown
        if select.select([descriptor], [], [], 1)[0]:
            shown += os.read(descriptor, 4096).decode()


def interrupt(process: subprocess.Popen[str]) -> Ran:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=HANG_S)
    return Ran(code=process.returncode, out=out, err=err or "")


def check_picture(path: Path) -> None:
    with Image.open(path) as opened:
        opened.load()
        assert opened.size == (128, 128)


def test_a_terminal_shows_progress_and_ctrl_c_keeps_the_picture(here: Path, model: Path) -> None:
    project = ("--save-project", "a.tugan")
    with terminal() as (ours, theirs), running("--model", model, *project, stderr=theirs) as drag:
        read_until(ours, r"step [1-9]\d* +\d+\.\d px left +\d+\.\d steps/s")
        ran = interrupt(drag)
    assert ran.code == 130
    assert re.match(
        r"Stopped by hand after \d+ steps?(, nearly there)?: [\d.]+ of [\d.]+ px left;", ran.out
    )
    check_picture(here / "tugan.png")
    assert sorted(path.name for path in here.iterdir()) == ["a.tugan", "tugan.png"]


def test_ctrl_c_under_json_is_a_cancelled_outcome(here: Path, model: Path, half_mask: Path) -> None:
    # a warning that comes right before the first step says that it is about to begin
    masked = ("--model", model, "--keep-mask", half_mask, "--json", "--video", "a.gif")
    with running(*masked, stderr=subprocess.PIPE) as drag:
        assert drag.stderr is not None
        assert drag.stderr.readline().startswith("warning: ")
        time.sleep(3)
        ran = interrupt(drag)
    assert ran.code == 130
    assert ran.err == ""
    report = ran.json()
    assert report["outcome"] == "cancelled"
    assert report["written"] == ["tugan.png", "a.gif"]
    check_picture(here / "tugan.png")
    check_picture(here / "a.gif")

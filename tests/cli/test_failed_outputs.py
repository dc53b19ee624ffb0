"""An output that fails loses nothing: the others are written, and what failed is said."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from PIL import Image

from cli.photographs import CROP
from cli.photographs import POINT as POINT_OF_PHOTO
from cli.program import Ran, Tugan
from cli.test_interrupt import FAR
from patience import HANG_S
from tugan.inversion.photo_edit_file import load_photo_edit
from tugan.session.project_file import load_project

resource = pytest.importorskip("resource", reason="needs limits of POSIX")

POINT = ("--point", "40,50:60,70")
BELOW_A_FILE = ("--save-project", "all.png")
"""The project is written first, so that its name is no folder any more for the others."""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where what could not be written goes."""
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """As on a disk that is full: what a write beyond this raises is an ``OSError``."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def is_picture(path: Path) -> bool:
    with Image.open(path) as opened:
        opened.load()
    return True


def rescued(ran: Ran) -> Path:
    """The file that is named where what was asked for could not be written."""
    (line,) = (line for line in ran.err.splitlines() if "the work is not lost" in line)
    return Path(line.split()[-1])


def test_a_picture_that_fails_leaves_the_project_and_the_film(drag: Tugan, here: Path) -> None:
    ran = drag(*POINT, *BELOW_A_FILE, "-o", "all.png/out.png", "--video", "a.gif", "--json")
    assert ran.code == 1
    said = ran.json()
    assert said["outcome"] == "step-limit"
    assert said["written"] == ["all.png", "a.gif"]
    (failed,) = said["failed"]
    assert failed["path"] == "all.png/out.png"
    assert "all.png is a file, not a folder" in failed["why"]
    assert load_project(here / "all.png").header.outcome is not None
    assert is_picture(here / "a.gif")
    assert ran.err.splitlines()[-1].startswith("tugan: all.png/out.png is not written: ")
    assert "rescued" not in said  # the project has it all


def test_a_film_that_fails_leaves_the_picture_and_the_project(drag: Tugan, here: Path) -> None:
    ran = drag(*POINT, *BELOW_A_FILE, "-o", "out.png", "--video", "all.png/a.gif")
    assert ran.code == 1
    assert "all.png   out.png" in ran.out
    assert "all.png/a.gif is not written" in ran.err
    assert is_picture(here / "out.png")


def test_all_that_fail_are_said_and_nothing_half_written_stays(drag: Tugan, here: Path) -> None:
    files = ("-o", "all.png/out.webp", "--video", "all.png/a.gif")
    ran = drag(*POINT, *BELOW_A_FILE, *files, "--json")
    assert ran.code == 1
    assert [one["path"] for one in ran.json()["failed"]] == [files[1], files[3]]
    assert [path.name for path in here.iterdir()] == ["all.png"]


def test_a_project_that_a_full_disk_does_not_take_leaves_the_picture(
    drag: Tugan, here: Path
) -> None:
    with no_file_larger_than(12_000):
        ran = drag(*POINT, "-o", "out.jpg", "--save-project", "a.tugan", "--json")
    assert ran.code == 1
    said = ran.json()
    assert said["written"] == ["out.jpg"]
    assert said["failed"] == [{"path": "a.tugan", "why": "cannot write a.tugan: File too large"}]
    assert [path.name for path in here.iterdir()] == ["out.jpg"]


def test_where_only_a_picture_was_asked_for_the_work_is_kept_and_goes_on(
    tugan: Tugan, drag: Tugan, here: Path, state: Path
) -> None:
    # the picture makes a folder of what should be the film's file
    ran = drag(*POINT, "-o", "all.gif/out.png", "--video", "all.gif")
    assert ran.code == 1
    kept = rescued(ran)
    assert kept.is_relative_to(state)
    again = tugan("drag", "--project", kept, "-o", "again.png")
    assert again.code == 0
    assert (here / "again.png").read_bytes() == (here / "all.gif" / "out.png").read_bytes()


def test_a_photograph_that_cannot_be_written_is_in_the_project(
    tugan: Tugan, drag_inverted: Tugan, here: Path
) -> None:
    ran = drag_inverted(*POINT_OF_PHOTO, *BELOW_A_FILE, "-o", "all.png/out.jpg", "--json")
    assert (ran.code, ran.json()["written"]) == (1, ["all.png"])
    assert tugan("drag", "--project", "all.png", "-o", "again.png").code == 0
    assert is_picture(here / "again.png")


def test_a_photograph_that_the_encoder_refuses_is_an_output_that_failed(
    drag: Tugan, model: Path, here: Path
) -> None:
    Image.new("RGB", (17_000, 64)).save(here / "wide.png")  # WebP has at most 16383 px
    arguments = ("--image", "wide.png", "--crop", "100,32,60", "--no-tune", "--invert-steps", "1")
    files = ("-o", "out.webp", "--save-project", "a.tugan")
    ran = drag(*arguments, "--point", "95,30:105,30", *files, "--json")
    assert (ran.code, ran.json()["written"]) == (1, ["a.tugan"])
    assert ran.json()["failed"][0]["path"] == "out.webp"
    assert sorted(path.name for path in here.iterdir()) == ["a.tugan", "wide.png"]


def test_inverting_keeps_the_edit_where_its_picture_fails_and_the_other_way_round(
    tugan: Tugan, photo: Path, model: Path, here: Path, state: Path
) -> None:
    invert = ("invert", photo, *CROP, "--model", model, "--steps", "1", "--no-tune")
    ran = tugan(*invert, "-o", "all", "--picture", "all/me.png", "--json")
    assert (ran.code, ran.json()["written"]) == (1, ["all"])
    assert load_photo_edit(here / "all").stage == "done"
    # the disk takes the small picture, and neither the photograph nor what should rescue it
    with no_file_larger_than(60_000):
        ran = tugan(*invert, "-o", "me.tugan", "--picture", "me.jpg", "--json")
    assert (ran.code, ran.json()["written"]) == (1, ["me.jpg"])
    assert ran.json()["failed"][0]["path"] == "me.tugan"
    assert not (here / "me.tugan").exists()
    assert list(state.rglob("*.tugan")) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the device that is always full")
def test_a_report_that_nobody_can_read_leaves_the_files_and_is_said(
    here: Path, model: Path
) -> None:
    command = [sys.executable, "-m", "tugan", "drag", "--model", str(model), "--steps", "1", *POINT]
    with Path("/dev/full").open("w") as full:
        ran = subprocess.run(
            [*command, "--json"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert ran.returncode == 1
    assert ran.stderr == "tugan: the report could not be written: No space left on device\n"
    assert is_picture(here / "tugan.png")


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_after_ctrl_c_too(here: Path, model: Path) -> None:
    files = (*BELOW_A_FILE, "-o", "all.png/out.png", "--video", "a.gif")
    Image.new("L", (128, 128), 255).save(here / "mask.png")
    # a warning that comes right before the first step says that it is about to begin
    told = ("--json", "--keep-mask", "mask.png", "--solver", "adam")
    arguments = [*FAR, "--model", str(model), *files, *told]
    with subprocess.Popen(
        [sys.executable, "-m", "tugan", "drag", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        try:
            assert process.stderr is not None
            assert process.stderr.readline().startswith("warning: ")
            time.sleep(3)  # as in test_interrupt.py: some steps are done by then
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=HANG_S)
        finally:
            process.kill()
    said = Ran(code=process.returncode, out=out, err="").json()
    assert (process.returncode, said["outcome"]) == (1, "cancelled")
    assert said["written"] == ["all.png", "a.gif"]
    assert [one["path"] for one in said["failed"]] == ["all.png/out.png"]
    assert load_project(here / "all.png").header.outcome is not None

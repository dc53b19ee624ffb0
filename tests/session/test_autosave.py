"""Saving in the background, crashes, full disks, and what an earlier run left."""

import os
import random
import resource
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from patience import HANG_S
from session.conftest import Person, Sit
from session.documents import a_document, same_history
from tugan.core.atomic_write import left_behind
from tugan.core.errors import OutputError
from tugan.core.state_folder import state_folder
from tugan.session.autosave import AutosaveFolder
from tugan.session.autosaver import Autosaver
from tugan.session.errors import SessionError
from tugan.session.events import Event, Reported
from tugan.session.history import History
from tugan.session.project_errors import ProjectFileError
from tugan.session.project_file import read_history, write_history
from tugan.session.project_records import FORMAT_VERSION

SRC = Path(__file__).parents[2] / "src"


def a_history(number: int = 1) -> History:
    return History.begun(a_document(0), text="Start").added(a_document(number), text="Seed 1")


@pytest.fixture
def folder(tmp_path: Path) -> AutosaveFolder:
    return AutosaveFolder(tmp_path / "state")


def saved(folder: AutosaveFolder, session: str, *, days_old: float = 0) -> Path:
    path = folder.path(session)
    write_history(path, a_history())
    then = time.time() - days_old * 86_400
    os.utime(path, (then, then))
    return path


def test_every_change_is_saved_and_can_be_opened_by_the_next_run(
    sit: Sit, folder: AutosaveFolder
) -> None:
    person = sit(id="first", autosave=folder.path("first"))
    assert not folder.has("first")  # nothing was done yet
    person.point((24, 28), (36, 34))
    person.drag()
    person.session.close()
    assert [one.id for one in folder.recoverable()] == ["first"]
    assert folder.recoverable()[0].text == f"toy: {person.texts[-1]}"
    again = sit(None, id="second", autosave=folder.path("second"))
    again.session.open_project(folder.path("first"))
    again.settle()
    assert again.texts == person.texts
    assert torch.equal(again.document.ws, person.document.ws)
    assert again.document.trail is not None
    again.session.undo()
    again.session.close()
    assert folder.load("second").current == 1


def test_a_session_that_is_open_is_saved_while_it_goes_on(sit: Sit, folder: AutosaveFolder) -> None:
    person = sit(id="open", autosave=folder.path("open"))
    for number in range(20):
        person.point((24, 28 + number), (36, 34))
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        if folder.has("open") and len(folder.load("open").entries) == 21:
            return
        time.sleep(0.02)
    raise AssertionError("the newest state was not saved")


def test_no_folder_yet_is_no_work(folder: AutosaveFolder) -> None:
    assert folder.recoverable() == ()
    assert not folder.has("x")
    folder.discard("x")
    folder.tidy()


def test_the_newest_work_comes_first(folder: AutosaveFolder) -> None:
    for days, name in ((3, "c"), (1, "a"), (2, "b")):
        saved(folder, name, days_old=days)
    assert [one.id for one in folder.recoverable()] == ["a", "b", "c"]
    folder.discard("b")
    assert [one.id for one in folder.recoverable()] == ["a", "c"]


def test_damaged_work_is_set_aside(folder: AutosaveFolder) -> None:
    good, bad = saved(folder, "good"), saved(folder, "bad")
    bad.write_bytes(bad.read_bytes()[:200])
    assert [one.id for one in folder.recoverable()] == ["good"]
    assert sorted(path.name for path in good.parent.iterdir()) == ["bad.damaged", "good.tugan"]
    with pytest.raises(ProjectFileError):
        folder.load("bad")


def test_work_of_a_newer_version_stays_where_it_is(folder: AutosaveFolder) -> None:
    path = saved(folder, "newer")
    whole = path.read_bytes()
    import io
    import zipfile

    target = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "manifest.json":
                content = content.replace(
                    f'"format_version":{FORMAT_VERSION}'.encode(),
                    f'"format_version":{FORMAT_VERSION + 1}'.encode(),
                )
            new.writestr(name, content)
    path.write_bytes(target.getvalue())
    assert folder.recoverable() == ()
    assert folder.has("newer")


@pytest.mark.parametrize("name", ["", "../evil", "a/b", "a.b", "x" * 65, "ä"])
def test_what_is_no_id_is_refused(folder: AutosaveFolder, name: str) -> None:
    assert not folder.has(name)
    with pytest.raises(SessionError):
        folder.path(name)
    with pytest.raises(SessionError):
        folder.discard(name)


def test_only_what_is_both_old_and_much_is_deleted(folder: AutosaveFolder) -> None:
    for index in range(25):
        saved(folder, f"s{index:02}", days_old=20 + index)
    # the newest twenty, though s11 and on are older than a month
    assert sorted(one.id for one in folder.recoverable()) == [f"s{i:02}" for i in range(20)]
    for index in range(25):
        saved(folder, f"t{index:02}", days_old=index)
    kept = {one.id for one in folder.recoverable()}
    assert {f"t{i:02}" for i in range(25)} <= kept
    assert {f"s{i:02}" for i in range(9)} <= kept


def test_the_folder_for_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path / "s"))
    assert state_folder() == tmp_path / "s"
    monkeypatch.delenv("TUGAN_STATE")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert state_folder() == tmp_path / "tugan"
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", "/home/somebody")
    assert state_folder() == Path("/home/somebody/.local/state/tugan")


# ---- full disks ------------------------------------------------------------------------------


def full(*arguments: object, **named: object) -> None:
    raise OutputError("cannot write a.tugan: No space left on device")


def test_a_disk_that_is_full_while_saving_is_told_once_and_then_that_it_works_again(
    sit: Sit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = sit(autosave=tmp_path / "a.tugan")
    with monkeypatch.context() as patched:
        patched.setattr("tugan.session.autosaver.write_history", full)
        for number in range(5):
            person.point((24, 28 + number))
            assert not person.session.finish_saving()
    assert [(one.level, one.code) for one in person.of(Reported)] == [("warning", "not-saved")]
    assert "No space left" in person.of(Reported)[0].text
    # nothing new is done: what the disk did not take is tried again
    assert person.session.finish_saving()
    assert [one.code for one in person.of(Reported)] == ["not-saved", "saved"]
    assert len(read_history(tmp_path / "a.tugan").entries) == len(person.texts)


def test_saving_is_tried_again_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Event] = []
    tries: list[None] = []
    path = tmp_path / "a.tugan"

    def full_at_first(where: Path, history: History, **named: bool) -> None:
        tries.append(None)
        if len(tries) < 4:
            full()
        write_history(where, history, lean=named["lean"])

    monkeypatch.setattr("tugan.session.autosaver.write_history", full_at_first)
    saver = Autosaver(path, on_error=told.append, retry_s=(0.01,))
    saver.save(a_history())
    deadline = time.monotonic() + HANG_S
    while not path.exists():
        assert time.monotonic() < deadline, "it was not tried again"
        time.sleep(0.01)
    assert saver.close()
    assert [one.code for one in told if isinstance(one, Reported)] == ["not-saved", "saved"]


def test_a_session_that_ends_tries_once_more_and_says_whether_it_worked(
    sit: Sit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tugan"
    lucky, unlucky = sit(id="a", autosave=path), sit(id="b", autosave=tmp_path / "b.tugan")
    with monkeypatch.context() as patched:
        patched.setattr("tugan.session.autosaver.write_history", full)
        for person in (lucky, unlucky):
            person.point((24, 28))
            assert not person.session.finish_saving()
        assert not unlucky.session.close()
    assert lucky.session.close()
    assert len(read_history(path).entries) == 2
    assert not (tmp_path / "b.tugan").exists()


# ---- two programs on one folder, and other users ---------------------------------------------


def test_what_another_program_has_open_is_not_opened_deleted_or_set_aside(
    folder: AutosaveFolder, tmp_path: Path
) -> None:
    path = saved(folder, "mine", days_old=100)
    other = AutosaveFolder(tmp_path / "state")
    with folder.claim("mine"):
        with pytest.raises(SessionError, match="open in another studio"):
            other.claim("mine")
        for index in range(25):
            saved(other, f"s{index:02}")
        other.tidy()
        other.clean_up()
        assert path.exists()
        path.write_bytes(path.read_bytes()[:200])
        assert "mine" not in {one.id for one in other.recoverable()}
        assert path.exists()
    other.claim("mine").release()
    other.recoverable()
    assert not path.exists()


def test_saved_work_is_the_users_alone(sit: Sit, folder: AutosaveFolder) -> None:
    before = os.umask(0)
    try:
        claim = folder.claim("a")
        person = sit(id="a", autosave=folder.path("a"))
        person.point((24, 28), (36, 34))
        person.session.close()
        claim.release()
    finally:
        os.umask(before)
    path = folder.path("a")
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    assert modes == {"a.tugan": 0o600, "a.lock": 0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    # those of versions before
    path.chmod(0o644)
    path.parent.chmod(0o755)
    folder.clean_up()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_links_and_pipes_are_no_saved_work(folder: AutosaveFolder, tmp_path: Path) -> None:
    good = saved(folder, "good")
    good.with_name("link.tugan").symlink_to(good)
    os.mkfifo(good.with_name("pipe.tugan"))
    good.with_name("folder.tugan").mkdir()
    assert [one.id for one in folder.recoverable()] == ["good"]
    for name in ("link", "pipe", "folder"):
        assert not folder.has(name)
    folder.clean_up()
    assert len(list(good.parent.glob("*.tugan"))) == 4


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from session.documents import a_document
from tugan.session.errors import SessionError
from tugan.session.engine import Engine
from tugan.session.model_store import ModelStore
from tugan.session.session import Session
from tugan.generators.toy import ToyGenerator
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
engine = Engine()
session = Session("a", engine, ModelStore("cpu", loaders={{"toy": lambda _: ToyGenerator()}}))
session.open_default("toy"); engine.wait_for("a")
session.save_project(Path({path!r}))
session.set_start(5); engine.wait_for("a")
resource.setrlimit(resource.RLIMIT_FSIZE, (500, resource.RLIM_INFINITY))
try:
    session.save_project(Path({path!r}))
except SessionError as error:
    print(error.code, error.text, error.remedy)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
session.set_start(6); engine.wait_for("a")
print(len(session.snapshot().entries))
session.close(); engine.close()
"""


def test_a_real_limit_of_the_file_system_leaves_the_old_file(tmp_path: Path) -> None:
    assert resource.RLIM_INFINITY == -1
    path = tmp_path / "a.tugan"
    ran = subprocess.run(
        [sys.executable, "-c", FULL_DISK.format(path=str(path), tests=str(SRC.parent / "tests"))],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SRC)},
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told, entries = ran.stdout.splitlines()
    assert told.startswith("not-saved The project could not be saved: cannot write")
    assert "File too large" in told
    assert entries == "3"
    assert len(read_history(path).entries) == 1
    assert [one.name for one in tmp_path.iterdir()] == ["a.tugan"]


def test_saving_where_nothing_can_be_written(person: Person, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SessionError) as caught:
        person.session.save_project(tmp_path / "file" / "a.tugan")
    assert caught.value.code == "not-saved"
    assert person.texts == ["Start"]


# ---- crashes ---------------------------------------------------------------------------------

SAVING = """
import sys
sys.path.insert(0, {tests!r})
from dataclasses import replace
from pathlib import Path
from session.documents import a_document
from tugan.session.history import History
from tugan.session.project_file import write_history
history = History.begun(a_document(0, rows=2000), text="0")
number = 0
while True:
    number += 1
    history = history.amended(replace(a_document(number, rows=2000), steps=number))
    write_history(Path({path!r}), history)
    print(number, flush=True)
"""


def test_what_killed_writes_left_is_cleared_at_the_next_start(folder: AutosaveFolder) -> None:
    path = saved(folder, "mine")
    code = SAVING.format(path=str(path), tests=str(SRC.parent / "tests"))
    for _ in range(20):
        with subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SRC)},
        ) as running:
            assert running.stdout is not None
            running.stdout.readline()
            while not left_behind(path.parent, "mine"):
                assert running.poll() is None
            running.send_signal(signal.SIGKILL)
        if left_behind(path.parent, "mine"):
            break
    assert left_behind(path.parent, "mine"), "no kill came in the middle of a write"
    with folder.claim("mine"):
        assert not left_behind(path.parent, "mine")
    path.with_name(".tugan-mine-0123.tugan").write_text("half")
    path.with_name(".tugan-open-0123.tugan").write_text("half")
    folder.clean_up()
    assert not left_behind(path.parent, "mine")
    assert sorted(one.name for one in path.parent.iterdir()) == ["mine.lock", "mine.tugan"]


def test_killed_at_any_moment_the_file_holds_one_of_the_last_two_states(tmp_path: Path) -> None:
    path = tmp_path / "a.tugan"
    code = SAVING.format(path=str(path), tests=str(SRC.parent / "tests"))
    rng = random.Random(7)
    for _ in range(4):
        running = subprocess.Popen(
            [sys.executable, "-c", code],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(SRC)},
        )
        assert running.stdout is not None
        running.stdout.readline()  # it has begun
        time.sleep(rng.uniform(0, 0.25))
        running.send_signal(signal.SIGKILL)
        said = [1, *(int(line) for line in running.stdout.read().split())]
        running.wait()
        running.stdout.close()
        found = read_history(path).document
        assert found.steps in (said[-1], said[-1] + 1)
        assert torch.equal(found.ws, a_document(found.steps, rows=2000).ws)


def test_what_is_saved_lean_is_whole_but_for_old_trails() -> None:
    from tugan.session.project_file import history_bytes

    assert same_history(read_history(history_bytes(a_history(), lean=True)), a_history())

"""Two studios on one folder, and disks that are full: no work is lost without a word."""

import signal
import time
from pathlib import Path

import pytest

from patience import HANG_S
from studio.running import RunningStudio, limit_files, running_studio
from studio.wire_page import WirePage
from tugan.session.autosave import AutosaveFolder
from tugan.session.project_file import read_history
from tugan.studio.sessions import autosave_folder

pytestmark = pytest.mark.xdist_group("studio")


def saved_points(page: WirePage, x: int) -> None:
    page.ready()
    page.say("set-points", points=[{"id": 5, "handle": [x, 500], "goal": [520, 500]}], change="add")
    page.until(lambda page: page.state["points"][0]["handle"] == [x, 500])


def until_saved(folder: AutosaveFolder, session: str, x: int) -> None:
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        if folder.has(session):
            (point,) = read_history(folder.path(session)).document.points
            if point.start_xy[0] == x:
                return
        time.sleep(0.05)
    raise AssertionError("it was not saved")


def until_said(studio: RunningStudio, words: str) -> None:
    """On the console, which is read by a thread of its own."""
    deadline = time.monotonic() + HANG_S
    while not any(words in line for line in studio.said):
        assert time.monotonic() < deadline, studio.said
        time.sleep(0.05)


def ended(studio: RunningStudio) -> int:
    studio.process.send_signal(signal.SIGINT)
    return studio.process.wait(timeout=HANG_S)


def test_what_one_studio_has_open_another_neither_shows_nor_deletes(tmp_path: Path) -> None:
    folder = autosave_folder(tmp_path)
    with running_studio(tmp_path) as first, running_studio(tmp_path) as second:
        with WirePage(first) as mine:
            saved_points(mine, 400)
            session = mine.session
            until_saved(folder, session, 400)
            # a page that comes with the session's name: it is shown another, and told why
            with WirePage(second, session=session) as other:
                other.ready()
                other.until(lambda page: page.notices)
                assert other.session != session
                assert other.welcome["resumed"] is False
                assert other.notices[0]["code"] == "session-elsewhere"
                assert "another studio" in other.notices[0]["text"]
                for wish in ("recover", "discard"):
                    number = other.say(wish, session=session)
                    assert other.refusal_of(number)["code"] == "session-elsewhere"
                saved_points(other, 300)
                until_saved(folder, other.session, 300)
            saved_points(mine, 410)
            until_saved(folder, session, 410)
        assert ended(first) == 0
        with WirePage(second, session=session) as again:
            again.ready()
            assert again.session == session
            assert again.welcome["resumed"] is True
            assert again.state["points"][0]["handle"] == [410, 500]


def test_a_full_disk_is_told_and_saving_goes_on_by_itself_when_there_is_room(
    tmp_path: Path,
) -> None:
    folder = autosave_folder(tmp_path)
    with running_studio(tmp_path, file_size=500) as studio, WirePage(studio) as page:
        saved_points(page, 400)
        page.until(lambda page: any(one["code"] == "not-saved" for one in page.notices))
        assert not folder.has(page.session)
        until_said(studio, "is not being saved")
        limit_files(studio.process.pid, 1 << 40)
        # nothing more is done in the page
        until_saved(folder, page.session, 400)
        page.until(lambda page: any(one["code"] == "saved" for one in page.notices))
        assert ended(studio) == 0


def test_a_studio_that_ends_with_a_full_disk_says_so_and_exits_with_1(tmp_path: Path) -> None:
    with running_studio(tmp_path, file_size=500) as studio:
        with WirePage(studio) as page:
            saved_points(page, 400)
            page.until(lambda page: any(one["code"] == "not-saved" for one in page.notices))
        assert ended(studio) == 1
        until_said(studio, "did not take the newest work of 1")
    assert not any("Traceback" in line for line in studio.said)

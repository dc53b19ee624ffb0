"""Hostile projects against a real studio: others are served meanwhile, and pages can still come."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from make_hostile_projects import Hostile, good_project, hostile_projects
from patience import HANG_S
from studio.running import TOKEN, RunningStudio, running_studio
from studio.wire_page import WirePage
from tugan.generators.loading import load_generator
from tugan.generators.saving import fingerprint

pytestmark = pytest.mark.xdist_group("studio")


@pytest.fixture(scope="module")
def good() -> bytes:
    """Of the model that the studio opens, so that what can be opened is."""
    generator = load_generator(device="cpu")
    info = generator.info
    return good_project(
        model="faces-1024",
        fingerprint=fingerprint(generator),
        rows=info.num_ws,
        width=info.w_dim,
        side_px=info.size_hw[0],
    )


@pytest.fixture(scope="module")
def hostile(good: bytes) -> tuple[Hostile, ...]:
    return tuple(hostile_projects(good))


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[RunningStudio]:
    """One whose console is looked at."""
    with running_studio(tmp_path / "state") as running:
        yield running


def no_traceback(studio: RunningStudio) -> None:
    said = "".join(studio.said)
    assert "Traceback" not in said, said[-3000:]


def test_each_is_answered_and_others_are_served_meanwhile(
    fresh: RunningStudio, good: bytes, hostile: tuple[Hostile, ...]
) -> None:
    wrong: list[str] = []
    opened: list[str] = []
    opening = threading.Event()

    def attack(session: str) -> None:
        url = f"{fresh.origin}/api/sessions/{session}/project"
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(headers=headers, timeout=HANG_S) as client:
            for one in hostile:
                opening.set()
                answer = client.put(url, content=one.content)
                if answer.status_code == 204:
                    opened.append(one.name)
                elif answer.status_code not in (400, 413, 429):
                    wrong.append(f"{one.name}: {answer.status_code} {answer.text[:200]}")
                elif set(answer.json()) != {"code", "text", "remedy"}:
                    wrong.append(f"{one.name}: {answer.text[:200]}")

    with WirePage(fresh) as bad, WirePage(fresh) as other:
        bad.ready()
        other.ready()
        attacking = threading.Thread(target=attack, args=(bad.session,))
        attacking.start()
        opening.wait(HANG_S)
        answered, longest_s = 0, 0.0
        while attacking.is_alive():
            asked_s = time.monotonic()
            other.refusal_of(other.say("go-to", entry=10**6))
            longest_s = max(longest_s, time.monotonic() - asked_s)
            answered += 1
        attacking.join()
        assert not wrong, wrong
        # not one after the other: between any two of them others had their turn
        assert answered > len(hostile)
        assert opened  # what is odd, and no more than that
        assert longest_s < HANG_S / 10
        # and both go on
        other.say("set-points", points=[{"id": 1, "handle": [500, 500]}], change="add")
        other.until(lambda page: len(page.state["points"]) == 1)
        answer = httpx.put(
            f"{fresh.origin}/api/sessions/{bad.session}/project",
            content=good,
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=HANG_S,
        )
        assert answer.status_code == 204
        bad.until(lambda page: page.idle and page.state["history"][-1]["text"] == "Drag")
    no_traceback(fresh)


def test_saved_sessions_that_are_hostile_keep_no_page_out(
    tmp_path: Path, good: bytes, hostile: tuple[Hostile, ...]
) -> None:
    folder = tmp_path / "state" / "sessions"
    folder.mkdir(parents=True)
    for index, one in enumerate(hostile):
        (folder / f"hostile-session-{index:04}.tugan").write_bytes(one.content)
    (folder / "good-session-of-somebody.tugan").write_bytes(good)
    if os.name == "posix":
        os.mkfifo(folder / "pipe-instead-of-a-session.tugan")
        (folder / "link-instead-of-a-session.tugan").symlink_to("/dev/zero")
    (folder / "folder-instead-of-a-session.tugan").mkdir()
    with running_studio(tmp_path / "state") as studio:
        with WirePage(studio) as page:
            page.ready()
            ids = {one["session"] for one in page.welcome["recoverable"]}
            assert "good-session-of-somebody" in ids
            assert not any("instead" in one for one in ids)
        # with its id, as a page that is reloaded asks for it
        for path in [
            *sorted(folder.glob("hostile*.tugan"))[::6],
            *sorted(folder.glob("*-instead-*")),
        ]:
            with WirePage(studio, session=path.stem) as page:
                page.ready()
        with WirePage(studio, session="good-session-of-somebody") as page:
            page.ready()
            assert page.welcome["resumed"]
            assert page.state["history"][-1]["text"] == "Drag"
        no_traceback(studio)
    assert (folder / "folder-instead-of-a-session.tugan").is_dir()


def test_work_that_cannot_be_opened_is_kept_beside_what_is_saved_next(
    tmp_path: Path, hostile: tuple[Hostile, ...]
) -> None:
    folder = tmp_path / "state" / "sessions"
    folder.mkdir(parents=True)
    (broken,) = (one for one in hostile if one.name == "tensors: NaN")
    path = folder / "broken-session-of-somebody.tugan"
    path.write_bytes(broken.content)
    with running_studio(tmp_path / "state") as studio, WirePage(studio, session=path.stem) as page:
        page.ready()
        assert not page.welcome["resumed"]
        page.say("set-points", points=[{"id": 1, "handle": [500, 500]}], change="add")
        page.until(lambda page: len(page.state["history"]) == 2)
    assert path.with_suffix(".damaged").read_bytes() == broken.content

"""The wire, spoken to a real server by a page without a browser."""

import base64
import contextlib
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from patience import HANG_S
from studio.running import TOKEN, RunningStudio, running_studio
from studio.wire_page import WirePage
from tugan.studio.encoding import png
from tugan.studio.frames import FrameKind

pytestmark = pytest.mark.xdist_group("studio")


def picture(page: WirePage) -> Image.Image:
    return Image.open(io.BytesIO(page.frames[FrameKind.RESTING]))


def test_a_new_page_gets_a_face_and_a_drag_to_try(studio: RunningStudio) -> None:
    with WirePage(studio) as page:
        page.ready()
        assert page.welcome["resumed"] is False
        assert page.welcome["models"][0]["name"] == "faces-1024"
        assert picture(page).size == (1024, 1024)
        (point,) = page.state["points"]
        assert point["handle"] == [608, 762]
        assert point["goal"] == [636, 722]
        assert page.state["generator"]["preferred"]["newton"]["solver"] == "newton"


def test_a_drag_goes_to_its_goal_and_undo_brings_the_very_picture_back(
    studio: RunningStudio,
) -> None:
    with WirePage(studio) as page:
        page.ready()
        before = page.frames[FrameKind.RESTING]
        page.say("start")
        page.until(lambda page: page.state["outcome"] and page.idle)
        assert page.state["outcome"]["ending"] == "reached"
        assert page.progress[-1]["farthest_px"] < 3
        assert page.steps[FrameKind.MOVING]
        after = page.picture_after(before)
        page.say("undo")
        assert page.picture_after(after) == before
        page.until(lambda page: page.state["points"][0]["handle"] == [608, 762])
        page.say("redo")
        assert page.picture_after(before) == after


def test_live_the_picture_follows_and_is_kept(studio: RunningStudio) -> None:
    with WirePage(studio) as page:
        page.ready()
        before = page.frames[FrameKind.RESTING]
        page.say("grab", at=[512, 600])
        for count in range(1, 4):
            page.say("move", to=[512 + 12 * count, 600 - 6 * count])
            page.until_moving(count)
        held = page.progress[-1]["points"]
        assert [one["id"] for one in held] == [-1] or -1 in [one["id"] for one in held]
        page.say("release")
        page.picture_after(before)
        page.until(lambda page: page.idle)
        assert "ive" in page.state["history"][-1]["text"]


def until_finished(page: WirePage, count: int) -> None:
    page.until(lambda page: len(page.steps[FrameKind.FINISHED]) >= count)


def test_a_hand_that_rests_is_shown_the_finished_picture(studio: RunningStudio) -> None:
    with WirePage(studio) as page:
        page.ready()
        before = page.frames[FrameKind.RESTING]
        page.say("grab", at=[512, 600])
        for count in (1, 2):
            page.say("move", to=[512 + 12 * count, 600])
            until_finished(page, count)
            assert page.state["phase"] == "live"
        finished = page.frames[FrameKind.FINISHED]
        page.say("release")
        after = page.picture_after(before)
        assert [Image.open(io.BytesIO(one)).size for one in (finished, after)] == [(1024, 1024)] * 2
        # the same picture, but for JPEG
        pixels = [
            np.asarray(Image.open(io.BytesIO(one)).convert("RGB")).astype(int)
            for one in (before, finished, after)
        ]
        assert np.abs(pixels[1] - pixels[2]).mean() < 2
        assert np.abs(pixels[0] - pixels[2]).mean() > 3


def hold_by(page: WirePage, hold: float) -> None:
    page.say("set-method", method={**page.state["method"], "hold": hold})
    page.until(lambda page: page.state["method"]["hold"] == hold)


def test_how_much_is_held_is_part_of_the_document(studio: RunningStudio) -> None:
    with WirePage(studio) as page:
        page.ready()
        assert page.state["generator"]["hold_ready"] is True
        usual = page.state["method"]
        assert 0 < usual["hold"] < 1
        for hold in (0, 1, 0.8):
            hold_by(page, hold)
        assert page.state["method"] == {**usual, "hold": 0.8}
        assert [one["text"] for one in page.state["history"]] == ["Start", "Hold 80%"]
        page.say("undo")
        page.until(lambda page: page.state["method"] == usual)
        page.say("redo")
        page.until(lambda page: page.state["method"]["hold"] == 0.8)
        session = page.session
    with WirePage(studio, session=session) as again:
        again.ready()
        assert again.state["method"]["hold"] == 0.8


def test_a_page_that_comes_back_finds_its_work(studio: RunningStudio) -> None:
    with WirePage(studio) as page:
        page.ready()
        page.say(
            "set-points", points=[{"id": 5, "handle": [500, 500], "goal": [520, 500]}], change="add"
        )
        page.until(lambda page: [one["id"] for one in page.state["points"]] == [5])
        session, shown = page.session, page.frames[FrameKind.RESTING]
    with WirePage(studio, session=session) as again:
        again.ready()
        assert again.welcome["resumed"] is True
        assert again.session == session
        assert [one["id"] for one in again.state["points"]] == [5]
        assert again.frames[FrameKind.RESTING] == shown


def wait_for_file(path: Path) -> None:
    """Work is saved in the background, a moment after it is done."""
    gives_up_s = time.monotonic() + HANG_S
    while time.monotonic() < gives_up_s:
        if path.is_file():
            return
        time.sleep(0.1)
    raise AssertionError(f"{path} was not written")


def test_work_outlives_the_server(tmp_path: Path) -> None:
    with running_studio(tmp_path) as first, WirePage(first) as page:
        page.ready()
        page.say("start")
        page.until(lambda page: page.state["outcome"] and page.idle)
        session, state = page.session, page.state
        wait_for_file(tmp_path / f"sessions/{session}.tugan")
        first.process.kill()
    with running_studio(tmp_path) as second:
        with WirePage(second) as stranger:
            stranger.ready()
            assert session in [one["session"] for one in stranger.welcome["recoverable"]]
            stranger.state = {}
            stranger.say("recover", session=session)
            stranger.until(lambda page: page.session == session and page.idle)
            assert stranger.state["points"] == state["points"]
        with WirePage(second, session=session) as page:
            page.ready()
            assert page.welcome["resumed"] is True
            assert page.state["points"] == state["points"]
            assert page.state["outcome"] == state["outcome"]
            assert [one["text"] for one in page.state["history"]] == [
                one["text"] for one in state["history"]
            ]


def test_a_second_page_takes_the_session_over(studio: RunningStudio) -> None:
    with WirePage(studio) as page:
        page.ready()
        with WirePage(studio, session=page.session) as other:
            other.ready()
            assert page.closed_with() == 4409
            other.say("undo")
            other.listen_for(0.2)


def test_two_sessions_drag_at_once_and_do_not_mix(studio: RunningStudio) -> None:
    with WirePage(studio) as one, WirePage(studio) as two:
        one.ready()
        two.ready()
        two.say("set-start", seed=3)
        two.until(lambda page: page.state["start"]["seed"] == 3 and page.idle)
        two.say(
            "set-points", points=[{"id": 0, "handle": [512, 580], "goal": [530, 580]}], change="add"
        )
        one.say("start")
        two.say("start")
        for page in (one, two):
            page.until(lambda page: page.state["outcome"] and page.idle)
        assert one.state["start"]["seed"] == 14
        assert one.session != two.session
        assert one.frames[FrameKind.RESTING] != two.frames[FrameKind.RESTING]


def mask_png(hw: tuple[int, int] = (1024, 1024)) -> str:
    mask = np.zeros(hw, dtype=np.uint8)
    mask[600:900, 300:700] = 255
    return base64.b64encode(png(mask)).decode()


def test_a_mask_is_kept_undone_and_not_echoed_to_who_painted_it(studio: RunningStudio) -> None:
    with WirePage(studio) as page:
        page.ready()
        page.frames.pop(FrameKind.MASK, None)
        page.say("set-mask", png=mask_png(), change="paint")
        page.until(lambda page: page.state["has_mask"])
        page.listen_for(0.3)
        assert FrameKind.MASK not in page.frames
        page.say("undo")
        page.until(lambda page: FrameKind.MASK in page.frames)
        assert page.frames[FrameKind.MASK] == b""
        page.say("redo")
        page.until(lambda page: page.frames[FrameKind.MASK] != b"")
        shown = np.asarray(Image.open(io.BytesIO(page.frames[FrameKind.MASK])))
        assert shown.shape == (1024, 1024)
        assert shown[700, 500] == 255
        assert shown[100, 100] == 0


GOOD_POINT = {"id": 0, "handle": [500.0, 500.0], "goal": [510.0, 500.0]}
GOOD_METHOD = {
    "solver": "newton",
    "space": "w+",
    "rows": 6,
    "feature_px": 128,
    "max_steps": 60,
    "hold": 0.5,
}
NONSENSE: list[dict[str, Any]] = [
    {
        "type": "set-points",
        "points": [{**GOOD_POINT, "handle": [float("nan"), 1]}],
        "change": "add",
    },
    {"type": "set-points", "points": [{**GOOD_POINT, "handle": [1e300, 1]}], "change": "add"},
    {"type": "set-points", "points": [GOOD_POINT] * 10_000, "change": "add"},
    {"type": "set-points", "points": [{**GOOD_POINT, "handle": [5000, 1]}], "change": "add"},
    {"type": "set-points", "points": [GOOD_POINT, GOOD_POINT], "change": "add"},
    {"type": "set-points", "points": "many", "change": "add"},
    {"type": "set-mask", "png": "AAAA", "change": "paint"},
    {"type": "set-mask", "png": mask_png((10, 10)), "change": "paint"},
    {"type": "set-start", "seed": -1},
    {"type": "set-start", "seed": 1, "psi": 99},
    {"type": "set-start", "seed": 1, "label": 3},
    {"type": "set-model", "name": "no-such-model"},
    {"type": "set-model", "name": "../../etc/passwd"},
    *(
        {"type": "set-method", "method": {**GOOD_METHOD, "hold": hold}}
        for hold in (
            -0.01,
            1.01,
            1e300,
            float("nan"),
            float("inf"),
            None,
            "0.5",
            "much",
            True,
            [0.5],
        )
    ),
    {"type": "set-method", "method": GOOD_METHOD | {"held": 0.5}},
    {"type": "go-to", "entry": 999_999},
    {"type": "gallery", "seeds": list(range(1000))},
    {"type": "recover", "session": "../../../etc/passwd"},
    {"type": "discard", "session": "nobody-has-this-session"},
    {"type": "no-such-message"},
    {"type": "start", "and": "more"},
    {},
]


@pytest.fixture(scope="module")
def abused(studio: RunningStudio) -> Iterator[WirePage]:
    """One page for all the nonsense, which it should survive."""
    with WirePage(studio) as page:
        yield page.ready()


def still_works(page: WirePage, *, number: int) -> bool:
    """A point with this number can be set, and taken back."""
    page.say("set-points", points=[{"id": number, "handle": [5, 5]}], change="add")
    page.until(lambda page: [one["id"] for one in page.state["points"]] == [number])
    page.say("undo")
    page.until(lambda page: page.state["points"][0]["handle"] == [608, 762])
    return True


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda one: str(one.get("type")))
def test_nonsense_is_refused_in_words_and_the_session_survives(
    abused: WirePage, nonsense: dict[str, Any]
) -> None:
    abused.notices.clear()
    abused.say_raw(json.dumps({**nonsense, "id": 77}))
    abused.until(lambda page: page.notices)
    (notice,) = abused.notices
    assert notice["level"] == "error"
    assert notice["text"].endswith(".")
    assert notice["remedy"]
    assert still_works(abused, number=9)


@pytest.mark.parametrize(
    "raw",
    ["", "{", "[]", "null", '"start"', b"\x00\x01", "é" * 1000, '{"type": {}}', "[" * 100_000],
)
def test_what_is_not_even_a_message_is_refused(abused: WirePage, raw: str | bytes) -> None:
    abused.notices.clear()
    abused.say_raw(raw)
    abused.until(lambda page: page.notices)
    assert abused.notices[0]["code"] == "bad-message"
    assert len(abused.notices[0]["text"]) < 300
    assert still_works(abused, number=10)


def test_an_enormous_message_ends_the_connection_but_not_the_session(
    studio: RunningStudio,
) -> None:
    with WirePage(studio) as page:
        page.ready()
        session = page.session
        # where the other side stops reading, sending fails
        with contextlib.suppress(ConnectionClosed):
            page.say_raw("x" * (9 << 20))
        # where it still sends when the other side has closed, its TCP may drop the closing frame
        assert page.closed_with() in {1009, 1006}
    with WirePage(studio, session=session) as again:
        again.ready()
        assert again.welcome["resumed"] is True


def test_a_page_that_stops_acknowledging_gets_words_and_no_more_than_two_pictures(
    studio: RunningStudio,
) -> None:
    with WirePage(studio, acknowledges=False) as page:
        page.ready()
        page.say("start")
        page.until(lambda page: page.state["outcome"] and page.idle)
        assert len(page.steps[FrameKind.MOVING]) <= 2
        page.say("grab", at=[512, 600])
        page.say("move", to=[540, 600])
        page.until(lambda page: any(one["code"] == "stalled" for one in page.notices))


def attempt(studio: RunningStudio, url: str, origin: str | None, host: str | None = None) -> int:
    headers = {} if host is None else {"Host": host}
    try:
        with connect(
            url,
            origin=origin,  # type: ignore[arg-type]
            additional_headers=headers,
            open_timeout=HANG_S,
        ) as socket:
            try:
                socket.recv(timeout=HANG_S)
            except ConnectionClosed:
                assert socket.protocol.close_code is not None
                return socket.protocol.close_code
            return 0
    except InvalidStatus as error:
        return error.response.status_code


def test_strangers_are_turned_away_from_the_socket(studio: RunningStudio) -> None:
    url = f"ws://127.0.0.1:{studio.port}/ws"
    assert attempt(studio, url, studio.origin) == 4401
    assert attempt(studio, f"{url}?token=wrong-token", studio.origin) == 4401
    assert attempt(studio, f"{url}?token={TOKEN}", "https://evil.example") == 4403
    assert attempt(studio, f"{url}?token={TOKEN}", f"http://localhost:{studio.port}") == 4403


def test_too_many_pages_are_told_so(tmp_path: Path) -> None:
    with running_studio(tmp_path, "--max-sessions", "1") as small:
        with WirePage(small) as first:
            first.ready()
            with WirePage(small) as second:
                assert second.closed_with() == 4429
        # the first has gone, and makes room
        with WirePage(small) as third:
            third.ready()

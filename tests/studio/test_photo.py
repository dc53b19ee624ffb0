"""A photograph over the wire: up, in, dragged, and down again."""

import io
from collections.abc import Iterator

import httpx
import numpy as np
import pytest
from PIL import Image

from patience import HANG_S
from studio.running import TOKEN, RunningStudio
from studio.wire_page import WirePage
from tugan.core.images import RgbArray
from tugan.studio.frames import FrameKind

pytestmark = pytest.mark.xdist_group("studio")
WIDTH, HEIGHT, SIDE, LEFT, TOP = 760, 600, 480, 140, 60


@pytest.fixture
def http(studio: RunningStudio) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=studio.origin, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=HANG_S
    ) as client:
        yield client


@pytest.fixture
def page(studio: RunningStudio) -> Iterator[WirePage]:
    """Of a new session."""
    with WirePage(studio) as opened:
        yield opened.ready()


def decoded(encoded: bytes) -> RgbArray:
    with Image.open(io.BytesIO(encoded)) as opened:
        return np.asarray(opened.convert("RGB"))


def file_of(pixels: RgbArray, kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.fromarray(pixels).save(target, kind)
    return target.getvalue()


@pytest.fixture
def portrait(page: WirePage) -> RgbArray:
    """The face that the page shows, in a larger picture."""
    face = Image.fromarray(decoded(page.frames[FrameKind.RESTING]))
    picture = Image.new("RGB", (WIDTH, HEIGHT), (80, 110, 140))
    picture.paste(face.resize((SIDE, SIDE)), (LEFT, TOP))
    return np.asarray(picture)


def put(http: httpx.Client, page: WirePage, content: bytes, name: str) -> httpx.Response:
    return http.put(f"/api/sessions/{page.session}/photo", params={"name": name}, content=content)


def test_there_and_back(page: WirePage, http: httpx.Client, portrait: RgbArray) -> None:
    assert page.welcome["photo_exports"] == ["jpg", "png", "webp"]
    before = page.frames[FrameKind.RESTING]
    assert put(http, page, file_of(portrait), "../holiday ä.png").status_code == 204
    page.until(lambda page: len(page.photo_progress) >= 3)
    incoming = page.state["incoming"]
    assert page.state["phase"] == "photo"
    assert incoming["stage"] == "invert"
    assert incoming["name"] == "holiday ä.png"
    assert (incoming["width_px"], incoming["height_px"]) == (WIDTH, HEIGHT)
    assert incoming["faces"] == [incoming["chosen"]]
    corners = np.array(incoming["chosen"])
    assert corners.mean(axis=0) == pytest.approx((LEFT + SIDE / 2, TOP + SIDE / 2), abs=50)
    assert page.photo_progress[0]["stage"] == "invert"
    assert decoded(page.frames[FrameKind.PHOTO]).shape == portrait.shape
    assert decoded(page.frames[FrameKind.TARGET]).shape == (512, 512, 3)
    assert len(page.steps[FrameKind.INVERTED]) >= 2
    page.say("photo-keep")
    page.until(lambda page: page.state["photo"] is not None and page.idle)
    assert page.state["incoming"] is None
    assert page.state["photo"]["quality"]["grade"] in ("good", "usable", "poor")
    assert page.state["history"][-1]["text"] == "Photo holiday ä.png"
    kept = page.picture_after(before)
    points = [{"id": 0, "handle": [512, 620], "goal": [545, 605]}]
    page.say("set-points", points=points, change="add")
    page.say("start")
    page.until(lambda page: page.state["outcome"] and page.idle)
    page.picture_after(kept)
    answer = http.get(f"/api/sessions/{page.session}/photo", params={"format": "png"})
    assert answer.status_code == 200
    assert 'filename="holiday-edited.png"' in answer.headers["content-disposition"]
    edited = decoded(answer.content)
    assert edited.shape == portrait.shape
    assert not np.array_equal(edited, portrait)
    assert np.array_equal(edited[:, :60], portrait[:, :60])
    marked = http.get(f"/api/sessions/{page.session}/photo", params={"format": "jpg", "mark": True})
    assert decoded(marked.content).shape == portrait.shape
    assert b"trainedAlgorithmicMedia" in marked.content or b"composite" in marked.content


def test_it_goes_on_while_the_page_is_away(
    studio: RunningStudio, page: WirePage, http: httpx.Client, portrait: RgbArray
) -> None:
    assert put(http, page, file_of(portrait, "JPEG"), "me.jpg").status_code == 204
    page.until(lambda page: page.photo_progress)
    session = page.session
    page.close()
    with WirePage(studio, session=session) as again:
        again.until(lambda page: FrameKind.INVERTED in page.frames)
        assert again.welcome["resumed"] is True
        assert again.state["incoming"]["name"] == "me.jpg"
        for kind in (FrameKind.PHOTO, FrameKind.TARGET):
            assert kind in again.frames
        again.say("photo-cancel")
        again.until(lambda page: page.state["incoming"] is None and page.idle)


def test_a_square_by_hand(page: WirePage, http: httpx.Client, portrait: RgbArray) -> None:
    """Where there is no face, and the warning that comes with it."""
    empty = np.full_like(portrait, 120)
    assert put(http, page, file_of(empty), "wall.png").status_code == 204
    page.until(lambda page: (page.state["incoming"] or {}).get("stage") == "choose")
    assert page.state["incoming"]["faces"] == []
    assert "will not look like this" in page.state["incoming"]["warning"]
    number = page.say("photo-begin", square={"centre": [50, 50], "side_px": 3})
    assert page.refusal_of(number)["code"] == "bad-square"
    number = page.say("photo-begin", face=0)
    assert page.refusal_of(number)["code"] == "unknown-face"
    page.say("photo-begin", square={"centre": [300, 300], "side_px": 300, "angle_deg": 10})
    page.until(lambda page: page.photo_progress)
    page.say("stop")
    page.until(lambda page: page.state["incoming"]["stage"] == "ready" and page.idle)
    assert page.state["incoming"]["finished"] is False
    page.say("photo-cancel")
    page.until(lambda page: page.state["incoming"] is None)


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_what_is_no_picture_is_refused(page: WirePage, http: httpx.Client, content: bytes) -> None:
    answer = put(http, page, content, "me.png")
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad-photo"
    assert "me.png" in answer.json()["text"]
    assert page.state["incoming"] is None


def test_a_picture_of_a_seed_has_no_photograph(page: WirePage, http: httpx.Client) -> None:
    answer = http.get(f"/api/sessions/{page.session}/photo")
    assert (answer.status_code, answer.json()["code"]) == (409, "no-photo")
    number = page.say("photo-keep")
    assert page.refusal_of(number)["code"] == "no-photo"

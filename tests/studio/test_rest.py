"""Downloads and uploads of a real server."""

import io
import socket
import zipfile
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from PIL import Image
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from patience import HANG_S
from studio.running import TOKEN, RunningStudio
from studio.wire_page import WirePage
from tugan.studio.frames import FrameKind

pytestmark = pytest.mark.xdist_group("studio")


@pytest.fixture
def http(studio: RunningStudio) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=studio.origin, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=HANG_S
    ) as client:
        yield client


def fault(answer: httpx.Response) -> dict[str, str]:
    found: dict[str, str] = answer.json()
    assert set(found) == {"code", "text", "remedy"}
    assert found["text"]
    assert found["remedy"]
    return found


def test_health_and_models(http: httpx.Client) -> None:
    health = http.get("/api/health").json()
    assert health["status"] == "ok"
    assert health["device"] == "cpu"
    (model, *_) = http.get("/api/models").json()
    assert model["name"] == "faces-1024"
    assert model["size_bytes"] > 10_000_000
    assert model["licence"]


def test_the_page_needs_the_token_its_code_does_not(studio: RunningStudio) -> None:
    with httpx.Client(base_url=studio.origin, timeout=HANG_S) as stranger:
        assert fault(stranger.get("/"))["code"] == "bad-token"
        lost = stranger.get("/", params={"token": "wrong"}, headers={"Accept": "text/html"})
        assert lost.status_code == 401
        assert "Open the whole address that tugan printed" in lost.text
        page = stranger.get("/", params={"token": TOKEN})
        assert page.status_code == 200
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "no-referrer"
        source = page.text.split('src="', 1)[1].split('"', 1)[0]
        assert stranger.get(source).status_code == 200
        assert stranger.get("/assets/../index.html").status_code in (401, 404)
        assert stranger.get("/assets/%2e%2e/%2e%2e/app.py").status_code == 404


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/openapi.json", "/assets/x.js"])
def test_foreign_hosts_and_origins_are_refused(http: httpx.Client, path: str) -> None:
    assert http.get(path, headers={"Host": "evil.example"}).status_code == 421
    assert http.get(path, headers={"Origin": "https://evil.example"}).status_code == 403


def test_pictures_come_in_every_format_with_and_without_points(
    studio: RunningStudio, http: httpx.Client
) -> None:
    with WirePage(studio) as page:
        page.ready()
        base = f"/api/sessions/{page.session}/picture"
        plain = http.get(base)
        assert plain.content == page.frames[FrameKind.RESTING]
        assert 'filename="faces-1024-seed14.png"' in plain.headers["content-disposition"]
        marked = http.get(base, params={"points": True})
        assert marked.content != plain.content
        for kind, name in [("jpg", "JPEG"), ("webp", "WEBP"), ("png", "PNG")]:
            found = Image.open(io.BytesIO(http.get(base, params={"format": kind}).content))
            assert (found.format, found.size) == (name, (1024, 1024))


def test_animations_need_a_drag_then_show_it(studio: RunningStudio, http: httpx.Client) -> None:
    with WirePage(studio) as page:
        page.ready()
        url = f"/api/sessions/{page.session}/animation"
        too_early = http.get(url)
        assert too_early.status_code == 409
        assert "drag" in fault(too_early)["text"]
        page.say("start")
        page.until(lambda page: page.state["outcome"] and page.idle)
        film = Image.open(io.BytesIO(http.get(url, params={"format": "gif"}).content))
        assert film.format == "GIF"
        assert getattr(film, "n_frames", 1) >= 3
        assert http.get(url, params={"format": "mp4"}).content[4:8] == b"ftyp"


def test_a_project_goes_out_and_comes_in_again(studio: RunningStudio, http: httpx.Client) -> None:
    with WirePage(studio) as page, WirePage(studio) as other:
        page.ready()
        other.ready()
        fresh = page.frames[FrameKind.RESTING]
        page.say("start")
        dragged = page.picture_after(fresh)
        page.until(lambda page: page.state["outcome"] and page.idle)
        saved = http.get(f"/api/sessions/{page.session}/project").content
        assert "manifest.json" in zipfile.ZipFile(io.BytesIO(saved)).namelist()
        opened = http.put(f"/api/sessions/{other.session}/project", content=saved)
        assert opened.status_code == 204
        assert other.picture_after(fresh) == dragged
        other.until(lambda page: page.state["outcome"])
        assert other.state["points"] == page.state["points"]


def bad_uploads() -> dict[str, bytes]:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../evil.py", "print('hello')")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b" " * 300_000_000)
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    return {
        "nothing": b"",
        "words": b"hello",
        "picture": picture.getvalue(),
        "half a zip": buffer.getvalue()[:-20],
        "traversal": buffer.getvalue(),
        "bomb": bomb.getvalue(),
    }


@pytest.mark.parametrize("name", bad_uploads())
def test_bad_projects_are_refused_and_the_work_stays(
    studio: RunningStudio, http: httpx.Client, name: str
) -> None:
    with WirePage(studio) as page:
        page.ready()
        before = page.state["points"]
        answer = http.put(f"/api/sessions/{page.session}/project", content=bad_uploads()[name])
        assert answer.status_code == 400
        fault(answer)
        page.listen_for(0.2)
        assert page.state["points"] == before


def test_too_large_an_upload_is_cut_off(studio: RunningStudio, http: httpx.Client) -> None:
    with WirePage(studio) as page:
        page.ready()

        def endless() -> Iterator[bytes]:
            for _ in range(65):
                yield bytes(1 << 20)

        answer = http.put(f"/api/sessions/{page.session}/project", content=endless())
        assert answer.status_code == 413
        fault(answer)


@pytest.mark.parametrize("part", ["picture", "animation", "project"])
def test_sessions_that_are_not_there_are_404(http: httpx.Client, part: str) -> None:
    answer = http.get(f"/api/sessions/no-such-session/{part}")
    assert answer.status_code == 404
    assert fault(answer)["code"] == "unknown-session"


def test_every_route_keeps_to_its_own_description(
    studio: RunningStudio, http: httpx.Client
) -> None:
    """Requests that schemathesis draws from the OpenAPI document, valid and not."""
    schema = schemathesis.openapi.from_dict(http.get("/api/openapi.json").json())
    operations = [found.ok() for found in schema.get_all_operations() if isinstance(found, Ok)]
    assert len(operations) >= 6
    for operation in operations:

        @settings(max_examples=20, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def keeps_to_it(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(
                base_url=studio.origin,
                headers={"Authorization": f"Bearer {TOKEN}"},
                checks=[
                    not_a_server_error,
                    status_code_conformance,
                    content_type_conformance,
                    response_schema_conformance,
                    negative_data_rejection,
                ],
            )

        keeps_to_it()


# ---- hostile requests ------------------------------------------------------------------------


def spoken(studio: RunningStudio, request: bytes, *, then_close: bool = False) -> bytes:
    """What is answered to these very bytes."""
    with socket.create_connection(("127.0.0.1", studio.port), timeout=HANG_S) as line:
        line.sendall(request)
        if then_close:
            return b""
        answer = b""
        while more := line.recv(65536):
            answer += more
    return answer


@pytest.mark.parametrize("origin", ["http://[::1", "http://[", "//[x]:y", "http://[v1.z]x/"])
def test_a_malformed_origin_is_an_answer(http: httpx.Client, origin: str) -> None:
    answer = http.get("/api/health", headers={"Origin": origin})
    assert answer.status_code in (400, 403)
    assert fault(answer)["code"] in ("bad-origin", "foreign-origin")


def test_a_malformed_origin_of_a_socket_is_an_answer(studio: RunningStudio) -> None:
    before = len(studio.said)
    with (
        pytest.raises((ConnectionClosed, InvalidStatus)),
        connect(studio.socket_url, origin=Origin("http://[::1"), open_timeout=HANG_S) as page,
    ):
        page.recv(HANG_S)
    assert not any("Traceback" in line for line in studio.said[before:])


def test_an_upload_that_breaks_off_is_no_traceback(
    studio: RunningStudio, http: httpx.Client
) -> None:
    with WirePage(studio) as page:
        page.ready()
        before = len(studio.said)
        for kind in ("project", "photo"):
            spoken(
                studio,
                f"PUT /api/sessions/{page.session}/{kind} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Authorization: Bearer {TOKEN}\r\nContent-Length: 100000\r\n\r\nabc".encode(),
                then_close=True,
            )
        # in order: what is answered now comes after what broke off
        for _ in range(20):
            assert http.get("/api/health").status_code == 200
        page.say("set-points", points=[], change="clear")
        page.until(lambda page: page.state["points"] == [])
        assert not any("Traceback" in line for line in studio.said[before:]), studio.said[before:]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/api/nowhere", 404),
        ("GET", "/assets/nowhere.js", 404),
        ("POST", "/api/health", 405),
        ("DELETE", "/", 405),
        ("GET", "/api/sessions/nobody/picture", 404),
        ("GET", "/api/sessions/nobody/picture?format=exe", 422),
    ],
)
def test_all_errors_have_one_form(http: httpx.Client, method: str, path: str, status: int) -> None:
    answer = http.request(method, path)
    assert answer.status_code == status
    fault(answer)


@pytest.mark.parametrize("name", ["\u00e4" * 300 + ".png", "x" * 300 + ".png", "\U0001f600" * 100])
def test_names_are_cut_to_what_file_systems_take(
    studio: RunningStudio, http: httpx.Client, name: str
) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 64)).save(picture, "PNG")
    with WirePage(studio) as page:
        page.ready()
        url = f"/api/sessions/{page.session}/photo"
        assert http.put(url, content=picture.getvalue(), params={"name": name}).status_code == 204
        page.until(lambda page: page.state["incoming"])
        kept = page.state["incoming"]["name"]
        assert 240 < len(kept.encode()) <= 255
        assert name.startswith(kept.removesuffix(".png"))
        assert kept.endswith(".png") or not name.endswith(".png")
        page.say("photo-cancel")
        page.until(lambda page: page.state["incoming"] is None and page.idle)

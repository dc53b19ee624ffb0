import socket
from urllib.parse import quote, urlsplit

import pytest
from starlette.datastructures import Headers

from tugan.studio.one_time_link import OneTimeLink
from tugan.studio.options import StudioOptions
from tugan.studio.security import (
    BAD_ORIGIN,
    BAD_TOKEN,
    FOREIGN_HOST,
    FOREIGN_ORIGIN,
    Guard,
    Refusal,
)
from tugan.studio.serve import url_of, warning_of

TOKEN = "a-token-of-the-test"


def refusal_of(
    *,
    listening: str = "127.0.0.1",
    path: str = "/api/health",
    query: str = f"token={TOKEN}",
    **headers: str,
) -> Refusal | None:
    guard = Guard(token=TOKEN, host=listening)
    given = {"host": "127.0.0.1:7860", **headers}
    return guard.refusal(path=path, query=query, headers=Headers(given))


@pytest.mark.parametrize("host", ["127.0.0.1:7860", "localhost:7860", "[::1]:7860", "127.0.0.1"])
def test_this_machines_names_are_its_own(host: str) -> None:
    assert refusal_of(host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:7860",  # rebound to 127.0.0.1
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.1@evil.example",
        "192.168.0.7:7860",
        "localhost:port",
        "[::1",
        "",
    ],
)
def test_other_names_are_foreign(host: str) -> None:
    assert refusal_of(host=host) is FOREIGN_HOST


def test_a_studio_for_the_network_answers_to_numbers_but_not_to_strange_names() -> None:
    assert refusal_of(listening="0.0.0.0", host="192.168.0.7:7860") is None
    assert refusal_of(listening="0.0.0.0", host="evil.example:7860") is FOREIGN_HOST
    assert refusal_of(listening="studio.lan", host="studio.lan:7860") is None


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost:7860", ""]
)
def test_pages_of_other_origins_are_refused(origin: str) -> None:
    assert refusal_of(origin=origin) is FOREIGN_ORIGIN


@pytest.mark.parametrize("origin", ["http://[::1", "http://[", "http://[not-an-address]"])
def test_an_origin_that_is_none_is_an_answer(origin: str) -> None:
    assert refusal_of(origin=origin) in (BAD_ORIGIN, FOREIGN_ORIGIN)
    assert refusal_of(origin="http://[::1") is BAD_ORIGIN


def test_the_own_page_is_not() -> None:
    assert refusal_of(origin="http://127.0.0.1:7860") is None


@pytest.mark.parametrize("query", ["", "token=", "token=wrong", "token=%FF", "tokens=" + TOKEN])
def test_without_the_token_nothing_is_answered(query: str) -> None:
    assert refusal_of(query=query) is BAD_TOKEN


def test_the_token_may_come_in_a_header() -> None:
    assert refusal_of(query="", authorization=f"Bearer {TOKEN}") is None
    assert refusal_of(query="", authorization=f"bearer  {TOKEN}") is None
    assert refusal_of(query="", authorization=f"Basic {TOKEN}") is BAD_TOKEN
    assert refusal_of(query="", authorization="Bearer é") is BAD_TOKEN


def test_the_pages_code_is_open_but_not_to_foreign_hosts() -> None:
    assert refusal_of(path="/assets/index.js", query="") is None
    assert refusal_of(path="/assets/index.js", query="", host="evil.example") is FOREIGN_HOST
    assert refusal_of(path="/", query="") is BAD_TOKEN


@pytest.mark.parametrize(
    "token", ["a b+c&d=e%f#g/h?", "Ünïcödé-tökèn", "日本語のトークン", "🐻🐻🐻🐻🐻🐻🐻🐻"]
)
def test_a_token_of_any_characters_is_known_again(token: str) -> None:
    options = StudioOptions(token=token)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        query = urlsplit(url_of(listening, options)).query
    guard = Guard(token=token, host="127.0.0.1")
    encoded = quote(token, safe="")
    plain = Headers({"host": "127.0.0.1:1"})
    bearer = Headers({"host": "127.0.0.1:1", "authorization": f"Bearer {encoded}"})
    assert guard.refusal(path="/", query=query, headers=plain) is None
    assert guard.refusal(path="/", query="", headers=bearer) is None
    assert guard.refusal(path="/", query="", headers=plain) is BAD_TOKEN


def test_addresses_that_others_reach_are_warned_of() -> None:
    assert warning_of("127.0.0.1") is None
    assert warning_of("::1") is None
    assert warning_of("localhost") is None
    for host in ("0.0.0.0", "::", "192.0.2.7"):
        assert "others on the network" in (warning_of(host) or "")


def test_a_link_opens_the_studio_once_and_only_the_newest() -> None:
    link = OneTimeLink()
    assert not link.use("")
    old = link.make().rpartition("/")[2]
    new = link.make().rpartition("/")[2]
    assert not link.use(old)
    assert link.use(new)
    assert not link.use(new)

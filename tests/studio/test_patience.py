"""Connections that nobody is behind: real sockets, a real server, short limits."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import final

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from patience import HANG_S
from tugan.studio.patience import PatientHttp, PatientWebSocket

LARGE = b"x" * (1 << 25)
"""More than what the system keeps for those who do not read."""


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
PATIENCE_S = 4.0
"""Longer than a slow machine pauses for, in tests of those who are slow but there."""


@final
class HastyHttp(PatientHttp):
    request_s, unread_s = 0.2, 0.2


@final
class SlowHttp(PatientHttp):
    request_s, unread_s = PATIENCE_S, PATIENCE_S


@final
class HastyWebSocket(PatientWebSocket):
    unread_s = 0.2


@final
class SlowWebSocket(PatientWebSocket):
    unread_s = PATIENCE_S


@final
class Floods:
    """Sends without an end, echoes what is posted, and counts who is being served."""

    def __init__(self) -> None:
        self.serving = 0
        self.served = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return
        self.serving += 1
        try:
            if scope["type"] == "websocket":
                await self._flood(receive, send)
            else:
                await self._answer(scope, receive, send)
        finally:
            self.serving -= 1
            self.served += 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})
        body = LARGE if scope["path"] == "/large" else b"small"
        await send({"type": "http.response.body", "body": body})

    async def _flood(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        writing = asyncio.create_task(self._write(send))
        while (await receive())["type"] != "websocket.disconnect":
            pass
        writing.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await writing

    async def _write(self, send: Send) -> None:
        while True:
            await send({"type": "websocket.send", "bytes": LARGE})


@contextlib.contextmanager
def served(app: Floods, *, ping_s: float | None = None, hasty: bool = True) -> Iterator[int]:
    """A port."""
    config = uvicorn.Config(
        app,
        http=HastyHttp if hasty else SlowHttp,
        ws=HastyWebSocket if hasty else SlowWebSocket,
        ws_ping_interval=ping_s,
        ws_ping_timeout=ping_s,
        lifespan="off",
        log_level="critical",
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            until(lambda: server.started)
            yield listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + HANG_S
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def ends(client: socket.socket) -> bool:
    """Does the server end the connection?"""
    client.settimeout(HANG_S)
    try:
        while client.recv(1 << 16):
            pass
    except ConnectionError:
        pass
    return True


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf",
    ],
)
def test_a_request_that_never_ends_is_given_up(begun: bytes) -> None:
    app = Floods()
    with served(app) as port, socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(begun)
        assert ends(client)
        until(lambda: app.serving == 0)


def test_headers_that_drip_in_are_given_up_too() -> None:
    with served(Floods()) as port, socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")

        def drip() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client.sendall(b"X-A: b\r\n")
                    time.sleep(0.05)

        dripping = threading.Thread(target=drip)
        dripping.start()
        assert ends(client)
        client.close()
        dripping.join()


def test_an_answer_that_nobody_reads_is_given_up() -> None:
    app = Floods()
    with served(app) as port, socket.create_connection(("127.0.0.1", port)) as client:
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
        until(lambda: app.served == 1)


def test_one_who_reads_slowly_but_reads_gets_all() -> None:
    with (
        served(Floods(), hasty=False) as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.settimeout(HANG_S)
        client.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        got, began_s = 0, time.monotonic()
        while block := client.recv(1 << 20):
            got += len(block)
            # the system keeps some of it for us, so that only most of it comes after the limit
            time.sleep(2 * PATIENCE_S * len(block) / len(LARGE))
        assert got > len(LARGE)
        assert time.monotonic() - began_s > PATIENCE_S


def test_a_body_that_comes_slowly_is_waited_for() -> None:
    with (
        served(Floods(), hasty=False) as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n")
        for _ in range(20):
            client.sendall(b"x")
            time.sleep(PATIENCE_S / 15)
        client.settimeout(HANG_S)
        assert client.recv(1 << 16).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("ping_s", [None, 0.2])
def test_a_page_that_reads_nothing_loses_its_place(ping_s: float | None) -> None:
    app = Floods()
    with (
        served(app, ping_s=ping_s) as port,
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.sendall(HANDSHAKE)
        until(lambda: app.served == 1)


def test_a_page_that_reads_slowly_keeps_its_place() -> None:
    app = Floods()
    with (
        served(app, hasty=False) as port,
        # no library, which would read ahead and then rest
        socket.create_connection(("127.0.0.1", port)) as client,
    ):
        client.settimeout(HANG_S)
        client.sendall(HANDSHAKE)
        began_s = time.monotonic()
        while time.monotonic() - began_s < 1.5 * PATIENCE_S:
            assert client.recv(1 << 20)
            time.sleep(PATIENCE_S / 40)
        assert app.serving == 1

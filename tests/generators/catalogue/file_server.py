"""A real HTTP server of one file, that can be told to misbehave."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from patience import HANG_S


@dataclass(kw_only=True)
class Behaviour:
    """What the server does; may be changed between requests."""

    content: bytes
    etag: str | None = '"one"'
    ranges: bool = True
    honours_if_range: bool = True
    cut_after: list[int] = field(default_factory=list)
    """The next answers end after so many bytes, one each."""
    stall: bool = False
    """Send half of it, then nothing until the test ends."""
    announced: int | None = None
    """A length that is not the content's."""
    length_told: bool = True
    statuses: list[int] = field(default_factory=list)
    """The next answers are these instead."""
    encoding: str | None = None
    range_shift: int = 0
    """Ranges are answered this much too far on."""
    asked: list[dict[str, str]] = field(default_factory=list)
    """The headers of all requests."""
    released: threading.Event = field(default_factory=threading.Event)


class Handler(BaseHTTPRequestHandler):
    """``/file``; ``/to/ADDRESS`` redirects there; ``/around`` to itself."""

    protocol_version = "HTTP/1.1"
    behaviour: ClassVar[Behaviour]

    def do_GET(self) -> None:
        """Answer as the behaviour says."""
        does = self.behaviour
        does.asked.append(dict(self.headers))
        self.close_connection = True
        if self.path.startswith("/to/"):
            self._redirect(self.path.removeprefix("/to/"))
        elif self.path == "/around":
            self._redirect("/around")
        elif self.path != "/file":
            self.send_error(404)
        elif does.statuses:
            self.send_error(does.statuses.pop(0))
        else:
            self._send()

    def _redirect(self, where: str) -> None:
        self.send_response(302)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _send(self) -> None:
        does = self.behaviour
        start = self._start()
        if start is not None and start >= len(does.content):
            self.send_error(416)
            return
        body = does.content[start or 0 :]
        self.send_response(200 if start is None else 206)
        if start is not None:
            last = len(does.content) - 1
            told = start + does.range_shift
            self.send_header("Content-Range", f"bytes {told}-{last}/{len(does.content)}")
        if does.etag:
            self.send_header("ETag", does.etag)
        if does.encoding:
            self.send_header("Content-Encoding", does.encoding)
        if does.length_told:
            self.send_header("Content-Length", str(does.announced or len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        if does.stall:
            self.wfile.write(body[: len(body) // 2])
            self.wfile.flush()
            does.released.wait(HANG_S)
            return
        with suppress(ConnectionError):  # who asked has gone
            self.wfile.write(body[: does.cut_after.pop(0)] if does.cut_after else body)

    def _start(self) -> int | None:
        does = self.behaviour
        found = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if found is None or not does.ranges:
            return None
        if does.honours_if_range and self.headers.get("If-Range") not in (None, does.etag):
            return None
        return int(found[1])

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@dataclass(frozen=True, kw_only=True)
class FileServer:
    """A server that runs."""

    address: str
    """Of the server; the file is at ``/file``."""
    does: Behaviour

    @property
    def file(self) -> str:
        """The address of the file."""
        return f"{self.address}/file"


@contextmanager
def serving(content: bytes) -> Iterator[FileServer]:
    """A server of this content, until the end of the block."""
    does = Behaviour(content=content)
    handler = type("OneFile", (Handler,), {"behaviour": does})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield FileServer(address=f"http://127.0.0.1:{server.server_address[1]}", does=does)
    finally:
        does.released.set()
        server.shutdown()
        thread.join()
        server.server_close()

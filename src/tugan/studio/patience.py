"""Connections that nobody is behind any more are ended: uvicorn's protocols, with limits.

By itself uvicorn waits for as long as a client likes for the end of a request, and for it to read
what is sent; and after a ping without an answer it closes a connection only when all that waits has
been sent, which to a page that reads nothing is never.
"""

import asyncio
from collections.abc import Callable
from typing import final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

REQUEST_S = 30.0
"""A request has to be there in this time; a body that is coming may take as long as it comes."""
UNREAD_S = 40.0
"""Something of what is sent has to be read in this time."""
_FAREWELL_S = 2.0
"""For the close frame."""


@final
class _Limit:
    """Ends a connection when nothing has happened on it for a time."""

    def __init__(self, transport: asyncio.Transport, *, after_s: float) -> None:
        self._transport, self._after_s = transport, after_s
        self._timer: asyncio.TimerHandle | None = None

    def await_data(self) -> None:
        """Something has to come in."""
        self._start(self._check_reading)

    def await_reading(self) -> None:
        """Some of what waits to be sent has to be taken."""
        waiting = self._transport.get_write_buffer_size()
        self._start(lambda: self._check_writing(waiting))

    def clear(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, check: Callable[[], None]) -> None:
        self.clear()
        self._timer = asyncio.get_running_loop().call_later(self._after_s, check)

    def _check_reading(self) -> None:
        # while we do not read, nothing can come
        if self._transport.is_reading():
            self._transport.abort()
        else:
            self.await_data()

    def _check_writing(self, before: int) -> None:
        # a slow line takes its time for a large picture
        if self._transport.get_write_buffer_size() >= before:
            self._transport.abort()
        else:
            self.await_reading()


class _LimitsUnread(asyncio.Protocol):
    """What both protocols do with a client that does not read; before uvicorn's own class."""

    unread_s = UNREAD_S
    _unread: _Limit

    def pause_writing(self) -> None:
        """The client reads more slowly than is sent, or not at all."""
        super().pause_writing()
        self._unread.await_reading()

    def resume_writing(self) -> None:
        """It has read."""
        self._unread.clear()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._unread.clear()
        super().connection_lost(exc)


class PatientHttp(_LimitsUnread, H11Protocol):
    """HTTP that waits for requests, and for readers, for a time."""

    request_s = REQUEST_S

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client is there: its request is waited for."""
        self._request = _Limit(transport, after_s=self.request_s)
        self._unread = _Limit(transport, after_s=self.unread_s)
        super().connection_made(transport)
        self._request.await_data()

    def data_received(self, data: bytes) -> None:
        """Part of a request, or a whole one."""
        super().data_received(data)
        state = self.conn.their_state
        if self.transport.get_protocol() is not self:  # a WebSocket by now
            self._request.clear()
        elif state is h11.SEND_BODY:
            self._request.await_data()
        elif state is not h11.IDLE:
            self._request.clear()

    def on_response_complete(self) -> None:
        """The next request has its own time; until it begins uvicorn's own limit holds."""
        super().on_response_complete()
        if not self.transport.is_closing():
            self._request.await_data()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client is gone."""
        self._request.clear()
        super().connection_lost(exc)


class PatientWebSocket(_LimitsUnread, WebSocketsSansIOProtocol):
    """A WebSocket whose page loses its place when it answers no ping, or reads nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """After the handshake's request."""
        super().connection_made(transport)
        self._unread = _Limit(self.transport, after_s=self.unread_s)

    def keepalive_timeout(self) -> None:
        """No answer to a ping: a farewell, and then the end, whatever still waits to be sent."""
        super().keepalive_timeout()
        self._unread.clear()
        self.loop.call_later(_FAREWELL_S, self.transport.abort)

"""Running the studio until someone stops it."""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import final
from urllib.parse import quote

import uvicorn

from tugan.session.autosave import AutosaveFolder
from tugan.studio.app import Studio
from tugan.studio.options import StudioError, StudioOptions
from tugan.studio.patience import PatientHttp, PatientWebSocket
from tugan.studio.security import is_loopback

DEFAULT_PORT = 7860
MAX_MESSAGE_BYTES = 8 << 20
_PING_S = 20.0


@final
class _Server(uvicorn.Server):
    """Says when it listens."""

    def __init__(self, config: uvicorn.Config, *, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            # a browser may take its time to start
            await asyncio.to_thread(self._on_ready)


def listen(host: str, port: int | None) -> socket.socket:
    """A listening socket; without a port, the usual one or, if that is taken, any.

    :class:`StudioError` if it cannot be had.
    """
    wanted = [DEFAULT_PORT, 0] if port is None else [port]
    for number in wanted:
        with contextlib.suppress(_PortTakenError):
            return _bound(host, number)
    raise StudioError(
        f"port {port} of {host} is taken: stop what uses it, or give another --port (0 takes any)"
    )


def url_of(listening: socket.socket, options: StudioOptions) -> str:
    """What to open in a browser."""
    host, port = listening.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}/?token={quote(options.token, safe='')}"


def warning_of(host: str) -> str | None:
    """What to know of an address that others can reach; None for this machine's own."""
    if is_loopback(host) or host == "localhost":
        return None
    return (
        f"warning: at {host} others on the network can reach this studio. Who knows the token sees"
        " and changes your pictures, and nothing is encrypted on the way: use it in networks that"
        " you trust, or 127.0.0.1 and an SSH tunnel"
    )


def serve(
    options: StudioOptions,
    *,
    listening: socket.socket,
    autosaves: AutosaveFolder,
    on_ready: Callable[[str], None],
) -> tuple[str, ...]:
    """Serve until Ctrl+C; sessions are saved and closed on the way out.

    ``on_ready`` is told the path of a link that opens the studio once. Returns the sessions whose
    work the disk did not take.
    """
    studio = Studio(options, autosaves=autosaves)
    config = uvicorn.Config(
        studio.asgi(),
        log_level="warning",
        http=PatientHttp,
        ws=PatientWebSocket,
        ws_max_size=MAX_MESSAGE_BYTES,
        ws_ping_interval=_PING_S,
        ws_ping_timeout=_PING_S,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=3,
        server_header=False,
    )
    with contextlib.suppress(KeyboardInterrupt):
        server = _Server(config, on_ready=lambda: on_ready(studio.link.make()))
        server.run(sockets=[listening])
    return tuple(studio.sessions.unsaved)


class _PortTakenError(Exception):
    """The port is in use."""


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise StudioError(f"there is no address {host!r} to listen at: {error}") from error
    listening = socket.socket(family, kind, protocol)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        if port:
            raise _PortTakenError from error
        raise StudioError(f"cannot listen at {host}: {error.strerror or error}") from error
    return listening

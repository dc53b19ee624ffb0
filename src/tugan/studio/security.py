"""Who may talk to the studio: those who know the token, from a page that the studio served.

Listening on loopback alone keeps nobody out: any page that the user visits can send requests to
127.0.0.1, and a name that is rebound to it makes them same-origin. So the Host must be one that
belongs to this machine, an Origin must be the Host, and a token must be known.
"""

import hmac
import ipaddress
import json
import socket
from dataclasses import dataclass, field
from typing import final
from urllib.parse import parse_qs, unquote, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN_PATH = "/open/"
"""Of links that tell a browser the token, once."""
OPEN_PREFIXES = ("/assets/", "/favicon", OPEN_PATH)
"""The page's own code, which is public, and what is asked for before the token can be known."""
CLOSE_BAD_TOKEN = 4401
CLOSE_FOREIGN = 4403
CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws: wss:;"
    " style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none';"
    " form-action 'none'"
)
_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>tugan</title>
<body style="font: 1.1rem system-ui, sans-serif; max-width: 34rem; margin: 20vh auto">
<h1 style="font-size: 1.4rem">This page cannot be opened</h1>
<p>{refusal.text}</p><p>{refusal.remedy}</p>
"""
"""For people; without anything of the request, which may be anybody's."""
_PROTECTION = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a request is not answered."""

    status: int
    close_code: int
    code: str
    text: str
    remedy: str


FOREIGN_HOST = Refusal(
    status=421,
    close_code=CLOSE_FOREIGN,
    code="foreign-host",
    text="This request was sent to a host name that is not this studio's.",
    remedy="Open the address that tugan printed.",
)
FOREIGN_ORIGIN = Refusal(
    status=403,
    close_code=CLOSE_FOREIGN,
    code="foreign-origin",
    text="This request comes from a page that the studio did not serve.",
    remedy="Use the studio's own page.",
)
BAD_ORIGIN = Refusal(
    status=400,
    close_code=CLOSE_FOREIGN,
    code="bad-origin",
    text="This request says that it comes from an address that is none.",
    remedy="Use the studio's own page.",
)
BAD_TOKEN = Refusal(
    status=401,
    close_code=CLOSE_BAD_TOKEN,
    code="bad-token",
    text="The token is missing or is not this studio's.",
    remedy="Open the whole address that tugan printed, with ?token= at its end.",
)


@final
@dataclass(frozen=True, kw_only=True)
class Guard:
    """The rules, apart from the server that applies them."""

    token: str = field(repr=False)
    host: str
    """The address that is listened at."""

    def refusal(self, *, path: str, query: str, headers: Headers) -> Refusal | None:
        """Why this request is not answered; None if it is."""
        host = headers.get("host", "")
        if not self.is_own_host(host):
            return FOREIGN_HOST
        origin = headers.get("origin")
        if origin is not None:
            try:
                told = urlsplit(origin).netloc
            except ValueError:
                return BAD_ORIGIN
            if told.lower() != host.lower():
                return FOREIGN_ORIGIN
        if not path.startswith(OPEN_PREFIXES) and not self._knows_token(query, headers):
            return BAD_TOKEN
        return None

    def is_own_host(self, host: str) -> bool:
        """Is this Host header one of this machine's, and not a name that was rebound to it?"""
        try:
            parts = urlsplit(f"//{host}")
            name, _ = parts.hostname, parts.port
        except ValueError:
            return False
        if not name or parts.username is not None or parts.path:
            return False
        if name == "localhost" or is_loopback(name):
            return True
        if is_loopback(self.host) or self.host == "localhost":
            return False
        # a number cannot be rebound, nor can the name that this machine calls itself
        return _is_address(name) or name in {self.host.lower(), socket.gethostname().lower()}

    def _knows_token(self, query: str, headers: Headers) -> bool:
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        # percent-encoded by our page, since headers hold Latin letters alone
        given = [bearer.strip(), unquote(bearer.strip())] if scheme.lower() == "bearer" else []
        given += parse_qs(query).get("token", [])
        wanted = self.token.encode()
        return any(hmac.compare_digest(one.encode(), wanted) for one in given)


@final
class GuardedApp:
    """ASGI middleware: refuses what the guard refuses, for HTTP and WebSocket alike."""

    def __init__(self, app: ASGIApp, *, guard: Guard) -> None:
        """``app`` answers what is let through."""
        self._app, self._guard = app, guard

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._guard.refusal(
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers=Headers(scope=scope),
        )
        if scope["type"] == "websocket":
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                await _refuse_socket(refusal, receive, send)
            return
        if refusal is None:
            await self._app(scope, receive, _protecting(send))
        else:
            wants_page = "text/html" in Headers(scope=scope).get("accept", "")
            await _refuse_http(refusal, _protecting(send), as_page=wants_page)


async def _refuse_socket(refusal: Refusal, receive: Receive, send: Send) -> None:
    # accepted first: a page cannot see why a handshake was refused, but it sees close codes
    await receive()
    await send({"type": "websocket.accept"})
    await send(
        {"type": "websocket.close", "code": refusal.close_code, "reason": refusal.text[:120]}
    )


async def _refuse_http(refusal: Refusal, send: Send, *, as_page: bool) -> None:
    if as_page:
        kind, body = b"text/html; charset=utf-8", _PAGE.format(refusal=refusal)
    else:
        kind = b"application/json"
        body = json.dumps({"code": refusal.code, "text": refusal.text, "remedy": refusal.remedy})
    headers = [(b"content-type", kind), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})


def _protecting(send: Send) -> Send:
    async def protected(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _PROTECTION.items():
                headers.setdefault(name, value)
        await send(message)

    return protected


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Is this an address that only this machine reaches?"""
    return _is_address(name) and ipaddress.ip_address(name).is_loopback

"""A link that opens the studio once, so that a token need not stand on a browser's command line.

Every user of a machine can read the command lines of all programs. What stands on this one is worth
nothing as soon as the browser has asked for it.
"""

import hmac
import secrets
import threading
import time
from collections.abc import Awaitable, Callable
from typing import final
from urllib.parse import quote

from starlette.responses import HTMLResponse, RedirectResponse, Response

from tugan.studio.security import OPEN_PATH

LIFE_S = 300.0
"""Browsers may take their time to start."""
_NO_STORE = {"Cache-Control": "no-store"}
_USED = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>tugan</title>
<body style="font: 1.1rem system-ui, sans-serif; max-width: 34rem; margin: 20vh auto">
<h1 style="font-size: 1.4rem">This link does not open the studio any more</h1>
<p>It worked once. Open the whole address that tugan printed, with ?token= at its end.</p>
"""


@final
class OneTimeLink:
    """At most one link is good at a time. Thread-safe."""

    def __init__(self) -> None:
        """None yet."""
        self._lock = threading.Lock()
        self._nonce: str | None = None
        self._until = 0.0

    def make(self) -> str:
        """The path of a new link; an older one is good no more."""
        with self._lock:
            self._nonce, self._until = secrets.token_urlsafe(24), time.monotonic() + LIFE_S
            return f"{OPEN_PATH}{self._nonce}"

    def use(self, nonce: str) -> bool:
        """Is this the link, used for the first time?"""
        with self._lock:
            known = self._nonce
            if known is None or not hmac.compare_digest(nonce.encode(), known.encode()):
                return False
            self._nonce = None
            return time.monotonic() < self._until


def link_page(link: OneTimeLink, *, token: str) -> Callable[[str], Awaitable[Response]]:
    """The route of the link."""

    async def opened(nonce: str) -> Response:
        if not link.use(nonce):
            return HTMLResponse(_USED, status_code=410, headers=_NO_STORE)
        address = f"/?token={quote(token, safe='')}"
        return RedirectResponse(address, status_code=303, headers=_NO_STORE)

    return opened

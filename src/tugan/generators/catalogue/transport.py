"""One request for a file: encrypted, or of this machine; few redirects, and nothing but HTTP."""

import os
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPMessage, HTTPResponse
from io import BufferedIOBase
from typing import IO, final
from urllib.parse import urljoin, urlsplit

from tugan.generators.catalogue.errors import DownloadError
from tugan.generators.catalogue.offer import allowed_address

MAX_REDIRECTS = 5
OFFLINE_VARIABLE = "HF_HUB_OFFLINE"
_TRUE = ("1", "true", "yes", "on")
AGENT = "tugan"


@final
@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server answered, to be read to its end and closed."""

    status: int
    headers: "Message[str, str]"
    body: BufferedIOBase | IO[bytes]

    def read(self, amount: int) -> bytes:
        """The next bytes; none at the end."""
        return self.body.read(amount)

    def close(self) -> None:
        """Let the connection go."""
        self.body.close()


@final
class _Redirects(urllib.request.HTTPRedirectHandler):
    """Never from an encrypted address to another, nor out of HTTP."""

    max_redirections = MAX_REDIRECTS

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        where = urljoin(req.full_url, newurl)
        check_redirect(req.full_url, where)
        return super().redirect_request(req, fp, code, msg, headers, where)


def check_redirect(origin: str, where: str) -> None:
    """Refuse redirects out of https, but for those of this machine to itself."""
    encrypted = urlsplit(origin).scheme == "https"
    if not allowed_address(where) or (encrypted and urlsplit(where).scheme != "https"):
        raise DownloadError(
            f"{origin} redirects to {where}, expected an address with https://: nothing is fetched"
            " from there"
        )


def check_online() -> None:
    """:class:`DownloadError` if ``HF_HUB_OFFLINE`` forbids to go online."""
    if os.environ.get(OFFLINE_VARIABLE, "").lower() in _TRUE:
        raise DownloadError(
            f"{OFFLINE_VARIABLE} is set, so nothing is downloaded: unset it, or fetch the file"
            " elsewhere and give it with --from FILE"
        )


def request(address: str, headers: Mapping[str, str], *, timeout_s: float) -> Answer:
    """The answer to a GET of ``address``, redirects followed, whatever its status.

    :class:`DownloadError` for addresses and redirects that are not allowed; ``OSError`` and
    ``http.client.HTTPException`` if the server cannot be reached.
    """
    if not allowed_address(address):
        raise DownloadError(f"expected an address with https://, got {address}")
    asked = urllib.request.Request(address, headers={"User-Agent": AGENT, **headers})
    try:
        answer = _opener().open(asked, timeout=timeout_s)
    except urllib.error.HTTPError as error:
        if 300 <= error.code < 400:
            raise DownloadError(
                f"{address} redirects more than {MAX_REDIRECTS} times, in a circle, or out of HTTP:"
                " its publisher's server is at fault; try again later"
            ) from error
        return Answer(status=error.code, headers=error.headers, body=error)
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLError):
            raise DownloadError(
                f"{urlsplit(address).hostname} cannot prove who it is ({error.reason}): is the"
                " clock of this machine right, or is a proxy in between?"
            ) from error
        raise
    assert isinstance(answer, HTTPResponse)
    return Answer(status=answer.status, headers=answer.headers, body=answer)


def _opener() -> urllib.request.OpenerDirector:
    """Without urllib's handlers of file:, ftp: and data:."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirects(),
    ):
        opener.add_handler(handler)
    return opener

"""The token of Ray clusters on this machine.

Since Ray 2.60 a cluster that a program starts for itself makes a token in the home folder, and
whatever cluster is started there later asks for it; but a program that is given an address sends
none unless ``RAY_AUTH_MODE`` says so.
"""

import os
import socket
import sys
from pathlib import Path

TOKEN_MODE = "RAY_AUTH_MODE"
TOKEN_FILE = "~/.ray/auth_token"
_TOKEN, _TOKEN_PATH = "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"


def use_own_token(address: str | None) -> None:
    """Have Ray send this machine's token to a cluster of this machine; others are not told it.

    A cluster that asks for none takes it as well. What the environment says is left as it is, and
    it is read when Ray is imported: afterwards nothing can be done.
    """
    if "ray" in sys.modules:
        return
    host, port = host_of(address)
    if port is not None and TOKEN_MODE not in os.environ and _has_token() and _is_here(host):
        os.environ[TOKEN_MODE] = "token"


def host_of(address: str | None) -> tuple[str, int | None]:
    """Host and port; no port for words such as ``auto``, which are Ray's own."""
    host, _, port = (address or "").removeprefix("ray://").rpartition(":")
    return host.strip("[]"), int(port) if port.isdecimal() else None


def _has_token() -> bool:
    if os.environ.get(_TOKEN):
        return True
    path = Path(os.environ.get(_TOKEN_PATH) or Path(TOKEN_FILE).expanduser())
    return path.is_file()


def _is_here(host: str) -> bool:
    """Only addresses of this machine can be listened at."""
    try:
        for family, kind, protocol, _, place in socket.getaddrinfo(
            host, 0, type=socket.SOCK_STREAM
        ):
            with socket.socket(family, kind, protocol) as one:
                one.bind(place)
    except OSError:
        return False
    return True

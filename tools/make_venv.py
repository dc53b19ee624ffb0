"""Make a virtual environment that has pip, also where Debian left ensurepip out.

Usage: make_venv.py [DIR]    (.venv unless given; an older environment there is replaced)

It uses only the standard library, and syntax that Python 3.6 can read, to reach require_python.
"""

import base64
import configparser
import hashlib
import html
import http.client
import importlib.util
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

MINIMUM = (3, 11)
NEWER = ("python3.11", "python3.12", "python3.13", "python3.14")
PROBE = "import sys; sys.exit(sys.version_info < (3, 11))"


def require_python() -> None:
    """Go on in a newer interpreter from PATH when this one is too old, or say so and leave."""
    if tuple(sys.version_info) >= MINIMUM:
        return
    for name in NEWER:
        found = shutil.which(name)
        if found and subprocess.call([found, "-c", PROBE], stderr=subprocess.DEVNULL) == 0:
            os.execv(found, [found, *sys.argv])
    sys.stderr.write(f"tugan needs Python 3.11 or newer; this is {sys.version.split()[0]}\n")
    sys.exit(2)


require_python()

PIP_VERSION = "26.2.1"
PIP_SHA256 = "71138adf1f4ca900cdb7d289c21b7494329f2332b6d85f0e1c42108c0384ed3e"
PIP_WHEEL = f"pip-{PIP_VERSION}-py3-none-any.whl"
PUBLIC_INDEX = "https://pypi.org/simple"
ACCEPT = "application/vnd.pypi.simple.v1+html, text/html;q=0.5, */*;q=0.1"
HREF = re.compile(r"""<a\s[^>]*?href\s*=\s*["']([^"']+)["']""", re.IGNORECASE)
TRIES, TIMEOUT_S = 3, 30


class VenvError(Exception):
    """The environment could not be made; the text says why, for the user."""


def config_files() -> list[Path]:
    """List pip's configuration files, the one that has the last word at the end."""
    own = os.environ.get("PIP_CONFIG_FILE")
    if own == os.devnull:
        return []
    files = [Path("/etc/xdg/pip/pip.conf"), Path("/etc/pip.conf")]
    if own and Path(own).exists():
        return [*files, Path(own)]
    config = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return [*files, Path.home() / ".pip/pip.conf", config / "pip/pip.conf"]


def pip_settings() -> dict[str, str]:
    """Collect pip's options as pip does: [global], then [install], then the environment."""
    parser = configparser.RawConfigParser()
    parser.read(config_files(), encoding="utf-8")
    sections = [parser[name] for name in ("global", "install") if parser.has_section(name)]
    pairs = [pair for section in sections for pair in section.items()]
    pairs += [(k[4:].lower(), v) for k, v in os.environ.items() if k.startswith("PIP_")]
    return {key.replace("_", "-"): value for key, value in pairs if value}


def opener_for(settings: dict[str, str]) -> urllib.request.OpenerDirector:
    """Build an opener that trusts pip's certificates and takes pip's or the usual proxies."""
    cert = settings.get("cert")
    try:
        https = urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=cert))
    except OSError as error:
        raise VenvError(f"the certificates in {cert} cannot be read: {error}") from error
    proxies = dict.fromkeys(("http", "https"), settings["proxy"]) if "proxy" in settings else None
    return urllib.request.build_opener(urllib.request.ProxyHandler(proxies), https)


def read(opener: urllib.request.OpenerDirector, url: str) -> bytes:
    """Read a URL; a login in it goes into a header, and what may pass is tried again."""
    parts = urllib.parse.urlsplit(url)
    login, _, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(parts._replace(netloc=host).geturl())
    request.add_header("Accept", ACCEPT)
    if login:
        token = base64.b64encode(urllib.parse.unquote(login).encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    for pause in range(1, TRIES + 1):
        try:
            with opener.open(request, timeout=TIMEOUT_S) as answer:
                return bytes(answer.read())
        except (OSError, http.client.HTTPException) as error:
            final = isinstance(error, urllib.error.HTTPError) and error.code < 500
            if final or parts.scheme == "file" or pause == TRIES:
                raise
        time.sleep(pause)
    raise AssertionError  # the last try returns or raises


def pages(settings: dict[str, str]) -> list[str]:
    """List where the wheel may be linked from: find-links, the index, the extra indexes."""
    found = settings.get("find-links", "").split()
    if settings.get("no-index", "").lower() not in ("1", "true", "yes", "on", "y", "t"):
        roots = [settings.get("index-url", PUBLIC_INDEX)]
        roots += settings.get("extra-index-url", "").split()
        found += [root.rstrip("/") + "/pip/" for root in roots]
    return [page if "://" in page else Path(page).expanduser().resolve().as_uri() for page in found]


def link_on(opener: urllib.request.OpenerDirector, page: str) -> str | None:
    """Find the wheel's address in a folder, or on a page of links."""
    parts = urllib.parse.urlsplit(page)
    if parts.scheme == "file":
        folder = Path(urllib.request.url2pathname(parts.path))
        if (folder / PIP_WHEEL).is_file():
            return (folder / PIP_WHEEL).as_uri()
        index = folder / "index.html" if folder.is_dir() else folder
        if not index.exists():
            return None
        page = index.as_uri()
    for href in HREF.findall(read(opener, page).decode("utf-8", "replace")):
        link = urllib.parse.urljoin(page, html.unescape(href)).partition("#")[0]
        if urllib.parse.unquote(link).endswith("/" + PIP_WHEEL):
            return link
    return None


def fetch_pip(folder: Path) -> Path:
    """Put the pinned pip wheel in a folder, from the first place that has the right bytes."""
    settings = pip_settings()
    opener = opener_for(settings)
    refusals = []
    for page in pages(settings):
        shown = re.sub("//[^/@]*@", "//", page)
        try:
            link = link_on(opener, page)
            data = read(opener, link) if link else b""
        except (OSError, ValueError, http.client.HTTPException) as error:
            refusals.append(f"{shown}: {error}")
            continue
        if hashlib.sha256(data).hexdigest() == PIP_SHA256:
            part = folder / "wheel.part"
            part.write_bytes(data)
            return part.rename(folder / PIP_WHEEL)
        refusals.append(f"{shown}: {'its SHA-256 is wrong' if link else 'not there'}")
    raise VenvError(f"pip {PIP_VERSION} cannot be had ({'; '.join(refusals) or 'no index set'})")


def call(*command: str | Path) -> None:
    """Run a command, keeping its output for the case that it fails."""
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = " ".join((done.stderr or done.stdout).split())[-600:]
        raise VenvError(f"{Path(command[0]).name} exited with {done.returncode}: {said}")


def build(venv: Path, wheel: Path | None) -> None:
    """Make the environment whole, with this pip or the interpreter's own, or leave nothing."""
    make = (sys.executable, "-m", "venv", "--clear", str(venv))
    try:
        call(*make, *(["--without-pip"] if wheel else []))
        if wheel:
            call(venv / "bin/python", wheel / "pip", "install", "--no-index", wheel)
    except BaseException:
        shutil.rmtree(venv, ignore_errors=True)
        raise


def main() -> int:
    """Make the environment, or say in one line why there is none and what helps."""
    venv = Path(sys.argv[1] if len(sys.argv) > 1 else ".venv").resolve()
    bare = importlib.util.find_spec("ensurepip") is None
    try:
        if venv.is_dir() and any(venv.iterdir()) and not (venv / "pyvenv.cfg").exists():
            raise VenvError("the folder holds something else; move it away")
        with tempfile.TemporaryDirectory() as scratch:
            build(venv, fetch_pip(Path(scratch)) if bare else None)
    except (VenvError, configparser.Error, OSError) as error:
        remedy = "; this python3 has no ensurepip: apt-get install python3-venv" if bare else ""
        sys.stderr.write(f"tugan: cannot make {venv}: {error}{remedy}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from cli.program import Tugan
from patience import HANG_S


def test_without_a_command_the_studio_opens_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    environment = {**os.environ, "BROWSER": str(browser), "TUGAN_STATE": str(tmp_path)}
    started = subprocess.Popen(
        [sys.executable, "-m", "tugan"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        link = wait_for_words(opened)
        assert "token" not in link
        answered = httpx.get(link, timeout=HANG_S)
        assert answered.status_code == 303
        url = str(answered.next_request.url) if answered.next_request else ""
        assert httpx.get(url, timeout=HANG_S).status_code == 200
        # it stands on a command line, and is worth nothing any more
        assert httpx.get(link, timeout=HANG_S).status_code == 410
        base, token = url.split("/?token=")
        health = httpx.get(f"{base}/api/health", params={"token": token}, timeout=HANG_S).json()
        assert health["status"] == "ok"
        started.send_signal(signal.SIGINT)
        out, err = started.communicate(timeout=HANG_S)
    finally:
        started.kill()
    assert started.returncode == 0
    assert url in out
    assert "Traceback" not in err


def wait_for_words(path: Path) -> str:
    gives_up_s = time.monotonic() + HANG_S
    while time.monotonic() < gives_up_s:
        if path.is_file() and (words := path.read_text().strip()):
            return words
        time.sleep(0.1)
    raise AssertionError("no browser was opened")


def test_a_port_that_is_taken_is_refused(tugan: Tugan) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = tugan("studio", "--no-open", "--port", port)
    assert ran.code == 2
    assert f"port {port}" in ran.err
    assert "--port" in ran.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--token", "short"], "at least 8"),
        (["--token", "with a\nline's end"], "cannot be printed"),
        (["--host", "no.such.host.invalid"], "no.such.host.invalid"),
        (["--model", "no-such-model"], "tugan models list"),
        (["--device", "abacus"], "choose one of"),
        (["--max-sessions", "0"], "max-sessions"),
        (["--port", "99999"], "port"),
    ],
)
def test_bad_options_are_refused_in_words(tugan: Tugan, arguments: list[str], words: str) -> None:
    ran = tugan("studio", "--no-open", *arguments)
    assert ran.code == 2
    assert words in ran.err


def test_without_the_extra_it_says_what_to_install(
    tugan: Tugan, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *a: None if name == "fastapi" else find(name, *a)
    )
    ran = tugan("studio")
    assert ran.code == 2
    assert "tugan[studio]" in ran.err


def test_the_token_may_come_from_the_environment(tmp_path: Path) -> None:
    token = "näht & mehr"
    started = subprocess.Popen(
        [sys.executable, "-m", "tugan", "studio", "--no-open", "--port", "0"],
        env={
            **os.environ,
            "TUGAN_TOKEN": token,
            "TUGAN_STATE": str(tmp_path),
            "PYTHONUNBUFFERED": "1",
        },
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert started.stdout is not None
        url = started.stdout.readline().split()[-1]
        assert token not in url
        assert httpx.get(url, timeout=HANG_S).status_code == 200
    finally:
        started.kill()
        started.communicate(timeout=HANG_S)

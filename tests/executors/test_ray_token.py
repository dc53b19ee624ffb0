"""A cluster that is started after a local run asks for a token, which is sent to it."""

import os
import signal
import socket
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from patience import HANG_S
from tugan.executors.ray_token import TOKEN_MODE, host_of, use_own_token

pytestmark = pytest.mark.xdist_group("ray")
RAY = Path(sys.executable).parent / "ray"
needs_ray = pytest.mark.skipif(not RAY.exists(), reason="needs the extra 'cluster'")
TESTS = Path(__file__).parents[1]
CONNECT = """
import sys
from pathlib import Path
from executors.work import Making
from tugan.executors.ray_cluster import RayExecutor
with RayExecutor(address=sys.argv[1], workers=1).open(Making(folder=Path(sys.argv[2]))) as pool:
    pool.submit(0, (3,))
    print(pool.next().value)
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a local run left its token."""
    for name in (TOKEN_MODE, "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH", "RAY_ADDRESS"):
        # set and deleted, so that what is set meanwhile is deleted again
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delitem(sys.modules, "ray", raising=False)
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("0" * 64)
    return tmp_path


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def address(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Of a cluster that was started as people start it."""
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
    )
    port = free_port()
    options = ("--head", "--block", "--num-cpus=1", "--include-dashboard=false")
    command = [str(RAY), "start", *options, f"--port={port}", f"--object-store-memory={80 << 20}"]
    with (home / "head.log").open("w") as log:
        head = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    waiting_until_s = time.monotonic() + HANG_S
    while "Ray runtime started" not in (home / "head.log").read_text():
        assert head.poll() is None, (home / "head.log").read_text()
        assert time.monotonic() < waiting_until_s
        time.sleep(0.2)
    yield f"127.0.0.1:{port}"
    os.killpg(head.pid, signal.SIGKILL)  # asked to end, it waits for what it does not tell
    head.wait()


@needs_ray
def test_the_cluster_gets_it(address: str, home: Path) -> None:
    command = [sys.executable, "-c", CONNECT, address, str(home)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=HANG_S)
    assert ran.stdout.strip() == "9", ran.stderr


def test_it_is_sent_to_this_machine_alone(home: Path) -> None:
    for elsewhere in ("192.0.2.77:6379", "ray://192.0.2.77:10001", "auto", None):
        use_own_token(elsewhere)
        assert TOKEN_MODE not in os.environ
    use_own_token("127.0.0.1:6379")
    assert os.environ[TOKEN_MODE] == "token"


def test_once_ray_is_imported_it_is_too_late(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", os)
    use_own_token("127.0.0.1:6379")
    assert TOKEN_MODE not in os.environ


def test_without_a_token_and_against_what_was_said_nothing_is_sent(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_MODE, "disabled")
    use_own_token("127.0.0.1:6379")
    assert os.environ[TOKEN_MODE] == "disabled"
    monkeypatch.delenv(TOKEN_MODE)
    (home / ".ray" / "auth_token").unlink()
    use_own_token("127.0.0.1:6379")
    assert TOKEN_MODE not in os.environ


@pytest.mark.parametrize(
    ("address", "host", "port"),
    [
        ("localhost:6379", "localhost", 6379),
        ("ray://10.0.0.1:10001", "10.0.0.1", 10001),
        ("[::1]:6379", "::1", 6379),
        ("auto", "", None),
        (None, "", None),
    ],
)
def test_hosts_and_ports(address: str | None, host: str, port: int | None) -> None:
    assert host_of(address) == (host, port)


@pytest.mark.parametrize("extra", ["cluster", "dev"])
def test_no_ray_is_taken_that_todays_fastapi_fails_with(extra: str) -> None:
    project = tomllib.loads((TESTS.parent / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [Requirement(one) for one in project["optional-dependencies"][extra]]
    (ray,) = [one for one in asked if one.name == "ray"]
    assert not ray.specifier.contains("2.55.1")
    assert ray.specifier.contains("2.60.0")
    assert not ray.specifier.contains("3.0.0")

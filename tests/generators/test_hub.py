"""Hugging Face's layout: folders, its cache on disk, and what would be uploaded."""

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import torch

import tugan
from tugan.core.errors import MissingExtraError, UnknownModelError
from tugan.generators.hub import prepare_folder
from tugan.generators.preview_store import kept_preview_head
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.repainting_store import kept_repainting
from tugan.generators.saving import fingerprint

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def in_hub_cache(generator: PretrainedGenerator, hub: Path, repo_id: str) -> Path:
    """A snapshot as ``huggingface_hub`` lays it out."""
    repo = hub / ("models--" + repo_id.replace("/", "--"))
    (repo / "refs").mkdir(parents=True)
    (repo / "refs" / "main").write_text(COMMIT)
    snapshot = repo / "snapshots" / COMMIT
    tugan.save_pretrained(generator, snapshot)
    return snapshot


OPENS = """
import sys, tugan
from tugan.core.errors import TuganError
from tugan.generators.saving import fingerprint
for name in sys.argv[1:]:
    try:
        print(fingerprint(tugan.from_pretrained(name, device="cpu")))
    except TuganError as error:
        print(type(error).__name__, error)
"""


def opened(hub: Path, *names: str, here: Path) -> list[str]:
    """Of a process of its own: the library reads the environment when it is imported."""
    ran = subprocess.run(
        [sys.executable, "-c", OPENS, *names],
        env={**environment(), "HF_HUB_CACHE": str(hub), "HF_HUB_OFFLINE": "1"},
        cwd=here,
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()


@pytest.fixture(autouse=True)
def _nothing_kept_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No preview head that another test has fitted for the same model."""
    monkeypatch.setenv("TUGAN_CACHE", str(tmp_path / "cache"))


def environment() -> dict[str, str]:
    src = str(Path(tugan.__file__).parents[1])
    return {**os.environ, "PYTHONPATH": src, "HF_HUB_DISABLE_TELEMETRY": "1", "HF_TOKEN": "x"}


def test_a_folder_opens_on_a_device_in_a_precision(
    stylegan2_128: PretrainedGenerator, tmp_path: Path
) -> None:
    tugan.save_pretrained(stylegan2_128, tmp_path / "own")
    again = tugan.from_pretrained(tmp_path / "own", device="cpu", dtype=torch.float64)
    assert fingerprint(again) == fingerprint(stylegan2_128)
    assert {one.dtype for one in again.state_dict().values()} == {torch.float64}
    assert fingerprint(tugan.from_pretrained(str(tmp_path / "own"), device="cpu")) == fingerprint(
        stylegan2_128
    )


def test_a_name_of_the_catalogue_is_no_repository() -> None:
    assert tugan.from_pretrained("faces-1024", device="cpu").info.name == "faces-1024"
    with pytest.raises(UnknownModelError, match="tugan pull lions"):
        tugan.from_pretrained("lions")
    for path in ("./nowhere", "/no/where", "no/such/file"):
        with pytest.raises(UnknownModelError):
            tugan.from_pretrained(path)


def test_a_repository_is_found_in_the_hubs_cache(
    stylegan2_128: PretrainedGenerator, tmp_path: Path
) -> None:
    in_hub_cache(stylegan2_128, tmp_path / "hub", "someone/waves")
    bad = in_hub_cache(stylegan2_128, tmp_path / "hub", "someone/bert")
    (bad / "config.json").write_text('{"model_type": "bert"}')
    first, *rest = opened(
        tmp_path / "hub", "someone/waves", "someone/none", "someone/bert", "a--b/c", here=tmp_path
    )
    assert first == fingerprint(stylegan2_128)
    assert rest[0].startswith("HubError someone/none is not in the hub's cache on this machine")
    assert rest[1].startswith("CheckpointError")
    assert "config.json is wrong at family" in rest[1]
    assert rest[2].startswith("HubError 'a--b/c' is no name of a repository")


def test_a_folder_of_that_name_comes_before_the_hub(
    stylegan2_128: PretrainedGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tugan.save_pretrained(stylegan2_128, "someone/waves")
    assert fingerprint(tugan.from_pretrained("someone/waves", device="cpu")) == fingerprint(
        stylegan2_128
    )


def test_without_the_extra_it_is_named(
    stylegan2_128: PretrainedGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tugan\[hub\]'"):
        tugan.from_pretrained("someone/waves")
    with pytest.raises(MissingExtraError, match=r"pip install 'tugan\[hub\]'"):
        tugan.push_to_hub(stylegan2_128, "someone/waves")


def test_importing_it_does_not_import_the_hubs_library() -> None:
    program = "import sys, tugan; tugan.from_pretrained; print('huggingface_hub' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "False"


def test_what_is_uploaded_opens_again(faces: PretrainedGenerator, tmp_path: Path) -> None:
    prepare_folder(faces, tmp_path, dtype=torch.float16)
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "README.md",
        "config.json",
        "model.safetensors",
        "preview.safetensors",
        "repainting.safetensors",
        "samples.jpg",
    ]
    again = tugan.from_pretrained(tmp_path, device="cpu")
    assert fingerprint(again) == fingerprint(faces)
    assert kept_preview_head(again) is not None
    assert kept_repainting(again) is not None
    assert "library_name: tugan" in (tmp_path / "README.md").read_text()


class Hub(BaseHTTPRequestHandler):
    """As much of the hub's interface as an upload needs."""

    requests: list[tuple[str, bytes]]
    refuse = 0

    def do_POST(self) -> None:
        """Take everything."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.requests.append((f"{self.command} {self.path}", body))
        host = f"http://{self.headers['Host']}"
        if self.refuse:
            self._answer({"error": "not for you"}, self.refuse)
        elif self.path == "/api/repos/create":
            self._answer({"url": f"{host}/someone/waves", "name": "someone/waves"})
        elif self.path == "/api/validate-yaml":
            self._answer({"errors": [], "warnings": []})
        elif self.path.endswith("/preupload/main"):
            files = json.loads(body)["files"]
            self._answer(
                {
                    "files": [
                        {"path": one["path"], "uploadMode": "regular", "shouldIgnore": False}
                        for one in files
                    ]
                }
            )
        elif self.path.endswith("/commit/main"):
            self._answer(
                {"commitUrl": f"{host}/someone/waves/commit/{COMMIT}", "commitOid": COMMIT}
            )
        else:
            self._answer({"error": "what?"}, 404)

    def do_GET(self) -> None:
        """The repository is there and empty."""
        self.requests.append((f"{self.command} {self.path}", b""))
        self._answer({"id": "someone/waves", "sha": COMMIT, "siblings": []})

    def _answer(self, value: object, status: int = 200) -> None:
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def hub() -> Iterator[tuple[str, type[Hub]]]:
    handler = type("OneHub", (Hub,), {"requests": [], "protocol_version": "HTTP/1.1"})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", handler
    server.shutdown()
    thread.join()
    server.server_close()


PUSHES = """
import sys, tugan
from tugan.core.errors import TuganError
generator = tugan.load_generator(sys.argv[1], device="cpu")
try:
    print(tugan.push_to_hub(generator, "someone/waves", token="hf_x", private=True))
except TuganError as error:
    print(type(error).__name__, error)
"""


def pushed(endpoint: str, checkpoint: Path) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", PUSHES, str(checkpoint)],
        env={**environment(), "HF_ENDPOINT": endpoint, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_a_push_makes_the_repository_and_uploads(
    hub: tuple[str, type[Hub]], oracle_dir: Path
) -> None:
    endpoint, server = hub
    said = pushed(endpoint, oracle_dir / "nvidia-stylegan2-128.pkl")
    assert said == f"{endpoint}/someone/waves/commit/{COMMIT}"
    first, *_, last = server.requests
    assert first[0] == "POST /api/repos/create"
    assert json.loads(first[1])["name"] == "waves"
    assert last[0].endswith("/commit/main")
    lines = [json.loads(line) for line in last[1].splitlines()]
    paths = {line["value"].get("path") for line in lines if line["key"] == "file"}
    assert paths == {"README.md", "config.json", "model.safetensors", "samples.jpg"}


def test_what_the_hub_refuses_is_told(hub: tuple[str, type[Hub]], oracle_dir: Path) -> None:
    endpoint, server = hub
    server.refuse = 403
    said = pushed(endpoint, oracle_dir / "nvidia-stylegan2-128.pkl")
    assert said.startswith("HubError the hub cannot do that with someone/waves: ")
    assert http.client.responses[403] in said

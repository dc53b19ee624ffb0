"""``tugan pull`` from a real server, and what becomes of the model."""

import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.program import Tugan
from generators.catalogue.extra_catalogue import write_catalogue
from generators.catalogue.file_server import FileServer, serving


@pytest.fixture(autouse=True)
def server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Path, prepared_cache: Path
) -> Iterator[FileServer]:
    """Offers a checkpoint as ``waves``."""
    shutil.copytree(prepared_cache, tmp_path / "cache")
    monkeypatch.setenv("TUGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with serving(model.read_bytes()) as running:
        path = write_catalogue(tmp_path / "catalogue.toml", running.address)
        monkeypatch.setenv("TUGAN_CATALOGUE", str(path))
        yield running


PULL = ("pull", "waves", "--accept-licence", "--no-previews")


def test_a_pulled_model_works_by_name_until_it_is_removed(tugan: Tugan, here: Path) -> None:
    ran = tugan(*PULL)
    assert ran.code == 0, ran.err
    assert ran.out.startswith("waves   ")
    for told in ("licence  Apache-2.0", "Do with it what you like.", "downloading waves"):
        assert told in ran.err
    assert "use it with --model waves" in ran.err
    assert tugan("generate", "--model", "waves", "--out", "a.png").code == 0
    drag = ("drag", "--model", "waves", "--point", "40,50:60,70", "--steps", "2", "--json")
    assert tugan(*drag).json()["model"] == "waves"
    listed = tugan("models", "list", "--here").out
    assert "waves" in listed
    assert "128 x 128" in listed
    assert "it was here already" in tugan(*PULL).err
    assert tugan("models", "verify", "waves").code == 0
    assert tugan("models", "card", "waves").out.count("# waves") == 1
    ran = tugan("models", "rm", "waves")
    assert (ran.code, ran.err) == (0, "waves: deleted model\n")
    ran = tugan("generate", "--model", "waves")
    assert ran.code == 2
    assert "get it with: tugan pull waves" in ran.err


def test_json_is_all_that_is_said(tugan: Tugan, tmp_path: Path) -> None:
    ran = tugan("models", *PULL, "--json")
    assert (ran.code, ran.err) == (0, "")
    said = ran.json()
    assert said["folder"] == str(tmp_path / "cache/models/waves")
    assert (said["already_here"], len(said["sha256"])) == (False, 64)
    assert tugan("models", "verify", "--json").json()["ok"] is True
    removed = tugan("models", "rm", "waves", "--forget", "--json").json()
    assert removed == {"name": "waves", "model": True, "download": False, "checksum": True}


@pytest.mark.parametrize("option", [(), ("--json",)])
def test_nothing_is_fetched_before_the_licence_is_accepted(
    tugan: Tugan, server: FileServer, option: tuple[str, ...]
) -> None:
    ran = tugan("pull", "waves", *option)
    assert ran.code == 2
    said = ran.json()["error"] if option else ran.err
    assert "Do with it what you like." in said
    assert "accept it with --accept-licence" in said
    assert server.does.asked == []


@pytest.mark.parametrize(("answer", "code"), [(b"n\n", 2), (b"y\n", 0)])
def test_on_a_terminal_the_licence_is_asked_for(
    server: FileServer, here: Path, answer: bytes, code: int
) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tugan", "pull", "waves", "--no-previews"],
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")},
    ) as program:
        os.close(theirs)
        said = b""
        while b"Do you accept these terms?" not in said:
            said += os.read(ours, 1000)
        assert server.does.asked == []
        os.write(ours, answer)
        try:
            while more := os.read(ours, 1000):
                said += more
        except OSError:  # Linux says so at the end of a terminal
            pass
        assert program.wait() == code
    os.close(ours)
    assert b"Do with it what you like." in said
    assert bool(server.does.asked) == (code == 0)


def test_damage_is_exit_code_1(tugan: Tugan, tmp_path: Path) -> None:
    tugan(*PULL)
    weights = tmp_path / "cache/models/waves/model.safetensors"
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    ran = tugan("models", "verify")
    assert ran.code == 1
    assert "waves   model.safetensors differs" in ran.out
    assert "faces-1024   all files as they were" in ran.out
    assert "tugan models rm waves; tugan pull waves" in ran.err


def test_bad_input_is_a_sentence(
    tugan: Tugan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for arguments, told in (
        (("pull", "lion"), "did you mean lions?"),
        (("models", "rm", "faces-1024"), "comes with tugan"),
        (("models", "rm", "lions"), "nothing to delete"),
        (("models", "verify", "lions"), "tugan pull lions"),
        ((*PULL, "--from", "nowhere.pkl"), "cannot read nowhere.pkl"),
    ):
        ran = tugan(*arguments)
        assert ran.code == 2
        assert told in ran.err
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE is set" in tugan(*PULL).err
    monkeypatch.setenv("TUGAN_CATALOGUE", "nowhere.toml")
    assert "cannot read the catalogue nowhere.toml" in tugan("models", "list").err
    assert tugan("generate").code == 0  # the default model needs no catalogue


def test_a_damaged_model_does_not_hide_the_others(tugan: Tugan, tmp_path: Path) -> None:
    folder = tmp_path / "cache/models/broken"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{")
    rows = {row["name"]: row for row in tugan("models", "list", "--json").json()["models"]}
    assert "damaged" in rows["broken"]["draws"]
    assert rows["faces-1024"]["draws"] == "faces"

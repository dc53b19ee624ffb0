from pathlib import Path

import pytest
import torch

from cli.program import Tugan
from perceptual.published import random_state


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def published(here: Path) -> Path:
    torch.save(random_state("raft-small"), here / "raft-small.pth")
    return here / "raft-small.pth"


def test_the_list_says_where_to_get_what_is_missing(tugan: Tugan) -> None:
    ran = tugan("weights", "list")
    assert ran.code == 0
    for name, source in (("raft", "princeton-vl/RAFT"), ("pips", "aharley/pips")):
        assert f"https://github.com/{source}, then: tugan weights add {name} FILE" in ran.out
    assert ran.out.count("weights not installed") == len(ran.out.split("then: ")) - 1


def test_added_weights_are_in_the_list_until_they_are_removed(
    tugan: Tugan, published: Path, state: Path
) -> None:
    path = state / "weights/raft.safetensors"
    ran = tugan("weights", "add", "raft", published)
    assert (ran.code, ran.out) == (0, f"raft   {path}\n")
    assert f"installed: {path}" in tugan("weights", "list").out
    rows = {row["name"]: row for row in tugan("weights", "list", "--json").json()["weights"]}
    assert rows["raft"]["installed"] is True
    assert rows["raft"]["path"] == str(path)
    assert rows["pips"]["installed"] is False
    assert rows["pips"]["command"] == "tugan weights add pips FILE"
    assert tugan("weights", "rm", "raft").code == 0
    assert not path.exists()


def test_adding_and_removing_speak_json(tugan: Tugan, published: Path, state: Path) -> None:
    path = str(state / "weights/raft.safetensors")
    added = tugan("weights", "add", "raft", published, "--json")
    assert (added.json(), added.err) == ({"name": "raft", "path": path}, "")
    removed = tugan("weights", "rm", "raft", "--json")
    assert (removed.json(), removed.err) == ({"name": "raft", "removed": path}, "")


def test_a_metric_of_two_files_is_added_at_once(tugan: Tugan, here: Path, state: Path) -> None:
    torch.save(random_state("alexnet"), here / "alexnet-owt-7be5be79.pth")
    torch.save(random_state("lpips-alex"), here / "alex.pth")
    assert "tugan weights add lpips FILE FILE" in tugan("weights", "list").out
    assert "two files at once" in tugan("weights", "add", "lpips", "alex.pth").err
    ran = tugan("weights", "add", "lpips", "alexnet-owt-7be5be79.pth", "alex.pth")
    assert ran.code == 0
    assert (state / "weights/lpips.safetensors").is_file()


def test_bad_input_is_a_sentence(tugan: Tugan, here: Path, published: Path) -> None:
    for arguments, told in (
        (("add", "rafd", published), "expected one of raft, pips, lpips"),
        (("add", "pips", published), "expected the weights of PIPs"),
        (("add", "raft", here / "none.pth"), "none.pth"),
        (("rm", "raft"), "tugan weights add raft FILE"),
    ):
        ran = tugan("weights", *arguments)
        assert ran.code == 2
        assert told in ran.err
        assert "Traceback" not in ran.err

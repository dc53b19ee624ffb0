from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from perceptual.published import random_state
from tugan.core.errors import CheckpointError, OutputError
from tugan.perceptual.raft_weights import raft_of
from tugan.perceptual.weight_store import (
    KNOWN,
    UnknownWeightsError,
    WeightsNotInstalledError,
    add_weights,
    load_lpips,
    load_pips,
    load_raft,
    remove_weights,
    weights_folder,
)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_what_was_added_is_loaded_again(state: Path) -> None:
    tensors = random_state("torchvision-raft-large")
    path = add_weights("raft", tensors, source="raft_large.pth")
    assert path == state / "weights/raft.safetensors"
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    stored, given = load_raft().state_dict(), raft_of(tensors).state_dict()
    assert all(torch.equal(stored[key], tensor) for key, tensor in given.items())
    with safe_open(path, framework="pt") as file:
        assert file.metadata() == {"network": "raft", "source": "raft_large.pth"}


def test_another_network_of_the_same_name_replaces_it() -> None:
    add_weights("raft", random_state("raft-things"), source="a")
    add_weights("raft", random_state("raft-small"), source="b")
    assert load_raft().config.variant == "small"


def test_pips_are_stored_without_the_optimiser() -> None:
    tensors = {f"model_state_dict.{key}": one for key, one in random_state("pips").items()}
    more = {"optimizer_state_dict.state.0.exp_avg": torch.zeros(3)}
    path = add_weights("pips", tensors | more, source="model-000200000.pth")
    with safe_open(path, framework="pt") as file:
        assert set(file.keys()) == set(random_state("pips"))
    assert load_pips().config.stride_px == 4
    assert load_pips(stride_px=8).config.stride_px == 8


def test_two_files_are_one_metric() -> None:
    tensors = random_state("alexnet") | random_state("lpips-alex")
    add_weights("lpips", tensors, source="alexnet-owt-7be5be79.pth, alex.pth")
    stored = load_lpips().state_dict()
    assert all(torch.equal(stored[key], tensor) for key, tensor in tensors.items())


def test_what_does_not_fit_is_not_stored() -> None:
    add_weights("raft", random_state("raft-small"), source="a")
    with pytest.raises(CheckpointError):
        add_weights("raft", random_state("pips"), source="b")
    assert load_raft().config.variant == "small"
    assert [one.name for one in weights_folder().iterdir()] == ["raft.safetensors"]


def test_without_weights_the_command_is_said() -> None:
    said = r"raft are not installed: get raft-things\.pth.*from https://.*weights add raft FILE"
    with pytest.raises(WeightsNotInstalledError, match=said):
        load_raft()
    with pytest.raises(WeightsNotInstalledError, match="tugan weights add pips FILE"):
        load_pips()
    with pytest.raises(WeightsNotInstalledError, match="raft are not installed"):
        remove_weights("raft")


def test_removed_weights_are_gone() -> None:
    path = add_weights("raft", random_state("raft-small"), source="a")
    assert KNOWN["raft"].installed
    assert remove_weights("raft") == path
    assert not path.exists()
    assert not KNOWN["raft"].installed


@pytest.mark.parametrize("content", [b"", b"hello", None])
def test_a_file_that_was_damaged_since_says_how_to_mend_it(content: bytes | None) -> None:
    path = add_weights("raft", random_state("raft-small"), source="a")
    path.write_bytes(path.read_bytes()[:100_000] if content is None else content)
    with pytest.raises(CheckpointError, match=r"raft\.safetensors is damaged .*weights add raft"):
        load_raft()


def test_other_names_are_told_which_there_are() -> None:
    with pytest.raises(UnknownWeightsError, match="'rafd'; expected one of raft, pips, lpips"):
        add_weights("rafd", {}, source="a")


def test_a_place_that_cannot_be_written_to_is_told(state: Path) -> None:
    state.mkdir()
    (state / "weights").write_text("in the way")
    with pytest.raises(OutputError, match="is a file, not a folder"):
        add_weights("raft", random_state("raft-small"), source="a")

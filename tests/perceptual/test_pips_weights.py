from pathlib import Path

import pytest
import torch
from torch import Tensor

from perceptual.published import parameters, random_state
from tugan.core.errors import CheckpointError, UnsafeCheckpointError
from tugan.generators.formats.detect import read_checkpoint
from tugan.perceptual.pips_weights import pips_of

FIRST = "delta_block.to_delta.0.weight"


def training_checkpoint(path: Path) -> dict[str, Tensor]:
    """As its authors' program writes it: the optimiser's state beside the model's."""
    state = random_state("pips")
    weight = torch.nn.Parameter(torch.ones(3, 4))
    optimiser = torch.optim.AdamW([weight])
    weight.sum().backward()
    optimiser.step()
    torch.save({"optimizer_state_dict": optimiser.state_dict(), "model_state_dict": state}, path)
    return state


def test_a_published_file_loads_to_the_last_tensor(tmp_path: Path) -> None:
    state = training_checkpoint(tmp_path / "model-000200000.pth")
    network = pips_of(read_checkpoint(tmp_path / "model-000200000.pth").tensors)
    assert network.config.stride_px == 4
    assert not network.config.sees_border
    # its authors state 28.7 million
    assert sum(one.numel() for one in network.parameters()) == 28_677_713 == parameters("pips")
    assert network.state_dict().keys() == state.keys()
    assert all(torch.equal(one, state[key]) for key, one in network.state_dict().items())


def test_the_stride_is_the_callers_choice() -> None:
    network = pips_of(random_state("pips"), stride_px=8)
    assert network.encode(torch.zeros(1, 3, 64, 72)).shape == (1, 128, 8, 9)


def test_the_first_release_is_known_by_its_width() -> None:
    state = random_state("pips")
    state[FIRST] = torch.zeros(512, 715)
    config = pips_of({f"module.{key}": one for key, one in state.items()}).config
    assert config.sees_border
    assert config.stride_px == 8


def test_another_width_is_another_network() -> None:
    state = random_state("pips")
    state[FIRST] = torch.zeros(512, 600)
    with pytest.raises(CheckpointError, match=r"is \(512, 600\), expected \(512, 519\) or"):
        pips_of(state)


def test_other_files_are_refused_with_what_they_have() -> None:
    with pytest.raises(CheckpointError, match=r"model-000200000\.pth.*has module\.fnet"):
        pips_of({f"module.{key}": one for key, one in random_state("raft-small").items()})
    with pytest.raises(CheckpointError, match="has no tensors"):
        pips_of({})


def test_a_missing_tensor_is_named() -> None:
    state = random_state("pips")
    del state["vis_predictor.0.bias"]
    with pytest.raises(
        CheckpointError, match=r"do not fit PIPs: vis_predictor\.0\.bias is missing"
    ):
        pips_of(state)


def test_a_file_that_asks_for_more_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (tmp_path / "run",)  # type: ignore[return-value]

    torch.save({"model_state_dict": random_state("pips"), "more": Evil()}, tmp_path / "a.pth")
    with pytest.raises(UnsafeCheckpointError):
        read_checkpoint(tmp_path / "a.pth")
    assert not (tmp_path / "run").exists()

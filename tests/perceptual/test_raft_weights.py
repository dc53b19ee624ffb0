from pathlib import Path

import pytest
import torch
from torch import Tensor

from perceptual.published import listed, parameters, random_state
from tugan.core.errors import CheckpointError
from tugan.generators.formats.detect import read_checkpoint
from tugan.perceptual.raft_config import LARGE, SMALL, RaftConfig
from tugan.perceptual.raft_weights import raft_of

FILES = {
    "raft-things": (LARGE, 5_257_536),
    "raft-small": (SMALL, 990_162),
    "torchvision-raft-large": (LARGE, 5_257_536),
    "torchvision-raft-small": (SMALL, 990_162),
}
"""The counts are those that torchvision's documentation states."""

TO_TORCHVISION = (
    ("module.", ""),
    (".encoder.", ".motion_encoder."),
    ("fnet.", "feature_encoder."),
    ("cnet.", "context_encoder."),
    ("update_block.mask.0.", "mask_predictor.convrelu.0."),
    ("update_block.mask.2.", "mask_predictor.conv."),
)
"""From the authors' names, step by step; layers come after it."""


def pictures(side: int = 64) -> tuple[Tensor, Tensor]:
    source = torch.Generator().manual_seed(1)
    first = torch.rand(1, 3, side, side + 8, generator=source) * 2 - 1
    return first, first.roll(3, dims=3)


def as_torchvision_names(key: str) -> str:
    """Written apart from the table under test, for the comparison of the two namings."""
    for theirs, ours in TO_TORCHVISION:
        key = key.replace(theirs, ours)
    part, _, tensor = key.rpartition(".")
    if part.startswith(("feature_encoder", "context_encoder")):
        if part.endswith("encoder.conv2"):
            part = part.replace("conv2", "conv")
        elif part.endswith("encoder.conv1"):
            part = part.replace("conv1", "convnormrelu.0")
        elif part.endswith("encoder.norm1"):
            part = part.replace("norm1", "convnormrelu.1")
        elif "downsample" not in part:
            head, last = part[:-5], part[-5:]
            part = f"{head}convnormrelu{last[-1]}.{0 if last.startswith('conv') else 1}"
    elif ".motion_encoder." in part:
        for kind, name in (("convc", "convcorr"), ("convf", "convflow")):
            part = part.replace(kind, name) if kind in part and name not in part else part
        part += ".0"
    elif ".gru." in part:
        index = part[-1] if part[-1].isdigit() else "1"
        part = part.rstrip("12").replace(".gru.", f".recurrent_block.convgru{index}.")
    return f"{part}.{tensor}"


@pytest.mark.parametrize(("name", "config", "count"), [(k, *v) for k, v in FILES.items()])
def test_published_files_load_to_the_last_tensor(name: str, config: RaftConfig, count: int) -> None:
    network = raft_of(random_state(name))
    assert network.config == config
    assert sum(one.numel() for one in network.parameters()) == count == parameters(name)
    assert not any(one.requires_grad for one in network.parameters())
    with torch.no_grad():
        flow = network(*pictures(), updates=2)
    assert flow.shape == (1, 2, 64, 72)
    assert torch.isfinite(flow).all()


@pytest.mark.parametrize(
    ("authors", "torchvision"),
    [("raft-things", "torchvision-raft-large"), ("raft-small", "torchvision-raft-small")],
)
def test_the_same_weights_in_both_namings_give_the_same_flow(
    authors: str, torchvision: str
) -> None:
    state = random_state(authors)
    renamed = {
        as_torchvision_names(key): tensor for key, tensor in state.items() if ".norm3." not in key
    }
    assert {key: tuple(one.shape) for key, one in renamed.items()} == listed(torchvision)
    with torch.no_grad():
        one = raft_of(state)(*pictures(), updates=3)
        other = raft_of(renamed)(*pictures(), updates=3)
    assert torch.equal(one, other)
    assert one.abs().max() > 1e-3


def test_it_is_read_from_what_torch_save_writes(tmp_path: Path) -> None:
    state = random_state("raft-small")
    for legacy in (True, False):  # raft-things.pth is of 2020
        path = tmp_path / "raft-small.pth"
        torch.save(state, path, _use_new_zipfile_serialization=not legacy)
        network = raft_of(read_checkpoint(path).tensors)
        assert torch.equal(network.fnet.conv1.weight, state["module.fnet.conv1.weight"])


def test_our_own_names_load_again() -> None:
    network = raft_of(random_state("raft-things"))
    again = raft_of(network.state_dict())
    with torch.no_grad():
        assert torch.equal(network(*pictures(), updates=1), again(*pictures(), updates=1))


def test_the_context_encoder_uses_running_figures() -> None:
    state = random_state("raft-things")
    before = raft_of(state)
    state["module.cnet.norm1.running_mean"] += 1
    with torch.no_grad():
        one, other = before(*pictures(), updates=1), raft_of(state)(*pictures(), updates=1)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(
    ("key", "tensor", "told"),
    [
        ("module.fnet.conv2.bias", None, "fnet.conv2.bias is missing"),
        ("module.fnet.conv9.bias", torch.zeros(2), "fnet.conv9.bias is not part of it"),
        (
            "module.update_block.gru.convz1.weight",
            torch.zeros(128, 384, 1, 3),
            r"convz1.weight is \(128, 384, 1, 3\), expected \(128, 384, 1, 5\)",
        ),
        ("module.fnet.conv2.bias", torch.full((256,), torch.nan), "NaN or infinite"),
        (
            "module.cnet.layer2.0.downsample.1.bias",
            torch.ones(96),
            "same tensor in RAFT but differ",
        ),
    ],
)
def test_a_tensor_that_does_not_fit_is_named(key: str, tensor: Tensor | None, told: str) -> None:
    state = random_state("raft-things")
    if tensor is None:
        del state[key]
    else:
        state[key] = tensor
    with pytest.raises(CheckpointError, match=told):
        raft_of(state)


@pytest.mark.parametrize("state", [{}, {"conv.weight": torch.zeros(1)}, random_state("pips")])
def test_other_files_are_refused_with_what_they_have(state: dict[str, Tensor]) -> None:
    seen = next(iter(state), "no tensors")
    with pytest.raises(CheckpointError, match=rf"raft-things\.pth.*the file has {seen}"):
        raft_of(state)

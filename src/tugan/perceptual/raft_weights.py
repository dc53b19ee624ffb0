"""Which RAFT a file holds, and its tensors under our names.

Our names are those of the authors' state dicts (``raft-things.pth``, ``raft-small.pth``) without
the ``module.`` in front of them. The tables map torchvision's (``raft_large``, ``raft_small``).
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.perceptual.raft_config import LARGE, SMALL, RaftConfig
from tugan.perceptual.raft_network import Raft
from tugan.perceptual.tensor_fit import fill

_WRAPPER = "module."
"""What torch's DataParallel puts before names."""

_ENCODERS = {"feature_encoder": "fnet", "context_encoder": "cnet"}
_STEM = {"convnormrelu.0": "conv1", "convnormrelu.1": "norm1", "conv": "conv2"}
_BLOCK = {
    "convnormrelu1.0": "conv1",
    "convnormrelu1.1": "norm1",
    "convnormrelu2.0": "conv2",
    "convnormrelu2.1": "norm2",
    "convnormrelu3.0": "conv3",  # of bottleneck blocks, whose norms have no tensors
    "downsample.0": "downsample.0",
    "downsample.1": "norm3",
}
_BLOCKS = tuple(f"layer{stage}.{index}" for stage in (1, 2, 3) for index in (0, 1))
_UPDATE = {
    "update_block.motion_encoder.convcorr1.0": "update_block.encoder.convc1",
    "update_block.motion_encoder.convcorr2.0": "update_block.encoder.convc2",
    "update_block.motion_encoder.convflow1.0": "update_block.encoder.convf1",
    "update_block.motion_encoder.convflow2.0": "update_block.encoder.convf2",
    "update_block.motion_encoder.conv.0": "update_block.encoder.conv",
    "update_block.flow_head.conv1": "update_block.flow_head.conv1",
    "update_block.flow_head.conv2": "update_block.flow_head.conv2",
    "mask_predictor.convrelu.0": "update_block.mask.0",
    "mask_predictor.conv": "update_block.mask.2",
}
_GATES = ("convz", "convr", "convq")

TORCHVISION_PARTS: dict[str, str] = {
    **{
        f"{theirs}.{part}": f"{ours}.{name}"
        for theirs, ours in _ENCODERS.items()
        for part, name in _STEM.items()
    },
    **{
        f"{theirs}.{block}.{part}": f"{ours}.{block}.{name}"
        for theirs, ours in _ENCODERS.items()
        for block in _BLOCKS
        for part, name in _BLOCK.items()
    },
    **_UPDATE,
}
"""Layers by torchvision's names, and ours; the recurrent unit's are beside it."""
LARGE_GATES: dict[str, str] = {
    f"update_block.recurrent_block.convgru{index}.{gate}": f"update_block.gru.{gate}{index}"
    for index in (1, 2)
    for gate in _GATES
}
SMALL_GATES: dict[str, str] = {
    f"update_block.recurrent_block.convgru1.{gate}": f"update_block.gru.{gate}" for gate in _GATES
}


def raft_of(tensors: Mapping[str, Tensor]) -> Raft:
    """The network of a state dict in any of the published namings; frozen, on the CPU.

    :class:`CheckpointError` says what the file has instead, or which tensor does not fit.
    """
    named = _our_names({key.removeprefix(_WRAPPER): one for key, one in tensors.items()})
    config = _config_of(named)
    with torch.device("meta"):
        network = Raft(config)
    fill(network, _without_twins(named), name=f"the {config.variant} RAFT")
    return network


def _our_names(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    if not any(key.startswith(tuple(f"{one}." for one in _ENCODERS)) for key in tensors):
        return tensors
    large = any(".convgru2." in key for key in tensors)
    table = TORCHVISION_PARTS | (LARGE_GATES if large else SMALL_GATES)
    return {_our_name(key, table): tensor for key, tensor in tensors.items()}


def _our_name(key: str, table: Mapping[str, str]) -> str:
    """A name that the table does not have stays, and is refused as no part of the network."""
    part, _, tensor = key.rpartition(".")
    return f"{table[part]}.{tensor}" if part in table else key


def _config_of(tensors: Mapping[str, Tensor]) -> RaftConfig:
    for config, part in ((LARGE, "update_block.gru.convz1"), (SMALL, "update_block.gru.convz")):
        if f"{part}.weight" in tensors and "fnet.conv1.weight" in tensors:
            return config
    seen = ", ".join(list(tensors)[:3]) or "no tensors"
    raise CheckpointError(
        "expected the weights of RAFT (raft-things.pth or raft-small.pth of its authors, or"
        f" torchvision's raft_large or raft_small), but the file has {seen}: name another file"
    )


def _without_twins(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A block's third norm is in the authors' files twice: as ``norm3`` and ``downsample.1``."""
    twins = {key: key.replace(".downsample.1.", ".norm3.") for key in tensors}
    found = {key: one for key, one in tensors.items() if twins[key] == key}
    for key, ours in twins.items():
        if key != ours and not torch.equal(found.setdefault(ours, tensors[key]), tensors[key]):
            raise CheckpointError(
                f"{key} and {ours} are the same tensor in RAFT but differ in this file: it is"
                " damaged, fetch it again"
            )
    return found

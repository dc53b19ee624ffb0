"""The tensors of a file of PIPs under our names, which are its authors'."""

from collections.abc import Mapping

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.perceptual.pips_network import Pips, PipsConfig
from tugan.perceptual.tensor_fit import fill

_MODEL = "model_state_dict."
"""Beside it a training checkpoint (``model-000200000.pth``) has the optimiser's state."""
_WRAPPER = "module."
_FIRST_LAYER = "delta_block.to_delta.0.weight"

REFERENCE = PipsConfig(stride_px=4, sees_border=False)
"""``model-000200000.pth``, which its authors run with a stride of 4."""
FIRST_RELEASE = PipsConfig(stride_px=8, sees_border=True)
"""Weights from before it, with the paper's stride of 8."""


def pips_of(tensors: Mapping[str, Tensor], *, stride_px: int | None = None) -> Pips:
    """The network of a training checkpoint or of the state dict alone; frozen, on the CPU.

    ``stride_px`` is 4 for the reference weights if nobody says otherwise. :class:`CheckpointError`
    says what the file has instead, or which tensor does not fit.
    """
    named = _our_names(tensors)
    config = _config_of(named)
    if stride_px is not None:
        config = PipsConfig(stride_px=stride_px, sees_border=config.sees_border)
    with torch.device("meta"):
        network = Pips(config)
    fill(network, named, name="PIPs")
    return network


def _our_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    if any(key.startswith(_MODEL) for key in tensors):
        tensors = {
            key.removeprefix(_MODEL): tensor
            for key, tensor in tensors.items()
            if key.startswith(_MODEL)
        }
    return {key.removeprefix(_WRAPPER): tensor for key, tensor in tensors.items()}


def _config_of(tensors: Mapping[str, Tensor]) -> PipsConfig:
    """By the width of the mixer's first layer, in which alone the releases differ."""
    first = tensors.get(_FIRST_LAYER)
    if first is None or "fnet.conv1.weight" not in tensors:
        seen = ", ".join(list(tensors)[:3]) or "no tensors"
        raise CheckpointError(
            "expected the weights of PIPs (model-000200000.pth of its authors), but the file has"
            f" {seen}: name another file"
        )
    for config in (REFERENCE, FIRST_RELEASE):
        if first.ndim == 2 and first.shape[1] == config.mixed:
            return config
    raise CheckpointError(
        f"the mixer's first layer, {_FIRST_LAYER}, is {tuple(first.shape)}, expected"
        f" (512, {REFERENCE.mixed}) or (512, {FIRST_RELEASE.mixed}): these are the weights of"
        " another version of PIPs"
    )

"""The tensors of LPIPS: two published files, or the ``lpips`` package's whole state dict."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from tugan.core.errors import CheckpointError
from tugan.perceptual.lpips_network import ALEX, VGG, Backbone, Lpips
from tugan.perceptual.tensor_fit import fill

_WRAPPED = re.compile(r"net\.slice\d+\.(\d+)\.(weight|bias)")
"""The package's names of the features: the numbers are torchvision's."""
_NOT_USED = ("classifier.", "lins.", "scaling_layer.")
"""torchvision's classifier, the package's second name of its layers, and its constants."""


def lpips_of(tensors: Mapping[str, Tensor]) -> Lpips:
    """The metric of torchvision's AlexNet or VGG-16 and the authors' layers on top; frozen.

    :class:`CheckpointError` says which of the two is missing, or which tensor does not fit.
    """
    named = {
        _WRAPPED.sub(r"features.\1.\2", key): tensor
        for key, tensor in tensors.items()
        if not key.startswith(_NOT_USED)
    }
    backbone = _backbone_of(named)
    with torch.device("meta"):
        network = Lpips(backbone)
    fill(network, named, name=f"LPIPS with {backbone.name}")
    return network


def _backbone_of(tensors: Mapping[str, Tensor]) -> Backbone:
    """AlexNet and VGG differ in their first convolution already."""
    first = tensors.get("features.0.weight")
    if first is None or "lin0.model.1.weight" not in tensors:
        seen = ", ".join(list(tensors)[:3]) or "no tensors"
        raise CheckpointError(
            "LPIPS needs two files at once: torchvision's AlexNet (alexnet-owt-7be5be79.pth) or"
            " VGG-16 (vgg16-397923af.pth), and the layers on top of it (alex.pth or vgg.pth of the"
            f" package lpips, weights/v0.1); these files have {seen}"
        )
    return ALEX if first.shape[-1] == ALEX.convolutions[0][2] else VGG

"""The mask's loss (second term of equation 1 of Pan et al. 2023): what must stay, stays."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.masks import keep_weight
from tugan.dragging.settings import DragSettings

_CHANNELS_AT_ONCE = 16


def mask_loss(
    features: Float[Tensor, "1 c h w"],
    initial: Float[Tensor, "1 c h w"],
    mask: Float[Tensor, "ih iw"],
    *,
    settings: DragSettings,
) -> Float[Tensor, ""]:
    """``|(F - F0) (1 - M)|_1`` over the picture's pixels: their sum or their mean."""
    difference = (features - initial).float()
    if settings.reading == "resized":
        total = _resized_abs_sum(difference, 1.0 - mask)
    else:
        map_hw = (features.shape[2], features.shape[3])
        pixels_a_cell = mask.numel() / (map_hw[0] * map_hw[1])
        total = (difference.abs() * keep_weight(mask, map_hw=map_hw)).sum() * pixels_a_cell
    if settings.reduction == "sum":
        return total
    return total / (features.shape[1] * mask.numel())


def _resized_abs_sum(
    difference: Float[Tensor, "1 c h w"], keep: Float[Tensor, "ih iw"]
) -> Float[Tensor, ""]:
    total = _ResizedAbsSum.apply(difference, keep)  # type: ignore[no-untyped-call]  # torch's
    assert isinstance(total, Tensor)
    return total


class _ResizedAbsSum(torch.autograd.Function):
    """Sum of ``keep * |resized difference|``, a few channels at a time.

    The resized map would be 512 MiB at 512 px. The sum's gradient is found along the way, so that
    nothing of that size is kept for the backward pass.
    """

    @staticmethod
    def forward(ctx: Any, difference: Tensor, keep: Tensor) -> Tensor:  # noqa: ANN401 (torch's)
        """Returns the sum and keeps its gradient."""
        size = (keep.shape[0], keep.shape[1])
        total = difference.new_zeros(())
        gradients = []
        for part in difference.detach().split(_CHANNELS_AT_ONCE, dim=1):
            with torch.enable_grad():
                part.requires_grad_()
                resized = F.interpolate(part, size=size, mode="bilinear", align_corners=False)
                loss = (resized.abs() * keep).sum()
                gradients.append(torch.autograd.grad(loss, part)[0])
            total = total + loss.detach()
        ctx.save_for_backward(torch.cat(gradients, dim=1))
        return total

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        """Scales the kept gradient."""
        (gradient,) = ctx.saved_tensors
        return gradient * upstream, None

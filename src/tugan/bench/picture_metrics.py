"""How much two pictures differ: MSE, PSNR, SSIM, and LPIPS where its weights are installed.

All are of whole pictures in [-1, 1], at the generator's own size; what lies beyond is cut off, as
it is in a file.
"""

import math
from dataclasses import dataclass, field
from typing import final

import torch
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict
from torch import Tensor

from tugan.perceptual.lpips_network import Lpips
from tugan.perceptual.weight_store import WeightsNotInstalledError, load_lpips

SPAN = 2.0
"""From the darkest value of a picture in [-1, 1] to the lightest."""
SSIM_SIDE_PX, SSIM_SIGMA_PX = 11, 1.5
_SSIM_K1, _SSIM_K2 = 0.01, 0.03


class PictureErrors(BaseModel):
    """A picture held against another."""

    # equal pictures have an infinite PSNR, which JSON has no number for
    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")

    mse: float
    """Mean squared difference of values in [-1, 1]; 0 to 4."""
    psnr_db: float
    """``10 log10(4 / mse)``; infinite for equal pictures."""
    ssim: float
    """1 for equal pictures."""
    lpips: float | None = None
    """0 for equal pictures; None without its weights."""


@final
@dataclass(frozen=True, kw_only=True)
class PictureMetrics:
    """The metrics that can be computed here."""

    lpips: Lpips | None = field(default=None, repr=False)

    @classmethod
    def installed(cls) -> "PictureMetrics":
        """With LPIPS if its weights are; ``CheckpointError`` if they are damaged."""
        try:
            return cls(lpips=load_lpips())
        except WeightsNotInstalledError:
            return cls()

    @torch.no_grad()
    def between(
        self, one: Float[Tensor, "1 3 h w"], other: Float[Tensor, "1 3 h w"]
    ) -> PictureErrors:
        """Of two pictures, about [-1, 1].

        ``ValueError`` if a side is below :data:`SSIM_SIDE_PX`, or LPIPS's smallest.
        """
        one, other = one.float().clamp(-1, 1), other.float().clamp(-1, 1)
        mse = mean_squared_error(one, other)
        found = None
        if self.lpips is not None:
            found = float(self.lpips.to(one.device)(one, other)[0])
        return PictureErrors(mse=mse, psnr_db=psnr_db(mse), ssim=ssim(one, other), lpips=found)


def mean_squared_error(one: Float[Tensor, "1 3 h w"], other: Float[Tensor, "1 3 h w"]) -> float:
    """Of values as they are."""
    return float((one - other).double().square().mean())


def psnr_db(mse: float) -> float:
    """Of pictures in [-1, 1]."""
    return 10 * math.log10(SPAN**2 / mse) if mse > 0 else math.inf


def ssim(one: Float[Tensor, "1 3 h w"], other: Float[Tensor, "1 3 h w"]) -> float:
    """Structural similarity of pictures in [-1, 1], averaged over channels and places.

    Wang et al., "Image quality assessment", IEEE TIP 13(4), 2004: equation 13 with a Gaussian
    window of 11 px and sigma 1.5, K1 = 0.01 and K2 = 0.03, where the whole window is inside the
    picture. ``ValueError`` for pictures smaller than that.
    """
    if min(one.shape[-2:]) < SSIM_SIDE_PX:
        raise ValueError(
            f"SSIM looks at {SSIM_SIDE_PX} x {SSIM_SIDE_PX} px at once; got {tuple(one.shape[-2:])}"
        )
    first, second = one.double(), other.double()
    mean_a, mean_b = _blurred(first), _blurred(second)
    var_a = _blurred(first.square()) - mean_a.square()
    var_b = _blurred(second.square()) - mean_b.square()
    together = _blurred(first * second) - mean_a * mean_b
    c1, c2 = (_SSIM_K1 * SPAN) ** 2, (_SSIM_K2 * SPAN) ** 2
    likeness = (2 * mean_a * mean_b + c1) * (2 * together + c2)
    likeness = likeness / ((mean_a.square() + mean_b.square() + c1) * (var_a + var_b + c2))
    return float(likeness.mean())


def _blurred(picture: Float[Tensor, "1 3 h w"]) -> Float[Tensor, "1 3 i j"]:
    """By the Gaussian window, along rows and then along columns."""
    away = torch.arange(SSIM_SIDE_PX, dtype=torch.float64) - SSIM_SIDE_PX // 2
    window = torch.exp(-away.square() / (2 * SSIM_SIGMA_PX**2))
    weights = (window / window.sum()).tolist()
    for dim in (2, 3):
        # sums of shifted pictures: on a CPU a third of the time of a convolution
        size = picture.shape[dim] - SSIM_SIDE_PX + 1
        blurred = weights[0] * picture.narrow(dim, 0, size)
        for start, weight in enumerate(weights[1:], start=1):
            blurred.add_(picture.narrow(dim, start, size), alpha=weight)
        picture = blurred
    return picture

"""How far a picture is from the target, over scales: squares of a pyramid, weighed."""

from dataclasses import dataclass, field

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.inversion.target import InversionTarget, resized

SMALLEST_PX = 16


@dataclass(frozen=True, kw_only=True)
class PyramidLevel:
    """The target at one size."""

    picture: Float[Tensor, "1 3 s s"] = field(repr=False)
    weight: Float[Tensor, "1 1 s s"] = field(repr=False)

    @property
    def size_px(self) -> int:
        """Side."""
        return self.picture.shape[2]


@dataclass(frozen=True, kw_only=True)
class PyramidLoss:
    """The target at halving sizes, the largest first."""

    levels: tuple[PyramidLevel, ...]

    @classmethod
    def of(cls, target: InversionTarget, *, largest_px: int) -> "PyramidLoss":
        """Sizes from ``largest_px`` (or the picture's own, if smaller) down to 16."""
        size = min(largest_px, target.size_px)
        levels: list[PyramidLevel] = []
        while size >= SMALLEST_PX or not levels:
            levels.append(
                PyramidLevel(
                    picture=resized(target.picture, size), weight=resized(target.weight, size)
                )
            )
            size //= 2
        return cls(levels=tuple(levels))

    def __call__(self, picture: Float[Tensor, "1 3 h w"]) -> Float[Tensor, ""]:
        """Sum over the levels of the weighed mean square, on [-1, 1].

        The picture may be larger than the largest level; it is averaged down.
        """
        total = picture.new_zeros(())
        for level in self.levels:
            picture = resized(picture, level.size_px)
            total = total + ((picture - level.picture).square() * level.weight).mean()
        return total


def weighed_l1(picture: Float[Tensor, "1 3 h w"], level: PyramidLevel) -> Float[Tensor, ""]:
    """Mean absolute difference at the level's size: what squares forgive, small details, counts."""
    difference = (resized(picture, level.size_px) - level.picture).abs()
    return (difference * level.weight).mean()


def psnr_db(picture: Float[Tensor, "1 3 h w"], goal: Float[Tensor, "1 3 h w"]) -> float:
    """Peak signal-to-noise ratio of pictures in [-1, 1], decibels; unweighed."""
    error = (picture.detach().clamp(-1, 1) - goal).square().mean()
    return float(10 * torch.log10(4 / error.clamp(min=1e-12)))

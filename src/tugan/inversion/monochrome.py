"""Photographs of one tone, black and white, sepia or blue: an edit of them is in that tone, too.

A generator of colour pictures draws colour into a grey face, where neither the latent nor the
tuning takes it out. A photograph of one tone has a colour for each lightness; what is pasted into
it is brought onto that curve by its own lightness (ITU-R BT.601 luma).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from tugan.core.images import RgbArray
from tugan.inversion.align import Alignment, box_of

_LUMA = 0.299, 0.587, 0.114
_SAMPLED_PX = 256
"""Side of the grid on which the curve is measured."""
_MOST_RMS, _MOST_IN_PATCH = 5.0, 3.5
"""Levels of Cb and Cr off the curve: of single pixels, where the noise of scans and of JPEG files
is, and of the mean of a patch, where noise is gone and colour stays. Faces in sepia at JPEG's
quality 30 have 3.4 in their farthest patch, faces in colours of a fifth of their strength 4.8."""
_PATCHES, _SMALLEST_PATCH_PX = 48, 8
"""Along a side."""
_GREY_LEVELS = 1.5
"""Of Cb and Cr: a cast below it is rounding."""
_MOST_OF_IT = 0.99
_SMOOTH_LEVELS, _FEW_PIXELS = 4.0, 20


@dataclass(frozen=True, kw_only=True)
class Tone:
    """What colour each lightness of a photograph has."""

    curve: Float[np.ndarray, "256 3"] = field(repr=False)
    """RGB, 0 to 255."""

    def of_pixels(self, pixels: RgbArray) -> RgbArray:
        """The picture by its lightness, in this tone."""
        table = self.curve.round().astype(np.uint8)
        toned: RgbArray = table[luma_of(pixels)]
        return toned

    def of_picture(self, picture: Float[Tensor, "1 3 h w"]) -> Float[Tensor, "1 3 h w"]:
        """The same of a picture in [-1, 1]."""
        levels = (grey_of(picture)[:, 0] + 1) * 127.5
        below = levels.clamp(0, 254).floor()
        table = torch.from_numpy(self.curve).to(picture)
        lower, upper = (table[(below + more).long()] for more in (0, 1))
        mixed = torch.lerp(lower, upper, (levels - below).clamp(0, 1)[..., None])
        return mixed.permute(0, 3, 1, 2) / 127.5 - 1

    def pasted(
        self, under: RgbArray, lightness: RgbArray, weight: Float[np.ndarray, "h w"]
    ) -> RgbArray:
        """``under`` with another lightness; its own deviations from the curve stay as far as the
        weight does not take them."""
        kept = (1 - weight)[..., None] * (under - self.curve[luma_of(under)])
        levels: RgbArray = (self.curve[lightness] + kept).round().clip(0, 255).astype(np.uint8)
        return levels


def tone_of(photo: RgbArray, alignment: Alignment) -> Tone | None:
    """The tone of the photograph around its square; None if it has colours there.

    :class:`AlignmentError` if the square lies outside.
    """
    left, top, right, bottom = box_of(alignment, photo)
    piece = photo[top:bottom, left:right]
    strides = [max(side // _SAMPLED_PX, 1) for side in piece.shape[:2]]
    few = piece[:: strides[0], :: strides[1]]
    levels, chroma = luma_of(few), _chroma_of(few)
    curve = _curve_of(levels, chroma)
    off = chroma - curve[levels]
    if float(np.sqrt(np.square(off).mean(axis=(0, 1)).max())) > _MOST_RMS:
        return None
    if any(one > _MOST_IN_PATCH for one in _off_in_patches(piece, curve)):
        return None
    if float(np.quantile(np.abs(curve[levels]).max(axis=-1), _MOST_OF_IT)) <= _GREY_LEVELS:
        curve = np.zeros_like(curve)
    return Tone(curve=_coloured(curve))


def grey_of(picture: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """The picture's lightness, in all three channels."""
    weights = picture.new_tensor(_LUMA).reshape(1, 3, 1, 1)
    return (picture * weights).sum(dim=1, keepdim=True).expand_as(picture)


def luma_of(pixels: RgbArray) -> RgbArray:
    """``(h, w)``; of a grey pixel its own value."""
    grey: RgbArray = np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).convert("L"))
    return grey


def _chroma_of(pixels: RgbArray) -> Float[np.ndarray, "h w 2"]:
    """Cb and Cr around 0, by the lightness in whole levels."""
    levels = luma_of(pixels).astype(np.float32)
    blue, red = (pixels[..., channel] - levels for channel in (2, 0))
    return np.stack([blue / 1.772, red / 1.402], axis=-1)


def _coloured(chroma: Float[np.ndarray, "256 2"]) -> Float[np.ndarray, "256 3"]:
    levels = np.arange(256, dtype=np.float32)
    blue, red = chroma.T
    green = -(0.114 * 1.772 * blue + 0.299 * 1.402 * red) / 0.587
    coloured = levels + np.stack([1.402 * red, green, 1.772 * blue])
    rgb: Float[np.ndarray, "256 3"] = coloured.T.clip(0, 255).astype(np.float32)
    return rgb


def _curve_of(levels: RgbArray, chroma: Float[np.ndarray, "h w 2"]) -> Float[np.ndarray, "256 2"]:
    """Mean Cb and Cr of each level, smoothed; of levels that are hardly there, the nearest's."""
    flat = levels.ravel()
    reach = np.arange(-12, 13)
    kernel = np.exp(-0.5 * (reach / _SMOOTH_LEVELS) ** 2)
    counts, *sums = (
        np.convolve(np.bincount(flat, weights=weights, minlength=256), kernel, mode="same")
        for weights in (None, chroma[..., 0].ravel(), chroma[..., 1].ravel())
    )
    known = np.flatnonzero(counts >= min(_FEW_PIXELS, counts.max()))
    every = np.arange(256)
    columns = [np.interp(every, known, total[known] / counts[known]) for total in sums]
    return np.stack(columns, axis=-1).astype(np.float32)


def _off_in_patches(piece: RgbArray, curve: Float[np.ndarray, "256 2"]) -> Iterator[float]:
    """How far the mean of the patch is off that is farthest, for each row of patches."""
    height, width = piece.shape[:2]
    side = max(min(height, width) // _PATCHES, _SMALLEST_PATCH_PX)
    across = np.arange(0, width, side)
    for top in range(0, height, side):
        band = piece[top : top + side]
        off = (_chroma_of(band) - curve[luma_of(band)]).mean(axis=0)
        counts = np.diff(np.append(across, width))
        means = np.add.reduceat(off, across, axis=0) / counts[:, None]
        yield float(np.abs(means).max())

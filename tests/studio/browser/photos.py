"""Photographs to bring in: generated faces in a larger picture."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from tugan.core.images import to_rgb_array
from tugan.generators.protocol import PretrainedGenerator, sample_z, synthesize

Rgb = npt.NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class PlacedFace:
    """Where a generated face is in the photograph."""

    seed: int
    left_px: int
    top_px: int
    side_px: int = 512


def background(width_px: int, height_px: int) -> Rgb:
    """Colours that change from place to place, so that what is pasted shows."""
    y, x = np.mgrid[:height_px, :width_px].astype(np.float64)
    red, green = 90 + 110 * x / width_px, 150 - 60 * y / height_px
    blue = 130 + 60 * np.sin(x / 90) * np.cos(y / 70)
    return np.stack([red, green, blue], axis=-1).round().astype(np.uint8)


def photo_of(
    generator: PretrainedGenerator,
    placed: Sequence[PlacedFace],
    *,
    width_px: int,
    height_px: int,
) -> Rgb:
    """The faces on a background."""
    photo = background(width_px, height_px)
    for one in placed:
        w = generator.map(sample_z(one.seed, z_dim=generator.info.z_dim), psi=0.7)
        with torch.no_grad():
            face = Image.fromarray(to_rgb_array(synthesize(generator, w)))
        small = face.resize((one.side_px, one.side_px), Image.Resampling.LANCZOS)
        bottom, right = one.top_px + one.side_px, one.left_px + one.side_px
        photo[one.top_px : bottom, one.left_px : right] = np.asarray(small)
    return photo


def jpeg_of(photo: Rgb) -> bytes:
    """A file as a camera writes it."""
    file = io.BytesIO()
    Image.fromarray(photo).save(file, "JPEG", quality=95)
    return file.getvalue()

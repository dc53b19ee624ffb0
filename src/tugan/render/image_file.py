"""Image files in and out, whole or not at all."""

import zlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from tugan.core.atomic_write import atomic_path, check_writable
from tugan.core.errors import InvalidDragError, MissingExtraError, OutputError
from tugan.core.images import RgbArray
from tugan.core.input_file import read_input
from tugan.render.photo_values import Values, values_of
from tugan.render.picture_reader import MAX_FILE_BYTES, PictureError, opened_picture

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
MAX_MASK_PIXELS = 64_000_000
PNG_COMPRESSION_LEVEL = 4
"""Photographs come out as small as at the default of 6, in a third of the time."""
PNG_STRATEGY = zlib.Z_RLE
"""Nothing older than a byte is looked for: faces come out within 5 % of the size, in half the time
again. Repeated patterns and smooth ramps, which photographs do not have, come out larger."""


def check_image_path(path: Path) -> None:
    """:class:`OutputError` unless an image of this name can be written there."""
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        known = ", ".join(IMAGE_SUFFIXES)
        raise OutputError(f"cannot write {path}: the name of a picture ends in one of {known}")
    check_writable(path)


def write_image(path: Path, pixels: RgbArray) -> None:
    """Write by the name's suffix: PNG lossless, JPEG and WebP at quality 95."""
    check_image_path(path)
    with atomic_path(path) as temporary:
        Image.fromarray(pixels).save(
            temporary,
            quality=95,
            compress_level=PNG_COMPRESSION_LEVEL,
            compress_type=PNG_STRATEGY,
        )


def read_mask(path: Path) -> Float[Tensor, "h w"]:
    """A mask picture: white is 1, black 0; transparent counts as black.

    A mask's numbers are numbers: a colour profile, and whatever else says how a screen should show
    them, is not looked at. Colours count by their brightness (ITU-R BT.601).
    :class:`InvalidDragError` if the file is no picture, unreasonably large, or of numbers that are
    not read (floats beyond 0 to 1, signed ones: docs/inversion.md).
    """
    content = read_input(path, what="mask file", most_bytes=MAX_FILE_BYTES, error=InvalidDragError)
    try:
        with opened_picture(content, _check_mask_size) as opened:
            return _brightness(values_of(opened))
    except (PictureError, MissingExtraError) as error:
        raise InvalidDragError(f"the mask {path} {error}") from error


def _check_mask_size(width: int, height: int) -> None:
    if width * height > MAX_MASK_PIXELS:
        raise PictureError(f"is {width} x {height} px: far too large")


def _brightness(values: Values) -> Float[Tensor, "h w"]:
    if values.levels is not None:
        grey = values.levels.astype(np.float32) / 65535
    else:
        # Pillow knows no way from Lab and CMYK but through RGB
        picture = values.picture if values.picture.mode == "L" else values.picture.convert("RGB")
        grey = np.asarray(picture.convert("L"), dtype=np.float32) / 255
    if values.alpha is not None:
        grey = grey * (values.alpha.astype(np.float32) / 255)
    return torch.from_numpy(grey)

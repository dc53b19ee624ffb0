"""Image files in and out, whole or not at all."""

import io
import warnings
import zlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from tugan.core.atomic_write import atomic_path, check_writable
from tugan.core.errors import InvalidDragError, OutputError
from tugan.core.images import RgbArray
from tugan.core.input_file import read_input

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
MAX_MASK_PIXELS = 64_000_000
MAX_MASK_BYTES = 300 << 20
"""Of so many pixels, not compressed at all."""
PNG_COMPRESSION_LEVEL = 4
"""Photographs come out as small as at the default of 6, in a third of the time."""
PNG_STRATEGY = zlib.Z_RLE
"""Nothing older than a byte is looked for: faces come out within 5 % of the size, in half the time
again. Repeated patterns and smooth ramps, which photographs do not have, come out larger."""

# what Pillow's decoders raise on damaged files
_PILLOW_ERRORS = (
    UnidentifiedImageError,
    OSError,
    Image.DecompressionBombError,
    ValueError,
    SyntaxError,
    RuntimeError,
)


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

    :class:`InvalidDragError` if the file is no picture, or unreasonably large.
    """
    try:
        content = io.BytesIO(
            read_input(path, what="mask file", most_bytes=MAX_MASK_BYTES, error=InvalidDragError)
        )
        with warnings.catch_warnings(action="ignore"), Image.open(content) as opened:
            picture = _upright_rgba(opened, path)
    except InvalidDragError:
        raise
    except UnidentifiedImageError as error:
        raise InvalidDragError(
            f"the mask {path} cannot be read as a picture: it is damaged, or of no format that is"
            " known here"
        ) from error
    except _PILLOW_ERRORS as error:
        raise InvalidDragError(f"the mask {path} cannot be read as a picture: {error}") from error
    on_black = Image.new("RGBA", picture.size, "black")
    grey = Image.alpha_composite(on_black, picture).convert("L")
    return torch.from_numpy(np.asarray(grey, dtype=np.float32) / 255)


def _upright_rgba(opened: Image.Image, path: Path) -> Image.Image:
    if opened.width * opened.height > MAX_MASK_PIXELS:
        raise InvalidDragError(
            f"the mask {path} is {opened.width} x {opened.height} px: far too large"
        )
    upright = ImageOps.exif_transpose(opened)
    if upright.mode.startswith("I;16"):
        # Pillow would clip the upper values instead of scaling them
        values = np.asarray(upright, dtype=np.float32) / 65535 * 255
        upright = Image.fromarray(values.round().astype(np.uint8))
    elif upright.mode == "F":
        raise InvalidDragError(f"the mask {path} has float pixels: save it with 8 bits")
    return upright.convert("RGBA")

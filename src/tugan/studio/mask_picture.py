"""A mask as it crosses the wire: a PNG of the picture's size."""

import base64
import binascii
import io
import warnings

import numpy as np
import numpy.typing as npt
from PIL import Image

from tugan.core.masks import MAY_CHANGE_LEVEL
from tugan.session.errors import SessionError

MaskArray = npt.NDArray[np.uint8]
"""``(h, w)``, 255 where the picture may change, 0 where it stays."""


def decode_mask(text: str, *, image_hw: tuple[int, int]) -> MaskArray:
    """The mask of a base64 PNG; :class:`SessionError` if it is anything else."""
    try:
        encoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise _bad("The mask is not base64.") from error
    try:
        with warnings.catch_warnings(action="error"):
            picture = Image.open(io.BytesIO(encoded), formats=["PNG"])
        height, width = image_hw
        # looked at before anything is unpacked: a small file can declare a huge picture
        if picture.size != (width, height):
            raise _bad(
                f"The mask is {picture.width} x {picture.height} px, but the picture is"
                f" {width} x {height} px."
            )
        grey = np.asarray(picture.convert("L"))
    except SessionError:
        raise
    # what Pillow raises on damaged files
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise _bad("The mask is not a PNG picture, or is damaged.") from error
    mask = np.where(grey >= 255 * MAY_CHANGE_LEVEL, np.uint8(255), np.uint8(0))
    mask.flags.writeable = False
    return mask


def _bad(text: str) -> SessionError:
    return SessionError("bad-mask", text, "The page is out of step: reload it and paint again.")

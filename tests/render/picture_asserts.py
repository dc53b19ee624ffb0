"""Whether photographs and masks have the values that another library reads."""

from pathlib import Path

import numpy as np
import pytest

from render.made_pictures import (
    Pixels,
    Wanted,
)
from tugan.core.errors import InvalidDragError
from tugan.render.image_file import read_mask
from tugan.render.photo_file import PhotoError, decode_photo

ROUNDING = 1.01


def of_255(pixels: Pixels, most: float) -> Wanted:
    return np.asarray(pixels, dtype=np.float64) / most * 255


def three(grey: Wanted) -> Wanted:
    return np.repeat(grey[..., None], 3, axis=2)


def is_right(content: bytes, wanted: Wanted, alpha: Wanted | None = None) -> None:
    """Photograph and mask have these values, to rounding."""
    photo = decode_photo(content)
    assert photo.pixels.shape[:2] == wanted.shape[:2]
    found = photo.pixels.astype(float)
    rgb = wanted if wanted.ndim == 3 else three(wanted)
    seen = np.full(rgb.shape[:2], 255.0) if alpha is None else alpha
    assert np.abs(found - rgb)[seen > ROUNDING].max() <= ROUNDING
    if alpha is None:
        assert photo.alpha is None
    else:
        assert photo.alpha is not None
        assert np.abs(photo.alpha - alpha).max() <= ROUNDING


def mask_is_right(content: bytes, wanted: Wanted, folder: Path, roundings: int = 1) -> None:
    (folder / "mask").write_bytes(content)
    found = read_mask(folder / "mask").numpy() * 255
    assert np.abs(found - wanted).max() <= roundings * ROUNDING


def is_refused(content: bytes, saying: str, folder: Path) -> None:
    with pytest.raises(PhotoError, match=rf"^me\.tif cannot be read as a picture: .*{saying}"):
        decode_photo(content, name="me.tif")
    (folder / "mask.tif").write_bytes(content)
    with pytest.raises(InvalidDragError, match=rf"mask\.tif cannot be read .*{saying}"):
        read_mask(folder / "mask.tif")

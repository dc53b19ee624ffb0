"""Pixels of every depth as 8 bits a channel, or refused: what a picture's numbers are."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from PIL import Image

from tugan.render.picture_reader import OpenedPicture, PictureError, upright
from tugan.render.tiff_pages import ASSOCIATED_ALPHA, GREY_WHITE_IS_ZERO

Levels = npt.NDArray[np.uint16]
Alpha = npt.NDArray[np.uint8]

FLOAT_SLACK = 1e-3
"""By so much may floats leave 0 to 1, which are black and white; they are cut off there."""


@dataclass(frozen=True, kw_only=True)
class Values:
    """A picture, upright, with 8 bits a channel."""

    picture: Image.Image
    """L, RGB, CMYK or LAB."""
    alpha: Alpha | None = field(default=None, repr=False)
    """``(h, w)``; ``None`` where all is opaque."""
    levels: Levels | None = field(default=None, repr=False)
    """Of a grey picture with more than 8 bits: 0 to 65535, as fine as the file has them."""
    remarks: tuple[str, ...] = ()


def values_of(opened: OpenedPicture) -> Values:
    """The decoded numbers; :class:`PictureError` where their meaning is not known.

    Floats are read as 0 black and 1 white. Numbers stay where the file's palette and photometric
    meaning put them: no colour profile is looked at here.
    """
    picture = upright(opened)
    deep = picture.mode.startswith("I") or picture.mode == "F"
    levels = _levels(picture, opened) if deep else None
    depth = _depth(opened, picture)
    remarks = (f"Its {depth} bits a channel became 8.",) if depth > 8 else ()
    if levels is not None:
        clear = picture.info.get("transparency")
        return Values(
            picture=Image.fromarray(eight_bits(levels)),
            alpha=_clear_where(np.asarray(picture) == clear) if clear is not None else None,
            levels=levels,
            remarks=remarks,
        )
    plain, alpha = _split_alpha(picture, opened)
    return Values(picture=_plain(plain, opened), alpha=alpha, remarks=remarks)


def eight_bits(levels: Levels) -> npt.NDArray[np.uint8]:
    """0 to 65535 as 0 to 255, rounded."""
    return ((levels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


def _depth(opened: OpenedPicture, picture: Image.Image) -> int:
    """Bits a channel that the file has, as far as they are known."""
    content = opened.content
    if opened.page is not None:
        return max(opened.page.bits)
    if opened.jpeg2000 is not None:
        return max(opened.jpeg2000.bits, default=8)
    if opened.image.format == "PNG":
        return content[24]
    if opened.image.format == "HEIF":
        return int(picture.info.get("bit_depth") or 8)
    return {"I": 16, "F": 32}.get(picture.mode[:1], 8)


def _levels(picture: Image.Image, opened: OpenedPicture) -> Levels:
    page = opened.page
    if picture.mode == "F":
        levels = _of_floats(np.asarray(picture))
    elif page is not None and page.bits == (32,):
        levels = (np.asarray(picture).view(np.uint32) >> 16).astype(np.uint16)
    elif page is not None and page.bits == (12,):
        twelve = np.asarray(picture).astype(np.uint32)
        levels = (twelve * 65535 // 4095).astype(np.uint16)
    elif page is not None or opened.image.format in ("PNG", "PPM", "JPEG2000"):
        levels = np.asarray(picture).astype(np.uint16)
    else:
        raise PictureError(
            f"cannot be read as a picture: its {opened.image.format} has numbers beyond 8 bits, of"
            " which nothing says what is white: save it as PNG"
        )
    if page is not None and page.photometric == GREY_WHITE_IS_ZERO:
        levels = np.asarray(65535 - levels, dtype=np.uint16)
    return levels


def _of_floats(values: npt.NDArray[np.float32]) -> Levels:
    if not np.isfinite(values).all():
        raise PictureError("cannot be read as a picture: it has pixels that are NaN or infinite")
    least, most = float(values.min()), float(values.max())
    if least < -FLOAT_SLACK or most > 1 + FLOAT_SLACK:
        raise PictureError(
            f"cannot be read as a picture: its numbers are floats of {least:.4g} to {most:.4g},"
            " where 0 is black and 1 is white: save it with 8 or 16 whole-number bits a channel"
        )
    return (values.clip(0, 1) * 65535).round().astype(np.uint16)


def _split_alpha(picture: Image.Image, opened: OpenedPicture) -> tuple[Image.Image, Alpha | None]:
    """The colours as they are where something is seen, and how opaque they are."""
    clear = picture.info.get("transparency")
    if picture.mode in ("L", "RGB", "1") and clear is not None:
        return _with_clear_colour(picture, opened, clear)
    if not (picture.mode in ("LA", "PA", "RGBA", "La", "RGBa") or clear is not None):
        return picture, None
    rgba = picture.convert("RGBA") if picture.mode not in ("La", "RGBa") else _unmultiplied(picture)
    alpha = np.array(rgba.getchannel("A"))
    if opened.page is not None and _is_too_coarse(opened, alpha):
        raise PictureError(
            "cannot be read as a picture: its TIFF has 16-bit colours multiplied by partial"
            " transparency: save it with transparency apart, or with 8 bits"
        )
    grey = picture.mode in ("LA", "La")
    return rgba.convert("RGB") if not grey else rgba.getchannel(0), _unless_opaque(alpha)


def _unmultiplied(picture: Image.Image) -> Image.Image:
    return picture.convert("LA" if picture.mode == "La" else "RGBA").convert("RGBA")


def _is_too_coarse(opened: OpenedPicture, alpha: Alpha) -> bool:
    """Pillow keeps 8 of 16 bits before it divides by alpha."""
    page = opened.page
    if page is None or max(page.bits) <= 8 or ASSOCIATED_ALPHA not in page.extra:
        return False
    return bool(((alpha > 0) & (alpha < 255)).any())


def _with_clear_colour(
    picture: Image.Image, opened: OpenedPicture, clear: int | tuple[int, int, int]
) -> tuple[Image.Image, Alpha | None]:
    """A PNG's one transparent colour, which it names with as many bits as its pixels have."""
    bits = opened.content[24] if opened.image.format == "PNG" else 8
    if picture.mode == "1":
        return picture, _clear_where(np.asarray(picture) == bool(clear))
    if bits < 8 and isinstance(clear, int):
        clear = clear * 255 // ((1 << bits) - 1)
    if bits == 16 and isinstance(clear, tuple):
        clear = (clear[0] >> 8, clear[1] >> 8, clear[2] >> 8)
    pixels = np.asarray(picture)
    same = pixels == np.array(clear)
    if same.ndim == 3:
        same = same.all(axis=2)
    if bits == 16 and same.any():
        # whether the lower 8 bits are the same is not known
        raise PictureError(
            "cannot be read as a picture: its PNG has 16 bits a channel and a transparent colour:"
            " save it with 8 bits, or with transparency of its own"
        )
    return picture, _clear_where(same)


def _clear_where(same: npt.NDArray[np.bool_]) -> Alpha | None:
    return _unless_opaque(np.where(same, 0, 255).astype(np.uint8))


def _unless_opaque(alpha: Alpha) -> Alpha | None:
    return None if bool((alpha == 255).all()) else alpha


def _plain(picture: Image.Image, opened: OpenedPicture) -> Image.Image:
    if picture.mode in ("L", "RGB", "CMYK"):
        return picture
    if picture.mode == "LAB":
        if opened.page is None:
            raise PictureError("cannot be read as a picture: it has Lab colours: save it as RGB")
        return picture
    return picture.convert("L" if picture.mode == "1" else "RGB")

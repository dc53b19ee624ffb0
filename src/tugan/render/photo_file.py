"""Photographs in and out: whatever cameras and editors write, with what is worth keeping of it."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from tugan.core.atomic_write import atomic_path
from tugan.core.errors import MissingExtraError, TuganError
from tugan.core.images import RgbArray
from tugan.core.input_file import read_input
from tugan.render.edit_mark import marked_xmp
from tugan.render.image_file import PNG_COMPRESSION_LEVEL, PNG_STRATEGY, check_image_path
from tugan.render.photo_colours import colours_of
from tugan.render.photo_metadata import kept_exif
from tugan.render.photo_place import PLACE_REMARK
from tugan.render.photo_upright import exif_of
from tugan.render.photo_values import values_of
from tugan.render.picture_reader import MAX_FILE_BYTES, OpenedPicture, PictureError, opened_picture

MAX_PHOTO_BYTES = MAX_FILE_BYTES
MAX_PHOTO_PIXELS = 128_000_000
SMALLEST_SIDE_PX = 32

_LARGEST_IN_JPEG = {"exif": 65_533, "icc_profile": 255 * 65_519}
"""Bytes: a segment, and as many as a profile may be spread over."""


class PhotoError(TuganError):
    """A file that is no photograph we can read, or one of an unreasonable size."""


class PhotoTooLargeError(PhotoError):
    """A photograph that cannot be kept without its metadata, since that would take too much."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photograph, upright, with 8 bits a channel."""

    pixels: RgbArray = field(repr=False)
    alpha: npt.NDArray[np.uint8] | None = field(default=None, repr=False)
    """``(h, w)``; kept for writing, and not looked at otherwise."""
    exif: bytes = field(default=b"", repr=False)
    """Only tags that are kept (``photo_metadata.py``); upright pixels need no orientation."""
    icc_profile: bytes = field(default=b"", repr=False)
    """What the numbers of ``pixels`` mean; empty is sRGB."""
    remarks: tuple[str, ...] = ()
    """What was changed or left out in reading, a sentence each."""

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width, pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


def read_photo(path: Path) -> Photo:
    """The photograph in a file; :class:`PhotoError` says what is wrong with it."""
    return decode_photo(photo_bytes(path), name=str(path))


def photo_bytes(path: Path) -> bytes:
    """The content of a photograph's file; :class:`PhotoError` if there is none, or too much."""
    return read_input(path, what="photograph", most_bytes=MAX_PHOTO_BYTES, error=PhotoError)


def decode_photo(content: bytes, *, name: str = "the photograph") -> Photo:
    """The photograph in a file's content; :class:`PhotoError` or, for HEIC without the reader,
    :class:`MissingExtraError`."""
    if len(content) > MAX_PHOTO_BYTES:
        raise PhotoError(f"{name} is larger than {MAX_PHOTO_BYTES / 1e6:.0f} MB")
    try:
        with opened_picture(content, _check_size) as opened:
            return _decoded(opened)
    except PictureError as error:
        raise PhotoError(f"{name} {error}") from error
    except MissingExtraError as error:
        raise MissingExtraError(f"{name} {error}") from error


def write_photo(path: Path, photo: Photo, *, edited: bool = True) -> tuple[str, ...]:
    """Write by the name's suffix, with the metadata kept; PNG is lossless.

    ``edited`` marks it as partly made by a trained model (IPTC digital source type, in XMP).
    JPEG has no transparency: that is left out there. Gives a sentence for everything else that
    this kind of file does not hold.
    """
    check_image_path(path)
    picture = Image.fromarray(photo.pixels)
    suffix = path.suffix.lower()
    is_jpeg = suffix in (".jpg", ".jpeg")
    if photo.alpha is not None and not is_jpeg:
        picture.putalpha(Image.fromarray(photo.alpha))
    # once more through the list: a Photo may have been made by anyone
    parts = {"exif": kept_exif(photo.exif), "icc_profile": photo.icc_profile}
    remarks = _without_what_is_too_large(parts, path) if is_jpeg else ()
    exif, profile = parts["exif"] or None, parts["icc_profile"] or None
    with atomic_path(path) as temporary:
        if suffix == ".png":
            text = PngInfo()
            if edited:
                text.add_itxt("XML:com.adobe.xmp", marked_xmp().decode())
            picture.save(
                temporary,
                compress_level=PNG_COMPRESSION_LEVEL,
                compress_type=PNG_STRATEGY,
                exif=exif,
                icc_profile=profile,
                pnginfo=text,
            )
        else:
            xmp = marked_xmp() if edited else None
            picture.save(temporary, quality=95, exif=exif or b"", icc_profile=profile, xmp=xmp)
    return remarks


def _without_what_is_too_large(parts: dict[str, bytes], path: Path) -> tuple[str, ...]:
    """Empties what no JPEG file can hold."""
    names = {"exif": "camera's metadata", "icc_profile": "colour profile"}
    remarks = []
    for kind, largest in _LARGEST_IN_JPEG.items():
        if len(parts[kind]) > largest:
            size = f"{len(parts[kind]) / 1e6:.1f} MB"
            remarks.append(f"Its {names[kind]} of {size} does not fit into {path} and is left out.")
            parts[kind] = b""
    return tuple(remarks)


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PHOTO_PIXELS:
        raise PictureError(
            f"has {width} x {height} px; up to {MAX_PHOTO_PIXELS / 1e6:.0f} million are read: make"
            " it smaller"
        )
    if min(width, height) < SMALLEST_SIDE_PX:
        raise PictureError(
            f"has {width} x {height} px; at least {SMALLEST_SIDE_PX} px a side are needed"
        )


def _decoded(opened: OpenedPicture) -> Photo:
    values = values_of(opened)
    colours = colours_of(values, opened)
    pixels = np.array(colours.picture)
    if values.alpha is not None:
        pixels[values.alpha == 0] = 255  # invisible, and often garbage
    return Photo(
        pixels=pixels,
        alpha=values.alpha,
        exif=kept_exif(exif_of(opened.image, opened.found)),
        icc_profile=colours.icc_profile,
        remarks=(
            *opened.remarks,
            *((PLACE_REMARK,) if opened.found.has_place else ()),
            *values.remarks,
            *colours.remarks,
        ),
    )


def with_pixels(photo: Photo, pixels: RgbArray) -> Photo:
    """The photograph with other pixels; ``ValueError`` for another size."""
    if pixels.shape != photo.pixels.shape:
        raise ValueError(f"pixels are {pixels.shape}, expected {photo.pixels.shape}")
    return replace(photo, pixels=pixels)

"""Photographs in and out: whatever cameras and editors write, with what is worth keeping of it."""

import importlib
import io
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from tugan.core.atomic_write import atomic_path
from tugan.core.errors import MissingExtraError, TuganError
from tugan.core.images import RgbArray
from tugan.core.input_file import read_input
from tugan.render.edit_mark import marked_xmp
from tugan.render.image_file import PNG_COMPRESSION_LEVEL, PNG_STRATEGY, check_image_path

MAX_PHOTO_BYTES = 256_000_000
MAX_PHOTO_PIXELS = 128_000_000
SMALLEST_SIDE_PX = 32

_GPS_IFD, _ORIENTATION, _THUMBNAIL_IFD = 0x8825, 0x0112, 1
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
# what Pillow's decoders raise on damaged files
_PILLOW_ERRORS = (
    UnidentifiedImageError,
    OSError,
    Image.DecompressionBombError,
    ValueError,
    SyntaxError,
    RuntimeError,
    EOFError,
    IndexError,
    TypeError,
)


class PhotoError(TuganError):
    """A file that is no photograph we can read, or one of an unreasonable size."""


@dataclass(frozen=True, kw_only=True)
class Photo:
    """A photograph, upright, with 8 bits a channel."""

    pixels: RgbArray = field(repr=False)
    alpha: npt.NDArray[np.uint8] | None = field(default=None, repr=False)
    """``(h, w)``; kept for writing, and not looked at otherwise."""
    exif: bytes = field(default=b"", repr=False)
    """Without location, orientation and thumbnail."""
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
    if _is_heic(content):
        _register_heic(name)
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(io.BytesIO(content)) as opened:
            _check_size(opened, name)
            return _decoded(opened)
    except PhotoError:
        raise
    except UnidentifiedImageError as error:
        raise PhotoError(
            f"{name} cannot be read as a picture: it is damaged, or of no format that is known here"
            " (such as JPEG, PNG, WebP, TIFF)"
        ) from error
    except _PILLOW_ERRORS as error:
        raise PhotoError(f"{name} cannot be read as a picture: {error}") from error


def write_photo(path: Path, photo: Photo, *, edited: bool = True) -> None:
    """Write by the name's suffix, with the metadata kept; PNG is lossless.

    ``edited`` marks it as partly made by a trained model (IPTC digital source type, in XMP).
    JPEG has no transparency: that is left out there.
    """
    check_image_path(path)
    picture = Image.fromarray(photo.pixels)
    suffix = path.suffix.lower()
    if photo.alpha is not None and suffix not in (".jpg", ".jpeg"):
        picture.putalpha(Image.fromarray(photo.alpha))
    exif, profile = photo.exif or None, photo.icc_profile or None
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


def _is_heic(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in _HEIC_BRANDS


def _register_heic(name: str) -> None:
    try:
        # it is optional, and has no type hints
        heif: Any = importlib.import_module("pillow_heif")
    except ImportError as error:
        raise MissingExtraError(
            f'{name} is a HEIC picture, which needs the extra "heic": pip install "tugan[heic]",'
            " or save it as JPEG or PNG"
        ) from error
    heif.register_heif_opener()


def _check_size(opened: Image.Image, name: str) -> None:
    width, height = opened.size
    if width * height > MAX_PHOTO_PIXELS:
        raise PhotoError(
            f"{name} has {width} x {height} px; up to {MAX_PHOTO_PIXELS / 1e6:.0f} million are"
            " read: make it smaller"
        )
    if min(width, height) < SMALLEST_SIDE_PX:
        raise PhotoError(
            f"{name} has {width} x {height} px; at least {SMALLEST_SIDE_PX} px a side are needed"
        )


def _decoded(opened: Image.Image) -> Photo:
    remarks = []
    if getattr(opened, "n_frames", 1) > 1:
        remarks.append("The file is animated or has several pages: the first one is taken.")
    exif, profile = opened.getexif(), opened.info.get("icc_profile") or b""
    opened.load()
    upright = ImageOps.exif_transpose(opened)
    if _has_location(exif):
        remarks.append("The location in its metadata is left out of what is written.")
    picture, alpha = _split_alpha(_eight_bits(upright, remarks))
    picture, profile = _as_rgb(picture, profile, remarks)
    return Photo(
        pixels=np.array(picture),
        alpha=alpha,
        exif=_kept_exif(exif),
        icc_profile=profile,
        remarks=tuple(remarks),
    )


def _has_location(exif: Image.Exif) -> bool:
    return _GPS_IFD in exif


def _kept_exif(exif: Image.Exif) -> bytes:
    """Upright pixels need no orientation, a place is nobody's business, a thumbnail shows the
    photograph before the edit."""
    for tag in (_GPS_IFD, _ORIENTATION):
        if tag in exif:
            del exif[tag]
    exif.get_ifd(_THUMBNAIL_IFD).clear()
    return exif.tobytes() if len(exif) else b""


def _eight_bits(picture: Image.Image, remarks: list[str]) -> Image.Image:
    """Pillow would clip 16-bit greys instead of scaling them."""
    if picture.mode.startswith("I") or picture.mode == "F":
        values = np.asarray(picture, dtype=np.float64)
        if not np.isfinite(values).all():
            raise PhotoError("the picture has pixels that are NaN or infinite")
        full = 65535 if picture.mode.startswith("I") else max(float(values.max()), 1e-9)
        remarks.append("Its 16 or more bits a channel became 8.")
        scaled = (values.clip(0, full) / full * 255).round().astype(np.uint8)
        return Image.fromarray(scaled)
    return picture


def _split_alpha(
    picture: Image.Image,
) -> tuple[Image.Image, npt.NDArray[np.uint8] | None]:
    if not (picture.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in picture.info):
        return picture, None
    rgba = picture.convert("RGBA")
    alpha = np.array(rgba.getchannel("A"))
    colours = np.array(rgba.convert("RGB"))
    colours[alpha == 0] = 255  # invisible, and often garbage
    return Image.fromarray(colours), None if bool((alpha == 255).all()) else alpha


def _as_rgb(picture: Image.Image, profile: bytes, remarks: list[str]) -> tuple[Image.Image, bytes]:
    """RGB and the profile that goes with it."""
    if picture.mode == "RGB":
        return picture, profile
    if picture.mode == "CMYK" and profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except ImageCms.PyCMSError:
            remarks.append("Its colour profile is damaged and was left out.")
        else:
            assert converted is not None
            remarks.append("Its printing colours (CMYK) became sRGB.")
            return converted, b""
    if picture.mode == "CMYK":
        remarks.append("Its printing colours (CMYK) became RGB.")
    return picture.convert("RGB"), b""


def with_pixels(photo: Photo, pixels: RgbArray) -> Photo:
    """The photograph with other pixels; ``ValueError`` for another size."""
    if pixels.shape != photo.pixels.shape:
        raise ValueError(f"pixels are {pixels.shape}, expected {photo.pixels.shape}")
    return replace(photo, pixels=pixels)

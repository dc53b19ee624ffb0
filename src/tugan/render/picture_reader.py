"""Opening a picture's file, of which one picture is taken: the same for photographs and masks."""

import contextlib
import importlib
import io
import struct
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from PIL import Image, ImageFile, UnidentifiedImageError

from tugan.core.errors import MissingExtraError, TuganError
from tugan.render.completeness import too_much_beside, what_is_missing
from tugan.render.jpeg2000_header import Jpeg2000Header, jpeg2000_header
from tugan.render.photo_found import Found, look_into
from tugan.render.photo_metadata import ORIENTATION
from tugan.render.photo_upright import TURNS, exif_of, stood_up
from tugan.render.picture_kind import picture_kind
from tugan.render.tiff_choice import TiffChoice, chosen_page, described
from tugan.render.tiff_pages import (
    ASSOCIATED_ALPHA,
    PLANES_APART,
    UNCOMPRESSED,
    YCBCR,
    TiffPage,
    beginning_with,
    is_tiff,
    tiff_pages,
)

MAX_FILE_BYTES = 256_000_000
FORMATS = (
    *("JPEG", "MPO", "PNG", "WEBP", "TIFF", "HEIF", "AVIF", "JPEG2000"),
    *("GIF", "BMP", "DIB", "PPM", "TGA", "PCX", "SGI", "QOI", "ICO", "PSD"),
)
"""Those whose numbers are held against another library in the tests; others are refused."""
_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")
_ADVICE = "JPEG, PNG, WebP, TIFF, HEIC and AVIF are read"
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
    KeyError,
    OverflowError,
)


class PictureError(TuganError):
    """Why a picture is not read, to stand after its name: what was found, and what to do."""


@dataclass(frozen=True, kw_only=True)
class OpenedPicture:
    """A picture that is open and not decoded yet."""

    image: Image.Image
    content: bytes = field(repr=False)
    found: Found = field(repr=False)
    """What the file says of its picture."""
    exif: Image.Exif = field(repr=False)
    """Of the file's first picture, whose metadata is that of the file."""
    page: TiffPage | None = None
    jpeg2000: Jpeg2000Header | None = None
    orientation: int = 1
    """How the pixels lie where the picture itself does not tell."""
    remarks: tuple[str, ...] = ()


@contextmanager
def opened_picture(
    content: bytes, check_size: Callable[[int, int], None]
) -> Iterator[OpenedPicture]:
    """The picture in a file's content, its numbers known to be read right.

    ``check_size`` is given width and height before anything is decoded, and raises
    :class:`PictureError`.
    :class:`PictureError` for whatever goes wrong inside as well; :class:`MissingExtraError` for
    HEIC without its reader.
    """
    register_reader(content)
    beside = too_much_beside(content)
    if beside:
        raise PictureError(f"cannot be read as a picture: {beside}: save it without")
    found = look_into(content)
    content = found.readable
    try:
        with warnings.catch_warnings(action="ignore"):
            choice = _tiff_choice(content)
            with Image.open(io.BytesIO(_beginning_with_chosen(content, choice))) as image:
                check_size(*image.size)
                yield _checked(image, content, found, choice)
    except PictureError:
        raise
    except UnidentifiedImageError as error:
        raise PictureError(f"cannot be read as a picture: {_unknown(content)}") from error
    except MemoryError as error:
        raise PictureError("cannot be read as a picture: it asks for too much memory") from error
    except _PILLOW_ERRORS as error:
        raise PictureError(f"cannot be read as a picture: {error}") from error


def upright(opened: OpenedPicture) -> Image.Image:
    """The decoded picture, standing up."""
    image = opened.image
    if opened.page is not None:
        _through_libtiff(image, opened.page)
    image.load()
    standing = stood_up(image, opened.found)
    turn = TURNS.get(opened.orientation)
    return standing if turn is None else standing.transpose(turn)


def _checked(
    image: Image.Image, content: bytes, found: Found, choice: TiffChoice | None
) -> OpenedPicture:
    if image.format not in FORMATS:
        raise PictureError(
            f"cannot be read as a picture: it is a {image.format} file, which is not read here;"
            f" {_ADVICE}"
        )
    if image.format == "TIFF" and choice is None:
        raise PictureError("cannot be read as a picture: its TIFF directory is damaged")
    page = choice.page if choice is not None else None
    width, height = image.size
    missing = what_is_missing(content, str(image.format), width * height, page)
    if missing:
        raise PictureError(f"cannot be read as a picture: {missing}")
    header = jpeg2000_header(content) if image.format == "JPEG2000" else None
    if header is not None and header.refusal:
        raise PictureError(f"cannot be read as a picture: {header.refusal}")
    exif, orientation = _exif(image, found), 1
    if choice is not None and not choice.is_first:
        exif = _first_exif(content) or exif
        orientation = exif.get(ORIENTATION, 1) if not choice.page.orientation else 1
    remarks = [choice.remark] if choice is not None and choice.remark else []
    if choice is None and getattr(image, "is_animated", False):
        which = "main" if image.tell() else "first"  # of HEIC's, one is the main one
        remarks.append(f"The file is animated or has several pages: the {which} one is taken.")
    return OpenedPicture(
        image=image,
        content=content,
        found=found,
        exif=exif,
        page=page,
        jpeg2000=header,
        orientation=orientation,
        remarks=tuple(remarks),
    )


def _tiff_choice(content: bytes) -> TiffChoice | None:
    pages = tiff_pages(content)
    if pages is None:
        return None
    choice = chosen_page(pages)
    if choice.refusal:
        raise PictureError(f"cannot be read as a picture: {choice.refusal}")
    return choice


def _beginning_with_chosen(content: bytes, choice: TiffChoice | None) -> bytes:
    if choice is None or choice.is_first:
        return content
    return beginning_with(content, choice.page)


def _exif(image: Image.Image, found: Found) -> Image.Exif:
    """Empty where it is damaged: that makes no picture unreadable."""
    exif = Image.Exif()
    with contextlib.suppress(*_PILLOW_ERRORS, struct.error):
        if image.format == "TIFF":
            return image.getexif()
        exif.load(exif_of(image, found))
    return exif


def _first_exif(content: bytes) -> Image.Exif | None:
    """The first picture may be one that Pillow does not open."""
    try:
        with Image.open(io.BytesIO(content)) as first:
            return first.getexif()
    except _PILLOW_ERRORS:
        return None


def _through_libtiff(image: Image.Image, page: TiffPage) -> None:
    """Have libtiff put samples in order where Pillow's own unpacking mistakes their places.

    It does for planes of 16 bits, for YCbCr with fewer colours than greys, and for compressed
    32-bit numbers of big-endian files (Pillow 13.0).
    """
    raw = ""
    if page.bits == (32,):
        raw = "F;32NF" if image.mode == "F" else "I;32N"
    elif page.compression == UNCOMPRESSED and page.photometric == YCBCR:
        image._mode = "RGB"
        raw = "RGBX"
    elif page.compression == UNCOMPRESSED and page.planar == PLANES_APART and len(page.bits) > 1:
        raw = "RGBa" if image.mode == "RGBA" and ASSOCIATED_ALPHA in page.extra else image.mode
        raw += ";16N" if page.bits[0] == 16 else ""
    if raw and isinstance(image, ImageFile.ImageFile):
        tiff: Any = image
        tiff.use_load_libtiff = True
        extents = (0, 0, *page.size_wh)
        tiff.tile = [ImageFile._Tile("libtiff", extents, 0, (raw, False, page.offset))]


def _unknown(content: bytes) -> str:
    kind = picture_kind(content)
    if kind:
        return f"it is {kind}; {_ADVICE}"
    if not is_tiff(content):
        return "it is damaged, or of no format that is known here (such as JPEG, PNG, WebP, TIFF)"
    pages = tiff_pages(content)
    if pages is None:
        return "its TIFF has no directory where it should be: it is cut short or damaged"
    page = chosen_page(pages).page
    return (
        f"its TIFF has {described(page)} pixels (compression {page.compression}), or is damaged:"
        " save it with 8 or 16 whole-number bits a channel"
    )


def register_reader(content: bytes) -> None:
    """Make Pillow know HEIC, if this is one.

    :class:`MissingExtraError` without the reader, to stand after the picture's name.
    """
    if _is_heic(content):
        _register_heic()


def _is_heic(content: bytes) -> bool:
    if content[4:8] != b"ftyp" or content[8:12] not in _HEIC_BRANDS:
        return False
    size = min(int.from_bytes(content[:4], "big"), 256)
    others = [content[at : at + 4] for at in range(16, size, 4)]
    # a container's brand alone says not which of the two is inside
    return not any(brand in _AVIF_BRANDS for brand in others)


def _register_heic() -> None:
    try:
        # it is optional, and has no type hints
        heif: Any = importlib.import_module("pillow_heif")
    except ImportError as error:
        raise MissingExtraError(
            'is a HEIC picture, which needs the extra "heic": pip install "tugan[heic]",'
            " or save it as JPEG or PNG"
        ) from error
    heif.register_heif_opener()

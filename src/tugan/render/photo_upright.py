"""Which way up a photograph is, by what it says of itself, and standing it up."""

from PIL import Image

from tugan.render.photo_found import Found
from tugan.render.photo_metadata import orientation_of

TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def exif_of(opened: Image.Image, found: Found) -> bytes:
    """The EXIF of a picture that is loaded; empty if there is none."""
    if found.exif is not None:
        return found.exif
    exif = opened.info.get("exif")
    return exif if isinstance(exif, bytes) else b""


def stood_up(opened: Image.Image, found: Found) -> Image.Image:
    """A loaded picture as it is to be seen; unlike Pillow's, damaged EXIF does not stop it."""
    if opened.format == "TIFF":
        return opened  # Pillow has stood it up while loading
    orientation = orientation_of(exif_of(opened, found))
    if orientation == 1:
        orientation = found.xmp_orientation
    turn = TURNS.get(orientation)
    return opened if turn is None else opened.transpose(turn)

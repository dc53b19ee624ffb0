"""What a photograph's numbers mean as colours: its profile, or a conversion."""

import io
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from PIL import Image, ImageCms

from tugan.render.cicp import (
    GAMMAS,
    HLG,
    PQ,
    PRIMARIES,
    PRIMARIES_NAMES,
    Chromaticities,
    CodePoints,
    box_code_points,
    png_code_points,
)
from tugan.render.hdr_light import shown_as_srgb
from tugan.render.icc_profiles import (
    ADOBE_GAMMA,
    ADOBE_RGB,
    SRGB_CURVE,
    grey_profile,
    rgb_profile,
)
from tugan.render.photo_values import Values, eight_bits
from tugan.render.picture_reader import OpenedPicture, PictureError

MAX_PROFILE_BYTES = 16_000_000
"""More than a JPEG can hold."""

_EXIF_IFD, _INTEROP_IFD, _COLOUR_SPACE, _INTEROP_INDEX = 0x8769, 0xA005, 0xA001, 1
_SRGB_GAMMA = 1 / 2.2
_SAME_GAMMA, _SAME_XY = 0.01, 0.005
"""So near to sRGB's, a curve or a colour is taken to be sRGB's: files have them rounded."""
_INTENT = ImageCms.Intent.RELATIVE_COLORIMETRIC


@dataclass(frozen=True, kw_only=True)
class Colours:
    """RGB pixels and what they mean."""

    picture: Image.Image
    """RGB."""
    icc_profile: bytes = field(default=b"", repr=False)
    """Empty is sRGB."""
    remarks: tuple[str, ...] = ()


def colours_of(values: Values, opened: OpenedPicture) -> Colours:
    """RGB of a picture, with the first of its descriptions that is of use.

    A PNG's cICP outranks its profile (PNG, third edition), and a profile everything else: code
    points of HEIC and AVIF, sRGB, gAMA and cHRM of PNG, primaries of TIFF, EXIF's colour space.
    """
    if values.picture.mode == "LAB":
        picture = values.picture.convert("RGB")
        return Colours(picture=picture, remarks=("Its Lab colours became sRGB.",))
    code_points, remarks = _code_points(opened)
    profile = _profile_bytes(opened)
    if code_points is not None and opened.image.format == "PNG":
        left_out = ("Its colour profile is left out: its cICP outranks it.",) if profile else ()
        return _by_code_points(values, code_points, (*remarks, *left_out))
    if profile:
        found = _by_profile(values, profile)
        if found.icc_profile or found.picture is not values.picture:
            return replace(found, remarks=(*remarks, *found.remarks))
        remarks += found.remarks
    if values.picture.mode == "CMYK":
        said = "Its printing colours (CMYK) became RGB."
        return Colours(picture=values.picture.convert("RGB"), remarks=(*remarks, said))
    if code_points is not None:
        return _by_code_points(values, code_points, remarks)
    return _by_tags(values, opened, remarks)


def _rgb(picture: Image.Image) -> Image.Image:
    """Itself if it is: Pillow would make a copy."""
    return picture if picture.mode == "RGB" else picture.convert("RGB")


def _profile_bytes(opened: OpenedPicture) -> bytes:
    if opened.jpeg2000 is not None:
        return opened.jpeg2000.icc_profile
    return bytes(opened.image.info.get("icc_profile") or b"")


def _by_profile(values: Values, profile: bytes) -> Colours:
    """The picture itself and a remark, if the profile is of no use."""
    picture = values.picture
    if len(profile) > MAX_PROFILE_BYTES:
        said = f"Its colour profile has {len(profile) / 1e6:.0f} MB and was left out."
        return Colours(picture=picture, remarks=(said,))
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = source.profile.xcolor_space.strip()
        if space not in {"L": ("GRAY", "RGB"), "RGB": ("RGB",), "CMYK": ("CMYK",)}[picture.mode]:
            said = f"Its colour profile is one for {space} pixels and was left out."
            return Colours(picture=picture, remarks=(said,))
        if space == "GRAY":
            return _from_grey(values, source)
        transform = ImageCms.buildTransform(
            source, ImageCms.createProfile("sRGB"), space, "RGB", _INTENT
        )
        if space == "RGB":
            return Colours(picture=_rgb(picture), icc_profile=profile)
        converted = ImageCms.applyTransform(picture, transform)
    except (ImageCms.PyCMSError, OSError, ValueError):
        said = "Its colour profile is damaged and was left out."
        return Colours(picture=picture, remarks=(said,))
    assert converted is not None
    return Colours(picture=converted, remarks=("Its printing colours (CMYK) became sRGB.",))


def _from_grey(values: Values, source: ImageCms.ImageCmsProfile) -> Colours:
    """From as many bits as the picture has: dark greys of a straight curve need them."""
    srgb = ImageCms.ImageCmsProfile(io.BytesIO(grey_profile()))
    transform = ImageCms.buildTransform(
        # littleCMS's shortened curves are too coarse there
        source,
        srgb,
        "I;16",
        "I;16",
        _INTENT,
        ImageCms.Flags.NOOPTIMIZE,
    )
    deep = values.levels is not None
    grey = values.levels if values.levels is not None else np.asarray(values.picture)
    every = np.arange(65536 if deep else 256) * (1 if deep else 257)
    levels = Image.fromarray(every.astype(np.uint16)[None])
    converted = Image.new("I;16", levels.size)
    transform.apply(levels, converted)
    shown = eight_bits(np.asarray(converted)[0])[grey]
    return Colours(
        picture=Image.fromarray(shown).convert("RGB"),
        remarks=("Its greys were converted from their colour profile to sRGB.",),
    )


def _code_points(opened: OpenedPicture) -> tuple[CodePoints | None, tuple[str, ...]]:
    """What is known of them; a remark where they are of no known meaning."""
    image = opened.image
    found = None
    if image.format == "PNG":
        found = png_code_points(opened.content)
    elif image.format == "AVIF":
        found = box_code_points(opened.content)
    elif image.format == "HEIF":
        nclx: dict[str, Any] = image.info.get("nclx_profile") or {}
        if nclx:
            found = CodePoints(
                primaries=int(nclx["color_primaries"]),
                transfer=int(nclx["transfer_characteristics"]),
            )
    if found is None or found.says_nothing:
        return None, ()
    if not found.is_full_range:
        raise PictureError(
            "cannot be read as a picture: its cICP tells of a film's narrow range of numbers:"
            " save it with the full range"
        )
    if not found.known:
        said = (
            "Its colours are described by numbers of no known meaning"
            f" (primaries {found.primaries}, transfer {found.transfer}): that was left out."
        )
        return None, (said,)
    return found, ()


def _by_code_points(values: Values, found: CodePoints, remarks: tuple[str, ...]) -> Colours:
    picture = _rgb(values.picture)
    if found.transfer in (PQ, HLG):
        name = "PQ" if found.transfer == PQ else "HLG"
        shown = Image.fromarray(shown_as_srgb(np.asarray(picture), found))
        said = f"Its high dynamic range ({name}) became sRGB: the brightest light is compressed."
        return Colours(picture=shown, remarks=(*remarks, said))
    name = PRIMARIES_NAMES.get(found.primaries, f"primaries {found.primaries}")
    gamma = GAMMAS.get(found.transfer, SRGB_CURVE)
    return _described(picture, found.chromaticities, gamma, name, remarks)


def _by_tags(values: Values, opened: OpenedPicture, remarks: tuple[str, ...]) -> Colours:
    picture = _rgb(values.picture)
    info = opened.image.info
    if opened.image.format == "PNG" and "srgb" not in info:
        gamma = float(info.get("gamma") or _SRGB_GAMMA)
        colours = _png_chromaticities(info.get("chromaticity"))
        near = abs(gamma - _SRGB_GAMMA) < _SAME_GAMMA
        if not near or colours is not None:
            curve = SRGB_CURVE if near else 1 / gamma
            return _described(picture, colours or PRIMARIES[1], curve, "gAMA and cHRM", remarks)
    page = opened.page
    if page is not None and len(page.primaries_xy) == 6:
        white = page.white_xy[:2] if len(page.white_xy) == 2 else PRIMARIES[1][6:]
        colours = _distinct((*page.primaries_xy, *white))
        if page.has_transfer_table:
            remarks += ("Its TIFF's table of brightness was left out.",)
        if colours is not None:
            return _described(picture, colours, SRGB_CURVE, "its TIFF's primaries", remarks)
    if _is_adobe_rgb(opened):
        return _described(picture, ADOBE_RGB, ADOBE_GAMMA, "Adobe RGB", remarks)
    return Colours(picture=picture, remarks=remarks)


def _described(
    picture: Image.Image,
    colours: Chromaticities,
    gamma: float,
    name: str,
    remarks: tuple[str, ...],
) -> Colours:
    """The pixels as they are, with a profile of ours unless they are sRGB's."""
    distinct = _distinct(colours)
    if distinct is None and gamma == SRGB_CURVE:
        return Colours(picture=picture, remarks=remarks)
    try:
        profile = rgb_profile(name, distinct or PRIMARIES[1], gamma)
    except ValueError:
        said = f"Its colours' description ({name}) is damaged and was left out."
        return Colours(picture=picture, remarks=(*remarks, said))
    said = f"Its colours are described without a profile ({name}): one that says so was added."
    return Colours(picture=picture, icc_profile=profile, remarks=(*remarks, said))


def _png_chromaticities(found: tuple[float, ...] | None) -> Chromaticities | None:
    """PNG has white first; ``None`` for sRGB's."""
    if not found or len(found) != 8:
        return None
    return _distinct((*found[2:], *found[:2]))


def _distinct(colours: tuple[float, ...]) -> Chromaticities | None:
    """``None`` if they are sRGB's, nearly."""
    red_x, red_y, green_x, green_y, blue_x, blue_y, white_x, white_y = colours
    same = all(abs(a - b) < _SAME_XY for a, b in zip(colours, PRIMARIES[1], strict=True))
    found = (red_x, red_y, green_x, green_y, blue_x, blue_y, white_x, white_y)
    return None if same else found


def _is_adobe_rgb(opened: OpenedPicture) -> bool:
    """By EXIF's colour space, or DCF's name of an optional file."""
    exif = opened.exif
    if _EXIF_IFD not in exif:  # to ask for it would make one
        return False
    own = exif.get_ifd(_EXIF_IFD)
    if own.get(_COLOUR_SPACE) != 0xFFFF or _INTEROP_IFD not in own:
        return bool(own.get(_COLOUR_SPACE) == 2)
    return str(exif.get_ifd(_INTEROP_IFD).get(_INTEROP_INDEX, "")).startswith("R03")

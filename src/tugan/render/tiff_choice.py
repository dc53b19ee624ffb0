"""Which picture of a TIFF file is taken, and which are refused for their numbers."""

from dataclasses import dataclass

from tugan.render.tiff_pages import (
    CFA,
    CIELAB,
    FLOAT,
    GREY,
    GREY_WHITE_IS_ZERO,
    LINEAR_RAW,
    PALETTE,
    PLANES_APART,
    RGB,
    SEPARATED,
    SIGNED,
    UNCOMPRESSED,
    UNSIGNED,
    YCBCR,
    TiffPage,
    TiffPages,
)

GOOD_PREVIEW_PX = 1024
"""A raw photograph's preview is taken if its long side has as many, or half of the photograph's."""

_MEANINGS = {
    GREY_WHITE_IS_ZERO: "grey (white is zero)",
    GREY: "grey",
    RGB: "RGB",
    PALETTE: "palette",
    4: "transparency mask",
    SEPARATED: "printing colour (CMYK)",
    YCBCR: "YCbCr",
    CIELAB: "CIELab",
    9: "ICCLab",
    10: "ITULab",
    32844: "LogL (high dynamic range)",
    32845: "LogLuv (high dynamic range)",
    CFA: "raw sensor",
    LINEAR_RAW: "linear raw",
}
_FORMATS = {UNSIGNED: "", SIGNED: "signed ", FLOAT: "float ", 5: "complex ", 6: "complex "}


@dataclass(frozen=True, kw_only=True)
class TiffChoice:
    """The picture that is taken, what is said of that, or why none can be."""

    page: TiffPage
    is_first: bool
    """Whether it is what everybody's readers see first."""
    remark: str = ""
    refusal: str = ""
    """What was found and what to do, to stand after "it is" or "it has"."""


def chosen_page(pages: TiffPages) -> TiffChoice:
    """The largest full picture: the first of a chain, or what its reduced one stands for."""
    raw = [page for page in pages.all if page.is_raw and not page.is_reduced]
    if raw:
        return _of_raw(max(raw, key=lambda page: page.pixels), pages)
    first = pages.chain[0]
    full = [page for page in pages.all if not (page.is_reduced or page.is_mask)]
    if first.is_reduced or first.is_mask:
        page = max(full, key=lambda page: page.pixels, default=first)
    else:
        below = [page for page in pages.nested if page in full and page.pixels > first.pixels]
        page = max(below, key=lambda page: page.pixels, default=first)
    several = sum(page in pages.chain for page in full) > 1
    if page.is_reduced or page.is_mask:
        remark = "The file says that its picture is a reduced one, but has no other."
    elif several:
        remark = "The file is animated or has several pages: the " + (
            "first one is taken." if page is first else "largest one is taken."
        )
    else:
        remark = ""
    return TiffChoice(page=page, is_first=page is first, remark=remark, refusal=unreadable(page))


def _of_raw(raw: TiffPage, pages: TiffPages) -> TiffChoice:
    previews = [page for page in pages.all if not (page.is_raw or page.is_mask or unreadable(page))]
    preview = max(previews, key=lambda page: page.pixels, default=None)
    whole = f"{raw.size_wh[0]} x {raw.size_wh[1]} px"
    develop = "develop it with a raw converter and save it as JPEG or TIFF"
    if preview is None:
        refusal = f"it is a raw photograph ({whole}) without a preview: {develop}"
        return TiffChoice(page=raw, is_first=raw is pages.chain[0], refusal=refusal)
    is_first = preview is pages.chain[0]
    size = f"{preview.size_wh[0]} x {preview.size_wh[1]} px"
    if max(preview.size_wh) < min(GOOD_PREVIEW_PX, max(raw.size_wh) / 2):
        return TiffChoice(
            page=preview,
            is_first=is_first,
            refusal=f"it is a raw photograph ({whole}) with a preview of {size} alone: {develop}",
        )
    return TiffChoice(
        page=preview,
        is_first=is_first,
        remark=f"It is a raw photograph ({whole}): its preview of {size} is taken. For more,"
        f" {develop}.",
    )


def unreadable(page: TiffPage) -> str:
    """Why a picture is refused whose numbers are read wrongly or have no agreed meaning, or ""."""
    if page.is_raw:
        return f"it has {described(page)} pixels: develop it, and save it as JPEG or TIFF"
    advice = "save it with 8 or 16 whole-number bits a channel"
    for found in (_odd_numbers(page), _odd_planes(page), _odd_colours(page)):
        if found:
            return f"its TIFF has {found}: {advice}"
    return ""


def described(page: TiffPage) -> str:
    """What its pixels are, such as "32-bit float RGB"."""
    meaning = _MEANINGS.get(page.photometric, f"unknown (photometric {page.photometric})")
    bits = "/".join(str(bits) for bits in sorted(set(page.bits)))
    kind = "".join(_FORMATS.get(form, f"format {form} ") for form in sorted(set(page.formats)))
    colours = {RGB: 3, SEPARATED: 4, YCBCR: 3, CIELAB: 3}.get(page.photometric, 1)
    more = len(page.bits) - colours
    extra = f" with {more} more channel{'s' if more > 1 else ''}" if more > 0 else ""
    planes = ", planes apart" if page.planar == PLANES_APART else ""
    order = ", big-endian" if page.big_endian else ""
    return f"{bits}-bit {kind}{meaning}{extra}{planes}{order}"


def _odd_numbers(page: TiffPage) -> str:
    forms = set(page.formats)
    is_float_grey = forms == {FLOAT} and page.bits == (32,)
    if forms != {UNSIGNED} and not is_float_grey:
        # what is white among signed numbers nobody has agreed on
        return f"{described(page)} pixels"
    if page.bits == (12,) and page.compression != UNCOMPRESSED:
        return f"compressed {described(page)} pixels"
    if is_float_grey and page.photometric not in (GREY, GREY_WHITE_IS_ZERO):
        return f"{described(page)} pixels"
    return ""


def _odd_planes(page: TiffPage) -> str:
    if page.planar != PLANES_APART or len(page.bits) == 1:
        return ""
    # what libtiff hands over of other planes ends in the wrong channel
    expected = {RGB: (3, 4), SEPARATED: (4,)}.get(page.photometric, ())
    return "" if len(page.bits) in expected else f"{described(page)} pixels"


def _odd_colours(page: TiffPage) -> str:
    if page.photometric == SEPARATED and page.ink_set != 1:
        return "inks other than cyan, magenta, yellow and black"
    table = page.colour_table
    if page.photometric == PALETTE and table and 1 < max(table) < 256:
        return "a palette of 8 bits where 16 belong"
    return ""

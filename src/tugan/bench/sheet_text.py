"""Words on sheets of pictures, no wider than what they belong to."""

from PIL import Image, ImageDraw, ImageFont

INK, QUIET_INK, ALARM_INK = (20, 20, 20), (110, 110, 110), (190, 30, 30)

_FONT_SIZES = (15, 13, 11, 9, 7)


def write(
    sheet: Image.Image,
    middle: tuple[float, float],
    text: str,
    *,
    within_px: float,
    ink: tuple[int, int, int] = INK,
    size: int = 13,
) -> None:
    """One line about ``middle``, smaller than ``size`` where it would be wider."""
    pen = ImageDraw.Draw(sheet)
    fonts = [ImageFont.load_default(tried) for tried in _FONT_SIZES if tried <= size]
    fitting = [font for font in fonts if pen.textlength(text, font=font) <= within_px]
    pen.text(middle, text, fill=ink, font=fitting[0] if fitting else fonts[-1], anchor="mm")

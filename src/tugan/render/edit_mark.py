"""The marks of an edit: what says that a trained model had a part in a picture."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tugan.core.images import RgbArray

DIGITAL_SOURCE_TYPE = (
    "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
)
"""IPTC NewsCodes: a composite that has parts made by a trained model."""
STAMP = "edited with AI"
_STAMP_SHARE, _SMALLEST_STAMP_PX = 0.022, 10
"""Height of the letters, of the picture's shorter side."""


def stamped(pixels: RgbArray, *, text: str = STAMP) -> RgbArray:
    """A copy with a small line of text at the bottom right, for those who want it seen."""
    picture = Image.fromarray(pixels)
    height_px = max(round(min(picture.size) * _STAMP_SHARE), _SMALLEST_STAMP_PX)
    font = ImageFont.load_default(size=height_px)
    pen = ImageDraw.Draw(picture, "RGBA")
    corner = picture.width - height_px // 2, picture.height - height_px // 2
    box = pen.textbbox(corner, text, font=font, anchor="rb")
    margin = height_px // 4
    pen.rectangle(
        (box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin), fill=(0, 0, 0, 110)
    )
    pen.text(corner, text, font=font, anchor="rb", fill=(255, 255, 255, 230))
    return np.array(picture)


def marked_xmp() -> bytes:
    """An XMP packet with the digital source type and nothing else."""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about=""'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        ' xmlns:xmp="http://ns.adobe.com/xap/1.0/"'
        f' Iptc4xmpExt:DigitalSourceType="{DIGITAL_SOURCE_TYPE}"'
        ' xmp:CreatorTool="tugan"/>'
        "</rdf:RDF></x:xmpmeta>"
        '<?xpacket end="w"?>'
    ).encode()

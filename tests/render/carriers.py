"""Photographs that say where they were taken, in every block that anybody writes it into."""

import importlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import tifffile
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

WORD = "Xanadu-on-Sentinel"
"""Nothing else is called so."""
DEGREES = (123457, 1, 56789, 1, 9876543, 1000)
"""Of latitude and longitude: no other numbers are so."""
XMP = (
    '<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
    ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="48,51.5N"'
    f' xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" photoshop:City="{WORD}"/>'
    '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
).encode()
MAKE, MODEL, ORIENTATION, GPS, CAMERA = 0x010F, 0x0110, 0x0112, 0x8825, 0x8769
_HEAD_OF_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_HEAD_OF_MORE_XMP = b"http://ns.adobe.com/xmp/extension/\0"


def picture(mode: str = "RGB") -> Image.Image:
    """64 x 48, soft noise; the same every time."""
    noise = np.random.default_rng(3).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(noise).resize((64, 48)).convert(mode)


def encoded(kind: str, image: Image.Image | None = None, **options: object) -> bytes:
    """As a file."""
    target = io.BytesIO()
    (picture() if image is None else image).save(target, kind, **options)
    return target.getvalue()


def exif(*, gps: bool = True, orientation: int = 1) -> bytes:
    """A camera's EXIF: who made it, texts of all kinds, a maker note, an owner, and the place."""
    tags = Image.Exif()
    tags[MAKE], tags[MODEL] = "Camera", "One"
    tags[ORIENTATION] = orientation
    tags[0x010E] = f"at {WORD}"  # description
    tags[0x9C9C] = WORD.encode("utf-16-le")  # Windows' comment
    tags[0x02BC] = XMP
    camera = tags.get_ifd(CAMERA)
    camera[0x9003] = "2026:05:06 07:08:09"
    camera[0x927C] = b"Maker\0" + WORD.encode() + struct.pack("<6I", *DEGREES)
    camera[0x9286] = b"ASCII\0\0\0" + WORD.encode()
    camera[0xA430] = f"owner in {WORD}"
    if gps:
        place = tags.get_ifd(GPS)
        place[1], place[2] = (
            "N",
            tuple(IFDRational(a, b) for a, b in zip(*[iter(DEGREES)] * 2, strict=True)),
        )
        place[27] = b"ASCII\0\0\0" + WORD.encode()
        place[28] = WORD
    return tags.tobytes()


def iptc() -> bytes:
    """City and country, as data sets."""
    return b"".join(
        b"\x1c\x02" + bytes([number]) + struct.pack(">H", len(WORD)) + WORD.encode()
        for number in (90, 101)
    )


def image_resources() -> bytes:
    """Photoshop's: IPTC, XMP and EXIF."""
    blocks = {0x0404: iptc(), 0x0424: XMP, 0x0422: exif()[6:]}
    return b"".join(
        b"8BIM" + struct.pack(">HHI", number, 0, len(body)) + body + bytes(len(body) % 2)
        for number, body in blocks.items()
    )


def segment(code: int, body: bytes) -> bytes:
    """Of a JPEG file."""
    return bytes([0xFF, code]) + struct.pack(">H", len(body) + 2) + body


def with_segments(*segments: bytes, behind: bytes = b"") -> bytes:
    """A JPEG file with these right after its beginning."""
    plain = encoded("JPEG", quality=95)
    return plain[:2] + b"".join(segments) + plain[2:] + behind


def chunk(kind: bytes, body: bytes) -> bytes:
    """Of a PNG file."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def with_chunks(*chunks: bytes, behind: bytes = b"") -> bytes:
    """A PNG file with these before its pixels."""
    plain = encoded("PNG")
    return plain[:33] + b"".join(chunks) + plain[33:] + behind


def raw_profile(kind: str, body: bytes) -> bytes:
    """As ImageMagick writes it, compressed."""
    digits = body.hex()
    lines = "\n".join(digits[i : i + 72] for i in range(0, len(digits), 72))
    text = f"\n{kind}\n{len(body):8d}\n{lines}\n".encode()
    return chunk(b"zTXt", f"Raw profile type {kind}".encode() + b"\0\0" + zlib.compress(text))


def tiff(**options: object) -> bytes:
    """Of the picture."""
    target = io.BytesIO()
    settings = {"photometric": "rgb", "metadata": None, "software": "S"} | options
    tifffile.imwrite(target, np.asarray(picture()), **settings)  # type: ignore[arg-type]
    return target.getvalue()


def _tiff_with_gps() -> bytes:
    return encoded("TIFF", exif=_as_exif(exif()))


def _tiff_with_gps_in_another_directory() -> bytes:
    """The second page has the place."""
    return encoded(
        "TIFF",
        save_all=True,
        append_images=[_with_exif(picture(), _as_exif(exif()))],
    )


def _tiff_of_two() -> bytes:
    """A smaller picture behind a SubIFD pointer, with XMP."""
    target = io.BytesIO()
    small = np.asarray(picture())[::2, ::2]
    with tifffile.TiffWriter(target) as written:
        written.write(np.asarray(picture()), photometric="rgb", subifds=1, metadata=None)
        written.write(small, photometric="rgb", metadata=None, extratags=[_xmp_tag()])
    return target.getvalue()


def _as_exif(content: bytes) -> Image.Exif:
    found = Image.Exif()
    found.load(content)
    found._loaded = True
    return found


def _with_exif(image: Image.Image, tags: Image.Exif | bytes) -> Image.Image:
    """For a file of several."""
    image.encoderinfo = {"exif": tags}
    return image


def _xmp_tag() -> tuple[int, str, int, bytes, bool]:
    return (700, "B", len(XMP), XMP, True)


def _byte_tag(number: int, body: bytes) -> tuple[int, str, int, bytes, bool]:
    return (number, "B", len(body), body, True)


def _more_xmp() -> tuple[bytes, bytes]:
    """Extended XMP over two segments; the city is only in the second."""
    digest = b"0123456789ABCDEF0123456789ABCDEF"
    whole = XMP.replace(b"exif:GPSLatitude", b"exif:GPSAltitude") + b" " * 1000 + XMP
    half = len(whole) // 2
    first, second = (
        segment(
            0xE1,
            _HEAD_OF_MORE_XMP + digest + struct.pack(">II", len(whole), start) + whole[start:end],
        )
        for start, end in ((0, half), (half, len(whole)))
    )
    return first, second


def _two_pictures() -> bytes:
    """As telephones write a gain map: the second picture has the place."""
    second = _with_exif(picture().rotate(180), exif())
    return encoded("MPO", save_all=True, append_images=[second])


def _behind(whole: bytes) -> bytes:
    second = with_segments(segment(0xE1, exif()))
    return whole + second + b"\0\0\0\x18ftypmp42" + WORD.encode()


def _heif(kind: str) -> bytes:
    importlib.import_module("pillow_heif").register_heif_opener()
    return encoded(kind, quality=90, exif=exif(), xmp=XMP)


CARRIERS: Mapping[str, Callable[[], bytes]] = {
    "jpeg exif": lambda: encoded("JPEG", exif=exif()),
    "jpeg exif, no gps": lambda: encoded("JPEG", exif=exif(gps=False)),
    "jpeg exif lying": lambda: encoded("JPEG", exif=exif(orientation=6)),
    "jpeg two exif": lambda: with_segments(
        segment(0xE1, exif(gps=False)), segment(0xE1, exif(gps=True))
    ),
    "jpeg xmp": lambda: with_segments(segment(0xE1, _HEAD_OF_XMP + XMP)),
    "jpeg extended xmp": lambda: with_segments(*_more_xmp()),
    "jpeg image resources": lambda: with_segments(
        segment(0xED, b"Photoshop 3.0\0" + image_resources())
    ),
    "jpeg comment": lambda: with_segments(segment(0xFE, f":City {WORD}".encode())),
    "jpeg two pictures": _two_pictures,
    "jpeg something behind": lambda: _behind(encoded("JPEG", progressive=True)),
    "jpeg cmyk": lambda: encoded("JPEG", picture("CMYK"), exif=exif()),
    "jpeg unknown segment": lambda: with_segments(segment(0xEB, b"JP\0\0" + XMP)),
    "png exif": lambda: encoded("PNG", exif=exif()),
    "png exif lying": lambda: encoded("PNG", exif=exif(orientation=8)),
    "png xmp": lambda: with_chunks(
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
    ),
    "png packed xmp": lambda: with_chunks(
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(XMP)),
    ),
    "png text": lambda: with_chunks(chunk(b"tEXt", b"exif:GPSInfo\0" + WORD.encode())),
    "png raw exif": lambda: with_chunks(raw_profile("exif", exif())),
    "png raw iptc": lambda: with_chunks(raw_profile("iptc", image_resources())),
    "png raw xmp": lambda: with_chunks(raw_profile("xmp", XMP)),
    "png unknown chunk, more behind": lambda: with_chunks(
        chunk(b"caBX", XMP), behind=b"PK" + WORD.encode()
    ),
    "png animated": lambda: encoded(
        "PNG", save_all=True, append_images=[picture().rotate(180)], exif=exif()
    ),
    "tiff xmp": lambda: tiff(extratags=[_xmp_tag()]),
    "tiff image resources": lambda: tiff(extratags=[_byte_tag(34377, image_resources())]),
    "tiff iptc": lambda: tiff(extratags=[_byte_tag(33723, iptc())]),
    "tiff large": lambda: tiff(bigtiff=True, extratags=[_xmp_tag()]),
    "tiff gps": _tiff_with_gps,
    "tiff gps in another directory": _tiff_with_gps_in_another_directory,
    "tiff of two": _tiff_of_two,
    "webp": lambda: encoded("WEBP", quality=80, exif=exif(), xmp=XMP),
    "webp lossless lying": lambda: encoded("WEBP", lossless=True, exif=exif(orientation=3)),
    "webp animated": lambda: encoded(
        "WEBP", save_all=True, append_images=[picture().rotate(180)], exif=exif(), xmp=XMP
    ),
    "heic": lambda: _heif("HEIF"),
    "avif": lambda: encoded("AVIF", exif=exif(), xmp=XMP),
    "gif": lambda: encoded("GIF", comment=XMP),
}
"""By what they are."""


def traces(content: bytes) -> list[str]:
    """In which forms the place is in a file, or in files within it; empty if it is in none."""
    found = [name for name, form in _forms().items() if form in content]
    if content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                found += [f"{member}: {one}" for one in traces(archive.read(member))]
    for start in _starts_of_packed(content):
        with_less = zlib.decompressobj()
        try:
            unpacked = with_less.decompress(content[start:], 1 << 20)
        except zlib.error:
            continue
        found += [f"packed {name}" for name, form in _forms().items() if form in unpacked]
    return found


def traces_in(path: Path) -> list[str]:
    """The same of a file on the disk."""
    return traces(path.read_bytes())


def _forms() -> dict[str, bytes]:
    word = WORD.encode()
    plain = {"word": word, "latitude": b"GPSLatitude"}
    plain |= {"16 bits": WORD.encode("utf-16-le"), "digits": word.hex().encode()}
    for order in "<>":
        plain[f"numbers {order}"] = struct.pack(f"{order}2I", 9876543, 1000)
        plain[f"pointer {order}"] = struct.pack(f"{order}HHI", GPS, 4, 1)
    return plain


def _starts_of_packed(content: bytes) -> list[int]:
    places = []
    for head in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"):
        place = content.find(head)
        while place >= 0:
            places.append(place)
            place = content.find(head, place + 1)
    return places

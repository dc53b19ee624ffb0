"""What a file is that cannot be read as a picture, so that a refusal names it."""

import struct

_BEGINNINGS = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"PK\x03\x04", "a zip archive (or a document or model in one)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance (HDR) picture"),
    (b"#?RGBE", "a Radiance (HDR) picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"II\xbc\x01", "a JPEG XR picture"),
    (b"FUJIFILMCCD-RAW", "a raw photograph (Fujifilm)"),
    (b"IIRO", "a raw photograph (Olympus)"),
    (b"IIRS", "a raw photograph (Olympus)"),
    (b"IIU\0", "a raw photograph (Panasonic)"),
    (b"FOVb", "a raw photograph (Sigma)"),
    (b"SIMPLE  =", "a FITS picture"),
    (b"P7\n", "a PAM picture"),
    (b"DDS ", "a DDS texture"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a numpy array"),
    (b"\x80\x02", "a Python pickle"),
    (b"\x1aE\xdf\xa3", "a film (Matroska or WebM)"),
    (b"<?xml", "an XML or SVG document"),
    (b"<svg", "an SVG drawing"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file itself"),
)
_BRANDS = {
    b"crx ": "a raw photograph (Canon)",
    b"qt  ": "a film (QuickTime)",
    b"isom": "a film (MP4)",
    b"iso2": "a film (MP4)",
    b"mp41": "a film (MP4)",
    b"mp42": "a film (MP4)",
    b"M4V ": "a film (MP4)",
    b"avif": "an AVIF picture that is damaged or of an unknown layout",
    b"avis": "an AVIF picture that is damaged or of an unknown layout",
}
_FRAMES = {0xC3: "lossless", 0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical"} | {
    0xC9: "arithmetic-coded",
    0xCB: "arithmetic-coded lossless",
}


def picture_kind(content: bytes) -> str:
    """What its first bytes say it is; empty where they say nothing known."""
    if not content:
        return "an empty file"
    if content.startswith(b"\xff\xd8"):
        return _jpeg_kind(content)
    if content[4:8] == b"ftyp":
        return _BRANDS.get(content[8:12], "")
    if content[:4] == b"RIFF" and content[8:12] not in (b"WEBP", b""):
        return f"a RIFF file ({content[8:12].decode('ascii', 'replace').strip()})"
    return next((name for start, name in _BEGINNINGS if content.startswith(start)), "")


def _jpeg_kind(content: bytes) -> str:
    """Of a JPEG that was not opened: its bits and its process, if those are why."""
    at = 2
    while at + 10 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            bits, process = content[at + 4], _FRAMES.get(marker, "")
            if bits != 8 or process:
                return f"a JPEG with {bits} bits a channel{', ' + process if process else ''}"
            return ""
        (length,) = struct.unpack_from(">H", content, at + 2)
        at += 2 + length
    return ""

"""Small ICC profiles of given primaries and curve, for pictures described without one."""

import functools
import struct

import numpy as np
import numpy.typing as npt

from tugan.render.cicp import PRIMARIES, Chromaticities

Matrix = npt.NDArray[np.float64]

_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array(
    [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
)
SRGB_CURVE = 0.0
"""In place of a gamma."""
ADOBE_RGB: Chromaticities = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06, 0.3127, 0.3290)
ADOBE_GAMMA = 563 / 256
_XYZ, _S15 = b"XYZ \0\0\0\0", 65536


def xyz_of_rgb(colours: Chromaticities) -> Matrix:
    """What takes linear RGB to XYZ, relative to the colours' own white (SMPTE RP 177)."""
    x, y = np.array(colours[0::2]), np.array(colours[1::2])
    columns = np.stack([x / y, np.ones(4), (1 - x - y) / y])
    scales = np.linalg.solve(columns[:, :3], columns[:, 3])
    return np.asarray(columns[:, :3] * scales)


def to_srgb(colours: Chromaticities) -> Matrix:
    """What takes linear RGB of these primaries to sRGB's, white to white."""
    adapted = _adaptation(colours) @ xyz_of_rgb(colours)
    srgb = PRIMARIES[1]
    return np.linalg.inv(_adaptation(srgb) @ xyz_of_rgb(srgb)) @ adapted


@functools.cache
def rgb_profile(name: str, colours: Chromaticities, gamma: float) -> bytes:
    """A matrix profile (ICC.1:2010) of primaries and a gamma, or :data:`SRGB_CURVE`.

    ``ValueError`` for primaries that span nothing.
    """
    try:
        adaptation = _adaptation(colours)
        columns = adaptation @ xyz_of_rgb(colours)
    except (np.linalg.LinAlgError, ZeroDivisionError) as error:
        raise ValueError("these primaries span no colours") from error
    if not np.isfinite(columns).all() or np.abs(columns).max() > 10:
        raise ValueError("these primaries span no colours")
    curve = _curve(gamma)
    tags = [
        (b"chad", b"sf32\0\0\0\0" + _fixed(adaptation.flatten())),
        *((tag, _XYZ + _fixed(columns[:, k])) for k, tag in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))),
        *((tag, curve) for tag in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    return _profile(name, b"RGB ", tags)


@functools.cache
def grey_profile(gamma: float = SRGB_CURVE) -> bytes:
    """A profile of greys along a curve."""
    return _profile("grey", b"GRAY", [(b"kTRC", _curve(gamma))])


def _adaptation(colours: Chromaticities) -> Matrix:
    """Bradford's, from the colours' white to D50."""
    x, y = colours[6:]
    if y <= 0:
        raise ValueError("these primaries span no colours")
    white = _BRADFORD @ np.array([x / y, 1.0, (1 - x - y) / y])
    return np.asarray(np.linalg.inv(_BRADFORD) @ np.diag(_BRADFORD @ _D50 / white) @ _BRADFORD)


def _curve(gamma: float) -> bytes:
    if gamma == SRGB_CURVE:
        numbers = np.array([2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045])
        return b"para\0\0\0\0\0\3\0\0" + _fixed(numbers)
    return b"para\0\0\0\0\0\0\0\0" + _fixed(np.array([gamma]))


def _fixed(numbers: Matrix) -> bytes:
    return b"".join(struct.pack(">i", round(float(number) * _S15)) for number in numbers)


def _text(text: str) -> bytes:
    encoded = text.encode("utf-16-be")
    return (
        b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(encoded), 28) + encoded
    )


def _profile(name: str, space: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    tags = [
        (b"desc", _text(name)),
        (b"cprt", _text("CC0")),
        (b"wtpt", _XYZ + _fixed(_D50)),
        *tags,
    ]
    table, body, places = struct.pack(">I", len(tags)), b"", {}
    start = 128 + 4 + 12 * len(tags)
    for tag, content in tags:
        if content not in places:
            places[content] = start + len(body)
            body += content + b"\0" * (-len(content) % 4)
        table += tag + struct.pack(">II", places[content], len(content))
    header = (
        struct.pack(">I4x", start + len(body))
        + b"\x04\x30\0\0mntr"
        + space
        + b"XYZ "
        + struct.pack(">6H", 2024, 1, 1, 0, 0, 0)
        + b"acsp"
        + bytes(28)
        + _fixed(_D50)
        + bytes(48)
    )
    return header + table + body

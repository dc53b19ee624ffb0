"""What colours a photograph is shown with, by littleCMS and by the published formulas."""

import io

import numpy as np
from PIL import Image, ImageCms

from render.made_pictures import SRGB
from tugan.core.images import RgbArray
from tugan.render.photo_file import Photo


def srgb(linear: float) -> float:
    """0 to 1 as 0 to 255 (IEC 61966-2-1)."""
    curved = linear * 12.92 if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return 255 * curved


def first(photo: Photo) -> list[int]:
    return [int(value) for value in photo.pixels[2, 2]]


def said(photo: Photo) -> str:
    return " ".join(photo.remarks)


def space_of(profile: bytes) -> str:
    return ImageCms.ImageCmsProfile(io.BytesIO(profile)).profile.xcolor_space.strip()


def shown(photo: Photo) -> RgbArray:
    """As a screen of sRGB shows it, by littleCMS."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(photo.icc_profile or SRGB))
    transform = ImageCms.buildTransform(
        source,
        ImageCms.createProfile("sRGB"),
        "RGB",
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
    )
    picture = Image.fromarray(photo.pixels)
    ImageCms.applyTransform(picture, transform, inPlace=True)
    return np.asarray(picture)


def flat(colour: tuple[int, ...] = (200, 100, 50)) -> Image.Image:
    return Image.new("RGB", (40, 40), colour)


def reference(colour: tuple[int, int, int], primaries: int, transfer: int) -> list[float]:
    """What sRGB has for a colour: published matrices to XYZ (D65), and their inverse for sRGB."""
    code = np.array(colour) / 255
    gammas = {8: 1.0, 4: 2.2, 17: 2.6}
    curved = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    linear = code ** gammas[transfer] if transfer in gammas else curved
    to_xyz = {
        1: [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041]],
        5: [[0.4305538, 0.3415498, 0.1783523], [0.2220043, 0.7066548, 0.0713409],
            [0.0201822, 0.1295534, 0.9393222]],
        6: [[0.3935209, 0.3652581, 0.1916769], [0.2123764, 0.7010599, 0.0865638],
            [0.0187391, 0.1119339, 0.9583847]],
        9: [[0.6369580, 0.1446169, 0.1688810], [0.2627002, 0.6779981, 0.0593017],
            [0.0, 0.0280727, 1.0609851]],
        12: [[0.4865709, 0.2656677, 0.1982173], [0.2289746, 0.6917385, 0.0792869],
             [0.0, 0.0451134, 1.0439444]],
        11: [[0.4451698, 0.2771344, 0.1722827], [0.2094917, 0.7215953, 0.0689131],
             [0.0, 0.0470606, 0.9073554]],
    }  # fmt: skip
    xyz = np.array(to_xyz[primaries]) @ linear
    if primaries == 11:  # its white is not D65: Bradford's way there
        cones = np.array(
            [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
        )
        to, of = (cones @ np.array(to_xyz[k]).sum(axis=1) for k in (1, 11))
        xyz = np.linalg.inv(cones) @ np.diag(to / of) @ cones @ xyz
    found = np.linalg.inv(np.array(to_xyz[1])) @ xyz
    return [srgb(float(value)) for value in found.clip(0, 1)]

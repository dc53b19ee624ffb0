"""The mask ``face``: the face, and where it is to go, may change; the rest must stay."""

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageDraw
from torch import Tensor

from tugan.core.geometry import scale_from_512
from tugan.core.hull import convex_hull

MARGIN_PX_AT_512 = 24.0
"""How far beyond the landmarks the picture may still change."""

_BROWS = slice(17, 27)
_BRIDGE, _NOSE_BASE = 27, 33


def face_mask(
    source_xy: Float[np.ndarray, "68 2"],
    target_xy: Float[np.ndarray, "68 2"],
    *,
    image_hw: tuple[int, int],
) -> Float[Tensor, "h w"]:
    """1 within the hull of both faces' landmarks and foreheads, grown by a margin; 0 outside."""
    corners = convex_hull(np.concatenate([_with_forehead(source_xy), _with_forehead(target_xy)]))
    radius = scale_from_512(MARGIN_PX_AT_512, image_hw)
    picture = Image.new("L", (image_hw[1], image_hw[0]))
    pen = ImageDraw.Draw(picture)
    pen.polygon(corners, fill=255)
    pen.line([*corners, corners[0]], fill=255, width=round(2 * radius))
    for x, y in corners:
        pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=255)
    return torch.from_numpy(np.array(picture, dtype=np.float32) / 255)


def _with_forehead(landmarks_xy: Float[np.ndarray, "68 2"]) -> Float[np.ndarray, "n 2"]:
    """The landmarks end at the brows; a forehead is about as high as the nose is long."""
    up = landmarks_xy[_BRIDGE] - landmarks_xy[_NOSE_BASE]
    return np.concatenate([landmarks_xy, landmarks_xy[_BROWS] + up])

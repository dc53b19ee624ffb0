"""Where in an aligned face the eye looks: the weight of each pixel, and where the head is."""

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image, ImageDraw, ImageFilter
from torch import Tensor

from tugan.core.geometry import REFERENCE_SIDE_PX
from tugan.core.hull import convex_hull

BACKGROUND, HEAD, FACE, FEATURES = 0.1, 0.4, 1.0, 2.5
"""Weights; what is pasted back is the face, and the generator knows no backgrounds."""

_BROWS = slice(17, 27)
_BRIDGE, _NOSE_BASE = 27, 33
_LOOKED_AT = slice(36, 42), slice(42, 48), slice(48, 60)
_HEAD_IN_NOSES_XY = (3.3, 4.0)
_HEAD_RAISED = 0.6
"""The head's middle is above that of the landmarks by this many noses."""
_EYE_ROUNDNESS, _EYE_REACH = 0.8, 1.3
_FACE_BLUR, _HEAD_BLUR, _FEATURE_BLUR = 10.0, 20.0, 7.5
"""Pixels at 512."""


def even_weight(size_px: int) -> Float[Tensor, "1 1 s s"]:
    """For pictures that are no faces."""
    return torch.ones(1, 1, size_px, size_px)


def face_weight(
    landmarks_xy: Float[np.ndarray, "68 2"], *, size_px: int
) -> Float[Tensor, "1 1 s s"]:
    """Eyes and mouth weigh most, then the face, the head, the rest; of mean 1.

    Landmarks in pixels of a picture of this side.
    """
    head = head_share(landmarks_xy, size_px=size_px)
    face = _blurred(face_hull(landmarks_xy, size_px), _FACE_BLUR)
    features = _blurred(_features(landmarks_xy, size_px), _FEATURE_BLUR)
    weight = BACKGROUND + (HEAD - BACKGROUND) * head
    weight = weight + (FACE - weight).clamp(min=0) * face + (FEATURES - FACE) * features
    return (weight / weight.mean())[None, None]


def head_share(landmarks_xy: Float[np.ndarray, "68 2"], *, size_px: int) -> Float[Tensor, "s s"]:
    """1 on the head, hair included, 0 away from it, soft in between."""
    return _blurred(_head(landmarks_xy, size_px), _HEAD_BLUR)


def face_hull(landmarks_xy: Float[np.ndarray, "68 2"], size_px: int) -> Image.Image:
    """255 within the landmarks and a forehead as high as the nose is long."""
    up = landmarks_xy[_BRIDGE] - landmarks_xy[_NOSE_BASE]
    points = np.concatenate([landmarks_xy, landmarks_xy[_BROWS] + up])
    picture = Image.new("L", (size_px, size_px))
    ImageDraw.Draw(picture).polygon(convex_hull(points), fill=255)
    return picture


def _head(landmarks_xy: Float[np.ndarray, "68 2"], size_px: int) -> Image.Image:
    up = landmarks_xy[_BRIDGE] - landmarks_xy[_NOSE_BASE]
    nose = float(np.hypot(*up))
    x, y = landmarks_xy.mean(axis=0) + _HEAD_RAISED * up
    across, along = (share * nose for share in _HEAD_IN_NOSES_XY)
    picture = Image.new("L", (size_px, size_px))
    ImageDraw.Draw(picture).ellipse((x - across, y - along, x + across, y + along), fill=255)
    return picture


def _features(landmarks_xy: Float[np.ndarray, "68 2"], size_px: int) -> Image.Image:
    picture = Image.new("L", (size_px, size_px))
    pen = ImageDraw.Draw(picture)
    for part in _LOOKED_AT:
        points = landmarks_xy[part]
        x, y = points.mean(axis=0)
        across = float(np.abs(points - points.mean(axis=0)).max()) * _EYE_REACH
        along = across * _EYE_ROUNDNESS
        pen.ellipse((x - across, y - along, x + across, y + along), fill=255)
    return picture


def _blurred(picture: Image.Image, radius_at_512: float) -> Float[Tensor, "s s"]:
    radius = radius_at_512 * picture.width / REFERENCE_SIDE_PX
    soft = picture.filter(ImageFilter.GaussianBlur(radius))
    return torch.from_numpy(np.array(soft, dtype=np.float32) / 255)

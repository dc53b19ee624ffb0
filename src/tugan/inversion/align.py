"""Where a face lies in a photograph, as the square that FFHQ would have cut.

Karras et al. 2019, appendix A: eyes and mouth define an oriented square; what it needs beyond the
photograph's edge is mirrored and, farther out, blurred.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from tugan.core.errors import TuganError
from tugan.core.geometry import pixels_to_grid
from tugan.core.images import RgbArray
from tugan.core.similarity import Similarity
from tugan.perceptual.faces import Face, FaceSearch

_EYES = slice(36, 42), slice(42, 48)
_MOUTH_CORNERS = (48, 54)
_EYES_TO_HALF_SIDE, _MOUTH_TO_HALF_SIDE = 2.0, 1.8
_TOWARD_MOUTH = 0.1
_MARGIN_PX = 4
"""Around the square, for the resampling filters."""
_BLUR_SHARE, _FADE_SHARE = 0.02, 0.3
"""Of the square's side: the blur beyond the edge, and how far out it is complete."""
SMALLEST_SIDE_PX = 16
FARTHEST_PX = 1e6
"""Of anything of a square, from the photograph's corner."""


class AlignmentError(TuganError):
    """A place that cannot be cut from a photograph."""


@dataclass(frozen=True, kw_only=True)
class Alignment:
    """An oriented square of a photograph that becomes the generator's picture."""

    centre_xy: tuple[float, float]
    """Pixels of the photograph, an integer at a pixel's centre."""
    right_xy: tuple[float, float]
    """From the centre to the middle of the right edge: half the side, and the turn."""

    def __post_init__(self) -> None:
        """:class:`AlignmentError` unless finite, of some size, and not beyond all photographs."""
        numbers = (*self.centre_xy, *self.right_xy)
        if not all(math.isfinite(number) for number in numbers) or self.side_px < SMALLEST_SIDE_PX:
            raise AlignmentError(
                f"the square is {self.side_px:g} px wide at {self.centre_xy}: expected at least"
                f" {SMALLEST_SIDE_PX} px"
            )
        if max(map(abs, numbers)) > FARTHEST_PX:
            raise AlignmentError(
                f"the square is {self.side_px:g} px wide at {self.centre_xy}: no photograph is that"
                " large"
            )

    @property
    def side_px(self) -> float:
        """Of the square, in pixels of the photograph."""
        return 2 * math.hypot(*self.right_xy)

    @property
    def quad_xy(self) -> Float[np.ndarray, "4 2"]:
        """Top left, bottom left, bottom right, top right."""
        centre = np.array(self.centre_xy, dtype=np.float64)
        right = np.array(self.right_xy, dtype=np.float64)
        down = np.array([-right[1], right[0]])
        corners = (-right - down, -right + down, right + down, right - down)
        return np.stack([centre + corner for corner in corners])

    def to_photo(self, size_px: int) -> Similarity:
        """From pixels of a crop of this size to pixels of the photograph."""
        (a, b), scale = self.right_xy, 2 / size_px
        matrix = scale * np.array([[a, -b], [b, a]])
        middle = np.full(2, (size_px - 1) / 2)
        return Similarity(
            matrix=matrix, shift=np.array(self.centre_xy, dtype=np.float64) - matrix @ middle
        )


@dataclass(frozen=True, kw_only=True)
class AlignedFace:
    """A face of a photograph and its square."""

    face: Face = field(repr=False)
    """Landmarks in pixels of the photograph."""
    alignment: Alignment

    @property
    def eyes_px(self) -> float:
        """Distance of the eyes: how much of the face there is to go by."""
        left, right = (self.face.landmarks_xy[eye].mean(axis=0) for eye in _EYES)
        return float(np.hypot(*(right - left)))


def find_faces(photo: RgbArray, finder: FaceSearch) -> tuple[AlignedFace, ...]:
    """The photograph's faces, the largest first; none if the finder sees none."""
    found = [
        AlignedFace(face=face, alignment=ffhq_quad(face.landmarks_xy))
        for face in finder.find_all(photo)
    ]
    return tuple(sorted(found, key=lambda one: -one.alignment.side_px))


def ffhq_quad(landmarks_xy: Float[np.ndarray, "68 2"]) -> Alignment:
    """FFHQ's square of a face's 68 landmarks."""
    left, right = (landmarks_xy[eye].mean(axis=0) for eye in _EYES)
    eyes = (left + right) / 2
    across = right - left
    down = landmarks_xy[list(_MOUTH_CORNERS)].mean(axis=0) - eyes
    # the mean of both ways to say what is level, one of them turned by a right angle
    level = across - np.array([-down[1], down[0]])
    half = max(_EYES_TO_HALF_SIDE * np.hypot(*across), _MOUTH_TO_HALF_SIDE * np.hypot(*down))
    level = level / max(float(np.hypot(*level)), 1e-9) * half
    centre = eyes + _TOWARD_MOUTH * down
    return Alignment(
        centre_xy=(float(centre[0]), float(centre[1])),
        right_xy=(float(level[0]), float(level[1])),
    )


def manual_crop(
    centre_xy: tuple[float, float], *, side_px: float, angle_deg: float = 0.0
) -> Alignment:
    """A square chosen by hand; a positive angle turns it clockwise, as seen."""
    turn = math.radians(angle_deg)
    half = side_px / 2
    return Alignment(centre_xy=centre_xy, right_xy=(half * math.cos(turn), half * math.sin(turn)))


def crop(photo: RgbArray, alignment: Alignment, size_px: int) -> Float[Tensor, "1 3 s s"]:
    """The square at this size, in [-1, 1].

    :class:`AlignmentError` if the square lies outside the photograph.
    """
    left, top, right, bottom = box_of(alignment, photo)
    place = alignment.to_photo(size_px)
    piece, factor_xy = _shrunk(photo[top:bottom, left:right], place.scale)
    points = place.apply(_pixel_grid(size_px).reshape(-1, 2))
    local = (points + 0.5 - np.array([left, top])) / factor_xy - 0.5
    grid = pixels_to_grid(
        torch.from_numpy(local.reshape(1, size_px, size_px, 2)).float(),
        image_hw=(piece.shape[2], piece.shape[3]),
    )
    cut = F.grid_sample(piece, grid, mode="bicubic", padding_mode="reflection", align_corners=False)
    outside = _px_outside(points, photo).reshape(size_px, size_px)
    return _faded(cut.clamp(-1, 1), torch.from_numpy(outside).float() / place.scale)


def box_of(alignment: Alignment, photo: RgbArray) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what the square touches, with a margin, in the photograph.

    :class:`AlignmentError` if that is next to nothing.
    """
    height, width = photo.shape[:2]
    corners = alignment.quad_xy
    left, top = np.floor(corners.min(axis=0)).astype(int) - _MARGIN_PX
    right, bottom = np.ceil(corners.max(axis=0)).astype(int) + _MARGIN_PX + 1
    box = max(int(left), 0), max(int(top), 0), min(int(right), width), min(int(bottom), height)
    if box[2] - box[0] < SMALLEST_SIDE_PX or box[3] - box[1] < SMALLEST_SIDE_PX:
        x, y = alignment.centre_xy
        raise AlignmentError(
            f"the square of {alignment.side_px:.0f} px around ({x:.0f}, {y:.0f}) lies outside the"
            f" photograph of {width} x {height} px: choose a place inside it"
        )
    return box


def _shrunk(
    piece: RgbArray, scale: float
) -> tuple[Float[Tensor, "1 3 h w"], Float[np.ndarray, "2"]]:
    """The piece brought down to about the crop's resolution, and by how much in x and y."""
    height, width = piece.shape[:2]
    size = width, height
    if scale > 1:
        size = max(round(width / scale), 1), max(round(height / scale), 1)
        # Pillow's filter grows with the factor, which grid_sample's does not
        piece = np.asarray(Image.fromarray(piece).resize(size, Image.Resampling.LANCZOS))
    values = torch.from_numpy(np.array(piece, dtype=np.float32)).permute(2, 0, 1)[None]
    return values / 127.5 - 1, np.array([width / size[0], height / size[1]])


def _pixel_grid(size_px: int) -> Float[np.ndarray, "s s 2"]:
    rows, columns = np.mgrid[:size_px, :size_px].astype(np.float64)
    return np.stack([columns, rows], axis=-1)


def _px_outside(points_xy: Float[np.ndarray, "n 2"], photo: RgbArray) -> Float[np.ndarray, " n"]:
    """How far each point is beyond the photograph's edge."""
    far = np.array([photo.shape[1], photo.shape[0]]) - 0.5
    beyond = np.maximum(np.maximum(-0.5 - points_xy, points_xy - far), 0)
    return np.hypot(beyond[:, 0], beyond[:, 1])


def _faded(
    cut: Float[Tensor, "1 3 s s"], outside_px: Float[Tensor, "s s"]
) -> Float[Tensor, "1 3 s s"]:
    """Mirrored places blurred, the more the farther they are from the photograph."""
    if not bool((outside_px > 0).any()):
        return cut
    size_px = cut.shape[2]
    share = (outside_px / (_FADE_SHARE * size_px)).clamp(max=1)
    share = (3 * share).clamp(max=1)
    factor = max(round(2 * _BLUR_SHARE * size_px), 1)
    small = F.interpolate(cut, size=max(size_px // factor, 1), mode="area")
    blurred = F.interpolate(small, size=(size_px, size_px), mode="bicubic", align_corners=False)
    return cut + share * (blurred.clamp(-1, 1) - cut)

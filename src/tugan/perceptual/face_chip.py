"""dlib's face chips: upright squares of 150 px around a face, cut differentiably.

A similarity transform takes 33 of the 68 landmarks (no jaw, brows or lower lip) nearest to those of
an average face, with a margin of a quarter of the face's width (``get_face_chip_details`` in dlib).
"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.core.geometry import pixels_to_grid
from tugan.core.similarity import Similarity, fit_similarity
from tugan.perceptual.face_embedding import CHIP_PX

PADDING = 0.25
_USED = (*range(27, 55), *range(60, 65))
# of the average face: landmarks 27 to 54, then 60 to 64, in units of its width
_AVERAGE_X = (
    *(0.490127, 0.490127, 0.490127, 0.490127, 0.36688, 0.426036, 0.490127, 0.554217, 0.613373),
    *(0.121737, 0.187122, 0.265825, 0.334606, 0.260918, 0.182743),
    *(0.645647, 0.714428, 0.793132, 0.858516, 0.79751, 0.719335),
    *(0.254149, 0.340985, 0.428858, 0.490127, 0.551395, 0.639268, 0.726104),
    *(0.290379, 0.428096, 0.490127, 0.552157, 0.689874),
)
_AVERAGE_Y = (
    *(0.203352, 0.307009, 0.409805, 0.515625, 0.587326, 0.609345, 0.628106, 0.609345, 0.587326),
    *(0.216423, 0.178758, 0.179852, 0.231733, 0.245099, 0.244077),
    *(0.231733, 0.179852, 0.178758, 0.216423, 0.244077, 0.245099),
    *(0.780233, 0.745405, 0.727388, 0.742578, 0.727388, 0.745405, 0.780233),
    *(0.784792, 0.778746, 0.785343, 0.778746, 0.784792),
)


def chip_to_picture(landmarks_xy: Float[np.ndarray, "68 2"]) -> Similarity:
    """Where the chip's pixels lie in the picture."""
    average = np.stack([_AVERAGE_X, _AVERAGE_Y], axis=1)
    in_chip = (PADDING + average) / (2 * PADDING + 1) * CHIP_PX
    return fit_similarity(in_chip, landmarks_xy[list(_USED)])


def cut_chips(
    pictures: Float[Tensor, "b 3 h w"], place: Similarity
) -> Float[Tensor, "b 3 150 150"]:
    """The chip at one place of each picture, averaged before it is made smaller."""
    factor = max(int(place.scale), 1)
    if factor > 1:
        pictures = F.avg_pool2d(pictures, factor)
    rows, columns = np.mgrid[:CHIP_PX, :CHIP_PX].astype(np.float64)
    points = place.apply(np.stack([columns.ravel(), rows.ravel()], axis=1))
    points = (points + 0.5) / factor - 0.5
    height, width = pictures.shape[2:]
    grid = pixels_to_grid(
        torch.from_numpy(points.reshape(1, CHIP_PX, CHIP_PX, 2)).to(pictures),
        image_hw=(height, width),
    )
    return F.grid_sample(
        pictures, grid.expand(len(pictures), -1, -1, -1), align_corners=False, padding_mode="zeros"
    )

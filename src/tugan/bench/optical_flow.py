"""Which place of one picture is which of another: by optical flow, or by a generator's features.

Both keep only what is confirmed by the way back.
"""

import importlib
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from tugan.core.errors import MissingExtraError
from tugan.core.geometry import REFERENCE_SIDE_PX, inside
from tugan.core.images import RgbArray
from tugan.generators.protocol import Generator, Ws

Correspondence = Literal["dis", "features"]
"""``dis``: OpenCV's optical flow of the pictures; ``features``: nearest features of a block."""

SMALLEST_PX = 64
"""Smaller pictures are enlarged for DIS, whose patches would not fit."""
ROUND_TRIP_PX_AT_512 = 1.0
"""There and back, flow must come back this near."""
MAX_FEATURE_PX = 128
"""All cells are compared with all others: with a larger block that is no longer cheap."""
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, kw_only=True)
class Matches:
    """Places of one picture, and where they are in another; pixels of the output."""

    starts_xy: Float[Tensor, "n 2"] = field(repr=False)
    ends_xy: Float[Tensor, "n 2"] = field(repr=False)

    @property
    def lengths_px(self) -> Float[Tensor, " n"]:
        """How far each place moves."""
        lengths: Tensor = torch.linalg.vector_norm(self.ends_xy - self.starts_xy, dim=1)
        return lengths


def dis_matches(before: RgbArray, after: RgbArray) -> Matches:
    """By DIS (Kroeger et al., ECCV 2016; OpenCV's preset "medium") on grey pictures.

    Pictures of more than 512 px are brought down to that. A pixel counts if the flow back from
    where it comes to lie returns to within :data:`ROUND_TRIP_PX_AT_512` (stated at 512), and if
    it stays in the picture. :class:`MissingExtraError` without OpenCV.
    """
    cv2 = _opencv()
    image_hw = (before.shape[0], before.shape[1])
    frames = [_frame(cv2, picture) for picture in (before, after)]
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    # an object starts from the flow that it found before: each way has one of its own
    there = dis.calc(frames[0], frames[1], None)
    back = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM).calc(
        frames[1], frames[0], None
    )
    starts = _places(there.shape[:2])
    ends = starts + there
    returned = ends + cv2.remap(
        back, ends[..., 0], ends[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    factor = image_hw[1] / there.shape[1]
    missed = np.linalg.norm(returned - starts, axis=2) * factor
    kept = missed <= ROUND_TRIP_PX_AT_512 * max(image_hw) / REFERENCE_SIDE_PX
    return _inside(
        torch.from_numpy(starts[kept]), torch.from_numpy(ends[kept]), factor, image_hw=image_hw
    )


@torch.no_grad()
def feature_matches(generator: Generator, before: Ws, after: Ws) -> Matches:
    """By the nearest features (Euclidean) of the block that drags use, at most 128 px.

    A cell counts if it is also the nearest to its nearest; between cells by parabolas through the
    distances beside it, along x and along y.
    """
    info = generator.info
    block = info.nearest_block(min(info.hints.feature_px, MAX_FEATURE_PX))
    first, second = (
        generator.advance(generator.begin(ws), until_px=block.until_px)
        .features[0]
        .float()
        .flatten(1)
        .T
        for ws in (before, after)
    )
    forward, backward = _nearest(first, second)
    kept = (backward[forward] == torch.arange(len(forward), device=forward.device)).nonzero()[:, 0]
    rows, columns = block.size_hw
    places = torch.from_numpy(_places((rows, columns)).reshape(-1, 2)).to(first)
    ends = places[forward[kept]]
    ends = ends + _between(first[kept], second, forward[kept], map_hw=block.size_hw)
    factor = info.size_hw[1] / columns
    return _inside(places[kept].cpu(), ends.cpu(), factor, image_hw=info.size_hw)


def _opencv() -> Any:  # noqa: ANN401 (a module that is optional)
    try:
        return importlib.import_module("cv2")
    except ImportError as error:
        raise MissingExtraError(
            'optical flow needs the extra "flow": pip install "tugan[flow]"; or choose the'
            " correspondence features"
        ) from error


def _frame(cv2: Any, picture: RgbArray) -> np.ndarray[Any, np.dtype[np.uint8]]:  # noqa: ANN401
    """In grey, of a size that suits DIS."""
    grey: np.ndarray[Any, np.dtype[np.uint8]] = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    factor = min(REFERENCE_SIDE_PX / max(grey.shape), 1.0)
    factor = max(factor, SMALLEST_PX / min(grey.shape))
    if factor == 1:
        return grey
    size_wh = round(grey.shape[1] * factor), round(grey.shape[0] * factor)
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    resized: np.ndarray[Any, np.dtype[np.uint8]] = cv2.resize(grey, size_wh, interpolation=how)
    return resized


def _places(size_hw: tuple[int, int]) -> Float[np.ndarray, "h w 2"]:
    """Every cell's own."""
    ys, xs = np.indices(size_hw, dtype=np.float32)
    return np.stack([xs, ys], axis=-1)


def _inside(
    starts: Float[Tensor, "n 2"],
    ends: Float[Tensor, "n 2"],
    factor: float,
    *,
    image_hw: tuple[int, int],
) -> Matches:
    """Cells of ``factor`` pixels as pixels; without what leaves the picture."""
    starts, ends = ((xy + 0.5) * factor - 0.5 for xy in (starts, ends))
    stays = inside(starts, image_hw=image_hw) & inside(ends, image_hw=image_hw)
    return Matches(starts_xy=starts[stays], ends_xy=ends[stays])


def _nearest(
    first: Float[Tensor, "p c"], second: Float[Tensor, "p c"]
) -> tuple[Int[Tensor, " p"], Int[Tensor, " p"]]:
    """For every row of each its nearest row of the other; some rows at a time, for memory."""
    squares = second.square().sum(dim=1)
    forward = []
    least = torch.full_like(squares, torch.inf)
    backward = torch.zeros_like(squares, dtype=torch.long)
    for begin in range(0, len(first), _ROWS_AT_ONCE):
        rows = first[begin : begin + _ROWS_AT_ONCE]
        distances = rows.square().sum(dim=1)[:, None] + squares - 2 * rows @ second.T
        forward.append(distances.argmin(dim=1))
        nearer = distances.min(dim=0)
        backward = torch.where(nearer.values < least, nearer.indices + begin, backward)
        least = torch.minimum(least, nearer.values)
    return torch.cat(forward), backward


def _between(
    wanted: Float[Tensor, "n c"],
    features: Float[Tensor, "p c"],
    found: Int[Tensor, " n"],
    *,
    map_hw: tuple[int, int],
) -> Float[Tensor, "n 2"]:
    """From the cells found to where the distance is least, at most half a cell; 0 at an edge."""

    def distance(cells: Int[Tensor, " n"]) -> Float[Tensor, " n"]:
        return (features[cells.clamp(0, len(features) - 1)] - wanted).square().sum(dim=1)

    rows, columns = map_hw
    here = distance(found)
    shifts = []
    for place, size, stride in ((found % columns, columns, 1), (found // columns, rows, columns)):
        lower, upper = distance(found - stride), distance(found + stride)
        bend = lower + upper - 2 * here
        shift = ((lower - upper) / (2 * bend.clamp(min=1e-12))).clamp(-0.5, 0.5)
        shifts.append(torch.where((place > 0) & (place < size - 1), shift, 0.0))
    return torch.stack(shifts, dim=1)

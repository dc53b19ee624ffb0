import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from tugan.core.geometry import (
    disc_offsets_xy,
    inside,
    pixels_to_grid,
    scale_from_512,
    square_offsets_xy,
    xy_like,
)


def ramp(map_hw: tuple[int, int], image_hw: tuple[int, int]) -> Tensor:
    """A map whose two channels say the ``x`` and ``y`` of each cell's centre, in pixels."""
    rows, columns = map_hw
    y = (torch.arange(rows) + 0.5) * image_hw[0] / rows - 0.5
    x = (torch.arange(columns) + 0.5) * image_hw[1] / columns - 0.5
    return torch.stack([x.expand(rows, -1), y[:, None].expand(-1, columns)])[None]


def read(features: Tensor, grid: Tensor) -> Tensor:
    return F.grid_sample(features, grid[None, None], align_corners=False)[0, :, 0].T


@given(image_hw=st.tuples(st.integers(2, 40), st.integers(2, 40)), seed=st.integers(0, 9))
def test_a_grid_reads_the_picture_at_its_points(image_hw: tuple[int, int], seed: int) -> None:
    upper = torch.tensor([image_hw[1] - 1.0, image_hw[0] - 1.0])
    points_xy = torch.rand(6, 2, generator=torch.Generator().manual_seed(seed)) * upper
    found = read(ramp(image_hw, image_hw), pixels_to_grid(points_xy, image_hw=image_hw))
    torch.testing.assert_close(found, points_xy, rtol=0, atol=1e-4)


def test_the_same_grid_reads_a_coarser_map_that_is_not_square() -> None:
    image_hw, map_hw = (48, 96), (12, 48)
    points_xy = torch.tensor([[10.0, 20.0], [1.5, 3.0], [90.25, 43.0]])
    found = read(ramp(map_hw, image_hw), pixels_to_grid(points_xy, image_hw=image_hw))
    torch.testing.assert_close(found, points_xy, rtol=0, atol=1e-4)


def test_the_grid_reads_whole_pixels_exactly() -> None:
    picture = torch.arange(35.0).reshape(1, 1, 5, 7)
    points_xy = torch.tensor([[0.0, 0.0], [6.0, 0.0], [2.0, 3.0], [6.0, 4.0]])
    found = read(picture, pixels_to_grid(points_xy, image_hw=(5, 7)))
    torch.testing.assert_close(found[:, 0], torch.tensor([0.0, 6.0, 23.0, 34.0]))


@pytest.mark.parametrize(
    ("radius_px", "within", "strictly_within"),
    [(0, 1, 0), (1, 5, 1), (1.5, 9, 9), (2, 13, 9), (3, 29, 25), (5, 81, 69)],
)
def test_a_disc_has_as_many_pixels_as_one_counts_by_hand(
    radius_px: float, within: int, strictly_within: int
) -> None:
    assert len(disc_offsets_xy(radius_px, strict=False)) == within
    assert len(disc_offsets_xy(radius_px, strict=True)) == strictly_within


@given(radius_px=st.floats(min_value=0, max_value=12), strict=st.booleans())
def test_a_disc_has_the_offsets_within_its_radius_and_no_other(
    radius_px: float, strict: bool
) -> None:
    # far enough from a circle through a pixel that float32 and float64 agree
    radius_px = round(radius_px) + 0.25
    reach = range(-14, 15)
    expected = [[x, y] for y in reach for x in reach if math.hypot(x, y) < radius_px]
    assert disc_offsets_xy(radius_px, strict=strict).tolist() == expected


def test_a_square_is_in_row_major_order() -> None:
    expected = [[x, y] for y in (-1, 0, 1) for x in (-1, 0, 1)]
    assert square_offsets_xy(1).tolist() == expected
    assert len(square_offsets_xy(12)) == 25**2
    assert square_offsets_xy(0).tolist() == [[0, 0]]


@pytest.mark.parametrize(
    ("xy", "is_inside"),
    [
        ((0, 0), True),
        ((95, 63), True),
        ((95, 0), True),
        ((-0.01, 5), False),
        ((5, -0.01), False),
        ((95.01, 5), False),
        ((5, 63.01), False),
        ((63, 95), False),
        ((math.nan, 5), False),
        ((math.inf, 5), False),
    ],
)
def test_inside_ends_at_the_centres_of_the_outermost_pixels(
    xy: tuple[float, float], is_inside: bool
) -> None:
    assert bool(inside(torch.tensor(xy, dtype=torch.float32), image_hw=(64, 96))) is is_inside


def test_inside_answers_for_each_point() -> None:
    points_xy = torch.tensor([[0.0, 0.0], [-1.0, 0.0], [3.0, 3.0]])
    assert inside(points_xy, image_hw=(4, 4)).tolist() == [True, False, True]


def test_lengths_at_512_scale_with_the_longer_side() -> None:
    assert scale_from_512(3, (512, 512)) == 3
    assert scale_from_512(3, (1024, 1024)) == 6
    assert scale_from_512(3, (128, 256)) == 1.5
    assert scale_from_512(3, (256, 128)) == 1.5


def test_a_pair_is_made_where_and_as_another_tensor_is() -> None:
    found = xy_like(torch.zeros(3, 2, dtype=torch.float64, device="meta"), 3, 0.1)
    assert (found.device.type, found.dtype, found.shape) == ("meta", torch.float64, (2,))
    expected = torch.tensor([3, 0.1])
    assert torch.equal(xy_like(torch.zeros(1), 3, 0.1), expected)

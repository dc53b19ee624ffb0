import pytest
import torch

from tugan.core.errors import InvalidDragError
from tugan.core.masks import check_mask, forbidden_points, keep_weight


def test_a_mask_of_the_pictures_size_is_fine() -> None:
    check_mask(torch.ones(48, 64), image_hw=(48, 64))


def test_a_mask_of_another_size_is_refused_with_both_sizes() -> None:
    with pytest.raises(InvalidDragError, match=r"mask is 20 x 10 px but .* is 64 x 48 px"):
        check_mask(torch.ones(10, 20), image_hw=(48, 64))


def test_a_mask_on_its_side_is_refused() -> None:
    with pytest.raises(InvalidDragError, match="48 x 64"):
        check_mask(torch.ones(64, 48), image_hw=(48, 64))


def test_keep_weight_is_the_share_of_each_cell_that_must_stay() -> None:
    mask = torch.ones(4, 8)
    mask[:, :3] = 0
    mask[0, 4:6] = 0.5
    weight = keep_weight(mask, map_hw=(2, 4))
    assert weight.tolist() == [[1.0, 0.5, 0.25, 0.0], [1.0, 0.5, 0.0, 0.0]]


def test_keep_weight_of_the_same_size_is_the_inverse_mask() -> None:
    mask = torch.rand(5, 7)
    assert torch.equal(keep_weight(mask, map_hw=(5, 7)), 1 - mask)


def test_forbidden_points_are_those_on_the_dark() -> None:
    mask = torch.ones(8, 16)
    mask[2, 10] = 0
    points_xy = torch.tensor([[10.0, 2.0], [2.0, 7.0], [10.4, 1.6], [11.0, 2.0]])
    assert forbidden_points(mask, points_xy) == [0, 2]


def test_the_corners_of_the_picture_can_be_looked_up() -> None:
    points_xy = torch.tensor([[0.0, 0.0], [15.0, 7.0]])
    assert forbidden_points(torch.zeros(8, 16), points_xy) == [0, 1]


@pytest.mark.parametrize(("level", "forbidden"), [(0.49, [0]), (0.5, []), (0.51, [])])
def test_half_grey_still_may_change(level: float, forbidden: list[int]) -> None:
    assert forbidden_points(torch.full((4, 4), level), torch.tensor([[1.0, 1.0]])) == forbidden

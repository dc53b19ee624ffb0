import pytest
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.bench.texture_match import Undecided, distance_px_at_512, find_patch

HANDLE, GOAL = (120.0, 130.0), (140.0, 130.0)


def rough(side: int = 256, seed: int = 0) -> Float[Tensor, "3 h w"]:
    """Blotches of about 16 px, nowhere alike."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 3, side // 16, side // 16, generator=generator) * 2 - 1
    return F.interpolate(coarse, size=(side, side), mode="bicubic")[0].clamp(-1, 1)


def shifted(picture: Float[Tensor, "3 h w"], x: int, y: int) -> Float[Tensor, "3 h w"]:
    return picture.roll((y, x), dims=(1, 2))


@pytest.mark.parametrize("way", [(0, 0), (20, 0), (13, -7), (-9, 8)])
def test_what_was_shifted_is_found_where_it_went(way: tuple[int, int]) -> None:
    picture = rough()
    found = find_patch(picture, shifted(picture, *way), handle_xy=HANDLE, goal_xy=GOAL)
    assert found.undecided is None
    assert found.found_xy == pytest.approx((120 + way[0], 130 + way[1]), abs=0.3)
    assert found.correlation > 0.99


def test_larger_pictures_are_brought_down_and_points_brought_back() -> None:
    large = F.interpolate(rough()[None], size=(1024, 1024), mode="bicubic")[0]
    found = find_patch(
        large, shifted(large, 30, 0), handle_xy=(481.0, 522.0), goal_xy=(521.0, 522.0)
    )
    assert found.found_xy == pytest.approx((511, 522), abs=1)


def test_light_does_not_matter() -> None:
    picture = rough()
    after = shifted(picture, 10, 0) * 0.7 + torch.tensor([0.2, -0.1, 0.0])[:, None, None]
    found = find_patch(picture, after, handle_xy=HANDLE, goal_xy=GOAL)
    assert found.found_xy == pytest.approx((130, 130), abs=0.3)


def test_a_grid_that_lies_still_is_not_taken_for_content() -> None:
    picture = rough() * 0.6
    grid = torch.zeros(3, 256, 256)
    grid[:, ::4] = 0.4
    after = shifted(picture, 12, 8) + grid
    found = find_patch(picture + grid, after, handle_xy=HANDLE, goal_xy=GOAL)
    assert found.found_xy == pytest.approx((132, 138), abs=1)


def test_what_shows_nothing_is_not_decided() -> None:
    flat = torch.full((3, 256, 256), 0.3)
    found = find_patch(flat, rough(), handle_xy=HANDLE, goal_xy=GOAL)
    assert (found.found_xy, found.undecided) == (None, Undecided.FLAT)


def test_another_picture_is_a_change() -> None:
    found = find_patch(rough(), rough(seed=5), handle_xy=HANDLE, goal_xy=GOAL)
    assert (found.found_xy, found.undecided) == (None, Undecided.CHANGED)


def test_along_an_edge_everything_is_alike() -> None:
    edge = torch.where(torch.arange(256) < 120, -0.8, 0.8).expand(3, 256, 256)
    after = edge + 0.02 * rough()
    found = find_patch(edge, after, handle_xy=HANDLE, goal_xy=GOAL)
    assert (found.found_xy, found.undecided) == (None, Undecided.ALIKE)
    assert found.correlation > 0.9


def test_what_left_the_box_is_not_decided() -> None:
    picture = rough()
    # 10 px of this picture are searched around the way; it went 11 px off
    after = shifted(picture, 0, 11)
    found = find_patch(picture, after, handle_xy=HANDLE, goal_xy=GOAL)
    assert (found.found_xy, found.undecided) == (None, Undecided.LEFT)


def test_a_handle_at_the_edge_is_refused() -> None:
    with pytest.raises(ValueError, match="is not inside the 256 x 256 px"):
        find_patch(rough(), rough(), handle_xy=(3.0, 100.0), goal_xy=(20.0, 100.0))


def test_distances_are_those_of_a_picture_of_512() -> None:
    assert distance_px_at_512((0, 0), (30, 40), image_hw=(256, 128)) == pytest.approx(100)

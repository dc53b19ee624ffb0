import numpy as np
import numpy.typing as npt
import pytest
import torch

from tugan.core.images import RgbArray
from tugan.render.overlays import (
    HANDLE_COLOUR,
    KEEP_TINT,
    TARGET_COLOUR,
    draw_drag,
    draw_ruler,
)

HANDLE, TARGET = torch.tensor([[30.0, 60.0]]), torch.tensor([[90.0, 60.0]])


@pytest.fixture
def grey() -> RgbArray:
    """96 px high and 128 wide."""
    return np.full((96, 128, 3), 120, dtype=np.uint8)


def changed(before: RgbArray, after: RgbArray) -> npt.NDArray[np.bool_]:
    differs: npt.NDArray[np.bool_] = (before != after).any(axis=-1)
    return differs


def test_marks_have_their_colours_at_handle_and_goal() -> None:
    grey = np.full((512, 512, 3), 120, dtype=np.uint8)
    handle, target = torch.tensor([[100.0, 200.0]]), torch.tensor([[300.0, 400.0]])
    marked = draw_drag(grey, handles_xy=handle, targets_xy=target)
    assert marked[200, 100].tolist() == list(HANDLE_COLOUR)
    assert marked[400, 300].tolist() == list(TARGET_COLOUR)


def test_marks_stay_near_the_line_from_handle_to_goal(grey: RgbArray) -> None:
    differs = changed(grey, draw_drag(grey, handles_xy=HANDLE, targets_xy=TARGET))
    rows, columns = np.nonzero(differs)
    assert rows.min() >= 56
    assert rows.max() <= 64
    assert columns.min() >= 26
    assert columns.max() <= 94
    assert differs[60, 30:91].all()


def test_the_picture_itself_is_not_drawn_on(grey: RgbArray) -> None:
    before = grey.copy()
    draw_drag(grey, handles_xy=HANDLE, targets_xy=TARGET, mask=torch.zeros(96, 128))
    draw_ruler(grey)
    assert np.array_equal(grey, before)


def test_marks_grow_with_the_picture() -> None:
    areas = []
    for side in (256, 1024):
        picture = np.zeros((side, side, 3), dtype=np.uint8)
        middle = torch.tensor([[side / 2, side / 2]])
        marked = draw_drag(picture, handles_xy=middle, targets_xy=middle)
        areas.append(int(changed(picture, marked).sum()))
    assert areas[1] > 6 * areas[0]


def test_every_pair_is_marked_even_at_the_corners(grey: RgbArray) -> None:
    handles = torch.tensor([[0.0, 0.0], [127.0, 95.0]])
    targets = torch.tensor([[127.0, 0.0], [0.0, 95.0]])
    marked = draw_drag(grey, handles_xy=handles, targets_xy=targets)
    for x, y in ((0, 0), (127, 0), (0, 95), (127, 95)):
        assert changed(grey, marked)[y, x]


def test_no_points_leave_the_picture_as_it_is(grey: RgbArray) -> None:
    none = torch.zeros(0, 2)
    assert np.array_equal(draw_drag(grey, handles_xy=none, targets_xy=none), grey)


def test_a_mask_dims_what_must_stay_and_nothing_else(grey: RgbArray) -> None:
    mask = torch.ones(96, 128)
    mask[:, :40] = 0
    mask[:, 40:80] = 0.5
    none = torch.zeros(0, 2)
    dimmed = draw_drag(grey, handles_xy=none, targets_xy=none, mask=mask)
    assert np.array_equal(dimmed[:, 80:], grey[:, 80:])
    assert (dimmed[:, :40] < dimmed[:, 40:80]).all()
    assert (dimmed[:, 40:80] < grey[:, 40:80]).all()
    assert (dimmed >= np.array(KEEP_TINT)).all()


@pytest.mark.parametrize(("side", "spacing"), [(1024, 32), (512, 16)])
def test_the_ruler_has_lines_at_round_coordinates(side: int, spacing: int) -> None:
    picture = np.zeros((side, side, 3), dtype=np.uint8)
    lines = changed(picture, draw_ruler(picture))
    # the last row and column are clear of the labels
    assert np.nonzero(lines[-1])[0].tolist() == list(range(spacing, side, spacing))
    assert np.nonzero(lines[:, -1])[0].tolist() == list(range(spacing, side, spacing))


def test_the_ruler_fits_a_picture_that_is_not_square(grey: RgbArray) -> None:
    ruled = draw_ruler(grey)
    assert ruled.shape == grey.shape
    assert changed(grey, ruled)[4].all()

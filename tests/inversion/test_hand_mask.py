import numpy as np
import pytest
import torch

from tugan.inversion.align import crop, manual_crop
from tugan.inversion.hand_mask import soft_inside
from tugan.inversion.paste import Edit, paste_back


def square(size_px: int, low: int, high: int) -> torch.Tensor:
    mask = torch.zeros(size_px, size_px)
    mask[low:high, low:high] = 1
    return mask


def test_it_is_whole_in_the_middle_and_fades_before_the_edge() -> None:
    limit = soft_inside(square(256, 60, 200), manual_crop((128, 128), side_px=256))
    assert float(limit[130, 130]) == 1
    assert float(limit[:64].max()) == 0  # 4 px inside: what reading it elsewhere may blur
    assert float(limit[:, 196:].max()) == 0
    row = limit[130, 64:100]
    assert bool((row[1:] >= row[:-1]).all())
    assert float((row[1:] - row[:-1]).max()) < 0.3


def test_a_narrow_mask_still_lets_its_middle_change() -> None:
    limit = soft_inside(square(256, 120, 134), manual_crop((128, 128), side_px=256))
    assert float(limit.max()) == 1
    assert float(limit[:124].max()) == 0


def test_nothing_and_too_little_are_nothing_and_everything_has_no_edge() -> None:
    place = manual_crop((128, 128), side_px=256)
    assert float(soft_inside(torch.zeros(128, 128), place).max()) == 0
    assert float(soft_inside(square(128, 60, 64), place).max()) == 0
    assert float(soft_inside(torch.ones(128, 128), place).min()) == 1


@pytest.mark.parametrize("side_px", [60, 128, 700])
def test_no_pixel_outside_a_mask_of_the_photograph_is_touched(side_px: int) -> None:
    """The photograph is coarser than the crop, as fine, and finer; and the crop is turned."""
    hw = (side_px + 60, side_px + 80)
    photo = np.random.default_rng(0).integers(0, 255, (*hw, 3), dtype=np.uint8)
    middle = (hw[1] / 2, hw[0] / 2)
    place = manual_crop(middle, side_px=side_px, angle_deg=17)
    ys, xs = np.mgrid[: hw[0], : hw[1]]
    allowed = np.hypot(xs - middle[0], ys - middle[1]) < 0.25 * side_px
    grey = np.repeat((255 * allowed).astype(np.uint8)[..., None], 3, axis=2)
    mask = soft_inside((crop(grey, place, 128)[0, 0] + 1) / 2, place)
    pasted = paste_back(photo, Edit(after=torch.ones(1, 3, 128, 128), mask=mask), place)
    changed = (pasted != photo).any(axis=2)
    assert changed.sum() > 0.2 * allowed.sum()
    assert not changed[~allowed].any()

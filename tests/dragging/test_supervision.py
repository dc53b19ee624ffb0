from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tugan.core.errors import InvalidDragError
from tugan.dragging.settings import DragSettings
from tugan.dragging.supervision import motion_loss, pulled_places

HW = (64, 64)
PAPER, ORIGINAL = DragSettings.paper(), DragSettings.original()


@pytest.fixture
def features() -> Tensor:
    return torch.randn(1, 6, 16, 16, generator=torch.Generator().manual_seed(0))


def plain_loss_of_the_paper(features: Tensor, handles: Tensor, targets: Tensor) -> Tensor:
    """Equation 1 point by point and pixel by pixel on the resized map."""
    resized = F.interpolate(features, size=HW, mode="bilinear", align_corners=False)[0]
    total = torch.zeros(())
    for handle, target in zip(handles, targets, strict=True):
        direction = (target - handle) / (target - handle).norm()
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                if dx * dx + dy * dy > 1:  # 3 px at 512 is less than 1 px at 64: the least is 1
                    continue
                x, y = int(handle[0]) + dx, int(handle[1]) + dy
                here = resized[:, y, x].detach()
                ahead = read_between(resized, x + direction[0], y + direction[1])
                total = total + (ahead - here).abs().sum()
    return total


def read_between(resized: Tensor, x: Tensor, y: Tensor) -> Tensor:
    column, row = int(x.floor()), int(y.floor())
    fx, fy = x - column, y - row
    upper = resized[:, row, column] * (1 - fx) + resized[:, row, column + 1] * fx
    lower = resized[:, row + 1, column] * (1 - fx) + resized[:, row + 1, column + 1] * fx
    return upper * (1 - fy) + lower * fy


def test_it_is_equation_1(features: Tensor) -> None:
    handles = torch.tensor([[20.0, 30.0], [40.0, 12.0]])
    targets = torch.tensor([[31.0, 27.0], [36.0, 50.0]])
    leaves = [features.clone().requires_grad_() for _ in range(2)]
    ours = motion_loss(leaves[0], handles, targets, image_hw=HW, settings=PAPER)
    plain = plain_loss_of_the_paper(leaves[1], handles, targets)
    torch.testing.assert_close(ours, plain, rtol=1e-4, atol=1e-4)
    gradients = [
        torch.autograd.grad(loss, leaf)[0] for loss, leaf in zip((ours, plain), leaves, strict=True)
    ]
    torch.testing.assert_close(*gradients, atol=1e-4, rtol=1e-3)


def test_the_mean_weighs_every_point_alike(features: Tensor) -> None:
    # the second disc is cut by the border, and counts no less for that
    handles, targets = torch.tensor([[30.0, 30.0], [0.0, 0.0]]), torch.tensor([[40.0, 30.0]] * 2)
    together = motion_loss(features, handles, targets, image_hw=HW, settings=ORIGINAL)
    apart = [
        motion_loss(features, handles[[i]], targets[[i]], image_hw=HW, settings=ORIGINAL)
        for i in range(2)
    ]
    torch.testing.assert_close(together, apart[0] + apart[1])


@pytest.mark.parametrize("settings", [PAPER, ORIGINAL])
def test_a_handle_within_a_pixel_is_left_alone(features: Tensor, settings: DragSettings) -> None:
    handles, targets = torch.tensor([[20.0, 20.0]]), torch.tensor([[21.0, 20.0]])
    leaf = features.clone().requires_grad_()
    loss = motion_loss(leaf, handles, targets, image_hw=HW, settings=settings)
    assert loss == 0
    assert not torch.autograd.grad(loss, leaf)[0].any()


def test_only_what_lies_ahead_is_pulled() -> None:
    features = torch.zeros(1, 1, 64, 64, requires_grad=True)
    ramp = torch.arange(64.0).expand(1, 1, 64, 64)
    loss = motion_loss(
        features + ramp,
        torch.tensor([[30.0, 30.0]]),
        torch.tensor([[40.0, 30.0]]),
        image_hw=HW,
        settings=PAPER,
    )
    (gradient,) = torch.autograd.grad(loss, features)
    touched = gradient[0, 0].nonzero()
    # a disc of radius 1 around (30, 30), one pixel to the right of it
    assert sorted(map(tuple, touched.tolist())) == [
        (29, 31),
        (30, 30),
        (30, 31),
        (30, 32),
        (31, 31),
    ]


@pytest.mark.parametrize(("size_px", "expected"), [(1024, 113), (512, 29), (64, 5)])
def test_discs_grow_with_the_picture(size_px: int, expected: int) -> None:
    centre = torch.full((1, 2), size_px / 2)
    pull = pulled_places(centre, centre + 9, image_hw=(size_px, size_px), settings=PAPER)
    assert len(pull.places_xy) == expected


def test_the_original_disc_is_strict_and_rounded() -> None:
    centre, hw = torch.tensor([[0.0, 0.0]]), (512, 512)
    pull = pulled_places(centre, centre + 9, image_hw=hw, settings=ORIGINAL)
    wide = pulled_places(
        centre, centre + 9, image_hw=hw, settings=replace(ORIGINAL, replay_grid=False)
    )
    # within the picture's corner: a quarter of a disc, without the pixels at exactly 3 px
    assert len(pull.places_xy) == 9
    assert len(wide.places_xy) == 11


@pytest.mark.parametrize("settings", [PAPER, ORIGINAL])
def test_discs_that_no_memory_takes_are_refused_before_they_are_made(
    settings: DragSettings,
) -> None:
    huge = replace(settings, motion_radius_px_at_512=512)
    points = torch.rand(200, 2) * 1000
    with pytest.raises(InvalidDragError, match="make the radius smaller, or leave points out"):
        pulled_places(points, points + 9, image_hw=(1024, 1024), settings=huge)
    # as many points as there can be, in the largest pictures that there are
    usual = pulled_places(points, points + 9, image_hw=(2048, 2048), settings=settings)
    assert len(usual.places_xy) > 10_000

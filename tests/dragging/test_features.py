from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tugan.dragging.features import read_features

IMAGE_HW = (48, 32)


@pytest.fixture
def features() -> Tensor:
    return torch.randn(1, 5, 12, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def points() -> Tensor:
    unit = torch.rand(200, 2, generator=torch.Generator().manual_seed(1))
    return unit * torch.tensor([34.0, 50.0]) - 1.5  # some of them just outside


def read_after_resizing(features: Tensor, points: Tensor) -> Tensor:
    """The plain way: resize the whole map, then read it between pixels, zero outside."""
    resized = F.interpolate(features, size=IMAGE_HW, mode="bilinear", align_corners=False)
    grid = points / torch.tensor([IMAGE_HW[1] - 1, IMAGE_HW[0] - 1]) * 2 - 1
    return F.grid_sample(resized, grid[None, None], align_corners=True)[0, :, 0].T


def test_resized_reading_equals_resizing_first(features: Tensor, points: Tensor) -> None:
    ours = read_features(features, points, image_hw=IMAGE_HW, reading="resized")
    torch.testing.assert_close(ours, read_after_resizing(features, points), atol=1e-5, rtol=0)


def test_resized_reading_has_the_same_gradient(features: Tensor, points: Tensor) -> None:
    weights = torch.randn(200, 5)
    gradients = []
    reads: tuple[Callable[[Tensor], Tensor], ...] = (
        lambda f: read_features(f, points, image_hw=IMAGE_HW, reading="resized"),
        lambda f: read_after_resizing(f, points),
    )
    for read in reads:
        leaf = features.clone().requires_grad_()
        gradients.append(torch.autograd.grad((read(leaf) * weights).sum(), leaf)[0])
    torch.testing.assert_close(*gradients, atol=1e-4, rtol=0)


def test_both_readings_agree_at_pixel_centres(features: Tensor) -> None:
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(32.0), indexing="ij")
    centres = torch.stack([x, y], dim=-1).reshape(-1, 2)
    native, resized = (
        read_features(features, centres, image_hw=IMAGE_HW, reading=reading)
        for reading in ("native", "resized")
    )
    torch.testing.assert_close(native, resized, atol=1e-5, rtol=0)


def test_native_reading_is_exact_at_cell_centres(features: Tensor) -> None:
    # cells are 4 px: the first one's centre lies between pixels 1 and 2
    points = torch.tensor([[1.5, 1.5], [29.5, 45.5], [5.5, 1.5]])
    values = read_features(features, points, image_hw=IMAGE_HW)
    wanted = torch.stack([features[0, :, 0, 0], features[0, :, 11, 7], features[0, :, 0, 1]])
    torch.testing.assert_close(values, wanted)


def test_thousands_of_points_read_what_a_few_do(features: Tensor) -> None:
    # many points are read by another route than few
    unit = torch.rand(2048, 2, generator=torch.Generator().manual_seed(2))
    many = unit * torch.tensor([36.0, 52.0]) - 2.5
    weights = torch.randn(2048, 5, generator=torch.Generator().manual_seed(3))

    def in_parts(leaf: Tensor) -> Tensor:
        return torch.cat([read_features(leaf, part, image_hw=IMAGE_HW) for part in many.split(64)])

    def at_once(leaf: Tensor) -> Tensor:
        return read_features(leaf, many, image_hw=IMAGE_HW)

    read, gradients = [], []
    for way in (in_parts, at_once):
        leaf = features.clone().requires_grad_()
        read.append(way(leaf))
        gradients.append(torch.autograd.grad((read[-1] * weights).sum(), leaf)[0])
    torch.testing.assert_close(*read, atol=1e-5, rtol=0)
    torch.testing.assert_close(*gradients, atol=1e-3, rtol=1e-5)

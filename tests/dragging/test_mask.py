from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tugan.dragging.mask import mask_loss
from tugan.dragging.settings import DragSettings, Reading

HW = (64, 48)


@pytest.fixture
def maps() -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(0)
    return torch.randn(1, 35, 16, 12, generator=rng), torch.randn(1, 35, 16, 12, generator=rng)


@pytest.fixture
def mask() -> Tensor:
    return torch.rand(HW, generator=torch.Generator().manual_seed(1)).round()


@pytest.mark.parametrize("settings", [DragSettings.paper(), DragSettings.original()])
def test_it_equals_the_loss_on_the_resized_map(
    maps: tuple[Tensor, Tensor], mask: Tensor, settings: DragSettings
) -> None:
    features, initial = (one.clone().requires_grad_() for one in maps)
    ours = mask_loss(features, initial.detach(), mask, settings=settings)
    resized = [
        F.interpolate(one, size=HW, mode="bilinear", align_corners=False)
        for one in (features, initial.detach())
    ]
    kept = ((resized[0] - resized[1]) * (1 - mask)).abs()
    plain = kept.sum() if settings.reduction == "sum" else kept.mean()
    torch.testing.assert_close(ours, plain, rtol=1e-5, atol=0)
    gradients = [torch.autograd.grad(3 * loss, features)[0] for loss in (ours, plain)]
    torch.testing.assert_close(*gradients, rtol=1e-4, atol=1e-5)


def test_the_native_reading_counts_pixels_too(maps: tuple[Tensor, Tensor]) -> None:
    # where features change evenly, resizing changes nothing: both readings must agree
    features, mask = maps[0] * 0 + 2.0, torch.zeros(HW)
    mask[:, :24] = 1
    for settings, wanted in (
        (DragSettings.paper(), 35 * 64 * 24 * 2.0),
        (DragSettings.original(), 1.0),
    ):
        for one in (replace(settings, reading="native"), replace(settings, reading="resized")):
            loss = mask_loss(features, features * 0, mask, settings=one)
            assert float(loss) == pytest.approx(wanted)


@pytest.mark.parametrize("reading", ["native", "resized"])
def test_what_may_change_costs_nothing(maps: tuple[Tensor, Tensor], reading: Reading) -> None:
    settings = replace(DragSettings.paper(), reading=reading)
    assert mask_loss(*maps, torch.ones(HW), settings=settings) == 0

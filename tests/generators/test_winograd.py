"""The fast 3x3 convolution against torch's, forward, backward and forward-mode."""

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn import functional as F

from tugan.generators.noise import NoiseSource
from tugan.generators.stylegan2.layers import StyledConv
from tugan.generators.winograd import winograd_conv2d, winograd_pays, winograd_weight

TOLERANCE = 2e-5
"""Of the largest result, as docs/performance.md states."""


def case(channels: tuple[int, int], batch: int, size_hw: tuple[int, int]) -> tuple[Tensor, Tensor]:
    rng = torch.Generator().manual_seed(1)
    fan_in, fan_out = channels
    x = torch.randn(batch, fan_in, *size_hw, generator=rng)
    return x, torch.randn(fan_out, fan_in, 3, 3, generator=rng) / (9 * fan_in) ** 0.5


def assert_near(found: Tensor, exact: Tensor) -> None:
    assert found.shape == exact.shape
    worst = float((found - exact).abs().max() / exact.abs().max())
    assert worst < TOLERANCE, worst


CASES = [
    ((128, 128), 1, (16, 16)),
    ((512, 512), 1, (64, 64)),
    ((256, 512), 3, (14, 14)),
    ((130, 129), 2, (17, 30)),
    ((128, 128), 1, (128, 96)),
]


@pytest.mark.parametrize(("channels", "batch", "size_hw"), CASES)
def test_it_is_the_convolution(
    channels: tuple[int, int], batch: int, size_hw: tuple[int, int]
) -> None:
    x, weight = case(channels, batch, size_hw)
    exact = F.conv2d(x.double(), weight.double(), padding=1)
    assert_near(winograd_conv2d(x, winograd_weight(weight)), exact)


@pytest.mark.parametrize(("channels", "batch", "size_hw"), CASES)
def test_its_gradient_is_the_convolutions(
    channels: tuple[int, int], batch: int, size_hw: tuple[int, int]
) -> None:
    x, weight = case(channels, batch, size_hw)
    x.requires_grad_()
    upstream = torch.randn(batch, channels[1], *size_hw)
    (found,) = torch.autograd.grad(winograd_conv2d(x, winograd_weight(weight)), x, upstream)
    wide = x.detach().double().requires_grad_()
    (exact,) = torch.autograd.grad(
        F.conv2d(wide, weight.double(), padding=1), wide, upstream.double()
    )
    assert_near(found, exact)


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")  # torch's own
def test_tangents_go_forward() -> None:
    x, weight = case((128, 128), 1, (16, 16))
    tangent = torch.randn_like(x)
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x, tangent)
        found = forward_ad.unpack_dual(winograd_conv2d(dual, winograd_weight(weight))).tangent
    assert found is not None
    assert_near(found, F.conv2d(tangent.double(), weight.double(), padding=1))


def test_only_where_it_pays() -> None:
    x, weight = case((128, 128), 1, (16, 16))
    assert winograd_pays(x, weight)
    assert not winograd_pays(x.double(), weight), "torch's own is exact there"
    assert not winograd_pays(x.to("meta"), weight), "another device has a library for it"
    assert not winograd_pays(x[..., :8, :8], weight), "too few tiles"
    assert not winograd_pays(x[:, :64], weight[:, :64]), "too few channels"
    assert not winograd_pays(x, weight.requires_grad_()), "trained"


def layer() -> StyledConv:
    made = StyledConv(
        fan_in=128, fan_out=128, w_dim=8, size_hw=(32, 32), upsample=False, clamp=None
    )
    rng = torch.Generator().manual_seed(2)
    for tensor in made.state_dict().values():
        tensor.copy_(torch.randn(tensor.shape, generator=rng))
    return made.requires_grad_(False)


def test_a_layer_takes_it_and_follows_its_weight() -> None:
    styled = layer()
    x, w = torch.randn(1, 128, 32, 32), torch.randn(1, 8)
    noise = NoiseSource(kind="const")

    def both() -> tuple[Tensor, Tensor]:
        fast = styled(x, w, noise)
        exact = styled.double()(x.double(), w.double(), noise)
        styled.float()
        return fast, exact

    assert_near(*both())
    before = styled(x, w, noise)
    styled.weight.mul_(torch.linspace(0.5, 2, 128)[:, None, None, None].flip(0))
    styled.weight[3] = 0.1
    assert_near(*both())
    assert (styled(x, w, noise) - before).abs().max() > 0.1

"""Frozen convolutions must be PyTorch's, forward, backward and forward-mode."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.nn import functional as F

from tugan.generators.frozen_conv import frozen_conv2d, frozen_doubling_conv2d

Conv = Callable[[Tensor, Tensor], Tensor]

PAIRS: dict[str, tuple[Conv, Conv, tuple[int, ...]]] = {
    "dense": (
        lambda x, w: frozen_conv2d(x, w, padding=1),
        lambda x, w: F.conv2d(x, w, padding=1),
        (5, 4, 3, 3),
    ),
    "depthwise": (
        lambda x, w: frozen_conv2d(x, w, padding=1, groups=4),
        lambda x, w: F.conv2d(x, w, padding=1, groups=4),
        (4, 1, 4, 4),
    ),
    "doubling": (
        frozen_doubling_conv2d,
        lambda x, w: F.conv_transpose2d(x, w.transpose(0, 1), stride=2),
        (5, 4, 3, 3),
    ),
}


@pytest.fixture(params=PAIRS)
def pair(request: pytest.FixtureRequest) -> tuple[Conv, Conv, Tensor]:
    ours, theirs, shape = PAIRS[request.param]
    return ours, theirs, torch.randn(shape, generator=torch.Generator().manual_seed(0))


def test_gradients_to_the_input_are_the_same(pair: tuple[Conv, Conv, Tensor]) -> None:
    ours, theirs, weight = pair
    x = torch.randn(2, 4, 7, 6, requires_grad=True)
    upstream = torch.randn_like(theirs(x, weight))
    found, wanted = (
        torch.autograd.grad(conv(x, weight), x, upstream)[0] for conv in (ours, theirs)
    )
    torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


def test_nothing_but_the_weight_is_kept(pair: tuple[Conv, Conv, Tensor]) -> None:
    ours, _, weight = pair
    kept: list[Tensor] = []
    x = torch.randn(1, 4, 7, 6, requires_grad=True)

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        ours(x, weight)
    assert [tensor.data_ptr() for tensor in kept] == [weight.data_ptr()]


@pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")  # torch's own
def test_forward_mode_is_the_convolution_itself(pair: tuple[Conv, Conv, Tensor]) -> None:
    ours, theirs, weight = pair
    x, tangent = torch.randn(2, 1, 4, 7, 6).unbind()
    with forward_ad.dual_level():
        dual = forward_ad.make_dual(x.requires_grad_(), tangent)
        moved = forward_ad.unpack_dual(ours(dual, weight)).tangent
    assert moved is not None
    torch.testing.assert_close(moved, theirs(tangent, weight), atol=1e-5, rtol=1e-5)


def test_a_weight_that_wants_a_gradient_gets_one(pair: tuple[Conv, Conv, Tensor]) -> None:
    ours, theirs, weight = pair
    weight.requires_grad_()
    x = torch.randn(1, 4, 7, 6, requires_grad=True)
    found, wanted = (
        torch.autograd.grad(conv(x, weight).square().sum(), weight)[0] for conv in (ours, theirs)
    )
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=1e-4)

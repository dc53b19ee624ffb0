"""Convolutions with frozen weights that keep nothing for the backward pass but the weights.

PyTorch's own keep their input in case the weights want a gradient. Here they never do, and the
inputs are a third of what a step of the drag would hold in memory.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F
from torch.nn.grad import conv2d_input


def frozen_conv2d(
    x: Float[Tensor, "b i h w"],
    weight: Float[Tensor, "o k kh kw"],
    *,
    padding: int = 0,
    groups: int = 1,
) -> Float[Tensor, "b o oh ow"]:
    """``F.conv2d``; with a weight that wants a gradient it is that and nothing else."""
    if weight.requires_grad or not x.requires_grad:
        return F.conv2d(x, weight, padding=padding, groups=groups)
    out: Tensor = _FrozenConv2d.apply(x, weight, padding, groups)  # type: ignore[no-untyped-call]
    return out


def frozen_doubling_conv2d(
    x: Float[Tensor, "b i h w"], weight: Float[Tensor, "o i kh kw"]
) -> Float[Tensor, "b o oh ow"]:
    """``F.conv_transpose2d`` with stride 2, its weight given as that of a convolution."""
    if weight.requires_grad or not x.requires_grad:
        return F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
    out: Tensor = _FrozenDoublingConv2d.apply(x, weight)  # type: ignore[no-untyped-call]
    return out


def conv2d_pulled_back(
    upstream: Float[Tensor, "b o h w"], weight: Float[Tensor, "o i 3 3"]
) -> Float[Tensor, "b i h w"]:
    """The gradient by its input of a 3x3 convolution that keeps the size."""
    shape = (len(upstream), weight.shape[1], *upstream.shape[2:])
    gradient: Tensor = conv2d_input(shape, weight, upstream, padding=1)
    return gradient


def doubling_conv2d_pulled_back(
    upstream: Float[Tensor, "b o oh ow"], weight: Float[Tensor, "o i kh kw"]
) -> Float[Tensor, "b i h w"]:
    """The same of :func:`frozen_doubling_conv2d`."""
    return F.conv2d(upstream, weight.transpose(0, 1), stride=2)


class _FrozenConv2d(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, weight: Tensor, padding: int, groups: int) -> Tensor:
        return F.conv2d(x, weight, padding=padding, groups=groups)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ANN401
        x, weight, ctx.padding, ctx.groups = inputs
        ctx.input_shape = x.shape
        ctx.save_for_backward(weight)
        ctx.save_for_forward(weight)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None, None]:  # noqa: ANN401
        (weight,) = ctx.saved_tensors
        gradient = conv2d_input(
            ctx.input_shape, weight, upstream, padding=ctx.padding, groups=ctx.groups
        )
        return gradient, None, None, None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: Tensor | None) -> Tensor:  # noqa: ANN401
        (weight,) = ctx.saved_tensors
        return F.conv2d(tangent, weight, padding=ctx.padding, groups=ctx.groups)


class _FrozenDoublingConv2d(torch.autograd.Function):
    @staticmethod
    def forward(x: Tensor, weight: Tensor) -> Tensor:
        return F.conv_transpose2d(x, weight.transpose(0, 1), stride=2)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:  # noqa: ANN401
        _, weight = inputs
        ctx.save_for_backward(weight)
        ctx.save_for_forward(weight)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401
        (weight,) = ctx.saved_tensors
        return doubling_conv2d_pulled_back(upstream, weight), None

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor, *_: Tensor | None) -> Tensor:  # noqa: ANN401
        (weight,) = ctx.saved_tensors
        return F.conv_transpose2d(tangent, weight.transpose(0, 1), stride=2)

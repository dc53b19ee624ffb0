"""What a layer costs at the least: multiply-adds, and numbers that pass through memory.

Counted are the products of convolutions and linear layers. What is done number by number (styles,
noise, bias, activation, the inverse Haar transform) is taken to happen while a convolution reads or
writes, so that it costs nothing of its own; where it is a pass of its own, that shows as time above
the floor.
"""

from dataclasses import dataclass
from typing import Literal, final

FLOAT_BYTES = 4

ConvKind = Literal["dense", "pointwise", "depthwise"]
"""Dense kernels larger than a cell; 1x1 kernels, which are matrix products; one channel each."""


@final
@dataclass(frozen=True, kw_only=True)
class Cost:
    """Multiply-adds by kind, and numbers in memory; costs can be added."""

    dense: int = 0
    """Multiply-adds of dense convolutions with kernels larger than a cell."""
    pointwise: int = 0
    """Of 1x1 convolutions and linear layers."""
    depthwise: int = 0
    """Of convolutions with one channel each."""
    weights: int = 0
    """Weights read, stored noise included: once, however large the batch."""
    activations: int = 0
    """Numbers read and written."""

    def __add__(self, other: "Cost") -> "Cost":
        """One after the other."""
        return Cost(
            dense=self.dense + other.dense,
            pointwise=self.pointwise + other.pointwise,
            depthwise=self.depthwise + other.depthwise,
            weights=self.weights + other.weights,
            activations=self.activations + other.activations,
        )

    @property
    def multiply_adds(self) -> int:
        """Of all kinds."""
        return self.dense + self.pointwise + self.depthwise

    @property
    def bytes(self) -> int:
        """Weights and activations, in float32."""
        return FLOAT_BYTES * (self.weights + self.activations)


@final
@dataclass(frozen=True, kw_only=True)
class LayerCost:
    """Forward, and backward to the latent: no gradient of a weight is computed."""

    forward: Cost
    backward: Cost

    def __add__(self, other: "LayerCost") -> "LayerCost":
        """One after the other."""
        return LayerCost(
            forward=self.forward + other.forward, backward=self.backward + other.backward
        )


FREE = LayerCost(forward=Cost(), backward=Cost())
"""Nothing at all: what sums begin with."""


@final
@dataclass(frozen=True, kw_only=True)
class ConvShape:
    """A convolution of a generator, with what is done to its input and output on the way."""

    kind: ConvKind
    fan_in: int
    fan_out: int
    """Equal to ``fan_in`` where it is depthwise."""
    kernel_px: int = 1
    """Side of the kernel, in cells."""
    in_hw: tuple[int, int]
    out_hw: tuple[int, int]
    doubling: bool = False
    """Transposed with stride 2: each cell of the input spreads over a kernel's reach."""
    styled: bool = False
    """The input is scaled by a style: to tell its gradient, the backward pass reads it again."""
    activated: bool = False
    """Leaky ReLU follows: to tell the slope, the backward pass reads the output again."""
    noisy: bool = False
    """A stored noise map is added to the output."""

    @property
    def kernel_weights(self) -> int:
        """Without biases."""
        fans = self.fan_in if self.kind == "depthwise" else self.fan_in * self.fan_out
        return self.kernel_px**2 * fans

    @property
    def multiply_adds(self) -> int:
        """For a batch of one, forward; the gradient of the input takes as many."""
        height, width = self.in_hw if self.doubling else self.out_hw
        return self.kernel_weights * height * width

    def cost(self, *, batch: int = 1) -> LayerCost:
        """Of one pass over a batch each way."""
        read = batch * self.fan_in * self.in_hw[0] * self.in_hw[1]
        written = batch * self.fan_out * self.out_hw[0] * self.out_hw[1]
        added = self.fan_out if self.activated else 0
        if self.noisy:
            added += self.out_hw[0] * self.out_hw[1]
        again = read * self.styled + written * self.activated
        products = self._products(batch)
        return LayerCost(
            forward=products
            + Cost(weights=self.kernel_weights + added, activations=read + written),
            backward=products
            + Cost(weights=self.kernel_weights, activations=read + written + again),
        )

    def _products(self, batch: int) -> Cost:
        count = batch * self.multiply_adds
        match self.kind:
            case "dense":
                return Cost(dense=count)
            case "pointwise":
                return Cost(pointwise=count)
            case "depthwise":
                return Cost(depthwise=count)


def linear_cost(fan_in: int, fan_out: int, *, batch: int = 1, bias: bool = True) -> LayerCost:
    """Of a matrix that every element of the batch is multiplied with, and back."""
    weights, numbers = fan_in * fan_out, batch * (fan_in + fan_out)
    return LayerCost(
        forward=Cost(
            pointwise=batch * weights,
            weights=weights + (fan_out if bias else 0),
            activations=numbers,
        ),
        backward=Cost(pointwise=batch * weights, weights=weights, activations=numbers),
    )

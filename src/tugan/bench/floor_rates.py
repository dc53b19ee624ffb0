"""How fast this machine multiplies and copies, in the shapes that a model has."""

import torch
from torch import Tensor
from torch.nn import functional as F

from tugan.bench.cost_model import SynthesisCost
from tugan.bench.floor import FLOPS, GIGA, MachineRates
from tugan.bench.layer_cost import FLOAT_BYTES, ConvKind, ConvShape
from tugan.bench.stopwatch import median_s

MATRIX_SIDE = 1024
COPY_NUMBERS = (2**20, 2**24)
"""4 MiB, about a feature map, which may stay in a cache; and 64 MiB, which should not. The better
of the two is the rate."""
MOST_MULTIPLY_ADDS = 2e9
"""Maps of heavier convolutions are halved for the measurement, so that it stays short."""


@torch.no_grad()
def measure_rates(
    cost: SynthesisCost | None, *, until_px: int, device: torch.device
) -> MachineRates:
    """Medians of a few runs each, in the threads that torch has; about a second.

    Of the model's convolutions the heaviest of each kind up to its block of ``until_px``, and the
    heaviest of all; the better counts, since a floor must not be too high. Without ``cost`` matrix
    products and copies alone are measured.
    """
    matrix = _matrix_rate(device)
    measured = [(f"matrix product of {MATRIX_SIDE} x {MATRIX_SIDE}", matrix)]
    best: dict[ConvKind, float] = {}
    for shape in () if cost is None else _shapes(cost, until_px):
        rate = _conv_rate(shape, device)
        measured.append((_words(shape), rate))
        best[shape.kind] = max(rate, best.get(shape.kind, rate))
    copies = [_copy_rate(count, device) for count in COPY_NUMBERS]
    measured += [
        (f"copy of {count * FLOAT_BYTES // 2**20} MiB", rate)
        for count, rate in zip(COPY_NUMBERS, copies, strict=True)
    ]
    return MachineRates(
        matrix=matrix,
        dense=best.get("dense"),
        depthwise=best.get("depthwise"),
        copy_gb=max(copies),
        measured=tuple(measured),
    )


def _shapes(cost: SynthesisCost, until_px: int) -> list[ConvShape]:
    found = []
    kinds: tuple[ConvKind, ...] = ("dense", "depthwise")
    for kind in kinds:
        for px in (until_px, cost.blocks[-1].until_px):
            heaviest = cost.heaviest(kind, until_px=px)
            lighter = None if heaviest is None else _lightened(heaviest)
            if lighter is not None and lighter not in found:
                found.append(lighter)
    return found


def _matrix_rate(device: torch.device) -> float:
    one, other = (torch.randn(MATRIX_SIDE, MATRIX_SIDE, device=device) for _ in range(2))
    out = torch.empty_like(one)
    taken_s = median_s(lambda: torch.mm(one, other, out=out), device=device)
    return FLOPS * MATRIX_SIDE**3 / taken_s / GIGA


def _conv_rate(shape: ConvShape, device: torch.device) -> float:
    groups = shape.fan_in if shape.kind == "depthwise" else 1
    size = (shape.fan_out, shape.fan_in // groups, shape.kernel_px, shape.kernel_px)
    weight = torch.randn(size, device=device)
    x = torch.randn(1, shape.fan_in, *shape.in_hw, device=device)
    x = x.contiguous(memory_format=torch.channels_last)

    def convolve() -> Tensor:
        return F.conv2d(x, weight, padding=(shape.kernel_px - 1) // 2, groups=groups)

    out_hw = convolve().shape[2:]
    multiply_adds = shape.kernel_weights * out_hw[0] * out_hw[1]
    return FLOPS * multiply_adds / median_s(convolve, device=device) / GIGA


def _copy_rate(count: int, device: torch.device) -> float:
    source = torch.ones(count, device=device)
    target = torch.zeros_like(source)
    taken_s = median_s(lambda: target.copy_(source), device=device)
    return 2 * FLOAT_BYTES * count / taken_s / GIGA


def _lightened(shape: ConvShape) -> ConvShape:
    """The same channels on a smaller map, where the whole one takes too long."""
    (height, width), factor = shape.in_hw, 1
    while shape.multiply_adds > MOST_MULTIPLY_ADDS * factor**2 and min(height, width) > factor:
        factor *= 2
    hw = (max(height // factor, 1), max(width // factor, 1))
    return ConvShape(
        kind=shape.kind,
        fan_in=shape.fan_in,
        fan_out=shape.fan_out,
        kernel_px=shape.kernel_px,
        in_hw=hw,
        out_hw=hw,
    )


def _words(shape: ConvShape) -> str:
    side = f"{shape.kernel_px} x {shape.kernel_px}"
    height, width = shape.in_hw
    channels = (
        f"{shape.fan_in}" if shape.kind == "depthwise" else f"{shape.fan_in} to {shape.fan_out}"
    )
    return f"{side} {shape.kind} convolution, {channels} channels, {height} x {width} cells"

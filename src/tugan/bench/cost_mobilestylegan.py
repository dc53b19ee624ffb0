"""What the blocks of a MobileStyleGAN cost (Belousov 2021), from its configuration."""

from tugan.bench.layer_cost import FREE, ConvShape, Cost, LayerCost, linear_cost
from tugan.generators.mobilestylegan.config import MobileStyleGanConfig

KERNEL_PX = 3
HAAR = 4
"""The inverse Haar transform makes one channel at twice the size of four."""
COLOURS = 3


def block_convs(
    config: MobileStyleGanConfig, index: int, in_hw: tuple[int, int]
) -> tuple[ConvShape, ...]:
    """The convolutions of a block whose input has this size."""
    channels = config.channels[index]
    before = config.channels[max(index - 1, 0)]
    if index == 0:
        dense = ConvShape(
            kind="dense",
            fan_in=channels,
            fan_out=channels,
            kernel_px=KERNEL_PX,
            in_hw=in_hw,
            out_hw=in_hw,
            styled=True,
            activated=True,
            noisy=True,
        )
        return (dense,)
    out_hw = (2 * in_hw[0], 2 * in_hw[1])
    # the doubled map holds the same numbers as the input, so reading the one is reading the other
    return (*_separable(before // HAAR, channels, out_hw), *_separable(channels, channels, out_hw))


def block_cost(
    config: MobileStyleGanConfig, index: int, in_hw: tuple[int, int], *, batch: int
) -> LayerCost:
    """Features, with the styles."""
    convs = block_convs(config, index, in_hw)
    total = sum((conv.cost(batch=batch) for conv in convs), FREE)
    styled = [conv.fan_in for conv in convs if conv.styled]
    if index > 0:
        styled.append(config.channels[index - 1])
    for channels in styled:
        total += linear_cost(config.w_dim, channels, batch=batch)
    return total


def picture_cost(config: MobileStyleGanConfig, index: int) -> Cost:
    """Of the head after the last block; there is no picture before it."""
    if index + 1 < len(config.channels):
        return Cost()
    channels, side = config.channels[-1], config.size_px // 2
    head = ConvShape(
        kind="pointwise",
        fan_in=channels,
        fan_out=HAAR * COLOURS,
        in_hw=(side, side),
        out_hw=(side, side),
        styled=True,
    )
    return (linear_cost(config.w_dim, channels) + head.cost()).forward


def _separable(fan_in: int, fan_out: int, hw: tuple[int, int]) -> tuple[ConvShape, ConvShape]:
    depthwise = ConvShape(
        kind="depthwise",
        fan_in=fan_in,
        fan_out=fan_in,
        kernel_px=KERNEL_PX,
        in_hw=hw,
        out_hw=hw,
        styled=True,
    )
    pointwise = ConvShape(
        kind="pointwise",
        fan_in=fan_in,
        fan_out=fan_out,
        in_hw=hw,
        out_hw=hw,
        activated=True,
        noisy=True,
    )
    return depthwise, pointwise

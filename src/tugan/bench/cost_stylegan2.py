"""What the blocks of a StyleGAN2 cost (Karras et al. 2020a, figure 2d), from its configuration."""

from tugan.bench.layer_cost import FREE, ConvShape, Cost, LayerCost, linear_cost
from tugan.generators.stylegan2.config import StyleGan2Config

KERNEL_PX, FILTER_PX = 3, 4
COLOURS = 3


def block_convs(
    config: StyleGan2Config, index: int, in_hw: tuple[int, int]
) -> tuple[ConvShape, ...]:
    """The convolutions of a block whose input has this size, without those of the picture."""
    channels = config.channels[index]
    before = config.channels[max(index - 1, 0)]
    height, width = in_hw
    if index == 0:
        return (_conv(channels, channels, in_hw),)
    spread_hw, out_hw = (2 * height + 1, 2 * width + 1), (2 * height, 2 * width)
    return (
        ConvShape(
            kind="dense",
            fan_in=before,
            fan_out=channels,
            kernel_px=KERNEL_PX,
            in_hw=in_hw,
            out_hw=spread_hw,
            doubling=True,
            styled=True,
        ),
        ConvShape(
            kind="depthwise",
            fan_in=channels,
            fan_out=channels,
            kernel_px=FILTER_PX,
            in_hw=spread_hw,
            out_hw=out_hw,
            activated=True,
            noisy=True,
        ),
        _conv(channels, channels, out_hw),
    )


def block_cost(
    config: StyleGan2Config, index: int, in_hw: tuple[int, int], *, batch: int
) -> LayerCost:
    """Features alone; styles and the demodulation's energies are products with matrices."""
    convs = block_convs(config, index, in_hw)
    total = sum((conv.cost(batch=batch) for conv in convs), FREE)
    for conv in convs:
        if conv.kind == "dense":
            total += linear_cost(config.w_dim, conv.fan_in, batch=batch)
            total += linear_cost(conv.fan_in, conv.fan_out, batch=batch, bias=False)
    return total


def picture_cost(config: StyleGan2Config, index: int) -> Cost:
    """What a block adds to the picture: features to colours, and the picture so far doubled."""
    channels, (height, width) = config.channels[index], config.size_hw(index)
    to_rgb = ConvShape(
        kind="pointwise",
        fan_in=channels,
        fan_out=COLOURS,
        in_hw=(height, width),
        out_hw=(height, width),
        styled=True,
    )
    total = linear_cost(config.w_dim, channels) + to_rgb.cost()
    if index > 0:
        total += ConvShape(
            kind="depthwise",
            fan_in=COLOURS,
            fan_out=COLOURS,
            kernel_px=FILTER_PX,
            in_hw=(height // 2, width // 2),
            out_hw=(height, width),
            doubling=True,
        ).cost()
    return total.forward


def _conv(fan_in: int, fan_out: int, hw: tuple[int, int]) -> ConvShape:
    return ConvShape(
        kind="dense",
        fan_in=fan_in,
        fan_out=fan_out,
        kernel_px=KERNEL_PX,
        in_hw=hw,
        out_hw=hw,
        styled=True,
        activated=True,
        noisy=True,
    )

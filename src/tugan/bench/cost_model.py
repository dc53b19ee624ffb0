"""What a generator's synthesis costs at the least, from its configuration alone.

Of each block and of what drags do with it: forward to the feature block, backward from there to the
latent, the same on windows around points, and the whole picture. No figure here is measured;
:mod:`tugan.bench.floor` makes seconds of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import final

from tugan.bench import cost_mobilestylegan, cost_stylegan2
from tugan.bench.layer_cost import FREE, ConvKind, ConvShape, Cost, LayerCost
from tugan.generators.mobilestylegan.config import MobileStyleGanConfig
from tugan.generators.mobilestylegan.network import WINDOW_SIDE as MOBILE_WINDOW_SIDE
from tugan.generators.protocol import Generator, PretrainedGenerator
from tugan.generators.stylegan2.config import StyleGan2Config
from tugan.generators.stylegan2.network import WINDOW_SIDE as STYLEGAN2_WINDOW_SIDE

KnownConfig = StyleGan2Config | MobileStyleGanConfig


@final
@dataclass(frozen=True, kw_only=True)
class BlockCost:
    """One block of a synthesis."""

    until_px: int
    """Longer side of its map."""
    features: LayerCost
    picture: Cost
    """What it takes besides to draw; drags need none of it."""
    convs: tuple[ConvShape, ...] = field(repr=False)


@final
@dataclass(frozen=True, kw_only=True)
class SynthesisCost:
    """A synthesis, block by block."""

    blocks: tuple[BlockCost, ...]

    def forward(self, until_px: int) -> Cost:
        """Features up to and including this block; ``ValueError`` lists the blocks there are."""
        return self._until(until_px).forward

    def backward(self, until_px: int) -> Cost:
        """From this block's features to the latent."""
        return self._until(until_px).backward

    @property
    def picture(self) -> Cost:
        """All of it, forward."""
        return sum((one.features.forward + one.picture for one in self.blocks), Cost())

    def heaviest(self, kind: ConvKind, *, until_px: int) -> ConvShape | None:
        """Up to this block, the convolution of a kind that multiplies most; None without one."""
        shapes = [
            conv
            for block in self.blocks[: self._count(until_px)]
            for conv in block.convs
            if conv.kind == kind
        ]
        return max(shapes, key=lambda conv: conv.multiply_adds, default=None)

    def _until(self, until_px: int) -> LayerCost:
        blocks = self.blocks[: self._count(until_px)]
        return sum((block.features for block in blocks), FREE)

    def _count(self, until_px: int) -> int:
        sizes = [block.until_px for block in self.blocks]
        if until_px not in sizes:
            raise ValueError(
                f"there is no {until_px} px block; expected one of {', '.join(map(str, sizes))}"
            )
        return sizes.index(until_px) + 1


def synthesis_cost(config: KnownConfig) -> SynthesisCost:
    """Of one picture of a generator with this configuration."""
    sizes = _map_sizes(config)
    return SynthesisCost(
        blocks=tuple(
            _block(config, index, in_hw, until_px=max(sizes[index]))
            for index, in_hw in enumerate((sizes[0], *sizes[:-1]))
        )
    )


def windows_cost(
    config: KnownConfig, *, until_px: int, points: int, from_px: int | None = None
) -> LayerCost:
    """The blocks up to this one on windows around points, an element of the batch each.

    With ``from_px`` those alone that follow this block. Cropped as by
    :func:`tugan.generators.windows.windowed_features`. ``ValueError`` if there is no such block, or
    no point.
    """
    if points < 1:
        raise ValueError(f"the cost of windows needs at least one point; got {points}")
    sizes = _map_sizes(config)
    synthesis_cost(config).forward(until_px)  # which says what blocks there are
    mobile = isinstance(config, MobileStyleGanConfig)
    side = MOBILE_WINDOW_SIDE if mobile else STYLEGAN2_WINDOW_SIDE
    total, hw, begun = FREE, sizes[0], from_px is None
    for index, size_hw in enumerate(sizes):
        in_hw = hw if index == 0 else (min(hw[0], side), min(hw[1], side))
        if begun:
            total += _features(config, index, in_hw, batch=points)
            hw = in_hw if index == 0 else (2 * in_hw[0], 2 * in_hw[1])
        else:
            begun, hw = max(size_hw) == from_px, size_hw
        if max(size_hw) == until_px:
            break
    return total


def descent_cost(config: KnownConfig, *, until_px: int, points: int, trunk_px: int | None) -> Cost:
    """The features of a whole map, and a gradient at points of it: a step of adam.

    Taken back through the whole map, or on windows down to the block of ``trunk_px``
    (:meth:`tugan.generators.protocol.WindowedGenerator.trunk_px`) and through whole maps from
    there.
    """
    whole = synthesis_cost(config)
    if trunk_px is None:
        return whole.forward(until_px) + whole.backward(until_px)
    windows = windows_cost(config, until_px=until_px, points=points, from_px=trunk_px)
    near = windows.forward + windows.backward
    return whole.forward(until_px) + near + whole.backward(trunk_px)


def known_config(generator: Generator) -> KnownConfig | None:
    """The configuration of a generator whose family's costs are known, or None."""
    if not isinstance(generator, PretrainedGenerator):
        return None
    config = generator.config
    return config if isinstance(config, StyleGan2Config | MobileStyleGanConfig) else None


def _map_sizes(config: KnownConfig) -> Sequence[tuple[int, int]]:
    """Of the blocks' features, height and width."""
    count = len(config.channels)
    if isinstance(config, MobileStyleGanConfig):
        return [(4 << index, 4 << index) for index in range(count)]
    return [config.size_hw(index) for index in range(count)]


def _block(config: KnownConfig, index: int, in_hw: tuple[int, int], *, until_px: int) -> BlockCost:
    if isinstance(config, MobileStyleGanConfig):
        picture = cost_mobilestylegan.picture_cost(config, index)
        convs = cost_mobilestylegan.block_convs(config, index, in_hw)
    else:
        picture = cost_stylegan2.picture_cost(config, index)
        convs = cost_stylegan2.block_convs(config, index, in_hw)
    features = _features(config, index, in_hw, batch=1)
    return BlockCost(until_px=until_px, features=features, picture=picture, convs=convs)


def _features(config: KnownConfig, index: int, in_hw: tuple[int, int], *, batch: int) -> LayerCost:
    if isinstance(config, MobileStyleGanConfig):
        return cost_mobilestylegan.block_cost(config, index, in_hw, batch=batch)
    return cost_stylegan2.block_cost(config, index, in_hw, batch=batch)

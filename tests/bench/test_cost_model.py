from collections.abc import Callable

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from tugan.bench.cost_model import known_config, synthesis_cost, windows_cost
from tugan.bench.layer_cost import ConvShape, Cost, linear_cost
from tugan.generators.mobilestylegan.config import MobileStyleGanConfig
from tugan.generators.protocol import (
    PretrainedGenerator,
    TracingGenerator,
    WindowedGenerator,
    sample_z,
    synthesize,
)
from tugan.generators.stylegan2.config import StyleGan2Config
from tugan.generators.toy import ToyGenerator

SMALL = StyleGan2Config(channels=(2, 3), z_dim=8, w_dim=8, mapping_widths=(8,))
SMALL_MOBILE = MobileStyleGanConfig(
    channels=(4, 8), num_ws=4, z_dim=8, w_dim=8, mapping_widths=(8,)
)
# torch's counter sees the same products; what the networks may do in another way is a small part
CLOSE = 0.03


def counted(action: Callable[[], object]) -> float:
    """Multiply-adds, as torch counts them while they are done."""
    with FlopCounterMode(display=False) as counter:
        action()
    flops: int = counter.get_total_flops()
    return flops / 2


def test_a_dense_layer() -> None:
    shape = ConvShape(
        kind="dense", fan_in=2, fan_out=3, kernel_px=3, in_hw=(4, 5), out_hw=(4, 5), styled=True,
        activated=True, noisy=True,
    )  # fmt: skip
    cost = shape.cost(batch=10)
    # 3 x 3 weights from 2 to 3 channels at 20 cells; 3 biases and 20 numbers of noise beside them
    assert cost.forward == Cost(dense=10 * 1080, weights=54 + 3 + 20, activations=10 * (40 + 60))
    # the upstream gradient, the gradient, and both ends of the layer once more
    assert cost.backward == Cost(dense=10 * 1080, weights=54, activations=10 * 2 * (40 + 60))
    assert cost.forward.bytes == 4 * (77 + 1000)
    assert (cost.forward + cost.backward).multiply_adds == 21600


def test_a_doubling_layer_spreads_every_cell_of_its_input() -> None:
    shape = ConvShape(
        kind="dense", fan_in=2, fan_out=3, kernel_px=3, in_hw=(4, 4), out_hw=(9, 9), doubling=True
    )  # fmt: skip
    assert shape.multiply_adds == 9 * 2 * 3 * 16
    assert shape.cost().forward.activations == 2 * 16 + 3 * 81


def test_a_depthwise_and_a_linear_layer() -> None:
    shape = ConvShape(
        kind="depthwise", fan_in=4, fan_out=4, kernel_px=3, in_hw=(4, 4), out_hw=(4, 4)
    )  # fmt: skip
    assert shape.cost().forward == Cost(depthwise=9 * 4 * 16, weights=36, activations=128)
    linear = linear_cost(8, 3, batch=2)
    assert linear.forward == Cost(pointwise=48, weights=27, activations=22)
    assert linear.backward == Cost(pointwise=48, weights=24, activations=22)


def test_a_small_stylegan2_by_hand() -> None:
    first, second = synthesis_cost(SMALL).blocks
    assert (first.until_px, second.until_px) == (4, 8)
    # the convolution at 4 px; a style of 2 and the energies of 2 x 2 channels
    assert first.features.forward.dense == 9 * 2 * 2 * 16
    assert first.features.forward.pointwise == 8 * 2 + 4
    # spread from 16 cells, filtered at 64 by 4 x 4 weights, convolved at 64
    assert second.features.forward.dense == 9 * 2 * 3 * 16 + 9 * 3 * 3 * 64
    assert second.features.forward.depthwise == 16 * 3 * 64
    assert second.features.forward.pointwise == 8 * 2 + 8 * 3 + 2 * 3 + 3 * 3
    assert second.features.backward.multiply_adds == second.features.forward.multiply_adds
    # to three colours, and the 4 px picture doubled by 4 x 4 weights
    assert first.picture.multiply_adds == 8 * 2 + 2 * 3 * 16
    assert second.picture.multiply_adds == 8 * 3 + 3 * 3 * 64 + 16 * 3 * 16


def test_a_small_mobilestylegan_by_hand() -> None:
    first, second = synthesis_cost(SMALL_MOBILE).blocks
    assert first.features.forward.dense == 9 * 4 * 4 * 16
    assert first.features.forward.pointwise == 8 * 4
    assert first.picture == Cost()
    # 4 channels at 4 px are 1 at 8 px, then 8
    assert second.features.forward.depthwise == 9 * 1 * 64 + 9 * 8 * 64
    assert second.features.forward.pointwise == (1 * 8 + 8 * 8) * 64 + 8 * (4 + 1 + 8)
    assert second.picture.multiply_adds == 8 * 12 * 64 + 8 * 8
    maps = (4 * 16 + 1 * 64) + (1 * 64 + 8 * 64) + 2 * (8 * 64 + 8 * 64)
    styles = (8 + 4) + (8 + 1) + (8 + 8)
    assert second.features.forward.activations == maps + styles


def test_totals_are_sums_of_blocks() -> None:
    cost = synthesis_cost(SMALL)
    first, second = cost.blocks
    assert cost.forward(4) == first.features.forward
    assert cost.backward(8) == first.features.backward + second.features.backward
    assert cost.picture == cost.forward(8) + first.picture + second.picture
    with pytest.raises(ValueError, match="no 16 px block; expected one of 4, 8"):
        cost.forward(16)


def test_the_heaviest_convolution_of_a_kind() -> None:
    cost = synthesis_cost(SMALL)
    dense = cost.heaviest("dense", until_px=8)
    assert dense is not None
    assert (dense.fan_in, dense.fan_out, dense.in_hw) == (3, 3, (8, 8))
    assert cost.heaviest("depthwise", until_px=4) is None


def test_windows_as_large_as_the_maps_cost_what_the_maps_do() -> None:
    cost, windows = synthesis_cost(SMALL), windows_cost(SMALL, until_px=8, points=2)
    assert windows.forward.multiply_adds == 2 * cost.forward(8).multiply_adds
    # weights are read once for both
    assert windows.forward.weights == cost.forward(8).weights
    with pytest.raises(ValueError, match="no 16 px block"):
        windows_cost(SMALL, until_px=16, points=1)
    with pytest.raises(ValueError, match="at least one point"):
        windows_cost(SMALL, until_px=8, points=0)


def test_pictures_need_not_be_square() -> None:
    high = StyleGan2Config(channels=(2, 3), const_hw=(4, 2), z_dim=8, w_dim=8, mapping_widths=(8,))
    half, whole = synthesis_cost(high).forward(8), synthesis_cost(SMALL).forward(8)
    assert 2 * half.dense == whole.dense
    assert 2 * half.depthwise == whole.depthwise


@pytest.mark.parametrize("model", ["faces", "stylegan2_128"])
def test_torch_counts_the_same_products(model: str, request: pytest.FixtureRequest) -> None:
    generator: PretrainedGenerator = request.getfixturevalue(model)
    config = known_config(generator)
    assert config is not None
    cost = synthesis_cost(config)
    until_px = generator.info.hints.feature_px
    assert [block.until_px for block in cost.blocks] == [
        block.until_px for block in generator.info.blocks
    ]
    ws = generator.map(sample_z(0, z_dim=generator.info.z_dim))
    seen = counted(lambda: synthesize(generator, ws))
    assert seen == pytest.approx(cost.picture.multiply_adds, rel=CLOSE)
    # a batch of two: for one alone a style may go into the depthwise weights, whose gradient torch
    # counts as if they were dense
    leaf = ws.expand(2, -1, -1).clone().requires_grad_()
    features = generator.advance(generator.begin(leaf), until_px=until_px).features
    ones = torch.ones_like(features)
    seen = counted(lambda: torch.autograd.grad(features, leaf, ones))
    assert seen == pytest.approx(2 * cost.backward(until_px).multiply_adds, rel=CLOSE)


@pytest.mark.parametrize("model", ["faces", "stylegan2_128"])
def test_torch_counts_the_same_products_on_windows(
    model: str, request: pytest.FixtureRequest
) -> None:
    generator: PretrainedGenerator = request.getfixturevalue(model)
    assert isinstance(generator, WindowedGenerator)
    config = known_config(generator)
    assert config is not None
    until_px = generator.info.hints.feature_px
    points_xy = torch.tensor([[40.0, 50.0], [60.0, 64.0], [90.0, 30.0]])
    cost = windows_cost(config, until_px=until_px, points=3)
    leaf = generator.map(sample_z(0, z_dim=generator.info.z_dim)).expand(3, -1, -1)
    leaf = leaf.clone().requires_grad_()
    with FlopCounterMode(display=False) as counter:
        features = generator.windows(leaf, points_xy, until_px=until_px).features
    assert counter.get_total_flops() / 2 == pytest.approx(cost.forward.multiply_adds, rel=CLOSE)
    ones = torch.ones_like(features)
    seen = counted(lambda: torch.autograd.grad(features, leaf, ones))
    assert seen == pytest.approx(cost.backward.multiply_adds, rel=CLOSE)


@pytest.mark.parametrize("model", ["faces", "stylegan2_128"])
def test_torch_counts_the_same_products_of_a_trace(
    model: str, request: pytest.FixtureRequest
) -> None:
    generator: PretrainedGenerator = request.getfixturevalue(model)
    assert isinstance(generator, TracingGenerator)
    config = known_config(generator)
    assert config is not None
    until_px = generator.info.hints.feature_px
    points_xy = torch.tensor([[40.0, 50.0], [60.0, 64.0], [90.0, 30.0]])
    cost = windows_cost(config, until_px=until_px, points=6)
    ws = generator.map(sample_z(0, z_dim=generator.info.z_dim))
    with torch.no_grad():
        trace = generator.advance_traced(generator.begin(ws), until_px=until_px)
        ones = torch.ones_like(generator.windows_of(trace, points_xy).features).expand(
            2, -1, -1, -1, -1
        )
        seen = counted(lambda: generator.pulled_back(trace, points_xy, ones))
    # the styles, of one picture, are computed once more
    assert seen == pytest.approx(cost.backward.multiply_adds, rel=0.02)


def test_the_published_size_of_faces(faces: PretrainedGenerator) -> None:
    config = known_config(faces)
    assert config is not None
    cost = synthesis_cost(config)
    # 7.3 thousand million for a picture, a quarter of them for the features of drags
    assert cost.picture.multiply_adds == 7_284_645_888
    assert cost.forward(64).multiply_adds == 1_854_283_776


def test_half_of_a_512_px_stylegan2_lies_above_the_features_of_drags() -> None:
    config_f = StyleGan2Config(channels=(512, 512, 512, 512, 512, 256, 128, 64))
    cost = synthesis_cost(config_f)
    above = 1 - cost.forward(128).multiply_adds / cost.picture.multiply_adds
    assert above == pytest.approx(0.49, abs=0.005)


def test_other_families_are_not_guessed() -> None:
    assert known_config(ToyGenerator()) is None

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from perceptual.plain_reading import blended
from perceptual.published import random_state
from tugan.perceptual.correlation_windows import CorrelationPyramid
from tugan.perceptual.raft_config import LARGE, SMALL, RaftConfig
from tugan.perceptual.raft_network import Raft
from tugan.perceptual.raft_update import ConvGru, convexly_enlarged
from tugan.perceptual.raft_weights import raft_of

SOURCE = torch.Generator().manual_seed(0)


def test_the_lookup_is_that_of_plain_loops() -> None:
    first, second = torch.randn(2, 1, 5, 8, 9, generator=SOURCE).unbind()
    centres = torch.rand(1, 2, 8, 9, generator=SOURCE) * 12 - 2
    found = CorrelationPyramid.of(first, second, levels=3, radius=2).look_up(centres)
    assert found.shape == (1, 3 * 25, 8, 9)
    for row, column in ((0, 0), (3, 4), (7, 8), (6, 1)):
        products = torch.zeros(8, 9)
        for y in range(8):
            for x in range(9):
                products[y, x] = first[0, :, row, column] @ second[0, :, y, x] / 5**0.5
        expected = []
        for level in range(3):
            size = 2**level
            small = torch.zeros(8 // size, 9 // size)
            for y in range(small.shape[0]):
                for x in range(small.shape[1]):
                    square = products[size * y : size * (y + 1), size * x : size * (x + 1)]
                    small[y, x] = square.mean()
            x0, y0 = (float(centres[0, axis, row, column]) / size for axis in (0, 1))
            # x is the slower of the two in the published weights' order
            for dx in range(-2, 3):
                for dy in range(-2, 3):
                    expected.append(blended(small, x0 + dx, y0 + dy))
        torch.testing.assert_close(found[0, :, row, column], torch.tensor(expected))


def test_a_constant_flow_stays_constant_when_it_is_enlarged() -> None:
    flow = torch.tensor([1.5, -2.0]).reshape(1, 2, 1, 1).expand(1, 2, 4, 5)
    logits = torch.randn(1, 576, 4, 5, generator=SOURCE)
    larger = convexly_enlarged(flow, logits)
    assert larger.shape == (1, 2, 32, 40)
    inner = larger[:, :, 8:-8, 8:-8]
    torch.testing.assert_close(
        inner, torch.tensor([12.0, -16.0]).reshape(1, 2, 1, 1) * torch.ones_like(inner)
    )
    # beyond the map the flow counts as zero, which the outermost cells mix in
    assert (larger[:, 0, :8] < 12).all()


def test_enlarging_takes_the_neighbour_that_the_mask_points_to() -> None:
    flow = torch.arange(40.0).reshape(1, 2, 4, 5)
    logits = torch.full((1, 9, 8, 8, 4, 5), -100.0)
    logits[:, 5, :, :4] = 100  # the cell on the right, for the left half of each cell's pixels
    logits[:, 1, :, 4:] = 100  # the one above, for the right half
    larger = convexly_enlarged(flow, logits.reshape(1, 576, 4, 5))
    assert torch.equal(
        larger[0, :, 8:16, 8:12], (8 * flow[0, :, 1, 2])[:, None, None].expand(2, 8, 4)
    )
    assert torch.equal(
        larger[0, :, 8:16, 12:16], (8 * flow[0, :, 0, 1])[:, None, None].expand(2, 8, 4)
    )


def test_a_gated_unit_is_that_of_the_paper() -> None:
    unit = ConvGru(3, 2, separable=False)
    hidden, x = torch.randn(1, 3, 4, 4, generator=SOURCE), torch.randn(1, 2, 4, 4, generator=SOURCE)
    weights = dict(unit.named_parameters())

    def layer(name: str, *parts: Tensor) -> Tensor:
        weight, bias = weights[f"{name}.weight"], weights[f"{name}.bias"]
        return F.conv2d(torch.cat(parts, dim=1), weight, bias, padding=1)

    z, r = layer("convz", hidden, x).sigmoid(), layer("convr", hidden, x).sigmoid()
    proposed = layer("convq", r * hidden, x).tanh()
    torch.testing.assert_close(unit(hidden, x), (1 - z) * hidden + z * proposed)


@pytest.mark.parametrize("config", [LARGE, SMALL])
def test_weights_of_zero_see_no_motion(config: RaftConfig) -> None:
    network = Raft(config).requires_grad_(False)
    for tensor in network.state_dict().values():
        tensor.zero_()
    pictures = torch.rand(2, 1, 3, 64, 64, generator=SOURCE)
    assert not network(*pictures, updates=3).any()


@pytest.mark.parametrize("name", ["raft-things", "raft-small"])
def test_both_ways_are_each_way(name: str) -> None:
    network = raft_of(random_state(name))
    first, second = (torch.rand(2, 1, 3, 64, 72, generator=SOURCE) * 2 - 1).unbind()
    with torch.no_grad():
        there, back = network.both_ways(first, second, updates=2)
        torch.testing.assert_close(there, network(first, second, updates=2))
        torch.testing.assert_close(back, network(second, first, updates=2))
    assert (there - back).abs().max() > 1e-3


@pytest.mark.parametrize("sides", [(60, 64), (64, 56)])
def test_other_sides_are_refused(sides: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=rf"multiples of 8 and at least 64 px, got \({sides[0]}"):
        Raft(SMALL)(torch.zeros(1, 3, *sides), torch.zeros(1, 3, *sides), updates=1)

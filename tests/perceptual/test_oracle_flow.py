"""Our networks beside the published programs' computations, with the same random weights."""

import json

import pytest
import torch
from torch import Tensor

from perceptual.published import LISTS, random_state
from tugan.perceptual.pips_weights import pips_of
from tugan.perceptual.raft_weights import raft_of


def pictures(count: int, *, seed: int) -> Tensor:
    return torch.rand(count, 3, 128, 136, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def oracle(name: str) -> Tensor:
    return torch.tensor(json.loads((LISTS / "oracle.json").read_text())[name])


@pytest.mark.parametrize("name", ["torchvision-raft-large", "torchvision-raft-small"])
def test_raft_is_that_of_the_published_program(name: str) -> None:
    first, second = pictures(2, seed=7).split(1)
    with torch.no_grad():
        flow = raft_of(random_state(name))(first, second, updates=4)
    expected = oracle(name)
    assert expected.abs().max() > 0.5
    torch.testing.assert_close(flow[0, :, 3::24, 5::24].flatten(), expected, rtol=0, atol=1e-4)


def test_pips_is_that_of_the_published_program() -> None:
    network = pips_of(random_state("pips"))
    points = torch.tensor([[20.0, 30.0], [64.5, 100.25], [120.0, 8.0]])
    with torch.no_grad():
        maps = network.encode(pictures(8, seed=8))
        tracks = network(maps, points, network.appearance(maps[:1], points), updates=3)
    expected = oracle("pips").reshape(8, 3, 2)
    assert (expected - points).abs().max() > 0.5
    torch.testing.assert_close(tracks.points_xy, expected, rtol=0, atol=1e-3)
    visible = oracle("pips-visible").reshape(8, 3)
    torch.testing.assert_close(tracks.visible, visible, rtol=0, atol=1e-3)

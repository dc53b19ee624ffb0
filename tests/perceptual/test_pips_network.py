import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from perceptual.plain_reading import blended
from perceptual.published import random_state
from tugan.perceptual.pips_chain import begun, continued, last_seen
from tugan.perceptual.pips_mixer import DeltaBlock, motion_code
from tugan.perceptual.pips_network import Pips, _seen
from tugan.perceptual.pips_weights import FIRST_RELEASE, pips_of

SOURCE = torch.Generator().manual_seed(0)


@pytest.fixture(scope="module")
def network() -> Pips:
    return pips_of(random_state("pips"), stride_px=8)


def frames(count: int) -> Tensor:
    return torch.rand(count, 3, 64, 72, generator=torch.Generator().manual_seed(1)) * 2 - 1


POINTS = torch.tensor([[10.0, 20.0], [40.5, 33.25], [63.0, 5.0]])


def test_correlations_are_those_of_plain_loops() -> None:
    maps = torch.randn(2, 128, 4, 5, generator=SOURCE)
    places = torch.rand(2, 3, 2, generator=SOURCE) * 6 - 1
    features = torch.randn(2, 3, 128, generator=SOURCE)
    found = _seen(maps, places, features)
    for frame in range(2):
        for point in range(3):
            products = torch.einsum("c,chw->hw", features[frame, point], maps[frame]) / 128**0.5
            x, y = places[frame, point].tolist()
            expected = [
                blended(products, x + dx, y + dy) for dx in range(-3, 4) for dy in range(-3, 4)
            ]
            torch.testing.assert_close(
                found[frame, point], torch.tensor(expected), rtol=1e-4, atol=1e-4
            )


def test_the_motion_is_spread_as_the_weights_expect() -> None:
    code = motion_code(torch.tensor([[[0.01, -0.2, 3.0]]]))[0, 0]
    expected = []
    for value in (0.01, -0.2, 3.0):
        for step in range(32):
            phase = value * 2 * step * 1000 / 64
            expected += [math.sin(phase), math.cos(phase)]
    torch.testing.assert_close(code, torch.tensor([*expected, 0.01, -0.2, 3.0]), atol=2e-4, rtol=0)


def test_the_mixer_is_its_tensors_in_turn() -> None:
    state = random_state("pips")
    block = pips_of(state).delta_block
    assert isinstance(block, DeltaBlock)
    seen = torch.randn(2, 8, 519, generator=SOURCE)

    def tensors(name: str) -> tuple[Tensor, Tensor]:
        part = f"delta_block.to_delta.{name}"
        return state[f"{part}.weight"], state[f"{part}.bias"]

    x = F.linear(seen, *tensors("0"))
    for index in range(1, 13):
        normed = F.layer_norm(x, (512,), *tensors(f"{index}.0.norm"))
        (one, one_bias), (two, two_bias) = (tensors(f"{index}.0.fn.{layer}") for layer in (0, 3))
        mixed = F.gelu(torch.einsum("os,nsc->noc", one[:, :, 0], normed) + one_bias[:, None])
        x = x + torch.einsum("os,nsc->noc", two[:, :, 0], mixed) + two_bias[:, None]
        normed = F.layer_norm(x, (512,), *tensors(f"{index}.1.norm"))
        mixed = F.gelu(F.linear(normed, *tensors(f"{index}.1.fn.0")))
        x = x + F.linear(mixed, *tensors(f"{index}.1.fn.3"))
    mean = F.layer_norm(x, (512,), *tensors("13")).mean(dim=1)
    expected = F.linear(mean, *tensors("15")).reshape(2, 8, 130)
    with torch.no_grad():
        torch.testing.assert_close(block(seen), expected, rtol=1e-3, atol=1e-3)


def test_tracks_begin_where_they_are_told_and_points_know_nothing_of_each_other(
    network: Pips,
) -> None:
    with torch.no_grad():
        maps = network.encode(frames(8))
        assert maps.shape == (8, 128, 8, 9)
        looks = network.appearance(maps[:1], POINTS)
        together = network(maps, POINTS, looks, updates=2)
        alone = network(maps, POINTS[1:2], looks[1:2], updates=2)
    assert torch.equal(together.points_xy[0], POINTS)
    assert (together.points_xy[1:] - POINTS).abs().max() > 1e-2
    torch.testing.assert_close(together.points_xy[:, 1:2], alone.points_xy, rtol=1e-3, atol=1e-2)
    assert ((together.visible > 0) & (together.visible < 1)).all()


def test_a_mixer_that_says_nothing_leaves_points_where_they_are() -> None:
    state = random_state("pips")
    for name in ("weight", "bias"):
        state[f"delta_block.to_delta.15.{name}"].zero_()
    network = pips_of(state, stride_px=8)
    with torch.no_grad():
        maps = network.encode(frames(8))
        tracks = network(maps, POINTS, network.appearance(maps[:1], POINTS))
    torch.testing.assert_close(tracks.points_xy, POINTS.expand(8, 3, 2))


def test_the_first_release_also_sees_where_the_picture_ends() -> None:
    told: list[Tensor] = []
    network = Pips(FIRST_RELEASE).requires_grad_(False)
    network.delta_block.register_forward_pre_hook(lambda _, given: told.append(given[0]))
    maps = network.encode(frames(8))
    corner = torch.tensor([[0.0, 0.0]])
    network(maps, corner, network.appearance(maps[:1], corner), updates=1)
    assert told[0].shape == (1, 8, 715)
    border = told[0][0, 0, 128 + 49 : 128 + 98].reshape(7, 7)
    expected = torch.zeros(7, 7)
    expected[3:, 3:] = 1
    torch.testing.assert_close(border, expected)


def test_what_a_point_looks_like_is_read_at_its_cell(network: Pips) -> None:
    maps = torch.randn(1, 128, 8, 9, generator=SOURCE)
    points = torch.tensor([[16.0, 24.0], [20.0, 24.0], [71.0, 63.0]])
    looks = network.appearance(maps, points)
    torch.testing.assert_close(looks[0], maps[0, :, 3, 2])
    torch.testing.assert_close(looks[1], (maps[0, :, 3, 2] + maps[0, :, 3, 3]) / 2)
    # past the last cell's centre the last cell goes on
    torch.testing.assert_close(looks[2], maps[0, :, 7, 8])


@pytest.mark.parametrize(
    ("visible", "expected"),
    [
        ([1, 1, 1, 1, 1, 1, 1, 1], 7),
        ([1, 1, 0.95, 0.2, 0.95, 0.2, 0.2, 0.2], 4),
        ([1, 1, 0.5, 0.7, 0.1, 0.1, 0.1, 0.1], 3),
        ([1, 1, 0, 0, 0, 0, 0, 0], 7),
    ],
)
def test_the_next_window_begins_where_the_point_was_seen(
    visible: list[float], expected: int
) -> None:
    assert last_seen(torch.tensor(visible, dtype=torch.float32)) == expected


def test_within_a_window_the_chain_is_the_window(network: Pips) -> None:
    shown = frames(8)
    chain = begun(network, shown[:1], POINTS)
    for index in range(1, 8):
        chain = continued(network, chain, shown[index : index + 1])
        if index == 3:
            early = chain
    with torch.no_grad():
        maps = network.encode(shown)
        looks = network.appearance(maps[:1], POINTS)
        whole = network(maps, POINTS, looks)
        repeated = network(torch.cat([maps[:4], *[maps[3:4]] * 4]), POINTS, looks)
    torch.testing.assert_close(chain.points_xy, whole.points_xy[7], rtol=1e-3, atol=1e-2)
    torch.testing.assert_close(early.points_xy, repeated.points_xy[3], rtol=1e-3, atol=1e-2)


def test_a_full_window_hands_over_to_the_next(network: Pips) -> None:
    shown = frames(12)
    chain = begun(network, shown[:1], POINTS)
    for index in range(1, 8):
        chain = continued(network, chain, shown[index : index + 1])
    assert len(chain.maps) <= 6
    assert min(chain.begins) == 0
    before = chain
    chain = continued(network, chain, shown[8:9])
    with torch.no_grad():
        maps = [*before.maps, network.encode(shown[8:9])]
        for point, begin in enumerate(before.begins):
            window = maps[begin:]
            tracks = network(
                torch.cat(window + window[-1:] * (8 - len(window))),
                before.begins_xy[point : point + 1],
                before.appearance[point : point + 1],
            )
            torch.testing.assert_close(
                chain.points_xy[point], tracks.points_xy[len(window) - 1, 0], rtol=1e-3, atol=1e-2
            )
    for index in range(9, 12):
        chain = continued(network, chain, shown[index : index + 1])
    assert len(chain.maps) <= 8


def test_other_sides_and_windows_are_refused(network: Pips) -> None:
    with pytest.raises(ValueError, match=r"multiples of 8 and at least 64 px, got \(64, 60\)"):
        network.encode(torch.zeros(1, 3, 64, 60))
    with pytest.raises(ValueError, match="8 frames at once, got 3"):
        network(torch.zeros(3, 128, 8, 9), POINTS, torch.zeros(3, 128))

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from tugan.core.geometry import pixels_to_grid
from tugan.dragging.trackers.match_cost import MatchField, square_xy

HW = (48, 80)
MAPS = ((12, 20), (24, 16), (48, 80), (1, 5), (2, 2))
BORDERS = torch.tensor(
    [[0.0, 0.0], [79.0, 47.0], [0.0, 30.5], [79.0, 3.2], [40.3, 0.0], [12.0, 47.0], [-6.0, 60.0]]
)


def random_map(map_hw: tuple[int, int], channels: int = 5) -> Tensor:
    return torch.randn(1, channels, *map_hw, generator=torch.Generator().manual_seed(3))


def plainly_read(features: Tensor, places_xy: Tensor) -> Tensor:
    """Directions of the features (n, s, c), one sample at a time."""
    unit = F.normalize(features, dim=1, eps=1e-6)
    found = [
        F.grid_sample(
            unit,
            pixels_to_grid(place, image_hw=HW)[None, None, None],
            mode="bilinear",
            padding_mode="border",
            align_corners=False,
        ).flatten()
        for place in places_xy.reshape(-1, 2)
    ]
    return torch.stack(found).reshape(*places_xy.shape[:2], -1)


def some_places(count: int) -> Tensor:
    unit = torch.rand(3, count, 2, generator=torch.Generator().manual_seed(1))
    return unit * torch.tensor([80.0, 48.0]) - 0.5


def test_the_square_is_a_grid_of_x_and_y() -> None:
    found = square_xy(1.0, step=0.5)
    assert len(found) == 25
    assert found[:2].tolist() == [[-1.0, -1.0], [-0.5, -1.0]]
    assert found[12].tolist() == [0.0, 0.0]


@pytest.mark.parametrize("map_hw", MAPS)
def test_reading_is_that_of_directions(map_hw: tuple[int, int]) -> None:
    features, places = random_map(map_hw), torch.cat([some_places(4).flatten(0, 1), BORDERS])[None]
    found = MatchField.of(features, image_hw=HW).read(places)
    torch.testing.assert_close(found, plainly_read(features, places))


@pytest.mark.parametrize("map_hw", MAPS)
@pytest.mark.parametrize("borders", [False, True])
def test_the_mismatch_is_that_of_reading_everything(map_hw: tuple[int, int], borders: bool) -> None:
    features = random_map(map_hw)
    places = BORDERS.repeat(3, 1, 1) if borders else some_places(6)
    rng = torch.Generator().manual_seed(2)
    patches, offsets = torch.randn(3, 4, 5, generator=rng), 7 * torch.randn(4, 2, generator=rng)
    read = plainly_read(features, (places[:, :, None] + offsets).flatten(1, 2))
    expected = (read.reshape(3, -1, 4, 5) - patches[:, None]).square().sum(dim=3).mean(dim=2)
    found = MatchField.of(features, image_hw=HW).mismatch(patches, places, offsets_xy=offsets)
    # reading ends a ten thousandth of a cell before the last
    torch.testing.assert_close(found, expected, atol=2e-3, rtol=0)
    inner = torch.isclose(found, expected, atol=2e-5).float().mean()
    assert inner > (0.1 if borders else 0.5) or min(map_hw) < 3


def test_chance_is_the_mean_over_all_cells() -> None:
    features = random_map((6, 10))
    patches = torch.randn(2, 4, 5, generator=torch.Generator().manual_seed(2))
    cells = F.normalize(features[0].flatten(1).T, dim=1)
    expected = (cells[None, :, None] - patches[:, None]).square().sum(dim=3).mean(dim=(1, 2))
    found = MatchField.of(features, image_hw=HW).chance_mismatch(patches)
    torch.testing.assert_close(found, expected)


def test_places_are_clamped_to_the_picture() -> None:
    field = MatchField.of(random_map((12, 20)), image_hw=HW)
    found = field.clamped(torch.tensor([[-3.0, 99.0], [99.0, -3.0], [5.5, 6.5]]))
    assert found.tolist() == [[0.0, 47.0], [79.0, 0.0], [5.5, 6.5]]
    assert field.cell_xy.tolist() == [4.0, 4.0]
    assert MatchField.of(random_map((24, 16)), image_hw=HW).cell_xy.tolist() == [5.0, 2.0]


@pytest.mark.parametrize("map_hw", MAPS)
def test_an_extent_that_is_known_beforehand_changes_nothing(map_hw: tuple[int, int]) -> None:
    field = MatchField.of(random_map(map_hw), image_hw=HW)
    rng = torch.Generator().manual_seed(5)
    patches = torch.randn(40, 9, 5, generator=rng)
    reach, spacing = 3.0, 0.5
    offsets = square_xy(spacing, step=spacing) * field.cell_xy
    centres = torch.rand(40, 1, 2, generator=rng) * torch.tensor([90.0, 58.0]) - 5
    places = field.clamped(centres + square_xy(reach, step=0.75))
    extent = field.extent_of(2 * reach, side_cells=2 * spacing)
    found = field.mismatch(patches, places, offsets_xy=offsets, extent=extent)
    expected = field.mismatch(patches, places, offsets_xy=offsets)
    torch.testing.assert_close(found, expected)


def test_an_extent_that_is_too_small_is_noticed() -> None:
    """So that the test above can fail."""
    field = MatchField.of(random_map((24, 40)), image_hw=HW)
    offsets = square_xy(0.5, step=0.5) * field.cell_xy
    places = field.clamped(torch.tensor([[[40.0, 20.0]]]) + square_xy(6.0, step=1.0))
    extent = field.extent_of(12.0, side_cells=1.0) - 4
    with pytest.raises(RuntimeError, match="out of bounds"):
        field.mismatch(torch.randn(1, 9, 5), places, offsets_xy=offsets, extent=extent)

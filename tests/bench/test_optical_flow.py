import importlib
from types import ModuleType

import numpy as np
import pytest
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from tugan.bench.optical_flow import Matches, dis_matches, feature_matches
from tugan.core.errors import MissingExtraError
from tugan.core.images import RgbArray, to_rgb_array
from tugan.generators.protocol import Ws
from tugan.generators.toy import ToyGenerator


def moved_by(x: float, y: float) -> Ws:
    """Latents of the toy, in units of 12 px."""
    ws = torch.zeros(1, 4, 8)
    ws[:, :, 0], ws[:, :, 1] = x / 12, y / 12
    return ws


def textured(side: int, x: int, y: int) -> tuple[RgbArray, RgbArray]:
    """A random texture, fine and coarse, and the same moved by whole pixels; the toy's few waves
    do not tell a flow of the picture which way they move."""
    draws = torch.Generator().manual_seed(side)
    layers = [
        F.interpolate(torch.randn(1, 3, n, n, generator=draws), side + 32, mode="bicubic")
        for n in (side // 4, side // 16, 4)
    ]
    picture = to_rgb_array((sum(layers, torch.zeros(())) / 3).clamp(-1, 1))
    moved = picture[16 - y : 16 - y + side, 16 - x : 16 - x + side]
    return np.ascontiguousarray(picture[16 : 16 + side, 16 : 16 + side]), np.ascontiguousarray(
        moved
    )


def motion(found: Matches) -> Float[Tensor, "n 2"]:
    return found.ends_xy - found.starts_xy


def test_flow_finds_how_far_a_picture_is_shifted() -> None:
    found = dis_matches(*textured(256, 5, -3))
    assert len(found.starts_xy) > 0.8 * 256**2
    missed = (motion(found) - torch.tensor([5.0, -3.0])).norm(dim=1)
    assert float(missed.median()) < 0.1
    assert float(missed.quantile(0.9)) < 0.5


@pytest.mark.parametrize("side", [32, 64, 1024])
def test_points_are_pixels_of_the_picture_whatever_its_size(side: int) -> None:
    found = dis_matches(*textured(side, 2, 1))
    missed = (motion(found) - torch.tensor([2.0, 1.0])).norm(dim=1)
    assert float(missed.median()) < 0.4
    assert 0 <= float(found.starts_xy.min()) < 2
    assert side - 6 < float(found.starts_xy.max()) <= side - 1


def test_a_place_is_where_it_says() -> None:
    # a sharp spot on noise that stays; only the spot's surroundings move
    generator = np.random.default_rng(0)
    picture = generator.integers(60, 190, (128, 128, 1)).repeat(3, axis=2).astype(np.uint8)
    other = picture.copy()
    other[40:72, 83:115] = picture[40:72, 80:112]
    found = dis_matches(picture, other)
    shifted = motion(found)[:, 0] > 2
    inside = found.starts_xy[shifted]
    assert len(inside) > 300
    assert 80 <= float(inside[:, 0].quantile(0.1)) < 88
    assert 100 < float(inside[:, 0].quantile(0.9)) <= 112
    assert 40 <= float(inside[:, 1].quantile(0.1)) < 48


def test_what_the_way_back_does_not_confirm_is_left_out() -> None:
    first, second = textured(256, 3, 0)
    spoilt = second.copy()
    noise = np.random.default_rng(0).integers(0, 256, (256, 128, 3))
    spoilt[:, 128:] = noise.astype(np.uint8)
    found = dis_matches(first, spoilt)
    right = int((found.starts_xy[:, 0] >= 140).sum())
    left = int((found.starts_xy[:, 0] < 116).sum())
    assert left > 0.8 * 256 * 116
    assert right < 0.25 * 256 * 116


def test_what_leaves_the_picture_is_left_out() -> None:
    found = dis_matches(*textured(256, 12, 0))
    assert float(found.ends_xy.max()) <= 255
    assert float(found.starts_xy[:, 0].max()) <= 255 - 11


def test_features_find_it_too() -> None:
    # cells of 8 px: a shift of two and a half cells, and of a quarter
    toy = ToyGenerator(size_hw=(256, 256))
    found = feature_matches(toy, moved_by(0, 0), moved_by(20, -2))
    missed = (motion(found) - torch.tensor([20.0, -2.0])).abs()
    assert len(found.starts_xy) > 400
    # along x half of the cells tie between two neighbours, half a cell off at most
    assert float(missed[:, 0].median()) < 0.5
    assert float(missed[:, 1].median()) < 1
    assert (found.starts_xy % 8 == 3.5).all()


def test_features_of_equal_pictures_stay() -> None:
    found = feature_matches(ToyGenerator(), moved_by(4, 4), moved_by(4, 4))
    assert len(found.starts_xy) == 32**2
    # cells of 2 px: parabolas of features that bend differently on both sides are a little off
    assert float(found.lengths_px.max()) < 0.5


def test_lengths_are_euclidean() -> None:
    found = Matches(starts_xy=torch.tensor([[1.0, 2.0]]), ends_xy=torch.tensor([[4.0, 6.0]]))
    assert found.lengths_px.tolist() == [5]


def test_without_opencv_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = importlib.import_module

    def import_module(name: str, package: str | None = None) -> ModuleType:
        if name == "cv2":
            raise ImportError(name)
        return honest(name, package)

    monkeypatch.setattr(importlib, "import_module", import_module)
    picture = np.zeros((64, 64, 3), np.uint8)
    with pytest.raises(MissingExtraError, match=r'pip install "tugan\[flow\]"; or choose'):
        dis_matches(picture, picture)

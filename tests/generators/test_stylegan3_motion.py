"""What StyleGAN3 was made for: the picture, and the features of it, move and turn as a whole."""

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from generators.stylegan3_reference import R, Shape, T, random_tensors, stated, write_pickle
from tugan.generators.loading import load_generator
from tugan.generators.protocol import PretrainedGenerator, synthesize

INTERIOR = 4
"""Cells at the edges that are not compared: what moves in there comes from the margins."""
SAME_DB, OTHER_DB = 70, 50
"""These pictures are smooth: one that is a pixel off is as near as 49 dB, the right one 77."""


def moved(shape: Shape, folder: Path, transform: Tensor) -> PretrainedGenerator:
    """A random generator whose waves are read at transformed places."""
    tensors = random_tensors(shape) | {"synthesis.input.transform": transform}
    return load_generator(write_pickle(folder / "a.pkl", tensors, stated=stated(shape)))


def shift(right_px: float, down_px: float, *, side_px: int) -> Tensor:
    """What the picture is this much further right and down for."""
    transform = torch.eye(3)
    transform[:2, 2] = torch.tensor([-right_px / side_px, -down_px / side_px])
    return transform


def ws_of(generator: PretrainedGenerator) -> Tensor:
    return generator.map(torch.randn(1, T.z_dim, generator=torch.Generator().manual_seed(1)))


def features_of(generator: PretrainedGenerator, until_px: int) -> Tensor:
    with torch.no_grad():
        return generator.advance(generator.begin(ws_of(generator)), until_px=until_px).features


def decibels(found: Tensor, wanted: Tensor) -> float:
    """Of the wanted signal's range over the error."""
    error = (found - wanted).square().mean().sqrt()
    return 20 * math.log10(float((wanted.amax() - wanted.amin()) / error))


@pytest.mark.parametrize("shape", [T, R], ids=["t", "r"])
def test_the_picture_moves_by_whole_pixels(shape: Shape, tmp_path: Path) -> None:
    right, down = 3, -2
    still = moved(shape, tmp_path, torch.eye(3))
    ahead = moved(shape, tmp_path, shift(right, down, side_px=64))
    before, after = (synthesize(one, ws_of(one)) for one in (still, ahead))
    inside = slice(INTERIOR, -INTERIOR)
    wanted = before.roll((down, right), dims=(2, 3))[:, :, inside, inside]
    found = after[:, :, inside, inside]
    assert decibels(found, wanted) > SAME_DB
    # it is a motion, and the test would notice one of another size
    assert decibels(found, before[:, :, inside, inside]) < OTHER_DB
    other = before.roll((down, right - 1), dims=(2, 3))[:, :, inside, inside]
    assert decibels(found, other) < OTHER_DB


@pytest.mark.parametrize("until_px", [16, 32, 64])
@pytest.mark.parametrize("shape", [T, R], ids=["t", "r"])
def test_features_move_by_whole_cells(shape: Shape, until_px: int, tmp_path: Path) -> None:
    cell_px = 64 // until_px
    still = moved(shape, tmp_path, torch.eye(3))
    ahead = moved(shape, tmp_path, shift(cell_px, 0, side_px=64))
    before, after = (features_of(one, until_px) for one in (still, ahead))
    inside = slice(INTERIOR, -INTERIOR)
    found = after[:, :, inside, inside]
    assert decibels(found, before.roll(1, dims=3)[:, :, inside, inside]) > SAME_DB
    assert decibels(found, before[:, :, inside, inside]) < OTHER_DB


def test_r_turns_with_its_waves_about_the_pictures_middle(tmp_path: Path) -> None:
    quarter = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    still, turned = (moved(R, tmp_path, transform) for transform in (torch.eye(3), quarter))
    pictures = [synthesize(one, ws_of(one)) for one in (still, turned)]
    torch.testing.assert_close(pictures[1], pictures[0].rot90(dims=(2, 3)), atol=1e-5, rtol=0)
    for until_px in (16, 32, 64):
        # so the cells that were cut out of the maps are those of the picture
        before, after = (features_of(one, until_px) for one in (still, turned))
        torch.testing.assert_close(after, before.rot90(dims=(2, 3)), atol=1e-4, rtol=1e-4)


def test_t_does_not_turn(tmp_path: Path) -> None:
    quarter = torch.tensor([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]])
    still, turned = (moved(T, tmp_path, transform) for transform in (torch.eye(3), quarter))
    pictures = [synthesize(one, ws_of(one)) for one in (still, turned)]
    assert decibels(pictures[1], pictures[0].rot90(dims=(2, 3))) < 25

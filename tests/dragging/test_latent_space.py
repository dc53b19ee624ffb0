import pytest
import torch

from tugan.core.errors import InvalidDragError
from tugan.dragging.latent_space import LatentSpace
from tugan.generators.protocol import PretrainedGenerator


def test_w_moves_the_first_rows_together() -> None:
    ws = torch.randn(1, 5, 4)
    space = LatentSpace(kind="w", rows=3)
    assert space.origin(ws).shape == (1, 4)
    moved = space.apply(ws, torch.ones(1, 4))
    torch.testing.assert_close(moved[:, :3], ws[:, :3] + 1)
    assert torch.equal(moved[:, 3:], ws[:, 3:])


def test_w_plus_moves_each_row_alone() -> None:
    ws = torch.randn(1, 5, 4)
    space = LatentSpace(kind="w+", rows=3)
    move = space.origin(ws)
    assert move.shape == (3, 4)
    assert torch.equal(space.apply(ws, move), ws)
    move[1] = 1
    changed = (space.apply(ws, move) != ws).any(dim=2)[0]
    assert changed.tolist() == [False, True, False, False, False]


def test_whitened_moves_have_the_covariance_of_w() -> None:
    factor = torch.tensor([[2.0, 0.0], [1.0, 0.5]])
    space = LatentSpace(kind="w", rows=1, factor=factor)
    a = torch.randn(50_000, 2, generator=torch.Generator().manual_seed(0))
    moves = torch.cat([space.apply(torch.zeros(1, 1, 2), one[None])[0] for one in a[:2000]])
    torch.testing.assert_close(moves, a[:2000] @ factor.T)


def test_more_rows_than_there_are(faces: PretrainedGenerator) -> None:
    with pytest.raises(InvalidDragError, match="faces-1024 has 18 rows of ws; 19 cannot move"):
        LatentSpace.of(faces.info, kind="w", rows=19, whitened=False)


def test_whitening_needs_statistics(stylegan2_128: PretrainedGenerator) -> None:
    with pytest.raises(InvalidDragError, match=r"no statistics of W.*tugan models convert"):
        LatentSpace.of(stylegan2_128.info, kind="w", rows=2, whitened=True)

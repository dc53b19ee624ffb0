from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from perceptual.published import random_state
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solve import drag
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.trackers.on_pictures import OnPictures
from tugan.dragging.trackers.raft import RaftTracker
from tugan.dragging.trackers.registry import make_tracker
from tugan.generators.toy import ToyGenerator
from tugan.perceptual.raft_config import SMALL
from tugan.perceptual.raft_network import Raft
from tugan.perceptual.raft_weights import raft_of
from tugan.perceptual.weight_store import WeightsNotInstalledError, add_weights

POINTS = torch.tensor([[60.0, 80.0], [100.0, 30.0]])
UPDATES = 2


def that_sees(shift_xy: tuple[float, float]) -> RaftTracker:
    """A network that takes everything to have moved by so many pixels of its frames."""
    network = Raft(SMALL).requires_grad_(False)
    state = network.state_dict()
    for tensor in state.values():
        tensor.zero_()
    state["update_block.flow_head.conv2.bias"].copy_(torch.tensor(shift_xy) / (8 * UPDATES))
    return RaftTracker(network=network, updates=UPDATES)


def picture(side: int = 128, seed: int = 0) -> Tensor:
    return torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.mark.parametrize(("side", "scale"), [(128, 1), (1024, 2)])
def test_points_go_where_the_flow_says(side: int, scale: int) -> None:
    tracker, hw = that_sees((4, -3)), (side, side)
    reference = tracker.reference(picture(side), POINTS, image_hw=hw)
    found = tracker.track(picture(side, 1), reference, POINTS + 50, image_hw=hw)
    torch.testing.assert_close(found.points_xy, POINTS + scale * torch.tensor([4.0, -3.0]))
    # the way back goes on in the same direction, and so misses by twice the way
    torch.testing.assert_close(found.mismatch, torch.tensor([10.0, 10.0]) * scale)
    assert found.confidence is not None
    expected = 1 / (1 + (10 * scale / (4 * side / 512)) ** 2)
    torch.testing.assert_close(found.confidence, torch.full((2,), expected))


def test_where_nothing_moves_every_point_is_sure() -> None:
    tracker = that_sees((0, 0))
    reference = tracker.reference(picture(), POINTS, image_hw=(128, 128))
    found = tracker.track(picture(seed=1), reference, POINTS, image_hw=(128, 128))
    torch.testing.assert_close(found.points_xy, POINTS)
    torch.testing.assert_close(found.confidence, torch.ones(2))


def test_a_point_that_leaves_the_picture_is_lost() -> None:
    tracker = that_sees((40, 0))
    reference = tracker.reference(picture(), POINTS, image_hw=(128, 128))
    found = tracker.track(picture(seed=1), reference, POINTS, image_hw=(128, 128))
    assert found.confidence is not None
    assert found.confidence[0] > 0
    assert found.confidence[1] == 0


def test_a_picture_that_is_not_finite_is_told() -> None:
    tracker = that_sees((1, 1))
    reference = tracker.reference(picture(), POINTS, image_hw=(128, 128))
    for value in (torch.nan, torch.inf):
        spoilt = picture().index_fill(3, torch.tensor([5]), value)
        found = tracker.track(spoilt, reference, POINTS, image_hw=(128, 128))
        assert found.mismatch.isnan().all()


def test_it_compares_with_the_first_picture() -> None:
    """The flow depends on both pictures, and on nothing in between."""
    tracker = RaftTracker(network=raft_of(random_state("raft-small")), updates=2)
    reference = tracker.reference(picture(), POINTS, image_hw=(128, 128))
    one = tracker.track(picture(seed=1), reference, POINTS, image_hw=(128, 128))
    tracker.track(picture(seed=2), reference, POINTS, image_hw=(128, 128))
    again = tracker.track(picture(seed=1), reference, POINTS, image_hw=(128, 128))
    assert torch.equal(one.points_xy, again.points_xy)
    other = tracker.reference(picture(seed=3), POINTS, image_hw=(128, 128))
    moved = tracker.track(picture(seed=1), other, POINTS, image_hw=(128, 128))
    assert not torch.equal(one.points_xy, moved.points_xy)


def test_a_drag_goes_on_with_it(toy: ToyGenerator) -> None:
    problem = DragProblem(
        generator=toy,
        ws=torch.zeros(1, 4, 8),
        handles_xy=torch.tensor([[20.0, 30.0]]),
        targets_xy=torch.tensor([[30.0, 30.0]]),
    )
    tracker = RaftTracker(network=raft_of(random_state("raft-small")), updates=1)
    settings = replace(DragSettings.for_generator(toy.info), max_steps=2)
    steps = list(drag(problem, solver=Adam(settings=settings, tracker=OnPictures(tracker=tracker))))
    assert [step.index for step in steps] == [0, 1, 2]
    assert not torch.equal(steps[2].handles_xy, steps[1].handles_xy)


def test_without_weights_it_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path))
    with pytest.raises(WeightsNotInstalledError, match="tugan weights add raft FILE"):
        RaftTracker()


def test_its_name_makes_it_of_the_stored_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path))
    with pytest.raises(WeightsNotInstalledError):
        make_tracker("raft")
    add_weights("raft", random_state("raft-small"), source="raft-small.pth")
    made = make_tracker("raft")
    assert isinstance(made, OnPictures)
    assert isinstance(made.tracker, RaftTracker)
    assert made.tracker.network.config == SMALL

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
from tugan.dragging.trackers.pips import PipsTracker
from tugan.dragging.trackers.protocol import Tracking
from tugan.dragging.trackers.registry import make_tracker
from tugan.generators.toy import ToyGenerator
from tugan.perceptual.pips_network import UPDATES
from tugan.perceptual.pips_weights import pips_of
from tugan.perceptual.weight_store import WeightsNotInstalledError, add_weights

POINTS = torch.tensor([[20.0, 40.0], [50.0, 30.0]])
SHIFT = torch.tensor([4.0, -2.0])
HW = (64, 64)


def that_sees(shift_xy: Tensor) -> PipsTracker:
    """A network that has every point jump by so many pixels at the start of every window."""
    state = random_state("pips")
    changes = torch.zeros(8, 130)
    changes[:, :2] = shift_xy / (8 * UPDATES)
    state["delta_block.to_delta.15.weight"].zero_()
    state["delta_block.to_delta.15.bias"].copy_(changes.flatten())
    state["vis_predictor.0.weight"].zero_()
    state["vis_predictor.0.bias"].fill_(2.0)
    return PipsTracker(network=pips_of(state, stride_px=8))


def picture(seed: int, side: int = 64) -> Tensor:
    return torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def film(tracker: PipsTracker, count: int) -> list[Tracking]:
    """Of the first picture and ``count`` more."""
    reference = tracker.reference(picture(0), POINTS, image_hw=HW)
    return [
        tracker.track(picture(index), reference, POINTS, image_hw=HW) for index in range(count + 1)
    ]


def test_windows_of_eight_frames_are_chained() -> None:
    found = film(that_sees(SHIFT), 15)
    # 0 is where it begins; a window holds 7 frames more; each begins where the last one ended
    for index, windows in ((0, 0), (1, 1), (7, 1), (8, 2), (14, 2), (15, 3)):
        torch.testing.assert_close(found[index].points_xy, POINTS + windows * SHIFT)
    seen = torch.sigmoid(torch.tensor(2.0))
    confidence = found[15].confidence
    assert confidence is not None
    torch.testing.assert_close(confidence, seen.expand(2))
    torch.testing.assert_close(found[15].mismatch, 1 - seen.expand(2))


def test_the_same_picture_is_no_new_frame() -> None:
    tracker = that_sees(SHIFT)
    reference = tracker.reference(picture(0), POINTS, image_hw=HW)
    for index in [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 7, 7]:
        found = tracker.track(picture(index), reference, POINTS, image_hw=HW)
    torch.testing.assert_close(found.points_xy, POINTS + SHIFT)


def test_another_drag_is_another_film() -> None:
    tracker = that_sees(SHIFT)
    film(tracker, 7)  # its window is full: the next picture would begin another
    again = film(tracker, 1)
    torch.testing.assert_close(again[1].points_xy, POINTS + SHIFT)


def test_a_resumed_drag_begins_a_film_of_its_own() -> None:
    reference = that_sees(SHIFT).reference(picture(0), POINTS, image_hw=HW)
    found = that_sees(SHIFT).track(picture(20), reference, POINTS + 9, image_hw=HW)
    torch.testing.assert_close(found.points_xy, POINTS + SHIFT)


def test_a_larger_picture_is_reduced() -> None:
    tracker = that_sees(SHIFT)
    reference = tracker.reference(picture(0, 1024), POINTS, image_hw=(1024, 1024))
    found = tracker.track(picture(1, 1024), reference, POINTS, image_hw=(1024, 1024))
    torch.testing.assert_close(found.points_xy, POINTS + 2 * SHIFT)


def test_a_point_that_leaves_the_picture_is_lost() -> None:
    found = film(that_sees(torch.tensor([20.0, 0.0])), 1)[1]
    assert found.confidence is not None
    assert found.confidence[0] > 0.8
    assert found.confidence[1] == 0


def test_a_picture_that_is_not_finite_is_told_and_is_no_frame() -> None:
    tracker = that_sees(SHIFT)
    reference = tracker.reference(picture(0), POINTS, image_hw=HW)
    for index in range(8):
        tracker.track(picture(index), reference, POINTS, image_hw=HW)
        for value in (torch.nan, torch.inf):
            spoilt = picture(index).index_fill(3, torch.tensor([5]), value)
            found = tracker.track(spoilt, reference, POINTS, image_hw=HW)
            assert found.mismatch.isnan().all()
    found = tracker.track(picture(7), reference, POINTS, image_hw=HW)
    torch.testing.assert_close(found.points_xy, POINTS + SHIFT)


def test_a_drag_goes_on_with_it(toy: ToyGenerator) -> None:
    problem = DragProblem(
        generator=toy,
        ws=torch.zeros(1, 4, 8),
        handles_xy=torch.tensor([[20.0, 30.0]]),
        targets_xy=torch.tensor([[30.0, 30.0]]),
    )
    tracker = OnPictures(tracker=PipsTracker(network=pips_of(random_state("pips"))))
    solver = Adam(
        settings=replace(DragSettings.for_generator(toy.info), max_steps=2), tracker=tracker
    )
    ends = [list(drag(problem, solver=solver))[-1] for _ in range(2)]
    assert ends[0].index == 2
    assert torch.equal(ends[0].ws, ends[1].ws)
    assert not torch.equal(ends[0].handles_xy, problem.handles_xy)


def test_without_weights_it_says_how_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path))
    with pytest.raises(WeightsNotInstalledError, match="tugan weights add pips FILE"):
        PipsTracker()


def test_its_name_makes_it_of_the_stored_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path))
    with pytest.raises(WeightsNotInstalledError):
        make_tracker("pips")
    add_weights("pips", random_state("pips"), source="model-000200000.pth")
    made = make_tracker("pips")
    assert isinstance(made, OnPictures)
    assert isinstance(made.tracker, PipsTracker)

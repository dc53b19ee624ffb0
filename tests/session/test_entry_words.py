import pytest
import torch

from core.ways import way_of
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.step import DragStep, Frame
from tugan.generators.toy import ToyGenerator
from tugan.session.entry_words import drag_words


def kept(*, index: int, lost: tuple[bool, ...] = (False,)) -> DragStep:
    toy = ToyGenerator()
    ws = torch.zeros(1, 4, 8)
    places = torch.zeros(len(lost), 2)
    return DragStep(
        index=index,
        ws=ws,
        handles_xy=places,
        targets_xy=places,
        lost=torch.tensor(lost),
        frame=Frame(toy, toy.begin(ws)),
    )


@pytest.mark.parametrize(
    ("ending", "left_px", "words"),
    [
        (Ending.REACHED, 0.8, "Drag: reached in 9 steps"),
        (Ending.NO_PROGRESS, 4, "Drag: nearly there, 4 of 70 px left"),
        (Ending.NO_PROGRESS, 40, "Drag: stuck, 40 of 70 px left"),
        (Ending.STEP_LIMIT, 4, "Drag: nearly there, 4 of 70 px left"),
        (Ending.STEP_LIMIT, 40, "Drag: step limit, 40 of 70 px left"),
        (Ending.CANCELLED, 12, "Drag: stopped, 12 of 70 px left"),
        (Ending.CANCELLED, 4, "Drag: stopped, 4 of 70 px left"),
        (Ending.NOT_FINITE, 40, "Drag: broke down after 9 steps"),
    ],
)
def test_a_drag_is_named_by_how_near_it_came(ending: Ending, left_px: float, words: str) -> None:
    outcome = Outcome.of(ending, steps=9, way=way_of((70, left_px)), kept_step=7)
    assert drag_words(outcome, kept(index=7)) == words


@pytest.mark.parametrize(
    ("ending", "lost", "words"),
    [
        (Ending.LOST_POINT, (True, False, False), "Drag: lost a point after 9 steps"),
        (Ending.NO_PROGRESS, (True, True, False), "Drag: lost 2 points after 9 steps"),
        (Ending.STEP_LIMIT, (False, True, False), "Drag: lost a point after 9 steps"),
        (Ending.CANCELLED, (False, True, False), "Drag: stopped, a point lost"),
    ],
)
def test_a_lost_point_is_said_instead_of_a_guess(
    ending: Ending, lost: tuple[bool, ...], words: str
) -> None:
    gone = tuple(index for index, is_lost in enumerate(lost) if is_lost)
    outcome = Outcome.of(ending, steps=9, way=way_of((70, 4), (70, 4), (70, 4), lost=gone))
    assert drag_words(outcome, kept(index=9, lost=lost)) == words


def test_a_drag_that_failed_has_no_outcome() -> None:
    assert drag_words(None, kept(index=1)) == "Drag: failed after 1 step"

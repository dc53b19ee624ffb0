import math
from dataclasses import fields

import pytest

from core.ways import way_of
from tugan.core.closeness import Closeness
from tugan.core.outcome import Ending, Outcome


def ended(
    ending: Ending,
    *handles: tuple[float, float],
    steps: int = 12,
    kept_step: int | None = None,
    lost: tuple[int, ...] = (),
) -> Outcome:
    return Outcome.of(ending, steps=steps, way=way_of(*handles, lost=lost), kept_step=kept_step)


def test_it_carries_how_far_the_handle_that_is_worst_off_came() -> None:
    outcome = ended(Ending.STEP_LIMIT, (70, 4), (30, 20), (50, 1))
    assert (outcome.asked_px, outcome.left_px, outcome.steps) == (30, 20, 12)
    assert outcome.closeness is Closeness.FAR
    assert not outcome.reached


def test_arriving_is_reached() -> None:
    outcome = ended(Ending.REACHED, (70, 0.8), (30, 0.2), steps=9)
    assert outcome.reached
    assert (outcome.asked_px, outcome.left_px) == (70, 0.8)
    assert outcome.closeness is Closeness.REACHED


def test_what_happened_is_the_sentence_without_the_remedy() -> None:
    outcome = ended(Ending.NO_PROGRESS, (70, 40), kept_step=10)
    assert outcome.remedy == "Try a nearer goal, or a handle on an edge or corner."
    assert outcome.sentence == f"{outcome.happened} {outcome.remedy}"


def test_where_nothing_is_to_be_done_there_is_no_remedy() -> None:
    outcome = ended(Ending.NO_PROGRESS, (70, 4), kept_step=10)
    assert outcome.remedy == ""
    assert outcome.sentence == outcome.happened


def test_what_older_files_do_not_say_is_not_known() -> None:
    outcome = Outcome(ending=Ending.STEP_LIMIT, sentence="Stopped.")
    unknown = {one.name for one in fields(outcome) if getattr(outcome, one.name) is None}
    assert unknown == {"steps", "asked_px", "left_px", "closeness"}
    assert outcome.happened == "Stopped."


@pytest.mark.parametrize("distance", [math.nan, math.inf, -0.1])
@pytest.mark.parametrize("name", ["asked_px", "left_px"])
def test_distances_of_damaged_files_are_refused(name: str, distance: float) -> None:
    asked = distance if name == "asked_px" else None
    left = distance if name == "left_px" else None
    with pytest.raises(ValueError, match=f"{name} is"):
        Outcome(ending=Ending.CANCELLED, sentence="Stopped.", asked_px=asked, left_px=left)

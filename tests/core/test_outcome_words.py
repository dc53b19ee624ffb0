import pytest

from core.ways import way_of
from tugan.core.ending import Ending
from tugan.core.outcome_words import happened, left_words, remedy


def told(
    ending: Ending,
    *handles: tuple[float, float],
    steps: int = 12,
    kept: int | None = None,
    lost: tuple[int, ...] = (),
) -> str:
    way = way_of(*handles, lost=lost)
    return happened(ending, steps=steps, kept_step=steps if kept is None else kept, way=way)


def test_arriving_says_after_how_many_steps_and_how_near() -> None:
    assert (
        told(Ending.REACHED, (70, 0.8), (30, 0.2), steps=9)
        == "All handles are at their goals after 9 steps (the farthest is 0.8 px away)."
    )


def test_goals_that_are_too_near_to_move_to_say_so() -> None:
    sentence = told(Ending.REACHED, (1.4, 1.4), steps=0)
    assert sentence == (
        "Nothing was moved: the goals are so near (1.4 px) that the handles count as there."
    )


@pytest.mark.parametrize(
    ("left_px", "sentence"),
    [
        (4, "Nearly there: 4 of 70 px left after 12 steps; "),
        (6.4, "Nearly there: 6.4 of 70 px left after 12 steps; "),
        (30, "Part of the way: 30 of 70 px left after 12 steps; "),
        (40, "Stopped far from the goal: 40 of 70 px left after 12 steps; "),
        (69, "Hardly any nearer: 69 of 70 px left after 12 steps; "),
        (90, "Hardly any nearer: 90 px left (70 px at the start) after 12 steps; "),
    ],
)
def test_being_stuck_says_how_far_it_came(left_px: float, sentence: str) -> None:
    found = told(Ending.NO_PROGRESS, (70, left_px), kept=10)
    assert found == f"{sentence}the nearest picture, after step 10, is kept."


def test_where_nothing_was_nearer_the_start_is_kept() -> None:
    sentence = told(Ending.NO_PROGRESS, (70, 70), kept=0)
    assert sentence.endswith("; the start was the nearest and is kept.")


def test_of_many_handles_the_worst_off_is_named() -> None:
    assert told(Ending.NO_PROGRESS, (70, 1), (70, 40), kept=10) == (
        "Partly there: handle 2 of 2 has 40 of 70 px left after 12 steps; the"
        " nearest picture, after step 10, is kept. The other is at its goal."
    )
    assert told(Ending.STEP_LIMIT, (70, 50), (70, 69)).startswith(
        "Stopped far from the goals: handle 2 of 2 has 69 of 70 px left"
    )
    assert told(Ending.STEP_LIMIT, (70, 1), (70, 1), (70, 8)) == (
        "Nearly there: handle 3 of 3 has 8 of 70 px left at the limit of 12 steps. The others are"
        " at their goals."
    )
    assert told(Ending.STEP_LIMIT, (70, 1), (70, 7), (70, 8)).endswith(
        "12 steps. 1 of 3 handles is at its goal."
    )
    assert told(Ending.STEP_LIMIT, (70, 1), (70, 1), (70, 7), (70, 8)).endswith(
        "12 steps. 2 of 4 handles are at their goals."
    )
    assert told(Ending.STEP_LIMIT, (70, 7), (70, 8)).endswith("at the limit of 12 steps.")


def test_no_step_at_all_is_not_a_failure() -> None:
    sentence = told(Ending.STEP_LIMIT, (49, 49), steps=0)
    assert sentence == "No step was asked for: the start, with 49 px to go."
    assert remedy(Ending.STEP_LIMIT, steps=0, way=way_of((49, 49))) == ""


def test_a_coarse_look_that_sees_it_arrived_is_not_called_far() -> None:
    sentence = told(Ending.STEP_LIMIT, (70, 1))
    assert sentence.startswith("At the goal, as far as a coarse look tells: 1 of 70 px left at")
    sentence = told(Ending.STEP_LIMIT, (70, 1), (70, 0))
    assert sentence.startswith("At the goals, as far as a coarse look tells: handle 1 of 2 has 1")


def test_a_lost_handle_has_a_distance_that_is_a_guess() -> None:
    assert told(Ending.LOST_POINT, (70, 12), lost=(0,)) == (
        "After 12 steps the handle was not found again: its distance, 12 of 70 px left, is a guess."
    )
    assert told(Ending.LOST_POINT, (70, 12), (70, 1), (70, 1), lost=(0,)) == (
        "After 12 steps handle 1 of 3 was not found again: its distance, 12 of 70 px left, is a"
        " guess. The others are at their goals."
    )
    assert told(Ending.LOST_POINT, (70, 3), (70, 12), (70, 1), lost=(0, 1)) == (
        "After 12 steps handles 1 and 2 of 3 were not found again: their distances, at worst 12 of"
        " 70 px left, are guesses. The other is at its goal."
    )


def test_who_is_lost_is_said_however_a_drag_ends() -> None:
    assert told(Ending.STEP_LIMIT, (70, 12), (70, 40), lost=(0,)) == (
        "At the limit of 12 steps handle 1 of 2 was not found again: its distance, 12 of 70 px"
        " left, is a guess. The other has 40 of 70 px left."
    )
    assert told(Ending.NO_PROGRESS, (70, 12), (70, 40), (70, 9), kept=10, lost=(0,)) == (
        "After 12 steps handle 1 of 3 was not found again: its distance, 12 of 70 px left, is a"
        " guess. Of the others, the worst off has 40 of 70 px left. The nearest picture, after"
        " step 10, is kept."
    )
    for ending in (Ending.CANCELLED, Ending.NOT_FINITE):
        assert "is a guess" in told(ending, (70, 12), lost=(0,))


def test_stopping_by_hand_says_what_is_kept() -> None:
    assert told(Ending.CANCELLED, (70, 12), steps=3) == (
        "Stopped by hand after 3 steps: 12 of 70 px left; the last good state is kept."
    )
    assert told(Ending.CANCELLED, (70, 4), steps=3) == (
        "Stopped by hand after 3 steps, nearly there: 4 of 70 px left; the last good state is kept."
    )
    assert told(Ending.CANCELLED, (70, 70), steps=0) == (
        "Stopped by hand before the first step: 70 of 70 px left."
    )


def test_breaking_down_says_what_broke_and_what_is_kept() -> None:
    assert told(Ending.NOT_FINITE, (70, 40), steps=7, kept=6) == (
        "The features became NaN or infinite after 7 steps; the last good state is kept: 40 of 70"
        " px left."
    )


@pytest.mark.parametrize(("steps", "words"), [(1, "1 step"), (2, "2 steps")])
@pytest.mark.parametrize("ending", list(Ending))
def test_one_step_is_not_steps(ending: Ending, steps: int, words: str) -> None:
    lost = (0,) if ending is Ending.LOST_POINT else ()
    sentence = told(ending, (70, 0.5), steps=steps, kept=0, lost=lost)
    assert words in sentence
    assert "1 steps" not in sentence


@pytest.mark.parametrize("ending", list(Ending))
@pytest.mark.parametrize("steps", [0, 1, 5])
@pytest.mark.parametrize("lost", [(), (0,), (0, 1)])
@pytest.mark.parametrize("left_px", [0.5, 5, 30, 60, 69, 80])
def test_every_sentence_is_one_that_ends(
    ending: Ending, steps: int, lost: tuple[int, ...], left_px: float
) -> None:
    way = way_of((70, left_px), (70, 0.5), lost=lost)
    for text in (
        happened(ending, steps=steps, kept_step=0, way=way),
        remedy(ending, steps=steps, way=way),
    ):
        for sentence in text.split(". ") if text else []:
            assert sentence[0].isupper() or sentence[0].isdigit()
        assert text == "" or text.endswith(".")
        assert "  " not in text
        assert "No further progress" not in text


@pytest.mark.parametrize(
    ("ending", "left_px", "lost", "words"),
    [
        (Ending.REACHED, 1, False, ""),
        (Ending.CANCELLED, 40, False, ""),
        (Ending.NO_PROGRESS, 4, False, ""),
        (Ending.NO_PROGRESS, 40, False, "nearer goal"),
        (Ending.STEP_LIMIT, 4, False, "more steps"),
        (Ending.STEP_LIMIT, 40, False, "nearer goal"),
        (Ending.LOST_POINT, 40, True, "Look whether"),
        (Ending.NO_PROGRESS, 40, True, "which is followed better"),
        (Ending.STEP_LIMIT, 4, True, "which is followed better"),
        (Ending.NOT_FINITE, 40, True, "learning rate"),
    ],
)
def test_what_to_try_depends_on_how_near_it_came(
    ending: Ending, left_px: float, lost: bool, words: str
) -> None:
    way = way_of((70, left_px), lost=(0,) if lost else ())
    found = remedy(ending, steps=12, way=way)
    assert words in found
    assert (found == "") is (words == "")


@pytest.mark.parametrize(
    ("asked_px", "left_px", "words"),
    [
        (70, 4, "4 of 70 px left"),
        (70, 4.26, "4.3 of 70 px left"),
        (70.4, 12.34, "12 of 70 px left"),
        (10.04, 9.96, "10 of 10 px left"),
        (70, 70.2, "70 of 70 px left"),
        (0.01, 3, "3 px left (0 px at the start)"),
    ],
)
def test_a_tenth_of_a_pixel_is_said_where_few_are_left(
    asked_px: float, left_px: float, words: str
) -> None:
    assert left_words(asked_px=asked_px, left_px=left_px) == words

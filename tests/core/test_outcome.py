import pytest

from tugan.core.outcome import Ending, Outcome


def test_arriving_says_after_how_many_steps_and_how_near() -> None:
    outcome = Outcome.at_goal(steps=42, farthest_px=1.26)
    assert outcome.reached
    assert outcome.ending is Ending.REACHED
    assert "42 steps" in outcome.sentence
    assert "1.3 px" in outcome.sentence


def test_running_out_of_steps_says_what_is_left_and_what_to_try() -> None:
    outcome = Outcome.out_of_steps(steps=300, farthest_px=17.04)
    assert outcome.ending is Ending.STEP_LIMIT
    assert "300 steps" in outcome.sentence
    assert "17.0 px left" in outcome.sentence
    assert "more steps" in outcome.sentence


def test_breaking_down_says_what_broke() -> None:
    outcome = Outcome.not_finite(steps=7, what="features")
    assert outcome.ending is Ending.NOT_FINITE
    assert "features" in outcome.sentence
    assert "7 steps" in outcome.sentence


def test_stopping_by_hand_says_what_is_kept() -> None:
    outcome = Outcome.cancelled(steps=3, farthest_px=99.96)
    assert outcome.ending is Ending.CANCELLED
    assert "3 steps" in outcome.sentence
    assert "100.0 px left" in outcome.sentence
    assert "kept" in outcome.sentence


def of_steps(steps: int) -> list[Outcome]:
    return [
        Outcome.at_goal(steps=steps, farthest_px=0.5),
        Outcome.out_of_steps(steps=steps, farthest_px=0.5),
        Outcome.not_finite(steps=steps, what="features"),
        Outcome.cancelled(steps=steps, farthest_px=0.5),
    ]


@pytest.mark.parametrize(("steps", "words"), [(1, "1 step"), (2, "2 steps")])
def test_one_step_is_not_steps(steps: int, words: str) -> None:
    for outcome in of_steps(steps):
        assert words in outcome.sentence
        assert ("1 steps" in outcome.sentence) is False


def test_every_sentence_is_one_that_ends() -> None:
    for outcome in of_steps(5):
        assert outcome.sentence[0].isupper()
        assert outcome.sentence.endswith(".")
        assert outcome.reached is (outcome.ending is Ending.REACHED)


def test_no_step_at_all_is_not_a_failure() -> None:
    outcome = Outcome.out_of_steps(steps=0, farthest_px=49)
    assert outcome.sentence == "No step was asked for: the start, with 49.0 px to go."


def test_no_progress_says_which_picture_is_kept() -> None:
    outcome = Outcome.no_progress(steps=80, nearest_step=39)
    assert outcome.ending is Ending.NO_PROGRESS
    assert not outcome.reached
    assert "of 80 steps, the picture after step 39" in outcome.sentence


def test_goals_that_are_too_near_to_move_to_say_so() -> None:
    outcome = Outcome.at_goal(steps=0, farthest_px=1.4)
    assert outcome.reached
    assert "Nothing was moved" in outcome.sentence

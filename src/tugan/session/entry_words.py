"""What the history says of a drag: short, with how near it came."""

from tugan.core.closeness import Closeness
from tugan.core.outcome import Ending, Outcome
from tugan.core.outcome_words import left_words, steps_words
from tugan.dragging.step import DragStep

_SHORT = {
    Ending.STEP_LIMIT: "step limit",
    Ending.NO_PROGRESS: "stuck",
    Ending.CANCELLED: "stopped",
}


def drag_words(outcome: Outcome | None, kept: DragStep) -> str:
    """Of a drag that ended so, at the step that is kept; without an outcome it failed."""
    taken = kept.index if outcome is None or outcome.steps is None else outcome.steps
    steps = steps_words(taken)
    if outcome is None:
        return f"Drag: failed after {steps}"
    if outcome.reached:
        return f"Drag: reached in {steps}"
    if outcome.ending is Ending.NOT_FINITE:
        return f"Drag: broke down after {steps}"
    lost = int(kept.lost.sum())
    if lost > 0:
        points = "a point" if lost == 1 else f"{lost} points"
        if outcome.ending is Ending.CANCELLED:
            return f"Drag: stopped, {points} lost"
        return f"Drag: lost {points} after {steps}"
    return f"Drag: {_short(outcome)}"


def _short(outcome: Outcome) -> str:
    word = _SHORT.get(outcome.ending, "ended")
    if outcome.closeness is Closeness.NEARLY and outcome.ending is not Ending.CANCELLED:
        word = "nearly there"
    if outcome.asked_px is None or outcome.left_px is None:
        return word
    return f"{word}, {left_words(asked_px=outcome.asked_px, left_px=outcome.left_px)}"

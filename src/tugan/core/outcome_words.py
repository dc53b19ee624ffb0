"""What is said of the end of a drag, by how it ended and how near it came."""

from tugan.core.closeness import Closeness, DragWay
from tugan.core.ending import Ending

# arrived by a coarse look, when a finer one was still to come
_COARSELY = "At the {goal}, as far as a coarse look tells"
_HEADS = {
    Closeness.REACHED: _COARSELY.format(goal="goal"),
    Closeness.NEARLY: "Nearly there",
    Closeness.PARTLY: "Part of the way",
    Closeness.FAR: "Stopped far from the goal",
    Closeness.NO_NEARER: "Hardly any nearer",
}
_FAR = (Closeness.FAR, Closeness.NO_NEARER)


def happened(ending: Ending, *, steps: int, kept_step: int, way: DragWay) -> str:
    """What happened, in full sentences.

    ``way`` is of the picture that is kept, which is the one after ``kept_step``.
    """
    match ending:
        case Ending.REACHED:
            return _reached(steps, way)
        case Ending.STEP_LIMIT:
            return _out_of_steps(steps, way)
        case Ending.NO_PROGRESS:
            return _no_progress(steps, kept_step, way)
        case Ending.LOST_POINT if way.lost:
            return f"After {steps_words(steps)} {_lost(way)}.{_others(way)}"
        case Ending.LOST_POINT:
            return f"{_head(way)}: {_where(way)} after {steps_words(steps)}.{_arrived(way)}"
        case Ending.NOT_FINITE:
            start = f"The features became NaN or infinite after {steps_words(steps)}"
            return f"{start}; the last good state is kept: {_where(way)}."
        case Ending.CANCELLED:
            return _cancelled(steps, way)


def remedy(ending: Ending, *, steps: int, way: DragWay) -> str:
    """What to try, in a sentence; empty where nothing needs to be."""
    if ending is Ending.NOT_FINITE:
        return "A smaller learning rate may help."
    none_asked = ending is Ending.STEP_LIMIT and steps == 0
    if none_asked or ending in (Ending.REACHED, Ending.CANCELLED):
        return ""
    if ending is Ending.LOST_POINT:
        return (
            "Look whether the picture is what you wanted; a handle on an edge or corner is"
            " followed better."
        )
    if way.lost:
        return "Try a nearer goal, or a handle on an edge or corner, which is followed better."
    near = way.worst.closeness in (Closeness.REACHED, Closeness.NEARLY)
    if ending is Ending.STEP_LIMIT:
        return "Allow more steps for the rest." if near else "Allow more steps, or a nearer goal."
    if near:
        return ""
    if way.masked:
        return "The mask leaves no way further: let more of the picture change, or less be moved."
    return "Try a nearer goal, or a handle on an edge or corner."


def left_words(*, asked_px: float, left_px: float) -> str:
    """``4 of 70 px left``."""
    left, asked = _number(left_px), _number(asked_px)
    if left_px > asked_px and left != asked:
        return f"{left} px left ({asked} px at the start)"
    return f"{left} of {asked} px left"


def steps_words(count: int) -> str:
    """``1 step``, ``2 steps``."""
    return "1 step" if count == 1 else f"{count} steps"


def _reached(steps: int, way: DragWay) -> str:
    farthest = f"{way.worst.left_px:.1f} px"
    if steps == 0:
        return (
            f"Nothing was moved: the goals are so near ({farthest}) that the handles count as"
            " there."
        )
    return (
        f"All handles are at their goals after {steps_words(steps)} (the farthest is {farthest}"
        " away)."
    )


def _out_of_steps(steps: int, way: DragWay) -> str:
    if steps == 0:
        return f"No step was asked for: the start, with {_number(way.worst.left_px)} px to go."
    if way.lost:
        return f"At the limit of {steps_words(steps)} {_lost(way)}.{_others(way)}"
    return f"{_head(way)}: {_where(way)} at the limit of {steps_words(steps)}.{_arrived(way)}"


def _no_progress(steps: int, kept_step: int, way: DragWay) -> str:
    nearest = "the start was the nearest and is kept"
    if kept_step > 0:
        nearest = f"the nearest picture, after step {kept_step}, is kept"
    if way.lost:
        kept = f" {nearest[0].upper()}{nearest[1:]}."
        return f"After {steps_words(steps)} {_lost(way)}.{_others(way)}{kept}"
    return f"{_head(way)}: {_where(way)} after {steps_words(steps)}; {nearest}.{_arrived(way)}"


def _cancelled(steps: int, way: DragWay) -> str:
    if steps == 0:
        return f"Stopped by hand before the first step: {_where(way)}."
    near = ", nearly there" if way.worst.closeness is Closeness.NEARLY else ""
    return (
        f"Stopped by hand after {steps_words(steps)}{near}: {_where(way)}; the last good state is"
        " kept."
    )


def _head(way: DragWay) -> str:
    """Of all handles: one that is far off does not speak for those that arrived."""
    worst = way.worst.closeness
    if len(way.handles) == 1:
        return _HEADS[worst]
    if worst is Closeness.REACHED:
        return _COARSELY.format(goal="goals")
    if worst is Closeness.NEARLY:
        return "Nearly there"
    far = all(one.closeness in _FAR for one in way.handles)
    return "Stopped far from the goals" if far else "Partly there"


def _where(way: DragWay) -> str:
    """Of the handle that is worst off."""
    if way.lost:
        return _lost(way)
    worst = way.worst
    left = left_words(asked_px=worst.asked_px, left_px=worst.left_px)
    count = len(way.handles)
    return left if count == 1 else f"handle {worst.index + 1} of {count} has {left}"


def _lost(way: DragWay) -> str:
    """Who was not found again, and that the distance is a guess."""
    left = left_words(asked_px=way.worst.asked_px, left_px=way.worst.left_px)
    numbers = [str(one.index + 1) for one in way.lost]
    if len(numbers) > 1:
        names = f"{', '.join(numbers[:-1])} and {numbers[-1]}"
        return (
            f"handles {names} of {len(way.handles)} were not found again: their distances, at"
            f" worst {left}, are guesses"
        )
    one = "the handle" if len(way.handles) == 1 else f"handle {numbers[0]} of {len(way.handles)}"
    return f"{one} was not found again: its distance, {left}, is a guess"


def _others(way: DragWay) -> str:
    """Of those that were found, where some were not."""
    worst = way.worst_found
    if worst is None:
        return ""
    single = len(way.found) == 1
    if worst.closeness is Closeness.REACHED:
        return " The other is at its goal." if single else " The others are at their goals."
    left = left_words(asked_px=worst.asked_px, left_px=worst.left_px)
    return f" The other has {left}." if single else f" Of the others, the worst off has {left}."


def _arrived(way: DragWay) -> str:
    """How many are there, where the sentence is of one that is not."""
    count, arrived = len(way.handles), way.arrived
    if arrived in (0, count):
        return ""
    if arrived == count - 1:
        return " The other is at its goal." if count == 2 else " The others are at their goals."
    there = "is at its goal" if arrived == 1 else "are at their goals"
    return f" {arrived} of {count} handles {there}."


def _number(px: float) -> str:
    """A tenth of a pixel matters where few are left."""
    return f"{px:.1f}".removesuffix(".0") if px < 9.95 else f"{px:.0f}"

"""How a drag ended, in a word for programs and a sentence for people."""

from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """The ordinary ends of a drag; none of them is an exception."""

    REACHED = "reached"
    STEP_LIMIT = "step-limit"
    NO_PROGRESS = "no-progress"
    NOT_FINITE = "not-finite"
    LOST_POINT = "lost-point"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The end of a drag.

    ``sentence`` says what happened, with numbers, and where it helps what to try next.
    """

    ending: Ending
    sentence: str
    remedy: str = ""
    """The end of the sentence that says what to try; empty if nothing needs to be."""

    @property
    def happened(self) -> str:
        """The sentence without the remedy."""
        return self.sentence.removesuffix(self.remedy).rstrip()

    @classmethod
    def _of(cls, ending: Ending, happened: str, remedy: str) -> "Outcome":
        return cls(ending=ending, sentence=f"{happened} {remedy}", remedy=remedy)

    @property
    def reached(self) -> bool:
        """Did every handle arrive at its goal?"""
        return self.ending is Ending.REACHED

    @classmethod
    def at_goal(cls, *, steps: int, farthest_px: float) -> "Outcome":
        """Every handle is within the tolerance."""
        if steps == 0:
            return cls(
                ending=Ending.REACHED,
                sentence=f"Nothing was moved: the goals are so near ({farthest_px:.1f} px) that the"
                " handles count as there.",
            )
        return cls(
            ending=Ending.REACHED,
            sentence=f"All handles are at their goals after {_steps(steps)}"
            f" (the farthest is {farthest_px:.1f} px away).",
        )

    @classmethod
    def out_of_steps(cls, *, steps: int, farthest_px: float) -> "Outcome":
        """The step limit came first."""
        if steps == 0:
            return cls(
                ending=Ending.STEP_LIMIT,
                sentence=f"No step was asked for: the start, with {farthest_px:.1f} px to go.",
            )
        return cls._of(
            Ending.STEP_LIMIT,
            f"Stopped at the limit of {_steps(steps)} with {farthest_px:.1f} px left.",
            "Allow more steps, or choose a nearer goal.",
        )

    @classmethod
    def no_progress(cls, *, steps: int, nearest_step: int) -> "Outcome":
        """It stopped coming nearer; the nearest state is kept."""
        return cls._of(
            Ending.NO_PROGRESS,
            f"No further progress: of {_steps(steps)}, the picture after step {nearest_step} was"
            " the nearest and is kept.",
            "Try a nearer goal, or a handle on an edge or corner.",
        )

    @classmethod
    def lost_points(cls, *, steps: int, lost: list[int], points: int) -> "Outcome":
        """Some handles were not found again; the others are at their goals."""
        names = ", ".join(str(index + 1) for index in lost)
        who = f"handle {names}" if len(lost) == 1 else f"handles {names}"
        was = "was" if len(lost) == 1 else "were"
        others = " The others are at their goals." if len(lost) < points else ""
        return cls._of(
            Ending.LOST_POINT,
            f"After {_steps(steps)} {who} of {points} {was} not found again.{others}",
            "Look whether the picture is what you wanted; a handle on an edge or corner is"
            " followed better.",
        )

    @classmethod
    def not_finite(cls, *, steps: int, what: str) -> "Outcome":
        """NaN or infinity appeared; the state before it is kept."""
        return cls._of(
            Ending.NOT_FINITE,
            f"The {what} became NaN or infinite after {_steps(steps)}; the last good state is"
            " kept.",
            "A smaller learning rate may help.",
        )

    @classmethod
    def cancelled(cls, *, steps: int, farthest_px: float) -> "Outcome":
        """Somebody stopped it."""
        return cls(
            ending=Ending.CANCELLED,
            sentence=f"Stopped by hand after {_steps(steps)} with {farthest_px:.1f} px left;"
            " the last good state is kept.",
        )


def _steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"

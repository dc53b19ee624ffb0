"""What the paper claims, and whether it holds here."""

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["holds", "does not hold", "not decided"]


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence of the paper's, and what was measured."""

    text: str
    verdict: Verdict
    evidence: str
    """The figures that decide it."""


def decided(text: str, *, holds: bool | None, evidence: str) -> Claim:
    """A claim; ``None`` where the figures are missing or too near to each other."""
    words: dict[bool | None, Verdict] = {
        True: "holds",
        False: "does not hold",
        None: "not decided",
    }
    return Claim(text=text, verdict=words[holds], evidence=evidence)


def smaller(one: list[float], other: list[float]) -> bool | None:
    """Is the mean of paired values smaller? None if within two standard errors of their difference.

    Values are of the same pairs, in the same order.
    """
    differences = [a - b for a, b in zip(one, other, strict=True)]
    count = len(differences)
    if count < 3:
        return None
    mean = sum(differences) / count
    spread = (sum((d - mean) ** 2 for d in differences) / (count - 1)) ** 0.5
    if abs(mean) <= 2 * spread / count**0.5:
        return None
    return mean < 0

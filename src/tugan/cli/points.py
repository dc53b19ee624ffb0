"""Points as people type them, and as programs write them."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tugan.cli.options import OptionError
from tugan.core.input_file import read_input
from tugan.core.json_size import check_json_size
from tugan.core.point_limit import check_point_count
from tugan.core.text_file import TextFileError, parsed_json

MAX_BYTES = 16 << 20
_MAX_PARTS = 400_000
_NUMBER = r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*"
_PAIR = re.compile(f"{_NUMBER},{_NUMBER}:{_NUMBER},{_NUMBER}")
SAME_PX = 0.5
"""Points nearer to each other than this are one: it takes the eye, or a pointer, to tell them."""
_FILE_FORM = (
    'expected a list such as [{"start": [x, y], "goal": [x, y]}], or that list under "points"'
)


@dataclass(frozen=True, kw_only=True)
class PointPair:
    """A handle and its goal, pixels of the output."""

    start_xy: tuple[float, float]
    goal_xy: tuple[float, float]

    def __str__(self) -> str:
        """As it is typed."""
        (x0, y0), (x1, y1) = self.start_xy, self.goal_xy
        return f"{x0:g},{y0:g}:{x1:g},{y1:g}"


def parse_point(text: str) -> PointPair:
    """``x,y:x,y``: where the handle is, and where it should be."""
    found = _PAIR.fullmatch(text)
    if found is None:
        raise OptionError(
            f"cannot read the point {text!r}: expected x,y:x,y, such as 640,740:664,710"
        )
    x0, y0, x1, y1 = (float(number) for number in found.groups())
    return PointPair(start_xy=(x0, y0), goal_xy=(x1, y1))


def read_points(path: Path) -> list[PointPair]:
    """Points of a JSON file; :class:`OptionError` says what form is expected."""
    try:
        text = read_input(path, what="points file", most_bytes=MAX_BYTES, error=OptionError)
        check_json_size(text, most_parts=_MAX_PARTS)
        content = parsed_json(text)
    except OptionError:
        raise
    except (TextFileError, ValueError) as error:
        raise OptionError(f"cannot read {path} as JSON: {error}") from error
    entries = content.get("points") if isinstance(content, dict) else content
    if not isinstance(entries, list):
        raise OptionError(f"{path}: {_FILE_FORM}")
    check_point_count(len(entries))
    return [_entry(one, f"{path}: point {index + 1}") for index, one in enumerate(entries)]


def one_of_each(pairs: Sequence[PointPair]) -> tuple[tuple[PointPair, ...], tuple[str, ...]]:
    """The points without those that are there already, and a sentence on each of these.

    A handle that is given twice with two goals is two points, which cannot both be had.
    """
    kept: list[PointPair] = []
    said: dict[PointPair, str] = {}
    for pair in pairs:
        same = next((one for one in kept if _is_same(one, pair)), None)
        if same is None:
            kept.append(pair)
        else:
            said[same] = (
                f"the point {same} is given more than once: it is one point, and counts once"
            )
    return tuple(kept), tuple(said.values())


def _is_same(one: PointPair, other: PointPair) -> bool:
    return (
        math.dist(one.start_xy, other.start_xy) < SAME_PX
        and math.dist(one.goal_xy, other.goal_xy) < SAME_PX
    )


def _entry(value: object, where: str) -> PointPair:
    if not isinstance(value, dict):
        raise OptionError(f"{where}: {_FILE_FORM}")
    return PointPair(start_xy=_xy(value.get("start"), where), goal_xy=_xy(value.get("goal"), where))


def _xy(value: object, where: str) -> tuple[float, float]:
    if isinstance(value, list) and len(value) == 2:
        x, y = value
        if _is_number(x) and _is_number(y):
            return float(x), float(y)
    raise OptionError(f"{where}: {_FILE_FORM}")


def _is_number(value: object) -> bool:
    # the bound also keeps out NaN, infinity and whole numbers beyond any float
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9

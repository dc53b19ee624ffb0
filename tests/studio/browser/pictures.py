"""What two pictures have in common."""

import numpy as np

from studio.browser.stage import Picture, Xy

_HALF_PATCH_PX = 40
_FARTHEST_PX = 64


def change(one: Picture, other: Picture, *, outside: tuple[int, int, int, int]) -> float:
    """Mean absolute difference, 0 to 255, but for a box of left, top, right, bottom."""
    left, top, right, bottom = outside
    counted = np.ones(one.shape[:2], dtype=bool)
    counted[top:bottom, left:right] = False
    return float(np.abs(one - other)[counted].mean())


def went_right(before: Picture, after: Picture, place: Xy) -> int:
    """How far to the right the surroundings of a place have moved, by the best match, in px."""
    x, y, half = int(place[0]), int(place[1]), _HALF_PATCH_PX
    patch = before[y - half : y + half, x - half : x + half]

    def misfit(shift: tuple[int, int]) -> float:
        dx, dy = shift
        moved = after[y + dy - half : y + dy + half, x + dx - half : x + dx + half]
        return float(np.abs(moved - patch).mean())

    shifts = [
        (dx, dy) for dx in range(-_FARTHEST_PX, _FARTHEST_PX + 1, 2) for dy in range(-24, 25, 4)
    ]
    return min(shifts, key=misfit)[0]

"""How far handles came, in short."""

from tugan.core.closeness import DragWay


def way_of(
    *handles: tuple[float, float], lost: tuple[int, ...] = (), tolerance_px: float = 2
) -> DragWay:
    """Of handles as (asked, left)."""
    return DragWay.of(
        asked_px=[asked for asked, _ in handles],
        left_px=[left for _, left in handles],
        lost=[index in lost for index in range(len(handles))],
        tolerance_px=tolerance_px,
    )

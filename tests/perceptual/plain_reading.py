"""A bilinear reading without torch's: what the networks' lookups are held against."""

from torch import Tensor


def blended(cells: Tensor, x: float, y: float) -> float:
    """One bilinear reading of a map ``(h, w)``, zero outside, as one would do it by hand."""
    total, left, top = 0.0, int(x // 1), int(y // 1)
    for column, row in ((left, top), (left + 1, top), (left, top + 1), (left + 1, top + 1)):
        weight = (1 - abs(x - column)) * (1 - abs(y - row))
        if 0 <= column < cells.shape[1] and 0 <= row < cells.shape[0]:
            total += weight * float(cells[row, column])
    return total

"""The median time of something short, on a device that may work on its own."""

import statistics
import time
from collections.abc import Callable

import torch

LEAST_RUNS, MOST_RUNS = 3, 9
ENOUGH_S = 0.3
"""Runs go on beyond the least only while they have taken less than this together."""


def median_s(action: Callable[[], object], *, device: torch.device) -> float:
    """Seconds of ``action``, the median of a few runs after one that nobody times."""
    taken: list[float] = []
    for run in range(1 + MOST_RUNS):
        settle(device)
        started_s = time.perf_counter()
        action()
        settle(device)
        if run > 0:
            taken.append(time.perf_counter() - started_s)
        if len(taken) >= LEAST_RUNS and sum(taken) > ENOUGH_S:
            break
    return statistics.median(taken)


def settle(device: torch.device) -> None:
    """Wait until a device that works on its own is done."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()

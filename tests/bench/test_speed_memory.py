from typing import Any

import pytest
import torch

from bench.fakes import toy_method
from bench.texture_fakes import HEAVY_BYTES, Absent, CrossedToy, Heavy, Oracle
from tugan.bench.speed_memory import MemoryNotMeasuredError, measure_memory, peak_bytes
from tugan.dragging.problem import DragProblem


@pytest.fixture
def problem() -> DragProblem:
    return DragProblem(
        generator=CrossedToy(),
        ws=torch.zeros(1, 4, 8),
        handles_xy=torch.tensor([[100.0, 100.0]]),
        targets_xy=torch.tensor([[105.0, 100.0]]),
    )


def test_a_process_of_its_own_knows_only_its_own_peak(problem: DragProblem) -> None:
    ballast = torch.ones(1200 * 2**20 // 4)
    # one that inherited the peak of this process would tell more than this one has
    assert peak_bytes() > ballast.nbytes
    light = measure_memory(problem, toy_method(max_steps=5).solver)
    heavy = measure_memory(problem, Heavy(share=1.0))
    assert 50 * 2**20 < light.drag_bytes <= light.shown_bytes < ballast.nbytes
    assert heavy.drag_bytes - light.drag_bytes > 0.8 * HEAVY_BYTES
    assert light.device_bytes is None


def test_a_drag_that_breaks_there_says_so(problem: DragProblem) -> None:
    with pytest.raises(MemoryNotMeasuredError, match="ended with 1: RuntimeError: not here"):
        measure_memory(problem, Absent(share=1.0))


def test_what_cannot_be_pickled_cannot_be_sent(problem: DragProblem) -> None:
    local: Any = type("Local", (Oracle,), {})(share=1.0)
    with pytest.raises(MemoryNotMeasuredError, match="cannot be sent to a process of its own"):
        measure_memory(problem, local)

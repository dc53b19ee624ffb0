"""How much memory a drag takes at most, in a process of its own.

A process's peak never falls, so what was done in it before would count. The drag is therefore done
once more by a fresh Python that does nothing else; a few steps show the peak.
"""

import importlib.util
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict

from tugan.core.errors import TuganError
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.dragging.solvers.protocol import Solver

STEPS = 3
"""Updates that are done; some solvers do not need everything in the first."""
LIMIT_S = 300.0
_STATUS = Path("/proc/self/status")
# the parent's module path, so that what was pickled there is found here
_PROGRAM = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    " from tugan.bench.speed_memory import answer; answer()"
)


class MemoryUse(BaseModel):
    """Peaks of a fresh process, in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    drag_bytes: int
    """With libraries, the model and the first steps of the drag."""
    shown_bytes: int
    """After the picture of the last of these steps was finished as well: never below."""
    device_bytes: int | None = None
    """What torch had allocated at most in these steps on a CUDA device; None on others."""


class MemoryNotMeasuredError(TuganError):
    """This system does not tell, or the fresh process did not come to its end."""


def measure_memory(problem: DragProblem, solver: Solver[Any]) -> MemoryUse:
    """Do the first :data:`STEPS` of a drag in a fresh process; takes some seconds to start it.

    :class:`MemoryNotMeasuredError` says why not.
    """
    if not _STATUS.exists() and importlib.util.find_spec("resource") is None:
        raise MemoryNotMeasuredError("this system does not tell a process's peak memory")
    try:
        asked = pickle.dumps((torch.get_num_threads(), problem, solver))
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise MemoryNotMeasuredError(
            f"the drag cannot be sent to a process of its own: {error}"
        ) from error
    try:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, json.dumps(sys.path)],
            input=asked,
            capture_output=True,
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MemoryNotMeasuredError(
            f"the process that measures memory was not done after {LIMIT_S:g} s"
        ) from error
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise MemoryNotMeasuredError(
            f"the process that measures memory ended with {done.returncode}: {''.join(last)}"
        )
    return MemoryUse.model_validate_json(done.stdout)


def answer() -> None:
    """In the fresh process: what is asked comes pickled on stdin from the process that made this
    one, the peaks go to stdout as JSON."""
    threads, problem, solver = pickle.load(sys.stdin.buffer)
    torch.set_num_threads(threads)
    for step in drag(problem, solver=solver):
        last = step
        if step.index >= STEPS:
            break
    device = problem.generator.device
    drag_bytes = peak_bytes()
    device_bytes = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
    last.image()
    use = MemoryUse(drag_bytes=drag_bytes, shown_bytes=peak_bytes(), device_bytes=device_bytes)
    sys.stdout.write(use.model_dump_json())


def peak_bytes() -> int:
    """The most memory that this process has had at a time."""
    if _STATUS.exists():
        # not getrusage: on Linux its peak includes that of the process that started this one
        lines = _STATUS.read_text(encoding="ascii").splitlines()
        peak = next(line for line in lines if line.startswith("VmHWM:"))
        return int(peak.split()[1]) * 1024
    import resource

    # elsewhere (macOS) it is in bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

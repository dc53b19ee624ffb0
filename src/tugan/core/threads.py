"""How the threads of torch wait for each other."""

import os
import sys


def wait_politely() -> bool:
    """Let waiting threads sleep instead of spinning; false if it is too late, or the user's choice.

    A spinning thread holds its core against the very thread that it waits for as soon as anything
    else runs on the machine: two processes with two threads each, on two cores, then took seven
    times as long (``docs/performance.md``). OpenMP reads ``OMP_WAIT_POLICY`` as torch is loaded, so
    this is for programs, before they import it.
    """
    if "torch" in sys.modules or "OMP_WAIT_POLICY" in os.environ:
        return False
    os.environ["OMP_WAIT_POLICY"] = "passive"
    return True

"""Importing torch and what needs it, without looking for garbage meanwhile."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def heavy_imports() -> Iterator[None]:
    """While the block imports torch, Python's collector rests; what is there then it leaves alone.

    Torch makes a quarter of a million objects that stay until the end. The collector would go
    through them several times while they are made, once in a while afterwards, and when the
    program ends. A collector that was off stays off, and where torch is there already nothing is
    done: other objects may be there too, which somebody wants collected.
    """
    if "torch" in sys.modules:
        yield
        return
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()

"""Work that needs derivatives, in whatever mode of torch it is asked for.

``torch.inference_mode()`` and ``torch.no_grad()`` are of the thread that entered them. What tugan
does between two results must not depend on them, and must leave them to the caller: these are its
doors.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

Asked = ParamSpec("Asked")
Given = TypeVar("Given")


@contextmanager
def ordinary_mode() -> Iterator[None]:
    """As if the caller had entered no mode."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


def in_ordinary_mode(work: Callable[Asked, Given]) -> Callable[Asked, Given]:
    """A function that does its work in :func:`ordinary_mode`."""

    @wraps(work)
    def door(*args: Asked.args, **kwargs: Asked.kwargs) -> Given:
        with ordinary_mode():
            return work(*args, **kwargs)

    return door


def each_in_ordinary_mode(
    steps: Callable[Asked, Iterator[Given]],
) -> Callable[Asked, Iterator[Given]]:
    """A generator function that does so between its steps; while it stands, the caller's mode is
    the caller's."""

    @wraps(steps)
    def door(*args: Asked.args, **kwargs: Asked.kwargs) -> Iterator[Given]:
        iterator = steps(*args, **kwargs)
        try:
            while True:
                with ordinary_mode():
                    try:
                        step = next(iterator)
                    except StopIteration:
                        return
                yield step
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()

    return door


def ordinary(tensor: Tensor) -> Tensor:
    """The tensor, or a copy of one that was made in inference mode: no derivative can use that."""
    if not tensor.is_inference():
        return tensor
    with torch.inference_mode(False):
        return tensor.clone()

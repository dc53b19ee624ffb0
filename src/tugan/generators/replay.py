"""Work of fixed shapes, recorded once on a CUDA device and replayed: no launch of each kernel.

A step of a drag starts hundreds of small kernels, and to start them takes longer than to run them.
A CUDA graph starts them all at once, but sees only the memory that it was recorded with: inputs are
copied into buffers of the recording, and results out of them. The environment's
``TUGAN_GRAPHS=off`` does without, should a driver make trouble.
"""

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from typing import Any, Protocol, final, runtime_checkable

import torch
from torch import Tensor

_log = logging.getLogger(__name__)

ENVIRONMENT_VARIABLE = "TUGAN_GRAPHS"
RECORDINGS = 8
"""Of one generator, at most: the one that was not used for longest goes."""
WARM_UPS = 3
"""Runs before a recording, in which libraries choose and prepare what they will do."""

_Pool = Any  # what torch hands out; its type has a name in some releases only
Values = tuple[Tensor | None, ...]
Work = Callable[..., Values]
"""Of tensors (or None) to tensors (or None), all on one device."""


@final
class Replays:
    """Recordings of the work that is done with one generator."""

    def __init__(self, *, rehearse: bool = False, capacity: int = RECORDINGS) -> None:
        """``rehearse`` uses buffers, but no graph, on devices that have none: to test the rest."""
        self._off = os.environ.get(ENVIRONMENT_VARIABLE) == "off"
        self._rehearse, self._capacity = rehearse, capacity
        self._recordings: OrderedDict[Hashable, _Recording | None] = OrderedDict()
        self._lock = threading.Lock()
        self._pool: _Pool | None = None
        self._watched: list[Tensor] = []
        self._stamp: Hashable = None

    def __len__(self) -> int:
        """How many there are."""
        return sum(one is not None for one in self._recordings.values())

    def __reduce__(self) -> tuple[type["Replays"], tuple[()]]:
        """A copy has none: it would be of other weights."""
        return Replays, ()

    def of_weights(self, weights: Callable[[], Iterable[Tensor]]) -> "Replays":
        """The same, emptied if a weight was written to or moved since this was last called.

        What was computed of weights before is kept elsewhere, and a recording would go on reading
        it. ``weights`` is called once: that the tensors become others is not noticed.
        """
        with self._lock:
            self._watched = self._watched or list(weights())
            stamp = tuple([_place_and_version(one) for one in self._watched])
            if stamp != self._stamp:
                self._recordings.clear()
                self._stamp = stamp
        return self

    @torch.no_grad()
    def run(self, key: Hashable, work: Work, *inputs: Tensor | None) -> Values:
        """``work(*inputs)``, without autograd around it; inside, ``work`` may use it.

        ``key`` says all that ``work`` depends on beside its inputs and the generator. Work that is
        recorded must not look at a number, nor move one between host and device; where it does, it
        is run as it is from then on, and the log says why. Results are the caller's to keep. To be
        called on one stream.
        """
        device = next(one.device for one in inputs if one is not None)
        if self._off or (device.type != "cuda" and not self._rehearse):
            return work(*inputs)
        with self._lock:
            recording = self._recording((key, *map(_form, inputs)), work, inputs)
            if recording is not None:
                return recording.replayed(inputs)
        return work(*inputs)

    def _recording(self, key: Hashable, work: Work, inputs: Values) -> "_Recording | None":
        if key in self._recordings:
            self._recordings.move_to_end(key)
            return self._recordings[key]
        try:
            made: _Recording | None = _Recording(work, inputs, pool=self._shared_pool(inputs))
        except RuntimeError as error:  # whatever a device refuses: the work can be done without
            _log.warning("not recorded, and run step by step from now on: %s: %s", key, error)
            made = None
        self._recordings[key] = made
        while len(self._recordings) > self._capacity:
            self._recordings.popitem(last=False)
        return made

    def _shared_pool(self, inputs: Values) -> "_Pool | None":
        # Recordings may use the same memory, one after the other: results are copied out of it
        # before the next is run.
        if self._pool is None and any(one is not None and one.is_cuda for one in inputs):
            self._pool = torch.cuda.graph_pool_handle()
        return self._pool


@final
class _Recording:
    """Buffers, and what fills the results' from the inputs'."""

    def __init__(self, work: Work, inputs: Values, *, pool: _Pool | None) -> None:
        self._inputs = _copies(inputs)
        if pool is None:
            self._results = _copies(work(*self._inputs))
            self._fill: Callable[[], object] = lambda: _write(work(*self._inputs), self._results)
        else:
            graph, self._results = _captured(work, self._inputs, pool)
            self._fill = graph.replay

    def replayed(self, inputs: Values) -> Values:
        _write(inputs, self._inputs)
        self._fill()
        return _copies(self._results)


def _captured(work: Work, inputs: Values, pool: _Pool) -> tuple[torch.cuda.CUDAGraph, Values]:
    device = next(one.device for one in inputs if one is not None)
    with torch.cuda.device(device):
        stream = torch.cuda.Stream(device)
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(WARM_UPS):
                work(*inputs)
        torch.cuda.current_stream().wait_stream(stream)
        graph = torch.cuda.CUDAGraph()
        # other threads may use the device meanwhile, for other models and for pictures
        with torch.cuda.graph(graph, pool=pool, capture_error_mode="thread_local"):
            results = work(*inputs)
    return graph, results


def _place_and_version(weight: Tensor) -> tuple[int, int, torch.dtype]:
    # what was made in inference mode has no version, and cannot be written to
    version = 0 if weight.is_inference() else weight._version
    return weight.data_ptr(), version, weight.dtype


def _form(one: Tensor | None) -> Hashable:
    return None if one is None else (one.shape, one.dtype, one.device)


def _copies(values: Values) -> Values:
    return tuple(None if one is None else one.detach().clone() for one in values)


def _write(values: Values, buffers: Values) -> None:
    for one, buffer in zip(values, buffers, strict=True):
        if one is not None and buffer is not None:
            buffer.copy_(one, non_blocking=True)


@runtime_checkable
class Replaying(Protocol):
    """A generator that keeps recordings of the work that is done with it."""

    @property
    def replays(self) -> Replays:
        """Empty where a weight has changed since it was last asked for."""
        ...

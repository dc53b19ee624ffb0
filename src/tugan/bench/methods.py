"""The methods that can be compared, by name."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from tugan.bench.bench_error import BenchError
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.protocol import Solver
from tugan.generators.protocol import GeneratorInfo

MAX_STEPS_ORIGINAL = 300
"""The original program has no limit of its own; its authors speak of 300 steps."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """A solver under the name that reports give it."""

    name: str
    solver: Solver[Any]


def _adam(info: GeneratorInfo) -> Solver[Any]:
    return Adam(settings=DragSettings.for_generator(info))


def _newton(info: GeneratorInfo) -> Solver[Any]:
    return Newton(settings=NewtonSettings.for_generator(info))


def _adam_paper(info: GeneratorInfo) -> Solver[Any]:
    return Adam(settings=DragSettings.paper())


def _adam_original(info: GeneratorInfo) -> Solver[Any]:
    return Adam(settings=replace(DragSettings.original(), max_steps=MAX_STEPS_ORIGINAL))


METHODS: dict[str, Callable[[GeneratorInfo], Solver[Any]]] = {
    "adam": _adam,
    "newton": _newton,
    "adam-paper": _adam_paper,
    "adam-original": _adam_original,
}


def make_methods(names: tuple[str, ...], info: GeneratorInfo) -> tuple[Method, ...]:
    """The methods of these names, set up for a generator; :class:`BenchError` lists the names."""
    check_methods(names)
    return tuple(Method(name=name, solver=METHODS[name](info)) for name in names)


def check_methods(names: tuple[str, ...]) -> None:
    """:class:`BenchError` unless there are names, all known and each once."""
    for name in names:
        if name not in METHODS:
            raise BenchError(f"there is no method {name!r}; expected some of {', '.join(METHODS)}")
    if not names or len(set(names)) < len(names):
        raise BenchError(
            f"the methods are {','.join(names) or 'none'}; expected some of {', '.join(METHODS)},"
            " each once"
        )

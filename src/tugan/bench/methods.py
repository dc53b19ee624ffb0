"""The methods that can be compared, by name, and variations of them.

``adam+tracker=none+feature_px=64`` is the method ``adam`` with another tracker and setting: any
field of the solver's settings can be named.
"""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from tugan.bench.bench_error import BenchError
from tugan.core.errors import InvalidDragError, MissingExtraError
from tugan.dragging.methods import AnySettings, make_solver
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.freedrag_settings import FreeDragSettings
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.dragging.solvers.protocol import Solver
from tugan.dragging.trackers.registry import TRACKERS, TrackerName
from tugan.generators.protocol import GeneratorInfo
from tugan.perceptual.weight_store import WeightsNotInstalledError

MAX_STEPS_ORIGINAL = 300
"""The original program has no limit of its own; its authors speak of 300 steps."""
TRACKER = "tracker"


@dataclass(frozen=True, kw_only=True)
class Method:
    """A solver under the name that reports give it."""

    name: str
    solver: Solver[Any]


@dataclass(frozen=True, kw_only=True)
class AbsentMethod:
    """A method that cannot run here."""

    name: str
    reason: str
    """With the command that changes that."""


METHODS: dict[str, Callable[[GeneratorInfo], AnySettings]] = {
    "adam": DragSettings.for_generator,
    "newton": NewtonSettings.for_generator,
    "adam-paper": lambda _: DragSettings.paper(),
    "adam-original": lambda _: replace(DragSettings.original(), max_steps=MAX_STEPS_ORIGINAL),
    "freedrag": FreeDragSettings.for_generator,
    "freedrag-paper": lambda _: FreeDragSettings.paper(),
}


def make_methods(names: tuple[str, ...], info: GeneratorInfo) -> tuple[Method, ...]:
    """The methods of these names, set up for a generator; :class:`BenchError` lists the names.

    ``WeightsNotInstalledError`` or :class:`MissingExtraError` if one cannot run here.
    """
    check_methods(names)
    return tuple(Method(name=name, solver=_solver(name, info)) for name in names)


def methods_here(
    names: tuple[str, ...], info: GeneratorInfo
) -> tuple[tuple[Method, ...], tuple[AbsentMethod, ...]]:
    """Those that can run here, and those that cannot; :class:`BenchError` if none can."""
    check_methods(names)
    found, absent = [], []
    for name in names:
        try:
            found.append(Method(name=name, solver=_solver(name, info)))
        except (WeightsNotInstalledError, MissingExtraError) as error:
            absent.append(AbsentMethod(name=name, reason=str(error)))
    if not found:
        raise BenchError("; ".join(f"{one.name}: {one.reason}" for one in absent))
    return tuple(found), tuple(absent)


def check_methods(names: tuple[str, ...]) -> None:
    """:class:`BenchError` unless there are names, all known and each once."""
    for name in names:
        base = name.split("+")[0]
        if base not in METHODS:
            raise BenchError(
                f"there is no method {base!r}{near(base, METHODS)}; expected some of"
                f" {', '.join(METHODS)}"
            )
    if not names or len(set(names)) < len(names):
        raise BenchError(
            f"the methods are {','.join(names) or 'none'}; expected some of {', '.join(METHODS)},"
            " each once"
        )


def near(name: str, names: "dict[str, Any] | tuple[str, ...]") -> str:
    """A guess at what was meant, to follow a wrong name."""
    close = difflib.get_close_matches(name, list(names), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _solver(name: str, info: GeneratorInfo) -> Solver[Any]:
    base, *changes = name.split("+")
    settings, tracker = METHODS[base](info), None
    for change in changes:
        key, _, value = change.partition("=")
        if key == TRACKER:
            tracker = _tracker(value, name)
        else:
            settings = _changed(settings, key, value, name)
    try:
        return make_solver(settings, tracker=tracker)
    except InvalidDragError as error:
        raise BenchError(f"the method {name} cannot be: {error}") from error


def _tracker(value: str, name: str) -> TrackerName:
    for known in TRACKERS:
        if value == known:
            return known
    raise BenchError(
        f"in the method {name} there is no tracker {value!r}"
        f"{near(value, tuple(TRACKERS))}; expected one of {', '.join(TRACKERS)}"
    )


def _changed(settings: AnySettings, key: str, value: str, name: str) -> AnySettings:
    known = tuple(one.name for one in fields(settings))
    if key not in known:
        raise BenchError(
            f"in the method {name} there is no setting {key!r}{near(key, known)}; expected"
            f" {TRACKER} or one of {', '.join(known)}"
        )
    kind = get_type_hints(type(settings))[key]
    try:
        read: Any = _read(kind, value)
        changed: AnySettings = replace(settings, **{key: read})
    except (ValidationError, InvalidDragError) as error:
        first = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise BenchError(f"in the method {name}, {key} cannot be {value!r}: {first}") from error
    return changed


def _read(kind: Any, value: str) -> object:  # noqa: ANN401 (a type hint)
    """A word as this type; lists have slashes between."""
    if "tuple" in str(kind) and value != "none":
        return TypeAdapter(kind).validate_python(value.split("/"))
    return TypeAdapter(kind).validate_python(None if value == "none" else value)

"""Generator families that other packages bring: entry points of the group ``tugan.generators``."""

import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import final

from tugan.core.errors import CheckpointError
from tugan.generators.family import Family
from tugan.generators.formats.checkpoint import RawCheckpoint
from tugan.generators.model_config import CanonicalModel
from tugan.generators.protocol import PretrainedGenerator

ENTRY_POINT_GROUP = "tugan.generators"


class PlugInWarning(UserWarning):
    """A plug-in that does not work; the others and the built-in families do."""


def plug_in_families(*, taken: Collection[str]) -> Iterator[Family]:
    """The families of installed plug-ins, in the order of their entry points' names.

    A plug-in that cannot be imported, is no family, or has a name that is taken, is left out with a
    :class:`PlugInWarning`.
    """
    seen = set(taken)
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda one: one.name):
        family = _loaded(point)
        if family is None:
            continue
        if family.name in seen:
            _warn(point, f"its family is called {family.name!r} as another one that is here")
            continue
        seen.add(family.name)
        yield PlugIn(point=point, family=family)


@final
@dataclass(frozen=True, kw_only=True)
class PlugIn:
    """A family whose faults are told as its own."""

    point: EntryPoint
    family: Family

    @property
    def name(self) -> str:
        """The family's."""
        return self.family.name

    def build(self, model: CanonicalModel) -> PretrainedGenerator:
        """The family's; whatever it raises is a :class:`CheckpointError` that names the plug-in."""
        try:
            return self.family.build(model)
        except CheckpointError:
            raise
        except Exception as error:  # the edge: code that is not ours
            raise CheckpointError(
                f"the plug-in {_title(self.point)} cannot build {model.config.about.name}:"
                f" {type(error).__name__}: {error}"
            ) from error

    def adopt(self, raw: RawCheckpoint, *, name: str) -> CanonicalModel | None:
        """The family's; a plug-in that fails leaves the file to the others, with a warning."""
        try:
            return self.family.adopt(raw, name=name)
        except CheckpointError:
            raise
        except Exception as error:  # noqa: BLE001 (the edge, as above)
            _warn(self.point, f"it fails to look at {name}: {type(error).__name__}: {error}")
            return None


def _loaded(point: EntryPoint) -> Family | None:
    try:
        family: object = point.load()
        if isinstance(family, type):
            _warn(point, f"{point.value} is a class, expected an instance of it")
            return None
        if not isinstance(family, Family) or not isinstance(family.name, str):
            _warn(point, f"{point.value} is no family: expected name, build and adopt")
            return None
    except Exception as error:  # noqa: BLE001 (the edge: code that is not ours)
        _warn(point, f"it cannot be imported: {type(error).__name__}: {error}")
        return None
    return family


def _warn(point: EntryPoint, what: str) -> None:
    # Python shows a warning of one text and place once
    warnings.warn(
        f"the generator plug-in {_title(point)} is left out: {what}", PlugInWarning, stacklevel=2
    )


def _title(point: EntryPoint) -> str:
    return f"{point.name} of the package {point.dist.name}" if point.dist else point.name

"""Faults of project files."""

from pydantic import ValidationError

from tugan.core.errors import TuganError


class ProjectFileError(TuganError):
    """A file that is not a project, or a project of another model."""


class NewerProjectError(ProjectFileError):
    """A project of a later format: nothing is wrong with it."""


def damaged(name: str, error: ValidationError, *, hidden: tuple[str, ...] = ()) -> ProjectFileError:
    """Says at which place; ``hidden`` are parts of it that mean nothing to people."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"] if part not in hidden)
    where = f"at {place}" if place else "in its header"
    return ProjectFileError(f"{name} is damaged {where}: {first['msg']}")

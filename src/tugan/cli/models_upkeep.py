"""``tugan models verify`` and ``rm``: are the files what they were, and away with them."""

from typing import Annotated

import typer

from tugan.cli.console import note, say, say_json
from tugan.cli.options import Json


def verify(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="All that are here if none.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compute the checksums of models again; exit code 1 if a file is not what it was."""
    from tugan.generators.catalog import catalog, find_model
    from tugan.generators.catalogue.upkeep import verify as verify_model

    asked = names or [entry.name for entry in catalog()]
    found = [verify_model(name, find_model(name)) for name in asked]
    if as_json:
        say_json(
            {
                "ok": all(one.ok for one in found),
                "models": [
                    {
                        "name": one.name,
                        "ok": one.ok,
                        "problem": one.problem or None,
                        "files": {file.name: file.verdict for file in one.files},
                    }
                    for one in found
                ],
            }
        )
    else:
        for one in found:
            bad = [f"{file.name} {file.verdict}" for file in one.files if not file.ok]
            say(f"{one.name}   {one.problem or ', '.join(bad) or 'all files as they were'}")
            if bad:
                note(f"get {one.name} again: tugan models rm {one.name}; tugan pull {one.name}")
    raise typer.Exit(0 if all(one.ok for one in found) else 1)


def remove(
    name: Annotated[str, typer.Argument(help="A model that was pulled.")],
    forget: Annotated[
        bool,
        typer.Option("--forget", help="And the checksum of its first download: take any file next"),
    ] = False,
    as_json: Json = False,
) -> None:
    """Delete a model that was pulled, and what was downloaded of it."""
    from tugan.generators.catalogue.upkeep import remove as remove_model

    removed = remove_model(name, forget_checksum=forget)
    if as_json:
        say_json(
            {
                "name": name,
                "model": removed.model,
                "download": removed.download,
                "checksum": removed.checksum,
            }
        )
        return
    what = [key for key in ("model", "download", "checksum") if getattr(removed, key)]
    note(f"{name}: deleted {' and '.join(what)}")

"""``tugan models prepare``: what drags would compute at a model's first use, computed now."""

from typing import Annotated

import typer

from tugan.cli.console import note, say, say_json
from tugan.cli.options import Device, Json


def prepare(
    model: Annotated[str, typer.Argument(help="A name, a folder or a checkpoint.")],
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Compute once what drags and the studio need of a model: what its moves repaint, previews.

    Nothing is computed that is there already, with the model or in the cache folder, where all of
    it is kept.
    """
    from tugan.cli.prepare_run import prepare_model
    from tugan.core.cache_folder import cache_folder

    prepared = prepare_model(model, device=device, quiet=as_json)
    if as_json:
        say_json(
            {
                "name": prepared.name,
                "computed": list(prepared.computed),
                "already_here": list(prepared.already_here),
                "folder": str(cache_folder()) if prepared.computed else None,
            }
        )
        return
    told = [f"{part} computed" for part in prepared.computed]
    told += [f"{part} was here" for part in prepared.already_here]
    say(f"{prepared.name}   {', '.join(told)}")
    if prepared.computed:
        note(f"kept in {cache_folder()}")

"""``tugan weights``: weights of other people's networks, which tugan may not bring itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tugan.cli.console import note, say, say_json
from tugan.cli.options import Json

if TYPE_CHECKING:
    from torch import Tensor

weights_app = typer.Typer(
    help="Add the weights of published networks: trackers and metrics to compare with.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Name = Annotated[str, typer.Argument(help="A name of tugan weights list.")]


@weights_app.command("list")
def list_weights(as_json: Json = False) -> None:
    """Which networks have their weights here, and where to get those of the others."""
    from tugan.perceptual.weight_store import KNOWN

    if as_json:
        say_json(
            {
                "weights": [
                    {
                        "name": known.name,
                        "installed": known.installed,
                        "path": str(known.path) if known.installed else None,
                        "what": known.what,
                        "files": known.files,
                        "source": known.source,
                        "command": known.command,
                    }
                    for known in KNOWN.values()
                ]
            }
        )
        return
    for known in KNOWN.values():
        say(f"{known.name:<6} {known.what}")
        if known.installed:
            say(f"       installed: {known.path}")
        else:
            say(f"       weights not installed: get {known.files}")
            say(f"       from {known.source}, then: {known.command}")


@weights_app.command("add")
def add(
    name: Name,
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="As published: .pth, .safetensors; lpips has two."),
    ],
    as_json: Json = False,
) -> None:
    """Check files by building their network, and keep its tensors; nothing in them is run."""
    from tugan.generators.formats.detect import read_checkpoint
    from tugan.perceptual.weight_store import add_weights, known_weights

    known_weights(name)  # before a large file is read
    tensors: dict[str, Tensor] = {}
    for file in files:
        tensors |= read_checkpoint(file).tensors
    path = add_weights(name, tensors, source=", ".join(file.name for file in files))
    if as_json:
        say_json({"name": name, "path": str(path)})
    else:
        say(f"{name}   {path}")
        note("checked and kept; what was added is not needed any more")


@weights_app.command("rm")
def remove(name: Name, as_json: Json = False) -> None:
    """Delete weights that were added."""
    from tugan.perceptual.weight_store import remove_weights

    path = remove_weights(name)
    if as_json:
        say_json({"name": name, "removed": str(path)})
    else:
        note(f"deleted {path}")

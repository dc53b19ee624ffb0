"""``tugan models``: which generators there are, what they are, and conversion to our form."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tugan.cli.console import note, plain, say, say_json
from tugan.cli.options import Json

if TYPE_CHECKING:
    from tugan.generators.protocol import GeneratorInfo

models_app = typer.Typer(
    help="List, describe and convert generators.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@models_app.command("list")
def list_models(as_json: Json = False) -> None:
    """The models that are here now."""
    from tugan.generators.catalog import catalog
    from tugan.generators.loading import read_config

    rows = [
        {
            "name": entry.name,
            "draws": config.about.domain,
            "family": config.family,
            "licence": config.about.licence,
        }
        for entry in catalog()
        for config in [read_config(entry.folder)]
    ]
    if as_json:
        say_json({"models": rows})
        return
    widths = {key: max(len(key), *(len(row[key]) for row in rows)) for key in rows[0]}
    say("  ".join(key.ljust(width) for key, width in widths.items()).rstrip())
    for row in rows:
        say("  ".join(row[key].ljust(width) for key, width in widths.items()).rstrip())
    note("\nA checkpoint file or folder works wherever a name does: --model path/to/file.pkl")


@models_app.command("info")
def info(
    model: Annotated[str, typer.Argument(help="A name, a folder or a checkpoint.")],
    as_json: Json = False,
) -> None:
    """What a model is, and what moves well on it."""
    from tugan.generators.loading import load_generator

    described = _describe(load_generator(model, device="cpu").info)
    if as_json:
        say_json(described)
        return
    for key, value in described.items():
        say(f"{key.replace('_', ' '):<14}{plain(value)}")


@models_app.command("convert")
def convert(
    source: Annotated[str, typer.Argument(help="A checkpoint file: .pkl, .pt.")],
    folder: Annotated[Path, typer.Argument(help="New folder for config, weights and card.")],
    name: Annotated[str | None, typer.Option(help="Name; the file's by default.")] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Store float16: half the size, hardly a difference.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Turn a checkpoint into safetensors + config.json, with the statistics of W."""
    from tugan.cli.conversion import convert_model

    written = convert_model(source, folder, name=name, half=half)
    if as_json:
        say_json(_describe(written) | {"folder": str(folder)})
    else:
        say(f"{folder}   {written.name}, {written.size_hw[1]} x {written.size_hw[0]} px")
        note(f"open it with --model {folder}")


def _describe(info: "GeneratorInfo") -> dict[str, object]:
    return {
        "name": info.name,
        "draws": info.domain,
        "family": info.family,
        "width": info.size_hw[1],
        "height": info.size_hw[0],
        "latent_rows": info.num_ws,
        "classes": info.label_dim,
        "blocks_px": [block.until_px for block in info.blocks],
        "w_statistics": info.w_statistics is not None,
        "licence": info.licence,
        "source": info.source,
        "notes": info.notes,
    }

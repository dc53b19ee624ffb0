"""``tugan models``: which generators there are, what they are, and conversion to our form.

Fetching, preparing, checking and deleting them is in ``pull.py``, ``models_prepare.py`` and
``models_upkeep.py``.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tugan.cli.console import note, plain, say, say_json
from tugan.cli.models_prepare import prepare
from tugan.cli.models_upkeep import remove, verify
from tugan.cli.options import Json
from tugan.cli.pull import pull

if TYPE_CHECKING:
    from tugan.generators.catalogue.offer import Offer
    from tugan.generators.protocol import GeneratorInfo

ModelName = Annotated[str, typer.Argument(help="A name, a folder or a checkpoint.")]

models_app = typer.Typer(
    help="List, describe, fetch, check and convert generators.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


models_app.command("pull")(pull)
models_app.command("prepare")(prepare)
models_app.command("verify")(verify)
models_app.command("rm")(remove)


@models_app.command("list")
def list_models(
    here: Annotated[bool, typer.Option("--here", help="Only those that need no download.")] = False,
    as_json: Json = False,
) -> None:
    """The models that are here, and those that can be pulled."""
    from tugan.cli.models_table import model_rows, table

    rows = [row for row in model_rows() if row["installed"] or not here]
    if as_json:
        say_json({"models": rows})
        return
    for line in table(rows):
        say(line)
    note(
        "\nGet one with tugan pull NAME. A checkpoint file or folder works wherever a name does:"
        " --model path/to/file.pkl"
    )


@models_app.command("info")
def info(model: ModelName, as_json: Json = False) -> None:
    """What a model is, and what moves well on it."""
    from tugan.cli.models_table import describe_offer

    offer = _offer_not_here(model)
    if offer is not None:
        described = describe_offer(offer)
    else:
        from tugan.generators.loading import load_generator

        described = _describe(load_generator(model, device="cpu").info)
    if as_json:
        say_json(described)
        return
    for key, value in described.items():
        if value is not None:
            say(f"{key.replace('_', ' '):<14}{plain(value)}")
    if offer is not None:
        note(f"\nIt is not here yet: {described['command']}")


@models_app.command("card")
def card(model: ModelName) -> None:
    """Print the model card: Markdown."""
    from tugan.cli.models_table import offer_card
    from tugan.generators.catalog import find_model
    from tugan.generators.loading import load_generator
    from tugan.generators.model_card import card_beside, model_card

    offer = _offer_not_here(model)
    if offer is not None:
        say(offer_card(offer).rstrip())
        return
    beside = card_beside(find_model(model))
    say((beside or model_card(load_generator(model, device="cpu").info)).rstrip())


@models_app.command("convert")
def convert(
    source: Annotated[str, typer.Argument(help="A checkpoint file: .pkl, .pt.")],
    folder: Annotated[Path, typer.Argument(help="New folder for config, weights and card.")],
    name: Annotated[str | None, typer.Option(help="Name; the file's by default.")] = None,
    half: Annotated[
        bool, typer.Option("--half", help="Store float16: half the size, hardly a difference.")
    ] = False,
    previews: Annotated[
        bool,
        typer.Option(
            help="Add what its moves repaint, a preview head and pictures: some minutes for a large"
            " model without a GPU."
        ),
    ] = True,
    as_json: Json = False,
) -> None:
    """Turn a checkpoint into safetensors + config.json, with the statistics of W."""
    from tugan.cli.conversion import convert_model

    written = convert_model(source, folder, name=name, half=half, previews=previews, quiet=as_json)
    if as_json:
        say_json(_describe(written) | {"folder": str(folder)})
    else:
        say(f"{folder}   {written.name}, {written.size_hw[1]} x {written.size_hw[0]} px")
        note(f"open it with --model {folder}")


def _offer_not_here(model: str) -> "Offer | None":
    """The offer of this name, unless it is here under it, or as a file or folder."""
    from tugan.core.errors import UnknownModelError
    from tugan.generators.catalog import find_model
    from tugan.generators.catalogue.offers import offer_named

    try:
        find_model(model)
    except UnknownModelError:
        offer = offer_named(model)
        if offer is None:
            raise
        return offer
    return None


def _describe(info: "GeneratorInfo") -> dict[str, object]:
    return {
        "name": info.name,
        "installed": True,
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

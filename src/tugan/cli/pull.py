"""``tugan pull``: a published model, from its publisher's address to a name that works here."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tugan.cli.console import ProgressLine, note, say, say_json
from tugan.cli.options import Json

if TYPE_CHECKING:
    from tugan.generators.catalogue.offer import Offer
    from tugan.generators.catalogue.pull import PullStep


def pull(
    name: Annotated[str, typer.Argument(help="A name of tugan models list.")],
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licence without being asked.")
    ] = False,
    from_file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Take this file, fetched in another way."),
    ] = None,
    keep_original: Annotated[
        bool,
        typer.Option("--keep-original", help="Keep the published file beside the converted one."),
    ] = False,
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
    """Download a model, check it and convert it; then --model NAME works."""
    from tugan.generators.catalog import catalog
    from tugan.generators.catalogue.offers import offer_named
    from tugan.generators.catalogue.places import installed_folder

    if any(entry.name == name for entry in catalog()):
        _say_done(name, as_json=as_json, already=True)
        return
    offer = offer_named(name)
    if offer is None:
        from tugan.generators.catalog import unknown_model

        raise unknown_model(name)
    _accept(offer, accepted=accept_licence, as_json=as_json)
    from tugan.generators.catalogue.pull import Pull

    work = Pull(
        offer=offer, file=from_file, keep_original=keep_original, half=half, previews=previews
    )
    with ProgressLine(quiet=as_json) as line:
        stage = ""
        for step in work.steps():
            line.tell(_told(step))
            # where no line is alive, each stage is told once
            if step.stage != stage and not as_json and not sys.stderr.isatty():
                note(f"{step.stage} {name}" if step.stage != "done" else "")
            stage = step.stage
    assert (installed_folder(name) / "config.json").is_file()
    _say_done(name, as_json=as_json, already=False)


def _accept(offer: "Offer", *, accepted: bool, as_json: bool) -> None:
    """Show the licence, and go on if it is accepted; :class:`LicenceError` if it is not."""
    from tugan.generators.catalogue.errors import LicenceError

    asking = sys.stdin.isatty() and sys.stderr.isatty()
    if not as_json and (accepted or asking):
        note(f"{offer.name}: {offer.listing.draws}")
        note(f"from     {offer.address}")
        note(f"licence  {offer.source.licence}")
        note(f"         {offer.terms}")
        note(f"         {offer.source.page}")
    if accepted:
        return
    if as_json or not asking:
        raise LicenceError(
            f"{offer.name} is under a licence of its own ({offer.source.licence}): {offer.terms}"
            f" Read more at {offer.source.page}, and accept it with --accept-licence"
        )
    if not typer.confirm("Do you accept these terms?", err=True):
        raise LicenceError(f"the licence was not accepted: {offer.name} was not downloaded")


def _told(step: "PullStep") -> str:
    if step.stage != "downloading":
        return f"{step.stage} {step.detail}".rstrip()
    done = f"{step.done_bytes / 1e6:.1f}"
    if step.total_bytes is None:
        return f"downloading   {done} MB"
    percent = 100 * step.done_bytes / max(step.total_bytes, 1)
    return f"downloading   {done} of {step.total_bytes / 1e6:.1f} MB   {percent:3.0f}%"


def _say_done(name: str, *, as_json: bool, already: bool) -> None:
    from tugan.generators.catalog import find_model
    from tugan.generators.catalogue.origin import read_origin

    folder = find_model(name)
    if as_json:
        origin = read_origin(folder)
        say_json(
            {
                "name": name,
                "folder": str(folder),
                "already_here": already,
                "sha256": None if origin is None else origin.sha256,
            }
        )
        return
    say(f"{name}   {folder}")
    note("it was here already" if already else f"use it with --model {name}")

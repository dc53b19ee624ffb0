"""``tugan studio``: the browser studio, served from here."""

import importlib.util
import os
import secrets
import webbrowser
from typing import Annotated
from urllib.parse import urljoin

import typer

from tugan.cli.console import note, say
from tugan.cli.heavy_imports import heavy_imports
from tugan.cli.options import Device, Model
from tugan.core.errors import MissingExtraError

DEFAULT_MAX_SESSIONS = 8


def studio(
    host: Annotated[
        str, typer.Option(help="Address to listen at; others than this one let the network in.")
    ] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="By default 7860, or any free one; 0 takes any."),
    ] = None,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="TUGAN_TOKEN",
            help="What the page's address must know; a new random one by default. Every user of"
            " this machine can read command lines: better the environment variable.",
        ),
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Do not open a browser, only say the address.")
    ] = False,
    model: Model = "faces-1024",
    device: Device = "auto",
    max_sessions: Annotated[
        int, typer.Option(min=1, max=1000, help="Pages that may be open at once.")
    ] = DEFAULT_MAX_SESSIONS,
) -> None:
    """Open the studio in the browser: drag the picture by hand.

    Runs until Ctrl+C. Work is saved as it is done, and is there again the next time.

    Needs pip install "tugan[studio]".

    Exit codes:

    0 - ended by Ctrl+C; all work is saved.

    1 - ended, but the disk did not take some work.

    2 - it cannot be opened as asked.
    """
    _check_extra()
    # OpenMP's threads spin while they wait, and take the browser's core: read when torch is loaded
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    with heavy_imports():
        from tugan.core.state_folder import state_folder
        from tugan.generators.catalog import find_model
        from tugan.generators.devices import resolve_device
        from tugan.studio.options import StudioOptions
        from tugan.studio.serve import listen, serve, url_of, warning_of
        from tugan.studio.sessions import autosave_folder

    # what is misspelt is said now, not in the page
    find_model(model)
    resolve_device(device)
    options = StudioOptions(
        token=secrets.token_urlsafe(24) if token is None else token,
        host=host,
        model=model,
        device=device,
        max_sessions=max_sessions,
    )
    listening = listen(host, port)
    url = url_of(listening, options)

    def ready(link: str) -> None:
        say(f"The studio is at {url}")
        warning = warning_of(host)
        if warning is not None:
            note(warning)
        note("Ctrl+C ends it; your work is saved as you go.")
        # not the address: the token would stand on the browser's command line
        if not no_open and not webbrowser.open(urljoin(url, link)):
            note("No browser could be opened from here: open that address yourself.")

    folder = state_folder()
    autosaves = autosave_folder(folder)
    unsaved = serve(options, listening=listening, autosaves=autosaves, on_ready=ready)
    if unsaved:
        note(
            f"the disk did not take the newest work of {len(unsaved)} session(s); what {folder}"
            " holds of them is older"
        )
        raise typer.Exit(1)


def _check_extra() -> None:
    missing = [
        name for name in ("fastapi", "uvicorn", "websockets") if not importlib.util.find_spec(name)
    ]
    if missing:
        raise MissingExtraError(
            f"the studio needs {', '.join(missing)}: pip install 'tugan[studio]';"
            " tugan --help lists the commands that do without"
        )

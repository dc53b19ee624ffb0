"""The program ``tugan``: commands, and what every command does with errors.

Nothing here or in a command's module imports torch before a command runs, so that ``--help`` is
quick.
"""

import sys
from typing import Annotated

import typer
from typer.exceptions import TyperException

import tugan
from tugan.cli.bench import bench_app
from tugan.cli.console import say, say_error
from tugan.cli.doctor import doctor
from tugan.cli.drag import drag
from tugan.cli.generate import generate
from tugan.cli.invert import invert
from tugan.cli.models import models_app
from tugan.cli.pull import pull
from tugan.cli.studio import studio
from tugan.cli.weights import weights_app
from tugan.core.errors import TuganError
from tugan.core.threads import wait_politely

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="tugan",
    help="Tug your GAN: drag points of a picture to where they should be, and it follows."
    "\n\nWithout a command it opens the studio in the browser.",
    rich_markup_mode=None,  # it would take [x, y] in a help text for markup
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(studio)
app.command()(generate)
app.command()(drag)
app.command()(invert)
app.command()(pull)
app.add_typer(models_app, name="models")
app.add_typer(bench_app, name="bench")
app.add_typer(weights_app, name="weights")
app.command()(doctor)


@app.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", is_eager=True)
    ] = False,
) -> None:
    if version:
        say(f"tugan {tugan.__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        studio()


def main() -> None:
    """Run the program; bad input is one sentence and exit code 2, Ctrl+C is 130."""
    wait_politely()
    arguments = sys.argv[1:]
    try:
        code = app(standalone_mode=False)
    except (TuganError, TyperException) as error:
        say_error(error, as_json="--json" in arguments)
        sys.exit(EXIT_BAD_INPUT)
    except (KeyboardInterrupt, typer.Abort):
        sys.exit(EXIT_INTERRUPTED)
    sys.exit(code)

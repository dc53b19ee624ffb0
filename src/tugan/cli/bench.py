"""``tugan bench``: experiments that say how well drags go."""

from pathlib import Path
from typing import Annotated

import typer

from tugan.cli.options import Device, Json, Model, Psi, Seed
from tugan.generators.catalog import DEFAULT_MODEL

DEFAULT_SOLVERS = "adam,newton"
"""What is compared unless something else is asked for."""

bench_app = typer.Typer(
    help="Experiments that say how well drags go.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@bench_app.callback()
def _group() -> None:
    """Experiments that say how well drags go."""


@bench_app.command("landmarks")
def landmarks(
    out: Annotated[
        Path,
        typer.Option("--out", "-o", help="Folder of the run; one that is there goes on."),
    ],
    pairs: Annotated[int, typer.Option(min=1, help="Pairs of faces.")] = 30,
    points: Annotated[
        str, typer.Option(help="How many landmarks are dragged: some of 1,5,68.")
    ] = "1,5,68",
    solver: Annotated[
        str, typer.Option(help="Methods, compared side by side; speeds are held against the first.")
    ] = DEFAULT_SOLVERS,
    seed: Seed = 0,
    model: Model = DEFAULT_MODEL,
    psi: Psi = 0.7,
    mask: Annotated[
        str, typer.Option(help="none, or face: only the face and where it goes may change.")
    ] = "none",
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Drag a face's landmarks to another face's, and find them again (DragGAN's table 1).

    Needs pip install "tugan[faces,bench]". dlib's 68-landmark model excludes commercial use.

    Exit codes:

    0 - all drags are done; those that failed are counted in the report.

    2 - bad input; nothing is written.

    130 - stopped by Ctrl+C; the report is of what is finished, and the same command goes on.
    """
    from tugan.cli.bench_run import LandmarkJob, run_landmark_job

    job = LandmarkJob(
        out=out,
        pairs=pairs,
        points=points,
        solvers=solver,
        seed=seed,
        model=model,
        psi=psi,
        mask=mask,
        device=device,
        as_json=as_json,
    )
    raise typer.Exit(run_landmark_job(job))

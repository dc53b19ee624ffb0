"""``tugan invert``: a photograph into the generator."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from tugan.cli.heavy_imports import heavy_imports
from tugan.cli.options import Device, Json, MaybeModel, OptionError

DEFAULT_OUT = Path("photo.tugan")
PROJECT_SUFFIX = ".tugan"


@dataclass(frozen=True, kw_only=True)
class InvertJob:
    """All that was asked for."""

    photo: Path
    """A photograph, or what an earlier inversion wrote."""
    out: Path
    picture: Path | None
    model: str | None
    face: int | None
    """From 1, the largest first."""
    crop: tuple[float, ...] | None
    """x, y of the centre, the side, and perhaps an angle."""
    space: str
    tune: bool
    steps: int | None
    seconds: float | None
    device: str
    as_json: bool


def invert(
    photo: Annotated[
        Path, typer.Argument(help="A photograph; or what an earlier inversion wrote, to go on.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Project to write.")] = DEFAULT_OUT,
    picture: Annotated[
        Path | None, typer.Option(help="Also write what the model makes of it: .png, .jpg, .webp.")
    ] = None,
    model: MaybeModel = None,
    face: Annotated[
        int | None, typer.Option(min=1, help="Which face, if there are several: 1 is the largest.")
    ] = None,
    crop: Annotated[
        str | None,
        typer.Option(
            help="x,y,side or x,y,side,angle of a square in pixels of the photograph (its centre,"
            " its side, degrees clockwise), instead of looking for a face."
        ),
    ] = None,
    space: Annotated[
        str, typer.Option(help="w+ (a latent a row, near each other) or w (one for all).")
    ] = "w+",
    tune: Annotated[
        bool,
        typer.Option("--tune/--no-tune", help="Also teach a copy of the model this face."),
    ] = True,
    steps: Annotated[int | None, typer.Option(min=1, help="Of each stage, at most.")] = None,
    seconds: Annotated[
        float | None,
        typer.Option(min=1.0, help="For all stages together, about; by default no limit."),
    ] = None,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Bring a photograph into the model, so that it can be dragged.

    The face is found and aligned, its latent is searched for, and a copy of the model learns what
    the latent cannot say. The photograph itself is not changed.

    Exit codes:

    0 - the project is written.

    2 - bad input; nothing is written.

    130 - stopped by Ctrl+C; what there was by then is written, and goes on when given again.
    """
    from tugan.cli.model_inputs import model_inputs
    from tugan.core.atomic_write import check_writable
    from tugan.core.file_identity import check_apart

    check_writable(out)
    if picture is not None:
        with heavy_imports():
            from tugan.render.image_file import check_image_path

        check_image_path(picture)
    outputs = {"--out": out, "--picture": picture}
    check_apart(outputs, model_inputs(model))
    # an inversion goes on in its own file
    goes_on = photo.suffix.lower() == PROJECT_SUFFIX
    check_apart({**outputs, "--out": None if goes_on else out}, {"the inversion": photo})
    job = InvertJob(
        photo=photo,
        out=out,
        picture=picture,
        model=model,
        face=face,
        crop=None if crop is None else parse_crop(crop),
        space=space,
        tune=tune,
        steps=steps,
        seconds=seconds,
        device=device,
        as_json=as_json,
    )
    with heavy_imports():
        from tugan.cli.invert_run import run_invert_job

    raise typer.Exit(run_invert_job(job))


def parse_crop(text: str) -> tuple[float, ...]:
    """Three or four numbers; :class:`OptionError` shows how to write them."""
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = ()
    if len(numbers) not in (3, 4):
        raise OptionError(
            f"--crop is {text!r}; expected x,y,side or x,y,side,angle, as in --crop 320,240,400"
        )
    return numbers

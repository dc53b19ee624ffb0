"""``tugan drag``: pull points of a picture to their goals."""

from pathlib import Path
from typing import Annotated

import typer

from tugan.cli.options import (
    Device,
    Json,
    Label,
    MaybeModel,
    MaybeNoise,
    MaybePsi,
    MaybeSeed,
    OutPicture,
)

Points = Annotated[
    list[str] | None,
    typer.Option("--point", "-p", help="x,y:x,y from handle to goal, in pixels; repeatable."),
]
PointsFile = Annotated[
    Path | None, typer.Option("--points", help='JSON: [{"start": [x, y], "goal": [x, y]}, ...].')
]
Mask = Annotated[Path | None, typer.Option(help="Picture: white may change.")]
KeepMask = Annotated[Path | None, typer.Option(help="Picture: white must stay.")]
NoMask = Annotated[bool, typer.Option("--no-mask", help="Leave out the project's mask.")]
Latent = Annotated[
    str | None,
    typer.Option(
        help="w (one move for all rows) or w+ (one a row), with :N for the first N rows, as w+:6."
        " By default what suits the model."
    ),
]
Solver = Annotated[
    str | None, typer.Option(help="newton (few steps, the default) or adam (the paper's method).")
]
Preset = Annotated[
    str | None,
    typer.Option(
        help="auto (suits the model), or paper or original (adam as published); by default auto,"
        " or the project's."
    ),
]
Steps = Annotated[int | None, typer.Option(min=0, help="At most this many steps.")]
Video = Annotated[
    Path | None, typer.Option(help="Animation: .gif, .webp; .mp4, .webm with the extra 'video'.")
]
Overlay = Annotated[
    bool, typer.Option("--overlay/--no-overlay", help="Mark handles and goals in what is written.")
]
SaveProject = Annotated[
    Path | None, typer.Option(help="Write latent and problem, to repeat or go on from.")
]
OpenProject = Annotated[
    Path | None,
    typer.Option(
        "--project",
        help="Repeat a saved drag; with points, drag on from where it ended, under its mask.",
    ),
]


def drag(
    point: Points = None,
    points: PointsFile = None,
    model: MaybeModel = None,
    seed: MaybeSeed = None,
    psi: MaybePsi = None,
    label: Label = None,
    noise: MaybeNoise = None,
    mask: Mask = None,
    keep_mask: KeepMask = None,
    no_mask: NoMask = False,
    latent: Latent = None,
    solver: Solver = None,
    preset: Preset = None,
    steps: Steps = None,
    device: Device = "auto",
    out: OutPicture = Path("tugan.png"),
    video: Video = None,
    overlay: Overlay = False,
    save_project: SaveProject = None,
    project: OpenProject = None,
    as_json: Json = False,
) -> None:
    """Pull points of a picture to their goals.

    Exit codes:

    0 - the picture is written; the outcome says whether every handle arrived.

    1 - the drag became NaN on its way; the last good picture is written.

    2 - bad input; nothing is written.

    130 - stopped by Ctrl+C; the last good picture is written.
    """
    from tugan.cli.drag_job import DragJob, Outputs, check_outputs
    from tugan.cli.points import parse_point, read_points

    outputs = Outputs(picture=out, video=video, project=save_project, overlay=overlay)
    pairs = [parse_point(text) for text in point or []]
    if points is not None:
        pairs += read_points(points)
    check_outputs(outputs)
    job = DragJob(
        model=model,
        pairs=tuple(pairs),
        seed=seed,
        psi=psi,
        label=label,
        noise=noise,
        mask=mask,
        keep_mask=keep_mask,
        no_mask=no_mask,
        latent=latent,
        solver=solver,
        preset=preset,
        steps=steps,
        device=device,
        project=project,
        outputs=outputs,
        as_json=as_json,
    )
    from tugan.cli.drag_run import run_drag_job

    raise typer.Exit(run_drag_job(job))

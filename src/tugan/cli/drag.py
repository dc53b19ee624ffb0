"""``tugan drag``: pull points of a picture to their goals."""

from pathlib import Path
from typing import Annotated

import typer

from tugan.cli.heavy_imports import heavy_imports
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
    typer.Option(
        "--point",
        "-p",
        help="x,y:x,y from handle to goal, in pixels of the picture or photograph; repeatable.",
    ),
]
PointsFile = Annotated[
    Path | None, typer.Option("--points", help='JSON: [{"start": [x, y], "goal": [x, y]}, ...].')
]
Mask = Annotated[Path | None, typer.Option(help="Picture: white may change.")]
KeepMask = Annotated[Path | None, typer.Option(help="Picture: white must stay.")]
NoMask = Annotated[bool, typer.Option("--no-mask", help="Leave out the project's mask.")]
Latent = Annotated[
    list[str] | None,
    typer.Option(
        help="w (one move for all rows) or w+ (one a row), with :N for the first N rows, as w+:6;"
        " by default what suits the model. Or a file (.pt, .npz, .npy) with the latent to start"
        " from, found elsewhere with --model; FILE:2 if it holds several. Give it twice for both."
    ),
]
Solver = Annotated[
    str | None,
    typer.Option(
        help="newton (few steps, the default), adam (the paper's method) or freedrag (FreeDrag, of"
        " generated pictures)."
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(
        help="auto (suits the model), or paper or original (adam as published, and freedrag's"
        " paper); by default auto, or the project's."
    ),
]
Steps = Annotated[int | None, typer.Option(min=0, help="At most this many steps.")]
Video = Annotated[
    Path | None,
    typer.Option(
        help="Animation: .gif, .webp; .mp4, .webm with the extra 'video'. Of a photograph it shows"
        " the model's picture, before that is pasted back."
    ),
]
Hold = Annotated[
    float | None,
    typer.Option(
        help="How much of the picture besides the motion is held, from 0 (the whole picture may"
        " follow) to 1 (only what is pulled moves); by default 0.5 with newton, 0 with adam."
    ),
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
        help="Repeat a saved drag; with points, drag on from where it ended, under its mask. Or"
        " what tugan invert wrote, with points.",
    ),
]
Image = Annotated[
    Path | None,
    typer.Option(
        help="Drag a photograph: it is brought into the model first, as by tugan invert, and the"
        " result is pasted back into it."
    ),
]
Face = Annotated[
    int | None, typer.Option(min=1, help="Which face of --image: 1, the default, is the largest.")
]
Crop = Annotated[
    str | None,
    typer.Option(
        help="x,y,side or x,y,side,angle of a square of --image (its centre, its side, degrees"
        " clockwise), instead of looking for a face."
    ),
]
Tune = Annotated[
    bool | None,
    typer.Option(
        "--tune/--no-tune", help="Also teach a copy of the model the face of --image; by default."
    ),
]
InvertSteps = Annotated[
    int | None, typer.Option(min=1, help="To bring --image in: of each stage, at most.")
]
InvertSeconds = Annotated[
    float | None,
    typer.Option(min=1.0, help="To bring --image in: for all stages; by default no limit."),
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
    hold: Hold = None,
    device: Device = "auto",
    out: OutPicture = Path("tugan.png"),
    video: Video = None,
    overlay: Overlay = False,
    save_project: SaveProject = None,
    project: OpenProject = None,
    image: Image = None,
    face: Face = None,
    crop: Crop = None,
    tune: Tune = None,
    invert_steps: InvertSteps = None,
    invert_seconds: InvertSeconds = None,
    as_json: Json = False,
) -> None:
    """Pull points of a picture, or of a photograph, to their goals.

    Points and masks of a photograph are in its own pixels, as it is seen upright; the rest of it
    stays as it is, to the bit.

    Exit codes:

    0 - the picture is written, whether or not every handle arrived: the sentence says how near
    they came, and so do "outcome", "closeness" (reached, nearly, partly, far, no-nearer or lost),
    "asked_px" and "left_px" of --json, of the handle that is worst off.

    1 - the drag became NaN on its way; the last good picture is written.

    2 - bad input; nothing is written.

    130 - stopped by Ctrl+C; the last good picture is written. Before a photograph was brought in
    there is none, and only --save-project is written, for tugan invert to go on with.
    """
    with heavy_imports():
        from tugan.cli.drag_job import DragJob, Outputs, check_outputs, photo_options
        from tugan.cli.latent_option import latent_input, split_latent
        from tugan.cli.model_inputs import model_inputs
        from tugan.cli.points import one_of_each, parse_point, read_points

    outputs = Outputs(picture=out, video=video, project=save_project, overlay=overlay)
    pairs = [parse_point(text) for text in point or []]
    if points is not None:
        pairs += read_points(points)
    space, latent_file = split_latent(latent or [])
    inputs = {
        "--image": image,
        "--mask": mask,
        "--keep-mask": keep_mask,
        "--points": points,
        "--latent": latent_input(latent_file),
    }
    check_outputs(outputs, inputs=inputs | model_inputs(model), project=project)
    each, doubled = one_of_each(pairs)
    photo = photo_options(
        image, face=face, crop=crop, tune=tune, steps=invert_steps, seconds=invert_seconds
    )
    job = DragJob(
        model=model,
        pairs=each,
        seed=seed,
        psi=psi,
        label=label,
        noise=noise,
        mask=mask,
        keep_mask=keep_mask,
        no_mask=no_mask,
        latent=space,
        latent_file=latent_file,
        solver=solver,
        preset=preset,
        steps=steps,
        hold=hold,
        device=device,
        project=project,
        image=photo,
        outputs=outputs,
        as_json=as_json,
        remarks=doubled,
    )
    with heavy_imports():
        from tugan.cli.drag_run import run_drag_job

    raise typer.Exit(run_drag_job(job))

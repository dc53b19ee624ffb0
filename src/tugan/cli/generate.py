"""``tugan generate``: a picture of a seed."""

import time
from pathlib import Path
from typing import Annotated

import typer

from tugan.cli.console import say, say_json
from tugan.cli.heavy_imports import heavy_imports
from tugan.cli.options import (
    Device,
    Json,
    Label,
    Model,
    NoiseOption,
    OutPicture,
    Psi,
    Seed,
)
from tugan.generators.catalog import DEFAULT_MODEL


def generate(
    model: Model = DEFAULT_MODEL,
    seed: Seed = 0,
    psi: Psi = 0.7,
    label: Label = None,
    noise: NoiseOption = "const",
    out: OutPicture = Path("tugan.png"),
    ruler: Annotated[
        bool, typer.Option("--ruler", help="Draw a coordinate grid, to pick points by.")
    ] = False,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Draw the picture of a seed."""
    with heavy_imports():
        from tugan.cli.model_inputs import model_inputs
        from tugan.core.file_identity import check_apart
        from tugan.render.image_file import check_image_path, write_image

        check_image_path(out)
        check_apart({"--out": out}, model_inputs(model))
        from tugan.cli.start import parse_noise, start_latent
        from tugan.core.errors import CheckpointError
        from tugan.core.images import to_rgb_array
        from tugan.generators.loading import load_generator
        from tugan.generators.protocol import synthesize

    kind = parse_noise(noise)
    generator = load_generator(model, device=device)
    ws = start_latent(generator, seed=seed, psi=psi, label=label)
    started_s = time.monotonic()
    image = synthesize(generator, ws, noise=kind, noise_seed=seed)
    if not bool(image.isfinite().all()):
        raise CheckpointError(f"{generator.info.name} draws NaN: its weights are damaged")
    pixels = to_rgb_array(image)
    seconds = time.monotonic() - started_s
    if ruler:
        from tugan.render.overlays import draw_ruler

        pixels = draw_ruler(pixels)
    write_image(out, pixels)
    height, width = generator.info.size_hw
    if as_json:
        say_json(
            {
                "out": str(out),
                "model": generator.info.name,
                "seed": seed,
                "psi": psi,
                "width": width,
                "height": height,
                "seconds": round(seconds, 3),
                "device": str(generator.device),
            }
        )
    else:
        say(f"{out}   {width} x {height} px   {generator.info.name}, seed {seed}, {seconds:.2f} s")

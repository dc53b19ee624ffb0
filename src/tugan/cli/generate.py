"""``tugan generate``: a picture of a seed."""

import time
from pathlib import Path
from typing import Annotated

import typer

from tugan.cli.console import say, say_json
from tugan.cli.heavy_imports import heavy_imports
from tugan.cli.options import (
    DEFAULT_PSI,
    Device,
    Json,
    Label,
    MaybePsi,
    MaybeSeed,
    Model,
    NoiseOption,
    OptionError,
    OutPicture,
)
from tugan.generators.catalog import DEFAULT_MODEL


def generate(
    model: Model = DEFAULT_MODEL,
    seed: MaybeSeed = None,
    psi: MaybePsi = None,
    label: Label = None,
    latent: Annotated[
        str | None,
        typer.Option(
            help="A file (.pt, .npz, .npy) with a latent that was found with the model; FILE:2 if"
            " it holds several. Instead of a seed."
        ),
    ] = None,
    noise: NoiseOption = "const",
    out: OutPicture = Path("tugan.png"),
    ruler: Annotated[
        bool, typer.Option("--ruler", help="Draw a coordinate grid, to pick points by.")
    ] = False,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Draw the picture of a seed, or of a latent."""
    with heavy_imports():
        from tugan.cli.latent_option import latent_input
        from tugan.cli.model_inputs import model_inputs
        from tugan.core.file_identity import check_apart
        from tugan.render.image_file import check_image_path, write_image

        # before torch is loaded, which takes its time
        check_image_path(out)
        inputs = {"--latent": latent_input(latent)}
        check_apart({"--out": out}, inputs | model_inputs(model))
        from tugan.cli.start import latent_from_file, parse_noise, start_latent
        from tugan.core.errors import CheckpointError
        from tugan.core.images import to_rgb_array
        from tugan.generators.loading import load_generator
        from tugan.generators.protocol import synthesize

    given = {"--seed": seed, "--psi": psi, "--label": label}
    names = [name for name, value in given.items() if value is not None]
    if latent is not None and names:
        raise OptionError(f"{' and '.join(names)} cannot be used with --latent, which is the start")
    seed, psi = seed or 0, DEFAULT_PSI if psi is None else psi
    kind = parse_noise(noise)
    generator = load_generator(model, device=device)
    if latent is None:
        ws = start_latent(generator, seed=seed, psi=psi, label=label)
    else:
        ws = latent_from_file(latent, generator)
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
                **({"seed": seed, "psi": psi} if latent is None else {"latent": latent}),
                "width": width,
                "height": height,
                "seconds": round(seconds, 3),
                "device": str(generator.device),
            }
        )
    else:
        start = f"seed {seed}" if latent is None else f"latent {latent}"
        say(f"{out}   {width} x {height} px   {generator.info.name}, {start}, {seconds:.2f} s")

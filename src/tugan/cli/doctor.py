"""``tugan doctor``: is everything here, and does it work?"""

import importlib.util
import platform
import time

import typer

from tugan.cli.console import plain, say, say_json
from tugan.cli.options import Json


def doctor(as_json: Json = False) -> None:
    """Check the installation by drawing a face; exit code 1 if something is wrong."""
    import torch

    import tugan
    from tugan.core.errors import TuganError
    from tugan.generators.catalog import DEFAULT_MODEL
    from tugan.generators.devices import available_devices
    from tugan.generators.loading import load_generator
    from tugan.generators.protocol import sample_z, synthesize

    facts: dict[str, object] = {
        "tugan": tugan.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "devices": available_devices(),
        "threads": torch.get_num_threads(),
        "mp4_and_webm": importlib.util.find_spec("av") is not None,
    }
    try:
        started_s = time.monotonic()
        generator = load_generator(DEFAULT_MODEL)
        facts["model"] = generator.info.name
        facts["load_seconds"] = round(time.monotonic() - started_s, 2)
        ws = generator.map(sample_z(0, z_dim=generator.info.z_dim))
        started_s = time.monotonic()
        image = synthesize(generator, ws)
        facts["picture_seconds"] = round(time.monotonic() - started_s, 2)
        works = bool(torch.isfinite(image).all()) and float(image.std()) > 0.1
        facts["works"] = works
    except TuganError as error:
        works = False
        facts |= {"works": False, "error": str(error)}
    if as_json:
        say_json(facts)
    else:
        for name, value in facts.items():
            say(f"{name.replace('_', ' '):<17}{plain(value)}")
    raise typer.Exit(0 if works else 1)

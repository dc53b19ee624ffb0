"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

from tugan.core.errors import TuganError

Model = Annotated[
    str,
    typer.Option("--model", "-m", help="A name (tugan models list), a folder or a checkpoint."),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")]
Dtype = Annotated[
    str,
    typer.Option(
        "--dtype",
        help="Of the weights: float32, float16 or bfloat16. Half precision is faster on GPUs and on"
        " CPUs that multiply it.",
    ),
]
Psi = Annotated[
    float, typer.Option(help="Truncation: 0 is the average picture, 1 the most varied.")
]
MaybeModel = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="A name, a folder or a checkpoint; by default faces-1024, or the project's.",
    ),
]
MaybeSeed = Annotated[
    int | None,
    typer.Option(min=0, max=2**32 - 1, help="Which picture: any whole number; 0 if not given."),
]
MaybePsi = Annotated[
    float | None,
    typer.Option(help="Truncation: 0 is the average picture, 1 the most varied; 0.7 if not given."),
]
MaybeNoise = Annotated[
    str | None, typer.Option("--noise", help="const, random or none; const if not given.")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout and nothing else.")]
Label = Annotated[int | None, typer.Option(min=0, help="Class, for generators that know classes.")]
NoiseOption = Annotated[str, typer.Option("--noise", help="const, random or none.")]
OutPicture = Annotated[
    Path, typer.Option("--out", "-o", help="Picture to write: .png, .jpg or .webp.")
]

DEFAULT_PSI = 0.7


class OptionError(TuganError):
    """An option whose value cannot be understood."""

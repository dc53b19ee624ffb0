"""``tugan bench``: experiments that say how well drags go."""

from pathlib import Path
from typing import Annotated

import typer

from tugan.cli.heavy_imports import heavy_imports
from tugan.cli.options import Device, Dtype, Json, Model, Psi
from tugan.generators.catalog import DEFAULT_MODEL

bench_app = typer.Typer(
    help="Experiments that say how well drags go.",
    no_args_is_help=True,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Out = Annotated[
    Path, typer.Option("--out", "-o", help="Folder of the run; one that is there goes on.")
]
Pairs = Annotated[
    int | None, typer.Option(min=1, help="Pairs, or pictures; by default the preset's.")
]
Methods = Annotated[
    str | None,
    typer.Option(
        "--methods",
        "--solver",
        help="Compared side by side, speeds against the first: adam, newton, freedrag, adam-paper,"
        " ...; adam+tracker=none+feature_px=64 changes a tracker and settings.",
    ),
]
PresetOption = Annotated[str, typer.Option("--preset", help="smoke, standard or paper.")]
Split = Annotated[
    str, typer.Option(help="held-out, or development: other pairs, for choosing settings by.")
]
BenchSeed = Annotated[int, typer.Option("--seed", min=0, max=2**31 - 1, help="Which pairs.")]
ExecutorOption = Annotated[
    str,
    typer.Option("--executor", help="serial, processes or ray: the same numbers on like machines."),
]
Workers = Annotated[
    int | None, typer.Option(min=1, help="Processes, or actors of ray; by default one a CPU.")
]
RayAddress = Annotated[
    str | None, typer.Option(help="Of a Ray cluster, such as host:6379; without it one is started.")
]
Limit = Annotated[
    float, typer.Option("--limit", min=1, help="Seconds that a drag may take; beyond, it failed.")
]
Threads = Annotated[
    int, typer.Option(min=1, help="Of the numbers in one process; more than 1 is for serial.")
]
LIMIT_S = 900.0

EXIT_CODES = """

    Exit codes:

    0 - all drags are done; those that failed are counted in the report.

    2 - bad input; nothing is written.

    130 - stopped by Ctrl+C; the report is of what is finished, and the same command goes on.
    """


@bench_app.callback()
def _group() -> None:
    """Experiments that say how well drags go."""


@bench_app.command("landmarks")
def landmarks(
    out: Out,
    pairs: Pairs = None,
    points: Annotated[
        str, typer.Option(help="How many landmarks are dragged: some of 1,5,68.")
    ] = "1,5,68",
    methods: Methods = None,
    preset: PresetOption = "standard",
    seed: BenchSeed = 0,
    split: Split = "held-out",
    model: Model = DEFAULT_MODEL,
    psi: Psi = 0.7,
    mask: Annotated[
        str, typer.Option(help="none, or face: only the face and where it goes may change.")
    ] = "none",
    executor: ExecutorOption = "serial",
    workers: Workers = None,
    ray_address: RayAddress = None,
    limit: Limit = LIMIT_S,
    threads: Threads = 1,
    device: Device = "auto",
    dtype: Dtype = "float32",
    as_json: Json = False,
) -> None:
    """Drag a face's landmarks to another face's, and find them again (DragGAN's table 1).

    Needs pip install "tugan[faces,bench]". dlib's 68-landmark model excludes commercial use.

    Exit codes:

    0 - all drags are done; those that failed are counted in the report.

    2 - bad input; nothing is written.

    130 - stopped by Ctrl+C; the report is of what is finished, and the same command goes on.
    """
    with heavy_imports():
        from tugan.cli.bench_run import BenchJob, run_bench

    job = BenchJob(
        experiments=("landmarks",),
        out=out,
        pairs=pairs,
        points=points,
        methods=methods,
        preset=preset,
        seed=seed,
        split=split,
        model=model,
        psi=psi,
        mask=mask,
        executor=executor,
        workers=workers,
        ray_address=ray_address,
        limit_s=limit,
        threads=threads,
        device=device,
        dtype=dtype,
        as_json=as_json,
    )
    raise typer.Exit(run_bench(job))


@bench_app.command("live")
def live(
    out: Out,
    pairs: Pairs = None,
    methods: Annotated[
        str | None,
        typer.Option(
            "--methods",
            help="Compared side by side: newton, and variations such as newton+hold=0.",
        ),
    ] = None,
    check_every: Annotated[
        int | None,
        typer.Option(
            "--check-every", min=1, help="Every how many steps the picture is finished and checked."
        ),
    ] = None,
    preset: PresetOption = "standard",
    seed: BenchSeed = 0,
    split: Split = "held-out",
    model: Model = DEFAULT_MODEL,
    psi: Psi = 0.7,
    executor: ExecutorOption = "serial",
    workers: Workers = None,
    ray_address: RayAddress = None,
    limit: Limit = LIMIT_S,
    threads: Threads = 1,
    device: Device = "auto",
    dtype: Dtype = "float32",
    as_json: Json = False,
) -> None:
    """Pull faces by simulated hands, slow, fast and jumping; count broken pictures and previews.

    A hand is a function of time, and steps come 6 or 20 a second by a simulated clock. Preset paper
    has 60 faces. Needs pip install "tugan[faces,bench]".

    Exit codes:

    0 - all drags are done; those that failed are counted in the report.

    2 - bad input; nothing is written.

    130 - stopped by Ctrl+C; the report is of what is finished, and the same command goes on.
    """
    with heavy_imports():
        from tugan.cli.bench_run import BenchJob, run_bench

    job = BenchJob(
        experiments=("live",),
        out=out,
        pairs=pairs,
        points=None,
        methods=methods,
        preset=preset,
        seed=seed,
        split=split,
        model=model,
        psi=psi,
        mask="none",
        executor=executor,
        workers=workers,
        ray_address=ray_address,
        limit_s=limit,
        threads=threads,
        device=device,
        dtype=dtype,
        as_json=as_json,
        check_every=check_every,
    )
    raise typer.Exit(run_bench(job))


def _add(name: str, says: str) -> None:
    """A command for an experiment without options of its own; ``all`` is every one of them."""

    def command(
        out: Out,
        pairs: Pairs = None,
        methods: Methods = None,
        preset: PresetOption = "standard",
        seed: BenchSeed = 0,
        split: Split = "held-out",
        model: Model = DEFAULT_MODEL,
        psi: Psi = 0.7,
        executor: ExecutorOption = "serial",
        workers: Workers = None,
        ray_address: RayAddress = None,
        limit: Limit = LIMIT_S,
        threads: Threads = 1,
        device: Device = "auto",
        dtype: Dtype = "float32",
        as_json: Json = False,
    ) -> None:
        with heavy_imports():
            from tugan.cli.bench_run import ALL, BenchJob, run_bench

        job = BenchJob(
            experiments=ALL if name == "all" else (name,),
            out=out,
            pairs=pairs,
            points=None,
            methods=methods,
            preset=preset,
            seed=seed,
            split=split,
            model=model,
            psi=psi,
            mask="none",
            executor=executor,
            workers=workers,
            ray_address=ray_address,
            limit_s=limit,
            threads=threads,
            device=device,
            dtype=dtype,
            as_json=as_json,
        )
        raise typer.Exit(run_bench(job))

    command.__doc__ = f"{says}.{EXIT_CODES}"
    bench_app.command(name)(command)


# as in tugan.bench.experiments, which would load torch to print a help text
for _name, _says in (
    ("paired", "How near a drag comes to a picture that is known (DragGAN's table 2)"),
    ("roundtrip", "What is left of a picture that was dragged there and back"),
    ("texture", "Whether handles without texture drift, and say so"),
    ("speed", "Seconds and memory, to the first motion, a step and to the end"),
    ("ablation", "What tracking, the feature block and the radius are good for"),
    ("mask", "Whether the mask holds what is outside of it"),
    ("all", "Every experiment, one after the other, and a page over them"),
):
    _add(_name, _says)

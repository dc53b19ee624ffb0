"""How well the default settings drag on faces-1024: landmarks moved by known amounts, found again.

    pip install "tugan[faces]"
    python tools/measure_defaults.py --seeds 100-111 --sheet sheet.png
    python tools/measure_defaults.py --seeds 100-111 --rate 2e-3 --patience 0

dlib's 68-point model excludes commercial use (iBUG 300-W). A drag after which no face is found
counts with the distance that was asked for, as if nothing had been done.
"""

import argparse
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image

import tugan
from tugan.core.errors import MissingExtraError
from tugan.core.images import RgbArray
from tugan.dragging.solvers.adam import Adam
from tugan.perceptual.dlib_faces import DlibFaces
from tugan.perceptual.faces import SAME_PERSON_DISTANCE, FaceFinder, embedding_distance
from tugan.render.overlays import draw_drag

PANEL_PX = 160


@dataclass(frozen=True, kw_only=True)
class Move:
    """A landmark of the 68, and where it should go, pixels of 1024."""

    landmark: int
    by_xy: tuple[float, float]


MOVES = (
    Move(landmark=30, by_xy=(70, 5)),  # nose tip
    Move(landmark=54, by_xy=(24, -32)),  # a mouth corner
    Move(landmark=8, by_xy=(0, 45)),  # chin
)


@dataclass(frozen=True, kw_only=True)
class Result:
    """One drag."""

    steps: int
    reached: bool
    seconds: float
    residual_px: float
    embedding_distance: float | None
    picture: RgbArray


def measure(
    generator: tugan.Generator, solver: Adam, detector: FaceFinder, *, seed: int, move: Move
) -> Result | None:
    """Drag one landmark; None if the start has no face that dlib finds."""
    ws = generator.map(tugan.sample_z(seed, z_dim=generator.info.z_dim))
    before = detector.find(tugan.to_rgb_array(tugan.synthesize(generator, ws)))
    if before is None:
        return None
    handle = torch.tensor(before.landmarks_xy[[move.landmark]]).float().clamp(0, 1023)
    target = (handle + torch.tensor([move.by_xy])).clamp(0, 1023)
    problem = tugan.DragProblem(generator=generator, ws=ws, handles_xy=handle, targets_xy=target)
    started_s = time.perf_counter()
    *_, last = tugan.drag(problem, solver=solver)
    seconds = time.perf_counter() - started_s
    picture = tugan.to_rgb_array(last.image())
    after = detector.find(picture)
    residual = float(np.hypot(*move.by_xy))
    distance = None
    if after is not None:
        residual = float(np.linalg.norm(after.landmarks_xy[move.landmark] - target[0].numpy()))
        distance = embedding_distance(before, after)
    assert last.outcome is not None
    return Result(
        steps=last.index,
        reached=last.outcome.reached,
        seconds=seconds,
        residual_px=residual,
        embedding_distance=distance,
        picture=draw_drag(picture, handles_xy=last.handles_xy, targets_xy=target),
    )


def report(results: list[Result]) -> None:
    """One line of figures for each move, and one for all."""
    print("move      drags  steps  s     reached  residual mean/median  embedding  same  lost")
    count = len(MOVES)
    groups = [(str(MOVES[i].landmark), results[i::count]) for i in range(count)]
    for name, group in [*groups, ("all", results)]:
        residuals = [one.residual_px for one in group]
        known = [one.embedding_distance for one in group if one.embedding_distance is not None]
        same = sum(distance < SAME_PERSON_DISTANCE for distance in known) / len(group)
        print(
            f"{name:<8}  {len(group):5}  {np.mean([one.steps for one in group]):5.0f}"
            f"  {np.mean([one.seconds for one in group]):4.1f}"
            f"  {np.mean([one.reached for one in group]):7.0%}"
            f"  {np.mean(residuals):9.1f} / {np.median(residuals):6.1f}  "
            f"  {np.mean(known):9.2f}  {same:4.0%}  {len(group) - len(known):4}"
        )


def main() -> None:
    """Measure, print, and write a contact sheet."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", default="100-111")
    parser.add_argument("--rate", type=float)
    parser.add_argument("--patience", type=int, help="0 for none")
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    first, last = (int(number) for number in arguments.seeds.split("-"))
    generator = tugan.load_generator("faces-1024", device="cpu")
    settings = tugan.DragSettings.for_generator(generator.info)
    if arguments.rate is not None:
        settings = replace(settings, learning_rate=arguments.rate)
    if arguments.patience is not None:
        settings = replace(settings, patience_steps=arguments.patience or None)
    try:
        detector = DlibFaces()
    except MissingExtraError as error:
        raise SystemExit(str(error)) from error
    solver = Adam(settings=settings)
    results: list[Result] = []
    for seed in range(first, last + 1):
        found = [measure(generator, solver, detector, seed=seed, move=move) for move in MOVES]
        whole = [one for one in found if one is not None]
        if len(whole) == len(MOVES):
            results += whole
    report(results)
    if arguments.sheet is not None:
        sheet(results).save(arguments.sheet)


def sheet(results: list[Result]) -> Image.Image:
    """All results, a column for each seed."""
    rows = len(MOVES)
    canvas = Image.new("RGB", (PANEL_PX * (len(results) // rows), PANEL_PX * rows))
    for index, one in enumerate(results):
        small = Image.fromarray(one.picture).resize((PANEL_PX, PANEL_PX), Image.Resampling.LANCZOS)
        canvas.paste(small, (index // rows * PANEL_PX, index % rows * PANEL_PX))
    return canvas


if __name__ == "__main__":
    main()

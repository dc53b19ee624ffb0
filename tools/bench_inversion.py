"""How near inverted pictures are, and how well they can be dragged: one JSON line a result.

    python tools/bench_inversion.py out.jsonl --photo a.jpg --photo b.jpg:2 --generated 1001 \
        --adam --pictures folder

A photograph's ``:2`` is its second face. Each target is searched for, looked at, tuned, looked at
again, and dragged: the tip of the nose by 30 px (at 512) to the right, the left and upward. For
generated faces the same drags are done on the known latent as well, untouched. ``--adam`` adds the
plain projection that is usual: Adam on all rows of W+, squares and identity on the full picture, at
most 1000 steps, stopped when it has taken as long as search and tuning together.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from tugan.core.images import to_rgb_array
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.generators.loading import load_generator
from tugan.generators.preview_store import preview_head_of
from tugan.generators.protocol import PretrainedGenerator, Ws, sample_z, synthesize
from tugan.inversion.align import crop, find_faces
from tugan.inversion.image_loss import PyramidLoss
from tugan.inversion.invert import invert
from tugan.inversion.quality import quality_of
from tugan.inversion.settings import InversionSettings, Space, TuningSettings
from tugan.inversion.target import InversionTarget, prepare_target, resized
from tugan.inversion.tuning import tune
from tugan.perceptual.dlib_faces import DlibFaces
from tugan.perceptual.identity import IdentityModel
from tugan.render.photo_file import read_photo

DRAG_PX_AT_512 = 30
WAYS_XY = {"right": (1, 0), "left": (-1, 0), "up": (0, -1)}
NOSE = 30
ADAM_STEPS, ADAM_RATE = 1000, 0.01


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all measurements share."""

    generator: PretrainedGenerator = field(repr=False)
    finder: DlibFaces
    out: Path
    pictures: Path | None

    def write(self, name: str, stage: str, **numbers: object) -> None:
        """A line, to the file and to the screen."""
        line = json.dumps({"target": name, "stage": stage, **numbers})
        print(line, flush=True)
        with self.out.open("a") as file:
            file.write(line + "\n")

    def look(
        self, name: str, stage: str, picture: Tensor, target: InversionTarget, seconds: float
    ) -> None:
        """Quality of a stage."""
        found = quality_of(picture, target, finder=self.finder)
        distance = found.identity_distance
        self.write(
            name,
            stage,
            psnr_db=round(found.psnr_db, 2),
            face_psnr_db=round(found.face_psnr_db, 2),
            identity=None if distance is None else round(distance, 3),
            grade=found.grade,
            seconds=round(seconds, 1),
        )
        self.keep(f"{name}-{stage}", picture)

    def drags(
        self, name: str, stage: str, generator: PretrainedGenerator, ws: Ws, target: InversionTarget
    ) -> None:
        """The nose, each way; identity is against the target, not against the inversion."""
        face = self.finder.find(to_rgb_array(synthesize(generator, ws)))
        if face is None or target.face is None:
            return self.write(name, f"{stage} drag", lost=True)
        nose = face.landmarks_xy[NOSE]
        scale = generator.info.size_hw[0] / 512
        for way, direction in WAYS_XY.items():
            goal = nose + DRAG_PX_AT_512 * scale * np.array(direction)
            began_s = time.perf_counter()
            picture, outcome = dragged(generator, ws, nose, goal)
            seconds = time.perf_counter() - began_s
            after = self.finder.find(to_rgb_array(picture))
            md = DRAG_PX_AT_512 if after is None else distance(after.landmarks_xy[NOSE], goal)
            self.write(
                name,
                f"{stage} drag {way}",
                md_px_at_512=round(md if after is None else md / scale, 2),
                identity=None
                if after is None
                else round(distance(after.embedding, target.face.embedding), 3),
                lost=after is None,
                outcome=outcome,
                seconds=round(seconds, 1),
            )
            self.keep(f"{name}-{stage}-{way}", picture)
        return None

    def keep(self, name: str, picture: Float[Tensor, "1 3 s s"]) -> None:
        """The picture at half size."""
        if self.pictures is not None:
            self.pictures.mkdir(parents=True, exist_ok=True)
            small = resized(picture, picture.shape[2] // 2)
            Image.fromarray(to_rgb_array(small)).save(self.pictures / f"{name}.png")


def distance(one: Float[np.ndarray, " n"], other: Float[np.ndarray, " n"]) -> float:
    """Euclidean."""
    return float(np.linalg.norm(one - other))


def dragged(
    generator: PretrainedGenerator,
    ws: Ws,
    handle: Float[np.ndarray, "2"],
    goal: Float[np.ndarray, "2"],
) -> tuple[Float[Tensor, "1 3 s s"], str]:
    """Where the drag ends, and how."""
    problem = DragProblem(
        generator=generator,
        ws=ws,
        handles_xy=torch.from_numpy(handle[None]).float(),
        targets_xy=torch.from_numpy(goal[None]).float(),
    )
    *_, last = drag(problem)
    assert last.outcome is not None
    return last.image(), last.outcome.ending.value


def plain_adam(
    target: InversionTarget, generator: PretrainedGenerator, *, seconds: float, identity: float
) -> tuple[Ws, int, float]:
    """The usual projection: all rows free, plain coordinates, the full picture."""
    statistics = generator.info.w_statistics
    assert statistics is not None
    ws = statistics.mean.expand(1, generator.info.num_ws, -1).clone().requires_grad_()
    optimiser = torch.optim.Adam([ws], lr=ADAM_RATE)
    pyramid = PyramidLoss.of(target, largest_px=target.size_px)
    began_s = time.perf_counter()
    step = 0
    while step < ADAM_STEPS and time.perf_counter() - began_s < seconds:
        step += 1
        picture = generator.finish(generator.begin(ws))
        loss = pyramid(picture)
        if target.identity is not None:
            loss = loss + identity * target.identity.squared_distance(picture)[0]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return ws.detach(), step, time.perf_counter() - began_s


def measure(bench: Bench, name: str, target: InversionTarget, *, space: Space, adam: bool) -> None:
    """Search, tuning, drags; then the same time of plain Adam."""
    settings = InversionSettings(space=space)
    head = preview_head_of(bench.generator)
    *_, found = invert(target, bench.generator, settings, head=head)
    stage = f"{space} searched"
    bench.look(name, stage, synthesize(bench.generator, found.ws), target, found.seconds)
    bench.drags(name, stage, bench.generator, found.ws, target)
    *_, tuned = tune(target, bench.generator, found.ws, TuningSettings())
    total_s = found.seconds + tuned.seconds
    copy = tuned.delta(bench.generator).tuned_copy(bench.generator)
    bench.look(name, f"{space} tuned", synthesize(copy, found.ws), target, total_s)
    bench.drags(name, f"{space} tuned", copy, found.ws, target)
    if adam:
        ws, steps, seconds = plain_adam(
            target, bench.generator, seconds=total_s, identity=settings.identity
        )
        stage = f"adam {steps} steps"
        bench.look(name, stage, synthesize(bench.generator, ws), target, seconds)
        bench.drags(name, stage, bench.generator, ws, target)


def targets(
    bench: Bench, photos: list[str], seeds: list[int]
) -> Iterator[tuple[str, InversionTarget, Ws | None]]:
    """Names, targets, and the known latents of generated ones."""
    model, size_px = IdentityModel(), bench.generator.info.size_hw[0]
    for text in photos:
        path, _, number = text.partition(":")
        pixels = read_photo(Path(path)).pixels
        place = find_faces(pixels, bench.finder)[int(number or 1) - 1].alignment
        picture = crop(pixels, place, size_px)
        name = Path(path).stem + (f"-{number}" if number else "")
        yield name, prepare_target(picture, finder=bench.finder, model=model), None
    for seed in seeds:
        ws = bench.generator.map(sample_z(seed, z_dim=bench.generator.info.z_dim), psi=1.0)
        picture = synthesize(bench.generator, ws)
        yield f"seed-{seed}", prepare_target(picture, finder=bench.finder, model=model), ws


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--photo", action="append", default=[])
    parser.add_argument("--generated", action="append", type=int, default=[], metavar="SEED")
    parser.add_argument("--model", default="faces-1024")
    parser.add_argument("--space", choices=["w", "w+"], default="w+")
    parser.add_argument("--adam", action="store_true")
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    bench = Bench(
        generator=load_generator(given.model),
        finder=DlibFaces(),
        out=given.out,
        pictures=given.pictures,
    )
    bench.write("-", "machine", threads=torch.get_num_threads(), device=str(bench.generator.device))
    for name, target, ws in targets(bench, given.photo, given.generated):
        bench.keep(f"{name}-target", target.picture)
        if ws is not None:
            bench.drags(name, "known latent", bench.generator, ws, target)
        measure(bench, name, target, space=given.space, adam=given.adam)


if __name__ == "__main__":
    main()

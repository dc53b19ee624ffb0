"""How near inverted pictures are, and how well they can be dragged: one JSON line a result.

    python tools/bench_inversion.py out.jsonl --photo a.jpg --photo b.jpg:2 --generated 1001-1030 \
        --equal-time 60 --pictures folder

A photograph's ``:2`` is its second face. Each target is searched for, looked at, tuned, looked at
again, and dragged: the tip of the nose by 30 px (at 512) to the right, the left and upward. For
generated faces the same drags are done on the known latent as well, untouched. ``--no-drags``
leaves all drags out.

``--adam`` adds the plain projection that is usual: Adam on all rows of W+, squares and identity on
the full picture, at most 1000 steps, stopped when it has taken as much of the processor's time as
search and tuning together. ``--equal-time`` does nothing but that comparison, with so many seconds
for each method.

A run with the same file goes on after the last complete target. At its end, or with ``--table``
alone, a table of all complete targets is printed.
"""

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from PIL import Image
from torch import Tensor

from inversion_lines import COMPLETE, PSNR_GOAL_DB, BenchLines, table_of
from plain_projection import project
from tugan.core.images import to_rgb_array
from tugan.dragging.problem import DragProblem
from tugan.dragging.solve import drag
from tugan.generators.loading import load_generator
from tugan.generators.preview_store import preview_head_of
from tugan.generators.protocol import PretrainedGenerator, Ws, sample_z, synthesize
from tugan.inversion.align import crop, find_faces
from tugan.inversion.invert import InversionStep, invert
from tugan.inversion.quality import quality_of
from tugan.inversion.settings import InversionSettings, Space, TuningSettings
from tugan.inversion.target import InversionTarget, prepare_target, resized
from tugan.inversion.tuning import TuningStep, tune
from tugan.perceptual.dlib_faces import DlibFaces
from tugan.perceptual.identity import IdentityModel
from tugan.render.photo_file import read_photo

DRAG_PX_AT_512 = 30
WAYS_XY = {"right": (1, 0), "left": (-1, 0), "up": (0, -1)}
NOSE = 30
ADAM_RATE = 0.1
"""Of 0.01, 0.03 and 0.1 the best in 60 s on the astronaut."""
SEARCH_SHARE = 0.25
"""Of the time in the comparison at equal time; tuning has the rest."""


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all measurements share."""

    generator: PretrainedGenerator = field(repr=False)
    finder: DlibFaces
    model: IdentityModel = field(repr=False)
    lines: BenchLines
    pictures: Path | None
    with_drags: bool = True

    def look(
        self,
        name: str,
        stage: str,
        picture: Tensor,
        target: InversionTarget,
        *,
        seconds: float,
        **more: object,
    ) -> None:
        """Quality of a stage."""
        found = quality_of(picture, target, finder=self.finder)
        distance = found.identity_distance
        self.lines.write(
            name,
            stage,
            psnr_db=round(found.psnr_db, 2),
            face_psnr_db=round(found.face_psnr_db, 2),
            identity=None if distance is None else round(distance, 3),
            grade=found.grade,
            seconds=round(seconds, 1),
            **more,
        )
        self.keep(f"{name}-{stage}", picture)

    def drags(
        self, name: str, stage: str, generator: PretrainedGenerator, ws: Ws, target: InversionTarget
    ) -> None:
        """The nose, each way; identity is against the target, not against the inversion."""
        if not self.with_drags:
            return None
        face = self.finder.find(to_rgb_array(synthesize(generator, ws)))
        if face is None or target.face is None:
            return self.lines.write(name, f"{stage} drag", lost=True)
        nose = face.landmarks_xy[NOSE]
        scale = generator.info.size_hw[0] / 512
        for way, direction in WAYS_XY.items():
            goal = nose + DRAG_PX_AT_512 * scale * np.array(direction)
            began_s = time.perf_counter()
            picture, outcome = dragged(generator, ws, nose, goal)
            seconds = time.perf_counter() - began_s
            after = self.finder.find(to_rgb_array(picture))
            md = DRAG_PX_AT_512 if after is None else distance(after.landmarks_xy[NOSE], goal)
            self.lines.write(
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


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A target after search and tuning."""

    found: InversionStep = field(repr=False)
    tuned: TuningStep = field(repr=False)
    search_cpu_s: float
    """Of the processor, all threads: what others did on the machine meanwhile does not count."""
    tune_cpu_s: float
    goal_s: float | None
    """When the picture first reached 27 dB, of search and tuning; None if it never did."""

    @property
    def seconds(self) -> float:
        """Search and tuning, by the clock."""
        return self.found.seconds + self.tuned.seconds

    @property
    def cpu_s(self) -> float:
        """Of both, with what they prepare."""
        return self.search_cpu_s + self.tune_cpu_s


def fitted(
    bench: Bench, target: InversionTarget, search: InversionSettings, tuning: TuningSettings
) -> Fitted:
    """Search, then tuning."""
    began_s = time.process_time()
    head = preview_head_of(bench.generator)
    *_, found = invert(target, bench.generator, search, head=head)
    search_cpu_s, began_s = time.process_time() - began_s, time.process_time()
    goal_s, tuned = None, None
    for tuned in tune(target, bench.generator, found.ws, tuning):
        if goal_s is None and tuned.psnr_db >= PSNR_GOAL_DB:
            goal_s = round(found.seconds + tuned.seconds, 1)
    assert tuned is not None
    return Fitted(
        found=found,
        tuned=tuned,
        search_cpu_s=search_cpu_s,
        tune_cpu_s=time.process_time() - began_s,
        goal_s=goal_s,
    )


def measure(bench: Bench, name: str, target: InversionTarget, *, space: Space, adam: bool) -> None:
    """Search, tuning, drags; then the same time of plain Adam."""
    settings = InversionSettings(space=space)
    done = fitted(bench, target, settings, TuningSettings())
    ws, base = done.found.ws, bench.generator
    stage = f"{space} searched"
    bench.look(
        name,
        stage,
        synthesize(base, ws),
        target,
        seconds=done.found.seconds,
        cpu_s=round(done.search_cpu_s, 1),
    )
    bench.drags(name, stage, base, ws, target)
    copy = done.tuned.delta(base).tuned_copy(base)
    bench.look(
        name,
        f"{space} tuned",
        synthesize(copy, ws),
        target,
        seconds=done.seconds,
        cpu_s=round(done.cpu_s, 1),
        goal_s=done.goal_s,
    )
    bench.drags(name, f"{space} tuned", copy, ws, target)
    if adam:
        plainly(bench, name, target, cpu_s=done.cpu_s, rate=ADAM_RATE)


def at_equal_time(
    bench: Bench, name: str, target: InversionTarget, *, space: Space, seconds: float, rate: float
) -> None:
    """Ours, cut to so many seconds, and plain Adam for what that took of the processor."""
    search = InversionSettings(space=space, seconds=SEARCH_SHARE * seconds)
    tuning = TuningSettings(seconds=(1 - SEARCH_SHARE) * seconds)
    done = fitted(bench, target, search, tuning)
    copy = done.tuned.delta(bench.generator).tuned_copy(bench.generator)
    picture = synthesize(copy, done.found.ws)
    steps = f"{done.found.index} + {done.tuned.index}"
    bench.look(
        name,
        "ours",
        picture,
        target,
        seconds=done.seconds,
        cpu_s=round(done.cpu_s, 1),
        steps=steps,
    )
    bench.drags(name, "ours", copy, done.found.ws, target)
    plainly(bench, name, target, cpu_s=done.cpu_s, rate=rate)


def plainly(bench: Bench, name: str, target: InversionTarget, *, cpu_s: float, rate: float) -> None:
    """Plain Adam for so long."""
    began_s = time.perf_counter()
    identity = InversionSettings().identity
    end = project(target, bench.generator, cpu_s=cpu_s, identity=identity, learning_rate=rate)
    seconds = time.perf_counter() - began_s
    stage = f"adam, rate {rate:g}"
    picture = synthesize(bench.generator, end.ws)
    bench.look(
        name,
        stage,
        picture,
        target,
        seconds=seconds,
        cpu_s=round(end.cpu_s, 1),
        steps=end.steps,
    )
    bench.drags(name, stage, bench.generator, end.ws, target)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A picture to be brought into the generator."""

    name: str
    target: InversionTarget = field(repr=False)
    ws: Ws | None = field(default=None, repr=False)
    """Where it came from, if it was generated."""


def subjects(bench: Bench, photos: list[str], seeds: list[int]) -> Iterator[Subject]:
    """Those that are not complete yet."""
    complete = bench.lines.complete()
    for text in photos:
        path, _, number = text.partition(":")
        name = Path(path).stem + (f"-{number}" if number else "")
        if name not in complete:
            pixels = read_photo(Path(path)).pixels
            place = find_faces(pixels, bench.finder)[int(number or 1) - 1].alignment
            picture = crop(pixels, place, bench.generator.info.size_hw[0])
            target = prepare_target(picture, finder=bench.finder, model=bench.model)
            yield Subject(name=name, target=target)
    for seed in seeds:
        if f"seed-{seed}" not in complete:
            ws = bench.generator.map(sample_z(seed, z_dim=bench.generator.info.z_dim), psi=1.0)
            picture = synthesize(bench.generator, ws)
            target = prepare_target(picture, finder=bench.finder, model=bench.model)
            yield Subject(name=f"seed-{seed}", target=target, ws=ws)


def seeds_of(texts: list[str]) -> list[int]:
    """``3`` and ``5-7`` as numbers, the last one included."""
    ends = [[int(end) for end in text.split("-")] for text in texts]
    return [seed for end in ends for seed in range(end[0], end[-1] + 1)]


def run(bench: Bench, given: argparse.Namespace) -> None:
    """All that was asked for, and is not in the file yet."""
    bench.lines.write(
        "-", "machine", threads=torch.get_num_threads(), device=str(bench.generator.device)
    )
    for subject in subjects(bench, given.photo, seeds_of(given.generated)):
        name, target = subject.name, subject.target
        bench.keep(f"{name}-target", target.picture)
        if given.equal_time is not None:
            at_equal_time(
                bench,
                name,
                target,
                space=given.space,
                seconds=given.equal_time,
                rate=given.adam_rate,
            )
        else:
            if subject.ws is not None:
                bench.drags(name, "known latent", bench.generator, subject.ws, target)
            measure(bench, name, target, space=given.space, adam=given.adam)
        bench.lines.write(name, COMPLETE)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--photo", action="append", default=[])
    parser.add_argument("--generated", action="append", default=[], metavar="SEED[-SEED]")
    parser.add_argument("--model", default="faces-1024")
    parser.add_argument("--space", choices=["w", "w+"], default="w+")
    parser.add_argument("--adam", action="store_true")
    parser.add_argument("--adam-rate", type=float, default=ADAM_RATE)
    parser.add_argument("--equal-time", type=float, metavar="SECONDS")
    parser.add_argument("--no-drags", action="store_true")
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    lines = BenchLines(path=given.out)
    if not given.table:
        bench = Bench(
            generator=load_generator(given.model),
            finder=DlibFaces(),
            model=IdentityModel(),
            lines=lines,
            pictures=given.pictures,
            with_drags=not given.no_drags,
        )
        run(bench, given)
    print(table_of(lines.read()))


if __name__ == "__main__":
    main()

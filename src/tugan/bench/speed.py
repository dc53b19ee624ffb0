"""The speed experiment: what a drag costs, in seconds, steps, pictures and memory."""

import statistics
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, final

import numpy as np
import torch

from tugan.bench.bench_error import BenchError
from tugan.bench.equipment import Equipment
from tugan.bench.experiment import Done
from tugan.bench.face_pairs import SOURCE, picture_seed
from tugan.bench.floor_record import measure_floor
from tugan.bench.landmark_metrics import cost_of
from tugan.bench.record import Failure, TrialRecord
from tugan.bench.speed_memory import MemoryNotMeasuredError, measure_memory
from tugan.bench.speed_record import SpeedRecord
from tugan.bench.speed_task import SpeedJob, SpeedTask, speed_jobs
from tugan.bench.start_up import RUNS, measure_start_up
from tugan.bench.texture_match import PointXy
from tugan.bench.texture_picture import random_latent, random_places, random_shift
from tugan.bench.thumbnails import source_name, thumbnail
from tugan.bench.timed_drag import run_timed, warm_up
from tugan.core.geometry import scale_from_512
from tugan.core.images import RgbArray, to_rgb_array
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.generators.protocol import Generator, Ws, synthesize

APART_PX_AT_512 = 16.0
"""Points are at least this far from each other."""
TRIES = 10_000
FLOOR_COUNTS = 2
"""The parts of a step are measured with the first so many of the task's numbers of points."""
PLACES_TAG = 20
"""Parts these random draws from those of other experiments."""


@dataclass(frozen=True, kw_only=True)
class SpeedPicture:
    """A picture, and as many places in it as the most points."""

    index: int
    seed: int
    """``tugan generate --seed`` draws it again."""
    ws: Ws = field(repr=False)
    picture: RgbArray = field(repr=False)
    handles_xy: tuple[PointXy, ...]
    goals_xy: tuple[PointXy, ...]


@final
@dataclass(frozen=True, kw_only=True)
class SpeedExperiment:
    """Random places of a picture, moved by the same small shift."""

    name: ClassVar[str] = "speed"
    record_class: ClassVar[type[TrialRecord]] = SpeedRecord

    task: SpeedTask
    limit_s: float | None = None
    """That a drag may take."""
    start_up_runs: int = RUNS
    """How often programs are started to time it; 0 leaves it out."""

    def jobs(self, methods: tuple[str, ...]) -> Iterable[SpeedJob]:
        """Picture by picture, then by points."""
        return speed_jobs(self.task, methods)

    def prepare(self, tools: Equipment, index: int) -> SpeedPicture:
        """A picture and its points; :class:`BenchError` if it has no room for so many."""
        return draw_speed_picture(tools.generator, self.task, index=index)

    def pictures(self, prepared: SpeedPicture) -> Mapping[str, RgbArray]:
        """The picture before the drags."""
        return {source_name(prepared.index): thumbnail(prepared.picture)}

    def blank(self, job: SpeedJob, prepared: SpeedPicture) -> SpeedRecord:
        """With the points."""
        return SpeedRecord(
            pair=job.pair,
            method=job.method,
            points=job.points,
            picture_seed=prepared.seed,
            handles_xy=prepared.handles_xy[: job.points],
            goals_xy=prepared.goals_xy[: job.points],
        )

    def measure(self, blank: SpeedRecord, prepared: SpeedPicture, tools: Equipment) -> Done:
        """A picture, the drag, two pictures; for the first picture's drags, memory as well, and
        beside the very first one what the parts of a step take, and starting up."""
        problem = _problem(tools.generator, prepared, blank.points)
        solver = tools.method(blank.method).solver
        before = [_picture_s(tools.generator, prepared.ws)]
        drag = run_timed(problem, solver, limit_s=self.limit_s)
        around = before + [_picture_s(tools.generator, prepared.ws) for _ in range(2)]
        update: dict[str, object] = {
            "cost": cost_of(drag),
            "picture_s": round(statistics.median(around), 5),
        }
        if drag.outcome.ending is Ending.NOT_FINITE:
            update["failure"] = Failure.NOT_FINITE
        elif blank.pair == 0:
            try:
                update["memory"] = measure_memory(problem, solver)
            except MemoryNotMeasuredError as error:
                update["memory_note"] = str(error)
        if self._is_first(blank, tools):
            counts = self.task.points[:FLOOR_COUNTS]
            whole = _problem(tools.generator, prepared, max(counts))
            update["floor"] = measure_floor(whole, points=counts)
            if self.start_up_runs:
                update["start_up"] = measure_start_up(runs=self.start_up_runs)
        return Done(record=blank.model_copy(update=update))

    def _is_first(self, blank: SpeedRecord, tools: Equipment) -> bool:
        first = (0, self.task.points[0], tools.methods[0].name)
        return (blank.pair, blank.points, blank.method) == first

    def warm_up(self, method: str, prepared: SpeedPicture, tools: Equipment) -> None:
        """A picture, and a step with each number of points."""
        _picture_s(tools.generator, prepared.ws)
        for points in self.task.points:
            warm_up(_problem(tools.generator, prepared, points), tools.method(method).solver)


def draw_speed_picture(generator: Generator, task: SpeedTask, *, index: int) -> SpeedPicture:
    """The picture of this index; depends on the task's seed, psi, shift and most points alone.

    :class:`BenchError` if there is no room for the points, or if the generator draws classes.
    """
    image_hw = generator.info.size_hw
    seed = picture_seed(task.seed, pair=index, side=SOURCE, candidate=0)
    ws = random_latent(generator, seed=seed, psi=task.psi)
    rng = np.random.default_rng((task.seed, index, PLACES_TAG))
    apart_px = scale_from_512(APART_PX_AT_512, image_hw)
    chosen: list[np.ndarray] = []
    for place in random_places(rng, TRIES, image_hw=image_hw):
        if all(np.linalg.norm(place - other) >= apart_px for other in chosen):
            chosen.append(place)
        if len(chosen) == max(task.points):
            break
    else:
        raise BenchError(
            f"pictures of {generator.info.name} have no room for {max(task.points)} points that are"
            f" {APART_PX_AT_512:g} px at 512 apart"
        )
    length_px = scale_from_512(task.shift_px_at_512, image_hw)
    # of all the places together the centre is so near the middle that any direction will do
    shift = random_shift(rng, np.mean(chosen, axis=0, keepdims=True), length_px, image_hw=image_hw)
    return SpeedPicture(
        index=index,
        seed=seed,
        ws=ws,
        picture=to_rgb_array(synthesize(generator, ws)),
        handles_xy=tuple(_point(place) for place in chosen),
        goals_xy=tuple(_point(place + shift) for place in chosen),
    )


def _point(place: np.ndarray) -> PointXy:
    x, y = place.round(2).tolist()
    return x, y


def _problem(generator: Generator, prepared: SpeedPicture, points: int) -> DragProblem:
    return DragProblem(
        generator=generator,
        ws=prepared.ws,
        handles_xy=torch.tensor(prepared.handles_xy[:points]),
        targets_xy=torch.tensor(prepared.goals_xy[:points]),
    )


def _picture_s(generator: Generator, ws: Ws) -> float:
    """Seconds for a picture."""
    started_s = time.perf_counter()
    picture = synthesize(generator, ws)
    # to read a value is to wait for a device that works on its own
    float(picture[0, 0, 0, 0])
    return time.perf_counter() - started_s

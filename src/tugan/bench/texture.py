"""The texture experiment: are handles followed worse where there is less to see?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.bench.equipment import Equipment
from tugan.bench.experiment import Done
from tugan.bench.landmark_metrics import cost_of
from tugan.bench.record import Failure, TrialRecord
from tugan.bench.texture_crops import (
    FOUND_INK,
    GOAL_INK,
    HANDLE_INK,
    SEEN_INK,
    crop_around,
    crop_name,
)
from tugan.bench.texture_match import PointXy, distance_px_at_512, find_patch
from tugan.bench.texture_picture import (
    TexturedHandle,
    TexturedPicture,
    draw_textured,
    plain_picture,
)
from tugan.bench.texture_record import TextureRecord
from tugan.bench.texture_task import TextureJob, TextureTask, texture_jobs
from tugan.bench.thumbnails import source_name, thumbnail
from tugan.bench.timed_drag import TimedDrag, run_timed, warm_up
from tugan.core.images import RgbArray
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.generators.protocol import Generator


@final
@dataclass(frozen=True, kw_only=True)
class TextureExperiment:
    """Handles of little, middling and much texture, each dragged alone."""

    name: ClassVar[str] = "texture"
    record_class: ClassVar[type[TrialRecord]] = TextureRecord

    task: TextureTask
    limit_s: float | None = None
    """That a drag may take."""

    def jobs(self, methods: tuple[str, ...]) -> Iterable[TextureJob]:
        """Picture by picture, handle by handle."""
        return texture_jobs(self.task, methods)

    def prepare(self, tools: Equipment, index: int) -> TexturedPicture:
        """A picture and its handles; :class:`BenchError` if there are none of a texture."""
        return draw_textured(tools.generator, self.task, index=index)

    def pictures(self, prepared: TexturedPicture) -> Mapping[str, RgbArray]:
        """The picture before the drags."""
        return {source_name(prepared.index): thumbnail(prepared.picture)}

    def blank(self, job: TextureJob, prepared: TexturedPicture) -> TextureRecord:
        """With the handle and its goal."""
        handle = prepared.handle(job.texture, job.place)
        height, width, _ = prepared.picture.shape
        asked = distance_px_at_512(handle.handle_xy, handle.goal_xy, image_hw=(height, width))
        return TextureRecord(
            pair=job.pair,
            method=job.method,
            texture=job.texture,
            place=job.place,
            picture_seed=prepared.seed,
            skipped=prepared.skipped,
            score=round(handle.score, 4),
            handle_xy=handle.handle_xy,
            goal_xy=handle.goal_xy,
            asked_px=round(asked, 3),
        )

    def measure(self, blank: TextureRecord, prepared: TexturedPicture, tools: Equipment) -> Done:
        """Drag, and look where the surroundings of the handle are in the result."""
        handle = prepared.handle(blank.texture, blank.place)
        problem = _problem(tools.generator, prepared, handle)
        drag = run_timed(problem, tools.method(blank.method).solver, limit_s=self.limit_s)
        record = blank.model_copy(update={"cost": cost_of(drag), **_own_account(drag)})
        after = plain_picture(tools.generator, drag.last.ws)
        if drag.outcome.ending is Ending.NOT_FINITE or not bool(torch.isfinite(after).all()):
            return Done(record=record.model_copy(update={"failure": Failure.NOT_FINITE}))
        found = find_patch(
            prepared.plain, after, handle_xy=handle.handle_xy, goal_xy=handle.goal_xy
        )
        update: dict[str, object] = {
            "undecided": found.undecided,
            "correlation": round(found.correlation, 4),
        }
        if found.found_xy is not None:
            x, y = found.found_xy
            hw, tracked = problem.image_hw, _tracked(drag)
            residual = distance_px_at_512(found.found_xy, handle.goal_xy, image_hw=hw)
            drift = distance_px_at_512(found.found_xy, tracked, image_hw=hw)
            update["found_xy"] = (round(x, 2), round(y, 2))
            update["residual_px"], update["drift_px"] = round(residual, 3), round(drift, 3)
        measured = record.model_copy(update=update)
        return Done(record=measured, pictures=_crops(measured, prepared, after, _tracked(drag)))

    def warm_up(self, method: str, prepared: TexturedPicture, tools: Equipment) -> None:
        """A step."""
        problem = _problem(tools.generator, prepared, prepared.handles[0])
        warm_up(problem, tools.method(method).solver)


def _problem(
    generator: Generator, prepared: TexturedPicture, handle: TexturedHandle
) -> DragProblem:
    return DragProblem(
        generator=generator,
        ws=prepared.ws,
        handles_xy=torch.tensor([handle.handle_xy]),
        targets_xy=torch.tensor([handle.goal_xy]),
    )


def _crops(
    record: TextureRecord, prepared: TexturedPicture, after: Float[Tensor, "3 h w"], seen: PointXy
) -> dict[str, RgbArray]:
    """Before and after; the one before is the same for all methods."""
    ends = ((record.handle_xy, HANDLE_INK), (record.goal_xy, GOAL_INK))
    found = () if record.found_xy is None else ((record.found_xy, FOUND_INK),)
    return {
        crop_name(record, "start"): crop_around(prepared.plain, record.handle_xy, ends),
        crop_name(record, record.method): crop_around(
            after, record.handle_xy, (*ends, (seen, SEEN_INK), *found)
        ),
    }


def _tracked(drag: TimedDrag) -> PointXy:
    x, y = drag.last.handles_xy[0].tolist()
    return x, y


def _own_account(drag: TimedDrag) -> dict[str, object]:
    """What the solver says."""
    return {
        "tracked_px": round(drag.history[-1].left_px_at_512, 3),
        "lost": bool(drag.last.lost.any()),
    }

"""One drag of the landmark experiment: done, looked at, measured."""

from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from tugan.bench.face_change import face_change
from tugan.bench.face_mask import face_mask
from tugan.bench.face_pairs import FacePair, landmarks_in_picture, mean_distance_px_at_512
from tugan.bench.landmark_task import LANDMARKS_OF_POINTS, Job, MaskKind
from tugan.bench.methods import Method
from tugan.bench.record import DragCost, Failure, JobRecord, PairNote
from tugan.bench.timed_drag import HistoryEntry, TimedDrag, run_timed
from tugan.core.images import RgbArray, to_rgb_array
from tugan.core.masks import MAY_CHANGE_LEVEL
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.generators.protocol import Generator
from tugan.perceptual.faces import FaceFinder, embedding_distance


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A record, and the picture that it is of."""

    record: JobRecord
    picture: RgbArray | None = field(repr=False)
    """None where there is none: after an error, or NaN."""


def landmark_problem(
    generator: Generator, pair: FacePair, *, points: int, mask: MaskKind
) -> DragProblem:
    """The source's landmarks as handles, the target's as goals.

    A landmark that is at its goal already is no handle; it still counts in MD.
    """
    handles, goals = pair.handles_xy(points), pair.goals_xy(points)
    moved = (handles != goals).any(axis=1)
    held = None
    if mask == "face":
        held = face_mask(
            pair.source.landmarks_xy,
            pair.target.landmarks_xy,
            image_hw=generator.info.size_hw,
        )
    return DragProblem(
        generator=generator,
        ws=pair.source.ws,
        handles_xy=torch.from_numpy(handles[moved]).float(),
        targets_xy=torch.from_numpy(goals[moved]).float(),
        mask=held,
        keep_doubles=True,
    )


def measured(
    blank: JobRecord,
    *,
    generator: Generator,
    faces: FaceFinder,
    pair: FacePair,
    method: Method,
    mask: MaskKind,
    limit_s: float | None = None,
) -> Measured:
    """Drag and measure; raises what the method raises, ``TimeLimitError`` beyond ``limit_s``."""
    problem = landmark_problem(generator, pair, points=blank.points, mask=mask)
    drag = run_timed(problem, method.solver, limit_s=limit_s)
    image = drag.last.image()
    if not bool(torch.isfinite(image).all()):
        unusable = {"failure": Failure.NOT_FINITE, "cost": cost_of(drag)}
        return Measured(record=blank.model_copy(update=unusable), picture=None)
    picture = to_rgb_array(image)
    record = _measure(blank, drag, picture, faces=faces, pair=pair, mask=problem.mask)
    return Measured(record=record, picture=picture)


def change_outside(before: RgbArray, after: RgbArray, mask: Float[Tensor, "h w"]) -> float | None:
    """Mean absolute change, 0 to 255, of the pixels that the mask holds; None if it holds none."""
    held = mask.cpu().numpy() < MAY_CHANGE_LEVEL
    if not held.any():
        return None
    return float(np.abs(after[held].astype(float) - before[held].astype(float)).mean())


def blank_record(job: Job, pair: FacePair) -> JobRecord:
    """What is known before the drag."""
    image_hw = (pair.source.picture.shape[0], pair.source.picture.shape[1])
    handles, goals = pair.handles_xy(job.points), pair.goals_xy(job.points)
    return JobRecord(
        pair=job.pair,
        points=job.points,
        method=job.method,
        pictures=PairNote(
            source_seed=pair.source.seed, target_seed=pair.target.seed, skipped=pair.skipped
        ),
        no_edit_px=mean_distance_px_at_512(handles, goals, image_hw=image_hw),
        goals_xy=_rounded(goals),
    )


def _measure(
    blank: JobRecord,
    drag: TimedDrag,
    picture: RgbArray,
    *,
    faces: FaceFinder,
    pair: FacePair,
    mask: Float[Tensor, "h w"] | None,
) -> JobRecord:
    record = blank.model_copy(
        update={
            "cost": cost_of(drag),
            "failure": Failure.NOT_FINITE if drag.outcome.ending is Ending.NOT_FINITE else None,
            "outside_change": None
            if mask is None
            else change_outside(pair.source.picture, picture, mask),
        }
    )
    face = faces.find(picture)
    if face is None:
        # a drag that was not finite stays that
        return record.model_copy(update={"failure": record.failure or Failure.LOST_FACE})
    image_hw = (picture.shape[0], picture.shape[1])
    landmarks = landmarks_in_picture(face, image_hw=image_hw)
    found = landmarks[list(LANDMARKS_OF_POINTS[blank.points])]
    goals = pair.goals_xy(blank.points)
    change = face_change(
        pair.source.picture,
        picture,
        before_xy=pair.source.face.landmarks_xy,
        after_xy=face.landmarks_xy,
    )
    return record.model_copy(
        update={
            "result_px": mean_distance_px_at_512(found, goals, image_hw=image_hw),
            "embedding_distance": embedding_distance(pair.source.face, face),
            "outside_face_change": change.outside,
            "inside_face_change": change.inside,
            "found_xy": _rounded(found),
        }
    )


def cost_of(drag: TimedDrag) -> DragCost:
    """As records keep it."""
    return DragCost(
        outcome=drag.outcome,
        steps=drag.steps,
        kept_step=drag.last.index,
        seconds=round(drag.seconds, 5),
        first_motion_s=None if drag.first_motion_s is None else round(drag.first_motion_s, 5),
        history=tuple(_rounded_entry(entry) for entry in drag.history),
    )


def _rounded_entry(entry: HistoryEntry) -> HistoryEntry:
    return HistoryEntry(
        step=entry.step,
        seconds=round(entry.seconds, 5),
        left_px_at_512=round(entry.left_px_at_512, 3),
    )


def _rounded(points_xy: Float[np.ndarray, "n 2"]) -> tuple[tuple[float, float], ...]:
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in points_xy)

"""One round trip: a nose tip dragged to another face's, and back to where it was."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from tugan.bench.face_pairs import FacePair, landmarks_in_picture, mean_distance_px_at_512
from tugan.bench.landmark_metrics import cost_of, landmark_problem
from tugan.bench.landmark_task import LANDMARKS_OF_POINTS
from tugan.bench.methods import Method
from tugan.bench.picture_metrics import PictureMetrics
from tugan.bench.record import Failure
from tugan.bench.roundtrip_record import FromStart, RoundTripRecord
from tugan.bench.timed_drag import TimedDrag, run_timed
from tugan.core.images import RgbArray, to_rgb_array
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.generators.protocol import Generator, Ws
from tugan.perceptual.faces import FaceFinder, embedding_distance


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where trips begin, and what their ends are held against."""

    pair: FacePair
    image: Tensor = field(repr=False)
    """``(1, 3, h, w)``, of the source."""
    metrics: PictureMetrics = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Trip:
    """A record, and the pictures that were made on the way."""

    record: RoundTripRecord
    pictures: dict[str, RgbArray] = field(repr=False)
    """``there`` and ``back``, as far as there are any."""


@dataclass(frozen=True, kw_only=True)
class _Seen:
    """A picture looked at; nothing is known of one that is not finite."""

    picture: RgbArray | None = field(repr=False)
    from_start: FromStart | None

    @property
    def lost_face(self) -> bool:
        return self.from_start is not None and self.from_start.nose_px is None


def make_trip(
    blank: RoundTripRecord,
    *,
    generator: Generator,
    faces: FaceFinder,
    start: Start,
    method: Method,
    limit_s: float | None = None,
) -> Trip:
    """Drag there and back, and measure both ends; raises what the method raises,
    ``TimeLimitError`` if both ways take more than ``limit_s`` together."""
    problem = there_problem(generator, start.pair)
    there = run_timed(problem, method.solver, limit_s=limit_s)
    seen_there = _seen(there.last.image(), there.last.ws, start=start, faces=faces)
    left_s = None if limit_s is None else limit_s - there.seconds
    back = _back(problem, there, method=method, limit_s=left_s)
    end = seen_there
    if back is not None:
        end = _seen(back.last.image(), back.last.ws, start=start, faces=faces)
    record = blank.model_copy(
        update={
            "cost": cost_of(there),
            "back_cost": None if back is None else cost_of(back),
            "there": seen_there.from_start,
            "back": end.from_start,
            "failure": _failure(there, back, end),
        }
    )
    made = {"there": seen_there.picture, "back": end.picture}
    return Trip(record=record, pictures={k: one for k, one in made.items() if one is not None})


def there_problem(generator: Generator, pair: FacePair) -> DragProblem:
    """The source's nose tip to the place of the target's."""
    return landmark_problem(generator, pair, points=1, mask="none")


def _back(
    problem: DragProblem, there: TimedDrag, *, method: Method, limit_s: float | None
) -> TimedDrag | None:
    """From where the solver says that the handle is; None if that is where it began."""
    height, width = problem.image_hw
    upper = problem.handles_xy.new_tensor([width - 1, height - 1])
    handles = torch.minimum(there.last.handles_xy.clamp(min=0), upper)
    if torch.equal(handles, problem.handles_xy):
        return None
    back = DragProblem(
        generator=problem.generator,
        ws=there.last.ws,
        handles_xy=handles,
        targets_xy=problem.handles_xy,
    )
    return run_timed(back, method.solver, limit_s=limit_s)


def _failure(there: TimedDrag, back: TimedDrag | None, end: _Seen) -> Failure | None:
    drags = [there] if back is None else [there, back]
    if end.picture is None or any(one.outcome.ending is Ending.NOT_FINITE for one in drags):
        return Failure.NOT_FINITE
    return Failure.LOST_FACE if end.lost_face else None


def _seen(image: Tensor, ws: Ws, *, start: Start, faces: FaceFinder) -> _Seen:
    if not bool(torch.isfinite(image).all()):
        return _Seen(picture=None, from_start=None)
    picture = to_rgb_array(image)
    source = start.pair.source
    face = faces.find(picture)
    nose_px = embedding = None
    if face is not None:
        image_hw = (picture.shape[0], picture.shape[1])
        chosen = list(LANDMARKS_OF_POINTS[1])
        found = landmarks_in_picture(face, image_hw=image_hw)[chosen]
        before: np.ndarray = source.landmarks_xy[chosen]
        nose_px = mean_distance_px_at_512(found, before, image_hw=image_hw)
        embedding = embedding_distance(source.face, face)
    return _Seen(
        picture=picture,
        from_start=FromStart(
            picture=start.metrics.between(image, start.image),
            latent=float((ws - source.ws.to(ws)).norm()),
            embedding=embedding,
            nose_px=nose_px,
        ),
    )

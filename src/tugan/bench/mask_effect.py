"""The same drag with and without a mask (Pan et al. 2023, figure 7): what moved outside of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from tugan.bench.equipment import Equipment
from tugan.bench.experiment import Done
from tugan.bench.face_mask import face_mask
from tugan.bench.face_pairs import FacePair, draw_pair
from tugan.bench.landmark_metrics import (
    blank_record,
    change_outside,
    landmark_problem,
    measured,
)
from tugan.bench.landmark_task import Job, LandmarkTask
from tugan.bench.record import JobRecord, TrialRecord
from tugan.bench.thumbnails import plain_name, source_name, target_name, thumbnail
from tugan.bench.timed_drag import warm_up
from tugan.core.images import RgbArray


@dataclass(frozen=True, kw_only=True)
class MaskJob:
    """One drag."""

    pair: int
    points: int
    method: str
    masked: bool


class MaskRecord(JobRecord):
    """A landmark drag; ``outside_change`` is measured without the mask, too."""

    masked: bool

    @property
    def job(self) -> MaskJob:  # type: ignore[override]  # of this experiment
        """Which one of the run's."""
        return MaskJob(pair=self.pair, points=self.points, method=self.method, masked=self.masked)

    @property
    def said(self) -> tuple[str, str]:
        """Such as ``with the mask`` and ``11.2 to 3.4 px``."""
        return ("with the mask" if self.masked else "without a mask"), super().said[1]


@final
@dataclass(frozen=True, kw_only=True)
class MaskEffect:
    """Landmark drags of one number of points, each with the mask ``face`` and without."""

    name: ClassVar[str] = "mask"
    record_class: ClassVar[type[TrialRecord]] = MaskRecord

    task: LandmarkTask
    limit_s: float | None = None

    def jobs(self, methods: tuple[str, ...]) -> Iterable[MaskJob]:
        """With and without, side by side."""
        for pair in range(self.task.pairs):
            for points in self.task.points:
                for method in methods:
                    for masked in (False, True):
                        yield MaskJob(pair=pair, points=points, method=method, masked=masked)

    def prepare(self, tools: Equipment, index: int) -> FacePair:
        """As in the landmark experiment."""
        return draw_pair(tools.generator, tools.finder(), self.task, index=index)

    def pictures(self, prepared: FacePair) -> Mapping[str, RgbArray]:
        """Both faces."""
        return {
            source_name(prepared.index): thumbnail(prepared.source.picture),
            target_name(prepared.index): thumbnail(prepared.target.picture),
        }

    def blank(self, job: MaskJob, prepared: FacePair) -> MaskRecord:
        """With the distance of no edit."""
        plain = Job(pair=job.pair, points=job.points, method=job.method)
        found = blank_record(plain, prepared).model_dump()
        return MaskRecord.model_validate({**found, "masked": job.masked})

    def measure(self, blank: MaskRecord, prepared: FacePair, tools: Equipment) -> Done:
        """Drag, and look outside the mask either way."""
        found = measured(
            blank,
            generator=tools.generator,
            faces=tools.finder(),
            pair=prepared,
            method=tools.method(blank.method),
            mask="face" if blank.masked else "none",
            limit_s=self.limit_s,
        )
        if found.picture is None:
            return Done(record=found.record)
        mask = face_mask(
            prepared.source.landmarks_xy,
            prepared.target.landmarks_xy,
            image_hw=tools.generator.info.size_hw,
        )
        outside = change_outside(prepared.source.picture, found.picture, mask)
        record = found.record.model_copy(update={"outside_change": outside})
        return Done(record=record, pictures={mask_picture(blank): thumbnail(found.picture)})

    def warm_up(self, method: str, prepared: FacePair, tools: Equipment) -> None:
        """A step."""
        problem = landmark_problem(
            tools.generator, prepared, points=self.task.points[0], mask="face"
        )
        warm_up(problem, tools.method(method).solver)


def mask_picture(record: MaskRecord) -> str:
    """Name of a result."""
    kind = "masked" if record.masked else "free"
    return f"pair-{record.pair:04}-{record.points}-{plain_name(record.method)}-{kind}"

"""The landmark experiment (Pan et al. 2023, section 4.2, table 1) as one that can be run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from tugan.bench.equipment import Equipment
from tugan.bench.experiment import Done
from tugan.bench.face_pairs import FacePair, draw_pair
from tugan.bench.landmark_metrics import blank_record, landmark_problem, measured
from tugan.bench.landmark_task import Job, LandmarkTask, jobs_of
from tugan.bench.record import JobRecord, TrialRecord
from tugan.bench.thumbnails import picture_name, source_name, target_name, thumbnail
from tugan.bench.timed_drag import warm_up
from tugan.core.images import RgbArray


@final
@dataclass(frozen=True, kw_only=True)
class Landmarks:
    """A face's landmarks dragged to another's."""

    name: ClassVar[str] = "landmarks"
    record_class: ClassVar[type[TrialRecord]] = JobRecord

    task: LandmarkTask
    limit_s: float | None = None
    """That a drag may take."""

    def jobs(self, methods: tuple[str, ...]) -> Iterable[Job]:
        """Pair by pair, then by points."""
        return jobs_of(self.task, methods)

    def prepare(self, tools: Equipment, index: int) -> FacePair:
        """Two faces; :class:`BenchError` if the generator draws none."""
        return draw_pair(tools.generator, tools.finder(), self.task, index=index)

    def pictures(self, prepared: FacePair) -> Mapping[str, RgbArray]:
        """Both faces."""
        index = prepared.index
        return {
            source_name(index): thumbnail(prepared.source.picture),
            target_name(index): thumbnail(prepared.target.picture),
        }

    def blank(self, job: Job, prepared: FacePair) -> JobRecord:
        """With the distance of no edit."""
        return blank_record(job, prepared)

    def measure(self, blank: JobRecord, prepared: FacePair, tools: Equipment) -> Done:
        """Drag, and find the landmarks again."""
        found = measured(
            blank,
            generator=tools.generator,
            faces=tools.finder(),
            pair=prepared,
            method=tools.method(blank.method),
            mask=self.task.mask,
            limit_s=self.limit_s,
        )
        if found.picture is None:
            return Done(record=found.record)
        pictures = {picture_name(blank.job): thumbnail(found.picture)}
        return Done(record=found.record, pictures=pictures)

    def warm_up(self, method: str, prepared: FacePair, tools: Equipment) -> None:
        """A step."""
        problem = landmark_problem(
            tools.generator, prepared, points=self.task.points[0], mask=self.task.mask
        )
        warm_up(problem, tools.method(method).solver)

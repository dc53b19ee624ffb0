"""There and back again (FreeDrag's idea: Ling et al., CVPR 2024) as an experiment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from tugan.bench.equipment import Equipment
from tugan.bench.experiment import Done
from tugan.bench.face_pairs import draw_pair, mean_distance_px_at_512
from tugan.bench.pair_job import PairJob, pair_jobs, result_name
from tugan.bench.picture_metrics import PictureMetrics
from tugan.bench.record import PairNote, TrialRecord
from tugan.bench.roundtrip_record import RoundTripRecord
from tugan.bench.roundtrip_task import RoundTripTask
from tugan.bench.roundtrip_trip import Start, make_trip, there_problem
from tugan.bench.thumbnails import source_name, target_name, thumbnail
from tugan.bench.timed_drag import warm_up
from tugan.core.images import RgbArray
from tugan.generators.protocol import synthesize


@final
@dataclass(frozen=True, kw_only=True)
class RoundTrip:
    """A face's nose tip dragged to another's, and back."""

    name: ClassVar[str] = "roundtrip"
    record_class: ClassVar[type[TrialRecord]] = RoundTripRecord

    task: RoundTripTask
    limit_s: float | None = None
    """That both ways may take together."""

    def jobs(self, methods: tuple[str, ...]) -> Iterable[PairJob]:
        """Pair by pair."""
        return pair_jobs(self.task.pairs, methods)

    def prepare(self, tools: Equipment, index: int) -> Start:
        """Two faces; :class:`BenchError` if the generator draws none."""
        pair = draw_pair(tools.generator, tools.finder(), self.task.faces, index=index)
        return Start(
            pair=pair,
            image=synthesize(tools.generator, pair.source.ws),
            metrics=PictureMetrics.installed(),
        )

    def pictures(self, prepared: Start) -> Mapping[str, RgbArray]:
        """Both faces."""
        pair = prepared.pair
        return {
            source_name(pair.index): thumbnail(pair.source.picture),
            target_name(pair.index): thumbnail(pair.target.picture),
        }

    def blank(self, job: PairJob, prepared: Start) -> RoundTripRecord:
        """With the way that is asked."""
        pair = prepared.pair
        image_hw = (pair.source.picture.shape[0], pair.source.picture.shape[1])
        asked_px = mean_distance_px_at_512(pair.handles_xy(1), pair.goals_xy(1), image_hw=image_hw)
        return RoundTripRecord(
            pair=job.pair,
            method=job.method,
            pictures=PairNote(
                source_seed=pair.source.seed, target_seed=pair.target.seed, skipped=pair.skipped
            ),
            asked_px=asked_px,
        )

    def measure(self, blank: RoundTripRecord, prepared: Start, tools: Equipment) -> Done:
        """Drag there and back."""
        trip = make_trip(
            blank,
            generator=tools.generator,
            faces=tools.finder(),
            start=prepared,
            method=tools.method(blank.method),
            limit_s=self.limit_s,
        )
        pictures = {
            result_name(blank.job, of=end): thumbnail(picture)
            for end, picture in trip.pictures.items()
        }
        return Done(record=trip.record, pictures=pictures)

    def warm_up(self, method: str, prepared: Start, tools: Equipment) -> None:
        """A step."""
        warm_up(there_problem(tools.generator, prepared.pair), tools.method(method).solver)

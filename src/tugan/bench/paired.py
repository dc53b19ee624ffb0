"""The paired reconstruction (Pan et al. 2023, section 4.2, table 2) as an experiment."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, ClassVar, final

import torch

from tugan.bench.bench_error import BenchError
from tugan.bench.equipment import Equipment
from tugan.bench.experiment import Done
from tugan.bench.landmark_metrics import cost_of
from tugan.bench.methods import Method
from tugan.bench.pair_job import PairJob, pair_jobs, result_name
from tugan.bench.paired_drawing import NearPair, draw_near_pair
from tugan.bench.paired_record import PairedRecord
from tugan.bench.paired_task import PairedTask
from tugan.bench.record import Failure, PairNote, TrialRecord
from tugan.bench.thumbnails import source_name, target_name, thumbnail
from tugan.bench.timed_drag import run_timed, warm_up
from tugan.core.images import RgbArray, to_rgb_array
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.dragging.solvers.protocol import Solver
from tugan.generators.protocol import Generator


@final
@dataclass(frozen=True, kw_only=True)
class Paired:
    """A picture dragged into another one near it, by what moves between the two."""

    name: ClassVar[str] = "paired"
    record_class: ClassVar[type[TrialRecord]] = PairedRecord

    task: PairedTask
    limit_s: float | None = None
    """That a drag may take."""

    def jobs(self, methods: tuple[str, ...]) -> Iterable[PairJob]:
        """Pair by pair."""
        return pair_jobs(self.task.pairs, methods)

    def prepare(self, tools: Equipment, index: int) -> NearPair:
        """Two pictures and points; :class:`BenchError` if too little moves between them."""
        return draw_near_pair(tools.generator, self.task, index=index)

    def pictures(self, prepared: NearPair) -> Mapping[str, RgbArray]:
        """Both."""
        return {
            source_name(prepared.index): thumbnail(to_rgb_array(prepared.before)),
            target_name(prepared.index): thumbnail(to_rgb_array(prepared.after)),
        }

    def blank(self, job: PairJob, prepared: NearPair) -> PairedRecord:
        """With the errors of no edit."""
        return PairedRecord(
            pair=job.pair,
            method=job.method,
            pictures=PairNote(
                source_seed=prepared.source_seed,
                target_seed=prepared.target_seed,
                skipped=prepared.skipped,
            ),
            points=len(prepared.handles_xy),
            asked_px=round(prepared.mean_px_at_512, 3),
            no_edit=prepared.no_edit,
        )

    def measure(self, blank: PairedRecord, prepared: NearPair, tools: Equipment) -> Done:
        """Drag, and hold the result against the other picture."""
        solver = limited(tools.method(blank.method), max_steps=self.task.max_steps)
        drag = run_timed(_problem(tools.generator, prepared), solver, limit_s=self.limit_s)
        image = drag.last.image()
        known: dict[str, object] = {"cost": cost_of(drag)}
        if not bool(torch.isfinite(image).all()):
            known["failure"] = Failure.NOT_FINITE
            return Done(record=blank.model_copy(update=known))
        if drag.outcome.ending is Ending.NOT_FINITE:
            known["failure"] = Failure.NOT_FINITE
        known["result"] = prepared.metrics.between(image, prepared.after)
        pictures = {result_name(blank.job): thumbnail(to_rgb_array(image))}
        return Done(record=blank.model_copy(update=known), pictures=pictures)

    def warm_up(self, method: str, prepared: NearPair, tools: Equipment) -> None:
        """A step."""
        warm_up(_problem(tools.generator, prepared), tools.method(method).solver)


def limited(method: Method, *, max_steps: int) -> Solver[Any]:
    """The method's solver with this step limit; :class:`BenchError` if it has none to set."""
    solver: Any = method.solver
    if "settings" not in _fields(solver) or "max_steps" not in _fields(solver.settings):
        raise BenchError(
            f"the method {method.name} has no settings.max_steps, which this task sets to"
            f" {max_steps}: give its solver a dataclass `settings` with a field `max_steps`"
        )
    settings = replace(solver.settings, max_steps=max_steps)
    changed: Solver[Any] = replace(solver, settings=settings)
    return changed


def _fields(part: object) -> set[str]:
    """Of a dataclass; none of anything else."""
    return {one.name for one in fields(part)} if is_dataclass(part) else set()


def _problem(generator: Generator, pair: NearPair) -> DragProblem:
    return DragProblem(
        generator=generator,
        ws=pair.ws,
        handles_xy=pair.handles_xy,
        targets_xy=pair.targets_xy,
    )

"""Runs of experiments that do one thing a pair with each method."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from bench.fakes import TOY_SETTINGS
from tugan.bench.conditions import conditions_now
from tugan.bench.equipment import Equipment
from tugan.bench.experiment import Experiment
from tugan.bench.methods import Method
from tugan.bench.record import TrialRecord
from tugan.bench.run_folder import RunFolder, open_run
from tugan.bench.runner import run_experiment
from tugan.dragging.solvers.adam import Adam
from tugan.executors.protocol import Executor

RecordT = TypeVar("RecordT", bound=TrialRecord)

IDLE = Method(
    name="idle",
    solver=Adam(
        settings=replace(
            TOY_SETTINGS, tolerance_few_px_at_512=512.0, tolerance_many_px_at_512=512.0
        )
    ),
)
"""Every goal is near enough: it does nothing."""


def opened(path: Path, experiment: Experiment, parts: Equipment) -> RunFolder:
    conditions = conditions_now(
        experiment.task,
        experiment=experiment.name,
        generator=parts.generator,
        fingerprint="0123",
        faces=parts.faces,
        methods=parts.methods,
    )
    return open_run(path, conditions)


def run(
    path: Path,
    experiment: Experiment,
    parts: Equipment,
    kind: type[RecordT],
    *,
    executor: Executor | None = None,
) -> list[RecordT]:
    """The records, as they are read again, in the order of jobs."""
    folder = opened(path, experiment, parts)
    list(run_experiment(experiment, parts, folder, executor=executor))
    names = [method.name for method in parts.methods]
    found = folder.records(kind)
    return sorted(found, key=lambda one: (one.pair, names.index(one.method)))


def without_times(records: Sequence[RecordT]) -> list[RecordT]:
    timed = {"cost", "back_cost"}
    return [
        one.model_copy(update=dict.fromkeys(timed & set(type(one).model_fields))) for one in records
    ]

"""Any experiment, job by job, on any executor: what is done is kept, the rest is gone on with."""

import traceback
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, final

from tugan.bench.bench_error import BenchError
from tugan.bench.equipment import Equipment
from tugan.bench.experiment import Done, Experiment, Job
from tugan.bench.record import Failure, TrialRecord
from tugan.bench.run_folder import RunFolder
from tugan.bench.timed_drag import TimeLimitError
from tugan.core.images import RgbArray
from tugan.executors.protocol import Executor, Finished, Lost, Pool, Told, Why
from tugan.executors.serial import SerialExecutor
from tugan.render.image_file import write_image

ATTEMPTS = 2
_FAILURES: dict[Why, Failure] = {
    "died": Failure.DIED,
    "time-limit": Failure.TIME_LIMIT,
    "raised": Failure.ERROR,
}


@dataclass(frozen=True, kw_only=True)
class Progress:
    """A drag has been finished and written."""

    done: int
    """Of all drags, those of earlier runs included."""
    total: int
    record: TrialRecord


def run_experiment(
    experiment: Experiment,
    tools: Equipment,
    folder: RunFolder,
    *,
    executor: Executor | None = None,
    limit_s: float | None = None,
) -> Iterator[Progress]:
    """Do what is not in the folder yet; to stop consuming it is to stop, and nothing is lost.

    A job that breaks, or whose process does, is tried once more, and then recorded as failed. A
    process that tells nothing for ``limit_s`` seconds is ended (in the serial executor, drags end
    themselves at their next step). :class:`BenchError` if the generator cannot be used.
    """
    methods = tuple(method.name for method in tools.methods)
    finished = {record.job for record in folder.records(experiment.record_class)}
    jobs = list(experiment.jobs(methods))
    missing = [job for job in jobs if job not in finished]
    if not missing:
        return
    make = MakeRunner(experiment=experiment, tools=tools, limit_s=limit_s)
    with (executor or SerialExecutor()).open(make, limit_s=limit_s) as pool:
        run = _Run(pool, folder, done=len(jobs) - len(missing), total=len(jobs))
        for _, of_pair in groupby(missing, key=lambda job: job.pair):
            run.submit(tuple(of_pair))
        yield from run.results()


# ---- in the worker's process -------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class MakeRunner:
    """Makes the worker of a process."""

    experiment: Experiment
    tools: Equipment
    limit_s: float | None

    def __call__(self) -> "_Runner":
        """Cold."""
        return _Runner(self)


@dataclass(frozen=True, kw_only=True)
class _Unusable:
    """The generator cannot be used for this: no other pair will do either."""

    text: str


@dataclass(frozen=True, kw_only=True)
class _PairPictures:
    """Of the pair itself."""

    pictures: dict[str, RgbArray] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class _Begun:
    """A job is being done; its record, should that be the last that is heard of it."""

    blank: TrialRecord


@final
class _Runner:
    """Does the jobs of one pair after the other."""

    def __init__(self, make: MakeRunner) -> None:
        self._experiment, self._tools = make.experiment, make.tools
        self._warm: set[str] = set()

    def __call__(
        self, jobs: tuple[Any, ...]
    ) -> Iterator[_Unusable | _PairPictures | _Begun | Done]:
        experiment, tools = self._experiment, self._tools
        try:
            prepared = experiment.prepare(tools, jobs[0].pair)
        except BenchError as error:
            yield _Unusable(text=str(error))
            return
        yield _PairPictures(pictures=dict(experiment.pictures(prepared)))
        for job in jobs:
            blank = experiment.blank(job, prepared)
            yield _Begun(blank=blank)
            if job.method not in self._warm:
                self._warm_up(job.method, prepared)
            yield self._measured(blank, prepared)

    def _warm_up(self, method: str, prepared: object) -> None:
        self._warm.add(method)
        try:
            self._experiment.warm_up(method, prepared, self._tools)
        except Exception:  # noqa: BLE001 - it will meet its error again, and record it
            return

    def _measured(self, blank: TrialRecord, prepared: object) -> Done:
        """What goes wrong is part of the record, and never an exception."""
        for attempt in range(blank.attempts, ATTEMPTS + 1):
            tried = blank.model_copy(update={"attempts": attempt})
            try:
                return self._experiment.measure(tried, prepared, self._tools)
            except TimeLimitError as error:
                return Done(record=_failed(tried, Failure.TIME_LIMIT, str(error)))
            except Exception:  # noqa: BLE001 - a method that breaks is a result, the others go on
                broken = Done(record=_failed(tried, Failure.ERROR, traceback.format_exc()))
        return broken


def _failed(blank: TrialRecord, failure: Failure, text: str) -> TrialRecord:
    return blank.model_copy(update={"failure": failure, "traceback": text})


# ---- where it is kept --------------------------------------------------------------------------


@dataclass(kw_only=True)
class _Batch:
    """Jobs of a pair that a worker has, and how far it is."""

    jobs: list[Job]
    """Not done yet."""
    begun: TrialRecord | None = None
    lost: int = 0
    """How often nothing was heard of any of its jobs."""


@final
class _Run:
    """Hears workers out."""

    def __init__(self, pool: Pool, folder: RunFolder, *, done: int, total: int) -> None:
        self._pool, self._folder = pool, folder
        self._done, self._total = done, total
        self._batches: dict[int, _Batch] = {}
        self._tries: dict[Hashable, int] = {}
        self._next = 0

    def submit(self, jobs: Sequence[Job], *, lost: int = 0) -> None:
        """For a worker."""
        batch, self._next = self._next, self._next + 1
        self._batches[batch] = _Batch(jobs=list(jobs), lost=lost)
        self._pool.submit(batch, tuple(jobs))

    def results(self) -> Iterator[Progress]:
        """Until all is done."""
        while self._batches:
            event = self._pool.next()
            batch = self._batches[event.batch]
            match event:
                case Told(value=Done() as done):
                    yield self._kept(batch, done)
                case Told(value=_Begun(blank=blank)):
                    batch.begun = blank
                case Told(value=_PairPictures(pictures=pictures)):
                    self._write(pictures)
                case Told(value=_Unusable(text=text)):
                    raise BenchError(text)
                case Finished():
                    del self._batches[event.batch]
                case Lost():
                    del self._batches[event.batch]
                    yield from self._mourned(batch, event)

    def _kept(self, batch: _Batch, done: Done) -> Progress:
        self._write(done.pictures)
        before = self._tries.get(done.record.job, 0)
        record = done.record.model_copy(update={"attempts": done.record.attempts + before})
        self._folder.append(record)
        batch.jobs.remove(record.job)  # type: ignore[arg-type]  # equal to one of them
        batch.begun = None
        self._done += 1
        return Progress(done=self._done, total=self._total, record=record)

    def _mourned(self, batch: _Batch, event: Lost) -> Iterator[Progress]:
        """The job that was being done is tried again, or given up; the others go on."""
        begun = batch.begun
        if begun is None:
            if batch.lost + 1 >= ATTEMPTS:
                raise BenchError(
                    f"pair {batch.jobs[0].pair} cannot be prepared; what was done so far is kept."
                    f" {event.text}"
                )
            self.submit(batch.jobs, lost=batch.lost + 1)
            return
        tries = self._tries.get(begun.job, 0) + 1
        self._tries[begun.job] = tries
        if tries >= ATTEMPTS:
            failed = _failed(begun, _FAILURES[event.why], event.text)
            self._tries[begun.job] = tries - 1
            yield self._kept(batch, Done(record=failed))
        if batch.jobs:
            self.submit(batch.jobs)

    def _write(self, pictures: Mapping[str, RgbArray]) -> None:
        for name, pixels in pictures.items():
            write_image(self._folder.picture(name), pixels)

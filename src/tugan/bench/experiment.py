"""What an experiment is, so that any of them runs anywhere and is read the same way.

It wraps a task, a value: which pairs (or single pictures) are drawn, from its seed and nothing
else. The runner (:mod:`tugan.bench.runner`) spreads the jobs, keeps the results and goes on where
it was stopped; docs/evaluation.md has a worked example.
"""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeVar

from tugan.bench.equipment import Equipment
from tugan.bench.record import TrialRecord
from tugan.core.images import RgbArray


class Job(Hashable, Protocol):
    """One drag of an experiment; equal jobs are the same one. Picklable."""

    @property
    def pair(self) -> int:
        """Jobs of one pair are done together, after one preparation. From 0."""
        ...

    @property
    def method(self) -> str:
        """The name of what is measured."""
        ...


class Task(Protocol):
    """Which pairs: a frozen dataclass that JSON can hold, and whose checks raise BenchError."""

    @property
    def pairs(self) -> int:
        """How many; a run may be gone on with more."""
        ...

    @property
    def seed(self) -> int:
        """Of everything random."""
        ...


RecordT = TypeVar("RecordT", bound=TrialRecord)


@dataclass(frozen=True, kw_only=True)
class Done:
    """A job's record, and pictures to keep beside it."""

    record: TrialRecord
    pictures: Mapping[str, RgbArray] = field(default_factory=dict, repr=False)
    """By file name without suffix; small (:func:`tugan.bench.thumbnails.thumbnail`)."""


class Experiment(Protocol):
    """How a task is done. Picklable; ``prepared`` is its own and stays in one process."""

    name: ClassVar[str]
    """As on the command line."""
    record_class: ClassVar[type[TrialRecord]]
    """A record's ``job`` equals the job that it is of."""

    @property
    def task(self) -> Task:
        """What is asked."""
        ...

    def jobs(self, methods: tuple[str, ...]) -> Iterable[Job]:
        """All of them, pair by pair; methods side by side."""
        ...

    def prepare(self, tools: Equipment, index: int) -> Any:  # noqa: ANN401 (each has its own)
        """What a pair's jobs share: the same for the same index, whatever else is asked for.

        :class:`BenchError` if the generator cannot be used.
        """
        ...

    def pictures(self, prepared: Any) -> Mapping[str, RgbArray]:  # noqa: ANN401 (its own)
        """Of the pair itself, small."""
        ...

    def blank(self, job: Any, prepared: Any) -> TrialRecord:  # noqa: ANN401 (its own)
        """What is known before a job is done: the record of one that fails, but for ``failure``."""
        ...

    def measure(
        self,
        blank: Any,  # noqa: ANN401 (its own)
        prepared: Any,  # noqa: ANN401 (its own)
        tools: Equipment,
    ) -> Done:
        """Do the job of this blank and measure; whatever it raises is recorded as its failure."""
        ...

    def warm_up(self, method: str, prepared: Any, tools: Equipment) -> None:  # noqa: ANN401 (its own)
        """Once for each method in each process, before it is timed."""
        ...

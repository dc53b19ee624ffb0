"""An experiment, methods and a generator together: what can be run, here or anywhere."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from tugan.bench.conditions import conditions_now
from tugan.bench.equipment import Equipment
from tugan.bench.experiment import Experiment
from tugan.bench.methods import AbsentMethod, Method, methods_here
from tugan.bench.run_folder import RunFolder, open_run
from tugan.bench.runner import Progress, run_experiment
from tugan.executors.protocol import Executor
from tugan.generators.protocol import PretrainedGenerator
from tugan.generators.saving import fingerprint
from tugan.perceptual.faces import FaceFinder


@dataclass(frozen=True, kw_only=True)
class Study:
    """``Study(...).run(folder)`` does what is not done yet."""

    experiment: Experiment
    methods: tuple[str, ...]
    """As on the command line, variations included."""
    generator: PretrainedGenerator = field(repr=False)
    faces: FaceFinder | None = field(default=None, repr=False)
    """For experiments that look for faces."""
    name: str | None = None
    """In the folder; the experiment's own if not given."""

    @property
    def tools(self) -> Equipment:
        """What workers get; :class:`BenchError` if no method can run here."""
        return Equipment(generator=self.generator, faces=self.faces, methods=self._made[0])

    @property
    def absent(self) -> tuple[AbsentMethod, ...]:
        """Methods that cannot run here, and why."""
        return self._made[1]

    def open(self, path: Path) -> RunFolder:
        """A new folder, or that of the same run; :class:`BenchError` lists what differs."""
        tools = self.tools
        conditions = conditions_now(
            self.experiment.task,
            experiment=self.name or self.experiment.name,
            generator=self.generator,
            fingerprint=fingerprint(self.generator),
            faces=self.faces,
            methods=tools.methods,
            absent=self.absent,
        )
        return open_run(path, conditions)

    def run(
        self, folder: RunFolder, *, executor: Executor | None = None, limit_s: float | None = None
    ) -> Iterator[Progress]:
        """As :func:`run_experiment`; to stop consuming it is to stop."""
        return run_experiment(
            self.experiment, self.tools, folder, executor=executor, limit_s=limit_s
        )

    @cached_property
    def _made(self) -> tuple[tuple[Method, ...], tuple[AbsentMethod, ...]]:
        return methods_here(self.methods, self.generator.info)

"""``run.json``: what was asked, of which model and methods, and where it was measured."""

import datetime
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import torch
from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

import tugan
from tugan.bench.bench_error import BenchError
from tugan.bench.experiment import Task
from tugan.bench.methods import AbsentMethod, Method
from tugan.generators.protocol import Generator, PretrainedGenerator
from tugan.perceptual.faces import FaceFinder

FORMAT_VERSION = 1
TaskT = TypeVar("TaskT")


class MethodNote(BaseModel):
    """A method and its settings, in words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    settings: str


class ModelNote(BaseModel):
    """Which generator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    fingerprint: str
    size_hw: tuple[int, int]
    dtype: str = "float32"
    """Of its weights."""


class Versions(BaseModel):
    """Of the programs that figures depend on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tugan: str
    python: str
    torch: str
    faces: str


class Machine(BaseModel):
    """What seconds depend on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    device: str
    processor: str
    cpus: int
    torch_threads: int
    platform: str


class Conditions(BaseModel):
    """All of these but the number of pairs stay the same through a run, however often resumed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format_version: int = Field(default=FORMAT_VERSION, ge=1, le=FORMAT_VERSION)
    experiment: str = "landmarks"
    task: dict[str, JsonValue]
    """The experiment's own; :meth:`task_as` reads it."""
    methods: tuple[MethodNote, ...]
    absent: tuple[MethodNote, ...] = ()
    """Methods that were asked for and could not run here, and why."""
    model: ModelNote
    versions: Versions
    machine: Machine
    started: tuple[str, ...]
    """When the run was started and resumed; UTC."""

    def differences(self, now: "Conditions") -> list[str]:
        """What would not be the same if this run were resumed under other conditions."""
        then, other = self._compared(), now._compared()
        found = [
            f"{name} was {before} and is {other[name]}"
            for name, before in then.items()
            if name in other and other[name] != before
        ]
        before, after = self.pairs, now.pairs
        if after < before:
            found.append(f"task.pairs was {before} and cannot shrink to {after}")
        return found

    @property
    def pairs(self) -> int:
        """How many were asked for."""
        found = self.task["pairs"]
        assert isinstance(found, int)
        return found

    def task_as(self, kind: type[TaskT]) -> TaskT:
        """The task as its class; :class:`BenchError` if it is another's."""
        try:
            return TypeAdapter(kind).validate_python(_tuples(self.task))
        except ValidationError as error:
            raise BenchError(f"the run's task is not of {kind.__name__}: {error}") from error

    def _compared(self) -> dict[str, object]:
        """What has to stay, by name; a method's settings under its own."""
        values = _flat("", self.model_dump(mode="json", exclude={"started", "methods", "absent"}))
        del values["task.pairs"]
        values["methods"] = ", ".join(method.name for method in self.methods)
        return values | {f"method {method.name}": method.settings for method in self.methods}


def conditions_now(
    task: Task,
    *,
    experiment: str = "landmarks",
    generator: Generator,
    fingerprint: str,
    faces: FaceFinder | None,
    methods: tuple[Method, ...],
    absent: tuple[AbsentMethod, ...] = (),
) -> Conditions:
    """The conditions of a run that starts here and now."""
    info = generator.info
    return Conditions(
        experiment=experiment,
        task=TypeAdapter(type(task)).dump_python(task, mode="json"),
        methods=tuple(
            MethodNote(name=method.name, settings=repr(method.solver)) for method in methods
        ),
        absent=tuple(MethodNote(name=one.name, settings=one.reason) for one in absent),
        model=ModelNote(
            name=info.name,
            fingerprint=fingerprint,
            size_hw=info.size_hw,
            dtype=_dtype(generator),
        ),
        versions=Versions(
            tugan=tugan.__version__,
            python=platform.python_version(),
            torch=torch.__version__,
            faces="none" if faces is None else faces.name,
        ),
        machine=_machine(generator.device),
        started=(datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),),
    )


def _dtype(generator: Generator) -> str:
    found = torch.float32
    if isinstance(generator, PretrainedGenerator):
        found = next(
            one.dtype for one in generator.state_dict().values() if one.is_floating_point()
        )
    return str(found).removeprefix("torch.")


def _machine(device: torch.device) -> Machine:
    on_cuda = device.type == "cuda"
    return Machine(
        device=f"{device} ({torch.cuda.get_device_name(device)})" if on_cuda else str(device),
        processor=_processor(),
        cpus=os.cpu_count() or 1,
        torch_threads=torch.get_num_threads(),
        platform=f"{platform.system()} {platform.machine()}",
    )


def _processor() -> str:
    """Its name, where Linux tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def _tuples(task: dict[str, JsonValue]) -> dict[str, object]:
    """JSON's lists as what frozen tasks have."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in task.items()
    }


def _plain(value: JsonValue) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _flat(prefix: str, value: object) -> dict[str, object]:
    """Nested dicts as one, names joined by dots; lists stay values."""
    if not isinstance(value, dict):
        return {prefix: value}
    inner = [_flat(f"{prefix}.{key}" if prefix else key, one) for key, one in value.items()]
    return {key: one for part in inner for key, one in part.items()}


def lines_about(conditions: Conditions) -> Iterator[tuple[str, str]]:
    """Names and values for people."""
    task, machine, versions = conditions.task, conditions.machine, conditions.versions
    height, width = conditions.model.size_hw
    yield "model", f"{conditions.model.name}, {width} x {height} px, {conditions.model.dtype}"
    yield "task", ", ".join(f"{name} {_plain(value)}" for name, value in task.items())
    yield (
        "machine",
        (
            f"{machine.processor}, {machine.cpus} CPUs, {machine.torch_threads} torch threads,"
            f" device {machine.device}, {machine.platform}"
        ),
    )
    yield (
        "versions",
        (
            f"tugan {versions.tugan}, Python {versions.python}, torch {versions.torch},"
            f" faces {versions.faces}"
        ),
    )
    yield "started", ", ".join(conditions.started)
    for method in conditions.methods:
        yield method.name, method.settings
    for method in conditions.absent:
        yield f"{method.name}, left out", method.settings

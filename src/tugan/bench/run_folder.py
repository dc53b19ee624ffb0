"""The folder of a run: opened anew or resumed, results appended line by line."""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, final

from pydantic import ValidationError

from tugan.bench.bench_error import BenchError
from tugan.bench.conditions import Conditions
from tugan.bench.record import TrialRecord
from tugan.core.atomic_write import atomic_path, check_writable
from tugan.core.errors import OutputError

RecordT = TypeVar("RecordT", bound=TrialRecord)
RUN_FILE, RESULTS_FILE, PICTURES = "run.json", "results.jsonl", "pictures"


@final
@dataclass(frozen=True, kw_only=True)
class RunFolder:
    """Where a run keeps everything; made by :func:`open_run`."""

    path: Path

    @property
    def conditions(self) -> Conditions:
        """As written; :class:`BenchError` if they cannot be read."""
        path = self.path / RUN_FILE
        try:
            return Conditions.model_validate_json(path.read_bytes())
        except OSError as error:
            raise BenchError(f"cannot read {path}: {error.strerror or error}") from error
        except ValidationError as error:
            raise BenchError(f"{path} does not describe a run: {_first(error)}") from error

    def records(self, kind: type[RecordT]) -> list[RecordT]:
        """Every finished drag. What a crash left of a last line is no drag."""
        path = self.path / RESULTS_FILE
        try:
            *lines, _ = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise BenchError(f"cannot read {path}: {error.strerror or error}") from error
        return [_record(kind, line, f"{path}, line {n}") for n, line in enumerate(lines, start=1)]

    def append(self, record: TrialRecord) -> None:
        """Add a finished drag; a line is written in one go."""
        path = self.path / RESULTS_FILE
        try:
            with path.open("a", encoding="utf-8") as file:
                file.write(record.model_dump_json() + "\n")
        except OSError as error:
            raise OutputError(f"cannot write {path}: {error.strerror or error}") from error

    def picture(self, name: str) -> Path:
        """Where a thumbnail of this name is kept."""
        return self.path / PICTURES / f"{name}.jpg"


def open_run(path: Path, conditions: Conditions) -> RunFolder:
    """A folder for a new run, or the one that is there, to go on in.

    :class:`BenchError` lists what differs if the folder holds a run under other conditions;
    :class:`OutputError` if it holds something else.
    """
    check_writable(path / RUN_FILE)
    folder = RunFolder(path=path)
    if (path / RUN_FILE).exists():
        before = folder.conditions
        differences = before.differences(conditions)
        if differences:
            raise BenchError(
                f"{path} holds a run under other conditions: {'; '.join(differences)}. Name a new"
                " folder, or repeat the first command there (only --pairs may grow)"
            )
        conditions = conditions.model_copy(
            update={"started": (*before.started, *conditions.started)}
        )
        _drop_torn_line(path / RESULTS_FILE)
    elif path.exists() and any(path.iterdir()):
        raise OutputError(f"{path} holds files that are no run of tugan bench: name a new folder")
    with atomic_path(path / RUN_FILE) as temporary:
        temporary.write_text(conditions.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return folder


def _drop_torn_line(path: Path) -> None:
    """So that the next line does not go on where a crash stopped."""
    if not path.exists():
        return
    whole = path.read_bytes()
    kept = whole[: whole.rfind(b"\n") + 1]
    if kept != whole:
        with atomic_path(path) as temporary:
            temporary.write_bytes(kept)


def _record(kind: type[RecordT], line: bytes, where: str) -> RecordT:
    try:
        return kind.model_validate_json(line)
    except ValidationError as error:
        raise BenchError(f"{where} is no result: {_first(error)}") from error


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{first['msg']} at {place}" if place else first["msg"]

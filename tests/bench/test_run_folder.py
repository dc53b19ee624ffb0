import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench.fakes import FakeFaces, conditions, equipment, opened, record, toy_method
from tugan.bench.bench_error import BenchError
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.record import Failure, JobRecord
from tugan.core.errors import OutputError
from tugan.generators.toy import ToyGenerator

TASK = LandmarkTask(pairs=2, points=(1,))


def test_results_come_back_as_they_were_put_in(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = opened(tmp_path / "run", TASK, equipment(toy))
    records = [
        record(0),
        record(1, result_px=None, failure=Failure.ERROR, embedding_distance=None),
        record(2, no_edit_px=float("nan")),
    ]
    for one in records:
        folder.append(one)
    first, second, third = folder.records(JobRecord)
    assert [first, second] == records[:2]
    assert third.no_edit_px != third.no_edit_px
    lines = (tmp_path / "run/results.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["pair"] for line in lines] == [0, 1, 2]
    assert "NaN," not in lines[2].replace('"NaN"', "")


def test_a_line_that_a_crash_tore_is_dropped(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = opened(tmp_path, TASK, equipment(toy))
    folder.append(record(0))
    folder.append(record(1))
    results = tmp_path / "results.jsonl"
    results.write_bytes(results.read_bytes()[:-30])
    assert [one.pair for one in folder.records(JobRecord)] == [0]
    again = opened(tmp_path, TASK, equipment(toy))
    again.append(record(1))
    assert [one.pair for one in again.records(JobRecord)] == [0, 1]


def test_a_damaged_line_within_is_an_error_that_names_it(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = opened(tmp_path, TASK, equipment(toy))
    folder.append(record(0))
    with (tmp_path / "results.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"pair": 1}\n')
    with pytest.raises(BenchError, match=r"results.jsonl, line 2 is no result: Field required at"):
        folder.records(JobRecord)


def test_every_start_is_noted(tmp_path: Path, toy: ToyGenerator) -> None:
    opened(tmp_path, TASK, equipment(toy))
    folder = opened(tmp_path, TASK, equipment(toy))
    assert len(folder.conditions.started) == 2


def test_more_pairs_may_be_asked_for(tmp_path: Path, toy: ToyGenerator) -> None:
    opened(tmp_path, TASK, equipment(toy))
    folder = opened(tmp_path, replace(TASK, pairs=9), equipment(toy))
    assert folder.conditions.pairs == 9
    with pytest.raises(BenchError, match="was 9 and cannot shrink to 2"):
        opened(tmp_path, TASK, equipment(toy))


def test_other_conditions_are_refused_and_listed(tmp_path: Path, toy: ToyGenerator) -> None:
    opened(tmp_path, TASK, equipment(toy))
    before = (tmp_path / "run.json").read_bytes()
    with pytest.raises(BenchError) as refused:
        opened(tmp_path, replace(TASK, psi=0.5, points=(1, 5)), equipment(toy))
    text = str(refused.value)
    assert "task.psi was 0.7 and is 0.5" in text
    assert "task.points was [1] and is [1, 5]" in text
    assert "Name a new folder" in text
    assert "seed" not in text
    assert (tmp_path / "run.json").read_bytes() == before


def test_settings_and_machine_are_conditions(tmp_path: Path, toy: ToyGenerator) -> None:
    parts = equipment(toy)
    then = conditions(TASK, parts)
    slower = equipment(toy, methods=(toy_method(max_steps=7),))
    (difference,) = then.differences(conditions(TASK, slower))
    assert "max_steps=7" in difference
    other = conditions(TASK, equipment(toy, faces=FakeFaces(name="fake 2.0")))
    assert then.differences(other) == ["versions.faces was fake 1.0 and is fake 2.0"]
    threads = then.machine.model_copy(update={"torch_threads": 99})
    (difference,) = then.differences(then.model_copy(update={"machine": threads}))
    assert difference.startswith("machine.torch_threads was")
    assert then.differences(conditions(TASK, parts)) == []


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, toy: ToyGenerator) -> None:
    (tmp_path / "thesis.tex").write_text("precious", encoding="utf-8")
    with pytest.raises(OutputError, match="no run of tugan bench"):
        opened(tmp_path, TASK, equipment(toy))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_damaged_description_is_an_error(tmp_path: Path, toy: ToyGenerator) -> None:
    (tmp_path / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(BenchError, match=r"run.json does not describe a run"):
        opened(tmp_path, TASK, equipment(toy))


def test_the_job_of_a_record_is_known() -> None:
    one: JobRecord = record(3, "newton", points=5)
    assert (one.job.pair, one.job.points, one.job.method) == (3, 5, "newton")

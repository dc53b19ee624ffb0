from pathlib import Path

import pytest

from bench.fakes import toy_method
from bench.texture_fakes import opened_for, toy_tools
from tugan.bench.runner import run_experiment
from tugan.bench.speed import SpeedExperiment
from tugan.bench.speed_memory import MemoryUse
from tugan.bench.speed_record import SpeedRecord
from tugan.bench.speed_report import speed_report
from tugan.bench.speed_tables import start_up_table
from tugan.bench.speed_task import SpeedTask
from tugan.bench.start_up import StartUpTime, measure_start_up

IMPORT, HELP, PICTURE, END = range(4)
DASH = "–"  # noqa: RUF001


def test_a_run_of_the_speed_experiment_tells_what_starting_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use = MemoryUse(drag_bytes=300 * 2**20, shown_bytes=400 * 2**20)
    monkeypatch.setattr("tugan.bench.speed.measure_memory", lambda problem, solver: use)
    experiment = SpeedExperiment(task=SpeedTask(pairs=1, points=(1, 2)), start_up_runs=1)
    tools = toy_tools((toy_method("adam", max_steps=1),))
    folder = opened_for(tmp_path / "run", experiment, tools)
    list(run_experiment(experiment, tools, folder))
    first, second = folder.records(SpeedRecord)
    assert second.start_up == ()
    found = first.start_up
    assert [one.limit_s for one in found] == [0.1, 0.25, 2.0, None]
    assert [one.note for one in found] == [""] * 4
    times = [one.seconds for one in found]
    assert all(time is not None and time > 0 for time in times)
    # torch alone takes longer to load than the help, and the picture is there before the end
    assert times[HELP] < times[PICTURE] <= times[END]  # type: ignore[operator]
    page = speed_report(folder)
    assert page.tables[page.on_terminal - 1] == start_up_table(found)


def test_a_program_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # the programs that are started find another tugan, which is broken
    broken = tmp_path / "tugan"
    broken.mkdir()
    (broken / "__init__.py").write_text("raise OSError('no such luck')", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    found = measure_start_up(runs=1)
    assert [one.seconds for one in found] == [None] * 4
    assert all("ended with 1: OSError: no such luck" in one.note for one in found)


def test_the_table_shows_limits_and_what_is_missing() -> None:
    measured = StartUpTime(name="a", seconds=0.5, limit_s=0.25)
    unlimited = StartUpTime(name="b", seconds=3.0)
    missing = StartUpTime(name="c", seconds=None, limit_s=2.0, note="it ended with 1: no")
    assert start_up_table((measured, unlimited)).rows == (
        ("a", "0.50", "0.25", "2 x"),
        ("b", "3.00", DASH, DASH),
    )
    table = start_up_table((measured, missing))
    assert table.header[-1] == "not measured because"
    assert table.rows == (
        ("a", "0.50", "0.25", "2 x", ""),
        ("c", DASH, "2.00", DASH, "it ended with 1: no"),
    )


def test_records_of_before_are_still_read() -> None:
    old = SpeedRecord(
        pair=0, method="adam", points=1, picture_seed=1,
        handles_xy=((1.0, 1.0),), goals_xy=((2.0, 2.0),),
    )  # fmt: skip
    kept = old.model_dump(mode="json", exclude={"start_up"})
    assert SpeedRecord.model_validate(kept) == old

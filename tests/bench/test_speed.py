from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.fakes import cost, toy_method
from bench.texture_fakes import BROKEN, PERFECT, opened_for, toy_tools
from tugan.bench.bench_error import BenchError
from tugan.bench.methods import Method
from tugan.bench.record import Failure
from tugan.bench.report import write_page
from tugan.bench.run_folder import RunFolder
from tugan.bench.runner import run_experiment
from tugan.bench.speed import SpeedExperiment, draw_speed_picture
from tugan.bench.speed_memory import MemoryUse
from tugan.bench.speed_record import SpeedRecord
from tugan.bench.speed_report import speed_report
from tugan.bench.speed_tables import (
    memory_table,
    pictures_side_by_side,
    pictures_table,
    ratios_table,
    seconds_table,
)
from tugan.bench.speed_task import SpeedJob, SpeedTask
from tugan.core.outcome import Ending
from tugan.executors.processes import ProcessExecutor

TASK = SpeedTask(pairs=2, points=(1, 3))
# test_start_up.py starts programs
EXPERIMENT = SpeedExperiment(task=TASK, start_up_runs=0)
METHODS = (toy_method("adam", max_steps=4), toy_method("short", max_steps=2))


@pytest.fixture
def whole(tmp_path: Path, memory_is_known: None) -> RunFolder:
    tools = toy_tools(METHODS)
    folder = opened_for(tmp_path / "whole", EXPERIMENT, tools)
    list(run_experiment(EXPERIMENT, tools, folder))
    return folder


@pytest.fixture
def memory_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes of its own take seconds to start; test_speed_memory.py starts one."""
    use = MemoryUse(drag_bytes=300 * 2**20, shown_bytes=400 * 2**20)
    monkeypatch.setattr("tugan.bench.speed.measure_memory", lambda problem, solver: use)


def kept(folder: RunFolder) -> list[SpeedRecord]:
    """In the order of jobs, without what a clock says."""
    order = list(EXPERIMENT.jobs(tuple(one.name for one in folder.conditions.methods)))
    found = sorted(folder.records(SpeedRecord), key=lambda one: order.index(one.job))
    timeless = {"cost": None, "picture_s": None, "memory": None, "floor": None}
    return [one.model_copy(update=timeless) for one in found]


def test_every_drag_is_timed_and_a_picture_beside_it(whole: RunFolder) -> None:
    records = whole.records(SpeedRecord)
    assert [one.job for one in records][:3] == [
        SpeedJob(pair=0, points=1, method="adam"),
        SpeedJob(pair=0, points=1, method="short"),
        SpeedJob(pair=0, points=3, method="adam"),
    ]
    assert len(records) == 8
    for one in records:
        assert one.steps == (4 if one.method == "adam" else 2)
        assert one.picture_s is not None
        assert one.step_s is not None
        assert one.seconds is not None
        assert 0 < one.step_s < one.seconds
        assert (one.memory is not None) is (one.pair == 0)
        assert (one.floor is not None) is (one is records[0])
        assert len(one.handles_xy) == one.points


def test_a_run_that_was_stopped_goes_on_to_the_same_end(tmp_path: Path, whole: RunFolder) -> None:
    tools = toy_tools(METHODS)
    first = opened_for(tmp_path / "run", EXPERIMENT, tools)
    list(islice(run_experiment(EXPERIMENT, tools, first), 3))
    again = opened_for(tmp_path / "run", EXPERIMENT, tools)
    assert len(list(run_experiment(EXPERIMENT, tools, again))) == 5
    assert kept(again) == kept(whole)


def test_processes_do_the_same_drags(tmp_path: Path) -> None:
    experiment = SpeedExperiment(task=replace(TASK, points=(1,)), start_up_runs=0)
    found = []
    for name, executor in (("serial", None), ("processes", ProcessExecutor(workers=1))):
        tools = toy_tools(METHODS[:1])
        folder = opened_for(tmp_path / name, experiment, tools)
        list(run_experiment(experiment, tools, folder, executor=executor))
        found.append(kept(folder))
        # in a process that may have no children of the usual kind, too
        first = folder.records(SpeedRecord)[0]
        assert first.memory is not None, first.memory_note
    assert found[0] == found[1]


def test_points_move_alike_and_few_are_the_first_of_many() -> None:
    generator = toy_tools(METHODS).generator
    task = SpeedTask(points=(2, 12))
    drawn = draw_speed_picture(generator, task, index=3)
    handles, goals = np.array(drawn.handles_xy), np.array(drawn.goals_xy)
    assert handles.shape == (12, 2)
    assert np.linalg.norm(goals - handles, axis=1) == pytest.approx(np.full(12, 5.0), abs=0.02)
    assert np.ptp(goals - handles, axis=0).max() <= 0.011
    apart = np.linalg.norm(handles[:, None] - handles, axis=2) + 100 * np.eye(12)
    assert apart.min() >= 8
    few = EXPERIMENT.blank(SpeedJob(pair=3, points=2, method="adam"), drawn)
    assert few.handles_xy == drawn.handles_xy[:2]
    again = draw_speed_picture(generator, replace(task, pairs=99), index=3)
    assert (again.handles_xy, again.goals_xy) == (drawn.handles_xy, drawn.goals_xy)
    other = draw_speed_picture(generator, task, index=4)
    assert other.handles_xy != drawn.handles_xy


def test_more_points_than_there_is_room_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tugan.bench.speed.APART_PX_AT_512", 200.0)
    with pytest.raises(BenchError, match="no room for 20 points that are 200 px"):
        draw_speed_picture(toy_tools(METHODS).generator, SpeedTask(points=(20,)), index=0)


def test_a_method_that_breaks_is_recorded(tmp_path: Path, memory_is_known: None) -> None:
    tools = toy_tools((PERFECT, BROKEN))
    folder = opened_for(tmp_path / "run", EXPERIMENT, tools)
    list(run_experiment(EXPERIMENT, tools, folder))
    broken = [one for one in folder.records(SpeedRecord) if one.method == "broken"]
    assert {one.failure for one in broken} == {Failure.ERROR}
    assert broken[0].said == ("1 point", "error")
    page = speed_report(folder)
    assert page.details[-1].title == "Failures"
    row = next(row for row in page.tables[0].rows if row[1] == "broken")
    assert set(row[2:]) == {"–"}  # noqa: RUF001


def test_memory_that_is_not_known_says_why(tmp_path: Path) -> None:
    # what cannot be pickled cannot be sent to a process of its own
    experiment = SpeedExperiment(task=SpeedTask(pairs=1, points=(1,)), start_up_runs=0)
    odd = Method(name="odd", solver=type("Local", (type(PERFECT.solver),), {})(share=1.0))
    tools = toy_tools((odd,))
    folder = opened_for(tmp_path / "run", experiment, tools)
    list(run_experiment(experiment, tools, folder))
    (record,) = folder.records(SpeedRecord)
    assert record.failure is None
    assert record.memory is None
    assert "cannot be sent" in record.memory_note
    page = speed_report(folder)
    assert any("cannot be sent" in cell for row in page.details[1].rows for cell in row)


def test_the_report_is_written(whole: RunFolder) -> None:
    page = speed_report(whole)
    write_page(whole, page)
    text = (whole.path / "report.md").read_text(encoding="utf-8")
    (figure,) = page.figures
    assert f"]({figure.file})" in text
    assert (whole.path / figure.file).stat().st_size > 5000
    assert page.tables[0].rows[0] == ("1 point", "adam", *("1 x",) * 5)
    assert page.tables[0].rows[1][4] == "0.5 x"
    # the terminal shows the parts of a step as well: those of 1 point, then those of 3
    parts = page.tables[1 : page.on_terminal]
    assert [row[1] for row in parts[0].rows if row[0] == "newton: solution"] == [
        "1 point",
        "3 points",
    ]
    assert page.details[2].title == "The machine's rates"
    assert page.details[1].rows[0] == ("1 point", "adam", "300", "400", "–")  # noqa: RUF001


def invented(
    pair: int, method: str, *, seconds: float, steps: int, picture_s: float, reached: bool = True
) -> SpeedRecord:
    ending = Ending.REACHED if reached else Ending.NO_PROGRESS
    return SpeedRecord(
        pair=pair,
        method=method,
        points=1,
        picture_seed=1,
        handles_xy=((1.0, 1.0),),
        goals_xy=((2.0, 2.0),),
        picture_s=picture_s,
        cost=cost(seconds=seconds, steps=steps, first_s=seconds / 4, ending=ending),
    )


def test_the_figures_are_ratios_of_medians() -> None:
    records = [
        invented(0, "a", seconds=8, steps=4, picture_s=0.5),
        invented(1, "a", seconds=10, steps=4, picture_s=0.5),
        invented(2, "a", seconds=30, steps=4, picture_s=0.5),
        invented(0, "b", seconds=4, steps=2, picture_s=1.0),
        invented(1, "b", seconds=5, steps=2, picture_s=1.0, reached=False),
        invented(2, "b", seconds=6, steps=2, picture_s=1.0),
        invented(3, "b", seconds=600, steps=2, picture_s=1.0),
    ]
    columns = pictures_side_by_side(records, (1,), ("a", "b"))
    # the picture that only one has finished is left out
    assert [len(found) for found in columns[1].values()] == [3, 3]
    dash = "–"  # noqa: RUF001
    assert ratios_table(columns).rows[1] == (
        "1 point", "b", "0.5 x", "1 x", "0.5 x", "0.5 x", dash,
    )  # fmt: skip
    assert pictures_table(columns).rows == (
        ("1 point", "a", "5.00", "5.00", "20.00"),
        ("1 point", "b", "1.25", "2.50", "5.00"),
    )
    row = seconds_table(columns).rows[1]
    assert row[2:4] == ("3", "67%")
    # those of pictures 0 and 2
    assert row[-2] == "5.00 (2)"
    assert memory_table(columns).rows[0] == ("1 point", "a", dash, dash, dash)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"pairs": 0}, "at least one picture"),
        ({"points": ()}, "none; expected"),
        ({"points": (5, 5)}, "each once"),
        ({"points": (0,)}, "1 to 60"),
        ({"points": (61,)}, "1 to 60"),
        ({"seed": 2**32}, "the seed"),
        ({"psi": 3.0}, "psi"),
        ({"shift_px_at_512": 0.0}, "between 1 and 48"),
        ({"shift_px_at_512": float("nan")}, "between 1 and 48"),
    ],
)
def test_a_task_that_means_nothing_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(BenchError, match=says):
        SpeedTask(**wrong)

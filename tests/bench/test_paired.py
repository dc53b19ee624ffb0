from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image

from bench.fakes import TOY_SETTINGS, equipment, toy_method
from bench.mishaps import Clumsy
from bench.trial_fakes import IDLE, opened, run, without_times
from tugan.bench.bench_error import BenchError
from tugan.bench.equipment import Equipment
from tugan.bench.methods import Method
from tugan.bench.pair_job import PairJob, result_name
from tugan.bench.paired import Paired, limited
from tugan.bench.paired_record import PairedRecord
from tugan.bench.paired_task import PairedTask
from tugan.bench.record import Failure
from tugan.bench.run_folder import RunFolder
from tugan.bench.runner import run_experiment
from tugan.core.outcome import Ending
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.newton import Newton
from tugan.executors.processes import ProcessExecutor
from tugan.generators.toy import ToyGenerator

TASK = PairedTask(pairs=2, points=4, share=0.3, max_steps=2)


def records_of(
    path: Path, toy: ToyGenerator, *methods: Method, task: PairedTask = TASK
) -> list[PairedRecord]:
    parts = equipment(toy, methods=methods)
    return run(path, Paired(task=task), parts, PairedRecord)


def test_every_pair_is_done_with_every_method_and_kept(tmp_path: Path, toy: ToyGenerator) -> None:
    found = records_of(tmp_path, toy, toy_method("adam"), IDLE)
    assert [one.job for one in found] == [
        PairJob(pair=pair, method=name) for pair in (0, 1) for name in ("adam", "idle")
    ]
    assert [one.failure for one in found] == [None] * 4
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == {
        f"pair-000{pair}-{what}.jpg"
        for pair in (0, 1)
        for what in ("source", "target", "adam", "idle")
    }
    with Image.open(tmp_path / "pictures/pair-0000-adam.jpg") as picture:
        assert picture.size == (64, 64)
    folder = RunFolder(path=tmp_path)
    assert folder.conditions.task_as(PairedTask) == TASK
    assert folder.conditions.experiment == "paired"


def test_a_picture_is_reconstructed(tmp_path: Path, toy: ToyGenerator) -> None:
    task = replace(TASK, max_steps=100)
    solver = Newton(settings=replace(Newton().settings, rows=4, blocks_px=(32,)))
    found = records_of(tmp_path, toy, toy_method(), Method(name="newton", solver=solver), task=task)
    for one in found:
        # the toy does nothing but shift; arrived is a little off
        assert one.counted.mse < 0.4 * one.no_edit.mse
        assert one.counted.psnr_db > one.no_edit.psnr_db + 4
        assert one.counted.ssim > one.no_edit.ssim
    assert found[0].said[0] == "4 points"
    assert found[0].said[1].startswith(f"MSE x 100 {100 * found[0].no_edit.mse:.2f} to ")


def test_doing_nothing_is_exactly_no_edit(tmp_path: Path, toy: ToyGenerator) -> None:
    for one in records_of(tmp_path, toy, IDLE):
        assert one.reached
        assert one.cost is not None
        assert one.cost.steps == 0
        assert one.result == one.no_edit == one.counted


def test_the_limit_is_the_tasks(tmp_path: Path, toy: ToyGenerator) -> None:
    found = records_of(
        tmp_path, toy, toy_method("few", max_steps=1), toy_method("many", max_steps=500)
    )
    assert {one.cost.steps for one in found if one.cost is not None} == {2}
    assert all(one.ended(Ending.STEP_LIMIT) for one in found)
    first, second = without_times(found[:2])
    assert first.result == second.result


def test_nothing_else_of_a_method_is_changed() -> None:
    before = Newton(settings=replace(Newton().settings, damping=0.07))
    changed = limited(Method(name="newton", solver=before), max_steps=9)
    assert changed == replace(before, settings=replace(before.settings, max_steps=9))


def test_a_method_without_a_limit_is_a_failure_that_says_why(
    tmp_path: Path, toy: ToyGenerator
) -> None:
    clumsy = Clumsy(inner=toy_method().solver, mark=tmp_path, kind="die", once=True)
    found = records_of(tmp_path / "run", toy, Method(name="clumsy", solver=clumsy), toy_method())
    assert [one.failure for one in found] == [Failure.ERROR, None] * 2
    assert "the method clumsy has no settings.max_steps" in (found[0].traceback or "")


def test_a_method_that_breaks_counts_as_no_edit(tmp_path: Path, toy: ToyGenerator) -> None:
    wrong = Method(name="wrong", solver=Adam(settings=DragSettings(rows=6)))
    found = records_of(tmp_path, toy, wrong, toy_method())
    assert [one.failure for one in found] == [Failure.ERROR, None] * 2
    assert found[0].result is None
    assert found[0].counted == found[0].no_edit
    assert "6 cannot move" in (found[0].traceback or "")


def test_a_drag_that_is_not_finite_counts_as_no_edit(tmp_path: Path) -> None:
    spoiled = ToyGenerator(spoiled_beyond=3.0)
    wild = Method(name="wild", solver=Adam(settings=replace(TOY_SETTINGS, learning_rate=10.0)))
    for one in records_of(tmp_path, spoiled, wild):
        assert one.failure is Failure.NOT_FINITE
        assert one.ended(Ending.NOT_FINITE)
        # the last good picture was measured, and does not count
        assert one.result is not None
        assert one.counted == one.no_edit


def test_a_drag_that_takes_too_long_is_ended(tmp_path: Path, toy: ToyGenerator) -> None:
    parts = equipment(toy)
    experiment = Paired(task=TASK, limit_s=1e-9)
    found = run(tmp_path, experiment, parts, PairedRecord)
    assert [one.failure for one in found] == [Failure.TIME_LIMIT] * 2


def test_where_nothing_moves_the_run_stops_with_a_line(tmp_path: Path, toy: ToyGenerator) -> None:
    with pytest.raises(BenchError, match="fewer than 4 places"):
        records_of(tmp_path, toy, toy_method(), task=replace(TASK, least_px_at_512=300.0))


@pytest.fixture
def parts(toy: ToyGenerator) -> Equipment:
    return equipment(toy, methods=(toy_method(), IDLE))


def test_a_run_that_was_stopped_goes_on_to_the_same_end(tmp_path: Path, parts: Equipment) -> None:
    experiment = Paired(task=TASK)
    whole = run(tmp_path / "whole", experiment, parts, PairedRecord)
    folder = opened(tmp_path / "parts", experiment, parts)
    list(islice(run_experiment(experiment, parts, folder), 1))
    again = run(tmp_path / "parts", experiment, parts, PairedRecord)
    assert len(again) == 4
    assert without_times(again) == without_times(whole)


def test_processes_find_the_same_numbers(tmp_path: Path, parts: Equipment) -> None:
    experiment = Paired(task=TASK)
    serial = run(tmp_path / "serial", experiment, parts, PairedRecord)
    executor = ProcessExecutor(workers=2)
    spread = run(tmp_path / "spread", experiment, parts, PairedRecord, executor=executor)
    assert without_times(spread) == without_times(serial)


def test_names_of_pictures_are_names_of_files() -> None:
    job = PairJob(pair=12, method="newton+blocks_px=64/128")
    assert result_name(job) == "pair-0012-newton+blocks_px=64,128"
    assert result_name(job, of="there") == "pair-0012-newton+blocks_px=64,128-there"

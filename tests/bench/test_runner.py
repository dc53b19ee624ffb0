from collections.abc import Callable
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from PIL import Image

from bench.fakes import FakeFaces, equipment, opened, toy_method
from bench.mishaps import Clumsy
from tugan.bench.bench_error import BenchError
from tugan.bench.landmark_task import Job, LandmarkTask
from tugan.bench.landmarks import Landmarks
from tugan.bench.methods import Method
from tugan.bench.record import Failure, JobRecord
from tugan.bench.runner import run_experiment
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.executors.processes import ProcessExecutor
from tugan.generators.toy import ToyGenerator

TASK = LandmarkTask(pairs=2, points=(1, 5))


def without_times(records: list[JobRecord]) -> list[JobRecord]:
    return [record.model_copy(update={"cost": None}) for record in records]


def test_every_drag_is_done_in_order_and_kept(tmp_path: Path, toy: ToyGenerator) -> None:
    parts = equipment(toy, methods=(toy_method("adam"), toy_method("short", max_steps=1)))
    folder = opened(tmp_path, TASK, parts)
    progress = list(run_experiment(Landmarks(task=TASK), parts, folder))
    assert [one.done for one in progress] == list(range(1, 9))
    assert {one.total for one in progress} == {8}
    assert [one.record for one in progress] == folder.records(JobRecord)
    assert [one.record.job for one in progress][:3] == [
        Job(pair=0, points=1, method="adam"),
        Job(pair=0, points=1, method="short"),
        Job(pair=0, points=5, method="adam"),
    ]
    names = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert len(names) == 8 + 4
    assert {"pair-0001-source.jpg", "pair-0001-target.jpg", "pair-0001-5-short.jpg"} <= names
    with Image.open(tmp_path / "pictures/pair-0000-1-adam.jpg") as opened_picture:
        assert opened_picture.size == (64, 64)


def test_a_run_that_was_stopped_goes_on_to_the_same_end(tmp_path: Path, toy: ToyGenerator) -> None:
    parts = equipment(toy)
    whole = opened(tmp_path / "whole", TASK, parts)
    list(run_experiment(Landmarks(task=TASK), parts, whole))

    first = opened(tmp_path / "parts", TASK, parts)
    list(islice(run_experiment(Landmarks(task=TASK), parts, first), 3))
    results = tmp_path / "parts/results.jsonl"
    results.write_bytes(results.read_bytes()[:-20])
    again = opened(tmp_path / "parts", TASK, parts)
    rest = list(run_experiment(Landmarks(task=TASK), parts, again))
    assert [one.done for one in rest] == [3, 4]
    assert without_times(again.records(JobRecord)) == without_times(whole.records(JobRecord))
    assert list(run_experiment(Landmarks(task=TASK), parts, again)) == []


def test_pairs_can_be_added(tmp_path: Path, toy: ToyGenerator) -> None:
    parts = equipment(toy)
    list(run_experiment(Landmarks(task=TASK), parts, opened(tmp_path, TASK, parts)))
    more = replace(TASK, pairs=3)
    added = list(run_experiment(Landmarks(task=more), parts, opened(tmp_path, more, parts)))
    assert [one.record.pair for one in added] == [2, 2]


def test_one_method_that_breaks_does_not_stop_the_others(tmp_path: Path, toy: ToyGenerator) -> None:
    # the toy has fewer rows than this wants to move
    wrong = Method(name="wrong", solver=Adam(settings=DragSettings(rows=6)))
    parts = equipment(toy, methods=(wrong, toy_method("right")))
    folder = opened(tmp_path, TASK, parts)
    records = [one.record for one in run_experiment(Landmarks(task=TASK), parts, folder)]
    assert [one.failure for one in records] == [Failure.ERROR, None] * 4
    assert [one.attempts for one in records] == [2, 1] * 4
    broken = records[0]
    assert isinstance(broken, JobRecord)
    assert broken.md_px == broken.no_edit_px
    assert broken.cost is None
    assert broken.traceback is not None
    assert "toy has 4 rows of ws; 6 cannot move" in broken.traceback.splitlines()[-1]
    assert "latent_space.py" in broken.traceback
    assert not (tmp_path / "pictures/pair-0000-1-wrong.jpg").exists()


def test_a_face_lost_on_the_way_is_counted(tmp_path: Path, toy: ToyGenerator) -> None:
    # looks 0 and 1 are at the first pair
    parts = equipment(toy, faces=FakeFaces(blind_at={3}))
    folder = opened(tmp_path, TASK, parts)
    records = [one.record for one in run_experiment(Landmarks(task=TASK), parts, folder)]
    assert [one.failure for one in records] == [None, Failure.LOST_FACE, None, None]


@pytest.fixture
def in_processes(tmp_path: Path, toy: ToyGenerator) -> Callable[..., list[JobRecord]]:
    """Run on two processes; the records in the order of jobs."""

    def run(*methods: Method, limit_s: float | None = None) -> list[JobRecord]:
        parts = equipment(toy, methods=methods)
        folder = opened(tmp_path / "processes", TASK, parts)
        experiment = Landmarks(task=TASK)
        executor = ProcessExecutor(workers=2)
        list(run_experiment(experiment, parts, folder, executor=executor, limit_s=limit_s))
        names = [method.name for method in methods]
        return sorted(
            folder.records(JobRecord),
            key=lambda one: (one.pair, one.points, names.index(one.method)),
        )

    return run


def test_processes_find_the_same_numbers(
    tmp_path: Path, toy: ToyGenerator, in_processes: Callable[..., list[JobRecord]]
) -> None:
    methods = (toy_method("adam"), toy_method("short", max_steps=1))
    parts = equipment(toy, methods=methods)
    serial = opened(tmp_path / "serial", TASK, parts)
    list(run_experiment(Landmarks(task=TASK), parts, serial))
    found = in_processes(*methods)
    assert without_times(found) == without_times(serial.records(JobRecord))
    pictures = [
        {path.name: path.read_bytes() for path in (tmp_path / name / "pictures").iterdir()}
        for name in ("serial", "processes")
    ]
    assert pictures[0] == pictures[1]


def test_a_process_that_dies_once_changes_no_number(
    tmp_path: Path, toy: ToyGenerator, in_processes: Callable[..., list[JobRecord]]
) -> None:
    clumsy = Clumsy(inner=toy_method().solver, mark=tmp_path / "died", kind="die", once=True)
    found = in_processes(toy_method("adam"), Method(name="clumsy", solver=clumsy))
    assert [one.failure for one in found] == [None] * 8
    # one job of one pair met with it
    assert sorted(one.attempts for one in found) == [1] * 7 + [2]
    for adam, other in zip(found[::2], found[1::2], strict=True):
        assert adam.result_px == other.result_px


def test_a_method_that_always_kills_its_process_is_recorded_and_the_rest_goes_on(
    tmp_path: Path, in_processes: Callable[..., list[JobRecord]]
) -> None:
    clumsy = Clumsy(inner=toy_method().solver, mark=tmp_path / "died", kind="die", once=False)
    found = in_processes(Method(name="clumsy", solver=clumsy), toy_method("adam"))
    assert [one.failure for one in found] == [Failure.DIED, None] * 4
    assert {one.attempts for one in found[::2]} == {2}
    assert all("exit code 7" in (one.traceback or "") for one in found[::2])
    assert all(one.md_px == one.no_edit_px for one in found[::2])


def test_a_method_that_hangs_is_ended(
    tmp_path: Path, in_processes: Callable[..., list[JobRecord]]
) -> None:
    clumsy = Clumsy(inner=toy_method().solver, mark=tmp_path / "hung", kind="hang", once=True)
    found = in_processes(Method(name="clumsy", solver=clumsy), limit_s=10)
    assert [one.failure for one in found] == [None] * 4
    assert sorted(one.attempts for one in found) == [1, 1, 1, 2]


def test_in_one_process_a_drag_ends_itself(tmp_path: Path, toy: ToyGenerator) -> None:
    parts = equipment(toy)
    folder = opened(tmp_path, TASK, parts)
    experiment = Landmarks(task=TASK, limit_s=1e-9)
    records = [one.record for one in run_experiment(experiment, parts, folder)]
    ended = [one for one in records if one.failure is Failure.TIME_LIMIT]
    assert len(ended) >= 2
    assert {one.attempts for one in ended} == {1}


def test_a_generator_without_faces_stops_the_run(tmp_path: Path, toy: ToyGenerator) -> None:
    parts = equipment(toy, faces=FakeFaces(blind_at=set(range(1000))))
    folder = opened(tmp_path, TASK, parts)
    with pytest.raises(BenchError, match="found no face in 50 pictures"):
        list(run_experiment(Landmarks(task=TASK), parts, folder))

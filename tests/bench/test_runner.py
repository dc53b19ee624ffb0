from dataclasses import replace
from itertools import islice
from pathlib import Path

from PIL import Image

from bench.fakes import FakeFaces, equipment, opened, toy_method
from tugan.bench.landmark_task import Job, LandmarkTask
from tugan.bench.methods import Method
from tugan.bench.record import Failure, JobRecord
from tugan.bench.runner import run_landmarks
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.generators.toy import ToyGenerator

TASK = LandmarkTask(pairs=2, points=(1, 5))


def without_times(records: list[JobRecord]) -> list[JobRecord]:
    return [record.model_copy(update={"cost": None}) for record in records]


def test_every_drag_is_done_in_order_and_kept(tmp_path: Path, toy: ToyGenerator) -> None:
    parts = equipment(toy, methods=(toy_method("adam"), toy_method("short", max_steps=1)))
    folder = opened(tmp_path, TASK, parts)
    progress = list(run_landmarks(TASK, parts, folder))
    assert [one.done for one in progress] == list(range(1, 9))
    assert {one.total for one in progress} == {8}
    assert [one.record for one in progress] == folder.records()
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
    list(run_landmarks(TASK, parts, whole))

    first = opened(tmp_path / "parts", TASK, parts)
    list(islice(run_landmarks(TASK, parts, first), 3))
    results = tmp_path / "parts/results.jsonl"
    results.write_bytes(results.read_bytes()[:-20])
    again = opened(tmp_path / "parts", TASK, parts)
    rest = list(run_landmarks(TASK, parts, again))
    assert [one.done for one in rest] == [3, 4]
    assert without_times(again.records()) == without_times(whole.records())
    assert list(run_landmarks(TASK, parts, again)) == []


def test_pairs_can_be_added(tmp_path: Path, toy: ToyGenerator) -> None:
    parts = equipment(toy)
    list(run_landmarks(TASK, parts, opened(tmp_path, TASK, parts)))
    more = replace(TASK, pairs=3)
    added = list(run_landmarks(more, parts, opened(tmp_path, more, parts)))
    assert [one.record.pair for one in added] == [2, 2]


def test_one_method_that_breaks_does_not_stop_the_others(tmp_path: Path, toy: ToyGenerator) -> None:
    # the toy has fewer rows than this wants to move
    wrong = Method(name="wrong", solver=Adam(settings=DragSettings(rows=6)))
    parts = equipment(toy, methods=(wrong, toy_method("right")))
    folder = opened(tmp_path, TASK, parts)
    records = [one.record for one in run_landmarks(TASK, parts, folder)]
    assert [one.failure for one in records] == [Failure.ERROR, None] * 4
    assert not (tmp_path / "pictures/pair-0000-1-wrong.jpg").exists()


def test_a_face_lost_on_the_way_is_counted(tmp_path: Path, toy: ToyGenerator) -> None:
    # looks 0 and 1 are at the first pair
    parts = equipment(toy, faces=FakeFaces(blind_at={3}))
    folder = opened(tmp_path, TASK, parts)
    records = [one.record for one in run_landmarks(TASK, parts, folder)]
    assert [one.failure for one in records] == [None, Failure.LOST_FACE, None, None]

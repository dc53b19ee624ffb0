"""Hands on the toy, where it is known how far the picture went."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bench.fakes import toy_method
from bench.live_fakes import LIMITED, NEWTON, TASK, ToyFaces, shift_px, toy_equipment
from bench.trial_fakes import opened
from tugan.bench.bench_error import BenchError
from tugan.bench.experiments import paged
from tugan.bench.live import LiveExperiment
from tugan.bench.live_face import can_be_live, draw_live_face
from tugan.bench.live_pull import SIDE_PX
from tugan.bench.live_record import LiveRecord
from tugan.bench.live_report import live_report
from tugan.bench.live_task import HELD, LiveTask, Pace
from tugan.bench.record import Failure
from tugan.bench.report_page import ReportPage
from tugan.bench.run_folder import RunFolder
from tugan.bench.runner import run_experiment
from tugan.bench.tables import Table
from tugan.core.images import to_rgb_array
from tugan.executors.processes import ProcessExecutor
from tugan.generators.protocol import synthesize
from tugan.generators.toy import ToyGenerator

EXPERIMENT = LiveExperiment(task=TASK)
METHODS = (NEWTON, LIMITED)


def records_of(folder: RunFolder) -> list[LiveRecord]:
    """In the order of jobs."""
    names = [one.name for one in folder.conditions.methods]
    return sorted(
        folder.records(LiveRecord),
        key=lambda one: (one.pair, list(Pace).index(one.pace), one.rate, names.index(one.method)),
    )


def run(path: Path, faces: ToyFaces, *, task: LiveTask = TASK) -> RunFolder:
    tools = toy_equipment(faces=faces)
    experiment = LiveExperiment(task=task)
    folder = opened(path, experiment, tools)
    list(run_experiment(experiment, tools, folder))
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """Two methods, and a face that goes where the drag says."""
    tools = toy_equipment(methods=METHODS)
    folder = opened(tmp_path_factory.mktemp("live") / "run", EXPERIMENT, tools)
    list(run_experiment(EXPERIMENT, tools, folder))
    return folder


@pytest.fixture(scope="module")
def page(whole: RunFolder) -> ReportPage:
    return paged(live_report)(whole)


def rows(table: Table) -> dict[tuple[str, ...], dict[str, str]]:
    """By the first three columns."""
    return {row[:3]: dict(zip(table.header, row, strict=True)) for row in table.rows}


def test_a_face_that_goes_where_the_drag_says_is_not_broken(whole: RunFolder) -> None:
    records = records_of(whole)
    assert [(one.pace, one.method) for one in records] == [
        (pace, method.name) for pace in TASK.paces for method in METHODS
    ]
    for one in records:
        assert one.failure is None
        assert one.landmark in HELD
        # every fourth step, and the last
        assert one.looks == math.ceil(one.steps / 4) > 1
        assert (one.faceless, one.off, one.strange, one.broken) == (0, 0, 0, 0)
        assert one.worst_off_px is not None
        assert one.worst_off_px < 1
        assert one.said_rest_px is not None
        assert one.rest_px == pytest.approx(one.said_rest_px, abs=1)
        assert one.embedding_distance is not None
    shown = records[0]
    assert shown.said == (
        f"slow hand at 6 steps a second, {HELD[shown.landmark]}",
        f"0 of {shown.looks} pictures broken, {shown.burnt} previews",
    )


def test_a_hand_at_rest_is_reached_and_one_with_short_steps_lags_behind(whole: RunFolder) -> None:
    quick, short = (
        [one for one in records_of(whole) if one.method == method.name] for method in METHODS
    )
    assert all(one.said_rest_px is not None and one.said_rest_px < 10 for one in quick)
    # once it is there no more steps are taken: the studio would show none either
    assert sum(one.steps for one in quick) < sum(one.steps for one in short)


def test_a_face_that_stays_behind_is_off_and_nobody_said_so(tmp_path: Path) -> None:
    folder = run(tmp_path / "run", ToyFaces(follows=0.0))
    for one in records_of(folder):
        assert one.off > 0
        assert one.off_said == 0
        assert one.faceless == 0
        assert one.worst_off_px is not None
        assert one.worst_off_px > 12.5
        # as far as the hand went, and the drag with it
        assert one.rest_px == pytest.approx(one.worst_off_px, abs=25)


def test_a_face_that_melts_where_it_should_be_is_strange_and_on_a_sheet(tmp_path: Path) -> None:
    folder = run(tmp_path / "run", ToyFaces(melts=True))
    for one in records_of(folder):
        assert (one.strange, one.broken) == (one.looks, 0)
        assert not one.sound
    page = paged(live_report)(folder)
    assert page.figures[0].title == "Broken"
    found = rows(page.tables[0])["slow", "6", "newton"]
    assert found["strange face"] == str(records_of(folder)[0].looks)
    assert found["pulls broken"] == "0"


def test_the_finder_of_these_tests_knows_where_the_toy_is() -> None:
    toy = ToyGenerator()
    ws = torch.zeros(1, 4, 8)
    ws[0, 1, :3] = torch.tensor([2.0, -1.5, 1.0])
    found = shift_px(to_rgb_array(synthesize(toy, ws)))
    np.testing.assert_allclose(found, toy.shift_px(ws)[0].numpy(), atol=0.1)


def test_pictures_without_a_face_are_broken_and_on_a_sheet(tmp_path: Path) -> None:
    # the first look is at the start
    folder = run(tmp_path / "run", ToyFaces(blind_from=2))
    first, second = records_of(folder)
    assert (first.faceless, second.faceless) == (first.looks - 1, second.looks)
    assert first.embedding_distance is first.rest_px is None
    assert second.worst_off_px is None
    page = paged(live_report)(folder)
    assert [one.title for one in page.figures] == ["Broken"]
    found = rows(page.tables[0])["slow", "6", "newton"]
    assert found["pulls broken"] == "1"
    assert found["pictures broken"] == f"{first.looks - 1} of {first.looks}"
    assert found["no face"] == str(first.looks - 1)
    with Image.open(folder.path / "broken-1.jpg") as sheet:
        # two pulls, and no room for a third
        assert 2 * SIDE_PX < sheet.height < 3 * SIDE_PX


def test_the_report_counts_what_the_records_say(whole: RunFolder, page: ReportPage) -> None:
    found = rows(page.tables[0])
    assert list(found) == [
        *((str(pace), "6", method.name) for pace in TASK.paces for method in METHODS),
        *(("all", "all", method.name) for method in METHODS),
    ]
    records = [one for one in records_of(whole) if one.method == "newton"]
    both = found["all", "all", "newton"]
    looks = sum(one.looks for one in records)
    assert both["pulls"] == "2"
    assert both["pictures broken"] == f"0 of {looks}"
    assert both["previews broken"] == f"{sum(one.burnt for one in records)} of {looks}"
    rest = rows(page.tables[1])["slow", "6", "newton"]
    assert rest["landmark to hand"] == f"{records[0].rest_px:.1f}"
    assert rest["same person"] == "100%"
    for file in ("index.html", "report.md", "summary.json", *(one.file for one in page.figures)):
        assert (whole.path / file).is_file()


def test_what_is_kept_are_a_start_and_four_pictures_a_pull(whole: RunFolder) -> None:
    names = {path.stem for path in (whole.path / "pictures").iterdir()}
    assert "pair-0000-source" in names
    assert len(names) == 1 + 4 * 4
    assert "pair-0000-newton-jumping-6-preview" in names


def test_it_is_the_same_in_another_process_and_again(whole: RunFolder, tmp_path: Path) -> None:
    tools = toy_equipment(methods=METHODS)
    folder = opened(tmp_path / "run", EXPERIMENT, tools)
    list(run_experiment(EXPERIMENT, tools, folder, executor=ProcessExecutor(workers=1)))
    assert records_of(folder) == records_of(whole)


def test_a_face_is_the_landmark_experiments_and_its_landmark_is_its_own() -> None:
    tools = toy_equipment()
    faces = [draw_live_face(tools, TASK, index=index) for index in range(3)]
    for face in faces:
        again = to_rgb_array(synthesize(ToyGenerator(), face.drawn.ws))
        np.testing.assert_array_equal(again, face.drawn.picture)
        assert face.handle_xy == tuple(face.drawn.landmarks_xy[face.landmark])
        assert face.head is not None
    assert len({face.landmark for face in faces}) > 1
    # with other faces, or another number of them, nothing changes
    other = draw_live_face(tools, replace(TASK, pairs=9, paces=(Pace.FAST,)), index=2)
    assert (other.landmark, other.handle_xy) == (faces[2].landmark, faces[2].handle_xy)


def test_a_pull_beyond_its_time_is_ended(tmp_path: Path) -> None:
    tools = toy_equipment()
    experiment = LiveExperiment(task=replace(TASK, paces=(Pace.SLOW,)), limit_s=1e-9)
    folder = opened(tmp_path / "run", experiment, tools)
    list(run_experiment(experiment, tools, folder))
    (record,) = records_of(folder)
    assert record.failure is Failure.TIME_LIMIT
    page = live_report(folder)
    assert rows(page.tables[0])["slow", "6", "newton"]["failed"] == "1"
    assert page.details[-1].title == "Failures"


@pytest.mark.parametrize(
    ("name", "live"),
    [
        ("newton", True),
        ("newton+hold=0+refresh_steps=1", True),
        ("newton+tracker=dis", False),
        ("newton+hold=0+tracker=patch", False),
        ("adam", False),
        ("freedrag", False),
    ],
)
def test_newton_alone_can_be_under_a_hand(name: str, live: bool) -> None:
    assert can_be_live(name) is live


def test_another_solver_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    tools = toy_equipment(methods=(toy_method("adam"),))
    folder = opened(tmp_path / "run", EXPERIMENT, tools)
    with pytest.raises(BenchError, match=r"adam cannot follow a hand.*newton\+hold=0"):
        list(run_experiment(EXPERIMENT, tools, folder))
    assert not folder.records(LiveRecord)

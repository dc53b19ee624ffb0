import pytest

from bench.fakes import cost, record
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.record import Failure, JobRecord
from tugan.bench.summarise import comparable, summarise
from tugan.bench.summary import NOTHING
from tugan.core.outcome import Ending

TASK = LandmarkTask(pairs=4, points=(1,))


def test_failures_enter_with_no_edit_and_unreached_as_measured() -> None:
    records = [
        record(0, no_edit_px=10, result_px=2),
        record(1, no_edit_px=20, result_px=8, spent=cost(ending=Ending.STEP_LIMIT)),
        record(
            2, no_edit_px=30, result_px=None, failure=Failure.LOST_FACE, embedding_distance=None
        ),
        record(3, no_edit_px=40, result_px=1, failure=Failure.NOT_FINITE),
    ]
    summary = summarise(records, TASK, ("adam",))
    (row,) = summary.rows
    # 2, 8, 30, 40 of 10, 20, 30, 40
    assert row.md_px.mean == pytest.approx(20)
    assert row.md_px.median == pytest.approx(19)
    assert row.share.of_means == pytest.approx(0.8)
    assert row.share.of_medians == pytest.approx(19 / 25)
    # 2, 20, 30, 40
    assert row.share.strict == pytest.approx(92 / 100)
    assert summary.no_edit[0].md_px.mean == pytest.approx(25)
    assert (row.counts.reached, row.counts.step_limit) == (3, 1)
    assert (row.counts.lost_faces, row.counts.not_finite, row.counts.errors) == (1, 1, 0)
    assert row.identity.embedding_mean == pytest.approx(0.4)
    assert row.identity.same_share == pytest.approx(0.75)
    assert summary.unfinished == 0
    assert summary.skipped_candidates == 0 + 1 + 2 + 3


def test_an_error_has_no_time_and_is_not_the_same_person() -> None:
    records = [
        record(0, spent=cost(seconds=3, steps=6)),
        record(1, spent=cost(seconds=5, steps=8)),
        record(2, result_px=None, failure=Failure.ERROR, embedding_distance=None),
    ]
    (row,) = summarise(records, TASK, ("adam",)).rows
    assert row.pairs == 3
    assert row.counts.errors == 1
    assert row.seconds.mean == pytest.approx(4)
    assert row.steps.mean == pytest.approx(7)
    assert row.identity.same_share == pytest.approx(2 / 3)
    assert row.md_px.mean == pytest.approx(20 / 3)


def test_the_same_person_is_below_the_threshold() -> None:
    records = [record(pair, embedding_distance=d) for pair, d in enumerate((0.59, 0.6, 0.7))]
    (row,) = summarise(records, TASK, ("adam",)).rows
    assert row.identity.same_share == pytest.approx(1 / 3)


def test_speed_is_held_against_the_first_method() -> None:
    records = []
    for pair, (slow, quick) in enumerate([(8, 1), (10, 2), (60, 3)]):
        records.append(record(pair, "adam", spent=cost(seconds=slow, first_s=1.0)))
        records.append(record(pair, "newton", spent=cost(seconds=quick, first_s=0.25)))
    summary = summarise(records, LandmarkTask(pairs=3, points=(1,)), ("adam", "newton"))
    adam, newton = summary.rows
    assert (adam.speed_ratio, adam.first_motion_ratio) == (1, 1)
    assert (newton.speed_ratio, newton.first_motion_ratio) == (5, 4)
    assert newton.seconds.mean == pytest.approx(2)
    assert summary.row(1, "newton") == newton
    assert summary.row(5, "newton") is None


def test_only_pairs_that_every_method_has_finished_are_compared() -> None:
    records = [
        record(0, "adam", no_edit_px=10),
        record(0, "newton", no_edit_px=10),
        record(1, "adam", no_edit_px=90),
    ]
    task = LandmarkTask(pairs=2, points=(1, 5))
    summary = summarise(records, task, ("adam", "newton"))
    assert [row.pairs for row in summary.rows] == [1, 1]
    assert summary.no_edit[0].md_px.mean == 10
    # of 2 pairs, 2 numbers of points, 2 methods
    assert summary.unfinished == 8 - 3
    columns = comparable(records, ("adam", "newton"), points=1)
    assert [[one.pair for one in column] for column in columns.values()] == [[0], [0]]


def test_what_the_mask_held_is_averaged_over_those_that_had_one() -> None:
    records = [record(0, outside_change=2.0), record(1, outside_change=4.0)]
    (row,) = summarise(records, TASK, ("adam",)).rows
    assert row.outside_change == pytest.approx(3)
    (row,) = summarise([record(0)], TASK, ("adam",)).rows
    assert row.outside_change is None


def test_changes_about_the_face_are_averaged_over_results_with_a_face() -> None:
    records = [
        record(0, outside_face_change=2.0, inside_face_change=1.0),
        record(1, outside_face_change=6.0, inside_face_change=2.0),
        record(2, result_px=None, failure=Failure.LOST_FACE, embedding_distance=None),
    ]
    (row,) = summarise(records, TASK, ("adam",)).rows
    assert (row.outside_face_change.mean, row.inside_face_change.mean) == (4, 1.5)
    assert row.outside_face_change.standard_error == pytest.approx(2)


def test_a_record_from_before_they_were_measured_still_loads() -> None:
    old = record(0).model_dump(mode="json")
    del old["outside_face_change"], old["inside_face_change"]
    (row,) = summarise([JobRecord.model_validate(old)], TASK, ("adam",)).rows
    assert row.outside_face_change == row.inside_face_change == NOTHING


def test_nothing_finished_is_an_empty_summary() -> None:
    summary = summarise([], TASK, ("adam",))
    assert (summary.rows, summary.no_edit, summary.unfinished) == ((), (), 4)

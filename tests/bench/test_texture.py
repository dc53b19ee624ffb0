from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from bench.texture_fakes import BROKEN, LIAR, PERFECT, opened_for, toy_tools
from tugan.bench.bench_error import BenchError
from tugan.bench.record import Failure
from tugan.bench.report import write_page
from tugan.bench.run_folder import RunFolder
from tugan.bench.runner import run_experiment
from tugan.bench.texture import TextureExperiment
from tugan.bench.texture_claims import texture_claims
from tugan.bench.texture_record import TextureRecord
from tugan.bench.texture_report import texture_report
from tugan.bench.texture_tables import drift_table, handles_side_by_side, undecided_table
from tugan.bench.texture_task import Texture, TextureJob, TextureTask
from tugan.executors.processes import ProcessExecutor

TASK = TextureTask(pairs=2, handles=1, low_below=0.48, high_from=0.52)
EXPERIMENT = TextureExperiment(task=TASK)
METHODS = (PERFECT, LIAR)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    tools = toy_tools(METHODS)
    folder = opened_for(tmp_path_factory.mktemp("whole") / "run", EXPERIMENT, tools)
    list(run_experiment(EXPERIMENT, tools, folder))
    return folder


def kept(folder: RunFolder) -> list[TextureRecord]:
    """In the order of jobs, without times."""
    order = list(EXPERIMENT.jobs(tuple(one.name for one in folder.conditions.methods)))
    found = sorted(folder.records(TextureRecord), key=lambda one: order.index(one.job))
    return [one.model_copy(update={"cost": None}) for one in found]


def test_a_perfect_drag_leaves_nothing_and_no_drag_leaves_all(whole: RunFolder) -> None:
    records = whole.records(TextureRecord)
    assert [one.job for one in records][:3] == [
        TextureJob(pair=0, texture=Texture.LOW, place=0, method="perfect"),
        TextureJob(pair=0, texture=Texture.LOW, place=0, method="liar"),
        TextureJob(pair=0, texture=Texture.MIDDLE, place=0, method="perfect"),
    ]
    assert len(records) == 2 * 3 * 2
    for one in records:
        assert one.residual_px is not None
        assert one.drift_px is not None
        assert one.reached
        assert one.asked_px == pytest.approx(20, abs=0.05)
        left = 0 if one.method == "perfect" else 20
        assert one.residual_px == pytest.approx(left, abs=1)
        assert one.drift_px == pytest.approx(left, abs=1)
        assert one.silently_wrong is (one.method == "liar")
        assert one.tracked_px == 0
    assert records[1].said == ("low texture", f"20.0 to {records[1].residual_px:.1f} px")


def test_a_run_that_was_stopped_goes_on_to_the_same_end(tmp_path: Path, whole: RunFolder) -> None:
    tools = toy_tools(METHODS)
    first = opened_for(tmp_path / "run", EXPERIMENT, tools)
    list(islice(run_experiment(EXPERIMENT, tools, first), 5))
    again = opened_for(tmp_path / "run", EXPERIMENT, tools)
    assert len(list(run_experiment(EXPERIMENT, tools, again))) == 7
    assert kept(again) == kept(whole)


def test_processes_find_the_same_numbers(tmp_path: Path, whole: RunFolder) -> None:
    tools = toy_tools(METHODS)
    folder = opened_for(tmp_path / "run", EXPERIMENT, tools)
    list(run_experiment(EXPERIMENT, tools, folder, executor=ProcessExecutor(workers=2)))
    assert kept(folder) == kept(whole)


def test_a_method_that_breaks_is_recorded_and_reported(tmp_path: Path) -> None:
    tools = toy_tools((PERFECT, BROKEN))
    folder = opened_for(tmp_path / "run", EXPERIMENT, tools)
    list(run_experiment(EXPERIMENT, tools, folder))
    broken = [one for one in folder.records(TextureRecord) if one.method == "broken"]
    assert {one.failure for one in broken} == {Failure.ERROR}
    assert all("out of luck" in (one.traceback or "") for one in broken)
    assert broken[0].said == ("low texture", "20.0 px, error")
    page = texture_report(folder)
    assert page.details[-1].title == "Failures"
    row = next(row for row in page.tables[0].rows if row[:2] == ("broken", "low"))
    assert row[2:] == ("2", "0%", "0%", "0%", "0", "0", "–", "–", "–")  # noqa: RUF001
    assert {row[-1] for row in undecided_table_rows(folder) if row[0] == "broken"} == {"2"}


def undecided_table_rows(folder: RunFolder) -> tuple[tuple[str, ...], ...]:
    records = folder.records(TextureRecord)
    return undecided_table(handles_side_by_side(records, ("perfect", "broken"))).rows


def test_the_report_counts_by_texture(whole: RunFolder) -> None:
    page = texture_report(whole)
    write_page(whole, page)
    rows = page.tables[0].rows
    assert [row[:2] for row in rows[:3]] == [
        ("perfect", "low"),
        ("perfect", "middle"),
        ("perfect", "high"),
    ]
    assert [row[2:9] for row in rows if row[1] == "low"] == [
        ("2", "100%", "0%", "0%", "2", "0", "0%"),
        ("2", "100%", "0%", "0%", "2", "2", "100%"),
    ]
    text = (whole.path / "report.md").read_text(encoding="utf-8")
    for figure in page.figures:
        assert f"]({figure.file})" in text
        assert (whole.path / figure.file).stat().st_size > 5000
    assert "not finished" not in page.introduction


def test_handles_that_one_method_has_not_done_are_left_out(whole: RunFolder) -> None:
    records = whole.records(TextureRecord)[:-1]
    columns = handles_side_by_side(records, ("perfect", "liar"))
    assert [len(found) for found in columns.values()] == [5, 5]
    assert [one.texture for one in columns["liar"]][:3] == list(Texture)
    assert sum(int(row[2]) for row in drift_table(columns).rows) == 10


def invented(pair: int, texture: Texture, drift_px: float | None) -> TextureRecord:
    return TextureRecord(
        pair=pair,
        method="perfect",
        texture=texture,
        place=0,
        picture_seed=1,
        skipped=0,
        score=0.5,
        handle_xy=(1.0, 1.0),
        goal_xy=(2.0, 2.0),
        asked_px=20.0,
        residual_px=drift_px,
        drift_px=drift_px,
    )


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        ((9.0, 11.0, 10.0, 9.5), (2.0, 3.0, 2.5, 2.0), "holds"),
        ((2.0, 3.0, 2.5, 2.0), (9.0, 11.0, 10.0, 9.5), "does not hold"),
        ((2.0, 9.0, 2.5, 9.0), (9.0, 2.0, 9.0, 2.5), "not decided"),
        ((9.0, None, None, None), (2.0, 3.0, 2.5, 2.0), "not decided"),
        ((None,) * 4, (2.0,) * 4, "not decided"),
    ],
)
def test_the_claim_is_decided_by_drifts(
    tmp_path: Path,
    low: tuple[float | None, ...],
    high: tuple[float | None, ...],
    verdict: str,
) -> None:
    folder = opened_for(tmp_path / "run", EXPERIMENT, toy_tools((PERFECT,)))
    for texture, drifts in ((Texture.LOW, low), (Texture.HIGH, high)):
        for pair, drift in enumerate(drifts):
            folder.append(invented(pair, texture, drift))
    (claim,) = texture_claims(folder)
    assert claim.verdict == verdict


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"pairs": 0}, "at least one picture"),
        ({"handles": 0}, "between 1 and 20 handles"),
        ({"seed": -1}, "the seed"),
        ({"psi": float("nan")}, "psi"),
        ({"distance_px_at_512": 60.0}, "between 1 and 48"),
        ({"low_below": 0.6}, "the first one smaller"),
        ({"high_from": 1.0}, "between 0 and 1"),
    ],
)
def test_a_task_that_means_nothing_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(BenchError, match=says):
        TextureTask(**wrong)

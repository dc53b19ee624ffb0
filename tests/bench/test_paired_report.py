import math
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.fakes import cost, equipment, toy_method
from bench.trial_fakes import IDLE, opened
from tugan.bench.before_after_plot import write_before_after
from tugan.bench.markdown_page import markdown_page
from tugan.bench.paired import Paired
from tugan.bench.paired_record import PairedRecord
from tugan.bench.paired_report import SCATTER, SHEET, paired_report
from tugan.bench.paired_tables import published_pairs_table, reconstruction_table, steps_table
from tugan.bench.paired_task import PairedTask
from tugan.bench.picture_metrics import PictureErrors
from tugan.bench.picture_sheet import SheetCell, SheetRow, difference_picture, picture_sheet
from tugan.bench.record import Failure, PairNote
from tugan.bench.report_page import ReportPage
from tugan.bench.run_folder import RunFolder
from tugan.bench.runner import run_experiment
from tugan.bench.trial_tables import side_by_side, trial_endings_table, trial_failures_table
from tugan.core.outcome import Ending
from tugan.generators.toy import ToyGenerator

TASK = PairedTask(pairs=2, points=4, share=0.3, max_steps=2)


def errors(mse: float, lpips: float | None = None) -> PictureErrors:
    return PictureErrors(mse=mse, psnr_db=10 * math.log10(4 / mse), ssim=1 - mse, lpips=lpips)


def record(
    pair: int,
    method: str,
    *,
    before: float = 0.04,
    after: float | None = 0.01,
    failure: Failure | None = None,
    seconds: float = 2.0,
    lpips: float | None = None,
    ending: Ending = Ending.REACHED,
) -> PairedRecord:
    return PairedRecord(
        pair=pair,
        method=method,
        pictures=PairNote(source_seed=1, target_seed=2, skipped=0),
        points=32,
        asked_px=3.0,
        no_edit=errors(before, lpips),
        result=None if after is None else errors(after, lpips),
        failure=failure,
        cost=None if failure is Failure.ERROR else cost(seconds=seconds, ending=ending),
        traceback="Traceback\nRuntimeError: broken" if failure is Failure.ERROR else None,
    )


def run_of_toy(path: Path, toy: ToyGenerator, *, drags: int | None = None) -> RunFolder:
    experiment, parts = Paired(task=TASK), equipment(toy, methods=(toy_method(), IDLE))
    folder = opened(path, experiment, parts)
    list(islice(run_experiment(experiment, parts, folder), drags))
    return folder


def test_a_report_has_the_papers_table_and_its_figures(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = run_of_toy(tmp_path, toy)
    page = paired_report(folder)
    assert [figure.file for figure in page.figures] == [SCATTER.file, SHEET.file]
    for figure in page.figures:
        with Image.open(tmp_path / figure.file) as picture:
            assert np.asarray(picture.convert("L")).std() > 5
    assert [row[0] for row in page.tables[0].rows] == ["no edit", "adam", "idle"]
    # who does nothing has the values of no edit
    assert page.tables[0].rows[2][1:4] == page.tables[0].rows[0][1:4]
    assert page.tables[0].rows[2][4] == "1.000 ± 0.000"
    text = markdown_page(page)
    assert "in at most 2 steps" in text
    assert "moved by 30% of the way" in text
    assert "DIS optical flow" in text
    assert "not finished" not in text
    assert "LPIPS is left out" in text


def test_the_sheet_has_a_row_a_pair_and_shows_what_is_left(
    tmp_path: Path, toy: ToyGenerator
) -> None:
    paired_report(run_of_toy(tmp_path, toy))
    with Image.open(tmp_path / SHEET.file) as picture:
        width, height = picture.size
    # start, goal and difference, and two of each of two methods
    assert 7 * 128 < width < 8 * 128
    assert 2 * 128 < height < 3 * 128


def test_a_run_that_was_stopped_says_what_is_missing(tmp_path: Path, toy: ToyGenerator) -> None:
    page = paired_report(run_of_toy(tmp_path, toy, drags=3))
    assert "not finished: 1 drag is still to do" in page.introduction
    assert page.details[0].rows[0][:2] == ("adam", "1")


def test_a_run_without_a_result_has_a_report_too(tmp_path: Path, toy: ToyGenerator) -> None:
    page = paired_report(run_of_toy(tmp_path, toy, drags=0))
    assert page.figures == ()
    assert isinstance(page, ReportPage)
    assert markdown_page(page).count("| no edit | – |") == 1  # noqa: RUF001


def test_figures_are_means_of_what_counts() -> None:
    columns = {
        "adam": [
            record(0, "adam", before=0.04, after=0.01, seconds=4),
            record(1, "adam", before=0.02, after=0.02, seconds=8),
        ],
        "wrong": [
            record(0, "wrong", before=0.04, after=0.03),
            record(1, "wrong", before=0.02, after=None, failure=Failure.ERROR),
        ],
    }
    table = reconstruction_table(columns)
    assert table.header == ("method", "MSE x 100", "PSNR, dB", "SSIM", "share", "seconds")
    no_edit, adam, wrong = table.rows
    # 20 and 23.0103 dB
    assert no_edit == ("no edit", "3.00", "21.51", "0.970", "1", "")
    assert adam[:4] == ("adam", "1.50", "24.52", "0.985")
    # residuals of the ratio 0.5: -0.01 and 0.01
    assert adam[4:] == ("0.500 ± 0.333", "6.00")
    # the failure counts as no edit: 3 and 2 of 4 and 2
    assert wrong[1] == "2.50"
    assert wrong[4].startswith("0.833")
    assert [row[-1] for row in steps_table(columns).rows] == ["1", "1"]


def test_lpips_is_shown_where_every_picture_has_it() -> None:
    every = {"adam": [record(0, "adam", lpips=0.08), record(1, "adam", lpips=0.06)]}
    table = reconstruction_table(every)
    assert table.header[2] == "LPIPS x 10"
    assert table.rows[1][2] == "0.70"
    assert "LPIPS is left out" not in table.note
    some = {"adam": [record(0, "adam", lpips=0.08), record(1, "adam")]}
    assert "LPIPS x 10" not in reconstruction_table(some).header


def test_the_papers_numbers_are_the_papers() -> None:
    lt, draggan = published_pairs_table().rows
    assert lt[1:] == ("1.82", "1.14", "1.25", "0.87", "1.23", "0.92", "1.98", "0.85")
    assert draggan[1:] == ("0.66", "0.72", "1.04", "0.82", "0.48", "0.44", "1.67", "0.74")
    assert len(published_pairs_table().header) == 9


def test_only_pairs_that_every_method_has_finished_are_compared() -> None:
    records = [record(2, "b"), record(0, "a"), record(1, "a"), record(1, "b"), record(2, "a")]
    columns = side_by_side(records, ("a", "b"))
    assert {name: [one.pair for one in found] for name, found in columns.items()} == {
        "a": [1, 2],
        "b": [1, 2],
    }


def test_endings_and_failures_are_counted() -> None:
    records = [
        record(0, "a"),
        record(1, "a", ending=Ending.STEP_LIMIT),
        record(2, "a", ending=Ending.NO_PROGRESS),
        record(3, "a", ending=Ending.LOST_POINT),
        record(4, "a", failure=Failure.ERROR),
        record(5, "a", ending=Ending.NOT_FINITE, failure=Failure.NOT_FINITE),
    ]
    (row,) = trial_endings_table({"a": records}, note="").rows
    assert row == ("a", "1", "1", "1", "1", "1", "1", "0")
    table = trial_failures_table(records)
    assert table.rows == (
        ("4", "a", "error: RuntimeError: broken"),
        ("5", "a", "not finite"),
    )


def test_a_failure_is_listed_in_the_report(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = run_of_toy(tmp_path, toy, drags=3)
    folder.append(record(1, "idle", failure=Failure.ERROR, after=None))
    page = paired_report(folder)
    assert page.details[-1].title == "Failures"
    assert page.details[-1].rows == (("1", "idle", "error: RuntimeError: broken"),)


def test_differences_are_enlarged_and_cut_off() -> None:
    one, other = np.full((4, 4, 3), 100, np.uint8), np.full((4, 4, 3), 90, np.uint8)
    found = difference_picture(one, other)
    assert found is not None
    assert set(found.flatten().tolist()) == {30}
    dark = difference_picture(one, np.zeros_like(one))
    assert dark is not None
    assert int(dark.min()) == 255
    assert difference_picture(one, None) is None


def test_a_row_needs_a_cell_for_each_heading() -> None:
    row = SheetRow(label="0", cells=(SheetCell(picture=None),))
    assert picture_sheet(("one",), [row]).shape[2] == 3
    with pytest.raises(ValueError, match="zip"):
        picture_sheet(("one", "two"), [row])


def test_dots_of_nothing_can_be_drawn(tmp_path: Path) -> None:
    path = tmp_path / "dots.png"
    write_before_after(path, {"adam": [(0.0, 0.0)]}, x_label="x", y_label="y")
    with Image.open(path) as picture:
        assert picture.size[0] == 736

import math
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from bench.fakes import cost, equipment, toy_method
from bench.trial_fakes import IDLE, opened
from tugan.bench.markdown_page import markdown_page
from tugan.bench.picture_metrics import PictureErrors
from tugan.bench.record import Failure, PairNote
from tugan.bench.roundtrip import RoundTrip
from tugan.bench.roundtrip_record import FromStart, RoundTripRecord
from tugan.bench.roundtrip_report import SCATTER, SHEET, roundtrip_report
from tugan.bench.roundtrip_tables import both_ways_table, distance_table
from tugan.bench.roundtrip_task import RoundTripTask
from tugan.bench.run_folder import RunFolder
from tugan.bench.runner import run_experiment
from tugan.core.outcome import Ending
from tugan.generators.toy import ToyGenerator

TASK = RoundTripTask(pairs=2)


def end(mse: float, *, nose_px: float | None = 5.0) -> FromStart:
    return FromStart(
        picture=PictureErrors(
            mse=mse, psnr_db=10 * math.log10(4 / mse) if mse else math.inf, ssim=1 - mse
        ),
        latent=10 * mse,
        embedding=None if nose_px is None else 0.25,
        nose_px=nose_px,
    )


def trip(
    pair: int,
    *,
    there: FromStart | None,
    back: FromStart | None,
    failure: Failure | None = None,
    ending: Ending = Ending.REACHED,
) -> RoundTripRecord:
    return RoundTripRecord(
        pair=pair,
        method="adam",
        pictures=PairNote(source_seed=1, target_seed=2, skipped=0),
        asked_px=20.0 + pair,
        there=there,
        back=back,
        failure=failure,
        cost=None if there is None else cost(steps=3, seconds=1),
        back_cost=None if there is None else cost(steps=5, seconds=2, ending=ending),
    )


def run_of_toy(path: Path, toy: ToyGenerator, *, drags: int | None = None) -> RunFolder:
    experiment, parts = RoundTrip(task=TASK), equipment(toy, methods=(toy_method(), IDLE))
    folder = opened(path, experiment, parts)
    list(islice(run_experiment(experiment, parts, folder), drags))
    return folder


def test_a_report_has_its_tables_and_figures(tmp_path: Path, toy: ToyGenerator) -> None:
    page = roundtrip_report(run_of_toy(tmp_path, toy))
    assert [figure.file for figure in page.figures] == [SCATTER.file, SHEET.file]
    for figure in page.figures:
        with Image.open(tmp_path / figure.file) as picture:
            assert np.asarray(picture.convert("L")).std() > 5
    with Image.open(tmp_path / SHEET.file) as picture:
        # two faces, and three of each of two methods
        assert 8 * 128 < picture.size[0] < 9 * 128
    assert [row[:2] for row in page.tables[0].rows] == [
        ("no edit", ""),
        ("adam", "there only"),
        ("adam", "there and back"),
        ("idle", "there only"),
        ("idle", "there and back"),
    ]
    # who stays where it was has the values of no edit, and nothing to come back from
    assert page.tables[0].rows[4][2:8] == page.tables[0].rows[0][2:8]
    assert page.tables[0].rows[4][8] == "–"  # noqa: RUF001
    text = markdown_page(page)
    assert "excludes commercial use" in text
    assert "not finished" not in text


def test_figures_are_means_of_whole_trips() -> None:
    lost = Failure.LOST_FACE
    records = [
        trip(0, there=end(0.04, nose_px=10), back=end(0.01, nose_px=1)),
        trip(1, there=end(0.02, nose_px=20), back=end(0.02), ending=Ending.NO_PROGRESS),
        trip(2, there=end(0.06, nose_px=30), back=end(0.03, nose_px=None), failure=lost),
        trip(3, there=None, back=None, failure=Failure.ERROR),
    ]
    _, there, back = distance_table({"adam": records}).rows
    assert there[2] == "4.00"
    assert there[4:] == ("0.960", "0.250", "20.00", "0.40", "")
    assert (back[2], back[6], back[8]) == ("2.00", "3.00", "0.500")
    (row,) = both_ways_table({"adam": records}).rows
    # reached are the first and the third: 1 and 3 of 4 and 6
    assert row == ("adam", "4", "21.5", "20.0", "2", "8.0", "3.00", "0.400")


def test_a_run_that_was_stopped_says_what_is_missing(tmp_path: Path, toy: ToyGenerator) -> None:
    page = roundtrip_report(run_of_toy(tmp_path, toy, drags=1))
    assert "not finished: 3 drags are still to do" in page.introduction
    assert [figure.file for figure in page.figures] == [SHEET.file]


def test_a_failure_is_listed(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = run_of_toy(tmp_path, toy, drags=2)
    folder.append(trip(1, there=None, back=None, failure=Failure.DIED))
    page = roundtrip_report(folder)
    assert page.details[-1].rows == (("1", "adam", "process died"),)


def test_infinity_comes_through_a_folder(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = run_of_toy(tmp_path, toy)
    idle = [one for one in folder.records(RoundTripRecord) if one.method == "idle"]
    assert all(one.back is not None and one.back.picture.psnr_db == math.inf for one in idle)
    assert b"Infinity" in (tmp_path / "results.jsonl").read_bytes()

import importlib.util
import json
import re
from importlib.machinery import ModuleSpec
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.fakes import cost, equipment, opened, record, toy_method
from tugan.bench.contact_sheet import MAX_PAIRS, contact_sheet
from tugan.bench.html_page import html_page
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.landmarks import Landmarks
from tugan.bench.markdown_page import markdown_page
from tugan.bench.record import Failure
from tugan.bench.report import Report, write_report
from tugan.bench.report_page import report_page
from tugan.bench.run_folder import RunFolder
from tugan.bench.runner import run_experiment
from tugan.bench.summarise import summarise
from tugan.core.errors import MissingExtraError
from tugan.generators.toy import ToyGenerator

TASK = LandmarkTask(pairs=2, points=(1, 5))
FILES = {
    "summary.json",
    "report.md",
    "index.html",
    "contact-sheet.jpg",
    "distance-over-seconds.png",
    "distance-over-steps.png",
    "identity-and-distance.png",
}


def run_of_toy(path: Path, toy: ToyGenerator, *, drags: int | None = None) -> RunFolder:
    parts = equipment(toy, methods=(toy_method("adam"), toy_method("short", max_steps=1)))
    folder = opened(path, TASK, parts)
    list(islice(run_experiment(Landmarks(task=TASK), parts, folder), drags))
    return folder


def test_everything_is_written_and_linked_relatively(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = run_of_toy(tmp_path, toy)
    report = write_report(folder)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == FILES | {"run.json", "results.jsonl", "pictures"}
    assert Report.model_validate_json((tmp_path / "summary.json").read_bytes()) == report
    assert [(row.points, row.method) for row in report.summary.rows] == [
        (1, "adam"),
        (1, "short"),
        (5, "adam"),
        (5, "short"),
    ]
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    linked = set(re.findall(r'(?:src|href)="([^"]+)"', page))
    assert linked == {name for name in FILES if name.endswith((".png", ".jpg"))}
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\]\(([^)]+)\)", text)) == linked
    for said in (page, text):
        assert "excludes commercial use" in said
        assert "1 torch threads" in said
        assert "0.27" in said


def test_pictures_are_of_the_size_of_what_they_show(tmp_path: Path, toy: ToyGenerator) -> None:
    write_report(run_of_toy(tmp_path, toy))
    sizes = {}
    for path in tmp_path.glob("*.[jp][pn]g"):
        with Image.open(path) as picture:
            sizes[path.name] = picture.size
            assert np.asarray(picture.convert("L")).std() > 5
    # a panel for each of two numbers of points
    assert sizes["distance-over-seconds.png"] == sizes["distance-over-steps.png"] == (1248, 544)
    width, height = sizes["contact-sheet.jpg"]
    # two faces, and two methods with two numbers of points; two pairs
    assert 6 * 128 < width < 7.5 * 128
    assert 2 * 128 < height < 3.2 * 128


def test_a_run_that_was_stopped_says_what_is_missing(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = run_of_toy(tmp_path, toy, drags=3)
    report = write_report(folder)
    assert [row.pairs for row in report.summary.rows] == [1, 1]
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "not finished: 5 drags are still to do" in text


def test_a_run_without_a_result_has_a_report_too(tmp_path: Path, toy: ToyGenerator) -> None:
    report = write_report(run_of_toy(tmp_path, toy, drags=0))
    assert report.summary.rows == ()
    assert {path.name for path in tmp_path.iterdir()} == {
        "run.json",
        "summary.json",
        "report.md",
        "index.html",
    }


def test_tables_say_what_the_summary_says(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = run_of_toy(tmp_path, toy, drags=0)
    methods, task = ("adam", "short"), LandmarkTask(pairs=2, points=(1,))
    records = [
        record(0, "adam", no_edit_px=10, result_px=2, spent=cost(seconds=4)),
        record(0, "short", no_edit_px=10, result_px=7, spent=cost(seconds=2)),
        record(1, "adam", no_edit_px=30, result_px=6, spent=cost(seconds=6)),
        record(1, "short", no_edit_px=30, result_px=None, failure=Failure.ERROR),
    ]
    summary = summarise(records, task, methods)
    page = report_page(folder.conditions, summary, records, ())
    text = markdown_page(page)
    assert "| method | MD 1 | share 1 | seconds 1 |" in text
    assert "| no edit | 20.00 | 1 |  |" in text
    assert "| adam | 4.00 | 0.200 | 5.00 |" in text
    # 7 and 30 of 10 and 30
    assert "| short | 18.50 | 0.925 | 2.00 |" in text
    assert "| 1 | short | 2.0 | 2.0 | 2.00 | 2.00 | 2.5 x |" in text
    assert "| 1 | 1 | short | error: RuntimeError: broken | 1 | 2 |" in text
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", html_page(page))
    # here and as the median of two
    assert cells.count("18.50") == 2


def test_text_from_elsewhere_is_no_markup(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = run_of_toy(tmp_path, toy, drags=0)
    evil = record(0, failure=Failure.ERROR).model_copy(update={"traceback": "<script>|x|</script>"})
    page = report_page(folder.conditions, summarise([evil], TASK, ("adam",)), [evil], ())
    assert "<script>" not in html_page(page)
    assert "<script>" not in markdown_page(page)
    assert r"\|x\|" in markdown_page(page)


def test_the_sheet_shows_the_first_pairs_and_a_blank_for_what_is_not_there(
    tmp_path: Path, toy: ToyGenerator
) -> None:
    folder = run_of_toy(tmp_path, toy, drags=0)
    task = LandmarkTask(pairs=99, points=(1,))

    def height(pairs: int) -> int:
        records = [record(pair) for pair in range(pairs)]
        sheet = contact_sheet(folder, records, task, ("adam",), image_hw=(64, 64))
        return int(sheet.shape[0])

    row = height(2) - height(1)
    assert row >= 128
    assert height(99) == height(1) + (MAX_PAIRS - 1) * row


def test_marks_lie_where_the_points_are(tmp_path: Path, toy: ToyGenerator) -> None:
    folder = run_of_toy(tmp_path, toy, drags=0)
    place = folder.picture("pair-0000-1-adam")
    place.parent.mkdir()
    Image.new("RGB", (128, 128), "white").save(place)
    one = record(0).model_copy(update={"goals_xy": ((16.0, 48.0),), "found_xy": ((48.0, 16.0),)})
    sheet = contact_sheet(folder, [one], LandmarkTask(points=(1,)), ("adam",), image_hw=(64, 64))
    # the result is the last column
    left, top = sheet.shape[1] - 14 - 128, 48
    blue, red = sheet[top + 97, left + 33].astype(int), sheet[top + 33, left + 97].astype(int)
    assert blue[2] > blue[0] + 100
    assert red[0] > red[2] + 100


def test_without_matplotlib_the_extra_is_named(
    tmp_path: Path, toy: ToyGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run_of_toy(tmp_path, toy, drags=4)

    def find_spec(name: str) -> ModuleSpec | None:
        return None if name == "matplotlib" else ModuleSpec(name, None)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    with pytest.raises(MissingExtraError, match=r'pip install "tugan\[bench\]"'):
        write_report(folder)


def test_the_summary_is_plain_json(tmp_path: Path, toy: ToyGenerator) -> None:
    write_report(run_of_toy(tmp_path, toy, drags=2))

    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    found = json.loads((tmp_path / "summary.json").read_text("utf-8"), parse_constant=refuse)
    # one pair has no spread
    assert found["summary"]["rows"][0]["md_px"]["standard_error"] is None

"""``tugan bench live`` from start to end, on a small model of random weights."""

import json
from pathlib import Path

import pytest

from bench.fakes import FakeFaces
from cli.program import Ran, Tugan
from tugan.cli import bench_run


@pytest.fixture
def live(tugan: Tugan, model: Path, monkeypatch: pytest.MonkeyPatch) -> Tugan:
    """One face of 128 px, with a finder that needs no dlib."""
    monkeypatch.setattr(bench_run, "DlibFaces", FakeFaces)
    monkeypatch.setattr(bench_run, "find_dlib_models", lambda: Path())

    def run(*arguments: str | Path) -> Ran:
        start = ("bench", "live", "--model", model, "--out", "run", "--preset", "smoke")
        return tugan(*start, *arguments)

    return run


def test_two_settings_are_pulled_side_by_side(live: Tugan, here: Path) -> None:
    ran = live("--methods", "newton,newton+hold=0", "--check-every", "2")
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert lines[-1] == "run/index.html"
    assert [line.split()[:3] for line in lines[1:9]] == [
        *(
            [pace, "6", method]
            for pace in ("slow", "fast", "jumping")
            for method in ("newton", "newton+hold=0")
        ),
        *(["all", "all", method] for method in ("newton", "newton+hold=0")),
    ]
    text = (here / "run/results.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in text]
    assert len(records) == 6
    assert all(one["looks"] == -(-one["steps"] // 2) > 0 for one in records)
    run = json.loads((here / "run/run.json").read_text(encoding="utf-8"))
    assert run["experiment"] == "live"
    assert run["task"]["check_every"] == 2
    assert "hold=0.0" in run["methods"][1]["settings"]
    # and a run that is there goes on as what it was
    refused = live("--methods", "newton,newton+hold=0")
    assert refused.code == 2
    assert "task.check_every was 2 and is 6" in refused.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--methods", "newton,adam"), "live cannot be done with adam; expected variations of"),
        (("--methods", "newton+tracker=dis"), "live cannot be done with newton+tracker=dis"),
        (("--methods", "eve"), "no method 'eve'"),
        (("--check-every", "0"), "--check-every"),
        (("--check-every", "2000"), "every 1st to 1000th step can be checked, got 2000"),
    ],
)
def test_bad_input_is_a_sentence_and_writes_nothing(
    live: Tugan, here: Path, arguments: tuple[str, ...], says: str
) -> None:
    ran = live(*arguments)
    assert ran.code == 2
    assert says in ran.err
    assert list(here.iterdir()) == []


def test_its_help_says_what_it_does(tugan: Tugan) -> None:
    ran = tugan("bench", "live", "--help")
    assert ran.code == 0
    told = " ".join(ran.out.split())
    for word in ("slow, fast and jumping", "--check-every", "newton+hold=0", "tugan[faces,bench]"):
        assert word in told


def test_in_a_run_of_several_it_is_left_out_where_no_method_can_be_live(
    live: Tugan, tugan: Tugan, model: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_run, "ALL", ("texture", "live"))
    several = ("bench", "all", "--preset", "smoke", "--model", model)
    ran = tugan(*several, "--methods", "adam+max_steps=1", "--out", "several")
    assert ran.code == 0, ran.err
    assert "live is left out: none of adam+max_steps=1 can be in it" in ran.err
    assert {path.name for path in (here / "several").iterdir() if path.is_dir()} == {"texture"}

"""``tugan bench`` from start to end."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.machinery import ModuleSpec
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bench.fakes import FakeFaces, record
from cli.program import Ran, Tugan
from tugan.bench import methods, study
from tugan.bench.record import Failure
from tugan.bench.runner import Progress, run_experiment
from tugan.cli import bench_run
from tugan.cli.bench_progress import progress_text
from tugan.dragging.settings import DragSettings
from tugan.generators.protocol import GeneratorInfo

needs_dlib = pytest.mark.skipif(
    importlib.util.find_spec("dlib") is None, reason="needs the extra 'faces'"
)


def one_step(info: GeneratorInfo) -> DragSettings:
    return replace(DragSettings.for_generator(info), max_steps=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """``adam`` takes one step."""
    monkeypatch.setitem(methods.METHODS, "adam", one_step)


@pytest.fixture
def landmarks(tugan: Tugan, model: Path, monkeypatch: pytest.MonkeyPatch) -> Tugan:
    """``tugan bench landmarks`` of two pairs of 128 px, with a finder that needs no dlib."""
    monkeypatch.setattr(bench_run, "DlibFaces", FakeFaces)
    monkeypatch.setattr(bench_run, "find_dlib_models", lambda: Path())

    def run(*arguments: str | Path) -> Ran:
        start = ("bench", "landmarks", "--model", model, "--out", "run", "--pairs", "2")
        return tugan(*start, "--solver", "adam", *arguments)

    return run


@needs_dlib
def test_faces_are_dragged_and_found_again(tugan: Tugan, here: Path) -> None:
    task = ("--pairs", "1", "--points", "1,5", "--solver", "adam")
    ran = tugan("bench", "landmarks", *task, "--out", "run")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert " ".join(lines[0].split()) == "method MD 1 MD 5 share 1 share 5 seconds 1"
    assert [line.split()[0] for line in lines[1:3]] == ["no", "adam"]
    assert lines[-1] == "run/index.html"
    assert "excludes commercial use" in ran.err
    results = (here / "run/results.jsonl").read_text(encoding="utf-8").splitlines()
    nose, five = (json.loads(line) for line in results)
    # one step moves a little, towards the goal, and it is still her
    assert 0 < nose["result_px"] < nose["no_edit_px"]
    assert 0 < five["embedding_distance"] < 0.3
    assert len(five["found_xy"]) == 5
    with Image.open(here / "run/pictures/pair-0000-1-adam.jpg") as picture:
        assert picture.size == (128, 128)


def test_json_is_the_summary_and_nothing_else(landmarks: Tugan, here: Path) -> None:
    ran = landmarks("--points", "1", "--json", "--seed", "3", "--mask", "face")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json() == json.loads((here / "run/summary.json").read_text(encoding="utf-8"))
    assert ran.json()["conditions"]["task"] == {
        "pairs": 2,
        "points": [1],
        "seed": 3,
        "psi": 0.7,
        "mask": "face",
    }
    (row,) = ran.json()["summary"]["rows"]
    assert (row["pairs"], row["steps"]["mean"]) == (2, 1.0)
    assert row["outside_change"] >= 0


def test_a_run_goes_on_and_may_grow(landmarks: Tugan, here: Path) -> None:
    assert landmarks("--points", "1").code == 0
    before = (here / "run/results.jsonl").read_bytes()
    assert landmarks("--points", "1", "--pairs", "3").code == 0
    after = (here / "run/results.jsonl").read_bytes()
    assert after.startswith(before)
    assert len(after.splitlines()) == 3


def test_a_folder_of_another_run_is_refused(landmarks: Tugan) -> None:
    assert landmarks("--points", "1").code == 0
    ran = landmarks("--points", "1,5", "--psi", "0.5")
    assert ran.code == 2
    assert "task.psi was 0.7 and is 0.5" in ran.err
    assert ran.out == ""


def test_half_precision_is_asked_for_and_said(landmarks: Tugan, here: Path) -> None:
    assert landmarks("--pairs", "1", "--points", "1", "--dtype", "bfloat16").code == 0
    run = json.loads((here / "run/run.json").read_text(encoding="utf-8"))
    assert run["model"]["dtype"] == "bfloat16"
    assert ", bfloat16" in (here / "run/report.md").read_text(encoding="utf-8")
    refused = landmarks("--pairs", "1", "--points", "1")
    assert refused.code == 2
    assert "model.dtype was bfloat16 and is float32" in refused.err


def test_ctrl_c_leaves_a_report_of_what_is_finished(
    landmarks: Tugan, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*arguments: Any, **options: Any) -> Iterator[Progress]:  # noqa: ANN401
        yield from islice(run_experiment(*arguments, **options), 1)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(study, "run_experiment", stopped)
        ran = landmarks("--points", "1")
    assert ran.code == 130
    assert "1 drag is still to do" in ran.err
    assert "not finished" in (here / "run/report.md").read_text(encoding="utf-8")
    assert landmarks("--points", "1").code == 0
    assert "not finished" not in (here / "run/report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--points", "1;5"), "--points is '1;5'"),
        (("--points", "3"), "expected some of 1, 5, 68"),
        (("--solver", "eve"), "no method 'eve'"),
        (("--solver", ","), "the methods are none"),
        (("--mask", "mouth"), "none, face"),
        (("--psi", "7"), "psi is 7"),
        (("--pairs", "0"), "--pairs"),
        (("--model", "nothing"), "there is no model 'nothing'"),
        (("--device", "abacus"), "no device 'abacus'"),
        (("--dtype", "int8"), "--dtype is 'int8'; expected one of float32, float16, bfloat16"),
    ],
)
def test_bad_input_is_a_sentence_and_writes_nothing(
    landmarks: Tugan, here: Path, arguments: tuple[str, ...], says: str
) -> None:
    ran = landmarks(*arguments)
    assert ran.code == 2
    assert says in ran.err
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("missing", "extra"), [("dlib", "tugan[faces]"), ("matplotlib", "tugan[bench]")]
)
def test_a_missing_extra_is_named_before_any_work(
    tugan: Tugan, here: Path, monkeypatch: pytest.MonkeyPatch, missing: str, extra: str
) -> None:
    def find_spec(name: str) -> ModuleSpec | None:
        return None if name == missing else ModuleSpec(name, None)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    ran = tugan("bench", "landmarks", "--out", "run")
    assert ran.code == 2
    assert extra in ran.err
    assert list(here.iterdir()) == []


def test_progress_says_how_far_it_is_and_how_long_it_will_take() -> None:
    going = Progress(done=12, total=180, record=record(2, points=5, no_edit_px=11.2, result_px=3.4))
    assert progress_text(going, left_s=700) == (
        "12 of 180 drags   pair 2, 5 points, adam: 11.2 to 3.4 px   about 12 min left"
    )
    lost = Progress(done=1, total=2, record=record(failure=Failure.LOST_FACE))
    assert progress_text(lost, left_s=20) == (
        "1 of 2 drags   pair 0, 1 point, adam: no face found   about 20 s left"
    )
    assert progress_text(lost, left_s=10_000).endswith("about 2.8 h left")


def test_help_does_not_wait_for_torch() -> None:
    program = (
        "import sys; sys.argv = ['tugan', 'bench', 'landmarks', '--help']\n"
        "from tugan.cli.app import main\n"
        "try:\n    main()\nexcept SystemExit as ended:\n"
        "    print('exit code', ended.code, 'torch' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "exit code 0 False"
    assert "excludes commercial use" in " ".join(ran.stdout.split())


def test_processes_give_the_same_numbers(landmarks: Tugan, here: Path) -> None:
    """But for times."""

    def results(folder: str) -> list[dict[str, Any]]:
        lines = (here / folder / "results.jsonl").read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines]
        for one in found:
            del one["cost"]
        return sorted(found, key=lambda one: (one["pair"], one["points"]))

    assert landmarks("--points", "1,5").code == 0
    spread = ("--executor", "processes", "--workers", "2", "--out", "spread")
    assert landmarks("--points", "1,5", *spread).code == 0
    assert results("spread") == results("run")


def test_development_pairs_are_never_held_out_ones(landmarks: Tugan, here: Path) -> None:
    assert landmarks("--points", "1", "--split", "development", "--out", "dev").code == 0
    assert landmarks("--points", "1").code == 0
    found = []
    for folder in ("dev", "run"):
        conditions = json.loads((here / folder / "run.json").read_text(encoding="utf-8"))
        found.append(conditions["task"]["seed"])
    assert found == [2**31, 0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--executor", "proceses"), r"--executor is 'proceses' (did you mean 'processes'?)"),
        (("--executor", "processes", "--threads", "2"), "--threads is for --executor serial"),
        (
            ("--executor", "ray", "--ray-address", "127.0.0.1:1"),
            "no Ray cluster answers at 127.0.0.1:1",
        ),
        (("--preset", "smok"), "--preset is 'smok' (did you mean 'smoke'?)"),
        (("--split", "test"), "the split is 'test'; expected held-out or development"),
        (("--methods", "newtn"), "no method 'newtn' (did you mean 'newton'?)"),
    ],
)
def test_where_and_how_is_checked_first(
    landmarks: Tugan, arguments: tuple[str, ...], says: str
) -> None:
    ran = landmarks(*arguments)
    assert ran.code == 2
    assert says in " ".join(ran.err.split())
    assert ran.out == ""


def test_what_cannot_run_here_is_listed_with_the_command_that_changes_it(
    landmarks: Tugan, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUGAN_STATE", str(here / "state"))
    ran = landmarks("--points", "1", "--methods", "adam,adam+tracker=raft")
    assert ran.code == 0
    assert "adam+tracker=raft is left out" in ran.err
    assert "tugan weights add raft" in ran.err
    report = (here / "run/report.md").read_text(encoding="utf-8")
    assert "adam+tracker=raft, left out" in report

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import bench_compare
from bench_cases import CASES, timed
from bench_checkouts import checkout_of
from bench_compare import Measured, Ran, line_of

ROOT = Path(__file__).parents[2]
SLOW_S = 0.4
ONE_ROUND = ("--rounds", "1", "--cases", "toy-drag")
# so much beyond what a busy machine does to a drag of the toy that no clock decides
GENEROUS = ("--allow", "3")
SLOW = f"""

import time

_honest = ToyGenerator.advance


def _slow(self, state, *, until_px):
    time.sleep({SLOW_S})
    return _honest(self, state, until_px=until_px)


ToyGenerator.advance = _slow
"""


def git(repository: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
    done = subprocess.run(
        ["git", *identity, *arguments], cwd=repository, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package without weights: as it is, tagged honest; then with a slow toy."""
    here = tmp_path / "copy"
    shutil.copytree(
        ROOT / "src" / "tugan",
        here / "src" / "tugan",
        ignore=shutil.ignore_patterns("weights", "static", "__pycache__"),
    )
    git(here, "init", "--quiet")
    for tag in ("honest", "slow"):
        git(here, "add", "--all")
        git(here, "commit", "--quiet", "--message", tag)
        git(here, "tag", tag)
        if tag == "honest":
            with (here / "src/tugan/generators/toy.py").open("a", encoding="utf-8") as file:
                file.write(SLOW)
    monkeypatch.chdir(here)
    yield here
    # whatever was checked out is gone again
    assert len(git(here, "worktree", "list").splitlines()) == 1


def test_a_checkout_is_no_slower_than_itself(capsys: pytest.CaptureFixture[str]) -> None:
    code = bench_compare.main([str(ROOT), str(ROOT), *ONE_ROUND, "--allow", "1000"])
    assert code == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "toy-drag" in line]
    name, old_ms, new_ms, ratio, *quartiles = line.split()
    assert name == "toy-drag"
    assert float(ratio.removesuffix("x")) == pytest.approx(
        float(new_ms) / float(old_ms), abs=0.006 + 0.1 / float(old_ms)
    )
    assert quartiles[1] == "to"


def test_a_slower_revision_is_told(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bench_compare.main(["honest", "slow", *ONE_ROUND, *GENEROUS]) == 1
    said = capsys.readouterr().out
    assert "SLOWER" in said
    assert "slower than 3 times the old one: toy-drag" in said


def test_what_one_checkout_lacks_is_said(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "src/tugan/generators/toy.py").unlink()
    assert bench_compare.main([str(repository), str(ROOT), *ONE_ROUND]) == 0
    said = capsys.readouterr().out
    assert "the old checkout lacks this case (ModuleNotFoundError: No module named" in said


def test_what_breaks_in_the_new_checkout_alone_is_a_failure(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toy = repository / "src/tugan/generators/toy.py"
    toy.write_text(toy.read_text(encoding="utf-8").replace("_honest(self", "_none(self"))
    assert bench_compare.main(["honest", str(repository), *ONE_ROUND]) == 1
    assert "broke in the new checkout: NameError" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere", "."), "'nowhere' is neither a folder with src/tugan nor a git revision"),
        (("--", "--detach", "."), "'--detach' is neither"),
        (("src", "."), "the folder src has no src/tugan"),
        (("honest", ".", "--cases", "nothing"), "expected some of faces-adam-step"),
        (("empty", "."), "the revision empty has no src/tugan"),
    ],
)
def test_bad_input_is_refused(
    arguments: tuple[str, ...],
    says: str,
    repository: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    git(repository, "rm", "-r", "--quiet", "--cached", ".")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", "empty")
    git(repository, "tag", "empty")
    assert bench_compare.main(list(arguments)) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [("--rounds", "0"), ("--allow", "0"), ("--allow", "nan")])
def test_numbers_that_mean_nothing_are_refused(wrong: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as ended:
        bench_compare.main([".", ".", *wrong])
    assert ended.value.code == 2


def test_a_worktree_is_removed_after_an_error(repository: Path, tmp_path: Path) -> None:
    def broken_off() -> None:
        with checkout_of("honest", "old", tmp_path) as checkout:
            assert (checkout.folder / "src" / "tugan" / "__init__.py").exists()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken_off()
    assert list(tmp_path.glob("worktree-*")) == []


def test_a_process_that_sees_another_package_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "src" / "tugan").mkdir(parents=True)
    with checkout_of(str(other), "old", tmp_path) as checkout:
        # an empty folder is no package, so Python takes the one that is installed, or none
        ran = bench_compare.run_case("toy-drag", checkout, tmp_path)
    assert ran.broke or ran.lacks
    assert not ran.seconds


def test_slower_is_beyond_the_spread() -> None:
    def of(new: list[float]) -> Measured:
        return Measured(name="faces-picture", medians_s={"old": [1.0] * 5, "new": new})

    steady, wavering = of([1.3, 1.3, 1.2, 1.3, 1.25]), of([1.0, 1.3, 1.1, 1.3, 1.3])
    assert steady.quartiles() == pytest.approx((1.25, 1.3, 1.3))
    assert steady.slower(1.15)
    assert not wavering.slower(1.15)
    assert line_of(steady, allow=1.15).endswith("1.30x   1.25 to  1.30   SLOWER")
    # rounds are paired: a machine that slows down slows both
    drifting = Measured(name="x", medians_s={"old": [1.0, 2.0, 4.0], "new": [1.0, 2.0, 4.0]})
    assert drifting.quartiles() == (1.0, 1.0, 1.0)


def test_instructions_are_shown_where_they_are_counted() -> None:
    found = Measured(
        name="faces-picture",
        medians_s={"old": [1.0], "new": [1.0]},
        instructions={"old": 2e9, "new": 3e9},
    )
    assert line_of(found, allow=1.15).endswith("1.50x of 2.00 G")
    assert bench_compare.counted("# started\n\n123456,,instructions:u,100,100.00,,\n") == 123456
    assert bench_compare.counted("<not supported>,,instructions:u,0,100.00,,\n") is None


def test_broken_in_both_is_said_and_no_slowdown() -> None:
    found = Measured(name="x", troubles={"old": Ran(broke="E: one"), "new": Ran(broke="E: one")})
    assert not found.slower(1.15)
    assert "broke in the old checkout: E: one; broke in the new" in line_of(found, allow=1.15)


def test_every_usual_case_is_of_both_models() -> None:
    usual = {name for name, case in CASES.items() if case.usual}
    parts = {name.partition("-")[2] for name in usual}
    assert parts == {
        "adam-step",
        "newton-drag",
        "masked-drag",
        "many-points-drag",
        "picture",
        "features",
        "live-step",
    }
    assert usual == {f"{model}-{part}" for model in ("faces", "stylegan2") for part in parts}


@pytest.mark.parametrize("name", sorted(name for name in CASES if not name.startswith("toy")))
def test_every_case_runs_here(name: str) -> None:
    told = timed(CASES[name], repeats=1)
    assert isinstance(told.get("seconds"), list), told

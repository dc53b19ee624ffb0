import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import tugan as package
from cli.program import Tugan, run_apart

COMMANDS = ("studio", "generate", "drag", "models", "doctor", "bench")

ASKS_FOR_HELP = """
import sys
sys.argv = {argv!r}
from tugan.cli.app import main
try:
    main()
except SystemExit as ended:
    print("exit code", ended.code, "torch", "torch" in sys.modules)
"""


def test_the_version_is_the_packages(tugan: Tugan) -> None:
    ran = tugan("--version")
    assert (ran.code, ran.out) == (0, f"tugan {package.__version__}\n")


def test_help_lists_the_commands(tugan: Tugan) -> None:
    ran = tugan("--help")
    assert ran.code == 0
    for command in COMMANDS:
        assert command in ran.out


def test_the_console_script_is_the_module() -> None:
    script = Path(sysconfig.get_path("scripts")) / "tugan"
    ran = subprocess.run([script, "--version"], capture_output=True, text=True, check=True)
    apart = run_apart("--version")
    assert apart.code == 0
    assert ran.stdout == apart.out


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["drag", "--help"], ["studio", "--help"]]
)
def test_help_does_not_wait_for_torch(arguments: list[str]) -> None:
    program = ASKS_FOR_HELP.format(argv=["tugan", *arguments])
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.splitlines()[-1] == "exit code 0 torch False"


def test_models_without_a_command_shows_help(tugan: Tugan) -> None:
    ran = tugan("models")
    assert ran.code == 2
    assert "Usage" in ran.out + ran.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["drag", "--bogus"], "--bogus"),
        (["bogus"], "bogus"),
        (["drag", "--steps", "-1"], "--steps"),
        (["generate", "--seed", "-1"], "--seed"),
        (["generate", "--seed", "4294967296"], "--seed"),
        (["generate", "--psi", "much"], "--psi"),
    ],
)
def test_a_misspelt_command_line_says_what_is_wrong(
    tugan: Tugan, here: Path, arguments: list[str], named: str
) -> None:
    ran = tugan(*arguments)
    assert ran.code == 2
    assert named in ran.err
    assert ran.out == ""
    assert list(here.iterdir()) == []


def test_a_misspelt_command_line_under_json_is_json(tugan: Tugan) -> None:
    assert "psi" in tugan("generate", "--psi", "much", "--json").json()["error"]


def test_text_from_a_file_cannot_steer_the_terminal(tugan: Tugan, here: Path, model: Path) -> None:
    tugan("models", "convert", str(model), "evil", "--name", "a\x1b[31m\x07b")
    ran = tugan("models", "info", "evil")
    assert ran.code == 0
    assert "a?[31m?b" in ran.out
    assert "\x07" not in ran.out
    assert "\x1b" not in ran.out

"""What the program loads, by counting: how long that takes is the machine's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cli.program import Tugan

REPORTS = """
import atexit, gc, json, sys
def report():
    state = {{
        "modules": sorted(sys.modules), "frozen": gc.get_freeze_count(), "collects": gc.isenabled()
    }}
    print(json.dumps(state))
atexit.register(report)
sys.argv = {argv!r}
{program}
"""
TUGAN = "from tugan.cli.app import main; main()"
HEAVY = {
    "torch", "numpy", "PIL", "jaxtyping", "safetensors", "rich.console", "scipy",
    "fastapi", "uvicorn", "asyncio", "ssl",
}  # fmt: skip
"""None of these is needed to say what the options are; pydantic is, by typer."""
NOT_FOR_A_PICTURE = {
    "scipy", "dlib", "cv2", "matplotlib", "pandas", "fastapi", "uvicorn", "ray", "imageio",
    "huggingface_hub", "safetensors", "sympy", "torch._dynamo", "torch._inductor", "torchvision",
    "tugan.dragging", "tugan.session", "tugan.studio.app", "tugan.inversion", "tugan.perceptual",
    "tugan.render.overlays", "tugan.generators.w_statistics", "tugan.generators.preview",
}  # fmt: skip


def state_after(program: str, *arguments: str, cwd: Path) -> dict[str, object]:
    """What is loaded, and how the collector stands, when such a program ends."""
    text = REPORTS.format(argv=["tugan", *arguments], program=program)
    ran = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, text=True, check=True, cwd=cwd
    )
    state = json.loads(ran.stdout.splitlines()[-1])
    assert isinstance(state, dict)
    return state


def modules(state: dict[str, object]) -> set[str]:
    found = state["modules"]
    assert isinstance(found, list)
    return set(found)


def test_the_package_alone_loads_next_to_nothing(tmp_path: Path) -> None:
    loaded = modules(state_after("import tugan", cwd=tmp_path))
    assert not loaded & (HEAVY | {"typer", "pydantic", "inspect"})
    assert {name for name in loaded if name.startswith("tugan.")} == set()


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["generate", "--help"], ["bench", "--help"], ["pull", "--help"]],
)
def test_help_loads_nothing_heavy(arguments: list[str], tmp_path: Path) -> None:
    loaded = modules(state_after(TUGAN, *arguments, cwd=tmp_path))
    assert "typer" in loaded
    assert not loaded & HEAVY


def test_a_picture_loads_what_it_needs_and_leaves_it_alone(tmp_path: Path, model: Path) -> None:
    state = state_after(TUGAN, "generate", "--model", str(model), cwd=tmp_path)
    assert (tmp_path / "tugan.png").exists()
    loaded = modules(state)
    assert {"torch", "PIL.PngImagePlugin"} <= loaded
    assert not loaded & NOT_FOR_A_PICTURE
    # torch's objects are no garbage: the collector does not go through them, and still works
    assert int(str(state["frozen"])) > 100_000
    assert state["collects"] is True


def test_a_ruler_loads_what_draws_it(tmp_path: Path, model: Path) -> None:
    loaded = modules(state_after(TUGAN, "generate", "--model", str(model), "--ruler", cwd=tmp_path))
    assert "tugan.render.overlays" in loaded


def test_where_torch_is_already_the_collector_is_left_as_it_is(tugan: Tugan, model: Path) -> None:
    import gc

    before = gc.get_freeze_count()
    assert tugan("generate", "--model", model).code == 0
    assert gc.get_freeze_count() == before
    assert gc.isenabled()

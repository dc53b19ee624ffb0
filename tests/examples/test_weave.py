"""The example plug-in, installed as anybody would, and dragged with on the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PIP = (
    *("-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
    *("--no-deps", "--no-index", "--no-build-isolation"),  # nothing is fetched
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with the plug-in in it."""
    folder = tmp_path_factory.mktemp("packages")
    command = [sys.executable, *PIP, "--target", str(folder), str(ROOT / "examples/tugan-weave")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return folder


def run(installed: Path, here: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A program that sees the plug-in."""
    path = os.pathsep.join([str(installed), str(ROOT / "src")])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=here,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def here(installed: Path, tmp_path: Path) -> Path:
    """A folder with a model ``cloth`` in it."""
    ran = run(installed, tmp_path, "-m", "tugan_weave", "cloth")
    assert ran.returncode == 0, ran.stderr
    return tmp_path


def test_its_models_can_be_dragged(installed: Path, here: Path) -> None:
    ran = run(
        *(installed, here, "-m", "tugan", "drag", "--model", "cloth"),
        *("--point", "60,60:78,52", "--out", "after.png", "--json"),
    )
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert report["outcome"] == "reached"
    assert report["points"][0]["distance"] < 2
    assert (here / "after.png").is_file()


def test_its_models_can_be_drawn_described_and_converted(installed: Path, here: Path) -> None:
    described = run(installed, here, "-m", "tugan", "models", "info", "cloth", "--json")
    assert json.loads(described.stdout)["family"] == "weave"
    assert run(installed, here, "-m", "tugan", "generate", "--model", "cloth").returncode == 0
    ran = run(installed, here, "-m", "tugan", "models", "convert", "cloth", "own")
    assert ran.returncode == 0, ran.stderr
    assert (here / "own/preview.safetensors").is_file()
    assert (here / "own/repainting.safetensors").is_file()


ANSWER = """
import torch, tugan
from tugan_weave.network import Weave
generator = tugan.from_pretrained("cloth", device="cpu")
assert isinstance(generator, Weave)
ws = generator.map(tugan.sample_z(3, z_dim=8))
problem = tugan.DragProblem(
    generator=generator, ws=ws,
    handles_xy=torch.tensor([[60.0, 60.0]]), targets_xy=torch.tensor([[70.0, 55.0]]),
)
*_, last = tugan.drag(problem)
print((generator.shift_px(last.ws) - generator.shift_px(ws)).tolist())
"""


def test_a_drag_has_the_answer_that_can_be_computed(installed: Path, here: Path) -> None:
    ran = run(installed, here, "-c", ANSWER)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)[0] == pytest.approx([10, -5], abs=1.5)


def test_without_the_package_its_models_say_what_is_missing(here: Path, tmp_path: Path) -> None:
    ran = run(tmp_path / "nowhere", here, "-m", "tugan", "generate", "--model", "cloth")
    assert ran.returncode == 2
    assert "the model's family is 'weave'" in ran.stderr
    assert "install the one that brings it" in ran.stderr

from pathlib import Path

import pytest
from PIL import Image

from cli.program import Ran, Tugan, run_here


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder of the program; empty."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def tugan(here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tugan:
    """The program in this process, working in ``here``."""

    def run(*arguments: str | Path) -> Ran:
        texts = [str(argument) for argument in arguments]
        return run_here(texts, monkeypatch=monkeypatch, capsys=capsys)

    return run


@pytest.fixture
def model(oracle_dir: Path) -> Path:
    """A checkpoint of 128 px with random weights: a step takes some 10 ms."""
    return oracle_dir / "nvidia-stylegan2-128.pkl"


@pytest.fixture
def drag(tugan: Tugan, model: Path) -> Tugan:
    """``tugan drag`` on that checkpoint, three steps."""

    def run(*arguments: str | Path) -> Ran:
        return tugan("drag", "--model", model, "--steps", "3", *arguments)

    return run


@pytest.fixture
def half_mask(here: Path) -> Path:
    """A mask of 128 px whose left half may change."""
    picture = Image.new("L", (128, 128), 0)
    picture.paste(255, (0, 0, 64, 128))
    picture.save(here / "left.png")
    return here / "left.png"

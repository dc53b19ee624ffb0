import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from publish_results import main


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Of one experiment."""
    folder = tmp_path / "run"
    (folder / "paired" / "pictures").mkdir(parents=True)
    for name in ("index.html", "report.md", "paired/index.html", "paired/run.json"):
        (folder / name).write_text(f"this is {name}")
    (folder / "paired" / "results.jsonl").write_text("{}\n")
    noise = np.random.default_rng(0).integers(0, 255, (300, 200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(folder / "paired" / "contact-sheet.jpg", quality=95)
    Image.fromarray(noise).save(folder / "paired" / "pictures" / "pair-0000.jpg")
    return folder


def published(run: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    told = ["--command", "tugan bench all", "--took", "An hour."]
    monkeypatch.setattr(sys, "argv", ["publish_results.py", str(run), str(target), *told])
    main()
    return {str(path.relative_to(target)) for path in target.rglob("*") if path.is_file()}


def test_pages_are_kept_and_pictures_are_small(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "docs" / "results"
    target.mkdir(parents=True)
    (target / "old.md").write_text("of a run before")
    assert published(run, target, monkeypatch) == {
        *("README.md", "index.html", "report.md"),
        *("paired/index.html", "paired/run.json", "paired/contact-sheet.jpg"),
    }
    sheet = Path("paired/contact-sheet.jpg")
    assert (target / sheet).stat().st_size < 0.7 * (run / sheet).stat().st_size
    with Image.open(target / sheet) as picture:
        assert picture.size == (200, 300)
    assert "tugan bench all" in (target / "README.md").read_text()
    assert [path.name for path in target.parent.iterdir()] == ["results"]


def test_a_folder_that_is_no_run_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit, match=r"has no index\.html"):
        published(tmp_path, tmp_path / "target", monkeypatch)

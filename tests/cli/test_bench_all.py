"""``tugan bench all --preset smoke``, as a person runs it, and its page in a browser."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from patience import HANG_S
from tugan.bench.experiments import KINDS


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run on two processes. Pytest's limit ends one that hangs."""
    folder = tmp_path_factory.mktemp("bench") / "run"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "tugan", "bench", "all", "--preset", "smoke"),
            *("--executor", "processes", "--workers", "2", "--out", str(folder)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(folder / "index.html")
    return folder


def test_every_experiment_is_there_with_its_page(run: Path) -> None:
    for name in KINDS:
        assert (run / name / "results.jsonl").stat().st_size > 0, name
        for file in ("index.html", "report.md", "summary.json", "run.json"):
            assert (run / name / file).is_file(), (name, file)
    overview = (run / "report.md").read_text(encoding="utf-8")
    assert "## Claims" in overview
    for claim in (
        "Point tracking is needed",
        "6th block",
        "The mask holds the rest",
        "Many points",
    ):
        assert claim in overview


def test_the_pages_are_read_in_a_browser(run: Path) -> None:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        reason = "there is no Chromium here: apt-get install chromium"
        if os.environ.get("TUGAN_NO_SKIP"):
            pytest.fail(reason)
        pytest.skip(reason)
    faults: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--headless", "--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.set_default_timeout(1000 * HANG_S)
        page.on("console", lambda message: faults.append(message.text))
        page.on("requestfailed", lambda request: faults.append(request.url))
        page.goto((run / "index.html").as_uri())
        assert page.locator("h1").inner_text() == "The paper's experiments"
        keep = os.environ.get("TUGAN_SCREENSHOTS")
        for name in KINDS:
            page.goto((run / "index.html").as_uri())
            page.get_by_role("link", name=name, exact=True).click()
            assert page.url == (run / name / "index.html").as_uri()
            # nothing is wider than the window: tables scroll within themselves
            assert page.evaluate("() => document.documentElement.scrollWidth") <= 1200
            sizes = page.evaluate("() => [...document.images].map((one) => one.naturalWidth)")
            assert all(size > 0 for size in sizes)
            assert page.locator("tbody tr").count() > 0
            if keep:
                page.screenshot(path=Path(keep) / f"40-bench-{name}.png", full_page=True)
        browser.close()
    assert faults == []

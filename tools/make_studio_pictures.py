"""The README's pictures of the studio: a drag that has ended, and another face with a mask.

PYTHONPATH=tests python tools/make_studio_pictures.py docs/images
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from studio.browser.conftest import FLAGS
from studio.running import running_studio

VIEW = {"width": 1280, "height": 800}
STAGE = "document.querySelector('[data-testid=\"canvas-stage\"]')"
AT_REST = f"{STAGE}?.dataset.phase === 'idle' && +{STAGE}.dataset.restingRevision > 0"


def main() -> None:
    """Write both into the folder that is named."""
    folder = Path(sys.argv[1])
    with (
        tempfile.TemporaryDirectory() as state,
        running_studio(Path(state)) as studio,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        for name, scheme, act in (
            ("studio-light.jpg", "light", drag),
            ("studio-dark.jpg", "dark", mask),
        ):
            page = opened(browser, studio.url, scheme)
            act(page)
            page.wait_for_timeout(1000)
            shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
            shot.save(folder / name, quality=85, optimize=True)
            page.context.close()
        browser.close()


def opened(browser: Browser, url: str, scheme: str) -> Page:
    """The page with its first picture and its gallery."""
    light = scheme == "light"
    page = browser.new_page(viewport=VIEW, color_scheme="light" if light else "dark")  # type: ignore[arg-type]  # a TypedDict of playwright's own
    page.goto(url)
    page.wait_for_function(f"() => {AT_REST}")
    page.wait_for_timeout(9000)
    return page


def drag(page: Page) -> None:
    """What is placed, to its end."""
    before = page.evaluate(f"() => +{STAGE}.dataset.restingRevision")
    page.get_by_test_id("start").click()
    # idle is not enough: the finished picture comes a little later
    page.wait_for_function(
        f"() => {AT_REST} && +{STAGE}.dataset.restingRevision > {before}", timeout=0
    )
    page.wait_for_timeout(5000)


def mask(page: Page) -> None:
    """The mouth and chin may change."""
    page.get_by_test_id("tool-brush").click()
    box = page.get_by_test_id("canvas-stage").locator("canvas").first.bounding_box()
    assert box is not None
    for y in range(640, 900, 40):
        for index, x in enumerate((380, 660)):
            place = box["x"] + x * box["width"] / 1024, box["y"] + y * box["height"] / 1024
            page.mouse.move(*place, steps=4)
            if index == 0:
                page.mouse.down()
        page.mouse.up()
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main()

"""The studio's figures: start, rate and delay of pictures, memory, and a soak.

    PYTHONPATH=tests python tools/bench_studio.py [--soak-minutes 10]

Run it alone on the machine. It starts studios of its own, with their saved work in a temporary
folder, and needs Chromium for what the browser sees.
"""

import argparse
import gzip
import math
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from studio.browser.conftest import FLAGS
from studio.running import RunningStudio, running_studio
from studio.wire_page import WirePage
from tugan.studio.app import static_folder
from tugan.studio.frames import FrameKind

HANDLE = (608.0, 762.0)
RADIUS_PX = 30.0
LIVE_S = 15.0
MANY = 50
STAGE = "document.querySelector('[data-testid=\"canvas-stage\"]')"


def main() -> None:
    """Print them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--soak-minutes", type=float, default=0.0)
    minutes: float = parser.parse_args().soak_minutes
    print(f"page, gzipped: {bundle_kb():.1f} kB")
    first_picture_and_rate()
    with fresh_studio() as studio:
        delay(studio)
    with fresh_studio("--max-sessions", str(MANY + 10)) as studio:
        memory(studio)
    if minutes:
        with fresh_studio() as studio:
            soak(studio, minutes)


@contextmanager
def fresh_studio(*arguments: str) -> Iterator[RunningStudio]:
    """One with nothing saved."""
    with tempfile.TemporaryDirectory() as folder, running_studio(Path(folder), *arguments) as one:
        yield one


def bundle_kb() -> float:
    """All that a browser loads."""
    files = [path for path in static_folder().rglob("*") if path.is_file()]
    served = [path for path in files if path.suffix in (".html", ".js", ".css")]
    return sum(len(gzip.compress(path.read_bytes(), 9)) for path in served) / 1000


def first_picture_and_rate() -> None:
    """From the start of the program to a picture in a browser; then live, under a moving mouse."""
    chromium = shutil.which("chromium")
    if chromium is None:
        print("not measured in a browser: there is no Chromium")
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        started_s = time.monotonic()
        with fresh_studio() as studio:
            page.goto(studio.url)
            page.wait_for_function(f"() => +{STAGE}?.dataset.restingRevision > 0")
            print(f"from tugan to the first picture: {time.monotonic() - started_s:.1f} s")
            page.wait_for_timeout(8000)  # the gallery
            rate = live_rate(page)
            print(f"live in the browser: {rate:.1f} pictures a second")
        browser.close()


def live_rate(page: Page) -> float:
    """Pictures drawn a second while the mouse circles with the mouth's corner held."""
    box = page.get_by_test_id("canvas-stage").locator("canvas").first.bounding_box()
    assert box is not None
    scale = box["width"] / 1024

    def place(angle: float) -> tuple[float, float]:
        x = HANDLE[0] + RADIUS_PX * math.sin(angle)
        y = HANDLE[1] + RADIUS_PX * (1 - math.cos(angle))
        return box["x"] + x * scale, box["y"] + y * scale

    page.mouse.move(*place(0.0))
    page.mouse.down()
    page.mouse.move(*place(0.5))  # a press that does not travel is a click
    page.wait_for_function(f"() => {STAGE}.dataset.phase === 'live'")
    before = int(page.evaluate(f"+{STAGE}.dataset.frames"))
    started_s = time.monotonic()
    while (elapsed := time.monotonic() - started_s) < LIVE_S:
        page.mouse.move(*place(2 * math.pi * elapsed / 4))
        page.wait_for_timeout(30)
    drawn = int(page.evaluate(f"+{STAGE}.dataset.frames")) - before
    page.mouse.up()
    return drawn / elapsed


def delay(studio: RunningStudio) -> None:
    """From telling a goal to having the picture of the step that aimed at it, over the wire."""
    delays_ms = []
    with WirePage(studio) as page:
        page.ready()
        page.listen_for(5)
        page.say("grab", at=HANDLE)
        for index in range(60):
            angle = 2 * math.pi * index / 40
            seen = len(page.steps[FrameKind.MOVING])
            sent_s = time.monotonic()
            page.say(
                "move",
                to=[
                    HANDLE[0] + RADIUS_PX * math.sin(angle + 0.3),
                    HANDLE[1] + RADIUS_PX * (1 - math.cos(angle + 0.3)),
                ],
            )
            try:
                page.until_moving(seen + 1, seconds=1.0)
            except TimeoutError:  # it was there already, or cannot go there
                continue
            delays_ms.append(1000 * (time.monotonic() - sent_s))
        page.say("release")
    print(
        f"from a goal to its picture, {len(delays_ms)} of 60 goals: median"
        f" {statistics.median(delays_ms):.0f} ms,"
        f" 9 of 10 within {statistics.quantiles(delays_ms, n=10)[-1]:.0f} ms"
    )


def memory(studio: RunningStudio) -> None:
    """Of the server, with one idle session and with many that have dragged."""
    with ExitStack() as stack:
        one = stack.enter_context(WirePage(studio)).ready()
        drag_once(one)
        alone = resident_mb(studio)
        for _ in range(MANY - 1):
            drag_once(stack.enter_context(WirePage(studio)).ready())
        many = resident_mb(studio)
    each = (many - alone) / (MANY - 1)
    print(
        f"memory: {alone:.0f} MB with 1 idle session, {many:.0f} MB with {MANY}:"
        f" {each:.1f} MB for each further one"
    )


def soak(studio: RunningStudio, minutes: float) -> None:
    """Four people who never stop."""
    with ExitStack() as stack:
        pages = [stack.enter_context(WirePage(studio)).ready() for _ in range(4)]
        names = [page.session for page in pages]
        ends_s, rounds, sizes = time.monotonic() + 60 * minutes, 0, []
        while time.monotonic() < ends_s:
            for seed, page in enumerate(pages):
                begin_anew(page, seed=4 * rounds + seed)
                place(page)
                page.say("start")
            for page in pages:
                page.until(lambda page: page.state["outcome"] and page.idle, seconds=120)
                for kind in ("undo", "redo", "undo"):
                    page.say(kind)
                page.listen_for(0.2)
                page.until(lambda page: page.idle)
            rounds += 1
            sizes.append(resident_mb(studio))
        for page in pages:
            page.until(lambda page: page.idle)
        assert [page.session for page in pages] == names
    failed = [notice for page in pages for notice in page.notices if notice["level"] == "error"]
    third = max(len(sizes) // 3, 1)
    print(
        f"soak: {rounds} rounds of 4 sessions in {minutes:g} minutes, {len(failed)} errors,"
        f" no session lost; memory {statistics.mean(sizes[:third]):.0f} MB in the first third,"
        f" {statistics.mean(sizes[-third:]):.0f} MB in the last"
    )


def drag_once(page: WirePage) -> None:
    """The drag that is placed at the beginning."""
    page.say("start")
    page.until(lambda page: page.state["outcome"] and page.idle)


def begin_anew(page: WirePage, *, seed: int) -> None:
    """Another picture, and wait for it."""
    page.say("set-start", seed=seed)
    page.until(lambda page: page.idle and page.state["start"]["seed"] == seed)


def place(page: WirePage) -> None:
    """A point at the mouth."""
    points = [{"id": 0, "handle": [540, 740], "goal": [560, 730]}]
    page.say("set-points", points=points, change="add")
    page.until(lambda page: page.state["outcome"] is None and page.state["points"])


def resident_mb(studio: RunningStudio) -> float:
    """Of the server's process, after a moment of rest."""
    time.sleep(1.0)
    pages = int(Path(f"/proc/{studio.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()

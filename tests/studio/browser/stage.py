"""What a person sees and does on the studio's page."""

import base64
import io
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypedDict, final
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    ViewportSize,
    expect,
)

from patience import HANG_S

PATIENCE_MS = 1000 * HANG_S
_STILL_MS = 1500
SAMPLE = "1"
"""The id of the point that is there at the beginning."""
Picture = npt.NDArray[np.int16]
Xy = tuple[float, float]

_AT_REST = """(shown) => {
    const stage = document.querySelector('[data-testid="canvas-stage"]');
    return stage?.dataset.phase === "idle" && Number(stage.dataset.restingRevision) > shown;
}"""
_FRAMES = """(drawn) => {
    const stage = document.querySelector('[data-testid="canvas-stage"]');
    return Number(stage.dataset.frames) > drawn;
}"""
_BOX = """() => {
    const canvas = document.querySelector('[data-testid="canvas-stage"] canvas');
    const box = canvas.getBoundingClientRect();
    return [box.left, box.top, box.width / canvas.width];
}"""
_DROP = """(stage, [encoded, name, type]) => {
    const bytes = Uint8Array.from(atob(encoded), (one) => one.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], name, {type}));
    for (const kind of ["dragover", "drop"]) {
        stage.dispatchEvent(
            new DragEvent(kind, {dataTransfer: data, bubbles: true, cancelable: true}));
    }
}"""
_DRAWN = """() => document
    .querySelector('[data-testid="canvas-stage"] canvas').toDataURL("image/png").split(",")[1]"""


@final
@dataclass(kw_only=True)
class Tab:
    """One open page, and everything that went wrong on it."""

    page: Page
    faults: list[str] = field(repr=False)
    """Errors of its console, and requests to elsewhere."""
    first: Picture = field(init=False, repr=False)
    """The picture it opened with."""

    def __post_init__(self) -> None:
        self.wait_for_rest()
        self.first = self.drawn()

    def check_faults(self) -> None:
        """Nothing has gone wrong so far."""
        found, self.faults[:] = list(self.faults), []
        assert found == []

    def begin_anew(self) -> None:
        """The first entry of the history, and the page as it opens."""
        self.page.mouse.move(1, 1)
        if self.at("photo-panel").is_visible():
            self.at("photo-cancel").click()
            expect(self.at("photo-panel")).to_be_hidden()
        self.page.keyboard.press("Escape")
        for close in self.at("notice").get_by_role("button").all():
            close.click()
        self.switch_live(on=True)
        self.at("tool-points").click()
        self.at("zoom-fit").click()
        start = self.at("filmstrip").get_by_role("button").first
        start.click()
        expect(start).to_have_attribute("aria-current", "step")
        expect(self.at(f"point-goal-{SAMPLE}")).to_have_count(1)
        self.until_drawn(self.first)

    # ---- what there is ------------------------------------------------------------------------

    def at(self, test_id: str) -> Locator:
        return self.page.get_by_test_id(test_id)

    def all_named(self, prefix: str) -> Locator:
        """Everything whose test id begins so."""
        return self.page.locator(f'[data-testid^="{prefix}"]')

    @property
    def stage(self) -> Locator:
        return self.at("canvas-stage")

    def told(self, name: str) -> float:
        """A number that the stage says of itself."""
        return float(self.stage.get_attribute(f"data-{name}") or "nan")

    @property
    def newest(self) -> str:
        """The id of the point that was placed last."""
        name = self.all_named("point-handle-").last.get_attribute("data-testid")
        assert name is not None
        return name.removeprefix("point-handle-")

    def place(self, end: str, point: str) -> Xy:
        """Of a point's handle or goal, in pixels of the picture."""
        mark = self.at(f"point-{end}-{point}")
        return (
            float(mark.get_attribute("data-x") or "nan"),
            float(mark.get_attribute("data-y") or "nan"),
        )

    # ---- pictures -----------------------------------------------------------------------------

    def drawn(self) -> Picture:
        """The picture's canvas, RGB."""
        encoded = base64.b64decode(self.page.evaluate(_DRAWN))
        return np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB")).astype(np.int16)

    def wait_for_rest(self, *, shown: float = 0) -> None:
        """Idle, with a whole picture newer than one that was shown."""
        self.page.wait_for_function(_AT_REST, arg=shown)

    def wait_for_frame(self, *, drawn: float) -> None:
        """More pictures than these have been drawn."""
        self.page.wait_for_function(_FRAMES, arg=drawn)

    def finished_after(self, act: Callable[[], object]) -> Picture:
        """The finished picture under a hand that rests after this, once nothing moves any more."""
        drawn = self.told("frames")
        act()
        self.wait_for_frame(drawn=drawn)

        def is_still() -> bool:
            frames = self.told("frames")
            self.page.wait_for_timeout(_STILL_MS)
            shown = self.stage.get_attribute("data-shown")
            return shown == "finished" and self.told("frames") == frames

        self.until(is_still)
        return self.drawn()

    def picture_after(self, act: Callable[[], object]) -> Picture:
        """The next whole picture at rest that this leads to."""
        shown = self.told("resting-revision")
        act()
        self.wait_for_rest(shown=shown)
        return self.drawn()

    def until_drawn(self, expected: Picture) -> None:
        """This very picture, to the last bit."""
        self.until(lambda: np.array_equal(self.drawn(), expected))

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what the page itself cannot tell."""
        end = time.monotonic() + PATIENCE_MS / 1000
        while not is_so():
            assert time.monotonic() < end, "it did not come to be so"
            self.page.wait_for_timeout(100)

    def drag_to_end(self) -> Picture:
        """Press Start; the picture when it is over."""
        return self.picture_after(lambda: self.at("start").click())

    @property
    def ending(self) -> str | None:
        """How the last drag ended, in a word."""
        return self.at("outcome").get_attribute("data-ending")

    def keep(self, name: str) -> None:
        """A screenshot for people, where TUGAN_SCREENSHOTS names a folder."""
        folder = os.environ.get("TUGAN_SCREENSHOTS")
        if folder:
            self.page.screenshot(path=Path(folder) / f"{name}.png")

    # ---- the hand -----------------------------------------------------------------------------

    def on_screen(self, xy: Xy) -> Xy:
        """Where the centre of this pixel of the picture is, in CSS pixels of the page."""
        left, top, zoom = self._canvas_box()
        return left + (xy[0] + 0.5) * zoom, top + (xy[1] + 0.5) * zoom

    def under(self, spot: Xy) -> Xy:
        """Which place of the picture is at these CSS pixels of the page."""
        left, top, zoom = self._canvas_box()
        return (spot[0] - left) / zoom - 0.5, (spot[1] - top) / zoom - 0.5

    def _canvas_box(self) -> tuple[float, float, float]:
        """By the browser's layout, and not by what the page says of its zoom."""
        box: tuple[float, float, float] = self.page.evaluate(_BOX)
        return box

    def point_at(self, xy: Xy) -> None:
        """Move the pointer there."""
        self.page.mouse.move(*self.on_screen(xy))

    def switch_live(self, *, on: bool) -> None:
        """It is on when a page is first opened: then a pull moves the picture; off, it places."""
        toggle = self.at("live-toggle")
        if toggle.get_attribute("aria-pressed") != str(on).lower():
            toggle.click()
        expect(toggle).to_have_attribute("aria-pressed", str(on).lower())

    def pull(self, start: Xy, goal: Xy) -> None:
        """Press at one place of the picture, release at another."""
        self.point_at(start)
        self.page.mouse.down()
        self.page.mouse.move(*self.on_screen(goal), steps=4)
        self.page.mouse.up()

    def click(self, xy: Xy) -> None:
        """A place of the picture."""
        self.page.mouse.click(*self.on_screen(xy))

    def drop(self, content: bytes, *, name: str, kind: str = "") -> None:
        """A file on the picture."""
        self.stage.evaluate(_DROP, [base64.b64encode(content).decode(), name, kind])

    def clear_points(self) -> None:
        """Take away what is placed at the beginning."""
        self.at("points-clear").click()
        expect(self.all_named("point-handle-")).to_have_count(0)


class TabKind(TypedDict):
    """What it is looked at with."""

    viewport: ViewportSize
    device_scale_factor: float
    has_touch: bool
    is_mobile: bool
    color_scheme: Literal["light", "dark"]


DESK: TabKind = {
    "viewport": {"width": 1440, "height": 900},
    "device_scale_factor": 1,
    "has_touch": False,
    "is_mobile": False,
    "color_scheme": "light",
}
PHONE: TabKind = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 2,
    "has_touch": True,
    "is_mobile": True,
    "color_scheme": "dark",
}


@contextmanager
def open_tab(
    browser: Browser,
    url: str,
    *,
    loses_connection: bool = False,
    kind: TabKind | None = None,
) -> Iterator[Tab]:
    """A page with a profile of its own and its first picture.

    It fails at the end if anything went wrong on it.
    """
    # what moves only to be seen costs a machine without a GPU half of a core
    context = browser.new_context(**(kind or DESK), reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    faults: list[str] = []
    _watch(context, faults, loses_connection=loses_connection)
    try:
        page = context.new_page()
        page.goto(url)
        tab = Tab(page=page, faults=faults)
        yield tab
        tab.check_faults()
    finally:
        context.close()


def _watch(context: BrowserContext, faults: list[str], *, loses_connection: bool) -> None:
    def check_url(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("blob", "data") and parts.hostname != "127.0.0.1":
            faults.append(f"request to {url}")

    def check_console(message: ConsoleMessage) -> None:
        is_loss = "ERR_CONNECTION" in message.text or "WebSocket connection" in message.text
        if message.type in ("error", "warning") and not (loses_connection and is_loss):
            faults.append(f"console: {message.text}")

    def check_page(page: Page) -> None:
        page.on("websocket", lambda socket: check_url(socket.url))

    context.on("request", lambda request: check_url(request.url))
    context.on("console", check_console)
    context.on("weberror", lambda error: faults.append(f"error: {error.error}"))
    context.on("page", check_page)

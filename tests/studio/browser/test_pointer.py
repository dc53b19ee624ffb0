"""The mouse reaches the pixel that it points at, however the page is zoomed."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from playwright.sync_api import expect

from studio.browser.stage import SAMPLE, Tab, Xy

pytestmark = pytest.mark.xdist_group("studio")

PLACE = (431.0, 377.0)


def turn_wheel(tab: Tab, at: Xy, notches: int) -> None:
    """At a place of the page; up is nearer."""
    tab.page.mouse.move(*at)
    for _ in range(abs(notches)):
        zoom = tab.told("zoom")
        tab.page.mouse.wheel(0, -120 if notches > 0 else 120)
        tab.page.wait_for_function(
            """(zoom) => document.querySelector('[data-testid="canvas-stage"]')
                .dataset.zoom !== zoom""",
            arg=str(zoom),
        )


@contextmanager
def screen_of(tab: Tab, ratio: int) -> Iterator[None]:
    """Of so many device pixels a CSS pixel."""
    client = tab.page.context.new_cdp_session(tab.page)
    size = {"width": 1440, "height": 900, "deviceScaleFactor": ratio, "mobile": False}
    client.send("Emulation.setDeviceMetricsOverride", size)
    try:
        assert tab.page.evaluate("devicePixelRatio") == ratio
        yield
    finally:
        client.send("Emulation.setDeviceMetricsOverride", {**size, "deviceScaleFactor": 1})
        client.detach()


@pytest.mark.parametrize("ratio", [1, 2])
@pytest.mark.parametrize("notches", [0, 6, -3])
def test_a_press_lands_within_a_pixel(tab: Tab, ratio: int, notches: int) -> None:
    tab.switch_live(on=False)
    tab.clear_points()
    with screen_of(tab, ratio):
        turn_wheel(tab, tab.on_screen(PLACE), notches)
        goal = (PLACE[0] + 50, PLACE[1] + 27)
        tab.pull(PLACE, goal)
        name = tab.newest
        np.testing.assert_allclose(tab.place("handle", name), PLACE, atol=0.25)
        np.testing.assert_allclose(tab.place("goal", name), goal, atol=0.25)
        # and is shown where it was pressed
        mark = tab.at(f"point-handle-{name}").locator(".disc").bounding_box()
        assert mark is not None
        middle = (mark["x"] + mark["width"] / 2, mark["y"] + mark["height"] / 2)
        np.testing.assert_allclose(middle, tab.on_screen(PLACE), atol=1)


def test_the_wheel_keeps_the_pixel_under_the_cursor(tab: Tab) -> None:
    # wheels turn at whole CSS pixels
    spot = (560.0, 300.0)
    place = tab.under(spot)
    for notches in (4, 3, -5):
        turn_wheel(tab, spot, notches)
        np.testing.assert_allclose(tab.on_screen(place), spot, atol=0.5)


def test_two_clicks_do_what_a_pull_does(tab: Tab) -> None:
    tab.clear_points()
    tab.click((400, 500))
    expect(tab.at("hint")).to_contain_text("where it should go")
    tab.click((460, 520))
    np.testing.assert_allclose(tab.place("handle", tab.newest), (400, 500), atol=1)
    np.testing.assert_allclose(tab.place("goal", tab.newest), (460, 520), atol=1)
    expect(tab.all_named("point-handle-")).to_have_count(1)


def test_both_ends_can_be_moved_and_one_point_removed(tab: Tab) -> None:
    tab.switch_live(on=False)
    goal = tab.place("goal", SAMPLE)
    tab.pull(tab.place("handle", SAMPLE), (560, 700))
    np.testing.assert_allclose(tab.place("handle", SAMPLE), (560, 700), atol=1)
    tab.pull(goal, (620, 690))
    np.testing.assert_allclose(tab.place("goal", SAMPLE), (620, 690), atol=1)
    tab.page.keyboard.press("Control+z")
    expect(tab.at(f"point-goal-{SAMPLE}")).to_have_attribute("data-x", str(int(goal[0])))

    tab.pull((300, 300), (360, 300))
    added = tab.newest
    assert added != SAMPLE
    tab.at(f"point-remove-{SAMPLE}").click()
    expect(tab.at(f"point-handle-{SAMPLE}")).to_have_count(0)
    expect(tab.at(f"point-handle-{added}")).to_have_count(1)


def test_the_middle_button_and_space_pan(tab: Tab) -> None:
    tab.clear_points()
    start = tab.on_screen(PLACE)
    tab.page.mouse.move(*start)
    tab.page.mouse.down(button="middle")
    tab.page.mouse.move(start[0] + 60, start[1] + 20, steps=3)
    tab.page.mouse.up(button="middle")
    np.testing.assert_allclose(tab.on_screen(PLACE), (start[0] + 60, start[1] + 20), atol=0.5)
    tab.page.keyboard.down(" ")
    tab.page.mouse.down()
    tab.page.mouse.move(*start, steps=3)
    tab.page.mouse.up()
    tab.page.keyboard.up(" ")
    np.testing.assert_allclose(tab.on_screen(PLACE), start, atol=0.5)
    expect(tab.all_named("point-handle-")).to_have_count(0)


def test_a_pen_draws_a_point(tab: Tab) -> None:
    tab.switch_live(on=False)
    tab.clear_points()
    client = tab.page.context.new_cdp_session(tab.page)
    goal = (PLACE[0] + 50, PLACE[1] + 27)
    tab.page.evaluate(
        """() => {
            window.kinds = [];
            addEventListener("pointerdown", (event) => kinds.push(event.pointerType), true);
        }"""
    )

    def pen(kind: str, xy: Xy, *, down: int) -> None:
        x, y = tab.on_screen(xy)
        event = {"type": kind, "x": x, "y": y, "buttons": down, "pointerType": "pen", "force": 0.5}
        button = "none" if kind == "mouseMoved" and not down else "left"
        client.send("Input.dispatchMouseEvent", {**event, "button": button, "clickCount": 1})

    pen("mouseMoved", PLACE, down=0)
    pen("mousePressed", PLACE, down=1)
    for share in (0.3, 0.6, 1.0):
        pen("mouseMoved", (PLACE[0] + 50 * share, PLACE[1] + 27 * share), down=1)
    pen("mouseReleased", goal, down=0)
    client.detach()
    assert tab.page.evaluate("window.kinds") == ["pen"]
    name = tab.newest
    np.testing.assert_allclose(tab.place("handle", name), PLACE, atol=1)
    np.testing.assert_allclose(tab.place("goal", name), goal, atol=1)

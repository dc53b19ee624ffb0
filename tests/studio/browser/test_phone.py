"""A phone: fingers, a small dark screen."""

from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, FilePayload, expect

from studio.browser.axe import serious_faults
from studio.browser.photos import background, jpeg_of
from studio.browser.stage import PHONE, Tab, Xy, open_tab
from studio.running import RunningStudio

pytestmark = pytest.mark.xdist_group("studio")


@pytest.fixture(scope="module")
def whole_phone(browser: Browser, studio: RunningStudio) -> Iterator[Tab]:
    with open_tab(browser, studio.url, kind=PHONE) as tab:
        yield tab


@pytest.fixture
def phone(whole_phone: Tab) -> Iterator[Tab]:
    whole_phone.begin_anew()
    yield whole_phone
    whole_phone.check_faults()


def pinch(tab: Tab, centre: Xy, *, from_px: float, to_px: float) -> None:
    """Two fingers, as the browser gets them from a screen."""
    client = tab.page.context.new_cdp_session(tab.page)

    def touch(kind: str, half: float) -> None:
        x, y = centre
        fingers = [{"x": x - half, "y": y, "id": 1}, {"x": x + half, "y": y, "id": 2}]
        client.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [] if kind == "touchEnd" else fingers},
        )

    # one finger is down a moment before the other
    first = {"x": centre[0] - from_px, "y": centre[1], "id": 1}
    client.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [first]})
    touch("touchStart", from_px)
    for step in range(1, 9):
        touch("touchMove", from_px + (to_px - from_px) * step / 8)
    touch("touchEnd", to_px)
    client.detach()


def test_two_taps_place_a_point(phone: Tab) -> None:
    phone.page.touchscreen.tap(*phone.on_screen((300, 400)))
    phone.page.touchscreen.tap(*phone.on_screen((450, 420)))
    expect(phone.all_named("point-goal-")).to_have_count(2)
    # a CSS pixel is three of the picture's here
    np.testing.assert_allclose(phone.place("handle", phone.newest), (300, 400), atol=3)
    np.testing.assert_allclose(phone.place("goal", phone.newest), (450, 420), atol=3)
    phone.keep("14-phone")


def test_a_pinch_zooms_and_places_nothing(phone: Tab) -> None:
    zoom = phone.told("zoom")
    middle = (512.0, 400.0)
    centre = phone.on_screen(middle)
    pinch(phone, centre, from_px=30, to_px=90)
    assert phone.told("zoom") == pytest.approx(3 * zoom, rel=0.1)
    np.testing.assert_allclose(phone.on_screen(middle), centre, atol=2)
    expect(phone.all_named("point-handle-")).to_have_count(1)


def slide(tab: Tab, start: Xy, by: Xy) -> None:
    """One finger."""
    client = tab.page.context.new_cdp_session(tab.page)
    for step in range(6):
        finger = {"x": start[0] + by[0] * step / 5, "y": start[1] + by[1] * step / 5, "id": 1}
        kind = "touchMove" if step else "touchStart"
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [finger]})
    client.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    client.detach()


def middle_of(tab: Tab, test_id: str) -> Xy:
    box = tab.at(test_id).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_a_square_of_a_photo_is_moved_by_a_finger(phone: Tab) -> None:
    photo = FilePayload(name="sky.jpg", mimeType="image/jpeg", buffer=jpeg_of(background(900, 700)))
    phone.at("photo-file").set_input_files(photo)
    panel, square = phone.at("photo-panel"), phone.at("photo-square")
    expect(panel).to_have_attribute("data-stage", "choose")
    slide(phone, middle_of(phone, "photo-corner-2"), (-60, -60))
    assert float(square.get_attribute("data-side") or "nan") < 620
    before = middle_of(phone, "photo-square")
    slide(phone, before, (24, 10))
    np.testing.assert_allclose(middle_of(phone, "photo-square"), np.add(before, (24, 10)), atol=1)
    phone.keep("28-phone-photo")
    width = phone.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "nothing hangs over the edge"
    assert serious_faults(phone) == []
    for button in panel.get_by_role("button").all():
        box = button.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    phone.at("photo-use").tap()
    expect(panel).to_have_attribute("data-stage", "invert")
    expect(phone.at("photo-progress")).to_contain_text("step 1")
    above, below = (middle_of(phone, f"photo-{name}") for name in ("target", "preview"))
    assert below[1] > above[1] + 100
    assert below[0] == pytest.approx(above[0], abs=1)
    phone.keep("29-phone-photo-progress")
    assert serious_faults(phone) == []
    phone.at("photo-cancel").tap()
    expect(panel).to_be_hidden()


def test_a_small_dark_screen_has_no_serious_faults(phone: Tab) -> None:
    expect(phone.page.locator("html")).to_have_attribute("data-theme", "dark")
    width = phone.page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "nothing hangs over the edge"
    assert serious_faults(phone) == []
    phone.at("sheet-toggle").click()
    expect(phone.at("reroll")).to_be_in_viewport()
    phone.keep("15-phone-sheet")
    assert serious_faults(phone) == []
    phone.page.keyboard.press("Escape")
    expect(phone.at("reroll")).not_to_be_in_viewport()

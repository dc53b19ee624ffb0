"""The slider that says how much of the rest of the picture is held."""

import pytest
from playwright.sync_api import Browser, Locator, expect

from studio.browser.axe import serious_faults
from studio.browser.stage import DESK, PHONE, SAMPLE, Tab, TabKind, open_tab
from studio.running import RunningStudio

pytestmark = pytest.mark.xdist_group("studio")

LYING_PHONE: TabKind = {**PHONE, "viewport": {"width": 844, "height": 390}}
LEAST_TOUCH_PX = 24
"""WCAG 2.2, 2.5.8."""


def slider(tab: Tab) -> Locator:
    """As somebody finds it who does not see."""
    return tab.page.get_by_role("slider", name="Hold the rest")


def test_it_is_set_by_keyboard_undone_and_told_in_words(tab: Tab) -> None:
    hold = slider(tab)
    expect(hold).to_have_value("0.5")
    expect(hold).to_have_attribute("aria-valuetext", "50%, some of the picture may follow")
    hold.focus()
    for _ in range(3):
        tab.page.keyboard.press("ArrowRight")
    expect(hold).to_have_value("0.65")
    # a run of keys is one entry
    newest = tab.at("filmstrip").get_by_role("button").last
    expect(newest).to_contain_text("Hold 65%")
    tab.page.keyboard.press("End")
    expect(hold).to_have_attribute("aria-valuetext", "100%, only what is pulled moves")
    expect(newest).to_contain_text("Hold 100%")
    tab.page.keyboard.press("Control+z")
    expect(hold).to_have_value("0.5")
    tab.page.keyboard.press("Control+y")
    expect(hold).to_have_value("1")
    tab.page.keyboard.press("Home")
    expect(hold).to_have_attribute("aria-valuetext", "0%, the whole picture may follow")


def test_it_is_set_by_pointer_and_stays_with_another_solver(tab: Tab) -> None:
    box = slider(tab).bounding_box()
    assert box is not None
    tab.page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
    expect(slider(tab)).to_have_value("1")
    expect(tab.at("filmstrip").get_by_role("button").last).to_contain_text("Hold 100%")
    tab.at("solver-menu").select_option("adam")
    expect(tab.at("filmstrip").get_by_role("button").last).to_contain_text("Method adam")
    expect(slider(tab)).to_have_value("1")
    tab.at("advanced").click()
    tab.at("method-reset").click()
    tab.at("advanced").click()
    expect(slider(tab)).to_have_value("0.5")


def test_a_drag_keeps_its_own(tab: Tab) -> None:
    tab.pull(tab.place("goal", SAMPLE), (300, 300))
    tab.at("start").click()
    expect(tab.at("progress")).to_contain_text("step")
    shown = tab.told("resting-revision")
    slider(tab).fill("0.9")
    expect(slider(tab)).to_have_value("0.9")
    expect(tab.stage).to_have_attribute("data-phase", "dragging")
    tab.page.keyboard.press("Escape")
    tab.wait_for_rest(shown=shown)
    texts = tab.at("filmstrip").get_by_role("button")
    expect(texts.last).to_contain_text("Hold 90%")
    expect(texts.nth(-2)).to_contain_text("Drag")
    expect(slider(tab)).to_have_value("0.9")


@pytest.mark.parametrize(
    ("kind", "name"), [(DESK, "desk"), (PHONE, "phone"), (LYING_PHONE, "lying-phone")]
)
def test_it_stands_beside_start_on_every_screen(
    browser: Browser, studio: RunningStudio, kind: TabKind, name: str
) -> None:
    with open_tab(browser, studio.url, kind=kind) as tab:
        hold, start = slider(tab).bounding_box(), tab.at("start").bounding_box()
        assert hold is not None
        assert start is not None
        expect(slider(tab)).to_be_in_viewport(ratio=1)
        expect(tab.at("start")).to_be_in_viewport(ratio=1)
        assert hold["x"] > start["x"] + start["width"], "beside it"
        middles = [box["y"] + box["height"] / 2 for box in (hold, start)]
        assert middles[0] == pytest.approx(middles[1], abs=12)
        assert hold["height"] >= LEAST_TOUCH_PX
        assert hold["width"] >= 100
        ends = tab.page.locator(".hold .slider-ends span")
        assert ends.all_inner_texts() == ["picture may follow", "only the pull"]
        for end in ends.all():
            expect(end).to_be_in_viewport(ratio=1)
        assert serious_faults(tab) == []
        tab.keep(f"33-hold-{name}")

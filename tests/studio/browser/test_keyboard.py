"""Without a pointer."""

import numpy as np
import pytest
from playwright.sync_api import expect

from studio.browser.stage import SAMPLE, Tab

pytestmark = pytest.mark.xdist_group("studio")

FOCUSED = "() => document.activeElement?.dataset?.testid ?? null"


def go_by_tab(tab: Tab, test_id: str) -> None:
    """Press Tab until this has the focus."""
    for _ in range(80):
        tab.page.keyboard.press("Tab")
        if tab.page.evaluate(FOCUSED) == test_id:
            return
    raise AssertionError(f"Tab never comes to {test_id}")


def test_a_drag_by_keyboard_alone(tab: Tab) -> None:
    before = tab.place("handle", SAMPLE)
    go_by_tab(tab, f"point-handle-{SAMPLE}")
    tab.page.keyboard.press("ArrowRight")
    tab.page.keyboard.press("Shift+ArrowUp")
    expected = (before[0] + 1, before[1] - 10)
    np.testing.assert_allclose(tab.place("handle", SAMPLE), expected, atol=0.01)
    tab.keep("11-focus")
    moved = tab.picture_after(lambda: tab.page.keyboard.press("Control+Enter"))
    assert np.abs(moved - tab.first).mean() > 3
    expect(tab.at("outcome")).not_to_be_empty()

    assert tab.page.evaluate(FOCUSED) == f"point-handle-{SAMPLE}"
    tab.page.keyboard.press("Delete")
    expect(tab.at(f"point-handle-{SAMPLE}")).to_have_count(0)
    tab.page.keyboard.press("Control+z")
    expect(tab.at(f"point-handle-{SAMPLE}")).to_have_count(1)
    back = tab.picture_after(lambda: tab.page.keyboard.press("Control+z"))
    np.testing.assert_array_equal(back, tab.first)


def test_without_a_pointer_points_can_be_added(tab: Tab) -> None:
    go_by_tab(tab, "point-add")
    tab.page.keyboard.press("Enter")
    expect(tab.all_named("point-handle-")).to_have_count(2)
    expect(tab.all_named("point-goal-")).to_have_count(2)


def test_letters_in_a_field_are_letters(tab: Tab) -> None:
    tab.at("seed-input").focus()
    tab.page.keyboard.press("Home")  # at the end, 14e0 would be the number 14
    for key in ("b", "e", "h", "v", "l", "?", "0", "Delete"):
        tab.page.keyboard.press(key)
    expect(tab.at("tool-points")).to_have_attribute("aria-pressed", "true")
    expect(tab.at("live-toggle")).to_have_attribute("aria-pressed", "true")
    expect(tab.at("shortcut-sheet")).to_be_hidden()
    tab.at("seed-input").blur()
    expect(tab.at("seed-input")).to_have_value("14")
    for key, tool in (("b", "brush"), ("e", "eraser"), ("h", "hand"), ("v", "select")):
        tab.page.keyboard.press(key)
        expect(tab.at(f"tool-{tool}")).to_have_attribute("aria-pressed", "true")


def test_the_keys_are_listed(tab: Tab) -> None:
    tab.page.keyboard.press("?")
    expect(tab.at("shortcut-sheet")).to_be_visible()
    tab.keep("12-keys")
    tab.page.keyboard.press("Escape")
    expect(tab.at("shortcut-sheet")).to_be_hidden()
    tab.at("shortcuts").click()
    expect(tab.at("shortcut-sheet")).to_be_visible()
    tab.page.keyboard.press("Escape")
    expect(tab.at("shortcut-sheet")).to_be_hidden()


def test_the_original_is_shown_while_a_key_is_held(tab: Tab) -> None:
    tab.page.keyboard.down("\\")
    expect(tab.stage).to_have_attribute("data-comparing", "true")
    tab.page.keyboard.up("\\")
    expect(tab.stage).to_have_attribute("data-comparing", "false")

"""A drag that cannot go well says so, and what to do."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from studio.browser.stage import SAMPLE, Tab

pytestmark = pytest.mark.xdist_group("studio")

SMOOTH = (880.0, 660.0)
"""Of the chair's back, without texture."""


def test_a_handle_without_texture_is_advised_on(tab: Tab) -> None:
    tab.switch_live(on=False)
    tab.clear_points()
    tab.pull(SMOOTH, (SMOOTH[0] - 60, SMOOTH[1]))
    point = tab.newest
    expect(tab.at("advice")).to_contain_text("little texture")
    tab.keep("16-advice")
    tab.at("advice-use").click()
    expect(tab.at("advice")).to_have_count(0)
    expect(tab.at(f"point-better-{point}")).to_have_count(0)
    moved = np.hypot(*np.subtract(tab.place("handle", point), SMOOTH))
    assert 5 < moved < 60


def test_a_goal_that_is_too_far_ends_with_a_remedy(tab: Tab) -> None:
    tab.pull(tab.place("goal", SAMPLE), (80, 80))
    tab.drag_to_end()
    assert tab.ending not in (None, "reached")
    said = tab.at("outcome").locator("p")
    expect(said).to_have_count(2)
    assert all(len(words) > 20 for words in said.all_inner_texts())
    tab.keep("17-too-far")


def test_a_drag_can_be_stopped_and_goes_on(tab: Tab) -> None:
    tab.pull(tab.place("goal", SAMPLE), (300, 300))
    tab.at("start").click()
    expect(tab.at("progress")).to_contain_text(re.compile(r"step \d+, [\d.]+ px left, [\d.]+ st"))
    tab.keep("18-under-way")
    shown = tab.told("resting-revision")
    tab.page.keyboard.press("Escape")
    tab.wait_for_rest(shown=shown)
    assert tab.ending == "cancelled"
    expect(tab.at("start")).to_be_enabled()


def test_nothing_to_drag_is_said(tab: Tab) -> None:
    tab.clear_points()
    expect(tab.at("start")).to_be_disabled()
    tab.page.keyboard.press("Control+Enter")
    expect(tab.at("notice")).to_contain_text("nothing to drag")

"""Live: a pull moves the picture at once, a click still places a point."""

import numpy as np
import pytest
from playwright.sync_api import expect

from studio.browser.stage import SAMPLE, Tab

pytestmark = pytest.mark.xdist_group("studio")

NOSE = (512.0, 600.0)
CHEEK = (400.0, 640.0)


def test_a_pull_moves_the_picture_and_places_nothing(tab: Tab) -> None:
    tab.clear_points()
    tab.click(CHEEK)
    expect(tab.at("hint")).to_contain_text("where it should go")
    waiting = tab.newest
    moved = tab.picture_after(lambda: tab.pull(NOSE, (NOSE[0] + 30, NOSE[1])))
    assert np.abs(moved - tab.first).mean() > 3
    expect(tab.all_named("point-handle-")).to_have_count(1)
    expect(tab.at(f"point-goal-{waiting}")).to_have_count(0)
    expect(tab.at("filmstrip").get_by_role("button").last).to_contain_text("Live drag")


def test_a_handle_that_waits_is_taken_at_its_own_place(tab: Tab) -> None:
    tab.clear_points()
    tab.click(NOSE)
    waiting = tab.newest
    # beside it, as a hand presses
    at = (NOSE[0] + 9, NOSE[1] - 6)
    tab.picture_after(lambda: tab.pull(at, (at[0] + 30, at[1])))
    expect(tab.all_named("point-handle-")).to_have_count(1)
    assert tab.place("handle", waiting)[0] > NOSE[0] + 15, "it was held, and went along"


def test_ends_are_moved_as_ever(tab: Tab) -> None:
    tab.pull(tab.place("goal", SAMPLE), (620, 690))
    np.testing.assert_allclose(tab.place("goal", SAMPLE), (620, 690), atol=1)
    tab.pull(tab.place("handle", SAMPLE), (560, 700))
    np.testing.assert_allclose(tab.place("handle", SAMPLE), (560, 700), atol=1)
    expect(tab.stage).to_have_attribute("data-phase", "idle")


def test_a_hand_that_rests_sees_the_finished_picture(tab: Tab) -> None:
    tab.clear_points()
    tab.point_at(NOSE)
    tab.page.mouse.down()
    first = tab.finished_after(lambda: tab.point_at((NOSE[0] + 18, NOSE[1])))
    second = tab.finished_after(lambda: tab.point_at((NOSE[0] + 40, NOSE[1])))
    expect(tab.stage).to_have_attribute("data-phase", "live")
    tab.keep("32-live-at-rest")
    kept = tab.picture_after(tab.page.mouse.up)
    # a JPEG of the very picture
    assert np.abs(second - kept).mean() < 2
    assert np.abs(first - kept).mean() > 4


def test_it_is_on_until_it_is_switched_off_which_is_remembered(tab: Tab) -> None:
    for _ in range(3):
        tab.page.keyboard.press("Escape")
    expect(tab.at("live-toggle")).to_have_attribute("aria-pressed", "true")
    tab.page.keyboard.press("l")
    tab.page.reload()
    expect(tab.at("live-toggle")).to_have_attribute("aria-pressed", "false")
    tab.wait_for_rest(shown=-1)
    tab.clear_points()
    tab.pull(NOSE, (NOSE[0] + 30, NOSE[1]))
    expect(tab.all_named("point-goal-")).to_have_count(1)
    tab.switch_live(on=True)
    tab.page.reload()
    expect(tab.at("live-toggle")).to_have_attribute("aria-pressed", "true")
    tab.wait_for_rest(shown=-1)

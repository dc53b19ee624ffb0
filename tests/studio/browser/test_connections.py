"""Several people, and a server that goes away."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from studio.browser.stage import Tab, open_tab
from studio.running import running_studio
from tugan.session.project_file import read_history

pytestmark = pytest.mark.xdist_group("studio")


def test_two_people_drag_at_once(tab: Tab, other_tab: Tab) -> None:
    shown = [one.told("resting-revision") for one in (tab, other_tab)]
    for one in (tab, other_tab):
        one.at("start").click()
    for one, before in zip((tab, other_tab), shown, strict=True):
        one.wait_for_rest(shown=before)
        assert one.ending == "reached"
    np.testing.assert_array_equal(tab.drawn(), other_tab.drawn())
    np.testing.assert_array_equal(tab.picture_after(tab.at("undo").click), tab.first)
    assert np.abs(other_tab.drawn() - tab.first).mean() > 5, "the other's picture stays"


def is_drag_saved(state: Path) -> bool:
    histories = map(read_history, state.rglob("*.tugan"))
    return any(history.document.outcome is not None for history in histories)


def test_the_server_is_killed_and_comes_back(browser: Browser, tmp_path: Path) -> None:
    with (
        running_studio(tmp_path) as studio,
        open_tab(browser, studio.url, loses_connection=True) as tab,
    ):
        after = tab.drag_to_end()
        # a picture may be seen a moment before it is on the disk
        tab.until(lambda: is_drag_saved(tmp_path))
        studio.process.kill()
        studio.process.wait()
        connection = tab.at("connection")
        expect(connection).to_contain_text("Connection lost")
        tab.keep("19-lost")
        with running_studio(tmp_path, port=studio.port):
            expect(connection).to_have_attribute("data-status", "open")
            expect(connection).to_be_empty()
            tab.wait_for_rest()
            np.testing.assert_array_equal(tab.drawn(), after)
            tab.at("undo").click()
            # the same picture may come twice when work is opened again, so not the next one
            tab.until_drawn(tab.first)

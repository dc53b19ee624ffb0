"""What can be taken away and brought back."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from studio.browser.stage import Picture, Tab

pytestmark = pytest.mark.xdist_group("studio")


@pytest.fixture(scope="module")
def smiling(first_tab: Tab) -> Picture:
    """The sample drag is done, for all tests here that look at it."""
    first_tab.begin_anew()
    return first_tab.drag_to_end()


@pytest.fixture
def dragged(first_tab: Tab, smiling: Picture) -> Iterator[Tab]:
    first_tab.until_drawn(smiling)
    yield first_tab
    first_tab.check_faults()


def test_a_project_is_saved_and_opened_by_somebody_else(
    dragged: Tab, other_tab: Tab, smiling: Picture
) -> None:
    with dragged.page.expect_download() as download:
        dragged.at("save-project").click()
    assert download.value.suggested_filename.endswith(".tugan")
    saved = FilePayload(
        name="mine.tugan",
        mimeType="application/octet-stream",
        buffer=download.value.path().read_bytes(),
    )
    with other_tab.page.expect_file_chooser() as chooser:
        other_tab.at("open-project").click()
    opened = other_tab.picture_after(lambda: chooser.value.set_files(saved))
    np.testing.assert_array_equal(opened, smiling)
    expect(other_tab.at("outcome")).to_have_attribute("data-ending", "reached")
    np.testing.assert_array_equal(
        other_tab.picture_after(other_tab.at("undo").click), other_tab.first
    )


def test_an_animation_of_the_drag(dragged: Tab, smiling: Picture) -> None:
    dragged.at("export").click()
    with dragged.page.expect_download() as download:
        dragged.at("export-gif").click()
    film = Image.open(io.BytesIO(download.value.path().read_bytes()))
    assert film.format == "GIF"
    frames = getattr(film, "n_frames", 1)
    assert frames >= 4
    ends = []
    for index in (0, frames - 1):
        film.seek(index)
        picture = film.convert("RGB").resize((256, 256))
        ends.append(np.asarray(picture).astype(np.int16))
    sizes = [Image.fromarray(one.astype(np.uint8)) for one in (dragged.first, smiling)]
    before, after = (np.asarray(one.resize((256, 256))).astype(np.int16) for one in sizes)
    # 256 colours: near, and nearer to its own end than to the other
    assert np.abs(ends[0] - before).mean() < 0.7 * np.abs(ends[0] - after).mean()
    assert np.abs(ends[1] - after).mean() < 0.7 * np.abs(ends[1] - before).mean()


def test_what_is_neither_a_photo_nor_a_project_is_answered_in_words(dragged: Tab) -> None:
    dragged.drop(b"notes", name="notes.txt", kind="text/plain")
    expect(dragged.at("notice")).to_contain_text("not a file that can be opened")
    dragged.keep("10-not-a-photo")
    dragged.at("notice").get_by_role("button").click()
    expect(dragged.at("notice")).to_have_count(0)


def test_a_spoiled_project_is_answered_in_words_and_changes_nothing(
    dragged: Tab, smiling: Picture
) -> None:
    spoiled = FilePayload(name="spoiled.tugan", mimeType="", buffer=b"PK\x03\x04 nothing else")
    dragged.at("project-file").set_input_files(spoiled)
    expect(dragged.at("notice")).to_contain_text("Open another file")
    dragged.until_drawn(smiling)
    dragged.at("notice").get_by_role("button").click()
    # browsers report every answer that is not a success
    assert len(dragged.faults) == 1
    assert "Failed to load resource" in dragged.faults.pop()

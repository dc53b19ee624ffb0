"""A photograph of one's own: found, brought in, pulled at, and put back."""

import base64
import importlib.util
import io
import os
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from studio.browser.axe import serious_faults
from studio.browser.photos import PlacedFace, Rgb, background, jpeg_of, photo_of
from studio.browser.stage import Picture, Tab, Xy
from studio.browser.test_keyboard import FOCUSED, go_by_tab
from tugan.generators.protocol import PretrainedGenerator

pytestmark = [
    pytest.mark.xdist_group("studio"),
    pytest.mark.skipif(
        importlib.util.find_spec("dlib") is None and not os.environ.get("TUGAN_NO_SKIP"),
        reason="needs the extra 'faces'",
    ),
]

FACE = PlacedFace(seed=3, left_px=220, top_px=120)
WIDTH, HEIGHT = 900, 700
NOSE = (512.0, 600.0)
_PREVIEW = """() => document.querySelector('[data-testid="photo-preview"]').toDataURL()"""
_COPY = """async (encoded) => {
    const bytes = Uint8Array.from(atob(encoded), (one) => one.charCodeAt(0));
    const blob = new Blob([bytes], {type: "image/png"});
    await navigator.clipboard.write([new ClipboardItem({"image/png": blob})]);
}"""
_THEME = "(theme) => { document.documentElement.dataset.theme = theme; }"


@pytest.fixture(scope="module")
def portrait(faces: PretrainedGenerator) -> bytes:
    """JPEG of one face in a larger picture."""
    return jpeg_of(photo_of(faces, [FACE], width_px=WIDTH, height_px=HEIGHT))


@pytest.fixture(scope="module")
def group(faces: PretrainedGenerator) -> bytes:
    """JPEG of three faces; the one in the middle is the largest."""
    placed = [
        PlacedFace(seed=3, left_px=40, top_px=120, side_px=320),
        PlacedFace(seed=14, left_px=380, top_px=60, side_px=400),
        PlacedFace(seed=0, left_px=790, top_px=200, side_px=300),
    ]
    return jpeg_of(photo_of(faces, placed, width_px=1120, height_px=560))


def until_stage(tab: Tab, stage: str) -> None:
    expect(tab.at("photo-panel")).to_have_attribute("data-stage", stage)


def steps_done(tab: Tab) -> int:
    return int(tab.at("photo-progress").get_attribute("data-step") or 0)


def until_steps(tab: Tab, count: int) -> None:
    """So many steps of this stage are done, and their picture is drawn."""
    tab.until(lambda: steps_done(tab) >= count)
    tab.until(lambda: int(tab.at("photo-preview").get_attribute("data-frames") or 0) > 0)


def square_at(tab: Tab) -> tuple[float, float, float]:
    """Centre and side of the square, in pixels of the photograph."""
    square = tab.at("photo-square")
    names = ("data-x", "data-y", "data-side")
    x, y, side = (float(square.get_attribute(name) or "nan") for name in names)
    return x, y, side


def on_page(tab: Tab, test_id: str) -> Xy:
    """The middle of something, in CSS pixels."""
    box = tab.at(test_id).bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def pull(tab: Tab, start: Xy, by: Xy) -> None:
    tab.page.mouse.move(*start)
    tab.page.mouse.down()
    tab.page.mouse.move(start[0] + by[0], start[1] + by[1], steps=4)
    tab.page.mouse.up()


def decoded(file: bytes) -> Rgb:
    return np.asarray(Image.open(io.BytesIO(file)).convert("RGB"))


def unlikeness(picture: Picture, photo: Rgb) -> float:
    """Of a picture to the place of the photograph where the face is."""
    box = (FACE.left_px, FACE.top_px, FACE.left_px + FACE.side_px, FACE.top_px + FACE.side_px)
    face = Image.fromarray(photo).crop(box).resize(picture.shape[:2])
    return float(np.abs(np.asarray(face).astype(np.int16) - picture)[200:824, 200:824].mean())


def test_the_story(tab: Tab, portrait: bytes) -> None:
    """Drop, watch it come nearer, keep it, pull at it, and have the whole photograph back."""
    tab.drop(portrait, name="me.jpg", kind="image/jpeg")
    until_stage(tab, "invert")
    expect(tab.at("photo-target")).to_be_visible()
    expect(tab.at("photo-progress")).to_contain_text("Looking for it: step")
    until_steps(tab, 3)
    early = tab.page.evaluate(_PREVIEW)
    until_steps(tab, 20)
    assert tab.page.evaluate(_PREVIEW) != early, "the preview stands still"
    tab.keep("20-photo-progress")
    tab.at("photo-keep").click()
    expect(tab.at("photo-panel")).to_be_hidden()
    expect(tab.at("photo-about")).to_contain_text("me.jpg")
    expect(tab.at("filmstrip").get_by_role("button").last).to_have_attribute("aria-current", "step")
    tab.until(lambda: bool(np.abs(tab.drawn() - tab.first).mean() > 5))
    kept = tab.drawn()
    tab.keep("21-photo-kept")

    tab.switch_live(on=False)
    tab.pull(NOSE, (NOSE[0] + 40, NOSE[1]))
    turned = tab.drag_to_end()
    assert np.abs(turned - kept).mean() > 3
    photo = decoded(portrait)
    tab.page.keyboard.down("\\")
    expect(tab.stage).to_have_attribute("data-comparing", "true")
    # the photograph itself, and not what the model makes of it
    assert unlikeness(tab.drawn(), photo) < 0.6 * unlikeness(kept, photo)
    tab.page.keyboard.up("\\")

    tab.at("export").click()
    tab.keep("22-photo-export")
    assert serious_faults(tab) == []
    with tab.page.expect_download() as download:
        tab.at("export-photo-png").click()
    whole = decoded(download.value.path().read_bytes())
    assert whole.shape == photo.shape
    difference = np.abs(whole.astype(np.int16) - photo).max(axis=-1)
    top, left = FACE.top_px, FACE.left_px
    square = np.zeros(difference.shape, dtype=bool)
    square[top - 20 : top + FACE.side_px + 20, left - 20 : left + FACE.side_px + 20] = True
    assert difference[square].mean() > 2
    assert difference[~square].max() == 0

    see_it_in_the_photograph(tab)


def see_it_in_the_photograph(tab: Tab) -> None:
    tab.at("see-photo").click()
    result = tab.at("photo-result")
    expect(result).to_be_visible()
    size = result.evaluate("async (img) => { await img.decode(); return img.naturalWidth; }")
    assert size == WIDTH
    tab.keep("23-photo-seen")
    assert serious_faults(tab) == []
    over = tab.page.get_by_alt_text("The photograph as it was")
    tab.page.mouse.move(*on_page(tab, "photo-before"))
    tab.page.mouse.down()
    expect(over).to_be_visible()
    tab.page.mouse.up()
    expect(over).to_have_count(0)
    with tab.page.expect_download() as download:
        tab.at("photo-download").click()
    assert decoded(download.value.path().read_bytes()).shape == (HEIGHT, WIDTH, 3)
    tab.page.keyboard.press("Escape")
    expect(tab.at("photo-seen")).to_be_hidden()


def test_esc_stops_it_and_it_goes_on(tab: Tab, portrait: bytes) -> None:
    """A reload, a stop and a change of mind lose nothing that was not given up."""
    chosen = FilePayload(name="me.jpg", mimeType="image/jpeg", buffer=portrait)
    with tab.page.expect_file_chooser() as chooser:
        tab.at("open-photo").click()
    chooser.value.set_files(chosen)
    until_stage(tab, "invert")
    until_steps(tab, 2)
    tab.page.reload()
    until_stage(tab, "invert")
    expect(tab.at("photo-target")).to_be_visible()
    until_steps(tab, 6)
    for theme in ("dark", "light"):
        tab.page.evaluate(_THEME, theme)
        assert serious_faults(tab) == []

    tab.page.keyboard.press("Escape")
    until_stage(tab, "ready")
    expect(tab.at("photo-quality")).to_have_attribute("data-grade", "poor")
    for theme in ("dark", "light"):
        tab.page.evaluate(_THEME, theme)
        assert serious_faults(tab) == []
    tab.keep("24-photo-stopped")
    tab.page.keyboard.press("Escape")
    expect(tab.at("photo-more")).to_have_text("Go on")
    tab.at("photo-more").click()
    until_stage(tab, "invert")
    until_steps(tab, 7)
    tab.at("photo-choose").click()
    until_stage(tab, "choose")
    expect(tab.at("photo-face-0")).to_have_attribute("aria-pressed", "true")
    tab.page.keyboard.press("Escape")
    expect(tab.at("photo-panel")).to_be_hidden()
    tab.until_drawn(tab.first)


def test_one_of_several_faces_is_chosen_by_pointer(tab: Tab, group: bytes) -> None:
    tab.drop(group, name="group.jpg", kind="image/jpeg")
    until_stage(tab, "choose")
    expect(tab.all_named("photo-face-")).to_have_count(3)
    expect(tab.at("photo-face-0")).to_have_attribute("aria-pressed", "true")
    expect(tab.at("photo-use")).to_have_text("Use this face")
    for theme in ("dark", "light"):
        tab.page.evaluate(_THEME, theme)
        assert serious_faults(tab) == []
    tab.keep("25-photo-faces")
    tab.page.get_by_role("button", name="Face 2 of 3").click()
    expect(tab.at("photo-face-1")).to_have_attribute("aria-pressed", "true")
    x, y, side = square_at(tab)
    assert (x, y) == pytest.approx((199.5, 279.5), abs=20)
    assert side == pytest.approx(320, rel=0.1)

    box = tab.at("photo-square").bounding_box()
    assert box is not None
    px = side / box["width"]
    pull(tab, on_page(tab, "photo-square"), (30, 12))
    assert square_at(tab) == pytest.approx((x + 30 * px, y + 12 * px, side), abs=2)
    expect(tab.at("photo-use")).to_have_text("Use this square")
    pull(tab, on_page(tab, "photo-corner-2"), (20, 20))
    assert square_at(tab)[2] == pytest.approx(side + 20 * px, abs=3)
    tab.keep("26-photo-square")

    # a square that lies over another face lets that face be chosen
    middle = on_page(tab, "photo-face-0")
    here = on_page(tab, "photo-square")
    pull(tab, here, (middle[0] - here[0], middle[1] - here[1]))
    expect(tab.at("photo-face-0")).to_have_attribute("aria-pressed", "false")
    tab.page.mouse.click(*middle)
    expect(tab.at("photo-face-0")).to_have_attribute("aria-pressed", "true")
    tab.at("photo-cancel").click()
    expect(tab.at("photo-panel")).to_be_hidden()


def test_a_square_is_chosen_by_keyboard_alone(tab: Tab, group: bytes) -> None:
    tab.drop(group, name="group.jpg")
    until_stage(tab, "choose")
    go_by_tab(tab, "photo-face-2")
    tab.page.keyboard.press("Enter")
    expect(tab.at("photo-face-2")).to_have_attribute("aria-pressed", "true")
    x, y, side = square_at(tab)
    go_by_tab(tab, "photo-square")
    tab.page.keyboard.press("Shift+ArrowLeft")
    tab.page.keyboard.press("ArrowDown")
    assert square_at(tab) == pytest.approx((x - side / 10, y + side / 100, side), abs=0.1)
    go_by_tab(tab, "photo-size")
    tab.page.keyboard.press("ArrowRight")
    assert square_at(tab)[2] == pytest.approx(side + 1, abs=1)
    go_by_tab(tab, "photo-angle")
    tab.page.keyboard.press("ArrowRight")
    assert float(tab.at("photo-square").get_attribute("data-angle") or "nan") == pytest.approx(
        1, abs=3
    )
    go_by_tab(tab, "photo-use")
    tab.page.keyboard.press("Enter")
    until_stage(tab, "invert")
    until_steps(tab, 1)
    # the button that had the focus is gone, and the focus is still in the panel
    assert tab.page.evaluate("document.activeElement.closest('dialog')?.open")
    go_by_tab(tab, "photo-cancel")
    tab.page.keyboard.press("Enter")
    expect(tab.at("photo-panel")).to_be_hidden()
    assert tab.page.evaluate(FOCUSED) is None or tab.page.evaluate(FOCUSED) != "photo-cancel"


def test_without_a_face_it_is_said_and_a_square_is_taken(tab: Tab) -> None:
    tab.drop(jpeg_of(background(WIDTH, HEIGHT)), name="sky.jpg")
    until_stage(tab, "choose")
    expect(tab.at("photo-warning")).to_contain_text("No face was found")
    expect(tab.all_named("photo-face-")).to_have_count(0)
    tab.keep("27-photo-no-face")
    tab.at("photo-size").fill("400")
    assert square_at(tab)[2] == 400
    tab.at("photo-use").click()
    until_stage(tab, "invert")
    until_steps(tab, 1)
    expect(tab.at("photo-warning")).to_be_visible()
    tab.at("photo-cancel").click()
    expect(tab.at("photo-panel")).to_be_hidden()
    tab.until_drawn(tab.first)


def test_a_picture_is_pasted_from_the_clipboard(tab: Tab) -> None:
    file = io.BytesIO()
    Image.fromarray(background(300, 240)).save(file, "PNG")
    tab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    tab.page.evaluate(_COPY, base64.b64encode(file.getvalue()).decode())
    tab.page.keyboard.press("Control+v")
    until_stage(tab, "choose")
    expect(tab.at("photo-panel")).to_contain_text(re.compile(r"300\s\S\s240\spx"))
    tab.page.keyboard.press("Escape")
    expect(tab.at("photo-panel")).to_be_hidden()


def test_a_spoiled_photo_is_answered_in_words(tab: Tab) -> None:
    tab.drop(b"\xff\xd8\xff\xe0 nothing else", name="spoiled.jpg", kind="image/jpeg")
    expect(tab.at("notice")).to_contain_text("spoiled.jpg")
    expect(tab.at("notice")).to_contain_text("Choose another file")
    expect(tab.at("photo-panel")).to_be_hidden()
    tab.at("notice").get_by_role("button").click()
    # browsers report every answer that is not a success
    assert len(tab.faults) == 1
    assert "Failed to load resource" in tab.faults.pop()

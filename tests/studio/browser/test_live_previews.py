"""What is seen under a fast hand is near to the finished picture of the same latent.

Previews are drawn by a linear head, which outside of what it was fitted on may burn and bleed. The
hand jumps, which asks for the hardest steps; every preview that the page was sent is compared.
"""

import importlib.util
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from playwright.sync_api import Browser, WebSocket

from studio.browser.stage import Tab, Xy, open_tab
from studio.running import RunningStudio
from tugan.bench.live_preview import preview_distance
from tugan.core.images import to_rgb_array
from tugan.generators.protocol import PretrainedGenerator, synthesize
from tugan.perceptual.dlib_faces import DlibFaces
from tugan.session.project_file import read_history
from tugan.studio.frames import HEADER, FrameKind

pytestmark = [
    pytest.mark.xdist_group("studio"),
    pytest.mark.skipif(importlib.util.find_spec("dlib") is None, reason="needs the extra 'faces'"),
]

Rgb = npt.NDArray[np.uint8]

SEEDS = (3, 7, 12, 21, 28, 42, 55, 63, 77, 90)
LANDMARKS = (30, 48, 8, 54, 21, 57, 30, 45, 8, 33)
"""Which place of each face is pulled at: nose, corners of the mouth, chin, brow, lips, an eye."""
JUMPS: tuple[Xy, ...] = ((110, -60), (-120, 40), (70, 90))
"""Where the hand is, in pixels of 1024 from where it pressed, one after the other."""
HANGS_S = 1200
"""Ten faces are about a minute of two cores, and several on a busy machine."""
WORST_BURN = 20.0
"""Of 255: how far a preview's colours may lie beyond those of its picture nearby, at its worst
place (``bench/live_preview.py``). Sound ones that were looked at had up to 14, those that burnt 22
to 77."""


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One preview beside its picture."""

    step: int
    burn: float
    is_face: bool


@dataclass(kw_only=True)
class Sent:
    """The previews that came over a page's socket, by their steps."""

    previews: dict[int, Rgb] = field(default_factory=dict)

    def hear(self, payload: str | bytes) -> None:
        if isinstance(payload, str):
            return
        kind, _, step, _ = HEADER.unpack_from(payload)
        if kind == FrameKind.MOVING:
            picture = Image.open(io.BytesIO(payload[HEADER.size :])).convert("RGB")
            self.previews[step] = np.asarray(picture)


@pytest.fixture
def tab(browser: Browser, studio: RunningStudio) -> Iterator[Tab]:
    """Of its own: its history grows."""
    with open_tab(browser, studio.url) as opened:
        yield opened


def jump(tab: Tab, start: Xy) -> None:
    """Press, jump about without waiting for the picture to be there, let go."""
    tab.point_at(start)
    tab.page.mouse.down()
    for x, y in JUMPS:
        frames = tab.told("frames")
        tab.point_at((start[0] + x, start[1] + y))
        tab.wait_for_frame(drawn=frames)
    tab.picture_after(tab.page.mouse.up)


def compare(
    tab: Tab, previews: dict[int, Rgb], faces: PretrainedGenerator, dlib: DlibFaces
) -> list[Seen]:
    """Every preview with the picture of its step, whose latents the project has."""
    with tab.page.expect_download() as download:
        tab.at("save-project").click()
    document = read_history(download.value.path().read_bytes()).document
    trail = document.trail
    assert trail is not None
    latents = {step.step: trail.ws_of(step) for step in trail.steps}
    # a drag that ends with an earlier step keeps its way up to there
    known = {step: preview for step, preview in previews.items() if step in latents}
    assert len(known) >= len(JUMPS)
    found = []
    for step, preview in sorted(known.items()):
        finished = to_rgb_array(
            synthesize(faces, latents[step], noise_seed=document.start.noise_seed)
        )
        found.append(
            Seen(
                step=step,
                burn=preview_distance(preview, finished).burn,
                is_face=dlib.find(preview) is not None,
            )
        )
    return found


def table(seen: dict[int, list[Seen]]) -> str:
    """A line for each face: all its previews' burn, and the steps without a face."""
    lines = [""]
    for seed, pull in seen.items():
        burns = " ".join(f"{one.burn:.0f}" for one in pull)
        lost = [one.step for one in pull if not one.is_face]
        lines.append(f"seed {seed}: burn {burns}; no face at {lost}")
    return "\n".join(lines)


@pytest.mark.timeout(HANGS_S)
def test_previews_under_a_fast_hand_are_what_the_finished_pictures_are(
    tab: Tab, faces: PretrainedGenerator
) -> None:
    dlib, sent = DlibFaces(), Sent()

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", sent.hear)

    tab.page.on("websocket", listen)
    tab.page.reload()
    tab.wait_for_rest(shown=-1)
    seen: dict[int, list[Seen]] = {}
    for seed, landmark in zip(SEEDS, LANDMARKS, strict=True):
        tab.at("seed-input").fill(str(seed))
        tab.picture_after(tab.at("seed-go").click)
        start = dlib.find(tab.drawn().astype(np.uint8))
        assert start is not None
        sent.previews.clear()
        x, y = start.landmarks_xy[landmark]
        jump(tab, (float(x), float(y)))
        seen[seed] = compare(tab, sent.previews, faces, dlib)
    far = [one for pull in seen.values() for one in pull if one.burn > WORST_BURN]
    lost = [one for pull in seen.values() for one in pull if not one.is_face]
    assert far == [], table(seen)
    assert lost == [], table(seen)

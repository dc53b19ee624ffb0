"""One simulated pull: a hand, steps at a rate, and looks at what they draw."""

import math
import time
from dataclasses import dataclass, field

import numpy as np
import torch
from PIL import Image, ImageDraw

from tugan.bench.face_pairs import landmarks_in_picture
from tugan.bench.live_face import LiveFace
from tugan.bench.live_hand import Hand
from tugan.bench.live_preview import PreviewDistance, preview_distance
from tugan.bench.live_task import LiveTask
from tugan.bench.texture_crops import FOUND_INK, GOAL_INK, SEEN_INK
from tugan.bench.texture_match import PointXy
from tugan.bench.thumbnails import thumbnail
from tugan.bench.timed_drag import TimeLimitError
from tugan.core.images import RgbArray, to_rgb_array
from tugan.dragging.live import LiveDrag
from tugan.dragging.step import DragStep
from tugan.perceptual.faces import Face, FaceFinder
from tugan.session.drag_job import preview_of

SIDE_PX = 256
"""Of pictures that are kept: smaller ones do not show what is broken."""
_DOT_PX = 4


@dataclass(frozen=True, kw_only=True)
class Look:
    """The picture of a step, looked at."""

    step: int
    """Steps taken so far."""
    hand_xy: PointXy
    handle_xy: PointXy
    """Where the drag says that the handle is."""
    said_lost: bool
    """Does it say that it is a guess?"""
    face: Face | None
    landmark_xy: PointXy | None
    """Where the held landmark is found; None without a face."""
    preview: PreviewDistance
    finished_picture: RgbArray = field(repr=False)
    """Small; blue is the hand, green the handle as the drag says, black the landmark."""
    preview_picture: RgbArray = field(repr=False)

    @property
    def off_px(self) -> float:
        """From where the drag says the handle is to the landmark; infinite without a face."""
        return math.inf if self.landmark_xy is None else math.dist(self.landmark_xy, self.handle_xy)


@dataclass(frozen=True, kw_only=True)
class Pull:
    """All that was seen of a pull."""

    steps: int
    looks: tuple[Look, ...] = field(repr=False)
    """The last one is of the last picture; none where no step was taken."""
    left_px: float
    """From the handle, as the drag says, to the hand at rest."""


def pull(
    live: LiveDrag,
    face: LiveFace,
    hand: Hand,
    *,
    rate: int,
    task: LiveTask,
    faces: FaceFinder,
    limit_s: float | None = None,
) -> Pull:
    """Step ``k`` sees the hand at ``k / rate`` seconds; then the hand rests.

    :class:`TimeLimitError` at the first step after ``limit_s`` seconds: all else is free of clocks.
    """
    started_s = time.monotonic()
    live.grab(torch.tensor([face.handle_xy]))
    moving = math.ceil(hand.moves_s * rate)
    looks: list[Look] = []
    last, at_xy, taken = None, face.handle_xy, 0
    for tick in range(1, moving + task.rest_steps + 1):
        before_xy, at_xy = at_xy, hand.at(tick / rate)
        if at_xy != before_xy:  # a hand that rests tells nothing new
            live.move(torch.tensor([at_xy]))
        step = live.step()
        if step is None:
            continue
        last, taken = step, taken + 1
        if taken % task.check_every == 0:
            looks.append(_look(step, taken, at_xy, face, faces))
        if limit_s is not None and time.monotonic() - started_s > limit_s:
            raise TimeLimitError(f"the pull was not over after {limit_s:g} s and {taken} steps")
    if last is not None and (not looks or looks[-1].step != taken):
        looks.append(_look(last, taken, at_xy, face, faces))
    handle_xy = face.handle_xy if last is None else _pair(last)
    return Pull(steps=taken, looks=tuple(looks), left_px=math.dist(handle_xy, hand.end_xy))


def _look(step: DragStep, taken: int, hand_xy: PointXy, face: LiveFace, faces: FaceFinder) -> Look:
    finished = to_rgb_array(step.image())
    preview = preview_of(step, face.head)
    found = faces.find(finished)
    landmark = None
    if found is not None:
        x, y = landmarks_in_picture(found, image_hw=face.image_hw)[face.landmark]
        landmark = float(x), float(y)
    handle = _pair(step)
    marks = [(hand_xy, GOAL_INK), (handle, SEEN_INK)]
    marks += [] if landmark is None else [(landmark, FOUND_INK)]
    return Look(
        step=taken,
        hand_xy=hand_xy,
        handle_xy=handle,
        said_lost=bool(step.lost.any()),
        face=found,
        landmark_xy=landmark,
        preview=preview_distance(preview, finished),
        finished_picture=_marked(finished, marks),
        preview_picture=thumbnail(preview, side_px=SIDE_PX),
    )


def _pair(step: DragStep) -> PointXy:
    x, y = step.handles_xy[0].tolist()
    return x, y


def _marked(pixels: RgbArray, marks: list[tuple[PointXy, str]]) -> RgbArray:
    """Small, with rings."""
    small = Image.fromarray(thumbnail(pixels, side_px=SIDE_PX))
    scale = small.width / pixels.shape[1]
    pen = ImageDraw.Draw(small)
    for (x, y), ink in marks:
        middle = np.array([(x + 0.5) * scale, (y + 0.5) * scale])
        pen.ellipse((*(middle - _DOT_PX), *(middle + _DOT_PX)), outline=ink, width=2)
    return np.asarray(small)

"""Animations: GIF and WebP with Pillow, MP4 and WebM with the extra ``video``."""

import importlib.util
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import final

import numpy as np
from PIL import Image

from tugan.core.atomic_write import atomic_path, check_writable
from tugan.core.errors import MissingExtraError, OutputError
from tugan.core.images import RgbArray

PILLOW_SUFFIXES = (".gif", ".webp")
AV_CODECS = {".mp4": "libx264", ".webm": "libvpx-vp9"}
MAX_SIDE_PX = 512
FRAMES_PER_SECOND = 15
MAX_FRAMES = 400
MIN_FRAME_UNITS = 2
"""A GIF's frames of 10 ms or less are shown for 100 ms by browsers."""
HOLD_S = 1.0
"""How long the first and the last frame stand still."""


def check_video_path(path: Path) -> None:
    """:class:`OutputError` or :class:`MissingExtraError` unless this animation can be written."""
    suffix = path.suffix.lower()
    if suffix not in (*PILLOW_SUFFIXES, *AV_CODECS):
        known = ", ".join((*PILLOW_SUFFIXES, *AV_CODECS))
        raise OutputError(f"cannot write {path}: the name of an animation ends in one of {known}")
    if suffix in AV_CODECS and importlib.util.find_spec("av") is None:
        raise MissingExtraError(
            f"{suffix} needs the extra 'video' (pip install 'tugan[video]'); .gif and .webp do not"
        )
    check_writable(path)


def video_frame(pixels: RgbArray) -> RgbArray:
    """A frame at the animation's size: at most :data:`MAX_SIDE_PX`, even sides as codecs want."""
    height, width = pixels.shape[:2]
    scale = min(1.0, MAX_SIDE_PX / max(height, width))
    size = (max(round(width * scale) // 2 * 2, 2), max(round(height * scale) // 2 * 2, 2))
    if size == (width, height):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


@final
class FrameReel:
    """The frames of an animation, thinned so that a long drag does not fill the memory."""

    def __init__(self) -> None:
        """Empty."""
        self._frames: dict[int, RgbArray] = {}
        self._stride = 1

    @property
    def frames(self) -> list[RgbArray]:
        """In order."""
        return [self._frames[index] for index in sorted(self._frames)]

    def wants(self, index: int) -> bool:
        """Ask before rendering the picture of step ``index``."""
        return index % self._stride == 0

    def add(self, index: int, pixels: RgbArray) -> None:
        """The picture of step ``index``, at any size."""
        self._frames[index] = video_frame(pixels)
        if len(self._frames) > MAX_FRAMES:
            self._stride *= 2
            self._frames = {i: f for i, f in self._frames.items() if i % self._stride == 0}

    def end_with(self, index: int, pixels: RgbArray) -> None:
        """Make this the last frame, whatever came after it."""
        self._frames = {i: frame for i, frame in self._frames.items() if i < index}
        self._frames[index] = video_frame(pixels)


def write_video(path: Path, frames: Sequence[RgbArray]) -> None:
    """Write frames of one size; ``ValueError`` if there are none.

    The first and last frame are held for a second.
    """
    if not frames:
        raise ValueError("an animation needs at least one frame")
    check_video_path(path)
    with atomic_path(path) as temporary:
        if path.suffix.lower() in PILLOW_SUFFIXES:
            _write_with_pillow(temporary, frames)
        else:
            _write_with_av(temporary, frames)


def frame_durations_ms(
    count: int, *, unit_ms: int, frames_per_second: float = FRAMES_PER_SECOND
) -> list[int]:
    """How long each frame stands, in whole units of the format, the first and last held.

    Frames begin at the unit nearest to where they should: at 15 a second in units of 10 ms they
    stand for 70, 60 and 70 ms in turn, where 60 ms for each would run 11 % fast.
    """
    held_ms = round(1000 * HOLD_S / unit_ms) * unit_ms
    frame_ms = max(1000 / frames_per_second, MIN_FRAME_UNITS * unit_ms)
    begins = [round(index * frame_ms / unit_ms) * unit_ms for index in range(max(count - 1, 1))]
    between = [after - before for before, after in pairwise(begins)]
    return [held_ms, *between, held_ms] if count > 1 else [held_ms]


def _write_with_pillow(path: Path, frames: Sequence[RgbArray]) -> None:
    pictures = [Image.fromarray(frame) for frame in frames]
    unit_ms = 10 if path.suffix.lower() == ".gif" else 1
    durations_ms = frame_durations_ms(len(frames), unit_ms=unit_ms)
    if path.suffix.lower() == ".gif":
        # one palette of the first and last picture keeps colours from flickering
        both = Image.fromarray(np.concatenate([frames[0], frames[-1]], axis=1))
        palette = both.quantize(256, method=Image.Quantize.MEDIANCUT)
        pictures = [one.quantize(palette=palette) for one in pictures]
    first, *rest = pictures
    first.save(path, save_all=True, append_images=rest, duration=durations_ms, loop=0, quality=85)


def _write_with_av(path: Path, frames: Sequence[RgbArray]) -> None:
    import av

    hold = round(HOLD_S * FRAMES_PER_SECOND)
    held = [*[frames[0]] * hold, *frames, *[frames[-1]] * hold]
    height, width = frames[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            AV_CODECS[path.suffix.lower()], rate=FRAMES_PER_SECOND, options={"crf": "20"}
        )
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for pixels in held:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

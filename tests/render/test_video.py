import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tugan.core.errors import MissingExtraError, OutputError
from tugan.core.images import RgbArray
from tugan.render.video import (
    FRAMES_PER_SECOND,
    HOLD_S,
    MAX_FRAMES,
    FrameReel,
    check_video_path,
    frame_durations_ms,
    video_frame,
    write_video,
)

HELD = 15
"""Frames of a second."""


def moving_square(count: int, *, side: int = 32) -> list[RgbArray]:
    frames = [np.full((side, side + 16, 3), 30, dtype=np.uint8) for _ in range(count)]
    for index, frame in enumerate(frames):
        place = 4 * (index % 10)
        frame[8:16, place : place + 8] = (250, 200, 60)
    return frames


def durations_ms(path: Path) -> list[int]:
    found = []
    with Image.open(path) as opened:
        for index in range(getattr(opened, "n_frames", 1)):
            opened.seek(index)
            opened.load()
            found.append(round(opened.info["duration"]))
    return found


@pytest.mark.parametrize("suffix", ["gif", "webp", "GIF"])
def test_the_first_and_last_frame_stand_for_a_second(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    write_video(path, moving_square(5))
    first, *middle, last = durations_ms(path)
    assert (first, last) == (1000, 1000)
    assert len(middle) == 3
    assert all(60 <= duration <= 70 for duration in middle)


@pytest.mark.parametrize("suffix", ["gif", "webp"])
@pytest.mark.parametrize("count", [2, 3, 4, 20, 62])
def test_every_frame_begins_when_it_should(tmp_path: Path, suffix: str, count: int) -> None:
    path = tmp_path / f"a.{suffix}"
    write_video(path, moving_square(count))
    found = durations_ms(path)
    assert len(found) == count
    unit_ms = 10 if suffix == "gif" else 1
    for index, begins in enumerate(np.cumsum(found[:-1]), start=1):
        wanted_ms = 1000 * (HOLD_S + (index - 1) / FRAMES_PER_SECOND)
        assert abs(begins - wanted_ms) <= unit_ms / 2


@pytest.mark.parametrize("rate", [1, 7, 12.5, 24, 25, 29.97, 30, 33, 50])
def test_any_frame_rate_is_right_in_the_mean(rate: float) -> None:
    first, *middle, last = frame_durations_ms(301, unit_ms=10, frames_per_second=rate)
    assert (first, last) == (1000, 1000)
    assert sum(middle) == pytest.approx(299 * 1000 / rate, abs=5)
    assert set(middle) <= {10 * int(100 / rate), 10 * int(100 / rate) + 10}


def test_no_frame_is_too_short_for_browsers() -> None:
    assert min(frame_durations_ms(50, unit_ms=10, frames_per_second=90)) == 20


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_an_animation_repeats_for_ever(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    write_video(path, moving_square(3))
    with Image.open(path) as opened:
        assert opened.info["loop"] == 0
        assert opened.size == (48, 32)


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_frames_look_like_what_was_given(tmp_path: Path, suffix: str) -> None:
    frames = moving_square(4)
    path = tmp_path / f"a.{suffix}"
    write_video(path, frames)
    with Image.open(path) as opened:
        for index, frame in enumerate(frames):
            opened.seek(index)
            shown = np.asarray(opened.convert("RGB")).astype(int)
            assert np.abs(shown - frame).mean() < 6


@pytest.mark.parametrize("suffix", ["gif", "webp", "mp4", "webm"])
def test_a_single_frame_is_an_animation_too(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    write_video(path, moving_square(1))
    assert path.stat().st_size > 0


@pytest.mark.parametrize(("suffix", "codec"), [("mp4", "h264"), ("webm", "vp9"), ("MP4", "h264")])
def test_videos_decode_at_their_size_with_both_ends_held(
    tmp_path: Path, suffix: str, codec: str
) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / f"a.{suffix}"
    frames = moving_square(4)
    write_video(path, frames)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decoded = [frame.to_ndarray(format="rgb24") for frame in container.decode(stream)]
        assert stream.codec_context.name == codec
        assert float(stream.average_rate) == pytest.approx(15, abs=0.5)
    assert len(decoded) == HELD + len(frames) + HELD
    assert decoded[0].shape == frames[0].shape
    assert np.abs(decoded[0].astype(int) - frames[0]).mean() < 8
    assert np.abs(decoded[-1].astype(int) - frames[-1]).mean() < 8


@pytest.mark.parametrize(
    ("given_hw", "expected_hw"),
    [
        ((1024, 1024), (512, 512)),
        ((1000, 2000), (256, 512)),
        ((2000, 1000), (512, 256)),
        ((512, 512), (512, 512)),
        ((128, 128), (128, 128)),
        ((33, 65), (32, 64)),
        ((513, 513), (512, 512)),
        ((1, 1), (2, 2)),
        ((2000, 3), (512, 2)),
    ],
)
def test_frames_are_at_most_512_px_and_even(
    given_hw: tuple[int, int], expected_hw: tuple[int, int]
) -> None:
    frame = video_frame(np.zeros((*given_hw, 3), dtype=np.uint8))
    assert frame.shape == (*expected_hw, 3)


def test_a_frame_that_fits_is_not_resampled() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 48, 3), dtype=np.uint8)
    assert np.array_equal(video_frame(pixels), pixels)


def test_no_frames_are_no_animation(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        write_video(tmp_path / "a.gif", [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a.avi", "a", "a.png"])
def test_an_unknown_suffix_is_refused_with_those_there_are(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match=r"ends in one of \.gif, \.webp, \.mp4, \.webm"):
        check_video_path(tmp_path / name)


@pytest.mark.parametrize("suffix", ["mp4", "webm"])
def test_without_the_extra_the_message_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tugan\[video\]'"):
        check_video_path(tmp_path / f"a.{suffix}")
    check_video_path(tmp_path / "a.gif")


def test_a_video_that_cannot_be_encoded_leaves_no_file(tmp_path: Path) -> None:
    uneven = [*moving_square(2), *moving_square(1, side=64)]
    with pytest.raises(ValueError, match=r"."):
        write_video(tmp_path / "a.gif", uneven)
    assert list(tmp_path.iterdir()) == []


def test_a_long_drag_is_thinned_and_keeps_its_ends() -> None:
    reel = FrameReel()
    for index in range(3000):
        if reel.wants(index):
            reel.add(index, np.full((4, 4, 3), index % 251, dtype=np.uint8))
    reel.end_with(2995, np.full((4, 4, 3), 255, dtype=np.uint8))
    assert 100 < len(reel.frames) <= MAX_FRAMES + 1
    assert (reel.frames[0] == 0).all()
    assert (reel.frames[-1] == 255).all()


def test_what_comes_after_the_end_is_left_out() -> None:
    reel = FrameReel()
    for index in range(9):
        reel.add(index, np.full((4, 4, 3), index, dtype=np.uint8))
    reel.end_with(5, np.full((4, 4, 3), 5, dtype=np.uint8))
    assert [int(frame[0, 0, 0]) for frame in reel.frames] == [0, 1, 2, 3, 4, 5]

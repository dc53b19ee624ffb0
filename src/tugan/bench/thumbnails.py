"""Small pictures of a run, for its contact sheet."""

import numpy as np
from PIL import Image

from tugan.bench.landmark_task import Job
from tugan.core.images import RgbArray

THUMBNAIL_PX = 128
"""Longer side."""


def source_name(pair: int) -> str:
    """Of the picture that is dragged."""
    return f"pair-{pair:04}-source"


def target_name(pair: int) -> str:
    """Of the picture whose landmarks are the goals."""
    return f"pair-{pair:04}-target"


def picture_name(job: Job) -> str:
    """Of a result."""
    return f"pair-{job.pair:04}-{job.points}-{plain_name(job.method)}"


def plain_name(method: str) -> str:
    """Of a method, in a file's name."""
    return method.replace("/", ",")


def thumbnail(pixels: RgbArray, *, side_px: int = THUMBNAIL_PX) -> RgbArray:
    """At most so many pixels a side."""
    picture = Image.fromarray(pixels)
    picture.thumbnail((side_px, side_px), Image.Resampling.LANCZOS)
    return np.asarray(picture)

"""What a ``tugan drag`` was asked for."""

from dataclasses import dataclass
from pathlib import Path

from tugan.cli.points import PointPair


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Where results go."""

    picture: Path
    video: Path | None
    project: Path | None
    overlay: bool


@dataclass(frozen=True, kw_only=True)
class DragJob:
    """The options, points parsed."""

    model: str | None
    pairs: tuple[PointPair, ...]
    seed: int | None
    psi: float | None
    label: int | None
    noise: str | None
    mask: Path | None
    keep_mask: Path | None
    no_mask: bool
    latent: str | None
    solver: str | None
    preset: str | None
    steps: int | None
    device: str
    project: Path | None
    outputs: Outputs
    as_json: bool


def check_outputs(outputs: Outputs) -> None:
    """:class:`OutputError` before the work starts, if a result would have no place to go."""
    from tugan.core.atomic_write import check_writable
    from tugan.core.errors import OutputError
    from tugan.render.image_file import check_image_path
    from tugan.render.video import check_video_path

    check_image_path(outputs.picture)
    if outputs.video is not None:
        check_video_path(outputs.video)
    if outputs.project is not None:
        check_writable(outputs.project)
    paths = [outputs.picture, outputs.video, outputs.project]
    places = [path.resolve() for path in paths if path is not None]
    if len(set(places)) < len(places):
        raise OutputError("two results would go to the same file: give each its own name")

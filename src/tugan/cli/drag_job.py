"""What a ``tugan drag`` was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tugan.cli.invert import parse_crop
from tugan.cli.options import OptionError
from tugan.cli.points import PointPair

PROJECT_SUFFIX = ".tugan"


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Where results go."""

    picture: Path
    video: Path | None
    project: Path | None
    overlay: bool

    @property
    def named(self) -> dict[str, Path | None]:
        """By their options."""
        return {"--out": self.picture, "--video": self.video, "--save-project": self.project}


@dataclass(frozen=True, kw_only=True)
class PhotoOptions:
    """A photograph to bring into the model first."""

    path: Path
    face: int | None
    """From 1, the largest first."""
    crop: tuple[float, ...] | None
    tune: bool
    steps: int | None
    """Of each stage of the inversion, at most."""
    seconds: float | None
    """For the inversion, about."""


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
    """The space of moves."""
    latent_file: str | None
    """Where the picture starts from, as ``FILE`` or ``FILE:N``."""
    solver: str | None
    preset: str | None
    steps: int | None
    hold: float | None
    device: str
    project: Path | None
    image: PhotoOptions | None
    outputs: Outputs
    as_json: bool
    remarks: tuple[str, ...] = ()
    """Of what was made of the options; to be told."""


def photo_options(
    image: Path | None,
    *,
    face: int | None,
    crop: str | None,
    tune: bool | None,
    steps: int | None,
    seconds: float | None,
) -> PhotoOptions | None:
    """None without a photograph; :class:`OptionError` for options that need one."""
    given = {
        "--face": face,
        "--crop": crop,
        "--tune or --no-tune": tune,
        "--invert-steps": steps,
        "--invert-seconds": seconds,
    }
    if image is None:
        useless = [name for name, value in given.items() if value is not None]
        if useless:
            raise OptionError(f"{useless[0]} is for photographs: give one with --image")
        return None
    if image.suffix.lower() == PROJECT_SUFFIX:
        raise OptionError(f"{image} is a project: give it as --project, and --image a photograph")
    return PhotoOptions(
        path=image,
        face=face,
        crop=None if crop is None else parse_crop(crop),
        tune=tune is not False,
        steps=steps,
        seconds=seconds,
    )


def check_outputs(
    outputs: Outputs, *, inputs: Mapping[str, Path | None], project: Path | None
) -> None:
    """:class:`OutputError` before the work starts, if a result would have no place to go.

    What is read is not written over, but for the ``project``, which may become where the drag led.
    """
    from tugan.core.atomic_write import check_writable
    from tugan.core.file_identity import check_apart
    from tugan.render.image_file import check_image_path
    from tugan.render.video import check_video_path

    check_image_path(outputs.picture)
    if outputs.video is not None:
        check_video_path(outputs.video)
    if outputs.project is not None:
        check_writable(outputs.project)
    check_apart(outputs.named, inputs)
    check_apart({**outputs.named, "--save-project": None}, {"--project": project})

"""What is asked: a picture, handles, goals, and where the picture may change."""

from collections import Counter
from dataclasses import dataclass, field
from typing import get_args

import torch
from jaxtyping import Float
from torch import Tensor

from tugan.core.errors import InvalidDragError
from tugan.core.geometry import inside
from tugan.core.grad_mode import in_ordinary_mode, ordinary
from tugan.core.masks import check_mask, forbidden_points
from tugan.core.point_limit import check_point_count
from tugan.dragging.hold import DEFAULT_HOLD
from tugan.generators.catalog import catalog
from tugan.generators.protocol import Generator, Noise, PretrainedGenerator, Ws
from tugan.generators.repainting_store import kept_repainting


@dataclass(frozen=True, kw_only=True)
class DragProblem:
    """Handles of the picture of ``ws``, and the goals they should move to.

    Raises :class:`InvalidDragError` for points outside the picture, handles at their goals, a mask
    of another size, latents of another generator, or more than 200 points.
    """

    generator: Generator = field(repr=False)
    ws: Ws = field(repr=False)
    """Start, ``(1, num_ws, w_dim)``."""
    handles_xy: Float[Tensor, "n 2"]
    """Pixels of the generator's output."""
    targets_xy: Float[Tensor, "n 2"]
    mask: Float[Tensor, "h w"] | None = field(default=None, repr=False)
    """1 where the picture may change, 0 where it must stay; None lets all of it change."""
    noise: Noise = "const"
    noise_seed: int = 0
    """Of random noise, which stays the same through the drag."""
    keep_doubles: bool = False
    """Leave a point that is given twice as two, for callers who count on their order; otherwise it
    becomes one."""
    doubled: tuple[str, ...] = field(init=False, repr=False, compare=False, default=())
    """Sentences on points that were given more than once, with the same goal."""
    targets_on_host_xy: Float[Tensor, "n 2"] = field(init=False, repr=False, compare=False)
    """``targets_xy`` on the CPU, where the steps decide whether they are reached."""

    @in_ordinary_mode
    def __post_init__(self) -> None:
        """Check everything, then move it to the generator's device."""
        for name in ("ws", "handles_xy", "targets_xy"):
            object.__setattr__(self, name, ordinary(getattr(self, name)))
        if self.mask is not None:
            object.__setattr__(self, "mask", ordinary(self.mask))
        if self.noise not in get_args(Noise):
            raise InvalidDragError(
                f"the noise is {self.noise!r}, expected one of {', '.join(get_args(Noise))}"
            )
        self._check_latents()
        self._check_points()
        self._take_each_once()
        self._check_mask()
        targets_xy = self.targets_xy.detach().to("cpu", torch.float32)
        object.__setattr__(self, "targets_on_host_xy", targets_xy)
        device = self.generator.device
        for name in ("ws", "handles_xy", "targets_xy"):
            object.__setattr__(self, name, getattr(self, name).detach().to(device, torch.float32))
        if self.mask is not None:
            object.__setattr__(self, "mask", self.mask.detach().to(device, torch.float32))

    @property
    def image_hw(self) -> tuple[int, int]:
        """Height and width of the picture."""
        return self.generator.info.size_hw

    def cautions(self, *, hold: float = DEFAULT_HOLD) -> list[str]:
        """Sentences about what is allowed but will probably disappoint.

        ``hold`` is that of the settings of the drag.
        """
        pairs = set(_pairs(self.handles_xy, self.targets_xy))
        found = [
            *self.doubled,
            *(
                f"two goals are asked of the handle {_point(torch.tensor(xy))}: it cannot reach"
                " both"
                for xy, count in Counter((x, y) for x, y, _, _ in pairs).items()
                if count > 1
            ),
        ]
        if hold > 0 and kept_repainting(self.generator) is None:
            found.append(_unheld(self.generator))
        if self.mask is None:
            return found
        for kind, points, what in (
            ("handle", self.handles_xy, "it will hardly move"),
            ("goal", self.targets_xy, "the handle will stop before it"),
        ):
            forbidden = forbidden_points(self.mask, points)
            if forbidden:
                names = ", ".join(_point(points[index]) for index in forbidden)
                found.append(f"the mask forbids the place of the {kind} at {names}: {what}")
        if not bool((self.mask > 0).any()):
            found.append("the mask lets nothing change: the picture will stay as it is")
        return found

    def _check_latents(self) -> None:
        info = self.generator.info
        expected = (1, info.num_ws, info.w_dim)
        if tuple(self.ws.shape) != expected:
            raise InvalidDragError(
                f"ws must be {expected} for {info.name}, got {tuple(self.ws.shape)}"
            )
        if not bool(torch.isfinite(self.ws).all()):
            raise InvalidDragError("the start latent has values that are NaN or infinite")

    def _check_points(self) -> None:
        if self.handles_xy.shape != self.targets_xy.shape or self.handles_xy.ndim != 2:
            raise InvalidDragError(
                f"handles and goals must both be (n, 2), got {tuple(self.handles_xy.shape)} and"
                f" {tuple(self.targets_xy.shape)}"
            )
        if len(self.handles_xy) == 0:
            raise InvalidDragError("there are no points: give at least one handle and its goal")
        check_point_count(len(self.handles_xy))
        height, width = self.image_hw
        for kind, points in (("handle", self.handles_xy), ("goal", self.targets_xy)):
            for point in points[~inside(points, image_hw=self.image_hw)]:
                raise InvalidDragError(
                    f"the {kind} {_point(point)} is outside the picture: x goes from 0 to"
                    f" {width - 1}, y from 0 to {height - 1}"
                )
        for handle, target in zip(self.handles_xy, self.targets_xy, strict=True):
            if torch.equal(handle, target):
                raise InvalidDragError(
                    f"the handle {_point(handle)} is already at its goal: choose another goal"
                )

    def _take_each_once(self) -> None:
        """A point that is there twice would weigh twice."""
        counts = Counter(_pairs(self.handles_xy, self.targets_xy))
        doubled = tuple(
            f"the point from ({x0:g}, {y0:g}) to ({x1:g}, {y1:g}) is given more than once: it is"
            " one point"
            for (x0, y0, x1, y1), count in counts.items()
            if count > 1
        )
        object.__setattr__(self, "doubled", doubled)
        if not doubled or self.keep_doubles:
            return
        handles = torch.tensor([(x, y) for x, y, _, _ in counts])
        targets = torch.tensor([(x, y) for _, _, x, y in counts])
        object.__setattr__(self, "handles_xy", handles)
        object.__setattr__(self, "targets_xy", targets)

    def _check_mask(self) -> None:
        if self.mask is not None:
            check_mask(self.mask, image_hw=self.image_hw)


def _unheld(generator: Generator) -> str:
    folder = generator.info.folder
    if not isinstance(generator, PretrainedGenerator):  # nothing that files could be found by
        return "nothing is held but by a mask: what moves of this generator repaint is not known"
    names = {entry.folder: entry.name for entry in catalog()}
    model = "FILE" if folder is None else names.get(folder, str(folder))
    return f"nothing is held but by a mask until tugan models prepare {model} was run"


def _pairs(
    handles_xy: Float[Tensor, "n 2"], targets_xy: Float[Tensor, "n 2"]
) -> list[tuple[float, ...]]:
    return [tuple(row) for row in torch.cat([handles_xy, targets_xy], dim=1).float().tolist()]


def _point(xy: Tensor) -> str:
    return f"({xy[0]:g}, {xy[1]:g})"

"""Motion supervision (Pan et al. 2023, section 3.2): pull each handle's surroundings onward."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from tugan.core.errors import InvalidDragError
from tugan.core.geometry import disc_offsets_xy, inside, scale_from_512, square_offsets_xy
from tugan.dragging.features import read_features, read_windows
from tugan.dragging.settings import DragSettings
from tugan.generators.protocol import FeatureWindows

ARRIVED_PX = 1.0
"""A handle within this distance of its goal is no longer pulled."""

MIN_RADIUS_PX = 1
MAX_PULLED = 1 << 18
"""Places, of all points together: twice what 200 points have at 2048 px."""


@dataclass(frozen=True, kw_only=True)
class Pull:
    """The pixels that are pulled, those of all handles in one list."""

    places_xy: Float[Tensor, "p 2"]
    owner: Int[Tensor, " p"]
    """The handle that each place belongs to."""
    directions_xy: Float[Tensor, "n 2"]
    """Unit vector from each handle to its goal."""


def motion_loss(
    features: Float[Tensor, "1 c h w"],
    handles_xy: Float[Tensor, "n 2"],
    targets_xy: Float[Tensor, "n 2"],
    *,
    image_hw: tuple[int, int],
    settings: DragSettings,
    near: Callable[[Float[Tensor, "a 2"]], FeatureWindows] | None = None,
) -> Float[Tensor, ""]:
    """Equation 1 without its mask term; gradients flow through the shifted reading alone.

    With ``near``, which makes windows of the same map around points, they flow through the windows
    and not through ``features``; see :func:`pull_reach_px` for how far windows are read.
    """
    pull = pulled_places(handles_xy, targets_xy, image_hw=image_hw, settings=settings)
    if len(pull.places_xy) == 0:
        nothing = features if near is None else near(handles_xy[:1]).features
        return nothing.sum() * 0
    reading = settings.reading
    with torch.no_grad():
        here = read_features(features, pull.places_xy, image_hw=image_hw, reading=reading)
    ahead_xy = pull.places_xy + pull.directions_xy[pull.owner]
    if near is None:
        ahead = read_features(features, ahead_xy, image_hw=image_hw, reading=reading)
    else:
        pulled, window = pull.owner.unique(return_inverse=True)
        ahead = read_windows(
            near(handles_xy[pulled]), ahead_xy, window, image_hw=image_hw, reading=reading
        )
    difference = (ahead - here).abs()
    if settings.reduction == "sum":
        return difference.sum()
    counts = torch.bincount(pull.owner, minlength=len(handles_xy)).to(difference)
    return (difference.mean(dim=1) / counts[pull.owner]).sum()


def pull_reach_px(settings: DragSettings, *, image_hw: tuple[int, int]) -> float:
    """No place that the loss reads is farther from its handle than this, along an axis."""
    radius = max(scale_from_512(settings.motion_radius_px_at_512, image_hw), MIN_RADIUS_PX)
    # a pixel on the way; the replayed disc is about a rounded centre, and stretched
    return radius + 1 + (2 if settings.replay_grid else 0)


def shifted_as_asked(
    handles_xy: Float[Tensor, "n 2"], targets_xy: Float[Tensor, "n 2"]
) -> Float[Tensor, "n 2"]:
    """Where the handles would be if a step did what the loss asks: a pixel further on toward their
    goals, and at the goal if that is nearer."""
    way = targets_xy - handles_xy
    distance = way.norm(dim=1, keepdim=True)
    return torch.where(distance > 1, handles_xy + way / distance.clamp(min=1), targets_xy)


def pulled_places(
    handles_xy: Float[Tensor, "n 2"],
    targets_xy: Float[Tensor, "n 2"],
    *,
    image_hw: tuple[int, int],
    settings: DragSettings,
) -> Pull:
    """The disc of each handle that has not arrived, inside the picture."""
    way = targets_xy - handles_xy
    distance = way.norm(dim=1, keepdim=True)
    active = (distance[:, 0] > ARRIVED_PX).nonzero()[:, 0]
    _check_pulled(len(active), image_hw, settings)
    if settings.replay_grid:
        places, chosen = _replayed_disc(handles_xy[active], image_hw, settings)
    else:
        places, chosen = _disc(handles_xy[active], image_hw, settings)
    return Pull(
        places_xy=places[chosen],
        owner=active[chosen.nonzero()[:, 0]],
        directions_xy=way / (distance + 1e-7),
    )


def _check_pulled(count: int, image_hw: tuple[int, int], settings: DragSettings) -> None:
    """:class:`InvalidDragError` before the memory is asked for."""
    radius = max(scale_from_512(settings.motion_radius_px_at_512, image_hw), MIN_RADIUS_PX)
    places = count * (2 * round(radius) + 1) ** 2
    if places > MAX_PULLED:
        raise InvalidDragError(
            f"{count} points with a radius of {radius:g} px would pull {places} places a step,"
            f" and {MAX_PULLED} can be pulled: make the radius smaller, or leave points out"
        )


def _disc(
    centres_xy: Float[Tensor, "a 2"], image_hw: tuple[int, int], settings: DragSettings
) -> tuple[Float[Tensor, "a q 2"], Tensor]:
    radius = max(scale_from_512(settings.motion_radius_px_at_512, image_hw), MIN_RADIUS_PX)
    offsets = disc_offsets_xy(radius, strict=False).to(centres_xy)
    places = centres_xy[:, None] + offsets
    return places, inside(places, image_hw=image_hw)


def _replayed_disc(
    centres_xy: Float[Tensor, "a 2"], image_hw: tuple[int, int], settings: DragSettings
) -> tuple[Float[Tensor, "a q 2"], Tensor]:
    """The original program's choice: pixel ``i`` of ``n`` counts as being at ``i n / (n - 1)``."""
    radius = max(round(scale_from_512(settings.motion_radius_px_at_512, image_hw)), MIN_RADIUS_PX)
    height, width = image_hw
    stretch = centres_xy.new_tensor([width / (width - 1), height / (height - 1)])
    # the stretch moves a pixel by at most one
    offsets = square_offsets_xy(radius + 1).to(centres_xy)
    places = centres_xy[:, None].round() + offsets
    near = (places * stretch - centres_xy[:, None]).norm(dim=-1) < radius
    return places, near & inside(places, image_hw=image_hw)

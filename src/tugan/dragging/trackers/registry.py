"""The trackers by the names that people give them."""

from collections.abc import Callable
from typing import Literal, get_args

from tugan.core.errors import InvalidDragError
from tugan.dragging.trackers.dis import Dis
from tugan.dragging.trackers.nearest_feature import NearestFeature
from tugan.dragging.trackers.no_tracking import NoTracking
from tugan.dragging.trackers.on_pictures import AnyTracker, OnPictures
from tugan.dragging.trackers.patch import Patch
from tugan.dragging.trackers.pips import PipsTracker
from tugan.dragging.trackers.raft import RaftTracker

TrackerName = Literal["nearest_feature", "patch", "none", "dis", "raft", "pips"]

TRACKERS: dict[TrackerName, Callable[[], AnyTracker]] = {
    "nearest_feature": NearestFeature,
    "patch": Patch,
    "none": NoTracking,
    "dis": lambda: OnPictures(tracker=Dis()),
    "raft": lambda: OnPictures(tracker=RaftTracker()),
    "pips": lambda: OnPictures(tracker=PipsTracker()),
}


def make_tracker(name: str) -> AnyTracker:
    """The tracker of this name with its own defaults.

    :class:`InvalidDragError` lists the names; :class:`~tugan.core.errors.MissingExtraError` or
    :class:`~tugan.perceptual.weight_store.WeightsNotInstalledError` if what it needs is not
    installed.
    """
    for known in get_args(TrackerName):
        if name == known:
            return TRACKERS[known]()
    raise InvalidDragError(f"there is no tracker {name!r}; expected one of {', '.join(TRACKERS)}")

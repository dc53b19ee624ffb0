"""How much a session may take."""

from dataclasses import dataclass

from tugan.core.point_limit import MAX_POINTS

MEBIBYTE = 1 << 20


@dataclass(frozen=True, kw_only=True)
class SessionLimits:
    """Defaults keep an idle session below 30 MB beside its model."""

    max_points: int = MAX_POINTS
    max_gallery: int = 24
    max_steps: int = 1000
    """That a drag may be allowed."""
    max_entries: int = 100
    """Of the history; the oldest go first."""
    history_bytes: int = 12 * MEBIBYTE
    """Latents, masks, optimiser states and trails together."""
    photos_bytes: int = 128 * MEBIBYTE
    """Photographs, as their files are, with their tunings (3 MB each in the default model)."""
    pictures_bytes: int = 10 * MEBIBYTE
    """Finished pictures that need not be drawn again: about three of 1024 px."""

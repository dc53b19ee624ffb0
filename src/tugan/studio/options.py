"""How a studio is served."""

from dataclasses import dataclass, field

from tugan.core.errors import TuganError
from tugan.generators.catalog import DEFAULT_MODEL

MEBIBYTE = 1 << 20
MIN_TOKEN_LENGTH = 8


class StudioError(TuganError):
    """A studio that cannot be opened as asked."""


@dataclass(frozen=True, kw_only=True)
class StudioOptions:
    """Defaults of ``tugan studio``."""

    token: str = field(repr=False)
    """What every request must know; at least 8 characters."""
    host: str = "127.0.0.1"
    """Address to listen at."""
    model: str = DEFAULT_MODEL
    """What new sessions open: a name, a folder or a checkpoint."""
    device: str = "auto"
    max_sessions: int = 8
    """Sessions in memory at once, with or without a page."""
    max_upload_bytes: int = 64 * MEBIBYTE
    idle_s: float = 1800.0
    """A session without a page for this long leaves the memory; its saved work stays."""

    def __post_init__(self) -> None:
        """:class:`StudioError` for values that mean nothing."""
        if len(self.token) < MIN_TOKEN_LENGTH:
            raise StudioError(
                f"the token has {len(self.token)} characters; give at least {MIN_TOKEN_LENGTH}"
            )
        if not self.token.isprintable():
            raise StudioError("the token has characters that cannot be printed: leave them out")
        if self.max_sessions < 1:
            raise StudioError(f"max_sessions is {self.max_sessions}; at least one is needed")

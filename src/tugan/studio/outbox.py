"""What waits to be sent to one page: bounded, the newest wins, the hand sets the pace.

A page that is slow, or whose connection is, must get fewer pictures, never older ones; and a page
that stops looking must cost nothing.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import final

from tugan.studio.frames import MOVING, WireFrame

WINDOW = 2
"""Moving pictures that may be on their way at once."""
MAX_WAITING = 1024


@final
@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """Something to send, made only when its turn has come: what is overtaken is never encoded."""

    make: Callable[[], str | WireFrame | None]
    """JSON, or a picture, or nothing after all. Called on another thread."""
    moving: bool = False
    """Is it held back until the page has shown the ones before?"""


@final
class Outbox:
    """A queue in which a new item takes the place of an unsent one of the same key.

    For one event loop: all methods are called on its thread.
    """

    def __init__(self) -> None:
        """Empty."""
        self._items: OrderedDict[Hashable, Outgoing] = OrderedDict()
        self._unseen: deque[tuple[int, float]] = deque()
        self._changed = asyncio.Event()
        self._seq = 0

    def put(self, key: Hashable, item: Outgoing) -> None:
        """Queue; beyond :data:`MAX_WAITING` items the oldest goes."""
        self._items[key] = item
        if len(self._items) > MAX_WAITING:
            self._items.popitem(last=False)
        self._changed.set()

    def drop(self, key: Hashable) -> None:
        """Forget an unsent item, if there is one."""
        self._items.pop(key, None)

    def ack(self, seq: int) -> None:
        """The page has shown this picture, and so all before it; unknown numbers are ignored."""
        if all(sent != seq for sent, _ in self._unseen):
            return
        while self._unseen and self._unseen.popleft()[0] != seq:
            pass
        self._changed.set()

    def number(self, frame: WireFrame, *, moving: bool) -> bytes:
        """The bytes of a picture, with the next sequence number."""
        self._seq += 1
        if moving:
            self._unseen.append((self._seq, time.monotonic()))
        assert len(self._unseen) <= WINDOW or frame.kind not in MOVING
        return frame.packed(seq=self._seq, time_s=time.time())

    async def take(self) -> Outgoing:
        """The next item that may be sent; waits for one."""
        while True:
            for key, item in self._items.items():
                if not item.moving or len(self._unseen) < WINDOW:
                    del self._items[key]
                    return item
            self._changed.clear()
            await self._changed.wait()

    def stalled_s(self) -> float:
        """For how long the page has been owing an acknowledgement that holds pictures back."""
        if len(self._unseen) < WINDOW:
            return 0.0
        return time.monotonic() - self._unseen[0][1]

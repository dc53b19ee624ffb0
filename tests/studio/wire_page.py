"""A page without a browser: it speaks the wire."""

import itertools
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, final

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin

from patience import HANG_S
from studio.running import RunningStudio
from tugan.studio.frames import HEADER, FrameKind


@final
class WirePage:
    """Keeps what it was told; acknowledges pictures unless told not to."""

    def __init__(
        self, studio: RunningStudio, *, session: str | None = None, acknowledges: bool = True
    ) -> None:
        url = studio.socket_url + ("" if session is None else f"&session={session}")
        self._closing = ExitStack()
        self._socket = self._closing.enter_context(
            connect(
                url,
                origin=Origin(studio.origin),
                max_size=None,
                compression=None,
                open_timeout=HANG_S,
            )
        )
        self._acknowledges = acknowledges
        self._numbers = itertools.count(1)
        self.welcome: dict[str, Any] = {}
        self.state: dict[str, Any] = {}
        self.notices: list[dict[str, Any]] = []
        self.progress: list[dict[str, Any]] = []
        self.photo_progress: list[dict[str, Any]] = []
        self.advice: list[dict[str, Any]] = []
        self.frames: dict[FrameKind, bytes] = {}
        self.steps: dict[FrameKind, list[int]] = {kind: [] for kind in FrameKind}

    def __enter__(self) -> "WirePage":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._closing.close()

    @property
    def session(self) -> str:
        return str(self.welcome["session"])

    @property
    def close_code(self) -> int | None:
        return self._socket.protocol.close_code

    def say(self, kind: str, **fields: object) -> int:
        """Send a message; the number that a refusal would repeat."""
        number = next(self._numbers)
        self.say_raw(json.dumps({"type": kind, "id": number, **fields}))
        return number

    def say_raw(self, text: str | bytes) -> None:
        self._socket.send(text)

    def until(self, arrived: Callable[["WirePage"], object], *, seconds: float = HANG_S) -> None:
        """Listen until this is so."""
        deadline = time.monotonic() + seconds
        while not arrived(self):
            left = deadline - time.monotonic()
            assert left > 0, f"it did not come: {self.state.get('phase')} {self.notices[-3:]}"
            self.hear(left)

    def picture_after(self, before: bytes) -> bytes:
        """The next picture at rest that is another one than this."""
        self.until(lambda page: page.frames[FrameKind.RESTING] != before)
        return self.frames[FrameKind.RESTING]

    def until_moving(self, count: int, *, seconds: float = HANG_S) -> None:
        """So many moving pictures have come in all."""
        self.until(lambda page: len(page.steps[FrameKind.MOVING]) >= count, seconds=seconds)

    def listen_for(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                self.hear(left)
            except TimeoutError:
                return

    def hear(self, timeout_s: float) -> None:
        received = self._socket.recv(timeout=timeout_s)
        if isinstance(received, bytes):
            self._look(received)
            return
        message = json.loads(received)
        match message["type"]:
            case "welcome":
                self.welcome = message
            case "state":
                self.state = message
            case "notice":
                self.notices.append(message)
            case "progress":
                self.progress.append(message)
            case "photo-progress":
                self.photo_progress.append(message)
            case "advice":
                self.advice.append(message)
            case other:
                raise AssertionError(f"an unknown message {other}")

    def ready(self) -> "WirePage":
        """The first picture has come."""
        self.until(lambda page: FrameKind.RESTING in page.frames and page.idle)
        return self

    @property
    def idle(self) -> bool:
        return self.state.get("phase") == "idle"

    def refusal_of(self, number: int) -> dict[str, Any]:
        """What was answered to this message."""
        self.until(lambda page: any(one["reply_to"] == number for one in page.notices))
        return next(one for one in self.notices if one["reply_to"] == number)

    def closed_with(self) -> int | None:
        """Listen until the other side closes; its code."""
        try:
            while True:
                self.hear(HANG_S)
        except ConnectionClosed:
            return self.close_code

    def _look(self, packed: bytes) -> None:
        kind, seq, step, _ = HEADER.unpack_from(packed)
        frame = FrameKind(kind)
        self.frames[frame] = packed[HEADER.size :]
        self.steps[frame].append(step)
        if self._acknowledges:
            self.say_raw(json.dumps({"type": "ack", "seq": seq}))

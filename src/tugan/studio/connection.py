"""One page's WebSocket: its messages to the session, the session's events to the page."""

import asyncio
import contextlib
import logging
import textwrap
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol, final

import numpy as np
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from tugan.core.images import RgbArray
from tugan.session import events
from tugan.session.errors import SessionError
from tugan.session.session import Session
from tugan.studio import messages as wire
from tugan.studio.dispatch import image_hw_of, obey
from tugan.studio.encoding import EXPORT_QUALITY, jpeg, png
from tugan.studio.frames import MOVING, FrameKind, WireFrame
from tugan.studio.mask_picture import MaskArray, decode_mask
from tugan.studio.outbox import Outbox, Outgoing
from tugan.studio.views import photo_progress_view, progress_view, state_view

CLOSE_TAKEN_OVER = 4409
STALLED_AFTER_S = 10.0
MAX_FAULT = 160
_WATCH_EVERY_S = 1.0
_log = logging.getLogger(__name__)


class Lobby(Protocol):
    """What a page can ask that concerns other sessions than its own."""

    async def recover(self, session_id: str, connection: "Connection") -> None:
        """Open saved work, and show it on this connection."""
        ...

    async def discard(self, session_id: str) -> None:
        """Delete saved work that nobody has open."""
        ...


@final
class Connection:
    """From accepting a page to losing it.

    All methods but :meth:`listen` and :meth:`take_over` are for the event loop's thread. Whatever
    may take more than a moment (commands, encoding) or takes a lock of the session (looking at it)
    runs in ``workers``, one at a time for each direction, in order.
    """

    def __init__(
        self, websocket: WebSocket, session: Session, *, workers: ThreadPoolExecutor, lobby: Lobby
    ) -> None:
        """The socket is accepted already."""
        self._websocket, self._session = websocket, session
        self._workers, self._lobby = workers, lobby
        self._outbox = Outbox()
        self._loop = asyncio.get_running_loop()
        self._revision = 0
        self._shown_mask: MaskArray | None = None
        self._taken_over = asyncio.Event()

    async def run(self, welcome: wire.Welcome, *, refused: SessionError | None = None) -> None:
        """Serve the page until it goes, or another one takes the session.

        ``refused`` says why it is not shown the session that it asked for.
        """
        self._greet(welcome)
        if refused is not None:
            self.tell(refused)
        works = [
            asyncio.create_task(work)
            for work in (self._read(), self._write(), self._watch(), self._wait_for_heir())
        ]
        try:
            await asyncio.wait(works, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for work in works:
                work.cancel()
            results = await asyncio.gather(*works, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, WebSocketDisconnect):
                _log.error("a connection ended with an error", exc_info=result)

    def take_over(self) -> None:
        """Another page has opened this session: this one ends. From any thread."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._taken_over.set)

    def show(self, session: Session, welcome: wire.Welcome) -> None:
        """Another session than so far on the same page."""
        self._session.listener = None
        self._session = session
        self._greet(welcome)

    def tell(self, error: SessionError) -> None:
        """What went wrong, to the page."""
        self._notify("error", error.code, error.text, error.remedy)

    def listen(self, event: events.Event) -> None:
        """What the session tells; from any thread."""
        # the loop may be gone while the server stops
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._hear, event)

    # ---- session to page ---------------------------------------------------------------------

    def _greet(self, welcome: wire.Welcome) -> None:
        self._put_json(object(), lambda: welcome)
        self._shown_mask = None
        self._session.listener = self.listen
        self._put_state()
        asked = self._loop.run_in_executor(self._workers, self._session.request_pictures)
        asked.add_done_callback(_say_failure)

    def _hear(self, event: events.Event) -> None:
        match event:
            case events.Changed():
                self._put_state()
            case events.StepShown():
                self._put_json("progress", lambda: progress_view(event))
                if event.preview is not None:
                    self._put_jpeg(FrameKind.MOVING, event.step, event.preview)
            case events.FinishedShown():
                self._put_finished(event.step, event.pixels)
            case events.PictureReady():
                # what moved before it would be shown after it
                self._outbox.drop(FrameKind.MOVING)
                self._put_png(FrameKind.RESTING, event.pixels)
            case events.OriginalReady():
                self._put_png(FrameKind.ORIGINAL, event.pixels)
            case events.GalleryPicture():
                self._put_jpeg(FrameKind.GALLERY, event.seed, event.pixels)
            case events.HistoryPicture():
                self._put_jpeg(FrameKind.HISTORY, event.entry, event.pixels)
            case events.PhotoShown():
                self._put_jpeg(FrameKind.PHOTO, 0, event.pixels)
            case events.TargetShown():
                self._put_jpeg(FrameKind.TARGET, 0, event.pixels)
            case events.PhotoStepShown():
                self._put_json("photo-progress", lambda: photo_progress_view(event))
                self._put_jpeg(FrameKind.INVERTED, event.step, event.preview)
            case events.Advised():
                text = f"{event.text[:1].upper()}{event.text[1:]}."
                advice = wire.Advice(point=event.point_id, text=text, better=event.better_xy)
                self._put_json(("advice", event.point_id), lambda: advice)
            case events.Reported():
                self._notify(event.level, event.code, event.text, event.remedy)

    def _put_state(self) -> None:
        self._revision += 1
        revision, session = self._revision, self._session
        self._put_json("state", lambda: state_view(session.snapshot(), revision=revision))

        def mask_if_new() -> WireFrame | None:
            document = session.snapshot().document
            mask = None if document is None else document.mask
            if _same_mask(mask, self._shown_mask):
                return None
            self._shown_mask = mask
            return _mask_frame(mask, revision)

        self._outbox.put(FrameKind.MASK, Outgoing(make=mask_if_new))

    def _put_mask(self, mask: MaskArray | None) -> None:
        revision = self._revision
        # beside the one that is sent if it is new, which must not take its place
        self._outbox.put(object(), Outgoing(make=lambda: _mask_frame(mask, revision)))

    def _put_json(self, key: Hashable, make: Callable[[], wire.ServerMessage]) -> None:
        self._outbox.put(key, Outgoing(make=lambda: make().model_dump_json()))

    def _put_jpeg(self, kind: FrameKind, step: int, pixels: RgbArray) -> None:
        moving = kind in MOVING

        def make() -> WireFrame:
            return WireFrame(kind=kind, step=step, encoded=jpeg(pixels))

        self._outbox.put(kind if moving else (kind, step), Outgoing(make=make, moving=moving))

    def _put_finished(self, step: int, pixels: RgbArray) -> None:
        def make() -> WireFrame:
            encoded = jpeg(pixels, quality=EXPORT_QUALITY)
            return WireFrame(kind=FrameKind.FINISHED, step=step, encoded=encoded)

        # a preview that was not sent is overtaken by it, and it by the next step's preview
        self._outbox.put(FrameKind.MOVING, Outgoing(make=make, moving=True))

    def _put_png(self, kind: FrameKind, pixels: RgbArray) -> None:
        revision = self._revision

        def make() -> WireFrame:
            return WireFrame(kind=kind, step=revision, encoded=png(pixels))

        self._outbox.put(kind, Outgoing(make=make))

    def _notify(
        self, level: wire.Level, code: str, text: str, remedy: str, reply_to: int | None = None
    ) -> None:
        notice = wire.Notice(level=level, code=code, text=text, remedy=remedy, reply_to=reply_to)
        self._put_json(object(), lambda: notice)

    async def _write(self) -> None:
        while True:
            item = await self._outbox.take()
            made = await self._loop.run_in_executor(self._workers, item.make)
            if made is None:
                continue
            if isinstance(made, str):
                await self._websocket.send_text(made)
            else:
                packed = self._outbox.number(made, moving=item.moving)
                await self._websocket.send_bytes(packed)

    # ---- page to session ---------------------------------------------------------------------

    async def _read(self) -> None:
        while True:
            received = await self._websocket.receive()
            if received["type"] == "websocket.disconnect":
                return
            text = received.get("text")
            if text is None:
                self._refuse_form("a binary message")
                continue
            try:
                message = wire.client_message.validate_json(text)
            except ValidationError as error:
                self._refuse_form(_first_fault(error))
                continue
            await self._answer(message)

    async def _answer(self, message: wire.ClientMessage) -> None:
        if isinstance(message, wire.Ack):
            self._outbox.ack(message.seq)
            return
        try:
            if isinstance(message, wire.SetMask):
                await self._paint(message)
            elif isinstance(message, wire.Recover):
                await self._lobby.recover(message.session, self)
            elif isinstance(message, wire.Discard):
                await self._lobby.discard(message.session)
            else:
                await self._loop.run_in_executor(self._workers, obey, self._session, message)
        except SessionError as error:
            self._notify("error", error.code, error.text, error.remedy, reply_to=message.id)
            # the page may have shown its wish already
            self._put_state()
        except Exception:  # noqa: BLE001 (the edge: a page must not lose its connection to a bug)
            _log.exception("the message %s failed", message.type)
            self._notify(
                "error",
                "failed",
                "Something went wrong inside the studio; nothing was changed.",
                "Try again; if it goes on, save the project and start tugan anew.",
                reply_to=message.id,
            )

    async def _paint(self, message: wire.SetMask) -> None:
        session, mask = self._session, None
        if message.png is not None:
            mask = await self._loop.run_in_executor(
                self._workers,
                lambda: decode_mask(message.png or "", image_hw=image_hw_of(session)),
            )
        # known before the session tells of it, so that the page is not sent its own strokes
        before, self._shown_mask = self._shown_mask, mask
        try:
            await self._loop.run_in_executor(
                self._workers,
                lambda: session.set_mask(mask, change=message.change, gesture=message.gesture),
            )
        except SessionError:
            self._shown_mask = before
            self._put_mask(before)
            raise

    def _refuse_form(self, fault: str) -> None:
        self._notify(
            "error",
            "bad-message",
            f"The studio does not understand this page: {fault}.",
            "Reload the page.",
        )

    # ---- ends --------------------------------------------------------------------------------

    async def _watch(self) -> None:
        warned = False
        while True:
            await asyncio.sleep(_WATCH_EVERY_S)
            stalled = self._outbox.stalled_s() > STALLED_AFTER_S
            if stalled and not warned:
                self._notify(
                    "warning",
                    "stalled",
                    "The page has not shown the last pictures, so that no more are sent.",
                    "Bring its tab to the front, or reload it; the drag goes on meanwhile.",
                )
            warned = stalled

    async def _wait_for_heir(self) -> None:
        await self._taken_over.wait()
        if self._websocket.application_state is WebSocketState.CONNECTED:
            await self._websocket.close(CLOSE_TAKEN_OVER, "opened in another tab")


def _mask_frame(mask: MaskArray | None, revision: int) -> WireFrame:
    encoded = b"" if mask is None else png(mask)
    return WireFrame(kind=FrameKind.MASK, step=revision, encoded=encoded)


def _say_failure(asked: "asyncio.Future[None]") -> None:
    if not asked.cancelled() and (error := asked.exception()) is not None:
        _log.error("a page's pictures could not be asked for", exc_info=error)


def _same_mask(one: MaskArray | None, other: MaskArray | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or np.array_equal(one, other)


def _first_fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    # a wrong type is answered with all there are
    said = textwrap.shorten(first["msg"], MAX_FAULT, placeholder="...")
    return f"{place}: {said}" if place else said

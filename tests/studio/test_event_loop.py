"""The event loop waits for no session: what holds one up must not hold all of them up."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from starlette.types import Message
from starlette.websockets import WebSocket

from patience import HANG_S
from tugan.session import events
from tugan.session.session import Session
from tugan.studio import messages as wire
from tugan.studio.connection import Connection
from tugan.studio.options import StudioOptions
from tugan.studio.sessions import Sessions, autosave_folder

WELCOME = wire.Welcome(
    version="0",
    session="x",
    resumed=False,
    models=(),
    limits=wire.Limits(max_points=1, max_upload_bytes=1, max_gallery=1, max_steps=1),
    recoverable=(),
    formats=(),
    exports=(),
    photo_exports=(),
)


class Nobody:
    """A lobby that nobody asks."""

    async def recover(self, session_id: str, connection: Connection) -> None:
        raise AssertionError(session_id)

    async def discard(self, session_id: str) -> None:
        raise AssertionError(session_id)


async def _receive() -> Message:
    await asyncio.sleep(HANG_S)
    return {"type": "websocket.disconnect"}


async def _send(message: Message) -> None:
    """To nobody."""


def a_connection(session: Session, workers: ThreadPoolExecutor) -> Connection:
    socket = WebSocket({"type": "websocket"}, _receive, _send)
    return Connection(socket, session, workers=workers, lobby=Nobody())


def done_although_locked(session: Session, work: Callable[[], object]) -> None:
    """``work`` is done on the loop while another thread holds the session's lock."""
    held, done = threading.Event(), threading.Event()
    too_late: list[bool] = []

    def hold() -> None:
        with session._desk.lock:
            held.set()
            too_late.append(not done.wait(HANG_S / 10))

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(HANG_S)
    work()
    done.set()
    holder.join()
    assert too_late == [False], "the loop waited for the session's lock"


def test_the_loop_takes_no_lock_of_a_session(tmp_path: Path) -> None:
    async def run() -> None:
        sessions = Sessions(StudioOptions(token="x" * 8), autosaves=autosave_folder(tmp_path))
        with ThreadPoolExecutor(max_workers=4) as workers:
            opened = await asyncio.to_thread(sessions.open, None)
            session = sessions.get(opened.id)
            connection = a_connection(session, workers)
            sessions.attach(opened.id, connection)
            done_although_locked(session, lambda: connection.show(session, WELCOME))
            done_although_locked(session, lambda: connection._hear(events.Changed()))
            done_although_locked(session, lambda: sessions.shown(opened.id))
            done_although_locked(session, lambda: sessions.detach(connection))
        await asyncio.to_thread(sessions.close)

    asyncio.run(run())

"""The studio as an ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path
from typing import TypeVar, final

from fastapi import FastAPI, WebSocket
from fastapi.responses import FileResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp
from starlette.websockets import WebSocketDisconnect

import tugan
from tugan.core.point_limit import MAX_POINTS
from tugan.session.autosave import AutosaveFolder
from tugan.session.errors import SessionError
from tugan.studio import messages as wire
from tugan.studio.connection import Connection
from tugan.studio.one_time_link import OneTimeLink, link_page
from tugan.studio.options import StudioOptions
from tugan.studio.rest import add_routes, animation_formats, photo_formats, picture_formats
from tugan.studio.security import OPEN_PATH, Guard, GuardedApp
from tugan.studio.sessions import Opened, Sessions
from tugan.studio.views import model_views

T = TypeVar("T")

CLOSE_TOO_MANY = 4429
_HOUSEKEEPING_S = 30.0
_NO_STORE = {"Cache-Control": "no-store"}


@final
class Studio:
    """Sessions, and the routes to them."""

    def __init__(self, options: StudioOptions, *, autosaves: AutosaveFolder) -> None:
        """Starts the engine's thread; ``close`` ends it."""
        self.options = options
        self.sessions = Sessions(options, autosaves=autosaves)
        self.link = OneTimeLink()
        # encoding one picture must not wait for another page's
        self.workers = ThreadPoolExecutor(max_workers=8, thread_name_prefix="tugan-studio")
        # opening and closing sessions waits: one after the other, off the loop
        self._lobby = ThreadPoolExecutor(max_workers=1, thread_name_prefix="tugan-lobby")
        # a large file must not keep the pages out that come after it
        self._readers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="tugan-reader")

    def asgi(self) -> ASGIApp:
        """What a server runs."""
        app = FastAPI(
            title="tugan studio",
            version=tugan.__version__,
            docs_url=None,  # its page would come from another host
            redoc_url=None,
            openapi_url="/api/openapi.json",
            lifespan=self._lifespan,
        )
        add_routes(app, options=self.options, sessions=self.sessions)
        app.add_api_websocket_route("/ws", self._serve_page)
        static = static_folder()

        @app.get("/", include_in_schema=False)
        async def page() -> FileResponse:
            return FileResponse(static / "index.html", headers=_NO_STORE)

        app.add_api_route(
            f"{OPEN_PATH}{{nonce}}",
            link_page(self.link, token=self.options.token),
            methods=["GET"],
            include_in_schema=False,
        )
        app.mount("/assets", StaticFiles(directory=static / "assets"))
        return GuardedApp(app, guard=Guard(token=self.options.token, host=self.options.host))

    async def recover(self, session_id: str, connection: Connection) -> None:
        """Open saved work, and show it on this connection."""
        if self.sessions.shown(session_id):
            raise SessionError(
                "session-open", "This work is open in another tab.", "Go on in that tab."
            )
        if not await self._in_lobby(lambda: self.sessions.autosaves.has(session_id)):
            raise SessionError(
                "unknown-session", "This saved work is not there any more.", "Start a new one."
            )
        await self._in_lobby(lambda: self.sessions.check_free(session_id))
        self._leave(connection)
        opened = await self._in_lobby(lambda: self.sessions.open(session_id))
        session = self.sessions.attach(opened.id, connection)
        connection.show(session, await self._revived(opened))
        if opened.refused is not None:
            connection.tell(opened.refused)

    async def discard(self, session_id: str) -> None:
        """Delete saved work that nobody has open."""
        await self._in_lobby(lambda: self.sessions.forget(session_id))

    def close(self) -> None:
        """End sessions and threads."""
        self.sessions.close()
        for pool in (self.workers, self._lobby, self._readers):
            pool.shutdown(wait=False, cancel_futures=True)

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        await self._in_lobby(self.sessions.autosaves.clean_up)
        housekeeping = asyncio.create_task(self._keep_house())
        try:
            yield
        finally:
            housekeeping.cancel()
            await asyncio.get_running_loop().run_in_executor(None, self.close)

    async def _in_lobby(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._lobby, work)

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_S)
            await self._in_lobby(self.sessions.drop_idle)

    async def _serve_page(self, websocket: WebSocket, session: str | None = None) -> None:
        await websocket.accept()
        try:
            opened = await self._in_lobby(lambda: self.sessions.open(session))
            connection = Connection(
                websocket, self.sessions.get(opened.id), workers=self.workers, lobby=self
            )
            # before its work is read: what nobody shows may have to make room
            self.sessions.attach(opened.id, connection)
        except SessionError as error:
            await websocket.close(CLOSE_TOO_MANY, error.text[:120])
            return
        try:
            with contextlib.suppress(WebSocketDisconnect):
                await connection.run(await self._revived(opened), refused=opened.refused)
        finally:
            self._leave(connection)

    def _leave(self, connection: Connection) -> None:
        """What was held is let go of on another thread: the session's lock may be taken."""
        for session in self.sessions.detach(connection):
            with contextlib.suppress(RuntimeError):  # the studio is closing
                self.workers.submit(session.release)

    async def _revived(self, opened: Opened) -> wire.Welcome:
        """With the session's work read, what its page is told first."""
        return await asyncio.get_running_loop().run_in_executor(
            self._readers, lambda: self._welcome(opened)
        )

    def _welcome(self, opened: Opened) -> wire.Welcome:
        return wire.Welcome(
            version=tugan.__version__,
            session=opened.id,
            resumed=self.sessions.revive(opened),
            models=model_views(self.sessions.models.names()),
            limits=wire.Limits(
                max_points=MAX_POINTS,
                max_upload_bytes=self.options.max_upload_bytes,
                max_gallery=wire.MAX_GALLERY,
                max_steps=wire.MAX_STEPS,
            ),
            recoverable=tuple(
                wire.RecoveryView(session=one.id, saved_at=one.saved_at, text=one.text)
                for one in self.sessions.autosaves.recoverable()
                if one.id != opened.id and not self.sessions.shown(one.id)
            ),
            formats=animation_formats(),
            exports=picture_formats(),
            photo_exports=photo_formats(),
        )


def static_folder() -> Path:
    """Where the built page is."""
    return Path(str(resources.files("tugan.studio"))) / "static"

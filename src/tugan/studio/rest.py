"""Downloads and uploads, and what programs ask."""

import importlib.util
import io
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Annotated, Literal

from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from pydantic import BaseModel
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

import tugan
from tugan.core.errors import TuganError
from tugan.core.file_names import cut_name
from tugan.session.errors import SessionError
from tugan.session.session import Session
from tugan.studio.encoding import picture_file
from tugan.studio.messages import ModelView
from tugan.studio.options import StudioOptions
from tugan.studio.sessions import Sessions
from tugan.studio.views import model_views

PictureFormat = Literal["png", "jpg", "webp"]
AnimationFormat = Literal["gif", "webp", "mp4", "webm"]
PhotoFormat = Literal["jpg", "png", "webp"]
MAX_NAME_QUERY = 4096
"""Longer names than files have; they are cut."""
PROJECT_TYPE = "application/vnd.tugan.project"
_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "gif": "image/gif",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
_STATUS = {
    "unknown-session": 404,
    "no-drag": 409,
    "no-photo": 409,
    "loading": 409,
    "busy": 429,
    "too-large": 413,
    "disk-full": 507,
}
"""Of refusals; 400 for the rest."""


class Fault(BaseModel):
    """Why a request was refused."""

    code: str
    text: str
    remedy: str


class Health(BaseModel):
    """Is it alive, and how full?"""

    status: Literal["ok"] = "ok"
    version: str
    device: str
    sessions: int
    max_sessions: int


_FAULTS: dict[int | str, dict[str, object]] = {
    status: {"model": Fault}
    for status in (400, 401, 403, 404, 405, 409, 413, 421, 422, 429, 500, 507)
}


def picture_formats() -> tuple[PictureFormat, ...]:
    """Of a picture to keep."""
    return ("png", "jpg", "webp")


def animation_formats() -> tuple[AnimationFormat, ...]:
    """That can be made here: films need the extra ``video``."""
    if importlib.util.find_spec("av") is None:
        return ("gif", "webp")
    return ("gif", "webp", "mp4", "webm")


def photo_formats() -> tuple[PhotoFormat, ...]:
    """Of a whole photograph."""
    return ("jpg", "png", "webp")


def add_routes(app: FastAPI, *, options: StudioOptions, sessions: Sessions) -> None:
    """All of ``/api``."""
    _answer_faults(app)
    device = str(sessions.models.device)

    @app.get("/api/health", responses=_FAULTS)
    async def health() -> Health:
        return Health(
            version=tugan.__version__,
            device=device,
            sessions=len(sessions),
            max_sessions=options.max_sessions,
        )

    @app.get("/api/models", responses=_FAULTS)
    async def models() -> list[ModelView]:
        return list(await run_in_threadpool(lambda: model_views(sessions.models.names())))

    @app.get("/api/sessions/{session_id}/picture", responses=_FAULTS, response_class=Response)
    async def picture(
        session_id: str,
        kind: Annotated[PictureFormat, Query(alias="format")] = "png",
        points: bool = False,
    ) -> Response:
        session = sessions.get(session_id)
        pixels = await run_in_threadpool(session.picture, points=points)
        encoded = await run_in_threadpool(picture_file, pixels, suffix=kind)
        name = await run_in_threadpool(_name, session, f".{kind}")
        return _download(encoded, name=name, media_type=_TYPES[kind])

    @app.get("/api/sessions/{session_id}/animation", responses=_FAULTS, response_class=Response)
    async def animation(
        session_id: str,
        kind: Annotated[AnimationFormat, Query(alias="format")] = "gif",
        points: bool = False,
    ) -> Response:
        session = sessions.get(session_id)
        path = _temporary(f".{kind}")
        try:
            await run_in_threadpool(session.animation, path, points=points)
            name = await run_in_threadpool(_name, session, f".{kind}")
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        return _file(path, name=name, media_type=_TYPES[kind])

    @app.get("/api/sessions/{session_id}/project", responses=_FAULTS, response_class=Response)
    async def project(session_id: str) -> Response:
        session = sessions.get(session_id)
        encoded = await run_in_threadpool(session.project_bytes)
        name = await run_in_threadpool(_name, session, ".tugan")
        return _download(encoded, name=name, media_type=PROJECT_TYPE)

    @app.put("/api/sessions/{session_id}/photo", status_code=204, responses=_FAULTS)
    async def open_photo(
        session_id: str,
        request: Request,
        name: Annotated[str, Query(min_length=1, max_length=MAX_NAME_QUERY)] = "photo",
    ) -> None:
        session = sessions.get(session_id)
        body = await _read_body(request, limit=options.max_upload_bytes)
        # what a browser calls a file; it is for people, and never opened
        await run_in_threadpool(session.open_photo, body, PurePath(name).name or "photo")

    @app.get("/api/sessions/{session_id}/photo", responses=_FAULTS, response_class=Response)
    async def photo(
        session_id: str,
        kind: Annotated[PhotoFormat, Query(alias="format")] = "jpg",
        mark: bool = False,
    ) -> Response:
        session = sessions.get(session_id)
        export = await run_in_threadpool(session.photograph)
        encoded = await run_in_threadpool(export.encoded, kind, mark=mark)
        called = cut_name(f"{_plain(export.name)}-edited.{kind}")
        return _download(encoded, name=called, media_type=_TYPES[kind])

    @app.put("/api/sessions/{session_id}/project", status_code=204, responses=_FAULTS)
    async def open_project(session_id: str, request: Request) -> None:
        session = sessions.get(session_id)
        body = await _read_body(request, limit=options.max_upload_bytes)
        await run_in_threadpool(session.open_project, body)


async def _read_body(request: Request, *, limit: int) -> bytes:
    """All of it, but no more than the limit, whatever the headers say."""
    body = io.BytesIO()
    try:
        async for chunk in request.stream():
            if body.tell() + len(chunk) > limit:
                raise SessionError(
                    "too-large",
                    f"The file is larger than {limit // 2**20} MiB.",
                    "Open a smaller one.",
                )
            body.write(chunk)
    except ClientDisconnect as error:
        raise SessionError(
            "aborted", "The file did not come whole.", "Open it again; nothing was changed."
        ) from error
    return body.getvalue()  # which does not copy it


def _answer_faults(app: FastAPI) -> None:
    def answer(status: int, code: str, text: str, remedy: str) -> JSONResponse:
        return JSONResponse({"code": code, "text": text, "remedy": remedy}, status)

    async def refused(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, SessionError)
        return answer(_STATUS.get(error.code, 400), error.code, error.text, error.remedy)

    async def bad_input(request: Request, error: Exception) -> JSONResponse:
        return answer(400, "bad-input", str(error), "Change the request and try again.")

    async def malformed(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        return answer(422, "bad-request", f"{place}: {first['msg']}", "See /api/openapi.json.")

    async def no_such(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return answer(error.status_code, "http", str(error.detail), "See /api/openapi.json.")

    async def failed(request: Request, error: Exception) -> JSONResponse:
        text = "Something went wrong inside the studio; nothing was changed."
        return answer(500, "failed", text, "Try again; if it goes on, start tugan anew.")

    handlers: dict[type[Exception], Callable[[Request, Exception], object]] = {
        SessionError: refused,
        TuganError: bad_input,
        RequestValidationError: malformed,
        HTTPException: no_such,
        Exception: failed,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)  # type: ignore[arg-type]  # starlette's is narrower


def _name(session: Session, suffix: str) -> str:
    """Of a download: the model and the seed."""
    return cut_name(_stem(session) + suffix)


def _stem(session: Session) -> str:
    document = session.snapshot().document
    if document is None:
        return "tugan"
    if document.photo is not None:
        return _plain(PurePath(document.photo.edit.source.name).stem)
    stem = _plain(session_model_name(session))
    seed = document.start.seed
    return stem if seed is None else f"{stem}-seed{seed}"


def _plain(text: str) -> str:
    """For a file's name in a header: ASCII without anything that means something there."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "-" for c in text)
    return plain.strip("-.") or "photo"


def session_model_name(session: Session) -> str:
    """What the model calls itself."""
    model = session.snapshot().model
    return "tugan" if model is None else model.info.name


def _temporary(suffix: str) -> Path:
    with tempfile.NamedTemporaryFile(prefix="tugan-", suffix=suffix, delete=False) as opened:
        return Path(opened.name)


def _file(path: Path, *, name: str, media_type: str) -> FileResponse:
    return FileResponse(
        path,
        media_type=media_type,
        filename=name,
        headers={"Cache-Control": "no-store"},
        background=BackgroundTask(path.unlink, missing_ok=True),
    )


def _download(encoded: bytes, *, name: str, media_type: str) -> Response:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return Response(encoded, media_type=media_type, headers=headers)

"""The wire: every JSON message between the page and the server.

The page's TypeScript types are generated from these models (``python -m tugan.studio.schema``).
Points are pixels of the generator's picture, ``[x, y]``, an integer being a pixel's centre.
"""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from tugan.core.point_limit import MAX_POINTS

PROTOCOL_VERSION = 1
MAX_COORDINATE = 1e5
MAX_MASK_BASE64 = 6_000_000
MAX_GALLERY = 24
MAX_STEPS = 1000
MAX_ROWS = 64
MAX_FEATURE_PX = 4096
MAX_SEED = 2**32 - 1

Coordinate = Annotated[float, Field(allow_inf_nan=False, ge=-MAX_COORDINATE, le=MAX_COORDINATE)]
PointXy = tuple[Coordinate, Coordinate]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Psi = Annotated[float, Field(allow_inf_nan=False, ge=-2, le=2)]
Hold = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=0, le=1)]
SolverId = Literal["newton", "adam"]
SpaceId = Literal["w", "w+"]
Phase = Literal["loading", "idle", "waiting", "dragging", "live", "photo"]
"""``loading`` a model or a picture; ``waiting`` for other sessions' turns; ``photo``: bringing a
photograph in."""
Level = Literal["info", "warning", "error"]


class _Message(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_serialization_defaults_required=True
    )


class _Request(_Message):
    id: int | None = Field(default=None, ge=0, le=2**53)
    """A number of the client's choice that a refusal repeats."""


# ---- client to server ------------------------------------------------------------------------


class Ack(_Message):
    """A picture has been shown, so that the next may be sent."""

    type: Literal["ack"] = "ack"
    seq: int = Field(ge=0, lt=2**32)


class PointInput(_Message):
    """One handle; without a goal it is not dragged yet."""

    id: int = Field(ge=0, lt=2**31)
    handle: PointXy
    goal: PointXy | None = None


class SetPoints(_Request):
    """All the points, as they should be from now on."""

    type: Literal["set-points"] = "set-points"
    points: tuple[PointInput, ...] = Field(max_length=MAX_POINTS)
    change: Literal["add", "move", "remove", "clear"]
    """What the history calls it."""
    gesture: str | None = Field(default=None, max_length=64)
    """Changes of one gesture (a drag of the pointer, a run of arrow keys) are one entry."""


class SetMask(_Request):
    """The mask as a PNG of the picture's size: white may change, black stays."""

    type: Literal["set-mask"] = "set-mask"
    png: str | None = Field(max_length=MAX_MASK_BASE64)
    """Base64; None is no mask."""
    change: Literal["paint", "invert", "clear"]
    gesture: str | None = Field(default=None, max_length=64)


class MethodChoice(_Message):
    """How the drag is done."""

    solver: SolverId
    space: SpaceId
    rows: int = Field(ge=1, le=MAX_ROWS)
    feature_px: int = Field(ge=1, le=MAX_FEATURE_PX)
    max_steps: int = Field(ge=1, le=MAX_STEPS)
    hold: Hold
    """0: the whole picture may follow; 1: only what is pulled moves."""


class SetMethod(_Request):
    """None takes what suits the model."""

    type: Literal["set-method"] = "set-method"
    method: MethodChoice | None


class SetStart(_Request):
    """A new picture to start from; points go, the mask goes."""

    type: Literal["set-start"] = "set-start"
    seed: Seed
    psi: Psi = 0.7
    label: int | None = Field(default=None, ge=0, le=100_000)


class SetModel(_Request):
    """Another model, by a name of the catalogue."""

    type: Literal["set-model"] = "set-model"
    name: str = Field(min_length=1, max_length=200)


class Start(_Request):
    """Drag the handles to their goals."""

    type: Literal["start"] = "start"


class Stop(_Request):
    """Stop the drag and keep where it is."""

    type: Literal["stop"] = "stop"


class Grab(_Request):
    """Live: take hold of a point of the picture. Other points that are set hold still."""

    type: Literal["grab"] = "grab"
    at: PointXy


class Move(_Request):
    """Live: where the point that is held should be now. Goals outside are taken at the border."""

    type: Literal["move"] = "move"
    to: PointXy


class Release(_Request):
    """Live: let go; the picture stays."""

    type: Literal["release"] = "release"


class Undo(_Request):
    """One entry back."""

    type: Literal["undo"] = "undo"


class Redo(_Request):
    """One entry forward, on the branch that was last taken."""

    type: Literal["redo"] = "redo"


class GoTo(_Request):
    """Any entry of the history; what is done next branches from there."""

    type: Literal["go-to"] = "go-to"
    entry: int = Field(ge=0, lt=2**31)


class Gallery(_Request):
    """Small pictures of seeds, which come as binary frames."""

    type: Literal["gallery"] = "gallery"
    seeds: tuple[Seed, ...] = Field(min_length=1, max_length=MAX_GALLERY)
    psi: Psi = 0.7
    label: int | None = Field(default=None, ge=0, le=100_000)


class PhotoSquare(_Message):
    """An oriented square of a photograph, in its pixels."""

    centre: PointXy
    side_px: float = Field(gt=0, le=MAX_COORDINATE, allow_inf_nan=False)
    angle_deg: float = Field(default=0.0, ge=-360, le=360, allow_inf_nan=False)
    """Turned clockwise, as seen."""


class PhotoBegin(_Request):
    """Bring the photograph that was uploaded into the model: a face of it, or a square."""

    type: Literal["photo-begin"] = "photo-begin"
    face: int | None = Field(default=None, ge=0, lt=1000)
    """Which of ``incoming.faces``."""
    square: PhotoSquare | None = None


class PhotoChoose(_Request):
    """Back to choosing the face or the square; what was done so far is dropped."""

    type: Literal["photo-choose"] = "photo-choose"


class PhotoMore(_Request):
    """Go on where it stopped, or beyond where it would have ended."""

    type: Literal["photo-more"] = "photo-more"


class PhotoKeep(_Request):
    """Take it as it is now, even half way: an entry of the history, ready to be dragged."""

    type: Literal["photo-keep"] = "photo-keep"


class PhotoCancel(_Request):
    """Drop the photograph that is being brought in."""

    type: Literal["photo-cancel"] = "photo-cancel"


class Recover(_Request):
    """Open the work of a session that nobody has open: what an earlier run saved."""

    type: Literal["recover"] = "recover"
    session: str = Field(min_length=1, max_length=64)


class Discard(_Request):
    """Delete what an earlier run saved."""

    type: Literal["discard"] = "discard"
    session: str = Field(min_length=1, max_length=64)


ClientMessage = Annotated[
    Ack
    | SetPoints
    | SetMask
    | SetMethod
    | SetStart
    | SetModel
    | Start
    | Stop
    | Grab
    | Move
    | Release
    | Undo
    | Redo
    | GoTo
    | Gallery
    | PhotoBegin
    | PhotoChoose
    | PhotoMore
    | PhotoKeep
    | PhotoCancel
    | Recover
    | Discard,
    Field(discriminator="type"),
]
client_message: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


# ---- server to client ------------------------------------------------------------------------


class ModelView(_Message):
    """A model that can be chosen."""

    name: str
    title: str
    domain: str
    licence: str
    size_bytes: int
    """Of its file."""


class GeneratorView(_Message):
    """The model in use."""

    name: str
    """As in ``welcome.models``."""
    width_px: int
    height_px: int
    domain: str
    licence: str
    notes: str
    """What moves well, and what does not."""
    classes: int
    """0 if pictures have no class."""
    rows: int
    """Style rows there are: the most that can move."""
    blocks_px: tuple[int, ...]
    """Feature blocks there are."""
    hold_ready: bool
    """What ``hold`` needs to know of the model is there; else the whole picture may follow."""
    preferred: dict[SolverId, MethodChoice]
    """What suits this model, for each solver."""


class StartView(_Message):
    """Where the picture started."""

    seed: int | None
    """None if it came from a project without one."""
    psi: float
    label: int | None


class PointView(_Message):
    """A point as the server has it."""

    id: int
    start: PointXy
    """Where the handle was when it was set."""
    handle: PointXy
    """Where it is in the picture now."""
    goal: PointXy | None
    lost: bool
    """It was not found again: the place is a guess."""


class EntryView(_Message):
    """One state in the history."""

    id: int
    parent: int | None
    text: str
    """What was done, in words."""
    has_picture: bool
    """The picture changed here: there is a thumbnail."""


Ended = Literal[
    "reached", "step-limit", "no-progress", "not-finite", "lost-point", "cancelled", "failed"
]


Near = Literal["reached", "nearly", "partly", "far", "no-nearer", "lost"]


class OutcomeView(_Message):
    """How the last drag ended."""

    ending: Ended
    closeness: Near | None
    """How near the handle that is worst off came; null where it is not known."""
    text: str
    """What happened."""
    remedy: str
    """What to do next; empty if nothing is to be done."""


Corners = tuple[PointXy, PointXy, PointXy, PointXy]
"""Top left, bottom left, bottom right, top right, in pixels of the photograph."""


class QualityView(_Message):
    """How near the model's picture is to the photograph."""

    grade: Literal["good", "usable", "poor"]
    text: str
    """What that means, with the numbers."""
    face_psnr_db: float
    identity_distance: float | None
    """Below 0.6 is the same person; None where no face was looked for."""


class IncomingView(_Message):
    """A photograph on its way into the model."""

    name: str
    width_px: int
    height_px: int
    stage: Literal["finding", "choose", "invert", "tune", "ready"]
    """``finding`` faces; ``choose`` one, or a square; ``invert``: looking for its latent; ``tune``:
    the model is tuned to it; ``ready`` to be kept, or for more."""
    faces: tuple[Corners, ...]
    """Squares around the faces that were found, the largest first."""
    chosen: Corners | None
    """The square that is taken, or suggested."""
    warning: str
    """What will go wrong; empty if nothing is known to."""
    remarks: tuple[str, ...]
    """What was done to the file to read it, and what is missing here."""
    finished: bool
    """All its steps are done."""
    quality: QualityView | None
    """Once it is ready."""


class PhotoView(_Message):
    """The photograph that the picture is a face of."""

    name: str
    width_px: int
    height_px: int
    quality: QualityView | None


class Limits(_Message):
    """What the server refuses."""

    max_points: int
    max_upload_bytes: int
    max_gallery: int
    max_steps: int


class RecoveryView(_Message):
    """Work that an earlier run saved."""

    session: str
    saved_at: float
    """Seconds since 1970."""
    text: str
    """The model and the last thing done."""


class Welcome(_Message):
    """The first message of a connection."""

    type: Literal["welcome"] = "welcome"
    protocol: int = PROTOCOL_VERSION
    version: str
    session: str
    """To be given when connecting again."""
    resumed: bool
    models: tuple[ModelView, ...]
    limits: Limits
    recoverable: tuple[RecoveryView, ...]
    formats: tuple[str, ...]
    """Animations that can be exported here, such as gif and mp4."""
    exports: tuple[str, ...]
    """Pictures, such as png."""
    photo_exports: tuple[str, ...]
    """Whole photographs, such as jpg."""


class State(_Message):
    """The whole document, after every change of it."""

    type: Literal["state"] = "state"
    revision: int
    """Grows with every state sent."""
    phase: Phase
    generator: GeneratorView | None
    """None until the first model is loaded."""
    start: StartView | None
    points: tuple[PointView, ...]
    has_mask: bool
    method: MethodChoice | None
    history: tuple[EntryView, ...]
    current: int
    can_undo: bool
    can_redo: bool
    outcome: OutcomeView | None
    steps: int
    """Of the last drag."""
    photo: PhotoView | None
    """None if the picture is not of a photograph."""
    incoming: IncomingView | None
    """None if no photograph is being brought in."""


class MovedPoint(_Message):
    """Where a handle is."""

    id: int
    handle: PointXy
    lost: bool


class Progress(_Message):
    """After each step of a drag; its picture comes as a frame with the same step."""

    type: Literal["progress"] = "progress"
    step: int
    farthest_px: float
    steps_per_s: float
    points: tuple[MovedPoint, ...]
    """In a live drag the point that is held has the id -1."""


class PhotoProgress(_Message):
    """After each step of bringing a photograph in; its picture comes as a frame."""

    type: Literal["photo-progress"] = "photo-progress"
    stage: Literal["invert", "tune"]
    step: int
    total: int
    """Of this stage."""
    psnr_db: float
    """How near it is, in the face: grows."""
    left_s: float | None
    """About so long until both stages are done; None while that is not known."""


class Advice(_Message):
    """About a handle that may not be followed well."""

    type: Literal["advice"] = "advice"
    point: int
    text: str
    better: PointXy | None


class Notice(_Message):
    """Something to know; with a reply_to, why a request was refused (nothing was changed)."""

    type: Literal["notice"] = "notice"
    level: Level
    code: str
    """For programs, such as ``unknown-model``."""
    text: str
    """What happened."""
    remedy: str
    """What to do."""
    reply_to: int | None = None


ServerMessage = Annotated[
    Welcome | State | Progress | PhotoProgress | Advice | Notice, Field(discriminator="type")
]
server_message: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)

SERVER_MESSAGES = get_args(get_args(ServerMessage)[0])
CLIENT_MESSAGES = get_args(get_args(ClientMessage)[0])

"""From a page's messages to what they do to its session."""

from tugan.inversion.align import Alignment, AlignmentError, manual_crop
from tugan.session.errors import SessionError
from tugan.session.session import PointInput as SessionPoint
from tugan.session.session import Session
from tugan.studio import messages as wire


def obey(session: Session, message: wire.ClientMessage) -> None:
    """Do what is asked; :class:`SessionError` says why not.

    For everything but masks, which are decoded first, and what concerns other sessions.
    """
    match message:
        case wire.SetPoints():
            points = tuple(
                SessionPoint(id=one.id, handle_xy=one.handle, goal_xy=one.goal)
                for one in message.points
            )
            session.set_points(points, change=message.change, gesture=message.gesture)
        case wire.SetMethod():
            _set_method(session, message)
        case wire.SetStart():
            session.set_start(seed=message.seed, psi=message.psi, label=message.label)
        case wire.SetModel():
            session.set_model(message.name)
        case wire.Start():
            session.start()
        case wire.Stop():
            session.stop()
        case wire.Grab():
            session.grab(message.at)
        case wire.Move():
            session.move(message.to)
        case wire.Release():
            session.release()
        case wire.Undo():
            session.undo()
        case wire.Redo():
            session.redo()
        case wire.GoTo():
            session.go_to(message.entry)
        case wire.Gallery():
            session.gallery(message.seeds, psi=message.psi, label=message.label)
        case wire.PhotoBegin():
            session.begin_photo(face=message.face, square=_square(message.square))
        case wire.PhotoChoose():
            session.choose_photo()
        case wire.PhotoMore():
            session.more_photo()
        case wire.PhotoKeep():
            session.keep_photo()
        case wire.PhotoCancel():
            session.cancel_photo()
        case _:
            raise AssertionError(f"{message.type} is not for a session")


def image_hw_of(session: Session) -> tuple[int, int]:
    """Size of the session's pictures; :class:`SessionError` while there is no model."""
    model = session.snapshot().model
    if model is None:
        raise SessionError("loading", "The model is still loading.", "Wait a moment.")
    return model.info.size_hw


def _square(asked: wire.PhotoSquare | None) -> Alignment | None:
    """:class:`SessionError` for one that is too small."""
    if asked is None:
        return None
    try:
        return manual_crop(asked.centre, side_px=asked.side_px, angle_deg=asked.angle_deg)
    except AlignmentError as error:
        text = str(error)
        raise SessionError(
            "bad-square", f"{text[:1].upper()}{text[1:]}.", "Choose a larger square."
        ) from error


def _set_method(session: Session, message: wire.SetMethod) -> None:
    choice = message.method
    if choice is None:
        session.set_method(None)
        return
    session.set_method(
        choice.solver,
        latent=choice.space,
        rows=choice.rows,
        feature_px=choice.feature_px,
        max_steps=choice.max_steps,
        hold=choice.hold,
    )

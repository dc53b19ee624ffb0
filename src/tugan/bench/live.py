"""Live drags by simulated hands: does a picture or a preview break on the way?"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar, final

from tugan.bench.equipment import Equipment
from tugan.bench.experiment import Done
from tugan.bench.live_face import LiveFace, draw_live_face, live_settings
from tugan.bench.live_hand import Hand, hand_of
from tugan.bench.live_pull import SIDE_PX, Look, Pull, pull
from tugan.bench.live_record import OFF_PX_AT_512, STRANGE_DISTANCE, LiveRecord
from tugan.bench.live_task import LiveJob, LiveTask, live_jobs
from tugan.bench.pair_job import PairJob, result_name
from tugan.bench.record import TrialRecord
from tugan.bench.thumbnails import source_name, thumbnail
from tugan.core.geometry import scale_from_512
from tugan.core.images import RgbArray
from tugan.dragging.live import LiveDrag
from tugan.perceptual.faces import embedding_distance


@final
@dataclass(frozen=True, kw_only=True)
class LiveExperiment:
    """A landmark of each face under slow, fast and jumping hands."""

    name: ClassVar[str] = "live"
    record_class: ClassVar[type[TrialRecord]] = LiveRecord

    task: LiveTask
    limit_s: float | None = None
    """That a pull may take."""

    def jobs(self, methods: tuple[str, ...]) -> Iterable[LiveJob]:
        """Face by face, hand by hand."""
        return live_jobs(self.task, methods)

    def prepare(self, tools: Equipment, index: int) -> LiveFace:
        """A face and what is held of it; :class:`BenchError` without one."""
        return draw_live_face(tools, self.task, index=index)

    def pictures(self, prepared: LiveFace) -> Mapping[str, RgbArray]:
        """The face before it is pulled."""
        picture = thumbnail(prepared.drawn.picture, side_px=SIDE_PX)
        return {source_name(prepared.index): picture}

    def blank(self, job: LiveJob, prepared: LiveFace) -> LiveRecord:
        """With what is held."""
        return LiveRecord(
            pair=job.pair,
            method=job.method,
            pace=job.pace,
            rate=job.rate,
            picture_seed=prepared.drawn.seed,
            skipped=prepared.drawn.skipped,
            landmark=prepared.landmark,
        )

    def measure(self, blank: LiveRecord, prepared: LiveFace, tools: Equipment) -> Done:
        """Pull, and look."""
        live = LiveDrag(
            tools.generator,
            prepared.drawn.ws,
            settings=live_settings(tools.method(blank.method)),
        )
        hand = hand_of(
            blank.pace,
            prepared.handle_xy,
            seed=self.task.seed,
            pair=blank.pair,
            image_hw=prepared.image_hw,
        )
        pulled = pull(
            live,
            prepared,
            hand,
            rate=blank.rate,
            task=self.task,
            faces=tools.finder(),
            limit_s=self.limit_s,
        )
        live.release()
        record = recorded(blank, prepared, hand, pulled)
        return Done(record=record, pictures=_pictures(record, pulled))

    def warm_up(self, method: str, prepared: LiveFace, tools: Equipment) -> None:
        """Nothing is timed."""


def recorded(blank: LiveRecord, face: LiveFace, hand: Hand, pulled: Pull) -> LiveRecord:
    """The figures of a pull."""
    px = 1 / scale_from_512(1.0, face.image_hw)
    update: dict[str, object] = {
        "steps": pulled.steps,
        "looks": len(pulled.looks),
        "said_rest_px": round(pulled.left_px * px, 3),
    }
    if pulled.looks:
        update |= _pictures_seen(pulled, face, px=px) | _previews_seen(pulled)
        last = pulled.looks[-1]
        if last.face is not None and last.landmark_xy is not None:
            distance = embedding_distance(face.drawn.face, last.face)
            update["embedding_distance"] = round(distance, 4)
            update["rest_px"] = round(math.dist(last.landmark_xy, hand.end_xy) * px, 3)
    return blank.model_copy(update=update)


def _pictures_seen(pulled: Pull, face: LiveFace, *, px: float) -> dict[str, object]:
    with_face = [one for one in pulled.looks if one.face is not None]
    off = [one for one in with_face if one.off_px * px > OFF_PX_AT_512]
    worst = max((one.off_px * px for one in with_face), default=None)
    return {
        "faceless": len(pulled.looks) - len(with_face),
        "off": len(off),
        "strange": sum(_strangeness(one, face) > STRANGE_DISTANCE for one in with_face),
        "off_said": sum(one.said_lost for one in off),
        "worst_off_px": None if worst is None else round(worst, 3),
    }


def _strangeness(look: Look, face: LiveFace) -> float:
    """From the face at the start to the one found; infinite without one."""
    return math.inf if look.face is None else embedding_distance(face.drawn.face, look.face)


def _previews_seen(pulled: Pull) -> dict[str, object]:
    previews = [one.preview for one in pulled.looks]
    update: dict[str, object] = {"burnt": sum(one.broken for one in previews)}
    for name, values in (
        ("burn", [one.burn for one in previews]),
        ("difference", [one.difference for one in previews]),
        ("outside", [one.outside_share for one in previews]),
    ):
        update[f"{name}_mean"] = round(sum(values) / len(values), 4)
        update[f"{name}_worst"] = round(max(values), 4)
    return update


def live_picture(record: LiveRecord, of: str) -> str:
    """Name of a picture of a pull: ``preview`` and ``beside`` are the worst preview and what it
    should look like, ``worst`` the worst finished picture, ``end`` the last."""
    job = PairJob(pair=record.pair, method=record.method)
    return result_name(job, of=f"{record.pace}-{record.rate}-{of}")


def worst_preview(looks: tuple[Look, ...]) -> Look:
    """The one that is furthest from its finished picture."""
    return max(looks, key=lambda one: (one.preview.broken, one.preview.burn))


def _pictures(record: LiveRecord, pulled: Pull) -> dict[str, RgbArray]:
    if not pulled.looks:
        return {}
    preview = worst_preview(pulled.looks)
    worst = max(pulled.looks, key=lambda one: one.off_px)
    return {
        live_picture(record, "preview"): preview.preview_picture,
        live_picture(record, "beside"): preview.finished_picture,
        live_picture(record, "worst"): worst.finished_picture,
        live_picture(record, "end"): pulled.looks[-1].finished_picture,
    }

"""Faces without dlib: a picture's colours say where its landmarks are."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float

from tugan.bench.conditions import Conditions, conditions_now
from tugan.bench.equipment import Equipment
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.methods import Method
from tugan.bench.record import DragCost, Failure, JobRecord, PairNote
from tugan.bench.run_folder import RunFolder, open_run
from tugan.bench.timed_drag import HistoryEntry
from tugan.core.images import RgbArray
from tugan.core.outcome import Ending, Outcome
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.generators.protocol import Generator
from tugan.perceptual.faces import Face

TOY_SETTINGS = DragSettings(
    rows=4,
    feature_px=32,
    learning_rate=2e-2,
    motion_radius_px_at_512=24,
    track_radius_px_at_512=48,
    reduction="mean",
)


@dataclass
class FakeFaces:
    """A grid of landmarks over the middle of the picture, moved by the mean of two colours."""

    blind_at: set[int] = field(default_factory=set)
    """Looks, counted from 0, at which no face is found."""
    looks: int = 0
    name: str = "fake 1.0"

    def find(self, picture: RgbArray) -> Face | None:
        self.looks += 1
        if self.looks - 1 in self.blind_at:
            return None
        side = picture.shape[0]
        colours = picture.reshape(-1, 3).mean(axis=0) / 255
        return Face(landmarks_xy=grid_xy(side) + (colours[:2] - 0.5) * side / 2, embedding=colours)


def grid_xy(side: int) -> Float[np.ndarray, "68 2"]:
    ys, xs = np.divmod(np.arange(68), 9)
    return (0.3 + 0.05 * np.stack([xs, ys], axis=1)) * side


def toy_method(name: str = "adam", *, max_steps: int = 2) -> Method:
    return Method(name=name, solver=Adam(settings=replace(TOY_SETTINGS, max_steps=max_steps)))


def equipment(
    generator: Generator,
    *,
    methods: tuple[Method, ...] | None = None,
    faces: FakeFaces | None = None,
) -> Equipment:
    return Equipment(
        generator=generator, faces=faces or FakeFaces(), methods=methods or (toy_method(),)
    )


def conditions(task: LandmarkTask, parts: Equipment) -> Conditions:
    return conditions_now(
        task,
        generator=parts.generator,
        fingerprint="0123",
        faces=parts.faces,
        methods=parts.methods,
    )


def opened(path: Path, task: LandmarkTask, parts: Equipment) -> RunFolder:
    return open_run(path, conditions(task, parts))


def cost(
    *, seconds: float = 1.0, steps: int = 2, ending: Ending = Ending.REACHED, first_s: float = 0.5
) -> DragCost:
    """From 10 px to 5 px, evenly."""
    history = tuple(
        HistoryEntry(
            step=step, seconds=seconds * step / steps, left_px_at_512=10 - 5 * step / steps
        )
        for step in range(steps + 1)
    )
    return DragCost(
        outcome=Outcome(ending=ending, sentence="So it ended."),
        steps=steps,
        kept_step=steps,
        seconds=seconds,
        first_motion_s=first_s,
        history=history,
    )


def record(
    pair: int = 0,
    method: str = "adam",
    *,
    points: int = 1,
    no_edit_px: float = 10.0,
    result_px: float | None = 5.0,
    failure: Failure | None = None,
    spent: DragCost | None = None,
    embedding_distance: float | None = 0.4,
    outside_change: float | None = None,
    outside_face_change: float | None = None,
    inside_face_change: float | None = None,
) -> JobRecord:
    return JobRecord(
        pair=pair,
        points=points,
        method=method,
        pictures=PairNote(source_seed=1, target_seed=2, skipped=pair),
        no_edit_px=no_edit_px,
        result_px=result_px,
        failure=failure,
        cost=None if failure is Failure.ERROR else spent or cost(),
        embedding_distance=embedding_distance,
        outside_change=outside_change,
        outside_face_change=outside_face_change,
        inside_face_change=inside_face_change,
        goals_xy=((30.0, 30.0),),
        found_xy=((31.0, 30.0),),
        traceback="Traceback:\nRuntimeError: broken" if failure is Failure.ERROR else None,
    )

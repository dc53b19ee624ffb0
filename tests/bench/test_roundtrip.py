from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.fakes import TOY_SETTINGS, FakeFaces, cost, equipment, grid_xy, toy_method
from bench.trial_fakes import IDLE, opened, run, without_times
from tugan.bench import roundtrip_trip
from tugan.bench.bench_error import BenchError
from tugan.bench.equipment import Equipment
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.methods import Method
from tugan.bench.pair_job import PairJob
from tugan.bench.record import DragCost, Failure, PairNote
from tugan.bench.roundtrip import RoundTrip
from tugan.bench.roundtrip_record import RoundTripRecord
from tugan.bench.roundtrip_task import RoundTripTask
from tugan.bench.run_folder import RunFolder
from tugan.bench.runner import run_experiment
from tugan.bench.timed_drag import TimedDrag, TimeLimitError, run_timed
from tugan.core.images import RgbArray
from tugan.core.outcome import Ending
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.protocol import Solver
from tugan.executors.processes import ProcessExecutor
from tugan.generators.toy import ToyGenerator
from tugan.perceptual.faces import Face

TASK = RoundTripTask(pairs=2)
REACH = 8


class FarFaces(FakeFaces):
    """Faces whose noses are farther apart: some pixels of 64."""

    def find(self, picture: RgbArray) -> Face | None:
        face = super().find(picture)
        if face is None:
            return None
        grid = grid_xy(picture.shape[0])
        return replace(face, landmarks_xy=grid + REACH * (face.landmarks_xy - grid))


def records_of(
    path: Path,
    toy: ToyGenerator,
    *methods: Method,
    faces: FakeFaces | None = None,
    limit_s: float | None = None,
) -> list[RoundTripRecord]:
    parts = equipment(toy, methods=methods, faces=faces or FarFaces())
    return run(path, RoundTrip(task=TASK, limit_s=limit_s), parts, RoundTripRecord)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"pairs": 0}, "at least one pair"),
        ({"seed": -1}, "seed must be between"),
        ({"psi": float("nan")}, "psi is nan"),
    ],
)
def test_a_task_that_means_nothing_is_refused(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(BenchError, match=text):
        RoundTripTask(**wrong)


def test_pairs_are_those_of_the_landmark_experiment() -> None:
    task = RoundTripTask(pairs=7, seed=3, psi=0.5)
    assert task.faces == LandmarkTask(pairs=7, points=(1,), seed=3, psi=0.5)


def test_a_drag_there_and_back_ends_near_the_start(tmp_path: Path, toy: ToyGenerator) -> None:
    found = records_of(tmp_path, toy, toy_method(max_steps=150))
    assert [one.job for one in found] == [PairJob(pair=n, method="adam") for n in (0, 1)]
    for one in found:
        assert one.reached
        assert one.there is not None
        assert one.back is not None
        assert one.back.picture.mse < 0.3 * one.there.picture.mse
        assert one.there.nose_px is not None
        assert one.back.nose_px is not None
        # the latent comes back only where the picture tells: most of the toy's does nothing
        assert one.back.nose_px < 0.3 * one.there.nose_px
        assert one.cost is not None
        assert one.back_cost is not None
        assert one.steps == one.cost.steps + one.back_cost.steps
        assert one.seconds == one.cost.seconds + one.back_cost.seconds
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == {
        f"pair-000{pair}-{what}.jpg"
        for pair in (0, 1)
        for what in ("source", "target", "adam-there", "adam-back")
    }
    folder = RunFolder(path=tmp_path)
    assert folder.conditions.task_as(RoundTripTask) == TASK
    assert found[0].said[1].startswith("MSE x 100 ")


def test_doing_nothing_ends_exactly_where_it_began(tmp_path: Path, toy: ToyGenerator) -> None:
    for one in records_of(tmp_path, toy, IDLE):
        assert one.reached
        assert one.back_cost is None
        assert one.there is not None
        assert one.there == one.back
        assert one.there.picture.mse == 0
        assert one.there.picture.ssim == pytest.approx(1)
        assert (one.there.latent, one.there.embedding, one.there.nose_px) == (0, 0, 0)
        assert one.asked_px > 1


@dataclass
class Legs:
    """The drags that were done."""

    problems: list[DragProblem] = field(default_factory=list)
    ends: list[TimedDrag] = field(default_factory=list)

    def __call__(
        self, problem: DragProblem, solver: Solver[Any], *, limit_s: float | None = None
    ) -> TimedDrag:
        self.problems.append(problem)
        self.ends.append(run_timed(problem, solver, limit_s=limit_s))
        return self.ends[-1]


@pytest.fixture
def legs(monkeypatch: pytest.MonkeyPatch) -> Legs:
    found = Legs()
    monkeypatch.setattr(roundtrip_trip, "run_timed", found)
    return found


def test_what_is_measured_is_the_distance_from_the_start(toy: ToyGenerator, legs: Legs) -> None:
    parts = equipment(toy, methods=(toy_method(max_steps=3),), faces=FarFaces())
    experiment = RoundTrip(task=TASK)
    start = experiment.prepare(parts, 0)
    blank = experiment.blank(PairJob(pair=0, method="adam"), start)
    record = experiment.measure(blank, start, parts).record
    assert isinstance(record, RoundTripRecord)
    for drag, seen in zip(legs.ends, (record.there, record.back), strict=True):
        assert seen is not None
        away = float((drag.last.ws - start.pair.source.ws).square().sum().sqrt())
        assert seen.latent == pytest.approx(away, rel=1e-5)
        mse = float((drag.last.image().clamp(-1, 1) - start.image.clamp(-1, 1)).square().mean())
        assert seen.picture.mse == pytest.approx(mse, rel=1e-4)
        # the fake's noses move by the mean colours, and its embedding is these
        assert seen.nose_px is not None
        assert seen.embedding is not None
        assert 0 < seen.nose_px <= REACH * seen.embedding * 512 / 2 + 1e-9


def test_the_way_back_begins_where_the_way_there_ended(
    tmp_path: Path, toy: ToyGenerator, legs: Legs
) -> None:
    records_of(tmp_path, toy, toy_method(max_steps=3))
    assert len(legs.problems) == 4
    there, back = legs.problems[:2]
    assert torch.equal(back.ws, legs.ends[0].last.ws)
    assert torch.equal(back.handles_xy, legs.ends[0].last.handles_xy)
    assert torch.equal(back.targets_xy, there.handles_xy)
    assert not torch.equal(back.handles_xy, there.handles_xy)


def test_a_face_lost_at_the_end_is_a_failure_that_is_measured_all_the_same(
    tmp_path: Path, toy: ToyGenerator
) -> None:
    # looks 0 and 1 are at the first pair, 2 is there, 3 back
    found = records_of(tmp_path, toy, toy_method(), faces=FarFaces(blind_at={3}))
    assert [one.failure for one in found] == [Failure.LOST_FACE, None]
    assert found[0].back is not None
    assert (found[0].back.nose_px, found[0].back.embedding) == (None, None)
    assert found[0].back.picture.mse > 0
    again = records_of(tmp_path / "there", toy, toy_method(), faces=FarFaces(blind_at={2}))
    assert [one.failure for one in again] == [None, None]
    assert again[0].there is not None
    assert again[0].there.nose_px is None


def test_a_method_that_breaks_does_not_stop_the_others(tmp_path: Path, toy: ToyGenerator) -> None:
    wrong = Method(name="wrong", solver=Adam(settings=DragSettings(rows=6)))
    found = records_of(tmp_path, toy, wrong, toy_method())
    assert [one.failure for one in found] == [Failure.ERROR, None] * 2
    assert (found[0].there, found[0].back, found[0].steps) == (None, None, None)
    assert found[0].said == ("there and back", "no picture")
    assert not found[0].reached


def test_a_trip_that_is_not_finite_says_so(tmp_path: Path) -> None:
    spoiled = ToyGenerator(spoiled_beyond=3.0)
    wild = Method(name="wild", solver=Adam(settings=replace(TOY_SETTINGS, learning_rate=10.0)))
    for one in records_of(tmp_path, spoiled, wild):
        assert one.failure is Failure.NOT_FINITE
        assert one.ended(Ending.NOT_FINITE)


def test_the_time_limit_is_of_both_ways_together(
    tmp_path: Path, toy: ToyGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits: list[float | None] = []

    def slow(
        problem: DragProblem, solver: Solver[Any], *, limit_s: float | None = None
    ) -> TimedDrag:
        limits.append(limit_s)
        if len(limits) == 2:
            raise TimeLimitError("too slow")
        return replace(run_timed(problem, solver), seconds=7.0)

    monkeypatch.setattr(roundtrip_trip, "run_timed", slow)
    found = records_of(tmp_path, toy, toy_method(), limit_s=10.0)
    assert limits == [10, 3, 10, 3]
    assert [one.failure for one in found] == [Failure.TIME_LIMIT, None]


def trip_of(there: Ending, back: Ending | None) -> RoundTripRecord:
    way_back: DragCost | None = None if back is None else cost(ending=back)
    return RoundTripRecord(
        pair=0,
        method="adam",
        pictures=PairNote(source_seed=1, target_seed=2, skipped=0),
        asked_px=10.0,
        cost=cost(ending=there),
        back_cost=way_back,
    )


@pytest.mark.parametrize(
    ("there", "back", "ending"),
    [
        (Ending.REACHED, Ending.REACHED, Ending.REACHED),
        (Ending.REACHED, None, Ending.REACHED),
        (Ending.REACHED, Ending.NO_PROGRESS, Ending.NO_PROGRESS),
        (Ending.STEP_LIMIT, Ending.REACHED, Ending.STEP_LIMIT),
        (Ending.STEP_LIMIT, Ending.NO_PROGRESS, Ending.STEP_LIMIT),
    ],
)
def test_a_trip_ends_like_the_first_way_that_fell_short(
    there: Ending, back: Ending | None, ending: Ending
) -> None:
    trip = trip_of(there, back)
    assert [one for one in Ending if trip.ended(one)] == [ending]
    assert trip.reached == (ending is Ending.REACHED)


@pytest.fixture
def parts(toy: ToyGenerator) -> Equipment:
    return equipment(toy, methods=(toy_method(), IDLE), faces=FarFaces())


def test_a_run_that_was_stopped_goes_on_to_the_same_end(tmp_path: Path, parts: Equipment) -> None:
    experiment = RoundTrip(task=TASK)
    whole = run(tmp_path / "whole", experiment, parts, RoundTripRecord)
    folder = opened(tmp_path / "parts", experiment, parts)
    list(islice(run_experiment(experiment, parts, folder), 1))
    again = run(tmp_path / "parts", experiment, parts, RoundTripRecord)
    assert len(again) == 4
    assert without_times(again) == without_times(whole)


def test_processes_find_the_same_numbers(tmp_path: Path, parts: Equipment) -> None:
    experiment = RoundTrip(task=TASK)
    serial = run(tmp_path / "serial", experiment, parts, RoundTripRecord)
    executor = ProcessExecutor(workers=2)
    spread = run(tmp_path / "spread", experiment, parts, RoundTripRecord, executor=executor)
    assert without_times(spread) == without_times(serial)

from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.fakes import FakeFaces, toy_method
from tugan.bench.face_change import face_change
from tugan.bench.face_pairs import FacePair, draw_pair, mean_distance_px_at_512
from tugan.bench.landmark_metrics import (
    Measured,
    blank_record,
    change_outside,
    landmark_problem,
)
from tugan.bench.landmark_metrics import (
    measured as measure,
)
from tugan.bench.landmark_task import Job, LandmarkTask, MaskKind
from tugan.bench.methods import Method
from tugan.bench.record import Failure
from tugan.bench.timed_drag import TimeLimitError
from tugan.core.images import to_rgb_array
from tugan.core.outcome import Ending
from tugan.generators.protocol import SynthesisState, synthesize
from tugan.generators.toy import ToyGenerator


@pytest.fixture
def pair(toy: ToyGenerator) -> FacePair:
    return draw_pair(toy, FakeFaces(), LandmarkTask(), index=0)


def run(
    generator: ToyGenerator,
    pair: FacePair,
    *,
    points: int = 5,
    faces: FakeFaces | None = None,
    method: Method | None = None,
    mask: MaskKind = "none",
    limit_s: float | None = None,
) -> Measured:
    method = method or toy_method()
    return measure(
        blank_record(Job(pair=pair.index, points=points, method=method.name), pair),
        generator=generator,
        faces=faces or FakeFaces(),
        pair=pair,
        method=method,
        mask=mask,
        limit_s=limit_s,
    )


def test_what_is_measured_is_what_the_finder_sees(toy: ToyGenerator, pair: FacePair) -> None:
    measured = run(toy, pair)
    record, picture = measured.record, measured.picture
    assert picture is not None
    face = FakeFaces().find(picture)
    assert face is not None
    chosen = [36, 45, 30, 48, 54]
    goals = pair.target.landmarks_xy[chosen]
    wanted = mean_distance_px_at_512(face.landmarks_xy[chosen], goals, image_hw=(64, 64))
    before = mean_distance_px_at_512(pair.source.landmarks_xy[chosen], goals, image_hw=(64, 64))
    assert record.result_px == record.md_px == pytest.approx(wanted)
    assert record.no_edit_px == pytest.approx(before)
    assert record.embedding_distance == pytest.approx(
        float(np.linalg.norm(face.embedding - pair.source.face.embedding))
    )
    np.testing.assert_allclose(record.goals_xy, goals, atol=0.01)
    np.testing.assert_allclose(record.found_xy, face.landmarks_xy[chosen], atol=0.01)
    assert record.pictures.source_seed == pair.source.seed
    assert record.failure is None
    assert record.outside_change is None
    # the hulls before and after, with and without what moved
    change = face_change(
        pair.source.picture,
        picture,
        before_xy=pair.source.face.landmarks_xy,
        after_xy=face.landmarks_xy,
    )
    assert (record.outside_face_change, record.inside_face_change) == (
        change.outside,
        change.inside,
    )
    assert change.outside
    assert change.inside


def test_a_drag_that_ran_out_of_steps_counts_as_measured_and_strictly_as_nothing(
    toy: ToyGenerator, pair: FacePair
) -> None:
    record = run(toy, pair).record
    assert record.cost is not None
    assert record.cost.outcome.ending is Ending.STEP_LIMIT
    assert (record.cost.steps, len(record.cost.history)) == (2, 3)
    assert record.md_px != record.no_edit_px
    assert record.strict_md_px == record.no_edit_px


def test_a_lost_face_counts_as_no_edit(toy: ToyGenerator, pair: FacePair) -> None:
    measured = run(toy, pair, faces=FakeFaces(blind_at={0}))
    record = measured.record
    assert record.failure is Failure.LOST_FACE
    assert record.md_px == record.no_edit_px
    assert record.embedding_distance is None
    assert record.outside_face_change is record.inside_face_change is None
    assert record.cost is not None
    assert measured.picture is not None


def test_a_drag_beyond_its_time_is_ended(toy: ToyGenerator, pair: FacePair) -> None:
    with pytest.raises(TimeLimitError, match=r"steps; 1e-09 s are allowed"):
        run(toy, pair, limit_s=1e-9)


def test_a_drag_that_became_nan_counts_as_no_edit(pair: FacePair) -> None:
    start = float(pair.source.ws.abs().max())
    spoiling = ToyGenerator(spoiled_beyond=start + 1e-4)
    record = run(spoiling, pair).record
    assert record.failure is Failure.NOT_FINITE
    assert record.md_px == record.no_edit_px
    # the last good picture is kept, and has a face
    assert record.result_px is not None


class NanPictures(ToyGenerator):  # type: ignore[misc]  # final: only the last block is spoilt here
    def finish(self, state: SynthesisState) -> torch.Tensor:
        return super().finish(state) * torch.nan


def test_a_picture_of_nan_is_not_looked_at(pair: FacePair) -> None:
    measured = run(NanPictures(), pair)
    assert measured.record.failure is Failure.NOT_FINITE
    assert measured.picture is None


def test_a_landmark_at_its_goal_is_no_handle_but_counts(toy: ToyGenerator, pair: FacePair) -> None:
    goals = pair.target.landmarks_xy.copy()
    goals[36] = pair.source.landmarks_xy[36]
    level = replace(pair, target=replace(pair.target, landmarks_xy=goals))
    problem = landmark_problem(toy, level, points=5, mask="none")
    assert len(problem.handles_xy) == 4
    record = run(toy, level).record
    assert len(record.goals_xy) == len(record.found_xy) == 5
    moved = run(toy, pair).record
    assert record.no_edit_px == pytest.approx(moved.no_edit_px * 4 / 5)


def test_with_the_mask_what_lies_outside_is_reported(toy: ToyGenerator, pair: FacePair) -> None:
    problem = landmark_problem(toy, pair, points=1, mask="face")
    assert problem.mask is not None
    assert 0 < float(problem.mask.mean()) < 1
    measured = run(toy, pair, mask="face")
    assert measured.picture is not None
    assert measured.record.outside_change == change_outside(
        pair.source.picture, measured.picture, problem.mask
    )
    assert measured.record.outside_change


def test_change_outside_is_a_mean_over_held_pixels() -> None:
    before = np.zeros((2, 2, 3), dtype=np.uint8)
    after = before.copy()
    after[0, 0], after[1, 1] = 200, 30
    held = torch.tensor([[1.0, 0.0], [0.2, 0.0]])
    assert change_outside(before, after, held) == pytest.approx(10)
    assert change_outside(before, after, torch.ones(2, 2)) is None


def test_the_source_is_what_is_dragged(toy: ToyGenerator, pair: FacePair) -> None:
    problem = landmark_problem(toy, pair, points=1, mask="none")
    picture = to_rgb_array(synthesize(toy, problem.ws))
    np.testing.assert_array_equal(picture, pair.source.picture)
    torch.testing.assert_close(problem.handles_xy[0].double().numpy(), pair.handles_xy(1)[0])

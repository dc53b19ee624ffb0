from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.fakes import equipment, record, toy_method
from bench.test_paired_report import record as paired_record
from bench.test_roundtrip_report import end, trip
from bench.trial_fakes import opened
from tugan.bench import ablation
from tugan.bench.claims import smaller
from tugan.bench.experiment import Experiment
from tugan.bench.landmark_claims import many_points_claims, mask_claims
from tugan.bench.landmark_task import LandmarkTask
from tugan.bench.landmarks import Landmarks
from tugan.bench.mask_effect import MaskEffect, MaskRecord
from tugan.bench.methods import Method
from tugan.bench.paired import Paired
from tugan.bench.paired_task import PairedTask
from tugan.bench.picture_claims import paired_claims, roundtrip_claims
from tugan.bench.record import Failure, TrialRecord
from tugan.bench.roundtrip import RoundTrip
from tugan.bench.roundtrip_task import RoundTripTask
from tugan.bench.run_folder import RunFolder
from tugan.generators.toy import ToyGenerator

PAIRS = 4


def folder_of(
    path: Path,
    toy: ToyGenerator,
    experiment: Experiment,
    records: Sequence[TrialRecord],
    *,
    methods: tuple[str, ...] = ("adam",),
) -> RunFolder:
    made: tuple[Method, ...] = tuple(replace(toy_method(), name=name) for name in methods)
    folder = opened(path, experiment, equipment(toy, methods=made))
    for one in records:
        folder.append(one)
    return folder


def test_means_that_are_near_to_each_other_decide_nothing() -> None:
    assert smaller([1, 2, 3, 4], [2, 3.1, 4, 5.1]) is True
    assert smaller([2, 3.1, 4, 5.1], [1, 2, 3, 4]) is False
    assert smaller([1, 5, 1, 5], [5, 1, 4, 2]) is None
    assert smaller([1, 1], [9, 9]) is None


@pytest.mark.parametrize(
    ("after", "verdict"), [(0.01, "holds"), (0.09, "does not hold"), (0.04, "not decided")]
)
def test_a_paired_drag_comes_nearer_or_not(
    tmp_path: Path, toy: ToyGenerator, after: float, verdict: str
) -> None:
    spread = (0.0, 0.002, -0.002, 0.001)
    records = [
        paired_record(pair, "adam", before=0.04, after=after + spread[pair])
        for pair in range(PAIRS)
    ]
    folder = folder_of(tmp_path, toy, Paired(task=PairedTask(pairs=PAIRS)), records)
    (claim,) = paired_claims(folder)
    assert claim.verdict == verdict
    assert claim.evidence.startswith("MSE x 100 4.00 before, ")
    assert claim.evidence.endswith("4 pairs")


def test_a_failed_paired_drag_counts_as_no_edit(tmp_path: Path, toy: ToyGenerator) -> None:
    records = [
        paired_record(pair, "adam", before=0.04, after=0.01, failure=Failure.NOT_FINITE)
        for pair in range(PAIRS)
    ]
    folder = folder_of(tmp_path, toy, Paired(task=PairedTask(pairs=PAIRS)), records)
    (claim,) = paired_claims(folder)
    assert claim.verdict == "not decided"
    assert "4.00 before, 4.00 after" in claim.evidence


def test_a_trip_comes_back_or_not(tmp_path: Path, toy: ToyGenerator) -> None:
    experiment = RoundTrip(task=RoundTripTask(pairs=PAIRS))
    near = [trip(pair, there=end(0.05), back=end(0.01 + 0.001 * pair)) for pair in range(PAIRS)]
    far = [trip(pair, there=end(0.05), back=end(0.09 + 0.001 * pair)) for pair in range(PAIRS)]
    (back,) = roundtrip_claims(folder_of(tmp_path / "near", toy, experiment, near))
    (lost,) = roundtrip_claims(folder_of(tmp_path / "far", toy, experiment, far))
    assert (back.verdict, lost.verdict) == ("holds", "does not hold")
    assert "5.00 there, 1.15 back again; 4 trips" in back.evidence


def test_what_was_not_run_decides_nothing(tmp_path: Path, toy: ToyGenerator) -> None:
    trips = [trip(pair, there=None, back=None, failure=Failure.ERROR) for pair in range(2)]
    for path, experiment, records, claims in (
        ("a", Paired(task=PairedTask(pairs=2)), [], paired_claims),
        ("b", RoundTrip(task=RoundTripTask(pairs=2)), trips, roundtrip_claims),
        ("c", Landmarks(task=LandmarkTask(pairs=2, points=(68,))), [], many_points_claims),
        ("d", MaskEffect(task=LandmarkTask(pairs=2, points=(5,))), [], mask_claims),
    ):
        (claim,) = claims(folder_of(tmp_path / path, toy, experiment, records))
        assert (claim.verdict, claim.evidence) == ("not decided", "not run")


def test_many_points_are_told_method_by_method(tmp_path: Path, toy: ToyGenerator) -> None:
    records = [
        record(pair, name, points=68, no_edit_px=10 + pair, result_px=result + pair * 0.5)
        for pair in range(PAIRS)
        for name, result in (("adam", 4.0), ("newton", 30.0))
    ]
    experiment = Landmarks(task=LandmarkTask(pairs=PAIRS, points=(68,)))
    folder = folder_of(tmp_path, toy, experiment, records, methods=("adam", "newton"))
    adam, newton = many_points_claims(folder)
    assert (adam.verdict, newton.verdict) == ("holds", "does not hold")
    assert "MD 11.50 px before, 4.75 px after; 4 pairs" in adam.evidence


def test_the_mask_is_held_against_the_same_drag_without_it(
    tmp_path: Path, toy: ToyGenerator
) -> None:
    records = [
        MaskRecord.model_validate(
            record(pair, points=5, outside_change=change + 0.1 * pair).model_dump()
            | {"masked": masked}
        )
        for pair in range(PAIRS)
        for masked, change in ((True, 1.0), (False, 4.0))
    ]
    experiment = MaskEffect(task=LandmarkTask(pairs=PAIRS, points=(5,)))
    (claim,) = mask_claims(folder_of(tmp_path, toy, experiment, records))
    assert claim.verdict == "holds"
    assert "1.15 with the mask, 4.15 without; 4 drags" in claim.evidence


def ablated(path: Path, toy: ToyGenerator, distances: dict[str, float]) -> tuple[str, str, str]:
    """Verdicts on tracking, the block and the radius, where each method ends this far away."""
    records = [
        record(pair, name, no_edit_px=30, result_px=distance + 0.1 * (pair % 2))
        for pair in range(PAIRS)
        for name, distance in distances.items()
    ]
    experiment = Landmarks(task=LandmarkTask(pairs=PAIRS, points=(1,)))
    folder = folder_of(path, toy, experiment, records, methods=tuple(distances))
    tracking, block, radius = ablation.ablation_claims(folder)
    return tracking.verdict, block.verdict, radius.verdict


def test_ablations_say_what_the_distances_say(tmp_path: Path, toy: ToyGenerator) -> None:
    radii = {f"adam+motion_radius_px_at_512={radius}": 5.0 for radius in ablation.RADII}
    blocks = {f"adam+feature_px={px}": 9.0 - (px == 128) * 4 for px in ablation.BLOCKS_PX}
    as_told = {"adam": 5.0, "adam+tracker=none": 12.0, **blocks, **radii}
    assert ablated(tmp_path / "as told", toy, as_told) == ("holds", "holds", "holds")
    other = as_told | {
        "adam+tracker=none": 2.0,
        "adam+feature_px=32": 1.0,
        "adam+motion_radius_px_at_512=5": 11.0,
    }
    no = "does not hold"
    assert ablated(tmp_path / "other", toy, other) == (no, no, no)
    level = as_told | {"adam+feature_px=256": 5.0}
    assert ablated(tmp_path / "level", toy, level) == ("holds", "not decided", "holds")
    few = {"adam": 5.0}
    assert ablated(tmp_path / "few", toy, few) == ("not decided",) * 3

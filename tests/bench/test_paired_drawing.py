from dataclasses import replace
from typing import Any

import pytest
import torch

from tugan.bench.bench_error import BenchError
from tugan.bench.optical_flow import Correspondence
from tugan.bench.paired_drawing import NearPair, draw_near_pair, perturbed
from tugan.bench.paired_task import PairedTask
from tugan.bench.picture_metrics import PictureMetrics
from tugan.generators.protocol import sample_z, synthesize
from tugan.generators.toy import ToyGenerator

TASK = PairedTask(pairs=2, points=8, share=0.3)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"pairs": 0}, "at least one pair"),
        ({"seed": 2**32}, "seed must be between"),
        ({"psi": 3.0}, "psi is 3"),
        ({"points": 0}, "points must be positive, got 0"),
        ({"rows": 0}, "rows must be positive"),
        ({"max_steps": 0}, "max_steps must be positive"),
        ({"share": 0.0}, "share must be above 0"),
        ({"share": 1.5}, "at most 1, got 1.5"),
        ({"least_px_at_512": 0.0}, "between 0 and 512, got 0"),
        ({"least_px_at_512": float("nan")}, "between 0 and 512, got nan"),
        ({"correspondence": "raft"}, "'raft'; expected one of dis, features"),
    ],
)
def test_a_task_that_means_nothing_is_refused(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(BenchError, match=text):
        PairedTask(**wrong)


def test_rows_move_by_a_share_toward_draws_of_their_own(toy: ToyGenerator) -> None:
    ws = toy.map(sample_z(1, z_dim=8), psi=0.7)
    moved = perturbed(toy, ws, seed=5, psi=0.5, rows=3, share=0.1)
    draws = 0.5 * sample_z(5, z_dim=8, count=3)
    torch.testing.assert_close(moved[0, :3], 0.9 * ws[0, :3] + 0.1 * draws)
    assert torch.equal(moved[0, 3], ws[0, 3])
    assert not torch.equal(moved[0, 0], moved[0, 1])


def test_all_rows_move_where_there_are_no_more(toy: ToyGenerator) -> None:
    ws = toy.map(sample_z(1, z_dim=8), psi=0.7)
    moved = perturbed(toy, ws, seed=5, psi=0.7, rows=6, share=1.0)
    torch.testing.assert_close(moved[0], 0.7 * sample_z(5, z_dim=8, count=4))


def shift_of(toy: ToyGenerator, pair: NearPair, task: PairedTask) -> torch.Tensor:
    other = perturbed(
        toy, pair.ws, seed=pair.target_seed, psi=task.psi, rows=task.rows, share=task.share
    )
    assert torch.equal(synthesize(toy, other), pair.after)
    return (toy.shift_px(other) - toy.shift_px(pair.ws))[0]


@pytest.mark.parametrize("correspondence", ["dis", "features"])
def test_handles_move_as_the_picture_does(correspondence: Correspondence) -> None:
    toy = ToyGenerator(size_hw=(128, 128))
    task = replace(TASK, correspondence=correspondence)
    pair = draw_near_pair(toy, task, index=0)
    assert pair.handles_xy.shape == pair.targets_xy.shape == (8, 2)
    found = (pair.targets_xy - pair.handles_xy).median(dim=0).values
    shift = shift_of(toy, pair, task)
    assert float(shift.norm()) > 1
    assert float((found - shift).norm()) < 0.5
    assert pair.mean_px_at_512 == pytest.approx(4 * float(shift.norm()), rel=0.3)


def test_the_pair_is_the_one_of_its_seeds(toy: ToyGenerator) -> None:
    pair = draw_near_pair(toy, TASK, index=1)
    assert torch.equal(pair.ws, toy.map(sample_z(pair.source_seed, z_dim=8), psi=0.7))
    assert torch.equal(pair.before, synthesize(toy, pair.ws))
    assert pair.no_edit == PictureMetrics().between(pair.before, pair.after)


def test_a_pair_depends_on_its_index_and_the_seed_alone(toy: ToyGenerator) -> None:
    few, many = (draw_near_pair(toy, replace(TASK, pairs=n), index=1) for n in (2, 900))
    for name in ("ws", "after", "handles_xy", "targets_xy"):
        assert torch.equal(getattr(few, name), getattr(many, name))
    other = draw_near_pair(toy, replace(TASK, seed=1), index=1)
    assert not torch.equal(few.ws, other.ws)
    assert not torch.equal(few.ws, draw_near_pair(toy, TASK, index=0).ws)


def test_handles_move_far_enough_and_are_not_drawn_twice(toy: ToyGenerator) -> None:
    task = replace(TASK, least_px_at_512=30.0)
    found = draw_near_pair(toy, task, index=0)
    lengths = (found.targets_xy - found.handles_xy).norm(dim=1)
    # 3.75 of 64 px
    assert float(lengths.min()) >= 3.75
    assert len({tuple(xy) for xy in found.handles_xy.tolist()}) == 8
    skipped = [draw_near_pair(toy, task, index=n).skipped for n in range(4)]
    assert any(skipped)


def test_where_nothing_moves_far_there_is_no_pair(toy: ToyGenerator) -> None:
    task = replace(TASK, least_px_at_512=300.0)
    with pytest.raises(BenchError, match="in 20 pairs of toy fewer than 8 places"):
        draw_near_pair(toy, task, index=0)


def test_a_generator_of_classes_is_refused(
    toy: ToyGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = replace(toy.info, label_dim=10)
    monkeypatch.setattr(ToyGenerator, "info", property(lambda _: info))
    with pytest.raises(BenchError, match="toy draws 10 classes"):
        draw_near_pair(toy, TASK, index=0)

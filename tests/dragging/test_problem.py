from pathlib import Path

import pytest
import torch
from torch import Tensor

from generators.random_stylegan2 import random_network
from tugan.core.errors import InvalidDragError
from tugan.dragging.problem import DragProblem
from tugan.dragging.settings import DragSettings
from tugan.generators.loading import load_generator
from tugan.generators.protocol import Generator
from tugan.generators.repainting_store import prepare_repainting
from tugan.generators.saving import save_pretrained
from tugan.generators.toy import ToyGenerator

HANDLE, GOAL = torch.tensor([[10.0, 20.0]]), torch.tensor([[30.0, 20.0]])


def make(
    toy: ToyGenerator,
    *,
    ws: Tensor | None = None,
    handles: Tensor = HANDLE,
    targets: Tensor = GOAL,
    mask: Tensor | None = None,
) -> DragProblem:
    start = torch.zeros(1, 4, 8) if ws is None else ws
    return DragProblem(generator=toy, ws=start, handles_xy=handles, targets_xy=targets, mask=mask)


def test_corners_are_inside_and_beyond_is_not(toy: ToyGenerator) -> None:
    make(toy, handles=torch.tensor([[0.0, 0.0]]), targets=torch.tensor([[63.0, 63.0]]))
    with pytest.raises(InvalidDragError, match=r"handle \(-1, 5\) is outside.*0 to 63"):
        make(toy, handles=torch.tensor([[-1.0, 5.0]]))
    with pytest.raises(InvalidDragError, match=r"goal \(5, 63.5\) is outside"):
        make(toy, targets=torch.tensor([[5.0, 63.5]]))
    with pytest.raises(InvalidDragError, match=r"handle \(nan, 5\) is outside"):
        make(toy, handles=torch.tensor([[torch.nan, 5.0]]))


def test_x_and_y_have_their_own_limits() -> None:
    wide = ToyGenerator(size_hw=(32, 64))
    make(wide, targets=torch.tensor([[60.0, 30.0]]))
    with pytest.raises(InvalidDragError, match="x goes from 0 to 63, y from 0 to 31"):
        make(wide, targets=torch.tensor([[30.0, 60.0]]))


def test_there_must_be_points_and_as_many_goals(toy: ToyGenerator) -> None:
    with pytest.raises(InvalidDragError, match="no points"):
        make(toy, handles=torch.zeros(0, 2), targets=torch.zeros(0, 2))


def test_a_handle_at_its_goal_is_refused(toy: ToyGenerator) -> None:
    with pytest.raises(InvalidDragError, match=r"handle \(10, 20\) is already at its goal"):
        make(toy, targets=HANDLE.clone())


def test_latents_of_another_generator_are_refused(toy: ToyGenerator) -> None:
    with pytest.raises(InvalidDragError, match=r"ws must be \(1, 4, 8\) for toy, got \(1, 3, 8\)"):
        make(toy, ws=torch.zeros(1, 3, 8))
    with pytest.raises(InvalidDragError, match="NaN or infinite"):
        make(toy, ws=torch.full((1, 4, 8), torch.inf))


def test_a_mask_of_another_size_names_both(toy: ToyGenerator) -> None:
    with pytest.raises(InvalidDragError, match=r"mask is 32 x 16 px.*picture is 64 x 64 px"):
        make(toy, mask=torch.ones(16, 32))


def test_cautions_say_what_will_disappoint(toy: ToyGenerator) -> None:
    mask = torch.ones(64, 64)
    assert make(toy, mask=mask).cautions(hold=0) == []
    mask[20, 10] = 0
    (caution,) = make(toy, mask=mask).cautions(hold=0)
    assert "forbids the place of the handle at (10, 20)" in caution
    goal = torch.ones(64, 64)
    x, y = (int(one) for one in make(toy).targets_xy[0])
    goal[y, x] = 0
    (caution,) = make(toy, mask=goal).cautions(hold=0)
    assert f"forbids the place of the goal at ({x}, {y})" in caution
    assert any("lets nothing change" in one for one in make(toy, mask=mask * 0).cautions())


def test_a_drag_that_can_hold_nothing_says_what_to_run(
    toy: ToyGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUGAN_CACHE", str(tmp_path / "cache"))
    network = random_network((4, 4), blocks=3)
    unknown = "nothing is held but by a mask until tugan models prepare FILE was run"
    assert make_of(network).cautions() == [unknown]
    save_pretrained(network, tmp_path / "own")
    own = load_generator(tmp_path / "own", device="cpu")
    (caution,) = make_of(own).cautions()
    assert caution.endswith(f"until tugan models prepare {tmp_path / 'own'} was run")
    assert make_of(own).cautions(hold=0) == []
    for _ in prepare_repainting(own):
        pass
    assert make_of(own).cautions() == []
    # it has no file that such a command could be given
    (caution,) = make(toy).cautions()
    assert "repaint is not known" in caution


def make_of(generator: Generator) -> DragProblem:
    points = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    ws = generator.map(torch.zeros(1, generator.info.z_dim))
    return DragProblem(generator=generator, ws=ws, handles_xy=points[:1], targets_xy=points[1:])


@pytest.mark.parametrize(
    ("change", "message"),
    [({"rows": 0}, "rows=0"), ({"learning_rate": 0.0}, "positive"), ({"max_steps": -1}, "-1")],
)
def test_settings_that_mean_nothing(change: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidDragError, match=message):
        DragSettings(**change)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("settings", "side_px", "points", "expected_px"),
    [
        (DragSettings.paper(), 512, 5, 1.0),
        (DragSettings.paper(), 512, 6, 2.0),
        (DragSettings.paper(), 1024, 1, 2.0),
        (DragSettings.paper(), 128, 1, 1.0),
        (DragSettings.original(), 1024, 1, 4.0),
        (DragSettings.original(), 256, 1, 2.0),
    ],
)
def test_tolerances(settings: DragSettings, side_px: int, points: int, expected_px: float) -> None:
    assert settings.tolerance_px(image_hw=(side_px, side_px), points=points) == expected_px


@pytest.mark.parametrize("value", [2.0, -0.5, torch.nan])
def test_masks_go_from_0_to_1(toy: ToyGenerator, value: float) -> None:
    mask = torch.ones(64, 64)
    mask[3, 4] = value
    with pytest.raises(InvalidDragError, match="the mask has values from"):
        make(toy, mask=mask)


def test_one_handle_with_two_goals_is_a_caution(toy: ToyGenerator) -> None:
    problem = make(
        toy,
        handles=torch.tensor([[10.0, 20.0], [10.0, 20.0]]),
        targets=torch.tensor([[30.0, 20.0], [5.0, 20.0]]),
    )
    assert problem.cautions(hold=0) == [
        "two goals are asked of the handle (10, 20): it cannot reach both"
    ]


def test_a_point_that_is_given_twice_is_one_and_that_is_said(toy: ToyGenerator) -> None:
    handles = torch.tensor([[10.0, 20.0], [40.0, 41.0], [10.0, 20.0]])
    targets = torch.tensor([[30.0, 20.0], [45.0, 41.0], [30.0, 20.0]])
    problem = make(toy, handles=handles, targets=targets)
    assert torch.equal(problem.handles_xy, handles[:2])
    assert torch.equal(problem.targets_xy, targets[:2])
    assert torch.equal(problem.targets_on_host_xy, targets[:2])
    assert problem.cautions(hold=0) == [
        "the point from (10, 20) to (30, 20) is given more than once: it is one point"
    ]


def test_doubles_are_kept_for_who_counts_on_their_order(toy: ToyGenerator) -> None:
    problem = DragProblem(
        generator=toy,
        ws=torch.zeros(1, toy.info.num_ws, toy.info.w_dim),
        handles_xy=torch.tensor([[10.0, 20.0], [10.0, 20.0]]),
        targets_xy=torch.tensor([[30.0, 20.0], [30.0, 20.0]]),
        keep_doubles=True,
    )
    assert len(problem.handles_xy) == 2
    assert "is given more than once" in problem.cautions(hold=0)[0]


def test_more_points_than_can_be_dragged_are_refused(toy: ToyGenerator) -> None:
    handles = torch.stack([torch.arange(201) % 60, torch.arange(201) // 60], dim=1).float()
    targets = torch.full_like(handles, 63)
    make(toy, handles=handles[:200], targets=targets[:200])
    with pytest.raises(InvalidDragError, match="there are 201 points, but at most 200"):
        make(toy, handles=handles, targets=targets)

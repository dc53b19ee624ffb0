"""Edits of documents, and what they refuse."""

from dataclasses import replace

import numpy as np
import pytest

from session.documents import a_document
from tugan.dragging.methods import SOLVERS, SolverName
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.newton_settings import NewtonSettings
from tugan.generators.toy import ToyGenerator
from tugan.session.commands import (
    MethodInput,
    PointInput,
    check_fits,
    check_points,
    differs_in_hold,
    method_of,
    set_mask,
    set_method,
    set_points,
)
from tugan.session.errors import SessionError
from tugan.session.limits import SessionLimits
from tugan.session.packed_mask import MaskArray, PackedMask

INFO = ToyGenerator().info
LIMITS = SessionLimits()
NAN = float("nan")


def refused(points: list[PointInput]) -> str:
    with pytest.raises(SessionError) as caught:
        check_points(points, info=INFO, limits=LIMITS)
    return caught.value.code


def test_points_keep_where_they_were_set() -> None:
    document = set_points(a_document(), [PointInput(id=3, handle_xy=(1, 2), goal_xy=(5, 6))])
    moved = replace(document.points[0], handle_xy=(4.5, 5.5), lost=True)
    document = replace(document, points=(moved,))
    again = set_points(document, [PointInput(id=3, handle_xy=(4.5, 5.5), goal_xy=(9, 9))])
    assert again.points == (replace(moved, goal_xy=(9, 9)),)
    placed = set_points(document, [PointInput(id=3, handle_xy=(7, 7), goal_xy=(9, 9))])
    assert placed.points[0].start_xy == (7, 7)
    assert not placed.points[0].lost


def test_the_same_points_change_nothing() -> None:
    document = set_points(a_document(), [PointInput(id=1, handle_xy=(1, 2))])
    assert set_points(document, [PointInput(id=1, handle_xy=(1, 2))]) is document


@pytest.mark.parametrize(
    ("point", "code"),
    [
        (PointInput(id=1, handle_xy=(-0.5, 3)), "outside"),
        (PointInput(id=1, handle_xy=(3, 63.5)), "outside"),
        (PointInput(id=1, handle_xy=(3, 3), goal_xy=(64, 3)), "outside"),
        (PointInput(id=1, handle_xy=(NAN, 3)), "bad-points"),
        (PointInput(id=1, handle_xy=(3, 3), goal_xy=(3, float("inf"))), "bad-points"),
    ],
)
def test_places_that_are_none_are_refused(point: PointInput, code: str) -> None:
    assert refused([point]) == code


def test_ids_are_unique_and_points_are_limited() -> None:
    point = PointInput(id=1, handle_xy=(3, 3))
    assert refused([point, point]) == "bad-points"
    many = [PointInput(id=index, handle_xy=(3, 3)) for index in range(201)]
    assert refused(many) == "too-many-points"
    check_points(many[:200], info=INFO, limits=LIMITS)


def test_borders_are_inside() -> None:
    check_points([PointInput(id=1, handle_xy=(0, 63), goal_xy=(63, 0))], info=INFO, limits=LIMITS)


def test_a_mask_comes_back_read_only() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    document = set_mask(a_document(), pixels, info=INFO)
    found = document.mask
    assert found is not None
    assert np.array_equal(found, pixels)
    assert not found.flags.writeable
    pixels[:] = 0
    assert document.mask is not None
    assert document.mask.any()
    assert set_mask(document, found, info=INFO) is document
    assert set_mask(document, None, info=INFO).mask is None


def test_a_mask_is_unpacked_to_the_same_array_while_somebody_holds_it() -> None:
    mask = PackedMask(np.zeros((9, 6), np.uint8))
    held = mask.pixels()
    assert mask.pixels() is held
    assert mask == PackedMask(held)
    assert len({mask, PackedMask(held)}) == 1
    assert mask.tensor().shape == (9, 6)


@pytest.mark.parametrize(
    "mask", [np.zeros((32, 64), np.uint8), np.zeros(3, np.uint8), np.zeros((64, 64, 1), np.uint8)]
)
def test_masks_of_another_size_are_refused(mask: MaskArray) -> None:
    with pytest.raises(SessionError) as caught:
        set_mask(a_document(), mask, info=INFO)
    assert caught.value.code == "bad-mask"


def test_a_method_is_what_was_chosen_and_the_rest_suits_the_model() -> None:
    chosen = MethodInput(solver="adam", latent="w", rows=2, feature_px=16, max_steps=9, hold=0.3)
    document = set_method(a_document(), chosen, info=INFO, limits=LIMITS)
    assert document.solver == "adam"
    assert isinstance(document.settings, DragSettings)
    assert method_of(document.solver, document.settings, limits=LIMITS) == chosen
    assert document.settings.patience_steps == 40
    usual = set_method(document, None, info=INFO, limits=LIMITS)
    assert usual.settings == SOLVERS["newton"].presets["auto"](INFO)


def test_the_same_method_changes_nothing_that_people_cannot_choose() -> None:
    special = NewtonSettings(rows=4, blocks_px=(16, 32), damping=0.1)
    document = replace(a_document(), settings=special)
    method = method_of("newton", special, limits=LIMITS)
    assert set_method(document, method, info=INFO, limits=LIMITS) is document


def test_holding_more_or_less_changes_nothing_else() -> None:
    for special in (
        NewtonSettings(rows=4, blocks_px=(16, 32), damping=0.1),
        DragSettings(rows=4, feature_px=16, max_steps=None),
    ):
        solver: SolverName = "newton" if isinstance(special, NewtonSettings) else "adam"
        document = replace(a_document(), solver=solver, settings=special)
        method = replace(method_of(solver, special, limits=LIMITS), hold=0.7)
        held = set_method(document, method, info=INFO, limits=LIMITS)
        assert held.settings == replace(special, hold=0.7)
        assert differs_in_hold(document, held)
        unsaid = set_method(held, replace(method, hold=None), info=INFO, limits=LIMITS)
        assert unsaid is held
        other = set_method(held, replace(method, max_steps=3), info=INFO, limits=LIMITS)
        assert not differs_in_hold(held, other)


@pytest.mark.parametrize(
    "changes",
    [
        {"rows": 0},
        {"rows": 5},
        {"feature_px": 100},
        {"max_steps": 0},
        {"max_steps": 1001},
        {"hold": -0.1},
        {"hold": 1.1},
        {"hold": NAN},
    ],
)
def test_methods_that_mean_nothing_are_refused(changes: dict[str, float]) -> None:
    method = MethodInput(solver="newton", latent="w", rows=2, feature_px=16, max_steps=9)
    with pytest.raises(SessionError) as caught:
        set_method(a_document(), replace(method, **changes), info=INFO, limits=LIMITS)  # type: ignore[arg-type]  # by name
    assert caught.value.code == "bad-method"


def test_documents_of_another_model_do_not_fit() -> None:
    check_fits(a_document(), info=INFO)
    for wrong in (
        a_document(rows=5),
        set_points(a_document(), [PointInput(id=1, handle_xy=(90, 3))]),
        replace(a_document(), packed_mask=PackedMask(np.zeros((9, 6), np.uint8))),
    ):
        with pytest.raises(SessionError):
            check_fits(wrong, info=INFO)

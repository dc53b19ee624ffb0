from dataclasses import replace
from pathlib import Path

import pytest

from tugan.bench.bench_error import BenchError
from tugan.bench.methods import METHODS, make_methods, methods_here
from tugan.dragging.settings import DragSettings
from tugan.dragging.solvers.adam import Adam
from tugan.dragging.solvers.newton import Newton
from tugan.dragging.solvers.protocol import Solver
from tugan.dragging.trackers.no_tracking import NoTracking
from tugan.generators.toy import ToyGenerator


def test_every_method_of_the_register_can_be_made(toy: ToyGenerator) -> None:
    made = make_methods(tuple(METHODS), toy.info)
    assert [method.name for method in made] == list(METHODS)
    assert all(isinstance(method.solver, Solver) for method in made)


def test_adam_drags_as_suits_the_generator(toy: ToyGenerator) -> None:
    (method,) = make_methods(("adam",), toy.info)
    assert method.solver == Adam(settings=DragSettings.for_generator(toy.info))


def test_the_original_ends_some_time(toy: ToyGenerator) -> None:
    (method,) = make_methods(("adam-original",), toy.info)
    assert isinstance(method.solver, Adam)
    assert method.solver.settings.max_steps == 300


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("adam", "eve"), "no method 'eve'; expected some of adam, newton, adam-paper"),
        (("newtn",), r"no method 'newtn' \(did you mean 'newton'\?\)"),
        (("adam+featur_px=64",), r"no setting 'featur_px' \(did you mean 'feature_px'\?\)"),
        (("adam+tracker=dsi",), r"no tracker 'dsi' \(did you mean 'dis'\?\); expected one of near"),
        (("adam+rows=many",), "rows cannot be 'many'"),
        (("adam+rows=0",), "at least one row must move"),
        (("freedrag+tracker=none",), "freedrag tracks no points"),
        (("adam", "adam"), "each once"),
        ((), "are none"),
    ],
)
def test_other_names_are_refused(toy: ToyGenerator, names: tuple[str, ...], says: str) -> None:
    with pytest.raises(BenchError, match=says):
        make_methods(names, toy.info)


def test_a_method_is_varied_by_its_settings_and_its_tracker(toy: ToyGenerator) -> None:
    names = ("adam+feature_px=32+max_steps=7+tracker=none", "adam+max_steps=none", "adam")
    varied, endless, plain = (one.solver for one in make_methods(names, toy.info))
    assert isinstance(varied, Adam)
    assert isinstance(plain, Adam)
    assert varied.settings == replace(plain.settings, feature_px=32, max_steps=7)
    assert isinstance(varied.tracker, NoTracking)
    assert isinstance(endless, Adam)
    assert endless.settings.max_steps is None
    (newton,) = make_methods(("newton+blocks_px=16/32",), toy.info)
    assert isinstance(newton.solver, Newton)
    assert newton.solver.settings.blocks_px == (16, 32)


def test_what_cannot_run_here_is_left_out_with_the_reason(
    toy: ToyGenerator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUGAN_STATE", str(tmp_path))
    found, absent = methods_here(("adam", "adam+tracker=raft"), toy.info)
    assert [one.name for one in found] == ["adam"]
    (raft,) = absent
    assert raft.name == "adam+tracker=raft"
    assert "tugan weights add raft" in raft.reason
    with pytest.raises(BenchError, match="tugan weights add raft"):
        methods_here(("adam+tracker=raft",), toy.info)
